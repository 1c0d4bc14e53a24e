"""Asks a server as fast as it answers, from a process of its own: ``wrk`` where it is installed, else this file.

``python -m benchmarks.load URL CONNECTIONS SECONDS [BODY]`` prints requests a second and the median latency in µs.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

__all__ = ["Load", "apply_load", "wait_for"]


@dataclass(frozen=True, slots=True)
class Load:
    """What a server did under load."""

    rps: float
    """Requests a second."""
    median: float
    """Latency that half of the requests stayed under, in µs."""


def wait_for(url: str, seconds: float = 30) -> None:
    """Return once ``url`` answers 200.

    Raises:
        TimeoutError: it did not in time.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, TimeoutError):
            time.sleep(0.02)
    raise TimeoutError(f"{url} did not answer 200 within {seconds:g} s")


def apply_load(url: str, connections: int, seconds: float, body: str | None = None) -> Load:
    """Ask ``url`` over so many connections, with GET, or with POST where there is a body.

    Raises:
        RuntimeError: an answer was not 200.
    """
    if shutil.which("wrk"):
        return _wrk(url, connections, seconds, body)
    command = [sys.executable, "-m", "benchmarks.load", url, str(connections), str(seconds)]
    done = subprocess.run([*command, *([body] if body else [])], capture_output=True, text=True, check=True)
    rps, median = done.stdout.split()
    return Load(float(rps), float(median))


def _wrk(url: str, connections: int, seconds: float, body: str | None) -> Load:
    command = [
        "wrk",
        "--threads=1",
        f"--connections={connections}",
        f"--duration={max(1, round(seconds))}",
        "--latency",
    ]
    with tempfile.TemporaryDirectory() as folder:
        if body is not None:
            script = Path(folder) / "post.lua"
            script.write_text(f"wrk.method = 'POST'\nwrk.body = [==[{body}]==]\n" + _LUA_JSON)
            command.append(f"--script={script}")
        said = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said:
        raise RuntimeError(said)
    rps, median = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"50%\s+([\d.]+)(us|ms|s)", said)
    if rps is None or median is None:
        raise RuntimeError(said)
    return Load(float(rps[1]), float(median[1]) * {"us": 1, "ms": 1e3, "s": 1e6}[median[2]])


_LUA_JSON = "wrk.headers['content-type'] = 'application/json'\n"


async def _ask(url: str, connections: int, seconds: float, body: str | None) -> Load:
    """The same without ``wrk``; Python is a slower asker, so both servers seem nearer to each other than they are."""
    at = urlsplit(url)
    data = (body or "").encode()
    request = (
        f"{'POST' if body else 'GET'} {at.path} HTTP/1.1\r\nHost: {at.netloc}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    message, latencies = request.encode() + data, []
    deadline = time.perf_counter() + seconds

    async def one() -> None:
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        while (sent := time.perf_counter()) < deadline:
            writer.write(message)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            await reader.readexactly(int(length[1]) if length else 0)
            latencies.append(time.perf_counter() - sent)
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return Load(len(latencies) / seconds, sorted(latencies)[len(latencies) // 2] * 1e6)


if __name__ == "__main__":
    load = asyncio.run(_ask(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), *(sys.argv[4:] or [None])))
    print(load.rps, load.median)
