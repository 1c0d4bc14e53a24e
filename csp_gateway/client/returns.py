"""ReturnType: what the verbs of a client return."""

from enum import StrEnum
from typing import Any, TypeAlias

__all__ = ["ResponseType", "ReturnType"]

ResponseType: TypeAlias = Any
"""What a verb returns: which of them all, says the ``ReturnType``."""


class ReturnType(StrEnum):
    """What the verbs of a client return."""

    Raw = "raw"
    """What the JSON of the answer says: lists and dicts."""
    JSON = "json"
    """The same."""
    Pandas = "pandas"
    """A pandas data frame."""
    Polars = "polars"
    """A polars data frame."""
    Arrow = "arrow"
    """A pyarrow table."""
    Struct = "struct"
    """Structs: instances of the classes that tick in the gateway."""
    Wrapper = "wrapper"
    """A ``ResponseWrapper``, which can become any of these."""
