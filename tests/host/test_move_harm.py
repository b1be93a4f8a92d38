"""Moves when something goes wrong: damage, loss, forgery, and what can't move. Each says a sentence."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.host.backup_scene import files_in
from tests.host.move_scene import SERVER_NAME, Scene, make_scene, remake, say, twin_of
from twin_module.host.backup.owner_key import read_keys, seal
from twin_module.host.commands.new import make_twin
from twin_module.host.errors import HostError
from twin_module.host.moving import finishing
from twin_module.host.moving.invitation import as_line, read_line
from twin_module.host.moving.papers import Release, open_release, seal_release, signing_key_in
from twin_module.host.options import HostOptions
from twin_module.host.places import Places
from twin_module.host.table import (
    Entry,
    add_entry,
    changing_table,
    ensure_entries,
)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


# What can't move


def test_a_twin_for_trying_out_stays_where_its_port_is(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    ensure_entries(scene.old.data, ["alice"])
    with pytest.raises(HostError, match="one for trying out: it is called localhost:"):
        scene.leave(scene.invite())


def test_links_and_parts_that_lie_elsewhere_are_found_before_anything_is_sealed(
    scene: Scene,
) -> None:
    invitation = scene.invite()
    link = scene.old.folder / "media/local_content/link"
    link.symlink_to("/etc/hostname")
    with pytest.raises(HostError, match=r"link is a link"):
        scene.leave(invitation)
    link.unlink()
    config = scene.old.folder / "homeserver.yaml"
    text = config.read_text()
    config.write_text(text.replace("/media\n", "/pictures\n"))
    (scene.old.folder / "pictures").mkdir()
    with pytest.raises(HostError, match="is not as a host makes it"):
        scene.leave(invitation)
    config.write_text(text)
    with pytest.raises(HostError, match="in the twin's own folder"):
        scene.leave(invitation, scene.old.folder / "stick")
    assert not scene.target.exists()
    assert scene.old.state == "up"


@pytest.mark.parametrize(
    "line",
    ["", "age1x", "twin-move1", "twin-move1nonsense", "twin-move1x-1-2-a", "AGE-SECRET-KEY-1X"],
)
def test_what_is_no_invitation_is_said_to_be_none_and_not_repeated(line: str) -> None:
    with pytest.raises(HostError, match="That is no invitation") as error:
        read_line(line)
    assert not line or f" {line} " not in str(error.value)


def test_an_invitation_with_a_wrong_letter_is_noticed(scene: Scene) -> None:
    line = scene.invite()
    assert as_line(read_line(f"  {line}\n")) == line
    for place in range(len("twin-move1"), len(line)):
        other = "q" if line[place] != "q" else "p"
        with pytest.raises(HostError, match="That is no invitation"):
            read_line(line[:place] + other + line[place + 1 :])


def test_nobody_is_invited_where_there_is_a_twin_of_that_name(scene: Scene) -> None:
    make_twin(Places(scene.new.data), HostOptions(domain="example.net"), "alice", None, None)
    with pytest.raises(HostError, match="is at home here"):
        scene.invite()


def test_a_twin_does_not_come_over_something_that_lies_there(scene: Scene) -> None:
    invitation = scene.invite()
    scene.leave(invitation)
    scene.new.folder.mkdir()
    with pytest.raises(HostError, match="put it elsewhere"):
        scene.arrive()
    scene.new.folder.rmdir()
    add_entry(scene.new.data, Entry("bob", SERVER_NAME))
    with pytest.raises(HostError, match="is the server name of bob's twin"):
        scene.arrive()
    with changing_table(scene.new.data) as known:
        known.clear()
    scene.arrive()


# The folder between


def test_the_folder_shows_nobody_who_moves(scene: Scene) -> None:
    say(scene.old, "a secret that nobody may read")
    scene.leave(scene.invite())
    scene.arrive()
    for path in files_in(scene.target):
        data = path.read_bytes()
        for word in (b"alice", b"example", b"secret", b"ed25519 a_"):
            assert word not in data, path


def test_a_damaged_copy_is_refused_and_written_anew_by_the_old_host(scene: Scene) -> None:
    before = twin_of(scene.old.folder)
    invitation = scene.invite()
    scene.leave(invitation)
    for number in range(len(files_in(scene.target / "objects"))):
        # Those that are written anew have other names.
        path = files_in(scene.target / "objects")[number]
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(HostError, match="was changed since it was written"):
            scene.arrive()
        # Nothing is left of the try.
        assert scene.new.state is None
        assert not scene.new.folder.exists()
        scene.leave(invitation)
    scene.arrive()
    assert twin_of(scene.new.folder) == before


def test_a_try_that_fails_in_the_middle_leaves_what_was_said_of_the_twin(scene: Scene) -> None:
    scene.leave(scene.invite())
    scene.arrive()
    scene.finish()
    (scene.new.folder / "media/local_content/big").write_bytes(os.urandom(3_000_000))
    back = scene.swapped()
    invitation = back.invite()
    back.leave(invitation)
    largest = max(files_in(back.target / "objects"), key=lambda path: path.stat().st_size)
    largest.write_bytes(b"")
    with pytest.raises(HostError, match="was changed since it was written"):
        back.arrive()
    assert back.new.state == "moved"
    assert not back.new.folder.exists()
    back.leave(invitation)
    back.arrive()
    assert back.new.state == "up"


@pytest.mark.parametrize("lost", ["release.age", "snapshots", "objects", "backup.json", "."])
def test_what_was_lost_of_the_folder_is_written_anew(scene: Scene, lost: str) -> None:
    before = twin_of(scene.old.folder)
    invitation = scene.invite()
    scene.leave(invitation)
    path = scene.target / lost
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    with pytest.raises(HostError):
        scene.arrive()
    if lost in {"snapshots", "objects"}:
        path.mkdir()
    if lost == "backup.json":
        shutil.rmtree(scene.target)
    scene.leave(invitation)
    scene.arrive()
    assert twin_of(scene.new.folder) == before


def test_a_release_goes_through_another_folder_when_the_first_is_lost(scene: Scene) -> None:
    invitation = scene.invite()
    scene.leave(invitation)
    shutil.rmtree(scene.target)
    other = scene.root / "another stick"
    scene.leave(invitation, other)
    scene.arrive(other)
    finishing.finish(scene.old.moves, other)
    assert (scene.old.can_serve(), scene.new.can_serve()) == (False, True)


def test_copies_of_the_folder_are_as_good(scene: Scene) -> None:
    scene.leave(scene.invite())
    far = scene.root / "far"
    shutil.copytree(scene.target, far)
    scene.arrive(far)
    shutil.copy(far / "receipt.json", scene.target)
    scene.finish()


# Forged


def forge(scene: Scene, change: Callable[[Release], Release], *, key: Path | None = None) -> None:
    """Put another release in the place of the one that lies there, as who knows the invitation can."""
    [opener, *_] = read_keys(scene.new.moves.key)
    true = open_release(scene.release.read_bytes(), [opener]).release
    signer = signing_key_in(key or scene.old.moves.gone)
    scene.release.write_bytes(
        seal_release(replace(change(true), invitation=str(opener.to_public())), signer)
    )


def released(scene: Scene) -> Scene:
    scene.leave(scene.invite())
    return scene


def stranger(scene: Scene) -> Path:
    """Return the folder of a twin of the same name that somebody else made."""
    path = scene.root / "forger"
    make_twin(Places(path.parent), HostOptions(domain="example.org"), "forger", None, None)
    return path


def test_who_has_not_the_twins_key_can_not_release_it(scene: Scene) -> None:
    forge(released(scene), lambda release: release, key=stranger(scene))
    with pytest.raises(HostError, match="is not signed with the key of this twin"):
        scene.arrive()
    assert scene.new.state is None


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "bob", "is of bob's twin"),
        ("server_name", "alice.example.net", "of another twin than the copy"),
        ("server_name", "localhost:8448", "can't be a server name"),
        ("snapshot", "20200101T000000.000000Z", "lacks the list"),
        ("snapshot", "../../etc/passwd", "lacks the list"),
        ("sha256", "0" * 64, "is not the list that was released"),
    ],
)
def test_a_release_of_something_else_is_refused(
    scene: Scene, field: str, value: str, words: str
) -> None:
    released(scene)
    forge(scene, lambda release: replace(release, **{field: value}))
    with pytest.raises(HostError, match=words):
        scene.arrive()
    assert scene.new.state is None
    assert not scene.new.folder.exists()


def test_the_release_of_an_earlier_invitation_does_not_do_for_a_later_one(scene: Scene) -> None:
    released(scene)
    [opener, *_] = read_keys(scene.new.moves.key)
    signed = open_release(scene.release.read_bytes(), [opener]).signed
    scene.new.moves.key.unlink()
    public = read_line(scene.invite()).public
    # Whoever opened the first one could seal it for the second.
    scene.release.write_bytes(seal(json.dumps(signed).encode(), public))
    with pytest.raises(HostError, match="is of another invitation"):
        scene.arrive()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"format": 1}',
        b'{"format": "org.digitaltwin.release.v1"}',
        b'{"format": "org.digitaltwin.release.v2"}',
        b"[" * 20_000,
        b"\xff",
    ],
)
def test_what_is_no_release_is_refused_in_a_sentence(scene: Scene, said: bytes) -> None:
    invitation = scene.invite()
    public = read_line(invitation).public
    scene.leave(invitation)
    scene.release.write_bytes(seal(said, public))
    with pytest.raises(HostError, match="Nothing was taken in"):
        scene.arrive()
    scene.release.write_bytes(said)
    with pytest.raises(HostError, match="was not sealed for the invitation"):
        scene.arrive()


def test_only_the_twins_own_receipt_counts(scene: Scene) -> None:
    scene.leave(scene.invite())
    before = twin_of(scene.old.moves.gone)
    receipt = scene.target / "receipt.json"
    for said in (
        b"",
        b"[]",
        b'{"key": "ed25519:a", "signature": "x"}',
        b'{"key": 1, "signature": 2}',
    ):
        receipt.write_bytes(said)
        with pytest.raises(HostError, match="nothing was removed"):
            scene.finish()
    receipt.unlink()
    scene.arrive()
    mine = receipt.read_bytes()
    said = json.loads(mine)
    receipt.write_text(json.dumps({**said, "signature": said["signature"][::-1]}))
    with pytest.raises(HostError, match="nothing was removed"):
        scene.finish()
    assert twin_of(scene.old.moves.gone) == before
    receipt.write_bytes(mine)
    scene.finish()


def test_settings_of_the_old_host_are_not_used_by_the_new_one(scene: Scene) -> None:
    """They name modules, and Synapse runs any module."""
    extra = scene.old.folder / "extra.yaml"
    extra.write_text("modules: [{module: antigravity.Module}]\n")
    remake(scene.old)
    scene.leave(scene.invite())
    came = scene.arrive()
    text = (scene.new.folder / "homeserver.yaml").read_text()
    assert "antigravity" not in text
    assert not (scene.new.folder / "extra.yaml").exists()
    assert came.settings == str(scene.new.folder / "extra.yaml.moved")
    assert "antigravity" in Path(came.settings).read_text()
    scene.arrive()
    assert "antigravity" not in (scene.new.folder / "homeserver.yaml").read_text()


def test_a_copy_with_links_is_refused(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that was changed could send one: it would show what the new host's user can read."""
    (scene.old.folder / "media/local_content/link").symlink_to("/etc/hostname")
    monkeypatch.setattr("twin_module.host.moving.copying.walk", lambda *_: iter(()))
    scene.leave(scene.invite())
    monkeypatch.undo()
    with pytest.raises(HostError, match="which are not followed"):
        scene.arrive()
    assert scene.new.state is None
