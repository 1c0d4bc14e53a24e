"""What travels between a gateway and its clients; loaded on first use, as few programs write queries."""

from typing import TYPE_CHECKING

from csp_gateway._lazy import lazy_names

if TYPE_CHECKING:
    from csp_gateway.wire.aggregates import Aggregate
    from csp_gateway.wire.conditions import FilterCondition, FilterWhere, FilterWhereLambdaMap
    from csp_gateway.wire.filters import And, AnyFilter, Filter, Not, Or
    from csp_gateway.wire.query import OrderBy, Query

__all__ = [
    "Aggregate",
    "And",
    "AnyFilter",
    "Filter",
    "FilterCondition",
    "FilterWhere",
    "FilterWhereLambdaMap",
    "Not",
    "Or",
    "OrderBy",
    "Query",
]

_HOMES = {
    "Aggregate": "csp_gateway.wire.aggregates",
    "And": "csp_gateway.wire.filters",
    "AnyFilter": "csp_gateway.wire.filters",
    "Filter": "csp_gateway.wire.filters",
    "FilterCondition": "csp_gateway.wire.conditions",
    "FilterWhere": "csp_gateway.wire.conditions",
    "FilterWhereLambdaMap": "csp_gateway.wire.conditions",
    "Not": "csp_gateway.wire.filters",
    "Or": "csp_gateway.wire.filters",
    "OrderBy": "csp_gateway.wire.query",
    "Query": "csp_gateway.wire.query",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
