"""Clients that leave in the middle, wherever that is, leave nothing behind: no query, no waiter, no thread, no file."""

import gc
import logging
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest

from csp_gateway import Gateway, GatewaySettings
from csp_gateway.testing import serving_gateway
from tests.ways.trouble import API, Bed, Caller, Ch, ask, modules, until

TIMES = 10
RECORDS, TEXT = 2_500, "x" * 2_000
"""More than the system's buffers take of an answer."""
POOLS = ("AnyIO", "csp-queries_", "csp-sql_", "uvloop_")
"""Threads that are kept for the next question, so many at most."""
SLOW_SELECT = b'{"sql": "select count(*) as n from range(3000000) a, range(3000000) b"}'


@contextmanager
def serving(bed: Bed, **settings: Any) -> Iterator[tuple[str, Gateway]]:
    gateway = Gateway(modules=modules(bed), channels=Ch(), settings=GatewaySettings(**settings))
    with serving_gateway(gateway) as url:
        yield url, gateway


class Baseline:
    """What a gateway holds when nobody asks; ``returns`` waits until it is so again."""

    def __init__(self, url: str, gateway: Gateway) -> None:
        self._gateway: Any = gateway
        # DuckDB has its files once it has been asked.
        for _ in range(TIMES):
            ask(url, "POST", f"{API}/sql", {"sql": "select 1 as n"})
            ask(url, "GET", f"{API}/state/notes")
        gc.collect()
        self._before = self._held()

    def busy(self) -> dict[str, int]:
        """How much is in progress, of everything that counts it."""
        channels, patience = self._gateway.channels, self._gateway.web_app.patience
        told = channels.statistics()
        counts = patience.statistics()
        return {
            "queries": told["queries"]["open"],
            "sql": told["sql"]["open"],
            "in_progress": counts["in_progress"],
            "waiting": counts["waiting"],
            "doors": sum(door["waiting"] for door in told["sends"].values()),
        }

    def returns(self) -> None:
        until(lambda: not any(self.busy().values()) and self._is_back())

    def _held(self) -> tuple[int, int]:
        threads = [each for each in threading.enumerate() if not each.name.startswith(POOLS)]
        return len(threads), psutil.Process().num_fds()

    def _is_back(self) -> bool:
        return all(now <= before for now, before in zip(self._held(), self._before, strict=True))


def leave(callers: list[Caller]) -> None:
    """One half closes in good order; of the other half the gateway is told by a reset."""
    for number, caller in enumerate(callers):
        if number % 2:
            caller.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        caller.leave()


def in_a_body(caller: Caller) -> None:
    caller.begin("POST", f"{API}/send/notes", b'{"n":', length=100)


def in_a_body_that_fastapi_reads(caller: Caller) -> None:
    caller.begin("POST", f"{API}/send/notes?wait=ticked", b'{"n":', length=100)


def in_next(caller: Caller) -> None:
    caller.begin("GET", f"{API}/next/others")


def in_sql(caller: Caller) -> None:
    caller.begin("POST", f"{API}/sql", SLOW_SELECT)


@pytest.fixture
def no_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The log has no error, and no traceback of whatever level."""
    yield
    wrong = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR or record.exc_info]
    assert not wrong, [record.getMessage() for record in wrong]


@pytest.mark.parametrize(
    ("begin", "counted"),
    [
        (in_a_body, "in_progress"),
        (in_a_body_that_fastapi_reads, "in_progress"),
        (in_next, "waiting"),
        (in_sql, "sql"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_who_leaves_in_the_middle_is_forgotten(no_errors: None, begin: Callable[[Caller], None], counted: str) -> None:
    with serving(Bed()) as (url, gateway):
        baseline = Baseline(url, gateway)
        callers = [Caller(url) for _ in range(TIMES)]
        for caller in callers:
            begin(caller)
        until(lambda: baseline.busy()[counted] == TIMES)
        leave(callers)
        baseline.returns()
        assert ask(url, "GET", f"{API}/last/notes").json == []


def test_who_leaves_while_what_he_sent_waits_has_sent_it(no_errors: None) -> None:
    bed = Bed()
    with serving(bed) as (url, gateway):
        baseline = Baseline(url, gateway)
        assert ask(url, "POST", f"{API}/send/naps", {"n": 0}).status == 200
        bed.wait_until_asleep()
        try:
            callers = [Caller(url) for _ in range(TIMES)]
            for n, caller in enumerate(callers):
                caller.begin("POST", f"{API}/send/notes?wait=ticked", b'{"n": %d}' % n)
            until(lambda: baseline.busy()["doors"] >= TIMES)
            leave(callers)
            until(lambda: baseline.busy()["in_progress"] == 0)
        finally:
            bed.wake()
        baseline.returns()
        assert sorted(note["n"] for note in ask(url, "GET", f"{API}/state/notes").json) == list(range(TIMES))


@pytest.mark.parametrize(
    "asked", [("GET", f"{API}/state/notes"), ("POST", f"{API}/sql", b'{"sql": "from notes"}')], ids=["state", "sql"]
)
def test_who_leaves_while_he_is_answered_is_forgotten(no_errors: None, asked: tuple[Any, ...]) -> None:
    with serving(Bed()) as (url, gateway):
        records = [{"n": n, "text": TEXT} for n in range(RECORDS)]
        assert ask(url, "POST", f"{API}/send/notes?wait=ticked", records).status == 200
        baseline = Baseline(url, gateway)
        callers = [Caller(url, receive_buffer=4096) for _ in range(TIMES)]
        for caller in callers:
            caller.begin(*asked)
            assert caller.socket.recv(1024).startswith(b"HTTP/1.1 200 OK")
        assert baseline.busy()["in_progress"] == TIMES
        leave(callers)
        baseline.returns()
