"""States of one build: declared, set, got before they are set, and found."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum
from typing import Annotated, Any, List  # noqa: UP035  # csp reads typing.List

import csp
import pytest
from csp import ts

from csp_gateway import GatewayChannels, GatewayModule, GatewayStruct
from csp_gateway.errors import (
    GatewayException,
    NoProviderException,
    StateError,
    UnknownChannelError,
    WiringError,
    WrongEdgeError,
    WrongIndexerError,
)
from csp_gateway.server.channels import wire_modules
from csp_gateway.server.channels.states import States
from csp_gateway.server.state import State
from csp_gateway.server.state.database import DATABASE

START = datetime(2024, 1, 1)
SECOND = timedelta(seconds=1)


class Side(Enum):
    BUY = 1
    SELL = 2


class Leg(GatewayStruct):
    venue: str


class Quote(GatewayStruct):
    symbol: str
    size: int
    leg: Leg


class Ch(GatewayChannels):
    limit: float = 2.5
    plain: ts[Quote] = None
    echo: ts[Quote] = None
    quotes: Annotated[ts[Quote], State("symbol"), State("leg.venue", alias="by_venue")] = None
    several: ts[List[Quote]] = None  # noqa: UP006
    sides: dict[Side, ts[Quote]] = None
    venues: Annotated[dict[str, ts[List[Quote]]], State("symbol", "x", "only_x")] = None  # noqa: UP006
    legs: list[ts[Quote]] = None


KEYS = {"venues": ("x", "y"), "legs": (0, 1)}


def quote(symbol: str, size: int = 0) -> Quote:
    return Quote(symbol=symbol, size=size, leg=Leg(venue=symbol.lower()))


def curve(*symbols: str, ticks: Any = Quote) -> Any:
    """One quote a second, or one list of quotes of several symbols; its size is the second."""
    of = (lambda text, size: quote(text, size)) if ticks is Quote else lambda text, size: [quote(s, size) for s in text]
    return csp.curve(ticks, [(SECOND * size, of(text, size)) for size, text in enumerate(symbols, 1)])


@csp.node
def spelled(state: ts[State]) -> ts[str]:
    if csp.ticked(state):
        return " ".join(f"{each.symbol}{each.size}" for each in state)


def module(connect: Callable[[Any], None], name: str = "Part") -> GatewayModule:
    return type(name, (GatewayModule,), {"connect": lambda self, channels: connect(channels)})()


def run(*connects: Callable[[Any], None], kind: type[GatewayChannels] = Ch) -> tuple[States, dict[str, list[Any]]]:
    """The states after a run, and what ``watch`` saw: ``(second, text)``."""
    buses = []

    def graph() -> None:
        buses.append(wire_modules(kind(), [module(connect) for connect in connects], keys=KEYS))

    seen = csp.run(graph, starttime=START, endtime=SECOND * 10) or {}
    return buses[0].states, {
        name: [((at - START) // SECOND, text) for at, text in ticks] for name, ticks in seen.items()
    }


def watch(alias: str, indexer: Any = None) -> Callable[[Any], None]:
    return lambda channels: csp.add_graph_output(alias, spelled(channels.get_state(alias, indexer)))


def symbols(state: State[Any]) -> list[str]:
    return [f"{each.symbol}{each.size}" for each in state]


# --- Collected ------------------------------------------------------------------------------------------------------


def test_a_declared_state_is_collected_though_nobody_asks() -> None:
    states, _ = run(lambda channels: channels.set_channel("quotes", curve("A", "B", "A")))
    assert symbols(states.find("quotes")) == ["A3", "B2"]
    assert symbols(states.find("by_venue")) == ["A3", "B2"]
    assert states.find("by_venue").keyby == ("leg.venue",)
    told = states.statistics()
    assert {name: (each["rows"], each["dropped"]) for name, each in told.items()} == {
        "quotes": (2, 0),
        "by_venue": (2, 0),
        "only_x[x]": (0, 0),
    }


def test_a_state_requires_no_provider() -> None:
    states, seen = run(watch("quotes"))
    assert seen["quotes"] == []
    assert not len(states.find("quotes"))


@pytest.mark.parametrize("first", ["set", "get"])
def test_a_state_may_be_got_before_it_is_set(first: str) -> None:
    parts = [watch("plain"), lambda channels: channels.set_state("plain", "symbol")]
    feed = lambda channels: channels.set_channel("plain", curve("B", "A"))  # noqa: E731
    _, seen = run(*(parts if first == "get" else reversed(parts)), feed)
    assert seen["plain"] == [(1, "B1"), (2, "A2 B1")]


def test_all_who_get_a_state_get_one_edge() -> None:
    def connect(channels: Any) -> None:
        assert channels.get_state("quotes") is channels.get_state("quotes", "") is channels.get_state("s_quotes")
        assert channels.get_state("quotes").tstype == ts[State[Quote]]

    run(connect)


def test_records_of_a_list_are_collected_in_its_cycle() -> None:
    def connect(channels: Any) -> None:
        channels.set_channel("several", curve("BA", "", "B", ticks=List[Quote]))  # noqa: UP006
        channels.set_state("several", "symbol")

    _, seen = run(connect, watch("several"))
    assert seen["several"] == [(1, "A1 B1"), (3, "A1 B3")]


def test_one_key_of_a_basket_each_key_and_all_of_it() -> None:
    def connect(channels: Any) -> None:
        channels.set_channel("sides", {Side.BUY: curve("A", "B"), Side.SELL: curve("A", "C")})
        channels.set_state("sides", "symbol")
        channels.set_state("sides", "symbol", Side.SELL)
        channels.set_state("sides", ("symbol", "size"), Side.BUY)

    states, _ = run(connect)
    assert symbols(states.find("sides")) == ["A1", "B2", "C2"]
    assert symbols(states.find("sides", Side.BUY)) == ["A1", "B2"]
    assert symbols(states.find("sides", Side.SELL)) == ["A1", "C2"]
    assert states.find("sides", Side.BUY).keyby == ("symbol", "size")
    assert list(states.statistics()) == ["quotes", "by_venue", "only_x[x]", "sides", "sides[SELL]", "sides[BUY]"]


def test_a_basket_of_lists_and_a_list_basket() -> None:
    def connect(channels: Any) -> None:
        channels.set_channel("venues", curve("AB", ticks=List[Quote]), "x")  # noqa: UP006
        channels.set_channel("venues", curve("C", ticks=List[Quote]), "y")  # noqa: UP006
        channels.set_channel("legs", [curve("A"), curve("B")])
        channels.set_state("venues", "symbol")
        channels.set_state("legs", "symbol")
        channels.set_state("legs", "symbol", 0, alias="first")

    states, _ = run(connect)
    assert symbols(states.find("venues")) == ["A1", "B1", "C1"]
    assert symbols(states.find("only_x")) == symbols(states.find("only_x", "x")) == ["A1", "B1"]
    assert symbols(states.find("legs")) == ["A1", "B1"]
    assert symbols(states.find("first")) == ["A1"]


def test_a_basket_that_was_given_no_keys() -> None:
    class Empty(GatewayChannels):
        names: Annotated[dict[int, ts[Quote]], State("symbol")] = None

    states, seen = run(watch("names"), kind=Empty)
    assert seen["names"] == []
    assert not len(states.find("names"))


def test_several_who_tick_at_once_are_all_collected() -> None:
    feed = lambda channels: channels.set_channel("quotes", curve("A", "B"))  # noqa: E731
    other = lambda channels: channels.set_channel("quotes", curve("C", "B"))  # noqa: E731
    states, _ = run(feed, other)
    assert symbols(states.find("quotes")) == ["A1", "B2", "C1"]


def test_a_state_may_close_a_cycle() -> None:
    """What is set to a channel may come from the channel's own state: it is fed back, one cycle later."""

    @csp.node
    def next_one(state: ts[State]) -> ts[Quote]:
        if csp.ticked(state) and len(state) < 4:
            return quote(f"A{len(state)}", 0)

    def connect(channels: Any) -> None:
        channels.set_channel("quotes", next_one(channels.get_state("quotes")))
        channels.set_channel("quotes", curve("A"))

    states, _ = run(connect)
    assert len(states.find("quotes")) == 4


