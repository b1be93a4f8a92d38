"""PostgreSQL for tests: a server that is thrown away, and a fresh database for each twin."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from secrets import token_hex
from tempfile import mkdtemp
from typing import Final

import psycopg2
from psycopg2.extensions import parse_dsn

from twin_module.testing.person import eventually
from twin_module.testing.twins import free_port

DEBIAN: Final = "/usr/lib/postgresql"
"""Where Debian keeps the server's programs, outside of PATH."""


def find_programs() -> Path | None:
    """Return the folder with PostgreSQL's `initdb` and `postgres`, None where it is not installed."""
    found = sorted(Path(DEBIAN).glob("*/bin/initdb"), reverse=True)
    named = shutil.which("initdb")
    # What stands in PATH may be a wrapper without a server behind it.
    candidates = [*found, *([Path(named)] if named else [])]
    return next((each.parent for each in candidates if (each.parent / "postgres").exists()), None)


@contextmanager
def throwaway_server(programs: Path) -> Iterator[str]:
    """Run a server on loopback, and yield its URL; its data go away with it."""
    # Not below pytest's own folders, which only their owner may enter: the server refuses root.
    folder = Path(mkdtemp(prefix="twin-postgres-"))
    user = "postgres" if os.getuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    port = free_port()
    data = str(folder / "data")
    try:
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "twin", "-A", "trust", "-E", "UTF8", "-N"],
            check=True,
            capture_output=True,
            cwd=folder,
            user=user,
        )
        options = ["-c", f"port={port}", "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, *options, "-c", "unix_socket_directories="],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            user=user,
        )
        try:
            url = f"postgresql://twin@127.0.0.1:{port}/postgres"
            eventually(lambda: _answers(url), what="PostgreSQL answers")
            yield url
        finally:
            server.terminate()
            server.wait(60)
    finally:
        shutil.rmtree(folder)


def _answers(url: str) -> bool:
    try:
        psycopg2.connect(url).close()
    except psycopg2.OperationalError:
        return False
    return True


@contextmanager
def fresh_database(url: str) -> Iterator[dict[str, str | int]]:
    """Make a database as Synapse wants it, and drop it at the end.

    Args:
        url: of a server on which the user may make databases: `postgresql://user@host/postgres`.

    Yields:
        Connection arguments of psycopg2.
    """
    name = f"twin_{token_hex(6)}"
    _run(
        url, f"CREATE DATABASE {name} ENCODING UTF8 LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    )
    try:
        yield {**parse_dsn(url), "dbname": name}
    finally:
        _run(url, f"DROP DATABASE {name} WITH (FORCE)")


def _run(url: str, statement: str) -> None:
    # A database can't be made inside of a transaction.
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
