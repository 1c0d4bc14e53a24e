"""How two values of a query compare."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction

import csp
import numpy as np
import pytest

from csp_gateway.wire.comparing import Kind, comparable, compare, constant, members_of, naive_utc

NOON = datetime(2024, 1, 1, 12)
EAST = timezone(timedelta(hours=3))


class Side(Enum):
    BUY = "b"
    SELL = "s"
    LONG = "b"


class Level(IntEnum):
    LOW = 1


class Venue(csp.Enum):
    XPAR = 1


@pytest.mark.parametrize(
    ("value", "kind", "meant"),
    [
        (1, Kind.NUMBER, 1),
        (True, Kind.NUMBER, True),
        (2**70, Kind.NUMBER, 2**70),
        (Decimal("1.5"), Kind.NUMBER, Decimal("1.5")),
        (Fraction(1, 3), Kind.NUMBER, Fraction(1, 3)),
        (np.float64(0.5), Kind.NUMBER, 0.5),
        (np.int32(3), Kind.NUMBER, 3),
        ("a", Kind.TEXT, "a"),
        (Side.BUY, Kind.TEXT, "BUY"),
        (Level.LOW, Kind.TEXT, "LOW"),
        (Venue.XPAR, Kind.TEXT, "XPAR"),
        (NOON, Kind.MOMENT, NOON),
        (NOON.replace(tzinfo=EAST), Kind.MOMENT, datetime(2024, 1, 1, 9)),
        (date(2024, 1, 1), Kind.MOMENT, datetime(2024, 1, 1)),
        (time(9), Kind.CLOCK, time(9)),
        (timedelta(1), Kind.SPAN, timedelta(1)),
        (b"x", Kind.BYTES, b"x"),
        (1j, Kind.OTHER, 1j),
        ([1], Kind.OTHER, [1]),
        (None, Kind.OTHER, None),
    ],
    ids=repr,
)
def test_a_value_has_a_kind_and_stands_for_what_compares(value: object, kind: Kind, meant: object) -> None:
    assert comparable(value) == (kind, meant)


def test_a_time_beyond_what_utc_can_say_is_the_last_or_first_there_is() -> None:
    assert naive_utc(datetime.max.replace(tzinfo=timezone(-timedelta(hours=1)))) == datetime.max
    assert naive_utc(datetime.min.replace(tzinfo=EAST)) == datetime.min


def test_members_are_of_their_enum() -> None:
    assert members_of(Side.BUY) is Side
    assert members_of("BUY") is None


@pytest.mark.parametrize(
    ("value", "kind", "meant"),
    [
        (1.5, Kind.NUMBER, 1.5),
        ("a", Kind.TEXT, "a"),
        (NOON.replace(tzinfo=UTC), Kind.MOMENT, NOON),
        ("2024-01-01T15:00:00+03:00", Kind.MOMENT, NOON),
        ("2024-01-01", Kind.MOMENT, datetime(2024, 1, 1)),
        ("09:30", Kind.CLOCK, time(9, 30)),
        ("PT1M30S", Kind.SPAN, timedelta(seconds=90)),
    ],
)
def test_a_constant_is_read_as_what_it_is_compared_with(value: object, kind: Kind, meant: object) -> None:
    assert constant(value, kind) == meant


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        ("abc", Kind.NUMBER, "'abc' is text, and cannot be compared with a number"),
        (7, Kind.TEXT, "7 is a number, and cannot be compared with text; did you mean the text '7'?"),
        (7, Kind.MOMENT, "7 is a number, and cannot be compared with a time"),
        ("noon", Kind.MOMENT, "'noon' is not a time in ISO 8601"),
        ("25:00", Kind.CLOCK, "'25:00' is not a time of day in ISO 8601"),
        ("long", Kind.SPAN, "'long' is not a duration in ISO 8601"),
        (NOON, Kind.TEXT, "2024-01-01T12:00:00 is a time, and cannot be compared with text"),
    ],
)
def test_a_constant_of_another_kind_is_refused(value: object, kind: Kind, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        constant(value, kind)


def test_a_member_is_also_known_by_its_value_as_it_stands_in_json() -> None:
    assert constant("s", Kind.TEXT, Side) == "SELL"
    assert constant("b", Kind.TEXT, Side) == "BUY"
    assert constant(1, Kind.TEXT, Venue) == "XPAR"
    assert constant(1, Kind.TEXT, Level) == "LOW"
    crossed = Enum("crossed", {"A": "B", "B": "A"})
    assert constant("A", Kind.TEXT, crossed) == "A", "a name comes before a value"
    for other in (True, 1.0):
        with pytest.raises(ValueError, match=r"Level has no member (True|1\.0); known: LOW"):
            constant(other, Kind.TEXT, Level)


def test_a_name_is_one_of_the_members() -> None:
    assert constant("BUY", Kind.TEXT, Side) == "BUY"
    assert constant("LONG", Kind.TEXT, Side) == "BUY", "an alias is another name of the same member"
    with pytest.raises(ValueError, match=r"Side has no member 'BYU'; did you mean 'BUY'\?"):
        constant("BYU", Kind.TEXT, Side)
    with pytest.raises(ValueError, match="Side has no member 1; known: BUY, LONG, SELL"):
        constant(1, Kind.TEXT, Side)


def test_what_python_cannot_order_is_unequal_and_in_no_order() -> None:
    aware, naive = time(9, tzinfo=UTC), time(9)
    assert compare(aware, "!=", naive)
    assert not any(compare(aware, where, naive) for where in ("==", "<", "<=", ">", ">="))
    assert not compare(Decimal("sNaN"), "<", 1)
    assert compare(Decimal("sNaN"), "!=", 1)
