"""Moves between two hosts, step by step: what each says, what each refuses, and what is on the disk in between."""

import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from tests.host.backup_scene import files_in
from tests.host.move_scene import SERVER_NAME, Scene, Side, make_scene, say, twin_of
from twin_module.host.backup.owner_key import new_key
from twin_module.host.commands.new import make_twin
from twin_module.host.commands.running import bring_up
from twin_module.host.commands.status import lines
from twin_module.host.errors import HostError
from twin_module.host.lock import FolderLock
from twin_module.host.moving import alone, arriving, leaving
from twin_module.host.moving.invitation import read_line
from twin_module.host.moving.move_places import RUNNING
from twin_module.host.moving.notes import Leaving, write_note
from twin_module.host.options import HostOptions
from twin_module.host.places import Places
from twin_module.host.shard import tenant
from twin_module.host.table import (
    Entry,
    add_entry,
    ensure_entries,
    find_entry,
    read_table,
    set_state,
)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


# The whole way


def test_a_twin_that_moved_is_the_same_one_and_only_there(scene: Scene) -> None:
    before = twin_of(scene.old.folder)
    left = scene.leave(scene.invite())
    assert (left.server_name, left.received) == (SERVER_NAME, False)
    assert left.seconds is not None
    came = scene.arrive()
    assert (came.server_name, came.runs, came.settings) == (SERVER_NAME, True, None)
    assert twin_of(scene.new.folder) == before
    assert scene.new.entry == Entry("alice", SERVER_NAME, "home", "up")
    assert (scene.old.can_serve(), scene.new.can_serve()) == (False, True)
    assert scene.old.asked == ["down"]
    assert scene.new.asked == ["up", "wake"]


def test_the_configuration_is_that_of_the_new_host(scene: Scene) -> None:
    scene.leave(scene.invite())
    scene.arrive()
    text = (scene.new.folder / "homeserver.yaml").read_text()
    assert str(scene.old.data) not in text
    config = yaml.safe_load(text)
    assert config["server_name"] == SERVER_NAME
    assert config["database"]["args"]["database"] == str(scene.new.folder / "homeserver.db")
    assert str(scene.new.folder) in (scene.new.folder / "log.yaml").read_text()


def test_what_is_written_until_the_pause_comes_along(scene: Scene) -> None:
    scene.old.in_the_pause = lambda: say(scene.old, "at the last moment")
    scene.leave(scene.invite())
    scene.arrive()
    with closing(sqlite3.connect(scene.new.folder / "homeserver.db")) as connection:
        [(last,)] = connection.execute("SELECT said FROM events ORDER BY id DESC LIMIT 1")
    assert last == "at the last moment"


def test_in_the_pause_only_what_is_new_is_sealed(scene: Scene) -> None:
    (scene.old.folder / "media/local_content/big").write_bytes(os.urandom(3_000_000))
    assert scene.leave(scene.invite()).written < 20_000


def test_a_copy_that_took_long_is_made_once_more_before_the_pause(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "SHORT_SECONDS", 0.0)
    copies: list[str] = []

    def watch(words: str) -> None:
        if words == "writing the list":
            copies.append(str(scene.old.state))

    leaving.leave(scene.old.moves, scene.old, read_line(scene.invite()), scene.target, watch)
    assert copies == ["up"] * leaving.MOST_ROUNDS + ["moving"]


def test_nothing_is_deleted_until_the_receipt_is_there_and_nothing_is_left_after_it(
    scene: Scene,
) -> None:
    before = twin_of(scene.old.folder)
    scene.leave(scene.invite())
    assert not scene.old.folder.exists()
    assert twin_of(scene.old.moves.gone) == before
    with pytest.raises(HostError, match="has no receipt yet"):
        scene.finish()
    assert twin_of(scene.old.moves.gone) == before
    scene.arrive()
    scene.finish()
    assert files_in(scene.old.data) == [
        scene.old.data / ".moves/alice.lock",
        scene.old.data / ".moves/alice.used",
        scene.old.data / "table.lock",
        scene.old.data / "twins.json",
    ]
    assert scene.old.state == "moved"


def test_each_command_may_be_repeated(scene: Scene) -> None:
    invitation = scene.invite()
    assert scene.invite() == invitation
    scene.leave(invitation)
    again = scene.leave(invitation)
    assert (again.received, again.seconds, again.written) == (False, None, 0)
    scene.arrive()
    before = files_in(scene.new.data)
    scene.arrive()
    assert files_in(scene.new.data) == before
    assert scene.leave(invitation).received
    assert scene.finish() == scene.finish()


