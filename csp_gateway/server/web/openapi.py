"""What the OpenAPI document says beyond what FastAPI reads off the routes: about tags, examples, and whom to ask."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from csp_gateway.server.structs import GatewayStruct, example_of

__all__ = ["TAGS", "complete"]

TAGS: Mapping[str, str] = {
    "Last": "The newest tick of a channel. Waits for what was sent to it before, and else never for the engine.",
    "Next": "Wait for the coming tick of a channel.",
    "Requests (send)": "Put records into a channel.",
    "State": "Ask for the newest record of each key: whole, by a query, or in SQL.",
    "History": "The newest ticks of a channel, as many as it keeps, a page at a time.",
    "Lookup": "Find one record by its id, among the newest.",
    "Stage": "Hold records back from a channel, look at them, and release them.",
    "Controls": "The gateway itself: whether it lives, how it fares, and its end.",
    "Streaming": "Ticks as they come.",
    "Health": "For whoever watches over the process.",
    "Auth": "To be let in and out.",
    "Utility": "About the API.",
}
"""What each group of operations is for, in the order that the documentation shows them."""


def complete(schema: dict[str, Any], contact: Mapping[str, str], structs: Iterable[type[GatewayStruct]]) -> None:
    """Add to an OpenAPI document who answers questions, what its tags mean, and an example of each struct.

    Args:
        schema: changed in place.
        contact: as OpenAPI has it: ``name``, ``email``; empty, the document names nobody.
        structs: whose records the API carries.
    """
    # FastAPI's own `contact` needs a package that judges addresses, and fails the whole schema for a wrong one.
    if contact:
        schema["info"]["contact"] = dict(contact)
    schema["tags"] = _described_tags(schema)
    components = schema.get("components", {}).get("schemas", {})
    for struct in structs:
        component = components.get(_name_among(struct, components))
        if component is not None:
            component.setdefault("examples", [_example(struct)])


def _described_tags(schema: Mapping[str, Any]) -> list[dict[str, str]]:
    """The tags that are used: the known ones in their order, each with those of other API versions, then a user's."""
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    used = {tag for operation in operations for tag in operation.get("tags", ())}
    known = {tag: meaning for plain, meaning in TAGS.items() for tag in sorted(used) if _is(plain, tag)}
    described = [{"name": tag, "description": meaning} for tag, meaning in known.items()]
    return described + [{"name": tag} for tag in sorted(used - set(known))]


def _is(plain: str, tag: str) -> bool:
    return tag == plain or (tag.startswith(f"{plain} (v") and tag.endswith(")"))


def _name_among(struct: type[GatewayStruct], components: Mapping[str, Any]) -> str:
    """A class's name; where several are called the same, pydantic puts its module before."""
    long = f"{struct.__module__}.{struct.__qualname__}".replace(".", "__")
    return long if long in components else struct.__name__


@cache
def _example(struct: type[GatewayStruct]) -> dict[str, Any]:
    return example_of(struct)
