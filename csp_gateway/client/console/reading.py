"""What is answered of a channel: which there are, what ticked last, what comes next, which fields that has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from csp_gateway.client.console.cells import flat, in_order, text_of
from csp_gateway.client.console.describing import channels_in, fields_of, keys_of
from csp_gateway.client.console.session import Session
from csp_gateway.errors import ServerRouteNotFoundException, ServerRouteNotMountedException

__all__ = ["channels", "coming", "last", "schema"]

_MOST_KEYS = 1_000
"""Those that are asked one after the other; a basket of more is told without them."""


def channels(session: Session) -> None:
    """Tell which channels and states there are."""
    with session.client() as client:
        try:
            streams = client.streams(session.timeout)
        except (ServerRouteNotFoundException, ServerRouteNotMountedException):
            streams = []
        infos = channels_in(client.openapi_spec, client.config.api_route, client.channels(), streams)
    if session.printer.as_json:
        session.printer.document([info._asdict() for info in infos])
        return
    rows = [
        {"channel": info.channel, "type": info.type.rpartition(".")[2], "verbs": " ".join(info.verbs)} for info in infos
    ]
    if not rows:
        session.printer.remark("No channel can be asked or followed: see MountRestRoutes and MountWebSocketRoutes.")
        return
    session.printer.records(rows)


def schema(session: Session, channel: str) -> None:
    """Tell the fields of what ticks on a channel."""
    with session.client() as client:
        known = [name for name in client.channels() if "{" not in name]
        fields = fields_of(client.openapi_spec, client.config.api_route, channel, known)
    if session.printer.as_json:
        session.printer.document([field._asdict() for field in fields])
        return
    rows: list[dict[str, Any]] = [
        {
            "field": field.field,
            "type": field.type,
            "must be there": field.must_be_there,
            "default": field.default,
            "description": field.description or None,
        }
        for field in fields
    ]
    told = [name for name in rows[0] if any(row[name] is not None for row in rows)] if rows else []
    session.printer.records([{name: text_of(row[name]) or None for name in told} for row in rows], as_given=True)


def last(session: Session, channel: str) -> None:
    """Tell the newest tick; of a whole basket, of each key, which is told too where a person reads."""
    none = "Nothing has ticked yet."
    with session.client() as client:
        keys = [] if session.printer.as_json else keys_of(client.openapi_spec, client.config.api_route, "last", channel)
        if not keys or len(keys) > _MOST_KEYS:
            _tell(session, client.last(channel, session.timeout), none)
            return
        # An answer for the whole basket does not say whose its records are.
        ticks = [(key, each) for key in keys for each in client.last(f"{channel}/{key}", session.timeout)]
    rows = [(key, flat(each)) for key, each in ticks]
    ordered = [{_column(row): key, **{name: row[name] for name in in_order(row)}} for key, row in rows]
    if ordered:
        session.printer.records(ordered, as_given=True)
    else:
        session.printer.remark(none)


def _column(row: Mapping[str, Any]) -> str:
    """What the column of the keys is called, so that it is none of the record's."""
    return "(key)" if "key" in row else "key"


def coming(session: Session, channel: str) -> None:
    """Wait for the coming tick, and tell it."""
    with session.client() as client:
        _tell(session, client.next(channel, session.settings.timeout), "Nothing ticks any more: the gateway stops.")


def _tell(session: Session, records: Any, if_none: str) -> None:
    if records or session.printer.as_json:
        session.printer.records(records)
    else:
        session.printer.remark(if_none)
