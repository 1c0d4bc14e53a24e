"""Parameters that a route does not know."""

import pytest
from fastapi import Request

from csp_gateway.errors import QueryError
from csp_gateway.server.web.verbs.parameters import refuse_unknown


def asked(query: str) -> Request:
    return Request({"type": "http", "query_string": query.encode(), "headers": []})


def test_what_is_known_passes_and_so_do_credentials() -> None:
    refuse_unknown(asked("query={}&token=x"), {"query"})
    refuse_unknown(asked(""), {"query"})


def test_what_is_unknown_is_refused_with_the_nearest() -> None:
    with pytest.raises(QueryError, match=r"qurey: there is no such parameter; did you mean 'query'\?"):
        refuse_unknown(asked("qurey={}"), {"query"})
    with pytest.raises(QueryError, match=r'limit: a part of the query, which is JSON: \?query=\{"limit": …\}'):
        refuse_unknown(asked("limit=5"), {"query"}, {"limit"})
