"""CspStreams: a client's channels as a csp edge; csp is imported when that is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from csp_gateway.client.config import GatewayClientConfig

__all__ = ["CspStreams"]


class CspStreams:
    """A gateway's channels in a csp graph."""

    _config: GatewayClientConfig

    def stream_csp(
        self,
        subscribe: Any,
        unsubscribe: Any = None,
        data: Any = None,
        push_mode: Any = None,
        connection_timeout: float = -1,
    ) -> Any:
        """The gateway's channels as an edge, to be called while a csp graph is built.

        ::

            @csp.graph
            def prices():
                quotes = client.stream_csp(csp.const("quotes"))

        The connection is one of its own: it begins and ends with the engine. Where it is lost, it comes back, and goes
        on where it was.

        Args:
            subscribe: a ``ts[str]`` of channels to follow from then on; of a basket ``by_side``, or ``by_side/BUY``.
            unsubscribe: a ``ts[str]`` of those that are to be followed no more.
            data: a ``ts[dict[str, object]]``: what is to be published, by channel.
            push_mode: a ``csp.PushMode``; None is ``NON_COLLAPSING``: each message ticks.
            connection_timeout: seconds without a connection after which the engine ends; 0: at once, -1: never.

        Returns:
            A ``csp.DynamicBasket[str, object]``: of each channel, messages: ``channel``, of a basket ``key``, and
            ``data``, a list of records.

        Raises:
            ImportError: csp is not installed.
            csp_gateway.client.csp_stream.ConnectionError: by ``csp.run``: there is no connection, and will be none.
            FrameError: by ``csp.run``: a channel cannot be followed.
        """
        try:
            made = import_module("csp_gateway.client.csp_stream")
        except ModuleNotFoundError as error:
            if error.name != "csp":
                raise
            raise ImportError("client.stream_csp needs csp: pip install csp", name="csp") from error
        mode = {} if push_mode is None else {"push_mode": push_mode}
        return made.stream_csp(
            self._config, subscribe, unsubscribe, data, connection_timeout=connection_timeout, **mode
        )
