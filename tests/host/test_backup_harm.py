"""Backups when something goes wrong: kills, full disks, damage, wrong keys. Each says a sentence."""

import errno
import os
import resource
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.host.backup_kills import KILLS
from tests.host.backup_scene import (
    BEGIN,
    DATABASE,
    Scene,
    add_events,
    digest_of,
    files_in,
    make_scene,
)
from twin_module.host.backup.check import check_backups
from twin_module.host.backup.make_backup import make_backup
from twin_module.host.backup.opening import Opener
from twin_module.host.backup.owner_key import new_key, read_keys, seal
from twin_module.host.backup.restore import restore
from twin_module.host.backup.retention import Keep
from twin_module.host.backup.snapshot import (
    Contents,
    Piece,
    Snapshot,
    StoredFile,
    contents_to_bytes,
)
from twin_module.host.backup.store import Store
from twin_module.host.errors import HostError


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


# Kills


@pytest.mark.parametrize("what", ["backup", "restore"])
def test_killed_at_any_line_leaves_everything_whole_and_the_next_run_goes_on(
    tmp_path: Path, what: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.host.backup_kills", tmp_path, what],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # Where a run took fewer lines than the one before, the last kills may come too late.
    assert int(done.stdout) >= KILLS - 5


def test_what_a_killed_backup_has_written_is_not_written_again(scene: Scene) -> None:
    for number in range(5):
        scene.write(f"media/local_content/{number}", os.urandom(1_000_000))

    def stop(words: str) -> None:
        if words == "writing the list":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scene.back_up(progress=stop)
    assert Store(scene.target).times() == []
    result = scene.back_up()
    assert result.written < 100_000
    assert scene.restored() == digest_of(scene.folder)


# Full disks


def _is_file(descriptor: object) -> bool:
    return isinstance(descriptor, int) and stat.S_ISREG(os.fstat(descriptor).st_mode)


@contextmanager
def a_disk_that_fails_at(number: int, code: int = errno.ENOSPC) -> Iterator[list[str]]:
    """Let one write fail, of data or when they are written out; yields what was called so far."""
    calls: list[str] = []
    originals = {"write": os.write, "fsync": os.fsync}

    here = threading.get_ident()

    def failing(name: str) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            # Threads of other tests' equipment write as well, and what is cleaned up here meanwhile
            # may wake them by a pipe, which is on no disk.
            if threading.get_ident() == here and _is_file(arguments[0]):
                calls.append(name)
                if len(calls) == number:
                    raise OSError(code, os.strerror(code))
            return originals[name](*arguments)  # type: ignore[operator]

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in originals:
            patch.setattr(os, name, failing(name))
        yield calls


def test_a_disk_that_is_full_at_any_write_leaves_earlier_backups_whole(scene: Scene) -> None:
    scene.set_up(keep=Keep(daily=2, weekly=0))
    scene.back_up()
    first = digest_of(scene.folder)
    number, failed = 1, True
    while failed:
        add_events(scene, 5, seed=number)
        scene.write("media/local_content/new", os.urandom(1000))
        failed = False
        with a_disk_that_fails_at(number) as calls:
            try:
                scene.back_up(1)
            except HostError as error:
                failed = True
                assert "There is no room left" in str(error)  # noqa: PT017
                assert "The earlier backups are whole" in str(error)  # noqa: PT017
        assert scene.restored(f"{number}", moment=BEGIN) == first
        assert check_backups(scene.target, scene.key).problems == ()
        number += 1
    assert number > 5
    assert len(calls) == number - 2
    scene.back_up(1)
    assert scene.restored("last") == digest_of(scene.folder)


def test_no_room_for_the_copy_of_the_database_is_said(scene: Scene) -> None:
    add_events(scene, 10_000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, before[1]))
    try:
        with pytest.raises(HostError, match=r"SQLite says: .*The earlier backups are whole"):
            scene.back_up()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not (scene.data / ".backups/alice/staging").exists()
    scene.back_up()
    assert scene.restored() == digest_of(scene.folder)


