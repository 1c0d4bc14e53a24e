"""Parameters that a route does not know."""

import pytest
from fastapi import Request

from csp_gateway.errors import QueryError
from csp_gateway.server.web.verbs.parameters import refuse_all, refuse_unknown


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


def test_what_is_given_twice_is_refused() -> None:
    with pytest.raises(QueryError, match="query: it is given 2 times, and only one can count; give it once"):
        refuse_unknown(asked("query={}&query={}"), {"query"})
    with pytest.raises(QueryError, match="limit: it is given 3 times"):
        refuse_unknown(asked("limit=1&since=4&limit=1&limit=1"), {"limit", "since"})
    refuse_unknown(asked("query={}&token=x&token=y"), {"query"})


def test_a_body_says_it_all() -> None:
    refuse_all(asked("token=x"))
    with pytest.raises(QueryError, match="query: a POST has its query in its body, as JSON, and not in its URL"):
        refuse_all(asked("query={}"))
