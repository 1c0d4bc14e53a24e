import asyncio

import pytest

from csp_gateway.client.inbox import Inbox


async def settle() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


@pytest.mark.parametrize(("size", "most"), [(1, 4), (3, 100)])
def test_whoever_puts_waits_until_half_is_taken(size: int, most: int) -> None:
    async def go() -> None:
        inbox: Inbox[int] = Inbox(4 if size == 1 else 1_000, most if size == 1 else 12)
        for each in range(3):
            await inbox.put(each, size)
        last = asyncio.create_task(inbox.put(3, size))
        await settle()
        assert inbox.is_full
        assert inbox.take() == 0
        await settle()
        assert not last.done()
        assert inbox.take() == 1
        await last
        assert (len(inbox), inbox.first(), inbox.take(), inbox.take()) == (2, 2, 2, 3)

    asyncio.run(go())


def test_all_who_wait_are_woken_and_one_has_it() -> None:
    async def go() -> None:
        inbox: Inbox[int] = Inbox(10, 10)
        waiting = [asyncio.create_task(inbox.wait()) for _ in range(2)]
        await settle()
        await inbox.put(1, 1)
        assert await asyncio.gather(*waiting) == [True, True]
        inbox.take()
        once_more = asyncio.create_task(inbox.wait())
        await settle()
        inbox.end()
        assert not await once_more
        assert inbox.ended

    asyncio.run(go())


def test_after_the_end_what_is_there_is_there() -> None:
    async def go() -> None:
        inbox: Inbox[int] = Inbox(1, 1)
        putting = asyncio.create_task(inbox.put(1, 1))
        await settle()
        inbox.end()
        await putting
        assert await inbox.wait()
        assert inbox.take() == 1
        assert not await inbox.wait()

    asyncio.run(go())
