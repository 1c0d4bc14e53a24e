"""Every function of DuckDB is known to be harmless, or refused."""

import pytest

from csp_gateway.server.state.database import DATABASE
from csp_gateway.server.state.sql_functions import TABLE_FUNCTIONS, folded, why_refused


def every(kind: str) -> set[str]:
    with DATABASE.cursor() as cursor:
        query = "select distinct function_name from duckdb_functions() where function_type = ?"
        return {name for (name,) in cursor.execute(query, [kind]).fetchall()}


@pytest.mark.parametrize(
    "name",
    [
        *(
            "current_setting",
            "CURRENT_SETTING",
            "getvariable",
            "nextval",
            "write_log",
            "sleep_ms",
            "pg_sleep",
            "repeat",
        ),
        *(
            "pg_get_viewdef",
            "has_table_privilege",
            "__internal_compress_string_hugeint",
            "json_serialize_plan",
            "query",
        ),
        *("duckdb_anything", "printf", "to_aggregate_state", "finalize", "get_block_size", "vector_type", "range"),
    ],
)
def test_what_looks_at_the_process_or_cannot_be_stopped_is_refused(name: str) -> None:
    assert why_refused(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "abs",
            "UPPER",
            "sum",
            "now",
            "date_trunc",
            "struct_pack",
            "list_transform",
            "json_extract",
            "regexp_matches",
        ),
        *("quantile_cont", "row_number", "coalesce", "strftime", "pg_typeof", "round", "hash", "uuid", "||", "no"),
    ],
)
def test_what_only_calculates_is_not(name: str) -> None:
    assert why_refused(name) is None


def test_functions_whose_value_varies_are_refused_unless_they_are_known() -> None:
    """Of a DuckDB to come, too: one that it does not call consistent is refused until it is judged here."""
    with DATABASE.cursor() as cursor:
        query = (
            "select function_name from duckdb_functions() where function_type = 'scalar' and stability <> 'CONSISTENT'"
        )
        varying = {name for (name,) in cursor.execute(query).fetchall()}
    allowed = {name for name in varying if why_refused(name) is None}
    assert {"now", "random", "uuid"} <= allowed
    assert len(allowed) < 60
    assert not {name for name in allowed if "current" in name} - {
        *("current_date", "current_localtime", "current_localtimestamp"),
        *("get_current_time", "get_current_timestamp"),
    }


def test_macros_of_the_catalogue_are_refused_but_those_that_calculate() -> None:
    allowed = {name for name in every("macro") if why_refused(name) is None}
    assert not {name for name in allowed if name.startswith(("pg_", "has_", "inet_", "current_"))} - {
        *("pg_size_pretty", "pg_typeof"),
    }


def test_few_table_functions_are_left() -> None:
    known = every("table") | every("table_macro")
    assert known > TABLE_FUNCTIONS
    assert not [name for name in TABLE_FUNCTIONS if name.startswith(("read_", "duckdb_", "pragma_", "parquet_"))]


def test_names_are_folded_as_duckdb_folds_them() -> None:
    assert folded("ORDERS_É") == "orders_É"
    with DATABASE.cursor() as cursor:
        cursor.execute('create temp table "Straße É" as select 1')
        assert cursor.execute('from "STRAßE É"').fetchall() == [(1,)]
