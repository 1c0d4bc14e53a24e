"""The ``__init__`` of a struct class, written once per class."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import csp

from csp_gateway.server.structs.compile import compile_function
from csp_gateway.server.structs.identity import get_counter, mint_id, utc_now

__all__ = ["has_own_init", "make_init", "register", "without_place"]

_GENERATED = "__gateway_generated__"
_CPP_PLACE = re.compile(r"^[\w.:<>]+:\d+:\w+: ")


def make_init(cls: type, factories: Mapping[str, Callable[[], Any]]) -> Callable[..., None]:
    """An ``__init__`` for ``cls`` that fills in what is missing, has csp set the fields, and enters the lookup.

    Args:
        cls: the class; its ``__gateway_lookup__`` is the table of its structs.
        factories: field to the function that makes its default.
    """
    lines = [
        "def __init__(self, /, **fields):",
        "    if type(self) is not owner:  # a subclass that has an __init__ of its own",
        "        return init_general(self, fields)",
        '    if "id" not in fields:',
        '        fields["id"] = str(counter.next())',
        '    if "timestamp" not in fields:',
        '        fields["timestamp"] = utc_now()',
    ]
    for field in factories:
        lines += [f"    if {field!r} not in fields:", f"        fields[{field!r}] = factories[{field!r}]()"]
    lines += [
        "    struct_init(self, **fields)",
        "    if lookup.included:",
        '        lookup.put(fields["id"], self)',
    ]
    names = {
        "owner": cls,
        "init_general": _init_general,
        "counter": get_counter(),
        "utc_now": utc_now,
        "factories": dict(factories),
        "struct_init": csp.Struct.__init__,
        "lookup": vars(cls)["__gateway_lookup__"],
    }
    init = compile_function("__init__", lines, names, owner=f"__init__ of {cls.__module__}.{cls.__qualname__}")
    setattr(init, _GENERATED, True)
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__module__ = cls.__module__
    return init


def has_own_init(cls: type) -> bool:
    """Whether a user wrote the ``__init__`` that structs of ``cls`` are made with."""
    init = cls.__init__  # type: ignore[misc]  # read, not called: the class may be any subclass
    return init is not csp.Struct.__init__ and not getattr(init, _GENERATED, False)


def register(struct: Any) -> None:
    """Enter ``struct`` into the lookup of its class, if that is included; a struct csp itself made may have no id."""
    table = type(struct).__gateway_lookup__
    if table.included and hasattr(struct, "id"):
        table.put(struct.id, struct)


def without_place(error: Exception) -> str:
    """What csp says is wrong, without the line of its own source that csp puts before."""
    return _CPP_PLACE.sub("", str(error))


def _init_general(struct: Any, fields: dict[str, Any]) -> None:
    if "id" not in fields:
        fields["id"] = mint_id()
    if "timestamp" not in fields:
        fields["timestamp"] = utc_now()
    for field, factory in type(struct).__gateway_factories__.items():
        if field not in fields:
            fields[field] = factory()
    csp.Struct.__init__(struct, **fields)
    register(struct)
