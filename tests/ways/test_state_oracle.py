"""A state against an oracle: whatever is put into it, whatever it is asked, and whoever answers, DuckDB or Python."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from csp_gateway.server.state.database import modify_duckdb_threads, restore_duckdb_threads
from csp_gateway.server.state.state import State
from tests.ways.state_engines import run
from tests.ways.state_plans import plans
from tests.ways.state_records import Mixed

SEEDS = Path(__file__).parents[1] / "seeds" / "state"
RANDOM = "CSP_GATEWAY_RANDOM" in os.environ
"""Whether the cases are others each time; in CI they are the same."""
CASES = 670
"""Queries that each of three tests asks at least: more than 2,000."""


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Tables of ten rows are answered twice as fast by one thread."""
    modify_duckdb_threads(1)
    yield
    restore_duckdb_threads()


@pytest.mark.timeout(240)  # what fails is made small first
@pytest.mark.parametrize(
    ("cls", "wild", "share"),
    [
        pytest.param("Native", False, 0.8, id="fields that csp keeps clean"),
        pytest.param("Mixed", False, 0.3, id="fields of every sort"),
        pytest.param("Mixed", True, 0.15, id="fields that hold what they are not meant for"),
    ],
)
def test_whoever_answers_says_what_the_oracle_says(cls: str, wild: bool, share: float) -> None:
    tally: Counter[str] = Counter()

    @settings(deadline=None, derandomize=not RANDOM, max_examples=70, suppress_health_check=list(HealthCheck))
    @given(plans(cls, wild))
    def check(plan: Any) -> None:
        try:
            run(plan, tally)
        except Exception:
            # Hypothesis ends with the smallest.
            (SEEDS / f"unsaved-{cls}{'-wild' * wild}.json").write_text(json.dumps(plan, indent=1) + "\n")
            raise

    check()
    assert tally["cases"] >= CASES
    assert tally["answered"] >= share * (tally["answered"] + tally["declined"]), f"DuckDB hardly took part: {tally}"


@pytest.mark.parametrize("seed", sorted(path.stem for path in SEEDS.glob("*.json")))
def test_what_failed_once_does_not_fail_again(seed: str) -> None:
    tally: Counter[str] = Counter()
    run(json.loads((SEEDS / f"{seed}.json").read_text()), tally)
    assert tally["cases"]


def test_a_number_of_numpys_is_the_key_that_it_is_equal_to() -> None:
    state = State[Mixed]("anything")
    state.insert(Mixed(anything=3))
    state.insert(Mixed(anything=np.int64(3)))
    assert len(state) == 1
