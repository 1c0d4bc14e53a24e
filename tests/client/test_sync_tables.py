"""Tables of a client that waits."""

from __future__ import annotations

import pytest

from csp_gateway import GatewayClient, ServerRouteNotMountedException


def test_a_state_by_its_name_is_a_table(client: GatewayClient) -> None:
    client.next("example_with_state_multiple")
    with client.table("example_with_state_multiple", fields=["x"]) as table:
        table.wait_until(lambda rows: len(rows) > 0, 10)
        assert set(table.records()[0]) == {"id", "x"}


def test_a_state_that_there_is_not_is_told_with_the_nearest(client: GatewayClient) -> None:
    with pytest.raises(ServerRouteNotMountedException, match="did you mean 'example_with_state'"):
        client.table("example_with_stat")
