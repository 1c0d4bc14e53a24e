"""What a gateway says when it starts to serve: where its page, its API and its documentation are."""

import logging
import sys
from collections.abc import Iterable, Sequence

from csp_gateway.server.module import GatewayModule
from csp_gateway.server.settings import GatewaySettings

__all__ = ["announce", "start_lines"]

_log = logging.getLogger("csp_gateway")


def start_lines(settings: GatewaySettings, url: str, ui: bool, modules: Sequence[GatewayModule]) -> list[str]:
    """Title and version, then one line a place, the modules' own among them."""
    lines, home = [f"{settings.TITLE} {settings.VERSION}"], f"{url}{settings.ROOT_PATH}"
    if ui:
        lines.append(f"  page      {home}")
    lines += [f"  REST API  {home}{settings.api()}", f"  docs      {home}/docs and {home}/redoc"]
    lines += [f"  {line}" for module in modules if (line := module.info(settings))]
    return [*lines, "  stop it with Ctrl-C"]


def announce(lines: Iterable[str]) -> None:
    """Log the lines; where a log would not show them, write them to standard error."""
    if _log.hasHandlers() and _log.isEnabledFor(logging.INFO):
        for line in lines:
            _log.info(line)
    else:
        # A script that has not set up logging, or not for this, still wants to know where its page is. (csp sets up
        # the root logger, for warnings, when a node of a graph is not in C++.)
        sys.stderr.write("".join(f"{line}\n" for line in lines))
        sys.stderr.flush()
