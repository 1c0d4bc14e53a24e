"""Where a stream of events has got to, as the text that each of its events has for an id: ``epoch:trades=12,notes=3``.

A browser says the newest id it has seen when it comes back. It names every channel, as it has nothing else to go by.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from csp_gateway.errors import FrameError

__all__ = ["Places"]

_LONGEST = 64 * 1024
_EPOCH = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
_OFFSET = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(slots=True)
class Places:
    """The offset to go on from of each channel, in one run of the gateway.

    >>> Places.read("1f3c:trades=12,notes=3").offsets
    {'trades': 12, 'notes': 3}
    >>> str(Places("1f3c", {"trades": 12}))
    '1f3c:trades=12'
    """

    epoch: str
    offsets: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> Places:
        """The places that an id says.

        Raises:
            FrameError: it is none of ours.
        """
        epoch, colon, listed = text[:_LONGEST].partition(":")
        pairs = [each.partition("=") for each in listed.split(",") if each]
        if not colon or not _EPOCH.fullmatch(epoch) or not all(_OFFSET.fullmatch(offset) for _, _, offset in pairs):
            raise FrameError(
                "invalid", f"{text[:80]!r} is no id of an event of these; one is written epoch:channel=offset,…"
            )
        return cls(epoch, {channel: int(offset) for channel, _, offset in pairs})

    def __str__(self) -> str:
        listed = ",".join(f"{channel}={offset}" for channel, offset in self.offsets.items())
        return f"{self.epoch}:{listed}"
