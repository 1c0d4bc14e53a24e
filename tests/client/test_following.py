import json
from typing import Any

import msgspec
import pytest

from csp_gateway.client.followed import Gap
from csp_gateway.client.following import LARGEST, MOST_UNSAID, Answered, Following, Leaving, Refused
from csp_gateway.errors import FrameError, SendRefusedError, ServerVersionError
from csp_gateway.wire.commands import Follow


def said(following: Following) -> list[dict[str, Any]]:
    messages = []
    while (message := following.next_to_say()) is not None:
        messages.append(json.loads(message[1]))
        assert messages[-1]["id"] == message[0]
    return messages


def reply(identifier: int, channel: str = "c", *, more: Any = None, **result: Any) -> str:
    answer = {"channel": "reply", "id": identifier, "action": "subscribe", "protocol": 1}
    return json.dumps(answer | (more or {}) | {"result": {"channel": channel, "epoch": "e", "from": 0, **result}})


def refusal(identifier: int | None, code: str) -> str:
    named = {} if identifier is None else {"id": identifier}
    return json.dumps({"channel": "error", "error": {"code": code, "message": "so"}, **named})


def tick(offset: int, channel: str = "c") -> dict[str, Any]:
    return {"channel": channel, "offset": offset, "next": offset + 1, "epoch": "e", "data": [offset]}


def followed(**options: Any) -> Following:
    following = Following()
    following.greet()
    identifier = following.subscribe(Follow(channel="c", **options))
    said(following)
    assert isinstance(following.heard(reply(identifier)), Answered)
    return following


def test_what_is_wanted_is_said_once_there_is_a_connection() -> None:
    following = Following()
    first = following.subscribe(Follow(channel="c", snapshot=True))
    sent = following.send("d", b'{"n":1}', "K", "ticked")
    second = following.unsubscribe("e", "K")
    assert said(following) == []
    following.greet()
    subscribe, unsubscribe, send = said(following)
    assert subscribe | {"action": "subscribe", "id": first, "channel": "c", "snapshot": True} == subscribe
    assert subscribe["positions"]
    assert unsubscribe == {"action": "unsubscribe", "id": second, "channel": "e", "key": "K"}
    assert send == {"action": "send", "id": sent, "channel": "d", "key": "K", "wait": "ticked", "data": {"n": 1}}
    assert said(following) == []


@pytest.mark.parametrize("connected", [False, True])
def test_what_cannot_be_said_is_nothing_to_be_said_on_the_next_connection(*, connected: bool) -> None:
    following = Following()
    if connected:
        following.greet()
    with pytest.raises(TypeError):
        following.subscribe(Follow(channel="c", latest_by=object()))  # type: ignore[arg-type]
    following.lost()
    following.greet()
    assert said(following) == []


def test_what_was_asked_for_is_followed_by_any_of_its_names() -> None:
    following = Following()
    following.subscribe(Follow(channel="by_side"))
    assert following.follows("by-side")
    assert not following.follows("by")
    following = followed()
    assert following.follows("c")


def test_what_was_not_answered_is_asked_again_and_what_was_sent_is_not() -> None:
    following = Following()
    following.greet()
    asked = following.subscribe(Follow(channel="c"))
    sent = following.send("d", b"1", None, "accepted")
    said(following)
    assert following.lost() == {sent}
    following.greet()
    assert [each["id"] for each in said(following)] == [asked]
    assert following.lost() == set()


def test_on_a_new_connection_it_goes_on_where_it_was() -> None:
    following = followed(snapshot=True)
    assert following.heard(json.dumps(tick(0))) == {"channel": "c", "data": [0]}
    following.lost()
    following.greet()
    (again,) = said(following)
    assert (again["since"], again["epoch"], again.get("snapshot")) == (1, "e", None)
    assert following.heard(reply(again["id"], recovered=True, **{"from": 1})) is not None
    assert following.heard(json.dumps(tick(0))) is None


