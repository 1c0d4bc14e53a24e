"""Query and Filter: a question asked of a state, and of which records it is true.

::

    query  := {"filters": [filter, …]}                      all of them must hold; none is every record
    filter := {"attr": path, "by": condition}
    condition := {"value": number | text | true | false, "where": op}
               | {"when": time in ISO 8601, "where": op}    without a zone it is UTC
               | {"attr": path, "where": op}                another attribute of the same record
    op     := "==" (the default) | "!=" | "<" | "<=" | ">" | ">="
    path   := name, or names joined by dots: "leg.venue"

An attribute that is unset or None equals nothing, not even another such, and comes before and after nothing: of it
only ``!=`` is true. So ``==`` and ``!=`` always divide the records in two. Enum members compare by name, times in UTC,
a date as its midnight. Times of day, dates and durations are given as a ``value``, as text in ISO 8601.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from csp_gateway.errors import QueryError, did_you_mean
from csp_gateway.wire.comparing import COMPARE, Kind, Where, comparable, compare, constant, members_of

__all__ = ["Filter", "FilterCondition", "FilterWhere", "FilterWhereLambdaMap", "Query"]

FilterWhere = Where
FilterWhereLambdaMap = COMPARE

T = TypeVar("T")
_ERRORS_AT_MOST = 3


def _a_path(path: str) -> str:
    for name in path.split("."):
        if not name.isidentifier() or name.startswith("__"):
            raise ValueError("an attribute is a name, or names joined by dots")
    return path


def _a_value(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, datetime):
        raise ValueError("a time is given as `when`")
    if value is not None and not isinstance(value, bool | int | float | str):
        raise ValueError("a value is a number, text, true or false")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is finite")
    return value


def _a_time(value: Any) -> Any:
    # Pydantic would read a number, and text that looks like one, as seconds since 1970.
    return datetime.fromisoformat(value) if isinstance(value, str) else value


Path = Annotated[str, AfterValidator(_a_path)]


class FilterCondition(BaseModel):
    """What an attribute is compared with; of several the first in this order counts: ``value``, ``when``, ``attr``."""

    model_config = ConfigDict(extra="forbid")

    value: Annotated[bool | int | float | str | None, BeforeValidator(_a_value)] = None
    when: Annotated[datetime | None, Field(strict=True), BeforeValidator(_a_time)] = None
    attr: Path | None = None
    where: FilterWhere = "=="

    @model_validator(mode="after")
    def _refuse_empty(self) -> Self:
        if self.value is None and self.when is None and self.attr is None:
            raise ValueError("an empty condition: compare with a `value`, a time `when`, or another `attr`")
        return self

    @property
    def given(self) -> tuple[str, bool | int | float | str | datetime]:
        """Which of ``value``, ``when`` and ``attr`` counts, and what it says."""
        if self.value is not None:
            return "value", self.value
        if self.when is not None:
            return "when", self.when
        assert self.attr is not None, "pydantic refuses an empty condition"
        return "attr", self.attr


class Filter(BaseModel):
    """One comparison that a record must pass: ``Filter(attr="price", by=FilterCondition(value=10, where=">"))``."""

    model_config = ConfigDict(extra="forbid")

    attr: Path
    by: FilterCondition

    def calculate(self, obj: Any) -> bool:
        """Whether the comparison is true of ``obj``.

        Raises:
            QueryError: its class has no such attribute, or what it holds cannot be compared so.
        """
        return _is_true(self, obj, "")


class Query(BaseModel):
    """The records that pass every filter; without filters, all of them."""

    model_config = ConfigDict(extra="forbid")

    filters: list[Filter] = []

    @classmethod
    def of(cls, query: "Query | Mapping[str, Any] | str | bytes | None") -> Self:
        """A query as it is, or read from a mapping or from JSON text; None is the query of all records.

        Raises:
            QueryError: it cannot be read so; the message names each place that is wrong.
        """
        if isinstance(query, cls):
            return query
        try:
            if isinstance(query, str | bytes):
                return cls.model_validate_json(query)
            return cls.model_validate({} if query is None else query)
        except ValidationError as error:
            raise QueryError(_spelled(error)) from None

    def calculate(self, objs: Iterable[T]) -> list[T]:
        """Those of ``objs`` that pass, in their order.

        Raises:
            QueryError: as ``Filter.calculate``.
        """
        places = [(each, f"filters[{index}].") for index, each in enumerate(self.filters)]
        return [obj for obj in objs if all(_is_true(each, obj, place) for each, place in places)]


def _is_true(question: Filter, obj: Any, place: str) -> bool:
    left = _held(obj, question.attr, f"{place}attr")
    by, said = question.by.given
    right = _held(obj, str(said), f"{place}by.attr") if by == "attr" else said
    if left is None or right is None:
        return question.by.where == "!="
    kind, meant = _comparable(left, question.attr, f"{place}attr")
    if by == "attr":
        other, right = _comparable(right, str(said), f"{place}by.attr")
        if other is not kind:
            raise QueryError(
                f"{place}by.attr: {said!r} is {other.value}, and {question.attr!r} is {kind.value}: "
                f"they cannot be compared"
            )
    else:
        try:
            right = constant(right, kind, members_of(left))
        except ValueError as error:
            raise QueryError(f"{place}by.{by}: with {question.attr!r}: {error}") from None
    return compare(meant, question.by.where, right)


def _comparable(value: Any, path: str, place: str) -> tuple[Kind, Any]:
    kind, meant = comparable(value)
    if kind is Kind.OTHER:
        raise QueryError(f"{place}: {path!r} is a {type(value).__name__}, which compares with nothing")
    return kind, meant


def _held(obj: Any, path: str, place: str) -> Any:
    """What the path leads to from ``obj``; None where an attribute on the way is unset or None."""
    for name in path.split("."):
        try:
            obj = getattr(obj, name)
        except AttributeError:
            known = _attributes(obj)
            if name in known:
                return None
            raise QueryError(
                f"{place}: {type(obj).__name__} has no attribute {name!r}; {did_you_mean(name, known)}"
            ) from None
        if obj is None:
            return None
    return obj


def _attributes(obj: Any) -> set[str]:
    """The attributes that the classes of ``obj`` declare, and those it has."""
    declared = {name for cls in type(obj).__mro__ for name in getattr(cls, "__annotations__", ())}
    own = vars(obj).keys() if hasattr(obj, "__dict__") else ()
    return {name for name in declared.union(own) if not name.startswith("_")}


def _spelled(error: ValidationError) -> str:
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    said = [f"{_place(each['loc'])}{each['msg'].removeprefix('Value error, ')}" for each in errors[:_ERRORS_AT_MOST]]
    more = f"; and {len(errors) - _ERRORS_AT_MOST} more" if len(errors) > _ERRORS_AT_MOST else ""
    return f"not a query: {'; '.join(said)}{more}"


def _place(loc: tuple[int | str, ...]) -> str:
    """Where in a query: ``filters[0].by.where: ``."""
    spelled = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return f"{spelled.removeprefix('.')}: " if spelled else ""
