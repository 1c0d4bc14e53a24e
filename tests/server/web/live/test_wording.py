"""What one subscription is told of ticks: its records, with its fields, and where to go on from."""

from typing import Any

import msgspec
import orjson

from csp_gateway.server.channels import Tick
from csp_gateway.server.web.live.conflation import Conflation, reader_of
from csp_gateway.server.web.live.options import options_of
from csp_gateway.server.web.live.told import Told, heads_of
from csp_gateway.server.web.live.wording import Wording
from csp_gateway.server.web.verbs import Shape
from csp_gateway.wire.commands import Follow
from tests.server.web.live.parts import START, Quote, quote

SHAPE = Shape("legs", Quote, True, dict, {"x": "x", "y": "y"})
ABOVE_ONE = msgspec.Raw(b'{"attr":"n","by":{"value":1,"where":">"}}')


def wording(**wanted: Any) -> Wording:
    return Wording(options_of(SHAPE, Follow(channel="legs", **wanted), None), "run", {})


def told(offset: int, **value: list[Quote]) -> Told:
    return Told(SHAPE, Tick(offset, START, value), heads_of(SHAPE))


def read(messages: list[bytes]) -> list[dict[str, Any]]:
    return [orjson.loads(each) for each in messages]


def test_the_records_that_are_wanted_with_the_fields_that_are_wanted() -> None:
    tick = told(7, x=[quote(1), quote(2)], y=[quote(3)])
    said = read(wording(fields=["n"], where=ABOVE_ONE).messages([tick]))
    assert said == [
        {"channel": "legs", "key": "x", "data": [{"n": 2}]},
        {"channel": "legs", "key": "y", "data": [{"n": 3}]},
    ]


def test_a_tick_has_arrived_with_the_last_key_of_which_anything_is_wanted() -> None:
    tick = told(7, x=[quote(2)], y=[quote(0)])
    (only,) = read(wording(where=ABOVE_ONE, positions=True).messages([tick]))
    assert (only["key"], only["offset"], only["next"]) == ("x", 7, 8)
    first, last = read(wording(positions=True).messages([tick]))
    assert (first["next"], last["next"]) == (7, 8)


def test_nothing_that_is_wanted_is_no_message() -> None:
    assert wording(where=ABOVE_ONE).messages([told(0, x=[quote(0)]), told(1, y=[])]) == []
    assert wording(key="y").messages([told(0, x=[quote(0)])]) == []


def test_the_newest_say_what_they_skipped_and_where_the_rest_begins() -> None:
    ours = wording(positions=True, where=ABOVE_ONE)
    kept = Conflation(reader_of("symbol"))
    ours.merge([told(0, x=[quote(2)]), told(1, y=[quote(3)]), told(2, x=[quote(4)]), told(3, x=[quote(0)])], kept)
    first, second = read(ours.newest(kept, 4))
    assert (first["key"], first["offset"], first["next"], first["skipped"]) == ("y", 1, 2, 1)
    assert (second["key"], second["offset"], second["next"]) == ("x", 2, 4)
    assert "skipped" not in second
    assert not kept


def test_keys_that_had_to_go_are_a_gap() -> None:
    ours = wording()
    kept = Conflation(reader_of("n"))
    kept._most = 2
    ours.merge([told(n, x=[quote(n)]) for n in range(5)], kept)
    missing, *rest = read(ours.newest(kept, 5))
    assert missing["gap"] == {"channel": "legs", "from": 3, "to": 5, "count": 3, "reason": "too_many_keys"}
    assert [each["data"][0]["n"] for each in rest] == [3, 4]


class Rude(Quote):
    extra: object


def test_what_json_cannot_say_is_a_gap_in_its_place() -> None:
    class Never:
        def __str__(self) -> str:
            raise ValueError("never")

    ill = Rude(symbol="A", n=5, extra=Never())
    said = read(wording(where=ABOVE_ONE).messages([told(3, x=[ill, quote(0)])]))
    assert [each["gap"]["reason"] for each in said] == ["unwritable"]
