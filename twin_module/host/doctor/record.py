"""What a twin's database tells the doctor, besides whether it is whole."""

from dataclasses import dataclass, field
from typing import Final

from twin_module.host.catalog import number, read_catalog
from twin_module.host.doctor.books import Books

CROWDED: Final = 10
"""Forward extremities of a room, above which each event costs more than it should."""
MOST_ROOMS: Final = 5
NEWEST: Final = "SELECT received_ts FROM events ORDER BY stream_ordering DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Peer:
    """Another server that the twin sends to."""

    server_name: str
    failing_since: int | None
    """In milliseconds since 1970; None when the last try went well."""
    next_try: int | None
    """The same, of when the twin tries again."""


@dataclass(frozen=True, slots=True)
class Record:
    """What the tables say; None where a table is missing."""

    schema: int | None = None
    """The version of Synapse's tables."""
    compatible: int | None = None
    """The oldest Synapse's version of tables that can work with them."""
    twin_schema: int | None = None
    """The version of the module's own tables."""
    has_position: bool = False
    """Whether the module's tables are there."""
    crowded: tuple[tuple[str, int], ...] = ()
    """Rooms with too many forward extremities, and how many."""
    newest_received: int | None = None
    """When the newest event came, in milliseconds since 1970 by the clock of this machine."""
    peers: tuple[Peer, ...] = field(default=())
    """Other servers, those that the twin last talked with first."""
    encoding: str | None = None
    """Of PostgreSQL."""
    locale: tuple[str, str] | None = None
    """Collation and character type of PostgreSQL."""
    engine: str = "SQLite"
    version: str = ""
    """Of the engine."""


def read_record(books: Books, server_name: str) -> Record:
    """Read it.

    Raises:
        Unreadable: not even which tables there are can be read.
    """
    on_postgres = books.engine == "PostgreSQL"
    catalog = read_catalog(books.query, on_postgres=on_postgres)
    tables = catalog.tables
    locale = None
    encoding = None
    if on_postgres:
        encoding = str(books.query("SHOW SERVER_ENCODING")[0][0])
        rows = books.query(
            "SELECT datcollate, datctype FROM pg_database WHERE datname = current_database()"
        )
        locale = (str(rows[0][0]), str(rows[0][1]))
    return Record(
        schema=catalog.schema,
        compatible=catalog.compatible,
        twin_schema=catalog.twin_schema,
        has_position="twin_position" in tables,
        crowded=_crowded(books) if "event_forward_extremities" in tables else (),
        newest_received=number(books.query, NEWEST) if "events" in tables else None,
        peers=_peers(books, server_name) if "destinations" in tables else (),
        encoding=encoding,
        locale=locale,
        engine=books.engine,
        version=books.version,
    )


def _crowded(books: Books) -> tuple[tuple[str, int], ...]:
    rows = books.query(
        "SELECT room_id, count(*) FROM event_forward_extremities GROUP BY room_id"
        f" HAVING count(*) > {CROWDED} ORDER BY count(*) DESC, room_id LIMIT {MOST_ROOMS}"
    )
    return tuple((str(room_id), int(count)) for room_id, count in rows)


def _peers(books: Books, server_name: str) -> tuple[Peer, ...]:
    rows = books.query(
        "SELECT destination, failure_ts, retry_last_ts + retry_interval FROM destinations"
        " ORDER BY COALESCE(last_successful_stream_ordering, 0) DESC, destination"
    )
    return tuple(
        Peer(str(name), since or None, again if since else None)
        for name, since, again in rows
        if name != server_name
    )
