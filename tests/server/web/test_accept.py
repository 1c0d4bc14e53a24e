"""What Accept asks for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csp_gateway.server.web.accept import preferred

JSON, NDJSON, CSV, ARROW = "application/json", "application/x-ndjson", "text/csv", "application/vnd.apache.arrow.stream"
OFFERED = [JSON, NDJSON, CSV, ARROW]


@pytest.mark.parametrize(
    ("accept", "answer"),
    [
        ("", JSON),
        ("  ", JSON),
        ("*/*", JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", JSON),
        ("application/json, text/plain, */*", JSON),
        ("Text/CSV", CSV),
        ("text/csv;header=present ; Q=0.5", CSV),
        ("text/*", CSV),
        ("application/*", JSON),
        ("application/json;q=0.2, text/csv;q=0.3", CSV),
        ("application/json;q=0.5, */*", NDJSON),
        ("*/*, application/json;q=0, application/x-ndjson;q=0", CSV),
        ("*/*, application/vnd.apache.arrow.stream", ARROW),
        ("text/csv, application/json", JSON),
        ("text/csv;q=0.001", CSV),
        ("text/csv;q=1.000", CSV),
        ("application/json;q=x, text/csv;q=0.1", CSV),
        ("application/json;q=1.5, text/csv;q=0.1", CSV),
        ("application/json;q=nan, text/csv;q=0.1", CSV),
        (",, ;, text/csv", CSV),
        ("image/png", None),
        ("*/*;q=0", None),
        ("text/csv;q=0", None),
        ("*/csv", None),
        ("*", None),
        ("application", None),
    ],
)
def test_what_is_accepted(accept: str, answer: str | None) -> None:
    assert preferred(accept, OFFERED) == answer


WEIGHTS = st.integers(0, 1000).map(lambda n: n / 1000)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*OFFERED, "text/*", "application/*", "*/*", "image/png"]), WEIGHTS, min_size=1))
def test_nothing_that_is_offered_is_wanted_more(weights: dict[str, float]) -> None:
    def weight(media: str) -> float:
        for spelling in (media, f"{media.split('/')[0]}/*", "*/*"):
            if spelling in weights:
                return weights[spelling]
        return 0

    answer = preferred(", ".join(f"{media};q={q:.3f}" for media, q in weights.items()), OFFERED)
    heaviest = max(map(weight, OFFERED))
    assert (answer is None) == (heaviest == 0)
    assert answer is None or weight(answer) == heaviest


@settings(deadline=None)
@given(st.text(st.characters(codec="latin-1")))
def test_no_text_is_too_strange(accept: str) -> None:
    assert preferred(accept, OFFERED) in {*OFFERED, None}
