"""SyncAnswers: the verbs whose answer is made into what one wants, for programs that wait for the answer."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Literal, overload

from csp_gateway.client import calls
from csp_gateway.client.calls import Call, Wait
from csp_gateway.client.gateway_client import SECONDS
from csp_gateway.client.returns import R_co, ReturnType
from csp_gateway.client.sync_questions import SyncQuestions

__all__ = ["SyncAnswers", "SyncAnswersAs"]


class SyncAnswers(SyncQuestions[R_co]):
    """All verbs whose answer is made into what one wants; each call waits for the answer.

    Type checkers see what the client's ``return_type`` says, or ``returning``; of ``return_type_override``, Any.
    """

    @abstractmethod
    def _send(
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
    def controls(
        self, field: str = "", data: Any = None, timeout: float | None = SECONDS, *, return_type_override: None = None
    ) -> R_co: ...

    @overload
    def controls(
        self,
        field: str = "",
        data: Any = None,
        timeout: float | None = SECONDS,
        *,
        return_type_override: ReturnType | str,
    ) -> Any: ...

    def controls(
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
        return self._ask(calls.controls(field, timeout), return_type_override)

    @overload
    def send(
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
    def send(
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
    def send(
        self,
        field: str = "",
        data: Any = None,
        timeout: float | None = SECONDS,
        *,
        wait: Wait = "accepted",
        count_only: bool = False,
        return_type_override: ReturnType | str | None = None,
    ) -> Any: ...

    def send(
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
            return self._ask(listed, return_type_override)
        return self._send(field, data, wait, timeout, return_type_override, count_only=count_only)

    @overload
    def fields(self, name: str = "", timeout: float | None = SECONDS, *, return_type_override: None = None) -> R_co: ...

    @overload
    def fields(
        self, name: str = "", timeout: float | None = SECONDS, *, return_type_override: ReturnType | str
    ) -> Any: ...

    def fields(
        self, name: str = "", timeout: float | None = SECONDS, *, return_type_override: ReturnType | str | None = None
    ) -> Any:
        """A static field of the gateway's channels; without a name, the names of those that there are."""
        return self._ask(calls.field_values(name, timeout), return_type_override)


class SyncAnswersAs(SyncAnswers[R_co]):
    """The same of a client, as what is wanted, over the connections of that client, which it keeps and does not close.

    Args:
        kind: what is returned, unless a call says otherwise.
        ask: the client's.
        send: the client's.
    """

    def __init__(self, kind: ReturnType, ask: Callable[..., Any], send: Callable[..., Any]) -> None:
        self._returned = kind
        self._ask_client = ask
        self._send_client = send

    def _ask(self, call: Call, wanted: ReturnType | str | None = None) -> Any:
        return self._ask_client(call, self._returned if wanted is None else wanted)

    def _send(
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
        return self._send_client(field, data, wait, timeout, kind, count_only=count_only)
