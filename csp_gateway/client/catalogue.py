"""Catalogue: which verbs and channels a gateway has mounted, and what they answer, as its OpenAPI document says."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from csp_gateway.client import calls
from csp_gateway.client.calls import Call
from csp_gateway.errors import (
    ServerException,
    ServerRouteNotFoundException,
    ServerRouteNotMountedException,
    did_you_mean,
)
from csp_gateway.wire.mounting import not_served

__all__ = ["ARROW", "Catalogue"]

ARROW = "application/vnd.apache.arrow.stream"
"""The format in which large answers travel."""

_OF_CHANNELS = {"last", "next", "send", "lookup", "state", "history", "stage"}
"""The verbs that are asked of a channel or a state."""
_NOUNS = {"state": "state", "controls": "control", "field": "static field", "clients": "client"}
"""What the names of a verb are of, where they are no channels."""
_COMPONENTS = "#/components/"
_MOST_KNOWN = 1_000
"""Paths of which it is kept what they are: of keys and ids there are any number."""
_UNKNOWN: Mapping[str, Any] = {}
"""Stands for what was not looked for yet."""


class Catalogue:
    """Which verbs and channels a gateway has mounted.

    Args:
        document: what ``/openapi.json`` answers.
        api_route: the path that all verbs are below: ``/api/v1``.

    Raises:
        ServerException: that is no OpenAPI document.
    """

    def __init__(self, document: Any, api_route: str) -> None:
        if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
            raise ServerException("what answers there is no gateway: its /openapi.json is no OpenAPI document")
        self._document = document
        self._schemas: dict[int, dict[str, Any] | None] = {}
        """By the ``id`` of an operation of the document, which this keeps."""
        self._operations: dict[tuple[str, str], Mapping[str, Any] | None] = {}
        """By path and method, of those that were asked."""
        self._groups: dict[str, dict[tuple[str, ...], Mapping[str, Any]]] = {}
        for path, operations in document["paths"].items():
            below = path.removeprefix(f"{api_route}/")
            if below != path:
                group, *rest = below.split("/")
                self._groups.setdefault(group, {})[tuple(rest)] = operations

    def check(self, call: Call) -> None:
        """See that the gateway offers what is asked.

        Raises:
            ServerRouteNotMountedException: it does not; the nearest that it offers is named.
            ServerRouteNotFoundException: the verb itself is asked, as for a list of its names, and no module mounts it.
        """
        if self.offers(call):
            return
        if not call.field:
            raise ServerRouteNotFoundException(f"Route not mounted in group {call.group}: {not_served(call.group)}")
        why = self._why_not(call) if call.group in self._groups else not_served(call.group)
        raise ServerRouteNotMountedException(f"Route not mounted in group {call.group}: {call.field}; {why}", why)

    def _why_not(self, call: Call) -> str:
        """In plain words, of what a verb that is served does not know."""
        group, (name, slash, key) = call.group, call.field.partition("/")
        known = {each.partition("/")[0] for each in self.fields(group)}
        if _spelled(name) in known and not self.is_basket(group, name):
            kind = "is kept as a whole" if group == "state" else "is no basket"
            return f"{name!r} {kind}, and has no key {key!r}" if slash else f"{name!r} has no {call.method} here"
        if _spelled(name) in known:
            return f"a key of {name!r} has to be named: {name}/KEY"
        others = [verb for verb in self.verbs().get(_spelled(name), ()) if verb != group]
        if others and group == "send":
            opened = f"let a module of the gateway call channels.add_send_channel({_spelled(name)!r}) in its connect"
            return f"channel {name!r} takes nothing from outside, or MountRestRoutes leaves it out: {opened}"
        if others and group in _OF_CHANNELS:
            return f"{name!r} has no {group} here; it has {', '.join(others)}"
        return f"there is no {_NOUNS.get(group, 'channel')} {name!r}; {did_you_mean(name, known)}"

    def offers(self, call: Call) -> bool:
        """Whether the gateway has what is asked; of a verb that it serves, lists of names it always has."""
        return call.group in self._groups if not call.field else self._operation(call) is not None

    def fields(self, group: str) -> list[str]:
        """The channels, states or controls that a verb is mounted for; of baskets as ``basket/{key}`` too."""
        known = self._groups.get(group, {})
        return sorted({"/".join(part for part in rest if part != "{id}") for rest in known} - {""})

    def verbs(self) -> dict[str, list[str]]:
        """By channel or state, the verbs that can be asked of it."""
        verbs: dict[str, list[str]] = {}
        for group in sorted(set(self._groups) & _OF_CHANNELS):
            for field in self.fields(group):
                if (group, field) != ("lookup", "id"):  # which is of no channel
                    verbs.setdefault(field, []).append(group)
        return dict(sorted(verbs.items()))

    def row_schema(self, call: Call) -> dict[str, Any] | None:
        """The schema of one record of the answer, with all it refers to; None if the document does not tell."""
        if not call.typed:
            return {"type": "object", "properties": {}}
        operation = self._operation(call)
        if id(operation) not in self._schemas:
            self._schemas[id(operation)] = self._row_schema(call)
        return self._schemas[id(operation)]

    def _row_schema(self, call: Call) -> dict[str, Any] | None:
        schema = self._resolved(self._answers(call).get("application/json", {}).get("schema") or {})
        while True:
            either = schema.get("anyOf") or [None]
            within = schema.get("items") or either[0]
            if not isinstance(within, dict):
                return schema or None
            schema = within

    def type_name(self, call: Call) -> str | None:
        """The class that the records of the answer are of: ``package.module.Class``."""
        name = (self._operation(call) or {}).get("type_")
        return name if call.typed and call.whole and isinstance(name, str) else None

    def channel_of(self, state: str) -> str:
        """The channel that a state is collected of.

        Raises:
            ServerRouteNotMountedException: there is no such state; the nearest is named.
        """
        call = calls.state(state, None, None)
        self.check(call)
        channel = (self._operation(call) or {}).get("channel_")
        return channel if isinstance(channel, str) else state

    def is_listed(self, call: Call) -> bool:
        """Whether a tick of the channel is a list of records."""
        return (self._operation(call) or {}).get("listed_") is True

    def is_basket(self, group: str, field: str) -> bool:
        """Whether a channel has keys."""
        return (_spelled(field), "{key}") in self._groups.get(group, {})

    def offers_arrow(self, call: Call) -> bool:
        """Whether the answer can travel in Arrow's format."""
        return ARROW in self._answers(call)

    @cached_property
    def document(self) -> dict[str, Any]:
        """The document with what it refers to in its place, but for what refers to itself."""
        return copy.deepcopy(self._resolved(self._document))

    def _answers(self, call: Call) -> Mapping[str, Any]:
        """What a success answers, by its format."""
        responses = (self._operation(call) or {}).get("responses") or {}
        content: Mapping[str, Any] = (responses.get("200") or {}).get("content") or {}
        return content

    def _operation(self, call: Call) -> Mapping[str, Any] | None:
        asked = (call.path, call.method)
        found = self._operations.get(asked, _UNKNOWN)
        if found is _UNKNOWN:
            found = self._found(call)
            if len(self._operations) >= _MOST_KNOWN:
                self._operations.clear()
            self._operations[asked] = found
        return found

    def _found(self, call: Call) -> Mapping[str, Any] | None:
        group, *asked = call.path.split("/")
        asked = [unquote(part) for part in asked]
        mounted = self._groups.get(group, {})
        operations = mounted.get(tuple(asked))
        if operations is None:
            operations = next((found for rest, found in mounted.items() if _match(rest, asked)), None)
        return None if operations is None else operations.get(call.method.lower())

    def _resolved(self, schema: Any, within: tuple[str, ...] = ()) -> Any:
        if isinstance(schema, list):
            return [self._resolved(each, within) for each in schema]
        if not isinstance(schema, dict):
            return schema
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith(_COMPONENTS):
            if reference in within:
                return schema
            meant: Any = self._document.get("components", {})
            for part in reference.removeprefix(_COMPONENTS).split("/"):
                meant = meant.get(part, {})
            return self._resolved(meant, (*within, reference))
        return {name: self._resolved(each, within) for name, each in schema.items()}


def _spelled(field: str) -> str:
    return field.replace("-", "_")


def _match(rest: tuple[str, ...], asked: list[str]) -> bool:
    """Whether a path of the document is the one that is asked; a key or an id has any number of slashes."""
    for at, part in enumerate(rest):
        if part.startswith("{"):
            return len(asked) > at and bool(asked[at])
        if at >= len(asked) or part not in (asked[at], _spelled(asked[at])):
            return False
    return len(asked) == len(rest)
