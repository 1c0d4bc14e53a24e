"""Packages that the client can do without, loaded when something needs them."""

from importlib import import_module
from typing import Any

__all__ = ["needed"]


_EXTRAS = {
    "anywidget": "notebook",
    "pandas": "pandas",
    "perspective": "notebook",
    "polars": "polars",
    "pyarrow": "arrow",
}
"""Which extra of the client brings a package."""


def needed(package: str, who: str) -> Any:
    """A package that need not be installed, for ``who`` to use.

    Raises:
        ImportError: it is not installed; the message says how to.
    """
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package.partition(".")[0]:
            raise
        extra = _EXTRAS.get(error.name.partition(".")[0], "pandas")
        said = f"{who} needs {error.name}: pip install 'csp-gateway-client[{extra}]'"
        raise ImportError(said, name=package) from error
