"""The class that a gateway names, if the program has it or trusts whoever wrote it; and its instances, of JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import is_dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

import msgspec
from pydantic import TypeAdapter

from csp_gateway.errors import UntrustedTypeError

__all__ = ["instances_of", "trusted_type"]


def trusted_type(type_name: str, trusted: Iterable[str] = ()) -> type:
    """The class of a name such as ``package.module.Order``.

    A gateway could name anything. So what the program has imported is looked at, and nothing else is imported than
    what is trusted; and the class must be of this very name, and one that instances are made of by validation.

    Args:
        trusted: names of classes, of modules and of packages, each of which trusts what is in it and below.

    Raises:
        UntrustedTypeError: a ``ValueError``: it may not be imported, or is not there, or is no such class.
    """
    module = next((each for each in _modules(type_name) if each in sys.modules), None)
    found = None if module is None else _found(module, type_name)
    if found is None and type_name.startswith("__main__."):
        raise UntrustedTypeError(
            f"Cannot import type {type_name!r}: the program that serves it defines it in its own script, which nobody "
            f"can import; move the class to a module that both programs import, or ask for JSON or a frame"
        )
    if found is None and any(type_name == each or type_name.startswith(f"{each}.") for each in trusted):
        module = _imported(type_name)
        found = _found(module, type_name)
        if found is None:
            raise UntrustedTypeError(f"Cannot import type {type_name!r}: there is no such class in {module}")
    if found is None:
        raise UntrustedTypeError(
            f"Cannot import type {type_name!r}: it is not imported yet, and not trusted; import its module, or write "
            f"GatewayClientConfig(trusted_types=({type_name!r},)), or the name of its module or package there"
        )
    if not (hasattr(found, "type_adapter") or hasattr(found, "model_validate") or is_dataclass(found)):
        raise UntrustedTypeError(
            f"Cannot import type {type_name!r}: it is no struct, pydantic model or dataclass; ask for JSON"
        )
    return found


def instances_of(cls: type, data: Any) -> Any:
    """The instance that an object of JSON stands for, validated; of a list of objects a list of instances.

    Raises:
        pydantic.ValidationError: a ``ValueError``: the gateway's class is another than this program's.
    """
    adapter = _adapter(cls, many=isinstance(data, list))
    return adapter.validate_json(msgspec.json.encode(data))  # JSON, as in it enums, times and NaN are read of text


@lru_cache(maxsize=128)
def _adapter(cls: Any, many: bool) -> TypeAdapter[Any]:
    kind: Any = list[cls] if many else cls
    return TypeAdapter(kind)


def _modules(type_name: str) -> Iterator[str]:
    """What may be its module; the longest first, as classes may be inside of classes."""
    parts = type_name.split(".")
    return (".".join(parts[:count]) for count in range(len(parts) - 1, 0, -1))


def _found(module: str, type_name: str) -> type | None:
    """The class itself, and no other object by way of which it can be reached."""
    found: Any = sys.modules[module]
    for part in type_name.removeprefix(f"{module}.").split("."):
        found = vars(found).get(part) if hasattr(found, "__dict__") else None
    if isinstance(found, type) and f"{found.__module__}.{found.__qualname__}" == type_name:
        return found
    return None


def _imported(type_name: str) -> str:
    """Import the module; its name."""
    missing = ""
    for module in _modules(type_name):
        try:
            import_module(module)
        except ModuleNotFoundError as error:
            # A class is no module, nor is what is in a class; a module that needs another one which is missing is one.
            if error.name is None or not f"{module}.".startswith(f"{error.name}."):
                raise UntrustedTypeError(f"Cannot import type {type_name!r}: {module}: {error}") from error
            missing = missing or str(error)
        except Exception as error:  # whatever stands in it may raise anything
            raise UntrustedTypeError(f"Cannot import type {type_name!r}: {module} raised {error!r}") from error
        else:
            return module
    raise UntrustedTypeError(f"Cannot import type {type_name!r}: {missing}; install what it is part of")
