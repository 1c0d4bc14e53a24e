"""Perspective's requests, as its own client makes them."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import perspective
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csp_gateway.server.modules.tables import protocol
from csp_gateway.server.modules.tables.protocol import READS, Request, UnreadableRequest


class Asked:
    """A Perspective client on a server of its own; ``requests`` is what it sent."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        server = perspective.Server()
        local = server.new_local_client()
        local.table({"a": "integer", "b": "string"}, name="t", index="b")
        local.table({"c": "integer", "b": "string"}, name="u", index="b")
        local.table({"d": "integer", "b": "string"}, name="v", index="b")
        self.client = perspective.Client(self._send)
        self._session = server.new_session(self.client.handle_response)
        self.table = self.client.open_table("t")

    def _send(self, message: bytes) -> None:
        self.requests.append(protocol.read(message))
        self._session.handle_request(message)

    def verbs(self, ask: Callable[[], Any]) -> list[int]:
        self.requests.clear()
        ask()
        return [request.verb for request in self.requests]


def test_every_method_that_reads_is_one_we_let_through() -> None:
    asked = Asked()
    table, client = asked.table, asked.client
    view = table.view()
    update, delete, remove = view.on_update(print), view.on_delete(print), view.on_remove(print)
    gone, hosted = table.on_delete(print), client.on_hosted_tables_update(print)
    reads: list[Callable[[], Any]] = [
        lambda: client.open_table("t"),
        client.get_hosted_table_names,
        client.system_info,
        table.size,
        table.schema,
        table.columns,
        table.view,
        lambda: table.view(group_by=["b"], expressions={"z": '"a" + 1'}),
        lambda: table.validate_expressions({"z": '"a" + 1'}),
        lambda: table.describe(expressions={"z": '"a" + 1'}),
        view.to_json,
        view.to_columns,
        view.to_csv,
        view.to_ndjson,
        view.to_arrow,
        view.schema,
        view.expression_schema,
        view.num_rows,
        view.dimensions,
        view.get_config,
        view.column_paths,
        lambda: view.get_min_max("a"),
        lambda: view.collapse(0),
        lambda: view.expand(0),
        lambda: view.on_update(print),
        lambda: view.remove_update(update),
        lambda: view.remove_delete(delete),
        lambda: view.remove_remove(remove),
        lambda: table.remove_delete(gone),
        lambda: client.remove_hosted_tables_update(hosted),
        view.delete,
    ]
    for ask in reads:
        assert set(asked.verbs(ask)) <= READS.keys(), ask


def test_every_method_that_writes_is_one_we_do_not() -> None:
    asked = Asked()
    table, client = asked.table, asked.client
    other = client.open_table("u")
    writes: list[Callable[[], Any]] = [
        lambda: table.update([{"a": 1, "b": "x"}]),
        lambda: table.replace([{"a": 1, "b": "x"}]),
        table.clear,
        lambda: table.remove(["x"]),
        table.delete,
        lambda: client.join(other, client.open_table("v"), "b"),
        lambda: client.table({"x": "float"}),
    ]
    for write in writes:
        assert asked.verbs(write)[-1] not in READS, write
    assert asked.verbs(other.make_port) == [protocol.MAKE_PORT]


def test_of_which_table_or_view() -> None:
    asked = Asked()
    asked.requests.clear()
    view = asked.table.view()
    view.to_json()
    made, read = asked.requests
    assert (made.entity, made.verb) == ("t", protocol.MAKE_VIEW)
    assert made.view_id == read.entity
    assert not made.watches
    view.on_update(print)
    assert asked.requests[-1].watches
    asked.client.get_hosted_table_names()
    assert not asked.requests[-1].watches
    asked.client.on_hosted_tables_update(print)
    assert asked.requests[-1].watches


def test_the_clients_understand_our_answers() -> None:
    def answer(message: bytes) -> None:
        request = protocol.read(message)
        if request.verb == protocol.MAKE_PORT:
            client.handle_response(protocol.port(request, 300))
        elif request.verb == 4:
            session.handle_request(message)
        else:
            client.handle_response(protocol.failure(request, "not today"))

    client = perspective.Client(answer)
    server = perspective.Server()
    server.new_local_client().table({"a": "integer"}, name="t")
    session = server.new_session(client.handle_response)
    table = client.open_table("t")
    assert table.make_port() == 300
    with pytest.raises(perspective.PerspectiveError, match="not today"):
        table.size()


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x08\x01\x12\x01t",  # asks nothing
        b"\x08\x01\x12\x01t\x42\x00\x8a\x02\x00",  # asks size and update: protobuf takes the last
        b"\x08\x01\x12\x01t\x42\x00\x42\x00",  # asks twice
        b"\x08\x01\x12\x01t\x12\x01u\x42\x00",  # of two tables
        b"\x08\x01\x12\x01t\x40\x01",  # the question is a number
        b"\x0a\x00\x12\x01t\x42\x00",  # the id is a text
        b"\x08\x01\x12\x01\xff\x42\x00",  # a name that is no UTF-8
        b"\x08\x01\x12\x01t\x43\x44",  # a group
        b"\x08\x01\x12\x7ft",  # ends in a name
        b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  # a number without end
        b"\xc2\x80\x80\x80\x80\x01\x00",  # field 8 behind bits that a parser may drop
        b"\x00\x00",
    ],
)
def test_what_protobuf_might_read_otherwise_is_refused(message: bytes) -> None:
    with pytest.raises(UnreadableRequest):
        protocol.read(message)


@pytest.mark.parametrize("body", [b"", b"\x0a\x00", b"\x0a\x01a\x0a\x01b", b"\x08\x01"])
def test_a_view_without_one_id_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableRequest):
        Request(1, "t", protocol.MAKE_VIEW, body).view_id  # noqa: B018  # it is the reading that raises


@given(st.binary(max_size=40))
def test_nothing_else_is_raised(message: bytes) -> None:
    with suppress(UnreadableRequest):
        assert isinstance(protocol.read(message).verb, int)


def test_what_an_answer_answers() -> None:
    request = Request(300, "t", 8, b"")
    assert protocol.answered(protocol.failure(request, "no")) == (300, True)
    assert protocol.answered(protocol.port(request, 1)) == (300, False)