def test_a_restore_without_room_changes_nothing(scene: Scene) -> None:
    scene.back_up()
    number, failed = 1, True
    while failed:
        failed = False
        with a_disk_that_fails_at(number):
            try:
                scene.restored(f"{number}")
            except HostError as error:
                failed = True
                assert "There is no room left" in str(error)  # noqa: PT017
        assert (scene.root / f"{number}").exists() != failed
        assert not list(scene.root.glob(".*restoring/folder"))
        number += 1
    assert number > 5


# Damage


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


DAMAGES = {
    flip: "which was changed since it was written",
    cut: "which was changed since it was written",
    Path.unlink: "which is missing",
}


@pytest.mark.parametrize(("damage", "words"), DAMAGES.items(), ids=["changed", "cut", "missing"])
def test_a_damaged_object_is_found_and_never_restored(
    scene: Scene, damage: Callable[[Path], None], words: str
) -> None:
    scene.back_up()
    scene.write("media/local_content/new", os.urandom(1000))
    scene.back_up(1)
    store = Store(scene.target)
    kept = set(store.snapshot(BEGIN).objects)
    for path in files_in(scene.target / "objects"):
        whole = path.read_bytes()
        damage(path)
        concerned = kept if path.stem in kept else set(store.snapshot(store.times()[1]).objects)
        for key in (None, scene.key):
            problems = check_backups(scene.target, key).problems
            assert problems
            assert all(words in each and str(path) in each for each in problems)
        moment = BEGIN if concerned is kept else None
        with pytest.raises(HostError) as error:
            scene.restored("refused", moment=moment)
        assert words in str(error.value)
        assert not (scene.root / "refused").exists()
        path.write_bytes(whole)
    assert check_backups(scene.target, scene.key).problems == ()


def test_the_next_backup_writes_anew_what_is_missing_or_cut(scene: Scene) -> None:
    scene.back_up()
    one, two, *_ = files_in(scene.target / "objects")
    one.unlink()
    cut(two)
    scene.back_up(1)
    assert scene.restored() == digest_of(scene.folder)


@pytest.mark.parametrize("share", [0, 0.3, 0.99])
def test_a_list_that_is_cut_off_is_named_with_the_one_before(scene: Scene, share: float) -> None:
    scene.back_up()
    scene.back_up(1)
    path = Store(scene.target).list_path(BEGIN + timedelta(days=1))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    [problem] = check_backups(scene.target).problems
    assert problem == f"{path} is cut off, or no list of a backup."
    with pytest.raises(HostError, match=r"is cut off.* The one before is of 2026-03-02"):
        scene.restored()
    assert scene.restored(moment=BEGIN) == digest_of(scene.folder)


def test_a_list_with_a_line_less_is_not_believed(scene: Scene) -> None:
    scene.back_up()
    path = Store(scene.target).list_path(BEGIN)
    lines = path.read_text().splitlines()
    [number] = [i for i, line in enumerate(lines) if '"objects"' in line]
    path.write_text("\n".join([*lines[: number + 1], *lines[number + 2 :]]))
    with pytest.raises(HostError, match="was changed since it was written"):
        scene.restored()


def test_a_list_that_was_made_to_fit_is_held_against_the_sealed_contents(scene: Scene) -> None:
    scene.back_up()
    store = Store(scene.target)
    snapshot = store.snapshot(BEGIN)
    other = next(name for name in snapshot.objects if name != snapshot.contents)
    fewer = {name: size for name, size in snapshot.objects.items() if name != other}
    store.add(replace(snapshot, objects=fewer))
    with pytest.raises(HostError, match="does not name the objects that its contents need"):
        scene.restored()
    later = replace(snapshot, time=BEGIN + timedelta(days=9))
    store.add(later)
    with pytest.raises(HostError, match="is the list of another time than its contents are of"):
        scene.restored()


# Forged by somebody who knows the public part


def forged(scene: Scene, change: Callable[[Contents], Contents], data: bytes = b"") -> None:
    """Put a backup beside the true one, in whose contents something is another."""
    store = Store(scene.target)
    true = store.snapshot(store.times()[-1])
    contents = change(Opener(store, read_keys(scene.key)).contents(true))
    moment = true.time + timedelta(days=1)
    sealed = [seal(data, scene.public)] if data else []
    names = {store.put(each): len(each) for each in sealed}
    objects = {**{name: true.objects[name] for name in contents.objects}, **names}
    contents = replace(contents, time=moment, objects=tuple(objects))
    whole = seal(contents_to_bytes(contents), scene.public)
    store.add(Snapshot(moment, name := store.put(whole), {**objects, name: len(whole)}))


