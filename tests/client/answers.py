"""Records of every sort, and the two ways in which a gateway's answer of them travels."""

import enum
import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

import csp
import numpy as np
import pyarrow as pa
from csp.typing import Numpy1DArray
from hypothesis import strategies as st

from csp_gateway.client.response_wrapper import ResponseWrapper
from csp_gateway.server.structs import GatewayStruct
from csp_gateway.server.structs.tabular import StructRows


class Side(csp.Enum):
    BUY = 0
    SELL = 1


class Level(enum.Enum):
    LOW = 1
    HIGH = 2


class Span(csp.Struct):
    start: int
    length: timedelta


class Leg(GatewayStruct):
    name: str = "leg"
    ratio: float = 0.5
    when: datetime
    length: timedelta
    notes: dict[str, object]


class Fill(GatewayStruct):
    flag: bool
    count: int
    maybe: int | None
    price: float
    symbol: str
    day: date
    hour: time
    moment: datetime
    span: timedelta
    side: Side
    level: Level
    leg: Leg
    plain: Span
    maybe_leg: Leg | None = None
    legs: list[Leg]
    numbers: list[int]
    moments: list[datetime]
    spans: list[timedelta]
    vector: Numpy1DArray[float]
    weights: dict[str, float]
    either: int | str
    anything: object


moments = st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1))
spans = st.timedeltas(timedelta(days=-10_000), timedelta(days=10_000))
int64 = st.integers(-(2**63), 2**63 - 1)
numbers = st.floats(allow_nan=False, allow_infinity=False)
words = st.text(st.characters(codec="utf-8"), max_size=6)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


notes = st.dictionaries(words, st.integers(-9, 9) | st.lists(words, max_size=1), max_size=2)
legs = some(name=words, ratio=numbers, when=moments, length=spans, notes=notes).map(lambda fields: Leg(**fields))
fills = some(
    flag=st.booleans(),
    count=int64,
    maybe=st.none() | st.integers(-9, 9) | st.sampled_from([2**70]),
    price=numbers,
    symbol=words,
    day=st.dates(),
    hour=st.times(),
    moment=moments,
    span=spans,
    side=st.sampled_from(Side),
    level=st.sampled_from(Level),
    leg=legs,
    plain=st.builds(Span, start=int64, length=spans),
    maybe_leg=st.none() | legs,
    legs=st.lists(legs, max_size=2),
    numbers=st.lists(int64, max_size=2),
    moments=st.lists(moments, max_size=2),
    spans=st.lists(spans, max_size=2),
    vector=st.lists(numbers, max_size=2).map(np.array),
    weights=st.dictionaries(words, numbers, max_size=2),
    either=st.integers(-9, 9) | words,
    anything=st.none() | words | st.lists(st.integers(0, 9), max_size=2),
).map(lambda fields: Fill(**fields))


def resolved(schema: Any, among: dict[str, Any] | None = None) -> Any:
    """The schema with what its references mean in their place."""
    among = schema.get("$defs", {}) if among is None else among
    if isinstance(schema, list):
        return [resolved(each, among) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return resolved(among[schema["$ref"].rpartition("/")[2]], among)
    return {name: resolved(each, among) for name, each in schema.items() if name != "$defs"}


SCHEMA = {"type": "array", "items": resolved(Fill.model_json_schema())}
TYPE_NAME = f"{Fill.__module__}.{Fill.__qualname__}"


def stream_of(structs: Sequence[Fill]) -> bytes:
    """What the gateway answers in Arrow."""
    rows = StructRows(Fill, structs)
    sink = BytesIO()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        for batch in rows.batches():
            writer.write(batch)
    return sink.getvalue()


def json_of(structs: Sequence[Fill]) -> Any:
    """What it answers in JSON, read."""
    return [json.loads(row) for rows in StructRows(Fill, structs).json_rows() for row in rows]


def both_ways(structs: Sequence[Fill]) -> tuple[ResponseWrapper, ResponseWrapper]:
    """The answer by JSON, and by Arrow."""
    by_json = ResponseWrapper(json_of(structs), SCHEMA, TYPE_NAME)
    return by_json, ResponseWrapper.of_arrow(stream_of(structs), SCHEMA, TYPE_NAME)
