"""Type checkers see the types of the client."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.timeout(240)
def test_a_type_checker_sees_what_is_written_for_it() -> None:
    program = [sys.executable, "-m", "mypy", str(Path(__file__).parent / "client_typed.py")]
    done = subprocess.run(program, capture_output=True, text=True, timeout=200, cwd=ROOT)
    assert done.returncode == 0, done.stdout
