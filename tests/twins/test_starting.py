"""Requests to a real twin that just starts: they wait for it, but not for ever."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

import pytest

from twin_module.core.errors import NotFound
from twin_module.engine import synapse_starting
from twin_module.engine.twin import STARTING
from twin_module.testing.dav import Dav
from twin_module.testing.person import Answer, Person, eventually
from twin_module.testing.twins import Twin, TwinNetwork

pytestmark = pytest.mark.usefixtures("nothing_raised")
BROKEN: Final = "The disk is full."

T = TypeVar("T")


@pytest.fixture
def begins(alices_twin: Twin) -> Iterator[None]:
    """Her twin is as it is right after its server has begun to listen."""
    alices_twin.thread.call(lambda: alices_twin.module.twin.put_off(STARTING))
    yield
    alices_twin.thread.call(lambda: alices_twin.module.twin._say(None))


@contextmanager
def waiting(twin: Twin, ask: Callable[[], T]) -> Iterator[list[T]]:
    """Ask, and go on when the twin lets the request wait; the answer is there in the end."""
    answers: list[T] = []
    asking = threading.Thread(target=lambda: answers.append(ask()))
    asking.start()
    eventually(lambda: twin.module.twin._waiting_for_start, what="the request waits")
    yield answers
    asking.join(60)
    assert not twin.module.twin._waiting_for_start


def card(person: Person) -> Callable[[], Answer]:
    return lambda: person.ask("GET", "card")


@pytest.mark.usefixtures("begins")
def test_the_first_request_to_its_api_waits_and_is_answered(
    alices_twin: Twin, alice: Person
) -> None:
    with waiting(alices_twin, card(alice)) as answers:
        assert answers == []
        alices_twin.thread.call(lambda: alices_twin.module.twin._say(None))
    assert [each.status for each in answers] == [200]


def test_a_calendar_app_waits_and_is_answered(
    alices_twin: Twin, alice: Person, request: pytest.FixtureRequest
) -> None:
    made = alice.post("app-passwords", {"name": "A laptop"})
    app = Dav(alice.url, made["path"], made["username"], made["password"])
    request.getfixturevalue("begins")
    with waiting(alices_twin, lambda: app.ask("PROPFIND", app.home)) as answers:
        alices_twin.thread.call(lambda: alices_twin.module.twin._say(None))
    assert [each.status for each in answers] == [207]


def test_another_twin_waits_and_is_answered(
    alices_twin: Twin, network: TwinNetwork, bob: Person, request: pytest.FixtureRequest
) -> None:
    caller = network.twins["bob"]
    homeserver = caller.module.twin.homeserver

    def ask() -> str:
        with pytest.raises(NotFound) as refused:
            caller.thread.wait(
                homeserver.call, alices_twin.server_name, "other", {"room_id": "!any"}
            )
        return refused.value.message

    answer = ask()  # from here on they know each other's keys
    request.getfixturevalue("begins")
    with waiting(alices_twin, ask) as answers:
        alices_twin.thread.call(lambda: alices_twin.module.twin._say(None))
    assert answers == [answer]


@pytest.mark.usefixtures("begins")
def test_a_start_that_went_wrong_is_told_at_once_to_who_waits(
    alices_twin: Twin, alice: Person
) -> None:
    with waiting(alices_twin, card(alice)) as answers:
        alices_twin.thread.call(lambda: alices_twin.module.twin.put_off(BROKEN))
    [answer] = answers
    assert (answer.status, answer.body["error"]) == (503, BROKEN)
    assert card(alice)().body["error"] == BROKEN


@pytest.mark.usefixtures("begins")
def test_a_start_that_takes_too_long_is_not_waited_for(
    alices_twin: Twin, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synapse_starting, "PATIENCE_SECONDS", 0.05)
    answer = card(alice)()
    assert (answer.status, answer.body["error"]) == (503, STARTING)
    assert not alices_twin.module.twin._waiting_for_start
