"""Generic channels classes."""

from enum import Enum
from typing import Annotated, Dict, Generic, List, Optional, TypeVar  # noqa: UP035  # users write these

import pytest
from csp import ts
from pydantic import create_model

from csp_gateway import DeclarationError, GatewayChannels, GatewayStruct
from csp_gateway.server.channels.generics import open_variables, refuse_open

K, T, U = TypeVar("K"), TypeVar("T"), TypeVar("U")


class Quote(GatewayStruct):
    price: float


class Trade(GatewayStruct):
    price: float


class Side(Enum):
    BUY = 1
    SELL = 2


class Feed(GatewayChannels, Generic[K, T]):
    limit: Optional[T] = None  # noqa: UP045
    plain: ts[T] = None
    listed: ts[List[T]] = None  # noqa: UP006
    short: ts[[T]] = None
    marked: Annotated[ts[T], "a mark"] = None
    by_key: Dict[K, ts[T]] = None  # noqa: UP006
    lists_by_key: dict[K, ts[list[T]]] = None
    by_position: List[ts[T]] = None  # noqa: UP006


def spelled(channels: type[GatewayChannels]) -> dict[str, str]:
    return {name: str(declaration) for name, declaration in channels.declared.items()}


QUOTES_BY_SIDE = {
    "plain": "ts[Quote]",
    "listed": "ts[List[Quote]]",
    "short": "ts[List[Quote]]",
    "marked": "ts[Quote]",
    "by_key": "Dict[Side, ts[Quote]]",
    "lists_by_key": "Dict[Side, ts[List[Quote]]]",
    "by_position": "List[ts[Quote]]",
}


def test_brackets_say_what_ticks() -> None:
    quotes = Feed[Side, Quote]
    assert spelled(quotes) == QUOTES_BY_SIDE
    assert quotes.declared["by_key"].keys == tuple(Side)
    assert quotes.declared["lists_by_key"].tstype == ts[List[Quote]]  # noqa: UP006
    assert quotes.declared["marked"].marks == ("a mark",)
    assert quotes.plain == "plain"
    assert quotes().declared is quotes.declared


def test_two_parametrisations_are_two_classes() -> None:
    assert Feed[str, Trade].declared["plain"].element is Trade
    assert Feed[str, Quote].declared["plain"].element is Quote
    assert Feed[str, Trade].declared["by_key"].keys is None


def test_a_subclass_of_a_parametrised_class() -> None:
    class QuoteFeed(Feed[Side, Quote]):
        more: ts[Trade] = None

    assert spelled(QuoteFeed) == {**QUOTES_BY_SIDE, "more": "ts[Trade]"}


def test_generics_of_generics() -> None:
    class BySide(Feed[Side, U], Generic[U]):
        own: ts[U] = None

    class Again(BySide[T], Generic[T]):
        pass

    assert spelled(Again[Quote]) == {**QUOTES_BY_SIDE, "own": "ts[Quote]"}
    assert spelled(Feed[K, Quote][Side]) == QUOTES_BY_SIDE


@pytest.mark.filterwarnings("ignore:.*carries List:UserWarning")
def test_the_same_variable_may_mean_another_thing_further_up() -> None:
    class Batches(Feed[Side, List[T]], Generic[T]):  # noqa: UP006
        one: ts[T] = None

    assert spelled(Batches[Quote])["plain"] == "ts[List[Quote]]"
    assert spelled(Batches[Quote])["one"] == "ts[Quote]"


def test_diamonds() -> None:
    class Left(Feed[Side, Quote]):
        left: ts[Trade] = None

    class Right(Feed[Side, Quote]):
        right: ts[Trade] = None

    class Both(Left, Right):
        pass

    assert spelled(Both) == {**QUOTES_BY_SIDE, "right": "ts[Trade]", "left": "ts[Trade]"}


def test_two_generic_bases() -> None:
    class Extra(GatewayChannels, Generic[U]):
        extra: ts[U] = None

    class Both(Extra[U], Feed[K, T], Generic[K, T, U]):
        pass

    assert spelled(Both[Side, Quote, Trade]) == {**QUOTES_BY_SIDE, "extra": "ts[Trade]"}


def test_a_redeclared_channel_is_what_the_subclass_says() -> None:
    class Over(Feed[K, T], Generic[K, T]):
        plain: ts[List[T]] = None  # noqa: UP006

    assert spelled(Over[Side, Quote]) == {**QUOTES_BY_SIDE, "plain": "ts[List[Quote]]"}


def test_a_model_made_at_run_time() -> None:
    made = create_model("Made", __base__=Feed[Side, Quote], extra=(ts[Trade], None))
    assert spelled(made) == {**QUOTES_BY_SIDE, "extra": "ts[Trade]"}


def test_brackets_with_impossible_keys() -> None:
    with pytest.raises(DeclarationError, match=r"Feed\[float, Quote\]\.by_key: the keys of a basket are .*not float"):
        _ = Feed[float, Quote]


def test_a_struct_named_in_quotation_marks() -> None:
    class Quoted(GatewayChannels):
        plain: ts["Quote"] = None
        by_key: "Dict[Side, ts[List[Quote]]]" = None  # noqa: UP006

    assert spelled(Quoted) == {"plain": "ts[Quote]", "by_key": "Dict[Side, ts[List[Quote]]]"}


def test_a_struct_that_is_declared_later() -> None:
    class Early(GatewayChannels):
        late: "ts[Late]" = None

    class Late(GatewayStruct):
        n: int

    Early.model_rebuild()
    assert spelled(Early) == {"late": "ts[Late]"}


def test_which_variables_are_open() -> None:
    assert open_variables(dict[K, ts[list[T]]]) == (K, T)
    assert open_variables(dict[T, ts[T]]) == (T,)
    assert open_variables(ts[Quote]) == ()
    assert open_variables(None) == ()


def test_what_is_left_open_cannot_be_wired() -> None:
    with pytest.raises(DeclarationError, match=r"Feed leaves T and K open in 'plain', .*: say what it is, Feed\[…\]"):
        refuse_open("Feed", Feed.declared)
    with pytest.raises(DeclarationError, match=r"leaves K open in 'by_key', 'lists_by_key':"):
        refuse_open("Feed[K, Quote]", Feed[K, Quote].declared)
    refuse_open("Feed[Side, Quote]", Feed[Side, Quote].declared)
