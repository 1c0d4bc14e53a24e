"""FilterCondition: what an attribute is compared with."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, model_validator

from csp_gateway.wire.comparing import COMPARE, Where
from csp_gateway.wire.parts import Part, Path
from csp_gateway.wire.patterns import pattern_of
from csp_gateway.wire.values import Listed, Time, Value, Written

__all__ = ["FilterCondition", "FilterWhere", "FilterWhereLambdaMap"]

FilterWhere = Where
FilterWhereLambdaMap = COMPARE

_COMPARED = ("value", "when", "attr")
_ASKED = ("in_", "between", "like", "is_null", "is_nan")


def _some(values: list[Any]) -> list[Any]:
    if not values:
        raise ValueError("no value is equal to one of none: give at least one")
    return values


def _two(ends: Any) -> Any:
    if isinstance(ends, list | tuple) and len(ends) != 2:
        raise ValueError(f"a range is [lowest, highest], not {len(ends)} value{'s' * (len(ends) != 1)}")
    return ends


def _a_pattern(like: str) -> str:
    pattern_of(like)
    return like


class FilterCondition(Part):
    """What an attribute must be like.

    It is compared with something by ``where``; of several the first in this order counts: ``value``, ``when``,
    ``attr``. Or, alone, it is one of the values ``in_`` (in JSON ``in``), ``between`` two values or equal to one of
    them, ``like`` a pattern of SQL's, ``is_null``: unset or None, or ``is_nan``: no number, among numbers.
    """

    value: Value = None
    when: Time = None
    attr: Path | None = None
    where: FilterWhere = "=="
    in_: Annotated[list[Listed], AfterValidator(_some)] | None = Field(
        None, validation_alias="in", serialization_alias="in"
    )
    between: Annotated[tuple[Listed, Listed], BeforeValidator(_two)] | None = None
    like: Annotated[str, AfterValidator(_a_pattern)] | None = None
    is_null: StrictBool | None = None
    is_nan: StrictBool | None = None

    @model_validator(mode="after")
    def _refuse_none_and_several(self) -> Self:
        asked = [name.rstrip("_") for name in _ASKED if getattr(self, name) is not None]
        compared = [name for name in _COMPARED if getattr(self, name) is not None]
        if not asked and not compared:
            raise ValueError(
                "an empty condition: compare with a `value`, a time `when`, or another `attr`, "
                "or ask for `in`, `between`, `like`, `is_null` or `is_nan`; null equals nothing, ask for it "
                "by `is_null`"
            )
        if not asked:
            return self
        if len(asked) + len(compared) > 1:
            raise ValueError(f"{' and '.join(f'`{name}`' for name in (asked + compared)[:2])} exclude each other")
        if "where" in self.model_fields_set:
            raise ValueError(f"`where` stands beside `value`, `when` or `attr`, not beside `{asked[0]}`")
        return self

    @property
    def given(self) -> tuple[str, Written]:
        """Of a comparison: which of ``value``, ``when`` and ``attr`` counts, and what it says."""
        if self.value is not None:
            return "value", self.value
        if self.when is not None:
            return "when", self.when
        assert self.attr is not None, "the condition is no comparison"
        return "attr", self.attr
