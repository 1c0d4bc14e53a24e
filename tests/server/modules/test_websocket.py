"""MountWebSocketRoutes."""

from collections.abc import Callable
from typing import Any

import pytest
from csp import ts
from pydantic import ValidationError

from csp_gateway import (
    ChannelSelection,
    ConfigError,
    GatewayChannels,
    GatewayModule,
    GatewaySettings,
    GatewayStruct,
    MountWebSocketRoutes,
)
from csp_gateway.testing import GatewayTestClient

Start = Callable[..., GatewayTestClient]


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    counts: ts[Count] = None
    legs: dict[str, ts[Count]] = None
    nobody: ts[Count] = None


with pytest.warns(UserWarning, match="not available over REST"):

    class Mixed(Ch):
        follow_only: ts[Count] = None
        numbers: ts[float] = None


class Feed(GatewayModule):
    requires: ChannelSelection | None = []

    def dynamic_keys(self) -> dict[str, list[Any]]:
        return {Ch.legs: ["x", "y"]}

    def connect(self, channels: Ch) -> None:
        channels.add_send_channel(Ch.counts)
        channels.add_send_channel(Ch.legs)


def subscribed(client: GatewayTestClient, path: str, channel: str = "counts") -> Any:
    with client.websocket_connect(path) as socket:
        socket.send_json({"action": "subscribe", "channel": channel, "id": 1})
        return socket.receive_json()


def test_all_channels_that_somebody_provides_are_followed(gateway_client: Start) -> None:
    client = gateway_client(Ch(), Feed(), MountWebSocketRoutes())
    assert client.get("/api/v1/stream").json() == ["counts", "legs", "legs/x", "legs/y", "heartbeat"]
    assert subscribed(client, "/api/v1/stream")["result"]["channel"] == "counts"
    assert subscribed(client, "/api/v1/stream", "nobody")["error"]["code"] == "unknown_channel"


def refused(client: GatewayTestClient, channel: str) -> Any:
    with client.websocket_connect("/api/v1/stream") as socket:
        socket.send_json({"action": "send", "channel": channel, "data": {"n": 1}, "id": 1})
        return socket.receive_json()["error"]


@pytest.mark.parametrize("asked", ["follow-only", "follow_only"])
def test_what_cannot_be_sent_to_is_named_with_the_reason(gateway_client: Start, asked: str) -> None:
    client = gateway_client(Mixed(), Feed(), MountWebSocketRoutes())
    assert refused(client, asked) == {
        "code": "not_sendable",
        "message": "channel 'follow_only' takes nothing from outside: let a module call "
        "channels.add_send_channel('follow_only') in its connect",
    }


@pytest.mark.parametrize(
    ("channel", "code", "words"),
    [
        ("count", "unknown_channel", "there is no channel 'count' to send to here; did you mean 'counts'?"),
        ("numbers", "not_sendable", "REST cannot carry channel 'numbers': it is "),
        ("legs", "not_sendable", "channel 'legs' takes nothing here: the selection of MountWebSocketRoutes leaves it"),
        ("heartbeat", "not_sendable", "the heartbeat takes nothing"),
    ],
)
def test_no_other_channel_is_named_but_for_a_misspelling(
    gateway_client: Start, channel: str, code: str, words: str
) -> None:
    module = MountWebSocketRoutes(selection=ChannelSelection(exclude=["legs", "numbers"]))
    error = refused(gateway_client(Mixed(), Feed(), module), channel)
    assert error["code"] == code
    assert error["message"].startswith(words)


def test_where_it_is_and_of_which_channels(gateway_client: Start) -> None:
    module = MountWebSocketRoutes(selection=["legs"], prefix="/live/it", api_version="v2")
    client = gateway_client(Ch(), Feed(), module)
    assert client.get("/api/v2/live/it").json() == ["legs", "legs/x", "legs/y", "heartbeat"]
    assert subscribed(client, "/api/v2/live/it")["error"]["code"] == "unknown_channel"
    assert subscribed(client, "/api/v2/live/it", "legs")["result"]["channel"] == "legs"
    assert module.info(GatewaySettings()) == "stream    /api/v2/live/it"


@pytest.mark.parametrize(("readonly", "code"), [(True, "readonly"), (False, None)])
def test_nothing_is_sent_where_it_is_only_read(gateway_client: Start, readonly: bool, code: str | None) -> None:
    client = gateway_client(Ch(), Feed(), MountWebSocketRoutes(readonly=readonly))
    with client.websocket_connect("/api/v1/stream") as socket:
        socket.send_json({"action": "subscribe", "channel": "counts"})
        socket.send_json({"action": "send", "channel": "counts", "data": {"n": 1}, "id": 1})
        assert socket.receive_json().get("error", {}).get("code") == code


def test_the_heartbeat_comes_as_often_as_is_said(gateway_client: Start) -> None:
    client = gateway_client(Ch(), Feed(), MountWebSocketRoutes(ping_time_s=0.01))
    with client.websocket_connect("/api/v1/stream") as socket:
        socket.send_json({"action": "subscribe", "channel": "heartbeat"})
        assert [socket.receive_json() for _ in range(3)] == [{"channel": "heartbeat", "data": "PING"}] * 3


def test_what_carries_no_structs_is_passed_over_or_refused(gateway_client: Start) -> None:
    with pytest.warns(UserWarning, match=r"Mixed\.number carries int"):

        class Mixed(Ch):
            number: ts[int] = None

    client = gateway_client(Mixed(), Feed(), MountWebSocketRoutes())
    assert "number" not in client.get("/api/v1/stream").json()
    with pytest.raises(ConfigError, match=r"MountWebSocketRoutes selects 'number': .*GatewayStruct"):
        gateway_client(Mixed(), Feed(), MountWebSocketRoutes(selection=["number"]))


@pytest.mark.parametrize("option", [{"prefix": "stream"}, {"prefix": "/"}, {"ping_time_s": 0}, {"reedonly": True}])
def test_options_that_cannot_be_are_refused(option: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(option))):
        MountWebSocketRoutes(**option)
