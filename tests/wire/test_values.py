"""Values written in a query."""

from datetime import date, datetime
from enum import Enum, IntEnum
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from csp_gateway.wire.values import Listed, Time, Value

NOON = datetime(2024, 1, 1, 12)


class Side(Enum):
    BUY = "b"


class Level(IntEnum):
    LOW = 1


@pytest.mark.parametrize("of", [Value, Listed])
@pytest.mark.parametrize("value", [True, 0, 1, 2**70, 1.0, "", "1", "2024-01-01"], ids=repr)
def test_a_value_stays_what_it_is(of: Any, value: Any) -> None:
    kept = TypeAdapter(of).validate_python(value)
    assert (type(kept), kept) == (type(value), value)


@pytest.mark.parametrize("of", [Value, Listed])
def test_an_enum_member_is_its_name(of: Any) -> None:
    assert [TypeAdapter(of).validate_python(each) for each in (Side.BUY, Level.LOW)] == ["BUY", "LOW"]


@pytest.mark.parametrize(
    ("of", "value", "message"),
    [
        (Value, NOON, "a time is given as `when`"),
        (Value, [1], "a value is a number, text, true or false"),
        (Value, float("inf"), "a number is finite"),
        (Listed, None, "ask for it by `is_null`"),
        (Listed, float("nan"), "a number is finite"),
        (Listed, date(2024, 1, 1), "a value is a number, text, true or false"),
        (Listed, {}, "a value is a number, text, true or false"),
        (Time, 5, "valid datetime"),
        (Time, "5", "Invalid isoformat string: '5'"),
    ],
)
def test_what_is_no_value_is_refused(of: Any, value: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TypeAdapter(of).validate_python(value)


def test_in_a_list_a_time_may_be_pythons_own() -> None:
    assert TypeAdapter(Listed).validate_python(NOON) == NOON
    assert TypeAdapter(Time).validate_python("2024-01-01T12:00") == NOON
    assert TypeAdapter(Value).validate_python(None) is None
