"""Packages that the client can do without, loaded when something needs them."""

from importlib import import_module
from typing import Any

__all__ = ["needed"]


def needed(package: str, who: str) -> Any:
    """A package that need not be installed, for ``who`` to use.

    Raises:
        ImportError: it is not installed; the message says how to.
    """
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise ImportError(f"{who} needs {package}: pip install csp-gateway-client[{package}]", name=package) from error
