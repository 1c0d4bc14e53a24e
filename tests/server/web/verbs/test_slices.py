"""Arrays that were sent: counted first, and cut."""

import json
import threading

import pytest

from csp_gateway.server.web.verbs.refused import Refused
from csp_gateway.server.web.verbs.slices import INLINE_BYTES, refuse_more, slices_of


@pytest.mark.parametrize("element", ["{}", '{"a":"{,[]","b":[1,2]}', "1", "[1,2]", '","', "null"])
@pytest.mark.parametrize("mixed", ["", ",7"])
def test_elements_are_counted_whatever_they_are(element: str, mixed: str) -> None:
    count = 30 + bool(mixed)
    array = f" [{','.join([element] * 30)}{mixed}]".encode()
    refuse_more(array, count, ("body",))
    with pytest.raises(Refused) as refused:
        refuse_more(array, count - 1, ("body", "x"))
    (error,) = refused.value.errors
    assert (error["type"], error["loc"]) == ("too_long", ("body", "x"))
    assert f"at most {count - 1} records at once" in error["msg"]


@pytest.mark.parametrize("data", [b"", b"3", b'{"a":1,"b":2,"c":3}', b"{,,,"])
def test_what_is_no_array_passes(data: bytes) -> None:
    refuse_more(data, 1, ("body",))
    assert list(slices_of(data)) == [(0, data)]


@pytest.mark.parametrize("data", [b"[1,2,", b"[{},{},x]", b'["\xff",2,3]', b"[1,2,]", b"[1,2," + b"[" * 5000])
def test_what_may_be_more_and_is_no_json_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(Refused) as refused:
        refuse_more(data, 2, ("body",))
    assert refused.value.errors[0]["type"] == "json_invalid"


@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 1000])
def test_the_pieces_are_the_array(count: int) -> None:
    values = [{"n": n, "text": '],"['} for n in range(count)]
    data = json.dumps(values).encode() + b" " * INLINE_BYTES
    pieces = [(start, json.loads(piece)) for start, piece in slices_of(data)]
    assert [each for _, piece in pieces for each in piece] == values
    assert all(values[start : start + len(piece)] == piece for start, piece in pieces)
    assert max(len(piece) for _, piece in pieces) <= 200


@pytest.mark.parametrize("data", [b"[1, 2", b"[NaN]", b"[" + b"[" * 5000])
def test_what_cannot_be_cut_is_one_piece(data: bytes) -> None:
    long = data + b" " * INLINE_BYTES
    assert list(slices_of(long)) == [(0, long)]


def test_others_get_their_turn_between_two_pieces() -> None:
    data = json.dumps([{"n": n} for n in range(2000)]).encode()
    turns, go_on = [], threading.Event()

    def other() -> None:
        while not go_on.wait(0):
            turns.append(len(seen))

    seen: list[int] = []
    thread = threading.Thread(target=other)
    thread.start()
    try:
        for start, _ in slices_of(data):
            seen.append(start)
    finally:
        go_on.set()
        thread.join(10)
    assert len(set(turns)) > 3
