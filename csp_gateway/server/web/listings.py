"""Which channels each verb is mounted for, told at ``<verb>/``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from csp_gateway.errors import did_you_mean
from csp_gateway.server.settings import GatewaySettings
from csp_gateway.server.web.verbs import mount_list
from csp_gateway.server.web.versions import Versions
from csp_gateway.wire.mounting import MODULES, not_served

__all__ = ["Listings"]

_OF_CHANNELS = ("last", "next", "history", "lookup", "send", "stage", "state")
_NOUNS = {"state": "state", "controls": "control"}
"""What the names of a verb are of, where they are no channels."""
_LONGEST = 80
"""Characters of a name that are compared with those there are."""


class Listings(Versions):
    """The half of ``GatewayWebApp`` that keeps the lists, which are made up when all routes are served.

    ``add_<verb>_available_channels`` serves the list of a verb, with the channels that the verb is mounted for, and
    with those it is given beside them.
    """

    def __init__(self, settings: GatewaySettings) -> None:
        super().__init__(settings)
        self._mounted: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self._lists: dict[tuple[str, str], None] = {}
        self._lacking: dict[tuple[str, str, str], str] = {}

    def note_mounted(self, kind: str, name: str, version: str | None = None) -> None:
        """A verb is mounted for a channel; whether that is told is another matter."""
        self._mounted[kind, self.api_version(version)].append(name)

    def note_lacking(self, kind: str, name: str, why: str, version: str | None = None) -> None:
        """A verb cannot be mounted for a channel there is; ``why`` is told who asks, and says what to do."""
        self._lacking[kind, self.api_version(version), name] = why

    def is_mounted(self, kind: str, version: str | None = None) -> bool:
        """Whether a verb is mounted for any channel."""
        return bool(self._mounted[kind, self.api_version(version)])

    def hint(self, path: str) -> str | None:
        """What was probably meant by a path where nothing is, or why, or which module serves such paths; None where it
        lies under no verb, or the verb takes it.

        Args:
            path: without the prefix of a reverse proxy.
        """
        if self.guarded:
            return None  # the names are for who may ask, and nobody has been asked who he is
        for (kind, version, name), why in self._lacking.items():
            if self._named(path, kind, version) in (name, name.replace("_", "-")):
                return why
        for (kind, version), mounted in self._mounted.items():
            name = self._named(path, kind, version)
            known = _without_keys(mounted)
            if name and (known or (kind, version) in self._lists) and not known & {name, name.replace("-", "_")}:
                return self._told(kind, version, name, known)
        return self._not_served(path)

    def _not_served(self, path: str) -> str | None:
        """Of a verb that no module serves: which one would."""
        if f"{path}/".startswith("/metrics/"):
            return None if self.serves_below("/metrics") else not_served("metrics")
        for group in MODULES:
            for version in self.api_versions:
                place = self.api_path(group, version)
                if f"{path}/".startswith(f"{place}/"):
                    there = self._mounted.get((group, version)) or self.serves_below(place)
                    return None if there else not_served(group)
        return self._no_such_verb(path)

    def _no_such_verb(self, path: str) -> str | None:
        """Of a path whose first word below a version is served by nobody: which is meant."""
        for version in self.api_versions:
            place = f"{self.api_path(version=version)}/"
            word = path.removeprefix(place).partition("/")[0] if path.startswith(place) else ""
            if word and not self.serves_below(self.api_path(word, version)):
                listed = {kind for kind, of in (*self._lists, *self._mounted) if of == version}
                known = sorted(listed | {each for each in MODULES if self.serves_below(self.api_path(each, version))})
                return f"nothing is served at {word[:_LONGEST]!r}; {did_you_mean(word[:_LONGEST], known)}"
        return None

    def _told(self, kind: str, version: str, name: str, known: set[str]) -> str:
        """Of a name that a verb does not know: what knows it instead, or which is meant."""
        spellings = {name, name.replace("-", "_")}
        others = [verb for verb in _OF_CHANNELS if spellings & _without_keys(self._mounted[verb, version])]
        if others and kind in _OF_CHANNELS:
            return f"{name!r} has no {kind} here; it has {', '.join(others)}"
        noun = _NOUNS.get(kind, "channel" if kind in _OF_CHANNELS else "field")
        return f"there is no {noun} {name!r}; {did_you_mean(name, known)}"

    def _named(self, path: str, kind: str, version: str) -> str:
        """The name that a path of a verb names, or its beginning; nothing if it is no path of it."""
        verb = f"{self.api_path(kind, version)}/"
        return path.removeprefix(verb).partition("/")[0][:_LONGEST] if path.startswith(verb) else ""

    def add_available_channels(self, kinds: Iterable[str], version: str | None = None) -> None:
        """Serve ``GET <verb>/``: the channels each verb is mounted for."""
        for kind in kinds:
            self._add(kind, None, version)

    def add_last_available_channels(self, fields: Iterable[str] | None = None, version: str | None = None) -> None:
        """Serve ``GET last/``."""
        self._add("last", fields, version)

    def add_next_available_channels(self, fields: Iterable[str] | None = None, version: str | None = None) -> None:
        """Serve ``GET next/``."""
        self._add("next", fields, version)

    def add_send_available_channels(self, fields: Iterable[str] | None = None, version: str | None = None) -> None:
        """Serve ``GET send/``."""
        self._add("send", fields, version)

    def add_lookup_available_channels(self, fields: Iterable[str] | None = None, version: str | None = None) -> None:
        """Serve ``GET lookup/``."""
        self._add("lookup", fields, version)

    def add_history_available_channels(self, fields: Iterable[str] | None = None, version: str | None = None) -> None:
        """Serve ``GET history/``."""
        self._add("history", fields, version)

    def add_state_available_channels(self, fields: Iterable[str] | None = None, version: str | None = None) -> None:
        """Serve ``GET state/``."""
        self._add("state", fields, version)

    def add_stage_available_channels(self, fields: Iterable[str] | None = None, version: str | None = None) -> None:
        """Serve ``GET stage/``."""
        self._add("stage", fields, version)

    def add_controls_available_channels(self, fields: Iterable[str] | None = None, version: str | None = None) -> None:
        """Serve ``GET controls/``: the controls there are."""
        self._add("controls", fields, version)

    def mount_lists(self) -> None:
        """Make up the lists, and lead to each from its path without the slash."""
        for kind, version in self._lists:
            router = self.get_router(kind, version)
            mount_list(router, kind, list(dict.fromkeys(self._mounted[kind, version])))
            _lead_to_list(router)

    def _add(self, kind: str, fields: Iterable[str] | None, version: str | None) -> None:
        self.get_router(kind, version)  # which knows the kinds there are
        self._mounted[kind, self.api_version(version)].extend(fields or ())
        self._lists[kind, self.api_version(version)] = None


def _without_keys(mounted: Iterable[str]) -> set[str]:
    return {each.partition("/")[0] for each in mounted}


def _lead_to_list(router: APIRouter) -> None:
    async def with_slash(request: Request) -> RedirectResponse:
        # Without scheme and host, which a proxy in between knows better.
        query = request.scope["query_string"].decode("latin-1")
        return RedirectResponse(f"{quote(request.scope['path'])}/{'?' if query else ''}{query}", 307)

    router.add_api_route("", with_slash, methods=["GET"], include_in_schema=False)
