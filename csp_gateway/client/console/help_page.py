"""What --help shows: how a command is called, what it does, its options in two columns, and examples."""

from __future__ import annotations

import inspect
import io
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperCommand, TyperGroup

__all__ = ["Command", "Group"]

_WIDEST = 100
_INDENT = 2
_ALIKE = (
    {"--count", "--limit"},
    {"--fields", "--select"},
    {"--every", "--interval"},
    {"--filter", "--where"},
    {"--out", "--output"},
    {"--sort", "--order-by"},
    {"--param", "--parameter"},
    {"--host", "--url"},
)
"""What is called one way by one command, or by other programs, and another way by the next."""
_EXTRA = re.compile(r"Got unexpected extra argument(?:\(s\))? \((\S+)\)")
"""What is said of one argument too many."""
_MOST_LEFT = 26
"""Cells of the left column; what is longer has a line of its own."""


class Command(TyperCommand):
    """A command whose help is such a page; its epilog is examples, one a line, each with ``#`` and what it does."""

    def collect_usage_pieces(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """The arguments as they are named, without typer's braces."""
        named = (each for each in self.get_params(ctx) if each.param_type_name == "argument")
        return ["[OPTIONS]", *(each.human_readable_name for each in named)]

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """The arguments as they are given; of an option that there is not, the one of another name is told."""
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            name = getattr(error, "option_name", None)  # of NoSuchOption, which typer does not show
            known = {option for each in self.get_params(ctx) for option in each.opts}
            meant = {option for names in _ALIKE if name in names for option in names & known}
            if meant:
                error.possibilities = sorted(meant)  # type: ignore[attr-defined]
            _tell_where_a_key_stands(error, ctx)
            raise

    def format_help(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]
        page = _Page()
        page.head(self, ctx)
        page.parameters(self, ctx)
        page.examples(self.epilog)
        page.remark(f"Options of all commands, such as --url, --token and --json: {ctx.find_root().info_name} --help")
        formatter.write(page.text)


def _tell_where_a_key_stands(error: Any, ctx: typer.Context) -> None:
    """Of an argument too many, behind the name of a channel or a state: it is meant to be a key."""
    extra = _EXTRA.fullmatch(getattr(error, "message", ""))
    name = ctx.params.get("channel", ctx.params.get("name"))
    if extra and name and "/" not in name:
        key = str(ctx.params.get("data") or extra[1])  # of send, what stands before what is sent
        error.message += f". A key stands behind a slash: {ctx.command_path} {name}/{key}"


class Group(TyperGroup):
    """The whole, whose help lists the commands."""

    def format_help(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]
        page = _Page()
        page.head(self, ctx)
        rows = [(name, _first(self.commands[name].help)) for name in self.list_commands(ctx)]
        page.section("Commands", rows)
        page.parameters(self, ctx)
        page.examples(self.epilog)
        formatter.write(page.text)


class _Page:
    """A page that is written from top to bottom."""

    def __init__(self) -> None:
        self._written = io.StringIO()
        self._width = min(shutil.get_terminal_size().columns, _WIDEST)
        self._console = Console(
            file=self._written, force_terminal=sys.stdout.isatty(), width=self._width, highlight=False, soft_wrap=True
        )

    @property
    def text(self) -> str:
        return self._written.getvalue()

    def head(self, command: TyperCommand | TyperGroup, ctx: typer.Context) -> None:
        usage = " ".join([ctx.command_path, *command.collect_usage_pieces(ctx)])
        self._console.print(Text.assemble(("Usage: ", "bold"), usage))
        for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(command.help or "")):
            self._console.print()
            self._console.print(Text("\n".join(textwrap.wrap(" ".join(paragraph.split()), self._width))))

    def parameters(self, command: TyperCommand | TyperGroup, ctx: typer.Context) -> None:
        """Its arguments and its options, but for those that are hidden."""
        rows: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
        for parameter in command.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                kind = parameter.param_type_name
                name = record[0] if kind == "option" else parameter.human_readable_name
                rows[kind].append((name, parameter.help if kind == "argument" else record[1]))  # type: ignore[attr-defined]
        self.section("Arguments", rows["argument"])
        self.section("Options", rows["option"])

    def section(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """A title, and below it two columns."""
        if not rows:
            return
        self._title(title)
        left = min(max(len(name) for name, _ in rows), _MOST_LEFT)
        room = self._width - left - 2 * _INDENT
        for name, says in rows:
            first, *others = textwrap.wrap(says, room) or [""]
            if len(name) > left:
                self._row(name, "", left)
                name = ""
            self._row(name, first, left)
            for line in others:
                self._row("", line, left)

    def examples(self, lines: str | None) -> None:
        """Commands, each with what it does behind or below it."""
        if not lines:
            return
        self._title("Examples")
        for line in inspect.cleandoc(lines).splitlines():
            command, _, says = (part.strip() for part in line.partition(" # "))
            shown = Text(" " * _INDENT).append(command, "green")
            if says and len(command) + len(says) + _INDENT + 4 > self._width:
                self._console.print(Text.assemble(" " * _INDENT, (f"# {says}", "dim")))
                says = ""
            self._console.print(shown.append(f"  # {says}", "dim") if says else shown)

    def remark(self, text: str) -> None:
        self._console.print()
        self._console.print(Text(text, "dim"))

    def _title(self, title: str) -> None:
        self._console.print()
        self._console.print(Text(f"{title}:", "bold"))

    def _row(self, name: str, says: str, left: int) -> None:
        line = Text(" " * _INDENT).append(name.ljust(left), "cyan").append(" " * _INDENT).append(says)
        line.rstrip()
        self._console.print(line)


def _first(help_text: str | None) -> str:
    """The first sentence, without its full stop."""
    lines: Iterable[str] = inspect.cleandoc(help_text or "").split("\n\n")[0].split()
    return re.split(r"(?<=\.)\s", " ".join(lines))[0].removesuffix(".")
