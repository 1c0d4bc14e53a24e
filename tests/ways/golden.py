"""The OpenAPI document of the omnibus, kept beside as ``openapi.json``; ``make openapi`` writes it anew."""

import json
from pathlib import Path
from typing import Any

import httpx2

from tests.ways.contract import serving_omnibus

__all__ = ["GOLDEN", "served", "written"]

GOLDEN = Path(__file__).with_name("openapi.json")


def served(url: str) -> dict[str, Any]:
    """The document of who listens at ``url``, without what varies from one release to the next."""
    document: dict[str, Any] = httpx2.get(f"{url}/openapi.json").raise_for_status().json()
    document["info"]["version"] = "0"
    return document


def written(document: dict[str, Any]) -> str:
    """As text that shows in review what has changed: indented, in the order in which it comes."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Keep what is served now."""
    with serving_omnibus() as url:
        GOLDEN.write_text(written(served(url)), encoding="utf-8")


if __name__ == "__main__":
    main()
