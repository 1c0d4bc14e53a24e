"""Builds the graph of a gateway: what modules add to the channels, each module in turn, the user's own piece last."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from csp_gateway.server.channels import GatewayChannels, HistoryLimits, wire_modules
from csp_gateway.server.gateway.basket_keys import gathered_keys
from csp_gateway.server.gateway.user_graph import UserGraph
from csp_gateway.server.gateway.widen import gathered_states, widen
from csp_gateway.server.module import GatewayModule
from csp_gateway.server.settings import GatewaySettings
from csp_gateway.server.state import limit_duckdb_memory

__all__ = ["build_into"]


def build_into(
    channels: GatewayChannels,
    modules: Sequence[GatewayModule],
    settings: GatewaySettings,
    silent_until: datetime | None,
    user_graph: Callable[[GatewayChannels], Any] | None,
) -> GatewayChannels:
    """Wire a gateway, inside a csp wiring context.

    Args:
        channels: wired anew; left as they are if modules ask for more channels.
        modules: those that take part, in order.
        settings: how much history is kept, and how much memory DuckDB may take.
        silent_until: engine time before which sets are dropped; naive is UTC.
        user_graph: called with the channels after every module; an edge it returns is the output ``user_graph``.

    Returns:
        The channels that were wired: ``channels``, or their wider twin.
    """
    if silent_until is not None and silent_until.tzinfo is not None:
        silent_until = silent_until.astimezone(UTC).replace(tzinfo=None)
    limit_duckdb_memory(settings.DUCKDB_BYTES)
    wide = widen(channels, modules)
    parts: list[Any] = list(modules)
    if user_graph is not None:
        parts.append(UserGraph(user_graph))
    wire_modules(
        wide,
        parts,
        silent_until,
        keys=gathered_keys(wide, modules),
        promised_states=gathered_states(modules),
        limits=HistoryLimits(settings.HISTORY_ITEMS, settings.HISTORY_SECONDS, settings.HISTORY_BYTES),
    )
    return wide
