"""A gateway that serves, for the commands to ask."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from csp_gateway import Gateway, MountRestRoutes, MountWebSocketRoutes
from csp_gateway.server.demo import omnibus
from csp_gateway.testing import serving_gateway

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    modules = [omnibus.ExampleModule(), MountRestRoutes(force_mount_all=True), MountWebSocketRoutes()]
    with serving_gateway(Gateway(channels=omnibus.ExampleGatewayChannels(), modules=modules)) as there:
        yield there


@pytest.fixture
def run() -> Run:
    def runs(*arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", "from csp_gateway.client.console import main; main()", *arguments]
        return subprocess.run(command, input=given, capture_output=True, text=True, timeout=40, check=False)

    return runs
