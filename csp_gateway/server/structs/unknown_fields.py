"""Unknown fields of records that were validated: each is told with the nearest field that there is."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import csp

from csp_gateway.errors import did_you_mean
from csp_gateway.server.structs.schema import fields_of

__all__ = ["with_nearest"]

_UNKNOWN = "extra_forbidden"
"""What pydantic calls it."""
_LONGEST = 80


def with_nearest(fault: Mapping[str, Any], cls: type) -> dict[str, Any]:
    """A fault of pydantic's, as it was found in a record of ``cls`` or a list of them; of an unknown field it says
    which is meant.
    """
    if fault["type"] != _UNKNOWN:
        return dict(fault)
    *place, name = fault["loc"]
    struct = _struct_at(cls, place)
    if struct is None:
        return dict(fault)
    near = did_you_mean(str(name)[:_LONGEST], fields_of(struct))
    return {**fault, "msg": f"{struct.__name__} has no field {str(name)[:_LONGEST]!r}; {near}"}


def _struct_at(cls: type, place: Sequence[str | int]) -> type | None:
    """The class of the struct at a place within one of ``cls``; None where there may be several."""
    struct: type | None = cls
    for step in place:
        fields = fields_of(struct) if struct is not None else {}
        if isinstance(step, str) and step in fields:
            found = set(_structs_in(fields[step].annotation))
            struct = found.pop() if len(found) == 1 else None
    return struct


def _structs_in(annotation: Any) -> list[type]:
    if isinstance(annotation, type) and issubclass(annotation, csp.Struct):
        return [annotation]
    return [struct for part in get_args(annotation) for struct in _structs_in(part)]
