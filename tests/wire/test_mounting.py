"""Which module serves which verb."""

import pytest

import csp_gateway
from csp_gateway import GatewayModule
from csp_gateway.wire.mounting import MODULES, not_served


@pytest.mark.parametrize("module", sorted(set(MODULES.values())))
def test_every_module_is_one_that_there_is(module: str) -> None:
    assert issubclass(getattr(csp_gateway, module), GatewayModule)


@pytest.mark.parametrize(("group", "module"), MODULES.items())
def test_of_a_verb_that_is_not_served_the_module_is_named(group: str, module: str) -> None:
    said = not_served(group)
    assert said == f"no module serves {group!r} here: {module} does, if the gateway has it among its modules"
