"""MountRestRoutes: which verbs on which channels."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pydantic import Field, PrivateAttr

from csp_gateway.errors import ConfigError
from csp_gateway.server.channels import ChannelSelection, GatewayChannels
from csp_gateway.server.module import GatewayModule
from csp_gateway.server.web.verbs import collected, not_staged, takes_nothing, why_not

if TYPE_CHECKING:
    from csp_gateway.server.settings import GatewaySettings
    from csp_gateway.server.web import GatewayWebApp

__all__ = ["MountRestRoutes"]

_log = logging.getLogger(__name__)

_VERBS = ("last", "next", "lookup", "send", "history")


class MountRestRoutes(GatewayModule):
    """Serves ``last``, ``next``, ``send`` and ``lookup`` for channels and baskets that carry structs or lists of them,
    ``history`` for those that are no baskets, ``stage`` for what is staged, ``state`` for what is collected of any
    channel, and ``sql`` over all states.

    A selection that takes all channels passes over those that a verb cannot carry; one that names such a channel is
    refused. So it is with states whose records are no structs.
    """

    requires: ChannelSelection | None = ChannelSelection(include=[])
    force_mount_all: bool = Field(
        default=False, description="Mount every verb for every channel, whatever is selected below."
    )
    mount_last: ChannelSelection = Field(
        default=ChannelSelection(), description="Channels whose newest tick can be asked for."
    )
    mount_next: ChannelSelection = Field(
        default=ChannelSelection(), description="Channels whose coming tick can be waited for."
    )
    mount_send: ChannelSelection = Field(
        default=ChannelSelection(),
        description="Channels that can be sent to, if a module calls `add_send_channel` for them.",
    )
    mount_lookup: ChannelSelection = Field(
        default=ChannelSelection(), description="Channels whose structs can be looked up by id."
    )
    mount_history: ChannelSelection = Field(
        default=ChannelSelection(), description="Channels whose newest ticks can be read, as many as they keep."
    )
    mount_stage: ChannelSelection = Field(
        default=ChannelSelection(), description="Staged channels whose records can be held back and released."
    )
    mount_state: ChannelSelection = Field(
        default=ChannelSelection(), description="States that can be queried, by their names."
    )
    mount_sql: bool = Field(default=True, description="Let one SELECT be asked of all states.")
    keep_sent_identity: bool = Field(
        default=False, description="Believe the id and timestamp of what is sent, instead of making new ones."
    )

    _mounted: list[str] = PrivateAttr(default=[*_VERBS, "stage", "state"])

    def connect(self, channels: GatewayChannels) -> None:
        """Keep the newest tick of the channels at hand.

        Raises:
            ConfigError: a selection names a channel that the verb cannot carry.
        """
        chosen = {verb: self._chosen(verb, channels) for verb in _VERBS}
        for field in {**dict.fromkeys(chosen["last"]), **dict.fromkeys(chosen["history"])}:
            channels.expose(field)

    def rest(self, app: GatewayWebApp) -> None:
        """Add the routes."""
        channels = app.channels
        for field in self._chosen("last", channels):
            app.add_last_api(field, self.api_version)
        for field in self._chosen("next", channels):
            app.add_next_api(field, self.api_version)
        for field in self._chosen("lookup", channels):
            app.add_lookup_api(field, self.api_version)
        for field in self._sendable(app):
            app.add_send_api(field, self.api_version, keep_identity=self.keep_sent_identity)
        for field in self._chosen("history", channels):
            app.add_history_api(field, self.api_version)
        staged = channels.staged_channels()
        for field in self._selection("stage").select_from(channels):
            if field not in staged:
                app.note_lacking("stage", field, not_staged(field), self.api_version)
        for field in self._staged(channels):
            app.add_stage_api(field, self.api_version, keep_identity=self.keep_sent_identity)
        for alias in self._states(channels):
            app.add_state_api(alias, self.api_version)
        if self.mount_sql or self.force_mount_all:
            app.add_sql_api(self.api_version)
        for verb in _VERBS:
            for field, declaration in channels.declared.items():
                if why := why_not(declaration, verb):
                    app.note_lacking(verb, field, why, self.api_version)
        self._tell_what_is_left_out(channels)
        self._mounted = [verb for verb in (*_VERBS, "stage", "state") if app.is_mounted(verb, self.api_version)]
        app.add_available_channels((*_VERBS, "stage", "state"), self.api_version)

    def info(self, settings: GatewaySettings) -> str:
        """Where the routes are."""
        api = settings.public_api(self.api_version)
        verbs = f"{api}/{{{','.join(self._mounted)}}}/<channel>" if self._mounted else ""
        sql = f"{api}/sql" if self.mount_sql or self.force_mount_all else ""
        return f"verbs     {', '.join(filter(None, (verbs, sql))) or 'none'}"

    def _selection(self, verb: str) -> ChannelSelection:
        chosen: ChannelSelection = getattr(self, f"mount_{verb}")
        return ChannelSelection() if self.force_mount_all else chosen

    def _chosen(self, verb: str, channels: GatewayChannels) -> list[str]:
        """The channels of a verb; what REST cannot carry is passed over, unless it is named."""
        selection = self._selection(verb)
        chosen = []
        for field in selection.select_from(channels):
            why = why_not(channels.declared[field], verb)
            if why is None:
                chosen.append(field)
            elif selection.include is not None:
                raise ConfigError(f"mount_{verb} names {field!r}: {why}")
        return chosen

    def _sendable(self, app: GatewayWebApp) -> list[str]:
        """The channels to send to; of those that take nothing it is told, and loudly if they are named."""
        chosen, sendable = self._chosen("send", app.channels), app.channels.sendable()
        missing = [field for field in chosen if field not in sendable]
        for field in missing:
            app.note_lacking("send", field, takes_nothing(field), self.api_version)
        if missing:
            named = self._selection("send").include is not None
            _log.log(
                logging.WARNING if named else logging.INFO,
                "Requested channels missing send routes are: %s. To be sent to, a channel is opened by a module: "
                "channels.add_send_channel(%r) in its connect",
                missing,
                missing[0],
            )
        return [field for field in chosen if field in sendable]

    def _staged(self, channels: GatewayChannels) -> list[str]:
        """The staged channels to serve; what is named and not staged is told of, as what cannot be sent to is."""
        selection, staged = self._selection("stage"), channels.staged_channels()
        chosen = selection.select_from(channels)
        if selection.include is not None and (missing := [name for name in chosen if name not in staged]):
            _log.info("Requested channels missing stage routes: %s", missing)
        return [field for field in chosen if field in staged]

    def _states(self, channels: GatewayChannels) -> list[str]:
        """The states to serve; what REST cannot carry is passed over, unless it is named."""
        selection = self._selection("state")
        served = []
        for alias in selection.select_from(channels, state_channels=True):
            try:
                collected(channels, alias)
            except ConfigError as error:
                if selection.include is not None:
                    raise ConfigError(f"mount_state names {alias!r}: {error}") from None
                _log.info("%s", error)
            else:
                served.append(alias)
        if selection.include is not None and (missing := [name for name in selection.include if name not in served]):
            _log.info("Requested channels missing state routes: %s", missing)
        return served

    def _tell_what_is_left_out(self, channels: GatewayChannels) -> None:
        left_out: dict[str, list[str]] = {"no routes": [], "no history": []}
        selected = {field: verb for verb in _VERBS for field in self._selection(verb).select_from(channels)}
        for name, declaration in channels.declared.items():
            if name in selected and why_not(declaration, "history"):
                lacks = "no routes" if why_not(declaration) else "no history"
                if lacks == "no routes" or name in self._selection("history").select_from(channels):
                    left_out[lacks].append(f"{name}: {declaration}")
        for lacks, named in left_out.items():
            if named:
                _log.info("Channels that REST cannot carry, and that have %s: %s", lacks, ", ".join(named))