def test_who_wanted_a_snapshot_has_another_where_it_cannot_go_on() -> None:
    following = followed(snapshot=True)
    following.lost()
    following.greet()
    (again,) = said(following)
    answered = following.heard(reply(again["id"], recovered=False, reason="epoch_changed", epoch="f", **{"from": 3}))
    assert isinstance(answered, Answered)
    assert answered.gap == Gap("c", None, 3, None, "epoch_changed")
    (anew,) = said(following)
    assert (anew["snapshot"], anew.get("since")) == (True, None)
    assert following.heard(json.dumps(tick(3))) is None
    assert following.heard(reply(anew["id"], snapshot=0, epoch="f", **{"from": 5})) is not None
    assert following.heard(json.dumps(tick(5))) == {"channel": "c", "data": [5]}


def test_keys_without_which_all_are_wanted_stay_away() -> None:
    following = followed()
    ended = following.unsubscribe("c", "A")
    said(following)
    following.heard(reply(ended, followed=True))
    following.lost()
    following.greet()
    assert [(each["action"], each.get("keys")) for each in said(following)] == [
        ("subscribe", None),
        ("unsubscribe", ["A"]),
    ]
    ended = following.unsubscribe("c")
    following.heard(reply(ended, followed=True))
    assert following.channels == []
    assert following.heard(json.dumps(tick(9))) is None


def test_what_the_gateway_refuses_is_an_error_with_its_code() -> None:
    following = Following()
    following.greet()
    identifier = following.subscribe(Follow(channel="nope"))
    refused = following.heard(refusal(identifier, "unknown_channel"))
    assert isinstance(refused, Refused)
    assert (refused.id, refused.error.code, str(refused.error)) == (identifier, "unknown_channel", "so")
    assert following.channels == []
    nameless = following.heard(refusal(None, "unreadable"))
    assert isinstance(nameless, Refused)
    assert isinstance(nameless.error, FrameError)
    assert nameless.id is None


def test_a_gateway_that_ends_is_asked_again_once_it_is_back() -> None:
    following = Following()
    following.greet()
    identifier = following.subscribe(Follow(channel="c"))
    said(following)
    assert following.heard(refusal(identifier, "stopping")) is None
    following.lost()
    following.greet()
    assert [each["id"] for each in said(following)] == [identifier]


def test_what_cannot_be_followed_any_more_is_let_go_of_and_told() -> None:
    following = followed()
    following.lost()
    following.greet()
    (again,) = said(following)
    refused = following.heard(refusal(again["id"], "no_state"))
    assert isinstance(refused, Refused)
    assert following.channels == []
    (ending,) = said(following)
    assert ending["action"] == "unsubscribe"
    assert following.heard(refusal(ending["id"], "unknown_channel")) is None  # told once, that is enough


def test_what_cannot_be_ended_by_keys_is_followed_as_before() -> None:
    following = followed()
    following.heard(reply(following.unsubscribe("c", "A"), followed=True))
    following.lost()
    following.greet()
    again, without = said(following)[-2:]
    following.heard(reply(again["id"]))
    assert following.heard(refusal(without["id"], "unknown_key")) is None
    assert following.channels == ["c"]
    assert said(following) == []


def test_a_name_may_be_spelled_otherwise() -> None:
    following = Following()
    following.greet()
    following.heard(reply(following.subscribe(Follow(channel="my-c")), channel="my_c"))
    assert following.channels == ["my_c"]
    assert following.heard(json.dumps(tick(0, "my_c"))) is not None


def test_gaps_and_goodbyes_are_told_and_both_ways_of_writing_are_read() -> None:
    following = followed()
    gap = {"channel": "c", "from": 0, "to": 5, "count": 5, "reason": "overflow"}
    assert following.heard(json.dumps({"channel": "gap", "gap": gap})) == Gap("c", 0, 5, 5, "overflow")
    closing = {"code": 3001, "reason": "stops", "retry_after": 0.5}
    heard = following.heard(msgspec.msgpack.encode({"channel": "closing", "closing": closing}))
    assert heard == Leaving(3001, "stops", 0.5)
    assert following.heard(msgspec.msgpack.encode(tick(5))) == {"channel": "c", "data": [5]}


