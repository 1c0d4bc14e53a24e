import asyncio
import gc
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from csp_gateway.client.stream_options import StreamOptions
from csp_gateway.client.sync import GatewayClient
from csp_gateway.errors import FrameError, ServerUnreachableError, StreamClosedError, WrongArgumentError
from csp_gateway.testing import serving_gateway
from csp_gateway.wire.commands import Follow
from tests.client.forking import forks, in_child
from tests.ways.live_source import gateway


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving_gateway(gateway(ms=5)) as served:
        yield served


@pytest.fixture
def client(url: str) -> Iterator[GatewayClient]:
    before = set(threading.enumerate())
    with GatewayClient(host=url) as made:
        yield made
    assert set(threading.enumerate()) <= before


class Enough(Exception): ...


def test_with_a_callback_it_blocks(client: GatewayClient) -> None:
    seen: list[dict[str, Any]] = []

    def callback(message: dict[str, Any]) -> None:
        assert threading.current_thread() is threading.main_thread()
        seen.append(message)
        if len(seen) > 10:
            raise Enough

    with pytest.raises(Enough):
        client.stream(["plain", ("basket", "A")], callback, 5)
    assert {(each["channel"], each.get("key")) for each in seen} == {("plain", None), ("basket", "A")}


def test_without_it_is_an_iterator(client: GatewayClient) -> None:
    client.send("notes", {"n": 1})
    with client.stream([Follow(channel="notes", snapshot=True)], timeout=5) as stream:
        assert next(stream)["snapshot"]
        client.send("notes", {"n": 2})
        assert next(stream)["data"][0]["n"] == 2
    assert stream.state == "closed"


def test_options_hold_for_all_channels(client: GatewayClient) -> None:
    with client.stream(["plain", "keyed"], timeout=5, fields=["n"], snapshot=True, positions=True) as stream:
        for _, message in zip(range(4), stream, strict=False):
            assert set(message["data"][0]) == {"n"}
            assert "offset" in message


def test_what_is_subscribed_while_it_streams_is_told_there(client: GatewayClient) -> None:
    stream = client.stream("plain", timeout=5)
    client.subscribe("notes")
    client.publish("notes", {"n": 3}, wait="ticked")
    assert any(message["channel"] == "notes" for message in stream)
    assert client.unsubscribe("notes")
    assert stream.channels == ["plain"]
    assert client.received(5) is stream
    stream.close()


def test_what_is_subscribed_first_is_read_or_taken_over(client: GatewayClient) -> None:
    client.subscribe("notes")
    client.publish("notes", [{"n": 4}, {"n": 5}])
    assert [next(client.received(timeout=5))["data"][0]["n"] for _ in range(2)] == [4, 5]
    client.publish("notes", {"n": 6}, wait="ticked")
    with client.stream("plain", timeout=5) as stream:
        assert next(message for message in stream if message["channel"] == "notes")["data"][0]["n"] == 6
        assert stream.channels == ["notes", "plain"]


def test_who_reads_what_was_subscribed_is_told_that_it_has_ended_however_he_asks(client: GatewayClient) -> None:
    def remove() -> None:
        (one,), stream, closed = client.clients(), client.received(5), threading.Event()
        stream.on_state = lambda state: closed.set() if state == "closed" else None
        client.remove_client(one["id"])
        assert closed.wait(5)

    def told() -> None:
        with pytest.raises(StreamClosedError, match="removed by who runs the gateway"):
            list(iter(lambda: next(client.received(timeout=5)), None))

    client.subscribe("plain")
    assert next(client.received(timeout=5))["channel"] == "plain"
    remove()
    told()
    told()
    client.subscribe("notes")
    assert client.received(5).channels == ["notes"]
    client.publish("notes", {"n": 1}, wait="ticked")
    remove()
    client.publish("notes", {"n": 2})  # over another one, which follows nothing
    assert next(client.received(timeout=5))["data"][0]["n"] == 1
    told()
    assert client.received().channels == []
    assert client.received().state == "connected"


def test_two_streams_are_two_connections(client: GatewayClient) -> None:
    with client.stream("plain", timeout=5) as one, client.stream("keyed", timeout=5) as other:
        assert (next(one)["channel"], next(other)["channel"]) == ("plain", "keyed")


def test_unsubscribe_ends_it_on_all_streams_that_follow_it(client: GatewayClient) -> None:
    with client.stream(["plain", "keyed"]) as one, client.stream("plain") as two, client.stream("keyed") as three:
        assert client.unsubscribe("plain")
        assert (one.channels, two.channels, three.channels) == (["keyed"], [], ["keyed"])
        assert not client.unsubscribe("plain")
        with pytest.raises(FrameError, match="did you mean 'plain'"):
            client.unsubscribe("plan")
        assert len(client.clients()) == 3


