"""Answers of the engine, shared by all who wait."""

import asyncio
import threading

import pytest

from csp_gateway import NotRunningError
from csp_gateway.server.channels import Answer


def test_nobody_can_cancel_it_for_the_others() -> None:
    answer = Answer()
    assert not answer.cancel()
    answer.set_result(1)
    assert answer.result(0) == 1


def test_many_coroutines_wake_their_loop_once() -> None:
    answer = Answer()

    async def ask() -> int:
        return await answer

    async def all_of_them() -> list[int]:
        waiting = [asyncio.ensure_future(ask()) for _ in range(1_000)]
        await asyncio.sleep(0)
        assert len({id(answer.on_loop()) for _ in range(3)}) == 1
        threading.Thread(target=answer.set_result, args=(7,)).start()
        return await asyncio.gather(*waiting)

    assert asyncio.run(all_of_them()) == [7] * 1_000
    assert answer._on_loops is not None
    assert len(answer._done_callbacks) == 1


def test_one_that_gives_up_leaves_the_others_waiting() -> None:
    answer = Answer()

    async def ask() -> int:
        async def wait() -> int:
            return await answer

        hasty, patient = asyncio.ensure_future(wait()), asyncio.ensure_future(wait())
        await asyncio.sleep(0)
        hasty.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hasty
        answer.set_result(3)
        return await patient

    assert asyncio.run(ask()) == 3


def test_each_loop_has_its_own() -> None:
    answer = Answer.of("known")

    async def ask() -> str:
        return await answer

    assert [asyncio.run(ask()) for _ in range(2)] == ["known", "known"]


def test_a_failure_is_raised_where_it_is_awaited() -> None:
    answer = Answer()
    answer.set_exception(ValueError("no"))

    async def ask() -> None:
        await answer

    with pytest.raises(ValueError, match="no"):
        asyncio.run(ask())


def test_a_thread_that_waits_too_long_is_told_for_what() -> None:
    with pytest.raises(TimeoutError, match=r"nothing came within 0\.01 s"):
        Answer().within(0.01, "nothing came")
    failed = Answer()
    failed.set_exception(TimeoutError("its own"))
    with pytest.raises(TimeoutError, match="its own"):
        failed.within(10, "nothing came")
    assert Answer.of(7).within(None, "nothing came") == 7


def test_what_went_wrong_is_an_error_of_its_own_for_everybody() -> None:
    failed, cause = Answer(), ZeroDivisionError()
    reason = NotRunningError("over")
    reason.__cause__ = cause
    failed.set_exception(reason)
    told = []
    for _ in range(3):
        with pytest.raises(NotRunningError, match="over") as raised:
            failed.result(0)
        told.append(raised.value)
    assert len(set(map(id, told))) == 3
    assert all(error.__cause__ is cause for error in told)
    assert reason.__traceback__ is None


def test_loops_that_are_closed_are_let_go() -> None:
    answer = Answer()

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(answer, 0.001)

    for _ in range(20):
        asyncio.run(give_up())
    assert answer._on_loops is not None
    assert len(answer._on_loops) == 1
    answer.set_result(7)

    async def ask() -> int:
        return await answer

    assert asyncio.run(ask()) == 7


def test_what_is_read_of_it_is_made_by_who_asks() -> None:
    answer = Answer(lambda given: [threading.get_ident(), given])
    threading.Thread(target=answer.set_result, args=(7,)).start()
    assert answer.result(10) == [threading.get_ident(), 7]

    async def ask() -> object:
        return await answer

    assert asyncio.run(ask()) == [threading.get_ident(), 7]


def test_who_gives_up_is_forgotten_at_once_however_many_wait() -> None:
    async def several() -> None:
        answer = Answer()
        here = answer.on_loop()
        called: list[str] = []

        def never(_: object) -> None:
            called.append("never")

        def once(_: object) -> None:
            called.append("once")

        for _ in range(3):
            here.add_done_callback(once)
        here.add_done_callback(never)
        assert (here.remove_done_callback(never), here.remove_done_callback(never)) == (1, 0)
        for _ in range(100):
            await asyncio.wait({here}, timeout=0)
        assert len(here._waiting) == 1
        answer.set_result(7)
        assert await answer == 7
        assert called == ["once"]
        here.add_done_callback(once)
        assert await here == 7
        await asyncio.sleep(0)
        assert called == ["once", "once"]

    asyncio.run(several())
