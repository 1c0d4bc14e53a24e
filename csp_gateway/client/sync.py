"""GatewayClient: a gateway for programs that wait for what they ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self, overload

from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.csp_streams import CspStreams
from csp_gateway.client.returns import AsArrow, AsPandas, AsPlain, AsPolars, AsWrapper, R_co, ReturnType
from csp_gateway.client.sync_answers import SyncAnswers, SyncAnswersAs
from csp_gateway.client.sync_tables import SyncTables
from csp_gateway.client.sync_verbs import SyncGatewayClientMixin

if TYPE_CHECKING:  # who has not installed one of them has nothing to see of it
    import pandas
    import polars
    import pyarrow

    from csp_gateway.client.response_wrapper import ResponseWrapper

__all__ = ["Client", "GatewayClient", "SyncGatewayClient"]


class GatewayClient(SyncGatewayClientMixin[R_co], SyncTables, CspStreams):
    """A gateway, for programs that wait for what they ask: scripts, notebooks, threads.

    It needs no closing when the program ends; ``close``, or ``with``, ends its connections before. Any thread may call.

    Args:
        config: where the gateway is, and how to be let in; a gateway on this machine if None.
        progress: called with the bytes of an answer that have come, again and again.
        settings: fields of ``GatewayClientConfig`` that replace those of ``config``.

    Raises:
        pydantic.ValidationError: a ``ValueError``: a setting that there is not, or that cannot be so.
    """

    @overload
    def __init__(
        self: GatewayClient[Any],
        config: GatewayClientConfig | None = None,
        *,
        return_type: AsPlain = ...,
        progress: Callable[[int], None] | None = None,
        **settings: Any,
    ) -> None: ...

    @overload
    def __init__(
        self: GatewayClient[pandas.DataFrame],
        config: GatewayClientConfig | None = None,
        *,
        return_type: AsPandas,
        progress: Callable[[int], None] | None = None,
        **settings: Any,
    ) -> None: ...

    @overload
    def __init__(
        self: GatewayClient[polars.DataFrame],
        config: GatewayClientConfig | None = None,
        *,
        return_type: AsPolars,
        progress: Callable[[int], None] | None = None,
        **settings: Any,
    ) -> None: ...

    @overload
    def __init__(
        self: GatewayClient[pyarrow.Table],
        config: GatewayClientConfig | None = None,
        *,
        return_type: AsArrow,
        progress: Callable[[int], None] | None = None,
        **settings: Any,
    ) -> None: ...

    @overload
    def __init__(
        self: GatewayClient[ResponseWrapper],
        config: GatewayClientConfig | None = None,
        *,
        return_type: AsWrapper,
        progress: Callable[[int], None] | None = None,
        **settings: Any,
    ) -> None: ...

    @overload
    def __init__(
        self: GatewayClient[Any],
        config: GatewayClientConfig | None = None,
        *,
        return_type: ReturnType | str,
        progress: Callable[[int], None] | None = None,
        **settings: Any,
    ) -> None: ...

    def __init__(
        self,
        config: GatewayClientConfig | None = None,
        *,
        progress: Callable[[int], None] | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(config, progress=progress, **settings)

    @overload
    def returning(self, kind: AsPandas) -> SyncAnswers[pandas.DataFrame]: ...

    @overload
    def returning(self, kind: AsPolars) -> SyncAnswers[polars.DataFrame]: ...

    @overload
    def returning(self, kind: AsArrow) -> SyncAnswers[pyarrow.Table]: ...

    @overload
    def returning(self, kind: AsWrapper) -> SyncAnswers[ResponseWrapper]: ...

    @overload
    def returning(self, kind: ReturnType | str) -> SyncAnswers[Any]: ...

    def returning(self, kind: ReturnType | str) -> SyncAnswers[Any]:
        """The verbs that answer data, returning another kind than the configuration says; see ``ReturnType``.

        It asks over the connections of this client, which stay this client's to close. Type checkers see the kind.

        ::

            client.returning("polars").state("quotes").height

        Raises:
            WrongArgumentError: a ``ValueError``: there is no such kind; the nearest is named.
        """
        return SyncAnswersAs(ReturnType(kind), self._ask, self._send)

    def close(self) -> None:
        """End all connections. Who waits for an answer, or asks afterwards, gets a ``ClientClosedError`` at once."""
        try:
            self._close_streams()
        finally:
            self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


Client = GatewayClient
SyncGatewayClient = GatewayClient
