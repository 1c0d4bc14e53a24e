"""MirrorStatus: how it stands with what is fed from another gateway."""

from csp_gateway.server.structs import GatewayStruct

__all__ = ["MirrorStatus"]


class MirrorStatus(GatewayStruct):
    """How it stands with what is fed from another gateway.

    Attributes:
        gateway: the URL of the other one.
        connected: whether there is a connection.
        state: ``connecting``, ``connected``, ``lost``; or ``closed``: it is over, and nothing more will come.
        why: there is no connection; or what was the last to go wrong.
        received: records that have come.
        unreadable: records that have come and could not be read as those of this gateway's channel.
        gaps: how often ticks were missing.
        missing: how many, as far as anybody knows.
        lag_seconds: how old the newest tick was when it came, by the clocks of both machines.
    """

    gateway: str
    connected: bool
    state: str
    why: str
    received: int
    unreadable: int
    gaps: int
    missing: int
    lag_seconds: float
