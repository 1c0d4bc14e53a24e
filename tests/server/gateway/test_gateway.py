"""Gateway: what it is made of, its life, and every way it ends."""

import asyncio
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import csp
import httpx2
import pytest
from csp import ts
from pydantic import ValidationError

from csp_gateway import (
    BuildFailedError,
    EngineError,
    Gateway,
    GatewayChannels,
    GatewayModule,
    GatewaySettings,
    GatewayStruct,
    MountRestRoutes,
    NotRunningError,
    PortTakenError,
    RestFailedError,
    ShutdownError,
    StartError,
)
from csp_gateway.server.web import WebServer
from tests.zygote import python

LIFE = Path(__file__).with_name("life.py")


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    a: ts[Count] = None


class Feed(GatewayModule):
    """Ticks every 10 ms and writes down how it ended."""

    fail: str = ""
    ended: list[str] = []

    def connect(self, channels: Ch) -> None:
        if self.fail == "connect":
            raise ZeroDivisionError("in connect")
        numbers = csp.count(csp.timer(timedelta(milliseconds=10), True))
        channels.set_channel(Ch.a, csp.apply(numbers, self.make, Count))

    def make(self, n: int) -> Count:
        if self.fail == "node" and n == 20:
            raise ZeroDivisionError("in a node")
        return Count(n=n)

    def rest(self, app: Any) -> None:
        if self.fail == "rest":
            raise ZeroDivisionError("in rest")

    def shutdown(self) -> None:
        self.ended.append("shutdown")
        if self.fail == "shutdown":
            raise ZeroDivisionError("in shutdown")


def watched(channels: Ch) -> Any:
    return channels.get_channel(Ch.a)


def test_a_blocking_run_returns_the_outputs_and_shuts_modules_down() -> None:
    feed = Feed()
    outputs = Gateway(modules=[feed], channels=Ch()).start(watched, endtime=timedelta(milliseconds=100))
    assert [value.n for _, value in outputs["user_graph"]][:3] == [1, 2, 3]
    assert feed.ended == ["shutdown"]


def test_a_simulated_run_takes_no_time() -> None:
    outputs = Gateway(modules=[Feed()], channels=Ch()).start(
        watched, realtime=False, starttime=datetime(2024, 1, 1), endtime=timedelta(seconds=60)
    )
    assert len(outputs["user_graph"]) == 6_000


def test_the_graph_runs_under_csp_run_as_it_is() -> None:
    gateway = Gateway(modules=[Feed()], channels=Ch())
    for _ in range(2):
        outputs = csp.run(gateway.graph, watched, starttime=datetime(2024, 1, 1), endtime=timedelta(seconds=1))
        assert len(outputs["user_graph"]) == 100


def test_without_blocking_it_runs_until_stop_and_can_start_again() -> None:
    feed = Feed()
    gateway = Gateway(modules=[feed], channels=Ch())
    for turn in (1, 2):
        handle = gateway.start(watched, block=False)
        assert handle.is_alive()
        assert gateway.running
        assert gateway.channels.next("a", timeout=5).n > 0
        assert gateway.stop()["user_graph"]
        assert not gateway.running
        assert feed.ended == ["shutdown"] * turn


def test_it_can_start_again_as_soon_as_stop_returns_though_a_query_was_open() -> None:
    gateway = Gateway(modules=[Feed()], channels=Ch())
    gateway.start(block=False)
    slow = gateway.channels.outside.queries.ask(lambda: time.sleep(0.7))
    gateway.stop()
    gateway.start(block=False)
    assert gateway.channels.next("a", timeout=5).n > 0
    gateway.stop()
    assert slow.done()


def test_starting_twice_and_stopping_what_never_ran() -> None:
    gateway = Gateway(modules=[Feed()], channels=Ch())
    with pytest.raises(NotRunningError, match="was not started"):
        gateway.stop()
    gateway.start(block=False)
    with pytest.raises(StartError, match="running already"):
        gateway.start(block=False)
    gateway.stop()


@pytest.mark.parametrize(
    ("fail", "options", "kind"),
    [
        ("connect", {}, BuildFailedError),
        ("connect", {"block": False}, BuildFailedError),
        ("connect", {"rest": True}, BuildFailedError),
        ("rest", {"rest": True}, RestFailedError),
        ("rest", {"rest": True, "_in_test": True}, RestFailedError),
        ("node", {}, EngineError),
        ("node", {"rest": True}, EngineError),
    ],
)
def test_what_a_module_raises_comes_out_of_start_with_its_cause(fail: str, options: Any, kind: type[Exception]) -> None:
    feed = Feed(fail=fail)
    gateway = Gateway(modules=[feed], channels=Ch(), settings=GatewaySettings(PORT=0))
    with pytest.raises(kind, match=f"ZeroDivisionError: in {'a node' if fail == 'node' else fail}") as failed:
        gateway.start(**options)
    assert isinstance(failed.value.__cause__, ZeroDivisionError)
    assert feed.ended == ["shutdown"]
    assert not gateway.running


