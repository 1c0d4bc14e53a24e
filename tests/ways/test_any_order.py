"""An application ticks the same whatever the order of its modules: Hypothesis draws the applications."""

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.ways.applications import (
    SECOND,
    START,
    STREAMS,
    Join,
    Part,
    Piece,
    Recorder,
    Relay,
    Source,
    Tick,
    Value,
    cycles,
    passed_on,
    ticks_of,
)

A_STREAM = st.sampled_from(STREAMS)
A_SALT = st.integers(0, 5)
SOME_TICKS = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 1000)), max_size=3).map(
    lambda ticks: tuple(sorted(dict(ticks).items()))
)
# Always the same examples: a change of the code is what makes the difference, not the day.
EXAMPLES = settings(max_examples=120, derandomize=True, deadline=None, phases=set(Phase) - {Phase.explain})


def sources(target: Any = A_STREAM) -> Any:
    return st.builds(Source, target, st.booleans(), ticks=SOME_TICKS)


def joins(target: Any = A_STREAM) -> Any:
    some = st.lists(A_STREAM, min_size=1, max_size=3, unique=True).map(tuple)
    return st.builds(Join, target, st.booleans(), A_SALT, some)


@st.composite
def modules(draw: st.DrawFn, pieces: Sequence[Piece]) -> list[Part]:
    """The pieces spread over modules, in any order."""
    found: dict[int, list[Piece]] = {}
    for piece in draw(st.permutations(pieces)):
        found.setdefault(draw(st.integers(0, 3)), []).append(piece)
    return [Part(pieces=each) for each in found.values()]


@st.composite
def one_setter_a_stream(draw: st.DrawFn) -> list[Any]:
    targets = draw(st.lists(A_STREAM, min_size=2, unique=True))
    pieces = [draw(sources(st.just(targets[0])))]
    pieces += [draw(st.one_of(sources(st.just(target)), joins(st.just(target)))) for target in targets[1:]]
    return [*draw(modules(pieces)), Recorder()]


@st.composite
def several_setters_a_stream(draw: st.DrawFn) -> tuple[list[Piece], list[Any]]:
    relays = st.builds(Relay, A_STREAM, st.booleans(), A_SALT, A_STREAM)
    pieces = draw(st.lists(sources(), min_size=1, max_size=4)) + draw(st.lists(relays, max_size=5))
    return pieces, [*draw(modules(pieces)), Recorder()]


@EXAMPLES
@given(st.data())
def test_one_setter_a_stream_the_same_ticks_in_the_same_cycles(data: st.DataObject) -> None:
    """Whatever the nodes do, even those that join several streams and remember: cycles of channels included."""
    parts = data.draw(one_setter_a_stream())
    assert cycles(data.draw(st.permutations(parts))) == cycles(parts)


@EXAMPLES
@given(st.data())
def test_several_setters_a_stream_the_same_ticks_and_none_lost(data: st.DataObject) -> None:
    """Two that tick one stream in one engine cycle are heard one after the other: which is first, the order says."""
    pieces, parts = data.draw(several_setters_a_stream())
    expected = all_ticks(pieces)
    assert ticks_of(cycles(parts)) == expected
    assert ticks_of(cycles(data.draw(st.permutations(parts)))) == expected


def all_ticks(pieces: Sequence[Piece]) -> Counter[Tick]:
    """What must tick, found without csp: every source's value, through every relay, to the end."""
    coming: deque[Tick] = deque()

    def deliver(target: Any, when: Any, value: Value) -> None:
        if target[0] == "several":
            coming.append((target, when, value))
        else:
            coming.extend((target, when, (record,)) for record in value)

    for piece in pieces:
        for second, n in getattr(piece, "ticks", ()):
            deliver(piece.target, START + SECOND * second, ((n, 0),))
    found: Counter[Tick] = Counter()
    while coming:
        tick = stream, when, value = coming.popleft()
        found[tick] += 1
        for piece in pieces:
            if isinstance(piece, Relay) and piece.source == stream:
                passed = passed_on(value, piece.salt)
                if passed:
                    deliver(piece.target, when, passed)
    return found
