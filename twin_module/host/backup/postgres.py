"""Dumps of a PostgreSQL database and back, by PostgreSQL's own programs.

How to connect is told in files that only we read, never in arguments, which all users of a machine see:
a connection service file (libpq, section 34.17) and a password file (34.16).
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Final, TypeAlias

from twin_module.host.backup.as_owner import as_owner, groups_of, owner_of
from twin_module.host.errors import HostError
from twin_module.host.users import Account

Parameters: TypeAlias = Mapping[str, str]
DEBIAN: Final = Path("/usr/lib/postgresql")
"""Where Debian keeps the programs of each version, some of them outside of PATH."""
VERSION: Final = re.compile(rb"\(PostgreSQL\) (\d+)")
READ_BYTES: Final = 1024 * 1024
SERVICE: Final = "twin"
PASSWORD_ESCAPES: Final = str.maketrans({"\\": r"\\", ":": r"\:"})
OWN_TABLES: Final = (
    "SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace"
    " WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'"
)

OTHERS: Final = (
    "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = current_database()"
    " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)


def dump(parameters: Parameters, folder: Path) -> Iterator[bytes]:
    """Yield a dump of a database as of one moment, in pg_dump's custom format without compression.

    The twin may go on. What does not change between two dumps is the same bytes in both.

    Args:
        parameters: how to connect; they may name files that are read.
        folder: the twin's; it is connected as the user whose it is.

    Raises:
        HostError: the database can't be reached, or pg_dump is missing or fails.
    """
    owner = owner_of(folder)
    version = as_owner(folder, lambda: _server_version(parameters))
    program = _program("pg_dump", version)
    arguments = ["--format=custom", "--compress=0", "--no-owner", "--no-privileges"]
    with (
        _environment(parameters, owner) as environment,
        TemporaryFile() as words,
        subprocess.Popen(
            [program, *arguments, f"--dbname=service={SERVICE}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=words,
            env=environment,
            user=owner.pw_uid if owner else None,
            group=owner.pw_gid if owner else None,
            extra_groups=groups_of(folder) if owner else None,
        ) as process,
    ):
        try:
            while data := process.stdout.read(READ_BYTES) if process.stdout else b"":
                yield data
            if process.wait() != 0:
                words.seek(0)
                raise HostError(f"pg_dump failed: {_main_line(words.read())}")
        finally:
            # When whoever reads stops early, there is nobody to write to.
            process.kill()


def check_empty(parameters: Parameters) -> None:
    """Refuse a database that something is in.

    Raises:
        HostError: says so, or that it can't be reached.
    """
    [(tables,)] = rows(parameters, OWN_TABLES)
    if tables:
        raise HostError(
            f"The database {parameters.get('dbname', '')} is not empty. Make a new one as Synapse's documentation says (UTF8, locale C), and name it."
        )


def connections(parameters: Parameters) -> int:
    """Return how many others are connected to a database.

    Raises:
        HostError: it can't be reached.
    """
    [(number,)] = rows(parameters, OTHERS)
    return int(str(number))


def load(parameters: Parameters, file: Path) -> None:
    """Load a dump into an empty database, all of it or nothing.

    Raises:
        HostError: it can't be loaded.
    """
    check_empty(parameters)
    program = _program("pg_restore", _server_version(parameters))
    arguments = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    with _environment(parameters) as environment:
        done = subprocess.run(
            [program, *arguments, f"--dbname=service={SERVICE}", str(file)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment,
            check=False,
        )
    if done.returncode != 0:
        raise HostError(f"pg_restore failed: {_main_line(done.stderr)}")


def rows(parameters: Parameters, query: str) -> list[tuple[object, ...]]:
    """Ask a database with SQL that is a constant, and return what it answers.

    Raises:
        HostError: it can't be reached, or refuses.
    """
    try:
        import psycopg2  # noqa: PLC0415 - only twins on PostgreSQL need it
    except ImportError:
        raise HostError(
            "A twin on PostgreSQL needs psycopg2: pip install 'twin-module[postgres]'."
        ) from None
    try:
        with closing(psycopg2.connect(**parameters)) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            found: list[tuple[object, ...]] = cursor.fetchall()
            return found
    except psycopg2.Error as error:
        raise HostError(f"PostgreSQL says: {_main_line(str(error).encode())}") from None


def _server_version(parameters: Parameters) -> int:
    """Return the server's major version."""
    [(number,)] = rows(parameters, "SHOW server_version_num")
    return int(str(number)) // 10_000


def _program(name: str, server: int) -> str:
    """Return a program of PostgreSQL that is not older than the server, which it would refuse."""
    named = shutil.which(name)
    found = [*([named] if named else []), *map(str, DEBIAN.glob(f"*/bin/{name}"))]
    versions = {path: _version(path) for path in found}
    fit = {path: version for path, version in versions.items() if version >= server}
    if fit:
        return min(fit, key=lambda path: fit[path])
    if found:
        raise HostError(
            f"{name} is of PostgreSQL {max(versions.values())}, older than the server: install that of version {server} (on Debian: apt install postgresql-client-{server})."
        )
    raise HostError(
        f"{name} of PostgreSQL is not installed (on Debian: apt install postgresql-client-{server})."
    )


def _version(program: str) -> int:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, check=False).stdout
    except OSError:
        return 0
    found = VERSION.search(said)
    return int(found[1]) if found else 0


@contextmanager
def _environment(parameters: Parameters, owner: Account | None = None) -> Iterator[dict[str, str]]:
    """Yield an environment in which the service `twin` is this database, for a user or for us."""
    if any("\n" in value for value in parameters.values()):
        raise HostError(
            "A parameter of the database has more than one line, which libpq can't take."
        )
    with TemporaryDirectory(prefix="twin-postgres-") as folder:
        service, password_file = Path(folder, "service"), Path(folder, "password")
        lines = [f"{key}={value}" for key, value in parameters.items() if key != "password"]
        if "password" in parameters:
            secret = parameters["password"].translate(PASSWORD_ESCAPES)
            _write_private(password_file, f"*:*:*:*:{secret}\n")
            lines.append(f"passfile={password_file}")
        _write_private(service, "\n".join([f"[{SERVICE}]", *lines, ""]))
        if owner is not None:
            for path in (service, password_file, Path(folder)):
                if path.exists():
                    os.chown(path, owner.pw_uid, owner.pw_gid)
        yield {
            **{key: value for key, value in os.environ.items() if not key.startswith("PG")},
            "PGSERVICEFILE": str(service),
            "LC_ALL": "C",
            **({"HOME": folder} if owner else {}),
        }


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _main_line(words: bytes) -> str:
    lines = words.decode(errors="replace").strip().splitlines() or ["it said nothing."]
    return next((line for line in lines if "ERROR" in line.upper()), lines[-1]).strip()
