"""stream_csp: the channels of a gateway as a csp edge."""

# No annotations from the future: csp reads those of nodes.

import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Dict  # noqa: UP035  # csp reads typing.Dict

import csp
import pytest
from csp import ts
from csp.impl.genericpushadapter import GenericPushAdapter
from websockets.sync.server import serve

from csp_gateway import ServerUnreachableError
from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.csp_stream import ConnectionError, CspStream, channel_and_key, patience, stream_csp
from csp_gateway.client.stream_options import StreamOptions
from csp_gateway.errors import FrameError
from tests.client.sources import Quote, source, threads, until


@csp.node
def noted(basket: {ts[str]: ts[object]}, to: object):
    if csp.ticked(basket.shape):
        for key in basket.shape.removed:
            to.append((key, "removed"))
    if csp.ticked(basket):
        for key, value in basket.tickeditems():
            to.append((key, value))


@csp.node(memoize=False)
def called(x: ts[object], function: object):
    if csp.ticked(x):
        function(x)


class Engine:
    """A graph with a stream in it, whose inputs a test pushes."""

    def __init__(self, make: Callable[..., Any] = CspStream, **options: Any) -> None:
        self.told: list[tuple[str, Any]] = []
        self.statuses: list[Any] = []
        self.ended: queue.Queue[BaseException | None] = queue.Queue()
        self.subscribe = GenericPushAdapter(str)
        self.unsubscribe = GenericPushAdapter(str)
        self.data = GenericPushAdapter(Dict[str, object])  # noqa: UP006
        self.end = GenericPushAdapter(bool)
        self.held = GenericPushAdapter(object)
        self.stream: Any = None
        self._make = make
        self._stops_with_data = options.pop("stops_with_data", False)
        self._options = options

    def graph(self, config: GatewayClientConfig) -> None:
        inputs = self.subscribe.out(), self.unsubscribe.out(), self.data.out()
        made = self._make(config, *inputs, **self._options)
        called(self.held.out(), lambda wait: wait())
        if isinstance(made, CspStream):
            self.stream = made
            called(made.status, self.statuses.append)
            made = made.messages
        noted(made, self.told)
        csp.stop_engine(self.end.out())
        if self._stops_with_data:
            csp.stop_engine(csp.apply(self.data.out(), bool, bool))

    def run(self, config: GatewayClientConfig) -> None:
        try:
            csp.run(self.graph, config, realtime=True, endtime=timedelta(minutes=1))
            self.ended.put(None)
        except BaseException as error:
            self.ended.put(error)

    def numbers(self, key: str) -> list[Any]:
        """``n`` of the messages of a key of the basket; of a tick of several, a list."""
        ticks = [value for name, value in self.told if name == key and value != "removed"]
        return [[number(each) for each in tick] if isinstance(tick, list) else number(tick) for tick in ticks]

    def hold(self, go_on: threading.Event) -> None:
        """Keep the engine in a cycle."""
        inside = threading.Event()
        self.held.push_tick(lambda: inside.set() or go_on.wait(10))
        assert inside.wait(10)


def number(message: dict[str, Any]) -> int:
    return int(message["data"][0]["n"])


@contextmanager
def running(config: GatewayClientConfig, *names: str, **options: Any) -> Iterator[Engine]:
    """An engine that follows channels; after the block it has ended, and no thread is left."""
    engine = Engine(**options)
    thread = threading.Thread(target=engine.run, args=[config], name="test-engine")
    thread.start()
    engine.subscribe.wait_for_start(10)
    try:
        for name in names:
            engine.subscribe.push_tick(name)
        yield engine
    finally:
        engine.end.push_tick(True)
        thread.join(20)
        assert not thread.is_alive()
        assert not threads("gateway-stream-csp")


def warmed(gateway: Any, engine: Engine, key: str, channel: str, of: Callable[[int], Any]) -> None:
    """Wait until what ticks arrives, and all of it has."""

    def arrives() -> bool:
        gateway.channels.send(channel, of(0))
        return bool(engine.numbers(key))

    until(arrives)
    gateway.channels.send(channel, of(-1))
    until(lambda: -1 in [newest[-1] if isinstance(newest, list) else newest for newest in engine.numbers(key)])


