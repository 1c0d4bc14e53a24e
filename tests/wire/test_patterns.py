"""Patterns of LIKE, and what is like them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csp_gateway.wire import patterns
from csp_gateway.wire.patterns import LONGEST_PATTERN, pattern_of


def is_like(text: str, like: str) -> bool:
    return pattern_of(like).match(text) is not None


@pytest.mark.parametrize(
    ("like", "alike", "unlike"),
    [
        ("", [""], ["a"]),
        ("abc", ["abc"], ["ab", "abcd", "ABC", "abc\n"]),
        ("%", ["", "a", "a\nb"], []),
        ("a%", ["a", "ab", "a\n"], ["ba", ""]),
        ("%a", ["a", "ba", "aba"], ["ab", "a\n"]),
        ("%a%", ["a", "bab"], ["b"]),
        ("a%a", ["aa", "aba"], ["a"]),
        ("_", ["a", "\n", "é", "😀"], ["", "ab"]),
        ("%ab%ab", ["abab", "ababab"], ["ab", "aab"]),
        (r"\%", ["%"], ["a", r"\%"]),
        (r"\_\\", ["_\\"], ["a\\"]),
        (r"\a.*", ["a.*"], ["abb", r"\a.*"]),
    ],
)
def test_what_is_like_a_pattern(like: str, alike: list[str], unlike: list[str]) -> None:
    assert [text for text in [*alike, *unlike] if is_like(text, like)] == alike


def slowly(text: str, like: str) -> bool:
    """The definition, read aloud."""
    if not like:
        return not text
    if like[0] == "%":
        return slowly(text, like[1:]) or (bool(text) and slowly(text[1:], like))
    if like[0] == "\\":
        return text[:1] == like[1] and slowly(text[1:], like[2:])
    return bool(text) and like[0] in ("_", text[0]) and slowly(text[1:], like[1:])


LIKES = st.lists(st.sampled_from(["a", "b", "%", "_", r"\%", r"\a", "\n", "."]), max_size=6).map("".join)


@settings(max_examples=400, deadline=None)
@given(st.text("ab%\n.", max_size=8), LIKES)
def test_it_says_what_the_definition_says(text: str, like: str) -> None:
    expected = slowly(text, like)
    assert is_like(text, like) is expected
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patterns, "_QUICK", -1)  # as if the text were long
        assert is_like(text, like) is expected


@pytest.mark.timeout(10)  # a regular expression takes seconds, and no other thread runs meanwhile
@pytest.mark.parametrize("piece", ["a" * 990, "a" * 10, "a_" * 490, "_" * 490 + "a" * 490, "aé" * 400])
def test_a_long_text_is_judged_in_time_that_grows_with_it_alone(piece: str) -> None:
    text = "a" * 1_000_000
    assert not is_like(text, f"%{piece}b%")
    assert not is_like(text, f"{piece}b%")
    assert is_like(f"{text}b{text}", f"%{piece}b%") is ("é" not in piece)


@pytest.mark.timeout(20)
def test_no_pattern_takes_for_ever() -> None:
    assert not is_like("a" * 20_000, "%a" * 20 + "%b%")
    assert not is_like("a" * 2_000, "%a" * 400 + "b")


@pytest.mark.parametrize(
    ("like", "message"),
    [("a\\", "cannot end in a backslash"), ("\\\\\\", "cannot end"), ("%" * (LONGEST_PATTERN + 1), "at most 1,000")],
)
def test_what_is_no_pattern_is_refused(like: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pattern_of(like)
