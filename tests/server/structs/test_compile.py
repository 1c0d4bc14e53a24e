"""Generated functions keep their source, and their names apart."""

import traceback

import pytest

from csp_gateway.server.structs.compile import Names, compile_function, source_of


def test_a_traceback_shows_the_generated_line() -> None:
    divide = compile_function("divide", ["def divide(x):", "    return x / zero"], {"zero": 0}, owner="divide of Test")
    with pytest.raises(ZeroDivisionError) as failed:
        divide(1)
    shown = "".join(traceback.format_exception(failed.value))
    assert 'File "<divide of Test>", line 2' in shown
    assert "return x / zero" in shown
    assert source_of(divide) == "def divide(x):\n    return x / zero\n"


def test_two_objects_of_one_name_get_two_names() -> None:
    names = Names({})
    first, second = object(), object()
    assert [names.keep("x", first), names.keep("x", second), names.keep("x", first)] == ["x", "x_", "x"]
    assert names.values == {"x": first, "x_": second}
