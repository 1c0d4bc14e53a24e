"""What the API answers is what its document says, whatever is asked of it."""

import pytest

from tests.ways.contract import judged, serving_omnibus


@pytest.mark.timeout(300)
def test_the_api_is_what_its_document_says() -> None:
    with serving_omnibus() as url:
        verdict = judged(url, cases=5, seed=1)
    assert verdict.passed, verdict.said
    assert verdict.cases > 2000
