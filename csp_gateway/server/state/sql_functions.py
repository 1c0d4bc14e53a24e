"""Which functions a user's SELECT may call: those that only look at what they are given, and make no more of it."""

import string
from functools import cache

from csp_gateway.server.state.database import DATABASE

__all__ = ["TABLE_FUNCTIONS", "folded", "why_refused"]

TABLE_FUNCTIONS = frozenset({"generate_series", "json_each", "json_tree", "range", "unnest"})
"""Functions that may stand where a table does; all others read files, settings, or what other tables are called."""

_UPPER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)

_LOOKS = "looks at the process or changes it"
_SLEEPS = "only takes time"
_PARSES = "reads SQL out of a text"
_RAW = "takes bytes for a structure of DuckDB's own"
_GROWS = "makes a text or list of any size in one step, which no limit can stop"

_REFUSED = {
    _LOOKS: (
        "col_description current_catalog current_connection_id current_database current_query current_query_id "
        "current_role current_schema current_schemas current_setting current_transaction_id current_user currval "
        "format_pg_type format_type get_block_size getenv getvariable in_search_path index_key inet_client_addr "
        "inet_client_port inet_server_addr inet_server_port map_to_pg_oid map_type_id_to_pg_oid nextval "
        "obj_description parse_duckdb_log_message session_user setseed setval shobj_description stats txid_current "
        "user vector_type write_log"
    ),
    _SLEEPS: "damerau_levenshtein sleep_ms",
    _PARSES: "json_deserialize_sql json_serialize_plan json_serialize_sql query query_table",
    _RAW: "combine finalize to_aggregate_state variant_bytes_to_variant variant_to_parquet_variant",
    _GROWS: (
        "array_reduce array_resize bitstring format generate_series list_reduce list_resize printf range reduce repeat "
        "reservoir_quantile"
    ),
}
_WHY = {name: why for why, names in _REFUSED.items() for name in names.split()}

_PREFIXES = ("__", "duckdb_", "has_", "pg_", "pragma_")
_HARMLESS = frozenset({"pg_size_pretty", "pg_typeof"})

# What DuckDB itself says may differ between two calls; any other such function, of a DuckDB to come, is refused.
_VARYING = """
    + - age ago century current_date current_localtime current_localtimestamp date_diff date_part date_sub date_trunc
    datediff datepart datesub datetrunc day dayname dayofmonth dayofweek dayofyear decade era error gen_random_uuid
    get_current_time get_current_timestamp hour isodow isoyear julian last_day make_timestamptz microsecond millennium
    millisecond minute month monthname now quarter random second strftime time_bucket timezone timezone_hour
    timezone_minute today transaction_timestamp uuid uuidv4 uuidv7 week weekday weekofyear year yearweek
"""

_INSTEAD = {
    "format": "; put texts together with ||, and round numbers with round",
    "generate_series": "; write it as a table: from generate_series(…)",
    "printf": "; put texts together with ||, and round numbers with round",
    "range": "; write it as a table: from range(…)",
    "damerau_levenshtein": "; use levenshtein",
    "reservoir_quantile": "; use approx_quantile",
    "repeat": "; pad texts with lpad or rpad",
}


def folded(name: str) -> str:
    """A name as DuckDB compares it: upper and lower case are one in ASCII, and nowhere else."""
    return name.translate(_UPPER)


def why_refused(name: str) -> str | None:
    """What a function does that it may not, and what to call instead; None if it may be called, or is not there."""
    name = folded(name)
    if why := _WHY.get(name):
        return why + _INSTEAD.get(name, "")
    if name.startswith(_PREFIXES) and name not in _HARMLESS:
        return _LOOKS
    return f"may {_LOOKS.replace('looks', 'look').replace('changes', 'change')}" if name in _varying() else None


@cache
def _varying() -> frozenset[str]:
    with DATABASE.cursor() as cursor:
        rows = cursor.execute(
            "select function_name from duckdb_functions() where function_type = 'scalar' and stability <> 'CONSISTENT'"
        ).fetchall()
    return frozenset(name for (name,) in rows).difference(_VARYING.split())
