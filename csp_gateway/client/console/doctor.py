"""Doctor: whether a gateway is well, a line for each thing that is looked at, and what to do where it is not."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple

import httpx2
import typer
from rich.text import Text

import csp_gateway
from csp_gateway.client.console.cells import plain
from csp_gateway.client.console.failures import REFUSED, UNREACHED, sentence
from csp_gateway.client.console.session import Session
from csp_gateway.client.stream_options import StreamOptions
from csp_gateway.client.sync import GatewayClient
from csp_gateway.errors import (
    GatewayException,
    ServerRouteNotFoundException,
    ServerRouteNotMountedException,
    ServerUnknownException,
)

__all__ = ["Finding", "examine"]

_ASKED = 20
"""Times that `last` is asked to see how quick it is."""
_SLOW = 0.05
"""Seconds that it should take at most."""
_BEHIND = 1_000
"""Ticks that who follows a channel may be behind."""
_ASTRAY = 2.0
"""Seconds by which clocks may differ. What a gateway says of its own is whole seconds."""
_NOT_LET_IN = (401, 403)
_NOT_THERE = (ServerRouteNotFoundException, ServerRouteNotMountedException)
_COLORS = {"ok": "green", "warn": "yellow", "fail": "red"}


class Finding(NamedTuple):
    """What was found; ``advice`` says what to do."""

    check: str
    status: Literal["ok", "warn", "fail"]
    detail: str
    advice: str = ""


def examine(session: Session) -> None:
    """Tell how a gateway is; ends with 1 if anything fails, with 3 if no gateway is reached."""
    findings = []
    with session.client(retries=0) as client:
        for finding in _findings(session, client):
            findings.append(finding)
            if not session.printer.as_json:
                session.printer.line(_line(finding))
    if session.printer.as_json:
        session.printer.document([finding._asdict() for finding in findings])
    if findings[0].status == "fail":
        raise typer.Exit(UNREACHED)
    if any(finding.status == "fail" for finding in findings):
        raise typer.Exit(REFUSED)


def _line(finding: Finding) -> Text:
    status = (finding.status.ljust(5), _COLORS[finding.status])
    line = Text.assemble(status, (finding.check.ljust(12), "bold"), plain(finding.detail))
    return line.append(f" -> {plain(finding.advice)}", "dim") if finding.advice else line


def _findings(session: Session, client: GatewayClient) -> Iterator[Finding]:
    try:
        health = client.health(session.timeout)
        yield Finding("reachable", "ok", f"{client.config.root_url} answers")
    except GatewayException as error:
        said = sentence(error, session.settings.secrets)
        yield Finding("reachable", "fail", said, "start it, or say where it is by --url")
        return
    ready = health.get("reason") is None
    advice = "" if ready else "wait if it starts; else look at its log"
    yield Finding("health", "ok" if ready else "fail", str(health.get("detail")), advice)
    let_in = _access(session, client)
    yield let_in
    if let_in.status == "fail":
        return  # so would all else
    for check, look, advice in _CHECKS:
        try:
            yield look(session, client)
        except (GatewayException, OSError, httpx2.HTTPError) as error:
            # What is not mounted may be meant so.
            absent = isinstance(error, _NOT_THERE) or getattr(error, "code", 0) in (403, 404)
            yield Finding(check, "warn" if absent else "fail", sentence(error, session.settings.secrets), advice)


def _access(session: Session, client: GatewayClient) -> Finding:
    settings = session.settings
    given = "--token" if settings.token else "--bearer" if settings.bearer else ""
    if refusal := _refusal(session, client):
        said = f"it does not take what {given} says" if given else "it asks for credentials, and none are given"
        advice = "see which it takes, and until when" if given else "give --token or --bearer"
        return Finding("access", "fail", f"{said} (HTTP {refusal})", advice)
    if not given:
        return Finding("access", "ok", "it asks for no credentials")
    with GatewayClient(replace(settings, token=None, bearer=None).config(retries=0)) as stranger:
        asks = bool(_refusal(session, stranger))
    return Finding("access", "ok", f"it asks for credentials, and takes {given}" if asks else "it asks for none")


def _refusal(session: Session, client: GatewayClient) -> int:
    """The status by which a client is not let in; 0 if it is. What else goes wrong is for the checks that follow."""
    try:
        client.refresh()
        client.last(timeout=session.timeout)
    except ServerUnknownException as error:
        return error.status if error.status in _NOT_LET_IN else 0
    except GatewayException:
        pass
    return 0


def _clock(session: Session, client: GatewayClient) -> Finding:
    start = time.time()
    url = f"{client.config.root_url}/livez"
    answer = httpx2.get(url, verify=client.config.verify, timeout=session.timeout)
    end = time.time()
    try:
        there = parsedate_to_datetime(answer.headers.get("Date", "")).timestamp()
    except ValueError:
        return Finding("clock", "warn", "it does not say what time it is", "see whether a proxy drops the header Date")
    # It was some moment of that second, between our two.
    ahead = there - end if there > end else min(there + 1 - start, 0.0)
    if abs(ahead) <= _ASTRAY:
        return Finding("clock", "ok", f"its clock and this one agree within {_ASTRAY:g} s")
    said = f"its clock is {abs(ahead):,.0f} s {'ahead of' if ahead > 0 else 'behind'} this one"
    return Finding("clock", "warn", said, "let both machines take their time from NTP: ticks have the gateway's")


def _versions(session: Session, client: GatewayClient) -> Finding:
    there, here = client.openapi_spec.get("info", {}).get("version"), csp_gateway.__version__
    said = f"gateway {there}, this client {here}"
    if there == here:
        return Finding("versions", "ok", said)
    advice = "unless the application has a VERSION of its own, update the older one: pip install -U csp-gateway-client"
    return Finding("versions", "warn", said, advice)


def _document(session: Session, client: GatewayClient) -> Finding:
    info = client.openapi_spec.get("info", {})
    names = [name for name in client.channels() if "{" not in name]
    return Finding("mounted", "ok", f"{info.get('title')} {info.get('version')}: {len(names)} channels and states")


def _latency(session: Session, client: GatewayClient) -> Finding:
    names = [name for name, verbs in client.channels().items() if "last" in verbs and "{" not in name]
    if not names:
        return Finding("latency", "warn", "no channel can be asked for its last tick", "see MountRestRoutes")
    taken = []
    for _ in range(_ASKED):
        start = time.perf_counter()
        client.last(names[0], session.timeout)
        taken.append(time.perf_counter() - start)
    median = statistics.median(taken)
    slow = median > _SLOW
    advice = "look at the load of that machine, and the way there" if slow else ""
    return Finding("latency", "warn" if slow else "ok", f"last {names[0]}: p50 {median * 1000:.1f} ms", advice)


def _websocket(session: Session, client: GatewayClient) -> Finding:
    client.stream("heartbeat", connection=StreamOptions(connection_timeout=session.timeout)).close()
    return Finding("websocket", "ok", "live connections are served")


def _clients(session: Session, client: GatewayClient) -> Finding:
    slow = [
        str(each["address"])
        for each in client.clients(session.timeout)
        if each["full"] or any(one["dropped"] or one["lag"] > _BEHIND for one in each["subscriptions"])
    ]
    if slow:
        return Finding("clients", "warn", f"do not keep up: {', '.join(slow)}", "let them read faster, or conflate")
    return Finding("clients", "ok", "all who follow channels keep up")


_CHECKS: tuple[tuple[str, Callable[[Session, GatewayClient], Finding], str], ...] = (
    ("clock", _clock, "see whether /livez is let through to the gateway"),
    ("versions", _versions, "see whether /openapi.json is let through to the gateway"),
    ("mounted", _document, "see whether /openapi.json is let through to the gateway"),
    ("latency", _latency, "look at the gateway's log"),
    ("websocket", _websocket, "see MountWebSocketRoutes"),
    ("clients", _clients, "see MountWebSocketRoutes"),
)
