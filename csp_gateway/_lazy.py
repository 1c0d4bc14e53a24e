"""Names of a package (PEP 562), and modules, that load on first use, so that what is not used costs nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["later", "lazy_names"]


def lazy_names(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The ``__getattr__`` and ``__dir__`` of a package that offers names which live in other modules.

    Args:
        package: ``__name__`` of the package that calls this.
        homes: public name → module that defines it.

    Returns:
        A pair to assign to ``__getattr__`` and ``__dir__``. A name is imported when it is first read and is kept in
        the package from then on; a name that is not in ``homes`` is an ``AttributeError``, as for any module, and one
        of the server's is an ``ImportError`` that says so where the client alone is installed.
    """

    def load(name: str) -> Any:
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        try:
            value = getattr(import_module(home), name)
        except ModuleNotFoundError as error:
            if error.name != "csp_gateway.server":
                raise
            raise ImportError(
                f"{name} is of the server, and only the client is installed here: pip install csp-gateway"
            ) from None
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes})

    return load, names


class _Later:
    """A module that is imported when something of it is read."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"later({self._name!r})"

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._name), name)


def later(module: str) -> Any:
    """A module of ours, which is imported when something of it is read: for what only few of a file's users need.

    ::

        if TYPE_CHECKING:
            from csp_gateway.client import polars_frames
        else:
            polars_frames = later("csp_gateway.client.polars_frames")
    """
    return _Later(module)
