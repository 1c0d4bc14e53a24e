"""A gateway that serves on a free port while a test goes on."""

import json
import socket
import threading
from typing import Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

import csp
import pytest
from csp import ts

from csp_gateway import (
    BuildFailedError,
    EngineError,
    Gateway,
    GatewayChannels,
    GatewayModule,
    GatewayStruct,
    MountRestRoutes,
    RestFailedError,
    ShutdownError,
)
from csp_gateway.testing import serving_gateway


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    counts: ts[Count] = None


class Feed(GatewayModule):
    """Fails where it is told to."""

    fail: str = ""

    @csp.node
    def die(self, counts: ts[Count]):  # type: ignore[no-untyped-def]  # csp's own language
        if csp.ticked(counts) and counts.n == 7:
            raise ZeroDivisionError("of the module's own")

    def connect(self, channels: Ch) -> None:
        self._fail("connect")
        channels.set_channel(Ch.counts, csp.const(Count(n=1)))
        channels.add_send_channel(Ch.counts)
        self.die(channels.get_channel(Ch.counts))

    def rest(self, app: Any) -> None:
        self._fail("rest")

    def shutdown(self) -> None:
        self._fail("shutdown")

    def _fail(self, where: str) -> None:
        if self.fail == where:
            raise ZeroDivisionError(f"in {where}")


def gateway(fail: str = "") -> Gateway:
    return Gateway(modules=[Feed(fail=fail), MountRestRoutes()], channels=Ch())


def ask(url: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json"})
    with build_opener(ProxyHandler({})).open(request, timeout=20) as reply:
        return json.loads(reply.read())


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def test_it_serves_over_a_socket_until_the_block_ends() -> None:
    made = gateway()
    with serving_gateway(made) as url:
        assert url == made.url
        assert not url.endswith("/")
        assert ask(f"{url}/api/v1/send/counts", {"n": 2})
        assert ask(f"{url}/api/v1/last/counts")[0]["n"] == 2
        assert made.running
    assert not made.running
    assert not {"serving-gateway", "csp-engine"} & threads()
    where = urlsplit(url)
    with pytest.raises(OSError), socket.create_connection((where.hostname, where.port), timeout=5):  # noqa: PT011
        pass


def test_two_serve_side_by_side() -> None:
    with serving_gateway(gateway()) as one, serving_gateway(gateway()) as two:
        assert one != two
        assert ask(f"{one}/api/v1/last/counts")
        assert ask(f"{two}/api/v1/last/counts")


@pytest.mark.parametrize(("fail", "kind"), [("connect", BuildFailedError), ("rest", RestFailedError)])
def test_one_that_cannot_start_raises_what_start_raises(fail: str, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=f"in {fail}"), serving_gateway(gateway(fail)):
        pytest.fail("it serves")
    assert not {"serving-gateway", "csp-engine"} & threads()


def test_one_that_does_not_end_well_raises_when_the_block_ends() -> None:
    with pytest.raises(ShutdownError, match="in shutdown"), serving_gateway(gateway("shutdown")) as url:
        assert ask(f"{url}/api/v1/last/counts")


def test_one_whose_engine_dies_raises_when_the_block_ends() -> None:
    with pytest.raises(EngineError, match="of the module's own"), serving_gateway(gateway()) as url:
        ask(f"{url}/api/v1/send/counts", {"n": 7})


def test_one_that_was_stopped_meanwhile_has_ended_well() -> None:
    made = gateway()
    with serving_gateway(made):
        made.stop()
    assert not made.running


def test_the_page_and_other_options_of_start() -> None:
    with serving_gateway(gateway(), ui=True, host="127.0.0.1") as url:
        assert build_opener(ProxyHandler({})).open(url, timeout=20).status == 200
