"""Every error the project raises, drawn as one tree.

::

    GatewayException                  everything we raise
    ├── DeclarationError              a struct or channels class says something impossible
    │   └── StateMarkError            a ValueError too: a State mark that the channel cannot wear
    ├── WiringError                   the graph cannot be joined
    │   ├── NoProviderException       a channel is needed and nobody sets it
    │   ├── UnknownChannelError       an AttributeError too: no such channel, key or state
    │   ├── WrongEdgeError            a TypeError too: not an edge, or an edge of another type
    │   ├── WrongIndexerError         a TypeError too: a key where none belongs
    │   ├── CannotStageError          a TypeError too: nothing can be held back from this channel
    │   ├── DynamicChannelError       a ValueError too: a module asks for dynamic channels or keys that cannot be
    │   └── StateError                a ValueError too: a state that cannot be collected as it was asked for
    ├── QueryError                    a ValueError too: a query that its records cannot be held against
    │   └── SqlError                  a SELECT that cannot be read, or names or does what it may not
    ├── AnswerTooLargeError           a query finds or takes more than one answer may
    ├── QueryTimeoutError             a TimeoutError too: a query took longer than it may
    ├── QueryCancelledError           whoever asked did not wait for the answer
    ├── ScriptError                   a ValueError too: a test harness is asked for what cannot be
    │   └── WrongTickError            a TypeError too: it is to send what cannot tick
    ├── NotRunningError               asked from outside before start, or after stop
    ├── SendRefusedError              the engine cannot take another value now
    ├── StagingError                  the stagings of a channel cannot be changed like that
    │   ├── UnknownStagingError       a KeyError too: no staging of this id is open
    │   ├── StagingArgumentError      a ValueError too: arguments that contradict each other
    │   └── StagingFullError          more stagings, records or steps than one channel may have
    ├── FrameError                    a message on a live connection that cannot be read, or done
    ├── QueriesRefusedError           too many queries wait for their answers
    ├── EngineError                   a node raised while the graph ran; carries the cause
    ├── ShutdownError                 a module's ``shutdown``, or a node, did not come to a good end
    ├── ConfigError                   the configuration does not describe a gateway
    ├── ServerException               what a client asked of a gateway was not done
    │   ├── ServerRouteNotFoundException    404: no such channel, key or record there
    │   ├── ServerRouteNotMountedException  the gateway does not offer this verb of this channel
    │   ├── ServerUnprocessableException    422: the gateway cannot read what was sent
    │   ├── ServerUnknownException    any other status that is no success
    │   ├── ServerTimeoutError        a TimeoutError too: not answered in time
    │   ├── ServerUnreachableError    a ConnectionError too: no gateway is there, or the connection was lost
    │   ├── ServerVersionError        the gateway speaks another version of the messages
    │   ├── StreamClosedError         the gateway has ended a stream, and it would do so again
    │   └── PublishLostError          the connection was lost before what was published was acknowledged
    ├── UntrustedTypeError            a ValueError too: a gateway names a type that the client may not import
    └── StartError                    a RuntimeError too: the gateway did not come up
        ├── BuildFailedError          a module's ``connect`` raised; carries the cause
        ├── RestFailedError           a module's ``rest`` raised; carries the cause
        ├── StartTimeoutError         the graph was not running within ``build_timeout``
        └── PortTakenError            a SystemExit too: another program listens there
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "AnswerTooLargeError",
    "BuildFailedError",
    "CannotStageError",
    "ConfigError",
    "DeclarationError",
    "DynamicChannelError",
    "EngineError",
    "FrameError",
    "GatewayException",
    "NoProviderException",
    "NotRunningError",
    "PortTakenError",
    "PublishLostError",
    "QueriesRefusedError",
    "QueryCancelledError",
    "QueryError",
    "QueryTimeoutError",
    "RestFailedError",
    "ScriptError",
    "SendRefusedError",
    "ServerException",
    "ServerRouteNotFoundException",
    "ServerRouteNotMountedException",
    "ServerTimeoutError",
    "ServerUnknownException",
    "ServerUnprocessableException",
    "ServerUnreachableError",
    "ServerVersionError",
    "ShutdownError",
    "SqlError",
    "StagingArgumentError",
    "StagingError",
    "StagingFullError",
    "StartError",
    "StartTimeoutError",
    "StateError",
    "StateMarkError",
    "StreamClosedError",
    "UnknownChannelError",
    "UnknownStagingError",
    "UntrustedTypeError",
    "WiringError",
    "WrongEdgeError",
    "WrongIndexerError",
    "WrongTickError",
    "did_you_mean",
    "fresh",
]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown name: the nearest known one, or all there are.

    >>> did_you_mean("exmple", ["example", "other"])
    "did you mean 'example'?"
    >>> did_you_mean("Title", ["TITLE", "PORT"])
    "did you mean 'TITLE'?"
    >>> did_you_mean("zzz", ["b", "a"])
    'known: a, b'
    >>> did_you_mean("zzz", [])
    'there are none'
    """
    names = sorted(known)
    alike = {each.casefold(): each for each in names}
    near = get_close_matches(name.casefold(), alike, n=1)
    if near:
        return f"did you mean {alike[near[0]]!r}?"
    return f"known: {', '.join(names)}" if names else "there are none"


