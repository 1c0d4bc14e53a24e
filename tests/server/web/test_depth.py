"""How deep JSON is nested."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csp_gateway.server.web import depth as depth_module
from csp_gateway.server.web.depth import is_deeper

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.text('[]{}"\\ab'), lambda inner: st.lists(inner) | st.dictionaries(st.text('[]{}"\\ab'), inner)
)


def depth(value: Any) -> int:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth, inner), default=0)
    return 0


@given(VALUES, st.integers(1, 6))
def test_it_is_what_a_parser_says(value: Any, most: int) -> None:
    assert is_deeper(json.dumps(value).encode(), most) == (depth(value) > most)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 1000, b"[" * 65 + b"]" * 65])
def test_what_never_closes_is_deep(body: bytes) -> None:
    assert is_deeper(body, 64)


@pytest.mark.parametrize("body", [b"", b'"', b'"[', b'"\\', b"]" * 100, b"[{}]" * 100 + b"[", b"\xff" * 100])
def test_what_is_no_json_is_left_to_the_parser(body: bytes) -> None:
    assert not is_deeper(body, 64)


@pytest.mark.parametrize("piece", [1, 2, 3, 7])
@given(VALUES)
def test_it_does_not_matter_where_it_is_cut(piece: int, value: Any) -> None:
    body = json.dumps(value).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(depth_module, "_PIECE", piece)
        assert is_deeper(body, 1) == (depth(value) > 1)
