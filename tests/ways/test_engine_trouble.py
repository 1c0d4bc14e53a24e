"""While a node sleeps every request is answered in its time, and when one fails all who wait are told."""

import os
import subprocess
import time
from collections.abc import Callable
from typing import Any

from tests.ways.trouble import API, PATIENCE, Bed, Caller, Ch, Told, ask, modules, until
from tests.zygote import python

SECONDS = float(os.environ.get("CSP_GATEWAY_STRESS_SECONDS", "1.5"))
"""How long the node sleeps."""


def refused_in_time(told: Told, what: str) -> None:
    """A 504 within its deadline of 0.3 s and a little more, that says what did not come."""
    assert (told.status, told.problem) == (504, "request-timeout")
    assert told.seconds < 0.8
    assert told.json["detail"].endswith(what)


def test_a_node_that_sleeps_keeps_nobody_waiting(serve_gateway: Callable[..., str]) -> None:
    bed = Bed()
    url = serve_gateway(Ch(), *modules(bed), STALL_SECONDS=0.5)
    try:
        assert ask(url, "POST", f"{API}/send/notes?wait=ticked", {"n": 7}).status == 200
        begun = time.monotonic()
        assert ask(url, "POST", f"{API}/send/naps", {"n": 0}).status == 200
        bed.wait_until_asleep()
        while True:
            answers_what_is_there(url)
            refused_in_time(ask(url, "GET", f"{API}/next/notes?timeout=0.3"), "it waited for a tick of notes")
            sent = ask(url, "POST", f"{API}/send/others?wait=ticked&timeout=0.3", {"n": 1})
            refused_in_time(sent, "it waited for what was sent to others, which is queued, to tick")
            beat = ask(url, "GET", f"{API}/controls/heartbeat?timeout=0.3")
            refused_in_time(beat, "it waited for the engine to answer on channel 'controls'")
            if time.monotonic() - begun > SECONDS:
                break
        assert ask(url, "GET", "/livez").status == 200
        ready = ask(url, "GET", "/readyz")
        assert (ready.status, ready.json["reason"], ready.headers["retry-after"]) == (503, "stalled", "1")
    finally:
        bed.wake()
    until(lambda: ask(url, "GET", "/readyz").status == 200)
    assert ask(url, "GET", f"{API}/last/others").json[0]["n"] == 1


def answers_what_is_there(url: str) -> None:
    """What asks for no new tick is answered at once, with what was there when the node fell asleep."""
    told = ask(url, "GET", f"{API}/last/notes")
    assert (told.status, [note["n"] for note in told.json]) == (200, [7])
    assert told.seconds < 0.5
    accepted = ask(url, "POST", f"{API}/send/others", {"n": 1})
    assert (accepted.status, accepted.headers["x-acknowledged"]) == (200, "accepted")
    assert accepted.seconds < 0.5
    # Who has sent reads what he sent, or hears that it has not arrived.
    after_send = ask(url, "GET", f"{API}/last/others?timeout=0.3")
    refused_in_time(after_send, "it waited for what was sent to others before to arrive")
    for health, status in (("/livez", {200}), ("/readyz", {200, 503})):
        told = ask(url, "GET", health)
        assert told.status in status
        assert told.seconds < 0.5
    state = ask(url, "GET", f"{API}/state/notes")
    assert (state.status, [note["n"] for note in state.json]) == (200, [7])
    assert state.seconds < 0.8


def test_a_node_that_raises_is_told_to_all_who_wait() -> None:
    command = [*python(), "-m", "tests.ways.trouble"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            says: Any = server.stdout
            url = says.readline().strip()
            until(lambda: ready(url))
            assert ask(url, "POST", f"{API}/send/naps", {"n": 0}).status == 200
            callers = [Caller(url) for _ in range(3)]
            callers[0].begin("GET", f"{API}/next/notes")
            callers[1].begin("POST", f"{API}/send/notes?wait=ticked", b'{"n": 1}')
            callers[2].begin("GET", f"{API}/controls/heartbeat")
            failed = float(says.readline().split()[1])
            for caller in callers:
                told = caller.told()
                caller.leave()
                assert (told.status, told.problem, told.headers["retry-after"]) == (503, "not-running", "1")
            assert server.wait(PATIENCE) == 1
            assert time.monotonic() - failed < 5
            errors = server.communicate()[1]
            assert errors.count("\nZeroDivisionError: in a node of the user's") == 1, errors
        finally:
            server.kill()


def ready(url: str) -> bool:
    try:
        return ask(url, "GET", "/readyz").status == 200
    except OSError:
        return False
