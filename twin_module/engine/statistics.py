"""Tells PostgreSQL at once when many objects came, so that it plans well what is asked next.

Its autovacuum looks once a minute at best. Until then it takes the tables for as small as they were,
and reads all of them for a list that an index has. SQLite plans without such figures.
"""

from collections.abc import Callable
from typing import Final

from twin_module.core.ports import Cursor, Homeserver
from twin_module.engine.dialect import is_postgres

MANY: Final = 500
"""So many objects are written before it is worth a look."""
TABLES: Final = ("twin_objects", "twin_index", "twin_search", "twin_versions")


class Statistics:
    """Counts what was written; one per twin, in one process only."""

    def __init__(self, homeserver: Homeserver, written: Callable[[], int]) -> None:
        """Take over what was written before.

        Args:
            homeserver: whose tables.
            written: tells how many objects were written since the process began.
        """
        self._homeserver = homeserver
        self._written = written
        self._looked_at = 0

    async def settle(self) -> None:
        """Let the database look at the tables, where many objects were written since it did."""
        written = self._written()
        if written - self._looked_at >= MANY:
            self._looked_at = written
            await self._homeserver.transact("twin_statistics", look)


def look(cursor: Cursor) -> None:
    """Let the database look at what its tables hold."""
    if is_postgres(cursor):
        cursor.execute(f"ANALYZE {', '.join(TABLES)}")
