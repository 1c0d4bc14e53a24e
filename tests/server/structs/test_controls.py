"""Controls."""

import gc
import json
import threading

import pytest

from csp_gateway import Controls
from csp_gateway.server.structs import controls


def test_a_control_says_nothing_until_it_is_told_to() -> None:
    control = Controls()
    assert (control.name, control.status, control.data, control.data_str) == ("none", "none", {}, "")
    assert Controls.lookup(control.id) is None


def test_two_controls_share_no_data() -> None:
    one, other = Controls(), Controls()
    one.data["cpu"] = 1
    assert other.data == {}


def test_the_text_is_the_data_once() -> None:
    control = Controls(name="stats", data={"cpu": 1.5})
    control.update_str()
    assert json.loads(control.data_str) == {"cpu": 1.5}
    control.data = {"cpu": 2}
    control.update_str()
    assert json.loads(control.data_str) == {"cpu": 1.5}


def test_it_is_json_and_back() -> None:
    control = Controls(name="stats", status="ok", data={"a": [1, None, {"b": 2.5}]})
    assert Controls.model_validate_json(control.model_dump_json()) == control


def test_one_at_a_time_has_the_lock_of_one_struct() -> None:
    one, other = Controls(), Controls()
    assert one.lock()
    assert other.lock()
    assert not one.lock(blocking=False)
    had = []
    thread = threading.Thread(target=lambda: had.append(one.lock(timeout=20)))
    thread.start()
    one.unlock()
    thread.join()
    assert had == [True]
    one.unlock()
    with pytest.raises(RuntimeError):
        one.unlock()


def test_a_lock_goes_with_its_struct() -> None:
    control = Controls()
    control.lock()
    mine = id(control)
    assert mine in controls._LOCKS
    del control
    gc.collect()
    assert mine not in controls._LOCKS
