"""What a gateway says is what the structs say that it says: of real messages, to the last member."""

import ast
from pathlib import Path
from typing import Any

import msgspec
import pytest

import csp_gateway
from csp_gateway.server.web.live.told import gap
from csp_gateway.wire import answers
from tests.server.web.live.desk import Served, serving
from tests.server.web.live.hearing import hearing
from tests.server.web.live.parts import quote

SOURCES = [*Path(csp_gateway.__file__).parent.rglob("*.py")]


def called(name: str, place: int) -> set[str]:
    """The texts that are given to a function at one place, anywhere in the package."""
    given = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name and len(node.args) > place:
                argument = node.args[place]
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    given.add(argument.value)
    return given


def test_every_code_of_an_error_has_a_meaning_and_no_other() -> None:
    assert called("FrameError", 0) == set(answers.ERRORS)


def test_every_reason_of_a_gap_is_among_those_it_may_have() -> None:
    reasons = set(answers.GapReason.__args__)  # type: ignore[attr-defined]
    assert called("gap", 3) <= reasons
    for reason in reasons:
        assert msgspec.json.decode(gap("a", 1, 2, reason), type=answers.Gap).gap.count == 1
    assert msgspec.json.decode(gap("a", None, 2, "epoch_changed"), type=answers.Gap).gap.start is None


@pytest.fixture(scope="module")
def desk() -> Any:
    with serving() as served:
        yield served


def strict(message: Any, kind: type[Any]) -> Any:
    return msgspec.convert(message, kind)


@pytest.mark.parametrize(
    "said",
    [
        {"action": "subscribe", "channel": "quotes", "positions": True},
        {"action": "subscribe", "channel": "quotes", "snapshot": True},
        {"action": "subscribe", "channel": "quotes", "since": 0},
        {"action": "subscribe", "channel": "quotes", "since": 7, "epoch": "another"},
        {"action": "unsubscribe", "channel": "quotes"},
        {"action": "subscribe", "channel": "heartbeat"},
        {"action": "unsubscribe", "channel": "heartbeat"},
        {"action": "send", "channel": "notes", "data": {"symbol": "A", "n": 1}},
        {"action": "send", "channel": "notes", "data": {"symbol": "A", "n": 1}, "wait": "ticked"},
        {"action": "ping"},
    ],
    ids=str,
)
def test_a_reply(desk: Served, said: dict[str, Any]) -> None:
    talk = desk.talk()
    talk.say(id="x", **said)
    answer = strict(talk.hear(), answers.Answer)
    assert (answer.id, answer.action, answer.protocol) == ("x", said["action"], 1)
    talk.socket.close()


@pytest.mark.parametrize(
    "said",
    [
        {"action": "subscribe", "channel": "q"},
        {"action": "no"},
        {"action": "send", "channel": "notes", "data": {"n": 1, "x": 1}},
    ],
    ids=str,
)
def test_a_refusal(desk: Served, said: dict[str, Any]) -> None:
    talk = desk.talk()
    talk.say(id=3, **said)
    refusal = strict(talk.hear(), answers.Refusal)
    assert (refusal.id, refusal.error.code in answers.ERRORS) == (3, True)
    talk.socket.send("nonsense")
    assert strict(talk.hear(), answers.Refusal).id is msgspec.UNSET
    talk.socket.close()


def test_a_tick_and_what_stands(desk: Served) -> None:
    desk.tick("legs", quote(1), "A")
    talk = desk.talk()
    talk.follow("legs", positions=True, snapshot=True, min_interval=0.05)
    stands = strict(talk.hear(), answers.Ticked)
    assert (stands.snapshot, stands.key, stands.data[0]["n"]) == (True, "A", 1)
    for n in range(20):
        desk.tick("legs", quote(n), "A")
    told = [strict(talk.hear(), answers.Ticked)]
    while told[-1].data[0]["n"] < 19:
        told.append(strict(talk.hear(), answers.Ticked))
    assert any(each.skipped is not msgspec.UNSET for each in told)
    assert all(each.next == each.offset + 1 for each in told)
    talk.socket.close()


def test_a_heartbeat(desk: Served) -> None:
    talk = desk.talk()
    talk.ask(action="subscribe", channel="heartbeat")
    assert strict(talk.hear(), answers.Heartbeat).data == "PING"
    talk.socket.close()


def test_closing_over_both() -> None:
    with serving() as desk:
        talk = desk.talk()
        talk.follow("quotes")
        with hearing(desk.url, "stream/quotes") as heard:
            desk.gateway.stop()
            assert strict(heard.hear().message, answers.Closing).closing.code == 3001
        assert strict(talk.hear(), answers.Closing).closing.retry_after is not None
