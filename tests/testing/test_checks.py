"""What a test can ask of a value, and what is said when it is not so."""

from datetime import datetime
from typing import Any

import numpy as np
import pytest

from csp_gateway import GatewayStruct
from csp_gateway.testing.checks import (
    attributes,
    different,
    element,
    equal,
    instance_of,
    length,
    satisfying,
    unset_attribute,
)

NAN = float("nan")


class Leg(GatewayStruct):
    px: float
    note: str


class Order(GatewayStruct):
    legs: list[Leg]
    by_name: dict[str, Leg]
    sizes: np.ndarray


def leg(**fields: Any) -> Leg:
    return Leg(id="1", timestamp=datetime(2024, 1, 1), **fields)


# --- Equal ------------------------------------------------------------------------------------------------------------

EQUAL = [
    (1, 1.0),
    (True, 1),
    ("a", "a"),
    (None, None),
    (NAN, NAN),
    (np.float64("nan"), NAN),
    (np.datetime64("NaT", "ns"), np.datetime64("NaT", "ns")),
    ([1, NAN], [1, NAN]),
    ((1, [2]), (1, [2])),
    ({"a": NAN}, {"a": NAN}),
    ({1, 2}, {2, 1}),
    (np.array([1.0, NAN]), np.array([1.0, NAN])),
    (np.array([1, 2]), [1, 2]),
    (np.zeros((2, 2)), np.zeros((2, 2))),
    (np.array(["a", None], dtype=object), np.array(["a", None], dtype=object)),
    (leg(px=NAN), leg(px=NAN)),
    (leg(), leg()),
    ([leg(px=1.0)], [leg(px=1.0)]),
]


@pytest.mark.parametrize(("expected", "found"), EQUAL, ids=repr)
def test_what_is_equal(expected: Any, found: Any) -> None:
    assert equal(expected)(found) is None
    assert equal(found, nearly=True)(expected) is None
    assert different(expected)(found) is not None


@pytest.mark.parametrize(
    ("expected", "found", "said"),
    [
        (1, 2, "expected 1\n  found    2"),
        (1, "1", "expected 1\n  found    '1'"),
        (1, None, "expected 1\n  found    None"),
        (NAN, 1.0, "expected nan\n  found    1.0"),
        ([1], (1,), r"expected [1]"),
        ([1, 2], [1, 3], "  [1]: expected 2, found 3"),
        ([1, 2], [1], "  length: expected 2 elements, found 1"),
        ({"a": 1}, {"b": 1}, "  ['a']: expected 1, found nothing\n  ['b']: expected nothing, found 1"),
        ({"a": [1]}, {"a": [2]}, "  ['a'][0]: expected 1, found 2"),
        (np.array([1, 2]), np.array([1, 3]), "  [1]: expected np.int64(2), found np.int64(3)"),
        (np.zeros((2, 2)), np.eye(2), "  [1, 1]: expected np.float64(0.0), found np.float64(1.0)"),
        (np.zeros(2), np.zeros(3), "  shape: expected shape (2,), found (3,)"),
        (np.zeros(2), 0.0, "  shape: expected shape (2,), found ()"),
        (np.array(["a"]), np.array([1]), "  [0]: expected np.str_('a'), found np.int64(1)"),
        (leg(px=1.0), leg(px=2.0), "  .px: expected 1.0, found 2.0"),
        (leg(px=1.0), leg(), "  .px: expected 1.0, found it unset"),
        (leg(), leg(px=1.0), "  .px: expected it unset, found 1.0"),
        (leg(px=1.0), 1.0, "found    1.0"),
    ],
)
def test_what_is_not_equal_is_told_where_it_differs(expected: Any, found: Any, said: str) -> None:
    complaint = equal(expected)(found)
    assert complaint is not None
    assert said in complaint
    assert complaint.startswith("expected ")
    assert different(expected)(found) is None


def test_the_way_into_a_struct_is_told() -> None:
    expected = Order(legs=[leg(px=1.0)], by_name={"a": leg(note="x")}, sizes=np.array([1.0, 2.0]), id="1")
    found = Order(legs=[leg(px=2.0)], by_name={"a": leg(note="y")}, sizes=np.array([1.0, 3.0]), id="1")
    found.timestamp = expected.timestamp
    complaint = equal(expected)(found) or ""
    assert complaint.splitlines()[2:] == [
        "  .legs[0].px: expected 1.0, found 2.0",
        "  .by_name['a'].note: expected 'x', found 'y'",
        "  .sizes[1]: expected np.float64(2.0), found np.float64(3.0)",
    ]


def test_two_structs_that_were_made_apart_differ_and_it_is_told_why() -> None:
    complaint = equal(Leg(px=1.0))(Leg(px=1.0))
    assert complaint is not None
    assert "  .id: expected '" in complaint
    assert complaint.endswith(
        "Every struct that is made has an id and a timestamp of its own: name the fields that matter"
    )


