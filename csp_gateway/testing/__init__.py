"""How to test an application built on us; each name is loaded on first use."""

from typing import TYPE_CHECKING

from csp_gateway._lazy import lazy_names

if TYPE_CHECKING:
    from csp_gateway.testing.harness import GatewayTestHarness
    from csp_gateway.testing.in_process import GatewayTestClient, client_to
    from csp_gateway.testing.running import gateway_of, running_gateway
    from csp_gateway.testing.sample_modules import (
        CspDieModule,
        LongStartModule,
        MyDictBasketModule,
        MyExampleModule,
        MyGetModule,
        MyNoTickDictBasket,
        MySetModule,
        NeverDieModule,
    )
    from csp_gateway.testing.samples import (
        MyEnum,
        MyGateway,
        MyGatewayChannels,
        MySmallGateway,
        MySmallGatewayChannels,
        MyStruct,
    )
    from csp_gateway.testing.serving import serving_gateway

__all__ = [
    "CspDieModule",
    "GatewayTestClient",
    "GatewayTestHarness",
    "LongStartModule",
    "MyDictBasketModule",
    "MyEnum",
    "MyExampleModule",
    "MyGateway",
    "MyGatewayChannels",
    "MyGetModule",
    "MyNoTickDictBasket",
    "MySetModule",
    "MySmallGateway",
    "MySmallGatewayChannels",
    "MyStruct",
    "NeverDieModule",
    "client_to",
    "gateway_of",
    "running_gateway",
    "serving_gateway",
]

_HOMES = {
    "CspDieModule": "csp_gateway.testing.sample_modules",
    "GatewayTestClient": "csp_gateway.testing.in_process",
    "GatewayTestHarness": "csp_gateway.testing.harness",
    "LongStartModule": "csp_gateway.testing.sample_modules",
    "MyDictBasketModule": "csp_gateway.testing.sample_modules",
    "MyEnum": "csp_gateway.testing.samples",
    "MyExampleModule": "csp_gateway.testing.sample_modules",
    "MyGateway": "csp_gateway.testing.samples",
    "MyGatewayChannels": "csp_gateway.testing.samples",
    "MyGetModule": "csp_gateway.testing.sample_modules",
    "MyNoTickDictBasket": "csp_gateway.testing.sample_modules",
    "MySetModule": "csp_gateway.testing.sample_modules",
    "MySmallGateway": "csp_gateway.testing.samples",
    "MySmallGatewayChannels": "csp_gateway.testing.samples",
    "MyStruct": "csp_gateway.testing.samples",
    "NeverDieModule": "csp_gateway.testing.sample_modules",
    "client_to": "csp_gateway.testing.in_process",
    "gateway_of": "csp_gateway.testing.running",
    "running_gateway": "csp_gateway.testing.running",
    "serving_gateway": "csp_gateway.testing.serving",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
