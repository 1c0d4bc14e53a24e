"""The same inputs in simulated time give the same ticks, again and again, and in another process too."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from random import Random

from tests.ways.applications import HOPS, STREAMS, Join, Part, Piece, Recorder, Relay, Source, cycles

ROOT = Path(__file__).parents[2]


def application() -> list[Part | Recorder]:
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
    return [*(Part(pieces=pieces[start::12]) for start in range(12)), Recorder()]


def digest() -> str:
    """All that ticked, when and in which engine cycle, as one number."""
    found = sha256()
    for when, cycle in cycles(application()):
        found.update(f"{when} {sorted((field, str(key), value) for (field, key), value in cycle.items())}".encode())
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
