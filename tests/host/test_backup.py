"""Backups of a twin and back: what is made of one is the twin as it was."""

import os
import random
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import zlib
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, strategies as st

from tests.host.backup_scene import (
    BEGIN,
    DATABASE,
    SECRET,
    Scene,
    add_events,
    digest_of,
    files_in,
    make_scene,
)
from twin_module.host.backup.check import check_backups
from twin_module.host.backup.index import ReadFile
from twin_module.host.backup.make_backup import make_backup
from twin_module.host.backup.packing import Packer
from twin_module.host.backup.restore import restore
from twin_module.host.backup.retention import Keep
from twin_module.host.backup.settings import last_backup
from twin_module.host.backup.store import Store
from twin_module.host.backup.twin_files import NOT_KEPT
from twin_module.host.configuration import HostedTwin
from twin_module.host.database import ensure_database
from twin_module.host.errors import HostError
from twin_module.host.folder import prepare
from twin_module.testing.person import eventually


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


# There and back

NAMES = (
    st.binary(min_size=1, max_size=12)
    .map(lambda data: os.fsdecode(data.replace(b"/", b"_").replace(b"\0", b"_")))
    .filter(lambda name: name not in (".", "..") and not NOT_KEPT.fullmatch(name))
)
FOLDERS = st.dictionaries(
    st.tuples(st.sampled_from(["", "media/local_content/", "more/and more/"]), NAMES),
    st.binary(max_size=200)
    | st.integers(1, 3_000_000).map(lambda n: random.Random(n).randbytes(n)),
    max_size=6,
)


@given(FOLDERS, FOLDERS)
def test_whatever_lies_in_a_folder_is_the_same_when_it_is_restored(
    first: dict[tuple[str, str], bytes], second: dict[tuple[str, str], bytes]
) -> None:
    with TemporaryDirectory() as folder:
        scene = make_scene(Path(folder))
        own = {path.relative_to(scene.folder) for path in scene.folder.rglob("*")}
        digests = []
        for day, files in enumerate((first, second)):
            for (inside, name), data in files.items():
                path = Path(inside, name)
                if path not in own and not (scene.folder / path).is_dir():
                    scene.write(str(path), data)
            add_events(scene, 3, seed=day)
            scene.back_up(day)
            digests.append(digest_of(scene.folder))
        for day, digest in enumerate(digests):
            moment = BEGIN + timedelta(days=day)
            assert scene.restored(f"day {day}", moment=moment) == digest
        assert check_backups(scene.target, scene.key).problems == ()