def test_a_node_that_raises_without_anybody_waiting_still_shuts_modules_down() -> None:
    feed = Feed(fail="node")
    gateway = Gateway(modules=[feed], channels=Ch())
    handle = gateway.start(block=False)
    handle.join(suppress=True)
    assert feed.ended == ["shutdown"]
    with pytest.raises(EngineError):
        gateway.stop()
    assert feed.ended == ["shutdown"]


def test_a_shutdown_that_raises_is_told_at_the_end() -> None:
    gateway = Gateway(modules=[Feed(fail="shutdown")], channels=Ch())
    with pytest.raises(ShutdownError, match=r"Feed\.shutdown raised ZeroDivisionError: in shutdown"):
        gateway.start(endtime=timedelta(milliseconds=30))


def test_a_shutdown_that_raises_is_told_by_stop_even_if_the_engine_ended_before() -> None:
    gateway = Gateway(modules=[Feed(fail="shutdown")], channels=Ch())
    gateway.start(block=False, endtime=timedelta(milliseconds=30)).join()
    with pytest.raises(ShutdownError, match="in shutdown"):
        gateway.stop()


def test_a_node_that_does_not_return_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csp_gateway.server.gateway.run._STOP_SECONDS", 0.1)
    go_on, busy = threading.Event(), threading.Event()

    class Stuck(Feed):
        def make(self, n: int) -> Count:
            busy.set()
            go_on.wait(20)
            return Count(n=n)

    part = Stuck()
    gateway = Gateway(modules=[part], channels=Ch())
    handle = gateway.start(block=False)
    assert busy.wait(5)
    with pytest.raises(ShutdownError, match=r"the engine had not ended after 0\.1 s: a node is still busy"):
        gateway.stop()
    assert part.ended == ["shutdown"]
    go_on.set()
    handle.join()


