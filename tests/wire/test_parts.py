"""What all parts of a query share."""

import pytest
from pydantic import Field, ValidationError

from csp_gateway.wire.parts import Part, Path


class Sieve(Part):
    nearby = {"mesh": "on the rim"}
    instead = frozenset({"funnel"})

    from_: Path = Field(validation_alias="from", serialization_alias="from")
    size: int = 5
    names: list[str] = []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"from": "a", "sise": 1}, r"'sise' does not belong here; did you mean 'size'\?"),
        ({"from": "a", "funel": 1}, r"'funel' does not belong here; did you mean 'funnel'\?"),
        ({"from": "a", "zzz": 1}, "'zzz' does not belong here; known: from, funnel, names, size"),
        ({"from": "a", "mesh": 1}, "'mesh' belongs on the rim"),
        ({"from": "a", 5: 1}, "'5' does not belong here"),
        ({"from": "a", "x" * 9999: 1}, "'x{79} does not"),
        ({"from": "a.b-c"}, "an attribute is a name, or names joined by dots, not 'a.b-c'"),
        ({"from": ".".join("a" * 501)}, "a path has at most 1,000 characters"),
    ],
)
def test_what_does_not_belong_is_refused_with_what_does(given: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Sieve.model_validate(given)


def test_a_name_that_is_a_word_of_pythons_has_an_underscore_only_in_python() -> None:
    sieve = Sieve(from_="a.b", size=6)
    assert Sieve.model_validate({"from": "a.b", "size": 6}) == Sieve.model_validate(sieve.model_dump()) == sieve
    for by_alias in (True, False, None):
        assert sieve.model_dump(by_alias=by_alias) == {"from": "a.b", "size": 6}


def test_json_leaves_out_what_is_as_if_not_given() -> None:
    assert Sieve(from_="a", size=5, names=[]).model_dump_json() == '{"from":"a"}'
    assert Sieve(from_="a", names=["b"]).model_dump_json() == '{"from":"a","names":["b"]}'
