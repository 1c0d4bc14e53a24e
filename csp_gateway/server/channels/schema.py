"""DECLARATION: the channels a class declares, read once into a frozen table."""

import traceback
import warnings
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from csp import Struct
from csp.impl.wiring.edge import Edge

from csp_gateway.errors import DeclarationError, UnknownChannelError, did_you_mean
from csp_gateway.server.channels.generics import open_variables
from csp_gateway.server.channels.kinds import Declaration, declaration_of
from csp_gateway.server.channels.limits import Keep
from csp_gateway.server.channels.marks import Stage
from csp_gateway.server.channels.state_marks import refuse_states
from csp_gateway.server.state import State

__all__ = ["Schema", "read_schema"]

_MARKS = (State, Stage, Keep)


class Schema(Mapping[str, Declaration]):
    """Channel name → what the class declares it to be, in declaration order.

    Args:
        owner: the class.
        declarations: its channels.
        statics: its other fields.
    """

    def __init__(self, owner: str, declarations: Mapping[str, Declaration], statics: Collection[str] = ()) -> None:
        self.owner = owner
        self.statics = frozenset(statics)
        self._declarations = MappingProxyType(dict(declarations))

    def __getitem__(self, name: str) -> Declaration:
        """The declaration of a channel.

        Raises:
            UnknownChannelError: naming the nearest channel. It is not a ``KeyError``: ``name in schema`` tells first.
        """
        try:
            return self._declarations[name]
        except KeyError:
            raise UnknownChannelError(self.unknown(name)) from None

    def unknown(self, name: Any) -> str:
        """What is said of a name that is no channel."""
        if name in self.statics:
            return f"{self.owner}.{name} is a static value, not a channel: it does not tick"
        return f"{self.owner} has no channel {name!r:.60}; {did_you_mean(str(name), self._declarations)}"

    def __contains__(self, name: object) -> bool:
        return name in self._declarations

    def __iter__(self) -> Iterator[str]:
        return iter(self._declarations)

    def __len__(self) -> int:
        return len(self._declarations)


def read_schema(channels: type) -> Schema:
    """Read a channels class; warns of channels that the web cannot show because they do not carry structs."""
    declarations = {}
    fields: Mapping[str, Any] = getattr(channels, "model_fields", {})
    for name, field in fields.items():
        declaration = declaration_of(channels.__name__, name, field.annotation, field.metadata)
        _refuse_marks(f"{channels.__name__}.{name}", field, declaration)
        if declaration is None:
            continue
        declarations[name] = declaration
        if not _known_before(channels, declaration) and not _carries_structs(declaration):
            spelled = getattr(declaration.element, "__name__", str(declaration.element))
            warnings.warn_explicit(
                f"{channels.__name__}.{name} carries {spelled}: usable in the graph, not available over REST and in "
                f"tables, which need a GatewayStruct",
                UserWarning,
                *_declaring_line(),
            )
    refuse_states(channels.__name__, declarations)
    return Schema(channels.__name__, declarations, [name for name in fields if name not in declarations])


def _refuse_marks(where: str, field: Any, declaration: Declaration | None) -> None:
    """Hold that what an annotation wears, and its default, mean something."""
    for mark in field.metadata:
        if mark in _MARKS:
            raise DeclarationError(f"{where}: the mark is written {mark.__name__}(), with parentheses")
        if isinstance(mark, _MARKS) and declaration is None:
            raise DeclarationError(f"{where} wears {type(mark).__name__}(…), but a static value does not tick")
    if declaration is not None and isinstance(field.default, Edge):
        raise DeclarationError(f"{where}: the default of a channel is None; a module sets it, in its connect")


def _known_before(channels: type, declaration: Declaration) -> bool:
    """Whether a class above declares the channel with the same ticks, or it is not said yet what they are."""
    above = [getattr(base, "declared", {}) for base in channels.__bases__]
    same = any(declaration.name in each and each[declaration.name].ticks == declaration.ticks for each in above)
    return same or bool(open_variables(declaration.ticks))


def _declaring_line() -> tuple[str, int]:
    """The line of the class statement: the innermost frame that is neither pydantic's nor of this package."""
    for frame in reversed(traceback.extract_stack()):
        if "/pydantic/" not in frame.filename and not frame.filename.startswith(str(Path(__file__).parent)):
            return frame.filename, frame.lineno or 0
    return __file__, 0


def _carries_structs(declaration: Declaration) -> bool:
    return isinstance(declaration.element, type) and issubclass(declaration.element, Struct)
