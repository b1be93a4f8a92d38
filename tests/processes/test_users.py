"""A host that root starts: each trust domain is a system user, the front another, and none reaches what is another's."""

import os
import shutil
import socket
import ssl
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.host.accounts import UNUSED, account
from tests.processes.hosts import PATIENCE, Host, stopped_host
from twin_module.host.certificates import ensure_ca, ensure_leaf
from twin_module.host.commands import backups
from twin_module.host.commands.new import make_twin, new
from twin_module.host.commands.password import password
from twin_module.host.database import template_path
from twin_module.host.options import read_options
from twin_module.host.users import Users
from twin_module.testing.person import TWIN, eventually
from twin_module.testing.twins import free_port

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else"),
]

PROGRAM = Path(__file__).with_name("users_program.py")
REPOSITORY = PROGRAM.parents[2]
USERS = Users(lambda name: account(name, UNUSED[name]))
A, B, FRONT, GROUP = (UNUSED[name] for name in ("twin-a", "twin-b", "twin-front", "twin"))


def start(running: Host) -> None:
    running.start(before=["env", f"PYTHONPATH={REPOSITORY}", sys.executable, str(PROGRAM)])


@pytest.fixture(scope="module")
def running() -> Iterator[Host]:
    """A host with alice and carol in one trust domain, and bob in another."""
    port, metrics = free_port(), free_port()
    with stopped_host(
        doors=[{"port": port}], metrics={"port": metrics}, trust="a", memory_mb=2000
    ) as made:
        # The folder of a host can be reached, that of a test's can't.
        made.data.parent.chmod(0o711)
        # As a host leaves it that root ran before there were users.
        made.make("alice", "carol", trust="a")
        made.make("bob", trust="b")
        certificate(made)
        start(made)
        made.settle()
        yield made


def certificate(running: Host) -> None:
    """Put a certificate where the front looks for that of alice."""
    aside = running.data.parent / "authority"
    aside.mkdir()
    now = datetime.now(UTC)
    pair = ensure_leaf(aside, ensure_ca(aside, now), now)
    running.places.certificates.mkdir()
    for file, ending in zip(pair, ("pem", "key"), strict=True):
        shutil.copy(file, running.places.certificates / f"alice.twin.test.{ending}")


