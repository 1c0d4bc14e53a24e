"""What is answered of states: by a query, or in SQL; as a table, or in the formats of other programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from csp_gateway.client.console.failures import WrongUsage
from csp_gateway.client.console.saving import Format, format_of, save
from csp_gateway.client.console.session import Session
from csp_gateway.client.console.where import filters_of
from csp_gateway.client.returns import ReturnType

__all__ = ["names_in", "parameters_of", "query_of", "sql", "state"]

_SHOWN = 1_000
"""Records that a terminal shows, unless --limit says more."""


def names_in(text: str, option: str) -> list[str]:
    """Names with commas in between.

    Raises:
        WrongUsage: there is none.
    """
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise WrongUsage(f"{option} is names with commas in between, such as price,leg.venue; not {text!r}")
    return names


def query_of(where: str | None, select: str | None, order_by: str | None, limit: int | None) -> dict[str, Any]:
    """The query that the options of ``state`` ask.

    >>> query_of(None, "symbol,price", "-price", 10)["order_by"]
    [{'attr': 'price', 'descending': True}]
    """
    query: dict[str, Any] = {}
    if where is not None:
        query["filters"] = filters_of(where)
    if select is not None:
        query["select"] = names_in(select, "--select")
    if order_by is not None:
        names = names_in(order_by, "--order-by")
        query["order_by"] = [{"attr": name.lstrip("-"), "descending": name.startswith("-")} for name in names]
    if limit is not None:
        query["limit"] = limit
    return query


def parameters_of(given: Sequence[str]) -> dict[str, Any] | None:
    """What ``$name`` stands for; a value that is no JSON is a text.

    >>> parameters_of(["venue=X", "least=10"])
    {'venue': 'X', 'least': 10}
    """
    parameters: dict[str, Any] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name.strip():
            raise WrongUsage(f"--parameter is NAME=VALUE, such as venue=X; not {each!r}")
        try:
            parameters[name.strip()] = json.loads(value)
        except ValueError:
            parameters[name.strip()] = value
    return parameters or None


def state(session: Session, name: str, query: dict[str, Any], said: Format | None, file: Path | None) -> None:
    """Tell the records of a state."""
    form = _form(session, said, file)
    if form is Format.TABLE and session.printer.on_terminal and "limit" not in query:
        query = {**query, "limit": _SHOWN + 1}  # one more tells whether there are more
    with session.client() as client:
        answer = client.state(name, session.timeout, query or None, return_type_override=_kind(form))
    if_none = "No record passes." if "filters" in query else "The state is empty."
    _tell(session, answer, form, file, if_none, as_given="select" in query)


def sql(
    session: Session, select: str, parameters: Mapping[str, Any] | None, said: Format | None, file: Path | None
) -> None:
    """Tell what a SELECT answers."""
    form = _form(session, said, file)
    with session.client() as client:
        answer = client.sql(select, parameters, session.timeout, return_type_override=_kind(form))
    _tell(session, answer, form, file, "No rows.", as_given=True)


def _form(session: Session, said: Format | None, file: Path | None) -> Format:
    printer = session.printer
    return format_of(said, file, as_json=printer.as_json, on_terminal=printer.on_terminal)


def _kind(form: Format) -> ReturnType:
    return ReturnType.Arrow if form.is_columns else ReturnType.Raw


def _tell(session: Session, answer: Any, form: Format, file: Path | None, if_none: str, *, as_given: bool) -> None:
    printer = session.printer
    if form is not Format.TABLE:
        size = save(answer, form, file)
        if file is not None:
            printer.remark(f"{size:,} bytes of {form} written to {file}")
        return
    if not answer:
        printer.remark(if_none)
        return
    shown = answer[:_SHOWN] if printer.on_terminal else answer
    printer.records(shown, as_given=as_given, advice="--select some, or --json has them")
    if len(shown) < len(answer):
        printer.remark(f"The first {_SHOWN:,} are shown: --limit shows more, -o FILE keeps all.")
