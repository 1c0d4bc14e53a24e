"""One viewer's socket: what it may ask, and what happens when it does not listen."""

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import perspective
import pytest
from websockets.exceptions import ConnectionClosed

from csp_gateway.server.modules.tables import session
from csp_gateway.server.modules.tables.session import Outbox

Until = Callable[[Callable[[], Any]], Any]


def test_a_viewer_sees_what_ticks_as_it_ticks(serve: Any, until: Until) -> None:
    served = serve()
    viewer = served.viewer()
    view = viewer.client.open_table("trades").view()
    told: list[Any] = []
    view.on_update(lambda *_: told.append(1))
    view.num_rows()  # answered after it, so the view is watched from now on
    served.send(symbol="A", quantity=2**40, price=1.5)
    viewer.listen()
    assert told
    (row,) = view.to_json()
    assert (row["symbol"], row["quantity"], row["price"]) == ("A", 2**40, 1.5)


@pytest.mark.parametrize(
    "write",
    [
        lambda client, table: table.update([{"symbol": "mine"}]),
        lambda client, table: table.replace([{"symbol": "mine"}]),
        lambda client, table: table.clear(),
        lambda client, table: table.remove(["A"]),
        lambda client, table: table.delete(),
        lambda client, table: client.table({"a": "integer"}, name="mine"),
        lambda client, table: client.join(table, client.open_table("fills"), "symbol"),
    ],
    ids=["update", "replace", "clear", "remove", "delete", "make", "join"],
)
def test_a_viewer_cannot_write(serve: Any, until: Until, write: Callable[..., Any]) -> None:
    served = serve(indexes={"trades": "symbol", "fills": "symbol"})
    served.send(symbol="A", quantity=1, price=1.0)
    viewer = served.viewer()
    table = viewer.client.open_table("trades")
    until(lambda: table.size() == 1)
    with pytest.raises(perspective.PerspectiveError, match="tables are read-only here"):
        write(viewer.client, table)
    assert table.size() == 1
    assert sorted(viewer.client.get_hosted_table_names()) == ["fills", "trades"]
    assert served.tables.statistics()["viewers"]["refused"] == 1


def test_a_view_belongs_to_who_made_it(serve: Any) -> None:
    served = serve()
    raw = served.connect()
    other = served.connect()
    raw.send(request(1, "trades", 6, field(1, b"v1") + field(2, b"")))
    assert b"v1" in raw.recv(10)
    other.send(request(1, "trades", 6, field(1, b"v1") + field(2, b"")))
    assert b"there is a view 'v1' already" in other.recv(10)
    other.send(request(2, "trades", 6, field(1, b"trades") + field(2, b"")))
    assert b"there is a view 'trades' already" in other.recv(10)
    other.send(request(3, "v1", 11, b""))
    assert b"View not found" in other.recv(10)


def test_a_view_that_was_deleted_or_refused_is_free_again(serve: Any) -> None:
    served = serve()
    raw = served.connect()
    columns = field(3, field(2, field(1, b"nope")))
    for config in (columns, b"", b""):
        raw.send(request(1, "trades", 6, field(1, b"v1") + field(2, config)))
        answer = raw.recv(10)
        assert (b"Invalid column" in answer) == (config == columns)
        if config != columns:
            raw.send(request(2, "v1", 11, b""))
            raw.recv(10)


def test_views_of_one_viewer_are_bounded(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "MOST_VIEWS", 2)
    table = serve().viewer().client.open_table("trades")
    views = [table.view(), table.view()]
    with pytest.raises(perspective.PerspectiveError, match="at most 2 views"):
        table.view()
    views.pop().delete()
    views.append(table.view())


def test_callbacks_of_one_view_are_bounded(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "MOST_WATCHES", 2)
    raw = serve().connect()
    raw.send(request(1, "trades", 6, field(1, b"v1") + field(2, b"")))
    raw.recv(10)
    for msg_id in (2, 3, 4):
        raw.send(request(msg_id, "v1", 21, b""))
    assert b"at most 2 callbacks" in raw.recv(10)
    raw.send(request(5, "v1", 22, b"\x08\x02"))
    raw.recv(10)
    for msg_id in (6, 7):
        raw.send(request(msg_id, "v1", 21, b""))
    assert raw.recv(10).startswith(b"\x08\x07")


