"""Validators registered on a struct class, and the order in which they run."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from typing import Any, Literal
from weakref import WeakKeyDictionary

from pydantic_core import PydanticCustomError

__all__ = ["RuleBook", "ValidatorFn", "ValidatorMode", "apply_rule"]

ValidatorFn = Callable[[Any], Any]
"""Takes the value and returns it, or another in its place; raises ``ValueError`` to refuse."""

ValidatorMode = Literal["before", "pre", "after", "post"]

_MODES = {"before": "before", "pre": "before", "after": "after", "post": "after"}
_LOG = logging.getLogger(__name__)


class RuleBook:
    """The validators of every struct class of the process.

    A class's own rules come after those of the classes it inherits from, in the order they were registered.
    """

    def __init__(self) -> None:
        self._own: WeakKeyDictionary[type, dict[str, list[ValidatorFn]]] = WeakKeyDictionary()
        self._versions = itertools.count(1)
        self.version = 0
        """Changes whenever any rule is added or removed: what was prepared under another version is out of date."""

    def add(self, cls: type, rule: ValidatorFn, mode: str) -> None:
        """Register ``rule`` on ``cls``.

        Raises:
            ValueError: there is no such mode.
            TypeError: the rule cannot be called.
        """
        if not callable(rule):
            raise TypeError(f"a validator must be callable, not {type(rule).__name__}")
        self._own.setdefault(cls, {}).setdefault(_mode(mode), []).append(rule)
        self.version = next(self._versions)

    def clear(self, cls: type, mode: str | None) -> None:
        """Remove what was registered on ``cls`` itself; both modes when ``mode`` is None."""
        own = self._own.get(cls, {})
        for kind in list(own) if mode is None else [_mode(mode)]:
            own.pop(kind, None)
        self.version = next(self._versions)

    def of(self, cls: type, mode: str) -> list[ValidatorFn]:
        """The rules that apply to ``cls``, in the order they run."""
        kind = _mode(mode)
        return [rule for owner in reversed(cls.__mro__) for rule in self._own.get(owner, {}).get(kind, ())]

    def run(self, cls: type, value: Any, mode: str) -> Any:
        """``value`` after the rules of ``cls``.

        Raises:
            ValueError, AssertionError: a rule refused the value.
            PydanticCustomError: a rule returned None or raised something else, which is in the log.
            TypeError: an after rule returned something that is no ``cls``.
        """
        kind = _mode(mode)
        for rule in self.of(cls, kind):
            value = apply_rule(rule, cls, value, kind)
        return value


def _mode(mode: str) -> str:
    kind = _MODES.get(mode)
    if kind is None:
        raise ValueError(f"a validator runs 'before' or 'after', not {mode!r}")
    return kind


def apply_rule(rule: ValidatorFn, cls: type, value: Any, mode: str) -> Any:
    """What ``rule`` makes of ``value``, one of ``cls``; raises as ``RuleBook.run`` does."""
    name = getattr(rule, "__qualname__", None) or repr(rule)
    try:
        returned = rule(value)
    except (ValueError, AssertionError):  # pydantic's own ValidationError is a ValueError
        raise
    except Exception as error:
        _LOG.exception("%s validator %s of %s failed", mode, name, cls.__qualname__)
        message = "a validator of {struct} failed on this value"
        raise PydanticCustomError("validator_failed", message, {"struct": cls.__name__}) from error
    if returned is None and value is not None:
        told = {"struct": cls.__name__, "mode": mode, "validator": name}
        raise PydanticCustomError(
            "validator_returned_none", "{mode} validator {validator} of {struct} returned None", told
        )
    if mode == "after" and not isinstance(returned, cls):
        raise TypeError(
            f"after validator {name} of {cls.__name__} returned {type(returned).__name__}, not {cls.__name__}"
        )
    return returned
