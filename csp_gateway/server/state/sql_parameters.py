"""The values of a SELECT's parameters: all that it names, none besides, and each of a type that DuckDB has."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from csp_gateway.errors import SqlError, did_you_mean
from csp_gateway.server.state.sql_functions import folded

__all__ = ["Parameters", "checked_parameters"]

Parameters: TypeAlias = Mapping[str, Any] | Sequence[Any] | None
"""By name for ``$name``, in order for ``?`` and ``$1``."""

_TYPES = (bool, int, float, str, bytes, Decimal, datetime, date, time, timedelta)
_NUMBERS = (int, float, Decimal)
_MOST = 100_000
"""Values of one list."""
_LONGEST = 1 << 14
"""Characters of one text, or bytes."""
_DIGITS = 38
"""Of a DECIMAL; one of more would be rounded."""
_DEEPEST = 8


def checked_parameters(wanted: Sequence[str], given: Parameters) -> dict[str, Any] | list[Any] | None:
    """The values as DuckDB takes them.

    Args:
        wanted: the parameters as the SELECT names them; those of ``?`` and ``$1`` are numbers.

    Raises:
        SqlError: one is missing, or is not named in the SELECT, or its value cannot be taken.
    """
    if given is not None and (isinstance(given, str | bytes) or not isinstance(given, Mapping | Sequence)):
        raise SqlError(f"parameters are an object by name or an array, not {type(given).__name__}")
    if not wanted:
        if given:
            raise SqlError("parameters are given, but the SELECT names none; write $name, $1 or ? in it")
        return None
    numbered = all(name.isdigit() for name in wanted)
    if numbered and isinstance(given, Mapping) and given:
        raise SqlError("the SELECT numbers its parameters, ? or $1; give their values as an array, in order")
    if not numbered and not isinstance(given, Mapping) and given:
        raise SqlError("the SELECT names its parameters; give their values as an object by name, without the $")
    named = given if isinstance(given, Mapping) else {str(number): each for number, each in enumerate(given or (), 1)}
    values = dict(named)
    _refuse_others(wanted, values, numbered=numbered)
    taken = {name: _taken(name, value) for name, value in values.items()}
    return list(taken.values()) if numbered else taken


def _refuse_others(wanted: Sequence[str], values: Mapping[str, Any], *, numbered: bool) -> None:
    known = {folded(name) for name in wanted}
    if not all(isinstance(name, str) for name in values):
        raise SqlError("parameters are named by texts")
    names = [folded(name) for name in values]
    missing = [name for name in wanted if folded(name) not in names]
    surplus = [name for name in values if folded(name) not in known]
    if missing and numbered:
        what = f"no value is given for {_listed(missing)}: the SELECT numbers {len(known)} and {len(values)} are given"
        raise SqlError(f"{what}; give an array of all as `parameters`, in order")
    if missing:
        other = f", and {_listed(surplus)} is not in the SELECT" if surplus else ""
        example = ", ".join(f'"{name:.40}": …' for name in missing[:10])
        raise SqlError(f"no value is given for {_listed(missing)}{other}; `parameters` says it: {{{example}}}")
    if surplus:
        near = did_you_mean(surplus[0], wanted)
        raise SqlError(f"the SELECT has no parameter {_listed(surplus)}; {near}; write it there, or do not give it")
    if len(set(names)) < len(names):
        raise SqlError("two parameters differ only in upper and lower case, which SQL does not tell apart")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"${name:.40}" for name in names[:10])


def _taken(name: str, value: Any, depth: int = 0) -> Any:
    if value is None:
        return None
    if isinstance(value, list | tuple):
        if len(value) > _MOST or depth == _DEEPEST:
            raise SqlError(f"parameter ${name}: a list has at most {_MOST} values, and is at most {_DEEPEST} deep")
        if len({_kind(each) for each in value if each is not None}) > 1:
            raise SqlError(f"parameter ${name}: the values of a list are of one type")
        return [_taken(name, each, depth + 1) for each in value]
    if not isinstance(value, _TYPES):
        known = ", ".join(each.__name__ for each in _TYPES)
        raise SqlError(f"parameter ${name} is a {type(value).__name__}; it may be None, {known}, or a list of these")
    if isinstance(value, str | bytes) and len(value) > _LONGEST:
        raise SqlError(f"parameter ${name} is longer than {_LONGEST:,}, which texts and bytes may be at most")
    if isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
        raise SqlError(f"parameter ${name} holds half of a surrogate pair, which is no character")
    if isinstance(value, int) and not -(2**127) <= value < 2**127:
        raise SqlError(f"parameter ${name} has more than 128 bits, which SQL's integers have at most")
    if isinstance(value, Decimal) and value.is_finite() and not _fits(value):
        raise SqlError(f"parameter ${name} has more than {_DIGITS} digits, which SQL's decimals have at most")
    return value


def _fits(value: Decimal) -> bool:
    _, digits, exponent = value.as_tuple()
    before = len(digits) + int(exponent)
    return max(before, 0) + max(-int(exponent), 0) <= _DIGITS


def _kind(value: Any) -> type:
    if isinstance(value, list | tuple):
        return list
    return float if isinstance(value, _NUMBERS) and not isinstance(value, bool) else type(value)
