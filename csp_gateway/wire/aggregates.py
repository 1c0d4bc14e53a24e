"""Aggregate: one value made of the records of a group."""

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, model_validator

from csp_gateway.wire.parts import Part, Path

__all__ = ["Aggregate", "AggregateFunction"]

AggregateFunction: TypeAlias = Literal["count", "sum", "avg", "min", "max", "last", "quantile"]

_FUNCTIONS: tuple[AggregateFunction, ...] = ("count", "sum", "avg", "min", "max", "last", "quantile")


def _points(at: Any) -> Any:
    if isinstance(at, list | tuple):
        if not at:
            raise ValueError("name at least one point from 0 to 1, such as 0.5, the median")
        return [_point(each) for each in at]
    return None if at is None else _point(at)


def _point(at: Any) -> float:
    if isinstance(at, bool) or not isinstance(at, int | float):
        raise ValueError("a point is a number from 0 to 1, such as 0.5, the median")
    if not 0 <= at <= 1:
        raise ValueError(f"{at!r:.80} is not from 0 to 1")
    return float(at)


class Aggregate(Part):
    """One function of an attribute, over a group: ``Aggregate(sum="size")``.

    ``count`` also takes ``"*"``, the records themselves. ``last`` is the value of the record that has the greatest
    value ``by`` an attribute, its ``timestamp`` unless another is named. ``quantile`` is taken ``at`` a point from 0
    to 1, or at several.
    """

    count: Literal["*"] | Path | None = None
    sum: Path | None = None
    avg: Path | None = None
    min: Path | None = None
    max: Path | None = None
    last: Path | None = None
    by: Path | None = None
    quantile: Path | None = None
    at: Annotated[float | list[float] | None, BeforeValidator(_points)] = None

    @model_validator(mode="after")
    def _refuse_none_and_several(self) -> Self:
        named = [name for name in _FUNCTIONS if getattr(self, name) is not None]
        if not named:
            raise ValueError(f"no function: name one of {', '.join(_FUNCTIONS)}")
        if len(named) > 1:
            raise ValueError(f"`{named[0]}` and `{named[1]}` exclude each other: give each a name of its own")
        if self.by is not None and self.last is None:
            raise ValueError(f"`by` stands beside `last`, not beside `{named[0]}`")
        if self.at is not None and self.quantile is None:
            raise ValueError(f"`at` stands beside `quantile`, not beside `{named[0]}`")
        if self.at is None and self.quantile is not None:
            raise ValueError("`quantile` needs `at`: a point from 0 to 1, such as 0.5, the median")
        return self

    @property
    def given(self) -> tuple[AggregateFunction, str]:
        """The function, and the path of what it is taken of; or ``"*"``."""
        return next((name, path) for name in _FUNCTIONS if (path := getattr(self, name)) is not None)
