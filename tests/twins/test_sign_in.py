"""Addresses of the twin's page that sign the owner in, once."""

import logging
import time
from typing import Any, Final

import pytest

from twin_module.rest.cookie import PAGE
from twin_module.rest.sign_in import LIFETIME_MS
from twin_module.testing.answers import check_refusal
from twin_module.testing.person import CLIENT, TWIN, Answer, Person, request
from twin_module.testing.twins import Twin, TwinNetwork, person_at

LINKS: Final = f"{TWIN}/sign-in-links"
ONE_WRONG: Final = {"per_second": 0.0001, "burst_count": 1}
OFTEN: Final = {"per_second": 1000, "burst_count": 1000}


def ask(twin: Twin, password: Any) -> Answer:
    return request(twin.url, "POST", LINKS, {"password": password})


def token_of(twin: Twin) -> str:
    token: str = ask(twin, twin.password).ok()["token"]
    return token


def exchange(twin: Twin, token: str) -> Answer:
    """Sign in with a token as any Matrix client does."""
    return request(twin.url, "POST", f"{CLIENT}/login", {"type": "m.login.token", "token": token})


def test_the_link_signs_the_owner_in_once(alices_twin: Twin, alice: Person) -> None:
    answer = ask(alices_twin, alices_twin.password)
    assert answer.status == 201
    token = answer.body["token"]
    assert answer.body["path"] == f"{PAGE}/#sign-in={token}"
    signed_in = exchange(alices_twin, token).ok()
    assert signed_in["user_id"] == alice.owner
    assert Person(alice.url, alice.owner, str, signed_in["access_token"]).get("status")
    again = exchange(alices_twin, token)
    assert (again.status, again.body["errcode"]) == (403, "M_FORBIDDEN")


def test_the_link_lasts_ten_minutes(alices_twin: Twin) -> None:
    earliest = time.time() * 1000
    answer = ask(alices_twin, alices_twin.password).ok()
    latest = time.time() * 1000
    assert answer["expires_in_ms"] == LIFETIME_MS == 10 * 60 * 1000
    where = "WHERE token = ?"
    sql = f"SELECT expiry_ts FROM login_tokens {where}"
    [(expires,)] = alices_twin.rows(sql, answer["token"])
    assert earliest - 1 <= expires - LIFETIME_MS <= latest + 1
    # As if they had gone by.
    sql = f"UPDATE login_tokens SET expiry_ts = expiry_ts - ? {where}"
    alices_twin.execute(sql, LIFETIME_MS + 1, answer["token"])
    late = exchange(alices_twin, answer["token"])
    assert (late.status, late.body["errcode"]) == (403, "M_FORBIDDEN")


def test_every_link_is_another(alices_twin: Twin) -> None:
    one, other = token_of(alices_twin), token_of(alices_twin)
    assert one != other
    assert exchange(alices_twin, other).status == exchange(alices_twin, one).status == 200


def test_a_link_of_another_twin_opens_nothing(alices_twin: Twin, bob: Person) -> None:
    body = {"type": "m.login.token", "token": token_of(alices_twin)}
    assert request(bob.url, "POST", f"{CLIENT}/login", body).status == 403


def test_the_token_of_a_link_is_no_access_token(alices_twin: Twin) -> None:
    headers = {"Authorization": f"Bearer {token_of(alices_twin)}"}
    assert request(alices_twin.url, "GET", f"{TWIN}/status", headers=headers).status == 401


def test_no_proxy_or_browser_keeps_a_link(alices_twin: Twin) -> None:
    answer = ask(alices_twin, alices_twin.password)
    assert "no-store" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        {"password": None},
        {"password": 5},
        {"password": "x" * 513},
        {"password": "x", "user": "bob"},
    ],
)
def test_a_question_that_is_none_is_refused(body: Any, alices_twin: Twin) -> None:
    answer = request(alices_twin.url, "POST", LINKS, body)
    check_refusal(answer)
    assert answer.status == 400


def test_an_access_token_alone_makes_no_link(alices_twin: Twin, alice: Person) -> None:
    """Else whoever has it for a moment could stay after it is taken back."""
    assert alice.ask("POST", "sign-in-links", {}).status == 400
    assert alice.ask("POST", "sign-in-links", {"password": alice.token}).status == 403


# Whoever guesses


@pytest.fixture
def guessed_at(own_network: TwinNetwork) -> Twin:
    """Carol's twin, which takes one wrong password and then none for hours."""
    limits = {"address": OFTEN, "account": OFTEN, "failed_attempts": ONE_WRONG}
    twin = own_network.start("carol", rc_login=limits)
    person_at(twin)
    return twin


def test_guessing_is_limited_and_counted_together_with_the_login(guessed_at: Twin) -> None:
    first = ask(guessed_at, "a guess")
    assert (first.status, first.body["errcode"]) == (403, "M_FORBIDDEN")
    assert "token" not in first.body
    second = ask(guessed_at, "another guess")
    assert (second.status, second.body["errcode"]) == (429, "M_LIMIT_EXCEEDED")
    assert second.body["retry_after_ms"] > 0
    # Whoever found it out by now learns nothing of it.
    assert ask(guessed_at, guessed_at.password).status == 429
    carol = Person(guessed_at.url, guessed_at.owner, lambda: guessed_at.password)
    assert carol.login().status == 429


# Logs


def test_neither_password_nor_token_is_logged(
    alices_twin: Twin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = token_of(alices_twin)
    access_token = exchange(alices_twin, token).ok()["access_token"]
    assert ask(alices_twin, "a wrong guess").status == 403
    said = [
        f"{each.name} {each.getMessage()} {each.exc_info or ''}"
        for each in caplog.records
        # At this level Synapse writes down every value that it stores; no twin's log has it.
        if not each.name.startswith("synapse.storage")
    ]
    assert any("sign-in-links" in each for each in said)
    for secret in (token, alices_twin.password, "a wrong guess", access_token):
        assert [each for each in said if secret in each] == []
