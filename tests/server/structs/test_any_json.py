"""Any value as JSON."""

import dataclasses
import enum
import json
import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import csp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from csp_gateway.server.structs import GatewayStruct, encode
from csp_gateway.server.structs.any_json import json_of


class Side(csp.Enum):
    BUY = 0


class Colour(enum.Enum):
    RED = "r"


class Secret(GatewayStruct):
    shown: int
    hidden: int = Field(default=1, exclude=True)
    any: object
    _inside: int = 3


class Model(BaseModel):
    x: Any


@dataclasses.dataclass
class Point:
    x: Any


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, None),
        (True, True),
        (np.bool_(True), True),
        (1.5, 1.5),
        (math.nan, None),
        (2**70, 2**70),
        (-(2**63) - 1, -(2**63) - 1),
        (np.int8(3), 3),
        ("é\ud800", "é\ud800"),
        (Side.BUY, "BUY"),
        (Colour.RED, "r"),
        (datetime(2024, 1, 1, 2, 0, 0, 10000, timezone(timedelta(hours=2))), "2024-01-01T00:00:00.010000"),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))), "9999-12-31T23:59:59.999999-01:00"),
        (date(2024, 1, 2), "2024-01-02"),
        (time(1, tzinfo=UTC), "01:00:00+00:00"),
        (timedelta(milliseconds=1500), 1.5),
        (b"abc", "abc"),
        (b"\xff", repr(b"\xff")),
        ((1, {2}), [1, [2]]),
        ({Side.BUY: 1, 2: 2, date(2024, 1, 1): 3}, {"BUY": 1, "2": 2, "2024-01-01": 3}),
        ({1: "a", "1": "b"}, [[1, "a"], ["1", "b"]]),
        ({"\ud800": 2**70}, {"\ud800": 2**70}),
        (np.array([[1.0, np.nan]]), [[1.0, None]]),
        (np.array(["2024-01-01T00:00:00.000001", "NaT"], "M8[ns]"), ["2024-01-01T00:00:00.000001", None]),
        (np.array(["2024-01-01T00:00:00.000000001"], "M8[ns]"), ["2024-01-01T00:00:00.000000001"]),
        (np.datetime64("2024-01-01"), "2024-01-01"),
        (Decimal("1.50"), "1.50"),
        (UUID(int=1), str(UUID(int=1))),
        (Model(x=2**70), {"x": 2**70}),
        (Model(x=Secret), {"x": repr(Secret)}),
        (Point("\ud800"), {"x": "\ud800"}),
        (Secret, repr(Secret)),
    ],
)
def test_each_form(value: Any, written: Any) -> None:
    assert json.loads(json_of(value)) == written


def test_a_struct_shows_what_its_json_shows() -> None:
    struct = Secret(shown=1)
    assert json_of(struct) == encode(struct)
    assert json.loads(json_of(Secret(any="\ud800")))["any"] == "\ud800"


def test_it_never_fails() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert json.loads(json_of(loop)) == "[[...]]"
    assert "Broken object" in json.loads(json_of(Broken()))
    assert json.loads(json_of(10**5000)) == hex(10**5000)


@settings(deadline=None)
@given(st.data())
def test_it_is_what_a_records_json_is(structs: st.SearchStrategy[Any], data: st.DataObject) -> None:
    struct = data.draw(structs)
    assert json.loads(json_of(struct)) == json.loads(encode(struct))
