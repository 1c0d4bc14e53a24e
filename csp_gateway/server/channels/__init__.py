"""GatewayChannels: the bus that modules meet on, and that the outside reads."""

from csp_gateway.server.channels.answers import Answer
from csp_gateway.server.channels.assemble import wire_modules
from csp_gateway.server.channels.bus import Bus
from csp_gateway.server.channels.cells import Cell
from csp_gateway.server.channels.channels import Channels, ChannelsType, GatewayChannels
from csp_gateway.server.channels.checks import Check
from csp_gateway.server.channels.door import WAITING_LIMIT, Soon
from csp_gateway.server.channels.history import History, Page, Tick
from csp_gateway.server.channels.kinds import Declaration
from csp_gateway.server.channels.limits import HistoryLimits, Keep
from csp_gateway.server.channels.marks import Stage
from csp_gateway.server.channels.outside import Outside
from csp_gateway.server.channels.selection import ChannelSelection
from csp_gateway.server.channels.sends import Sendable

__all__ = [
    "WAITING_LIMIT",
    "Answer",
    "Bus",
    "Cell",
    "ChannelSelection",
    "Channels",
    "ChannelsType",
    "Check",
    "Declaration",
    "GatewayChannels",
    "History",
    "HistoryLimits",
    "Keep",
    "Outside",
    "Page",
    "Sendable",
    "Soon",
    "Stage",
    "Tick",
    "wire_modules",
]
