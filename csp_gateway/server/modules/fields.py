"""MountFieldRestRoutes: the static fields of the channels, over REST."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from fastapi import Request
from fastapi.responses import Response
from pydantic import Field, TypeAdapter, field_validator, model_validator
from pydantic.errors import PydanticSchemaGenerationError

from csp_gateway.errors import ConfigError, UnknownChannelError, did_you_mean
from csp_gateway.server.channels import ChannelSelection, GatewayChannels
from csp_gateway.server.module import GatewayModule
from csp_gateway.server.web import refuse_unknown

if TYPE_CHECKING:
    from csp_gateway.server.settings import GatewaySettings
    from csp_gateway.server.web import GatewayWebApp

__all__ = ["MountFieldRestRoutes"]


class MountFieldRestRoutes(GatewayModule):
    """Serves the values of static fields as JSON, each at ``field/<name>``, and their names at ``field``.

    Which fields is said by ``fields`` or by ``selection``, of which one has to be given.
    """

    requires: ChannelSelection | None = ChannelSelection(include=[])
    fields: list[str] | None = Field(default=None, description="Static fields to serve, by their names.")
    selection: ChannelSelection | None = Field(
        default=None, description="The same as a selection; what it names and is no static field is passed over."
    )
    route: str = Field(default="/field", description="Where they are, under the API's path.")

    @field_validator("route")
    @classmethod
    def _one_leading_slash(cls, route: str) -> str:
        if not route.strip("/"):
            raise ValueError("the fields need a path of their own under the API's, such as /field")
        return f"/{route.strip('/')}"

    @model_validator(mode="after")
    def _told_which(self) -> Self:
        if (self.fields is None) == (self.selection is None):
            raise ValueError("say which static fields to serve: fields=['metadata'], or selection={'include': […]}")
        return self

    def connect(self, channels: GatewayChannels) -> None:
        """Hold that the fields are there, and that JSON can say them.

        Raises:
            UnknownChannelError: there is no such field; the message names the nearest.
            ConfigError: it is a channel, or JSON has no form for its value.
        """
        for name in self._chosen(channels):
            _written(channels, name)

    def rest(self, app: GatewayWebApp) -> None:
        """Add the routes."""
        names = sorted(self._chosen(app.channels))
        router = app.get_router("api", self.api_version)

        async def fields(request: Request) -> list[str]:
            refuse_unknown(request, ())
            return names

        router.add_api_route(
            self.route,
            fields,
            methods=["GET"],
            summary="List fields",
            description="The static fields that can be read.",
            operation_id="list_fields",
        )
        # Where the lists of the verbs are; of those the documentation shows one spelling too.
        router.add_api_route(f"{self.route}/", fields, methods=["GET"], include_in_schema=False)
        for name in names:
            app.note_mounted(self.route.strip("/"), name, self.api_version)
            for spelling in dict.fromkeys([name, name.replace("_", "-")]):
                router.add_api_route(
                    f"{self.route}/{spelling}",
                    _reader(app.channels, name),
                    methods=["GET"],
                    response_model=Any,
                    summary=f"Get field {name}",
                    description=f"The value of the static field `{name}`.",
                    operation_id=f"get_field_{name}",
                    include_in_schema=spelling == name,
                )

    def info(self, settings: GatewaySettings) -> str:
        """Where the routes are."""
        return f"fields    {settings.public_api(self.api_version)}{self.route}"

    def _chosen(self, channels: GatewayChannels) -> list[str]:
        if self.selection is not None:
            return self.selection.select_from(channels, static_fields=True)
        statics = [name for name in channels.fields() if name not in channels.declared]
        for name in self.fields or ():
            if name in channels.declared:
                raise ConfigError(
                    f"MountFieldRestRoutes serves static fields, and {name!r} is a channel of "
                    f"{type(channels).__name__}: serve it with MountRestRoutes"
                )
            if name not in statics:
                raise UnknownChannelError(
                    f"{type(channels).__name__} has no static field {name!r}; {did_you_mean(name, statics)}"
                )
        return list(dict.fromkeys(self.fields or ()))


def _reader(channels: GatewayChannels, name: str) -> Callable[[Request], Response]:
    # In a thread: the value may be large, and is read anew, for a module may have changed what is in it.
    def field(request: Request) -> Response:
        refuse_unknown(request, ())
        return Response(_written(channels, name), 200, {"cache-control": "no-store"}, "application/json")

    return field


def _written(channels: GatewayChannels, name: str) -> bytes:
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(channels.get_outer_type(name))
    except PydanticSchemaGenerationError:
        adapter = TypeAdapter(Any)  # which looks at the value itself
    try:
        return adapter.dump_json(getattr(channels, name), warnings="error")
    except ValueError as error:  # pydantic's own is one of them
        raise ConfigError(f"the static field {name!r} cannot be written as JSON: {error}. Leave it out") from error
