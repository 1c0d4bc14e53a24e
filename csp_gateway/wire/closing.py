"""Why a gateway ends a live connection: come back, or do not."""

from enum import IntEnum

__all__ = ["LAST_TO_COME_BACK", "Closing"]

LAST_TO_COME_BACK = 3499
"""Codes from 3000 to here say: come back, and go on from where you were. Those above: it would be the same again."""


class Closing(IntEnum):
    """The close codes of our own; those below 3000 are the protocol's (RFC 6455).

    The two classes, and 3008, are Centrifugo's: https://centrifugal.dev/docs/server/codes.
    """

    STOPPING = 3001
    """The gateway stops, as it was told to."""
    ENGINE_ENDED = 3003
    """The engine has ended or failed; the gateway may be started again."""
    SLOW = 3008
    """The client does not read what it asked for."""
    REMOVED = 3501
    """An operator has removed the client."""
    TOO_MANY = 3502
    """The gateway has as many clients as it serves."""

    @property
    def come_back(self) -> bool:
        """Whether it helps to connect again."""
        return self <= LAST_TO_COME_BACK
