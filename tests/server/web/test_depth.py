"""How deep JSON is nested."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize("body", [b"", b'"', b'"[', b'"\\', b"]" * 100, b"[{}]" * 100, b"\xff" * 100])
def test_what_is_no_json_is_left_to_the_parser(body: bytes) -> None:
    assert not is_deeper(body, 64)


def test_it_costs_no_more_than_parsing() -> None:
    body = json.dumps([{"n": 1, "t": "a \\ text", "l": [1, 2, {}]}] * 20_000).encode()
    started = time.process_time()
    assert not is_deeper(body, 64)
    judged = time.process_time() - started
    json.loads(body)
    assert judged < 5 * (time.process_time() - started - judged)
