"""What is so in a gateway at one moment."""

import json
import threading
from datetime import timedelta
from typing import Any

import csp
import pytest
from csp import ts
from pydantic import SecretStr

from csp_gateway import Gateway, GatewayChannels, GatewayModule, GatewaySettings, GatewayStruct
from csp_gateway.server.gateway.snapshot import gateway_now, threads_now


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    a: ts[Count] = None
    b: ts[Count] = None


class Feed(GatewayModule):
    password: str = "swordfish"

    def connect(self, channels: Ch) -> None:
        numbers = csp.count(csp.timer(timedelta(milliseconds=10), True))
        channels.set_channel(Ch.a, csp.apply(numbers, lambda n: Count(n=n), Count))
        channels.expose(Ch.a)


class Desk(GatewaySettings):
    API_KEY: SecretStr = SecretStr("swordfish")
    DATABASE: str = "postgres://me:swordfish@db"


@pytest.fixture
def told() -> Any:
    gateway = Gateway(modules=[Feed()], channels=Ch(), settings=Desk(PORT=8123))
    gateway.start(endtime=timedelta(milliseconds=55))
    return gateway_now(gateway)


def test_it_tells_of_versions_modules_channels_and_figures(told: Any) -> None:
    assert set(told) == {"versions", "process", "settings", "modules", "channels", "statistics"}
    assert {"python", "platform", "csp", "csp-gateway"} <= set(told["versions"])
    assert told["modules"] == [{"class": f"{Feed.__module__}.Feed", "names": []}]
    assert told["channels"]["class"].endswith("Ch")
    assert told["channels"]["ticks"]["a"]["count"] == 5
    assert told["channels"]["ticks"]["a"]["newest"].endswith("+00:00")
    assert told["statistics"]["history"]["a"]["kept"] == 5


def test_nothing_that_may_be_secret_is_told(told: Any) -> None:
    assert "swordfish" not in json.dumps(told)
    assert told["settings"]["DATABASE"] == told["settings"]["API_KEY"] == "not shown"
    assert told["settings"]["PORT"] == 8123


def test_what_cannot_be_told_is_said_and_the_rest_told(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = Gateway()
    monkeypatch.setattr(type(gateway.channels), "statistics", lambda _: 1 / 0)
    told = gateway_now(gateway)
    assert told["statistics"] == "cannot be told: ZeroDivisionError: division by zero"
    assert told["settings"]["TITLE"] == "Gateway"


def wait_here(there: threading.Event, go_on: threading.Event) -> None:
    there.set()
    go_on.wait(20)


def test_it_tells_where_each_other_thread_is() -> None:
    there, go_on = threading.Event(), threading.Event()
    thread = threading.Thread(target=wait_here, args=(there, go_on), name="waits", daemon=True)
    thread.start()
    assert there.wait(10)
    told = threads_now()
    go_on.set()
    thread.join()
    assert f"waits ({thread.ident}, daemon)\n" in told
    assert "in wait_here\n" in told
    assert "in threads_now" not in told
