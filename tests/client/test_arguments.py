"""What the verbs do not take is refused by the argument's name, alike by both clients."""

import asyncio
import inspect
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import date
from typing import Any

import numpy as np
import pytest

from csp_gateway import AsyncGatewayClient, GatewayClient, WrongArgumentError
from csp_gateway.client import calls
from csp_gateway.client.arguments import check

RECORD = {"x": 7}
WRONG: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    ("last", (("basket", "A"),), {}, 'last: field is the name of a channel, such as "orders", or "basket/KEY"'),
    ("last", (None,), {}, "last: field is the name of a channel,.* and not None"),
    ("last", ("example", "polars"), {}, "last: timeout is seconds, or None for ever,.* type str: 'polars'"),
    ("last", ("example", -1), {}, "last: timeout is seconds, or None for ever, .* and not a value of type int: -1"),
    ("last", ("example", float("nan")), {}, "last: timeout is seconds, .* of type float: nan"),
    ("last", ("example", float("inf")), {}, "last: timeout is seconds, or None for ever, .* of type float: inf"),
    ("last", ("example",), {"timeout": True}, "last: timeout is seconds, .* of type bool: True"),
    ("next", ("example",), {"timeout": 1e12}, "next: timeout is seconds"),
    ("subscribe", ("example",), {"timeout": -0.5}, "subscribe: timeout is seconds"),
    ("next", (7,), {}, "next: field is"),
    ("state", ("example",), {"query": "x>1"}, "state: query is a Query.* \\{\"filters\": .* type str: 'x>1'"),
    ("state", ("example",), {"query": [{"attr": "x"}]}, "state: query is .* type list"),
    ("state", ("example", {"limit": 1}), {}, "state: timeout is .* by its name; and .* type dict"),
    ("sql", (7,), {}, "sql: select is the text of one SELECT"),
    ("sql", ("select ?", "A"), {}, "sql: parameters is given by name, as a dict, or in order"),
    ("history", ("example", 1.5), {}, "history: since is an offset, or a time"),
    ("history", ("example",), {"limit": "10"}, "history: limit is how many"),
    ("lookup", ("example", 7), {}, "lookup: id is an id, which is a text"),
    ("send", (None,), {}, "send: field is"),
    ("send", (("basket", "A"), RECORD), {}, "send: field is"),
    ("send", ("example", RECORD), {"wait": True}, "send: wait is"),
    ("stage", ("example", RECORD), {}, r"stage: method is .* by stage_add\("),
    ("stage", ("example",), {"staging_ids": [7]}, "stage: staging_id is the id of a staging, which is a text"),
    ("stage_release", ("example", 7), {}, "stage: staging_ids is the id of a staging, or several"),
    ("controls", (7,), {}, "controls: field is"),
    ("fields", (7,), {}, "fields: name is a name"),
    ("remove_client", (7,), {}, "remove_client: id is"),
    ("health", ("5",), {}, "health: timeout is"),
    ("stream", (7,), {}, r'stream: channels is what is to be followed, such as \["orders", \("basket", "KEY"\)\]'),
    ("stream", ([("basket", ("A",))],), {}, "stream: key is a key of a basket"),
    ("stream", ("example",), {"timeout": "5"}, "stream: timeout is"),
    ("stream", ("example",), {"connection": 5.0}, "stream: connection is a StreamOptions"),
    ("subscribe", (("basket", "A"),), {}, "subscribe: field is"),
    ("unsubscribe", (("basket", "A"),), {}, "unsubscribe: field is"),
    ("publish", (("basket", "A"), RECORD), {}, "publish: field is"),
    ("received", ("5",), {}, "received: timeout is"),
    ("table", (("basket", "A"),), {}, "table: name is"),
    ("table", ("example",), {"on_change": 7}, "table: on_change is a function"),
]
NAMED = [pytest.param(*each, id=f"{each[0]}{place}") for place, each in enumerate(WRONG)]


@pytest.mark.parametrize(("verb", "args", "kwargs", "said"), NAMED)
def test_a_client_that_waits_refuses_it(
    client: GatewayClient, verb: str, args: tuple[Any, ...], kwargs: dict[str, Any], said: str
) -> None:
    with pytest.raises(WrongArgumentError, match=said) as caught:
        getattr(client, verb)(*args, **kwargs)
    assert isinstance(caught.value, TypeError)


def test_a_client_of_asyncio_refuses_the_same(omnibus: str) -> None:
    async def outcome(client: AsyncGatewayClient, verb: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        asked = getattr(client, verb)(*args, **kwargs)
        if isinstance(asked, AbstractAsyncContextManager):
            await asked.__aenter__()
        elif isinstance(asked, AsyncIterator):
            await anext(asked)
        elif inspect.isawaitable(asked):
            await asked

    async def ask() -> None:
        async with AsyncGatewayClient(host=omnibus) as client:
            for verb, args, kwargs, said in WRONG:
                with pytest.raises(WrongArgumentError, match=said):
                    await outcome(client, verb, args, kwargs)

    asyncio.run(ask())


def test_a_callback_is_a_function(client: GatewayClient) -> None:
    with pytest.raises(WrongArgumentError, match=r"stream: callback is a function, or None, .* type int: 5"):
        client.stream("example", 5)  # type: ignore[call-overload]


@pytest.mark.parametrize("kind", [GatewayClient, AsyncGatewayClient])
def test_settings_go_by_their_names(kind: Any) -> None:
    said = f'{kind.__name__}: config is a GatewayClientConfig, .*by name: host="server"; .* type str$'
    with pytest.raises(WrongArgumentError, match=said):
        kind("http://x")


def test_what_is_no_record_is_refused_alike(client: GatewayClient) -> None:
    with pytest.raises(WrongArgumentError, match=re.escape("example: cannot be sent: <class 'int'> is no record")):
        client.send("example", 7)


def test_every_argument_of_a_verb_is_told() -> None:
    untold = {"body", "count_only"}
    for verb in (calls.last, calls.state, calls.sql, calls.history, calls.lookup, calls.send, calls.stage):
        for name in inspect.signature(verb).parameters.keys() - untold:
            with pytest.raises(WrongArgumentError, match=f"it: {name} is .* type object"):
                check("it", **{name: object()})


def test_a_number_of_numpys_is_a_number_and_a_day_is_a_time() -> None:
    check("history", since=np.int64(7), until=date(2026, 1, 31), limit=np.int32(1), timeout=np.float64(1.0))
