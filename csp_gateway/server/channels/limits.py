"""How much of a channel is kept, and ``Keep``, the mark that says so for one channel."""

from dataclasses import asdict, dataclass

from csp_gateway.errors import DeclarationError

__all__ = ["HistoryLimits", "Keep"]


@dataclass(frozen=True, slots=True)
class HistoryLimits:
    """The most that a history keeps; whichever limit is met first holds.

    Attributes:
        items: ticks.
        seconds: of engine time, from the oldest tick to the newest.
        bytes: of memory that the ticks hold, as far as it can be estimated.

    Raises:
        DeclarationError: one of them is not positive, or ``items`` or ``bytes`` is no whole number.
    """

    items: int = 1000
    seconds: float = 300.0
    bytes: int = 16 * 2**20

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            _refuse_impossible(name, value)


@dataclass(frozen=True, slots=True)
class Keep:
    """How much of one channel is kept, worn by its annotation: ``Annotated[ts[Quote], Keep(items=10_000)]``.

    A channel that wears it has a history from the start, whether a module exposes it or not. What is left out comes
    from the gateway's settings ``HISTORY_ITEMS``, ``HISTORY_SECONDS`` and ``HISTORY_BYTES``.

    Attributes:
        items: ticks.
        seconds: of engine time, from the oldest tick to the newest.
        bytes: of memory that the ticks hold, as far as it can be estimated.

    Raises:
        DeclarationError: one of them is not positive, or ``items`` or ``bytes`` is no whole number.
    """

    items: int | None = None
    seconds: float | None = None
    bytes: int | None = None

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value is not None:
                _refuse_impossible(name, value)

    def completed(self, defaults: HistoryLimits) -> HistoryLimits:
        """The limits it sets, and those of ``defaults`` it leaves out."""
        return HistoryLimits(
            defaults.items if self.items is None else self.items,
            defaults.seconds if self.seconds is None else self.seconds,
            defaults.bytes if self.bytes is None else self.bytes,
        )


def _refuse_impossible(name: str, value: float) -> None:
    whole = name != "seconds"
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not 0 < value < float("inf"):
        kind = "a whole number" if whole else "a number of seconds"
        raise DeclarationError(f"a history's {name} is {kind} above 0, not {value!r}: nothing is kept without a limit")