def with_file(path: str) -> Callable[[Contents], Contents]:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    return lambda contents: replace(
        contents, files=(*contents.files, StoredFile(path, 0, empty, ()))
    )


@pytest.mark.parametrize("path", ["../out", "/tmp/out", "a/../../out", "a//b", ".", "a\0b", ""])
def test_nothing_is_written_outside_of_the_folder(scene: Scene, path: str) -> None:
    scene.back_up()
    forged(scene, with_file(path))
    with pytest.raises(HostError, match="names a path outside of the twin's folder"):
        scene.restored()


def test_nothing_is_written_through_a_link(scene: Scene) -> None:
    scene.back_up()
    forged(scene, lambda c: replace(with_file("door/out")(c), links={"door": str(scene.root)}))
    with pytest.raises(HostError, match="names something below a link"):
        scene.restored()
    assert not (scene.root / "out").exists()


def test_a_path_stands_once(scene: Scene) -> None:
    scene.back_up()
    forged(scene, with_file("signing.key"))
    with pytest.raises(HostError, match="names a path twice"):
        scene.restored()


def test_an_object_that_swells_when_it_is_opened_is_refused(scene: Scene) -> None:
    scene.back_up()

    def use_it(contents: Contents) -> Contents:
        piece = Piece(len(contents.objects), 0, 1)
        return replace(contents, files=(*contents.files, StoredFile("big", 1, "0" * 64, (piece,))))

    forged(scene, use_it, bytes(50_000_000))
    with pytest.raises(HostError, match="it is larger than it may be"):
        scene.restored()
    [problem] = check_backups(scene.target, scene.key).problems
    assert "it is larger than it may be" in problem


def test_other_content_under_the_name_of_a_file_is_found(scene: Scene) -> None:
    scene.back_up()

    def swapped(contents: Contents) -> Contents:
        files = {each.path: each for each in contents.files}
        wrong = replace(files["owner.password"], sha256=files["signing.key"].sha256)
        return replace(contents, files=tuple({**files, "owner.password": wrong}.values()))

    forged(scene, swapped)
    with pytest.raises(HostError, match=r"has owner.password with another digest"):
        scene.restored()
    [problem] = check_backups(scene.target, scene.key).problems
    assert "has owner.password with another digest" in problem


# Wrong keys and places


def test_another_key_opens_nothing(scene: Scene) -> None:
    scene.back_up()
    other = scene.root / "other.txt"
    new_key(other, BEGIN)
    with pytest.raises(HostError, match="was not written for this key"):
        restore(scene.target, other, scene.root / "restored")
    assert all(
        "was not written for this key" in each
        for each in check_backups(scene.target, other).problems
    )
    assert check_backups(scene.target, other).problems


def test_a_key_is_never_written_over(scene: Scene) -> None:
    before = scene.key.read_bytes()
    with pytest.raises(HostError, match="is there already"):
        new_key(scene.key, BEGIN)
    assert scene.key.read_bytes() == before


def test_the_secret_part_in_place_of_the_public_one_is_not_repeated(scene: Scene) -> None:
    secret = scene.key.read_text().splitlines()[-1]
    with pytest.raises(HostError, match="not the public part of a key") as error:
        scene.set_up(public=secret)
    assert secret not in str(error.value)


def test_a_file_without_a_key_is_said_to_be_none(scene: Scene) -> None:
    scene.back_up()
    for text in (b"", b"AGE-SECRET-KEY-1NONSENSE\n", b"\xff\xfe"):
        (scene.root / "none.txt").write_bytes(text)
        with pytest.raises(HostError, match="holds no key"):
            restore(scene.target, scene.root / "none.txt", scene.root / "restored")
    with pytest.raises(HostError, match="No such file"):
        restore(scene.target, scene.root / "absent.txt", scene.root / "restored")


