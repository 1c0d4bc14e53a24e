"""Whether the code that runs works for a request."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from csp_gateway.server.gateway.answering import Answering


def asked(aside: ThreadPoolExecutor, *apps: Answering) -> list[bool]:
    """What each says in a request of the first: here, on a thread it was given, in a task, on a thread of others."""
    said: list[bool] = []

    async def app(*_: Any) -> None:
        for each in apps:
            said.append(each.here())
            said.append(await asyncio.to_thread(each.here))
            said.append(await asyncio.ensure_future(later(each)))
            said.append(aside.submit(each.here).result())

    async def later(each: Answering) -> bool:
        return each.here()

    async def both() -> None:
        apps[0]._app = app
        await asyncio.ensure_future(apps[0]({}, later, app))
        assert not any(each.here() for each in apps)

    asyncio.run(both())
    return said


async def nothing(*_: Any) -> None:
    raise AssertionError("never asked")


def test_it_is_known_in_the_request_in_its_tasks_and_on_the_threads_it_is_given() -> None:
    with ThreadPoolExecutor(1) as aside:
        assert asked(aside, Answering(nothing)) == [True, True, True, False]


def test_a_request_of_another_gateway_is_not_one_of_this() -> None:
    with ThreadPoolExecutor(1) as aside:
        assert asked(aside, Answering(nothing), Answering(nothing))[4:] == [False] * 4
