"""How a condition is held against one object, whatever its class declares: what a query means, said the plain way."""

from collections.abc import Callable
from typing import Any

from csp_gateway.errors import QueryError, did_you_mean
from csp_gateway.wire.comparing import Kind, comparable, compare, constant, is_nan, members_of
from csp_gateway.wire.conditions import FilterCondition
from csp_gateway.wire.patterns import pattern_of
from csp_gateway.wire.values import Written

__all__ = ["is_true"]


def is_true(attr: str, by: FilterCondition, obj: Any, place: str) -> bool:
    """Whether the attribute of ``obj`` is as the condition has it.

    Args:
        place: what stands before the filter's own part in the places that errors name.

    Raises:
        QueryError: ``obj`` has no such attribute, or what it holds cannot be compared so.
    """
    held = _held(obj, attr, f"{place}attr")
    if by.is_null is not None:
        return (held is None) is by.is_null
    if by.is_nan is not None:
        return _is_nan(held, attr, f"{place}by.is_nan") is by.is_nan
    if by.in_ is None and by.between is None and by.like is None:
        return _is_compared_so(held, attr, by, obj, place)
    if held is None:
        return False
    kind, meant = _comparable(held, attr, f"{place}attr")

    def read(value: Written, there: str) -> Any:
        try:
            return constant(value, kind, members_of(held))
        except ValueError as error:
            raise QueryError(f"{place}by.{there}: with {attr!r}: {error}") from None

    if by.in_ is not None:
        return _is_one_of(meant, by.in_, read, members_of(held) is None)
    if by.between is not None:
        low, high = (read(end, f"between[{index}]") for index, end in enumerate(by.between))
        return compare(low, "<=", meant) and compare(meant, "<=", high)
    if kind is not Kind.TEXT:
        raise QueryError(f"{place}by.like: {attr!r} is {kind.value}: only text is like a pattern")
    return pattern_of(str(by.like)).match(meant) is not None


def _is_nan(held: Any, attr: str, place: str) -> bool:
    if held is None:
        return False
    kind, meant = _comparable(held, attr, place)
    if kind is not Kind.NUMBER:
        raise QueryError(f"{place}: {attr!r} is {kind.value}: only what is a number can be NaN")
    return is_nan(meant)


def _is_one_of(meant: Any, values: list[Any], read: Callable[[Written, str], Any], mixed: bool) -> bool:
    """With ``mixed``, values of other kinds may stand among them, as long as one can be compared."""
    readable, error = [], None
    for index, value in enumerate(values):
        try:
            readable.append(read(value, f"in[{index}]"))
        except QueryError as refused:
            if not mixed:
                raise
            error = error or refused
    if error is not None and not readable:
        raise error
    return any(compare(meant, "==", value) for value in readable)


def _is_compared_so(left: Any, attr: str, condition: FilterCondition, obj: Any, place: str) -> bool:
    by, said = condition.given
    right = _held(obj, str(said), f"{place}by.attr") if by == "attr" else said
    if left is None or right is None:
        return condition.where == "!="
    kind, meant = _comparable(left, attr, f"{place}attr")
    if by == "attr":
        other, right = _comparable(right, str(said), f"{place}by.attr")
        if other is not kind:
            raise QueryError(
                f"{place}by.attr: {said!r} is {other.value}, and {attr!r} is {kind.value}: they cannot be compared"
            )
    else:
        try:
            right = constant(right, kind, members_of(left))
        except ValueError as error:
            raise QueryError(f"{place}by.{by}: with {attr!r}: {error}") from None
    return compare(meant, condition.where, right)


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
