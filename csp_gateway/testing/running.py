"""A gateway that runs inside a test, without the web, and is stopped when the test ends."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from csp_gateway.errors import EngineError, GatewayException, ShutdownError
from csp_gateway.server.channels import GatewayChannels
from csp_gateway.server.gateway import Gateway
from csp_gateway.server.gateway.engine import Engine
from csp_gateway.server.module import GatewayModule
from csp_gateway.server.settings import GatewaySettings

__all__ = ["gateway_of", "running_gateway", "stopped_after"]


def gateway_of(
    gateway: Gateway | GatewayChannels, *modules: GatewayModule, **options: Any
) -> tuple[Gateway, dict[str, Any]]:
    """A gateway from what it is made of, or as it is.

    Args:
        gateway: a gateway, or the channels of one that is made here.
        modules: its modules.
        options: those in capitals are its settings, the others are for ``start``.

    Returns:
        The gateway, and the options for its ``start``.

    Raises:
        TypeError: modules or settings, and a gateway that has its own.
    """
    settings = {name: value for name, value in options.items() if name.isupper()}
    if not isinstance(gateway, Gateway):
        gateway = Gateway(channels=gateway, modules=list(modules), settings=GatewaySettings(**settings))
    elif modules or settings:
        more = ", ".join([*(type(module).__name__ for module in modules), *settings])
        raise TypeError(f"a Gateway has its modules and settings already: leave {more} out, or give channels instead")
    return gateway, {name: value for name, value in options.items() if name not in settings}


@contextmanager
def running_gateway(gateway: Gateway, *, may_fail: bool = False, **options: Any) -> Iterator[Gateway]:
    """Run a gateway for as long as the ``with`` block lasts, in real time and without the web.

    Args:
        may_fail: the block lets a node raise, and that is no failure of the test.
        options: of ``gateway.start``.

    Raises:
        EngineError: after the block: a node raised, and the block has not been told by ``gateway.stop`` or ``join``.
        ShutdownError: after the block: a module's ``shutdown`` raised.
    """
    gateway.start(**{"block": False, **options})
    with stopped_after(gateway, may_fail):
        yield gateway


@contextmanager
def stopped_after(gateway: Gateway, may_fail: bool = False) -> Iterator[None]:
    """Stop a gateway at the end of the ``with`` block, and raise what it came to, unless the block raises or was told.

    Args:
        may_fail: let it pass that a node raised.
    """
    try:
        yield
    except BaseException as error:
        try:
            gateway.stop()
        except GatewayException as end:
            error.add_note(f"and the gateway came to a bad end: {end}")
        raise
    ended_before = not gateway.running
    try:
        gateway.stop()
    except EngineError as error:
        if not may_fail and not _was_raised_before(error):
            raise
    except ShutdownError:
        # Who has stopped it was told.
        if not ended_before:
            raise


def _was_raised_before(error: EngineError) -> bool:
    """Whether the engine's error, which is one object for all who ask, has been raised to somebody else as well."""
    frames = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]
    return frames.count(Engine.join.__code__) > 1
