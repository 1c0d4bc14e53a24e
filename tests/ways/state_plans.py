"""Plans, drawn by Hypothesis: what is put into a state, and what it is asked, as JSON."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import cache
from itertools import chain
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.ways.state_oracle import ALL, BYTES, CLOCK, DECLARED, MEMBERS, MOMENT, NUMBER, SPAN, TEXT
from tests.ways.state_records import (
    CLASSES,
    CLOCKS,
    DAYS,
    INTS,
    MOMENTS,
    POOLS,
    SPANS,
    TEXTS,
    UNSET,
    WILD,
    Fields,
    written,
)

OPERATORS = ["==", "!=", "<", "<=", ">", ">="]
KEYS: Mapping[str, list[list[str]]] = {
    "Native": [
        *(["name"], ["count"], ["price"], ["leg.venue.rank", "side"], ["day", "over"], ["at", "clock"], ["id"]),
        *(["wait"], ["leg.price"], ["leg.venue.name"]),
    ],
    "Mixed": [
        # More than once: keys that DuckDB can order.
        *[["name"], ["leg.venue.name", "color"], ["count"]] * 3,
        *(["maybe"], ["note"], ["due", "day"], ["ratio"], ["tag", "count"]),
        *(["anything"], ["names"], ["raw"], ["leg.size"]),
    ],
}


@st.composite
def plans(draw: st.DrawFn, cls: str, wild: bool) -> Any:
    """A plan for a state of a class; with ``wild``, some fields also hold what is not of the type they are meant for.

    Not all of them, since DuckDB judges few of the records that do.
    """
    names = st.lists(st.sampled_from(sorted(WILD)), min_size=1, max_size=2, unique=True) if wild else st.just([])
    return draw(_plans(cls, frozenset(draw(names))))


@cache
def _plans(cls: str, wild: frozenset[str]) -> SearchStrategy[Any]:
    record = _records(cls, wild)
    change = st.fixed_dictionaries({"insert": record}) | st.fixed_dictionaries({"batch": st.lists(record, max_size=6)})
    ask = st.fixed_dictionaries({"ask": _queries(cls)})
    pages = st.fixed_dictionaries({"query": _paged(cls), "between": st.lists(change, max_size=4)})
    step = st.one_of(ask, ask, ask, ask, ask, change, st.fixed_dictionaries({"pages": pages}))
    first = st.fixed_dictionaries({"batch": st.lists(record, max_size=14)})
    return st.fixed_dictionaries(
        {
            "class": st.just(cls),
            "keys": st.sampled_from(KEYS[cls]),
            "aside": st.sampled_from([1_000, 1, 2]),
            "as_state": st.booleans(),
            "max_rows": st.sampled_from([None, None, 4, 8]),
            "tombstone": st.booleans(),
            # Two lists, since Hypothesis seldom draws a long one.
            "steps": st.tuples(first, *[st.lists(step, min_size=5, max_size=15)] * 2).map(
                lambda drawn: [drawn[0], *chain(*drawn[1:])]
            ),
        }
    )


# --- Records ----------------------------------------------------------------------------------------------------------


def _records(cls: str, wild: frozenset[str]) -> SearchStrategy[Any]:
    return _fields(CLASSES[cls].metadata(typed=True), wild, always=("id", "timestamp")).map(written)


def _fields(types: Mapping[str, Any], wild: frozenset[str], always: Sequence[str] = ()) -> SearchStrategy[Any]:
    values = {}
    for name, declared in types.items():
        if name in ("leg", "venue"):
            values[name] = st.just(UNSET) | _fields(declared.metadata(typed=True), wild)
        elif name == "legs":
            values[name] = st.sampled_from([UNSET, [], [Fields(price=1.0), Fields()], [Fields(venue=Fields(rank=1))]])
        else:
            pool = [*POOLS[name], *(WILD[name] if name in wild else [])]
            values[name] = st.sampled_from(pool if name in always else [UNSET, *pool, UNSET])
    return st.fixed_dictionaries(values).map(
        lambda drawn: Fields({name: value for name, value in drawn.items() if value is not UNSET})
    )


# --- Filters ----------------------------------------------------------------------------------------------------------


def _spelled(value: Any) -> Any:
    if isinstance(value, timedelta):
        micro = abs(value) // timedelta(microseconds=1)
        return f"{'-' if value < timedelta() else ''}P{micro // 86_400_000_000}DT{micro % 86_400_000_000 / 1e6:f}S"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value.name if isinstance(value, Enum) else value


_MOMENTS = [*map(_spelled, [*MOMENTS, *DAYS]), "2024-01-01T14:00:00+02:00", "2024-01-01T12:00:00Z", "2024-01-01T13"]
_OF_KIND: Mapping[str, list[Any]] = {
    NUMBER: [
        *INTS,
        2.5,
        -0.5,
        0.0,
        -0.0,
        1.0,
        1.5,
        0.1,
        1e300,
        -1e300,
        2**53 + 1,
        2**63,
        2**70,
        -(2**70),
        2.0**63,
        True,
    ],
    TEXT: [*TEXTS, "SELL", "GLAD", "sad", "b", "%", "\ud800"],
    MOMENT: _MOMENTS,
    CLOCK: [*map(_spelled, CLOCKS), "12:00:00+00:00"],
    SPAN: [*map(_spelled, SPANS), "PT0S", "PT24H"],
    BYTES: [],
}
_PATTERNS = [
    *TEXTS[:5],
    "%",
    "",
    "a%",
    "%b",
    "_",
    "a\\%b",
    "a_b",
    "a\\_b",
    "%\\\\%",
    "%'%",
    "_%_",
    "%\n",
    "G%",
    "%a%b%",
    "%\0%",
    "é",
]


def _constants(cls: str, path: str) -> dict[str, SearchStrategy[Any]]:
    if path in MEMBERS:
        return (
            {TEXT: st.sampled_from(sorted(MEMBERS[path].__members__))}
            if path == "color"
            else {TEXT: st.sampled_from(["BUY", "SELL"])}
        )
    return {kind: st.sampled_from(_OF_KIND[kind]) for kind in sorted(DECLARED[cls][path]) if _OF_KIND[kind]}


def _conditions(cls: str, path: str) -> SearchStrategy[Any]:
    kinds = DECLARED[cls][path]
    ways: list[SearchStrategy[Any]] = [st.fixed_dictionaries({"is_null": st.booleans()})]
    where = st.sampled_from(OPERATORS)
    constants = _constants(cls, path)
    if constants:
        one = st.one_of(*constants.values())
        ends = st.one_of(*(st.tuples(each, each).map(list) for each in constants.values()))
        compared = st.fixed_dictionaries({"value": one}, optional={"where": where})
        listed = st.fixed_dictionaries({"in": st.lists(one, min_size=1, max_size=4)})
        ways += [compared, compared, compared, listed, st.fixed_dictionaries({"between": ends})]
    if NUMBER in kinds:
        ways.append(st.fixed_dictionaries({"is_nan": st.booleans()}))
    if MOMENT in kinds:
        ways.append(st.fixed_dictionaries({"when": st.sampled_from(_MOMENTS)}, optional={"where": where}))
    if TEXT in kinds:
        ways.append(st.fixed_dictionaries({"like": st.sampled_from(_PATTERNS)}))
    others = [other for other, theirs in DECLARED[cls].items() if kinds & theirs]
    if others:
        ways.append(st.fixed_dictionaries({"attr": st.sampled_from(others)}, optional={"where": where}))
    return st.one_of(*ways)


def _filters(cls: str) -> SearchStrategy[Any]:
    leaf = st.one_of(
        *(st.fixed_dictionaries({"attr": st.just(path), "by": _conditions(cls, path)}) for path in DECLARED[cls])
    )
    some = st.lists(leaf | leaf.map(lambda each: {"not": each}), min_size=1, max_size=3)
    joined = some.map(lambda parts: {"and": parts}) | some.map(lambda parts: {"or": parts})
    deep = st.tuples(joined, joined).map(lambda two: {"or": list(two)}) | joined.map(lambda each: {"not": each})
    return leaf | leaf | joined | deep


# --- Queries ----------------------------------------------------------------------------------------------------------


def _ordered(paths: Sequence[str], least: int = 0, most: int = 2) -> SearchStrategy[Any]:
    each = st.sampled_from(paths)
    order = each | st.fixed_dictionaries({"attr": each}, optional={"descending": st.booleans()})
    return st.lists(
        order, min_size=least, max_size=most, unique_by=lambda one: one if isinstance(one, str) else one["attr"]
    )


def _comparing(cls: str) -> list[str]:
    return [path for path, kinds in DECLARED[cls].items() if kinds]


def _queries(cls: str) -> SearchStrategy[Any]:
    filters = st.lists(_filters(cls), max_size=2)
    limits = {"limit": st.sampled_from([1, 2, 3, 10]), "offset": st.sampled_from([0, 1, 2])}
    plain = st.fixed_dictionaries({"filters": filters}, optional=limits)
    selected = st.lists(st.sampled_from(sorted(DECLARED[cls])), min_size=1, max_size=4, unique=True)
    ordered = st.fixed_dictionaries(
        {"filters": filters, "order_by": _ordered(_comparing(cls))},
        optional=limits | {"select": selected},
    )
    return plain | plain | ordered | _grouped(cls, filters, limits)


def _paged(cls: str) -> SearchStrategy[Any]:
    order = _ordered(_comparing(cls), least=1)
    return st.fixed_dictionaries(
        {"limit": st.sampled_from([1, 2, 3]), "filters": st.lists(_filters(cls), max_size=1)},
        optional={"order_by": order},
    )


def _grouped(cls: str, filters: Any, limits: Any) -> SearchStrategy[Any]:
    paths = _comparing(cls)
    single = [path for path in paths if len(DECLARED[cls][path]) == 1]
    numbers = [path for path in paths if DECLARED[cls][path] == {NUMBER}]
    at = st.sampled_from([0, 0.25, 0.5, 1, [0.1, 0.9], [0.5]])
    anything = st.sampled_from(sorted(DECLARED[cls]))
    by = {"by": st.sampled_from(paths)}
    counts = [st.just({"count": "*"}), st.fixed_dictionaries({"count": anything})]
    functions = [
        *counts,
        *(st.fixed_dictionaries({name: st.sampled_from(numbers)}) for name in ("sum", "avg")),
        *(st.fixed_dictionaries({name: st.sampled_from(single)}) for name in ("min", "max")),
        st.fixed_dictionaries({"last": anything} | by),
        st.fixed_dictionaries({"quantile": st.sampled_from(numbers), "at": at}),
    ]
    if "timestamp" in paths:
        functions.append(st.fixed_dictionaries({"last": anything}))
    optional = {name: st.one_of(*functions) for name in ("b", "c", "d")}

    def with_groups(group_by: list[str]) -> SearchStrategy[Any]:
        said = {"filters": filters, "group_by": st.just(group_by), "order_by": _ordered([*group_by, "a"])}
        aggregates = st.fixed_dictionaries({"a": st.one_of(*counts)}, optional=optional)
        return st.fixed_dictionaries({**said, "aggregates": aggregates}, optional=limits)

    return st.lists(st.sampled_from(paths), max_size=2, unique=True).flatmap(with_groups)


assert {kind for kinds in DECLARED["Mixed"].values() for kind in kinds} == ALL
