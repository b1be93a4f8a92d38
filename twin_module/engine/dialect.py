"""Where databases differ: which of them this is, and what only one of them can say."""

from twin_module.core.ports import Cursor


def is_postgres(cursor: Cursor) -> bool:
    """Tell which database this is: only one of them has truth values."""
    cursor.execute("SELECT 1 = 1")
    row = cursor.fetchone()
    return row is not None and row[0] is True


def add_column(cursor: Cursor, table: str, column: str, kind: str) -> None:
    """Add a column to a table, unless the table has it."""
    if is_postgres(cursor):
        cursor.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column} {kind}")
        return
    cursor.execute("SELECT 1 FROM pragma_table_info(?) WHERE name = ?", (table, column))
    if cursor.fetchone() is None:
        cursor.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