def test_a_state_of_an_edge_is_a_state_of_its_channel() -> None:
    def connect(channels: Any) -> None:
        edge = curve("A")
        channels.set_channel("plain", edge)
        channels.set_state(edge, "symbol")
        channels.set_state(channels.get_channel("sides", Side.BUY), "symbol")
        channels.set_channel("sides", curve("B"), Side.BUY)

    states, _ = run(connect)
    assert symbols(states.find("plain")) == ["A1"]
    assert symbols(states.find("sides", Side.BUY)) == ["B1"]


def test_it_is_said_with_keywords_and_under_the_old_name() -> None:
    def connect(channels: Any) -> None:
        channels.set_state(field="plain", keyby=("symbol",), indexer=None)
        channels.set_state("s_plain", "symbol")
        channels.set_state("sides", keyby="symbol", indexer="")

    states, _ = run(connect)
    assert states.find("s_plain") is states.find("plain")
    assert states.find("sides").keyby == ("symbol",)


def test_a_module_may_give_a_state_a_name() -> None:
    def connect(channels: Any) -> None:
        channels.set_channel("plain", curve("A"))
        channels.set_state("plain", "symbol")
        channels.set_state("plain", "size", alias="by_size")
        csp.add_graph_output("by_size", spelled(channels.get_state("by_size")))

    states, seen = run(connect)
    assert seen["by_size"] == [(1, "A1")]
    assert states.aliases() == ["quotes", "by_venue", "only_x", "plain", "by_size"]


