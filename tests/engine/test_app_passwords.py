"""App passwords over a fake homeserver: who is let in, who no longer, and who has to wait."""

import pytest

from tests.engine.conftest import Home
from twin_module.core.errors import InvalidParam, NotFound
from twin_module.engine import app_passwords
from twin_module.testing.driver import run

HERE = "192.0.2.7"


def make(home: Home, name: str = "Phone") -> tuple[str, str]:
    """Return the ID of a new password, and the password."""
    made, password = run(home.twin.app_passwords.make(name))
    return made.id, password


def admits(home: Home, password: str, username: str = "alice", address: str = HERE) -> bool:
    return run(home.twin.app_passwords.admits(f"{username}:{password}", address))


def test_a_password_lets_its_owner_in_by_either_name(alice: Home) -> None:
    _, password = make(alice)
    assert admits(alice, password)
    assert admits(alice, password, "@alice:alice.example")


def test_a_password_counts_as_it_is_typed(alice: Home) -> None:
    _, password = make(alice)
    assert admits(alice, password.upper().replace("-", " "))


def test_nobody_else_is_let_in(alice: Home) -> None:
    _, password = make(alice)
    assert not admits(alice, password, "bob")
    assert not admits(alice, password, "")
    assert not admits(alice, password[:-1])
    assert not admits(alice, "")


def test_no_password_is_no_empty_one(alice: Home) -> None:
    assert not admits(alice, "")


def test_a_password_that_was_taken_back_is_refused(alice: Home) -> None:
    phone, password = make(alice)
    _, other = make(alice, "Laptop")
    run(alice.twin.app_passwords.revoke(phone))
    assert not admits(alice, password)
    assert admits(alice, other)
    with pytest.raises(NotFound):
        run(alice.twin.app_passwords.revoke(phone))


def test_what_is_kept_does_not_hold_the_password(alice: Home) -> None:
    _, password = make(alice)
    kept = str(run(alice.port.account_data(app_passwords.APP_PASSWORDS)))
    assert password not in kept
    assert password.replace("-", "") not in kept


def test_passwords_are_listed_with_the_time_of_their_last_use(alice: Home) -> None:
    _, password = make(alice, "Phone")
    [listed] = run(alice.twin.app_passwords.listed())
    assert (listed.name, listed.last_used_ts) == ("Phone", None)
    admits(alice, password)
    [listed] = run(alice.twin.app_passwords.listed())
    assert listed.last_used_ts == alice.port.now()


def test_using_a_password_again_within_an_hour_writes_nothing(alice: Home) -> None:
    _, password = make(alice)
    admits(alice, password)
    before = run(alice.port.account_data(app_passwords.APP_PASSWORDS))
    alice.network.pass_time(3599)
    admits(alice, password)
    assert run(alice.port.account_data(app_passwords.APP_PASSWORDS)) is before
    alice.network.pass_time(1)
    admits(alice, password)
    assert run(alice.port.account_data(app_passwords.APP_PASSWORDS)) is not before


def test_passwords_survive_a_restart(alice: Home) -> None:
    _, password = make(alice)
    alice.restart()
    assert admits(alice, password)


def test_whoever_guesses_has_to_wait_and_others_do_not(alice: Home) -> None:
    _, password = make(alice)
    for number in range(10):
        assert alice.twin.app_passwords.wait(HERE) == 0
        assert not admits(alice, f"wrong {number}")
    assert alice.twin.app_passwords.wait(HERE) > 0
    assert alice.twin.app_passwords.wait("192.0.2.8") == 0
    assert admits(alice, password, address="192.0.2.8")


def test_an_app_that_repeats_an_old_password_keeps_nobody_out(alice: Home) -> None:
    phone, old = make(alice)
    _, password = make(alice, "Laptop")
    run(alice.twin.app_passwords.revoke(phone))
    for _ in range(100):
        assert not admits(alice, old)
    assert alice.twin.app_passwords.wait(HERE) == 0
    assert admits(alice, password)


def test_right_passwords_take_no_patience(alice: Home) -> None:
    _, password = make(alice)
    for _ in range(100):
        assert admits(alice, password)
    assert alice.twin.app_passwords.wait(HERE) == 0


def test_there_are_not_endlessly_many(alice: Home) -> None:
    for number in range(app_passwords.MOST):
        make(alice, str(number))
    with pytest.raises(InvalidParam):
        make(alice)


@pytest.mark.parametrize("kept", [None, [], {"a": None}, {"a": {"sha256": 5, "created_ts": "x"}}])
def test_nonsense_of_another_client_lets_nobody_in(alice: Home, kept: object) -> None:
    run(alice.port.put_account_data(app_passwords.APP_PASSWORDS, {"passwords": kept}))
    assert not admits(alice, "")
    run(alice.twin.app_passwords.listed())
    _, password = make(alice)
    assert admits(alice, password)
