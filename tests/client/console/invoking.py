"""The command line in this process."""

from __future__ import annotations

from typing import NamedTuple

from typer.testing import CliRunner

from csp_gateway.client.console.app import app

__all__ = ["Told", "invoke"]


class Told(NamedTuple):
    """What a command has told."""

    status: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


def invoke(*arguments: str, given: str | None = None, **environment: str) -> Told:
    """Run a command; what it raises that is no failure of its own is raised here.

    Args:
        given: comes through its pipe.
    """
    done = CliRunner().invoke(app, list(arguments), input=given, env={"NO_COLOR": "1", **environment})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Told(done.exit_code, done.stdout, done.stderr)
