"""What errors say of names that nobody knows, and errors that are raised again and again."""

from __future__ import annotations

from csp_gateway import errors
from csp_gateway.errors import did_you_mean, one_of


def test_an_unknown_name_is_answered_with_the_nearest_or_all() -> None:
    assert did_you_mean("exmple", ["other", "example"]) == "did you mean 'example'?"
    assert did_you_mean("zzz", ["b", "a"]) == "known: a, b"
    assert did_you_mean("zzz", []) == "there are none"


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