def test_saying_it_again_changes_nothing() -> None:
    def connect(channels: Any) -> None:
        for _ in range(2):
            channels.set_state("plain", "symbol")
            channels.set_state("plain", ("symbol",))
            channels.set_state("quotes", "symbol")
            channels.set_state("venues", "symbol", "x", alias="only_x")

    states, _ = run(connect)
    assert states.aliases() == ["quotes", "by_venue", "only_x", "plain"]


def test_a_limit_of_the_mark_is_kept() -> None:
    class Few(GatewayChannels):
        quotes: Annotated[ts[Quote], State("symbol", max_rows=2)] = None

    states, _ = run(lambda channels: channels.set_channel("quotes", curve("A", "B", "C")), kind=Few)
    assert symbols(states.find("quotes")) == ["B2", "C3"]
    told = states.statistics()["quotes"]
    assert (told["rows"], told["dropped"]) == (2, 1)


GONE = {"attr": "size", "by": {"value": 2}}


def test_age_and_tombstone_of_the_mark_are_kept() -> None:
    class Short(GatewayChannels):
        quotes: Annotated[ts[Quote], State("symbol", ttl=SECOND), State("symbol", alias="open", tombstone=GONE)] = None

    states, seen = run(
        lambda channels: channels.set_channel("quotes", curve("A", "A", "B")),
        watch("quotes"),
        watch("open"),
        kind=Short,
    )
    assert seen["quotes"] == [(1, "A1"), (2, "A2"), (3, "B3"), (4, "")]
    assert seen["open"] == [(1, "A1"), (2, ""), (3, "B3")]
    assert states.find("open").tombstone == GONE
    assert {name: (each["expired"], each["removed"]) for name, each in states.statistics().items()} == {
        "quotes": (2, 0),
        "open": (0, 1),
    }


