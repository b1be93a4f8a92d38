"""The tables of what apps see over CalDAV and CardDAV; `dav_store.py` reads and writes them."""

from typing import Final

SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS twin_dav_names (
        room_id TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, uid TEXT NOT NULL,
        PRIMARY KEY (room_id, name))""",
    "CREATE INDEX IF NOT EXISTS twin_dav_names_uid ON twin_dav_names (room_id, type, uid)",
    """CREATE TABLE IF NOT EXISTS twin_dav_texts (
        room_id TEXT NOT NULL, type TEXT NOT NULL, uid TEXT NOT NULL,
        revision TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (room_id, type, uid))""",
)
