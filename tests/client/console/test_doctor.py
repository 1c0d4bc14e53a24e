"""Doctor."""

import json

from tests.client.console.invoking import invoke


def test_all_is_well(url: str) -> None:
    told = invoke("doctor", "--url", url, "--json")
    assert told.status == 0
    assert {each["status"] for each in json.loads(told.out)} <= {"ok", "warn"}


def test_nobody_is_there() -> None:
    told = invoke("doctor", "--url", "http://localhost:1")
    assert told.status == 3
    assert told.out.startswith("fail reachable")
