"""The options of all commands, before the command or behind it."""

from __future__ import annotations

from typer.testing import CliRunner

from csp_gateway.client.console.app import app


def invoke(*arguments: str, **environment: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments), env={"NO_COLOR": "1", **environment})
    return done.exit_code, done.output


def test_an_option_stands_before_the_command_or_behind_it(url: str) -> None:
    before, behind = invoke("--url", url, "--json", "channels"), invoke("channels", "--url", url, "--json")
    assert before == behind
    assert before[0] == 0


def test_the_environment_counts_least(url: str) -> None:
    assert invoke("last", "example", CSP_GATEWAY_URL=url)[0] == 0
    assert invoke("last", "example", "--url", url, CSP_GATEWAY_URL="http://localhost:1")[0] == 0


def test_an_option_that_there_is_not_is_wrong_usage() -> None:
    status, said = invoke("last", "example", "--urll", "x")
    assert status == 2
    assert "--url" in said
