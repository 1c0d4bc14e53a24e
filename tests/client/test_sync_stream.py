import gc
import subprocess
import sys
import threading
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest

from csp_gateway.client.background import Background
from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.followed import Gap
from csp_gateway.client.sync_stream import SyncStream
from csp_gateway.errors import FrameError, StreamClosedError
from csp_gateway.testing import serving_gateway
from csp_gateway.wire.commands import Follow
from tests.ways.live_source import gateway


@pytest.fixture(scope="module")
def config() -> Iterator[GatewayClientConfig]:
    with serving_gateway(gateway(ms=5)) as url:
        yield GatewayClientConfig(host=url)


@pytest.fixture
def background() -> Iterator[Background]:
    made = Background("streams-of-a-test")
    yield made
    made.close()
    assert made._thread is None or not made._thread.is_alive()


def test_it_is_an_iterator_and_a_context(config: GatewayClientConfig, background: Background) -> None:
    states: list[str] = []
    with SyncStream(config, background, timeout=5, on_state=states.append) as stream:
        stream.connected()
        start = stream.subscribe("plain")["from"]
        numbers = [next(stream)["data"][0]["n"] for _ in range(3)]
        numbers += [message["data"][0]["n"] for message in stream.receive_many()]
        assert numbers == list(range(start, start + len(numbers)))
        assert (stream.state, stream.channels) == ("connected", ["plain"])
        assert stream.unsubscribe("plain")
        stream.follow(Follow(channel="notes"), Follow(channel="brief"))
        assert stream.channels == ["notes", "brief"]
        stream.publish("notes", {"n": 7}, wait="ticked")
        assert any(message["data"][0]["n"] == 7 for message in stream if message["channel"] == "notes")
    assert (stream.state, stream.why) == ("closed", "the stream was closed")
    assert states == ["connected", "closed"]
    assert list(stream)[:0] == []
    assert stream.receive_many() == []
    with pytest.raises(StreamClosedError):
        stream.subscribe("plain")
    stream.close()


def test_silence_has_its_limit(config: GatewayClientConfig, background: Background) -> None:
    with SyncStream(config, background) as stream:
        assert stream.timeout is None
        stream.timeout = 0.02
        stream.subscribe("notes")
        with pytest.raises(TimeoutError):
            next(stream)
        with pytest.raises(FrameError):
            stream.subscribe("nothing")


def test_any_thread_may_close_it(config: GatewayClientConfig, background: Background) -> None:
    stream = SyncStream(config, background, timeout=10)
    stream.subscribe("notes")
    timer = threading.Timer(0.05, stream.close)
    timer.start()
    assert list(stream) == []
    timer.join()


def test_its_own_callback_may_close_it(config: GatewayClientConfig, background: Background) -> None:
    closed = threading.Event()

    def on_state(state: str) -> None:
        if state == "connected":
            stream.close()
            stream.close()
        if state == "closed":
            stream.close()
            closed.set()

    stream = SyncStream(config, background, timeout=10, on_state=on_state)
    with pytest.raises(StreamClosedError):
        stream.subscribe("notes")
    assert closed.wait(5)
    assert (list(stream), stream.state) == ([], "closed")


def test_a_gap_is_told_on_the_thread_that_reads(config: GatewayClientConfig, background: Background) -> None:
    seen: list[Any] = []

    def on_gap(gap: Gap) -> None:
        seen.append((gap.reason, threading.current_thread() is threading.main_thread()))

    with SyncStream(config, background, timeout=5, on_gap=on_gap) as stream:
        stream.subscribe("plain", since=5, epoch="of another run")
        next(stream)
        assert seen == [("epoch_changed", True)]
        stream.on_gap = None
        stream.subscribe("basket", since=5, epoch="of another run")
        while next(stream)["channel"] == "plain":
            pass  # the gap is in the log
    assert len(seen) == 1


def test_one_that_nobody_has_is_closed(config: GatewayClientConfig, background: Background) -> None:
    closed = threading.Event()
    stream = SyncStream(config, background, on_state=lambda state: closed.set() if state == "closed" else None)
    stream.connected()
    assert stream.on_state is not None
    del stream
    gc.collect()
    assert closed.wait(5)


def test_with_its_background_it_is_closed(config: GatewayClientConfig) -> None:
    background = Background("streams-of-a-test")
    stream = SyncStream(config, background)
    stream.subscribe("plain")
    background.close()
    assert stream.state == "closed"
    stream.close()


def test_with_its_background_closed_at_any_moment_it_is_over(
    config: GatewayClientConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    background = Background("streams-of-a-test")
    stream = SyncStream(config, background)

    def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
        background.close()
        return Background.run(background, coroutine)

    monkeypatch.setattr(background, "run", run)
    assert list(stream) == []


_READS = """
import sys, threading
from csp_gateway import GatewayClient

stream = GatewayClient(host=sys.argv[1]).stream("plain", snapshot=True)
threading.Thread(target=lambda: [None for _ in stream], daemon=True).start()
while stream.state != "connected":
    pass
"""


def test_a_program_that_ends_while_it_is_read_ends_in_silence(config: GatewayClientConfig) -> None:
    command = [sys.executable, "-W", "always::RuntimeWarning", "-c", _READS, config.root_url]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