def test_long_values_are_cut_and_many_differences_counted_off() -> None:
    complaint = equal(list(range(1000)))(list(range(1, 1001)))
    assert complaint is not None
    assert len(complaint.splitlines()) == 13
    assert complaint.endswith("and more")
    assert max(map(len, complaint.splitlines())) < 400


@pytest.mark.parametrize(
    ("expected", "found", "is_nearly"),
    [
        (1.0, 1.0 + 1e-8, True),
        (1.0, 1.0 + 1e-6, False),
        (1e12, 1e12 + 1, True),
        (0.0, 1e-8, True),
        (1, 1.00000001, True),
        (True, 1.00000001, False),
        (float("inf"), float("inf"), True),
        (float("inf"), -float("inf"), False),
        (np.float64(1), 1 + 1e-8, True),
        (np.array([1.0, NAN, np.inf]), np.array([1.0 + 1e-8, NAN, np.inf]), True),
        (np.array([1, 2], dtype=np.uint8), np.array([1, 3], dtype=np.uint8), False),
        (np.array(["a"]), np.array(["a"]), True),
        ([1.0, {"a": 2.0}], [1.0, {"a": 2.0 + 1e-9}], True),
        (leg(px=1.0), leg(px=1.0 + 1e-9), True),
        (leg(px=1.0), leg(px=1.1), False),
    ],
)
def test_nearly_equal(expected: Any, found: Any, is_nearly: bool) -> None:
    assert (equal(expected, nearly=True)(found) is None) == is_nearly


# --- The others -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "found", "said"),
    [
        (instance_of(float), 1.0, None),
        (instance_of((int, float)), 1.0, None),
        (instance_of((int, float)), "x", "expected int or float\n  found    str 'x'"),
        (length(2), [1, 2], None),
        (length(2), [1], "expected 2 elements\n  found    1: [1]"),
        (length(2), 1, "expected 2 elements\n  found    1, which has no length"),
        (different(1), 2, None),
        (different(1), 1, "expected anything but 1"),
        (attributes({"px": equal(1.0), "note": equal("x")}), leg(px=1.0, note="x"), None),
        (attributes({"px": equal(1.0), "note": equal("x")}), leg(px=2.0, note="y"), ".note: expected 'x'"),
        (attributes({"px": equal(1.0)}), leg(), ".px: it is unset\n  of Leg("),
        (attributes({"notes": equal(1.0)}), leg(), ".notes: Leg has no such field; did you mean 'note'?"),
        (attributes({"real": equal(1)}), 1, None),
        (attributes({"px": equal(1)}), 1, ".px: int has no such attribute"),
        (unset_attribute("px"), leg(), None),
        (unset_attribute("px"), leg(px=1.0), ".px: expected unset\n  found    1.0"),
        (unset_attribute("px", False), leg(px=1.0), None),
        (unset_attribute("px", False), leg(), ".px: it is unset"),
        (unset_attribute("notes"), leg(), ".notes: Leg has no such field; did you mean 'note'?"),
        (element(1, equal(2)), [1, 2], None),
        (element(-1, equal(2)), [1, 2], None),
        (element(1, equal(3)), [1, 2], "[1]: expected 3\n  found    2"),
        (element(2, equal(3)), [1, 2], "[2]: there are 2 elements: [1, 2]"),
        (element(0, equal(3)), 1, "[0]: 1 has no positions"),
        (element(0, equal(3)), {}, "[0]: {} has no positions"),
        (satisfying(lambda x: x > 1), 2, None),
        (satisfying(lambda x: None), 2, None),
        (satisfying(lambda x: x > 1), 1, "<lambda> gave False for 1"),
        (satisfying(lambda x: np.bool_(x > 1)), 1, "<lambda> gave False for 1"),
    ],
)
def test_other_checks(check: Any, found: Any, said: str | None) -> None:
    complaint = check(found)
    assert complaint is None if said is None else said in complaint


def test_what_a_function_raises_is_its_own() -> None:
    with pytest.raises(ZeroDivisionError):
        satisfying(lambda x: x / 0)(1)


class Sizes(GatewayStruct):
    sizes: list[float]
    legs: list[Leg]


def test_lists_inside_structs_are_looked_into() -> None:
    found = Sizes(id="1", timestamp=datetime(2024, 1, 1), sizes=[1.0, NAN], legs=[leg(px=2.0)])
    assert equal([1.0, NAN])(found.sizes) is None
    assert equal([1.0 + 1e-10, NAN], nearly=True)(found.sizes) is None
    assert equal([leg(px=2.0 + 1e-10)], nearly=True)(found.legs) is None
    assert equal([1.0, 2.0])(found.sizes) is not None
