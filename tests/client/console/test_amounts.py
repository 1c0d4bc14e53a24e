"""Numbers with limits, which are told in words."""

from __future__ import annotations

import pytest

from tests.client.console.invoking import invoke


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tail", "example", "--count", "0"], "'--count' / '-n': it is a whole number, 1 or more, and not '0'"),
        (["tail", "example", "--since", "x"], "'--since': it is a whole number, 0 or more, and not 'x'"),
        (["tail", "example", "--every", "-1"], "'--every': it is a number of seconds, from 0 to 86,400, and not '-1'"),
        (["state", "example", "--limit", "1.5"], "'--limit': it is a whole number, 1 or more, and not '1.5'"),
        (["last", "example", "--timeout", "nan"], "'--timeout': it is a number of seconds, from 0.001 to 86,400"),
        (["--timeout", "0", "last", "example"], "'--timeout': it is a number of seconds, from 0.001 to 86,400"),
    ],
)
def test_what_is_out_of_its_limits_is_told_in_words(arguments: list[str], said: str) -> None:
    told = invoke(*arguments)
    assert told.status == 2
    assert said in " ".join(told.err.split())
