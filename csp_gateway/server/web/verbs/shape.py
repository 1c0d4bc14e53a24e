"""One channel as FastAPI sees it: its names, its payload, and how it reads in OpenAPI."""

from dataclasses import dataclass
from typing import Any

from csp_gateway.errors import ConfigError
from csp_gateway.server.channels import Declaration
from csp_gateway.server.structs import GatewayStruct, is_gateway_struct_like
from csp_gateway.server.web.problem import Problem

__all__ = ["Detail", "Error404", "Shape", "shape_of", "why_not"]


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

    @property
    def spellings(self) -> list[str]:
        """The channel in a path: as it is, and with dashes for underscores."""
        return list(dict.fromkeys([self.channel, self.channel.replace("_", "-")]))

    @property
    def openapi(self) -> dict[str, Any]:
        """What clients read of an operation: which class its records are of."""
        return {"type_": f"{self.struct.__module__}.{self.struct.__qualname__}"}


def shape_of(declaration: Declaration) -> Shape:
    """The shape of a channel.

    Raises:
        ConfigError: REST cannot carry it; why, and what to do.
    """
    why = why_not(declaration)
    if why is not None:
        raise ConfigError(why)
    return Shape(declaration.name, declaration.element, declaration.listed)


def why_not(declaration: Declaration) -> str | None:
    """Why REST cannot carry a channel, and what to do; None if it can."""
    if declaration.is_basket:
        return (
            f"REST cannot carry channel {declaration.name!r}: it is a basket, {declaration}, and REST carries single "
            f"streams so far. Set a channel of its own from the basket, and mount that"
        )
    if not is_gateway_struct_like(declaration.element):
        return (
            f"REST cannot carry channel {declaration.name!r}: it is {declaration}, and REST carries GatewayStructs. "
            f"Wrap what ticks in a GatewayStruct, and mount a channel of that"
        )
    return None
