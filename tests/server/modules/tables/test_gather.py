"""Ticks put aside in the graph."""

import threading
from datetime import datetime, timedelta

import csp
from csp import ts

from csp_gateway.server.modules.tables.gather import Gathering, gather, gather_lists

START = datetime(2024, 1, 1)


class N(csp.Struct):
    n: int


@csp.node
def counted(count: ts[int]) -> ts[N]:
    if csp.ticked(count):
        return N(n=count)


@csp.graph
def numbers(gathering: object, lists: bool):
    ticks = counted(csp.count(csp.timer(timedelta(seconds=1))))
    if lists:
        gather_lists(csp.collect([ticks, ticks]), gathering)
    else:
        gather(ticks, gathering)


def run(gathering: Gathering, seconds: int, lists: bool = False) -> None:
    csp.run(numbers, gathering, lists, starttime=START, endtime=timedelta(seconds=seconds))


def test_it_keeps_what_ticks_in_order() -> None:
    gathering = Gathering(10)
    run(gathering, 3)
    assert [struct.n for struct in gathering.take()] == [1, 2, 3]
    assert gathering.take() == []
    assert (gathering.received, gathering.taken, gathering.overtaken) == (3, 3, 0)


def test_the_oldest_give_way_and_are_counted() -> None:
    gathering = Gathering(2)
    run(gathering, 5)
    assert gathering.overtaken == 3
    assert [struct.n for struct in gathering.take()] == [4, 5]
    assert gathering.overtaken == 3


def test_the_elements_of_a_list_are_rows() -> None:
    gathering = Gathering(3)
    run(gathering, 2, lists=True)
    assert gathering.received == 4
    assert [struct.n for struct in gathering.take()] == [1, 2, 2]


def test_it_calls_when_much_waits() -> None:
    for lists in (False, True):
        gathering = Gathering(10, hurry_at=4)
        run(gathering, 1, lists)
        assert not gathering.full.is_set()
        run(gathering, 4, lists)
        assert gathering.full.is_set()


def test_nothing_is_lost_between_two_threads() -> None:
    gathering = Gathering(50)
    taken: list[int] = []
    done = threading.Event()

    def take() -> None:
        while not done.is_set():
            taken.extend(gathering.take())

    thread = threading.Thread(target=take)
    thread.start()
    for number in range(50_000):
        gathering.waiting.append(number)
        gathering.received += 1
    done.set()
    thread.join()
    taken.extend(gathering.take())
    assert taken == sorted(taken)
    assert len(taken) + gathering.overtaken == 50_000
