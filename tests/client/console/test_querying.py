"""What is asked of states, and how the answer is told."""

from __future__ import annotations

import pytest

from csp_gateway.client.console.failures import WrongUsage
from csp_gateway.client.console.querying import names_in, parameters_of, query_of
from tests.client.console.invoking import invoke


def test_options_are_a_query() -> None:
    assert query_of("x > 1", "x,y", "-x", 5) == {
        "filters": [{"attr": "x", "by": {"value": 1, "where": ">"}}],
        "select": ["x", "y"],
        "order_by": [{"attr": "x", "descending": True}],
        "limit": 5,
    }
    assert query_of(None, None, None, None) == {}
    with pytest.raises(WrongUsage, match="commas"):
        names_in("a,,b", "--select")


def test_parameters_are_json_or_text() -> None:
    assert parameters_of(["a=1", "b=x", 'c="1"']) == {"a": 1, "b": "x", "c": "1"}
    with pytest.raises(WrongUsage, match="NAME=VALUE"):
        parameters_of(["a"])


def test_a_select_is_answered(url: str) -> None:
    told = invoke("sql", "select $a + 1 as b", "-p", "a=41", "--url", url)
    assert told.status == 0
    assert told.said.split() == ["b", "42"]


@pytest.mark.parametrize(
    ("select", "given", "said"),
    [
        ("select $x", [], "no value is given for $x; --parameter says it: -p x=VALUE"),
        ("select $x", ["-p", "y=1"], "for $x, and $y is not in the SELECT; --parameter says it: -p x=VALUE"),
        (
            "select $x",
            ["-p", "x=1", "-p", "y=1"],
            "the SELECT has no parameter $y; known: x; write it there, or do not",
        ),
        ("select ?", [], "the SELECT numbers 1 and 0 are given; name them, $name, and give -p name=VALUE"),
        ("select ?", ["-p", "x=1"], "numbers its parameters, ? or $1; name them, $name, and give -p name=VALUE"),
    ],
)
def test_what_is_wrong_with_parameters_is_told_as_they_are_given(
    url: str, select: str, given: list[str], said: str
) -> None:
    told = invoke("sql", select, *given, "--url", url)
    assert told.status == 1
    assert said in told.err


def test_a_state_is_asked(url: str) -> None:
    told = invoke("state", "example", "--select", "x", "--limit", "2", "--order-by", "x", "--url", url)
    assert told.status == 0
    assert told.said.split()[0] == "x"
    told = invoke("state", "example", "--where", "nope = 1", "--url", url)
    assert told.status == 1
    assert "nope" in told.said
