"""An error whose request has been answered: it is logged, and its connection goes on.

uvicorn ends the connection where an application raises, and Starlette raises again what it has answered as 500: without
this the next request of that client, which is to blame for nothing, would find the connection gone.
"""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.types import Receive, Scope, Send

__all__ = ["outlasting"]

_log = logging.getLogger(__name__)


def outlasting(app: Any, cycle: Any) -> Callable[[Scope, Receive, Send], Coroutine[Any, Any, Any]]:
    """``app``, as uvicorn runs it for one request.

    Args:
        cycle: uvicorn's, of that request.
    """

    async def run(scope: Scope, receive: Receive, send: Send) -> Any:
        try:
            return await app(scope, receive, send)
        except Exception:
            if not cycle.response_complete:
                raise  # only the end of the connection tells that there is no more to come
            # Quoted: a path may say line ends, and what looks like another line of the log.
            _log.exception("%s %r raised; it has been answered", scope["method"], scope["path"])

    return run
