"""AsyncAnswers: the verbs whose answer is made into what one wants, for programs of asyncio."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any, Literal, overload

from csp_gateway.client import calls
from csp_gateway.client.async_questions import AsyncQuestions
from csp_gateway.client.calls import Call, Wait
from csp_gateway.client.gateway_client import SECONDS
from csp_gateway.client.returns import R_co, ReturnType

__all__ = ["AsyncAnswers", "AsyncAnswersAs"]


class AsyncAnswers(AsyncQuestions[R_co]):
    """All verbs whose answer is made into what one wants; each call is awaited.

    Type checkers see what the client's ``return_type`` says, or ``returning``; of ``return_type_override``, Any.
    """

    @abstractmethod
    async def _send(
        self,
        field: str,
        data: Any,
        wait: Wait,
        timeout: float | None,
        wanted: ReturnType | str | None,
        *,
        count_only: bool,
    ) -> Any:
        """What it answers to all that is sent."""

    @overload
    async def controls(
        self, field: str = "", data: Any = None, timeout: float | None = SECONDS, *, return_type_override: None = None
    ) -> R_co: ...

    @overload
    async def controls(
        self,
        field: str = "",
        data: Any = None,
        timeout: float | None = SECONDS,
        *,
        return_type_override: ReturnType | str,
    ) -> Any: ...

    async def controls(
        self,
        field: str = "",
        data: Any = None,
        timeout: float | None = SECONDS,
        *,
        return_type_override: ReturnType | str | None = None,
    ) -> Any:
        """Whether the gateway lives (``heartbeat``), how it is doing (``stats``), or its end (``shutdown``).

        Args:
            field: which; empty for the names of those that there are.
            data: nothing: it is an argument because it was one.
        """
        return await self._ask(calls.controls(field, timeout), return_type_override)

    @overload
    async def send(
        self,
        field: str = "",
        data: Any = None,
        timeout: float | None = SECONDS,
        *,
        wait: Wait = "accepted",
        count_only: Literal[False] = False,
        return_type_override: None = None,
    ) -> R_co: ...

    @overload
    async def send(
        self,
        field: str = "",
        data: Any = None,
        timeout: float | None = SECONDS,
        *,
        wait: Wait = "accepted",
        count_only: Literal[True],
        return_type_override: ReturnType | str | None = None,
    ) -> int: ...

    @overload
    async def send(
        self,
        field: str = "",
        data: Any = None,
        timeout: float | None = SECONDS,
        *,
        wait: Wait = "accepted",
        count_only: bool = False,
        return_type_override: ReturnType | str | None = None,
    ) -> Any: ...

    async def send(
        self,
        field: str = "",
        data: Any = None,
        timeout: float | None = SECONDS,
        *,
        wait: Wait = "accepted",
        count_only: bool = False,
        return_type_override: ReturnType | str | None = None,
    ) -> Any:
        """Tick what is given. What is tried again after a failure ticks once.

        Args:
            field: the channel, or ``basket/KEY``; empty for the channels that can be sent to.
            data: a struct, a dict, a data frame of rows, or several of them, as any iterable; of a whole basket, such
                by key. More than a request can carry are sent in several, each after the one before; the records of
                a list channel, which are one tick, and those of a whole basket are not divided.
            wait: ``accepted``: until it is queued; ``ticked``: until an engine cycle that has seen it is over.
            count_only: return how many records were accepted. Otherwise all that the gateway answers is held until the
                last is sent, as it is returned: of a million records, that is much.

        Returns:
            What was accepted, with the ``id`` and ``timestamp`` that the gateway gave.

        Raises:
            WrongArgumentError: a ``ValueError``: ``count_only`` without a channel.
            TypeError: something in ``data`` cannot be said in JSON. What was sent before it has been, which a note of
                the error says; a ``ServerException`` says it as ``accepted``.
        """
        if not field:
            listed = calls.send(field, None, wait, timeout, count_only=count_only)
            return await self._ask(listed, return_type_override)
        return await self._send(field, data, wait, timeout, return_type_override, count_only=count_only)

    @overload
    async def fields(
        self, name: str = "", timeout: float | None = SECONDS, *, return_type_override: None = None
    ) -> R_co: ...

    @overload
    async def fields(
        self, name: str = "", timeout: float | None = SECONDS, *, return_type_override: ReturnType | str
    ) -> Any: ...

    async def fields(
        self, name: str = "", timeout: float | None = SECONDS, *, return_type_override: ReturnType | str | None = None
    ) -> Any:
        """A static field of the gateway's channels; without a name, the names of those that there are."""
        return await self._ask(calls.field_values(name, timeout), return_type_override)


class AsyncAnswersAs(AsyncAnswers[R_co]):
    """The same of a client, as what is wanted, over the connections of that client, which it keeps and does not close.

    Args:
        kind: what is returned, unless a call says otherwise.
        ask: the client's.
        send: the client's.
    """

    def __init__(
        self,
        kind: ReturnType,
        ask: Callable[..., Coroutine[Any, Any, Any]],
        send: Callable[..., Coroutine[Any, Any, Any]],
    ) -> None:
        self._returned = kind
        self._ask_client = ask
        self._send_client = send

    async def _ask(self, call: Call, wanted: ReturnType | str | None = None) -> Any:
        return await self._ask_client(call, self._returned if wanted is None else wanted)

    async def _send(
        self,
        field: str,
        data: Any,
        wait: Wait,
        timeout: float | None,
        wanted: ReturnType | str | None,
        *,
        count_only: bool,
    ) -> Any:
        kind = self._returned if wanted is None else wanted
        return await self._send_client(field, data, wait, timeout, kind, count_only=count_only)
