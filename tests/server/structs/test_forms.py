"""What each kind of value is read from, beside its written form."""

import enum
from datetime import UTC, datetime, time, timedelta
from typing import Any

import csp
import numpy as np
import pytest
from csp.typing import Numpy1DArray, NumpyNDArray
from pydantic import TypeAdapter, ValidationError

from csp_gateway.server.structs.forms import enum_members, naive_utc
from csp_gateway.server.structs.schema import pydantic_type


class Side(csp.Enum):
    BUY = 0
    SELL = 1


class Level(enum.Enum):
    LOW = 1
    HIGH = "LOW"  # a value that is another's name


class Odd(enum.Enum):
    PAIR = (1, 2)
    YES = True


def read(tp: Any, value: Any) -> Any:
    return TypeAdapter(pydantic_type(tp)).validate_python(value)


@pytest.mark.parametrize(
    ("tp", "value", "expected"),
    [
        (Side, "SELL", Side.SELL),
        (Side, 1, Side.SELL),
        (Side, Side.SELL, Side.SELL),
        (Level, 1, Level.LOW),
        (Level, "1", Level.LOW),
        (Level, "HIGH", Level.HIGH),
        (Level, "LOW", Level.HIGH),
        (Odd, (1, 2), Odd.PAIR),
        (Odd, "PAIR", Odd.PAIR),
        (Odd, True, Odd.YES),
        (timedelta, 1.5, timedelta(seconds=1.5)),
        (timedelta, "PT1.5S", timedelta(seconds=1.5)),
        (timedelta, "01:00:00", timedelta(hours=1)),
        (datetime, "2020-01-01T05:00:00+02:00", datetime(2020, 1, 1, 3)),
        (datetime, "2020-01-01", datetime(2020, 1, 1)),
        (datetime, 0, datetime(1970, 1, 1)),
        (list[datetime | None], [None, "2020-01-01T00:00:00Z"], [None, datetime(2020, 1, 1)]),
        (time, "01:02:03", time(1, 2, 3)),
    ],
)
def test_a_value_is_read(tp: Any, value: Any, expected: Any) -> None:
    assert read(tp, value) == expected


@pytest.mark.parametrize(
    ("tp", "value"),
    [
        (Side, "HOLD"),
        (Side, 2),
        (Side, []),
        (Side, True),
        (Level, True),
        (timedelta, float("nan")),
        (timedelta, float("inf")),
        (datetime, "yesterday"),
        (datetime, datetime(1, 1, 1, tzinfo=UTC).astimezone().isoformat() + "x"),
        (Numpy1DArray[int], [1.5]),
        (Numpy1DArray[int], [1, None]),
        (Numpy1DArray[int], [2**70]),
        (Numpy1DArray[float], ["a"]),
        (Numpy1DArray[float], [[1.0]]),
        (Numpy1DArray[float], "12"),
        (Numpy1DArray[float], {"a": 1}),
        (NumpyNDArray[float], [[1.0], [1.0, 2.0]]),
        (Numpy1DArray[int], np.array([1.5])),
    ],
)
def test_what_does_not_fit_is_refused(tp: Any, value: Any) -> None:
    with pytest.raises(ValidationError):
        read(tp, value)


@pytest.mark.parametrize(
    ("tp", "value", "expected"),
    [
        (Numpy1DArray[float], [1, None], np.array([1.0, np.nan])),
        (Numpy1DArray[float], [], np.array([], dtype=float)),
        (Numpy1DArray[int], [], np.array([], dtype=int)),
        (Numpy1DArray[int], [1.0, 2], np.array([1, 2])),
        (Numpy1DArray[float], np.array([1, 2]), np.array([1.0, 2.0])),
        (NumpyNDArray[float], [[1], [None]], np.array([[1.0], [np.nan]])),
        (Numpy1DArray[bool], [True], np.array([True])),
    ],
)
def test_an_array_is_read(tp: Any, value: Any, expected: Any) -> None:
    made = read(tp, value)
    assert made.dtype == expected.dtype
    np.testing.assert_array_equal(made, expected)


def test_members_by_value_by_text_and_by_name() -> None:
    assert enum_members(Side) == {"BUY": Side.BUY, "SELL": Side.SELL, 0: Side.BUY, 1: Side.SELL}
    assert enum_members(Level) == {1: Level.LOW, "1": Level.LOW, "LOW": Level.HIGH, "HIGH": Level.HIGH}


def test_a_naive_time_is_utc_already() -> None:
    assert naive_utc(datetime(2020, 1, 1)) == datetime(2020, 1, 1)
    assert naive_utc(datetime(2020, 1, 1, tzinfo=UTC)).tzinfo is None


def test_null_in_json_is_a_float_that_is_not_finite_and_in_python_it_is_nothing() -> None:
    adapter = TypeAdapter(pydantic_type(list[float]))
    assert str(adapter.validate_json("[null, 1]")) == "[nan, 1.0]"
    assert TypeAdapter(pydantic_type(float | None)).validate_json("null") is None
    with pytest.raises(ValidationError):
        adapter.validate_python([None])


def test_json_schemas_describe_the_form() -> None:
    def described(tp: Any) -> dict[str, Any]:
        return TypeAdapter(pydantic_type(tp)).json_schema()

    assert described(Side) == {"title": "Side", "type": "string", "enum": ["BUY", "SELL"]}
    assert described(Level)["enum"] == [1, "LOW"]
    assert described(Level)["type"] == ["integer", "string"]
    assert "LOW, HIGH" in described(Level)["description"]
    assert described(timedelta)["type"] == "number"
    assert described(float)["type"] == ["number", "null"]
    assert described(datetime)["format"] == "date-time-local"
    assert described(time)["format"] == "time-local"
    assert described(NumpyNDArray[float])["items"] == {"anyOf": [{"type": ["number", "null"]}, {"type": "array"}]}
    assert described(Numpy1DArray[float]) == {"type": "array", "items": {"type": ["number", "null"]}}


@pytest.mark.parametrize("dtype", [float, int])
def test_lists_of_several_lengths_are_no_array(dtype: Any) -> None:
    with pytest.raises(ValidationError, match="the lists in an array have to be of one length") as raised:
        TypeAdapter(pydantic_type(NumpyNDArray[dtype])).validate_python([[1, 2], [3]])
    assert "inhomogeneous" not in str(raised.value)
