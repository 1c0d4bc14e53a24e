"""POST send: a value into a channel."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Header, Query, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import StringConstraints
from pydantic.json_schema import SkipJsonSchema

from csp_gateway.errors import one_of
from csp_gateway.server.channels import Answer
from csp_gateway.server.web.deadline import waiting_for
from csp_gateway.server.web.idempotency import Replies, caller_of, is_key
from csp_gateway.server.web.leaving import left
from csp_gateway.server.web.media_type import not_json, says_json
from csp_gateway.server.web.reply import invalid
from csp_gateway.server.web.verbs.awaited import is_there
from csp_gateway.server.web.verbs.intake import NO_BODY, Accepted, Intake
from csp_gateway.server.web.verbs.mount import KEY, OVER, found, key_in, mount_verb
from csp_gateway.server.web.verbs.parameters import refuse_unknown
from csp_gateway.server.web.verbs.refused import Refused
from csp_gateway.server.web.verbs.shape import Shape
from csp_gateway.server.web.whole_body import whole_body
from csp_gateway.server.web.workers import Workers

__all__ = ["mount_send"]

_ACKNOWLEDGED = ("accepted", "ticked")
_Wait = Annotated[
    Literal["accepted", "ticked"],
    Query(description="Answer when it is queued, or when an engine cycle that has seen it is over."),
]
_Once = Annotated[
    # Inside the union: of constraints on it, pydantic's schema forgets the pattern.
    Annotated[str, StringConstraints(min_length=1, max_length=255, pattern="^[!-~]+$")] | SkipJsonSchema[None],
    Header(
        alias="Idempotency-Key",
        description="Names this request: one that is tried again with it ticks once, and gets the same answer.",
    ),
]
_NO_KEY = "Input should be 1 to 255 visible ASCII characters, once"


def mount_send(
    router: APIRouter,
    shape: Shape,
    intake: Intake,
    replies: Replies[Accepted],
    workers: Workers,
    *,
    made_here: bool,
) -> None:
    """Serve ``POST /<channel>``, and of a basket ``POST /<channel>/<key>``.

    Args:
        intake: what becomes of the bodies.
        replies: what is answered to who tries again.
        workers: decode large bodies.
        made_here: whether ``id`` and ``timestamp`` of a body are ignored.
    """
    Key: Any = key_in(shape)
    struct: Any = shape.struct
    of_one: Any = struct | list[struct]
    of_key_of_all: Any = of_one if shape.listed else struct
    key: Any = Literal[tuple(shape.keys)] if shape.keys else str
    by_keys: Any = dict[key, of_key_of_all]

    async def plain(wait: _Wait = "accepted", once: _Once = None, *, data: Annotated[of_one, Body()]) -> None:
        """What OpenAPI shows of it; FastAPI would read the body on the event loop, whatever its size."""

    async def by_key(wait: _Wait = "accepted", once: _Once = None, *, data: Annotated[by_keys, Body()]) -> None:
        """The same of a basket."""

    async def of_key(
        key: Key, wait: _Wait = "accepted", once: _Once = None, *, data: Annotated[of_one, Body()]
    ) -> None:
        """The same of one key."""

    once = "one tick that carries them all" if shape.listed else "one tick each, in order"
    kept = " `id` and `timestamp` are made here; what the body says of them is ignored." if made_here else ""
    description = f"Send {{}}.{kept} The answer is what was accepted: queued for the engine, not yet seen by it; "
    description += "with `wait=ticked`, seen by an engine cycle that is over. `X-Acknowledged` says which."
    some = f"one record or an array of records to {{}}: {once}"
    whole = f"records by key to `{shape.channel}`: one engine cycle" if shape.container else some.format(_code(shape))
    paths: dict[str, tuple[Callable[..., Any], str]] = {"": (by_key if shape.container else plain, whole)}
    if shape.container:
        paths[KEY] = (of_key, some.format(f"one key of {_code(shape)}"))
    refusals = {
        409: "A request with this `Idempotency-Key` is in progress",
        413: "The body is larger than `MAX_BODY_BYTES`",
        503: f"{OVER[503]}; or it takes no more values for now",
    }
    route = _route(shape, intake, replies, workers, made_here=made_here)
    for suffix, (signature, what) in paths.items():
        text = description.format(what)
        mount_verb(router, "POST", shape, suffix, signature, "Send", text, refusals=refusals, route=route)


def _route(
    shape: Shape, intake: Intake, replies: Replies[Accepted], workers: Workers, *, made_here: bool
) -> type[APIRoute]:
    def take(body: bytes, spelled: str | None, wait: str, keys: list[str], caller: bytes) -> tuple[Accepted, bool]:
        def accept() -> Accepted:
            return intake.accept(body, spelled, ticked=wait == "ticked")

        with found(shape.channel, spelled):
            if not keys:
                return accept(), False
            # In this thread, to the end: who has left while it decodes finds it done when he tries again.
            path = shape.channel if spelled is None else f"{shape.channel}/{spelled}"
            # Another version of the API may believe the identity that a body says.
            asked = [b"%d" % made_here, path.encode(), wait.encode(), body]
            return replies.once(keys[0], asked, accept, caller=caller)

    async def answer(request: Request) -> Response:
        body, spelled = await whole_body(request), request.path_params.get("key")
        wait = request.query_params.getlist("wait") or ["accepted"]
        keys = request.headers.getlist("idempotency-key")
        if wrong := _wrong(request, body, wait, keys):
            return invalid([wrong])
        refuse_unknown(request, {"wait"}, keys=shape.keys)
        asked = (body, spelled, wait[0], keys, caller_of(request))
        try:
            here = intake.is_quick(len(body))
            accepted, before = take(*asked) if here else await workers.decode(len(body), take, *asked)
        except Refused as refused:
            return invalid(refused.errors, refused.count)
        if accepted.ticked is not None and not await _ticked(request, shape, accepted.ticked):
            return Response(status_code=499)
        headers = {"x-acknowledged": wait[0], **({"idempotent-replayed": "true"} if before else {})}
        return Response(accepted.body, 200, headers, "application/json")

    class FromBytes(APIRoute):
        """Documented by its endpoint's signature, answered from the bytes of the body."""

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            return answer

    return FromBytes


