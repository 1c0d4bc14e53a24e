"""Channels shown as live tables: MountPerspectiveTables."""

from csp_gateway.server.modules.tables.config import TableConfig
from csp_gateway.server.modules.tables.mount import MountPerspectiveTables

__all__ = ["MountPerspectiveTables", "TableConfig"]