@pytest.mark.parametrize("message", [b"", b"\xff\xff\xff", b"\x08\x01", "text"])
def test_what_is_no_request_closes_the_socket(serve: Any, message: bytes | str) -> None:
    raw = serve().connect()
    raw.send(message)
    with pytest.raises(ConnectionClosed) as closed:
        raw.recv(10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1003


def test_a_viewer_that_does_not_read_is_left_behind_and_stalls_nobody(
    serve: Any, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "MOST_BYTES", 100_000)
    served = serve()
    host, port = served.url.removeprefix("http://").split(":")
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1" if host == "localhost" else host, int(port)))
    slow = served.connect(sock=narrow, max_queue=1)
    slow.send(request(1, "trades", 6, field(1, b"v1") + field(2, b"")))
    slow.recv(10)
    slow.send(request(2, "v1", 21, b"\x08\x00"))  # on_update, with the changed rows

    quick = served.viewer()
    table = quick.client.open_table("trades")
    until(lambda: served.tables.statistics()["viewers"]["viewers"] == 2)

    sent = 0
    while served.tables.statistics()["viewers"]["viewers"] == 2:
        for _ in range(200):
            served.send(symbol="A" * 200 + str(sent), quantity=sent, price=1.0)
            sent += 1
        assert sent < 200_000, "the slow viewer was never left behind"
        until(lambda all_sent=sent: served.tables.statistics()["tables"]["trades"]["written"] == all_sent)
    until(lambda: table.size() == min(sent, 10_000))
    with pytest.raises(ConnectionClosed):  # what it finds when it reads at last
        list(slow)


def test_views_are_let_go_of_when_a_viewer_leaves(serve: Any, until: Until) -> None:
    served = serve()
    viewer = served.viewer()
    viewer.client.open_table("trades").view().on_update(lambda *_: None)
    viewer.socket.close()
    until(lambda: served.tables.statistics()["viewers"]["viewers"] == 0)
    assert served.tables._run.doorway._taken == {"trades", "fills"}


def test_a_session_is_closed_that_was_opened_when_its_viewer_had_gone() -> None:
    opening, go_on = threading.Event(), threading.Event()
    closed = []

    class Session:
        def close(self) -> None:
            closed.append(self)

    class Server:
        """Stands in for Perspective's, whose sessions cannot be held up while they are opened."""

        def new_session(self, _: Any) -> Session:
            opening.set()
            assert go_on.wait(10)
            return Session()

    class Socket:
        async def accept(self) -> None: ...

    async def leave() -> None:
        with ThreadPoolExecutor(2) as pool:
            viewer: Any = session.Viewer(Socket(), Server(), pool, set())  # type: ignore[arg-type]  # as much of them as it asks
            running = asyncio.create_task(viewer.run())
            assert await asyncio.to_thread(opening.wait, 10)
            running.cancel()
            await asyncio.sleep(0)
            go_on.set()
            await asyncio.wait([running])
            assert running.cancelled()

    asyncio.run(leave())
    assert len(closed) == 1


def test_an_outbox_hands_over_from_any_thread_in_order() -> None:
    async def hand_over() -> list[bytes]:
        outbox = Outbox(asyncio.get_running_loop())
        thread = threading.Thread(target=lambda: [outbox.put(b"%d" % i) for i in range(1000)])
        thread.start()
        taken = [await outbox.take() for _ in range(1000)]
        thread.join()
        return taken

    assert asyncio.run(hand_over()) == [b"%d" % i for i in range(1000)]


def test_an_outbox_without_a_loop_drops_what_it_is_given() -> None:
    loop = asyncio.new_event_loop()
    outbox = Outbox(loop)
    loop.close()
    outbox.put(b"a")
    outbox.put(b"b")


# Perspective's protobuf, written by hand.


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    return bytes([value]) if value < 0x80 else bytes([value & 0x7F | 0x80]) + varint(value >> 7)


def request(msg_id: int, entity: str, verb: int, body: bytes) -> bytes:
    return b"\x08" + varint(msg_id) + field(2, entity.encode()) + field(verb, body)
