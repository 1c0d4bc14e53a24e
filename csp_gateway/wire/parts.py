"""What all parts of a query share: a key that is unknown is refused, and what is written can be read again."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from csp_gateway.wire.synonyms import nearest_option

__all__ = ["Part", "Path"]


_LONGEST_PATH = 1_000


def _a_path(path: str) -> str:
    if len(path) > _LONGEST_PATH:
        raise ValueError(f"a path has at most {_LONGEST_PATH:,} characters")
    for name in path.split("."):
        if not name.isidentifier() or name.startswith("__"):
            raise ValueError(f"an attribute is a name, or names joined by dots, not {path!r:.80}")
    return path


Path = Annotated[str, AfterValidator(_a_path)]
"""What leads to an attribute."""


class Part(BaseModel):
    """A part of a query.

    Where its JSON calls something by a word of Python's, such as ``in``, a call of Python's says ``in_``. Its own JSON
    leaves out what is as if it had not been given.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    nearby: ClassVar[Mapping[str, str]] = {}
    """Keys that do not belong here, but may well be meant; and where they belong."""
    instead: ClassVar[frozenset[str]] = frozenset()
    """Keys of what could stand in place of this part."""

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown(cls, data: Any) -> Any:
        known = {name.rstrip("_") for name in cls.model_fields}
        for key in data if isinstance(data, Mapping) else ():
            if key in known or key in cls.model_fields:
                continue
            if key in cls.nearby:
                raise ValueError(f"{key!r} belongs {cls.nearby[key]}")
            raise ValueError(f"{str(key)!r:.80} does not belong here; {nearest_option(str(key), known | cls.instead)}")
        return data

    @model_serializer(mode="wrap")
    def _as_json_names_it(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Names as they are, whether or not it is asked to go by aliases; an alias is a name without the underscore.
        defaults = {name.rstrip("_"): field.default for name, field in type(self).model_fields.items()}
        written = {name.rstrip("_"): value for name, value in handler(self).items()}
        return {name: value for name, value in written.items() if name not in defaults or value != defaults[name]}
