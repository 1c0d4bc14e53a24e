"""How messages lie on the wire, as the other end reads them."""

import msgspec
import pytest
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from csp_gateway.server.web.live.framing import Framing, batch, event, framed, packable


def parsed(data: bytes) -> Frame:
    """As a client reads it."""
    reader = StreamReader()
    reader.feed_data(data)
    parsing = Frame.parse(reader.read_exact, mask=False, max_size=None)
    with pytest.raises(StopIteration) as done:
        next(parsing)
    assert not reader.buffer
    frame: Frame = done.value.value
    return frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_a_frame_of_any_length_is_read_as_it_was_written(size: int) -> None:
    payload = b"x" * size
    frame = parsed(framed(payload, Framing.TEXT_FRAME))
    assert (frame.opcode, frame.fin, bytes(frame.data)) == (Opcode.TEXT, True, payload)


def test_messagepack_says_what_json_says() -> None:
    payload = b'{"a":[1,2.5,"\xc3\xa4",null,true]}'
    said = {"a": [1, 2.5, "ä", None, True]}
    frame = parsed(framed(payload, Framing.BINARY_FRAME))
    assert frame.opcode is Opcode.BINARY
    assert msgspec.msgpack.decode(frame.data) == said
    assert msgspec.msgpack.decode(framed(payload, Framing.BYTES)) == said


def test_a_server_that_frames_gets_payloads() -> None:
    assert framed(b"{}", Framing.TEXT) == b"{}"


def test_an_event_has_its_id_and_name_before_its_data() -> None:
    assert event(b"{}") == framed(b"{}", Framing.EVENT) == b"data: {}\n\n"
    assert event(b"{}", b"7", b"gap") == b"id: 7\nevent: gap\ndata: {}\n\n"


def test_what_is_written_together_is_one_piece_and_each_of_it() -> None:
    both = batch([b"{}", b"[]"], Framing.TEXT_FRAME)
    assert both.messages == [framed(b"{}", Framing.TEXT_FRAME), framed(b"[]", Framing.TEXT_FRAME)]
    assert both.joined == b"".join(both.messages)
    assert both.framing is Framing.TEXT_FRAME
    one = batch([b"{}"], Framing.TEXT)
    assert (one.messages, one.joined) == ([b"{}"], b"{}")


@pytest.mark.parametrize("number", [0, -1, 2**63, 2**64 - 1, -(2**63), 10**18])
def test_messagepack_can_say_integers_of_64_bits(number: int) -> None:
    assert packable(b'[{"n":%d,"m":[1,%d]}]' % (number, number))


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**40, -(10**40)])
def test_messagepack_cannot_say_integers_beyond(number: int) -> None:
    assert not packable(b'[{"m":[%d]}]' % number)
    assert not packable(b"[%d]" % number)
    assert packable(b'[{"n":"%d"}]' % number)
    assert packable(b'[{"n":0.%d}]' % abs(number))
