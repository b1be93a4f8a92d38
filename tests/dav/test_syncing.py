"""Apps learn what changed since they last asked, and nothing else (RFC 6578)."""

import pytest

from tests.dav.conftest import Server, Twin, app_of
from tests.dav.entries import card, event
from twin_module.testing.dav import Dav, condition
from twin_module.testing.rest import await_rest, rest
from twin_module.testing.twins import TwinNetwork

pytestmark = pytest.mark.twins


def test_a_first_sync_tells_everything(dav: Dav, calendar: str) -> None:
    dav.put(f"{calendar}a.ics", event("a"))
    dav.put(f"{calendar}b.ics", event("b"))
    token, changed = dav.sync(calendar)
    assert token
    assert changed == {f"{calendar}a.ics": 200, f"{calendar}b.ics": 200}


def test_a_sync_after_nothing_tells_nothing(dav: Dav, calendar: str) -> None:
    dav.put(f"{calendar}a.ics", event("a"))
    token, _ = dav.sync(calendar)
    assert dav.sync(calendar, token) == (token, {})


def test_what_was_written_is_told(dav: Dav, calendar: str) -> None:
    dav.put(f"{calendar}a.ics", event("a"))
    dav.put(f"{calendar}b.ics", event("b"))
    token, _ = dav.sync(calendar)
    dav.put(f"{calendar}a.ics", event("a", summary="Changed"))
    dav.put(f"{calendar}c.ics", event("c"))
    after, changed = dav.sync(calendar, token)
    assert changed == {f"{calendar}a.ics": 200, f"{calendar}c.ics": 200}
    assert dav.sync(calendar, after) == (after, {})


def test_what_a_matrix_client_writes_while_the_twin_rests_is_told(
    twin: Twin, network: TwinNetwork
) -> None:
    room = twin.person.collection("Resting")
    path = twin.calendar_named("Resting")
    content = {"@type": "Task", "title": "Buy bread"}
    with rest(network.twins["alice"]):
        twin.person.put_state(room, "org.digitaltwin.task", "bread", content).ok()
        await_rest(network.twins["alice"])
        assert len(twin.dav.sync(path)[1]) == 1


def test_what_was_deleted_is_told(dav: Dav, calendar: str) -> None:
    for uid in ("a", "b"):
        dav.put(f"{calendar}{uid}.ics", event(uid))
    token, _ = dav.sync(calendar)
    dav.ask("DELETE", f"{calendar}a.ics")
    after, changed = dav.sync(calendar, token)
    assert changed == {f"{calendar}a.ics": 404}
    assert dav.sync(calendar, after)[1] == {}


def test_a_first_sync_tells_nothing_of_what_is_gone(twin: Twin) -> None:
    # RFC 6578, 3.4; Radicale tells it.
    path = twin.new_calendar("Some are gone")
    for uid in ("a", "b"):
        twin.dav.put(f"{path}{uid}.ics", event(uid))
    twin.dav.ask("DELETE", f"{path}a.ics")
    assert twin.dav.sync(path)[1] == {f"{path}b.ics": 200}


def test_what_came_and_went_is_no_entry(dav: Dav, calendar: str) -> None:
    token, _ = dav.sync(calendar)
    dav.put(f"{calendar}a.ics", event("a"))
    dav.ask("DELETE", f"{calendar}a.ics")
    _, changed = dav.sync(calendar, token)
    assert changed in ({}, {f"{calendar}a.ics": 404})


def test_what_went_and_came_back_is_told(dav: Dav, calendar: str) -> None:
    dav.put(f"{calendar}a.ics", event("a"))
    token, _ = dav.sync(calendar)
    dav.ask("DELETE", f"{calendar}a.ics")
    dav.put(f"{calendar}a.ics", event("a", summary="Again"))
    assert dav.sync(calendar, token)[1] == {f"{calendar}a.ics": 200}


def test_a_move_is_an_end_and_a_beginning(server: Server, dav: Dav, calendar: str) -> None:
    other = server.new_calendar(f"after {calendar.rstrip('/').rpartition('/')[2]}")
    dav.put(f"{calendar}a.ics", event("a"))
    left, _ = dav.sync(calendar)
    reached, _ = dav.sync(other)
    assert dav.move(f"{calendar}a.ics", f"{other}a.ics").status == 201
    assert dav.sync(calendar, left)[1] == {f"{calendar}a.ics": 404}
    assert dav.sync(other, reached)[1] == {f"{other}a.ics": 200}


