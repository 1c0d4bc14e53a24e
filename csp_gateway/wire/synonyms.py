"""What other people call the options of queries, subscriptions and URLs, and what is meant by it here."""

from collections.abc import Iterable, Mapping

from csp_gateway.errors import did_you_mean

__all__ = ["SYNONYMS", "nearest_option", "ours_for"]

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "select": ("columns", "cols", "fields", "attributes", "attrs", "properties", "projection"),
    "filters": ("where", "conditions", "criteria", "predicates", "search", "q"),
    "order_by": ("sort", "sort_by", "sorted_by", "sorting", "order", "ordering"),
    "limit": ("top", "max", "take", "first", "n", "size", "count", "max_results", "page_size", "per_page", "rows"),
    "offset": ("skip", "start"),
    "cursor": ("page", "page_token", "next", "token", "continuation"),
    "group_by": ("groups", "grouping"),
    "aggregates": ("aggs", "aggregations", "agg", "metrics", "measures", "functions"),
    "descending": ("desc", "reverse", "direction", "ascending", "asc"),
    "attr": ("field", "column", "col", "attribute", "property", "name", "path"),
    "by": ("condition", "is", "test"),
    "where": ("op", "operator", "comparison", "cmp", "filter", "filters", "query", "conditions"),
    "value": ("eq", "equals", "to", "than", "literal"),
    "in": ("one_of", "any_of", "values", "isin"),
    "between": ("range",),
    "like": ("ilike", "contains", "matches", "regex", "pattern"),
    "is_null": ("missing", "is_none", "null", "none"),
    "avg": ("mean", "average"),
    "sum": ("total", "add"),
    "quantile": ("median", "percentile", "percentiles"),
    "last": ("newest", "latest"),
    "at": ("points", "q"),
    "fields": ("select", "columns", "cols", "attributes", "attrs", "projection"),
    "since": ("offset", "from", "after", "start", "position"),
    "until": ("to", "before", "end"),
    "min_interval": ("throttle", "interval", "every", "period"),
    "latest_by": ("unique_by", "distinct", "dedupe", "conflate_by"),
    "policy": ("overflow", "backpressure", "on_full", "drop"),
    "snapshot": ("initial", "image", "replay"),
    "data": ("payload", "body", "record", "records", "message", "value"),
    "channel": ("topic", "stream", "subject", "channels", "symbol"),
    "wait": ("ack", "sync", "acknowledge"),
    "subscribe": ("follow", "listen", "watch", "join"),
    "unsubscribe": ("unfollow", "leave", "stop"),
    "send": ("publish", "post", "push", "emit", "write"),
}
"""Our name of an option → the words for it that are no misspelling of it. Where several of ours have one word, the one
counts that there is."""


def ours_for(word: str, known: Iterable[str]) -> str | None:
    """The known option that others call so; upper case, dashes and underscores do not count.

    >>> ours_for("sortBy", ["filters", "order_by"])
    'order_by'
    >>> ours_for("filtres", ["filters"])
    """
    plain = _plain(word)
    return next((name for name in sorted(known) if plain in map(_plain, SYNONYMS.get(name, ()))), None)


def nearest_option(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about an option that is unknown: what is meant by the word, or is spelled like it.

    >>> nearest_option("columns", ["filters", "select"])
    "did you mean 'select'?"
    >>> nearest_option("filtres", ["filters", "select"])
    "did you mean 'filters'?"
    """
    names = list(known)
    ours = ours_for(word, names)
    return did_you_mean(word, names) if ours is None else f"did you mean {ours!r}?"


def _plain(word: str) -> str:
    return word.casefold().replace("_", "").replace("-", "")
