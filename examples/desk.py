"""A desk: quotes of five symbols, and orders that anybody may send. Its state can be asked, and followed live.

The notebook beside this file asks it, and so does the command line: ``csp-gateway state quotes``.
"""

import random
from datetime import timedelta
from enum import Enum
from typing import Annotated

import csp
from csp import ts

from csp_gateway import (
    Gateway,
    GatewayChannels,
    GatewayModule,
    GatewayStruct,
    MountPerspectiveTables,
    MountRestRoutes,
    MountWebSocketRoutes,
    State,
)


class Side(Enum):
    BUY = "BUY"
    SELL = "SELL"


class Quote(GatewayStruct):
    symbol: str
    bid: float
    ask: float


class Order(GatewayStruct):
    symbol: str
    side: Side = Side.BUY
    size: int
    limit: float | None = None


class Desk(GatewayChannels):
    quotes: Annotated[ts[Quote], State("symbol")] = None
    orders: Annotated[ts[Order], State("id", max_rows=1_000)] = None


class Market(GatewayModule):
    """Five random walks, one step every tenth of a second."""

    def connect(self, channels: Desk) -> None:
        prices = dict.fromkeys(("ABC", "DEF", "GHI", "JKL", "MNO"), 100.0)
        walk = random.Random(1)

        def step(_: bool) -> Quote:
            symbol = walk.choice(list(prices))
            prices[symbol] = price = round(prices[symbol] * walk.uniform(0.999, 1.001), 2)
            return Quote(symbol=symbol, bid=price, ask=price + 0.02)

        channels.set_channel(Desk.quotes, csp.apply(csp.timer(timedelta(milliseconds=100), True), step, Quote))
        channels.add_send_channel(Desk.orders)


gateway = Gateway(
    channels=Desk(),
    modules=[
        Market(),
        MountPerspectiveTables(),
        MountRestRoutes(force_mount_all=True),
        MountWebSocketRoutes(),
    ],
)

if __name__ == "__main__":
    gateway.start(rest=True, ui=True)
