"""Backups that root makes of twins of other users: whatever such a user puts in the way, root reads nothing by it."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import yaml

from tests.host.accounts import UNUSED, account
from tests.host.backup_scene import BEGIN, DATABASE, Scene, digest_of, make_scene
from tests.host.move_scene import make_scene as make_moving_scene, twin_of
from twin_module.host.backup import postgres
from twin_module.host.backup.as_owner import as_owner
from twin_module.host.backup.make_backup import BackupResult, write_backup
from twin_module.host.backup.settings import read_settings, state_folder
from twin_module.host.backup.store import Store
from twin_module.host.backup.take_database import COPY, IN_TWINS_FOLDER, open_copy
from twin_module.host.backup.twin_files import TwinFiles, read_twin
from twin_module.host.errors import HostError
from twin_module.host.moving import alone
from twin_module.host.moving.alone import check_alone
from twin_module.host.users import FOR_PASSING, give
from twin_module.testing.postgres import fresh_database

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can do something as somebody else"
)

A, B = account("twin-a", UNUSED["twin-a"]), account("twin-b", UNUSED["twin-b"])


@pytest.fixture
def scene() -> Iterator[Scene]:
    """The twin of alice, the user A's, on a host that has such users."""
    root = Path(tempfile.mkdtemp(prefix="owner"))
    root.chmod(0o711)
    made = make_scene(root)
    let_pass(made.data)
    give(made.folder, A)
    yield made
    shutil.rmtree(root)


def let_pass(data: Path) -> None:
    """Let the users of the host go through its folder and see nothing, as the host itself does."""
    os.chown(data, 0, UNUSED["twin"])
    data.chmod(FOR_PASSING)


@pytest.fixture
def foreign(scene: Scene) -> Path:
    """The database of the user B, with which it shares nothing."""
    folder = scene.root / "b"
    folder.mkdir(mode=0o711)
    database = folder / DATABASE
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE secrets (said TEXT)")
    give(folder, B)
    folder.chmod(0o711)
    database.chmod(0o600)
    return database


def write(scene: Scene, twin: TwinFiles) -> BackupResult:
    """Write a backup of what was read of a twin a moment ago."""
    told = read_settings(scene.data, "alice")
    store, state = Store(scene.target), state_folder(scene.data, "alice")
    return write_backup("alice", twin, told.settings, store, state, BEGIN, lambda _: None)


def test_a_backup_of_another_users_twin_is_the_same_and_leaves_nothing_there(scene: Scene) -> None:
    before = digest_of(scene.folder)
    scene.back_up()
    assert scene.restored() == before == digest_of(scene.folder)
    assert {path.lstat().st_uid for path in scene.folder.rglob("*")} == {A.pw_uid}


def test_the_database_is_read_as_its_user(scene: Scene) -> None:
    with pytest.raises(HostError, match="unable to open database file"):
        as_owner(scene.folder, lambda: sqlite3.connect(f"file:{scene.key}?mode=ro", uri=True))
    assert as_owner(scene.folder, os.geteuid) == A.pw_uid
    assert as_owner(scene.data, os.geteuid) == 0


def test_a_link_that_takes_the_place_of_the_database_shows_nobody_elses(
    scene: Scene, foreign: Path
) -> None:
    twin = read_twin(scene.folder)
    (scene.folder / DATABASE).unlink()
    (scene.folder / DATABASE).symlink_to(foreign)
    with pytest.raises(HostError, match="unable to open database file"):
        write(scene, twin)
    assert Store(scene.target).times() == []


def test_a_configuration_that_leads_elsewhere_shows_nothing(scene: Scene) -> None:
    others = scene.root / "homeserver.yaml"
    (scene.folder / "homeserver.yaml").rename(others)
    give_away(others)
    (scene.folder / "homeserver.yaml").symlink_to(others)
    with pytest.raises(HostError, match="can't be read: Permission denied"):
        scene.back_up()


def give_away(file: Path) -> None:
    """Let a file be the user B's alone."""
    os.chown(file, B.pw_uid, B.pw_gid)
    file.chmod(0o600)


def test_what_the_folder_of_the_copy_leads_to_is_not_touched(scene: Scene, foreign: Path) -> None:
    (scene.folder / IN_TWINS_FOLDER).symlink_to(foreign.parent)
    with pytest.raises(HostError, match=r"\.backup\.new: File exists"):
        scene.back_up()
    assert foreign.exists()


def test_what_a_killed_backup_has_left_is_in_nobodys_way(scene: Scene) -> None:
    left = scene.folder / IN_TWINS_FOLDER
    left.mkdir()
    (left / COPY).write_bytes(b"half of it")
    for path in (left, left / COPY):
        os.chown(path, A.pw_uid, A.pw_gid)
    scene.back_up()
    assert not left.exists()
    assert scene.restored() == digest_of(scene.folder)


