"""One channel as FastAPI sees it: its names, its payload, and how it reads in OpenAPI."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, GetCoreSchemaHandler, TypeAdapter
from pydantic_core import PydanticCustomError, core_schema

from csp_gateway.server.channels import Declaration
from csp_gateway.server.structs import GatewayStruct, is_gateway_struct_like

__all__ = ["Error404", "OneOrMany", "Shape", "shape_of"]


class Error404(BaseModel):
    """The body of a 404."""

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


class OneOrMany:
    """A body that is one struct or an array of them, as a pydantic annotation; validated it is a list.

    Errors speak of what was sent: an object's are at ``("body", field)``, an array's at ``("body", index, field)``.
    """

    def __init__(self, struct: type[GatewayStruct], context: dict[str, Any]) -> None:
        self.struct = struct
        self.context = context

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        one = handler.generate_schema(self.struct)
        single, several = self.struct.type_adapter(), TypeAdapter(list[self.struct])  # type: ignore[name-defined]

        def validate(value: Any, _: Any) -> list[GatewayStruct]:
            if not isinstance(value, dict | list | self.struct):
                raise PydanticCustomError(
                    "object_or_array", "Input should be a JSON object or an array of objects, sent as application/json"
                )
            if isinstance(value, list):
                return several.validate_python(value, context=self.context)
            return [single.validate_python(value, context=self.context)]

        return core_schema.no_info_wrap_validator_function(
            validate, core_schema.union_schema([one, core_schema.list_schema(one)])
        )
