"""Which module serves which verb, and what is said of a verb that none serves."""

from collections.abc import Mapping

__all__ = ["MODULES", "not_served"]

MODULES: Mapping[str, str] = {
    **dict.fromkeys(("last", "next", "send", "lookup", "history", "state", "stage", "sql"), "MountRestRoutes"),
    "controls": "MountControls",
    "field": "MountFieldRestRoutes",
    **dict.fromkeys(("stream", "clients"), "MountWebSocketRoutes"),
    "perspective": "MountPerspectiveTables",
    "channels_graph": "MountChannelsGraph",
    "metrics": "MountMetrics",
}
"""By the first word of a path below the API's, the module that serves it; of ``metrics`` it is at the root."""


def not_served(group: str) -> str:
    """What is to be done about a verb that no module serves.

    >>> not_served("controls")
    "no module serves 'controls' here: MountControls does, if the gateway has it among its modules"
    """
    module = MODULES.get(group, "MountRestRoutes")
    return f"no module serves {group!r} here: {module} does, if the gateway has it among its modules"
