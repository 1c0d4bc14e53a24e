"""What was meant by a field, or by a member of an enum, that validation does not know: the nearest there is."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, get_args

import csp

from csp_gateway.errors import did_you_mean, one_of
from csp_gateway.server.structs.schema import fields_of

__all__ = ["with_nearest"]

_UNKNOWN_FIELD = "extra_forbidden"
_NO_MEMBER = "enum"
_LONGEST = 80


def with_nearest(fault: Mapping[str, Any], cls: type) -> dict[str, Any]:
    """A fault of pydantic's, as it was found in a record of ``cls`` or a list of them; it says which name is meant."""
    if fault["type"] == _UNKNOWN_FIELD:
        *place, name = fault["loc"]
        if (struct := _struct_at(cls, place)) is not None:
            near = did_you_mean(str(name)[:_LONGEST], fields_of(struct))
            return {**fault, "msg": f"{struct.__name__} has no field {str(name)[:_LONGEST]!r}; {near}"}
    if fault["type"] == _NO_MEMBER and (members := _members_at(cls, fault["loc"])):
        return {**fault, "msg": f"Input {one_of(fault['input'], members)}"}
    return dict(fault)


def _struct_at(cls: type, place: Sequence[str | int]) -> type | None:
    """The class of the struct at a place within one of ``cls``; None where there may be several."""
    struct: type | None = cls
    for step in place:
        fields = fields_of(struct) if struct is not None else {}
        if isinstance(step, str) and step in fields:
            struct = _one(fields[step].annotation, csp.Struct)
    return struct


def _members_at(cls: type, place: Sequence[str | int]) -> list[str]:
    """The names of the members of the enum at a place; none where there may be several."""
    steps = list(place)
    while steps:
        name = steps.pop()
        struct = _struct_at(cls, steps)
        if struct is not None and name in fields_of(struct):
            annotation = fields_of(struct)[str(name)].annotation
            found = _one(annotation, csp.Enum) or _one(annotation, Enum)
            return [] if found is None else list(found.__members__)  # type: ignore[attr-defined]  # both have them
    return []


def _one(annotation: Any, kind: type) -> type | None:
    """The class of this kind in an annotation, if there is exactly one."""
    found = set(_all(annotation, kind))
    return found.pop() if len(found) == 1 else None


def _all(annotation: Any, kind: type) -> list[type]:
    if isinstance(annotation, type) and issubclass(annotation, kind):
        return [annotation]
    return [cls for part in get_args(annotation) for cls in _all(part, kind)]
