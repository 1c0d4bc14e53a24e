"""Clients that do nothing wrong, and hold all they are told against what has to be told, whatever others do."""

import asyncio
import random
import threading
from typing import Any

from tests.ways.live_source import Follower
from tests.ways.trouble import until

FOLLOWED = [("plain", None), ("basket", None), ("basket", "A"), ("listed", None), ("keyed", None)]


class Everybody(threading.Thread):
    """Healthy clients that follow all kinds of channels until told to end."""

    def __init__(self, port: int, count: int) -> None:
        super().__init__(name="everybody")
        self.port = port
        self.followers = [
            Follower(f"{number} of {channel} {key}", channel, key, random.Random(number))
            for number in range(count)
            for channel, key in [FOLLOWED[number % len(FOLLOWED)]]
        ]
        self.over = threading.Event()
        self.ends: list[Any] = []

    def run(self) -> None:
        asyncio.run(self._follow())

    async def _follow(self) -> None:
        followings = [asyncio.ensure_future(each.follow(self.port)) for each in self.followers]
        while not self.over.is_set():
            await asyncio.sleep(0.05)
        # All of them are still there.
        self.ends = [each.exception() or each.result() for each in followings if each.done()]
        for each in followings:
            each.cancel()
        await asyncio.gather(*followings, return_exceptions=True)

    def __enter__(self) -> "Everybody":
        self.start()
        until(lambda: all(each.heard for each in self.followers))
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.join()

    def reach(self, offset: int) -> None:
        """Wait until all of them have been told so far."""
        until(lambda: all((each.next or 0) >= offset for each in self.followers))

    def judge(self, upto: int) -> None:
        """They were told everything, at least up to an offset."""
        assert self.ends == []
        for each in self.followers:
            assert each.connections == 1
            assert each.gaps == []
            assert each.heard == each.expected(), each.name
            assert (each.next or 0) >= upto, each.name
