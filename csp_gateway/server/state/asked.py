"""What a query asks of one type of records: its paths resolved, its values of the kinds that they are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, TypeAlias

from csp_gateway.wire.comparing import Kind, Where

__all__ = [
    "Aggregate",
    "AllOf",
    "Among",
    "AnyOf",
    "Asked",
    "Attribute",
    "Between",
    "Comparison",
    "Function",
    "IsNan",
    "IsNull",
    "Like",
    "Opposite",
    "Order",
    "Test",
]

Function: TypeAlias = Literal["count", "sum", "avg", "min", "max", "last", "quantile"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """What a query's path leads to in one type of records."""

    path: str
    kinds: tuple[Kind, ...]
    """What it can hold that compares; every kind where nothing is declared, none where nothing of it compares."""
    declared: Any = Any
    """The type it is declared with."""
    members: type[Enum] | None = None
    """The enum whose members it holds, if it is declared so."""
    native: bool = False
    """Whether csp keeps anything out of it that does not compare as it is."""

    def __str__(self) -> str:
        return f"{self.path!r} is {' or '.join(kind.value for kind in self.kinds)}"


# Tests. What is unset or None passes no test but ``!=``, ``IsNull``, an unwanted ``IsNan``, and the opposite of those
# that it does not pass; so does NaN, except that it is not null.


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides that can be compared."""

    left: Attribute
    where: Where
    right: Attribute | Mapping[Kind, Any]
    """Another attribute; or a value, as it compares with what ``left`` may hold of each kind."""


@dataclass(frozen=True, slots=True)
class Among:
    """Equal to one of several values."""

    left: Attribute
    values: Mapping[Kind, tuple[Any, ...]]
    """The values, as they compare with what ``left`` may hold of each kind."""


@dataclass(frozen=True, slots=True)
class Between:
    """Not below the one value and not above the other."""

    left: Attribute
    low: Mapping[Kind, Any]
    high: Mapping[Kind, Any]
    """Of the same kinds as ``low``."""


@dataclass(frozen=True, slots=True)
class Like:
    """Text, or an enum member's name, of a pattern: ``%`` is any text, ``_`` any character, a backslash takes the next
    character as it is; upper and lower case differ."""

    left: Attribute
    pattern: str


@dataclass(frozen=True, slots=True)
class IsNull:
    """Unset or None, there or on the way there; or, if that is not wanted, neither."""

    left: Attribute
    wanted: bool


@dataclass(frozen=True, slots=True)
class IsNan:
    """NaN; or, if that is not wanted, anything else, what is unset or None included."""

    left: Attribute
    wanted: bool


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part passes."""

    parts: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part passes."""

    parts: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Opposite:
    """The part does not pass."""

    part: Test


Test: TypeAlias = Comparison | Among | Between | Like | IsNull | IsNan | AllOf | AnyOf | Opposite


@dataclass(frozen=True, slots=True)
class Order:
    """What an answer is ordered by: None first and NaN last, or the other way round; ties by key, ascending."""

    attribute: Attribute
    descending: bool


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One value made of the records of a group; what is None, unset or NaN is left out of all but ``last``."""

    name: str
    function: Function
    attribute: Attribute | None
    """None: records are counted, whatever they hold."""
    by: Attribute | None = None
    """Of ``last``: its value is that of the record which has the greatest value here; ties go to the greater key."""
    at: tuple[float, ...] = ()
    """Of ``quantile``: where, each from 0 to 1."""
    listed: bool = False
    """Of ``quantile``: whether a list was asked for, even if of one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A whole query, held against a type of records.

    It answers records; with ``select``, a dict by path of each; with ``aggregates``, a dict of each group.
    """

    record_type: Any
    test: Test | None = None
    select: tuple[Attribute, ...] | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    cursor: str | None = None
    group: tuple[Attribute, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    group_order: tuple[tuple[str, bool], ...] = ()
    """Of groups: column of the answer, and whether it descends."""
