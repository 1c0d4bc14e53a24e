"""Clients that do everything wrong, in a process of its own: one stops reading, one says rubbish.

``python -m benchmarks.troublemakers PORT`` says a line once both are there, and goes on until it is killed.
"""

from __future__ import annotations

import random
import select
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.listeners import joined

if TYPE_CHECKING:
    from benchmarks.streams import Server  # which takes seconds to be imported

__all__ = ["beside"]

_TOO_MUCH = 10_000
"""Messages a second, of 300 bytes: more than the systems' buffers and the gateway's hold."""
_UNTIL_FULL = 1.5
_PAUSE = 0.02
"""Seconds between two pieces of rubbish: what it costs to refuse them is not what is measured."""
_SIZES = (0, 1, 10, 1_000, 60_000)


@contextmanager
def beside(server: Server) -> Iterator[None]:
    """Both of them, until the end of the block; the one that does not read has been told too much by then."""
    command = [sys.executable, "-m", "benchmarks.troublemakers", str(server.port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as making:
        try:
            assert making.stdout is not None
            if not making.stdout.readline():
                raise RuntimeError("the troublemakers have not come")
            server.pace(_TOO_MUCH)
            time.sleep(_UNTIL_FULL)
            server.pace(0)
            yield
        finally:
            making.kill()


def _framed(first: int, said: bytes) -> bytes:
    size = bytes([0x80 | len(said)]) if len(said) < 126 else b"\xfe" + struct.pack("!H", len(said))
    return bytes([first]) + size + bytes(4) + said


def _rubbish(drawn: random.Random) -> bytes:
    size = drawn.choice(_SIZES)
    if drawn.random() < 0.01:
        return drawn.randbytes(100)  # no frame at all, for which it is thrown out
    said = drawn.choice([drawn.randbytes(size), b'{"action":' * (size // 10), b'{"action":"subscribe"}', b"[" * size])
    return _framed(drawn.choice([0x81, 0x82]), said)


def _say(port: int) -> None:
    drawn = random.Random(1)
    while True:
        client = joined(port)
        try:
            while True:
                client.sendall(_rubbish(drawn))
                until = time.monotonic() + _PAUSE
                while (left := until - time.monotonic()) > 0:
                    if select.select([client], [], [], left)[0] and not client.recv(65_536):
                        raise ConnectionResetError
        except OSError:
            client.close()


def _make(port: int) -> None:
    # Small buffers of the system's own, so that what stands still is soon the gateway's.
    silent = joined(port, socket_bytes=4096)
    print("both are there", flush=True)
    try:
        _say(port)
    finally:
        silent.close()


if __name__ == "__main__":
    _make(int(sys.argv[1]))