def test_a_twin_may_come_back(scene: Scene) -> None:
    went = scene.invite()
    scene.leave(went)
    scene.arrive()
    back = scene.swapped()
    with pytest.raises(HostError, match="remove it first"):
        back.invite()
    scene.finish()
    say(back.old, "written elsewhere")
    before = twin_of(back.old.folder)
    came = back.invite()
    back.leave(came)
    assert not back.old.can_serve()
    back.arrive()
    back.finish()
    assert twin_of(back.new.folder) == before
    assert (back.old.can_serve(), back.new.can_serve()) == (False, True)
    for invitation in (went, came):
        with pytest.raises(HostError, match="was used by an earlier move"):
            scene.leave(invitation, scene.root / "third")
    # What was written for the first way opens nothing any more.
    with pytest.raises(HostError, match="was not invited to this host"):
        scene.arrive()


def test_a_twin_that_was_down_comes_up_on_the_new_host(scene: Scene) -> None:
    set_state(scene.old.data, "alice", "down")
    scene.leave(scene.invite())
    scene.arrive()
    assert scene.new.state == "up"


# Never both


def test_what_left_is_refused_by_every_command_of_the_old_host(scene: Scene) -> None:
    scene.leave(scene.invite())
    data, places = scene.old.data, Places(scene.old.data)
    options = HostOptions(domain="example.org")
    refused: list[Callable[[], object]] = [
        lambda: find_entry(data, "alice"),
        lambda: set_state(data, "alice", "up"),
        lambda: set_state(data, "alice", "down"),
        lambda: bring_up(places, "alice"),
        lambda: add_entry(data, Entry("alice", SERVER_NAME)),
        lambda: ensure_entries(data, ["alice"]),
        lambda: make_twin(places, options, "alice", None, None),
        scene.cancel,
    ]
    for each in refused:
        with pytest.raises(HostError, match="lives on another host"):
            each()
    assert not scene.old.folder.exists()
    with pytest.raises(HostError, match="server name of alice's twin"):
        add_entry(data, Entry("alicia", SERVER_NAME))
    [line] = lines(places, list(read_table(data).values()), None, {})
    assert line.state == "moved"


def test_what_moves_is_neither_brought_up_nor_changed(scene: Scene) -> None:
    seen: list[str] = []

    def look() -> None:
        with pytest.raises(HostError, match="is on its way to another host"):
            set_state(scene.old.data, "alice", "up")
        seen.append(str(scene.old.state))

    scene.old.in_the_pause = look
    scene.leave(scene.invite())
    assert seen == ["moving"]


def test_before_the_release_the_new_host_takes_nothing_in(scene: Scene) -> None:
    invitation = scene.invite()
    with pytest.raises(HostError, match="has no release"):
        scene.arrive()

    def arrives() -> None:
        # All is sealed but the last bit.
        with pytest.raises(HostError, match="has no release"):
            scene.arrive()

    scene.old.in_the_pause = arrives
    scene.leave(invitation)
    assert scene.new.state is None


def test_an_invitation_opens_one_move(scene: Scene) -> None:
    invitation = scene.invite()
    assert stat.S_IMODE(scene.new.moves.key.stat().st_mode) == 0o600
    key = scene.new.moves.key.read_bytes()
    scene.leave(invitation)
    scene.arrive()
    assert not scene.new.moves.key.exists()
    assert all(key not in path.read_bytes() for path in files_in(scene.root))
    other = Side(scene.root / "other")
    with pytest.raises(HostError, match="was not invited to this host"):
        arriving.arrive(other.moves, other, scene.target, "home", None, print)
    arriving.invite(other.moves, other)
    with pytest.raises(HostError, match="was not sealed for the invitation of this host"):
        arriving.arrive(other.moves, other, scene.target, "home", None, print)


def test_a_twin_goes_to_one_host_only(scene: Scene) -> None:
    scene.leave(scene.invite())
    other = Side(scene.root / "other")
    with pytest.raises(HostError, match="released for another invitation"):
        scene.leave(arriving.invite(other.moves, other), scene.root / "elsewhere")