def test_each_channel_is_a_key_whose_ticks_are_messages() -> None:
    with source() as (gateway, config), running(config, "quotes", "by_desk/EU") as engine:
        warmed(gateway, engine, "quotes", "quotes", lambda n: Quote(n=n))
        warmed(gateway, engine, "by_desk/EU", "by_desk", lambda n: {"EU": Quote(n=n), "US": Quote(n=n)})
        for n in range(1, 200):
            gateway.channels.send("quotes", Quote(n=n))
        gateway.channels.send("by_desk", {"EU": Quote(n=5), "US": Quote(n=6)})
        until(lambda: engine.numbers("quotes")[-1] == 199 and engine.numbers("by_desk/EU")[-1] == 5)
        assert [n for n in engine.numbers("quotes") if n > 0] == list(range(1, 200))
        assert {key for key, _ in engine.told} == {"quotes", "by_desk/EU"}
        (last,) = [value for key, value in engine.told if key == "by_desk/EU" and value["data"][0]["n"] == 5]
        assert (last["channel"], last["key"]) == ("by_desk", "EU")
        assert engine.statuses[-1].state == "connected"


def test_a_key_that_is_unsubscribed_is_no_more() -> None:
    with source() as (gateway, config), running(config, "by_desk", "by-desk/EU", "quotes") as engine:
        warmed(gateway, engine, "by_desk/EU", "by_desk", lambda n: {"EU": Quote(n=n)})
        warmed(gateway, engine, "by_desk", "by_desk", lambda n: {"EU": Quote(n=n)})
        warmed(gateway, engine, "quotes", "quotes", lambda n: Quote(n=n))
        engine.unsubscribe.push_tick("by_desk")
        engine.unsubscribe.push_tick("listed")
        until(lambda: ("by_desk", "removed") in engine.told)
        gateway.channels.send("by_desk", {"US": Quote(n=7)})
        until(lambda: gateway.channels.send("by_desk", {"EU": Quote(n=8)}) or 8 in engine.numbers("by_desk/EU"))
        assert engine.told.index(("by_desk", "removed")) > 0
        assert 8 not in engine.numbers("by_desk")
        engine.unsubscribe.push_tick("by_desk/EU")
        engine.unsubscribe.push_tick("quotes")
        until(lambda: ("quotes", "removed") in engine.told)
        engine.subscribe.push_tick("quotes")
        until(lambda: gateway.channels.send("quotes", Quote(n=9)) or 9 in engine.numbers("quotes"))


def test_what_ticks_is_published_and_what_is_refused_is_told() -> None:
    with source() as (gateway, config), running(config) as engine:
        engine.data.push_tick({"quotes": {"n": 1}, "by_desk/US": Quote(n=2), "listed": [{"n": 3}, {"n": 4}]})
        until(lambda: gateway.channels.last("listed"))
        assert gateway.channels.last("quotes").n == 1
        assert gateway.channels.last("by_desk", "US").n == 2
        engine.data.push_tick({"qotes": {"n": 1}})
        until(lambda: engine.statuses and engine.statuses[-1].unpublished == 1)
        assert "did you mean 'quotes'?" in engine.statuses[-1].why


def test_what_is_published_in_the_last_cycle_arrives() -> None:
    with source() as (gateway, config):
        with running(config, "quotes", stops_with_data=True) as engine:
            until(lambda: engine.statuses and engine.statuses[-1].state == "connected")
            engine.data.push_tick({"quotes": {"n": 99}})
            assert engine.ended.get(timeout=10) is None
        until(lambda: gateway.channels.last("quotes"))
        assert gateway.channels.last("quotes").n == 99


