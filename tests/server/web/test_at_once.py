"""Answers at hand, through every layer of a gateway and as ASGI has them."""

import asyncio
import http.client
import json
import socket
from typing import Any

import pytest

from csp_gateway import Gateway, GatewaySettings, MountMetrics, MountRestRoutes
from csp_gateway.server.web import app as web_app
from csp_gateway.server.web.at_once import AtOnce, ask_at_once, reply
from csp_gateway.testing import serving_gateway

from .conftest import Ch, Feed


def test_it_is_sent_as_asgi_has_it() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    answer = AtOnce(200, ((b"content-length", b"2"),), b"ok")
    asyncio.run(reply(answer, send))
    sent[0]["headers"].append((b"more", b"of a layer"))
    assert answer.headers == ((b"content-length", b"2"),)
    assert [each["type"] for each in sent] == ["http.response.start", "http.response.body"]
    assert (sent[0]["status"], sent[1]["body"]) == (200, b"ok")


def test_what_has_no_such_answers_cannot_be_asked() -> None:
    assert ask_at_once(lambda scope, receive, send: None) is None


class _Asked:
    """Notes what the connection was answered at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: list[AtOnce | None] = []
        asked = web_app.GatewayWebApp.at_once

        def at_once(app: Any, scope: Any, body: bytes) -> AtOnce | None:
            self.answers.append(asked(app, scope, body))
            return self.answers[-1]

        monkeypatch.setattr(web_app.GatewayWebApp, "at_once", at_once)


def _ask(url: str, *requests: tuple[str, str, bytes | None, dict[str, str]]) -> list[Any]:
    """The answers over one connection, each request in one piece: status, headers, body."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    answers = []
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        for method, path, body, headers in requests:
            length = {} if body is None else {"content-length": str(len(body))}
            said = {"host": "localhost", **headers, **length}
            lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items()), "", ""]
            connection.sendall("\r\n".join(lines).encode() + (body or b""))
            answer = http.client.HTTPResponse(connection, method=method)
            answer.begin()
            answers.append((answer.status, dict(answer.headers), answer.read()))
    return answers


_JSON = {"content-type": "application/json"}
_SEND, _LAST = "/api/v1/send/my_counts", "/api/v1/last/my_counts"
_SENT = ("POST", _SEND, b'{"n": 1}', _JSON)
_READ: tuple[str, str, bytes | None, dict[str, str]] = ("GET", "/api/v1/last/silent", None, {})


def test_hot_verbs_are_answered_at_once_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _Asked(monkeypatch)
    gateway = Gateway(modules=[Feed(), MountRestRoutes(), MountMetrics()], channels=Ch())
    with serving_gateway(gateway) as url:
        # Until one request has gone the long way, nothing is counted by the event loop's own clock.
        _ask(url, ("GET", "/api/v1/last/silent?timeout=5", None, {}))
        before = len(asked.answers)
        sent, read, metrics = _ask(url, _SENT, _READ, ("GET", "/metrics", None, {}))
    assert [each is not None for each in asked.answers[before : before + 2]] == [True, True]
    assert (sent[0], json.loads(sent[2])[0]["n"], sent[1]["x-acknowledged"]) == (200, 1, "accepted")
    assert (read[0], read[2], read[1]["cache-control"]) == (200, b"[]", "no-cache")
    counts = [line.split() for line in metrics[2].decode().splitlines() if "request_seconds_count{" in line]
    assert {verb: float(count) for each, count in counts for verb in ("send", "last") if f'"{verb}"' in each} == {
        "send": 1,
        "last": 2,
    }


_OURS = {"host": "localhost"}
_REFUSED: dict[str, tuple[tuple[str, str, bytes | None, dict[str, str]], int]] = {
    "another host": (("GET", _LAST, None, {"host": "evil.example.com"}), 400),
    "another page": (("POST", _SEND, b'{"n": 1}', {**_JSON, **_OURS, "origin": "http://evil.example.com"}), 403),
    "too large": (("POST", _SEND, b'{"n": 1, "note": "%b"}' % (b"x" * 200), _JSON), 413),
    "too deep": (("POST", _SEND, b'{"n": 1, "note": [[[[[[]]]]]]}', _JSON), 422),
    "encoded": (("POST", _SEND, b'{"n": 1}', {**_JSON, "content-encoding": "gzip"}), 415),
    "no JSON": (("POST", _SEND, b'{"n": 1}', {"content-type": "text/plain"}), 422),
    "not its class": (("POST", _SEND, b'{"n": "x"}', _JSON), 422),
    "no such channel": (("GET", "/api/v1/last/my_count", None, {}), 404),
}


def test_what_is_to_be_refused_is_not_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _Asked(monkeypatch)
    settings = GatewaySettings(MAX_BODY_BYTES=200, MAX_JSON_DEPTH=5)
    gateway = Gateway(modules=[Feed(), MountRestRoutes()], channels=Ch(), settings=settings)
    with serving_gateway(gateway) as url:
        asked.answers.clear()
        for request, status in _REFUSED.values():
            (answer,) = _ask(url, request)
            assert answer[0] == status, answer
            assert answer[1]["content-type"] == "application/problem+json"
        assert gateway.channels.statistics()["sends"]["my_counts"]["sent"] == 0
    assert [each for each in asked.answers if each is not None] == []


@pytest.mark.parametrize(
    "settings",
    [{"ROOT_PATH": "/proxied"}, {"BACKEND_CORS_ORIGINS": ["https://app.example.com"]}],
    ids=["a proxy's prefix", "other origins"],
)
def test_what_needs_more_than_a_look_up_goes_the_long_way(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> None:
    asked = _Asked(monkeypatch)
    gateway = Gateway(modules=[Feed(), MountRestRoutes()], channels=Ch(), settings=GatewaySettings(**settings))
    with serving_gateway(gateway) as url:
        asked.answers.clear()
        answers = _ask(url, _SENT, _READ)
    assert [each[0] for each in answers] == [200, 200]
    assert asked.answers == [None, None]


def test_a_tick_that_is_known_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _Asked(monkeypatch)
    gateway = Gateway(modules=[Feed(), MountRestRoutes()], channels=Ch())
    with serving_gateway(gateway) as url:
        ((_, told, _),) = _ask(url, _READ)
        known = {"if-none-match": told["etag"]}
        first, second = _ask(url, ("GET", "/api/v1/last/silent", None, known), _READ)
    assert (first[0], first[2], first[1]["etag"]) == (304, b"", told["etag"])
    assert second[0] == 200
    last = asked.answers[-2:]
    assert [each is not None and each.status for each in last] == [304, 200]


def test_a_sender_reads_what_he_has_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = Gateway(modules=[Feed(), MountRestRoutes()], channels=Ch())
    with serving_gateway(gateway) as url:
        for n in range(50):
            _, read = _ask(url, ("POST", _SEND, b'{"n": %d}' % n, _JSON), ("GET", _LAST, None, {}))
            assert json.loads(read[2])[0]["n"] == n