def test_a_process_that_still_has_the_twin_holds_the_move_up(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert RUNNING == tenant.LOCK
    monkeypatch.setattr(alone, "ENDING_SECONDS", 0.0)
    invitation = scene.invite()
    with FolderLock(scene.old.folder / RUNNING) as lock:
        assert lock.take()
        with pytest.raises(HostError, match="A process still runs the twin"):
            scene.leave(invitation)
    assert (scene.old.state, scene.release.exists()) == ("up", False)
    assert scene.old.asked == ["down", "up"]
    scene.leave(invitation)


def test_a_program_that_has_the_database_open_holds_the_move_up(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alone, "BUSY_SECONDS", 0.0)
    invitation = scene.invite()
    with closing(sqlite3.connect(scene.old.folder / "homeserver.db")) as connection:
        connection.execute("SELECT * FROM events").fetchone()
        with pytest.raises(HostError, match="Another program uses the database"):
            scene.leave(invitation)
    assert scene.old.can_serve()
    scene.leave(invitation)


# Before the release it may stay


def test_what_goes_wrong_in_the_pause_ends_it_at_once(scene: Scene) -> None:
    def full() -> None:
        shutil.rmtree(scene.target)
        scene.target.touch()

    scene.old.in_the_pause = full
    with pytest.raises(HostError, match="The system says"):
        scene.leave(scene.invite())
    assert scene.old.state == "up"
    assert scene.old.asked == ["down", "up"]


def test_a_move_that_is_interrupted_in_the_pause_brings_the_twin_back(scene: Scene) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    scene.old.in_the_pause = interrupt
    with pytest.raises(KeyboardInterrupt):
        scene.leave(scene.invite())
    assert scene.old.can_serve()


def test_after_a_cancel_everything_is_as_it_was(scene: Scene) -> None:
    invitation = scene.invite()
    set_state(scene.old.data, "alice", "moving")
    note_of_a_killed_move(scene, invitation, "down")
    assert scene.cancel() == "down"
    assert scene.cancel() == "down"
    assert not scene.old.moves.leaving.exists()
    scene.leave(invitation)
    scene.arrive()


def note_of_a_killed_move(scene: Scene, invitation: str, was: str) -> None:
    """Write the note that a killed move leaves."""
    scene.old.moves.notes.mkdir(parents=True)
    note = Leaving(invitation=read_line(invitation).public, target=str(scene.target), was=was)
    write_note(scene.old.moves.leaving, note)


def test_a_move_that_was_killed_goes_on_by_the_same_words_only(scene: Scene) -> None:
    invitation = scene.invite()
    set_state(scene.old.data, "alice", "moving")
    note_of_a_killed_move(scene, invitation, "up")
    other = Side(scene.root / "other")
    with pytest.raises(HostError, match="Keep it here first"):
        scene.leave(invitation, scene.root / "elsewhere")
    with pytest.raises(HostError, match="Keep it here first"):
        scene.leave(arriving.invite(other.moves, other))
    scene.leave(invitation)
    scene.arrive()
    assert scene.new.can_serve()


# The new host


def test_without_a_host_that_runs_it_waits_with_the_receipt(scene: Scene) -> None:
    scene.leave(scene.invite())
    scene.new.runs = False
    assert not scene.arrive().runs
    assert scene.new.state == "up"
    with pytest.raises(HostError, match="has no receipt yet"):
        scene.finish()
    scene.new.runs = True
    scene.arrive()
    scene.finish()


def test_a_twin_that_does_not_come_up_has_no_receipt(scene: Scene) -> None:
    scene.leave(scene.invite())
    scene.new.fails = "The disk is full."
    with pytest.raises(HostError, match="The disk is full"):
        scene.arrive()
    assert not (scene.target / "receipt.json").exists()
    scene.new.fails = None
    scene.arrive()
    scene.finish()


def test_a_receipt_that_can_not_be_written_is_said_to_be_the_only_thing_missing(
    scene: Scene,
) -> None:
    scene.leave(scene.invite())
    scene.new.when_awake = lambda: shutil.rmtree(scene.target)
    with pytest.raises(HostError, match="only the receipt"):
        scene.arrive()
    assert scene.new.can_serve()


def test_two_commands_at_once_take_turns(scene: Scene) -> None:
    invitation = scene.invite()
    with scene.old.moves.turn(), pytest.raises(HostError, match="Another `twin move alice`"):
        scene.leave(invitation)
    with scene.new.moves.turn(), pytest.raises(HostError, match="Another `twin move alice`"):
        scene.arrive()


def test_an_invitation_that_was_killed_half_way_is_made_anew(scene: Scene) -> None:
    scene.new.moves.notes.mkdir(parents=True)
    new_key(scene.new.moves.notes / ".invitation.key.new", datetime.now(UTC))
    scene.leave(scene.invite())
    scene.arrive()


# By hand


def test_when_the_new_host_is_lost_the_old_one_is_put_back_by_hand(scene: Scene) -> None:
    """As docs/moving.md says it."""
    before = twin_of(scene.old.folder)
    scene.leave(scene.invite())
    scene.old.moves.gone.rename(scene.old.folder)
    shutil.rmtree(scene.old.moves.notes)
    table = scene.old.data / "twins.json"
    table.write_text(table.read_text().replace('"moved"', '"down"'))
    assert scene.old.can_serve()
    assert twin_of(scene.old.folder) == before
