"""Every module by name, each loaded on first use."""

from typing import TYPE_CHECKING

from csp_gateway._lazy import lazy_names

if TYPE_CHECKING:
    from csp_gateway.server.modules.rest import MountRestRoutes
    from csp_gateway.server.modules.tables import MountPerspectiveTables, TableConfig

__all__ = [
    "MountPerspectiveTables",
    "MountRestRoutes",
    "TableConfig",
]

_HOMES = {
    "MountPerspectiveTables": "csp_gateway.server.modules.tables",
    "MountRestRoutes": "csp_gateway.server.modules.rest",
    "TableConfig": "csp_gateway.server.modules.tables",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
