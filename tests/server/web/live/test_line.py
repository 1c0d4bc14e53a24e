"""A line that a task empties: it takes messages without waiting, and says when it is full."""

import asyncio

from csp_gateway.server.web.live.framing import Framing, batch
from csp_gateway.server.web.live.line import HIGH_BYTES, LOW_BYTES, QueuedLine
from tests.server.web.live.parts import looped, until

HALF = b"x" * (HIGH_BYTES // 2 + 1)


class Sink:
    """Takes one message whenever it is let."""

    def __init__(self) -> None:
        self.taken: list[tuple[bytes, Framing]] = []
        self.let = asyncio.Semaphore(0)

    async def send(self, message: bytes, framing: Framing) -> None:
        await self.let.acquire()
        self.taken.append((message, framing))


@looped
async def test_messages_come_in_order_each_in_its_framing() -> None:
    sink = Sink()
    line = QueuedLine(sink.send, Framing.TEXT, 5.0)
    assert (line.framing(packed=False), line.framing(packed=True)) == (Framing.TEXT, Framing.BYTES)
    line.write(batch([b"1", b"2"], Framing.TEXT))
    line.write(batch([b"3"], Framing.BYTES))
    line.close(3001, "over")
    sink.let._value = 9
    await asyncio.wait_for(line.run(), 10)
    assert [message for message, _ in sink.taken][:2] == [b"1", b"2"]
    assert [framing for _, framing in sink.taken] == [Framing.TEXT, Framing.TEXT, Framing.BYTES]
    assert line.closed == (3001, "over")


@looped
async def test_it_says_once_that_it_is_full_and_once_that_it_is_not() -> None:
    sink = Sink()
    line = QueuedLine(sink.send, Framing.TEXT, 5.0)
    said: list[str] = []
    line.on_full, line.on_writable = lambda: said.append("full"), lambda: said.append("writable")
    running = asyncio.ensure_future(line.run())
    line.write(batch([HALF], Framing.TEXT))
    assert not line.full
    line.write(batch([HALF], Framing.TEXT))
    line.write(batch([HALF], Framing.TEXT))
    assert line.full
    assert line.waiting() == 3 * len(HALF) > HIGH_BYTES
    assert said == ["full"]
    sink.let.release()
    sink.let.release()
    await until(lambda: line.waiting() == len(HALF))
    assert line.full  # as long as more waits than LOW_BYTES
    assert len(HALF) > LOW_BYTES
    sink.let.release()
    await until(lambda: not line.full)
    assert said == ["full", "writable"]
    assert line.waiting() == 0
    line.close(3001, "")
    await asyncio.wait_for(running, 10)


@looped
async def test_what_comes_after_the_end_is_lost_and_the_first_end_counts() -> None:
    sink = Sink()
    line = QueuedLine(sink.send, Framing.TEXT, 5.0)
    line.close(3008, "slow")
    line.close(3001, "over")
    line.write(batch([b"1"], Framing.TEXT))
    await asyncio.wait_for(line.run(), 10)
    assert (line.closed, line.waiting(), sink.taken) == ((3008, "slow"), 0, [])


@looped
async def test_who_does_not_read_is_not_waited_for_long_once_it_is_closed() -> None:
    line = QueuedLine(Sink().send, Framing.TEXT, 0.02)
    line.sending = running = asyncio.ensure_future(line.run())
    line.write(batch([b"1"], Framing.TEXT))
    line.close(3008, "slow")
    await asyncio.wait({running}, timeout=10)
    assert running.cancelled()
