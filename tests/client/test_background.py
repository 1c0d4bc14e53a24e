import asyncio
import gc
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from csp_gateway.client.background import Background


def names() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


async def name() -> str:
    return threading.current_thread().name


def test_its_thread_is_made_at_the_first_use_and_joined_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    background = Background("behind")
    assert "behind" not in names()
    assert background.run(name()) == "behind"
    assert background.run(name()) == "behind"
    assert "made an event loop, on the thread 'behind'" in caplog.text
    assert next(each for each in threading.enumerate() if each.name == "behind").daemon
    background.close()
    background.close()
    assert "behind" not in names()
    with pytest.raises(RuntimeError, match="this client is closed"):
        background.run(name())


def test_what_a_coroutine_raises_is_raised_here() -> None:
    async def fails() -> None:
        raise KeyError("x")

    background = Background("behind")
    with pytest.raises(KeyError):
        background.run(fails())
    background.close()


def test_any_thread_may_ask_and_a_running_loop_is_not_in_its_way() -> None:
    background = Background("behind")
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: background.run(name()), range(50))) == {"behind"}

    async def in_a_notebook() -> str:
        return background.run(name())

    assert asyncio.run(in_a_notebook()) == "behind"
    background.close()


def test_its_own_thread_would_wait_for_itself() -> None:
    background = Background("behind")

    async def within() -> None:
        background.run(name())

    with pytest.raises(RuntimeError, match="the thread 'behind' would wait for itself"):
        background.run(within())
    background.close()


def test_where_no_thread_can_be_started_the_next_one_who_asks_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    background = Background("behind")
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        for _ in range(2):
            with pytest.raises(RuntimeError, match="can't start new thread"):
                background.run(name())
    assert background.begin(name()).result(5) == "behind"
    background.close()


def test_what_ends_something_is_done_on_its_own_thread_too() -> None:
    background = Background("behind")
    done: list[str] = []

    async def end() -> None:
        done.append(await name())

    async def within() -> None:
        background.finish(end())
        assert done == []

    background.finish(end())
    assert done == ["behind"]
    done.clear()
    background.run(within())
    background.run(name())
    assert done == ["behind"]

    async def fails() -> None:
        raise RuntimeError("as nobody foresaw")

    with pytest.raises(RuntimeError, match="as nobody foresaw"):
        background.finish(fails())
    background.close()
    background.finish(end())
    assert done == ["behind"]


def test_what_runs_is_cancelled_at_the_end() -> None:
    background = Background("behind")
    ended = threading.Event()

    async def runs() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    future = background.begin(runs())
    background.run(name())
    background.close()
    assert ended.is_set()
    assert future.cancelled()
    with pytest.raises(RuntimeError):
        background.begin(runs())


def test_it_ends_when_nobody_has_it() -> None:
    background = Background("behind")
    background.run(name())
    del background
    gc.collect()
    assert "behind" not in names()
