"""One answer, awaited by many."""

import asyncio

import pytest

from csp_gateway.server.channels import Answer
from csp_gateway.server.web.verbs import awaited
from csp_gateway.server.web.verbs.awaited import arrived, is_there


def test_many_wait_and_the_answer_has_one_callback() -> None:
    async def wait() -> None:
        answer = Answer()
        waiting = [asyncio.ensure_future(is_there(answer, 10)) for _ in range(100)]
        gave_up = [await is_there(answer, 0.001) for _ in range(20)]
        assert gave_up == [False] * 20
        assert len(answer._done_callbacks) == 1
        answer.set_result(7)
        assert await asyncio.gather(*waiting) == [True] * 100

    asyncio.run(wait())


def test_it_waits_no_longer_than_others() -> None:
    async def wait() -> None:
        assert not await is_there(Answer(), None, asyncio.sleep(0.01))

    asyncio.run(wait())


def test_what_is_known_is_there() -> None:
    async def wait() -> None:
        assert await is_there(Answer.of(1), 10)

    asyncio.run(wait())


def test_it_waits_a_little_for_what_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awaited, "_PATIENCE", 0.01)

    async def wait() -> None:
        await arrived(None)
        await arrived(Answer.of(1))
        await arrived(Answer())

    asyncio.run(wait())
