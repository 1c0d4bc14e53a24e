"""What goes wrong between a client and its gateway."""

from __future__ import annotations

from csp_gateway.errors.root import GatewayException

__all__ = [
    "ClientClosedError",
    "PublishLostError",
    "ServerException",
    "ServerRouteNotFoundException",
    "ServerRouteNotMountedException",
    "ServerTimeoutError",
    "ServerUnknownException",
    "ServerUnprocessableException",
    "ServerUnreachableError",
    "ServerVersionError",
    "StreamClosedError",
    "UntrustedTypeError",
    "WrongArgumentError",
]


class ServerException(GatewayException):
    """What a client asked of a gateway was not done.

    Attributes:
        accepted: of a ``send``, how many records were accepted before; 0 of anything else.
        in_doubt: how many of those after them nobody knows, as the gateway has not said whether it took them.
    """

    accepted: int = 0
    in_doubt: int = 0

    def __str__(self) -> str:
        said = super().__str__()
        if not self.accepted:
            return said
        known = f"of the {self.in_doubt:,} after them nobody knows" if self.in_doubt else "and none after them"
        told = f"{self.accepted:,} records were accepted before, {known}; the rest is data[{self.accepted}:]"
        return f"{said}; {told}"


class ServerRouteNotFoundException(ServerException):
    """The gateway has no such channel, key or record (404)."""


class ServerRouteNotMountedException(ServerException):
    """The gateway does not offer this verb of this channel; nothing was asked of it.

    Attributes:
        why: the same in plain words, for who knows no groups of routes: which name there is not, and which is meant.
    """

    def __init__(self, message: str, why: str = "") -> None:
        super().__init__(message)
        self.why = why or message


class ServerUnprocessableException(ServerException):
    """The gateway cannot read what was sent (422); the argument lists what is wrong, and where."""


class ServerUnknownException(ServerException):
    """Any other status that is no success: ``<status>: <what the gateway says>``.

    Attributes:
        status: the HTTP status; 0 if it is not known.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class ServerTimeoutError(ServerException, TimeoutError):
    """The gateway has not answered in time."""


class ServerUnreachableError(ServerException, ConnectionError):
    """No gateway is there, or the connection to it was lost."""


class ClientClosedError(ServerException, RuntimeError):
    """The client was closed: before it was asked, or while somebody waited for the answer, which nobody knows."""

    def __init__(self, message: str = "this client was closed: make another one") -> None:
        super().__init__(message)


class ServerVersionError(ServerException):
    """The gateway speaks another version of the messages than this client."""


class StreamClosedError(ServerException):
    """The gateway has ended a stream, and would do so again.

    Attributes:
        code: the close code, or the HTTP status by which the connection was refused.
    """

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message, code)
        self.code = code

    def __str__(self) -> str:
        return str(self.args[0])


class PublishLostError(ServerException):
    """The connection was lost before what was published was acknowledged: it may have ticked, or not."""


class UntrustedTypeError(GatewayException, ValueError):
    """A gateway names a type that the client has not imported, and may not."""


class WrongArgumentError(GatewayException, TypeError, ValueError):
    """An argument of a client's verb is of a type, or says a value, that it does not take; the message says what is."""