def test_an_engine_behind_real_time_can_be_stopped(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("csp_gateway.server.gateway.run._PATIENCE_SECONDS", 0.1)

    class Behind(Feed):
        def make(self, n: int) -> Count:
            time.sleep(0.05)
            return Count(n=n)

    part = Behind()
    gateway = Gateway(modules=[part], channels=Ch())
    gateway.start(block=False)
    time.sleep(0.5)
    assert gateway.stop() is None
    assert part.ended == ["shutdown"]
    assert "the engine was stopped while it was behind real time" in caplog.text


def test_a_shutdown_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csp_gateway.server.gateway.run._STOP_SECONDS", 0.2)

    class Slow(Feed):
        def shutdown(self) -> None:
            time.sleep(0.5)
            super().shutdown()

    part = Slow()
    gateway = Gateway(modules=[part], channels=Ch())
    gateway.start(block=False)
    gateway.stop()
    assert part.ended == ["shutdown"]


def test_of_two_starts_at_once_one_runs() -> None:
    gateway = Gateway(modules=[Feed()], channels=Ch())
    together, refused = threading.Barrier(2), []

    def start() -> None:
        together.wait()
        try:
            gateway.start(block=False)
        except StartError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["this gateway is running already: stop it first"]
    gateway.stop()
    assert "csp-engine" not in [thread.name for thread in threading.enumerate()]


def test_a_build_that_timed_out_must_end_before_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csp_gateway.server.gateway.run._DRAIN_SECONDS", 0.05)
    go_on = threading.Event()

    class Late(Feed):
        def connect(self, channels: Ch) -> None:
            go_on.wait(20)
            super().connect(channels)

    gateway = Gateway(modules=[Late()], channels=Ch())
    with pytest.raises(StartError, match="not running after"):
        gateway.start(block=False, build_timeout=0.05)
    with pytest.raises(StartError, match="the last run has not ended yet"):
        gateway.start(block=False)
    go_on.set()
    gateway._run.engine.join()
    gateway.start(block=False)
    gateway.stop()


def test_stop_from_inside_only_asks() -> None:
    class Stops(Feed):
        gateway: Any = None

        def make(self, n: int) -> Count:
            if n == 3:
                assert self.gateway.stop() is None
            return Count(n=n)

    part = Stops()
    part.gateway = gateway = Gateway(modules=[part], channels=Ch())
    gateway.start()
    assert part.ended == ["shutdown"]


def served(*modules: GatewayModule) -> tuple[Gateway, threading.Thread, str]:
    gateway = Gateway(modules=list(modules), channels=Ch(), settings=GatewaySettings(PORT=0))
    thread = threading.Thread(target=gateway.start, kwargs={"rest": True})
    thread.start()
    while gateway.web_app is None or gateway.url is None:
        time.sleep(0.01)
    return gateway, thread, gateway.url


def test_a_route_may_ask_for_the_end_and_others_are_answered_first() -> None:
    class Routes(Feed):
        def rest(self, app: Any) -> None:
            @app.get_router().get("/slow")
            async def slow() -> str:
                await asyncio.sleep(0.8)
                return "done"

            @app.get_router().get("/stop")
            async def stop() -> None:
                assert app.gateway.stop() is None

    _, thread, url = served(Routes())
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(httpx2.get, f"{url}/api/v1/slow", timeout=10)
        time.sleep(0.3)
        assert httpx2.get(f"{url}/api/v1/stop").status_code == 200
        assert answer.result().json() == "done"
    thread.join(20)
    assert not thread.is_alive()


@pytest.mark.parametrize("way", ["thread", "to_thread"])
def test_a_route_on_a_thread_may_ask_for_the_end(way: str) -> None:
    """Otherwise the server waits for the request, which waits for the server."""

    class Routes(Feed):
        def rest(self, app: Any) -> None:
            router = app.get_router()
            if way == "thread":
                router.get("/stop")(lambda: app.gateway.stop())
            else:

                @router.get("/stop")
                async def stop() -> Any:
                    return await asyncio.to_thread(app.gateway.stop)

    _, thread, url = served(Routes())
    begun = time.monotonic()
    answer = httpx2.get(f"{url}/api/v1/stop", timeout=30)
    assert (answer.status_code, answer.json()) == (200, None)
    assert time.monotonic() - begun < 2
    thread.join(20)
    assert not thread.is_alive()


def test_a_disabled_module_takes_no_part() -> None:
    feed = Feed(fail="connect", disable=True)
    Gateway(modules=[feed], channels=Ch()).start(endtime=timedelta(milliseconds=10))
    assert feed.ended == []


def test_a_gateway_serves_until_it_is_stopped_from_another_thread() -> None:
    feed = Feed()
    gateway = Gateway(modules=[feed, MountRestRoutes()], channels=Ch(), settings=GatewaySettings(PORT=0))
    stopped = threading.Timer(1.0, lambda: gateway.stop())
    stopped.start()
    gateway.start(rest=True)
    stopped.join()
    assert feed.ended == ["shutdown"]
    assert threading.active_count() == len([t for t in threading.enumerate() if t.name != "csp-engine"])


def test_a_taken_port_is_a_sentence_before_anything_starts() -> None:
    feed = Feed()
    taken = WebServer(GatewaySettings(PORT=0), {})
    port = int(taken.url.rpartition(":")[2])
    gateway = Gateway(modules=[feed], channels=Ch(), settings=GatewaySettings(PORT=port))
    with pytest.raises(PortTakenError, match=f"cannot listen on 127.0.0.1:{port}"):
        gateway.start(rest=True)
    taken.close()
    assert feed.ended == []
    assert not gateway.running


def test_an_unknown_uvicorn_option_is_refused_before_anything_starts() -> None:
    with pytest.raises(StartError, match="did you mean 'ssl_keyfile'"):
        Gateway(channels=Ch()).start(rest=True, ssl_keyfil="x")


def test_unknown_fields_name_the_nearest() -> None:
    with pytest.raises(ValidationError, match="a gateway has no 'module'; did you mean 'modules'"):
        Gateway(module=[])


def test_the_callers_list_of_modules_is_not_changed() -> None:
    modules, more = [Feed()], [Feed()]
    gateway = Gateway(modules=modules, user_modules=more, channels=Ch())
    assert [len(modules), len(more), len(gateway.enabled_modules)] == [1, 1, 2]


def test_channels_of_the_wrong_class_are_refused() -> None:
    with pytest.raises(ValidationError, match="channels must be Ch, not GatewayChannels"):
        Gateway(channels=GatewayChannels(), channels_model=Ch)


# Ends that only a process of its own can show.


@pytest.mark.parametrize(
    ("how", "number"),
    [
        ("serve", signal.SIGTERM),  # and by SIGINT in tests/server/test_cli.py
        ("block", signal.SIGINT),
        ("background", signal.SIGTERM),
    ],
)
def test_a_signal_ends_the_process_cleanly(how: str, number: signal.Signals) -> None:
    with subprocess.Popen([*python(), LIFE, how], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as app:
        assert app.stdout is not None
        assert app.stdout.readline() == "ticked\n"
        time.sleep(0.3)  # let start() go on to where it waits
        app.send_signal(number)
        out, error = app.communicate(timeout=20)
    # What runs after start() runs, and so does what Python does at exit: nothing calls os._exit.
    assert out == "shutdown\nfinally\natexit\n"
    assert app.returncode == 0
    assert "Traceback" not in error


@pytest.mark.parametrize("how", ["forgets", "raises"])
def test_a_program_that_ends_without_stop_ends_cleanly(how: str) -> None:
    ended = subprocess.run([*python(), LIFE, how], capture_output=True, text=True, timeout=40, check=False)
    assert ended.returncode == (1 if how == "raises" else 0), ended.stderr
    assert ended.stdout.endswith("shutdown\natexit\n")


def test_a_taken_port_ends_a_script_with_a_sentence_and_no_traceback() -> None:
    taken = WebServer(GatewaySettings(PORT=0), {})
    port = taken.url.rpartition(":")[2]
    ended = subprocess.run([*python(), LIFE, "serve", port], capture_output=True, text=True, timeout=30, check=False)
    taken.close()
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr
