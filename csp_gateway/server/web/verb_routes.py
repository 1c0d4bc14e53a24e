"""Which verbs are served of which channels: the half of GatewayWebApp that modules call."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp

from csp_gateway.errors import DeclarationError, NoProviderException
from csp_gateway.server.state import SqlLimits
from csp_gateway.server.web.compress import Compress
from csp_gateway.server.web.deadline import Patience
from csp_gateway.server.web.front import Front
from csp_gateway.server.web.idempotency import Replies
from csp_gateway.server.web.listings import Listings
from csp_gateway.server.web.live import Hub, Rules, Stream, mount_stream
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
    not_staged,
    shape_of,
    takes_nothing,
    why_not,
)
from csp_gateway.server.web.workers import Workers

if TYPE_CHECKING:
    from csp_gateway.server.channels import GatewayChannels, Outside
    from csp_gateway.server.gateway import Gateway

__all__ = ["VerbRoutes"]


class VerbRoutes(Listings):
    """Serves the verbs, one channel at a time, and holds what they share.

    Args:
        behind: what the front passes on to.
    """

    def __init__(self, gateway: Gateway, behind: ASGIApp) -> None:
        super().__init__(gateway.settings)
        self.gateway = gateway
        self.patience = Patience(self.settings)
        self.workers = Workers()
        self.replies: Replies[Accepted] = Replies(lambda accepted: len(accepted.body))
        self.hub = Hub(self.channels, self.workers, self.settings.MAX_CLIENTS)
        self.streams: list[Stream] = []
        """Where channels are followed."""
        self._epoch = uuid.uuid4().hex
        self._front = Front(
            behind, self.outside, self.patience, self._epoch, self.settings.COMPRESS_BYTES, lambda: self._bypassed
        )

    @property
    def _bypassed(self) -> bool:
        """The front asks for no credentials, and adds no headers for other origins."""
        return self.guarded or bool(self.settings.BACKEND_CORS_ORIGINS)

    @property
    def channels(self) -> GatewayChannels:
        """The gateway's channels, wired and running."""
        return self.gateway.channels

    @property
    def outside(self) -> Outside:
        """What may be asked of the channels."""
        return self.gateway.channels.outside

    # Each raises ConfigError for a channel that carries no structs.

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
        if self.channels.is_provided(field) and not (shape.listed or shape.container):
            compressing = partial(Compress, least=self.settings.COMPRESS_BYTES, workers=self.workers)
            waiter = Waiter(self.outside, writer, self.patience, compressing)
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
                f"{not_staged(field)}; staged are {', '.join(self.channels.staged_channels()) or 'none'}"
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
        closed = {field: self._why_closed(field) for field in self.channels.declared if field not in sends}
        rules = Rules(frozenset(followed), sends, closed, readonly, beat_seconds)
        mount_stream(self.get_router("api", version), self.hub, rules, prefix)
        self.streams.append(Stream(self.api_path(prefix, version), rules))

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

    def _why_closed(self, field: str) -> str:
        """Why nothing can be sent to a channel over a socket that takes what is sent to others."""
        if why := why_not(self.channels.declared[field]):
            return why
        if field in self.channels.sendable():
            return f"channel {field!r} takes nothing here: the selection of MountWebSocketRoutes leaves it out"
        return takes_nothing(field)

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
