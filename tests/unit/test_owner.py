"""The owner's account and its password, made once."""

import asyncio
import logging
import stat
from pathlib import Path

import pytest

from twin_module.engine.owner import PASSWORD_BYTES, ensure_owner, read_or_make_password

ALICE = "@alice:alice.test"


class Register:
    """The accounts of a homeserver, as far as making an owner goes."""

    owner = ALICE

    def __init__(self, *, crashes: bool = False) -> None:
        self.made: list[tuple[str, bool]] = []
        self.freed = 0
        self.crashes = crashes

    async def has_owner(self) -> bool:
        return bool(self.made)

    async def create_owner(self, password: str, *, admin: bool) -> None:
        if self.crashes:
            raise OSError("the power went out")
        self.made.append((password, admin))

    async def free_owner_of_limits(self) -> None:
        self.freed += 1


def start(register: Register, file: Path, *, admin: bool = False) -> None:
    asyncio.run(ensure_owner(register, file, admin=admin))


def test_a_password_is_made_that_only_its_owner_can_read(tmp_path: Path) -> None:
    file = tmp_path / "password"
    password = read_or_make_password(file)
    assert len(password) >= PASSWORD_BYTES
    assert file.read_text() == f"{password}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_no_two_passwords_are_the_same(tmp_path: Path) -> None:
    assert read_or_make_password(tmp_path / "a") != read_or_make_password(tmp_path / "b")


def test_a_password_that_is_there_is_used(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(" correct horse \n")
    assert read_or_make_password(tmp_path / "password") == "correct horse"


def test_an_empty_password_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("\n")
    with pytest.raises(ValueError, match="is empty"):
        read_or_make_password(tmp_path / "password")


def test_what_a_crash_left_unfinished_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / ".password.new").write_text("half")
    assert read_or_make_password(tmp_path / "password") != "half"
    assert [path.name for path in tmp_path.iterdir()] == ["password"]


@pytest.mark.parametrize("admin", [True, False])
def test_the_owner_is_made_at_the_first_start_only(tmp_path: Path, admin: bool) -> None:
    register, file = Register(), tmp_path / "password"
    start(register, file, admin=admin)
    start(register, file, admin=admin)
    assert register.made == [(file.read_text().strip(), admin)]
    assert register.freed == 2


def test_a_crash_between_file_and_account_leaves_the_password_that_is_used(tmp_path: Path) -> None:
    file = tmp_path / "password"
    with pytest.raises(OSError, match="power"):
        start(Register(crashes=True), file)
    noted = file.read_text().strip()
    again = Register()
    start(again, file)
    assert again.made == [(noted, False)]


def test_the_password_is_never_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    start(Register(), tmp_path / "password")
    assert ALICE in caplog.text
    assert (tmp_path / "password").read_text().strip() not in caplog.text
