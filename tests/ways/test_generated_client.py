"""A client that knows nothing of us but the document can call every operation that stands in it."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from csp_gateway.testing import serving_gateway
from tests.ways.contract import omnibus
from tests.ways.generated import Generated, Operation, example, fits, generated, operations
from tests.ways.golden import GOLDEN

DOCUMENT = json.loads(GOLDEN.read_text(encoding="utf-8"))
_SELECT = {"sql": "select count(*) as n from example_with_state where x > $low", "parameters": {"low": 0}}
_QUERY = {"limit": 3}
_SILENT = "get_next_never_ticks"
"""The one operation that can only be answered 504."""


class Caller:
    """Calls operations of the running omnibus with what the document says they take."""

    def __init__(self, made: Generated, client: Any) -> None:
        self._made = made
        self._client = client

    def __call__(self, id: str, /, **arguments: Any) -> Any:
        """The answer: its ``status_code``, and what it was ``parsed`` to."""
        return self._made.modules[id].sync_detailed(client=self._client, **arguments)

    def sensibly(self, operation: Operation) -> Any:
        """The same with arguments that can be answered."""
        return self(operation.id, **self.arguments(operation))

    def arguments(self, operation: Operation) -> dict[str, Any]:
        """The path's, a body, and what there is to say beside."""
        takes = self._made.parameters(operation.id)
        given: dict[str, Any] = {}
        verb, _, rest = operation.id.partition("_")
        if "{key}" in operation.path:
            (key,) = (each for each in operation.said["parameters"] if each["name"] == "key")
            given["key"] = takes["key"](key["schema"]["enum"][-1])
        if "{id}" in operation.path:
            given["id"] = self("get_last_example").parsed[0].id
        if "query" in takes:
            given["query"] = json.dumps(_QUERY)
        if "body" in takes:
            given["body"] = self.body(operation)
        if "wait" in takes:
            given |= {"wait": _made_of(takes["wait"], "ticked"), "idempotency_key": operation.id}
        if verb == "stage":
            given |= self.staged(*rest.split("_", 1))
        if operation.id.startswith("get_next_"):
            given["timeout"] = 0.1 if operation.id == _SILENT else 5
        return given

    def body(self, operation: Operation) -> Any:
        """What the document shows of it, as the generated model."""
        schema = operation.said["requestBody"]["content"]["application/json"]["schema"]
        if operation.id == "sql":
            raw: Any = _SELECT
        elif operation.id.startswith("query_state_"):
            raw = _QUERY
        elif operation.id.startswith("stage_remove_"):
            raw = {"id": ""}
        else:
            raw = example(schema, DOCUMENT)
        return _model_of(self._made.parameters(operation.id)["body"], raw)

    def staged(self, act: str, channel: str) -> dict[str, Any]:
        """A staging opened for this call, where a record waits unless it is the call that adds one."""
        (add,) = (each for each in operations(DOCUMENT) if each.id == f"stage_add_{channel}")
        (staging,) = self(add.id).parsed.to_dict()
        if act == "add":
            return {"id": staging}
        (record,) = self(add.id, body=self.body(add), id=staging).parsed[staging]
        if act != "remove":
            return {"id": staging}
        takes = self._made.parameters(f"stage_remove_{channel}")
        return {"id": staging, "body": _model_of(takes["body"], {"id": record.id})}


def _models(hint: Any) -> list[Any]:
    return [part for part in getattr(hint, "__args__", (hint,)) if hasattr(part, "from_dict")]


def _model_of(hint: Any, raw: dict[str, Any]) -> Any:
    """Of a union's classes the first that is a model."""
    return _models(hint)[0].from_dict(raw)


def _made_of(hint: Any, value: str) -> Any:
    """Of a union's classes the first that is an enum."""
    (kind, *_) = (part for part in hint.__args__ if hasattr(part, "__members__"))
    return kind(value)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generated]:
    with generated(GOLDEN, tmp_path_factory.mktemp("client")) as made:
        yield made


@pytest.fixture(scope="module")
def call(made: Generated) -> Iterator[Caller]:
    gateway = omnibus()
    # A busy machine takes longer to a tick than the omnibus waits.
    gateway.settings.NEXT_SECONDS = 5
    with (
        serving_gateway(gateway) as url,
        made.client(base_url=url, timeout=20, raise_on_unexpected_status=True) as client,
    ):
        call = Caller(made, client)
        # When the second tick has come, all of the first can be found.
        for _ in range(2):
            assert call("get_next_example", timeout=5).status_code == 200
        yield call


def test_every_operation_of_the_document_is_answered_as_it_says(made: Generated, call: Caller) -> None:
    said = operations(DOCUMENT)
    assert sorted(made.modules) == sorted(operation.id for operation in said)
    wrong = {}
    for operation in said:
        if operation.id in ("get_next_controls", _SILENT):
            continue  # each has a test of its own
        answer = call.sensibly(operation)
        if answer.status_code != 200 or not fits(answer.parsed, made.parameters(operation.id)["return"]):
            wrong[operation.id] = answer
    assert not wrong


def test_a_control_is_awaited(made: Generated, call: Caller) -> None:
    with ThreadPoolExecutor(1) as pool:
        awaited = pool.submit(call, "get_next_controls", timeout=5)
        while not awaited.done():
            assert call("controls_heartbeat").parsed[0].status == "ok"
    assert [each.name for each in awaited.result().parsed] == ["heartbeat"]


def test_who_waits_in_vain_is_told_so(made: Generated, call: Caller) -> None:
    (silent,) = (operation for operation in operations(DOCUMENT) if operation.id == _SILENT)
    answer = call.sensibly(silent)
    assert (answer.status_code, answer.parsed.status) == (504, 504)
    assert isinstance(answer.parsed, made.problem)


@pytest.mark.parametrize("channel", ["example", "example_with_stage"])
def test_a_record_is_staged_found_and_released(call: Caller, channel: str) -> None:
    (staging,) = call.staged("lookup", channel).values()
    assert staging in call(f"stage_list_{channel}").parsed
    (held,) = call(f"stage_lookup_{channel}", id=staging).parsed[staging]
    released = call(f"stage_release_{channel}", id=staging).parsed
    assert released[staging] == [held]
    assert staging not in call(f"stage_list_{channel}").parsed


def test_the_records_of_a_state_are_of_the_model_of_its_channel(call: Caller) -> None:
    for records in (call("get_state_example").parsed, call("query_state_example").parsed):
        assert {type(record).__name__ for record in records} == {"ExampleData"}
