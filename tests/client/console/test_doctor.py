"""Doctor."""

import json
from typing import Any


def test_all_is_well(url: str, run: Any) -> None:
    ended = run("doctor", "--url", url, "--json")
    assert ended.returncode == 0
    assert {each["status"] for each in json.loads(ended.stdout)} <= {"ok", "warn"}


def test_nobody_is_there(run: Any) -> None:
    ended = run("doctor", "--url", "http://localhost:1")
    assert ended.returncode == 3
    assert ended.stdout.startswith("fail reachable")
