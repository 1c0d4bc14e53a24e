"""What a channel's annotation can wear, as in ``Annotated[ts[Order], Stage()]``."""

from dataclasses import dataclass

__all__ = ["Stage"]


@dataclass(frozen=True, slots=True)
class Stage:
    """Records can be held back from the channel, and are released into it later."""
