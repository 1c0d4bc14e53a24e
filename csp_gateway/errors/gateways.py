"""What goes wrong in a gateway: while it is declared, built and started, and while it runs."""

from __future__ import annotations

from csp_gateway.errors.root import GatewayException

__all__ = [
    "AnswerTooLargeError",
    "BuildFailedError",
    "CannotStageError",
    "ConfigError",
    "DeclarationError",
    "DynamicChannelError",
    "EngineError",
    "FrameError",
    "NoProviderException",
    "NotRunningError",
    "PortTakenError",
    "QueriesRefusedError",
    "QueryCancelledError",
    "QueryError",
    "QueryTimeoutError",
    "RestFailedError",
    "ScriptError",
    "SendRefusedError",
    "ShutdownError",
    "SqlError",
    "StagingArgumentError",
    "StagingError",
    "StagingFullError",
    "StartError",
    "StartTimeoutError",
    "StateError",
    "StateMarkError",
    "UnknownChannelError",
    "UnknownStagingError",
    "VariableError",
    "WiringError",
    "WrongEdgeError",
    "WrongIndexerError",
    "WrongTickError",
]


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


class VariableError(ConfigError):
    """An environment variable names no setting, or says what the setting cannot be."""

    exit_status = 2


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
    """The gateway cannot listen on its port: another program does, or the address is none of this machine's.

    It is a ``SystemExit`` too, so that a script that does not catch it ends with this sentence and status 1, and
    without a traceback: nothing in the script is wrong.
    """

    exit_status = 1

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.code = message
