"""stream_csp: the channels of a gateway as a csp edge, and what ticks in a graph published to them."""

# A node's signature is csp's own language: no return type, and typing's Dict.
# mypy: disable-error-code="misc,untyped-decorator,no-untyped-def,valid-type,arg-type,attr-defined"

import logging
from collections.abc import Mapping
from typing import Any, Dict  # noqa: UP035  # csp reads typing.Dict

import csp
from csp import ts

from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.csp_link import EngineLink, taken
from csp_gateway.client.followed import Gap
from csp_gateway.client.following import Message
from csp_gateway.client.link import StreamState
from csp_gateway.client.stream import Stream, unheeded
from csp_gateway.client.stream_options import StreamOptions
from csp_gateway.client.wishes import wish
from csp_gateway.errors import ServerException, ServerUnreachableError

__all__ = ["ConnectionError", "CspStream", "StreamStatus", "channel_and_key", "patience", "stream_csp"]

_ANSWER_SECONDS = 60.0

_log = logging.getLogger(__name__)


class ConnectionError(ServerUnreachableError):
    """There is no connection to the gateway, and will be none: what ``csp.run`` raises then."""


class StreamStatus(csp.Struct):
    """What has become of a connection.

    Attributes:
        state: ``connecting``, ``connected``, ``lost`` or ``closed``.
        why: the connection is not there; or what was the last to go wrong.
        gaps: how often ticks were missing.
        missing: how many, as far as anybody knows.
        unpublished: how often something could not be published, or nobody knows whether it was.
    """

    state: str
    why: str
    gaps: int
    missing: int
    unpublished: int


class CspStream:
    """A live connection for as long as an engine runs, as edges: ``messages``, and ``status`` beside them.

    Make it while the graph is built; the arguments are those of ``stream_csp``.
    """

    def __init__(
        self,
        config: GatewayClientConfig,
        subscribe: Any,
        unsubscribe: Any = None,
        data: Any = None,
        push_mode: Any = csp.PushMode.NON_COLLAPSING,
        connection_timeout: float = -1,
        *,
        options: StreamOptions | None = None,
    ) -> None:
        mode = push_mode if push_mode == csp.PushMode.NON_COLLAPSING else csp.PushMode.BURST
        connection = patience(connection_timeout, options)
        self._link = EngineLink(config, connection, self._read, name="gateway-stream-csp", push_mode=mode)
        self._status: dict[str, Any] = {"state": "connecting", "why": "", "gaps": 0, "missing": 0, "unpublished": 0}
        items = taken(self._link.edge, self._link)
        self.messages: Any = _messages(
            items,
            subscribe,
            csp.null_ts(str) if unsubscribe is None else unsubscribe,
            csp.null_ts(dict[str, object]) if data is None else data,
            _Desk(self._link, push_mode, self._unpublished),
        )
        """A ``csp.DynamicBasket[str, object]``: of each channel that is subscribed to, what it ticks."""
        self.status: Any = _statuses(items)
        """A ``ts[StreamStatus]``: what becomes of the connection."""

    async def _read(self, stream: Stream) -> None:
        async def told(state: StreamState) -> None:
            self._tell(state=state, why=stream.why)

        stream.on_state = told
        stream.start()
        try:
            while items := await stream.take_many():
                for item in items:
                    await self._link.room()
                    if isinstance(item, Gap):
                        self._gap(item)
                    else:
                        self._link.push(item)
        except ServerException as error:
            raise ConnectionError(str(error)) from error

    def _gap(self, gap: Gap) -> None:
        unheeded(gap)
        status = self._status
        self._tell(gaps=status["gaps"] + 1, missing=status["missing"] + (gap.count or 0), why=str(gap))

    def _unpublished(self, why: str) -> None:
        _log.warning("not published: %s", why)
        self._tell(unpublished=self._status["unpublished"] + 1, why=f"not published: {why}")

    def _tell(self, **changed: Any) -> None:
        self._status |= changed
        self._link.push(StreamStatus(**self._status))


def stream_csp(
    config: GatewayClientConfig,
    subscribe: Any,
    unsubscribe: Any = None,
    data: Any = None,
    push_mode: Any = csp.PushMode.NON_COLLAPSING,
    connection_timeout: float = -1,
) -> Any:
    """The channels of a gateway as an edge, to be called while a graph is built.

    The connection begins and ends with the engine. What is wanted before it is there waits for it; where it is lost, it
    comes back, and goes on where it was. ``CspStream`` has an edge of what becomes of it, too.

    Args:
        subscribe: a ``ts[str]`` of channels to follow from then on; of a basket ``by_side``, or ``by_side/BUY``.
        unsubscribe: a ``ts[str]`` of those that are to be followed no more.
        data: a ``ts[dict[str, object]]``: what is to be published, by channel. It must not be changed afterwards. What
            is refused is logged, and counted in ``CspStream.status``; the engine goes on.
        push_mode: ``NON_COLLAPSING``: each message ticks; ``LAST_VALUE``: of those that came since the last cycle the
            newest of each channel; ``BURST``: all of those, as a list.
        connection_timeout: seconds without a connection after which the engine ends; 0: at once, -1: never.

    Returns:
        A ``csp.DynamicBasket[str, object]``. A channel becomes a key with its first message, and is none any more when
        it is unsubscribed. What ticks are messages: ``channel``, of a basket ``key``, and ``data``, a list of records.

    Raises:
        ConnectionError: by ``csp.run``: there is no connection, and will be none; the message says why.
        FrameError: by ``csp.run``: a channel cannot be followed.
    """
    return CspStream(config, subscribe, unsubscribe, data, push_mode, connection_timeout).messages


