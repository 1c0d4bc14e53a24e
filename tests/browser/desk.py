"""A gateway with more than one channel, for the tests that need several tables."""

from datetime import timedelta

import csp
from csp import ts

from csp_gateway import (
    Gateway,
    GatewayChannels,
    GatewayModule,
    GatewaySettings,
    GatewayStruct,
    MountPerspectiveTables,
    MountRestRoutes,
)


class Quote(GatewayStruct):
    symbol: str
    bid: float
    ask: float


class Note(GatewayStruct):
    text: str


class Desk(GatewayChannels):
    quotes: ts[Quote] = None
    notes: ts[Note] = None


class Feed(GatewayModule):
    @csp.node
    def quote(self, trigger: ts[int]) -> ts[Quote]:
        if csp.ticked(trigger):
            return Quote(symbol="ABC", bid=100 + trigger % 7, ask=101.5 + trigger % 7)

    @csp.node
    def note(self, trigger: ts[int]) -> ts[Note]:
        if csp.ticked(trigger):
            return Note(text=f"note {trigger}")

    def connect(self, channels: Desk) -> None:
        count = csp.count(csp.timer(timedelta(seconds=0.2)))
        channels.set_channel(Desk.quotes, self.quote(count))
        channels.set_channel(Desk.notes, self.note(count))


if __name__ == "__main__":
    Gateway(
        settings=GatewaySettings(TITLE="Desk"),
        modules=[Feed(), MountPerspectiveTables(), MountRestRoutes(force_mount_all=True)],
        channels=Desk(),
    ).start(rest=True, ui=True)
