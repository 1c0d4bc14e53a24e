"""The notebook runs, against the gateway beside it, from the first cell to the last."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.zygote import python

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@pytest.mark.timeout(120)
@pytest.mark.filterwarnings("ignore")  # of Jupyter's own
def test_every_cell_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {**os.environ, "CSP_GATEWAY_PORT": "0", "PYTHONUNBUFFERED": "1"}
    gateway = subprocess.Popen(
        [*python(), str(EXAMPLES / "desk.py")],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with gateway:
        try:
            assert gateway.stdout is not None
            url = next(found[0] for line in gateway.stdout if (found := re.search(r"http://localhost:\d+", line)))
            monkeypatch.setenv("CSP_GATEWAY_URL", url)
            notebook = nbformat.read(EXAMPLES / "client.ipynb", as_version=4)
            NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
        finally:
            gateway.kill()
    (shown,) = [cell["outputs"] for cell in notebook.cells if cell["source"].startswith("for number")]
    assert len("".join(each["text"] for each in shown).splitlines()) == 5