def patience(connection_timeout: float, options: StreamOptions | None = None) -> StreamOptions:
    """The options of a connection that is waited for so long; for ever, if the seconds are negative."""
    # The engine may be behind, and an answer behind messages that it has not taken yet.
    given = {"answer_timeout": _ANSWER_SECONDS} if options is None else vars(options)
    return StreamOptions(**{**given, "connection_timeout": None if connection_timeout < 0 else connection_timeout})


def channel_and_key(named: str) -> tuple[str, str | None]:
    """A channel, and of a basket a key, as they are written in one: ``by_side/BUY``."""
    channel, _, key = named.partition("/")
    return channel.replace("-", "_"), key or None


def _spelled(named: str) -> str:
    channel, key = channel_and_key(named)
    return channel if key is None else f"{channel}/{key}"


class _Desk:
    """What the graph wants of the connection, and what of that which is told is for whom. On the engine's thread."""

    def __init__(self, link: EngineLink, push_mode: Any, unpublished: Any) -> None:
        self._link = link
        self._push_mode = push_mode
        self._unpublished = unpublished
        self._wanted: set[str] = set()
        self._keys: set[str] = set()
        """Those that the basket has."""

    def reset(self) -> None:
        self._wanted, self._keys = set(), set()

    def subscribe(self, named: str) -> None:
        named = _spelled(named)
        self._wanted.add(named)
        self._link.begin(lambda stream: _followed(stream, [named]))

    def unsubscribe(self, named: str) -> bool:
        """Follow it no more; whether the basket has it."""
        known = named in self._keys
        if named in self._wanted:
            self._wanted.discard(named)
            self._keys.discard(named)
            channel, key = channel_and_key(named)
            rest = [each for each in self._wanted if each.startswith(f"{channel}/")]
            if key is None or channel not in self._wanted:
                self._link.begin(lambda stream: _left(stream, channel, key, [] if key else rest))
        return known

    def publish(self, data: Mapping[str, Any]) -> None:
        for named, value in data.items():
            channel, key = channel_and_key(named)
            self._link.publish(channel, value, key, self._unpublished)

    def told(self, items: list[Any]) -> dict[str, Any]:
        """What ticks, by the key of the basket."""
        ticks: dict[str, Any] = {}
        for item in items:
            if isinstance(item, dict):
                for named in self._of(item):
                    if self._push_mode == csp.PushMode.BURST:
                        ticks.setdefault(named, []).append(item)
                    else:
                        ticks[named] = item
        self._keys.update(ticks)
        return ticks

    def _of(self, message: Message) -> list[str]:
        channel = message["channel"]
        names = [channel, f"{channel}/{message['key']}"] if "key" in message else [channel]
        return [name for name in names if name in self._wanted]


async def _followed(stream: Stream, names: list[str]) -> None:
    try:
        await stream.follow(*(wish(*channel_and_key(each)) for each in names))
    except ServerException as error:
        raise ConnectionError(str(error)) from error


async def _left(stream: Stream, channel: str, key: str | None, rest: list[str]) -> None:
    """Follow it no more; a whole basket, and not those of its keys that are wanted by themselves."""
    try:
        await stream.unsubscribe(channel, key)
    except ServerException as error:
        raise ConnectionError(str(error)) from error
    await _followed(stream, rest)


@csp.node(memoize=False)
def _messages(
    items: ts[object],
    subscribe: ts[str],
    unsubscribe: ts[str],
    data: ts[Dict[str, object]],  # noqa: UP006
    desk: object,
) -> csp.DynamicBasket[str, object]:
    with csp.start():
        desk.reset()
    if csp.ticked(subscribe):
        desk.subscribe(subscribe)
    if csp.ticked(unsubscribe):
        gone = _spelled(unsubscribe)
        if desk.unsubscribe(gone):
            csp.remove_dynamic_key(gone)
    if csp.ticked(data):
        desk.publish(data)
    if csp.ticked(items):
        ticks = desk.told(items)
        if ticks:
            csp.output(ticks)


@csp.node(memoize=False)
def _statuses(items: ts[object]) -> ts[StreamStatus]:
    if csp.ticked(items):
        statuses = [item for item in items if isinstance(item, StreamStatus)]
        if statuses:
            return statuses[-1]
