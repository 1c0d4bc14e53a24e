"""Thousands who wait for the coming tick over real sockets cost no thread and little memory, and leave nothing behind.

Two thousand by default; with ``CSP_GATEWAY_STRESS_SECONDS`` set ten thousand, as far as the limit of open files lets.
"""

import gc
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psutil
import pytest

from csp_gateway import Gateway, GatewaySettings
from csp_gateway.testing import serving_gateway
from tests.ways.trouble import API, Bed, Caller, Ch, ask, modules, until

WANTED = 10_000 if "CSP_GATEWAY_STRESS_SECONDS" in os.environ else 2_000
MEMORY = 40_000
"""Bytes that one who waits may cost: about 33,000 were measured, most of them FastAPI's and asyncio's."""
GONE = 300e-6
"""Seconds of work for each that has left, one second in all at least; other processes may take the clock's."""
SPARE = 500
"""Files that the test itself may need."""
CLIENTS = """
import selectors, socket, sys
port, many = int(sys.argv[1]), int(sys.argv[2])
open_ones = []
for _ in range(many):
    one = socket.create_connection(("127.0.0.1", port))
    one.sendall(b"GET /api/v1/next/notes HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
    open_ones.append(one)
print("asked", flush=True)
for line in sys.stdin:
    if line == "read\\n":
        right = 0
        for one in open_ones:
            told = b""
            while not told.endswith(b"]"):
                told += one.recv(4096)
            right += told.startswith(b"HTTP/1.1 200") and b'"n":1' in told
        print(right, flush=True)
"""
"""Connects, asks, says so, and leaves when its input ends."""


@pytest.fixture
def many() -> Iterator[int]:
    """How many sockets there may be, with the limit raised as far as it goes."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield min(WANTED, before[1] - SPARE)
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@contextmanager
def serving(**settings: Any) -> Iterator[tuple[str, Gateway]]:
    gateway = Gateway(modules=modules(Bed()), channels=Ch(), settings=GatewaySettings(**settings))
    with serving_gateway(gateway) as url:
        yield url, gateway


@contextmanager
def asking(url: str, many: int) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", CLIENTS, url.rpartition(":")[2], str(many)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as clients:
        try:
            yield clients
        finally:
            clients.kill()


def line_of(clients: Any) -> str:
    return clients.stdout.readline().strip()


def test_many_wait_and_leave(many: int) -> None:
    this = psutil.Process()
    with serving(MAX_WAITING=many) as (url, gateway):
        patience: Any = gateway.web_app.patience
        with asking(url, 100) as warm:
            assert line_of(warm) == "asked"
            until(lambda: patience.statistics()["waiting"] == 100)
        until(lambda: patience.statistics()["waiting"] == 0)
        gc.collect()
        threads, files, memory = threading.active_count(), this.num_fds(), this.memory_info().rss
        with asking(url, many) as clients:
            assert line_of(clients) == "asked"
            until(lambda: patience.statistics()["waiting"] == many)
            assert threading.active_count() == threads
            assert (this.memory_info().rss - memory) / many <= MEMORY
            refused = ask(url, "GET", f"{API}/next/notes")
            assert (refused.status, refused.problem, refused.headers["retry-after"]) == (429, "too-many-waiting", "1")
            told = ask(url, "GET", f"{API}/last/notes")
            assert told.status == 200
            assert told.seconds < 0.5
            clients.kill()
            worked = time.process_time()
            until(lambda: patience.statistics()["waiting"] == 0)
            assert time.process_time() - worked <= max(1, many * GONE)
        until(lambda: this.num_fds() <= files)
        assert threading.active_count() <= threads


def test_one_tick_answers_many(many: int) -> None:
    with serving(MAX_WAITING=many) as (url, gateway), asking(url, many) as clients:
        patience: Any = gateway.web_app.patience
        assert line_of(clients) == "asked"
        until(lambda: patience.statistics()["waiting"] == many)
        begun = time.monotonic()
        assert ask(url, "POST", f"{API}/send/notes", {"n": 1}).status == 200
        clients.stdin.write("read\n")
        clients.stdin.flush()
        assert int(line_of(clients)) == many
        assert time.monotonic() - begun < 10
        until(lambda: patience.statistics()["waiting"] == 0)


def test_of_waiting_and_of_other_requests_there_are_only_so_many(serve_gateway: Callable[..., str]) -> None:
    bed = Bed()
    url = serve_gateway(Ch(), *modules(bed), MAX_WAITING=3, MAX_REQUESTS=2)
    with ExitStack() as stack:
        waiting = [stack.enter_context(Caller(url)) for _ in range(3)]
        for caller in waiting:
            caller.begin("GET", f"{API}/next/notes")
        until(lambda: ask(url, "GET", f"{API}/next/notes?timeout=0.01").status == 429)
        assert ask(url, "POST", f"{API}/send/naps", {"n": 1}).status == 200
        bed.wait_until_asleep()
        try:
            sending = [stack.enter_context(Caller(url)) for _ in range(2)]
            for caller in sending:
                caller.begin("POST", f"{API}/send/others?wait=ticked", b'{"n": 1}')
            until(lambda: ask(url, "GET", f"{API}/state/notes").status == 503)
            refused = ask(url, "GET", f"{API}/state/notes")
            assert (refused.problem, refused.headers["retry-after"]) == ("too-many-requests", "1")
            for path in ("/livez", "/readyz", f"{API}/last/notes"):
                assert ask(url, "GET", path).status == 200
        finally:
            bed.wake()
        assert [caller.told().status for caller in sending] == [200, 200]
        assert ask(url, "POST", f"{API}/send/notes", {"n": 2}).status == 200
        assert [[note["n"] for note in caller.told().json] for caller in waiting] == [[2]] * 3
