"""The AsyncAPI document changes only where someone has looked at the change: ``asyncapi.json`` shows it in review."""

from difflib import unified_diff

from tests.ways.golden import STREAMS, served, serving_streams, written

_SHOWN = 60
"""Lines of a difference."""


def test_the_document_is_the_one_that_is_kept() -> None:
    with serving_streams() as url:
        now = written(served(url, STREAMS))
    kept = STREAMS.read_text(encoding="utf-8")
    changed = [*unified_diff(kept.splitlines(), now.splitlines(), "kept", "served", n=2, lineterm="")]
    shown = "\n".join(changed[:_SHOWN])
    assert not changed, f"The document differs in {len(changed)} lines; if that is meant: make openapi\n{shown}"
