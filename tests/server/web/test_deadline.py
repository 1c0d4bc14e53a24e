"""Deadlines of requests, and how many there may be."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from csp_gateway import GatewaySettings
from csp_gateway.server.web import WebServer
from csp_gateway.server.web.deadline import BEGUN, Deadline, Patience, waiting_for
from csp_gateway.server.web.reply import mount_errors

NONE = {"too-many-requests": 0, "too-many-waiting": 0}


class Api:
    """Routes that wait as long as they are let."""

    def __init__(self, **settings: Any) -> None:
        self.go_on = threading.Event()
        self.cancelled = threading.Event()
        self.patience = Patience(GatewaySettings(**settings))
        self.app = FastAPI()
        mount_errors(self.app)
        self.app.add_middleware(Deadline, patience=self.patience)
        self.app.get("/blocks")(self.blocks)
        self.app.get("/waits")(self.waits)
        self.app.get("/api/v1/next/quotes")(self.waits)
        self.app.get("/streams")(self.streams)
        self.app.get("/events")(self.events)
        self.app.get("/fails")(self.fails)
        self.app.get("/quick")(lambda: 1)

    def blocks(self) -> int:
        self.go_on.wait(10)
        return 1

    async def waits(self, request: Request) -> int:
        waiting_for(request, "the moon")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return 1

    def streams(self) -> StreamingResponse:
        async def pieces() -> Any:
            yield b"a"
            await asyncio.sleep(0.1)
            yield b"b"

        return StreamingResponse(pieces())

    def events(self) -> StreamingResponse:
        async def pieces() -> Any:
            yield b": %d\n\n" % self.patience.statistics()["in_progress"]

        return StreamingResponse(pieces(), media_type="text/event-stream")

    def fails(self) -> int:
        raise ZeroDivisionError


@pytest.fixture
def served() -> Iterator[Any]:
    opened: list[tuple[Api, TestClient]] = []

    def serve(**settings: Any) -> tuple[Api, TestClient]:
        api = Api(**settings)
        client = TestClient(api.app, raise_server_exceptions=False)
        client.__enter__()
        opened.append((api, client))
        return api, client

    yield serve
    for api, client in opened:
        api.go_on.set()
        client.__exit__(None, None, None)


def test_a_route_that_blocks_in_a_thread_is_answered_for(served: Any) -> None:
    api, client = served()
    answer = client.get("/blocks?timeout=0.05")
    assert (answer.status_code, answer.headers["content-type"]) == (504, "application/problem+json")
    assert answer.json()["type"] == "urn:csp-gateway:problem:request-timeout"
    assert answer.json()["detail"] == "GET /blocks was not answered within 0.05 s; it waited for the code of its route"
    assert api.patience.statistics() == {"in_progress": 1, "waiting": 0, "timed_out": 1, "refused": NONE}
    assert client.get("/quick").json() == 1


def test_a_route_that_waits_is_cancelled_and_says_for_what(served: Any) -> None:
    api, client = served(REQUEST_SECONDS=0.05)
    answer = client.get("/waits")
    assert answer.json()["detail"] == "GET /waits was not answered within 0.05 s; it waited for the moon"
    assert api.cancelled.wait(5)
    assert api.patience.statistics()["in_progress"] == 0


def test_a_server_that_ends_and_waits_no_longer_says_so() -> None:
    api = Api()
    server = WebServer(GatewaySettings(PORT=0), {})
    url = server.url
    serving = threading.Thread(target=server.serve, args=(api.app, lambda: None, lambda: server.shorten_the_end(1)))
    serving.start()
    threading.Timer(0.3, server.ask_to_stop).start()
    answer = httpx2.get(f"{url}/waits", timeout=10)
    serving.join(20)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["detail"] == "the gateway stops, and this was not answered in time"
    assert api.cancelled.wait(5)


def test_a_stream_of_events_is_in_progress_only_until_it_begins() -> None:
    api = Api()
    assert TestClient(api.app).get("/events").text == ": 0\n\n"
    assert TestClient(api.app).get("/quick").text == "1"
    assert api.patience.statistics()["in_progress"] == 0


def test_a_body_that_does_not_come_to_its_end_is_what_was_waited_for() -> None:
    api = Api()
    told: list[Any] = []
    pieces = iter([{"type": "http.request", "body": b"{", "more_body": True}])

    async def receive() -> Any:
        piece = next(pieces, None)
        return piece if piece is not None else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        told.append(message)

    async def reads(request: Request) -> int:
        return len(await request.body())

    api.app.post("/reads")(reads)
    headers = [(b"content-length", b"9")]
    scope = {"type": "http", "method": "POST", "path": "/reads", "headers": headers, "query_string": b"timeout=0.05"}
    asyncio.run(api.app(scope, receive, send))
    assert [message.get("status") for message in told] == [504, None]
    assert b"within 0.05 s; it waited for the rest of its body" in told[1]["body"]


@pytest.mark.parametrize("text", ["0", "-1", "x", "", "nan", "inf", "1e999", "61", "1_0", "1&timeout=2"])
def test_a_timeout_that_cannot_be_is_422(served: Any, text: str) -> None:
    answer = served()[1].get(f"/quick?timeout={text}")
    assert answer.status_code == 422
    (wrong,) = answer.json()["detail"]
    assert wrong["loc"] == ["query", "timeout"]
    assert "at most 60, once" in wrong["msg"]


@pytest.mark.parametrize("text", ["60", "1e-0", ".5", "%2B2", "5."])
def test_a_timeout_that_can_be(served: Any, text: str) -> None:
    assert served()[1].get(f"/quick?timeout={text}&nothing=1").json() == 1
    assert served()[1].get("/quick?timeouts=x").json() == 1


def test_next_may_take_longer() -> None:
    patience = Patience(GatewaySettings(ROOT_PATH="/desk", REQUEST_SECONDS=1, NEXT_SECONDS=9))
    for path in ("/api/v1/next/a", "/desk/api/v2/next/a/b"):
        assert patience.most(path) == 9
    for path in ("/api/v1/next/", "/api/v1/last/next/a", "/next/a", "/"):
        assert patience.most(path) == 1


def test_what_has_begun_is_not_cut(served: Any) -> None:
    assert served()[1].get("/streams?timeout=0.05").content == b"ab"


def test_an_error_is_the_error_it_was(served: Any) -> None:
    assert served()[1].get("/fails").status_code == 500


def test_there_are_only_so_many(served: Any) -> None:
    api, client = served(MAX_REQUESTS=1, MAX_WAITING=1)
    first = threading.Thread(target=client.get, args=("/blocks",))
    first.start()
    second = threading.Thread(target=client.get, args=("/api/v1/next/quotes?timeout=2",))
    second.start()
    while api.patience.statistics() != {"in_progress": 1, "waiting": 1, "timed_out": 0, "refused": NONE}:
        first.join(0.005)
    answer = client.get("/quick")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "MAX_REQUESTS" in answer.json()["detail"]
    answer = client.get("/api/v1/next/quotes")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert answer.json()["type"].endswith(":too-many-waiting")
    assert api.patience.statistics()["refused"] == dict.fromkeys(NONE, 1)
    api.go_on.set()
    first.join()
    assert client.get("/quick").json() == 1
    second.join()


def test_the_time_before_it_counts(served: Any) -> None:
    api, _ = served()

    async def late(scope: Any, receive: Any, send: Any) -> None:
        begun = asyncio.get_running_loop().time() - 60
        await api.app({**scope, BEGUN: begun}, receive, send)

    answer = TestClient(late).get("/waits")
    assert (answer.status_code, answer.json()["detail"][:43]) == (504, "GET /waits was not answered within 60 s; it")