def test_the_folder_of_a_real_twin_comes_back_with_all_of_synapses_tables(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    shutil.rmtree(scene.folder)
    prepare(HostedTwin(owner="alice", server_name="alice.example", folder=scene.folder))
    ensure_database(scene.folder)
    scene.back_up()
    digest = digest_of(scene.folder)
    assert len([each for each in digest if each.startswith("table ")]) > 100
    assert scene.restored() == digest


def test_files_are_restored_for_their_owner_alone(scene: Scene) -> None:
    (scene.folder / "log.yaml").chmod(0o644)
    (scene.folder / "media").chmod(0o755)
    scene.back_up()
    scene.restored()
    folder = scene.root / "restored"
    for path in [folder, *folder.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_a_twin_that_is_restored_elsewhere_uses_its_own_files(scene: Scene) -> None:
    scene.write("note.txt", str(scene.folder).encode())
    scene.back_up()
    scene.restored()
    config = (scene.root / "restored" / "homeserver.yaml").read_text()
    assert str(scene.folder) not in config
    assert str(scene.root / "restored" / DATABASE) in config
    # Nobody but the configuration means the folder by its path.
    assert (scene.root / "restored" / "note.txt").read_text() == str(scene.folder)


def test_logs_locks_sockets_and_what_can_be_made_again_are_left_out(scene: Scene) -> None:
    left_out = [
        "homeserver.log",
        "homeserver.log.1",
        "running.lock",
        ".signing.key.new",
        "media/local_thumbnails/a",
        "media/remote_thumbnail/a",
        "media/url_cache/a",
        "media/remote_content/a",
    ]
    for path in left_out:
        scene.write(path, b"x")
    scene.write("media/local_content/a.log", b"a file that somebody sent")
    with socket.socket(socket.AF_UNIX) as listener:
        # Addresses of sockets are short.
        listener.bind(os.path.relpath(scene.folder / "hs.sock"))
        scene.back_up()
    restored = scene.restored()
    assert restored.keys().isdisjoint({*left_out, "hs.sock"})
    assert "media/local_content/a.log" in restored
    scene.set_up(remote_media=True)
    scene.back_up(1)
    assert scene.restored("with remote media").keys() & set(left_out) == {"media/remote_content/a"}


def test_a_link_is_kept_as_a_link_and_never_followed(scene: Scene) -> None:
    (scene.root / "secret of another").write_text("not yours")
    (scene.folder / "media/local_content/link").symlink_to(scene.root / "secret of another")
    (scene.folder / "all").symlink_to("/etc")
    result = scene.back_up()
    restored = scene.restored()
    assert restored["all"] == "link to /etc"
    assert restored == digest_of(scene.folder)
    assert result.files == 6


def test_any_backup_is_restored_by_its_time(scene: Scene) -> None:
    digests = {}
    for day in range(3):
        add_events(scene, 5, seed=day)
        scene.back_up(day)
        digests[day] = digest_of(scene.folder)
    for day, digest in digests.items():
        later = BEGIN + timedelta(days=day, hours=5)
        assert scene.restored(f"day {day}", moment=later) == digest
    assert scene.restored("latest") == digests[2]
    with pytest.raises(HostError, match=r"The first backup in .* was made at 2026-03-02"):
        scene.restored("early", moment=BEGIN - timedelta(hours=1))


def test_a_backup_never_takes_the_place_of_another_one(scene: Scene) -> None:
    first = scene.back_up()
    add_events(scene, 1, seed=1)
    assert scene.back_up().time > first.time
    assert scene.restored() == digest_of(scene.folder)


# While it runs

WRITER = """
import sqlite3, sys
from pathlib import Path
folder = Path(sys.argv[1])
c = sqlite3.connect(folder / "homeserver.db", isolation_level=None, timeout=60)
n = 0
while True:
    n += 1
    (folder / "media/local_content" / f"m{n}").write_text(str(n))
    c.execute("BEGIN IMMEDIATE")
    c.execute("UPDATE accounts SET balance = balance - 1 WHERE id = ?", (n % 7,))
    c.execute("INSERT INTO media VALUES (?)", (n,))
    c.execute("UPDATE accounts SET balance = balance + 1 WHERE id = ?", ((n + 3) % 7,))
    c.execute("UPDATE counter SET n = ?", (n,))
    c.execute("COMMIT")
    print(n, flush=True)
"""


def test_a_backup_of_a_twin_that_writes_all_the_time_is_of_one_moment(scene: Scene) -> None:
    add_events(scene, 5000)  # several steps of the copy
    with scene.database() as connection:
        connection.executescript(
            "CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER);"
            "CREATE TABLE media (n INTEGER PRIMARY KEY);"
            "CREATE TABLE counter (n INTEGER); INSERT INTO counter VALUES (0);"
            "WITH RECURSIVE i(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM i WHERE n < 6)"
            "INSERT INTO accounts SELECT n, 100 FROM i;"
        )
    with (
        subprocess.Popen(
            [sys.executable, "-c", WRITER, scene.folder], stdout=subprocess.PIPE, text=True
        ) as writer,
        scene.database() as connection,
    ):
        try:
            assert writer.stdout is not None
            writer.stdout.readline()
            waited = 0

            def wait_for_writes(words: str) -> None:
                """Let the other process commit in the middle of the copy."""
                nonlocal waited
                before = connection.execute("SELECT n FROM counter").fetchone()
                if words.startswith("copying"):
                    eventually(
                        lambda: connection.execute("SELECT n FROM counter").fetchone() > before
                    )
                    waited += 1

            for day in range(3):
                scene.back_up(day, progress=wait_for_writes)
        finally:
            writer.kill()
            writer.communicate()
    assert waited >= 6
    for day in range(3):
        folder = scene.root / f"day {day}"
        restore(scene.target, scene.key, folder, moment=BEGIN + timedelta(days=day))
        with closing(sqlite3.connect(folder / DATABASE)) as restored:
            [(total,)] = restored.execute("SELECT sum(balance) FROM accounts")
            [(count, last)] = restored.execute("SELECT count(*), max(n) FROM media")
            assert total == 700
            assert restored.execute("SELECT n FROM counter").fetchall() == [(last,)]
            assert count == last > 0
        for number in range(1, last + 1):
            assert (folder / "media/local_content" / f"m{number}").read_text() == str(number)


def test_a_second_backup_at_the_same_time_is_refused(scene: Scene) -> None:
    refused: list[object] = []

    def start_another(words: str) -> None:
        if not refused:
            with pytest.raises(HostError, match=r"A backup of alice is being made; wait") as error:
                scene.back_up(1)
            refused.append(error)

    scene.back_up(progress=start_another)
    assert refused
    assert len(Store(scene.target).times()) == 1


def test_two_hosts_do_not_write_to_one_folder_at_once(scene: Scene) -> None:
    with Store(scene.target).lock(), pytest.raises(HostError, match="Another process writes to"):
        scene.back_up()


# Little is written


def test_what_did_not_change_costs_almost_nothing(scene: Scene) -> None:
    for number in range(20):
        scene.write(f"media/local_content/{number}", random.Random(number).randbytes(1_000_000))
    add_events(scene, 20_000)
    first = scene.back_up()
    assert first.written / first.size > 0.5
    second = scene.back_up(1)
    assert second.written / second.size < 0.001
    assert second.objects_written == 1
    add_events(scene, 5, seed=1)
    third = scene.back_up(2)
    assert third.written / third.size < 0.02
    assert scene.restored() == digest_of(scene.folder)


def test_the_same_file_twice_is_stored_once(scene: Scene) -> None:
    data = random.Random(1).randbytes(2_500_000)
    scene.write("media/local_content/one", data)
    scene.write("media/local_content/two", data)
    assert scene.back_up().written < 1.1 * len(data)


def test_media_that_did_not_change_are_not_even_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = scene.write("media/local_content/one", b"x" * 1000)
    os.utime(media, ns=(0, 0))
    # As if all had been written long ago.
    monkeypatch.setattr("twin_module.host.backup.make_backup.SETTLED_NS", -(10**12))
    read: list[int] = []
    add = Packer.add

    def noted(self: Packer, *arguments: Any) -> ReadFile:
        read.append((file := add(self, *arguments)).size)
        return file

    monkeypatch.setattr(Packer, "add", noted)
    scene.back_up()
    assert 1000 in read
    read.clear()
    scene.back_up(1)
    assert 1000 not in read
    # The same size and the same time of writing, and yet another content.
    media.write_bytes(b"z" * 1000)
    os.utime(media, ns=(0, 0))
    scene.back_up(2)
    assert scene.restored() == digest_of(scene.folder)


def test_media_that_were_written_a_moment_ago_are_read_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twin_module.host.backup.make_backup.SETTLED_NS", 3600 * 10**9)
    scene.write("media/local_content/one", b"x" * 1000)
    scene.back_up()
    with closing(sqlite3.connect(scene.data / ".backups/alice/index.db")) as index:
        assert index.execute("SELECT count(*) FROM files").fetchone() == (0,)


def test_what_a_host_remembers_may_be_lost(scene: Scene) -> None:
    scene.back_up()
    index = scene.data / ".backups/alice/index.db"
    for damage in (index.unlink, lambda: index.write_bytes(b"no database" * 1000)):
        damage()
        scene.back_up(1)
        assert scene.back_up(1).objects_written == 1
    assert scene.restored() == digest_of(scene.folder)


# What is kept


def test_old_backups_go_and_what_the_others_need_stays(scene: Scene) -> None:
    scene.set_up(keep=Keep(daily=3, weekly=2))
    digests = {}
    for day in range(20):
        add_events(scene, 100, seed=day)
        scene.write(f"media/local_content/day{day}", os.urandom(1000))
        if day > 2:
            (scene.folder / f"media/local_content/day{day - 3}").unlink()
        result = scene.back_up(day)
        digests[BEGIN + timedelta(days=day)] = digest_of(scene.folder)
    store = Store(scene.target)
    kept = store.times()
    # The last three days, and the Sunday before that week.
    assert [(moment - BEGIN).days for moment in kept] == [13, 17, 18, 19]
    assert result.backups == 4
    assert result.removed == 1
    for moment in kept:
        assert scene.restored(f"{moment:%d}", moment=moment) == digests[moment]
    needed = {name for moment in kept for name in store.snapshot(moment).objects}
    assert store.objects().keys() == needed


def test_the_store_stays_small_where_lasting_files_share_objects_with_passing_ones(
    scene: Scene,
) -> None:
    scene.set_up(keep=Keep(daily=1, weekly=0))
    for day in range(20):
        chance = random.Random(day)
        for number in range(15):
            scene.write(f"media/local_content/{number}", chance.randbytes(50_000))
        scene.write(f"media/local_content/lasts-{day}", chance.randbytes(5_000))
        size = scene.back_up(day).size
    # Those of today and of yesterday, whose few lasting files the next backup writes anew.
    assert sum(Store(scene.target).objects().values()) < 3 * size
    assert scene.restored() == digest_of(scene.folder)


def test_nothing_is_removed_as_long_as_a_list_can_not_be_read(scene: Scene) -> None:
    scene.set_up(keep=Keep(daily=1, weekly=0))
    scene.back_up()
    store = Store(scene.target)
    path, before = store.list_path(BEGIN), store.objects()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    [warning] = scene.back_up(1).warnings
    assert "is cut off, or no list of a backup; nothing is removed until" in warning
    assert before.items() <= store.objects().items()
    path.write_bytes(whole)
    assert scene.back_up(2).removed == 2


def test_a_backup_from_the_future_is_told_of_and_pushes_out_nothing(scene: Scene) -> None:
    scene.set_up(keep=Keep(daily=1, weekly=0))
    scene.back_up(5000)
    for day in range(3):
        [warning] = scene.back_up(day).warnings
        assert "is of a later time than now: some clock was wrong" in warning
    store = Store(scene.target)
    assert len(store.times()) == 4
    store.drop(store.times()[-1])
    assert scene.back_up(3).removed == 3


# Who may know what


def test_who_stores_a_backup_learns_nothing_from_it(scene: Scene) -> None:
    scene.write("media/local_content/a-telling-name", b"a telling content" * 100)
    scene.back_up()
    secrets = [SECRET, b"alice", b"telling", b"correct horse", scene.public.encode(), b"homeserver"]
    for path in files_in(scene.target):
        data = path.read_bytes()
        assert [each for each in secrets if each in data or each in path.name.encode()] == []
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_host_forgets_all_that_would_open_a_backup(scene: Scene) -> None:
    scene.back_up()
    secret = scene.key.read_text().splitlines()[-1].encode()
    assert stat.S_IMODE(scene.key.stat().st_mode) == 0o600
    for path in files_in(scene.data / ".backups"):
        assert secret not in path.read_bytes()
    # Neither is there a copy of the database in clear.
    assert not (scene.data / ".backups/alice/staging").exists()


def test_the_plain_programs_age_and_gunzip_read_an_object(scene: Scene) -> None:
    age = shutil.which("age")
    if age is None:
        pytest.skip("no age: install it (on Debian: apt install age)")
    scene.back_up()
    store = Store(scene.target)
    path = store.path(store.snapshot(BEGIN).contents)
    done = subprocess.run([age, "-d", "-i", scene.key, path], check=True, capture_output=True)
    assert b'"server_name":"alice.example"' in zlib.decompress(done.stdout, wbits=31)


# When it was


def test_the_time_of_the_last_backup_is_known(scene: Scene) -> None:
    assert last_backup(scene.data, "alice") is None
    scene.back_up()
    scene.back_up(2)
    assert last_backup(scene.data, "alice") == BEGIN + timedelta(days=2)
    (scene.folder / DATABASE).write_bytes(b"no database" * 1000)
    with pytest.raises(HostError):
        make_backup(scene.data, "alice", BEGIN + timedelta(days=3))
    assert last_backup(scene.data, "alice") == BEGIN + timedelta(days=2)
