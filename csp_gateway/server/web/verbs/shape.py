"""One channel as FastAPI sees it: its names, its payload, and how it reads in OpenAPI."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from csp_gateway.server.channels import Declaration
from csp_gateway.server.structs import GatewayStruct, is_gateway_struct_like

__all__ = ["Detail", "Error404", "Shape", "shape_of"]


class Error404(BaseModel):
    """The body of a 404."""

    detail: str = ""


class Detail(BaseModel):
    """The body of every other refusal that is one sentence."""

    detail: str = ""


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


def shape_of(declaration: Declaration) -> Shape | None:
    """The shape of a channel; None if it does not carry structs, which REST cannot show."""
    if not is_gateway_struct_like(declaration.element):
        return None
    return Shape(declaration.name, declaration.element, declaration.listed)
