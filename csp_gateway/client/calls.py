"""Each verb as a Call: what is asked of a gateway, as a value that has asked nothing yet."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias
from urllib.parse import quote
from uuid import uuid4

from csp_gateway import wire

__all__ = [
    "Call",
    "Parameters",
    "StageMethod",
    "Wait",
    "clients",
    "controls",
    "document",
    "field_values",
    "health",
    "history",
    "last",
    "lookup",
    "next_tick",
    "remove_client",
    "send",
    "sql",
    "stage",
    "state",
]

StageMethod: TypeAlias = Literal["add", "remove", "release", "list", "lookup"]
Wait: TypeAlias = Literal["accepted", "ticked"]
Parameters: TypeAlias = Mapping[str, Any] | Sequence[Any] | None
"""Of a SELECT: by name for ``$name``, in order for ``?`` and ``$1``."""

_JSON = {"Content-Type": "application/json"}
_LONG_QUERY = 2_000
"""Characters of a query that go into a URL; longer ones go into a body, as this or that proxy refuses long URLs."""

_STAGE_METHODS = {"add": "POST", "remove": "DELETE", "release": "PATCH", "list": "GET", "lookup": "PUT"}


@dataclass(frozen=True)
class Call:
    """One request.

    Attributes:
        group: the verb whose routes it is one of: ``last``.
        field: the channel, or ``channel/KEY``; empty for the list of the verb's channels.
        path: below the API's prefix, and quoted as in a URL: ``last/orders``.
        timeout: seconds to wait for the gateway; None for ever.
        at_root: whether the path is not below that prefix, but the gateway's own.
        typed: whether the answer is of the channel's records, and not of what a query or a history makes of them.
        whole: whether it has all their fields.
        repeatable: whether to ask again does no more than to ask once.
        asks_again: whether the gateway's own deadline is no answer, and it is asked anew.
    """

    group: str
    field: str
    path: str
    timeout: float | None
    method: str = "GET"
    params: Mapping[str, str] = dataclasses.field(default_factory=dict)
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: bytes | None = None
    at_root: bool = False
    typed: bool = True
    whole: bool = True
    repeatable: bool = True
    asks_again: bool = False


def _of(group: str, name: str, timeout: float | None, **more: Any) -> Call:
    return Call(group, name, f"{group}/{quote(name)}", timeout, **more)


def last(name: str, timeout: float | None) -> Call:
    """The newest tick of a channel."""
    return _of("last", name, timeout)


def next_tick(name: str, timeout: float | None) -> Call:
    """The coming tick of a channel."""
    return _of("next", name, timeout, asks_again=bool(name) and timeout is None)


def state(name: str, timeout: float | None, query: wire.Query | Mapping[str, Any] | None) -> Call:
    """The records of a state, or what a query makes of them."""
    if query is None:
        return _of("state", name, timeout)
    asked = wire.Query.of(query)
    kind = {"typed": not asked.aggregates, "whole": not asked.select}
    text = asked.model_dump_json(by_alias=True, exclude_unset=True)
    if name and len(text) > _LONG_QUERY:
        return _of("state", name, timeout, method="POST", headers=_JSON, body=text.encode(), **kind)
    return _of("state", name, timeout, params={"query": text}, **kind)


def sql(select: str, parameters: Parameters, timeout: float | None) -> Call:
    """What one SELECT over all states answers.

    Raises:
        TypeError: the parameters are neither by name nor in order.
    """
    asked: dict[str, Any] = {"sql": select}
    if isinstance(parameters, str | bytes) or not isinstance(parameters, Mapping | Sequence | None):
        raise TypeError(
            f"parameters are given by name, as a dict, or in order, as a list, and not as {type(parameters).__name__}"
        )
    if parameters is not None:
        asked["parameters"] = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
    body = json.dumps(asked, default=_said).encode()
    return Call("sql", "", "sql", timeout, "POST", headers=_JSON, body=body, typed=False)


def history(
    name: str,
    since: int | datetime | str | None,
    until: int | datetime | str | None,
    limit: int | None,
    cursor: str | None,
    timeout: float | None,
) -> Call:
    """The ticks that are kept of a channel."""
    asked = {"since": since, "until": until, "limit": limit, "cursor": cursor}
    params = {key: _said(value) for key, value in asked.items() if value is not None}
    return _of("history", name, timeout, params=params, typed=False)


def lookup(name: str, identifier: str, timeout: float | None) -> Call:
    """The struct of an id, among the newest that are kept."""
    return Call("lookup", name, f"lookup/{quote(name)}/{quote(identifier, '')}" if name else "lookup/", timeout)


def send(name: str, body: bytes | None, wait: Wait, timeout: float | None, *, count_only: bool = False) -> Call:
    """One more tick. Without a body: the channels that can be sent to.

    Raises:
        ValueError: those are to be counted.
    """
    if body is None and not name:
        if count_only:
            raise ValueError("send without a channel lists those that can be sent to: count_only has nothing to count")
        return _of("send", "", timeout)
    headers = {**_JSON, "Idempotency-Key": uuid4().hex}
    params = {} if wait == "accepted" else {"wait": wait}
    return _of("send", name, timeout, method="POST", params=params, headers=headers, body=body)


def stage(
    name: str, method: StageMethod, body: bytes | None, staging_ids: str | Iterable[str] | None, timeout: float | None
) -> Call:
    """What is held back of a channel.

    Raises:
        ValueError: there is no such method.
    """
    if method not in _STAGE_METHODS:
        raise ValueError(f"stage has no method {method!r}: it is one of {', '.join(_STAGE_METHODS)}")
    if isinstance(staging_ids, str):
        staging_ids = [staging_ids]
    params = {} if staging_ids is None else {"id": ",".join(staging_ids)}
    return _of(
        "stage",
        name,
        timeout,
        method=_STAGE_METHODS[method],
        params=params,
        headers={} if body is None else _JSON,
        body=body,
        repeatable=method in ("list", "lookup"),
    )


def controls(name: str, timeout: float | None) -> Call:
    """Whether the gateway lives, how it is doing, or its end."""
    ends = name == "shutdown"
    return _of("controls", name, timeout, method="POST" if ends else "GET", repeatable=not ends)


def field_values(name: str, timeout: float | None) -> Call:
    """A static field of the channels; without a name, which there are."""
    return Call("field", name, f"field/{quote(name)}" if name else "field", timeout, typed=False)


def health(timeout: float | None) -> Call:
    """Whether the gateway is ready; not being so is an answer too."""
    return Call("", "", "/readyz", timeout, at_root=True, whole=False, repeatable=False)


def document(timeout: float | None) -> Call:
    """The gateway's OpenAPI document."""
    return Call("", "", "/openapi.json", timeout, at_root=True, typed=False)


def streams(timeout: float | None) -> Call:
    """What can be followed."""
    return Call("stream", "", "stream", timeout, typed=False)


def clients(timeout: float | None) -> Call:
    """Who follows channels now."""
    return Call("clients", "", "clients", timeout, typed=False)


def remove_client(identifier: str, timeout: float | None) -> Call:
    """End the connection of one of them."""
    return Call("clients", "", f"clients/{quote(identifier, '')}", timeout, "DELETE", typed=False)


def _said(value: Any) -> str:
    if isinstance(value, datetime):
        # Without a zone it is UTC, as everywhere.
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    return str(value)
