"""Questions that take a while."""

import threading

import pytest

from csp_gateway.errors import NotRunningError, QueriesRefusedError
from csp_gateway.server.channels import Answer, queries
from csp_gateway.server.channels.queries import Queries


def test_what_a_question_gives_or_raises_is_the_answer() -> None:
    asked = Queries()
    assert asked.ask(lambda: 7).result(10) == 7
    with pytest.raises(ZeroDivisionError):
        asked.ask(lambda: 1 // 0).result(10)
    assert asked.statistics() == {"open": 0, "refused": 0}
    asked.close(NotRunningError("over"))


def test_it_waits_for_what_must_be_known_before() -> None:
    asked, before = Queries(), Answer()
    answer = asked.ask(lambda: 7, before)
    assert not answer.done()
    before.set_result(None)
    assert answer.result(10) == 7
    failing = Answer()
    answer = asked.ask(lambda: 7, failing)
    failing.set_exception(NotRunningError("a node raised"))
    with pytest.raises(NotRunningError, match="a node raised"):
        answer.result(10)
    asked.close(NotRunningError("over"))


def test_one_too_many_is_refused_and_counted() -> None:
    asked, held = Queries(limit=2), threading.Event()
    answers = [asked.ask(lambda: held.wait(30)) for _ in range(2)]
    with pytest.raises(QueriesRefusedError, match="2 queries wait for their answers already; ask again later"):
        asked.ask(lambda: 7)
    assert asked.statistics() == {"open": 2, "refused": 1}
    held.set()
    assert [answer.result(10) for answer in answers] == [True, True]
    assert asked.ask(lambda: 7).result(10) == 7
    asked.close(NotRunningError("over"))


def test_the_end_answers_everybody_and_the_threads_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_ENDING", 0.05)
    asked, held = Queries(), threading.Event()
    waiting = [asked.ask(lambda: held.wait(30)) for _ in range(5)]
    waiting.append(asked.ask(lambda: 7, Answer()))
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("csp-queries")]
    asked.close(NotRunningError("over"))
    for answer in waiting:
        with pytest.raises(NotRunningError, match="over"):
            answer.result(10)
    with pytest.raises(NotRunningError, match="over"):
        asked.ask(lambda: 7)
    held.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_the_end_waits_for_what_is_being_done_once_it_is_told_to_stop() -> None:
    asked, begun, told = Queries("csp-ending"), threading.Event(), threading.Event()
    asked.ask(lambda: begun.set() or told.wait(30))
    assert begun.wait(10)
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("csp-ending")]
    assert threads
    asked.close(NotRunningError("over"), told.set)
    assert not any(thread.is_alive() for thread in threads)


def test_a_question_may_bring_about_the_end() -> None:
    asked = Queries()
    with pytest.raises(NotRunningError, match="over"):
        asked.ask(lambda: asked.close(NotRunningError("over"))).result(10)


def test_many_who_wait_for_one_arrival_are_one_call_of_the_engine() -> None:
    asked, before = Queries(), Answer()
    answers = [asked.ask(lambda n=n: n, before) for n in range(500)]
    assert len(before._done_callbacks) == 1
    before.set_result(None)
    assert [answer.result(10) for answer in answers] == list(range(500))
    assert asked.ask(lambda: 7, before).result(10) == 7
    asked.close(NotRunningError("over"))
