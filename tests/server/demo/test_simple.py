"""The first example."""

import os
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import csp
import pytest

from csp_gateway import Gateway
from csp_gateway.server.demo import ExampleData, ExampleGatewayChannels, ExampleModule
from tests.zygote import python


def test_it_counts() -> None:
    gateway = Gateway(modules=[ExampleModule()], channels=ExampleGatewayChannels())

    def watched(channels: ExampleGatewayChannels) -> object:
        return channels.get_channel(ExampleGatewayChannels.example)

    outputs = csp.run(gateway.graph, watched, starttime=datetime(2024, 1, 1), endtime=timedelta(seconds=3))
    assert [(when.second, value.x) for when, value in outputs["user_graph"]] == [(1, 1), (2, 2), (3, 3)]
    assert all(type(value) is ExampleData for _, value in outputs["user_graph"])


def test_the_module_is_the_example_and_starts_nothing_when_imported() -> None:
    program = "import csp_gateway.server.demo.__main__ as demo; print(len(demo.gateway.modules), demo.gateway.running)"
    ended = subprocess.run(
        [*python(), "-c", program], cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=50
    )
    assert ended.stdout.split() == ["3", "False"]


def test_a_wrong_variable_ends_it_with_one_sentence() -> None:
    ended = subprocess.run(
        [*python(), "-m", "csp_gateway.server.demo"],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "CSP_GATEWAY_PORT": "abc"},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        "the environment variable CSP_GATEWAY_PORT says 'abc': it should be a whole number from 0 to 65535\n"
    )


@pytest.mark.parametrize(
    ("argument", "status", "said"), [("--help", 0, "CSP_GATEWAY_PORT=8001"), ("--prot=1", 2, "--prot=1")]
)
def test_it_says_what_it_is_and_takes_no_argument(argument: str, status: int, said: str) -> None:
    ended = subprocess.run(
        [*python(), "-m", "csp_gateway.server.demo", argument],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert ended.returncode == status
    assert said in ended.stdout + ended.stderr
