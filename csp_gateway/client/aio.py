"""AsyncGatewayClient: a gateway for programs of asyncio."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self, overload

from csp_gateway.client.async_answers import AsyncAnswers, AsyncAnswersAs
from csp_gateway.client.async_streams import AsyncStreams
from csp_gateway.client.async_tables import AsyncTables
from csp_gateway.client.async_verbs import AsyncGatewayClientMixin
from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.csp_streams import CspStreams
from csp_gateway.client.returns import AsArrow, AsPandas, AsPlain, AsPolars, AsWrapper, R_co, ReturnType

if TYPE_CHECKING:  # who has not installed one of them has nothing to see of it
    import pandas
    import polars
    import pyarrow

    from csp_gateway.client.response_wrapper import ResponseWrapper

__all__ = ["AsyncClient", "AsyncGatewayClient"]


class AsyncGatewayClient(AsyncGatewayClientMixin[R_co], AsyncTables, AsyncStreams, CspStreams):
    """A gateway, for programs of asyncio: the methods of ``GatewayClient``, as coroutines.

    It belongs to one event loop, that of the first call; ``aclose``, or ``async with``, ends its connections. One that
    is let go of without is a ``ResourceWarning``. A forked child has connections of its own, on an event loop of its
    own.

    Args:
        config: where the gateway is, and how to be let in; a gateway on this machine if None.
        settings: fields of ``GatewayClientConfig`` that replace those of ``config``.

    Raises:
        pydantic.ValidationError: a ``ValueError``: a setting that there is not, or that cannot be so.
    """

    @overload
    def __init__(
        self: AsyncGatewayClient[Any],
        config: GatewayClientConfig | None = None,
        *,
        return_type: AsPlain = ...,
        **settings: Any,
    ) -> None: ...

    @overload
    def __init__(
        self: AsyncGatewayClient[pandas.DataFrame],
        config: GatewayClientConfig | None = None,
        *,
        return_type: AsPandas,
        **settings: Any,
    ) -> None: ...

    @overload
    def __init__(
        self: AsyncGatewayClient[polars.DataFrame],
        config: GatewayClientConfig | None = None,
        *,
        return_type: AsPolars,
        **settings: Any,
    ) -> None: ...

    @overload
    def __init__(
        self: AsyncGatewayClient[pyarrow.Table],
        config: GatewayClientConfig | None = None,
        *,
        return_type: AsArrow,
        **settings: Any,
    ) -> None: ...

    @overload
    def __init__(
        self: AsyncGatewayClient[ResponseWrapper],
        config: GatewayClientConfig | None = None,
        *,
        return_type: AsWrapper,
        **settings: Any,
    ) -> None: ...

    @overload
    def __init__(
        self: AsyncGatewayClient[Any],
        config: GatewayClientConfig | None = None,
        *,
        return_type: ReturnType | str,
        **settings: Any,
    ) -> None: ...

    def __init__(
        self,
        config: GatewayClientConfig | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(config, **settings)

    @overload
    def returning(self, kind: AsPandas) -> AsyncAnswers[pandas.DataFrame]: ...

    @overload
    def returning(self, kind: AsPolars) -> AsyncAnswers[polars.DataFrame]: ...

    @overload
    def returning(self, kind: AsArrow) -> AsyncAnswers[pyarrow.Table]: ...

    @overload
    def returning(self, kind: AsWrapper) -> AsyncAnswers[ResponseWrapper]: ...

    @overload
    def returning(self, kind: ReturnType | str) -> AsyncAnswers[Any]: ...

    def returning(self, kind: ReturnType | str) -> AsyncAnswers[Any]:
        """The verbs that answer data, returning another kind than the configuration says; see ``ReturnType``.

        It asks over the connections of this client, which stay this client's to close. Type checkers see the kind.

        ::

            await client.returning("polars").state("quotes").height

        Raises:
            WrongArgumentError: a ``ValueError``: there is no such kind; the nearest is named.
        """
        return AsyncAnswersAs(ReturnType(kind), self._ask, self._send)

    def __del__(self, _warn: Callable[..., None] = warnings.warn) -> None:
        pool = getattr(self, "_pool", None)  # which one that was refused has not
        if pool is not None and (pool.is_open or self._own_if_open() is not None):
            told = f"unclosed {type(self).__name__} of {self._config.root_url}: close it by aclose, or by async with"
            _warn(told, ResourceWarning, source=self)

    async def aclose(self) -> None:
        """End all connections. Who waits for an answer, or asks afterwards, gets a ``ClientClosedError`` at once."""
        try:
            await self._close_streams()
        finally:
            await self._pool.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


AsyncClient = AsyncGatewayClient
