"""What a test can ask of a value: each check says in words what is wrong with it, or nothing."""

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from numbers import Real
from typing import Any

import numpy as np
from csp import Struct

from csp_gateway.errors import did_you_mean

__all__ = [
    "Check",
    "attributes",
    "different",
    "element",
    "equal",
    "instance_of",
    "length",
    "satisfying",
    "unset_attribute",
]

Check = Callable[[Any], str | None]
"""What is wrong with a value, in words; None if nothing is."""

_TOLD_AT_MOST = 10
_WIDTH = 300
_NEARLY = 1e-7


def equal(expected: Any, nearly: bool = False) -> Check:
    """The value equals ``expected``: field by field, element by element, and NaN equals NaN.

    Args:
        nearly: numbers may differ by 1e-7, or by 1e-7 of the larger one.
    """

    def check(found: Any) -> str | None:
        wrong = list(islice(_differences(expected, found, nearly, ""), _TOLD_AT_MOST + 1))
        if not wrong:
            return None
        told = [f"expected {'nearly ' if nearly else ''}{_short(expected)}", f"  found    {_short(found)}"]
        if wrong[0][0]:  # within the value, and not the value itself
            told += [f"  {where}: {what}" for where, what in wrong[:_TOLD_AT_MOST]]
            told += ["  and more"] * (len(wrong) > _TOLD_AT_MOST)
        if all(where.endswith((".id", ".timestamp")) for where, _ in wrong):
            told.append("  Every struct that is made has an id and a timestamp of its own: name the fields that matter")
        return "\n".join(told)

    return check


def different(unexpected: Any) -> Check:
    """The value does not equal ``unexpected``."""

    def check(found: Any) -> str | None:
        return None if any(_differences(unexpected, found, False, "")) else f"expected anything but {_short(found)}"

    return check


def instance_of(expected: type | tuple[type, ...]) -> Check:
    """The value is of a type, or of one of several."""

    def check(found: Any) -> str | None:
        if isinstance(found, expected):
            return None
        types = expected if isinstance(expected, tuple) else (expected,)
        names = " or ".join(each.__name__ for each in types)
        return f"expected {names}\n  found    {type(found).__name__} {_short(found)}"

    return check


def length(expected: int) -> Check:
    """The value has so many elements."""

    def check(found: Any) -> str | None:
        if not hasattr(found, "__len__"):
            return f"expected {expected} elements\n  found    {_short(found)}, which has no length"
        return (
            None
            if len(found) == expected
            else f"expected {expected} elements\n  found    {len(found)}: {_short(found)}"
        )

    return check


def attributes(checks: Mapping[str, Check]) -> Check:
    """Each named attribute is set, and its value is right."""

    def check(found: Any) -> str | None:
        wrong = []
        for name, check_it in checks.items():
            complaint = _misnamed(found, name)
            if complaint is None:
                complaint = check_it(getattr(found, name)) if hasattr(found, name) else "it is unset"
            if complaint is not None:
                wrong.append(f".{name}: {complaint}")
        return "\n  ".join([*wrong, f"of {_short(found)}"]) if wrong else None

    return check


def unset_attribute(name: str, expected: bool = True) -> Check:
    """An attribute is unset, or with ``expected=False`` set, to whatever."""

    def check(found: Any) -> str | None:
        complaint = _misnamed(found, name)
        if complaint is None and hasattr(found, name) == expected:
            complaint = f"expected unset\n  found    {_short(getattr(found, name))}" if expected else "it is unset"
        return f".{name}: {complaint}\n  of {_short(found)}" if complaint else None

    return check


def element(index: int, check_it: Check) -> Check:
    """The element at a position is right."""

    def check(found: Any) -> str | None:
        try:
            one = found[index]
        except IndexError:
            return f"[{index}]: there are {len(found)} elements: {_short(found)}"
        except (KeyError, TypeError):
            return f"[{index}]: {_short(found)} has no positions"
        complaint = check_it(one)
        return f"[{index}]: {complaint}" if complaint else None

    return check