def test_what_is_wanted_waits_for_the_gateway_and_goes_on_when_it_is_another() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    config = GatewayClientConfig(host="127.0.0.1", port=port)
    options = StreamOptions(backoff=(0.01, 0.05))
    with running(config, "quotes", options=options) as engine:
        engine.data.push_tick({"listed": [{"n": 42}]})
        until(lambda: engine.statuses and engine.statuses[-1].state != "connecting")
        assert engine.statuses[-1].why
        with source(port) as (gateway, _):
            warmed(gateway, engine, "quotes", "quotes", lambda n: Quote(n=n))
            until(lambda: gateway.channels.last("listed"))
        with source(port) as (gateway, _):
            until(lambda: gateway.channels.send("quotes", Quote(n=7)) or 7 in engine.numbers("quotes"))
            until(lambda: engine.statuses[-1].gaps == 1)
            states = [status.state for status in engine.statuses]
            assert states.index("lost") < len(states) - 1 - states[::-1].index("connected")


@pytest.mark.parametrize(
    ("mode", "expected"), [(csp.PushMode.BURST, [1, 2, 3, 4, 5]), (csp.PushMode.LAST_VALUE, 5)], ids=str
)
def test_of_what_came_since_the_last_cycle_all_or_the_newest_ticks(mode: Any, expected: Any) -> None:
    go_on = threading.Event()
    with source() as (gateway, config), running(config, "quotes", push_mode=mode) as engine:
        warmed(gateway, engine, "quotes", "quotes", lambda n: Quote(n=n))
        before = len(engine.told)
        engine.hold(go_on)  # the engine is in a cycle, until we say so
        pushed = engine.stream._link._pushed
        for n in range(1, 6):
            gateway.channels.send("quotes", Quote(n=n))
        until(lambda: engine.stream._link._pushed == pushed + 5)
        go_on.set()
        until(lambda: len(engine.told) > before)
        assert engine.numbers("quotes")[before:] == [expected]


@pytest.mark.parametrize("make", [stream_csp, CspStream])
def test_the_engine_ends_where_no_gateway_is_and_has_to_be(make: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with running(GatewayClientConfig(host="127.0.0.1", port=port), "quotes", make=make, connection_timeout=0) as engine:
        error = engine.ended.get(timeout=20)
    assert isinstance(error, ConnectionError)
    assert isinstance(error, ServerUnreachableError)
    assert f"no live connection to ws://127.0.0.1:{port}" in str(error)


def test_the_engine_ends_where_it_is_not_let_in_and_credentials_are_sent() -> None:
    asked = []

    def refused(connection: Any, request: Any) -> Any:
        asked.append((request.path, request.headers.get("Authorization")))
        return connection.respond(401, "no")

    with serve(lambda _: None, "127.0.0.1", 0, process_request=refused) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.socket.getsockname()[1]
        for given in ({"api_key": "k"}, {"bearer_token": "t"}):
            with running(GatewayClientConfig(host="127.0.0.1", port=port, **given), "quotes") as engine:
                error = engine.ended.get(timeout=20)
            assert isinstance(error, ConnectionError)
            assert "it does not let you in" in str(error)
    assert asked == [("/api/v1/stream?token=k", None), ("/api/v1/stream", "Bearer t")]


def test_the_engine_ends_for_a_channel_that_is_not_there() -> None:
    with source() as (_, config), running(config, "qotes") as engine:
        error = engine.ended.get(timeout=20)
    assert isinstance(error, FrameError)
    assert "did you mean 'quotes'?" in str(error)


def test_in_simulated_time_nothing_comes() -> None:
    engine = Engine()

    def graph() -> None:
        made = CspStream(GatewayClientConfig(port=1), csp.const("quotes"), data=csp.const({"quotes": 1}))
        noted(made.messages, engine.told)

    csp.run(graph, starttime=datetime(2026, 1, 1), endtime=timedelta(1))
    assert engine.told == []


def test_how_a_channel_and_its_key_are_written() -> None:
    assert channel_and_key("by-desk/a/b") == ("by_desk", "a/b")
    assert channel_and_key("quotes") == ("quotes", None)


def test_how_long_a_connection_is_waited_for() -> None:
    assert patience(-1).connection_timeout is None
    assert patience(0).connection_timeout == 0
    assert patience(3, StreamOptions(path="x")) == StreamOptions(path="x", connection_timeout=3)
