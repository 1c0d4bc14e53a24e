"""The commands of csp-gateway, and what each is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

import csp_gateway
from csp_gateway.client.console import doctor as examination
from csp_gateway.client.console import querying, reading, sending, tailing
from csp_gateway.client.console.amounts import DAY, seconds, whole
from csp_gateway.client.console.failures import WrongUsage
from csp_gateway.client.console.help_page import Command, Group
from csp_gateway.client.console.options import asks, told_before
from csp_gateway.client.console.saving import Format
from csp_gateway.client.console.session import Session
from csp_gateway.client.console.where import filters_of

__all__ = ["app"]

app = typer.Typer(
    name="csp-gateway",
    cls=Group,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Channel: TypeAlias = Annotated[
    str, typer.Argument(metavar="CHANNEL[/KEY]", show_default=False, help="The channel; of a basket, a key too.")
]
Where: TypeAlias = Annotated[
    str | None,
    typer.Option("--where", metavar="FILTER", help="Only such records: \"price > 10 and side = 'BUY'\", or JSON."),
]
Form: TypeAlias = Annotated[
    Format | None,
    typer.Option(
        "--format", "-f", metavar="FORMAT", help="table, json, ndjson, csv, arrow or parquet.", case_sensitive=False
    ),
]
Output: TypeAlias = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write it there; .csv, .parquet and so on say the format."),
]


def _command(examples: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function a command of its name."""

    def made(function: Callable[..., None]) -> Callable[..., None]:
        app.command(cls=Command, epilog=examples)(asks(function))
        return function

    return made


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(csp_gateway.__version__)
        raise typer.Exit


@app.callback(
    epilog="""
    csp-gateway channels # what is there
    csp-gateway tail trades --where "size > 100" # ticks as they come
    csp-gateway sql "select symbol, avg(price) from quotes group by symbol"
    csp-gateway --url https://desk.example.com doctor # is it well?

    """
)
@told_before
def group(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version of this command.")
    ] = False,
) -> None:
    """Ask a running gateway: what ticks, what is, and how it is doing.

    All options may stand before the command or behind it. CSP_GATEWAY_URL, CSP_GATEWAY_TOKEN and CSP_GATEWAY_BEARER in
    the environment do as well, and nobody can read them in a list of processes.

    It ends with 0 if all is well, 1 if the gateway refuses, 2 for a command line that cannot be read, 3 if no gateway
    is reached, 4 if the time is over, 130 after Ctrl-C.
    """


@_command("csp-gateway channels --json | jq -r '.[].channel'")
def channels(session: Session) -> None:
    """Which channels and states there are, what ticks on them, and what can be asked of each."""
    reading.channels(session)


@_command("csp-gateway schema trades")
def schema(session: Session, channel: Channel) -> None:
    """The fields of what ticks on a channel: their types, and which must be there when you send."""
    reading.schema(session, channel)


@_command(
    """
    csp-gateway last trades
    csp-gateway last quotes/ABC --json
    """
)
def last(session: Session, channel: Channel) -> None:
    """The newest tick of a channel; of a whole basket, of each key, which stands before it unless --json is asked."""
    reading.last(session, channel)


@_command("csp-gateway next trades --timeout 60")
def next(session: Session, channel: Channel) -> None:
    """The coming tick of a channel: wait for it, without --timeout for as long as it takes; tail tells keys, too."""
    reading.coming(session, channel)


