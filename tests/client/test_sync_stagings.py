"""What is held back of a channel, and let go."""

from __future__ import annotations

import pytest

from csp_gateway import GatewayClient, ServerUnknownException, WrongArgumentError
from tests.client.test_sync_verbs import RECORD

CHANNEL = "example_with_stage"


def test_a_record_is_held_back_and_released(client: GatewayClient) -> None:
    ((staging, held),) = client.stage_new(CHANNEL).items()
    assert held == []
    assert client.stage_add(CHANNEL, RECORD, [staging])[staging][0]["x"] == 7
    assert staging in client.stage(CHANNEL)
    assert client.stage_list(CHANNEL, staging) == client.stage_lookup(CHANNEL, staging)
    assert client.stage_list(CHANNEL)[staging][0]["x"] == 7
    assert client.stage_release(CHANNEL, staging)[staging][0]["x"] == 7
    assert staging not in client.stage_list(CHANNEL)


def test_a_record_is_taken_back_and_a_staging_is_emptied(client: GatewayClient) -> None:
    ((staging, _),) = client.stage_new(CHANNEL).items()
    (record,) = client.stage_add(CHANNEL, RECORD, staging)[staging]
    assert client.stage_remove(CHANNEL, {"id": record["id"]}, [staging]) == {staging: []}
    client.stage_add(CHANNEL, RECORD, staging)
    assert client.stage_clear(CHANNEL, [staging]) == client.stage_list(CHANNEL, staging) == {staging: []}


def test_a_staging_that_is_not_open_is_told(client: GatewayClient) -> None:
    with pytest.raises(ServerUnknownException, match=r"^400: .*none") as caught:
        client.stage_add(CHANNEL, RECORD, ["none"])
    assert caught.value.status == 400


def test_there_is_no_other_method(client: GatewayClient) -> None:
    with pytest.raises(WrongArgumentError, match="should be 'add', 'remove'"):
        client.stage(CHANNEL, "drop")  # type: ignore[arg-type]
