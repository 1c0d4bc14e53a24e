"""The streams of one build: each channel, and each key of each basket."""

from collections.abc import Callable, Mapping
from typing import Any

from csp_gateway.errors import UnknownChannelError, WiringError, WrongIndexerError, did_you_mean
from csp_gateway.server.channels.ledger import spelled_key
from csp_gateway.server.channels.schema import Schema

__all__ = ["Stream", "Streams", "is_none", "spelled"]

Stream = tuple[str, Any]
"""A channel and one of its keys; the key is None where the channel is no basket."""


class Streams:
    """Which streams there are.

    Args:
        schema: what the channels class declares.
        keys: basket → its keys, for those whose class does not fix them.
    """

    def __init__(self, schema: Schema, keys: Mapping[str, tuple[Any, ...]]) -> None:
        self.schema = schema
        self.keys = {
            field: declaration.keys if declaration.keys is not None else tuple(keys.get(field, ()))
            for field, declaration in schema.items()
            if declaration.is_basket
        }
        """Basket → its keys, in order."""
        self._known = {field: frozenset(keys) for field, keys in self.keys.items()}

    def of(self, field: str) -> tuple[Any, ...]:
        """The keys of a channel; None alone for one that is no basket.

        Raises:
            UnknownChannelError: there is no such channel.
        """
        return self.keys[field] if self.schema[field].is_basket else (None,)

    def all(self) -> list[Stream]:
        """Every stream, in the order of declaration."""
        return [(field, key) for field in self.schema for key in self.of(field)]

    def one(self, field: str, key: Any = None, where: Callable[[str], str] | None = None) -> Stream:
        """The stream of a channel and key that there are.

        Args:
            where: says of a channel who asked and where, for the beginning of an error.

        Raises:
            UnknownChannelError: there is no such channel, or the basket has no such key.
            WrongIndexerError: a key for a channel that is no basket.
            WiringError: a basket, and no key.
        """
        declaration = self.schema[field]
        if declaration.is_basket and not is_none(key) and self._has(field, key):
            return field, key
        if not declaration.is_basket and is_none(key):
            return field, None
        asked = where(field) if where is not None else f"{self.schema.owner}.{field}"
        if not declaration.is_basket:
            raise WrongIndexerError(f"{asked}: a {declaration} is not a basket: leave the indexer {key!r} out")
        if is_none(key):
            raise WiringError(f"{asked}: which key of the basket? {self._say_keys(field)}")
        raise UnknownChannelError(f"{asked}: the basket has no key {key!r}; {self._nearest(field, key)}")

    def _has(self, field: str, key: Any) -> bool:
        if isinstance(key, bool):  # to Python, True is 1
            return False
        try:
            return key in self._known[field]
        except TypeError:  # it cannot be hashed
            return False

    def _nearest(self, field: str, key: Any) -> str:
        declaration = self.schema[field]
        if declaration.keys is not None:
            return f"a key is a member of {declaration.key_type.__name__}. {self._say_keys(field)}"
        if isinstance(key, str) and declaration.key_type is str:
            near = did_you_mean(key, self.keys[field])
            if near.startswith("did"):
                return near
        kind = {str: "a str", int: "an int"}.get(declaration.key_type, declaration.key_type.__name__)
        return f"a key is {kind} that `dynamic_keys` of a module or of the channels names. {self._say_keys(field)}"

    def _say_keys(self, field: str) -> str:
        keys = self.keys[field]
        more = f", … {len(keys)} in all" if len(keys) > 10 else ""
        return f"Its keys: {', '.join(map(spelled_key, keys[:10]))}{more}" if keys else "It was given no keys"


def is_none(key: Any) -> bool:
    """Whether an indexer is none: 0 is one, the empty string is not."""
    return key is None or (isinstance(key, str) and key == "")


def spelled(stream: Stream) -> str:
    """A stream in words: ``quotes``, or ``quotes[BUY]``."""
    field, key = stream
    return field if key is None else f"{field}[{spelled_key(key)}]"
