"""To follow a channel, and no more: what a client asks for, done and answered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from csp_gateway.errors import FrameError, GatewayException
from csp_gateway.server.state import State
from csp_gateway.server.web.live.client import Client
from csp_gateway.server.web.live.feed import Feed
from csp_gateway.server.web.live.framing import packable
from csp_gateway.server.web.live.hub import Hub
from csp_gateway.server.web.live.options import Options, keys_of, options_of
from csp_gateway.server.web.live.snapshot import Standing, newest_ticks, records_of
from csp_gateway.server.web.live.subscription import Subscription
from csp_gateway.server.web.live.told import MANY_RECORDS, heads_of, message
from csp_gateway.server.web.reply import written
from csp_gateway.wire.commands import Follow, Unsubscribe

__all__ = ["MOST_SUBSCRIPTIONS", "follow", "unfollow"]

MOST_SUBSCRIPTIONS = 1_000
"""Channels that one client may follow."""


async def follow(hub: Hub, client: Client, wanted: Follow) -> tuple[dict[str, Any], Subscription | None]:
    """Let a client follow a channel as it asks.

    Returns:
        The answer, and the subscription to be begun once that is told; None if there is nothing to begin.

    Raises:
        FrameError: it cannot be followed so.
    """
    feed = hub.feed(wanted.channel)
    state = _state(hub, feed, wanted)
    options = options_of(feed.shape, wanted, feed.keyby, state if wanted.removals else None)
    told = await _told_first(hub, client, feed, wanted, options, state)
    channel = feed.shape.channel
    known = client.subscriptions.get(channel)
    if known is None and len(client.subscriptions) >= MOST_SUBSCRIPTIONS:
        raise FrameError("too_many", f"one client may follow {MOST_SUBSCRIPTIONS:,} channels: unsubscribe from others")
    anew = wanted.since is not None or bool(wanted.snapshot)
    if known is not None and not anew:
        if known.options.keys is None or options.keys is not None:
            options = replace(options, keys=_together(known.options.keys, options.keys))
        if known.options.said == options.said and known.options.keys == options.keys:
            return {"channel": channel, "epoch": feed.history.epoch, "from": feed.next}, None  # it is followed so
    feed.begin()
    try:
        feed.pump()
        start, prelude, answer = _beginning(feed, wanted, options, told)
    finally:
        feed.rest()
    begins: dict[Any, int] = {}
    others: frozenset[Any] = frozenset()
    if known is not None:
        feed.unfollow(known)
        if not anew:
            start, begins = known.cursor, known.begins
        elif options.keys is not None and (others := _followed(feed, known) - options.keys):
            # Those go on from where they are.
            begins = dict.fromkeys(others, known.cursor) | known.begins | dict.fromkeys(options.keys, start)
            options = replace(options, keys=options.keys | others)
    feed.begin()
    cursor = min(start, known.cursor) if known is not None and others else start
    subscription = Subscription(feed, client.line, options, cursor, prelude, client.slow, client.failed, begins)
    if known is not None and anew and not others:
        hub.note_end(known)
    elif known is not None:
        subscription.succeed(known, others if anew else options.keys)
    client.subscriptions[channel] = subscription
    return {"channel": channel, "epoch": feed.history.epoch, **answer, "from": start}, subscription


def _state(hub: Hub, feed: Feed, wanted: Follow) -> State[Any] | None:
    """The state whose records, or removals, are to be told; None if none are."""
    if wanted.removals and wanted.snapshot != "state" and wanted.since is None:
        said = "removals are told of a state that is known: say snapshot='state', or since where that was said before"
        raise FrameError("invalid", said)
    if wanted.snapshot == "state" or wanted.removals:
        return hub.state(feed, wanted.state)
    if wanted.state is not None:
        raise FrameError("invalid", "state names the records that a snapshot tells: say snapshot='state' too")
    return None


async def _told_first(
    hub: Hub, client: Client, feed: Feed, wanted: Follow, options: Options, state: State[Any] | None
) -> tuple[int, list[bytes]] | None:
    """What stands, if it is to be told first: the offset of the first tick that is not in it, and its messages."""
    if not wanted.snapshot:
        return None
    listed = feed.shape.listed
    newest = None if wanted.snapshot == "state" else newest_ticks(feed.cell, options.keys, listed=listed)
    if newest is not None and sum(len(records) for _, records in newest.records) <= MANY_RECORDS:
        return newest.start, _messages(feed, newest, options)

    def tell() -> tuple[int, list[bytes]]:
        standing = newest
        if standing is None:
            assert state is not None
            standing = records_of(state, feed.history, listed=listed, by_age=wanted.removals)
        return standing.start, _messages(feed, standing, options)

    told = await hub.workers.run(tell)
    if client.is_gone:
        raise FrameError("gone", "the client has left meanwhile")
    return told


def _beginning(
    feed: Feed, wanted: Follow, options: Options, told: tuple[int, list[bytes]] | None
) -> tuple[int, list[list[bytes]], dict[str, Any]]:
    """The offset of the first tick to be told, the messages before it, and what the answer says of them."""
    answer: dict[str, Any] = {} if options.removals is None else {"state": _rules(options.removals)}
    if told is not None:
        start, messages = told
        return start, [[each] for each in messages], {**answer, "snapshot": len(messages)}
    if wanted.since is not None:
        return _resumed(feed, wanted, answer), [], answer
    return feed.history.next, [], answer


def _rules(state: State[Any]) -> dict[str, Any]:
    """What a state keeps, as ``wire.answers.Rules`` has it."""
    ttl = None if state.ttl is None else state.ttl.total_seconds()
    return {"keyby": list(state.keyby), "max_rows": state.max_rows, "ttl": ttl}


def unfollow(hub: Hub, client: Client, wanted: Unsubscribe) -> dict[str, Any]:
    """Tell a client nothing more of a channel, or of keys of it. It need not have followed them."""
    feed = hub.feed(wanted.channel)
    keys = keys_of(feed.shape, wanted.key, wanted.keys)
    channel = feed.shape.channel
    known = client.subscriptions.pop(channel, None)
    if known is None:
        return {"channel": channel, "followed": False}
    feed.unfollow(known)
    left = frozenset() if keys is None else _followed(feed, known) - keys
    if left:
        options = replace(known.options, keys=left)
        rest = Subscription(feed, client.line, options, known.cursor, [], client.slow, client.failed, known.begins)
        rest.succeed(known, left)
        client.subscriptions[channel] = rest
        feed.begin()
        feed.follow(rest)
    else:
        hub.note_end(known)
    return {"channel": channel, "followed": True}


def _followed(feed: Feed, known: Subscription) -> frozenset[Any]:
    return frozenset(feed.shape.keys.values()) if known.options.keys is None else known.options.keys


def _together(known: frozenset[Any] | None, more: frozenset[Any] | None) -> frozenset[Any] | None:
    return None if known is None or more is None else known | more


def _resumed(feed: Feed, wanted: Follow, answer: dict[str, Any]) -> int:
    """The offset to go on from; whether all is there from where was asked, and why not, goes into the answer."""
    assert wanted.since is not None
    page = feed.history.since(wanted.since, wanted.epoch, limit=1)
    ahead = page.reason == "epoch_changed" and wanted.epoch == feed.history.epoch
    if ahead and wanted.since > (coming := feed.history.next):
        raise FrameError("invalid", f"offset {wanted.since} has not ticked yet; the next is {coming}")
    if page.recovered or ahead:  # or it has been counted, and is on its way
        answer["recovered"] = True
        return wanted.since
    first = page.ticks[0].offset if page.ticks else feed.history.next
    answer |= {"recovered": False, "reason": page.reason}
    return first


def _messages(feed: Feed, standing: Standing, options: Options) -> list[bytes]:
    """What stands, as messages like those of ticks; where they say ``next``, all that stands has arrived."""
    heads = heads_of(feed.shape)
    ages = options.removals is not None and options.removals.ttl is not None
    chosen = []
    for key, records in standing.records:
        kept = records if options.where is None else [each for each in records if options.where(each)]
        if kept:
            chosen.append((key, kept))
    if not chosen and options.removals is not None:
        chosen.append((None, []))  # that nothing stands is to be known too
    messages = []
    for key, records in chosen:
        extra = b',"snapshot":true'
        if options.positions:
            epoch = feed.history.epoch.encode()
            coming = b',"next":%d' % standing.start if key is chosen[-1][0] and records is chosen[-1][1] else b""
            extra += b',"offset":%d%b,"epoch":"%b"' % (standing.start - 1, coming, epoch)
        try:
            data = options.picked(written(records))
        except GatewayException as error:
            raise FrameError("unwritable", str(error)) from None
        if options.packed and not packable(data):
            raise FrameError("unwritable", "MessagePack has no integers beyond 64 bits: take format='json'")
        if ages:
            extra += b',"born":%b' % orjson.dumps([standing.born[id(record)].isoformat() for record in records])
        messages.append(message(heads[key], data, extra))
    return messages
