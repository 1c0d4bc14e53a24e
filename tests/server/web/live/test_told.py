"""A tick is written once, for all who are told of it."""

import json
import logging
from typing import Any

import orjson
import pytest

from csp_gateway.server.channels import Tick
from csp_gateway.server.web.live import told as told_module
from csp_gateway.server.web.live.told import MANY_RECORDS, Told, gap, heads_of, messages_of, place_of
from csp_gateway.server.web.verbs import Shape
from tests.server.web.live.parts import START, Quote, quote

PLAIN = Shape("quotes", Quote, False)
LIST = Shape("quotes", Quote, True)
BASKET = Shape("legs", Quote, False, dict, {"x": "x", 'y "z"': "y"})


def told(shape: Shape, value: Any, offset: int = 4) -> Told:
    return Told(shape, Tick(offset, START, value), heads_of(shape))


def said(*tolds: Told, wanted: Any = None, epoch: str | None = None) -> list[Any]:
    return [orjson.loads(each) for each in messages_of(tolds, wanted, epoch)]


def test_a_message_is_the_channel_and_its_records() -> None:
    one = quote(1)
    (message,) = messages_of([told(PLAIN, one)], None, None)
    assert message == b'{"channel":"quotes","data":[%b]}' % one.type_adapter().dump_json(one)
    assert said(told(LIST, [])) == [{"channel": "quotes", "data": []}]


def test_a_tick_of_a_basket_is_a_message_a_key_and_arrives_with_the_last() -> None:
    both = told(BASKET, {"x": quote(1), "y": quote(2)})
    first, second = said(both, epoch="run")
    assert (first["key"], first["offset"], first["next"], first["data"][0]["n"]) == ("x", 4, 4, 1)
    assert (second["key"], second["offset"], second["next"], second["data"][0]["n"]) == ('y "z"', 4, 5, 2)
    assert second["epoch"] == "run"
    assert second["time"] == START.isoformat()


def test_only_the_keys_that_are_wanted_are_told() -> None:
    both = told(BASKET, {"x": quote(1), "y": quote(2)})
    (only,) = said(both, wanted=frozenset("x"), epoch="run")
    assert (only["key"], only["next"]) == ("x", 5)
    assert said(both, wanted=frozenset("q")) == []


def test_json_is_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Any] = []
    real = told_module.written
    monkeypatch.setattr(told_module, "written", lambda records: written.append(records) or real(records))
    one = told(BASKET, {"x": quote(1), "y": quote(2)})
    assert not one.is_written
    messages_of([one], None, None)
    messages_of([one], frozenset("x"), "run")
    assert len(written) == 2
    assert one.is_written
    one.write()
    assert one.data("x") is one.data("x")


def test_many_records_are_for_a_worker() -> None:
    assert not told(LIST, [quote(1)] * MANY_RECORDS).is_large
    assert told(LIST, [quote(1)] * (MANY_RECORDS + 1)).is_large
    listed = Shape("legs", Quote, True, dict, {"x": "x", "y": "y"})
    assert told(listed, {"x": [quote(1)] * MANY_RECORDS, "y": [quote(1)]}).is_large
    assert not told(PLAIN, quote(1)).is_large


class Rude:
    def __str__(self) -> str:
        raise ValueError("never")


def test_what_json_cannot_say_is_a_gap_and_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    ill = told(PLAIN, quote(1))
    object.__setattr__(ill, "tick", Tick(4, START, Rude()))
    with caplog.at_level(logging.ERROR):
        (message,) = said(ill)
    assert message == {
        "channel": "gap",
        "gap": {"channel": "quotes", "from": 4, "to": 5, "count": 1, "reason": "unwritable"},
    }
    assert "channel 'quotes', offset 4, is not told" in caplog.text


def test_a_gap_says_how_many_unless_nobody_knows() -> None:
    def of(*given: Any) -> Any:
        return json.loads(gap("quotes", *given))["gap"]

    assert of(3, 9, "overflow") == {"channel": "quotes", "from": 3, "to": 9, "count": 6, "reason": "overflow"}
    assert of(3, 9, "too_many_keys", 2)["count"] == 2
    assert (of(None, 9, "epoch_changed")["from"], of(None, 9, "epoch_changed")["count"]) == (None, None)


def test_the_place_can_be_read_off_a_message() -> None:
    first, second = messages_of([told(BASKET, {"x": quote(1), "y": quote(2)})], None, "run")
    assert (place_of(first), place_of(second)) == (("legs", 4), ("legs", 5))
    assert place_of(messages_of([told(PLAIN, quote(1))], None, None)[0]) is None
    assert place_of(gap("quotes", 1, 2, "overflow")) is None
