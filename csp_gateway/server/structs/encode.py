"""A struct as JSON bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from csp_gateway.server.structs.schema import adapter_of

__all__ = ["encode", "encode_many"]


def encode(struct: Any) -> bytes:
    """The struct as a JSON object."""
    return adapter_of(type(struct)).dump_json(struct)


def encode_many(structs: Iterable[Any]) -> bytes:
    """The structs as a JSON array."""
    return b"[" + b",".join(map(encode, structs)) + b"]"
