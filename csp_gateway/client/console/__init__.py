"""csp-gateway: ask a running gateway from the command line. Nothing is loaded before ``main`` is called."""

import sys
from importlib import import_module

__all__ = ["main"]

_NEEDED = ("typer", "rich")


def main() -> None:
    """Do what the arguments of the process say, and end it with the status that tells how that went."""
    try:
        import_module("csp_gateway.client.console.app").app(prog_name="csp-gateway")
    except ModuleNotFoundError as error:
        if error.name not in _NEEDED:
            raise
        sys.exit(f"csp-gateway: the command line needs {error.name}: pip install 'csp-gateway-client[cli]'")
    except KeyboardInterrupt:
        sys.exit(130)