def test_heartbeats_have_no_offsets() -> None:
    following = Following()
    following.greet()
    identifier = following.subscribe(Follow(channel="heartbeat"))
    answer = {"channel": "reply", "id": identifier, "action": "subscribe", "result": {"channel": "heartbeat"}}
    following.heard(json.dumps(answer))
    beat = {"channel": "heartbeat", "data": "PING"}
    assert following.heard(json.dumps(beat)) == beat
    following.lost()
    following.greet()
    assert ["since" in each for each in said(following)] == [False]


@pytest.mark.parametrize(("version", "words"), [(2, "bring the client"), (0, "the gateway is to be brought")])
def test_another_version_is_said_so(version: int, words: str) -> None:
    following = Following()
    following.greet()
    identifier = following.subscribe(Follow(channel="c"))
    with pytest.raises(ServerVersionError, match=rf"version {version} .*version 1: {words}"):
        following.heard(reply(identifier, more={"protocol": version}))


def test_what_waits_is_bounded_and_can_be_taken_back() -> None:
    following = Following()
    with pytest.raises(ValueError, match="at most 1,048,576; publish fewer"):
        following.send("c", b'"' + b"x" * LARGEST + b'"', None, "accepted")
    large = b'"' + b"x" * (LARGEST - 200) + b'"'
    ids = [following.send("c", large, None, "accepted") for _ in range(16)]
    with pytest.raises(SendRefusedError):
        following.send("c", large, None, "accepted")
    assert all(following.give_up(each) for each in ids)
    for _ in range(MOST_UNSAID):
        following.send("c", b"1", None, "accepted")
    with pytest.raises(SendRefusedError):
        following.subscribe(Follow(channel="c"))


def test_what_is_asked_for_again_takes_nobody_his_room() -> None:
    following = Following()
    following.greet()
    for n in range(MOST_UNSAID):
        following.heard(reply(following.subscribe(Follow(channel=f"c{n}")), f"c{n}"))
    said(following)
    following.lost()
    following.greet()
    mine = following.subscribe(Follow(channel="mine"))
    assert len(said(following)) == MOST_UNSAID + 1
    assert isinstance(following.heard(reply(mine, "mine")), Answered)


def test_nobody_waits_for_what_was_given_up() -> None:
    following = Following()
    following.greet()
    sent = following.send("c", b"1", None, "accepted")
    said(following)
    assert not following.give_up(sent)
    assert following.heard(refusal(sent, "invalid")) is None
    assert following.lost() == set()


def given_up(following: Following, **options: Any) -> int:
    """A subscribe that was said, and that nobody waits for any more."""
    identifier = following.subscribe(Follow(channel="c", **options))
    said(following)
    assert not following.give_up(identifier)
    return identifier


def test_what_was_given_up_before_it_was_said_never_is() -> None:
    following = Following()
    following.greet()
    other, mine = following.subscribe(Follow(channel="d")), following.subscribe(Follow(channel="c"))
    assert following.give_up(mine)
    assert [each["id"] for each in said(following)] == [other]
    following.lost()
    assert following.give_up(other)
    following.greet()
    assert said(following) == []


@pytest.mark.parametrize(("options", "keys"), [({}, None), ({"key": "A"}, ["A"]), ({"keys": ["B", "A"]}, ["A", "B"])])
def test_what_was_given_up_and_is_followed_all_the_same_is_ended(options: dict[str, Any], keys: Any) -> None:
    following = Following()
    following.greet()
    late = given_up(following, **options)
    assert following.heard(reply(late)) is not None
    (ending,) = said(following)
    assert (ending["action"], ending["channel"], ending.get("keys")) == ("unsubscribe", "c", keys)
    assert following.heard(reply(ending["id"], followed=True)) is not None
    assert following.channels == []
    assert following.heard(reply(late)) is not None
    assert said(following) == []