def test_a_module_may_limit_a_state() -> None:
    def connect(channels: Any) -> None:
        channels.set_channel("plain", curve("A", "B", "C", "D"))
        channels.set_state("plain", "symbol", max_rows=1)
        channels.set_state("plain", "symbol", alias="short", ttl=1.5)
        channels.set_state("plain", "symbol", alias="open", tombstone=GONE)
        channels.set_state("plain", "symbol", alias="open", tombstone=dict(GONE))

    states, seen = run(connect, watch("short"))
    assert symbols(states.find("plain")) == ["D4"]
    assert symbols(states.find("open")) == ["A1", "C3", "D4"]
    assert seen["short"][:3] == [(1, "A1"), (2, "A1 B2"), (2, "B2")]
    assert not len(states.find("short"))


# --- All of them ------------------------------------------------------------------------------------------------------


def both_sides(channels: Any) -> None:
    channels.set_channel("sides", {Side.BUY: curve("A"), Side.SELL: curve("B")})
    for side in Side:
        channels.set_state("sides", "symbol", side)


def test_the_states_of_one_name_by_key() -> None:
    states, _ = run(both_sides)
    named = states.named("sides")
    assert named == {side: states.find("sides", side) for side in Side}
    assert {key: symbols(state) for key, state in named.items()} == {Side.BUY: ["A1"], Side.SELL: ["B1"]}
    assert states.named("quotes") == states.named("s_quotes") == {None: states.find("quotes")}
    assert states.named("only_x") == {"x": states.find("only_x")}
    with pytest.raises(NoProviderException, match=r"^Nobody provides state 'qotes'; did you mean 'quotes'\?$"):
        states.named("qotes")
    with pytest.raises(NoProviderException, match=r"^Nobody provides a state of 'plain'"):
        states.named("plain")


def test_tables_are_of_states_of_structs_and_known_by_their_channel() -> None:
    with pytest.warns(UserWarning, match="numbers carries float"):

        class Numbers(Ch):
            numbers: Annotated[ts[float], State()] = None

    states, _ = run(both_sides, kind=Numbers)
    tables = states.tables()
    assert {name: channel for name, (channel, _) in tables.items()} == {
        "quotes": "quotes",
        "by_venue": "quotes",
        "only_x[x]": "venues",
        "only_x": "venues",
        "sides[BUY]": "sides",
        "sides[SELL]": "sides",
    }
    assert tables["only_x"] == tables["only_x[x]"] == ("venues", states.find("only_x"))
    assert tables["sides[SELL]"][1] is states.find("sides", Side.SELL)


def test_closing_gives_back_what_duckdb_took() -> None:
    states, _ = run(both_sides, lambda channels: channels.set_channel("quotes", curve("A")))
    kept = [state for _, state in states.tables().values()]
    for state in kept:
        state.settle()
    names = {state.table.name for state in kept if state.table is not None}
    assert names <= tables_of_duckdb()
    states.close()
    assert names.isdisjoint(tables_of_duckdb())
    assert all(state.statistics()["duckdb"]["settled"] == 0 for state in kept)
    assert symbols(states.find("quotes")) == ["A1"], "the records are there all the same"


def tables_of_duckdb() -> set[str]:
    with DATABASE.cursor() as cursor:
        return {name for (name,) in cursor.execute("select table_name from duckdb_tables()").fetchall()}


def test_promised_states_are_known_until_the_graph_is_closed() -> None:
    seen = []

    def graph() -> None:
        channels = Ch()

        def connect(channels: Any) -> None:
            seen.append(channels.all_state_aliases())
            channels.get_state("plain")

        parts = [module(connect), module(lambda channels: channels.set_state("plain", "id"))]
        wire_modules(channels, parts, keys=KEYS, promised_states={"plain", "echo"})
        seen.append(channels.all_state_aliases())

    csp.run(graph, starttime=START, endtime=SECOND)
    assert set(seen[0]) == {"quotes", "by_venue", "only_x", "plain", "echo"}
    assert seen[1] == ["quotes", "by_venue", "only_x", "plain"]


