"""GatewayMirror: one gateway that is fed by another."""

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import csp
import pytest
from csp import ts
from pydantic import ValidationError
from websockets.sync.server import serve

from csp_gateway import (
    ChannelSelection,
    ConfigError,
    EngineError,
    Gateway,
    GatewayChannels,
    GatewayMirror,
    GatewayModule,
    GatewayStruct,
    MirrorStatus,
    UnknownChannelError,
)
from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.testing.running import running_gateway
from tests.client.sources import ALL, Ch, Quote, source, threads, until


@csp.node(memoize=False)
def noted(x: ts[object], field: str, to: object):
    if csp.ticked(x):
        to.append((field, x))


class Witness(GatewayModule):
    """Notes what ticks."""

    requires: ChannelSelection | None = []
    told: list[Any] = []

    def connect(self, channels: GatewayChannels) -> None:
        self.told.clear()
        for field in channels.declared:
            edges = channels.get_channel(field)
            if isinstance(edges, dict):
                for key, edge in edges.items():
                    noted(edge, f"{field}/{key}", self.told)
            elif isinstance(edges, list):
                for place, edge in enumerate(edges):
                    noted(edge, f"{field}/{place}", self.told)
            else:
                noted(edges, field, self.told)

    def of(self, field: str) -> list[Any]:
        return [value for name, value in list(self.told) if name == field]

    def status(self) -> MirrorStatus | None:
        return next(iter(self.of("status")[::-1]), None)


@contextmanager
def mirrored(
    config: GatewayClientConfig, channels: Any = None, declared: GatewayChannels | None = None, **options: Any
) -> Iterator[Witness]:
    """A gateway that is fed; after the block it has ended, and no thread is left."""
    witness = Witness(told=[])
    options = {"status_channel": "status", "channels": ALL if channels is None else channels, **options}
    mirror = GatewayMirror(client=config, **options)
    gateway = Gateway(modules=[mirror, witness], channels=declared or Ch())
    with running_gateway(gateway):
        yield witness
    assert not threads("gateway-mirror")


def connected(witness: Witness) -> Callable[[], bool]:
    return lambda: (status := witness.status()) is not None and status.connected


def warmed(gateway: Gateway, witness: Witness, *fields: str) -> None:
    """Wait until what ticks arrives, and all of it has."""
    several = {
        "quotes": lambda n: Quote(n=n),
        "listed": lambda n: [Quote(n=n)],
        "by_desk": lambda n: {"EU": Quote(n=n)},
        "places": lambda n: [None, Quote(n=n)],
    }
    for field in fields or ALL:

        def told(field: str = field) -> list[Any]:
            return [value for name, value in witness.told if name.startswith(field)]

        until(lambda field=field, told=told: gateway.channels.send(field, several[field](0)) or told())
        gateway.channels.send(field, several[field](-1))
        until(
            lambda told=told: (
                [each.n for each in (told()[-1] if isinstance(told()[-1], list) else [told()[-1]])] == [-1]
            )
        )
    witness.told[:] = [each for each in witness.told if each[0] == "status"]


def numbers(tick: Any) -> list[int]:
    return [each.n for each in (tick if isinstance(tick, list) else [tick])]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_ticks_arrive_as_they_were_on_channels_of_every_sort() -> None:
    with source() as (gateway, config), mirrored(config) as witness:
        warmed(gateway, witness)
        quotes = [Quote(n=n) for n in range(6)]
        gateway.channels.send("quotes", quotes[0])
        gateway.channels.send("listed", quotes[1:3])
        gateway.channels.send("listed", [])
        gateway.channels.send("by_desk", {"EU": quotes[3], "US": quotes[4]})
        gateway.channels.send("places", [None, quotes[5]])
        until(lambda: witness.of("quotes") and len(witness.of("listed")) == 2 and witness.of("places/1"))
        until(lambda: witness.of("by_desk/US"))
        assert witness.of("quotes") == quotes[:1]
        assert witness.of("listed") == [quotes[1:3], []]
        assert (witness.of("by_desk/EU"), witness.of("by_desk/US")) == ([quotes[3]], [quotes[4]])
        assert witness.of("places/1") == [quotes[5]]
        (got,) = witness.of("quotes")
        assert isinstance(got, Quote)
        assert (got.id, got.timestamp) == (quotes[0].id, quotes[0].timestamp)
        until(lambda: witness.status().received >= 6)  # type: ignore[union-attr]
        assert 0 <= witness.status().lag_seconds < 30  # type: ignore[union-attr]


