"""What is held back of a channel, awaited."""

from __future__ import annotations

import asyncio

from csp_gateway import AsyncGatewayClient
from tests.client.test_sync_stagings import CHANNEL
from tests.client.test_sync_verbs import RECORD


def test_a_record_is_held_back_and_released(omnibus: str) -> None:
    async def stage() -> None:
        async with AsyncGatewayClient(host=omnibus) as client:
            ((staging, _),) = (await client.stage_new(CHANNEL)).items()
            (record,) = (await client.stage_add(CHANNEL, RECORD, [staging]))[staging]
            assert await client.stage_list(CHANNEL, staging) == {staging: [record]}
            assert await client.stage_lookup(CHANNEL, staging) == {staging: [record]}
            assert await client.stage_remove(CHANNEL, {"id": record["id"]}, [staging]) == {staging: []}
            assert staging in await client.stage(CHANNEL)
            assert await client.stage_clear(CHANNEL, [staging]) == {staging: []}
            assert await client.stage_release(CHANNEL, staging) == {staging: []}

    asyncio.run(stage())
