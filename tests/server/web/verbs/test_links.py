"""Where the next page is."""

import pytest
from fastapi import Request

from csp_gateway.server.web.verbs.links import next_page


@pytest.mark.parametrize(
    ("root", "path", "expected"),
    [
        ("", "/api/v1/state/a", "/api/v1/state/a"),
        ("/desk", "/desk/api/v1/state/a", "/desk/api/v1/state/a"),
        ("/desk", "/api/v1/state/a", "/desk/api/v1/state/a"),
    ],
)
def test_the_url_with_other_parameters_and_without_host(root: str, path: str, expected: str) -> None:
    scope = {
        "type": "http",
        "scheme": "http",
        "server": ("here", 80),
        "root_path": root,
        "path": path,
        "query_string": b"since=1&limit=2",
        "headers": [],
    }
    assert next_page(Request(scope), ["since"], cursor="a b") == f'<{expected}?limit=2&cursor=a+b>; rel="next"'