def satisfying(f: Callable[[Any], Any]) -> Check:
    """``f`` of the value does not give False; None, for one, is right. What it raises is not caught."""

    def check(found: Any) -> str | None:
        verdict = f(found)
        wrong = isinstance(verdict, bool | np.bool_) and not verdict
        return f"{getattr(f, '__qualname__', repr(f))} gave False for {_short(found)}" if wrong else None

    return check


def _misnamed(found: Any, name: str) -> str | None:
    """What is wrong with asking ``found`` for an attribute of this name, set or not."""
    if isinstance(found, Struct):
        if hasattr(type(found), name) or name in type(found).metadata():
            return None
        return f"{type(found).__name__} has no such field; {did_you_mean(name, type(found).metadata())}"
    return None if hasattr(found, name) else f"{type(found).__name__} has no such attribute"


# Two values side by side: where they differ, and how.


def _differences(expected: Any, found: Any, nearly: bool, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(expected, np.ndarray) or isinstance(found, np.ndarray):
        yield from _of_arrays(expected, found, nearly, where)
    elif isinstance(expected, Struct) and type(expected) is type(found):
        yield from _of_structs(expected, found, nearly, where)
    elif isinstance(expected, dict) and isinstance(found, dict):
        yield from _of_dicts(expected, found, nearly, where)
    # csp's lists in structs are a kind of list of their own.
    elif any(isinstance(expected, kind) and isinstance(found, kind) for kind in (list, tuple)):
        yield from _of_sequences(expected, found, nearly, where)
    elif not _same(expected, found, nearly):
        yield where, f"expected {_short(expected)}, found {_short(found)}"


def _of_structs(expected: Struct, found: Struct, nearly: bool, where: str) -> Iterator[tuple[str, str]]:
    for name in type(expected).metadata():
        if hasattr(expected, name) and hasattr(found, name):
            yield from _differences(getattr(expected, name), getattr(found, name), nearly, f"{where}.{name}")
        elif hasattr(expected, name):
            yield f"{where}.{name}", f"expected {_short(getattr(expected, name))}, found it unset"
        elif hasattr(found, name):
            yield f"{where}.{name}", f"expected it unset, found {_short(getattr(found, name))}"


def _of_dicts(expected: dict[Any, Any], found: dict[Any, Any], nearly: bool, where: str) -> Iterator[tuple[str, str]]:
    for key in [*expected, *(key for key in found if key not in expected)]:
        if key not in found:
            yield f"{where}[{key!r}]", f"expected {_short(expected[key])}, found nothing"
        elif key not in expected:
            yield f"{where}[{key!r}]", f"expected nothing, found {_short(found[key])}"
        else:
            yield from _differences(expected[key], found[key], nearly, f"{where}[{key!r}]")


def _of_sequences(expected: Any, found: Any, nearly: bool, where: str) -> Iterator[tuple[str, str]]:
    if len(expected) != len(found):
        yield where or "length", f"expected {len(expected)} elements, found {len(found)}"
    for index, (one, other) in enumerate(zip(expected, found, strict=False)):
        yield from _differences(one, other, nearly, f"{where}[{index}]")


def _of_arrays(expected: Any, found: Any, nearly: bool, where: str) -> Iterator[tuple[str, str]]:
    one, other = np.asarray(expected), np.asarray(found)
    if one.shape != other.shape:
        yield where or "shape", f"expected shape {one.shape}, found {other.shape}"
        return
    same = (one == other) | ((one != one) & (other != other))
    if nearly and one.dtype.kind in "iuf" and other.dtype.kind in "iuf":
        same |= np.isclose(one.astype(float), other.astype(float), rtol=_NEARLY, atol=_NEARLY)
    for index in np.argwhere(~np.asarray(same, dtype=bool)):
        place = tuple(index)
        yield f"{where}[{', '.join(map(str, place))}]", f"expected {_short(one[place])}, found {_short(other[place])}"


def _same(expected: Any, found: Any, nearly: bool) -> bool:
    numbers = nearly and _is_number(expected) and _is_number(found)
    if numbers and math.isclose(expected, found, rel_tol=_NEARLY, abs_tol=_NEARLY):
        return True
    # What is not equal to itself is NaN, or NaT.
    return bool(np.all(expected == found)) or bool(np.all((expected != expected) & (found != found)))


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
