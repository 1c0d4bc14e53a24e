"""What a gateway has answered, or the error that it means."""

from __future__ import annotations

import json
from typing import Any

import pytest

from csp_gateway import (
    ResponseWrapper,
    ReturnType,
    ServerException,
    ServerRouteNotFoundException,
    ServerRouteNotMountedException,
    ServerUnknownException,
    ServerUnprocessableException,
    WrongArgumentError,
)
from csp_gateway.client import calls
from csp_gateway.client.catalogue import ARROW, Catalogue
from csp_gateway.client.replies import (
    accepted_format,
    document_in,
    is_of_no_route,
    merged,
    read_health,
    returned,
    source_of,
    wrapped,
)
from tests.client.test_catalogue import DOCUMENT

CATALOGUE = Catalogue(DOCUMENT, "/api/v1")
LAST = calls.last("example", 1.0)
STATE = calls.state("example_with_state", 1.0, None)


def answered(status: int, body: Any) -> ResponseWrapper:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return wrapped(LAST, CATALOGUE, (), status, {"content-type": "application/json"}, raw)


def test_frames_travel_as_columns_where_the_gateway_has_them_so() -> None:
    assert accepted_format(STATE, CATALOGUE, ReturnType.Polars) == ARROW
    assert accepted_format(STATE, CATALOGUE, ReturnType.Raw) == "application/json"
    assert accepted_format(LAST, CATALOGUE, ReturnType.Polars) == "application/json"


def test_a_success_is_its_data_with_what_the_document_says_of_it() -> None:
    wrapper = answered(200, [{"x": 1}])
    assert wrapper.as_json() == [{"x": 1}]
    assert wrapper.type_name == "csp_gateway.server.demo.omnibus.ExampleData"
    assert wrapper.openapi_schema is not None
    assert "x" in wrapper.openapi_schema["properties"]
    assert returned(wrapper, ReturnType.Wrapper) is wrapper
    assert returned(wrapper, ReturnType.Raw) == returned(wrapper, ReturnType.JSON) == [{"x": 1}]


@pytest.mark.parametrize(
    ("status", "body", "error", "said"),
    [
        (404, {"detail": "Not Found", "hint": "try harder"}, ServerRouteNotFoundException, "Not Found; try harder"),
        (404, {"detail": "gone"}, ServerRouteNotFoundException, "gone"),
        (500, {"detail": "broken"}, ServerUnknownException, "500: broken"),
        (504, {"detail": "late"}, ServerUnknownException, "504: late"),
        (502, b"<html>", ServerUnknownException, "502: the answer is no JSON: Expecting value"),
        (200, b"<html>", ServerUnknownException, "200: the answer is no JSON: Expecting value"),
    ],
)
def test_a_failure_is_the_error_that_its_status_means(
    status: int, body: Any, error: type[ServerException], said: str
) -> None:
    with pytest.raises(error) as caught:
        answered(status, body)
    assert str(caught.value).startswith(said)


def test_what_cannot_be_read_is_listed() -> None:
    wrong = [{"loc": ["body", "x"], "msg": "no integer"}]
    with pytest.raises(ServerUnprocessableException) as caught:
        answered(422, {"detail": wrong})
    assert caught.value.args == (wrong,)


def test_answers_in_parts_are_one() -> None:
    parts = [answered(200, [{"x": x}]) for x in range(3)]
    assert merged(parts).as_json() == [{"x": 0}, {"x": 1}, {"x": 2}]
    assert merged(parts).type_name == parts[0].type_name
    assert merged(parts[:1]) is parts[0]


def test_not_to_be_ready_is_an_answer() -> None:
    assert read_health(503, {}, b'{"status": "not ready"}') == {"status": "not ready"}
    with pytest.raises(ServerRouteNotFoundException):
        read_health(404, {}, b'{"detail": "Not Found"}')
    with pytest.raises(ServerUnknownException, match="no JSON"):
        read_health(200, {}, b"hello")


def test_another_server_is_no_gateway() -> None:
    with pytest.raises(ServerException, match="no gateway"):
        document_in(b"<html>")


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (404, b'{"type": "about:blank"}', True),
        (404, b'{"type": "urn:csp-gateway:problem:unknown-channel"}', True),
        (404, b'{"type": "urn:csp-gateway:problem:other"}', False),
        (422, b'{"type": "about:blank"}', False),
        (404, b"[]", False),
        (404, b"not here", False),
        (200, b'{"type": "about:blank"}', False),
    ],
)
def test_no_route_is_told_from_no_record(status: int, body: bytes, expected: bool) -> None:
    assert is_of_no_route(status, body) is expected


def test_a_table_is_of_a_whole_state() -> None:
    served: dict[str, Any] = {"get": {"channel_": "by_side"}}
    paths = {"/api/v1/state/buys": served, "/api/v1/state/buys/{key}": served, "/api/v1/state/orders": {"get": {}}}
    catalogue = Catalogue({"paths": paths}, "/api/v1")
    assert source_of("buys", catalogue, ())[:2] == ("buys", "by_side")
    with pytest.raises(WrongArgumentError) as refused:
        source_of("buys/A", catalogue, ())
    assert str(refused.value) == (
        'table: "buys/A" is one key of a state, and a table is of a whole one: ask state("buys/A") for what it holds, '
        'or follow stream("by_side/A", snapshot=True)'
    )
    with pytest.raises(ServerRouteNotMountedException, match="'orders' is kept as a whole, and has no key 'A'"):
        source_of("orders/A", catalogue, ())
