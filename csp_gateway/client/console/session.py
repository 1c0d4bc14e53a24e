"""Session: what a command is run with: what the options of all commands say, where answers go, and the gateway."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from csp_gateway.client.console.printing import Printer
from csp_gateway.client.console.progress import Progress
from csp_gateway.client.console.settings import Settings
from csp_gateway.client.sync import GatewayClient

__all__ = ["SECONDS", "Session"]

SECONDS = 10.0
"""For how long an answer is waited for, unless --timeout says otherwise."""


@dataclass(frozen=True)
class Session:
    """What a command is run with."""

    settings: Settings
    printer: Printer

    @property
    def timeout(self) -> float:
        """For how long an answer is waited for."""
        return SECONDS if self.settings.timeout is None else self.settings.timeout

    @contextmanager
    def client(self, **more: Any) -> Iterator[GatewayClient]:
        """The gateway, for as long as the ``with`` block lasts; a long answer shows how much of it has come.

        Args:
            more: fields of ``GatewayClientConfig``.
        """
        config = self.settings.config(**more)
        with Progress(self.printer.err) as progress, GatewayClient(config, progress=progress) as client:
            yield client
