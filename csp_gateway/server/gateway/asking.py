"""Asks modules what they add to the channels, and says from which line an answer comes."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from csp_gateway.errors import BuildFailedError, DynamicChannelError, GatewayException
from csp_gateway.server.module import GatewayModule

__all__ = ["answer_of", "enabled", "where_said"]

_FORMS: dict[type, str] = {Mapping: "a dict", Collection: "a set of names"}


def enabled(modules: Iterable[GatewayModule]) -> list[GatewayModule]:
    """The modules that take part."""
    return [module for module in modules if not module.disable]


def answer_of(source: object, question: str, form: type) -> Any:
    """What ``source.question()`` answers, empty for None.

    Args:
        source: a module, or the channels object, which may be asked for keys too.
        question: one of its ``dynamic_…`` methods.
        form: ``Mapping`` or ``Collection``, which the answer has to be.

    Raises:
        DynamicChannelError: the answer is of another form.
        BuildFailedError: the method raised something of its own; it is the cause.
    """
    name = type(source).__name__
    try:
        answer = getattr(source, question)()
    except GatewayException as error:
        error.add_note(f"raised by {name}.{question}")
        raise
    except Exception as error:
        raise BuildFailedError(f"{name}.{question} raised {type(error).__name__}: {error}") from error
    if answer is None:
        return {}
    # A str is a collection too, of letters.
    if not isinstance(answer, form) or isinstance(answer, str):
        raise DynamicChannelError(f"{where_said(source, question)} answers {answer!r:.80}, which is not {_FORMS[form]}")
    return answer


def where_said(source: object, question: str) -> str:
    """The method that answers, and the line where it begins: ``Feed.dynamic_keys (feed.py:12)``."""
    code = getattr(getattr(type(source), question), "__code__", None)
    line = f" ({code.co_filename}:{code.co_firstlineno})" if code is not None else ""
    return f"{type(source).__name__}.{question}{line}"
