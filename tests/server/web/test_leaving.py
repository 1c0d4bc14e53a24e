"""A client that goes away."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

from csp_gateway.server.web.leaving import left


def test_it_waits_past_the_body_until_the_client_has_gone() -> None:
    messages = [{"type": "http.request"}, {"type": "http.request"}, {"type": "http.disconnect"}, {"type": "never"}]

    async def receive() -> MutableMapping[str, Any]:
        return messages.pop(0)

    asyncio.run(left(receive))
    assert messages == [{"type": "never"}]
