"""A gateway that serves on a free port while a test goes on: the real server, on a thread of its own."""

import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from csp_gateway.errors import GatewayException, StartError
from csp_gateway.server.gateway import Gateway

__all__ = ["serving_gateway"]

_START_SECONDS = 60.0
_STOP_SECONDS = 120.0


@contextmanager
def serving_gateway(gateway: Gateway, **options: Any) -> Iterator[str]:
    """Serve a gateway for as long as the ``with`` block lasts; gives its URL, without a slash at the end.

    Args:
        options: of ``gateway.start``, such as ``ui=True``.

    Raises:
        GatewayException: what ``gateway.start`` raises, before the block or, if the gateway came to a bad end, after.
    """
    ended: Future[None] = Future()

    def serve() -> None:
        try:
            gateway.start(**{"rest": True, "port": 0, **options})
            ended.set_result(None)
        except BaseException as error:  # PortTakenError, for one, is a SystemExit
            ended.set_exception(error)

    thread = threading.Thread(target=serve, name="serving-gateway", daemon=True)
    thread.start()
    try:
        yield _url_that_answers(gateway, ended)
    finally:
        if not ended.done():
            # What went wrong is raised in the thread as well.
            with suppress(GatewayException):
                gateway.stop()
        thread.join(_STOP_SECONDS)
        ended.result(0)


def _url_that_answers(gateway: Gateway, ended: "Future[None]") -> str:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if ended.done():
            ended.result()
            raise StartError("the gateway ended before it served")
        url = gateway.url
        if url is not None and _answers(url):
            return url
        time.sleep(0.01)
    raise StartError(f"the gateway did not serve within {_START_SECONDS:g} s")


def _answers(url: str) -> bool:
    where = urlsplit(url)
    if where.scheme == "https":
        unverified = ssl.create_default_context()
        unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
        asking: HTTPConnection = HTTPSConnection(where.netloc, timeout=1, context=unverified)
    else:
        asking = HTTPConnection(where.netloc, timeout=1)
    try:
        asking.request("GET", "/")
        # It listens before it answers, and answers 503 before the graph runs.
        return asking.getresponse().status != 503
    except (OSError, HTTPException):
        return False
    finally:
        asking.close()