def test_thousands_arrive_in_their_order() -> None:
    with source() as (gateway, config), mirrored(config, {"quotes": "quotes"}) as witness:
        warmed(gateway, witness, "quotes")
        for n in range(5_000):
            gateway.channels.send("quotes", Quote(n=n))
        until(lambda: len(witness.of("quotes")) == 5_000)
        assert [each.n for each in witness.of("quotes")] == list(range(5_000))


def test_a_channel_feeds_one_of_another_name_and_sort() -> None:
    pairs = {"listed": "quotes", "by-desk/EU": "listed", "by_desk/US": "quotes", "places/1": "listed"}
    with source() as (gateway, config), mirrored(config, pairs) as witness:
        until(lambda: gateway.channels.send("listed", [Quote(n=1), Quote(n=2)]) or len(witness.of("quotes")) >= 2)
        until(lambda: gateway.channels.send("by_desk", {"EU": Quote(n=3), "US": Quote(n=4)}) or witness.of("listed"))
        until(lambda: 4 in [each.n for each in witness.of("quotes")])
        gateway.channels.send("places", [Quote(n=5), Quote(n=6)])
        until(lambda: numbers(witness.of("listed")[-1]) == [6])
        assert [each.n for each in witness.of("quotes")[:2]] == [1, 2]
        assert {each.n for (each,) in witness.of("listed")} == {3, 6}


@pytest.mark.parametrize("snapshot", [True, "last"])
def test_it_may_begin_with_what_the_channels_hold(snapshot: Any) -> None:
    with source() as (gateway, config):
        gateway.channels.send("quotes", Quote(n=1))
        gateway.channels.send("by_desk", {"EU": Quote(n=2), "US": Quote(n=3)})
        until(lambda: gateway.channels.last("by_desk") and gateway.channels.last("quotes"))
        with mirrored(config, ["quotes", "by_desk"], snapshot=snapshot) as witness:
            until(lambda: witness.of("quotes") and witness.of("by_desk/EU") and witness.of("by_desk/US"))
            assert [each.n for each in witness.of("quotes")] == [1]
            assert [each.n for each in witness.of("by_desk/US")] == [3]


def test_it_waits_for_a_gateway_and_of_one_that_is_started_again_nothing_is_lost() -> None:
    port = free_port()
    config = GatewayClientConfig(host="127.0.0.1", port=port)
    with mirrored(config, ["quotes", "by_desk"]) as witness:
        until(lambda: witness.status() and witness.status().state == "lost")  # type: ignore[union-attr]
        assert witness.status().why  # type: ignore[union-attr]
        with source(port) as (gateway, _):
            warmed(gateway, witness, "quotes", "by_desk")
        until(lambda: not connected(witness)())
        with source(port, first=50) as (gateway, _):
            for n in range(50, 100):
                gateway.channels.send("quotes", Quote(n=n))
                gateway.channels.send("by_desk", {"EU": Quote(n=n), "US": Quote(n=n)})
            until(connected(witness))
            for n in range(100, 200):
                gateway.channels.send("quotes", Quote(n=n))
                gateway.channels.send("by_desk", {"EU": Quote(n=n)})
            until(lambda: witness.of("quotes") and witness.of("quotes")[-1].n == 199)
            until(lambda: witness.of("by_desk/EU") and witness.of("by_desk/EU")[-1].n == 199)
            assert [each.n for each in witness.of("quotes")] == list(range(200))
            assert [each.n for each in witness.of("by_desk/EU")] == list(range(50, 200))
            assert [each.n for each in witness.of("by_desk/US")] == list(range(100))
            until(lambda: witness.status().gaps == 2)  # type: ignore[union-attr]
    states = [status.state for status in witness.of("status")]
    assert states.index("connected") < len(states) - 1 - states[::-1].index("lost")


def test_of_a_gateway_that_is_started_again_one_key_of_a_basket_goes_on_too() -> None:
    port = free_port()
    with mirrored(GatewayClientConfig(host="127.0.0.1", port=port), {"by_desk/EU": "quotes"}) as witness:
        with source(port) as (gateway, _):
            until(lambda: gateway.channels.send("by_desk", {"EU": Quote(n=-1)}) or witness.of("quotes"))
        until(lambda: not connected(witness)())
        with source(port, first=3) as (gateway, _):  # nothing of the key that we want
            until(connected(witness))
            until(lambda: witness.status().gaps == 1)  # type: ignore[union-attr]
            for n in range(3):
                gateway.channels.send("by_desk", {"EU": Quote(n=n)})
            until(lambda: numbers(witness.of("quotes")[-3:]) == [0, 1, 2])


