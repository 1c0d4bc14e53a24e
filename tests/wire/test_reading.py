"""JSON text of queries."""

import pytest

from csp_gateway.errors import QueryError
from csp_gateway.wire.reading import read_object


def test_an_object_is_read_from_text_and_bytes() -> None:
    text = '{"limit": 1, "filters": [{"attr": "é"}]}'
    assert read_object(text) == read_object(text.encode()) == {"limit": 1, "filters": [{"attr": "é"}]}


def test_half_of_a_surrogate_pair_is_text() -> None:
    assert read_object(rb'{"value": "\ud800"}') == {"value": "\ud800"}
    assert read_object('{"value": "\\ud83d\\ude00"}') == {"value": "\U0001f600"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "Invalid JSON: .*at character 2"),
        ("", "Invalid JSON: .*at character 1"),
        (b'{"a": "\xff"}', "no UTF-8, at byte 8"),
        (b"\xff\xfe{\0}\0", "no UTF-8, at byte 1"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        (f'{{"limit": {"1" * 5_000}}}', "too many digits"),
        ("[1]", "Input should be an object"),
        ("null", "Input should be an object"),
        ('"{}"', "Input should be an object"),
        ('{"limit": 1, "limit": 2}', "'limit' stands twice"),
        ('{"filters": [{"attr": "a", "by": {"value": 1, "where": "<", "value": 2}}]}', "'value' stands twice"),
        ('{"value": NaN}', "NaN is no JSON"),
        ('{"value": -Infinity}', "-Infinity is no JSON"),
        (f'{{"cursor": "{"x" * 5_000_000}"}}', "4,194,304 at most"),
    ],
    ids=lambda given: ascii(given)[:40],
)
def test_what_is_none_is_refused(text: str | bytes, said: str) -> None:
    with pytest.raises(QueryError, match=f"^not a query: .*{said}"):
        read_object(text)
