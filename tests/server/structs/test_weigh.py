"""The estimate is near the truth where it matters, is quick, and never raises."""

import subprocess
import sys

import csp
import numpy as np
import pytest

from csp_gateway.server.structs import GatewayStruct
from csp_gateway.server.structs.weigh import weigh


class Side(csp.Enum):
    BUY = 0


class Level(csp.Struct):
    price: float
    size: int


class Book(GatewayStruct):
    symbol: str
    side: Side
    depth: list[float]
    fees: dict[str, float]
    best: Level
    levels: list[Level]
    note: str


def book(depth: int = 5) -> Book:
    return Book(
        symbol="AAPL.OQ",
        side=Side.BUY,
        depth=[1.5] * depth,
        fees={"a": 0.25, "b": 1.5},
        best=Level(price=1.0, size=1),
        levels=[Level(price=float(n), size=n) for n in range(depth)],
    )


# In a process of its own: one that has run other tests has room for many structs already.
REAL = """
import runpy, sys
import psutil
from csp_gateway.server.structs.weigh import weigh

book = runpy.run_path(sys.argv[1])["book"]
book()
before = psutil.Process().memory_info().rss
kept = [book() for _ in range(30_000)]
print((psutil.Process().memory_info().rss - before) / len(kept), weigh(kept[0]))
"""


def test_structs_weigh_about_what_they_take_of_memory() -> None:
    ran = subprocess.run([sys.executable, "-c", REAL, __file__], capture_output=True, text=True, check=True)
    real, estimate = map(float, ran.stdout.split())
    assert real / 2 < estimate < real * 2


@pytest.mark.parametrize(
    ("value", "at_least", "at_most"),
    [
        ("a" * 10_000, 10_000, 10_200),
        (b"a" * 10_000, 10_000, 10_200),
        (1.5, 24, 64),
        (None, 0, 64),
        (Side.BUY, 0, 64),
        ([1.5] * 10_000, 8 * 10_000, 40 * 10_000),
        ({str(n): 1.5 for n in range(1000)}, 60_000, 200_000),
        ({1, 2, 3}, 200, 400),
        (np.zeros(10_000), 80_000, 81_000),
        (np.zeros(10_000)[::2], 40_000, 41_000),
        (book(1000), 1000 * (8 + 96), 1000 * (8 + 112)),
        ([book()] * 100, 100 * 500, 100 * 2500),
        ([[book()] * 10] * 10, 100 * 500, 100 * 2500),
    ],
)
def test_each_kind_by_its_size(value: object, at_least: int, at_most: int) -> None:
    assert at_least <= weigh(value) <= at_most


def test_a_longer_list_weighs_more_in_proportion() -> None:
    ten, thousand = (weigh([book() for _ in range(n)]) for n in (10, 1000))
    assert thousand == pytest.approx(100 * ten, rel=0.1)


def test_the_elements_that_are_looked_at_are_from_all_over_a_list() -> None:
    assert weigh(["a"] * 50 + ["a" * 1000] * 50) > 40_000


def test_only_so_much_is_looked_at() -> None:
    class Counted(list[object]):
        opened = 0

        def __len__(self) -> int:
            Counted.opened += 1
            return super().__len__()

    deep: list[object] = Counted()
    for _ in range(8):
        deep = Counted([deep] * 8)
    weigh(deep)
    assert Counted.opened < 1000


def test_a_list_that_holds_itself() -> None:
    endless: list[object] = []
    endless.append(endless)
    assert weigh(endless) < 100_000


def test_what_cannot_be_weighed_does_not_raise() -> None:
    class Broken(dict[str, str]):
        def __len__(self) -> int:
            raise OSError("no")

    class Odd:
        nbytes = "many"

        def __sizeof__(self) -> int:
            raise TypeError("no")

    assert weigh(Broken(a="b")) > 0
    assert weigh(Odd()) > 0