def test_what_cannot_be_read_is_counted_and_told_and_the_rest_arrives(caplog: pytest.LogCaptureFixture) -> None:
    class Word(GatewayStruct):
        n: int
        text: int

    class Here(GatewayChannels):
        words: ts[list[Word]] = None
        desks: dict[str, ts[Quote]] = None
        status: ts[MirrorStatus] = None

        def dynamic_keys(self) -> dict[str, Any]:
            return {"desks": ["EU"]}

    pairs = {"listed": "words", "by_desk": "desks"}
    with source() as (gateway, config), mirrored(config, pairs, Here()) as witness:
        until(lambda: gateway.channels.send("listed", [Quote(n=1, text="2")]) or witness.of("words"))
        until(lambda: gateway.channels.send("by_desk", {"EU": Quote(n=1)}) or witness.of("desks/EU"))
        gateway.channels.send("listed", [Quote(n=1, text="3"), Quote(n=2, text="four"), Quote(n=2, text="5")])
        gateway.channels.send("by_desk", {"US": Quote(n=1)})
        until(lambda: witness.status().unreadable == 2)  # type: ignore[union-attr]
        assert [each.text for each in witness.of("words")[-1]] == [3, 5]
        assert witness.status().connected  # type: ignore[union-attr]
    assert "2 records could not be read" in caplog.text or "1 records could not be read" in caplog.text


def test_a_channel_that_the_other_has_not_is_told_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    with source() as (gateway, config), mirrored(config, {"qotes": "listed", "quotes": "quotes"}) as witness:
        warmed(gateway, witness, "quotes")
        assert "did you mean 'quotes'?" in witness.status().why  # type: ignore[union-attr]
    assert "qotes is not followed" in caplog.text


def not_let_in() -> Any:
    return serve(lambda _: None, "127.0.0.1", 0, process_request=lambda connection, _: connection.respond(401, "no"))


def test_where_it_is_not_let_in_it_says_so_and_lives_on(caplog: pytest.LogCaptureFixture) -> None:
    with not_let_in() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        config = GatewayClientConfig(host="127.0.0.1", port=server.socket.getsockname()[1], api_key="secret")
        with mirrored(config) as witness:
            until(lambda: witness.status() and witness.status().state == "closed")  # type: ignore[union-attr]
            assert "it does not let you in" in witness.status().why  # type: ignore[union-attr]
            assert not witness.status().connected  # type: ignore[union-attr]
            assert threads("gateway-mirror")
    assert "nothing more will come" in caplog.text
    assert "secret" not in caplog.text


def test_or_the_gateway_ends() -> None:
    config = GatewayClientConfig(host="127.0.0.1", port=free_port())
    witness = Witness(told=[])
    mirror = GatewayMirror(client=config, channels=ALL, on_lost="stop", connection_timeout=0)
    gateway = Gateway(modules=[mirror, witness], channels=Ch())
    with pytest.raises(EngineError) as raised, running_gateway(gateway):
        until(lambda: not gateway.running)
    assert "no live connection" in str(raised.value.__cause__)
    assert not threads("gateway-mirror")


def test_what_it_cannot_feed_is_refused() -> None:
    with pytest.warns(UserWarning, match="usable in the graph"):

        class Odd(GatewayChannels):
            numbers: ts[int] = None

    config = GatewayClientConfig()
    with pytest.raises(ConfigError, match=r"'numbers' is ts.int."):
        GatewayMirror(client=config, channels=["numbers"]).connect(Odd())
    with pytest.raises(UnknownChannelError, match="did you mean 'numbers'"):
        GatewayMirror(client=config, channels=["number"]).connect(Odd())
    with pytest.raises(ValidationError, match="give it one of its own"):
        GatewayMirror(client=config, channels=["quotes"], status_channel="quotes")
    with pytest.raises(ValidationError, match="at least 1"):
        GatewayMirror(client=config, channels={})


def test_it_is_written_in_yaml_as_plain_values(caplog: pytest.LogCaptureFixture) -> None:
    mirror = GatewayMirror.model_validate(
        {"client": {"host": "https://desk.example.com", "bearer_token": "secret"}, "channels": ["quotes"]}
    )
    caplog.set_level(logging.INFO)
    assert mirror.client.url("last") == "https://desk.example.com:8000/api/v1/last"
    assert mirror.info(None) == "mirror    https://desk.example.com:8000 feeds quotes"  # type: ignore[arg-type]
    assert "secret" not in repr(mirror)
