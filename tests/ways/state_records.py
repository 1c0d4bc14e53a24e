"""Records of every sort for a state, what each of their fields may hold, and all of it as JSON that can be kept.

Here a struct is a ``Fields``, a dict of what is set; ``built`` makes the real one.
"""

import enum
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, Dict, List, Optional, Union, get_args  # noqa: UP035  # csp reads these

import csp
import numpy as np
from csp.typing import Numpy1DArray

from csp_gateway import GatewayStruct


class Color(enum.Enum):
    RED = 1
    BLUE = 2
    CRIMSON = 1


class Mood(str, enum.Enum):  # noqa: UP042  # a member that is a text too, as users have them
    GLAD = "sad"
    a = "GLAD"


class Side(csp.Enum):
    BUY = 1
    SELL = 2


class Venue(csp.Struct):
    name: str
    rank: int


class Leg(csp.Struct):
    price: float
    venue: Venue
    side: Side


class LooseLeg(csp.Struct):
    price: float
    venue: Venue
    side: Side
    size: Optional[int]  # noqa: UP045


class Native(GatewayStruct):
    """Fields of which csp keeps out all that is of another type."""

    name: str
    count: int
    price: float
    over: bool
    at: datetime
    day: date
    clock: time
    wait: timedelta
    side: Side
    leg: Leg


class Mixed(csp.Struct):
    """Fields of every sort."""

    name: str
    count: int
    price: float
    over: bool
    at: datetime
    day: date
    clock: time
    wait: timedelta
    color: Color
    side: Side
    raw: bytes
    leg: LooseLeg
    maybe: Optional[int]  # noqa: UP045
    note: Optional[str]  # noqa: UP045
    due: Optional[datetime]  # noqa: UP045
    ratio: Optional[float]  # noqa: UP045
    tag: Union[int, str]  # noqa: UP007
    anything: object
    names: List[str]  # noqa: UP006
    legs: List[LooseLeg]  # noqa: UP006
    counts: Dict[str, int]  # noqa: UP006
    curve: Numpy1DArray[float]


CLASSES: Mapping[str, Any] = {"Native": Native, "Mixed": Mixed}
ENUMS: Mapping[str, Any] = {each.__name__: each for each in (Color, Mood, Side)}


class Fields(dict[str, Any]):
    """A struct: what is set of it, by name."""


def built(cls: Any, fields: Fields) -> Any:
    """The struct; what is set in it is exactly what was given."""
    types = cls.metadata(typed=True)
    values = {name: _value(types[name], value) for name, value in fields.items()}
    record = cls(**{name: values.pop(name) for name in ("id", "timestamp") if name in values})
    for name, value in values.items():
        setattr(record, name, value)
        assert written(getattr(record, name)) == written(value), f"csp made something else of {name}={value!r}"
    return record


def _value(declared: Any, value: Any) -> Any:
    if isinstance(value, Fields):
        return built(declared, value)
    if isinstance(value, list) and any(isinstance(each, Fields) for each in value):
        return [built(get_args(declared)[0], each) for each in value]
    return value


# --- As JSON ----------------------------------------------------------------------------------------------------------

_TAGS: Mapping[str, tuple[type, Any, Any]] = {
    "float": (float, str, float),
    "datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "date": (date, date.isoformat, date.fromisoformat),
    "time": (time, time.isoformat, time.fromisoformat),
    "span": (timedelta, lambda span: [span.days, span.seconds, span.microseconds], lambda said: timedelta(*said)),
    "bytes": (bytes, bytes.hex, bytes.fromhex),
    "decimal": (Decimal, str, Decimal),
    "int64": (np.int64, int, np.int64),
    "array": (np.ndarray, lambda array: written(array.tolist())["list"], lambda said: np.array(read({"list": said}))),
    "list": (list, lambda each: [written(item) for item in each], lambda each: [read(item) for item in each]),
    "tuple": (tuple, lambda each: [written(item) for item in each], lambda each: tuple(map(read, each))),
    "enum": (enum.Enum, lambda each: [type(each).__name__, each.name], lambda each: ENUMS[each[0]][each[1]]),
    "csp": (csp.Enum, lambda each: [type(each).__name__, each.name], lambda each: ENUMS[each[0]][each[1]]),
    "struct": (
        Fields,
        lambda each: {name: written(value) for name, value in each.items()},
        lambda each: Fields({name: read(value) for name, value in each.items()}),
    ),
    "dict": (
        dict,
        lambda each: [[written(key), written(value)] for key, value in each.items()],
        lambda each: {read(key): read(value) for key, value in each},
    ),
}


