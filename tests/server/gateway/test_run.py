"""One run of a gateway: another is a new one, and what becomes of one that fails somewhere.

Its good ends are tested in test_gateway.py, and its start in test_opening.py.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from csp_gateway import Gateway
from csp_gateway.errors import BuildFailedError, EngineError, RestFailedError, ShutdownError, StartError
from tests.ways.trouble import API, PATIENCE, Caller, ask, until
from tests.zygote import python

ROOT = Path(__file__).parents[3]


def test_each_start_has_its_own() -> None:
    gateway = Gateway()
    assert gateway.health.reason == "stopped"
    runs = []
    for _ in range(2):
        gateway.start(endtime=timedelta(milliseconds=10))
        runs.append(gateway._run)
    assert [run.over for run in runs] == [True, True]
    assert runs[0] is not runs[1]
    assert gateway.health.reason == "stopped"


# Where it may fail, each in a process of its own: clients are told within 2 s, and the process ends within 5 s.


class Process:
    """``failing.py`` at work, its clients, and what is left of it."""

    def __init__(self, place: str, folder: Path) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        self.url = f"http://localhost:{port}"
        self._folder = folder
        environment = {**os.environ, "CSP_GATEWAY_POSTMORTEM_FOLDER": str(folder)}
        program = "failing_table" if place == "tables" else "failing"
        command = [*python(), "-m", f"tests.server.gateway.{program}", place, str(port)]
        self._pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, env=environment, cwd=ROOT, **self._pipes)

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        with self.process:
            self.process.kill()

    def until_ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.process.communicate()[1]
            try:
                return ask(self.url, "GET", "/readyz").status == 200
            except OSError:
                return False

        until(ready, 2 * PATIENCE)  # csp alone takes seconds to import, more on a machine that is busy

    def failed_at(self) -> float:
        """When it failed, as it says itself."""
        assert self.process.stdout is not None
        word, when = self.process.stdout.readline().split()
        assert word == "fails"
        return float(when)

    def ended(self, failed: float) -> tuple[int, str]:
        """Its status, and what it had to say of errors; in time."""
        out, errors = self.process.communicate(timeout=PATIENCE)
        assert time.monotonic() - failed <= 5, errors
        # What is to run at the end does: nothing calls os._exit.
        assert out.endswith("finally\n")
        return self.process.returncode, errors

    def postmortems(self) -> list[Path]:
        return sorted(self._folder.iterdir())


def holds_the_bundle(process: Process, errors: str, kind: str, place: str) -> None:
    """One postmortem, which the program names at its end, and which tells of the error."""
    (folder,) = process.postmortems()
    assert folder.name.endswith(f"-{kind}")
    assert errors.rstrip().endswith(f"What was so when it failed is written down in {folder}")
    error = (folder / "error.txt").read_text()
    assert f"ZeroDivisionError: in the {place} of the user's" in error
    assert "failing.py" in error
    report = json.loads((folder / "report.json").read_text())
    assert report["error"]["kind"] == kind
    assert report["error"]["cause"] == f"ZeroDivisionError: in the {place} of the user's"
    assert report["modules"][0]["class"].endswith("Part")
    assert "MainThread" in (folder / "threads.txt").read_text()


@pytest.mark.parametrize("place", ["node", "adapter"])
def test_an_engine_that_fails_tells_its_clients_and_ends_the_process(place: str, tmp_path: Path) -> None:
    with Process(place, tmp_path) as process:
        process.until_ready()
        with Caller(process.url) as waiting:
            waiting.begin("GET", f"{API}/next/notes")
            until(lambda: metric(process.url, "waiting") == 1)
            assert ask(process.url, "POST", f"{API}/send/go", {"n": 1}).status == 200
            failed = process.failed_at()
            told = waiting.told()
            assert time.monotonic() - failed <= 2
        assert (told.status, told.problem, told.headers["retry-after"]) == (503, "not-running", "1")
        status, errors = process.ended(failed)
        assert status == EngineError.exit_status
        holds_the_bundle(process, errors, "EngineError", place)
        report = json.loads((process.postmortems()[0] / "report.json").read_text())
        assert report["engine"]["condition"] == "failed"
        assert report["channels"]["ticks"]["go"]["count"] in (0, 1)
        assert report["statistics"]["sends"]["go"]["sent"] == 1


def metric(url: str, name: str) -> int:
    return ask(url, "GET", f"{API}/controls/stats").json[0]["data"]["web"]["requests"][name]


@pytest.mark.parametrize(("place", "kind"), [("connect", BuildFailedError), ("rest", RestFailedError)])
def test_a_module_that_fails_on_the_way_up_ends_the_process(place: str, kind: type[Exception], tmp_path: Path) -> None:
    with Process(place, tmp_path) as process:
        status, errors = process.ended(process.failed_at())
        assert status == StartError.exit_status
        holds_the_bundle(process, errors, kind.__name__, place)


def test_a_module_that_fails_at_the_end_makes_it_no_good_one(tmp_path: Path) -> None:
    with Process("shutdown", tmp_path) as process:
        process.until_ready()
        process.process.send_signal(signal.SIGTERM)
        status, errors = process.ended(process.failed_at())
        assert status == ShutdownError.exit_status
        holds_the_bundle(process, errors, "ShutdownError", "shutdown")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process")
def test_a_route_that_fails_is_told_to_its_client_and_the_gateway_goes_on(tmp_path: Path) -> None:
    """Until a Ctrl-C, which is no failure."""
    with Process("handler", tmp_path) as process:
        process.until_ready()
        large = b'{"n": 1' + b" " * 100_000 + b"}"
        assert ask(process.url, "POST", f"{API}/send/notes", large).status == 200  # for which it has a thread
        for route in ("plain", "coroutine"):
            told = ask(process.url, "GET", f"{API}/{route}")
            assert time.monotonic() - process.failed_at() <= 2
            assert told.status == 500
            assert ask(process.url, "GET", "/livez").status == 200
        process.process.send_signal(signal.SIGINT)
        status, errors = process.ended(time.monotonic())
        assert status == 0
        assert errors.count("\nZeroDivisionError: in the handler of the user's") >= 2
        assert "the process ends only" not in errors
        assert process.postmortems() == []


def test_a_table_that_fails_is_told_and_the_gateway_goes_on(tmp_path: Path) -> None:
    with Process("tables", tmp_path) as process:
        process.until_ready()
        assert ask(process.url, "POST", f"{API}/send/notes", {"n": 1}).status == 200
        process.failed_at()
        assert ask(process.url, "GET", "/livez").status == 200
        process.process.send_signal(signal.SIGTERM)
        status, errors = process.ended(time.monotonic())
        assert status == 0
        assert "ZeroDivisionError: in the tables of the user's" in errors


def test_a_route_that_holds_its_thread_holds_up_the_process_alone_which_says_so(tmp_path: Path) -> None:
    """Python waits for the thread; the port is free, and whoever started the gateway goes on."""
    with Process("node", tmp_path) as process:
        process.until_ready()
        with Caller(process.url) as held:
            held.begin("GET", f"{API}/hold")
            says: Any = process.process.stdout
            assert says.readline() == "holds\n"
            assert ask(process.url, "POST", f"{API}/send/go", {"n": 1}).status == 200
            failed = process.failed_at()
            assert says.readline() == "finally\n"
            assert time.monotonic() - failed <= 5
        with pytest.raises(OSError, match="refused"):
            ask(process.url, "GET", "/livez")
        process.process.terminate()
        _, errors = process.process.communicate(timeout=PATIENCE)
        assert "the process ends only when a route has, on AnyIO worker thread: failing.py:" in errors
        assert process.process.returncode == -signal.SIGTERM
