"""Each module's routes added in turn, then served."""

from collections.abc import Sequence

from csp_gateway.errors import GatewayException, RestFailedError
from csp_gateway.server.module import GatewayModule
from csp_gateway.server.web import GatewayWebApp

__all__ = ["add_routes"]


def add_routes(app: GatewayWebApp, modules: Sequence[GatewayModule]) -> None:
    """Call ``rest`` of each module, and seal the application.

    Raises:
        RestFailedError: a ``rest`` raised something of its own; it is the cause.
        GatewayException: a ``rest`` asked something impossible.
    """
    for module in modules:
        name = type(module).__name__
        try:
            module.rest(app)
        except GatewayException as error:
            error.add_note(f"raised while {name} added its routes")
            raise
        except Exception as error:
            raise RestFailedError(f"{name}.rest raised {type(error).__name__}: {error}") from error
    app.seal()
