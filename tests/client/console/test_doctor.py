"""Doctor."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import csp_gateway
from tests.client.console.invoking import invoke


def found(*arguments: str) -> tuple[int, dict[str, dict[str, str]]]:
    """The status, and what was found by what was looked at."""
    told = invoke("doctor", "--json", "--timeout", "2", *arguments)
    return told.status, {each["check"]: each for each in json.loads(told.out)}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


@contextmanager
def guarded(*, asks: int = 401, ahead: float = 0.0, version: str = csp_gateway.__version__) -> Iterator[str]:
    """Something like a gateway, for what none does yet: it lets in whoever has the key ``right``; 0: everybody."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            health = path in ("/livez", "/readyz")
            let_in = health or not asks or "token=right" in query
            body: Any = {"status": "ready", "reason": None, "detail": "all is well"} if health else []
            if path == "/openapi.json":
                body = {"openapi": "3.1.0", "info": {"title": "Desk", "version": version}}
                body["paths"] = {"/api/v1/last": {"get": {}}}
            self.send_response(404 if path == "/api/v1/stream" else 200 if let_in else asks)
            said = json.dumps(body if let_in else {"detail": "who are you?"}).encode()
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(time.time() + ahead, usegmt=True)

        def log_message(self, *_: Any) -> None: ...

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_all_is_well(url: str) -> None:
    status, looked = found("--url", url)
    assert status == 0
    assert {each["status"] for each in looked.values()} == {"ok"}
    assert list(looked)[:5] == ["reachable", "health", "access", "clock", "versions"]
    assert looked["access"]["detail"] == "it asks for no credentials"
    assert looked["versions"]["detail"] == f"gateway {csp_gateway.__version__}, this client {csp_gateway.__version__}"


def test_nobody_is_there() -> None:
    told = invoke("doctor", "--url", "http://localhost:1")
    assert told.status == 3
    assert told.out.startswith("fail reachable")


@pytest.mark.parametrize("asks", [401, 403])
def test_who_is_not_let_in_is_told_what_to_give_and_no_more(asks: int) -> None:
    with guarded(asks=asks) as url:
        status, looked = found("--url", url)
        assert (status, list(looked)) == (1, ["reachable", "health", "access"])
        assert looked["access"]["detail"] == f"it asks for credentials, and none are given (HTTP {asks})"
        assert looked["access"]["advice"] == "give --token or --bearer"
        status, looked = found("--url", url, "--token", "wrong-word")
        assert (status, looked["access"]["status"]) == (1, "fail")
        assert looked["access"]["detail"] == f"it does not take what --token says (HTTP {asks})"
        assert "wrong-word" not in str(looked)


def test_who_is_let_in_is_told_whether_that_is_by_the_credentials() -> None:
    with guarded() as url:
        assert found("--url", url, "--token", "right")[1]["access"]["detail"] == (
            "it asks for credentials, and takes --token"
        )
    with guarded(asks=0) as url:
        assert found("--url", url, "--bearer", "right")[1]["access"]["detail"] == "it asks for none"


@pytest.mark.parametrize(("ahead", "said"), [(-60, "behind this one"), (60, "ahead of this one"), (0, "within 2 s")])
def test_a_clock_that_is_astray_is_told(ahead: float, said: str) -> None:
    with guarded(asks=0, ahead=ahead) as url:
        clock = found("--url", url)[1]["clock"]
    assert said in clock["detail"]
    assert clock["status"] == ("warn" if ahead else "ok")
    assert ("NTP" in clock["advice"]) == bool(ahead)


def test_another_version_is_told_with_what_to_do() -> None:
    with guarded(asks=0, version="9.9") as url:
        versions = found("--url", url)[1]["versions"]
    assert versions["detail"] == f"gateway 9.9, this client {csp_gateway.__version__}"
    assert (versions["status"], "pip install -U" in versions["advice"]) == ("warn", True)
