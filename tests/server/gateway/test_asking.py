"""Modules asked what they add."""

from collections.abc import Collection, Mapping
from typing import Any

import pytest

from csp_gateway import BuildFailedError, GatewayModule, UnknownChannelError
from csp_gateway.errors import DynamicChannelError
from csp_gateway.server.gateway.asking import answer_of, enabled, where_said


def saying(answer: Any) -> GatewayModule:
    class Saying(GatewayModule):
        def dynamic_keys(self) -> Any:
            return answer()

    return Saying()


def raising(error: Exception) -> Any:
    raise error


def test_the_disabled_are_not_asked() -> None:
    one, other = GatewayModule(), GatewayModule(disable=True)
    assert enabled([one, other]) == [one]


def test_an_answer_is_as_it_is_and_none_is_empty() -> None:
    assert answer_of(saying(lambda: {"venues": ["x"]}), "dynamic_keys", Mapping) == {"venues": ["x"]}
    assert answer_of(saying(lambda: {"venues"}), "dynamic_keys", Collection) == {"venues"}
    assert not answer_of(saying(lambda: None), "dynamic_keys", Mapping)
    assert not answer_of(GatewayModule(), "dynamic_channels", Mapping)


@pytest.mark.parametrize(
    ("form", "answer", "wanted"),
    [(Mapping, ["venues"], "a dict"), (Mapping, 3, "a dict"), (Collection, "venues", "a set of names")],
)
def test_an_answer_of_another_form(form: type, answer: Any, wanted: str) -> None:
    with pytest.raises(DynamicChannelError, match=rf"Saying\.dynamic_keys \(.*\.py:\d+\) answers .* not {wanted}"):
        answer_of(saying(lambda: answer), "dynamic_keys", form)


def test_what_it_raises_is_the_cause() -> None:
    cause = ZeroDivisionError("no")
    with pytest.raises(BuildFailedError, match=r"Saying\.dynamic_keys raised ZeroDivisionError: no") as failed:
        answer_of(saying(lambda: raising(cause)), "dynamic_keys", Mapping)
    assert failed.value.__cause__ is cause


def test_an_error_of_ours_says_who_raised_it() -> None:
    with pytest.raises(UnknownChannelError) as refused:
        answer_of(saying(lambda: raising(UnknownChannelError("no"))), "dynamic_keys", Mapping)
    assert refused.value.__notes__ == ["raised by Saying.dynamic_keys"]


def test_where_it_is_said() -> None:
    line = saying.__code__.co_firstlineno + 2
    assert where_said(saying(dict), "dynamic_keys") == f"Saying.dynamic_keys ({__file__}:{line})"
