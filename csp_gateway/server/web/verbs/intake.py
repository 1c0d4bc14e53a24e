"""What a body that was sent means: ticks of one channel, or of the keys of a basket."""

from collections.abc import Collection
from itertools import islice
from typing import Any, NamedTuple

import msgspec
from pydantic import ValidationError

from csp_gateway.errors import NoProviderException, did_you_mean
from csp_gateway.server.channels import WAITING_LIMIT, Answer, Outside, Soon
from csp_gateway.server.structs import decode_many, is_plain, with_nearest
from csp_gateway.server.web.problem import PROBLEMS, RefusedRequest
from csp_gateway.server.web.reply import written
from csp_gateway.server.web.verbs.refused import UNREADABLE, Place, Refused, wrong
from csp_gateway.server.web.verbs.shape import Shape
from csp_gateway.server.web.verbs.slices import INLINE_BYTES, refuse_more, slices_of

__all__ = ["NO_BODY", "RECORDS_LIMIT", "Accepted", "Intake"]

RECORDS_LIMIT = WAITING_LIMIT
"""Records of one body; more could never wait for the engine at once, and a list channel would hold it up with them."""
NO_BODY = "Input should be a JSON object or an array of objects, sent with Content-Type: application/json"
_SHOWN_ERRORS = 100
"""Errors of one body that are told."""
_SHORT = 80
"""Bytes of a body that may say no more than null; a longer one is not looked at for that."""
_MOST_ERRORS = 1_000
"""Errors after which a body is not read to its end."""


class Accepted(NamedTuple):
    """What was queued."""

    body: bytes
    """The records, as JSON."""
    ticked: Answer | None
    """Known once they have ticked, if somebody wants to wait for that."""


class Intake:
    """Lets what bodies say into one channel.

    Args:
        shape: the channel's.
        context: how bodies are validated; see ``GatewayStruct.model_validate``.
        opened: of a basket, the spellings of the keys that can be sent to.
    """

    def __init__(self, outside: Outside, shape: Shape, context: dict[str, Any], opened: Collection[str] = ()) -> None:
        self._outside = outside
        self._shape = shape
        self._context = context
        self.opened = tuple(opened)
        """The spellings of the keys that can be sent to."""

    def is_quick(self, size: int) -> bool:
        """Whether a body of so many bytes may be read on an event loop: not if that calls rules of the user's."""
        return size <= INLINE_BYTES and is_plain(self._shape.struct)

    def accept(
        self, body: bytes, spelled: str | None = None, *, ticked: bool = False, soon: Soon | None = None
    ) -> Accepted:
        """Queue what a body says, and give back the answer: what was accepted.

        A list channel ticks once with all of it, another once for each record; a basket once for all keys in the body.

        Args:
            spelled: the key of a basket, if the body is for one of them alone.
            ticked: whether anybody will wait until it has ticked.
            soon: on an event loop, its ``call_soon``: what is sent to it meanwhile goes to the engine together.

        Raises:
            Refused: the body is no JSON, or not of the channel's class, or has more than ``RECORDS_LIMIT`` records;
                or there is no such key.
            HTTPException: nobody opened the key.
            GatewayException: it was not taken, or could not be answered; then it was not queued either.
        """
        shape = self._shape
        if shape.container is not None and spelled is None:
            return self._accept_keys(body, ticked, soon)
        key = None if spelled is None else self._key(spelled, ("path", "key"))
        records = self._records(body, ("body",))
        answer = written(records)  # before it is queued: from then on it is the engine's
        if not records:
            return Accepted(answer, None)
        ticks = [records] if shape.listed else records
        return Accepted(answer, self._outside.send_all(shape.channel, ticks, key, ticked=ticked, soon=soon))

    def _accept_keys(self, body: bytes, ticked: bool, soon: Soon | None) -> Accepted:
        try:
            parts = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        except UNREADABLE as error:
            raise Refused([wrong("dict_type", ("body",), f"Input should be an object by key: {error}", body)]) from None
        if unknown := [spelled for spelled in parts if not self._has(spelled)]:
            told = [self._unknown(spelled, ("body", spelled, "[key]")) for spelled in unknown[:_SHOWN_ERRORS]]
            raise Refused(told, len(unknown))
        ticks: dict[Any, Any] = {}
        left = RECORDS_LIMIT
        for spelled, part in parts.items():
            key = self._key(spelled, ("body", spelled, "[key]"))
            if records := self._records(bytes(part), ("body", spelled), left, single=not self._shape.listed):
                ticks[key] = records if self._shape.listed else records[0]
                left -= len(records)
        given = list(ticks.values())
        answer = written([each for tick in given for each in tick] if self._shape.listed else given)
        if not ticks:
            return Accepted(answer, None)
        whole = ticks if self._shape.container is dict else [ticks.get(i) for i in range(max(ticks) + 1)]
        return Accepted(answer, self._outside.send_all(self._shape.channel, [whole], ticked=ticked, soon=soon))

    def _records(self, data: bytes, where: Place, most: int = RECORDS_LIMIT, *, single: bool = False) -> list[Any]:
        if single and data[:1] == b"[":
            raise Refused([wrong("object_type", where, "Input should be an object: a key ticks once a send", data)])
        if not single and len(data) < _SHORT and data.strip() in (b"", b"null"):
            raise Refused([wrong("object_or_array", where, NO_BODY, data)])
        refuse_more(data, most, where)
        records: list[Any] = []
        errors: list[dict[str, Any]] = []
        count = 0
        for start, piece in slices_of(data):
            if count >= _MOST_ERRORS:
                raise Refused(errors)  # nobody knows how many more there are
            try:
                records += decode_many(self._shape.struct, piece, self._context)
            except ValidationError as error:
                count += error.error_count()
                if len(errors) < _SHOWN_ERRORS:
                    found = (
                        {**with_nearest(each, self._shape.struct), "loc": _place(where, start, each["loc"])}
                        for each in error.errors(include_url=False)
                    )
                    errors += islice(found, _SHOWN_ERRORS - len(errors))
        if errors:
            raise Refused(errors, count)
        return records

    def _has(self, spelled: str) -> bool:
        return spelled in self._shape.keys

    def _key(self, spelled: str, where: Place) -> Any:
        if not self._has(spelled):
            raise Refused([self._unknown(spelled, where)])
        if spelled not in self.opened:
            path = f"{self._shape.channel}/{spelled}"
            hint = (
                f"key {spelled!r} takes nothing from outside, as it is not opened; {did_you_mean(spelled, self.opened)}"
            )
            raise RefusedRequest(PROBLEMS[NoProviderException], f"Channel not found: {path}", hint=hint)
        return self._shape.keys[spelled]

    def _unknown(self, spelled: str, where: Place) -> dict[str, Any]:
        told = f"There is no such key; {did_you_mean(spelled, self._shape.keys)}"
        if self._shape.container is None:
            told = f"There is no such key: {self._shape.channel!r} is no basket; leave the key out"
        return wrong("enum", where, told, spelled)


def _place(where: Place, start: int, within: Place) -> Place:
    """Where something is wrong that is ``within`` a slice; of a body that is no array, the slice is all of it."""
    if start and within and isinstance(within[0], int):
        within = (start + within[0], *within[1:])
    return (*where, *within)
