"""How soon ``/livez`` and ``/readyz`` answer: while the graph is built, a node sleeps or computes, or all are asking.

``python -m benchmarks.health`` measures; with the name of a trouble it is a gateway in that trouble, on a free port,
which it says on the first line of its output.
"""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import csp

from benchmarks.load import apply_load, wait_for
from benchmarks.market import Market, Quote, quote
from benchmarks.measure import Figure, limit, report
from csp_gateway import Gateway, GatewayModule, GatewaySettings, MountRestRoutes

__all__ = ["main"]

SECONDS = 5.0
"""How long a trouble takes, and how long is measured in it at most."""
GOAL = 50.0


class Trouble(GatewayModule):
    """Quotes that tick 100 times a second, and one trouble."""

    kind: str

    def connect(self, channels: Market) -> None:
        """Take a while to be built, if that is the trouble."""
        if self.kind == "starts":
            time.sleep(SECONDS)
        numbers = csp.count(csp.timer(timedelta(milliseconds=10), True))
        channels.set_channel(Market.quotes, csp.apply(numbers, self.make, Quote))

    def make(self, n: int) -> Quote:
        """A tick; the hundredth is in trouble."""
        if n == 100:
            if self.kind == "sleeps":
                time.sleep(SECONDS)
            elif self.kind == "computes":
                end = time.monotonic() + SECONDS
                while time.monotonic() < end:
                    pass
            elif self.kind == "raises":
                print(time.monotonic(), flush=True)
                raise RuntimeError("in a node")
        return quote(n)


def serve(kind: str) -> None:
    """A gateway in trouble, for two minutes at most."""
    port = _free_port()
    print(port, flush=True)
    Gateway(
        settings=GatewaySettings(PORT=port, STALL_SECONDS=0.5),
        modules=[Trouble(kind=kind), MountRestRoutes(force_mount_all=True)],
        channels=Market(),
    ).start(rest=True, endtime=timedelta(minutes=2))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def in_trouble(kind: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Its URL, and its process."""
    command = [sys.executable, "-m", "benchmarks.health", kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{int(server.stdout.readline())}", server
        finally:
            server.kill()


class Asker:
    """One connection that asks for health again and again."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)

    def ask(self, path: str) -> tuple[float, str | None]:
        """How many ms the answer took, and the reason in it."""
        begun = time.perf_counter()
        self._connection.request("GET", path)
        answer = json.load(self._connection.getresponse())
        return (time.perf_counter() - begun) * 1e3, answer["reason"]

    def until(self, reason: str | None) -> None:
        """Ask until that is the reason."""
        deadline = time.monotonic() + 30
        while self.ask("/readyz")[1] != reason:
            if time.monotonic() > deadline:
                raise TimeoutError(f"it never was {reason}")
            time.sleep(0.02)

    def p99(self, goes_on: Callable[[str | None], bool]) -> float:
        """The 99th percentile, in ms, of asking every 5 ms or so as long as it goes on."""
        times: list[float] = []
        reason = self.ask("/readyz")[1]
        deadline = time.monotonic() + SECONDS
        while goes_on(reason) and time.monotonic() < deadline:
            taken, reason = self.ask("/readyz" if len(times) % 2 else "/livez")
            times.append(taken)
            time.sleep(0.005)
        if len(times) < 100:
            raise RuntimeError(f"it was over after {len(times)} answers")
        return sorted(times)[int(len(times) * 0.99)]


def during(kind: str, reason: str | None) -> float:
    """The 99th percentile while a trouble is the reason."""
    with in_trouble(kind) as (url, _):
        wait_for(f"{url}/livez")
        asker = Asker(url)
        asker.until(reason)
        return asker.p99(lambda now: now == reason)


def loaded() -> float:
    """The 99th percentile while 32 connections ask for the newest tick as fast as they are answered."""
    with in_trouble("none") as (url, _):
        wait_for(f"{url}/api/v1/last/quotes")
        load = threading.Thread(target=apply_load, args=(f"{url}/api/v1/last/quotes", 32, SECONDS + 1))
        load.start()
        time.sleep(1)
        measured = Asker(url).p99(lambda _: load.is_alive())
        load.join()
        return measured


def dies() -> float:
    """Seconds from the error of a node to the end of the process, which says that it did not end well."""
    with in_trouble("raises") as (_, server):
        assert server.stdout is not None
        raised = float(server.stdout.readline())
        if server.wait(30) == 0:
            raise RuntimeError("it ended as if all was well")
        return time.monotonic() - raised


def main() -> list[Figure]:
    """Health in each trouble, and how soon a gateway ends whose engine has failed."""
    return report(_figures())


def _figures() -> Iterator[Figure]:
    yield limit("health p99, idle", during("none", None), "ms", at_most=GOAL)
    yield limit("health p99, the graph is being built", during("starts", "starting"), "ms", at_most=GOAL)
    yield limit("health p99, a node sleeps", during("sleeps", "stalled"), "ms", at_most=GOAL)
    yield limit("health p99, a node computes in Python", during("computes", "stalled"), "ms", at_most=GOAL)
    yield limit("health p99, 32 connections ask for last", loaded(), "ms", at_most=GOAL)
    yield limit("from a node's error to the end of the process", dies(), "s", at_most=5)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(sys.argv[1])
    else:
        main()
