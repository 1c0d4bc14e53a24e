"""AsyncTable: a state of a gateway as it is kept here, following the real one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from csp_gateway.client.followed import Gap
from csp_gateway.client.replica import Replica, Row
from csp_gateway.client.response_wrapper import ResponseWrapper
from csp_gateway.client.stream import Stream
from csp_gateway.client.wishes import FollowOptions
from csp_gateway.errors import ServerTimeoutError, StreamClosedError, WrongArgumentError, fresh

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

__all__ = ["AsyncTable", "OnChange", "Source"]

_log = logging.getLogger(__name__)

OnChange = Callable[[Mapping[Hashable, Row], Mapping[Hashable, Row]], Any]
"""Called with all records before and after they have changed."""

_ANEW = ("overflow", "too_many_keys", "unwritable")
"""Gaps after which the stream goes on as if nothing were missing, and a replica must not."""
_AGE_SECONDS = 1.0


class Source(NamedTuple):
    """What a table is of."""

    state: str
    channel: str
    wrapper: ResponseWrapper
    """Tells what its records are of; it holds none."""


class AsyncTable(Mapping[Hashable, Row]):
    """The records of a state by key: what stood when it was opened, and all that has changed since.

    It is a mapping: the key is the value of the field that tells records apart, or a tuple where there are several; the
    record is as JSON has it. Whoever reads it, on any thread, has the records of one moment; to read costs nothing.
    If the connection is lost it comes back, and the records stay as they were: ``state`` says so.

    Args:
        on_change: called after records have changed, on the thread of the connection.
    """

    def __init__(
        self, stream: Stream, source: Source, options: FollowOptions, on_change: OnChange | None = None
    ) -> None:
        self._stream = stream
        self._source = source
        self._options: FollowOptions = {
            **options,
            "snapshot": "state",
            "state": source.state,
            "removals": True,
            "positions": True,
        }
        self._on_change = on_change
        self._replica = Replica()
        self._heard = 0.0
        self._changed = asyncio.Event()
        self._error: Exception | None = None
        self._following: asyncio.Task[None] | None = None
        self._anew: asyncio.Task[None] | None = None
        self._stood = False
        self._listeners: dict[Callable[[], None], None] = {}

    async def open(self, timeout: float | None) -> None:
        """Return when all that stands is here.

        Raises:
            FrameError: the state cannot be followed so.
            WrongArgumentError: a ``ValueError``: ``where`` on a state that keeps only its newest records, which are not
                those of the filter.
            ServerException: there is no connection, or what stands has not come in time.
        """
        self._stream.on_state = self._note
        try:
            async with asyncio.timeout(timeout):
                await self._subscribe()
                if self._options.get("where") is not None and self._replica.max_rows is not None:
                    most = self._replica.max_rows
                    raise WrongArgumentError(
                        f"state {self._source.state!r} keeps its newest {most:,} records, and which these are cannot "
                        f"be known from some of them: leave out `where`, and filter what is here"
                    )
                self._following = asyncio.create_task(self._follow(), name="gateway-table")
                await self._until(lambda: self._stood)
        except TimeoutError as error:
            await self.aclose()
            if isinstance(error, ServerTimeoutError):
                raise
            raise ServerTimeoutError(f"state {self._source.state!r} has not come within {timeout:g} s") from None
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Follow it no more; what is here stays. A forked child leaves it alone."""
        if self._stream.is_elsewhere:
            return
        for task in (self._following, self._anew):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task
        await self._stream.aclose()
        self._changed.set()

    # What is here.

    @property
    def rows(self) -> Mapping[Hashable, Row]:
        """All records of this moment; they are not changed any more."""
        return self._replica.rows

    @property
    def offset(self) -> int | None:
        """Of the newest tick that is in it; None if there was none."""
        return self._replica.offset

    @property
    def state(self) -> str:
        """``connecting``, ``connected``, ``lost`` or ``closed``: whether it follows."""
        return self._stream.state

    @property
    def keyby(self) -> tuple[str, ...]:
        """The fields that tell its records apart."""
        return self._replica.keyby

    def __getitem__(self, key: Hashable) -> Row:
        return self.rows[key]

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"<table of {self._source.state!r}: {len(self):,} records, {self.state}>"

    def to_dict(self) -> dict[Hashable, Row]:
        """The records by key."""
        return dict(self.rows)

    def records(self) -> list[Row]:
        """The records."""
        return list(self.rows.values())

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas frame; ``ImportError`` where that is not installed."""
        return self.wrapped(self.records()).as_pandas_df()

    def to_polars(self) -> polars.DataFrame:
        """A polars frame; ``ImportError`` where that is not installed."""
        return self.wrapped(self.records()).as_polars_df()

    def to_arrow(self) -> pyarrow.Table:
        """A pyarrow table; ``ImportError`` where that is not installed."""
        return self.wrapped(self.records()).as_arrow()

    def to_structs(self) -> list[Any]:
        """Structs; ``UntrustedTypeError`` where their class may not be imported."""
        structs: list[Any] = self.wrapped(self.records()).as_struct()
        return structs

    def wrapped(self, records: list[Row]) -> ResponseWrapper:
        """Records of this state, with what is known of their types."""
        return self._source.wrapper.with_json(records)

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have a function called after each change, on the connection's thread, until what is returned is called."""
        self._listeners[listener] = None
        return lambda: self._listeners.pop(listener, None)

    async def wait_until(
        self, what: int | Callable[[Mapping[Hashable, Row]], Any], timeout: float | None = None
    ) -> None:
        """Return once the tick of an offset is in it, or something is true of the records.

        Args:
            what: an offset, or a function of the records, called after each change.

        Raises:
            ServerTimeoutError: a ``TimeoutError``: it was not so in time.
            ServerException: it follows the state no more.
        """
        if isinstance(what, int):
            offset = what
            holds: Callable[[], Any] = lambda: (self.offset if self.offset is not None else -1) >= offset  # noqa: E731
        else:
            holds = lambda: what(self.rows)  # noqa: E731
        try:
            async with asyncio.timeout(timeout):
                await self._until(holds)
        except TimeoutError:
            raise ServerTimeoutError(f"it was not so within {timeout:g} s: {self!r}, offset {self.offset}") from None

    # How it follows.

    async def _until(self, holds: Callable[[], Any]) -> None:
        if self._stream.is_elsewhere:
            self._stream.start()  # which says so
        while not holds():
            if self._error is not None:
                raise fresh(self._error)
            self._changed.clear()
            await self._changed.wait()

    async def _subscribe(self) -> None:
        answer = await self._stream.subscribe(self._source.channel, **self._options)
        self._replica.begin(answer["state"], answer["snapshot"], answer["from"])
        self._stood = self._replica.is_whole

    async def _follow(self) -> None:
        try:
            while True:
                items = await self._some()
                before = self._replica.rows
                self._replica.take_all(item for item in items if isinstance(item, dict))
                if items:
                    self._heard = time.monotonic()
                if any(isinstance(item, Gap) and item.reason in _ANEW for item in items):
                    self._begin_anew()
                self._stood = self._stood or self._replica.is_whole
                self._age()
                if self._replica.rows is not before:
                    if self._on_change is not None:
                        self._on_change(before, self._replica.rows)
                    for listener in list(self._listeners):
                        listener()
                self._changed.set()
        except asyncio.CancelledError:
            self._error = self._error or StreamClosedError("the table was closed", 1000)
            raise
        except Exception as error:
            self._error = self._error or error
            _log.warning("%r follows the state no more: %s", self, self._error)
            await self._stream.aclose()
        finally:
            self._changed.set()

    async def _some(self) -> list[Any]:
        """What has come; nothing after a while, where records grow old without anything that comes."""
        patience = None if self._replica.ttl is None else min(_AGE_SECONDS, self._replica.ttl.total_seconds() / 4)
        try:
            async with asyncio.timeout(patience):
                items = await self._stream.take_many()
        except TimeoutError as error:
            if isinstance(error, ServerTimeoutError):
                raise
            return []
        if not items:
            raise StreamClosedError("the table was closed", 1000)
        return items

    def _age(self) -> None:
        if self._replica.ttl is not None and self._replica.time is not None:
            passed = timedelta(seconds=time.monotonic() - self._heard)
            self._replica.let_go(self._replica.time + passed)

    def _note(self, state: str) -> None:
        if state == "lost":
            self._replica.interrupt()
        self._changed.set()

    def _begin_anew(self) -> None:
        """Ask for all that stands once more, while what was told before is still being read."""
        if self._anew is None or self._anew.done():
            self._anew = asyncio.create_task(self._snapshot_again(), name="gateway-table-anew")

    async def _snapshot_again(self) -> None:
        while True:
            try:
                await self._stream.subscribe(self._source.channel, **self._options)
            except ServerTimeoutError:
                continue  # the connection is not there, or slow, and gives up by itself
            except Exception as error:  # what is here is not what stands, and will not become so
                self._error = self._error or error
                await self._stream.aclose()
            return
