"""decode: what the generated decoders make is what pydantic makes, and so is what they refuse."""

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, Field, ValidationError

from csp_gateway.server.structs import GatewayStruct, decode, decode_many, encode
from csp_gateway.server.structs.compile import source_of
from csp_gateway.server.structs.decode import builder_of


class Inner(GatewayStruct):
    a: int = Field(default=1, gt=0)


class Outer(GatewayStruct):
    x: int
    inner: Inner
    many: list[Inner]
    tags: list[str] = Field(default_factory=lambda: ["new"])


class Strict(GatewayStruct, required=True):
    x: int
    y: int = 2
    z: list[int] = Field(default_factory=list)


def outcome(work: Any) -> Any:
    """The struct as a dict without what is minted, or the errors."""
    try:
        return plain(work())
    except ValidationError as error:
        return [
            {**told, "input": repr(told["input"])} for told in error.errors(include_url=False, include_context=False)
        ]


def plain(value: Any) -> Any:
    if hasattr(value, "metadata"):
        held = {name: getattr(value, name) for name in value.metadata() if hasattr(value, name)}
        kept = {name: plain(item) for name, item in held.items() if not minted(name, item)}
        return {"class": type(value).__name__, **kept}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return [str(value.dtype), *map(repr, value.tolist())]
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return repr(value)


def minted(name: str, value: Any) -> bool:
    """Whether it was made up on the way: then two runs differ in it."""
    if name == "id":
        return len(value) == 19
    return name == "timestamp" and abs(value - datetime.now(UTC).replace(tzinfo=None)) < timedelta(hours=1)


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_decode_makes_and_refuses_what_pydantic_does(
    data: st.DataObject, everything: type[GatewayStruct], payloads: st.SearchStrategy[Any]
) -> None:
    assert builder_of(everything) is not None
    text = json.dumps(data.draw(payloads)).encode()
    adapter = everything.type_adapter()
    assert outcome(lambda: decode(everything, text)) == outcome(lambda: adapter.validate_json(text))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_what_was_encoded_decodes_to_the_same(
    data: st.DataObject, everything: type[GatewayStruct], structs: st.SearchStrategy[Any]
) -> None:
    text = encode(data.draw(structs))
    adapter = everything.type_adapter()
    assert outcome(lambda: decode(everything, text)) == outcome(lambda: adapter.validate_json(text))


@settings(max_examples=100, deadline=None)
@given(text=st.binary(max_size=30) | st.text('{}[]":,x1 \\utrue', max_size=20).map(str.encode))
def test_what_is_no_json_is_refused_as_pydantic_does(text: bytes) -> None:
    assert outcome(lambda: decode(Outer, text)) == outcome(lambda: Outer.type_adapter().validate_json(text))


def test_a_struct_only_pydantic_can_read(slow: type[GatewayStruct]) -> None:
    assert builder_of(slow) is None
    text = b'{"anything":[1],"either":"x","by_side":{"SELL":1},"by_level":{"2":1},"matrix":[[1,null]],"pair":[1,"a"]}'
    assert json.loads(encode(decode(slow, text))).items() >= json.loads(text).items()


def test_identity_is_minted_when_absent_and_kept_when_given() -> None:
    bare, given_ = decode(Inner, b"{}"), decode(Inner, b'{"id":"7","timestamp":"2020-01-01T05:00:00+02:00"}')
    assert int(bare.id) > 10**18
    assert bare.timestamp.tzinfo is None
    assert (given_.id, given_.timestamp) == ("7", datetime(2020, 1, 1, 3))
    assert Inner.lookup(bare.id) is bare
    assert Inner.lookup("7") is given_


def test_numbers_become_text() -> None:
    class Named(GatewayStruct):
        name: str

    made = decode(Named, b'{"id":5,"name":3.14}')
    assert (made.id, made.name) == ("5", "3.14")


def test_defaults_are_made_for_each() -> None:
    first, second = decode(Outer, b"{}"), decode(Outer, b"{}")
    first.tags.append("mine")
    assert second.tags == ["new"]
    assert not hasattr(first, "x")