def test_only_a_file_of_the_user_alone_is_taken_for_the_copy(scene: Scene, foreign: Path) -> None:
    aside = scene.root / "copy"
    aside.mkdir()
    copy = aside / COPY
    copy.write_bytes(b"whole")
    os.chown(copy, A.pw_uid, A.pw_gid)
    with open_copy(aside, A.pw_uid) as file:
        assert file.read() == b"whole"
    os.link(copy, aside / "other")
    with pytest.raises(HostError, match="is not the copy of the database"):
        open_copy(aside, A.pw_uid)
    copy.unlink()
    os.link(foreign, copy)
    with pytest.raises(HostError, match="is not the copy of the database"):
        open_copy(aside, A.pw_uid)
    copy.unlink()
    copy.symlink_to(foreign)
    with pytest.raises(OSError, match="symbolic links"):
        open_copy(aside, A.pw_uid)
    copy.unlink()
    os.mkfifo(copy)
    os.chown(copy, A.pw_uid, A.pw_gid)
    with pytest.raises(HostError, match="is not the copy of the database"):
        open_copy(aside, A.pw_uid)
    shutil.rmtree(aside)
    aside.symlink_to(foreign.parent)
    with pytest.raises(OSError, match="Not a directory"):
        open_copy(aside, A.pw_uid)


def test_a_folder_that_is_a_link_is_none(scene: Scene, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(scene.folder)
    with pytest.raises(HostError, match="is no folder"):
        as_owner(link, os.geteuid)


def test_what_was_released_is_copied_once_more_as_its_user() -> None:
    with tempfile.TemporaryDirectory(prefix="owner") as folder:
        root = Path(folder)
        root.chmod(0o711)
        scene = make_moving_scene(root)
        let_pass(scene.old.data)
        give(scene.old.folder, A)
        before = twin_of(scene.old.folder)
        invitation = scene.invite()
        scene.leave(invitation)
        shutil.rmtree(scene.target)
        scene.leave(invitation)
        assert not (scene.old.moves.gone / IN_TWINS_FOLDER).exists()
        scene.arrive()
        assert twin_of(scene.new.folder) == before


def test_who_moves_is_asked_as_its_user_too(
    scene: Scene, foreign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alone, "BUSY_SECONDS", 0.0)
    twin = read_twin(scene.folder)
    check_alone(twin)
    with scene.database() as connection:
        connection.execute("SELECT * FROM events").fetchone()
        with pytest.raises(HostError, match="Another program uses the database"):
            check_alone(twin)
    (scene.folder / DATABASE).unlink()
    (scene.folder / DATABASE).symlink_to(foreign)
    with pytest.raises(HostError, match="unable to open database file"):
        check_alone(twin)


# On PostgreSQL


@pytest.fixture
def dumping(
    scene: Scene, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Scene, Path]]:
    """The same twin on PostgreSQL, and what a pg_dump notes of who runs it and what it may read."""
    programs = scene.root / "bin"
    programs.mkdir()
    programs.chmod(0o755)
    noted = scene.root / "noted"
    noted.mkdir()
    noted.chmod(0o777)
    program = programs / "pg_dump"
    program.write_text(
        "#!/bin/sh\n"
        "if [ $1 = --version ]; then echo 'pg_dump (PostgreSQL) 99.1'; exit; fi\n"
        f'id -u > {noted}/user; cat "$PGSERVICEFILE" > {noted}/service; echo a dump\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setattr(postgres, "DEBIAN", scene.root)
    with fresh_database(postgres_url) as arguments:
        config = scene.folder / "homeserver.yaml"
        said = yaml.safe_load(config.read_text())
        said["database"] = {"name": "psycopg2", "args": arguments}
        config.write_text(yaml.safe_dump(said))
        yield scene, noted


def test_a_dump_is_made_as_the_twins_user(dumping: tuple[Scene, Path]) -> None:
    scene, noted = dumping
    scene.back_up()
    assert (noted / "user").read_text().strip() == str(A.pw_uid)
    assert "[twin]" in (noted / "service").read_text()


def test_nobody_but_the_twins_user_connects_to_its_database(dumping: tuple[Scene, Path]) -> None:
    """Its configuration may name files for that, as that of a password."""
    scene, noted = dumping
    connect = psycopg2.connect

    def note(**arguments: Any) -> Any:
        with (noted / "connects").open("a") as file:
            print(os.geteuid(), file=file)
        return connect(**arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg2, "connect", note)
        scene.back_up()
        check_alone(read_twin(scene.folder))
    assert (noted / "connects").read_text().split() == [str(A.pw_uid)] * 3
