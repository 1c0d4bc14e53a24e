"""To follow and no more, over real sockets: what is asked for is told, and nothing is lost or doubled by asking."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import current_thread
from typing import Any

import csp
import pytest

from csp_gateway import MountWebSocketRoutes
from csp_gateway.server.web.live import following
from tests.server.web.live.desk import Ch, Desk, Served, Talk, serving
from tests.server.web.live.parts import Quote, quote


def told(talk: Talk, count: int) -> list[tuple[Any, int]]:
    """The coming messages: key and number of each."""
    messages = [talk.hear() for _ in range(count)]
    return [(message.get("key"), record["n"]) for message in messages for record in message["data"]]


# --- Keys -------------------------------------------------------------------------------------------------------------


def test_to_subscribe_twice_is_to_subscribe_once(desk: Served) -> None:
    talk = desk.talk()
    talk.say(action="subscribe", channel="notes")
    talk.say(action="subscribe", channel="notes")
    assert talk.is_quiet()
    desk.tick("notes", quote(1))
    message = talk.hear()
    assert list(message) == ["channel", "data"]
    assert message["data"][0]["n"] == 1
    assert talk.is_quiet()


def test_keys_are_added_and_taken_away_one_by_one(desk: Served) -> None:
    talk = desk.talk()

    def tick(n: int) -> None:
        desk.tick("legs", {"A": quote(n), "B": quote(n + 1), 'C "d"': quote(n + 2)})

    talk.follow("legs", key="A")
    talk.follow("legs", key="B")
    tick(0)
    assert told(talk, 2) == [("A", 0), ("B", 1)]
    talk.follow("legs")
    tick(10)
    assert told(talk, 3) == [("A", 10), ("B", 11), ('C "d"', 12)]
    talk.follow("legs", key="A")  # it is followed so already
    assert talk.ask(action="unsubscribe", channel="legs", key="B") == {"channel": "legs", "followed": True}
    tick(20)
    assert told(talk, 2) == [("A", 20), ('C "d"', 22)]
    talk.ask(action="unsubscribe", channel="legs", keys=["B", 'C "d"'])
    tick(30)
    assert told(talk, 1) == [("A", 30)]
    talk.ask(action="unsubscribe", channel="legs")
    assert talk.ask(action="unsubscribe", channel="legs") == {"channel": "legs", "followed": False}
    tick(40)
    assert talk.is_quiet()


@pytest.mark.parametrize("begin", [{"snapshot": True}, {"since": 0}])
def test_a_key_that_begins_anew_takes_none_of_the_others_away(serve: Callable[..., Served], begin: Any) -> None:
    desk = serve()
    desk.tick("legs", {"A": quote(0), "B": quote(1)})
    talk = desk.talk()
    talk.follow("legs", key="A")
    talk.follow("legs", key="B", **begin)
    assert told(talk, 1) == [("B", 1)]
    desk.tick("legs", {"A": quote(2), "B": quote(3)})
    assert told(talk, 2) == [("A", 2), ("B", 3)]
    assert talk.is_quiet()


# --- From where -------------------------------------------------------------------------------------------------------


def test_what_stands_comes_first(desk: Served) -> None:
    desk.tick("legs", {"A": quote(0)})
    desk.tick("legs", {"A": quote(1), "B": quote(2)})
    talk = desk.talk()
    answer = talk.follow("legs", keys=["A", "B"], snapshot=True, positions=True)
    first, second = talk.hear(), talk.hear()
    assert (answer["snapshot"], first["snapshot"], second["snapshot"]) == (2, True, True)
    assert [(each["key"], each["data"][0]["n"]) for each in (first, second)] == [("A", 1), ("B", 2)]
    assert "next" not in first  # not all has arrived with it
    assert second["next"] == answer["from"] == second["offset"] + 1


def test_the_state_and_its_portion_that_is_wanted(desk: Served) -> None:
    for n, symbol in enumerate("XYX"):
        desk.tick("quotes", quote(n, symbol))
    talk = desk.talk()
    wanted = {"attr": "symbol", "by": {"value": "X", "where": "=="}}
    answer = talk.follow("quotes", snapshot="state", where=wanted, fields=["n"], positions=True)
    standing = talk.hear()
    assert (standing["data"], standing["snapshot"], standing["next"]) == ([{"n": 2}], True, answer["from"])
    desk.tick("quotes", quote(7, "Y"))
    desk.tick("quotes", quote(8, "X"))
    assert talk.hear()["data"] == [{"n": 8}]


def test_the_records_of_a_state_are_written_off_the_event_loop(desk: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.tick("quotes", quote(1))
    real, threads = following.written, []
    monkeypatch.setattr(following, "written", lambda rows: threads.append(current_thread().name) or real(rows))
    assert desk.talk().follow("quotes", snapshot="state")["snapshot"] == 1
    assert [name.startswith("web-worker") for name in threads] == [True]


def test_of_a_state_of_a_basket_it_is_told_what_to_take(desk: Served) -> None:
    said = desk.talk().follow("legs", snapshot="state")["message"]
    assert said.startswith(
        "channel 'legs' is a basket, and what is collected of one cannot be followed: take snapshot="
    )


@pytest.mark.parametrize(
    ("channel", "wanted", "code"),
    [
        ("notes", {"snapshot": "state"}, "no_state"),
        ("legs", {"snapshot": "state"}, "no_state"),
        ("quotes", {"snapshot": "state", "state": "other"}, "no_state"),
        ("quotes", {"state": "quotes"}, "invalid"),
        ("quotes", {"snapshot": True, "state": "quotes"}, "invalid"),
        ("quote", {}, "unknown_channel"),
        ("nobody", {}, "unknown_channel"),
        ("quotes", {"key": "A"}, "unknown_key"),
        ("legs", {"key": "Q"}, "unknown_key"),
    ],
)
def test_what_cannot_be_followed_is_said_and_nothing_else_changes(
    desk: Served, channel: str, wanted: Any, code: str
) -> None:
    talk = desk.talk()
    talk.follow("notes")
    assert talk.follow(channel, **wanted)["code"] == code
    desk.tick("notes", quote(1))
    assert told(talk, 1) == [(None, 1)]


def test_it_goes_on_from_where_it_was(desk: Served) -> None:
    talk = desk.talk()
    epoch, start = (talk.follow("notes", positions=True)[each] for each in ("epoch", "from"))
    talk.ask(action="unsubscribe", channel="notes")
    for n in range(5):
        desk.tick("notes", quote(n))
    answer = talk.follow("notes", since=start + 2, epoch=epoch)
    assert (answer["recovered"], answer["from"]) == (True, start + 2)
    assert told(talk, 3) == [(None, 2), (None, 3), (None, 4)]
    assert talk.follow("notes", since=start + 5, epoch=epoch)["recovered"]
    refused = talk.follow("notes", since=start + 6, epoch=epoch)
    assert refused["code"] == "invalid"
    assert refused["message"] == f"offset {start + 6} has not ticked yet; the next is {start + 5}"
    desk.tick("notes", quote(5))
    assert told(talk, 1) == [(None, 5)]  # it is followed as before
    assert talk.is_quiet()


def test_what_cannot_be_recovered_is_said_before_the_next_tick(serve: Callable[..., Served]) -> None:
    desk = serve(HISTORY_ITEMS=3)
    for n in range(8):
        desk.tick("notes", quote(n))
    talk = desk.talk()
    answer = talk.follow("notes", since=1, positions=True)
    assert (answer["recovered"], answer["reason"], answer["from"]) == (False, "expired", 5)
    assert told(talk, 3) == [(None, 5), (None, 6), (None, 7)]
    assert talk.follow("notes", since=1, epoch="another")["reason"] == "epoch_changed"
    assert told(talk, 3) == [(None, 5), (None, 6), (None, 7)]
    talk.ask(action="unsubscribe", channel="notes")
    quiet = desk.talk()
    quiet.say(action="subscribe", channel="notes", since=1)
    assert quiet.hear()["gap"] == {"channel": "notes", "from": 1, "to": 5, "count": 4, "reason": "expired"}
    assert told(quiet, 3) == [(None, 5), (None, 6), (None, 7)]
    other = desk.talk()
    other.say(action="subscribe", channel="notes", since=90)
    gap = other.hear()["gap"]
    assert (gap["from"], gap["to"], gap["count"], gap["reason"]) == (None, 5, None, "epoch_changed")


# --- While it ticks ---------------------------------------------------------------------------------------------------


class Fast(Desk):
    """Ticks ``quotes`` and ``legs`` 2,000 times a second, with numbers that count."""

    def connect(self, channels: Ch) -> None:
        count = csp.count(csp.timer(timedelta(microseconds=500), True))
        channels.set_channel(Ch.quotes, csp.apply(count, lambda n: quote(n, "XYZ"[n % 3]), Quote))
        for place, key in enumerate("AB"):
            ours = csp.filter(csp.apply(count, lambda n, place=place: n % 3 != place, bool), count)
            channels.set_channel(Ch.legs, csp.apply(ours, lambda n: quote(n), Quote), key)
        super().connect(channels)


@pytest.fixture(scope="module")
def ticking() -> Iterator[Served]:
    with serving(Fast(), MountWebSocketRoutes()) as served:
        served.channels.next("quotes", timeout=20)
        yield served


class Talking:
    """Clients that leave when the test ends, as others would wait for them to read."""

    def __init__(self, served: Served) -> None:
        self.channels = served.channels
        self._served = served
        self._talks: list[Talk] = []

    def talk(self) -> Talk:
        self._talks.append(self._served.talk())
        return self._talks[-1]

    def leave(self) -> None:
        for talk in self._talks:
            talk.leave()


@pytest.fixture
def fast(ticking: Served) -> Iterator[Talking]:
    talking = Talking(ticking)
    yield talking
    talking.leave()


@pytest.mark.parametrize("policy", ["conflate", "drop_oldest", "disconnect"])
@pytest.mark.parametrize("snapshot", ["state", "last"])
def test_what_stands_and_what_follows_leave_no_tick_out(fast: Talking, snapshot: str, policy: str) -> None:
    talk = fast.talk()
    for _ in range(10):
        answer = talk.follow("quotes", snapshot=snapshot, positions=True, policy=policy)
        standing = [talk.hear() for _ in range(answer["snapshot"])]
        newest = max(record["n"] for message in standing for record in message["data"])
        told = [talk.hear() for _ in range(40)]
        following = [record["n"] for message in told for record in message["data"]]
        # Who conflates is told the newest of what came while he was told what stands.
        skipped = sum(message.get("skipped", 0) for message in told)
        assert policy == "conflate" or not skipped
        assert following == sorted(set(following))
        assert following[-1] - newest == len(following) + skipped
        talk.say(action="unsubscribe", channel="quotes", id="over")
        while talk.hear().get("id") != "over":
            pass


def test_what_stands_of_a_basket_and_what_follows(fast: Talking) -> None:
    talk = fast.talk()
    for _ in range(10):
        answer = talk.follow("legs", snapshot=True, positions=True)
        newest = {}
        for _ in range(answer["snapshot"]):
            message = talk.hear()
            newest[message["key"]] = message["data"][0]["n"]
        place = answer["from"]
        for _ in range(60):
            message = talk.hear()
            (record,) = message["data"]
            assert message["offset"] == place
            skipped = (record["n"] - 1) % 3 == "AB".index(message["key"])
            assert record["n"] == newest[message["key"]] + 1 + skipped
            newest[message["key"]] = record["n"]
            place = message["next"]
        talk.say(action="unsubscribe", channel="legs", id="over")
        while talk.hear().get("id") != "over":
            pass


def test_options_that_change_leave_no_tick_out(fast: Talking) -> None:
    talk = fast.talk()
    talk.say(action="subscribe", channel="quotes")
    seen: list[int] = []
    for options in ({"positions": True}, {"fields": ["n"]}, {"policy": "drop_oldest"}, {"format": "msgpack"}, {}) * 3:
        seen += [record["n"] for _ in range(20) for record in talk.hear()["data"]]
        talk.say(action="subscribe", channel="quotes", **options)
    seen += [record["n"] for _ in range(20) for record in talk.hear()["data"]]
    assert seen == list(range(seen[0], seen[0] + len(seen)))


@pytest.mark.parametrize("wanted", [{"latest_by": "n"}, {"min_interval": 0.01, "latest_by": "n"}])
def test_what_is_conflated_begins_at_its_place_too(fast: Talking, wanted: Any) -> None:
    talk = fast.talk()
    here = fast.channels.outside.history("quotes").next
    start = max(0, here - 300)
    answer = talk.follow("quotes", since=start, positions=True, **wanted)
    assert answer["recovered"]
    seen: list[int] = []
    while len(seen) < 400:
        seen += [record["n"] for record in talk.hear()["data"]]
    assert seen == list(range(seen[0], seen[0] + len(seen)))
    assert seen[0] == start + 1  # csp counts from one


# --- Removals ---------------------------------------------------------------------------------------------------------


class Limited(Desk):
    """``notes`` is collected by symbol: those that are not 0, three at most, for an hour."""

    def connect(self, channels: Ch) -> None:
        super().connect(channels)
        ends = {"attr": "n", "by": {"value": 0}}
        channels.set_state(Ch.notes, "symbol", alias="open", max_rows=3, ttl=3600, tombstone=ends)


@pytest.fixture
def limited(serve: Callable[..., Served]) -> Served:
    desk = serve(Limited(), MountWebSocketRoutes())
    for n, symbol in enumerate("AZBC", start=1):
        desk.tick("notes", quote(n, symbol))
    desk.tick("notes", quote(9, "Z"))
    return desk


def test_removals_are_told_of_a_state_by_their_keys(limited: Served) -> None:
    talk = limited.talk()
    answer = talk.follow("notes", snapshot="state", state="open", removals=True, positions=True, fields=["n"])
    assert answer["state"] == {"keyby": ["symbol"], "max_rows": 3, "ttl": 3600.0}
    standing = talk.hear()
    # From the one inserted longest ago: whoever keeps them himself knows which goes next.
    assert standing["data"] == [{"symbol": "B", "n": 3}, {"symbol": "C", "n": 4}, {"symbol": "Z", "n": 9}]
    assert standing["born"] == sorted(standing["born"])
    limited.tick("notes", quote(0, "B"))
    tick = talk.hear()
    assert (tick["data"], tick["ended"]) == ([{"symbol": "B"}], [0])
    limited.tick("notes", quote(5, "A"))
    again = talk.hear()
    assert again["data"] == [{"symbol": "A", "n": 5}]
    assert "ended" not in again


def test_who_wants_some_of_a_state_is_told_what_is_no_longer_of_them(limited: Served) -> None:
    talk = limited.talk()
    where = {"attr": "n", "by": {"value": 5, "where": "<"}}
    talk.follow("notes", snapshot="state", state="open", removals=True, where=where)
    assert [record["symbol"] for record in talk.hear()["data"]] == ["B", "C"]
    limited.tick("notes", quote(7, "B"))
    gone = talk.hear()
    assert (gone["data"], gone["ended"]) == ([{"symbol": "B"}], [0])
    limited.tick("notes", quote(1, "B"))
    assert talk.hear()["data"][0]["n"] == 1


def test_removals_go_on_where_the_client_has_been(limited: Served) -> None:
    talk = limited.talk()
    limited.tick("notes", quote(0, "B"))
    answer = talk.follow("notes", since=4, state="open", removals=True)
    assert (answer["recovered"], answer["state"]["keyby"]) == (True, ["symbol"])
    assert talk.hear()["data"][0]["n"] == 9
    assert talk.hear()["ended"] == [0]


@pytest.mark.parametrize("wanted", [{"removals": True}, {"removals": True, "snapshot": "last"}])
def test_removals_are_of_a_state_that_is_known(limited: Served, wanted: dict[str, Any]) -> None:
    answer = limited.talk().follow("notes", **wanted)
    assert answer["code"] == "invalid"
    assert "snapshot='state'" in answer["message"]
