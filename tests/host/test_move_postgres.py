"""Moves of a twin on PostgreSQL, with the server and the programs of the system."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import yaml

from tests.host.move_scene import NEWEST, Scene, make_scene, remake, twin_of
from twin_module.host.backup.tables import Tables
from twin_module.host.commands.move import read_database
from twin_module.host.errors import HostError
from twin_module.host.moving import alone
from twin_module.testing.postgres import fresh_database

Arguments = Mapping[str, str | int]


@pytest.fixture
def database(postgres_url: str) -> Iterator[Arguments]:
    with fresh_database(postgres_url) as arguments:
        with closing(psycopg2.connect(**arguments)) as connection, connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE events (id BIGSERIAL PRIMARY KEY, said TEXT);"
                "INSERT INTO events (said) SELECT md5(n::text) FROM generate_series(1, 500) n"
            )
            connection.commit()
        yield arguments


@pytest.fixture
def empty(postgres_url: str) -> Iterator[Arguments]:
    with fresh_database(postgres_url) as arguments:
        yield arguments


@pytest.fixture
def scene(tmp_path: Path, database: Arguments) -> Scene:
    scene = make_scene(tmp_path)
    (scene.old.folder / "homeserver.db").unlink()
    settings = {"database": {"name": "psycopg2", "args": {**database, "cp_min": 1, "cp_max": 5}}}
    (scene.old.folder / "extra.yaml").write_text(yaml.safe_dump(settings))
    remake(scene.old)
    return scene


def rows_of(arguments: Arguments) -> list[tuple[int, str]]:
    with closing(psycopg2.connect(**arguments)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id, said FROM events ORDER BY id")
        found: list[tuple[int, str]] = cursor.fetchall()
    return found


def test_it_moves_into_an_empty_database_of_the_new_host(
    scene: Scene, database: Arguments, empty: Arguments
) -> None:
    before, rows = twin_of(scene.old.folder), rows_of(database)
    scene.leave(scene.invite())
    with pytest.raises(HostError, match="make an empty database for it here"):
        scene.arrive()
    assert scene.new.state is None
    scene.arrive(database=empty)
    assert twin_of(scene.new.folder) == before
    assert rows_of(empty) == rows
    for _ in range(2):
        config = yaml.safe_load((scene.new.folder / "homeserver.yaml").read_text())
        assert config["database"] == {
            "name": "psycopg2",
            "args": {**empty, "cp_min": 1, "cp_max": 5},
        }
        # Also when this host writes the configuration again.
        remake(scene.new)
    assert str(database["dbname"]) in (scene.new.folder / "extra.yaml.moved").read_text()
    assert scene.finish().postgres


def test_it_does_not_leave_for_a_host_that_could_not_open_its_database(
    scene: Scene, database: Arguments, empty: Arguments
) -> None:
    with closing(psycopg2.connect(**database)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE schema_compat_version (compat_version INTEGER);"
            f"INSERT INTO schema_compat_version VALUES ({NEWEST.synapse})"
        )
        connection.commit()
    scene.new.newest = Tables(synapse=NEWEST.synapse - 1, twin=NEWEST.twin)
    with pytest.raises(HostError, match="needs a Synapse that knows version 94"):
        scene.leave(scene.invite())
    assert scene.old.asked == []
    scene.new.newest = NEWEST
    scene.leave(scene.invite())
    # The copy says it as well.
    scene.new.newest = Tables(synapse=NEWEST.synapse - 1, twin=NEWEST.twin)
    with pytest.raises(HostError, match="Nothing was taken in"):
        scene.arrive(database=empty)
    scene.new.newest = NEWEST
    scene.arrive(database=empty)
    assert scene.new.can_serve()


def test_what_was_lost_of_the_folder_is_dumped_anew(
    scene: Scene, database: Arguments, empty: Arguments
) -> None:
    rows = rows_of(database)
    invitation = scene.invite()
    scene.leave(invitation)
    shutil.rmtree(scene.target)
    scene.leave(invitation)
    scene.arrive(database=empty)
    assert rows_of(empty) == rows


def test_a_program_that_is_connected_to_the_database_holds_the_move_up(
    scene: Scene, database: Arguments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alone, "BUSY_SECONDS", 0.0)
    invitation = scene.invite()
    with closing(psycopg2.connect(**database)):
        with pytest.raises(HostError, match="Another program uses the database"):
            scene.leave(invitation)
        assert scene.old.can_serve()


def test_a_database_that_is_not_empty_is_not_written_to(
    scene: Scene, database: Arguments, empty: Arguments
) -> None:
    rows = rows_of(database)
    scene.leave(scene.invite())
    with pytest.raises(HostError, match="is not empty"):
        scene.arrive(database=database)
    assert rows_of(database) == rows
    assert scene.new.state is None
    scene.arrive(database=empty)


def test_the_file_with_the_database_has_to_be_a_map(tmp_path: Path) -> None:
    file = tmp_path / "database.yaml"
    with pytest.raises(HostError, match="can't be read"):
        read_database(file)
    for text in ("", "[]", "{a: [b]}", "{1: b}", "a: b: c", "user"):
        file.write_text(text)
        with pytest.raises(HostError, match=r"is not YAML|has to be a map"):
            read_database(file)
    file.write_text("{user: twin, port: 5432}")
    assert read_database(file) == {"user": "twin", "port": 5432}
