"""GET next."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def when_asked(client: Any, channel: str, act: Any) -> None:
    """Act as soon as a request waits for the channel's coming tick."""
    cell = client.gateway.channels.outside.cell(channel)
    while not cell.waited_for:
        time.sleep(0.002)
    act()


def test_it_waits_for_the_coming_tick(client: Any) -> None:
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(client.get, f"/api/v1/next/{name}") for name in ("my_counts", "my-counts", "my_counts")]
        when_asked(client, "my_counts", lambda: time.sleep(0.1))
        sent = client.post("/api/v1/send/my_counts", json={"n": 5}).json()
        assert [request.result(10).json() for request in waiting] == [sent] * 3


def test_the_end_of_the_gateway_answers_nothing(client: Any) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.get, "/api/v1/next/silent")
        when_asked(client, "silent", client.gateway.stop)
        assert (waiting.result(10).status_code, waiting.result().json()) == (200, [])


_LATE = "GET /api/v1/next/silent was not answered within 0.05 s; it waited for a tick of silent"


def test_a_deadline(client: Any) -> None:
    answer = client.get("/api/v1/next/silent?timeout=0.05")
    assert (answer.status_code, answer.json()["detail"]) == (504, _LATE)
    assert client.get("/api/v1/next/silent?timeout=0").status_code == 422
    assert client.get("/api/v1/next/silent?timeout=x").status_code == 422


def test_nobody_provides_it(client: Any) -> None:
    answer = client.get("/api/v1/next/nobody")
    assert (answer.status_code, answer.json()["detail"]) == (404, "Channel not found: nobody")


def test_waiting_costs_no_thread(client: Any) -> None:
    client.get("/api/v1/next/silent?timeout=0.01")
    before = threading.active_count()
    for _ in range(20):
        client.get("/api/v1/next/silent?timeout=0.01")
    assert threading.active_count() <= before
