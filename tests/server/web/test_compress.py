"""Answers that are compressed, and those that are not."""

import gzip
import os
import sys
import threading
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import Response, StreamingResponse
from fastapi.testclient import TestClient

from csp_gateway import GatewaySettings
from csp_gateway.server.web import compress
from csp_gateway.server.web.compress import Compress
from csp_gateway.server.web.deadline import Deadline, Patience
from csp_gateway.server.web.workers import Workers

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BODY = b"0123456789" * 10_000
WORKERS = Workers()
READ = {"gzip": gzip.decompress, "zstd": zstd.decompress}


def asked(answer: Any, encoding: str | None, method: str = "GET") -> Any:
    api = FastAPI()
    api.api_route("/", methods=["GET", "HEAD"])(lambda: answer)
    with (
        TestClient(Compress(api, 1000, WORKERS)) as client,
        client.stream(method, "/", headers={"accept-encoding": "" if encoding is None else encoding}) as got,
    ):
        return got, b"".join(got.iter_raw())


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
@pytest.mark.parametrize("size", [1000, 100_000])
def test_what_is_large_is_compressed(coding: str, size: int) -> None:
    answer, raw = asked(Response(BODY[:size], media_type="application/json", headers={"etag": '"1"'}), coding)
    assert (answer.headers["content-encoding"], answer.headers["vary"]) == (coding, "Accept-Encoding")
    assert answer.headers["etag"] == 'W/"1"'
    assert len(raw) < size / 10
    assert READ[coding](raw) == BODY[:size]


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_stream_is_compressed_as_it_comes(coding: str) -> None:
    noise = [os.urandom(40_000) for _ in range(5)]
    answer, raw = asked(StreamingResponse(iter(noise), media_type="text/csv"), coding)
    assert "content-length" not in answer.headers
    assert READ[coding](raw) == b"".join(noise)


@pytest.mark.parametrize(
    "answer",
    [
        Response(BODY[:999], media_type="application/json"),
        Response(BODY, media_type="application/vnd.apache.parquet"),
        Response(BODY, media_type="image/png"),
        Response(BODY, media_type="text/css", headers={"content-encoding": "br"}),
        Response(status_code=204, media_type="text/csv"),
        Response(status_code=304, headers={"etag": '"1"'}, media_type="text/csv"),
        Response(BODY, 206, media_type="text/csv"),
        StreamingResponse(iter([BODY]), media_type="text/event-stream"),
    ],
)
def test_all_else_is_as_it_was(answer: Any) -> None:
    got, _ = asked(answer, "gzip, zstd")
    assert got.headers.get("content-encoding") in (None, "br")
    assert "vary" not in got.headers
    assert got.headers.get("etag") in (None, '"1"')


@pytest.mark.parametrize("encoding", [None, "br", "gzip;q=0, zstd;q=0", "identity"])
def test_who_does_not_accept_it_gets_it_plain_and_caches_know(encoding: str | None) -> None:
    answer, raw = asked(Response(BODY, media_type="text/html", headers={"vary": "Accept"}), encoding)
    assert raw == BODY
    assert answer.headers.get_list("vary") == ["Accept", "Accept-Encoding"]
    assert "content-encoding" not in answer.headers


def test_large_pieces_are_not_compressed_on_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads, original = [], compress._compressed

    def seen(*args: Any) -> bytes:
        threads.append(threading.current_thread().name)
        return original(*args)

    monkeypatch.setattr(compress, "_compressed", seen)
    asked(Response(BODY, media_type="text/csv"), "zstd")
    assert len(threads) == 1
    assert threads[0].startswith("web-worker")


def test_an_answer_that_is_one_piece_says_its_length() -> None:
    answer, raw = asked(Response(BODY, media_type="text/csv"), "gzip")
    assert int(answer.headers["content-length"]) == len(raw)


def test_the_deadline_covers_it(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, workers, api = threading.Event(), Workers(), FastAPI()
    monkeypatch.setattr(compress, "_compressed", lambda *_: go_on.wait(10))
    api.get("/")(lambda: Response(BODY, media_type="text/csv"))
    api.add_middleware(Compress, least=1000, workers=workers)
    api.add_middleware(Deadline, patience=Patience(GatewaySettings()))
    with TestClient(api) as client:
        answer = client.get("/?timeout=0.05", headers={"accept-encoding": "gzip"})
        assert (answer.status_code, answer.headers["content-type"]) == (504, "application/problem+json")
        go_on.set()
    workers.close()


@pytest.mark.parametrize("size", [1000, 100_000])
def test_threads_that_have_too_much_to_do_leave_answers_as_they_are(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Workers, "full", True)
    answer, raw = asked(Response(BODY[:size], media_type="text/csv"), "gzip")
    assert raw == BODY[:size]
    assert answer.headers["vary"] == "Accept-Encoding"
