"""The table of what the owner said and was worked off, until the position behind it is stored."""

from collections.abc import Sequence
from typing import Final

from twin_module.core.ports import Cursor

SCHEMA: Final = ("CREATE TABLE IF NOT EXISTS twin_heard (event_id TEXT PRIMARY KEY)",)


def known(cursor: Cursor, event_ids: Sequence[str]) -> frozenset[str]:
    """Return which of some messages were worked off already."""
    places = ", ".join("?" for _ in event_ids)
    cursor.execute(f"SELECT event_id FROM twin_heard WHERE event_id IN ({places})", event_ids)
    return frozenset(row[0] for row in cursor.fetchall())


def note(cursor: Cursor, event_id: str) -> None:
    """Note that a message was worked off."""
    cursor.execute(
        "INSERT INTO twin_heard (event_id) VALUES (?) ON CONFLICT DO NOTHING", (event_id,)
    )


def forget(cursor: Cursor) -> None:
    """Forget all, in the transaction that stores the position behind them."""
    cursor.execute("DELETE FROM twin_heard")
