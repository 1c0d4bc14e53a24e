"""What travels between a gateway and its clients."""

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
