"""The options of all commands, before the command or behind it."""

from __future__ import annotations

from tests.client.console.invoking import invoke


def test_an_option_stands_before_the_command_or_behind_it(url: str) -> None:
    before, behind = invoke("--url", url, "--json", "channels"), invoke("channels", "--url", url, "--json")
    assert before == behind
    assert before.status == 0


def test_the_environment_counts_least(url: str) -> None:
    assert invoke("last", "example", CSP_GATEWAY_URL=url).status == 0
    assert invoke("last", "example", "--url", url, CSP_GATEWAY_URL="http://localhost:1").status == 0


def test_an_option_that_there_is_not_is_wrong_usage() -> None:
    told = invoke("last", "example", "--urll", "x")
    assert told.status == 2
    assert "--url" in told.err
