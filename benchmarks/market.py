"""What ticks in the benchmarks: the nine-field struct, its channels, and a module that ticks it at a given rate."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Dict, List  # noqa: UP035  # csp reads typing.List and typing.Dict

import csp
from csp import ts

from csp_gateway import GatewayChannels, GatewayModule, GatewayStruct, State

__all__ = ["Book", "Leg", "Market", "Position", "Positions", "Quote", "Quotes", "Side", "positions", "quote"]


class Side(csp.Enum):
    """An enum, written by name."""

    BUY = 0
    SELL = 1


class Leg(GatewayStruct):
    """A struct in a struct."""

    name: str
    ratio: float


class Quote(GatewayStruct):
    """Nine fields, beside the id and the timestamp: one of each kind that matters."""

    symbol: str
    quantity: int
    price: float
    when: datetime
    side: Side
    leg: Leg
    levels: List[float]  # noqa: UP006
    fees: Dict[str, float]  # noqa: UP006
    stamp: int


class Market(GatewayChannels):
    """Quotes that tick, and orders that are sent."""

    quotes: ts[Quote] = None
    orders: ts[Quote] = None


def quote(stamp: int = 0) -> Quote:
    """One quote."""
    return Quote(
        symbol="AAPL.OQ",
        quantity=1200,
        price=189.25,
        when=datetime.now(UTC).replace(tzinfo=None),
        side=Side.BUY,
        leg=Leg(name="l1", ratio=0.5),
        levels=[189.25] * 5,
        fees={"fee": 0.25, "tax": 1.5},
        stamp=stamp,
    )


class Quotes(GatewayModule):
    """Ticks a quote ``rate`` times a second, and takes orders."""

    rate: float = 100.0

    @csp.node
    def quote(self, clock: ts[bool]) -> ts[Quote]:
        """A new quote at every tick."""
        with csp.state():
            s_count = 0
        if csp.ticked(clock):
            s_count += 1
            return quote(s_count)

    @csp.node
    def swallow(self, order: ts[Quote]):
        """Look at an order, as the least that an application does with one."""
        with csp.state():
            s_seen = 0
        if csp.ticked(order):
            s_seen += order.quantity

    def connect(self, channels: Market) -> None:
        """Quotes out, orders in."""
        channels.set_channel(Market.quotes, self.quote(csp.timer(timedelta(seconds=1 / self.rate), True)))
        channels.add_send_channel(Market.orders)
        self.swallow(channels.get_channel(Market.orders))


class Position(GatewayStruct):
    """A row of a state: six fields with the id and the timestamp, 117 bytes of JSON."""

    key: int
    name: str
    price: float
    qty: int


class Book(Market):
    """The market, and the newest position of each key."""

    positions: Annotated[ts[List[Position]], State("key")] = None  # noqa: UP006


def positions(rows: int) -> list[Position]:
    """So many positions, each of its own key."""
    return [Position(key=key, name=f"n{key % 100}", price=key * 0.5, qty=key) for key in range(rows)]


class Positions(Quotes):
    """Quotes, and positions that tick once, all of them."""

    rows: int

    @csp.node
    def all_at_once(self) -> ts[List[Position]]:  # noqa: UP006
        """Every position in one tick, when the engine starts."""
        with csp.alarms():
            begin = csp.alarm(bool)
        with csp.start():
            csp.schedule_alarm(begin, timedelta(0), True)
        if csp.ticked(begin):
            return positions(self.rows)

    def connect(self, channels: Book) -> None:
        """Quotes and positions out, orders in."""
        super().connect(channels)
        channels.set_channel(Book.positions, self.all_at_once())
