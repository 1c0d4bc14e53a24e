"""What a failure is to whoever sits at the command line: a sentence or two, and the exit status of the command."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from csp_gateway.client.console.cells import plain
from csp_gateway.errors import (
    FrameError,
    GatewayException,
    QueryError,
    ServerRouteNotMountedException,
    ServerTimeoutError,
    ServerUnknownException,
    ServerUnprocessableException,
    ServerUnreachableError,
    WrongArgumentError,
)

__all__ = ["INTERRUPTED", "REFUSED", "TIMED_OUT", "UNREACHED", "WRONG_USAGE", "WrongUsage", "sentence", "status"]

REFUSED = 1
WRONG_USAGE = 2
UNREACHED = 3
TIMED_OUT = 4
INTERRUPTED = 130

_NAMED = "name them, $name, and give -p name=VALUE"
_MOST = 5
"""Faults of what was sent that are told; there may be a hundred."""


class WrongUsage(Exception):
    """The arguments of a command do not say what can be done."""


def status(error: BaseException) -> int | None:
    """What a command ends with after an error; None if the error is a fault of ours, whose traceback is wanted."""
    match error:
        case KeyboardInterrupt():
            return INTERRUPTED
        case BrokenPipeError():
            return 0  # whoever read has enough
        case WrongUsage() | QueryError():
            return WRONG_USAGE
        case ServerUnreachableError():
            return UNREACHED
        case ServerTimeoutError():
            return TIMED_OUT
        case ServerUnknownException(status=504) | FrameError(code="timeout"):
            return TIMED_OUT
        case TimeoutError():
            return TIMED_OUT
        case GatewayException() | ImportError() | OSError():
            return REFUSED
    return None


def sentence(error: BaseException, secrets: Iterable[str] = ()) -> str:
    """What to say of an error; nothing where whoever sits there knows."""
    begins_so = False
    match error:
        case KeyboardInterrupt() | BrokenPipeError():
            return ""
        case ServerUnprocessableException():
            said = f"The gateway cannot read that: {_by_option(_faults(error.args[0] if error.args else ''))}"
        case ServerUnknownException(status=401 | 403):
            said = f"The gateway does not let you in ({error}). Check --token, or --bearer."
        case OSError(filename=str() as name) if error.errno is not None:
            said, begins_so = f"{name}: {_reason(error)}", True  # a name is as it is written
        case ServerTimeoutError():
            said = str(error).replace("`timeout`", "--timeout")
        case ServerRouteNotMountedException():
            said = error.why
        case WrongArgumentError():
            said, begins_so = str(error), True  # with the name of a channel or a verb
        case _:
            said = str(error) or type(error).__name__
    for secret in secrets:
        said = said.replace(secret, "…")
    return plain(said if begins_so else said[:1].upper() + said[1:])


def _by_option(said: str) -> str:
    """What is said of SQL's parameters, as they are given here.

    >>> _by_option('no value is given for $a, $b; `parameters` says it: {"a": …, "b": …}')
    'no value is given for $a, $b; --parameter says it: -p a=VALUE -p b=VALUE'
    """
    said, by_name, example = said.partition("`parameters` says it: ")
    if by_name:
        return f"{said}--parameter says it: " + " ".join(
            f"-p {name}=VALUE" for name in re.findall(r'"(.*?)": …', example)
        )
    return re.sub("give (an array of all as `parameters`|their values as an array), in order", _NAMED, said)


def _reason(error: OSError) -> str:
    return "there is no such file or folder" if error.errno == errno.ENOENT else str(error.strerror)


def _faults(detail: Any) -> str:
    """A detail of a 422: a text, or a list of faults as pydantic tells them.

    >>> _faults([{"loc": ["body", 0, "x"], "msg": "Field required"}])
    '0.x: Field required'
    """
    if not isinstance(detail, Sequence) or isinstance(detail, str):
        return str(detail)
    told = [_fault(each) for each in detail[:_MOST]]
    more = len(detail) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more else "")


def _fault(fault: Any) -> str:
    if not isinstance(fault, Mapping):
        return str(fault)
    place = ".".join(str(part) for part in fault.get("loc", ()) if part not in ("body", "query"))
    message = str(fault.get("msg", fault))
    return f"{place}: {message}" if place else message
