"""A backup says which programs can work with it, and is not restored where none of them is."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.host.backup_scene import BEGIN, Scene, digest_of, make_scene
from twin_module.host.backup.opening import Opener
from twin_module.host.backup.owner_key import read_keys
from twin_module.host.backup.snapshot import (
    Contents,
    Damaged,
    contents_from_bytes,
    contents_to_bytes,
)
from twin_module.host.backup.store import Store
from twin_module.host.backup.tables import Tables, known_here
from twin_module.host.cli import main
from twin_module.host.errors import HostError
from twin_module.host.table import read_table

KNOWN = Tables(synapse=94, twin=20)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


def note_tables(scene: Scene, needs: Tables) -> None:
    """Let the database say which tables it has, as Synapse and the module do."""
    with scene.database() as connection:
        connection.executescript(
            "CREATE TABLE schema_compat_version (compat_version INTEGER);"
            "CREATE TABLE twin_schema (version INTEGER);"
            f"INSERT INTO schema_compat_version VALUES ({needs.synapse});"
            f"INSERT INTO twin_schema VALUES ({needs.twin});"
        )


def contents(scene: Scene) -> Contents:
    """Return what the newest backup says of itself."""
    store = Store(scene.target)
    return Opener(store, read_keys(scene.key)).contents(store.snapshot(store.times()[-1]))


@pytest.mark.parametrize(
    "needs", [replace(KNOWN, synapse=95), replace(KNOWN, twin=21), replace(KNOWN, synapse=10**6)]
)
def test_a_backup_of_newer_programs_is_refused_and_nothing_is_made(
    scene: Scene, needs: Tables
) -> None:
    note_tables(scene, needs)
    scene.back_up()
    with pytest.raises(HostError, match=r"2026-03-02 12:00 needs a .* Nothing was restored"):
        scene.restored(known=KNOWN)
    assert not (scene.root / "restored").exists()
    assert scene.restored(known=needs) == digest_of(scene.folder)


def test_an_earlier_backup_is_still_restored(scene: Scene) -> None:
    scene.back_up()
    before = digest_of(scene.folder)
    note_tables(scene, replace(KNOWN, synapse=95))
    scene.back_up(1)
    with pytest.raises(HostError, match="an earlier backup"):
        scene.restored(known=KNOWN)
    assert scene.restored(known=KNOWN, moment=BEGIN) == before


def test_the_command_says_it_in_one_sentence_and_leaves_the_host_as_it_was(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    note_tables(scene, replace(known_here(), synapse=known_here().synapse + 1))
    scene.back_up()
    new = scene.root / "new"
    words = [str(scene.target), "--key", str(scene.key), "--data", str(new)]
    with pytest.raises(SystemExit) as end:
        main(["restore", "alice", *words])
    assert end.value.code == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "needs a Synapse that knows version" in line
    assert not (new / "alice").exists()
    assert read_table(new) == {}
    # Aside, where nobody runs it, it may be looked at.
    with pytest.raises(SystemExit) as end:
        main(["restore", "alice", *words, "--into", str(scene.root / "aside")])
    assert end.value.code == 0
    assert digest_of(scene.root / "aside") == digest_of(scene.folder)


def test_a_backup_that_does_not_say_what_it_needs_is_restored_all_the_same(scene: Scene) -> None:
    scene.back_up()
    said = json.loads(contents_to_bytes(contents(scene)))
    assert said.pop("needs") == {"synapse": 0, "twin": 0}
    assert contents_from_bytes(json.dumps(said).encode()).needs is None
    said["needs"] = {"synapse": "many", "twin": 0}
    with pytest.raises(Damaged):
        contents_from_bytes(json.dumps(said).encode())


@pytest.mark.parametrize("number", ["'94'", "-1", "NULL", "1.5", "x'00'"])
def test_what_is_no_number_in_a_database_hinders_no_backup(scene: Scene, number: str) -> None:
    with closing(sqlite3.connect(scene.folder / "homeserver.db")) as connection, connection:
        connection.execute("CREATE TABLE schema_compat_version (compat_version)")
        connection.execute(f"INSERT INTO schema_compat_version VALUES ({number})")
        connection.execute("CREATE TABLE schema_version (version INTEGER)")
    scene.back_up()
    assert contents(scene).needs == Tables(synapse=0, twin=0)
    assert scene.restored(known=KNOWN) == digest_of(scene.folder)
