"""A message to a gateway as it travels over a live connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from csp_gateway.client.sayable import sayable
from csp_gateway.errors import WrongArgumentError

__all__ = ["spelled"]


def spelled(action: str, identifier: int, said: Mapping[str, Any]) -> bytes:
    """A message as it travels; what is as if it had not been said is left out.

    Raises:
        WrongArgumentError: a ``TypeError``: it says what cannot be said in JSON.
    """
    told = {name: value for name, value in said.items() if name != "id" and value is not None and value is not False}
    if not bytes(told.get("where", b"{}")):
        del told["where"]
    where = f"{action} of channel {said.get('channel')!r}"
    try:
        return msgspec.json.encode({"action": action, "id": identifier, **told}, enc_hook=lambda it: sayable(it, where))
    except UnicodeEncodeError as error:  # half of a surrogate pair
        raise WrongArgumentError(f"{where}: cannot be said in JSON: {error}") from None
