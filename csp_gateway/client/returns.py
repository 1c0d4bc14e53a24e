"""ReturnType: what the verbs of a client return."""

from enum import StrEnum
from typing import Any, Literal, TypeAlias

from typing_extensions import TypeVar  # Python's has defaults from 3.13 on

from csp_gateway.errors import WrongArgumentError, did_you_mean

__all__ = ["AsArrow", "AsPandas", "AsPlain", "AsPolars", "AsWrapper", "R_co", "ResponseType", "ReturnType"]

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

    @classmethod
    def _missing_(cls, value: object) -> "ReturnType":
        for member in cls:
            if str(value).lower() == member.value:
                return member
        raise WrongArgumentError(f"there is no return type {value!r}; {did_you_mean(str(value), [*map(str, cls)])}")


R_co = TypeVar("R_co", covariant=True, default=Any)
"""What the verbs of a client return, for type checkers; Any where they cannot see it, and of JSON and structs."""

AsPlain: TypeAlias = Literal["raw", "json", "struct", ReturnType.Raw, ReturnType.JSON, ReturnType.Struct]
AsPandas: TypeAlias = Literal["pandas", ReturnType.Pandas]
AsPolars: TypeAlias = Literal["polars", ReturnType.Polars]
AsArrow: TypeAlias = Literal["arrow", ReturnType.Arrow]
AsWrapper: TypeAlias = Literal["wrapper", ReturnType.Wrapper]
