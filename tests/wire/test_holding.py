"""Conditions held against objects; of comparisons, test_query.py tells more."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import numpy as np
import pytest

from csp_gateway.errors import QueryError
from csp_gateway.wire import FilterCondition
from csp_gateway.wire.holding import is_true

NOON = datetime(2024, 1, 1, 12)
NAN = float("nan")


class Side(Enum):
    BUY = "b"
    LONG = "b"
    SELL = "s"


@dataclass
class Box:
    it: Any = None


def holds(held: Any, attr: str = "it", /, **by: Any) -> bool:
    return is_true(attr, FilterCondition.model_validate(by), Box(held), "")


@pytest.mark.parametrize(
    ("held", "values", "true"),
    [
        (1, [0, 1], True),
        (1, [0, 2], False),
        (True, [1], True),
        (1.0, [True], True),
        (Decimal("1.5"), [1.5], True),
        (1, ["a", 1], True),
        ("a", ["a", 1], True),
        (NAN, [0.0], False),
        (None, [0], False),
        (Side.BUY, ["BUY"], True),
        (Side.BUY, ["LONG"], True),
        (Side.SELL, ["BUY", "LONG"], False),
        (NOON.replace(tzinfo=UTC), ["2024-01-01T13:00:00+01:00"], True),
        (NOON, [NOON], True),
        (date(2024, 1, 1), ["2024-01-01"], True),
        (time(9), ["09:00"], True),
        (timedelta(seconds=90), ["PT90S"], True),
    ],
)
def test_in(held: Any, values: list[Any], true: bool) -> None:
    assert holds(held, **{"in": values}) is true


@pytest.mark.parametrize(
    ("held", "ends", "true"),
    [
        (1, [1, 2], True),
        (2, [1, 2], True),
        (2.5, [1, 2], False),
        (1, [2, 0], False),
        (NAN, [0, 1], False),
        (Decimal("NaN"), [0, 1], False),
        (None, [0, 1], False),
        ("b", ["a", "c"], True),
        (Side.BUY, ["BUY", "SELL"], True),
        (NOON, ["2024-01-01", NOON], True),
        (time(9), ["09:00", "10:00"], True),
    ],
)
def test_between_includes_both_ends(held: Any, ends: list[Any], true: bool) -> None:
    assert holds(held, between=ends) is true


@pytest.mark.parametrize(
    ("held", "like", "true"), [("abc", "a%", True), ("abc", "A%", False), (Side.SELL, "S_LL", True), (None, "%", False)]
)
def test_like(held: Any, like: str, true: bool) -> None:
    assert holds(held, like=like) is true


def test_is_null_is_true_of_none_there_or_on_the_way_and_not_of_nan() -> None:
    for wanted in (True, False):
        assert holds(None, is_null=wanted) is wanted
        assert holds(None, "it.further", is_null=wanted) is wanted
        assert holds(NAN, is_null=wanted) is not wanted
        assert holds([1], is_null=wanted) is not wanted, "what compares with nothing is there nevertheless"


def test_is_nan_is_true_of_nan_of_any_type_and_asked_of_numbers() -> None:
    for wanted in (True, False):
        for nan in (NAN, Decimal("NaN"), Decimal("sNaN"), np.float32("nan")):
            assert holds(nan, is_nan=wanted) is wanted
        for other in (None, 0, 1.5, True, 2**70, Decimal(1), math.inf):
            assert holds(other, is_nan=wanted) is not wanted
        with pytest.raises(QueryError, match=r"by\.is_nan: 'it' is text: only what is a number can be NaN"):
            holds("NaN", is_nan=wanted)


@pytest.mark.parametrize(
    ("held", "by", "message"),
    [
        (1, {"in": ["a", "b"]}, r"^by\.in\[0\]: with 'it': 'a' is text, and cannot be compared with a number"),
        (Side.BUY, {"in": ["BUY", "BYU"]}, r"^by\.in\[1\]: .* Side has no member 'BYU'; did you mean 'BUY'\?"),
        (1, {"between": [0, "a"]}, r"^by\.between\[1\]: with 'it': 'a' is text"),
        (1, {"like": "a"}, r"^by\.like: 'it' is a number: only text is like a pattern"),
        ([1], {"in": [1]}, r"^attr: 'it' is a list, which compares with nothing"),
        ([1], {"like": "a"}, r"^attr: 'it' is a list, which compares with nothing"),
    ],
)
def test_what_cannot_be_compared_is_an_error(held: Any, by: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        holds(held, **by)


def test_an_unknown_attribute_is_an_error_even_to_is_null() -> None:
    with pytest.raises(QueryError, match=r"^attr: Box has no attribute 'if'"):
        holds(1, "if", is_null=True)