# --- Refused --------------------------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[Callable[[Any], Any], type[Exception], str]] = {
    "another key": (
        lambda channels: (channels.set_state("plain", "symbol"), channels.set_state("plain", "size")),
        StateError,
        r"^Ch\.plain, in Part\.connect at .*test_states\.py:\d+: the state 'plain' is collected by \(symbol\) of "
        r"'plain' already \(Ch\.plain, in Part\.connect at .*\), and cannot be by \(size\)",
    ),
    "another key than declared": (
        lambda channels: channels.set_state("quotes", "size"),
        StateError,
        r"collected by \(symbol\) of 'quotes' already \(Ch\.quotes, which wears State\(…\)\)",
    ),
    "another key for a key": (
        lambda channels: [channels.set_state("sides", by, Side.BUY) for by in ("symbol", "size")],
        StateError,
        r"the state 'sides\[BUY\]' is collected by \(symbol\)",
    ),
    "an alias of another": (
        lambda channels: channels.set_state("plain", "symbol", alias="by_venue"),
        StateError,
        r"the state 'by_venue' is collected by \(leg\.venue\) of 'quotes' already",
    ),
    "another age": (
        lambda channels: [channels.set_state("plain", "symbol", ttl=ttl) for ttl in (1, 2)],
        StateError,
        r"is collected by \(symbol\), ttl=0:00:01 of 'plain' already .* by \(symbol\), ttl=0:00:02 too",
    ),
    "another tombstone than declared": (
        lambda channels: channels.set_state("quotes", "symbol", tombstone=GONE),
        StateError,
        r"is collected by \(symbol\) of 'quotes' already .* by \(symbol\), tombstone=\{'attr': 'size'",
    ),
    "no age": (
        lambda channels: channels.set_state("plain", "symbol", ttl=0),
        StateError,
        r"^Ch\.plain, in Part\.connect at .*: a state keeps its records for a time above 0 and of at most",
    ),
    "no room": (
        lambda channels: channels.set_state("plain", "symbol", max_rows=0),
        StateError,
        r"^Ch\.plain, in Part\.connect at .*: a state keeps at least one record, not 0",
    ),
    "a tombstone of no attribute": (
        lambda channels: channels.set_state("plain", "symbol", tombstone={"attr": "sise", "by": {"value": 2}}),
        StateError,
        r"^Ch\.plain, in Part\.connect at .*: a state of Quote: .*Quote has no attribute 'sise'; did you mean 'size'",
    ),
    "no such attribute": (
        lambda channels: channels.set_state("several", "symbl"),
        StateError,
        r"^Ch\.several, in Part\.connect at .*test_states\.py:\d+: a state of Quote: Quote has no attribute 'symbl'; "
        r"did you mean 'symbol'\?",
    ),
    "no such attribute inside": (
        lambda channels: channels.set_state("sides", ("symbol", "leg.venu")),
        StateError,
        r"Leg has no attribute 'venu'; did you mean 'venue'\?",
    ),
    "an edge of no channel": (
        lambda channels: channels.set_state(curve("A"), "symbol"),
        StateError,
        r"^Ch, in Part\.connect at .*test_states\.py:\d+: the edge is no channel's",
    ),
    "another indexer than the edge's": (
        lambda channels: channels.set_state(channels.get_channel("sides", Side.BUY), "symbol", Side.SELL),
        WrongIndexerError,
        r"^Ch\.sides\[BUY\], .*: the edge is not the one of the indexer <Side.SELL",
    ),
    "no channel at all": (
        lambda channels: channels.set_state(5, "symbol"),
        WrongEdgeError,
        r"a state is of a channel's name or edge, not of int 5",
    ),
    "a basket's edges": (
        lambda channels: channels.set_state(channels.get_channel("sides"), "symbol"),
        WrongEdgeError,
        r"not of dict \{",
    ),
    "an unknown channel": (
        lambda channels: channels.set_state("qotes", "symbol"),
        UnknownChannelError,
        r"Ch has no channel 'qotes'; did you mean 'quotes'\? \(Part\.connect, .*test_states\.py:\d+\)",
    ),
    "a static value": (
        lambda channels: channels.set_state("limit", "symbol"),
        UnknownChannelError,
        "Ch.limit is a static value",
    ),
    "an indexer on no basket": (
        lambda channels: channels.set_state("plain", "symbol", "x"),
        WrongIndexerError,
        r"a ts\[Quote\] is not a basket",
    ),
    "an unknown key": (
        lambda channels: channels.set_state("venues", "symbol", "z"),
        UnknownChannelError,
        "the basket has no key 'z'",
    ),
    "a state of an unknown name": (
        lambda channels: channels.get_state("qotes"),
        NoProviderException,
        r"^Nobody provides state 'qotes'; did you mean 'quotes'\? \(Part\.connect, .*test_states\.py:\d+\)",
    ),
    "a state of an unknown key": (
        lambda channels: channels.get_state("sides", "BUY"),
        UnknownChannelError,
        "the basket has no key 'BUY'",
    ),
    "a state that nobody sets": (
        lambda channels: channels.get_state("plain"),
        NoProviderException,
        r"^Nobody provides a state of 'plain': call channels\.set_state\('plain', keyby\) in a connect, or declare it "
        r"with Annotated\[…, State\(keyby\)\]; got by Part \(.*test_states\.py:\d+\)$",
    ),
    "a key that nobody collects": (
        lambda channels: (channels.set_state("sides", "symbol", Side.BUY), channels.get_state("sides", Side.SELL)),
        NoProviderException,
        r"'sides' so: not of key <Side\.SELL: 2>: it is collected of BUY; got by Part",
    ),
    "which key": (
        lambda channels: (
            [channels.set_state("sides", "symbol", side) for side in Side],
            channels.get_state("sides"),
        ),
        NoProviderException,
        r"'sides' so: which key\? it is collected of BUY, SELL; got by Part",
    ),
}


