"""A gateway that runs inside a test, without the web, and is stopped when the test ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from csp_gateway.server.channels import GatewayChannels
from csp_gateway.server.gateway import Gateway
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
def running_gateway(gateway: Gateway, **options: Any) -> Iterator[Gateway]:
    """Run a gateway for as long as the ``with`` block lasts, in real time and without the web.

    Args:
        options: of ``gateway.start``.
    """
    gateway.start(**{"block": False, **options})
    with stopped_after(gateway):
        yield gateway


@contextmanager
def stopped_after(gateway: Gateway) -> Iterator[None]:
    """Stop a gateway at the end of the ``with`` block, unless it has ended by then."""
    try:
        yield
    finally:
        if gateway.running:
            gateway.stop()
