"""The OpenAPI document changes only where someone has looked at the change: ``openapi.json`` shows it in review."""

import json
from difflib import unified_diff

from tests.ways.contract import serving_omnibus
from tests.ways.golden import GOLDEN, served, written

_SHOWN = 60
"""Lines of a difference."""


def test_the_document_is_the_one_that_is_kept() -> None:
    with serving_omnibus() as url:
        now = written(served(url))
    kept = GOLDEN.read_text(encoding="utf-8")
    changed = [*unified_diff(kept.splitlines(), now.splitlines(), "kept", "served", n=2, lineterm="")]
    shown = "\n".join(changed[:_SHOWN])
    assert not changed, f"The document differs in {len(changed)} lines; if that is meant: make openapi\n{shown}"


def test_what_may_be_left_out_is_no_null() -> None:
    document = json.loads(GOLDEN.read_text(encoding="utf-8"))
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            taken = [operation.get("requestBody", {}), *operation.get("parameters", [])]
            assert '{"type": "null"}' not in json.dumps(taken), (method, path)
