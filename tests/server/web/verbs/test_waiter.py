"""Requests of ``next`` that the front lets wait."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from csp_gateway import GatewaySettings, GatewayStruct
from csp_gateway.errors import EngineError, NotRunningError
from csp_gateway.server.channels import Answer
from csp_gateway.server.web.deadline import Patience
from csp_gateway.server.web.verbs import Shape, Waiter, Writer
from csp_gateway.server.web.workers import Workers


class Tick(GatewayStruct):
    n: int


class Outside:
    """As much of one as is asked."""

    def __init__(self) -> None:
        self.coming = Answer()
        self.error: Exception | None = None

    def next(self, channel: str) -> Answer:
        assert channel == "ticks"
        if self.error is not None:
            raise self.error
        return self.coming


class Waiting:
    """Requests that wait, and what they are told."""

    def __init__(self, **settings: Any) -> None:
        self.outside = Outside()
        self.patience = Patience(GatewaySettings(**settings))
        writer = Writer(Shape("ticks", Tick, listed=False), Workers())
        self.waiter = Waiter(self.outside, writer, self.patience)  # type: ignore[arg-type]

    async def ask(self, leaves: asyncio.Event | None = None) -> tuple[int, bytes]:
        messages: list[Any] = []
        began = False

        async def receive() -> Any:
            nonlocal began
            if not began:
                began = True
                return {"type": "http.request"}
            await (leaves or asyncio.Event()).wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            messages.append(message)

        scope = {"type": "http", "method": "GET", "path": "/api/v1/next/ticks", "headers": []}
        await self.waiter(scope, receive, send)
        return messages[0]["status"], messages[1]["body"]

    def run(self, act: Callable[["Waiting"], Any]) -> Any:
        async def go() -> Any:
            asyncio.get_running_loop().set_exception_handler(lambda _, context: pytest.fail(str(context)))
            return await act(self)

        told = asyncio.run(go())
        statistics = self.patience.statistics()
        assert (statistics["waiting"], statistics["in_progress"]) == (0, 0)
        return told


def test_all_who_wait_are_told() -> None:
    async def act(waiting: Waiting) -> list[tuple[int, bytes]]:
        asked = [asyncio.ensure_future(waiting.ask()) for _ in range(3)]
        await asyncio.sleep(0)
        assert waiting.patience.statistics()["waiting"] == 3
        assert len(asyncio.all_tasks()) == 4  # none but theirs, and this one
        waiting.outside.coming.set_result(Tick(n=7))
        return await asyncio.gather(*asked)

    told = Waiting().run(act)
    assert {status for status, _ in told} == {200}
    assert all(b'"n":7' in body for _, body in told)


def test_what_is_there_already_is_told() -> None:
    waiting = Waiting()
    waiting.outside.coming.set_result(None)
    assert waiting.run(Waiting.ask) == (200, b"[]")


def test_its_deadline() -> None:
    waiting = Waiting(NEXT_SECONDS=0.02)
    status, body = waiting.run(Waiting.ask)
    assert status == 504
    assert b"was not answered within 0.02 s; it waited for a tick of ticks" in body
    assert waiting.patience.statistics()["timed_out"] == 1


def test_a_client_that_leaves_is_forgotten() -> None:
    async def act(waiting: Waiting) -> int:
        leaves = asyncio.Event()
        asked = asyncio.ensure_future(waiting.ask(leaves))
        await asyncio.sleep(0)
        leaves.set()
        status, _ = await asked
        assert not waiting.outside.coming.on_loop()._waiting.keys() - {asyncio.Future.exception}  # type: ignore[attr-defined]
        waiting.outside.coming.set_result(None)
        await asyncio.sleep(0)
        return status

    assert Waiting().run(act) == 499


def test_one_that_is_cancelled_is() -> None:
    async def act(waiting: Waiting) -> None:
        asked = asyncio.ensure_future(waiting.ask())
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked

    Waiting().run(act)


def test_a_tick_at_the_very_end_is_told_or_late() -> None:
    async def act(waiting: Waiting) -> tuple[int, bytes]:
        loop = asyncio.get_running_loop()
        loop.call_later(0.02, waiting.outside.coming.set_result, None)
        return await waiting.ask()

    assert Waiting(NEXT_SECONDS=0.02).run(act)[0] in (200, 504)


def test_too_many_are_refused() -> None:
    async def act(waiting: Waiting) -> int:
        first = asyncio.ensure_future(waiting.ask())
        await asyncio.sleep(0)
        status, _ = await waiting.ask()
        waiting.outside.coming.set_result(None)
        await first
        return status

    assert Waiting(MAX_WAITING=1).run(act) == 429


@pytest.mark.parametrize(("error", "status"), [(NotRunningError("over"), 503), (EngineError("broken"), 500)])
def test_an_engine_that_has_ended_is_an_error_before_and_while_they_wait(error: Exception, status: int) -> None:
    before, meanwhile = Waiting(), Waiting()
    before.outside.error = error
    meanwhile.outside.coming.set_exception(error)
    for waiting in (before, meanwhile):
        assert waiting.run(Waiting.ask)[0] == status
