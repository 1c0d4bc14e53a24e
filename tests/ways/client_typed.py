"""What type checkers see of the client; it is checked, and not run."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, assert_type

from csp_gateway import (
    AsyncGatewayClient,
    GatewayClient,
    GatewayClientConfig,
    Query,
    ResponseWrapper,
    ReturnType,
)
from csp_gateway.client.following import Message
from csp_gateway.client.sync_stream import SyncStream


def waited() -> None:
    client = GatewayClient(GatewayClientConfig(host="desk", port=None), return_type="wrapper")

    assert_type(client.config, GatewayClientConfig)
    assert_type(client.config.return_type, ReturnType)
    assert_type(client.config.url("last/a"), str)
    assert_type(client.openapi_spec, dict[str, Any])
    assert_type(client.channels(), dict[str, list[str]])
    assert_type(client.health(timeout=None), dict[str, Any])
    assert_type(client.clients(), list[dict[str, Any]])
    assert_type(client.stage_list("a"), dict[str, list[Any]])
    assert_type(client.stage_add("a", {"x": 1}, ["1"]), dict[str, list[Any]])
    assert_type(client.state("a", query=Query(limit=1)), Any)
    assert_type(client.remove_client("1"), None)
    assert_type(client.stream(["a", ("b", "KEY")]), SyncStream)
    assert_type(client.stream("a", print), None)
    assert_type(next(client.stream("a", snapshot="state", fields=["x"])), Message)
    assert_type(client.subscribe("a"), Mapping[str, Any])
    assert_type(client.unsubscribe("a"), bool)
    assert_type(client.publish("a", {}, wait="ticked"), None)

    wrapper = ResponseWrapper([])
    assert_type(wrapper.is_empty(), bool)

    with GatewayClient() as same:
        assert_type(same, GatewayClient)

    # What is wrong is seen: an unused "type: ignore" is an error.
    client.lats("a")  # type: ignore[attr-defined]
    client.last(1)  # type: ignore[arg-type]
    client.send("a", {}, wait="done")  # type: ignore[arg-type]
    client.stage("a", "drop")  # type: ignore[arg-type]
    client.stream(["a"], snapshots=True)  # type: ignore[call-overload]
    client.state("a", 1.0, 5)  # type: ignore[arg-type]
    told: list[Callable[[Message], Any]] = [print]
    assert told


async def awaited() -> None:
    async with AsyncGatewayClient() as other:
        assert_type(other, AsyncGatewayClient)
        assert_type(await other.channels(), dict[str, list[str]])
        assert_type(await other.stage_lookup("a", "1"), dict[str, list[Any]])
        assert_type(await other.unsubscribe("a"), bool)
        messages: AsyncIterator[Message] = other.stream(["a"], timeout=5)
        async for message in messages:
            assert_type(message["channel"], Any)
