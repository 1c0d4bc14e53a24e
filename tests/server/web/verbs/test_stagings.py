"""The stagings of a channel in JSON."""

import json
import threading
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from csp import ts

from csp_gateway import GatewayChannels, GatewayModule, GatewayStruct, Stage
from csp_gateway.server.web.verbs.refused import Refused
from csp_gateway.server.web.verbs.stagings import Stagings

FRESH = {"force_new_id": True, "force_new_timestamp": True}


class Lot(GatewayStruct):
    """A lot."""

    n: int


class Floor(GatewayChannels):
    lots: Annotated[ts[Lot], Stage()] = None
    rows: Annotated[list[ts[Lot]], Stage()] = None

    def dynamic_keys(self) -> Any:
        return {"rows": 2}


class Nothing(GatewayModule):
    """Only there so that there is a gateway."""

    def connect(self, channels: Floor) -> None:
        pass


@pytest.fixture
def channels(serve: Callable[..., Any]) -> Floor:
    found: Floor = serve(Nothing(), channels=Floor()).gateway.channels
    return found


def of(channels: Floor, field: str) -> Stagings:
    return Stagings(channels, channels.declared[field], FRESH)


def test_the_keys_of_a_basket_by_position_are_numbers_in_text(channels: Floor) -> None:
    rows = of(channels, "rows")
    ((_, [item]),) = json.loads(rows.add(b'{"1": {"n": 5}}', None)).items()
    assert item["1"]["n"] == 5
    with pytest.raises(Refused) as refused:
        rows.add(b'{"2": {"n": 5}}', None)
    assert refused.value.errors[0]["loc"] == ("body", "2", "[key]")


def test_a_staging_that_is_gone_holds_nothing(channels: Floor) -> None:
    lots = of(channels, "lots")
    ((staging, _),) = json.loads(lots.add(b'{"n": 1}', None)).items()
    assert json.loads(lots.remove(b"", None)) == {staging: []}
    assert json.loads(lots.lookup([staging])) == {}
    assert json.loads(lots.release([staging])) == {}
    assert json.loads(lots.ids([staging])) == []


def test_records_that_were_staged_in_python_are_told_too(channels: Floor) -> None:
    lot = Lot(n=3)
    (staging,) = channels.stage_add("lots", lot)
    lots = of(channels, "lots")
    assert json.loads(lots.lookup(None)) == {staging: [json.loads(lot.model_dump_json())]}
    assert channels.stage_lookup("lots")[staging] == [lot]
    lots.add(json.dumps({"id": lot.id}).encode(), [])
    assert all(each is lot for items in channels.stage_lookup("lots").values() for each in items)


def test_what_a_body_names_is_not_released_before_it_is_staged(
    channels: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    lots, lot = of(channels, "lots"), Lot(n=3)
    channels.stage_add("lots", lot)
    original, threads, released = channels.stage_lookup, [], []

    def looked_up(*given: Any) -> Any:
        held = original(*given)
        if not threads:
            threads.append(threading.Thread(target=lambda: released.append(json.loads(lots.release(None)))))
            threads[0].start()
            threads[0].join(0.2)  # as long as it is given; it has to wait
        return held

    monkeypatch.setattr(type(channels), "stage_lookup", lambda _, *given: looked_up(*given))
    lots.add(json.dumps({"id": lot.id}).encode(), [])
    threads[0].join(10)
    monkeypatch.undo()
    assert [len(items) for items in released[0].values()] == [1, 1]
    assert channels.stage_lookup("lots") == {}
