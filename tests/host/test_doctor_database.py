"""The database is read as it is, whole or damaged, asleep or in use, and never touched."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from synapse.config.database import DatabaseConnectionConfig
from synapse.config.homeserver import HomeServerConfig
from synapse.storage.database import make_conn
from synapse.storage.engines import create_engine
from synapse.storage.prepare_database import prepare_database

from tests.host.doctor_scene import NAME, make_patient
from twin_module.engine.store import migrate
from twin_module.host.database import ensure_database
from twin_module.host.doctor.books import Books, Unreadable, read_steadily
from twin_module.host.doctor.database import (
    OLDEST_POSTGRES,
    look_at_integrity,
    look_at_record,
    read_database,
)
from twin_module.host.doctor.finding import Finding
from twin_module.host.doctor.patient import Patient
from twin_module.host.doctor.record import Peer, Record
from twin_module.host.doctor.synapse_says import SynapseSays
from twin_module.testing.postgres import fresh_database

SAYS = SynapseSays(None, 94, 84, 9)
GOOD = Record(schema=94, compatible=84, twin_schema=9, has_position=True)


@pytest.fixture
def bare(tmp_path: Path) -> Patient:
    """A twin without a database."""
    return make_patient(tmp_path)


@pytest.fixture
def patient(bare: Patient) -> Patient:
    """A twin with the database that Synapse makes."""
    ensure_database(bare.folder)
    return bare


def change(patient: Patient, *statements: str) -> None:
    assert patient.database_file is not None
    with closing(sqlite3.connect(patient.database_file)) as connection:
        for each in statements:
            connection.execute(each)
        connection.commit()


def own_tables(patient: Patient) -> None:
    assert patient.database_file is not None
    with closing(sqlite3.connect(patient.database_file)) as connection:
        migrate(connection.cursor())
        connection.commit()


def levels(found: list[Finding]) -> list[str]:
    assert all(each.fix for each in found if each.level in ("warning", "problem"))
    return [each.level for each in found]


def _ask(books: Books, sql: str) -> None:
    books.query(sql)


def integrity(patient: Patient, elapsed: Callable[[], float] = lambda: 0.0) -> list[Finding]:
    return look_at_integrity(patient, elapsed, thorough=False)


PEERS = (
    "INSERT INTO destinations VALUES ('b.example', 0, 0, NULL, 5)",
    "INSERT INTO destinations VALUES ('c.example', 1000, 500, 700, NULL)",
    "INSERT INTO destinations VALUES ('d.example', NULL, NULL, NULL, 9)",
    f"INSERT INTO destinations VALUES ('{NAME}', 0, 0, NULL, 6)",
)
EXPECTED_PEERS = (
    Peer("d.example", None, None),
    Peer("b.example", None, None),
    Peer("c.example", 700, 1500),
)
EVENT = (
    "INSERT INTO events (stream_ordering, topological_ordering, event_id, type, room_id, processed,"
    " outlier, depth, received_ts) VALUES ({0}, 1, '{1}', 'm', '!r', false, false, 1, {2})"
)
END = "INSERT INTO event_forward_extremities (event_id, room_id) VALUES ('${0}{1}', '{0}')"


def crowd(room_id: str, ends: int) -> list[str]:
    return [
        statement
        for n in range(ends)
        for statement in (
            # Events that were fetched later have negative numbers, and are not the newest.
            EVENT.format(-n - 100 * len(room_id), f"${room_id}{n}", 9000),
            END.format(room_id, n),
        )
    ]


def test_what_synapse_and_the_module_write_is_read(patient: Patient) -> None:
    own_tables(patient)
    events = [EVENT.format(1, "$a", 3000), EVENT.format(2, "$b", 2000)]
    change(patient, *PEERS, *events, *crowd("!few", 10), *crowd("!many", 11))
    record, found = read_database(patient)
    assert found == []
    assert record is not None
    assert record.schema is not None
    assert record.compatible is not None
    assert record.twin_schema is not None
    assert record.has_position
    assert record.crowded == (("!many", 11),)
    assert record.newest_received == 2000
    assert record.peers == EXPECTED_PEERS
    assert record.locale is None


def test_a_new_database_is_read(patient: Patient) -> None:
    record, _ = read_database(patient)
    assert record is not None
    assert (record.newest_received, record.peers, record.has_position) == (None, (), False)


def test_a_sleeping_twin_s_database_is_left_as_it_is(patient: Patient) -> None:
    def looks() -> dict[str, tuple[int, int]]:
        return {e.name: (e.stat().st_size, e.stat().st_mtime_ns) for e in patient.folder.iterdir()}

    before = looks()
    read_database(patient)
    assert levels(integrity(patient)) == ["ok"]
    assert look_at_integrity(patient, lambda: 0.0, thorough=True)[0].says.endswith(
        "(integrity check)."
    )
    assert looks() == before


def test_a_running_twin_writes_while_it_is_examined(patient: Patient) -> None:
    assert patient.database_file is not None
    with closing(sqlite3.connect(patient.database_file, timeout=0)) as twin:
        twin.execute("PRAGMA journal_mode=WAL")
        twin.execute(PEERS[0])
        twin.commit()
        twin.execute(PEERS[1])
        seen = []

        def use(books: Books) -> None:
            seen.append(books.query("SELECT count(*) FROM destinations"))
            twin.commit()
            seen.append(books.query("SELECT count(*) FROM destinations"))

        read_steadily(patient, use)
        assert seen == [[(1,)], [(2,)]]
        assert levels(integrity(patient)) == ["ok"]


def test_a_database_that_changes_meanwhile_is_read_again(patient: Patient) -> None:
    rows: list[Any] = []

    def use(books: Books) -> None:
        rows.append(books.query("SELECT count(*) FROM destinations"))
        if len(rows) == 1:
            # The twin wakes, writes, and sleeps again.
            change(patient, PEERS[0])

    read_steadily(patient, use)
    assert rows == [[(0,)], [(1,)]]


def test_a_database_that_never_rests_is_given_up(patient: Patient) -> None:
    numbers = count()

    def use(books: Books) -> None:
        change(patient, f"INSERT INTO destinations VALUES ('x{next(numbers)}', 0, 0, NULL, 0)")

    with pytest.raises(Unreadable, match="all the time"):
        read_steadily(patient, use)


def test_nothing_can_be_written_through_it(patient: Patient) -> None:
    with pytest.raises(Unreadable):
        read_steadily(patient, lambda books: _ask(books, PEERS[0]))


# Damage --------------------------------------------------------------------------------------


def test_damage_is_found(patient: Patient) -> None:
    assert patient.database_file is not None
    with patient.database_file.open("r+b") as file:
        for position in range(40_000, 1_500_000, 40_000):
            file.seek(position)
            file.write(b"\xff" * 8000)
    (found,) = integrity(patient)
    assert (found.level, "restore" in str(found.fix)) == ("problem", True)
    assert found.says.isprintable()


@pytest.mark.parametrize("content", [b"", b"nonsense" * 1000])
def test_a_file_that_is_no_database_is_a_problem(patient: Patient, content: bytes) -> None:
    assert patient.database_file is not None
    patient.database_file.write_bytes(content)
    record, found = read_database(patient)
    if record is not None:
        found = look_at_record(patient, record, SAYS)
    assert "problem" in levels(found)


def test_a_file_that_is_gone_is_a_problem_once(patient: Patient) -> None:
    assert patient.database_file is not None
    patient.database_file.unlink()
    record, found = read_database(patient)
    assert (record, levels(found)) == (None, ["problem"])
    assert integrity(patient) == []
    assert not patient.database_file.exists()


def test_a_large_database_is_not_checked_for_ever(patient: Patient) -> None:
    change(
        patient,
        "CREATE TABLE large AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n"
        " WHERE x < 200000) SELECT x, hex(x) AS y FROM n",
    )
    seconds = count(0, 1000)
    (found,) = integrity(patient, lambda: float(next(seconds)))
    assert (found.level, "60 s" in found.says) == ("skipped", True)


# What it says --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "expected", "words"),
    [
        (GOOD, [], ""),
        (Record(schema=95, compatible=84, twin_schema=9, has_position=True), [], ""),
        (Record(schema=93, compatible=84, twin_schema=9, has_position=True), ["ok"], "93"),
        (Record(99, 95, 9, has_position=True), ["problem"], "newer Synapse"),
        (Record(99, None, 9, has_position=True), ["problem"], "newer Synapse"),
        (Record(None, None, 9, has_position=True), ["problem"], "no tables of Synapse"),
        (Record(94, 84, 10, has_position=True), ["problem"], "newer twin module"),
        (Record(94, 84, None), ["problem"], "of the twin's own"),
        (Record(94, 84, 9, has_position=True, crowded=(("!r", 12),)), ["warning"], "!r (12)"),
        (Record(94, 84, 9, has_position=True, locale=("C", "C"), encoding="UTF8"), [], ""),
        (Record(94, 84, 9, has_position=True, encoding="LATIN1"), ["problem"], "LATIN1"),
        (replace(GOOD, engine="PostgreSQL", version="13.9"), ["problem"], "13.9"),
        (replace(GOOD, engine="PostgreSQL", version="14.0"), [], ""),
        (Record(94, 84, 9, has_position=True, locale=("en_US", "C")), ["problem"], "en_US and C"),
    ],
)
def test_a_database_has_to_fit(
    bare: Patient, record: Record, expected: list[str], words: str
) -> None:
    found = look_at_record(bare, record, SAYS)
    assert levels(found) == expected
    assert all(words in each.says for each in found)


def test_without_synapse_nothing_is_said_of_versions(bare: Patient) -> None:
    assert look_at_record(bare, GOOD, SynapseSays("it can't be started")) == []


def test_another_order_is_a_warning_where_it_is_allowed(tmp_path: Path) -> None:
    database = {"name": "psycopg2", "allow_unsafe_locale": True, "args": {}}
    patient = make_patient(tmp_path, database=database)
    record = Record(94, 84, 9, has_position=True, locale=("de_DE", "de_DE"))
    assert levels(look_at_record(patient, record, SAYS)) == ["warning"]


def test_a_log_that_is_never_written_back_is_a_warning(bare: Patient) -> None:
    log = bare.folder / "homeserver.db-wal"
    with log.open("wb") as file:
        file.truncate(300_000_000)
    (found,) = look_at_record(bare, GOOD, SAYS)
    assert (found.level, "300 MB" in found.says) == ("warning", True)


# PostgreSQL ----------------------------------------------------------------------------------


@pytest.fixture
def on_postgres(tmp_path: Path, postgres_url: str) -> Iterator[Patient]:
    with fresh_database(postgres_url) as arguments:
        database = {"name": "psycopg2", "args": {**arguments, "cp_min": 1, "cp_max": 5}}
        yield make_patient(tmp_path, database=database)


def test_postgresql_is_read_and_not_written(on_postgres: Patient) -> None:
    config = HomeServerConfig.load_config("", ["--config-path", str(on_postgres.yaml)])
    database = DatabaseConnectionConfig("master", dict(on_postgres.database))
    engine = create_engine(database.config)
    with make_conn(
        db_config=database, engine=engine, default_txn_name="test", server_name=NAME
    ) as connection:
        prepare_database(connection, engine, config, databases=database.databases)
        cursor = connection.cursor()
        migrate(cursor)
        for each in (*PEERS, EVENT.format(1, "$a", 2000), *crowd("!many", 11)):
            cursor.execute(each)
        connection.commit()
    connection.close()
    record, found = read_database(on_postgres)
    assert found == []
    assert record is not None
    assert (record.peers, record.newest_received) == (EXPECTED_PEERS, 2000)
    assert (record.engine, int(record.version.split(".")[0]) >= OLDEST_POSTGRES) == (
        "PostgreSQL",
        True,
    )
    assert (record.encoding, record.crowded) == ("UTF8", (("!many", 11),))
    assert record.has_position
    said = SynapseSays(None, record.schema, record.compatible, record.twin_schema)
    assert "problem" not in levels(look_at_record(on_postgres, record, said))
    assert integrity(on_postgres) == []
    with pytest.raises(Unreadable, match="read-only"):
        read_steadily(on_postgres, lambda books: _ask(books, "DELETE FROM destinations"))


def test_postgresql_that_is_not_there_is_a_problem_without_the_password(tmp_path: Path) -> None:
    arguments = {"host": "127.0.0.1", "port": 1, "user": "twin", "password": "hunter2"}
    patient = make_patient(tmp_path, database={"name": "psycopg2", "args": arguments})
    record, (found,) = read_database(patient)
    assert (record, found.level) == (None, "problem")
    assert "hunter2" not in str(found)
    assert found.says.isprintable()


def test_arguments_that_the_driver_does_not_know_are_a_problem(tmp_path: Path) -> None:
    patient = make_patient(tmp_path, database={"name": "psycopg2", "args": {"nonsense": 1}})
    assert levels(read_database(patient)[1]) == ["problem"]


def test_synapse_asks_for_the_postgresql_that_we_think(tmp_path: Path) -> None:
    engine = create_engine({"name": "psycopg2", "args": {}})

    class Old:
        server_version = OLDEST_POSTGRES * 10_000 - 1

    with pytest.raises(RuntimeError, match=f"PostgreSQL {OLDEST_POSTGRES} or above"):
        engine.check_database(Old())
