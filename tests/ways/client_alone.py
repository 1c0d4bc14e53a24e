"""Every method of the client, by a program in whose environment nothing of the server is installed."""

import asyncio
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from csp_gateway import AsyncGatewayClient, GatewayClient, GatewayException

SERVERS = ("ccflow", "csp", "duckdb", "fastapi", "numpy", "orjson", "perspective", "pyarrow", "starlette", "uvicorn")
RECORD = {"x": 7, "dt": "2026-01-01T00:00:00", "d": "2026-01-01"}


def refused(call: Callable[[], Any], kind: type[Exception]) -> str:
    try:
        call()
    except kind as error:
        return str(error)
    raise AssertionError(f"{kind.__name__} was not raised")


def asked(client: GatewayClient) -> None:
    assert client.last("example")
    assert client.next("example", timeout=10)
    assert client.state("example_with_state", query={"limit": 1})
    assert client.sql("select 1 as a") == [{"a": 1}]
    assert client.history("example", limit=1)
    (sent,) = client.send("example", RECORD, wait="ticked")
    assert client.lookup("example", sent["id"]) == [sent]
    ((staging, _),) = client.stage_new("example").items()
    assert client.stage_add("example", RECORD, staging)[staging]
    assert client.stage_list("example", staging) == client.stage_lookup("example", staging)
    assert client.stage_remove("example", None, [staging]) == client.stage_clear("example", [staging])
    assert client.stage_release("example", staging) == {staging: []}
    assert client.controls("heartbeat")
    assert client.fields("metadata")
    assert client.channels()
    assert client.health()["status"] == "ready"
    assert client.openapi_spec["paths"]
    assert client.last(return_type_override="wrapper").as_json() == client.last()
    assert client.returning("wrapper").last().as_json() == client.last()


def followed(client: GatewayClient) -> None:
    with client.stream(["example"], timeout=10) as stream:
        assert next(stream)["channel"] == "example"
        assert client.subscribe("example_list")["from"] >= 0
        client.publish("example", RECORD, wait="ticked")
        assert client.unsubscribe("example_list")
        assert len(client.clients()) == 1


async def awaited(url: str) -> None:
    async with AsyncGatewayClient(host=url) as client:
        assert await client.last("example")
        async for message in client.stream(["example"], timeout=10):
            assert message["data"]
            break


def main(url: str) -> None:
    assert not [name for name in SERVERS if find_spec(name)]
    with GatewayClient(host=url) as client:
        asked(client)
        followed(client)
        assert "pip install" in refused(lambda: client.last("example", return_type_override="polars"), ImportError)
        assert "pip install" in refused(lambda: client.last("example", return_type_override="pandas"), ImportError)
        assert "Cannot import type" in refused(
            lambda: client.last("example", return_type_override="struct"), GatewayException
        )
    asyncio.run(awaited(url))

    def server() -> None:
        from csp_gateway import Gateway  # noqa: F401, PLC0415  # it is not there

    assert "pip install csp-gateway" in refused(server, ImportError)
    print("all is well")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
