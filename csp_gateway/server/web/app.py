"""GatewayWebApp: FastAPI, a router for every verb and version, and what modules may add to them."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.types import Receive, Scope, Send

from csp_gateway.errors import DeclarationError, NoProviderException
from csp_gateway.server.state import SqlLimits
from csp_gateway.server.structs import GatewayStruct, is_gateway_struct_like
from csp_gateway.server.web.caching import never_stored
from csp_gateway.server.web.compress import Compress
from csp_gateway.server.web.deadline import Deadline, Patience
from csp_gateway.server.web.docs import mount_docs, redirect_home
from csp_gateway.server.web.front import Front
from csp_gateway.server.web.guard import Guard
from csp_gateway.server.web.head import as_get
from csp_gateway.server.web.health import mount_health
from csp_gateway.server.web.idempotency import Replies
from csp_gateway.server.web.listings import Listings
from csp_gateway.server.web.live import Hub, Rules, mount_stream
from csp_gateway.server.web.page import mount_meta, mount_page
from csp_gateway.server.web.reply import mount_errors
from csp_gateway.server.web.verbs import (
    Accepted,
    Intake,
    Newest,
    Shape,
    Waiter,
    Writer,
    collected,
    mount_control,
    mount_history,
    mount_last,
    mount_lookup,
    mount_lookup_any,
    mount_next,
    mount_send,
    mount_sql,
    mount_stage,
    mount_state,
    shape_of,
)
from csp_gateway.server.web.workers import Workers

if TYPE_CHECKING:
    from csp_gateway.server.channels import GatewayChannels, Outside
    from csp_gateway.server.gateway import Gateway

__all__ = ["GatewayWebApp"]

_EXPOSED = [
    *("ETag", "Idempotent-Replayed", "Link", "Retry-After", "X-Acknowledged"),
    *("X-Epoch", "X-Next-Cursor", "X-Reason", "X-Recovered", "X-Remaining"),
]
"""Headers that pages of other origins may read."""


class GatewayWebApp(Listings):
    """The web side of one gateway, given to each module's ``rest``.

    It is an ASGI application itself; what is added after ``seal`` is not served.
    """

    def __init__(self, gateway: Gateway, *, ui: bool) -> None:
        super().__init__(gateway.settings)
        self.gateway = gateway
        self.ui = ui
        self.logger = logging.getLogger("csp_gateway.web")
        self.page_config: dict[str, Any] = {}
        """What modules tell the page; read when the page is asked for."""
        settings = self.settings
        self.app = FastAPI(
            title=settings.TITLE,
            description=settings.DESCRIPTION,
            version=settings.VERSION,
            docs_url=None,
            redoc_url=None,
            # One schema a class: otherwise every struct is in the documentation twice, as -Input and -Output.
            separate_input_output_schemas=False,
        )
        self.app.gateway = gateway  # type: ignore[attr-defined]  # where modules of the older package look for it
        self._epoch = uuid.uuid4().hex
        self.patience = Patience(settings)
        self.workers = Workers()
        self.hub = Hub(self.channels, self.workers, settings.MAX_CLIENTS)
        self._front = Front(self._ask_fastapi, self.outside, self.patience, self._epoch, settings.COMPRESS_BYTES)
        self._entrance: Any = Guard(self._behind_the_guard, settings, self.workers)
        self.replies: Replies[Accepted] = Replies(lambda accepted: len(accepted.body))
        mount_errors(self.app, lambda request: self.hint(self.own_path(request)))
        mount_health(self.app, lambda: gateway.health)
        contact = {"name": settings.AUTHOR, "email": settings.EMAIL}
        contact = {key: value for key, value in contact.items() if value}
        mount_docs(self.app, contact, self.patience.most, self._structs)
        # The newest is the outermost: what takes long, the deadline covers.
        self.app.add_middleware(Compress, least=settings.COMPRESS_BYTES, workers=self.workers)
        self.app.add_middleware(Deadline, patience=self.patience)
        if settings.BACKEND_CORS_ORIGINS:
            origins = [str(origin).rstrip("/") for origin in settings.BACKEND_CORS_ORIGINS]
            self.app.add_middleware(
                CORSMiddleware,
                allow_origins=origins,
                allow_credentials=True,
                allow_methods=["*"],
                allow_headers=["*"],
                expose_headers=_EXPOSED,
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request: the guard first, then the front, unless other origins need their headers."""
        root = self.settings.ROOT_PATH
        if root:
            # Some proxies take the prefix away, and some do not: from here on it is in root_path alone.
            path = scope.get("path", "")
            stripped = path[len(root) :] or "/" if f"{path}/".startswith(f"{root}/") else path
            scope = {**scope, "root_path": root, "path": stripped}
        await self._entrance(scope, receive, send)

    async def _behind_the_guard(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope, send = as_get(scope, send)
        # The front asks for no credentials, and adds no headers for other origins.
        past_the_front = self.guarded or self.settings.BACKEND_CORS_ORIGINS
        await (self._ask_fastapi if past_the_front else self._front)(scope, receive, send)

    async def _ask_fastapi(self, scope: Scope, receive: Receive, send: Send) -> None:
        root = self.settings.ROOT_PATH
        if scope["type"] == "http" and self.is_api_path(scope["path"]):
            send = never_stored(send)
        if root and "path" in scope:
            # As ASGI has it; what redirects says where to without the prefix otherwise.
            scope = {**scope, "path": f"{root}{scope['path']}"}
        await self.app(scope, receive, send)

    def _structs(self) -> list[type[GatewayStruct]]:
        elements = [declaration.element for declaration in self.channels.declared.values()]
        return [element for element in dict.fromkeys(elements) if is_gateway_struct_like(element)]

    @property
    def channels(self) -> GatewayChannels:
        """The gateway's channels, wired and running."""
        return self.gateway.channels

    @property
    def outside(self) -> Outside:
        """What may be asked of the channels."""
        return self.gateway.channels.outside

    def get_fastapi(self) -> FastAPI:
        """The FastAPI application."""
        return self.app

    # The verbs, one channel at a time. Each raises ConfigError for a channel that carries no structs.

    def add_last_api(self, field: str, version: str | None = None) -> None:
        """Serve ``GET last/<field>``."""
        shape = self._mount("last", field, version)
        newest = Newest(self.outside, Writer(shape, self.workers))
        mount_last(self.get_router("last", version), self.outside, newest, self._epoch)
        if self.channels.is_provided(field):
            for spelling in shape.spellings:
                self._front.answer_last(self.api_path(f"last/{spelling}", version), newest)

    def add_next_api(self, field: str, version: str | None = None) -> None:
        """Serve ``GET next/<field>``."""
        shape = self._mount("next", field, version)
        writer = Writer(shape, self.workers)
        mount_next(self.get_router("next", version), self.outside, writer)
        # What is large may be compressed, which is not done before FastAPI.
        if self.channels.is_provided(field) and not (shape.listed or shape.container):
            waiter = Waiter(self.outside, writer, self.patience)
            for spelling in shape.spellings:
                self._front.answer_next(self.api_path(f"next/{spelling}", version), waiter)

    def add_send_api(self, field: str, version: str | None = None, *, keep_identity: bool = False) -> None:
        """Serve ``POST send/<field>``; ``keep_identity`` believes the id and timestamp a client sends."""
        shape = self._mount("send", field, version)
        intake = self.intake(field, keep_identity=keep_identity)
        for spelled in intake.opened:
            self.note_mounted("send", f"{field}/{spelled}", version)
        router = self.get_router("send", version)
        mount_send(router, shape, intake, self.replies, self.workers, made_here=not keep_identity)
        for spelling in shape.spellings:
            self._front.answer_send(self.api_path(f"send/{spelling}", version), intake)

    def intake(self, field: str, *, keep_identity: bool = False) -> Intake:
        """What takes bodies that are sent to a channel; ``keep_identity`` believes the id and timestamp in them."""
        shape = self.shape(field)
        (opened,) = [each.keys for each in self.channels.send_channel_descriptors() if each.channel == field] or [()]
        open_keys = [spelled for spelled, key in shape.keys.items() if key in opened]
        return Intake(self.outside, shape, _identity(keep_identity), open_keys)

    def add_lookup_api(self, field: str, version: str | None = None) -> None:
        """Serve ``GET lookup/<field>/<id>``, and with the first of them ``GET lookup/id/<id>``.

        Raises:
            DeclarationError: the channel is named as the look-up of all classes is.
        """
        if field == "id":
            raise DeclarationError(
                "channel 'id' cannot be looked up: lookup/id/<id> finds structs of every class. Give the channel "
                "another name, or leave it out: MountRestRoutes(mount_lookup={'exclude': ['id']})"
            )
        first = not self.is_mounted("lookup", version)
        shape = self._mount("lookup", field, version)
        if first:
            mount_lookup_any(self.get_router("lookup", version))
        mount_lookup(self.get_router("lookup", version), shape)

    def add_history_api(self, field: str, version: str | None = None) -> None:
        """Serve ``GET history/<field>``."""
        shape = self._mount("history", field, version)
        mount_history(self.get_router("history", version), self.outside, shape)

    def add_state_api(self, alias: str, version: str | None = None) -> None:
        """Serve ``GET state/<alias>``, and of a state that is collected key by key ``GET state/<alias>/<key>``.

        Raises:
            ConfigError: its records are no structs.
            NoProviderException: no state is called so.
        """
        struct, keys = collected(self.channels, alias)
        self.note_mounted("state", alias, version)
        seconds = self.settings.SQL_SECONDS
        mount_state(self.get_router("state", version), self.outside, alias, struct, keys, seconds)

    def add_stage_api(self, field: str, version: str | None = None, *, keep_identity: bool = False) -> None:
        """Serve all methods of ``stage/<field>``; ``keep_identity`` believes the id and timestamp a client sends.

        Raises:
            NoProviderException: the channel is not staged.
        """
        if field not in self.channels.staged_channels():
            raise NoProviderException(
                f"channel {field!r} is not staged: call channels.set_stage({field!r}) in a connect, or declare it "
                f"with Annotated[…, Stage()]; staged are {', '.join(self.channels.staged_channels()) or 'none'}"
            )
        self.note_mounted("stage", field, version)
        router, declaration = self.get_router("stage", version), self.channels.declared[field]
        mount_stage(router, self.channels, declaration, _identity(keep_identity))

    def add_controls_api(self, name: str, version: str | None = None) -> None:
        """Serve ``controls/<name>``: ``heartbeat``, ``stats`` or ``shutdown``.

        Raises:
            ConfigError: there is no such control, or no channel over which the engine can be asked.
        """
        mount_control(self.get_router("controls", version), self.gateway, name, self.statistics)
        self.note_mounted("controls", name, version)

    def add_stream_api(
        self, fields: Iterable[str], version: str | None = None, *, prefix: str, readonly: bool, beat_seconds: float
    ) -> None:
        """Serve ``WS <prefix>``, over which channels are followed and sent to, and ``GET <prefix>``, which lists them.

        Raises:
            ConfigError: a channel carries no structs.
        """
        followed = [field for field in fields if self.channels.is_provided(field)]
        for field in followed:
            self.hub.serve(self.shape(field))
        sends = {} if readonly else {field: self.intake(field) for field in fields if field in self.channels.sendable()}
        rules = Rules(frozenset(followed), sends, readonly, beat_seconds)
        mount_stream(self.get_router("api", version), self.hub, rules, prefix)

    def add_sql_api(self, version: str | None = None) -> None:
        """Serve ``POST sql``: one SELECT over all states."""
        settings = self.settings
        limits = SqlLimits(seconds=settings.SQL_SECONDS, rows=settings.SQL_ROWS, bytes=settings.SQL_BYTES)
        mount_sql(self.get_router("api", version), self.outside, limits, self.channels.state_tables())

    def statistics(self) -> dict[str, Any]:
        """How many requests there are and were refused, the answers that are kept, and what the threads have to do."""
        return {
            "requests": self.patience.statistics(),
            "idempotency": self.replies.statistics(),
            "workers": self.workers.statistics(),
            "live": self.hub.statistics(),
        }

    def wrap(self, layer: Callable[[Any], Any]) -> None:
        """Put an ASGI application before all that is served, the front's answers too.

        Args:
            layer: given what it is to pass on to, answers the application.
        """
        self._entrance = layer(self._entrance)

    def seal(self) -> None:
        """Serve all that was added."""
        self.mount_lists()
        self.include_in(self.app)
        mount_meta(self.app, self.settings, self.page_config)
        if self.ui:
            mount_page(self.app, self.settings, self.page_config)
        else:
            redirect_home(self.app)

    def close(self) -> None:
        """Let go of its threads; what still needs one is answered 503."""
        self.workers.close()

    def _mount(self, kind: str, field: str, version: str | None) -> Shape:
        shape = self.shape(field, kind)
        self.note_mounted(kind, field, version)
        return shape

    def shape(self, field: str, verb: str | None = None) -> Shape:
        """A channel as the web side sees it.

        Args:
            verb: what it is for.

        Raises:
            ConfigError: the web side cannot carry it.
        """
        return shape_of(self.channels.declared[field], self.channels.keys_for_channel(field) or (), verb)


def _identity(keep: bool) -> dict[str, Any]:
    """How records are validated whose id and timestamp are to be believed, or made here."""
    return {} if keep else {"force_new_id": True, "force_new_timestamp": True}