@pytest.mark.parametrize(
    ("followed_by", "late", "ended"),
    [
        ({}, {}, None),
        ({}, {"key": "A"}, None),
        ({"key": "A"}, {"key": "A"}, None),
        ({"key": "A"}, {"keys": ["A", "B"]}, ["B"]),
    ],
)
@pytest.mark.parametrize("answered", [True, False])
def test_what_another_wishes_is_not_ended(
    followed_by: dict[str, Any], late: dict[str, Any], ended: Any, *, answered: bool
) -> None:
    following = followed(**followed_by) if answered else Following()
    following.greet()
    said(following)
    given = given_up(following, **late)
    if not answered:
        following.subscribe(Follow(channel="c", **followed_by))
        said(following)
    following.heard(reply(given))
    assert [each["keys"] for each in said(following)] == ([ended] if ended else [])


def test_of_a_whole_basket_that_was_given_up_only_the_keys_are_followed_that_are_wished() -> None:
    following = followed(key="A")
    following.heard(json.dumps(tick(4) | {"key": "A"}))
    late = given_up(following, snapshot=True)
    following.heard(reply(late, **{"from": 5}))
    ended, anew = said(following)
    assert (ended["action"], ended["channel"], ended.get("keys")) == ("unsubscribe", "c", None)
    assert (anew["action"], anew["keys"], anew["since"], anew["epoch"]) == ("subscribe", ["A"], 5, "e")
    assert following.heard(json.dumps(tick(5) | {"key": "B"})) is None
    assert following.heard(json.dumps(tick(5) | {"key": "B", "snapshot": True})) is None
    assert following.heard(json.dumps(tick(5) | {"key": "A"})) is not None
    assert following.heard(reply(ended["id"], followed=True)) is not None
    assert following.heard(reply(anew["id"], **{"from": 5})) == Answered(
        anew["id"], {"channel": "c", "epoch": "e", "from": 5}
    )
    assert following.heard(json.dumps(tick(5) | {"key": "A"})) is None
    assert following.heard(json.dumps(tick(6) | {"key": "A"})) is not None
    assert (following.channels, said(following)) == (["c"], [])


def test_a_basket_is_narrowed_when_what_was_asked_of_it_meanwhile_is_answered() -> None:
    following = Following()
    following.greet()
    late = given_up(following)
    key = following.subscribe(Follow(channel="c", key="A"))
    assert [each["id"] for each in said(following)] == [key]
    following.heard(reply(late))
    assert said(following) == []
    following.heard(reply(key))
    assert [(each["action"], each.get("keys")) for each in said(following)] == [
        ("unsubscribe", None),
        ("subscribe", ["A"]),
    ]


def test_a_key_that_is_not_wished_any_more_is_not_by_what_was_given_up() -> None:
    following = followed()
    following.heard(reply(following.unsubscribe("c", "A"), followed=True))
    following.heard(reply(given_up(following), followed=True))
    assert [each["keys"] for each in said(following)] == [["A"]]


def test_nothing_is_ended_of_what_was_given_up_and_refused_or_lost() -> None:
    following = Following()
    following.greet()
    refused, lost = given_up(following), given_up(following)
    assert following.heard(refusal(refused, "unknown_channel")) is None
    following.lost()
    following.greet()
    for late in (refused, lost):
        following.heard(reply(late))
    assert said(following) == []


def test_an_unsubscribe_that_is_answered_when_nobody_waits_has_ended_it() -> None:
    following = followed()
    late = following.unsubscribe("c")
    said(following)
    assert not following.give_up(late)
    again = following.subscribe(Follow(channel="c"))
    following.heard(reply(late, followed=True))
    assert following.channels == []
    following.heard(reply(again))
    assert following.channels == ["c"]


def test_what_was_given_up_takes_room_until_it_is_answered() -> None:
    following = Following()
    following.greet()
    late = [given_up(following) for _ in range(MOST_UNSAID)]
    with pytest.raises(SendRefusedError):
        following.subscribe(Follow(channel="c"))
    following.heard(reply(late[0]))
    following.lost()
    following.subscribe(Follow(channel="c"))
