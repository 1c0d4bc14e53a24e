"""Lets ``MyChannels.prices`` read as the channel's name, and refuses class bodies that say a name twice."""

from __future__ import annotations

import inspect
import sys
import threading
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from csp_gateway.errors import DeclarationError, UnknownChannelError, did_you_mean

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)  # its name is private, the class is not

__all__ = ["ChannelNames"]


class _Notes(dict[str, Any]):
    """A mapping that notes which names were set more than once."""

    def __init__(self, twice: set[str]) -> None:
        super().__init__()
        self.twice = twice

    def __setitem__(self, name: str, value: Any) -> None:
        if name in self:
            self.twice.add(name)
        if name == "__annotations__":
            # Python puts this mapping here when the class body has its first annotation; from 3.14 on only under
            # ``from __future__ import annotations``, and then a repeated default is what gives a repeated name away.
            value = _Notes(self.twice)
        super().__setitem__(name, value)


class ChannelNames(ModelMetaclass):
    """The metaclass of channels classes.

    Pydantic takes the defaults of fields out of the class, so reading a field on the class comes to ``__getattr__``
    here and answers its name. It is silent while a class is being made: pydantic asks ``hasattr(base, field)`` then,
    and would warn that a redeclared channel shadows an attribute.
    """

    _making = threading.local()

    @classmethod
    def __prepare__(mcs, name: str, bases: tuple[type, ...], /, **options: Any) -> dict[str, Any]:
        return _Notes(set())

    def __new__(mcs, name: str, bases: tuple[type, ...], body: dict[str, Any], **options: Any) -> Any:
        mcs._refuse_hiding(name, bases, body)
        ChannelNames._making.depth = getattr(ChannelNames._making, "depth", 0) + 1
        try:
            made = super().__new__(mcs, name, bases, dict(body), **options)
        finally:
            ChannelNames._making.depth -= 1
        fields: dict[str, Any] = made.model_fields  # type: ignore[attr-defined]  # pydantic's classes have it
        twice = sorted(getattr(body, "twice", set()).intersection(fields))
        if twice:
            raise DeclarationError(f"{name} declares {' and '.join(map(repr, twice))} twice: each name is one channel")
        mcs._refuse_hidden(made, fields)
        return made

    @staticmethod
    def _refuse_hiding(name: str, bases: tuple[type, ...], body: dict[str, Any]) -> None:
        annotated = body.get("__annotations__") or _annotated_lazily(body)
        for base in bases:
            inherited = getattr(base, "model_fields", {})
            for field in annotated:
                if not field.startswith("_") and field not in inherited and hasattr(base, field):
                    raise DeclarationError(
                        f"{name}.{field}: a channel cannot be called {field!r}, it would hide {base.__name__}.{field}; "
                        f"call it {field}_ or say what it carries"
                    )
            for field in body:
                if field in inherited and field not in annotated:
                    # Pydantic would take a method for the field's new default, and say nothing.
                    raise DeclarationError(
                        f"{name}.{field}: {field!r} is a channel or static field of {base.__name__} already; "
                        f"annotate it to declare it anew, or call this one something else"
                    )

    @staticmethod
    def _refuse_hidden(made: type, fields: dict[str, Any]) -> None:
        """Pydantic takes its fields out of class bodies, but not out of a mixin's, which would be read instead."""
        for field in fields:
            for owner in made.__mro__:
                if field in vars(owner):
                    raise DeclarationError(
                        f"{made.__name__}.{field}: a channel cannot be called {field!r}, {owner.__name__}.{field} "
                        f"hides it; call one of them something else"
                    )

    def __getattr__(cls, item: str) -> Any:
        if not item.startswith("_") and not getattr(ChannelNames._making, "depth", 0):
            fields = cls.__dict__.get("__pydantic_fields__")
            if fields and item in fields:
                return item
            if fields:
                near = did_you_mean(item, fields)
                raise UnknownChannelError(f"{cls.__name__} has no channel {item!r}; {near}{_asking_line()}")
        return super().__getattr__(item)  # type: ignore[misc]  # pydantic hides it from type checkers

    def __dir__(cls) -> list[str]:
        return [*super().__dir__(), *cls.model_fields]


def _asking_line() -> str:
    """Where the class was asked, as `` (file:line)``."""
    here = inspect.currentframe()
    asking = here.f_back.f_back if here is not None and here.f_back is not None else None
    return f" ({asking.f_code.co_filename}:{asking.f_lineno})" if asking is not None else ""


if sys.version_info >= (3, 14):
    from annotationlib import Format, call_annotate_function, get_annotate_from_class_namespace

    def _annotated_lazily(body: dict[str, Any]) -> dict[str, Any]:
        """The annotations of a class body that Python has not evaluated yet."""
        annotate = get_annotate_from_class_namespace(body)
        return call_annotate_function(annotate, Format.FORWARDREF) if annotate is not None else {}

else:

    def _annotated_lazily(body: dict[str, Any]) -> dict[str, Any]:
        """Before Python 3.14 every annotation is evaluated with its class body."""
        return {}
