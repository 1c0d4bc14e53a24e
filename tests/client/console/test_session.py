"""What a command is run with."""

from __future__ import annotations

from csp_gateway.client.console.printing import Printer
from csp_gateway.client.console.session import SECONDS, Session
from csp_gateway.client.console.settings import Settings


def test_a_session_has_a_client_and_its_patience(url: str) -> None:
    session = Session(Settings(url=url, timeout=3.0), Printer())
    assert session.timeout == 3.0
    assert Session(Settings(), Printer()).timeout == SECONDS
    with session.client() as client:
        assert client.last("example") is not None
