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
    │   └── VariableError             an environment variable names no setting, or says what the setting cannot be
    ├── ServerException               what a client asked of a gateway was not done
    │   ├── ServerRouteNotFoundException    404: no such channel, key or record there
    │   ├── ServerRouteNotMountedException  the gateway does not offer this verb of this channel
    │   ├── ServerUnprocessableException    422: the gateway cannot read what was sent
    │   ├── ServerUnknownException    any other status that is no success
    │   ├── ServerTimeoutError        a TimeoutError too: not answered in time
    │   ├── ServerUnreachableError    a ConnectionError too: no gateway is there, or the connection was lost
    │   ├── ClientClosedError         a RuntimeError too: the client was closed, maybe while somebody waited
    │   ├── ServerVersionError        the gateway speaks another version of the messages
    │   ├── StreamClosedError         the gateway has ended a stream, and it would do so again
    │   └── PublishLostError          the connection was lost before what was published was acknowledged
    ├── UntrustedTypeError            a ValueError too: a gateway names a type that the client may not import
    ├── WrongArgumentError            a TypeError and a ValueError too: a verb was given what it does not take
    └── StartError                    a RuntimeError too: the gateway did not come up
        ├── BuildFailedError          a module's ``connect`` raised; carries the cause
        ├── RestFailedError           a module's ``rest`` raised; carries the cause
        ├── StartTimeoutError         the graph was not running within ``build_timeout``
        └── PortTakenError            a SystemExit too: another program listens there
"""

from csp_gateway.errors.clients import (
    ClientClosedError,
    PublishLostError,
    ServerException,
    ServerRouteNotFoundException,
    ServerRouteNotMountedException,
    ServerTimeoutError,
    ServerUnknownException,
    ServerUnprocessableException,
    ServerUnreachableError,
    ServerVersionError,
    StreamClosedError,
    UntrustedTypeError,
    WrongArgumentError,
)
from csp_gateway.errors.gateways import (
    AnswerTooLargeError,
    BuildFailedError,
    CannotStageError,
    ConfigError,
    DeclarationError,
    DynamicChannelError,
    EngineError,
    FrameError,
    NoProviderException,
    NotRunningError,
    PortTakenError,
    QueriesRefusedError,
    QueryCancelledError,
    QueryError,
    QueryTimeoutError,
    RestFailedError,
    ScriptError,
    SendRefusedError,
    ShutdownError,
    SqlError,
    StagingArgumentError,
    StagingError,
    StagingFullError,
    StartError,
    StartTimeoutError,
    StateError,
    StateMarkError,
    UnknownChannelError,
    UnknownStagingError,
    VariableError,
    WiringError,
    WrongEdgeError,
    WrongIndexerError,
    WrongTickError,
)
from csp_gateway.errors.root import (
    GatewayException,
    did_you_mean,
    fresh,
    one_of,
)

__all__ = [
    "AnswerTooLargeError",
    "BuildFailedError",
    "CannotStageError",
    "ClientClosedError",
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
    "VariableError",
    "WiringError",
    "WrongArgumentError",
    "WrongEdgeError",
    "WrongIndexerError",
    "WrongTickError",
    "did_you_mean",
    "fresh",
    "one_of",
]

for _error in tuple(vars().values()):
    if isinstance(_error, type):
        # Where everybody imports them from: so tracebacks and documentation name them.
        _error.__module__ = __name__
