"""What errors say of names that nobody knows, and errors that are raised again and again."""

from __future__ import annotations

import pytest

from csp_gateway import errors
from csp_gateway.errors import did_you_mean, one_of, root


def test_an_unknown_name_is_answered_with_the_nearest_or_all() -> None:
    assert did_you_mean("exmple", ["other", "example"]) == "did you mean 'example'?"
    assert did_you_mean("zzz", ["b", "a"]) == "known: a, b"
    assert did_you_mean("zzz", []) == "there are none"


def test_of_many_names_some_are_told_and_compared() -> None:
    many = [f"KEY{number:05}.EUR" for number in range(20_000)]
    near = did_you_mean("KEY12345.EURO", many)
    assert near.startswith("did you mean 'KEY123")
    told = did_you_mean("zzz", many)
    assert told.startswith("known: KEY00000.EUR, KEY00001.EUR, ")
    assert told.endswith(", and 19,800 more")
    assert len(told) < 4_000


def test_of_many_names_few_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    monkeypatch.setattr(root, "get_close_matches", lambda _, names, n: compared.extend(names) or [])
    did_you_mean("b", [f"{letter}{number}" for letter in "abc" for number in range(1_000)])
    assert len(compared) == 200
    assert {each[0] for each in compared} == {"a", "b"}


def test_a_value_that_is_no_choice_is_answered_with_all_there_are_and_the_nearest() -> None:
    assert one_of("b", ["a"]) == "should be 'a', not 'b'"
    assert (
        one_of("tick", ["accepted", "ticked"]) == "should be 'accepted' or 'ticked', not 'tick'; did you mean 'ticked'?"
    )
    assert len(one_of("x" * 10_000, ["a", "b"])) < 120


def test_an_error_anew_has_the_cause_and_none_of_the_frames() -> None:
    cause = ValueError("why")
    error = errors.NotRunningError("over")
    error.__cause__ = cause
    anew = errors.fresh(error)
    assert (type(anew), str(anew), anew.__cause__) == (errors.NotRunningError, "over", cause)
    assert anew is not error
    assert errors.fresh(cause) is cause
