"""What has come of a long answer."""

from __future__ import annotations

import io

from rich.console import Console

from csp_gateway.client.console.progress import Progress


def test_nothing_is_shown_of_what_is_quick_or_where_no_terminal_is() -> None:
    told = io.StringIO()
    with Progress(Console(file=told, force_terminal=False)) as progress:
        for come in (1_000, 2_000):
            progress(come)
    assert told.getvalue() == ""
