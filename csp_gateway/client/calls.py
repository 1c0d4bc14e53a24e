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
from csp_gateway.client.arguments import check, checked
from csp_gateway.errors import WrongArgumentError, one_of

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

    def __post_init__(self) -> None:
        if self.timeout is not None:  # sockets take Python's own numbers, and not those of numpy
            object.__setattr__(self, "timeout", float(self.timeout))


def _of(group: str, field: str, timeout: float | None, **more: Any) -> Call:
    return Call(group, field, f"{group}/{quote(field)}", timeout, **more)


@checked("last")
def last(field: str, timeout: float | None) -> Call:
    """The newest tick of a channel."""
    return _of("last", field, timeout)


@checked("next")
def next_tick(field: str, timeout: float | None) -> Call:
    """The coming tick of a channel."""
    return _of("next", field, timeout, asks_again=bool(field) and timeout is None)


@checked("state")
def state(field: str, timeout: float | None, query: wire.Query | Mapping[str, Any] | None) -> Call:
    """The records of a state, or what a query makes of them."""
    if query is None:
        return _of("state", field, timeout)
    asked = wire.Query.of(query)
    kind = {"typed": not asked.aggregates, "whole": not asked.select}
    text = asked.model_dump_json(by_alias=True, exclude_unset=True)
    if field and len(text) > _LONG_QUERY:
        return _of("state", field, timeout, method="POST", headers=_JSON, body=text.encode(), **kind)
    return _of("state", field, timeout, params={"query": text}, **kind)


@checked("sql")
def sql(select: str, parameters: Parameters, timeout: float | None) -> Call:
    """What one SELECT over all states answers."""
    asked: dict[str, Any] = {"sql": select}
    if parameters is not None:
        asked["parameters"] = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
    body = json.dumps(asked, default=_said).encode()
    return Call("sql", "", "sql", timeout, "POST", headers=_JSON, body=body, typed=False)


@checked("history")
def history(
    field: str,
    since: int | datetime | str | None,
    until: int | datetime | str | None,
    limit: int | None,
    cursor: str | None,
    timeout: float | None,
) -> Call:
    """The ticks that are kept of a channel."""
    asked = {"since": since, "until": until, "limit": limit, "cursor": cursor}
    params = {key: _said(value) for key, value in asked.items() if value is not None}
    return _of("history", field, timeout, params=params, typed=False)


@checked("lookup")
def lookup(field: str, id: str, timeout: float | None) -> Call:
    """The struct of an id, among the newest that are kept."""
    return Call("lookup", field, f"lookup/{quote(field)}/{quote(id, '')}" if field else "lookup/", timeout)


@checked("send")
def send(field: str, body: bytes | None, wait: Wait, timeout: float | None, *, count_only: bool = False) -> Call:
    """One more tick. Without a body: the channels that can be sent to.

    Raises:
        WrongArgumentError: a ``ValueError``: those are to be counted.
    """
    if body is None and not field:
        if count_only:
            raise WrongArgumentError(
                "send without a channel lists those that can be sent to: count_only has nothing to count"
            )
        return _of("send", "", timeout)
    headers = {**_JSON, "Idempotency-Key": uuid4().hex}
    params = {} if wait == "accepted" else {"wait": wait}
    return _of("send", field, timeout, method="POST", params=params, headers=headers, body=body)


@checked("stage")
def stage(
    field: str, method: StageMethod, body: bytes | None, staging_ids: str | Iterable[str] | None, timeout: float | None
) -> Call:
    """What is held back of a channel.

    Raises:
        WrongArgumentError: a ``ValueError``: there is no such method.
    """
    if method not in _STAGE_METHODS:
        raise WrongArgumentError(f"stage: method {one_of(method, _STAGE_METHODS)}")
    ids = [staging_ids] if isinstance(staging_ids, str) else None if staging_ids is None else list(staging_ids)
    for each in ids or ():
        check("stage", staging_id=each)
    params = {} if ids is None else {"id": ",".join(ids)}
    return _of(
        "stage",
        field,
        timeout,
        method=_STAGE_METHODS[method],
        params=params,
        headers={} if body is None else _JSON,
        body=body,
        repeatable=method in ("list", "lookup"),
    )


@checked("controls")
def controls(field: str, timeout: float | None) -> Call:
    """Whether the gateway lives, how it is doing, or its end."""
    ends = field == "shutdown"
    return _of("controls", field, timeout, method="POST" if ends else "GET", repeatable=not ends)


@checked("fields")
def field_values(name: str, timeout: float | None) -> Call:
    """A static field of the channels; without a name, which there are."""
    return Call("field", name, f"field/{quote(name)}" if name else "field", timeout, typed=False)


@checked("health")
def health(timeout: float | None) -> Call:
    """Whether the gateway is ready; not being so is an answer too."""
    return Call("", "", "/readyz", timeout, at_root=True, whole=False, repeatable=False)


def document(timeout: float | None) -> Call:
    """The gateway's OpenAPI document."""
    return Call("", "", "/openapi.json", timeout, at_root=True, typed=False)


@checked("streams")
def streams(timeout: float | None) -> Call:
    """What can be followed."""
    return Call("stream", "", "stream", timeout, typed=False)


@checked("clients")
def clients(timeout: float | None) -> Call:
    """Who follows channels now."""
    return Call("clients", "", "clients", timeout, typed=False)


@checked("remove_client")
def remove_client(id: str, timeout: float | None) -> Call:
    """End the connection of one of them."""
    return Call("clients", "", f"clients/{quote(id, '')}", timeout, "DELETE", typed=False)


def _said(value: Any) -> str:
    if isinstance(value, datetime):
        # Without a zone it is UTC, as everywhere.
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    return str(value)
