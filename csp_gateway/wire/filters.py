"""Filter, and what joins filters: And, Or, Not."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar, Union

from pydantic import AfterValidator, BaseModel, Discriminator, Field, Tag, ValidationError, model_validator
from typing_extensions import TypeAliasType

from csp_gateway.errors import QueryError
from csp_gateway.wire.conditions import FilterCondition
from csp_gateway.wire.holding import is_true
from csp_gateway.wire.limits import refuse_excess
from csp_gateway.wire.parts import Part, Path
from csp_gateway.wire.spelling import spelled

__all__ = ["And", "AnyFilter", "Filter", "Not", "Or"]


class _Joinable(Part):
    """What is true of a record or is not: ``a & b`` and ``a | b`` are true of it if both, or either; ``~a`` if not."""

    @abstractmethod
    def is_true_of(self, obj: Any, place: str) -> bool:
        """As ``calculate``; ``place`` stands before the filter's own part in the places that errors name."""

    def calculate(self, obj: Any) -> bool:
        """Whether it is true of ``obj``. What decides ends it: after that, nothing more is looked at.

        Raises:
            QueryError: its class has no such attribute, or what it holds cannot be compared so.
        """
        return self.is_true_of(obj, "")

    def __and__(self, other: "AnyFilter") -> "And":
        return _built(And, "and", [*_parts(self, And), *_parts(other, And)])

    def __or__(self, other: "AnyFilter") -> "Or":
        return _built(Or, "or", [*_parts(self, Or), *_parts(other, Or)])

    def __invert__(self) -> "AnyFilter":
        return self.not_ if isinstance(self, Not) else _built(Not, "not", self)


class Filter(_Joinable):
    """One comparison that a record must pass: ``Filter(attr="price", by=FilterCondition(value=10, where=">"))``."""

    nearby = {name.rstrip("_"): "inside of `by`" for name in FilterCondition.model_fields if name != "attr"}
    instead = frozenset({"and", "or", "not"})

    attr: Path
    by: FilterCondition

    def is_true_of(self, obj: Any, place: str) -> bool:
        return is_true(self.attr, self.by, obj, place)


def _some(filters: list[Any]) -> list[Any]:
    if not filters:
        raise ValueError("it joins no filters: give at least one")
    return filters


class _Bounded(_Joinable):
    nearby = dict.fromkeys(("attr", "by", "and", "or", "not"), "in a filter of its own")

    @model_validator(mode="before")
    @classmethod
    def _refuse_excess(cls, data: Any) -> Any:
        return refuse_excess(data)


class And(_Bounded):
    """Every one of the filters is true: ``And(and_=[a, b])``, or ``a & b``."""

    and_: Annotated[list["AnyFilter"], AfterValidator(_some)] = Field(validation_alias="and", serialization_alias="and")

    def is_true_of(self, obj: Any, place: str) -> bool:
        return all(each.is_true_of(obj, f"{place}and[{index}].") for index, each in enumerate(self.and_))


class Or(_Bounded):
    """At least one of the filters is true: ``Or(or_=[a, b])``, or ``a | b``."""

    or_: Annotated[list["AnyFilter"], AfterValidator(_some)] = Field(validation_alias="or", serialization_alias="or")

    def is_true_of(self, obj: Any, place: str) -> bool:
        return any(each.is_true_of(obj, f"{place}or[{index}].") for index, each in enumerate(self.or_))


class Not(_Bounded):
    """The filter is not true: ``Not(not_=a)``, or ``~a``."""

    not_: "AnyFilter" = Field(validation_alias="not", serialization_alias="not")

    def is_true_of(self, obj: Any, place: str) -> bool:
        return not self.not_.is_true_of(obj, f"{place}not.")


def _which(data: Any) -> str:
    """Which filter data is meant to be, or a model is, by its keys; so that only errors of that one are told."""
    keys: Any = data if isinstance(data, Mapping) else type(data).model_fields if isinstance(data, BaseModel) else ()
    return next((f"<{name}>" for name in ("and", "or", "not") if name in keys or f"{name}_" in keys), "<filter>")


# An alias that has a name: the document describes it once, and refers to it from wherever filters stand.
AnyFilter = TypeAliasType(
    "AnyFilter",
    Annotated[
        Union[  # noqa: UP007  # the names are models only now
            Annotated[Filter, Tag("<filter>")],
            Annotated[And, Tag("<and>")],
            Annotated[Or, Tag("<or>")],
            Annotated[Not, Tag("<not>")],
        ],
        Discriminator(_which),
    ],
)

_J = TypeVar("_J", And, Or, Not)


def _parts(each: Any, joined: type[And] | type[Or]) -> Sequence[Any]:
    """What a filter says, as parts of one that joins such parts."""
    if isinstance(each, And) and joined is And:
        return each.and_
    return each.or_ if isinstance(each, Or) and joined is Or else [each]


def _built(joined: type[_J], name: str, parts: Any) -> _J:
    try:
        return joined.model_validate({name: parts})
    except ValidationError as error:
        raise QueryError(spelled(error)) from None


for _model in (And, Or, Not):
    _model.model_rebuild()
