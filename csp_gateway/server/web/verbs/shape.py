"""One channel as FastAPI sees it: its names, its payload, and how it reads in OpenAPI."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from csp_gateway.errors import ConfigError
from csp_gateway.server.channels import Declaration
from csp_gateway.server.structs import GatewayStruct, is_gateway_struct_like
from csp_gateway.server.web.problem import Problem

__all__ = ["Detail", "Error404", "Shape", "shape_of", "takes_nothing", "why_not"]


Error404 = Problem
"""The body of a 404."""

Detail = Problem
"""The body of every other refusal that is one sentence."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A channel that REST can carry."""

    channel: str
    struct: type[GatewayStruct]
    listed: bool
    container: type | None = None
    """None for one stream; ``dict`` or ``list`` for a basket."""
    keys: Mapping[str, Any] = field(default_factory=dict)
    """How a key of the basket is spelled in a path → the key: an enum's by name, otherwise its text."""

    @property
    def spellings(self) -> list[str]:
        """The channel in a path: as it is, and with dashes for underscores."""
        return list(dict.fromkeys([self.channel, self.channel.replace("_", "-")]))

    @property
    def openapi(self) -> dict[str, Any]:
        """What clients read of an operation: which class its records are of, and whether a tick is a list of them."""
        said = {"type_": f"{self.struct.__module__}.{self.struct.__qualname__}"}
        return {**said, "listed_": True} if self.listed else said

    def records(self, value: Any, *, of_key: bool = False) -> list[GatewayStruct]:
        """What ``last`` says of the channel, or of one key of it, as records: of a basket, key by key in order."""
        if value is None:
            return []
        if self.container is None or of_key:
            ticks = [value]
        else:
            values = value.values() if self.container is dict else value
            ticks = [tick for tick in values if tick is not None]
        return [record for tick in ticks for record in tick] if self.listed else ticks


def shape_of(declaration: Declaration, keys: Iterable[Any] = (), verb: str | None = None) -> Shape:
    """The shape of a channel.

    Args:
        keys: of a basket, its keys in order.
        verb: what the shape is for.

    Raises:
        ConfigError: REST cannot carry it; why, and what to do.
    """
    why = why_not(declaration, verb)
    if why is not None:
        raise ConfigError(why)
    spelled = {str(getattr(key, "name", key)): key for key in keys}
    return Shape(declaration.name, declaration.element, declaration.listed, declaration.container, spelled)


def takes_nothing(field: str) -> str:
    """Why a channel cannot be sent to that no module has opened, and what to do."""
    return (
        f"channel {field!r} takes nothing from outside: let a module call channels.add_send_channel({field!r}) "
        f"in its connect"
    )


def not_staged(field: str) -> str:
    """Why nothing of a channel is held back, and what to do."""
    return (
        f"channel {field!r} is not staged: call channels.set_stage({field!r}) in a connect, or declare it with "
        f"Annotated[…, Stage()]"
    )


def is_set_by_none(field: str, key: str | None = None) -> str:
    """Why nothing ever ticks on a channel that no module sets, or on a key of it, and what to do."""
    if key is not None:
        return f"no module sets key {key!r} of channel {field!r}: let one set it in its connect, or leave the key out"
    return (
        f"channel {field!r} is declared, and no module sets it: let one call channels.set_channel({field!r}, …) in "
        f"its connect, or channels.add_send_channel({field!r}) to have it fed from outside"
    )


def why_not(declaration: Declaration, verb: str | None = None) -> str | None:
    """Why REST cannot carry a channel under any verb, or under this one, and what to do; None if it can."""
    if not is_gateway_struct_like(declaration.element):
        return (
            f"REST cannot carry channel {declaration.name!r}: it is {declaration}, and REST carries GatewayStructs. "
            f"Wrap what ticks in a GatewayStruct, and mount a channel of that"
        )
    if verb == "history" and declaration.is_basket:
        return (
            f"REST cannot carry the history of channel {declaration.name!r}: it is a basket, {declaration}, and a "
            f"history is of one stream. Set a channel of its own from the basket, and mount that"
        )
    return None
