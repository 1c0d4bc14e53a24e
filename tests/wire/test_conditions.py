"""Conditions: what they may say, and what excludes what."""

from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError

from csp_gateway.wire import FilterCondition

NOON = datetime(2024, 1, 1, 12)


@pytest.mark.parametrize(
    "by",
    [
        {"value": 1},
        {"value": False, "where": "!="},
        {"when": "2024-01-01T12:00:00", "where": "<"},
        {"attr": "a.b"},
        {"in": [1, 2.5, "a", True]},
        {"between": [1, 5]},
        {"between": ["2024-01-01", "2024-02-01"]},
        {"like": "a%"},
        {"like": ""},
        {"is_null": True},
        {"is_null": False},
        {"is_nan": True},
    ],
    ids=repr,
)
def test_its_json_is_what_it_was_read_from(by: dict[str, Any]) -> None:
    condition = FilterCondition.model_validate(by)
    assert condition.model_dump(mode="json") == by
    assert FilterCondition.model_validate_json(condition.model_dump_json()) == condition


def test_in_python_it_takes_what_python_has() -> None:
    assert FilterCondition(in_=(1, 2)) == FilterCondition.model_validate({"in": [1, 2]})
    assert FilterCondition(between=[NOON, NOON]).model_dump_json() == (
        '{"between":["2024-01-01T12:00:00","2024-01-01T12:00:00"]}'
    )


def test_null_is_as_if_not_given() -> None:
    given = {"value": None, "when": None, "attr": "a", "in": None, "like": None, "is_null": None, "between": None}
    assert FilterCondition.model_validate(given) == FilterCondition(attr="a")


@pytest.mark.parametrize(
    ("by", "given"),
    [
        ({"value": 0, "when": NOON, "attr": "a"}, ("value", 0)),
        ({"when": NOON, "attr": "a"}, ("when", NOON)),
        ({"attr": "a"}, ("attr", "a")),
    ],
)
def test_of_comparisons_the_first_in_order_counts(by: dict[str, Any], given: tuple[str, Any]) -> None:
    assert FilterCondition(**by).given == given


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ({}, "an empty condition: compare with a `value`, .* or ask for `in`"),
        ({"value": None}, "null equals nothing, ask for it by `is_null`"),
        ({"where": "<"}, "an empty condition"),
        ({"in": []}, "at least one"),
        ({"in": 5}, "valid list"),
        ({"in": [[1]]}, "a value is a number"),
        ({"between": [1]}, r"a range is \[lowest, highest\], not 1 value "),
        ({"between": [1, 2, 3]}, r"a range is \[lowest, highest\], not 3 values "),
        ({"between": "ab"}, "valid tuple"),
        ({"between": [None, 1]}, "`is_null`"),
        ({"like": "a\\"}, "cannot end in a backslash"),
        ({"like": 5}, "valid string"),
        ({"is_null": 1}, "valid boolean"),
        ({"is_nan": "true"}, "valid boolean"),
        ({"is_null": False, "is_nan": False}, "`is_null` and `is_nan` exclude each other"),
        ({"is_null": "true"}, "valid boolean"),
        ({"in": [1], "like": "a"}, "`in` and `like` exclude each other"),
        ({"value": 1, "is_null": False}, "`is_null` and `value` exclude each other"),
        ({"between": [1, 2], "where": "=="}, "`where` stands beside .*, not beside `between`"),
        ({"in": [1], "where": "!="}, "`where` stands beside .*, not beside `in`"),
        ({"value": 1, "were": "<"}, r"did you mean 'where'\?"),
    ],
)
def test_what_makes_no_sense_is_refused(by: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        FilterCondition.model_validate(by)