def test_each_app_is_told_by_its_own_token(dav: Dav, calendar: str) -> None:
    early, _ = dav.sync(calendar)
    dav.put(f"{calendar}a.ics", event("a"))
    late, _ = dav.sync(calendar, early)
    dav.put(f"{calendar}b.ics", event("b"))
    assert dav.sync(calendar, early)[1] == {f"{calendar}a.ics": 200, f"{calendar}b.ics": 200}
    assert dav.sync(calendar, late)[1] == {f"{calendar}b.ics": 200}


@pytest.mark.parametrize("kind", ["made up", "words", "of another calendar", "long"])
def test_a_token_of_nothing_asks_to_begin_anew(
    server: Server, dav: Dav, calendar: str, kind: str
) -> None:
    other = server.new_calendar(f"{kind} {calendar.rstrip('/').rpartition('/')[2]}")
    dav.put(f"{other}a.ics", event("a"))
    true, _ = dav.sync(calendar)
    token = {
        "made up": true[:-3] + ("000" if not true.endswith("000") else "111"),
        "words": "no token",
        "of another calendar": dav.sync(other)[0],
        "long": "9" * 10_000,
    }[kind]
    refused = dav.sync_answer(calendar, token)
    if kind == "made up" and refused.status == 207:
        pytest.fail("a token that the server never gave was taken")
    assert refused.status in (403, 409)
    assert condition(refused) == {"D:valid-sync-token"}


def test_the_token_is_the_property_of_the_calendar(dav: Dav, calendar: str) -> None:
    dav.put(f"{calendar}a.ics", event("a"))
    assert dav.prop(calendar, "D:sync-token").text("D:sync-token") == dav.sync(calendar)[0]


def test_people_are_synced_too(dav: Dav, address_book: str) -> None:
    token, _ = dav.sync(address_book)
    dav.put(f"{address_book}ada.vcf", card("ada"))
    after, changed = dav.sync(address_book, token)
    assert changed == {f"{address_book}ada.vcf": 200}
    dav.ask("DELETE", f"{address_book}ada.vcf")
    assert dav.sync(address_book, after)[1] == {f"{address_book}ada.vcf": 404}


def test_what_happens_in_the_page_is_told_to_apps(twin: Twin) -> None:
    room = twin.person.collection("Page and app")
    path = twin.calendar_named("Page and app")
    token, _ = twin.dav.sync(path)
    task = {"@type": "Task", "title": "Buy bread"}
    twin.person.put(f"rooms/{room}/tasks/bread", task)
    token, changed = twin.dav.sync(path, token)
    (href,) = changed
    assert changed == {href: 200}
    twin.person.put(f"rooms/{room}/tasks/bread", {**task, "title": "Buy milk"})
    token, changed = twin.dav.sync(path, token)
    assert changed == {href: 200}
    twin.person.ask("DELETE", f"rooms/{room}/tasks/bread").ok()
    assert twin.dav.sync(path, token)[1] == {href: 404}


def test_what_is_no_entry_of_a_calendar_is_not_told(twin: Twin) -> None:
    room = twin.person.collection("Texts")
    path = twin.calendar_named("Texts")
    twin.dav.put(f"{path}a.ics", event("a"))
    token, _ = twin.dav.sync(path)
    twin.person.put(f"rooms/{room}/docs/d", {"@type": "Document", "title": "Text", "text": "x"})
    assert twin.dav.sync(path, token)[1] == {}


def test_two_apps_sync_one_calendar(twin: Twin) -> None:
    laptop = app_of(twin.person, "Laptop")
    path = twin.new_calendar("Two apps")
    phone_token, _ = twin.dav.sync(path)
    laptop_token, _ = laptop.sync(path)
    assert twin.dav.put(f"{path}a.ics", event("a")).status == 201
    assert laptop.put(f"{path}b.ics", event("b")).status == 201
    everything = {f"{path}a.ics": 200, f"{path}b.ics": 200}
    assert twin.dav.sync(path, phone_token)[1] == everything
    assert laptop.sync(path, laptop_token)[1] == everything


def test_a_token_outlives_a_reindex(twin: Twin) -> None:
    path = twin.new_calendar("Read anew")
    twin.dav.put(f"{path}a.ics", event("a"))
    token, _ = twin.dav.sync(path)
    twin.person.post("reindex")
    answer = twin.dav.sync_answer(path, token)
    # Either it still holds, or the app is asked to begin anew; never is anything missed.
    if answer.status == 207:
        assert dict(twin.dav.sync(path, token)[1]) in ({}, {f"{path}a.ics": 200})
    else:
        assert condition(answer) == {"D:valid-sync-token"}
    twin.dav.put(f"{path}b.ics", event("b"))
    assert twin.dav.sync(path)[1] == {f"{path}a.ics": 200, f"{path}b.ics": 200}
