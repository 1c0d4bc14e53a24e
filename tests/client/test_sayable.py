"""Python's values as JSON has them."""

import enum
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from csp_gateway.client.sayable import encoded
from tests.client.answers import Leg, Level, Side, Span


class Pair(enum.Enum):
    ONE = (1, 1)


@dataclass
class Point:
    x: int


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (datetime(2024, 1, 1), "2024-01-01T00:00:00"),
        (datetime(2024, 1, 1, tzinfo=UTC), "2024-01-01T00:00:00Z"),
        (date(2024, 1, 2), "2024-01-02"),
        (time(1, 2, 3), "01:02:03"),
        (timedelta(seconds=1.5), 1.5),
        (Level.HIGH, 2),
        (Side.SELL, "SELL"),
        (Pair.ONE, "ONE"),
        (Decimal("1.5"), 1.5),
        (b"ab", "ab"),
        (float("nan"), None),
        (2**70, 2**70),
        ([2**70, float("inf")], [2**70, None]),
        (np.int64(3), 3),
        (np.float64("nan"), None),
        (np.datetime64("2024-01-01T00:00:00"), "2024-01-01T00:00:00"),
        (np.array([1.0, 2.0]), [1.0, 2.0]),
        (pd.NaT, None),
        (pd.Timestamp("2024-01-01"), "2024-01-01T00:00:00"),
        ({1}, [1]),
        (Point(1), {"x": 1}),
        (Span(start=1, length=timedelta(seconds=2)), {"start": 1, "length": 2.0}),
        ({Side.BUY: 1, 2: timedelta(0)}, {"BUY": 1, "2": 0.0}),
        ("\ud800", "\ud800"),
    ],
    ids=repr,
)
def test_each_has_the_form_of_the_wire(value: Any, said: Any) -> None:
    assert json.loads(encoded({"v": value}, "orders")) == {"v": said}


def test_structs_are_said_by_themselves() -> None:
    told = json.loads(encoded({"leg": Leg(name="x", length=timedelta(seconds=2))}, "orders"))["leg"]
    assert (told["name"], told["length"]) == ("x", 2.0)


def test_what_cannot_be_said_is_told_with_its_place() -> None:
    with pytest.raises(TypeError, match=r"orders\.legs\[1\]\.raw: cannot be said in JSON: bytes"):
        encoded({"legs": [{}, {"raw": b"\xff"}]}, "orders")
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(TypeError, match="contains itself"):
        encoded(endless, "orders")
    with pytest.raises(TypeError, match="read alike"):
        encoded({1: 1, "1": 2}, "orders")
