"""No credential is in the log."""

from __future__ import annotations

import logging

import pytest

from csp_gateway import GatewayClient


def test_a_token_is_not_logged_with_its_url(omnibus: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), GatewayClient(host=omnibus, api_key="S3CRET") as client:
        client.last("example", timeout=5)
    # The gateway runs in this process too, and has a log of its own.
    ours = [each.getMessage() for each in caplog.records if each.name.split(".")[0] in ("httpx2", "httpcore2")]
    assert any("token=…" in said for said in ours)
    assert not [said for said in ours if "S3CRET" in said]
