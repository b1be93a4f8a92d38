"""Backups of a twin on PostgreSQL, with the server and the programs of the system."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import yaml

from tests.host.backup_scene import BEGIN, Scene, digest_of, make_scene
from twin_module.host.backup import postgres
from twin_module.host.backup.check import check_backups
from twin_module.host.backup.restore import restore
from twin_module.host.errors import HostError
from twin_module.testing.person import eventually
from twin_module.testing.postgres import find_programs, fresh_database, throwaway_server

Arguments = Mapping[str, str | int]


@contextmanager
def connected(arguments: Mapping[str, Any]) -> Iterator[Any]:
    """Yield a cursor of a connection on which each statement counts at once."""
    with closing(psycopg2.connect(**arguments)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


def rows_of(arguments: Arguments) -> dict[str, list[str]]:
    """Return all rows of all tables, what sequences stand at, and the indexes."""
    found = {}
    with connected(arguments) as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT "{table}"::text FROM "{table}" ORDER BY 1')
            found[table] = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1")
        found["indexes"] = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1")
        found["sequences"] = list(map(repr, cursor.fetchall()))
    return found


def add_events(arguments: Arguments, rows: int) -> None:
    with connected(arguments) as cursor:
        cursor.execute(
            "INSERT INTO events (said, data) SELECT md5(random()::text) || E'\\\\ \\n\\t\\'',"
            " decode(md5(random()::text), 'hex') FROM generate_series(1, %s)",
            (rows,),
        )


@pytest.fixture
def database(postgres_url: str) -> Iterator[Arguments]:
    with fresh_database(postgres_url) as arguments, connected(arguments) as cursor:
        cursor.execute(
            "CREATE TABLE events (id BIGSERIAL PRIMARY KEY, said TEXT, data BYTEA);"
            "CREATE INDEX of_said ON events (said);"
            "CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER);"
            "INSERT INTO accounts SELECT n, 100 FROM generate_series(0, 6) n"
        )
        add_events(arguments, 1000)
        yield arguments


@pytest.fixture
def empty(postgres_url: str) -> Iterator[Arguments]:
    with fresh_database(postgres_url) as arguments:
        yield arguments


@pytest.fixture
def scene(tmp_path: Path, database: Arguments) -> Scene:
    return postgres_scene(tmp_path, database)


def postgres_scene(root: Path, arguments: Arguments) -> Scene:
    return make_scene(
        root, database={"name": "psycopg2", "args": {**arguments, "cp_min": 1, "cp_max": 5}}
    )


def files_of(folder: Path) -> dict[str, str]:
    """Return what lies in a folder beside the configuration, which names another database."""
    return {path: each for path, each in digest_of(folder).items() if path != "homeserver.yaml"}


def test_a_database_comes_back_into_an_empty_one(
    scene: Scene, database: Arguments, empty: Arguments
) -> None:
    scene.back_up()
    before = rows_of(database)
    add_events(database, 10)
    result = restore(scene.target, scene.key, scene.root / "restored", database=empty)
    assert result.database == "psycopg2"
    assert rows_of(empty) == before
    assert files_of(scene.root / "restored") == files_of(scene.folder)
    config = yaml.safe_load((scene.root / "restored/homeserver.yaml").read_text())
    assert config["database"]["args"] == {**empty, "cp_min": 1, "cp_max": 5}
    assert check_backups(scene.target, scene.key).problems == ()


def test_a_database_in_use_is_never_restored_over(scene: Scene, database: Arguments) -> None:
    scene.back_up()
    before = rows_of(database)
    with pytest.raises(HostError, match=r"The database twin_\w+ is not empty"):
        scene.restored()
    assert not (scene.root / "restored").exists()
    assert rows_of(database) == before


def test_a_damaged_dump_leaves_the_empty_database_empty(
    scene: Scene, empty: Arguments, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.back_up()
    load = postgres.load

    def cut_off(parameters: postgres.Parameters, file: Path) -> None:
        with file.open("r+b") as dump:
            dump.truncate(file.stat().st_size // 2)
        load(parameters, file)

    monkeypatch.setattr(postgres, "load", cut_off)
    with pytest.raises(HostError, match="pg_restore failed: pg_restore: error"):
        restore(scene.target, scene.key, scene.root / "restored", database=empty)
    assert rows_of(empty) == {"indexes": [], "sequences": []}
    assert not (scene.root / "restored").exists()


def test_a_dump_of_a_database_that_is_written_to_is_of_one_moment(
    scene: Scene, database: Arguments, postgres_url: str
) -> None:
    stop = threading.Event()
    written: list[int] = []

    def write() -> None:
        with closing(psycopg2.connect(**database)) as connection, connection.cursor() as cursor:
            while not stop.is_set():
                number = len(written)
                cursor.execute(
                    "UPDATE accounts SET balance = balance - 1 WHERE id = %s", (number % 7,)
                )
                cursor.execute("INSERT INTO events (said) VALUES ('more')")
                cursor.execute(
                    "UPDATE accounts SET balance = balance + 1 WHERE id = %s", ((number + 3) % 7,)
                )
                connection.commit()
                written.append(number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        eventually(lambda: len(written) > 1)
        scene.back_up()
        so_far = len(written)
        eventually(lambda: len(written) > so_far)
    finally:
        stop.set()
        writer.join()
    with fresh_database(postgres_url) as target:
        restore(scene.target, scene.key, scene.root / "restored", database=target)
        with connected(target) as cursor:
            cursor.execute("SELECT sum(balance) FROM accounts")
            assert cursor.fetchall() == [(700,)]


def test_a_second_dump_costs_little(scene: Scene, database: Arguments, empty: Arguments) -> None:
    add_events(database, 50_000)
    first = scene.back_up()
    second = scene.back_up(1)
    assert second.written < 0.03 * first.written
    # In the middle of the table: all that stands behind moves in the dump.
    with connected(database) as cursor:
        cursor.execute("DELETE FROM events WHERE id BETWEEN 20000 AND 20050")
    third = scene.back_up(2)
    assert third.written < 0.06 * first.written
    wanted = rows_of(database)
    restore(scene.target, scene.key, scene.root / "restored", database=empty)
    assert rows_of(empty) == wanted


def test_any_backup_is_restored_by_its_time(
    scene: Scene, database: Arguments, postgres_url: str
) -> None:
    wanted = []
    for day in range(3):
        add_events(database, 100)
        scene.back_up(day)
        wanted.append(rows_of(database))
    for day in range(3):
        with ExitStack() as stack:
            target = stack.enter_context(fresh_database(postgres_url))
            restore(
                scene.target,
                scene.key,
                scene.root / f"day {day}",
                moment=BEGIN + timedelta(days=day),
                database=target,
            )
            assert rows_of(target) == wanted[day]


# Passwords

WATCH = """#!/bin/sh
if [ "$1" != "--version" ]; then
  tr '\\0' '\\n' < /proc/$$/cmdline >> {log}
  tr '\\0' '\\n' < /proc/$$/environ >> {log}
  stat -c '%a %n' "$PGSERVICEFILE" "$(sed -n 's/^passfile=//p' "$PGSERVICEFILE")" >> {modes}
