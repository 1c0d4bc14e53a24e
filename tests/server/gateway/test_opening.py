"""A gateway that comes up beside a server that answers already, on real sockets."""

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import csp
import httpx2
import pytest
from csp import ts
from pydantic import PrivateAttr

from csp_gateway import Gateway, GatewayChannels, GatewayModule, GatewaySettings, GatewayStruct, MountRestRoutes
from csp_gateway.errors import BuildFailedError, EngineError, RestFailedError, StartTimeoutError
from csp_gateway.server.gateway import opening as opening_module
from csp_gateway.server.web import WebServer
from tests.zygote import python

LIFE = Path(__file__).with_name("life.py")


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    a: ts[Count] = None


class Part(GatewayModule):
    """Its ``connect``, ``rest`` and node each wait for an event, and may raise after."""

    go_on: dict[str, threading.Event] = {}
    raises: str = ""
    options: dict[str, Any] = {}
    _reached: list[str] = PrivateAttr(default_factory=list)

    def connect(self, channels: Ch) -> None:
        self.wait("connect")
        channels.add_send_channel(Ch.a)
        csp.add_graph_output("taken", csp.apply(channels.get_channel(Ch.a), self.take, bool))

    def take(self, value: Count) -> bool:
        self.wait("node")
        return True

    def rest(self, app: Any) -> None:
        self.wait("rest")

    def wait(self, where: str) -> None:
        self._reached.append(where)
        if where in self.go_on:
            assert self.go_on[where].wait(30)
        if where == self.raises:
            raise ZeroDivisionError(f"in {where}")


@contextmanager
def started(part: Part, **options: Any) -> Iterator[tuple[Gateway, str, list[BaseException]]]:
    """A gateway that starts on a thread of its own; what its start raised."""
    settings = GatewaySettings(PORT=0, STALL_SECONDS=0.5, **options.pop("settings", {}))
    gateway = Gateway(modules=[part, MountRestRoutes(force_mount_all=True)], channels=Ch(), settings=settings)
    raised: list[BaseException] = []

    def run() -> None:
        try:
            gateway.start(rest=True, **options)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        eventually(lambda: (gateway._run is not None and gateway._run._opening is not None) or raised)
        yield gateway, gateway.url or "", raised
    finally:
        for event in part.go_on.values():
            event.set()
        if not raised:
            gateway.stop()
        thread.join(20)
        assert not thread.is_alive()


def eventually(condition: Any) -> None:
    end = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def readiness(url: str) -> Any:
    return httpx2.get(f"{url}/readyz").json()["reason"]


@pytest.mark.parametrize("where", ["connect", "rest"])
def test_while_it_starts_it_is_live_and_not_ready_and_says_when_to_come_back(where: str) -> None:
    part = Part(go_on={where: threading.Event()})
    with started(part) as (_, url, _):
        assert httpx2.get(f"{url}/livez").status_code == 200
        answer = httpx2.get(f"{url}/readyz")
        assert (answer.status_code, answer.json()["reason"]) == (503, "starting")
        other = httpx2.get(f"{url}/api/v1/last/a")
        assert (other.status_code, other.headers["retry-after"]) == (503, "1")
        part.go_on[where].set()
        eventually(lambda: readiness(url) is None)
        assert httpx2.get(f"{url}/api/v1/last/a").json() == []


@pytest.mark.parametrize(("where", "kind"), [("connect", BuildFailedError), ("rest", RestFailedError)])
def test_what_fails_on_the_way_up_ends_the_start_and_gives_the_port_back(where: str, kind: Any, caplog: Any) -> None:
    part = Part(go_on={where: threading.Event()}, raises=where)
    with started(part, lifespan="on" if where == "rest" else "off") as (_, url, raised):
        part.go_on[where].set()
        eventually(lambda: raised)
        assert isinstance(raised[0], kind)
        WebServer(GatewaySettings(PORT=int(url.rpartition(":")[2])), {}).close()
    assert "Traceback" not in caplog.text


def test_a_build_that_takes_too_long_ends_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csp_gateway.server.gateway.run._PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr("csp_gateway.server.gateway.run._DRAIN_SECONDS", 0.05)
    with started(Part(go_on={"connect": threading.Event()}), build_timeout=0.1) as (_, _, raised):
        eventually(lambda: raised)
        assert isinstance(raised[0], StartTimeoutError)


