"""An answer of the engine, awaited by a request that has other things to wait for."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress

from csp_gateway.server.channels import Answer

__all__ = ["arrived", "is_there"]

_PATIENCE = 0.25
"""Seconds to wait for values that were sent; then what is there will do."""


async def arrived(arriving: Answer | None) -> None:
    """Wait a little until values that were sent are there, if some are on their way."""
    if arriving is not None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await arriving


async def is_there(answer: Answer, timeout: float | None, *others: Awaitable[object]) -> bool:
    """Wait until ``answer`` is there, at most ``timeout`` seconds and not longer than ``others``; whether it is.

    However many requests wait for one answer, and whether they give up or not, it wakes the loop once.
    """
    here = answer.on_loop()
    here.add_done_callback(asyncio.Future.exception)  # looked at, even if nobody waits for it to the end
    await asyncio.wait({here, *map(asyncio.ensure_future, others)}, timeout=timeout, return_when="FIRST_COMPLETED")
    return here.done()
