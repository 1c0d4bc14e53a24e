"""The same inputs in simulated time give the same ticks, again and again, and in another process too."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from random import Random

import csp

from csp_gateway import GatewayModule
from tests.ways.applications import (
    HOPS,
    STREAMS,
    Ch,
    Join,
    Part,
    Piece,
    Recorder,
    Relay,
    Source,
    cycles,
    outputs,
    value_of,
)

ROOT = Path(__file__).parents[2]


class Remember(GatewayModule):
    """A state of each kind of channel, and what it holds whenever it changes."""

    def connect(self, channels: Ch) -> None:
        for field in (Ch.one, Ch.several, Ch.by_side, Ch.venues, Ch.legs):
            channels.set_state(field, "hops")
            records = csp.apply(channels.get_state(field), lambda state: value_of(list(state)), object)
            csp.add_graph_output(field, records)


def application() -> list[GatewayModule]:
    """Every stream with several setters, ticking together, and cycles among them: twelve modules of four pieces."""
    drawn = Random(7)
    pieces: list[Piece] = []
    for salt, target in enumerate(STREAMS * 2):
        whole = bool(salt % 2)
        ticks = tuple((second, drawn.randrange(1000)) for second in (1, 2, 3))
        pieces += [Source(target, whole, ticks=ticks)] if salt < len(STREAMS) else []
        pieces += [Join(target, whole, salt, tuple(drawn.sample(STREAMS, 3)))]
        pieces += [Relay(target, whole, salt, drawn.choice(STREAMS))] if salt < len(STREAMS) else []
    drawn.shuffle(pieces)
    return [*(Part(pieces=pieces[start::12]) for start in range(12)), Recorder(), Remember()]


def digest() -> str:
    """All that ticked, when and in which engine cycle, and what was remembered of it, as one number."""
    found = sha256()
    left = outputs(application())
    for when, cycle in left.pop("cycles"):
        found.update(f"{when} {sorted((field, str(key), value) for (field, key), value in cycle.items())}".encode())
    found.update(repr(sorted(left.items())).encode())
    return found.hexdigest()


def test_fifty_times_the_same() -> None:
    assert len({digest() for _ in range(50)}) == 1


def test_the_same_in_another_process() -> None:
    """Where sets of strings have another order, too."""
    command = [sys.executable, "-c", "from tests.ways.test_same_again import digest; print(digest())"]
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == digest()


def test_there_is_something_to_compare() -> None:
    """Every stream ticks, several times in one engine time, and values come round."""
    run = cycles(application())
    assert {stream for _, cycle in run for stream in cycle} == set(STREAMS)
    assert max(hops for _, cycle in run for value in cycle.values() for _, hops in value) == HOPS
    assert len(run) > 10 * len({when for when, _ in run})
    assert all(len(outputs(application())[field]) > 10 for field in (Ch.one, Ch.several, Ch.by_side))
