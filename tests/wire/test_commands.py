"""What a client says is read, or refused so that it helps."""

from typing import Any

import msgspec
import pytest

from csp_gateway.errors import FrameError
from csp_gateway.wire.commands import _TAKEN, Ping, Send, Subscribe, Unsubscribe, read_command

PACK = msgspec.msgpack.encode


def test_the_messages_of_the_older_package() -> None:
    assert read_command('{"action":"subscribe","channel":"a"}') == Subscribe(channel="a")
    assert read_command('{"action":"subscribe","channel":"a","key":"K"}') == Subscribe(channel="a", key="K")
    assert read_command('{"action":"unsubscribe","channel":"a","key":1}') == Unsubscribe(channel="a", key=1)
    sent = read_command('{"action":"send","channel":"a","data":[{"x": 1}],"key":"K"}')
    assert isinstance(sent, Send)
    assert (sent.channel, sent.key, bytes(sent.data), sent.wait) == ("a", "K", b'[{"x": 1}]', "accepted")


def test_the_same_in_messagepack_with_json_in_it() -> None:
    said = {"action": "subscribe", "channel": "a", "id": "x", "where": [{"attr": "n"}], "keys": ["K", 2]}
    read = read_command(PACK(said))
    assert isinstance(read, Subscribe)
    assert (read.id, read.keys, bytes(read.where)) == ("x", ["K", 2], b'[{"attr":"n"}]')
    sent = read_command(PACK({"action": "send", "channel": "a", "data": {"x": [1.5, None, "ä"]}, "wait": "ticked"}))
    assert isinstance(sent, Send)
    assert (bytes(sent.data).decode(), sent.wait) == ('{"x":[1.5,null,"ä"]}', "ticked")
    assert read_command(PACK({"action": "ping", "id": 3})) == Ping(id=3)


@pytest.mark.parametrize(
    ("message", "code", "said", "named"),
    [
        ("nope", "unreadable", "is no JSON", None),
        ("", "unreadable", "is no JSON", None),
        ("[1]", "unreadable", "an object with an action, not \\[1\\]", None),
        ('"text"', "unreadable", "an object with an action", None),
        ("[" * 5000, "unreadable", "no JSON: (?!Expected `object`)", None),
        (b"\xc1", "unreadable", "MessagePack", None),
        ("{}", "unknown_action", "the actions are subscribe, unsubscribe, send, ping", None),
        ('{"action":"subscrib","id":4}', "unknown_action", "did you mean 'subscribe'", 4),
        ('{"action":["a"],"id":"b"}', "unknown_action", "the actions are", "b"),
        ('{"action":"subscribe","id":true}', "invalid", "id should be a text, .*, not True", None),
        ('{"action":"subscribe","channel":"a","feilds":["x"],"id":2}', "unknown_option", "did you mean 'fields'", 2),
        (
            '{"action":"subscribe","channel":["a"],"id":2}',
            "invalid",
            "channel should be a text, such as .*, not \\['a'\\]",
            2,
        ),
        ('{"action":"subscribe","channel":"a","policy":"none"}', "invalid", "policy", None),
        ('{"action":"send","channel":"a","id":9}', "invalid", "data", 9),
        ('{"action":"ping","id":99999999999999999999999}', "invalid", "ping: ", None),
        ('{"action":"ping","id":{}}', "invalid", "ping: ", None),
        (PACK({"action": "send", "channel": "a", "id": 1, "data": msgspec.msgpack.Ext(5, b"")}), "invalid", "JSON", 1),
    ],
)
def test_what_is_wrong_is_said_with_the_id_it_had(message: Any, code: str, said: str, named: Any) -> None:
    with pytest.raises(FrameError, match=said) as refused:
        read_command(message)
    assert (refused.value.code, refused.value.id) == (code, named)


def test_an_error_repeats_little_of_a_long_message() -> None:
    for message in ('{"action":"%s"}', '{"action":"ping","%s":1}', '["%s"]'):
        with pytest.raises(FrameError) as refused:
            read_command(message % ("x" * 100_000))
        assert len(str(refused.value)) < 1_000


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            '{"action":"subscribe","channel":"a","policy":"conflat"}',
            "subscribe: policy should be 'conflate', 'drop_oldest' or 'disconnect', not 'conflat'; "
            "did you mean 'conflate'?",
        ),
        (
            '{"action":"subscribe","channel":"a","snapshot":"yes"}',
            "subscribe: snapshot is true or false, or should be 'last' or 'state', not 'yes'",
        ),
        (
            '{"action":"subscribe","channel":"a","format":"xml"}',
            "subscribe: format should be 'json' or 'msgpack', not 'xml'",
        ),
        (
            '{"action":"send","channel":"a","data":{},"wait":"tick"}',
            "send: wait should be 'accepted' or 'ticked', not 'tick'; did you mean 'ticked'?",
        ),
        (
            '{"action":"subscribe","channel":"a","policy":3}',
            'subscribe: policy should be "conflate", "drop_oldest" or "disconnect", not 3',
        ),
    ],
)
def test_a_value_that_is_no_choice_is_answered_with_those_there_are(message: str, said: str) -> None:
    with pytest.raises(FrameError) as refused:
        read_command(message)
    assert (refused.value.code, str(refused.value)) == ("invalid", said)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"fields": "price"}, 'fields should be a list of texts, such as ["price", "leg.price"], not \'price\''),
        ({"fields": ["a", 3]}, 'fields should be a list of texts, such as ["price", "leg.price"], not [\'a\', 3]'),
        ({"keys": "A"}, 'keys should be a list of keys, such as ["A", "B"], not \'A\''),
        ({"key": 1.5}, 'key should be a text or a whole number, such as "KEY", not 1.5'),
        ({"since": "5"}, "since should be a whole number, such as 42, not '5'"),
        ({"snapshot": 1}, 'snapshot should be true, false, "last" or "state", not 1'),
        ({"min_interval": "1"}, "min_interval should be a number of seconds, such as 0.5, not '1'"),
        ({"removals": "no"}, "removals should be true or false, not 'no'"),
        ({"format": None}, 'format should be "json" or "msgpack", not None'),
        ({"channel": ...}, 'its channel is missing: a text, such as "orders"'),
    ],
    ids=lambda each: next(iter(each)) if isinstance(each, dict) else "",
)
def test_an_option_of_another_shape_is_refused_with_an_example(wrong: dict[str, Any], said: str) -> None:
    message = {"action": "subscribe", "channel": "a", **wrong}
    message = {name: value for name, value in message.items() if value is not ...}
    for written in (msgspec.json.encode(message).decode(), PACK(message)):
        with pytest.raises(FrameError) as refused:
            read_command(written)
        assert str(refused.value) == f"subscribe: {said}"


def test_what_is_to_be_sent_is_not_left_out() -> None:
    with pytest.raises(FrameError) as refused:
        read_command('{"action":"send","channel":"a"}')
    assert str(refused.value) == 'send: its data is missing: a record, such as {"price": 1.5}, or a list of them'


def test_every_option_of_a_type_is_told() -> None:
    options = {name for kind in (Subscribe, Unsubscribe, Send, Ping) for name in kind.__struct_fields__}
    assert set(_TAKEN) == options - {"data", "where"}
