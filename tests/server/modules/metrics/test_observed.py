"""The layer that times requests and the event loop."""

import asyncio
from typing import Any

import pytest

from csp_gateway.server.modules.metrics.observed import Observed
from csp_gateway.server.modules.metrics.timings import Timings


def counts(timings: Timings) -> dict[tuple[str, ...], float]:
    return {
        tuple(each.labels.values()): each.value for each in timings.family().samples if each.name.endswith("_count")
    }


async def ask(observed: Any, path: str, kind: str = "http") -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nobody reads")

    await observed({"type": kind, "path": path}, receive, send)
    return sent


async def app(scope: Any, receive: Any, send: Any) -> None:
    if "broken" in scope["path"]:
        raise ZeroDivisionError
    if "left" not in scope["path"]:
        await send({"type": "http.response.start", "status": 404 if "unknown" in scope["path"] else 200})
        await send({"type": "http.response.body"})


def test_a_stream_of_events_is_over_when_it_begins() -> None:
    async def stream(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        assert observed.in_progress == 0
        await send({"type": "http.response.body"})

    observed = Observed(stream, "/api/", ["stream"])
    asyncio.run(ask(observed, "/api/v1/stream/a"))
    assert counts(observed.requests) == {("stream", "200"): 1}
    assert observed.in_progress == 0


def test_requests_are_told_apart_by_verb_and_status() -> None:
    observed = Observed(app, "/api/", ["last", "next"])

    async def run() -> None:
        for path in ("last/a", "last/a", "last/unknown", "next/left", "made-up/x"):
            await ask(observed, f"/api/v1/{path}")
        assert len(await ask(observed, "/page")) == 2
        await ask(observed, "/api/v1")
        with pytest.raises(ZeroDivisionError):
            await ask(observed, "/api/v1/last/broken")
        await ask(observed, "/api/v1/last", "websocket")

    asyncio.run(run())
    assert counts(observed.requests) == {
        ("last", "200"): 2,
        ("last", "404"): 1,
        ("last", "none"): 1,
        ("next", "none"): 1,
        ("other", "200"): 3,
    }
    assert observed.in_progress == 0


def test_paths_without_end_take_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csp_gateway.server.modules.metrics.observed._MOST_PATHS", 3)
    observed = Observed(app, "/api/", ["last"])

    async def run() -> None:
        await ask(observed, f"/api/v1/last/{'a' * 10_000}")
        await ask(observed, "/api/v1/last/unknown")
        assert not observed._by_path
        for n in range(10):
            await ask(observed, f"/api/v1/last/{n}")

    asyncio.run(run())
    assert len(observed._by_path) == 3
    assert counts(observed.requests) == {("last", "200"): 11, ("last", "404"): 1}


def test_the_event_loop_is_looked_at_from_the_first_request_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csp_gateway.server.modules.metrics.observed._INTERVAL", 0.001)
    observed = Observed(app, "/api/", [])

    async def run() -> None:
        assert not counts(observed.loop)
        await ask(observed, "/")
        async with asyncio.timeout(10):
            while counts(observed.loop)[()] < 5:
                await asyncio.sleep(0)

    asyncio.run(run())