@pytest.mark.parametrize(("connect", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused(connect: Callable[[Any], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        run(connect)
    assert isinstance(caught.value, GatewayException)


def test_a_key_that_the_basket_was_not_given_is_refused_by_its_mark() -> None:
    class Named(GatewayChannels):
        names: Annotated[dict[str, ts[Quote]], State("symbol", "x")] = None

    with pytest.raises(UnknownChannelError, match=r"^Named\.names, which wears State\(…\): .*no key 'x'"):
        run(kind=Named)


def test_nothing_is_collected_once_the_graph_is_closed() -> None:
    buses = []

    def graph() -> None:
        buses.append(wire_modules(Ch(), [], keys=KEYS))

    csp.run(graph, starttime=START, endtime=SECOND)
    for late in (lambda states: states.collect("plain", "symbol"), lambda states: states.edge("quotes")):
        with pytest.raises(WiringError, match="the graph is closed"):
            late(buses[0].states)


@pytest.mark.parametrize(
    ("alias", "indexer", "message"),
    [
        ("qotes", None, r"^Nobody provides state 'qotes'; did you mean 'quotes'\?$"),
        ("z", None, r"^Nobody provides state 'z'; known: by_venue, only_x, quotes$"),
        ("plain", None, r"^Nobody provides a state of 'plain': call channels\.set_state\('plain', keyby\)"),
        ("quotes", "x", r"^Nobody provides state 'quotes' so: not of key 'x': it is collected of all keys together$"),
        ("only_x", "y", r"^Nobody provides state 'only_x' so: not of key 'y': it is collected of x$"),
        ("only_x", [], r"not of key \[\]"),
    ],
)
def test_a_state_that_is_not_there_is_not_found(alias: str, indexer: Any, message: str) -> None:
    states, _ = run()
    with pytest.raises(NoProviderException, match=message):
        states.find(alias, indexer)
