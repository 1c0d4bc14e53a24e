"""A gateway that serves, for the commands to ask: a small one, which is there at once."""

import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Dict, List  # noqa: UP035  # csp reads typing.Dict and List

import csp
import pytest
from csp import ts

from csp_gateway import (
    Gateway,
    GatewayChannels,
    GatewayModule,
    GatewayStruct,
    MountRestRoutes,
    MountWebSocketRoutes,
    State,
)
from csp_gateway.testing import serving_gateway

Run = Callable[..., "subprocess.CompletedProcess[str]"]


class Inner(GatewayStruct):
    z: int = 12


class Example(GatewayStruct):
    x: int
    y: str = ""
    dt: datetime
    d: date
    inner: Inner


class Examples(GatewayChannels):
    example: Annotated[ts[Example], State("x")] = None
    example_list: ts[List[Example]] = None  # noqa: UP006
    str_basket: Dict[str, ts[Example]] = None  # noqa: UP006
    never_ticks: ts[Example] = None

    def dynamic_keys(self) -> dict[str, Any]:
        return {"str_basket": ["a", "b"]}


class Feed(GatewayModule):
    def connect(self, channels: Examples) -> None:
        count = csp.count(csp.timer(timedelta(milliseconds=20), True))
        channels.set_channel("example", csp.apply(count, lambda n: Example(x=n, inner=Inner()), Example))
        channels.set_channel("never_ticks", csp.null_ts(Example))
        for field in ("example", "example_list", "str_basket"):
            channels.add_send_channel(field)


class Desk:
    """The gateway of all tests of this directory; it ends with the last of them, as others look for what is left."""

    def __init__(self) -> None:
        self._serving = ExitStack()
        self._url: str | None = None

    def url(self) -> str:
        if self._url is None:
            modules = [Feed(), MountRestRoutes(force_mount_all=True), MountWebSocketRoutes()]
            gateway = Gateway(channels=Examples(), modules=modules)
            self._url = self._serving.enter_context(serving_gateway(gateway))
        return self._url

    def close(self) -> None:
        self._url = None
        self._serving.close()


_desk = Desk()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
    done = yield
    if nextitem is None or nextitem.path.parent != Path(__file__).parent:
        _desk.close()
    return done


@pytest.fixture
def url() -> str:
    """Where it is."""
    return _desk.url()


@pytest.fixture
def run() -> Run:
    """Runs the command as a process, for what is of a process; ``invoke`` is much quicker."""

    def runs(*arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", "from csp_gateway.client.console import main; main()", *arguments]
        return subprocess.run(command, input=given, capture_output=True, text=True, timeout=40, check=False)

    return runs
