"""Send: what stands on the command line, in a file or comes through a pipe, as ticks of a channel."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from enum import StrEnum
from typing import Any

from csp_gateway.client.console.describing import listed
from csp_gateway.client.console.reading_json import Lines, opened, portions
from csp_gateway.client.console.session import Session
from csp_gateway.client.sync import GatewayClient

__all__ = ["Until", "send"]


class Until(StrEnum):
    """What a send waits for."""

    ACCEPTED = "accepted"
    TICKED = "ticked"


def send(session: Session, channel: str, given: str | None, wait: Until) -> None:
    """Tick what is given, and say how many records were accepted.

    Args:
        given: JSON; ``@file``; ``-``, or None, for stdin. What stands in lines there is sent as it comes.
    """
    source = opened(given)
    with nullcontext() if isinstance(source, str) or source is sys.stdin else source, session.client() as client:
        lines = Lines(source)
        if lines.is_document:
            accepted = client.send(channel, lines.document, session.timeout, wait=wait.value)
            if session.printer.as_json:
                session.printer.document(accepted)
            else:
                session.printer.line(_said(len(accepted), wait))
            return
        _in_portions(session, client, channel, lines, wait)


def _in_portions(session: Session, client: GatewayClient, channel: str, lines: Lines, wait: Until) -> None:
    count = 0
    try:
        for portion in _divided(client, channel, lines):
            accepted = client.send(channel, portion, session.timeout, wait=wait.value)
            count += len(accepted)
            if session.printer.as_json:
                for record in accepted:
                    session.printer.json_line(record)
    except BaseException:
        session.printer.remark(f"{_said(count, wait)} before that.", "yellow")
        raise
    if not session.printer.as_json:
        session.printer.line(_said(count, wait))


def _divided(client: GatewayClient, channel: str, lines: Lines) -> Iterator[Any]:
    """What to send at once: where a tick is a list, all lines are one; of a whole basket, each line is one."""
    basket = any(name.startswith(f"{channel.replace('-', '_')}/{{") for name in client.channels())
    if basket:
        return iter(lines)
    if "/" not in channel and listed(client.openapi_spec, client.config.api_route, channel):
        return iter([list(lines)])
    return portions(iter(lines))


def _said(count: int, wait: Until) -> str:
    return f"{count:,} record{'s' * (count != 1)} {wait}"
