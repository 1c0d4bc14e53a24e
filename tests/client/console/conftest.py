"""A gateway that serves, for the commands to ask: a small one, which is there at once."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
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


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    modules = [Feed(), MountRestRoutes(force_mount_all=True), MountWebSocketRoutes()]
    with serving_gateway(Gateway(channels=Examples(), modules=modules)) as there:
        yield there


@pytest.fixture
def run() -> Run:
    """Runs the command as a process, for what is of a process; ``invoke`` is much quicker."""

    def runs(*arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", "from csp_gateway.client.console import main; main()", *arguments]
        return subprocess.run(command, input=given, capture_output=True, text=True, timeout=40, check=False)

    return runs
