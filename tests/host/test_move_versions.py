"""A twin does not leave for a host that could not open its database, and none takes in what it could not open."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.host.move_scene import NEWEST, Scene, make_scene, twin_of
from twin_module.host.backup.tables import Tables
from twin_module.host.commands import upgrade_due
from twin_module.host.commands.move import Running
from twin_module.host.errors import HostError
from twin_module.host.keeper.versions import installed_versions
from twin_module.host.moving.invitation import Invitation, as_line, read_line
from twin_module.host.places import Places

OLDER_SYNAPSE = replace(NEWEST, synapse=NEWEST.synapse - 1)
OLDER_MODULE = replace(NEWEST, twin=NEWEST.twin - 1)


def note_tables(folder: Path, needs: Tables) -> None:
    """Let a database say which tables it has, as Synapse and the module do."""
    with closing(sqlite3.connect(folder / "homeserver.db")) as connection, connection:
        connection.executescript(
            "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER);"
            "CREATE TABLE IF NOT EXISTS schema_compat_version (compat_version INTEGER);"
            "CREATE TABLE IF NOT EXISTS twin_schema (version INTEGER);"
            # Synapse's own number may be above what others need to know.
            f"INSERT INTO schema_version VALUES ({needs.synapse + 7});"
            "DELETE FROM schema_compat_version;"
            f"INSERT INTO schema_compat_version VALUES ({needs.synapse});"
            f"INSERT INTO twin_schema VALUES ({needs.twin});"
        )


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    made = make_scene(tmp_path)
    note_tables(made.old.folder, NEWEST)
    return made


@pytest.mark.parametrize(
    ("knows", "words"),
    [
        (OLDER_SYNAPSE, "needs a Synapse that knows version 94 .* that of the new host knows 93"),
        (
            OLDER_MODULE,
            "needs a twin-module that knows version 20 .* that of the new host knows 19",
        ),
    ],
)
def test_a_twin_stays_where_it_is_until_the_new_host_can_open_it(
    scene: Scene, knows: Tables, words: str
) -> None:
    scene.new.newest = knows
    before = twin_of(scene.old.folder)
    first = scene.invite()
    with pytest.raises(HostError, match=words):
        scene.leave(first)
    # It answered all the time, and nothing was sealed.
    assert (scene.old.state, scene.old.asked) == ("up", [])
    assert not scene.target.exists()
    assert twin_of(scene.old.folder) == before
    scene.new.newest = NEWEST
    second = scene.invite()
    assert read_line(second).public == read_line(first).public
    scene.leave(second)
    scene.arrive()
    assert twin_of(scene.new.folder) == before


def test_a_host_that_knows_more_takes_the_twin(scene: Scene) -> None:
    scene.new.newest = Tables(synapse=NEWEST.synapse + 1, twin=NEWEST.twin + 1)
    scene.leave(scene.invite())
    scene.arrive()
    assert scene.new.can_serve()


def test_an_upgrade_of_the_old_host_meanwhile_is_noticed_before_the_release(scene: Scene) -> None:
    scene.new.newest = OLDER_SYNAPSE
    note_tables(scene.old.folder, OLDER_SYNAPSE)
    scene.old.in_the_pause = lambda: note_tables(scene.old.folder, NEWEST)
    with pytest.raises(HostError, match="so it stays here"):
        scene.leave(scene.invite())
    assert (scene.old.state, scene.old.asked) == ("up", ["down", "up"])
    assert not scene.release.exists()


@pytest.fixture
def released(scene: Scene) -> Iterator[Scene]:
    scene.leave(scene.invite())
    yield scene
    # Whatever was refused, what was released is not lost.
    scene.new.newest = NEWEST
    scene.arrive()
    scene.finish()
    assert scene.new.can_serve()


@pytest.mark.parametrize("knows", [OLDER_SYNAPSE, OLDER_MODULE])
def test_a_host_that_went_back_since_its_invitation_takes_nothing_in(
    released: Scene, knows: Tables
) -> None:
    released.new.newest = knows
    with pytest.raises(HostError, match=r"that of this host knows \d+. Nothing was taken in"):
        released.arrive()
    assert released.new.state is None
    assert not released.new.folder.exists()
    assert released.new.moves.key.exists()


def test_an_invitation_says_what_the_installed_programs_know(tmp_path: Path) -> None:
    from synapse.storage.schema import SCHEMA_VERSION  # noqa: PLC0415

    from twin_module.engine.store import SCHEMA  # noqa: PLC0415

    assert Running(Places(tmp_path)).knows() == Tables(SCHEMA_VERSION, len(SCHEMA))


def test_a_host_that_is_not_upgraded_yet_invites_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = {**installed_versions(), "matrix-synapse": "0.0.1"}
    monkeypatch.setattr(upgrade_due, "is_running", lambda _: True)
    monkeypatch.setattr(upgrade_due, "ask", lambda *_: {"versions": runs})
    with pytest.raises(HostError, match=r"runs matrix-synapse 0\.0\.1.*`twin upgrade` first"):
        Running(Places(tmp_path)).knows()


@pytest.mark.parametrize("knows", [Tables(0, 0), NEWEST, Tables(999_999_999, 999_999_999)])
def test_a_line_says_what_was_put_into_it(scene: Scene, knows: Tables) -> None:
    public = read_line(scene.invite()).public
    assert read_line(as_line(Invitation(public, knows))) == Invitation(public, knows)


def test_a_line_with_other_versions_than_the_host_wrote_is_none(scene: Scene) -> None:
    with pytest.raises(HostError, match="not all of one"):
        read_line(scene.invite().replace("-94-", "-95-"))