fi
exec {program} "$@"
"""


def test_a_password_is_used_and_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL: install it (on Debian: apt install postgresql)")
    password = r"a: \very/ 'secret' # word "
    log, modes = tmp_path / "log", tmp_path / "modes"
    for name in ("pg_dump", "pg_restore"):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(WATCH.format(log=log, modes=modes, program=programs / name))
        path.chmod(0o700)
    with throwaway_server(programs) as url:
        with connected({"dsn": url}) as cursor:
            cursor.execute("CREATE ROLE owner LOGIN PASSWORD %s", (password,))
            for name in ("used", "fresh"):
                cursor.execute(f"CREATE DATABASE {name} OWNER owner TEMPLATE template0")
            # From now on the server asks for passwords.
            cursor.execute("SHOW hba_file")
            [(rules,)] = cursor.fetchall()
            Path(rules).write_text("host all all 127.0.0.1/32 scram-sha-256\n")
            cursor.execute("SELECT pg_reload_conf()")
        port = int(url.rpartition(":")[2].partition("/")[0])
        arguments: Arguments = {
            "user": "owner",
            "password": password,
            "host": "127.0.0.1",
            "port": port,
            "database": "used",
        }
        eventually(lambda: refuses({**arguments, "password": "wrong"}))
        with connected(arguments) as cursor:
            cursor.execute("CREATE TABLE events (said TEXT); INSERT INTO events VALUES ('hello')")
        scene = postgres_scene(tmp_path, arguments)
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        monkeypatch.setattr(postgres, "DEBIAN", tmp_path)
        monkeypatch.setenv("PGPASSWORD", "of something else")
        scene.back_up()
        fresh: Arguments = {**arguments, "database": "fresh"}
        restore(scene.target, scene.key, scene.root / "restored", database=fresh)
        assert rows_of(fresh)["events"] == ["(hello)"]
    said = log.read_text()
    assert "--dbname=service=twin" in said
    assert "secret" not in said
    assert [line.split()[0] for line in modes.read_text().splitlines()] == ["600"] * 4
    # The files went away with their use.
    assert [path for path in _paths(modes) if path.exists()] == []


def _paths(modes: Path) -> list[Path]:
    return [Path(line.partition(" ")[2]) for line in modes.read_text().splitlines()]


def refuses(arguments: Mapping[str, Any]) -> bool:
    try:
        psycopg2.connect(**arguments).close()
    except psycopg2.OperationalError:
        return True
    return False


# Programs and servers that are not as they should be


@pytest.fixture
def no_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(postgres, "DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


def test_without_pg_dump_it_is_said_what_to_install(scene: Scene, no_programs: Path) -> None:
    with pytest.raises(HostError, match=r"pg_dump of PostgreSQL is not installed \(on Debian"):
        scene.back_up()


def test_an_old_pg_dump_is_named(scene: Scene, no_programs: Path) -> None:
    program = no_programs / "pg_dump"
    program.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
    program.chmod(0o700)
    with pytest.raises(HostError, match=r"pg_dump is of PostgreSQL 9, older than the server"):
        scene.back_up()


def test_a_dump_that_fails_half_way_is_no_backup(scene: Scene, no_programs: Path) -> None:
    scene.set_up()
    program = no_programs / "pg_dump"
    program.write_text(
        "#!/bin/sh\n"
        "if [ $1 = --version ]; then echo 'pg_dump (PostgreSQL) 99.1'; exit; fi\n"
        "echo half; echo 'pg_dump: error: out of luck' >&2; exit 1\n"
    )
    program.chmod(0o700)
    with pytest.raises(HostError, match=r"^pg_dump failed: pg_dump: error: out of luck$"):
        scene.back_up()
    assert not list((scene.target / "snapshots").iterdir())


def test_a_server_that_does_not_answer_is_told(tmp_path: Path) -> None:
    scene = postgres_scene(
        tmp_path, {"host": "127.0.0.1", "port": 1, "user": "twin", "password": "hidden"}
    )
    with pytest.raises(HostError, match="PostgreSQL says: ") as error:
        scene.back_up()
    assert "hidden" not in str(error.value)


def test_another_database_is_for_twins_on_postgresql_only(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    scene.back_up()
    with pytest.raises(HostError, match="has a SQLite database in its folder and needs no other"):
        restore(scene.target, scene.key, tmp_path / "restored", database={"dbname": "other"})