def test_unsubscribe_of_a_key_finds_it_on_an_older_stream_by_either_spelling(client: GatewayClient) -> None:
    with client.stream("basket/A") as one, client.stream("plain") as two:
        assert client.unsubscribe("basket/A")
        client.subscribe("plain")
        assert (one.channels, two.channels) == ([], ["plain"])
        one.subscribe("basket", "B")
        assert client.unsubscribe("basket", "B")
        assert one.channels == []


def test_when_the_newest_is_closed_the_one_before_is_the_live_one(client: GatewayClient) -> None:
    with client.stream("plain") as one:
        client.stream("keyed").close()
        client.subscribe("notes")
        assert one.channels == ["plain", "notes"]
        assert client.unsubscribe("plain")


def test_where_nothing_is_open_nothing_is_followed(client: GatewayClient) -> None:
    assert not client.unsubscribe("plain")
    assert client.clients() == []


def test_one_that_nobody_has_any_more_is_closed(client: GatewayClient) -> None:
    closed = threading.Event()
    stream = client.stream("plain", on_state=lambda state: closed.set() if state == "closed" else None)
    next(stream)
    del stream
    gc.collect()
    assert closed.wait(5)
    client.subscribe("notes")  # another connection
    assert client.received().channels == ["notes"]


def test_what_cannot_be_is_said_at_once(client: GatewayClient) -> None:
    with pytest.raises(FrameError, match="did you mean 'plain'"):
        client.stream(["plan"])
    with pytest.raises(TypeError, match="there is no option"):
        client.stream(["plain"], snap=True)  # type: ignore[call-overload]
    for misspelled, meant in (("callbck", "callback"), ("timout", "timeout"), ("on_gp", "on_gap"), ("wher", "where")):
        with pytest.raises(WrongArgumentError, match=f"there is no option '{misspelled}'; did you mean '{meant}'"):
            client.stream(["plain"], **{misspelled: 1})  # type: ignore[call-overload]
    for misspelled, meant in (("timout", "timeout"), ("snapshto", "snapshot")):
        with pytest.raises(WrongArgumentError, match=f"there is no option '{misspelled}'; did you mean '{meant}'"):
            client.subscribe("plain", **{misspelled: 1})  # type: ignore[arg-type]
    with pytest.raises(WrongArgumentError, match="names none"):
        client.stream([])
    with pytest.raises(FrameError, match='"basket/A" for a client'):
        client.stream(("basket", "A"))


def test_where_nobody_is_it_is_told_in_time() -> None:
    with (
        GatewayClient(host="127.0.0.1", port=1) as client,
        pytest.raises(ServerUnreachableError, match=r"no live connection"),
    ):
        client.stream("plain", connection=StreamOptions(connection_timeout=0.05, backoff=(0.01, 0.01)))


def test_it_works_off_the_main_thread_and_in_a_notebook(client: GatewayClient) -> None:
    def first() -> str:
        with client.stream("plain", timeout=5) as stream:
            return str(next(stream)["channel"])

    async def cell() -> str:
        return first()

    assert asyncio.run(cell()) == "plain"
    seen: list[str] = []
    thread = threading.Thread(target=lambda: seen.append(first()))
    thread.start()
    thread.join(10)
    assert seen == ["plain"]


@forks
def test_a_forked_child_opens_streams_of_its_own_and_leaves_those_of_its_parent(client: GatewayClient) -> None:
    stream, own = client.stream("plain", timeout=5), client.stream("keyed", timeout=5)
    next(stream)

    def inherited(what: Callable[[], object]) -> str:
        with pytest.raises(StreamClosedError, match="forked from: open it anew here"):
            what()
        return "raises"

    def child() -> object:
        seen = [inherited(each) for each in (stream.__next__, stream.connected, lambda: stream.subscribe("notes"))]
        seen += [inherited(stream.receive_many), stream.state]
        stream.close()
        own.close()
        client.subscribe("plain")
        with client.stream("keyed", timeout=5) as fresh:
            channels = {next(fresh)["channel"] for _ in range(20)}
        client.close()
        return [*seen, *sorted(channels)]

    assert in_child(child) == str(["raises"] * 4 + ["closed", "keyed", "plain"])
    before = next(stream)["data"][0]["n"]
    assert [next(stream)["data"][0]["n"] for _ in range(100)] == list(range(before + 1, before + 101))
    assert own.state == "connected"
    stream.close()


def test_after_close_there_is_no_other(url: str) -> None:
    client = GatewayClient(host=url)
    client.subscribe("plain")
    client.close()
    with pytest.raises(RuntimeError, match="this client is closed"):
        client.stream("plain")
    with pytest.raises(RuntimeError, match="this client is closed"):
        client.subscribe("plain")


def test_subscribe_waits_for_its_timeout_and_no_longer() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as mute,
        GatewayClient(host="127.0.0.1", port=mute.getsockname()[1]) as client,
        pytest.raises(TimeoutError, match=r"within 0\.1 s"),
    ):
        client.subscribe("plain", timeout=0.1)