def fresh(error: Exception) -> Exception:
    """The same error anew: one object that is raised again and again collects the frames of all who raise it.

    An error that is not ours is handed back as it is.
    """
    if not isinstance(error, GatewayException):
        return error
    anew = type(error)(*error.args)
    anew.__cause__ = error.__cause__
    return anew


class GatewayException(Exception):
    """The root of everything csp_gateway raises on purpose."""

    exit_status = 1
    """What a program that ends with this error should exit with: ``csp-gateway-start`` does."""


class DeclarationError(GatewayException):
    """A struct or channels class says something impossible; raised when the class is made."""


class StateMarkError(DeclarationError, ValueError):
    """A channel wears a ``State`` mark that it cannot: a key its records do not have, or an alias worn already."""


class WiringError(GatewayException):
    """The graph cannot be joined."""


class NoProviderException(WiringError):
    """A channel is needed and nobody sets it."""


class UnknownChannelError(WiringError, AttributeError):
    """There is no channel of this name, or no such key in it, or no such state."""


class WrongEdgeError(WiringError, TypeError):
    """A channel was given something that is not an edge, or an edge of another type."""


class WrongIndexerError(WiringError, TypeError):
    """A key was given for a channel that is no basket, or together with more than one edge."""


class CannotStageError(WiringError, TypeError):
    """A static value, or a channel whose records have no id, was to be staged."""


class DynamicChannelError(WiringError, ValueError):
    """A module asks for dynamic channels, states or keys that cannot be."""


class StateError(WiringError, ValueError):
    """A state cannot be collected as it was asked for: by a key its records do not have, or by two at once."""


class QueryError(GatewayException, ValueError):
    """A query cannot be read, names an attribute that is not there, or compares what cannot be compared."""


class SqlError(QueryError):
    """A SELECT cannot be read or answered, or names or does what it may not."""


class AnswerTooLargeError(GatewayException):
    """A query's answer has more rows or bytes, or making it takes more memory, than it may; nothing was cut off."""


class QueryTimeoutError(GatewayException, TimeoutError):
    """A query took longer than it may, and was stopped."""


class QueryCancelledError(GatewayException):
    """A query was stopped because whoever asked no longer waits for the answer."""


class ScriptError(GatewayException, ValueError):
    """The script of a test harness asks for what cannot be: a channel it does not watch, or a time that is past."""


class WrongTickError(ScriptError, TypeError):
    """The script of a test harness sends a value that cannot tick on its channel."""


class NotRunningError(GatewayException):
    """Asked from outside before the engine started, or after it stopped."""


class SendRefusedError(GatewayException):
    """The engine has too many sent values waiting to take another; try again later."""


class StagingError(GatewayException):
    """The stagings of a channel cannot be changed like that; they are as they were."""


class UnknownStagingError(StagingError, KeyError):
    """No staging of this id is open."""

    # A KeyError shows its message in quotes.
    __str__ = Exception.__str__


class StagingArgumentError(StagingError, ValueError):
    """Arguments that contradict each other, such as stagings to add to, and nothing to add."""


class StagingFullError(StagingError):
    """There are as many stagings or records as one channel may have, or too much waits for the engine."""


class FrameError(GatewayException):
    """A message on a live connection that cannot be read, or done.

    Attributes:
        code: what is wrong with it, in one word.
        id: that of the message, where it could be read.
    """

    def __init__(self, code: str, message: str, id: str | int | None = None) -> None:
        super().__init__(code, message, id)
        self.code = code
        self.id = id

    def __str__(self) -> str:
        return str(self.args[1])


class QueriesRefusedError(GatewayException):
    """Too many queries wait for their answers; ask again later."""


class EngineError(GatewayException):
    """A node raised while the graph ran; its exception is the cause of this one."""

    exit_status = 4


class ShutdownError(GatewayException):
    """The gateway ended, but a module's ``shutdown`` raised, or it or a node did not come to an end."""

    exit_status = 5


class ConfigError(GatewayException):
    """The configuration does not describe a gateway."""


class ServerException(GatewayException):
    """What a client asked of a gateway was not done."""


class ServerRouteNotFoundException(ServerException):
    """The gateway has no such channel, key or record (404)."""


class ServerRouteNotMountedException(ServerException):
    """The gateway does not offer this verb of this channel; nothing was asked of it."""


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


class StartError(GatewayException, RuntimeError):
    """The gateway did not come up."""

    exit_status = 3


class BuildFailedError(StartError):
    """A module's ``connect`` raised; its exception is the cause of this one."""


class RestFailedError(StartError):
    """A module's ``rest`` raised; its exception is the cause of this one."""


class StartTimeoutError(StartError):
    """The graph was not running within ``build_timeout``."""


class PortTakenError(StartError, SystemExit):
    """Another program listens on the gateway's port.

    It is a ``SystemExit`` too, so that a script that does not catch it ends with this sentence and status 1, and
    without a traceback: nothing in the script is wrong.
    """

    exit_status = 1

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.code = message