def _wrong(request: Request, body: bytes, wait: list[str], keys: list[str]) -> dict[str, Any] | None:
    """What a request cannot be read for; None if it can."""
    if len(wait) > 1 or wait[0] not in _ACKNOWLEDGED:
        msg = f"Input {one_of(wait[0], _ACKNOWLEDGED)}" if len(wait) == 1 else f"Input should be given once, not {wait}"
        return {"type": "literal_error", "loc": ("query", "wait"), "msg": msg, "input": wait}
    if len(keys) > 1 or (keys and not is_key(keys[0])):
        return {"type": "idempotency_key", "loc": ("header", "Idempotency-Key"), "msg": _NO_KEY, "input": keys}
    if not body:
        return {"type": "object_or_array", "loc": ("body",), "msg": NO_BODY, "input": body}
    if not says_json(said := request.headers.get("content-type", "")):
        return {"type": "json_type", "loc": ("body",), "msg": not_json(said), "input": body}
    return None


async def _ticked(request: Request, shape: Shape, acknowledgement: Answer) -> bool:
    """Wait until what was sent has ticked; whether the client is still there then."""
    waiting_for(request, f"what was sent to {shape.channel}, which is queued, to tick")
    leaving = asyncio.ensure_future(left(request.receive))
    try:
        if not await is_there(acknowledgement, None, leaving):
            return False
    finally:
        leaving.cancel()
    acknowledgement.result()
    return True


def _code(shape: Shape) -> str:
    return f"`{shape.channel}`"
