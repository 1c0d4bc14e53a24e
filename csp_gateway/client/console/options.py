"""The options of all commands, which may stand before the command or behind it, and what becomes of its failures."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from csp_gateway.client.console.amounts import DAY, seconds
from csp_gateway.client.console.failures import sentence, status
from csp_gateway.client.console.printing import Printer
from csp_gateway.client.console.session import Session
from csp_gateway.client.console.settings import Settings
from csp_gateway.client.console.variables import refuse_misspelled, variable_of

__all__ = ["asks", "told_before"]

_SEPARATE = ("url", "token", "bearer")

_OPTIONS: dict[str, tuple[Any, dict[str, Any], tuple[str, ...]]] = {
    "url": (str, {"metavar": "URL", "help": "Where the gateway is. [http://localhost:8000]"}, ("--url",)),
    "token": (str, {"metavar": "KEY", "help": "An API key that lets you in."}, ("--token",)),
    "bearer": (str, {"metavar": "TOKEN", "help": "A bearer token that lets you in."}, ("--bearer",)),
    "timeout": (
        float,
        {"metavar": "SECONDS", "help": "How long to wait for an answer. [10]", "parser": seconds(0.001, DAY)},
        ("--timeout",),
    ),
    "as_json": (bool, {"help": "Answer in JSON, for programs."}, ("--json",)),
    "no_color": (bool, {"help": "No colours. So it is in a pipe, and with NO_COLOR."}, ("--no-color",)),
}


def _parameters(*, hidden: bool) -> list[inspect.Parameter]:
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[kind | None, typer.Option(*names, hidden=hidden, show_default=False, **says)],
        )
        for name, (kind, says, names) in _OPTIONS.items()
    ]


_CONTEXT = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)


def asks(command: Callable[..., None]) -> Callable[..., None]:
    """A command with the options of all commands behind its own; its failures are told, and are its exit status.

    Args:
        command: takes the ``Session`` first, and then its own arguments.
    """

    def run(ctx: typer.Context, **given: Any) -> None:
        said = Settings(**{name: given.pop(name) for name in _OPTIONS}).over(ctx.obj)
        printer = Printer(as_json=bool(said.as_json), no_color=bool(said.no_color))
        with _failures_told(printer, said):
            refuse_misspelled(said.unsaid)
            command(Session(said, printer), **given)

    functools.update_wrapper(run, command)
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    parameters = [_CONTEXT, *own, *_parameters(hidden=True)]
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # what typer reads
        [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) if each is not _CONTEXT else each for each in parameters]
    )
    return run


def told_before(group: Callable[..., None]) -> Callable[..., None]:
    """The same options before the command; what they say is kept for it, over what the environment says."""

    def run(ctx: typer.Context, **given: Any) -> None:
        environment: dict[str, Any] = {name: os.environ.get(variable_of(name)) or None for name in _SEPARATE}
        said = Settings(**{name: given.pop(name) for name in _OPTIONS})
        ctx.obj = said.over(Settings(**environment))
        group(**given)

    functools.update_wrapper(run, group)
    own = [
        each.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for each in inspect.signature(group, eval_str=True).parameters.values()
    ]
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # what typer reads
        [_CONTEXT, *_parameters(hidden=False), *own]
    )
    return run


@contextmanager
def _failures_told(printer: Printer, settings: Settings) -> Iterator[None]:
    try:
        yield
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:
        ends_with = status(error)
        if ends_with is None:
            raise
        if isinstance(error, BrokenPipeError):
            _let_go_of_stdout()
        elif said := sentence(error, settings.secrets):
            printer.remark(f"csp-gateway: {said}", "red")
        raise typer.Exit(ends_with) from None


def _let_go_of_stdout() -> None:
    """Nobody reads it any more: what is left of it is not written when Python ends, which would fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
