"""Each module's routes added in turn."""

from typing import Any

import pytest

from csp_gateway import Gateway, GatewayModule, RestFailedError, UnknownChannelError
from csp_gateway.server.gateway.routes import add_routes
from csp_gateway.server.web import GatewayWebApp


def module(act: Any) -> GatewayModule:
    return type("Part", (GatewayModule,), {"rest": lambda self, app: act(app)})()


def test_modules_come_in_order_and_are_served() -> None:
    seen: list[int] = []
    app = GatewayWebApp(Gateway(), ui=False)
    add_routes(app, [module(lambda _: seen.append(1)), module(lambda _: seen.append(2))])
    assert seen == [1, 2]
    assert "/" in {getattr(route, "path", "") for route in app.app.routes}


def test_what_a_rest_raises_is_the_cause() -> None:
    with pytest.raises(RestFailedError, match=r"Part\.rest raised ZeroDivisionError") as failed:
        add_routes(GatewayWebApp(Gateway(), ui=False), [module(lambda _: 1 / 0)])
    assert isinstance(failed.value.__cause__, ZeroDivisionError)


def test_an_error_of_ours_passes_with_the_modules_name() -> None:
    with pytest.raises(UnknownChannelError) as refused:
        add_routes(GatewayWebApp(Gateway(), ui=False), [module(lambda app: app.add_last_api("nope"))])
    assert refused.value.__notes__ == ["raised while Part added its routes"]
