"""What the API answers is what its document says, whatever is asked of it. ``make fuzz`` asks more."""

import json
import re

import httpx2
import pytest

from tests.ways.contract import judged, serving_all

_ALIKE = "never_ticks|example_list|example_with_stage|example_with_state|str_basket|controls|livez|readyz|metrics"
"""What differs from other operations in its name alone, and what would be asked the same a thousand times."""
_TIMED_OUT = re.compile(r"^csp_gateway_requests_timed_out_total\S* (\S+)$", re.MULTILINE)


@pytest.mark.timeout(300)
def test_the_api_is_what_its_document_says() -> None:
    with serving_all() as url:
        every = judged(url, 2, "--phases", "examples,fuzzing,stateful", seed=1)
        corners = judged(url, 1, "--phases", "coverage", "--exclude-path-regex", _ALIKE, seed=1)
        late = sum(map(float, _TIMED_OUT.findall(httpx2.get(f"{url}/metrics").text)))
    assert every.passed, every.said
    assert corners.passed, corners.said
    cases = every.cases + corners.cases
    assert cases > 2000
    # A case whose time runs out has not been looked at; some are to run out, for a deadline is a parameter, too.
    assert 0 < late < cases / 10


def test_every_reference_of_the_document_leads_somewhere_and_every_part_is_used() -> None:
    with serving_all() as url:
        text = httpx2.get(f"{url}/openapi.json").text
    referred = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert referred == set(json.loads(text)["components"]["schemas"])
