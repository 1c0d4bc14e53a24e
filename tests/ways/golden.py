"""The omnibus's documents, kept beside as ``openapi.json`` and ``asyncapi.json``; ``make openapi`` writes them anew."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx2

from csp_gateway import Gateway, MountWebSocketRoutes
from csp_gateway.server.demo.omnibus import ExampleGatewayChannels, ExampleModule, ExampleModuleFeedback
from csp_gateway.testing import serving_gateway
from tests.ways.contract import serving_omnibus

__all__ = ["GOLDEN", "SERVING", "STREAMS", "served", "serving_streams", "written"]

GOLDEN = Path(__file__).with_name("openapi.json")
STREAMS = Path(__file__).with_name("asyncapi.json")


@contextmanager
def serving_streams() -> Iterator[str]:
    """Serve the omnibus, to be followed, for as long as the ``with`` block lasts; gives its URL."""
    modules = [ExampleModule(), ExampleModuleFeedback(), MountWebSocketRoutes()]
    with serving_gateway(Gateway(channels=ExampleGatewayChannels(), modules=modules)) as url:
        yield url


SERVING: Mapping[Path, Callable[[], AbstractContextManager[str]]] = {GOLDEN: serving_omnibus, STREAMS: serving_streams}
"""Each document that is kept, and who serves it."""


def served(url: str, kept: Path = GOLDEN) -> dict[str, Any]:
    """A document of who listens at ``url``, without what varies from one release or one place to the next."""
    document: dict[str, Any] = httpx2.get(f"{url}/{kept.name}").raise_for_status().json()
    document["info"]["version"] = "0"
    if kept is STREAMS:
        del document["servers"]
    return document


def written(document: dict[str, Any]) -> str:
    """As text that shows in review what has changed: indented, in the order in which it comes."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Keep what is served now."""
    for kept, serving in SERVING.items():
        with serving() as url:
            kept.write_text(written(served(url, kept)), encoding="utf-8")


if __name__ == "__main__":
    main()