@_command(
    """
    csp-gateway tail trades # until Ctrl-C
    csp-gateway tail trades quotes/ABC --fields symbol,price
    csp-gateway tail quotes --snapshot --every 1 --latest-by symbol # the newest of each, once a second
    csp-gateway tail trades --count 100 --json > trades.ndjson
    """
)
def tail(
    session: Session,
    channels: Annotated[
        list[str], typer.Argument(metavar="CHANNEL[/KEY]...", show_default=False, help="One or several.")
    ],
    snapshot: Annotated[bool, typer.Option("--snapshot", help="First the newest tick that there is.")] = False,
    where: Where = None,
    fields: Annotated[
        str | None, typer.Option("--fields", metavar="A,B", help="Only these fields; leg.price is one within leg.")
    ] = None,
    every: Annotated[
        float | None,
        typer.Option(
            "--every", parser=seconds(0, DAY), metavar="SECONDS", help="Not more often; then the newest of each key."
        ),
    ] = None,
    latest_by: Annotated[
        str | None, typer.Option("--latest-by", metavar="FIELD", help="The field whose values are such keys.")
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", "-n", parser=whole(1), metavar="N", help="End after N records, 1 or more.")
    ] = None,
    since: Annotated[
        int | None,
        typer.Option("--since", parser=whole(0), metavar="OFFSET", help="First what is kept from there on, 0 or more."),
    ] = None,
) -> None:
    """Ticks as they come, a record a line, until Ctrl-C.

    If the connection is lost it comes back, and goes on where it was. What is missing nevertheless is told on stderr.
    With --json each line says its offset too, which --since goes on from.
    """
    if since is not None and len(channels) > 1:
        raise WrongUsage("--since is an offset of one channel: give that alone")
    options: dict[str, Any] = {"snapshot": snapshot, "latest_by": latest_by, "since": since}
    if where is not None:
        options["where"] = filters_of(where)
    if fields is not None:
        options["fields"] = querying.names_in(fields, "--fields")
    if every is not None:
        options["min_interval"] = every
    tailing.tail(session, channels, count, options)


@_command(
    """
    csp-gateway send trades '{"symbol": "ABC", "price": 1.5}'
    csp-gateway send trades @trades.json --wait ticked
    zcat trades.ndjson.gz | csp-gateway send trades - # a record a line, as they come
    """
)
def send(
    session: Session,
    channel: Channel,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="[JSON|@FILE|-]", show_default=False, help="What to send; - is what comes through a pipe."
        ),
    ] = None,
    wait: Annotated[
        sending.Until,
        typer.Option(
            "--wait",
            metavar="accepted|ticked",
            show_default=False,
            help="Until it is queued, or until it has ticked. [accepted]",
        ),
    ] = sending.Until.ACCEPTED,
) -> None:
    """Send records to a channel: a JSON object, an array of them, or one a line.

    Of a whole basket, an object of records by key. Says how many were accepted; with --json, as what.
    """
    sending.send(session, channel, data, wait)


@_command(
    """
    csp-gateway state orders --where "status = 'OPEN'" --order-by -price
    csp-gateway state orders --select symbol,price -o orders.csv
    """
)
def state(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="STATE[/KEY]", show_default=False, help="The state.")],
    where: Where = None,
    select: Annotated[
        str | None, typer.Option("--select", metavar="A,B", help="Only these fields; leg.price is one within leg.")
    ] = None,
    order_by: Annotated[
        str | None,
        typer.Option("--order-by", metavar="A,-B", help="By these fields; - before one: the greatest first."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            parser=whole(1),
            metavar="N",
            help="At most N records, 1 or more. [a terminal shows 1,000, else all]",
        ),
    ] = None,
    form: Form = None,
    output: Output = None,
) -> None:
    """The newest record of each key of a state."""
    query = querying.query_of(where, select, order_by, limit)
    querying.state(session, name, query, form, output)


@_command(
    """
    csp-gateway sql "select symbol, sum(size) from trades group by symbol"
    csp-gateway sql 'select * from quotes where venue = $v' -p v=X -o q.parquet
    """
)
def sql(
    session: Session,
    select: Annotated[
        str, typer.Argument(metavar="SELECT", show_default=False, help="In DuckDB's SQL; states are tables.")
    ],
    parameters: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="What $NAME stands for: JSON, or a text."),
    ] = None,
    form: Form = None,
    output: Output = None,
) -> None:
    """What one SELECT over all states answers."""
    querying.sql(session, select, querying.parameters_of(parameters or []), form, output)


@_command("csp-gateway doctor --url http://desk:8000 --json")
def doctor(session: Session) -> None:
    """Whether a gateway is well: reached, ready, lets you in, is quick, and is read by all who follow it.

    Each line is ok, warn or fail, and says what to do. It ends with 1 if any fails.
    """
    examination.examine(session)
