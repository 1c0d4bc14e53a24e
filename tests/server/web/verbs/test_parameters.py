"""Parameters that a route does not know."""

from typing import Any

import pytest
from fastapi import Request

from csp_gateway import MountRestRoutes
from csp_gateway.server.demo.omnibus import ExampleGatewayChannels, ExampleModule
from csp_gateway.server.web.problem import RefusedRequest
from csp_gateway.server.web.verbs.parameters import refuse_all, refuse_unknown


def asked(query: str) -> Request:
    return Request({"type": "http", "query_string": query.encode(), "headers": []})


def test_what_is_known_passes_and_so_do_credentials() -> None:
    refuse_unknown(asked("query={}&token=x"), {"query"})
    refuse_unknown(asked(""), {"query"})


def test_what_is_unknown_is_refused_with_the_nearest() -> None:
    with pytest.raises(RefusedRequest, match=r"qurey: there is no such parameter; did you mean 'query'\?"):
        refuse_unknown(asked("qurey={}"), {"query"})
    with pytest.raises(RefusedRequest, match=r'limit: a part of the query, which is JSON: \?query=\{"limit": …\}'):
        refuse_unknown(asked("limit=5"), {"query"}, {"limit"})


def test_what_others_call_it_is_answered_with_our_word() -> None:
    with pytest.raises(RefusedRequest, match=r'sort: a part of the query, which is JSON: \?query=\{"order_by": …\}'):
        refuse_unknown(asked("sort=a"), {"query"}, {"limit", "order_by"})
    with pytest.raises(RefusedRequest, match=r"columns: there is no such parameter; did you mean 'fields'\?"):
        refuse_unknown(asked("columns=a"), {"fields", "where"})


def test_what_is_given_twice_is_refused() -> None:
    with pytest.raises(RefusedRequest, match="query: it is given 2 times, and only one can count; give it once"):
        refuse_unknown(asked("query={}&query={}"), {"query"})
    with pytest.raises(RefusedRequest, match="limit: it is given 3 times"):
        refuse_unknown(asked("limit=1&since=4&limit=1&limit=1"), {"limit", "since"})
    refuse_unknown(asked("query={}&token=x&token=y"), {"query"})
    refuse_unknown(asked("fields=a&fields=b"), {"fields"}, many={"fields"})


@pytest.mark.parametrize("asked_so", ["key=A", "indexer=A", "side=A"])
def test_a_key_of_a_basket_stands_in_the_path(gateway_client: Any, asked_so: str) -> None:
    client = gateway_client(ExampleGatewayChannels(), ExampleModule(), MountRestRoutes(force_mount_all=True))
    name = asked_so.partition("=")[0]
    for path in ("last/basket", "next/basket"):
        told = client.get(f"/api/v1/{path}?{asked_so}")
        said = f"{name}: the key of a basket stands in the path: /api/v1/{path}/A"
        assert (told.status_code, told.json()["detail"]) == (422, said)
    told = client.post(f"/api/v1/send/basket?{asked_so}", json={"A": {"x": 1}})
    assert told.json()["detail"] == f"{name}: the key of a basket stands in the path: /api/v1/send/basket/A"


def test_a_key_that_is_none_is_told_with_those_there_are(gateway_client: Any) -> None:
    client = gateway_client(ExampleGatewayChannels(), ExampleModule(), MountRestRoutes(force_mount_all=True))
    sentence = "key: the key of a basket stands in the path"
    told = client.get("/api/v1/last/basket?key=X").json()["detail"]
    assert told == f"{sentence}: /api/v1/last/basket/KEY; known: A, B, C"
    assert client.get("/api/v1/last/basket/A?key=B").json()["detail"] == f"{sentence}, which has one already"
    told = client.get("/api/v1/last/example?key=A").json()["detail"]
    assert told == "key: there is no such parameter; known: timeout"


def test_a_body_says_it_all() -> None:
    refuse_all(asked("token=x"))
    with pytest.raises(RefusedRequest, match="query: a POST has its query in its body, as JSON, and not in its URL"):
        refuse_all(asked("query={}"))


def test_no_verb_passes_over_what_it_does_not_know(gateway_client: Any) -> None:
    client = gateway_client(ExampleGatewayChannels(), ExampleModule(), MountRestRoutes(force_mount_all=True))
    for verb in ("last", "next", "history", "state", "lookup/id"):
        answer = client.get(f"/api/v1/{verb}/example?timeut=1")
        assert (answer.status_code, answer.json()["detail"]) == (
            422,
            "timeut: there is no such parameter; did you mean 'timeout'?",
        ), verb
        assert answer.json()["type"] == "urn:csp-gateway:problem:unknown-parameter"
    for path, body in (("send/example", {"x": 1}), ("sql", {"sql": "select 1"})):
        assert client.post(f"/api/v1/{path}?wiat=ticked", json=body).status_code == 422, path