def who(pid: int) -> tuple[set[int], set[int], set[int]]:
    """Return the users, groups and further groups of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    found = {name: set(map(int, numbers.split())) for name, _, numbers in split(lines)}
    return found["Uid"], found["Gid"], found["Groups"]


def split(lines: list[str]) -> Iterator[tuple[str, str, str]]:
    return (line.partition(":") for line in lines if line.split(":")[0] in {"Uid", "Gid", "Groups"})


def as_user(name: str, work: Callable[[], Any]) -> Any:
    """Do something as a process of the host does that runs as a user."""
    return USERS.do_as(account(name, UNUSED[name]), work)


def allowed(path: Path, how: str) -> bool:
    try:
        match how:
            case "read":
                path.read_bytes()
            case "list":
                list(path.iterdir())
            case "write":
                with path.open("ab"):
                    pass
            case "make":
                (path / "made").touch()
                (path / "made").unlink()
            case "connect":
                with socket.socket(socket.AF_UNIX) as connection:
                    connection.connect(str(path))
    except PermissionError:
        return False
    return True


def what_is_allowed(running: Host, name: str) -> set[tuple[str, str]]:
    """Try out everything as a user, and return what went well."""
    places = running.places
    alice, bob = places.folder("alice"), places.folder("bob")
    tries = [
        *[
            (folder / file, "read")
            for folder in (alice, bob)
            for file in ("homeserver.yaml", "signing.key", "homeserver.db", "owner.password")
        ],
        *[(folder / "homeserver.yaml", "write") for folder in (alice, bob)],
        *[(folder, "list") for folder in (alice, bob, places.data, places.run, places.users)],
        (places.socket("alice.twin.test"), "connect"),
        (places.socket("bob.twin.test"), "connect"),
        (places.control, "connect"),
        (places.backups, "list"),
        (places.certificates, "list"),
        (places.certificates / "alice.twin.test.key", "read"),
        (places.certificates / "alice.twin.test.key", "write"),
        (places.table, "read"),
        (places.table, "write"),
        (places.log, "read"),
        (places.log, "write"),
        (places.run / "keeper.json", "read"),
        (places.well_known("bob.twin.test"), "read"),
        (template_path(places.data), "read"),
        (template_path(places.data), "write"),
        *[
            (folder, "make")
            for folder in (places.data, places.run, places.users, template_path(places.data).parent)
        ],
        *[(places.users / f"twin-{other}" / "host.log", "read") for other in ("a", "b")],
    ]
    went: list[list[str]] = as_user(
        name,
        lambda: [
            [str(path.relative_to(places.data)), how] for path, how in tries if allowed(path, how)
        ],
    )
    return {(path, how) for path, how in went}


SOCKETS = {("run/alice.twin.test.sock", "connect"), ("run/bob.twin.test.sock", "connect")}


def test_each_process_is_its_own_user_and_nobody_but_the_keeper_is_root(running: Host) -> None:
    status = running.status()
    alice, carol, bob = (running.shard(name) for name in ("alice", "carol", "bob"))
    assert alice == carol != bob
    assert who(alice) == ({A}, {A}, {A, GROUP})
    assert who(bob) == ({B}, {B}, {B, GROUP})
    assert who(status["front"]["pid"]) == ({FRONT}, {FRONT}, {FRONT, GROUP})
    assert who(status["keeper"]["pid"])[0] == {0}


def test_a_trust_domain_reaches_its_own_twins_and_the_sockets_of_others_and_no_more(
    running: Host,
) -> None:
    template = str(template_path(running.data).relative_to(running.data))
    shared = {*SOCKETS, (template, "read")}
    for name, own in (("a", "alice"), ("b", "bob")):
        assert what_is_allowed(running, f"twin-{name}") == {
            *shared,
            (own, "list"),
            *[
                (f"{own}/{file}", "read")
                for file in ("homeserver.yaml", "signing.key", "homeserver.db", "owner.password")
            ],
            (f"{own}/homeserver.yaml", "write"),
            (f".users/twin-{name}/host.log", "read"),
        }


def test_the_front_reads_certificates_and_the_table_and_nothing_of_a_twin(running: Host) -> None:
    template = str(template_path(running.data).relative_to(running.data))
    assert what_is_allowed(running, "twin-front") == {
        *SOCKETS,
        (template, "read"),
        ("certificates", "list"),
        ("certificates/alice.twin.test.key", "read"),
        ("twins.json", "read"),
        ("run/keeper.json", "read"),
        ("run/bob.twin.test.well-known.json", "read"),
    }


def test_everything_of_a_twin_belongs_to_the_user_of_its_domain(running: Host) -> None:
    for name, number in (("alice", A), ("carol", A), ("bob", B)):
        folder = running.places.folder(name)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for path in [folder, *folder.rglob("*")]:
            with suppress(FileNotFoundError):
                found = path.lstat()
                assert (found.st_uid, found.st_gid) == (number, number), path


def test_twins_of_two_domains_reach_each_other(running: Host) -> None:
    alice, bob = running.owner("alice"), running.owner("bob")
    alice.command("circles", "create", name="Friends", members={bob.owner: "viewer"})
    eventually(lambda: bob.get("invitations")["invitations"], within=PATIENCE)


def test_the_front_serves_with_certificates_that_only_it_reads(running: Host) -> None:
    door = read_options(running.places.options).doors[0]
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", door.port), PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname="alice.twin.test") as connection,
    ):
        request = f"GET {TWIN}/card HTTP/1.1\r\nHost: alice.twin.test\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 200")


def test_what_shards_and_the_front_say_is_in_logs_of_their_own(running: Host) -> None:
    shard = running.shard("bob")
    logs = {
        str(path.readlink())
        for path in Path(f"/proc/{shard}/fd").iterdir()
        if str(path.readlink()).endswith(".log")
    }
    assert str(running.places.users / "twin-b" / "host.log") in logs
    assert logs <= {
        str(running.places.users / "twin-b" / "host.log"),
        str(running.places.folder("bob") / "homeserver.log"),
    }
    said = "".join(path.read_text() for path in running.places.users.glob("*/host.log"))
    assert "Traceback" not in said + running.log_tail()
    assert "There is no template" not in said + running.log_tail()


def test_a_new_twin_is_its_domains_and_wakes_at_once(running: Host) -> None:
    answer = new(running.places, "dora", None, "b", USERS)
    assert answer.data["host_runs"]
    running.owner("dora").ready()
    assert running.shard("dora") == running.shard("bob")
    # The front knows it, too.
    assert (running.places.folder("dora") / "signing.key").stat().st_uid == B
    assert allowed_front(running, running.places.table)
    assert allowed_front(running, running.places.well_known("dora.twin.test"))
    # To make it again changes nothing.
    key = (running.places.folder("dora") / "signing.key").read_bytes()
    assert not new(running.places, "dora", None, "b", USERS).data["new"]
    assert (running.places.folder("dora") / "signing.key").read_bytes() == key


def allowed_front(running: Host, path: Path) -> bool:
    return bool(as_user("twin-front", lambda: allowed(path, "read")))


def test_a_new_password_is_set_as_the_twins_own_user(running: Host) -> None:
    password(running.places, "carol", None, sign_out=False, users=USERS)
    carol = running.owner("carol")
    carol.ready()
    folder = running.places.folder("carol")
    assert {path.stat().st_uid for path in folder.glob("owner.password*")} == {A}
    assert {path.stat().st_uid for path in folder.glob("homeserver.db*")} == {A}
    assert carol.login().status == 200


def test_a_restored_twin_belongs_to_its_user(running: Host, tmp_path: Path) -> None:
    places, key = running.places, tmp_path / "owner.key"
    backups.set_up(
        places, "carol", backups.Wanted(tmp_path / "kept", key, None, remote_media=False)
    )
    backups.backup(places, "carol")
    assert stat.S_IMODE(places.backups.stat().st_mode) == 0o700
    running.ask("down", "carol")
    shutil.rmtree(places.folder("carol"))
    backups.restore(places, "carol", tmp_path / "kept", key, "latest", None, USERS)
    running.ask("up", "carol")
    running.owner("carol").ready()
    for path in [places.folder("carol"), *places.folder("carol").rglob("*")]:
        assert path.lstat().st_uid == A, path


def test_a_link_in_a_twins_folder_leads_its_host_nowhere(running: Host) -> None:
    alice, bob = running.places.folder("alice"), running.places.folder("bob")
    extra = alice / "extra.yaml"
    extra.unlink(missing_ok=True)
    extra.symlink_to(bob / "homeserver.yaml")
    os.chown(extra, A, A, follow_symlinks=False)
    options = read_options(running.places.options)
    with pytest.raises(Exception, match=r"extra.yaml"):
        make_twin(running.places, options, "alice", None, "a", USERS)
    assert "bob" not in (alice / "homeserver.yaml").read_text()
    extra.unlink()
