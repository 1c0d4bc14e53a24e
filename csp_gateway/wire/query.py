"""Query: a question asked of a state, and of which records it is true.

::

    query  := {"filters": [filter, …],                  all of them must hold; none is every record
               "select": [path, …],                     only these attributes, instead of whole records
               "order_by": [order, …], "limit": n, "offset": n, "cursor": text,
               "group_by": [path, …], "aggregates": {name: aggregate, …}}       every part may be left out
    filter := {"attr": path, "by": condition} | {"and": [filter, …]} | {"or": [filter, …]} | {"not": filter}
    condition := {"value": number | text | true | false, "where": op}
               | {"when": time in ISO 8601, "where": op}    without a zone it is UTC
               | {"attr": path, "where": op}                another attribute of the same record
               | {"in": [value, …]} | {"between": [lowest, highest]} | {"like": pattern}
               | {"is_null": true | false} | {"is_nan": true | false}
    op     := "==" (the default) | "!=" | "<" | "<=" | ">" | ">="
    order  := path | {"attr": path, "descending": true | false}
    aggregate := {"count": "*" | path} | {"sum" | "avg" | "min" | "max": path}
               | {"last": path, "by": path}                 of the greatest ``by``, the timestamp if left out
               | {"quantile": path, "at": number from 0 to 1, or a list of them}
    path   := name, or names joined by dots: "leg.venue"

An attribute that is unset or None equals nothing, not even another such, and comes before and after nothing: of it only
``!=`` and ``is_null`` are true. NaN is the same, but is not null: it is found by ``is_nan``, which is asked of numbers.
So a condition always divides the records in two, and ``not`` takes the others. Enum members compare by name, times in
UTC, a date as its midnight. Times of day, dates and durations are given as a ``value``, as text in ISO 8601; so are all
times in ``in`` and ``between``, which both ends belong to. In a pattern ``%`` is any text, ``_`` any one character, a
backslash takes the next one as it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Self, TypeVar

from pydantic import BeforeValidator, Field, StrictBool, ValidationError, model_validator

from csp_gateway.errors import QueryError, did_you_mean
from csp_gateway.wire.aggregates import Aggregate
from csp_gateway.wire.filters import AnyFilter
from csp_gateway.wire.limits import refuse_excess
from csp_gateway.wire.parts import Part, Path
from csp_gateway.wire.reading import read_object
from csp_gateway.wire.spelling import spelled

__all__ = ["OrderBy", "Query"]

T = TypeVar("T")

_MOST = 2**53
"""Records that an answer has or passes over at most: up to there JSON has every whole number."""


class OrderBy(Part):
    """What an answer is ordered by; ascending has None first and NaN last, descending the other way round."""

    attr: Path
    descending: StrictBool = False


def _an_order(order: Any) -> Any:
    if not isinstance(order, str):
        return order
    if order.startswith("-"):
        raise ValueError(f'a descending order is written {{"attr": "{order[1:]:.80}", "descending": true}}')
    return {"attr": order}


class Query(Part):
    """The records that pass every filter, or what is to be told of them.

    Without filters, all records; whole and by key ascending, unless it says otherwise.
    """

    nearby = dict.fromkeys(("attr", "by", "and", "or", "not", "where"), "inside of `filters`")

    filters: list[AnyFilter] = []
    select: list[Path] | None = None
    order_by: list[Annotated[OrderBy, BeforeValidator(_an_order, json_schema_input_type=Path | OrderBy)]] = []
    limit: Annotated[int, Field(strict=True, ge=1, le=_MOST)] | None = None
    offset: Annotated[int, Field(strict=True, ge=0, le=_MOST)] = 0
    cursor: Annotated[str, Field(min_length=1)] | None = None
    group_by: list[Path] = []
    aggregates: dict[str, Aggregate] = {}

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
                query = read_object(query)
            return cls.model_validate(dict(query) if isinstance(query, Mapping) else {} if query is None else query)
        except ValidationError as error:
            raise QueryError(spelled(error)) from None

    def calculate(self, objs: Iterable[T]) -> list[T]:
        """Those of ``objs`` that pass the filters, whole and in their order: no other part of the query is looked at.

        Raises:
            QueryError: as ``Filter.calculate``.
        """
        places = [(each, f"filters[{index}].") for index, each in enumerate(self.filters)]
        return [obj for obj in objs if all(each.is_true_of(obj, place) for each, place in places)]

    @model_validator(mode="before")
    @classmethod
    def _refuse_excess(cls, data: Any) -> Any:
        return refuse_excess(data)

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        if self.select is not None:
            if not self.select:
                raise ValueError("select: it names no attribute; leave it out to have whole records")
            _refuse_twice("select", self.select)
        _refuse_twice("order_by", [order.attr for order in self.order_by])
        _refuse_twice("group_by", self.group_by)
        if self.cursor is not None and self.offset:
            raise ValueError("cursor: it says where to go on, and excludes `offset`")
        if "aggregates" in self.model_fields_set and not self.aggregates:
            raise ValueError('aggregates: none is named; name at least one, such as {"n": {"count": "*"}}')
        if self.aggregates:
            self._refuse_wrong_columns()
        elif self.group_by:
            raise ValueError(
                'group_by: groups are told by `aggregates`; name at least one, such as {"n": {"count": "*"}}'
            )
        return self

    def _refuse_wrong_columns(self) -> None:
        for part, given in (("select", self.select), ("cursor", self.cursor)):
            if given is not None:
                raise ValueError(f"{part}: it is of records, and excludes `aggregates`, which are of groups")
        for name in self.aggregates:
            if not name.isidentifier() or name.startswith("_"):
                raise ValueError(
                    f"aggregates: {name!r:.80} is no name: letters, digits and underscores, the first a letter"
                )
            if name in self.group_by:
                raise ValueError(f"aggregates.{name}: the answer has a column of this name already, from `group_by`")
        columns = [*self.group_by, *self.aggregates]
        for index, order in enumerate(self.order_by):
            if order.attr not in columns:
                raise ValueError(
                    f"order_by[{index}]: the answer has no column {order.attr!r}; {did_you_mean(order.attr, columns)}"
                )


def _refuse_twice(part: str, names: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if first.setdefault(name, index) != index:
            raise ValueError(f"{part}[{index}]: {name!r} stands there already, as {part}[{first[name]}]")
