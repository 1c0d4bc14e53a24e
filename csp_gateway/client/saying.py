"""A message to a gateway as it travels over a live connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

__all__ = ["spelled"]


def spelled(action: str, identifier: int, said: Mapping[str, Any]) -> bytes:
    """A message as it travels; what is as if it had not been said is left out."""
    told = {name: value for name, value in said.items() if name != "id" and value is not None and value is not False}
    if not bytes(told.get("where", b"{}")):
        del told["where"]
    return msgspec.json.encode({"action": action, "id": identifier, **told})
