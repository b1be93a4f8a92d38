"""Which tables a twin's database has, and of which versions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Query: TypeAlias = Callable[[str], Sequence[tuple[Any, ...]]]
"""Asks a database with SQL that is a constant."""

IN_SQLITE: Final = "SELECT name FROM sqlite_schema WHERE type = 'table'"
IN_POSTGRES: Final = (
    "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = ANY (current_schemas(false))"
)


@dataclass(frozen=True, slots=True)
class Catalog:
    """What is there; a version is None where its table is missing."""

    tables: frozenset[str]
    schema: int | None
    """The version of Synapse's tables."""
    compatible: int | None
    """The oldest Synapse's version of tables that can work with them, which it notes since 2021."""
    twin_schema: int | None
    """The version of the module's own tables."""


def read_catalog(query: Query, *, on_postgres: bool) -> Catalog:
    """Read it; raises what the query does."""
    tables = frozenset(str(name) for (name,) in query(IN_POSTGRES if on_postgres else IN_SQLITE))

    def version(table: str, column: str = "version") -> int | None:
        return number(query, f"SELECT max({column}) FROM {table}") if table in tables else None

    return Catalog(
        tables,
        schema=version("schema_version"),
        compatible=version("schema_compat_version", "compat_version"),
        twin_schema=version("twin_schema"),
    )


def number(query: Query, sql: str) -> int | None:
    """Return the whole number that a question has for an answer, None where it has none."""
    rows = query(sql)
    value = rows[0][0] if rows else None
    return value if isinstance(value, int) else None
