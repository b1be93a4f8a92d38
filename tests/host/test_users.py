"""Who a host's parts run as, and how what is theirs comes to belong to them."""

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.host.accounts import UNUSED, account
from twin_module.host.certificates import write_atomically, write_secret
from twin_module.host.commands.new import make_twin
from twin_module.host.commands.up import up
from twin_module.host.doctor.patient import read_patient
from twin_module.host.doctor.synapse_says import ask_synapse
from twin_module.host.errors import HostError
from twin_module.host.options import HostOptions
from twin_module.host.places import Places
from twin_module.host.users import Users, give, lay_out

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can give something to somebody else"
)

USERS = Users(lambda name: account(name, UNUSED[name]))
A, B = account("twin-a", UNUSED["twin-a"]), account("twin-b", UNUSED["twin-b"])


def owner(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_uid, found.st_gid


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "alice"
    (made / "media" / "local").mkdir(parents=True)
    (made / "media" / "local" / "picture").touch()
    (made / "signing.key").touch()
    return made


def test_a_folder_is_given_with_all_that_is_in_it(folder: Path) -> None:
    give(folder, A)
    for path in [folder, *folder.rglob("*")]:
        assert owner(path) == (A.pw_uid, A.pw_gid), path
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_to_give_it_again_or_to_somebody_else_is_safe(folder: Path) -> None:
    give(folder, A)
    give(folder, A)
    give(folder, B)
    for path in [folder, *folder.rglob("*")]:
        assert owner(path) == (B.pw_uid, B.pw_gid), path


def test_giving_that_was_cut_is_ended_by_the_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chown, calls = os.chown, []

    def cut(*arguments: object, **options: object) -> None:
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        chown(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "chown", cut)
    with pytest.raises(KeyboardInterrupt):
        give(folder, A)
    assert owner(folder) == (0, 0), "it counts as not given"
    monkeypatch.undo()
    give(folder, A)
    assert {owner(path) for path in [folder, *folder.rglob("*")]} == {(A.pw_uid, A.pw_gid)}


def test_what_a_link_leads_to_is_not_given(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").touch()
    (tmp_path / "secrets").mkdir()
    (folder / "file").symlink_to(tmp_path / "secret")
    (folder / "folder").symlink_to(tmp_path / "secrets")
    give(folder, A)
    assert owner(folder / "file") == owner(folder / "folder") == (A.pw_uid, A.pw_gid)
    assert owner(tmp_path / "secret") == owner(tmp_path / "secrets") == (0, 0)


def test_what_has_a_second_name_elsewhere_is_not_given(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").touch()
    (folder / "harmless").hardlink_to(tmp_path / "secret")
    with pytest.raises(HostError, match="harmless has a second name"):
        give(folder, A)
    assert owner(tmp_path / "secret") == (0, 0)


def test_a_link_in_place_of_a_folder_is_not_given(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "alice").symlink_to(tmp_path / "real")
    with pytest.raises(HostError, match="no folder"):
        give(tmp_path / "alice", A)


def test_no_trust_domain_has_the_users_of_the_front_or_of_root() -> None:
    with pytest.raises(HostError, match="No trust domain may be called front"):
        USERS.of_domain("front")
    root = Users(lambda name: account(name, 0 if name == "twin-a" else 61000))
    with pytest.raises(HostError, match="twin-a may not be root"):
        root.of_domain("a")
    lonely = Users(lambda name: account(name, {"twin-a": 61001}[name]))
    with pytest.raises(HostError, match="adduser"):
        lonely.of_domain("a")
    assert USERS.of_domain("nobody-has-this-domain") is None
    assert USERS.of_domain("../a") is None


def test_what_is_done_as_a_user_is_done_by_that_user_and_in_its_groups_alone() -> None:
    def ask() -> list[object]:
        return [os.getresuid(), os.getresgid(), sorted(os.getgroups())]

    assert USERS.do_as(A, ask) == [[61001] * 3, [61001] * 3, [61000, 61001]]
    assert ask()[0] == (0, 0, 0)
    assert USERS.do_as(None, os.getpid) == os.getpid()


def test_what_goes_wrong_as_a_user_is_a_sentence() -> None:
    def refuse() -> None:
        raise HostError("It can't be.")

    with pytest.raises(HostError, match=r"^It can't be\.$"):
        USERS.do_as(A, refuse)
    with pytest.raises(HostError, match=r"^As twin-a: /root: Permission denied\.$"):
        USERS.do_as(A, lambda: list(Path("/root").iterdir()))
    with pytest.raises(HostError, match="ended by a fault"):
        USERS.do_as(A, lambda: os._exit(3))


def test_a_written_file_stays_with_those_who_had_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "twins.json"
    write_atomically(path, b"1")
    assert owner(path) == (0, 0)
    os.chown(path, 0, 61003)
    path.chmod(0o640)
    before = os.umask(0o077)
    try:
        write_atomically(path, b"2")
    finally:
        os.umask(before)
    assert (owner(path), stat.S_IMODE(path.stat().st_mode)) == ((0, 61003), 0o640)
    secret = tmp_path / "secret"
    write_secret(secret, b"1")
    os.chown(secret, A.pw_uid, A.pw_gid)
    write_secret(secret, b"2")
    assert (owner(secret), stat.S_IMODE(secret.stat().st_mode)) == (
        (A.pw_uid, A.pw_gid),
        0o600,
    )


def test_a_file_takes_over_nothing_of_a_link_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "twins.json"
    path.symlink_to("elsewhere")
    os.chown(path, A.pw_uid, A.pw_gid, follow_symlinks=False)
    write_atomically(path, b"1")
    assert owner(path) == (0, 0)


def test_a_host_of_another_user_becomes_roots_when_root_starts_it(tmp_path: Path) -> None:
    places = Places(tmp_path)
    for path in (tmp_path / "twins.json", tmp_path / "host.log", tmp_path / "ca.key"):
        path.touch(mode=0o644)
        os.chown(path, 61000, 61000)
    os.chown(tmp_path, 61000, 61000)
    for _ in range(2):
        lay_out(places, USERS)
        assert owner(tmp_path) == (0, 61000)
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o710
        assert {path.lstat().st_uid for path in tmp_path.iterdir()} == {0}
        assert stat.S_IMODE(places.log.stat().st_mode) == 0o600


def test_twins_for_trying_out_are_no_users(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="--server-name"):
        make_twin(Places(tmp_path), HostOptions(trust="a"), "alice", None, None, USERS)
    assert not (tmp_path / "alice").exists()
    (tmp_path / "host.yaml").write_text("trust: a")
    with pytest.raises(HostError, match="--server-name"):
        up(Places(tmp_path), [], USERS)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users reach, as that of a host is; those of pytest are closed to them."""
    with tempfile.TemporaryDirectory(prefix="host") as made:
        Path(made).chmod(0o711)
        yield Path(made)


SPY = """
import os
class Spy:
    @staticmethod
    def parse_config(config):
        with open(config["file"], "w") as file:
            file.write(str(os.geteuid()))
    def __init__(self, config, api):
        pass
"""


def test_a_configuration_that_a_user_wrote_is_never_run_by_root(open_folder: Path) -> None:
    data, said = open_folder / "data", open_folder / "said"
    data.mkdir()
    said.mkdir()
    said.chmod(0o777)
    lay_out(Places(data), USERS)
    options = HostOptions(domain="example.org", trust="a")
    make_twin(Places(data), options, "alice", None, None, USERS)
    (data / "spy.py").write_text(SPY)
    config = data / "alice" / "homeserver.yaml"
    found = yaml.safe_load(config.read_text())
    found["modules"] = [{"module": "spy.Spy", "config": {"file": str(said / "who")}}]
    config.write_text(yaml.safe_dump(found))
    refuses = ask_synapse(read_patient(data, "alice")).refuses
    if (said / "who").exists():
        assert (said / "who").read_text() == str(A.pw_uid)
    else:
        # The Python of this test may be closed to others.
        assert refuses
        assert "can't be started" in refuses
