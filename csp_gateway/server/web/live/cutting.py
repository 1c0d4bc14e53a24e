"""uvicorn's HTTP protocol, which lets whoever answers cut off a client that does not read."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["CUT", "CuttableProtocol"]

CUT = "csp_gateway.cut"
"""Where a request's scope has what cuts its connection off, among its ``extensions``."""


class CuttableProtocol(HttpToolsProtocol):
    """Through ASGI a connection can only be closed once all is read that was written to it, which may be never."""

    def on_message_begin(self) -> None:
        """As uvicorn has it; the scope leads to the transport's end."""
        super().on_message_begin()
        self.scope["extensions"] = {CUT: self.transport.abort}  # type: ignore[dict-item]  # as servers have it
