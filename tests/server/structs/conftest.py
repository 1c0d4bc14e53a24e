"""A struct with a field of every kind, and random ones of it, as structs and as JSON."""

import enum
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Annotated, Any, Literal

import csp
import numpy as np
import pytest
from csp.typing import Numpy1DArray, NumpyNDArray
from hypothesis import strategies as st
from pydantic import Field

from csp_gateway.server.structs import GatewayStruct


class Side(csp.Enum):
    BUY = 0
    SELL = 1


class Colour(enum.Enum):
    RED = "r"
    BLUE = "RED"  # a value that is another member's name: the value wins


class Level(enum.Enum):
    LOW = 1
    HIGH = 2


class Span(csp.Struct):
    start: int
    length: timedelta


class Leg(GatewayStruct):
    name: str = "leg"
    ratio: float = Field(default=0.5, gt=0, description="how much of it")


class NamedLeg(Leg):
    note: str


class Everything(GatewayStruct):
    flag: bool
    count: int
    price: float
    symbol: str
    text: Annotated[str, Field(min_length=2, max_length=5)]
    share: Annotated[float, Field(ge=0, le=1)]
    day: date
    hour: time
    moment: datetime
    maybe_moment: datetime | None
    span: timedelta
    side: Side
    colour: Colour
    level: Level = Level.LOW
    leg: Leg
    plain: Span
    legs: list[Leg]
    maybe_leg: Leg | None = None
    numbers: list[int]
    moments: list[datetime]
    spans: list[timedelta]
    unique: set[int]
    row: tuple[float, ...]
    weights: dict[str, float]
    by_number: dict[int, str]
    legs_by_name: dict[str, Leg] = Field(default_factory=dict)
    kind: Literal["a", "b", 3]
    vector: Numpy1DArray[float]
    whole: Numpy1DArray[int]


class Slow(GatewayStruct):
    """Fields whose JSON only pydantic reads or writes."""

    anything: object
    either: int | str
    by_side: dict[Side, int]
    by_level: dict[Level, int]
    matrix: NumpyNDArray[float]
    pair: tuple[int, str]
    leg: Leg


EPOCH = datetime(1970, 1, 1)
moments = st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1))
zones = st.sampled_from([None, UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))])
spans = st.timedeltas(timedelta(days=-10_000), timedelta(days=10_000))
int64 = st.integers(-(2**63), 2**63 - 1)
words = st.text(max_size=8)
names = st.text(min_size=1, max_size=4)
legs = st.builds(Leg, name=words, ratio=st.floats())
any_leg = legs | st.builds(NamedLeg, note=words)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A dict with any of the fields: what is absent is unset."""
    return st.fixed_dictionaries({}, optional=fields)


FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "flag": st.booleans(),
    "count": int64,
    "price": st.floats(),
    "symbol": words,
    "text": words,
    "share": st.floats(),
    "day": st.dates(),
    "hour": st.times(),
    "moment": moments,
    "maybe_moment": st.none() | moments,
    "span": spans,
    "side": st.sampled_from(Side),
    "colour": st.sampled_from(Colour),
    "level": st.sampled_from(Level),
    "leg": any_leg,
    "plain": some(start=int64, length=spans).map(lambda fields: Span(**fields)),
    "legs": st.lists(any_leg, max_size=3),
    "maybe_leg": st.none() | any_leg,
    "numbers": st.lists(int64, max_size=3),
    "moments": st.lists(moments, max_size=3),
    "spans": st.lists(spans, max_size=3),
    "unique": st.sets(int64, max_size=3),
    "row": st.lists(st.floats(), max_size=3).map(tuple),
    "weights": st.dictionaries(words, st.floats(), max_size=3),
    "by_number": st.dictionaries(int64, words, max_size=3),
    "legs_by_name": st.dictionaries(words, any_leg, max_size=2),
    "kind": st.sampled_from(["a", "b", 3]),
    "vector": st.lists(st.floats(), max_size=3).map(np.array),
    "whole": st.lists(int64, max_size=3).map(lambda values: np.array(values, dtype=int)),
}

# What a field may be sent: what it should be, nearly that, and what it should not be.
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | words
    | st.tuples(moments, zones).map(lambda pair: pair[0].replace(tzinfo=pair[1]).isoformat())
    | st.from_regex(r"\A20[0-9]{2}-0[1-9]-1[0-9][T ]0[0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|\+02:00)?\Z")
    | st.from_regex(r"\A[0-2][0-9]:[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?Z?\Z")
    | st.sampled_from(["BUY", "SELL", "RED", "r", "LOW", "2", "PT1.5S", "a", "b", "2024-01-02", "1.5", "true"])
    | st.sampled_from([0, 1, 2, 3, 1.0])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            words | st.sampled_from(["name", "ratio", "start", "length", "id", "1", "01"]), inner, max_size=3
        )
    ),
    max_leaves=4,
)


@pytest.fixture(scope="session")
def everything() -> type[Everything]:
    """A struct class with a field of every kind the generated code knows."""
    return Everything


@pytest.fixture(scope="session")
def slow() -> type[Slow]:
    """A struct class that only pydantic can read."""
    return Slow


@pytest.fixture(scope="session")
def structs() -> st.SearchStrategy[Everything]:
    """Random structs, any of their fields unset."""
    return some(**FIELDS).map(lambda fields: Everything(**fields))


@pytest.fixture(scope="session")
def slow_structs() -> st.SearchStrategy[Slow]:
    """Random structs of the class that only pydantic can read."""
    return some(
        anything=st.none() | words | int64,
        either=int64 | words,
        by_side=st.dictionaries(st.sampled_from(Side), int64, max_size=2),
        by_level=st.dictionaries(st.sampled_from(Level), int64, max_size=2),
        matrix=st.just(np.array([[1.0, np.nan], [2.0, 3.0]])),
        pair=st.tuples(int64, words),
        leg=any_leg,
    ).map(lambda fields: Slow(**fields))


@pytest.fixture(scope="session")
def payloads() -> st.SearchStrategy[dict[str, Any]]:
    """Random JSON objects for a struct: a few fields each, some as they should be and some not."""
    field = st.tuples(st.sampled_from([*FIELDS, "id", "timestamp", "nonsense"]), values)
    return st.lists(field, max_size=4).map(dict)
