"""The owner's account, the module's options, and a Synapse that has nothing but the module."""

import logging
import stat
from pathlib import Path
from typing import Any, Final

import pytest
from synapse.config._base import ConfigError

from twin_module.testing.person import CLIENT, Person, eventually
from twin_module.testing.twins import TwinNetwork, person_at

TASK: Final = {"@type": "Task", "title": "Buy bread"}


def modules(**config: Any) -> list[dict[str, Any]]:
    """Return the `modules` of a homeserver.yaml."""
    return [{"module": "twin_module.TwinModule", "config": config}]


def test_the_password_of_a_file_is_the_owners(own_network: TwinNetwork, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("a password that the host chose\n")
    twin = own_network.start("alice", modules=modules(owner="alice", password_file=str(file)))
    person_at(twin)
    alice = Person(twin.url, twin.owner, lambda: "a password that the host chose")
    assert alice.login("something else").status == 403
    assert alice.get("status")["owner"] == twin.owner


def test_a_password_that_was_made_up_is_readable_by_its_owner_only_and_never_said(
    own_network: TwinNetwork,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    twin = own_network.start("alice")
    alice = person_at(twin)
    assert alice.get("status")["owner"] == twin.owner
    file = twin.facts.folder / "owner.password"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(twin.password) >= 20
    assert str(file) in caplog.text
    assert twin.password not in caplog.text
    said = capfd.readouterr()
    assert twin.password not in said.out + said.err


def test_two_twins_make_up_two_passwords(own_network: TwinNetwork) -> None:
    alice, bob = (own_network.start(name) for name in ("alice", "bob"))
    person_at(alice)
    person_at(bob)
    assert alice.password != bob.password


def test_the_password_file_may_be_deleted_once_the_account_is_there(
    own_network: TwinNetwork,
) -> None:
    twin = own_network.start("alice")
    person_at(twin)
    password, file = twin.password, twin.facts.folder / "owner.password"
    file.unlink()
    twin.start_again()
    person_at(twin)
    assert Person(twin.url, twin.owner, lambda: password).get("status")["owner"] == twin.owner
    assert not file.exists()


def test_a_password_that_was_changed_stays_changed(own_network: TwinNetwork) -> None:
    twin = own_network.start("alice")
    alice = person_at(twin)
    auth = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": alice.owner},
        "password": twin.password,
    }
    alice.post(f"{CLIENT}/account/password", {"new_password": "entirely new words", "auth": auth})
    twin.start_again()
    person_at(twin)
    assert alice.login().status == 403
    assert alice.login("entirely new words").status == 200


def test_an_empty_password_file_makes_no_account(own_network: TwinNetwork, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("\n")
    twin = own_network.start("alice", modules=modules(owner="alice", password_file=str(file)))
    assert twin.rows("SELECT name FROM users") == []
    # The host mends it, and the twin, which goes on trying, is ready without a restart.
    file.write_text("no longer empty\n")
    person_at(twin)
    assert Person(twin.url, twin.owner, lambda: "no longer empty").login().status == 200


def test_the_owner_is_no_admin_unless_the_host_says_so(own_network: TwinNetwork) -> None:
    twin = own_network.start("alice")
    alice = person_at(twin)
    assert alice.ask("GET", f"/_synapse/admin/v2/users/{alice.owner}").status == 403


# A Synapse that has nothing but the module


@pytest.fixture
def plain(own_network: TwinNetwork) -> Person:
    """Alice on a Synapse with its own defaults, and two lines for the module."""
    twin = own_network.start("alice", plain=True, modules=modules(owner="alice"))
    person_at(twin)
    return Person(
        twin.url, twin.owner, lambda: (twin.facts.folder / "alice.password").read_text().strip()
    )


def test_the_limits_of_a_server_with_many_users_do_not_hold_for_a_lone_one(plain: Person) -> None:
    room = plain.create_room()
    for number in range(50):
        plain.put_state(room, "org.digitaltwin.task", f"t{number}", TASK).ok()
    for number in range(12):
        plain.create_room(name=f"Room {number}")


def test_a_plain_synapse_with_the_module_is_a_twin(plain: Person, own_network: TwinNetwork) -> None:
    other = own_network.start("bob", plain=True)
    bob = person_at(other)
    circle = plain.command("circles", "create", name="Two", members={bob.owner: "editor"})
    room = plain.collection("Groceries")
    plain.command("circles", "share", room_id=room, circle=circle["room_id"])
    bob.accept(room)
    plain.command("tasks", "add", room_id=room, uid="bread", title="Buy bread")
    eventually(lambda: bob.uids(room) == ["bread"], what="Bob sees the task")
    answer = plain.put_state(room, "org.digitaltwin.task", "bad", {"title": 1})
    assert (answer.status, answer.body["errcode"]) == (403, "M_BAD_JSON")
    names = [each["name"] for each in plain.get("collections")["collections"]]
    assert names == ["Groceries"]


# Options


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("owner", "Alice"),
        ("owner", ""),
        ("owner", None),
        ("owner", 7),
        ("owner", "@alice:example.org"),
        ("password_file", ""),
        ("password_file", 7),
        ("owner_is_admin", "yes"),
        ("owner_is_admin", 1),
        ("allowed_appservices", "bridge"),
        ("allowed_appservices", [1]),
        ("max_objects_per_room", 9),
        ("max_objects_per_room", 20_001),
        ("max_objects_per_room", "many"),
        ("max_objects_per_room", True),
        ("max_object_per_room", 100),
    ],
)
def test_a_wrong_option_stops_synapse_with_its_name(
    option: str, value: Any, own_network: TwinNetwork
) -> None:
    with pytest.raises(ConfigError) as raised:
        own_network.start("alice", module={option: value})
    assert raised.value.path is not None
    assert list(raised.value.path) == ["modules", "<item 0>", "config", option]


@pytest.mark.parametrize("config", [{}, None, ["owner"], "alice"])
def test_a_config_without_an_owner_stops_synapse(config: Any, own_network: TwinNetwork) -> None:
    with pytest.raises(ConfigError) as raised:
        own_network.start("alice", modules=[{"module": "twin_module.TwinModule", "config": config}])
    assert raised.value.path is not None
    assert list(raised.value.path)[:3] == ["modules", "<item 0>", "config"]