def written(value: Any) -> Any:
    """A value as JSON that keeps its type; a struct, of either form, by its fields."""
    if isinstance(value, csp.Struct):
        value = Fields({name: getattr(value, name) for name in type(value).metadata() if hasattr(value, name)})
    if value is None or type(value) in (bool, int, str) or (type(value) is float and math.isfinite(value)):
        return value
    if isinstance(value, enum.Enum):
        return {"enum": _TAGS["enum"][1](value)}
    for tag, (kind, write, _) in _TAGS.items():
        if isinstance(value, kind):
            return {tag: write(value)}
    raise TypeError(f"no tag for {value!r}")


def read(said: Any) -> Any:
    """What ``written`` wrote."""
    if not isinstance(said, dict):
        return said
    ((tag, inner),) = said.items()
    return _TAGS[tag][2](inner)


# --- What fields may hold ---------------------------------------------------------------------------------------------

UNSET: Any = enum.Enum("Unset", "UNSET").UNSET  # type: ignore[attr-defined]
"""Stands for a field that is not set."""

_ZONE = timezone(timedelta(hours=2))
TEXTS = ["", "a", "A", "ab", "a%b", "a_b", "a\\b", "it's", 'say "hi"', "a\0b", "é", "z\n", "\U0001f600", "5", "BUY"]
INTS = [0, 1, -1, 2, 3, 7, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)]
FLOATS = [0.0, -0.0, 1.0, 1.5, -1.5, 2.0, 3.25, 0.1, 1e300, 2.0**53, 2.0**63, math.nan, math.inf, -math.inf, 5e-324]
BOOLS = [True, False, False]
MOMENTS = [
    datetime(2024, 1, 1),
    datetime(2024, 1, 1, 12),
    datetime(2024, 1, 2),
    datetime(2024, 2, 29, 23, 59, 59, 999999),
    datetime(1970, 1, 1),
    datetime(1969, 12, 31, 23, 59, 59, 1),
]
DAYS = [date(2024, 1, 1), date(2024, 1, 2), date(1970, 1, 1), date(1969, 12, 31), date(1, 1, 1), date(9999, 12, 31)]
CLOCKS = [time(), time(12), time(12, 0, 0, 1), time(23, 59, 59, 999999)]
SPANS = [timedelta(), timedelta(seconds=1), timedelta(microseconds=-1), timedelta(days=1), timedelta(days=-1, hours=1)]
SIDES = list(Side)
COLORS = list(Color)

POOLS: Mapping[str, list[Any]] = {
    "name": TEXTS,
    "count": INTS,
    "price": FLOATS,
    "over": BOOLS,
    "at": MOMENTS,
    "day": DAYS,
    "clock": CLOCKS,
    "wait": SPANS,
    "side": SIDES,
    "color": COLORS,
    "raw": [b"", b"a", b"a\0", b"\xff"],
    "maybe": [None, 0, 1, 2, -(2**63)],
    "note": [None, "", "a", "GLAD", "sad", "a%b"],
    "due": [None, *MOMENTS],
    "ratio": [None, *FLOATS],
    "tag": [0, 1, 5, "5", "a", "", 2**70],
    "anything": [None, 1, 1.0, True, "a", "2024-01-01", datetime(2024, 1, 1), date(2024, 1, 1), b"a", math.nan],
    "names": [[], ["a"], ["a", "b"], [""]],
    "counts": [{}, {"a": 1}, {"a": 1, "b": 2}],
    "curve": [np.array([]), np.array([1.0, math.nan])],
    "rank": INTS,
    "size": [None, 0, 1, 2],
    "timestamp": MOMENTS,
    "id": ["1", "2", "3"],
}
"""Field → what its type is meant for."""

WILD: Mapping[str, list[Any]] = {
    "maybe": [2**70, -(2**70), True, "a", 2.5, "2"],
    "note": ["\ud800", Mood.GLAD, Mood.a, 5, b"a"],
    "due": [datetime(2024, 1, 1, 12, tzinfo=UTC), datetime(2024, 1, 1, 14, tzinfo=_ZONE), "2024-01-01", 0],
    "ratio": [2**53 + 1, 2**70, True, 1, "a"],
    "tag": [None, Mood.GLAD, 1.5, "\ud800"],
    "anything": [
        *(Mood.GLAD, Color.BLUE, Decimal("1"), Decimal("2.5"), Decimal("NaN"), [1, "a"], (1,)),
        *({"a": 1}, timedelta(hours=12), time(12), time(12, tzinfo=UTC), "12:00:00", "5", timedelta(seconds=5)),
        *("\ud800", 2**70, datetime(2024, 1, 1, 12, tzinfo=UTC), "P1D", timedelta(days=1), math.inf),
    ],
    "names": [["\0"]],
    "counts": [{"a": 2**70}, {"a": "x"}],
    "size": [2**70, "a", True],
}
"""Field → what csp lets it hold besides."""