def test_it_is_stopped_while_it_starts() -> None:
    part = Part(go_on={"connect": threading.Event()})
    with started(part) as (gateway, _, raised):
        stopping = threading.Thread(target=gateway.stop)
        stopping.start()
        eventually(lambda: gateway.health.reason == "draining")
        part.go_on["connect"].set()
        stopping.join(20)
        assert not stopping.is_alive()
        assert not raised


def test_a_start_that_was_interrupted_does_not_open_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening_module, "_PATIENCE_SECONDS", 0.1)
    go_on = threading.Event()
    part = Part(go_on={"rest": go_on})
    with started(part) as (gateway, _, raised):
        eventually(lambda: "rest" in part._reached)
        opening = gateway._run._opening
        assert opening is not None
        opening.interrupt()
        eventually(lambda: raised)
        assert isinstance(raised[0], KeyboardInterrupt)
        assert not opening._ended.is_set()  # its module is still in the middle of something
        go_on.set()
        assert opening._ended.wait(10)
        assert gateway.web_app is None
        assert not gateway.health.ready


def test_a_node_that_takes_its_time_leaves_it_live_and_not_ready_until_it_ends() -> None:
    part = Part(go_on={"node": threading.Event()})
    with started(part) as (gateway, url, _):
        eventually(lambda: readiness(url) is None)
        gateway.channels.send("a", Count(n=1))
        eventually(lambda: readiness(url) == "stalled")
        assert httpx2.get(f"{url}/livez").status_code == 200
        part.go_on["node"].set()
        eventually(lambda: readiness(url) is None)


def test_an_engine_behind_the_clock_is_not_ready() -> None:
    class Slow(Part):
        slow: bool = True

        def connect(self, channels: Ch) -> None:
            super().connect(channels)
            csp.add_graph_output("worked", csp.apply(csp.timer(timedelta(seconds=0.05), True), self.work, bool))

        def work(self, _: bool) -> bool:
            time.sleep(0.1 if self.slow else 0)
            return True

    part = Slow()
    with started(part, settings={"LAG_SECONDS": 0.2}) as (_, url, _):
        eventually(lambda: readiness(url) == "lagging")
        part.slow = False
        eventually(lambda: readiness(url) is None)


def test_a_request_that_takes_its_time_does_not_keep_a_failed_gateway() -> None:
    held = threading.Event()

    class Held(Part):
        def rest(self, app: Any) -> None:
            @app.get_router().get("/hold")
            async def hold() -> None:
                held.set()
                await asyncio.Event().wait()

    with started(Held(raises="node")) as (gateway, url, raised), ThreadPoolExecutor(1) as pool:
        eventually(lambda: readiness(url) is None)
        answer = pool.submit(httpx2.get, f"{url}/api/v1/hold", timeout=30)
        assert held.wait(10)
        gateway.channels.send("a", Count(n=1))
        failed_at = time.monotonic()
        eventually(lambda: raised)
        assert time.monotonic() - failed_at <= 5
        assert isinstance(raised[0], EngineError)
        with suppress(httpx2.HTTPError):
            answer.result()


def test_after_a_node_failed_the_start_ends_with_it() -> None:
    with started(Part(raises="node")) as (gateway, url, raised):
        eventually(lambda: readiness(url) is None)
        gateway.channels.send("a", Count(n=1))
        eventually(lambda: raised)
        assert isinstance(raised[0], EngineError)
        assert (gateway.health.reason, gateway.health.live) == ("failed", False)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process")
def test_ctrl_c_while_it_starts_ends_it() -> None:
    with subprocess.Popen([*python(), LIFE, "stuck"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as app:
        assert app.stdout is not None
        assert app.stdout.readline() == "connecting\n"
        app.send_signal(signal.SIGINT)
        out, error = app.communicate(timeout=30)
    assert out == "shutdown\nfinally\natexit\n"
    assert error.rstrip().endswith("KeyboardInterrupt")
    assert app.returncode != 0


def test_a_node_that_raises_ends_the_process_soon_and_not_well() -> None:
    ended = subprocess.run([*python(), LIFE, "breaks"], capture_output=True, text=True, timeout=40, check=False)
    over = time.monotonic()
    assert ended.returncode == 1
    assert over - float(ended.stdout.partition("\n")[0]) <= 5
    assert "ZeroDivisionError: in a node" in ended.stderr
