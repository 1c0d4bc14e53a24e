"""Where the WebSocket frames of a stream of bytes begin, as it goes by."""

import struct

__all__ = ["Frames"]


class Frames:
    """Where the frames of one direction begin; before them is the head of the HTTP upgrade."""

    def __init__(self) -> None:
        self.starts: list[tuple[int, int]] = []
        """Start and size of each frame whose head has come."""
        self._begins = 0
        self._head = bytearray()
        self._upgraded = False
        self._skip = 0

    def feed(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            if self._skip:
                skipped = min(self._skip, len(data) - at)
                self._skip -= skipped
                at += skipped
                continue
            self._head.append(data[at])
            at += 1
            if not self._upgraded:
                if self._head.endswith(b"\r\n\r\n"):
                    self._upgraded = True
                    self._next(len(self._head))
            elif (size := _size_of(self._head)) is not None:
                self.starts.append((self._begins, size))
                self._skip = size - len(self._head)
                self._next(size)

    def _next(self, size: int) -> None:
        self._begins += size
        self._head.clear()


def _size_of(head: bytearray) -> int | None:
    """The size of the frame that begins so, head and all; None if more of it is needed."""
    if len(head) < 2:
        return None
    length, masked = head[1] & 0x7F, head[1] >> 7
    whole = 2 + {126: 2, 127: 8}.get(length, 0) + 4 * masked
    if len(head) < whole:
        return None
    if length == 126:
        (length,) = struct.unpack_from("!H", head, 2)
    elif length == 127:
        (length,) = struct.unpack_from("!Q", head, 2)
    return whole + length
