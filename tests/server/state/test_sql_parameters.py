"""The values of a SELECT's parameters."""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

from csp_gateway.errors import SqlError
from csp_gateway.server.state.sql_parameters import checked_parameters


class Side(Enum):
    BUY = 1


def test_they_are_given_by_name_or_in_order() -> None:
    assert checked_parameters(["low", "High"], {"HIGH": 2, "low": 1}) == {"HIGH": 2, "low": 1}
    assert checked_parameters(["2", "1"], (1, "x")) == [1, "x"]
    assert checked_parameters([], None) is checked_parameters([], {}) is checked_parameters([], []) is None


@pytest.mark.parametrize(
    ("wanted", "given", "sentence"),
    [
        (["a"], None, 'no value is given for $a; `parameters` says it: {"a": …}'),
        (["a", "b"], {"a": 1}, 'no value is given for $b; `parameters` says it: {"b": …}'),
        (["a"], {"c": 1}, "no value is given for $a, and $c is not in the SELECT; `parameters`"),
        (["1", "2"], [1], "no value is given for $2: the SELECT numbers 2 and 1 are given; give an array of all"),
        (["low"], {"low": 1, "lwo": 2}, "no parameter $lwo; did you mean 'low'?; write it there, or do not give it"),
        (["1"], [1, 2], "no parameter $2"),
        (["1"], {"1": 1}, "as an array, in order"),
        (["a"], [1], "as an object by name"),
        (["a"], {"a": 1, "A": 1}, "differ only in upper and lower case"),
        (["a"], {1: 1, "a": 1}, "named by texts"),
        ([], {"a": 1}, "names none; write $name"),
        ([], [1], "names none"),
        (["1"], "x", "not str"),
        (["1"], 5, "not int"),
    ],
)
def test_what_does_not_fit_is_named(wanted: list[str], given: Any, sentence: str) -> None:
    with pytest.raises(SqlError, match=re.escape(sentence)):
        checked_parameters(wanted, given)


def test_values_are_taken_as_they_are() -> None:
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    values = [None, True, 2**127 - 1, 1.5, "é", b"\0", Decimal("1.25"), moment, date(2026, 1, 2), time(1), timedelta(1)]
    values += [[1, None, 2.5], [], [["a"], None, ["b"]], Decimal("NaN"), Decimal("9" * 38), float("nan")]
    taken = checked_parameters([str(number) for number in range(1, len(values) + 1)], values)
    assert isinstance(taken, list)
    assert all(one is other or one == other for one, other in zip(taken, values, strict=True))


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (Side.BUY, "is a Side; it may be None, bool"),
        ({"a": 1}, "is a dict"),
        (object(), "is a object"),
        ([{"a": 1}], "is a dict"),
        (2**127, "more than 128 bits"),
        (Decimal("1e38"), "more than 38 digits"),
        (Decimal("1e-39"), "more than 38 digits"),
        ("\ud800", "half of a surrogate pair"),
        ("x" * 16_385, "longer than 16,384"),
        (b"x" * 16_385, "longer than 16,384"),
        ([1, "a"], "of one type"),
        ([True, 1], "of one type"),
        ([0] * 100_001, "at most 100000"),
        ([[[[[[[[[1]]]]]]]]], "at most 8 deep"),
    ],
)
def test_what_sql_has_no_type_for_is_refused(value: Any, sentence: str) -> None:
    with pytest.raises(SqlError, match=re.escape(sentence)):
        checked_parameters(["x"], {"x": value})
