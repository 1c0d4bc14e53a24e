"""JSON bytes as a struct."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter

from csp_gateway.server.structs.schema import adapter_of

__all__ = ["decode", "decode_many"]

S = TypeVar("S")


def decode(cls: type[S], data: bytes, context: Any = None) -> S:
    """The struct a JSON object stands for; raises ``pydantic.ValidationError``."""
    made: S = adapter_of(cls).validate_json(data, context=context)
    return made


def decode_many(cls: type[S], data: bytes, context: Any = None) -> list[S]:
    """The structs of a JSON array, or the one of a JSON object; raises ``pydantic.ValidationError``."""
    if data.lstrip()[:1] == b"[":
        return TypeAdapter(list[cls]).validate_json(data, context=context)  # type: ignore[valid-type]
    return [decode(cls, data, context)]
