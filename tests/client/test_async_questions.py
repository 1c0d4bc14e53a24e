"""The verbs that ask for data, awaited: the same as those that are waited for."""

from __future__ import annotations

import inspect

from csp_gateway.client.async_questions import AsyncQuestions
from csp_gateway.client.sync_questions import SyncQuestions


def test_both_clients_ask_for_the_same_data() -> None:
    assert verbs(AsyncQuestions) == verbs(SyncQuestions) == ["history", "last", "lookup", "next", "sql", "state"]


def verbs(of: type) -> list[str]:
    return [name for name, _ in inspect.getmembers(of, inspect.isfunction) if not name.startswith("_")]
