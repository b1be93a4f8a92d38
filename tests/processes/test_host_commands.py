"""A host from its first twin to a lost folder and back, by what a person types."""

import json
import shutil

import pytest

from tests.processes.hosts import PATIENCE, WHOAMI, Host, Owner, kept_digest, stopped_host
from twin_module.testing.person import eventually

pytestmark = [
    pytest.mark.processes,
    # It keeps others from looking for ports for trying out meanwhile.
    pytest.mark.usefixtures("up"),
]


def said(running: Host, *words: str, status: int = 0) -> str:
    """Type a command, and return what it says."""
    result = running.command(*words)
    text = result.stdout + result.stderr
    assert result.returncode == status, text
    assert "Traceback" not in text
    return text


def begin(running: Host) -> None:
    """Make twins before the host runs, and while it does: one for trying out, and two with names."""
    said(running, "new", "alice")
    assert "as soon as" in said(running, "new", "bob", "--server-name", "bob.twin.test")
    assert "The host is not running" in said(running, "status")
    running.start()
    assert "It answers." in said(running, "new", "carol", "--server-name", "carol.twin.test")
    assert "there already" in said(running, "new", "bob", "--server-name", "bob.twin.test")
    for name in ("bob", "carol"):
        running.owner(name).ready()
    eventually(
        lambda: (
            {each["state"] for each in running.said_by_status().values()} <= {"awake", "asleep"}
        ),
        within=PATIENCE,
        what="all twins answer",
    )


def renew_password(running: Host, owner: Owner) -> None:
    """Give somebody a new password who fears that another one knows it."""
    before = (running.folder(owner.name) / "owner.password").read_text().strip()
    signed = owner.signed
    said(running, "password", owner.name, "--sign-out")
    assert owner.bare("GET", WHOAMI, headers=signed).status == 401
    assert owner.login(before).status == 403
    assert owner.login().status == 200


def take_down_and_up(running: Host, owner: Owner) -> None:
    """Let a twin be away for a while, and read what it says of that."""
    said(running, "down", owner.name)
    assert running.said_by_status()[owner.name]["state"] == "down"
    with pytest.raises(OSError, match="No such file"):
        owner.login()
    said(running, "up", owner.name)
    assert owner.login().status == 200
    assert f"The twin of {owner.owner} is ready" in said(running, "logs", owner.name)
    assert len(said(running, "logs", owner.name, "-n", "1").splitlines()) == 1


def examine(running: Host, name: str) -> None:
    """Let the doctor find nothing that is broken, and then something."""
    said(running, "doctor", name)
    key = running.folder(name) / "signing.key"
    key.chmod(0o644)
    findings = json.loads(said(running, "doctor", name, "--json", status=1))["findings"]
    assert [each["check"] for each in findings if each["level"] == "problem"] == ["secrets"]
    key.chmod(0o600)


def lose_and_restore(running: Host, name: str) -> None:
    """Back a twin up, lose its folder, and make it again."""
    folder, root = running.places.folder(name), running.data.parent
    key, target = root / "key.txt", root / "disk"
    said(running, "backup", name, "--to", str(target), "--new-key", str(key))
    running.sleep(name)
    said(running, "backup", name)
    assert running.said_by_status()[name]["last_backup"] is not None
    said(running, "down", name)
    digest = kept_digest(folder)
    shutil.rmtree(folder)
    said(running, "restore", name, str(target), "--key", str(key))
    assert kept_digest(folder) == digest
    said(running, "up", name)


def test_a_host_does_what_a_person_types_and_makes_a_lost_twin_again() -> None:
    with stopped_host(domain=None) as running:
        begin(running)
        bob, carol = running.owner("bob"), running.owner("carol")
        renew_password(running, carol)
        take_down_and_up(running, carol)
        examine(running, "alice")
        room = bob.create_room()
        bob.say(room, "remember this", "1")
        lose_and_restore(running, "bob")
        assert list(bob.messages(room).values()) == ["remember this"]
        assert "There is no twin dora" in said(running, "backup", "dora", status=1)
        assert "all twins sleep" in said(running, "down")
        assert running.stop() == 0
        assert running.processes() == []
        running.start()
        assert list(bob.messages(room).values()) == ["remember this"]
