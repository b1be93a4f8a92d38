"""A host opens what an older one has left, says before what that means, and refuses what is too new for it."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from synapse.storage import prepare_database
from synapse.storage.schema import SCHEMA_COMPAT_VERSION, SCHEMA_VERSION

from tests.host.shard_world import World, server_name_of, world
from twin_module.engine import store
from twin_module.host.backup.reading_tables import needed_by
from twin_module.host.backup.tables import Tables, known_here, misfit
from twin_module.host.backup.twin_files import TwinFiles, read_twin
from twin_module.host.commands import upgrade_due
from twin_module.host.commands.upgrade import look_before
from twin_module.host.commands.upgrade_due import check_current
from twin_module.host.database import ensure_database
from twin_module.host.errors import HostError
from twin_module.host.keeper.versions import installed_versions
from twin_module.host.places import Places
from twin_module.host.table import Entry, add_entry
from twin_module.testing.person import TWIN
from twin_module.testing.reactor import ReactorThread

pytestmark = pytest.mark.twins

OWN_VERSION = len(store.SCHEMA)


@pytest.fixture
def twins(reactor_thread: ReactorThread) -> Iterator[World]:
    """The twin of alice, who has no database yet."""
    with world(reactor_thread) as made:
        made.make("alice")
        add_entry(made.places.data, Entry("alice", server_name_of("alice")))
        yield made


def make_older_database(folder: Path, schema: int, compatible: int, own: int) -> None:
    """Make the database as an older Synapse and an older module would have."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepare_database, "SCHEMA_VERSION", schema)
        patch.setattr(prepare_database, "SCHEMA_COMPAT_VERSION", compatible)
        ensure_database(folder)
        patch.setattr(store, "SCHEMA", store.SCHEMA[:own])
        with closing(sqlite3.connect(folder / "homeserver.db")) as connection, connection:
            store.migrate(connection.cursor())


def change(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "homeserver.db")) as connection, connection:
        for each in statements:
            connection.execute(each)


def read(folder: Path) -> TwinFiles:
    twin = read_twin(folder)
    assert twin.sqlite is not None
    return twin


def test_what_an_older_synapse_has_left_is_named_before_and_opened_afterwards(
    twins: World,
) -> None:
    folder = twins.places.folder("alice")
    make_older_database(folder, SCHEMA_COMPAT_VERSION + 1, 73, OWN_VERSION - 1)
    ours, own = look_before(twins.places)
    assert f"goes from version {SCHEMA_COMPAT_VERSION + 1} to {SCHEMA_VERSION}: the Synapse" in ours
    assert "can still read that" in ours
    assert f"go from version {OWN_VERSION - 1} to {OWN_VERSION}: there is no way back" in own
    assert needed_by(read(folder)) == Tables(synapse=73, twin=OWN_VERSION - 1)
    twins.load("alice")
    room = twins.do("alice", "POST", f"{TWIN}/collections", {"name": "Groceries"})["room_id"]
    twins.unload("alice")
    assert needed_by(read(folder)) == Tables(synapse=SCHEMA_COMPAT_VERSION, twin=OWN_VERSION)
    assert look_before(twins.places) == []
    twins.load("alice")
    found = twins.do("alice", "GET", f"{TWIN}/collections")["collections"]
    assert [each["room_id"] for each in found] == [room]


def test_that_there_is_no_way_back_is_said_before(twins: World) -> None:
    before = SCHEMA_COMPAT_VERSION - 1
    make_older_database(twins.places.folder("alice"), before, before, OWN_VERSION)
    [note] = look_before(twins.places)
    assert note.endswith("there is no way back to the Synapse that runs now but a backup.")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            f"UPDATE schema_compat_version SET compat_version = {SCHEMA_VERSION + 1}",
            f"needs a Synapse that knows version {SCHEMA_VERSION + 1} of its tables",
        ),
        (
            f"INSERT INTO twin_schema (version) VALUES ({OWN_VERSION + 1})",
            f"needs a twin-module that knows version {OWN_VERSION + 1} of its tables",
        ),
    ],
)
def test_what_is_older_than_a_database_does_not_take_the_place_of_what_runs(
    twins: World, statement: str, words: str
) -> None:
    folder = twins.places.folder("alice")
    make_older_database(folder, SCHEMA_VERSION, SCHEMA_COMPAT_VERSION, OWN_VERSION)
    change(folder, statement)
    with pytest.raises(HostError, match=words):
        look_before(twins.places)


@pytest.mark.parametrize("needs", [SCHEMA_VERSION, SCHEMA_VERSION + 1])
def test_synapse_refuses_the_same_databases_as_we_do(
    twins: World, needs: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("CRITICAL")
    folder = twins.places.folder("alice")
    ensure_database(folder)
    change(
        folder,
        f"UPDATE schema_compat_version SET compat_version = {needs}",
        f"UPDATE schema_version SET version = {SCHEMA_VERSION + 5}",
    )
    found = misfit(needed_by(read(folder)), known_here(), "this one")
    try:
        twins.load("alice")
    except HostError as error:
        assert "too new for the server to understand" in str(error)  # noqa: PT017 - one of two ends
        assert found is not None
    else:
        assert found is None


# What runs, and what is installed


def a_host_that_runs(
    monkeypatch: pytest.MonkeyPatch, versions: Mapping[str, str]
) -> Mapping[str, Any]:
    status = {"versions": {**installed_versions(), **versions}}
    monkeypatch.setattr(upgrade_due, "is_running", lambda _: True)
    monkeypatch.setattr(upgrade_due, "ask", lambda *_: status)
    return status


@pytest.mark.parametrize("package", ["matrix-synapse", "twin-module"])
def test_a_host_that_is_not_upgraded_yet_does_not_speak_for_what_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    a_host_that_runs(monkeypatch, {package: "0.0.1"})
    with pytest.raises(HostError, match=rf"The host runs {package} 0\.0\.1.*`twin upgrade` first"):
        check_current(Places(tmp_path))


def test_a_host_that_is_what_is_installed_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_current(Places(tmp_path))
    a_host_that_runs(monkeypatch, {"twisted": "1.0"})
    check_current(Places(tmp_path))
