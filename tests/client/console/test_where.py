"""Filters as they are written on a command line."""

from __future__ import annotations

import pytest

from csp_gateway.client.console.failures import WrongUsage
from csp_gateway.client.console.where import filters_of
from csp_gateway.wire import Query


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("x = 1", [{"attr": "x", "by": {"value": 1, "where": "=="}}]),
        ("leg.x >= 1.5", [{"attr": "leg.x", "by": {"value": 1.5, "where": ">="}}]),
        ('{"attr": "x", "by": {"value": 1}}', [{"attr": "x", "by": {"value": 1}}]),
    ],
)
def test_a_comparison_is_a_filter(text: str, filters: list[object]) -> None:
    assert filters_of(text) == filters


@pytest.mark.parametrize(
    "text", ["a > 1 and not (b = 'X' or c is null)", "a in (1, 2)", "a like 'x%'", "a between 1 and 2"]
)
def test_what_it_makes_is_a_query(text: str) -> None:
    assert Query.of({"filters": filters_of(text)}).filters


@pytest.mark.parametrize("text", ["", "x", "x =", "x = 1 and", "(x = 1", "x ~ 1"])
def test_what_cannot_be_read_says_so(text: str) -> None:
    with pytest.raises(WrongUsage):
        filters_of(text)