def test_a_twin_is_restored_into_a_new_or_empty_folder_only(scene: Scene) -> None:
    scene.back_up()
    before = digest_of(scene.folder)
    with pytest.raises(HostError, match="is there and not empty"):
        restore(scene.target, scene.key, scene.folder)
    assert digest_of(scene.folder) == before
    (scene.root / "file").touch()
    with pytest.raises(HostError, match="is there and not empty"):
        restore(scene.target, scene.key, scene.root / "file")
    (scene.root / "empty").mkdir()
    assert scene.restored("empty") == before


def test_a_disk_that_is_not_mounted_is_no_place_to_begin_anew(scene: Scene) -> None:
    scene.back_up()
    shutil.move(scene.target, scene.root / "unmounted")
    with pytest.raises(HostError, match=r"No backups of a twin lie in .*mount that"):
        scene.back_up(1)
    scene.target.mkdir()
    with pytest.raises(HostError, match=r"No backups of a twin lie in .*mount that"):
        scene.back_up(1)
    scene.set_up()
    shutil.rmtree(scene.target)
    shutil.move(scene.root / "unmounted", scene.target)
    with pytest.raises(HostError, match="has other backups than were set up there"):
        scene.back_up(1)
    scene.set_up()
    scene.back_up(1)
    assert scene.restored() == digest_of(scene.folder)


def test_a_folder_is_for_one_twin_and_one_key(scene: Scene) -> None:
    other = make_scene(scene.root / "other")
    with pytest.raises(HostError, match="backups of another twin, or for another key"):
        scene.set_up(target=other.target)
    (scene.root / "home").mkdir()
    (scene.root / "home" / "letter.txt").touch()
    with pytest.raises(HostError, match=r"is not empty: letter.txt lies there"):
        scene.set_up(target=scene.root / "home")
    with pytest.raises(HostError, match="is in the twin's own folder"):
        scene.set_up(target=scene.folder / "backups")


def test_a_host_that_lost_its_notes_goes_on_with_the_same_key(scene: Scene) -> None:
    scene.back_up()
    shutil.rmtree(scene.data / ".backups")
    with pytest.raises(HostError, match="It was never said where backups of alice go"):
        scene.back_up(1)
    scene.set_up()
    scene.back_up(1)
    assert len(Store(scene.target).times()) == 2
    assert scene.restored() == digest_of(scene.folder)


# Twins that can't be backed up


def test_a_damaged_database_is_not_backed_up(scene: Scene) -> None:
    add_events(scene, 1000)
    scene.back_up()
    before = digest_of(scene.folder)
    path = scene.folder / DATABASE
    data = bytearray(path.read_bytes())
    data[40_000:60_000] = os.urandom(20_000)
    path.write_bytes(data)
    with pytest.raises(HostError, match=r"is damaged: .*restore the twin from an earlier backup"):
        scene.back_up(1)
    assert scene.restored() == before


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("signing_key_path: /etc/signing.key", "signing_key_path is /etc/signing.key, outside of"),
        ("media_store_path: /srv/media", "media_store_path is /srv/media, outside of"),
        ("databases: {}", "has to have one database"),
        ("database: {name: oracle, args: {}}", "has to have one database"),
        ("database: {name: sqlite3, args: {}}", "does not say where database is"),
        ("server_name: 5", "names no server_name"),
        ("][", "is not the configuration of a twin"),
    ],
)
def test_a_twin_whose_parts_lie_elsewhere_is_not_backed_up_in_half(
    scene: Scene, line: str, words: str
) -> None:
    with (scene.folder / "homeserver.yaml").open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(HostError, match=words):
        scene.back_up()


def test_a_twin_without_a_database_is_not_backed_up(scene: Scene) -> None:
    (scene.folder / DATABASE).unlink()
    with pytest.raises(HostError, match="start the twin once before it is backed up"):
        scene.back_up()


def test_there_has_to_be_such_a_twin(scene: Scene) -> None:
    with pytest.raises(HostError, match=r"There is no twin in .*bob"):
        make_backup(scene.data, "bob", BEGIN)
    with pytest.raises(HostError, match="can't be the name of a twin"):
        make_backup(scene.data, "../alice", BEGIN)
