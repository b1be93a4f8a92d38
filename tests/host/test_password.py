"""`twin password` lets the owner in again, and nobody who had the old one."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from twin_module.host.commands.password import set_password
from twin_module.host.errors import HostError
from twin_module.testing.person import Person
from twin_module.testing.postgres import fresh_database
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import Twin, TwinNetwork, person_at

pytestmark = pytest.mark.twins


@pytest.fixture
def network(reactor_thread: ReactorThread, tmp_path: Path) -> Iterator[TwinNetwork]:
    with TwinNetwork(reactor_thread, tmp_path) as network:
        yield network


def change(twin: Twin, password: str | None = None, *, sign_out: bool = False) -> str:
    """Change it while the twin sleeps, and return what lies in the file."""
    twin.stop()
    config = twin.facts.folder / "homeserver.yaml"
    file = set_password(config, twin.owner, password, sign_out=sign_out)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    twin.start()
    person_at(twin)
    return file.read_text().strip()


@pytest.mark.parametrize("sign_out", [False, True])
def test_the_new_password_counts_and_the_old_one_does_not(
    network: TwinNetwork, sign_out: bool
) -> None:
    twin = network.start("alice")
    token = person_at(twin).token
    old = twin.password
    new = change(twin, sign_out=sign_out)
    alice = person_at(twin)
    assert new != old
    assert alice.login(old).status == 403
    assert alice.login(new).status == 200
    signed_in = Person(twin.url, twin.owner, str, token)
    assert signed_in.ask("GET", "status").status == (401 if sign_out else 200)


def test_a_password_of_ones_own_may_be_any_text(network: TwinNetwork) -> None:
    twin = network.start("alice")
    person_at(twin)
    assert change(twin, "Zwölf Boxkämpfer 🥊") == "Zwölf Boxkämpfer 🥊"
    assert person_at(twin).login().status == 200


def test_it_is_changed_on_postgresql_too(network: TwinNetwork, postgres_url: str) -> None:
    with fresh_database(postgres_url) as database:
        twin = network.start("alice", postgres=database)
        person_at(twin)
        new = change(twin)
        assert person_at(twin).login(new).status == 200
        twin.stop()


def test_a_twin_that_was_never_awake_has_none_yet(network: TwinNetwork, tmp_path: Path) -> None:
    twin = network.start("alice")
    person_at(twin)
    twin.stop()
    (twin.facts.folder / "homeserver.db").rename(tmp_path / "away.db")
    before = twin.password
    with pytest.raises(HostError, match="wake the twin once"):
        set_password(twin.facts.folder / "homeserver.yaml", twin.owner, None, sign_out=False)
    assert twin.password == before
    assert not (twin.facts.folder / "owner.password.next").exists()
