"""What a column holds exactly."""

import enum
import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pytest

from csp_gateway.server.structs.arrow_fits import FITS


class Colour(enum.Enum):
    RED = "r"


class Rank(enum.IntEnum):
    LOW = 1


class Word(str):
    pass


@pytest.mark.parametrize(
    ("kind", "value", "held"),
    [
        (bool, np.bool_(True), True),
        (int, np.int8(3), 3),
        (int, -(2**63), -(2**63)),
        (float, 5, 5.0),
        (float, 2**53, 2.0**53),
        (float, np.float32(0.1), float(np.float32(0.1))),
        (float, math.inf, math.inf),
        (str, Word("a"), "a"),
        (str, Colour.RED, "RED"),
        (str, Rank.LOW, "LOW"),
        (bytes, np.bytes_(b"x"), b"x"),
        (datetime, datetime(2024, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), datetime(2024, 1, 1)),
        (datetime, pd.Timestamp(2024, 1, 1), datetime(2024, 1, 1)),
        (date, date(1, 1, 1), date(1, 1, 1)),
        (time, time(23, 59, 59, 999999), time(23, 59, 59, 999999)),
        (timedelta, timedelta(microseconds=2**63 - 1), timedelta(microseconds=2**63 - 1)),
    ],
)
def test_what_fits(kind: type, value: Any, held: Any) -> None:
    kept = FITS[kind](value)
    assert kept == held
    assert isinstance(kept, kind)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *[(bool, value) for value in (1, 0.0, "true")],
        *[(int, value) for value in (True, np.bool_(True), 1.0, math.nan, 2**63, -(2**63) - 1, "1", Rank.LOW)],
        *[(int, value) for value in (np.uint64(2**63), np.timedelta64(1, "s"))],
        *[(float, value) for value in (True, 2**53 + 1, 10**400, "1.5", Rank.LOW, np.int64(2**53 + 1))],
        *[(str, value) for value in ("\ud800", b"a", 1)],
        *[(bytes, value) for value in ("a", bytearray(b"a"))],
        *[(datetime, value) for value in (date(2024, 1, 1), "2024-01-01", pd.NaT, pd.Timestamp(1))],
        (datetime, datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))),
        (datetime, np.datetime64("2024-01-01")),
        (date, datetime(2024, 1, 1)),
        (time, time(1, tzinfo=UTC)),
        *[(timedelta, value) for value in (timedelta.max, timedelta.min, 1.5, pd.NaT, pd.Timedelta(1))],
    ],
)
def test_what_does_not_fit(kind: type, value: Any) -> None:
    assert FITS[kind](value) is None


def test_not_a_number_is_a_float() -> None:
    assert math.isnan(FITS[float](math.nan))
