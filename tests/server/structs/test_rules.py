"""Validators registered on a class: order, modes, refusals, and what they may return."""

import logging
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from csp_gateway.server.structs import GatewayStruct


@pytest.fixture
def kinds() -> tuple[Any, Any]:
    class Base(GatewayStruct):
        x: int = 0

    class Child(Base):
        part: Base

    return Base, Child


def test_they_run_base_first_in_the_order_registered_and_once(kinds: tuple[Any, Any]) -> None:
    base, child = kinds
    ran: list[str] = []

    def note(name: str) -> Any:
        return lambda value: ran.append(name) or value

    child.add_validator(note("child after"))
    child.add_validator(note("child before"), mode="pre")
    base.add_validator(note("base after 1"), mode="post")
    base.add_validator(note("base after 2"))
    base.add_validator(note("base before"), mode="before")
    TypeAdapter(list[child]).validate_python([{"x": 1}])
    assert ran == ["base before", "child before", "base after 1", "base after 2", "child after"]
    ran.clear()
    child(part=base())
    assert ran == []
    base.type_adapter().validate_python(child())  # dispatched on what it is; nothing raw to see before
    assert ran == ["base after 1", "base after 2", "child after"]


def test_it_is_a_decorator_both_ways(kinds: tuple[Any, Any]) -> None:
    base, _ = kinds

    @base.add_validator
    def double(value: Any) -> Any:
        value.x *= 2
        return value

    @base.add_validator(mode="before")
    def text(value: Any) -> Any:
        return {"x": value} if isinstance(value, str) else value

    assert base.model_validate("4").x == 8
    assert base.run_validators(base(x=1)).x == 2
    assert base.run_validators("5", mode="before") == {"x": "5"}
    assert (double.__name__, text.__name__) == ("double", "text")


def test_a_refusal_is_at_the_place_of_the_struct(kinds: tuple[Any, Any]) -> None:
    base, child = kinds
    base.add_validator(lambda value: value if value.x else (_ for _ in ()).throw(ValueError("x is 0")))
    with pytest.raises(ValidationError) as refused:
        child.model_validate({"x": 1, "part": {"x": 0}})
    (told,) = refused.value.errors()
    assert (told["type"], told["loc"], told["msg"]) == ("value_error", ("part",), "Value error, x is 0")


def test_none_is_no_answer(kinds: tuple[Any, Any]) -> None:
    def forgets(value: Any) -> None:
        return None

    kinds[0].add_validator(forgets)
    with pytest.raises(ValidationError, match=r"after validator .*forgets of Base returned None"):
        kinds[0].model_validate({})


def test_an_after_validator_returns_the_class_or_a_subclass(kinds: tuple[Any, Any]) -> None:
    base, child = kinds
    base.add_validator(lambda value: child(x=value.x))
    assert type(base.model_validate({"x": 3})) is child
    base.add_validator(lambda value: 5)
    with pytest.raises(TypeError, match="returned int, not Base"):
        base.model_validate({})


def test_any_other_exception_is_a_refusal_without_its_text_and_in_the_log(
    kinds: tuple[Any, Any], caplog: pytest.LogCaptureFixture
) -> None:
    kinds[0].add_validator(lambda value: 1 / value.x)
    with caplog.at_level(logging.ERROR), pytest.raises(ValidationError) as refused:
        kinds[0].model_validate({})
    (told,) = refused.value.errors()
    assert (told["type"], told["msg"]) == ("validator_failed", "a validator of Base failed on this value")
    assert "ZeroDivisionError" in caplog.text


def test_wrong_registrations_are_refused(kinds: tuple[Any, Any]) -> None:
    with pytest.raises(ValueError, match="'before' or 'after', not 'during'"):
        kinds[0].add_validator(print, mode="during")
    with pytest.raises(TypeError, match="callable"):
        kinds[0].add_validator(5)


def test_clear_removes_what_is_the_class_s_own(kinds: tuple[Any, Any]) -> None:
    base, child = kinds
    ran: list[str] = []
    base.add_validator(lambda value: ran.append("base") or value)
    child.add_validator(lambda value: ran.append("child") or value)
    child.add_validator(lambda value: ran.append("before") or value, mode="before")
    child.clear_validators(mode="after")
    child.model_validate({})
    assert ran == ["before", "base"]
    child.clear_validators()
    ran.clear()
    child.model_validate({})
    assert ran == ["base"]
