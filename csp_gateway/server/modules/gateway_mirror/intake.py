"""Intake: messages of another gateway as ticks of a channel of this one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from pydantic import ValidationError

from csp_gateway.errors import did_you_mean
from csp_gateway.server.channels import Declaration
from csp_gateway.server.structs import decode_many

__all__ = ["Intake"]


class Intake:
    """Reads messages as ticks of one channel. A record keeps its ``id`` and ``timestamp``.

    Args:
        keys: of a basket, its keys.
    """

    def __init__(self, declaration: Declaration, keys: Iterable[Any] = ()) -> None:
        self.channel = declaration.name
        self.unreadable = 0
        """Records that were no records of the channel."""
        self.why = ""
        """What was wrong with the last of them."""
        self._declaration = declaration
        self._keys = {str(getattr(key, "name", key)): key for key in keys}

    def ticks(self, message: Mapping[str, Any]) -> list[Any]:
        """What is to tick, in this order; of a basket, dicts by key. What cannot be read is left out, and counted."""
        data, spelled = message["data"], str(message.get("key"))
        is_basket = self._declaration.is_basket
        if is_basket and spelled not in self._keys:
            self._refuse(len(data), f"there is no key {spelled!r}; {did_you_mean(spelled, self._keys)}")
            return []
        records = self._records(data)
        if self._declaration.listed:  # none of them could be read: that is no tick of no records
            records = [records] if records or not data else []
        return [{self._keys[spelled]: value} for value in records] if is_basket else records

    def _records(self, data: list[Any]) -> list[Any]:
        try:
            return decode_many(self._declaration.element, msgspec.json.encode(data))
        except ValidationError as error:
            if len(data) == 1:
                wrong = error.errors(include_url=False, include_input=False)[0]
                where = ".".join(str(each) for each in wrong["loc"][1:])
                self._refuse(1, f"{where}: {wrong['msg']}" if where else wrong["msg"])
                return []
            return [record for each in data for record in self._records([each])]

    def _refuse(self, count: int, why: str) -> None:
        self.unreadable += count
        self.why = f"channel {self.channel!r}: {why}"