@pytest.mark.parametrize(
    ("payload", "kind", "place"),
    [
        (b'{"nope":1}', "extra_forbidden", ("nope",)),
        (b'{"inner":{"nope":1}}', "extra_forbidden", ("inner", "nope")),
        (b'{"many":[{},{"a":"q"}]}', "int_parsing", ("many", 1, "a")),
        (b'{"inner":{"a":0}}', "greater_than", ("inner", "a")),
        (b'{"x":null}', "int_type", ("x",)),
        (b'{"x":9223372036854775808}', "struct_field_refused", ("x",)),
        (b'{"timestamp":"1200-01-01T00:00:00"}', "struct_field_refused", ("timestamp",)),
        (b"[]", "dict_type", ()),
        (b'{"x":', "json_invalid", ()),
        (b"", "json_invalid", ()),
        (b'{"tags":["\xff"]}', "json_invalid", ()),
    ],
)
def test_a_refusal_says_what_and_where(payload: bytes, kind: str, place: tuple[Any, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        decode(Outer, payload)
    (told,) = refused.value.errors()
    assert (told["type"], told["loc"]) == (kind, place)
    assert ".cpp" not in told["msg"]
    assert ".h:" not in told["msg"]


def test_a_class_can_require_its_fields() -> None:
    assert builder_of(Strict) is not None
    made = decode(Strict, b'{"x":1}')
    assert (made.x, made.y, made.z) == (1, 2, [])
    with pytest.raises(ValidationError) as refused:
        decode(Strict, b"{}")
    assert [(told["type"], told["loc"]) for told in refused.value.errors()] == [("missing", ("x",))]


def test_an_array_or_an_object_gives_a_list() -> None:
    assert [each.a for each in decode_many(Inner, b' [{"a":1},{"a":"2"}]')] == [1, 2]
    assert [each.a for each in decode_many(Inner, b'{"a":3}')] == [3]
    assert decode_many(Inner, b"[]") == []


def test_an_error_in_an_array_tells_the_index() -> None:
    with pytest.raises(ValidationError) as refused:
        decode_many(Outer, b'[{"x":1},{"x":"q"}]')
    assert [told["loc"] for told in refused.value.errors()] == [(1, "x")]


def test_identity_can_be_forced_at_every_depth() -> None:
    text = b'{"id":"1","timestamp":"2020-01-01T00:00:00","inner":{"id":"2"},"many":[{"id":"3"}]}'
    for payload in (text, b'{"x":"5",' + text[1:]):  # the second needs pydantic
        made = decode(Outer, payload, {"force_new_id": True, "force_new_timestamp": True})
        assert made.timestamp.year > 2020
        assert min(map(int, (made.id, made.inner.id, made.many[0].id))) > 10**18
        (one,) = decode_many(Outer, b"[" + payload + b"]", {"force_new_id": True})
        assert int(one.inner.id) > 10**18
        assert one.timestamp.year == 2020


class TestChecksOnlyPydanticRuns:
    def test_a_validator_in_the_annotation(self) -> None:
        class Rounded(GatewayStruct):
            x: Annotated[float, AfterValidator(round)]

        assert builder_of(Rounded) is None
        assert decode(Rounded, b'{"x":1.6}').x == 2

    def test_a_validator_registered_after_the_decoder_was_made_even_on_a_nested_class(self) -> None:
        class Part(GatewayStruct):
            x: int

        class Whole(GatewayStruct):
            part: Part

        def positive(part: Part) -> Part:
            if part.x <= 0:
                raise ValueError("not positive")
            return part

        assert decode(Whole, b'{"part":{"x":-1}}').part.x == -1
        Part.add_validator(positive)
        with pytest.raises(ValidationError, match="not positive"):
            decode(Whole, b'{"part":{"x":-1}}')
        Part.clear_validators()
        assert decode(Whole, b'{"part":{"x":-1}}').part.x == -1
        assert builder_of(Whole) is not None

    def test_the_hook(self) -> None:
        class Hooked(GatewayStruct):
            x: int

            @classmethod
            def _validate_gateway_struct_after(cls, val: Any) -> Any:
                val.x += 1
                return val

        assert decode(Hooked, b'{"x":1}').x == 2

    def test_an_init_of_its_own(self) -> None:
        class Doubled(GatewayStruct):
            x: int

            def __init__(self, **fields: Any) -> None:
                super().__init__(**{**fields, "x": 2 * fields["x"]})

        assert decode(Doubled, b'{"x":1}').x == 2


def test_the_generated_code_can_be_read() -> None:
    builder = builder_of(Outer)
    assert builder is not None
    assert "struct.inner = build_Inner(v, fresh_id, fresh_timestamp)" in source_of(builder)
