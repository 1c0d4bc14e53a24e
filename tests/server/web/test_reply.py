"""Structs and errors as replies."""

import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from csp_gateway import GatewayStruct, NoProviderException, NotRunningError, SendRefusedError, errors
from csp_gateway.server.web.reply import ERROR_STATUS, mount_errors, structs_reply


class Count(GatewayStruct):
    n: int


@pytest.mark.parametrize(("value", "numbers"), [(None, []), (Count(n=1), [1]), ([Count(n=1), Count(n=2)], [1, 2])])
def test_a_tick_is_always_an_array(value: Any, numbers: list[int]) -> None:
    reply = structs_reply(value)
    assert [record["n"] for record in json.loads(reply.body)] == numbers
    assert reply.media_type == "application/json"


def test_every_error_that_can_reach_a_request_has_a_status() -> None:
    at_build_or_start = (errors.DeclarationError, errors.StartError, errors.ConfigError, errors.ShutdownError)
    for name in errors.__all__:
        kind = getattr(errors, name)
        if isinstance(kind, type) and not issubclass(kind, at_build_or_start):
            assert any(parent in ERROR_STATUS for parent in kind.__mro__), f"{name} has no status"


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [
        (NoProviderException("nobody"), 404, None),
        (NotRunningError("over"), 503, "1"),
        (SendRefusedError("full"), 503, "1"),
        (errors.WrongEdgeError("odd"), 500, None),
    ],
)
def test_an_error_is_its_status_and_its_sentence(error: Exception, status: int, retry: str | None) -> None:
    api = FastAPI()
    mount_errors(api)

    @api.get("/")
    async def fail() -> None:
        raise error

    answer = TestClient(api).get("/")
    assert (answer.status_code, answer.json()) == (status, {"detail": str(error)})
    assert answer.headers.get("retry-after") == retry
