"""What a gateway is made of."""

import csp
import pytest
from pydantic import ValidationError

from csp_gateway import GatewayChannels, GatewaySettings
from csp_gateway.server.gateway.parts import GatewayParts


def test_without_parts_it_is_an_empty_graph() -> None:
    parts = GatewayParts(settings=GatewaySettings())
    assert parts.enabled_modules == []
    csp.build_graph(parts.graph)
    assert type(parts.channels) is GatewayChannels


def test_parts_it_does_not_have_are_refused() -> None:
    with pytest.raises(ValidationError, match="a gateway has no 'chanels'; did you mean 'channels'"):
        GatewayParts(chanels=GatewayChannels())
