"""A real twin that is to sleep: whether it may, until when, and that nothing of it stays behind."""

import logging
import time
from collections.abc import Iterator

import pytest

from twin_module.testing.person import eventually
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.referrers import Gone
from twin_module.testing.twins import Twin, TwinNetwork, person_at

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS


def now_ms() -> int:
    return int(time.time() * 1000)


def at_rest(twin: Twin) -> int:
    """Wait until a twin may sleep for a while, and return until when."""

    def alarm() -> int | None:
        module = twin.module
        at: int | None = None if module.busy() else twin.thread.wait(module.next_alarm)
        return at if at is not None and at > now_ms() + MINUTE_MS else None

    found = eventually(alarm, what="the twin is at rest")
    assert found is not None
    return found


def test_a_twin_at_rest_may_sleep_until_its_next_brief(own_network: TwinNetwork) -> None:
    twin = own_network.start("alice")
    person = person_at(twin)
    # A time of the day that is not just now.
    hour = (time.gmtime().tm_hour + 12) % 24
    settings = person.get("settings")
    person.put("settings", {**settings, "daily_brief": f"{hour:02}:00", "weekly_brief": None})
    at = at_rest(twin)
    assert at - now_ms() < DAY_MS
    assert time.gmtime(at / 1000)[3:5] == (hour, 0)
    twin.start_again()
    person_at(twin)
    assert at_rest(twin) == at


def test_who_was_given_up_greets_and_is_no_longer(
    own_network: TwinNetwork, reactor_thread: ReactorThread
) -> None:
    alices, bobs = own_network.start("alice"), own_network.start("bob")
    alice, bob = person_at(alices), person_at(bobs)
    room_id = alice.collection("Shared")
    alice.invite(room_id, bob.owner)
    bob.accept(room_id)
    store, name = alices.homeserver.get_datastores().main, bobs.server_name
    reactor_thread.wait(store.set_destination_retry_timings, name, 1, now_ms(), DAY_MS)

    async def is_given_up() -> bool:
        return bool(await store.get_destination_retry_timings(name))  # type: ignore[call-arg,arg-type,misc]  # mypy takes cached methods for functions

    def is_up_again() -> bool:
        # Right after a join it may not be known yet who else is there.
        reactor_thread.wait(bobs.module.greet_peers)
        return not reactor_thread.wait(is_given_up)

    assert reactor_thread.wait(is_given_up)
    eventually(is_up_again, what="bob's server is up again")


@pytest.fixture
def nothing_logged() -> Iterator[None]:
    """Log nothing: what pytest keeps of errors holds on to whoever raised them."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("nothing_logged")
def test_of_a_twin_that_was_stopped_nothing_stays_in_memory(own_network: TwinNetwork) -> None:
    twin = own_network.start("alice")
    person_at(twin).collection("Things")
    at_rest(twin)
    gone = Gone(twin.module, twin.module.twin)
    twin.stop()

    eventually(lambda: gone, what="nothing of it is left")
