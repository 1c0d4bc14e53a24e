"""The running omnibus, held against its own OpenAPI document by Schemathesis; ``make fuzz`` does it at length."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from csp_gateway import (
    Gateway,
    GatewayModule,
    GatewaySettings,
    MountChannelsGraph,
    MountControls,
    MountFieldRestRoutes,
    MountMetrics,
    MountRestRoutes,
    MountWebSocketRoutes,
)
from csp_gateway.server.demo.omnibus import ExampleGatewayChannels, ExampleModule, ExampleModuleFeedback
from csp_gateway.testing import serving_gateway

__all__ = ["Verdict", "judged", "omnibus", "serving_all", "serving_omnibus"]

_CONFIG = Path(__file__).with_name("contract.toml")
_HOOKS = Path(__file__).with_name("contract_hooks.py")
_FEW = 25
"""Cases of each operation when nobody says how many."""


class Verdict(NamedTuple):
    """What Schemathesis found."""

    passed: bool
    cases: int
    said: str


def omnibus(interval: timedelta = timedelta(milliseconds=50), *more: GatewayModule) -> Gateway:
    """The omnibus with every verb there is, but the one that ends it; and with ``more`` modules."""
    return Gateway(
        channels=ExampleGatewayChannels(),
        modules=[
            ExampleModule(interval=interval),
            ExampleModuleFeedback(),
            MountRestRoutes(force_mount_all=True),
            MountFieldRestRoutes(fields=["metadata"]),
            MountControls(mount_shutdown=False),
            MountChannelsGraph(),
            MountMetrics(),
            *more,
        ],
        # What never ticks is waited for no longer than this.
        settings=GatewaySettings(NEXT_SECONDS=0.2, REQUEST_SECONDS=5),
    )


@contextmanager
def serving_omnibus() -> Iterator[str]:
    """Serve it for as long as the ``with`` block lasts; gives its URL."""
    with serving_gateway(omnibus()) as url:
        yield url


@contextmanager
def serving_all() -> Iterator[str]:
    """The same, with who follows channels."""
    with serving_gateway(omnibus(timedelta(milliseconds=50), MountWebSocketRoutes())) as url:
        yield url


def judged(url: str, cases: int = _FEW, *options: str, seed: int | None = None, seconds: float = 3600) -> Verdict:
    """Ask all that the document at ``url`` says can be asked, right and wrong, and one call after another.

    Args:
        cases: the most of each operation, in each phase that makes them up.
        options: more of ``schemathesis run``.
        seed: the same cases again; others each time if None.
        seconds: how long it may take.
    """
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(_CONFIG), "--no-color"]
    command += ["run", f"{url}/openapi.json", "--checks", "all", "--max-examples", str(cases)]
    command += ["--request-timeout", "20", "--continue-on-failure", "--warnings", "off"]
    command += options
    if seed is not None:
        command += ["--seed", str(seed)]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": str(_HOOKS)}
    with TemporaryDirectory() as here:  # it leaves notes where it runs
        ran = subprocess.run(command, capture_output=True, text=True, timeout=seconds, env=environment, cwd=here)
    counted = re.search(r"(\d+) generated", ran.stdout)
    return Verdict(ran.returncode == 0, int(counted[1]) if counted else 0, ran.stdout + ran.stderr)


def main() -> None:
    """As many cases as the first argument says; the others go to Schemathesis, as ``--seed 1 --phases stateful``."""
    cases, options = int(sys.argv[1]) if len(sys.argv) > 1 else 100, sys.argv[2:]
    with serving_all() as url:
        verdict = judged(url, cases, *options)
    sys.stdout.write(verdict.said)
    sys.exit(not verdict.passed)


if __name__ == "__main__":
    main()
