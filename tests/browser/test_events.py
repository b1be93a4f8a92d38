"""Events that come again, that people are invited to, that clash, and for which a time is looked for."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, Home
from tests.browser.guard import Guard
from twin_module.rest.cookie import PAGE
from twin_module.testing.person import Person, eventually

pytestmark = pytest.mark.browser

WIDER: Final = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
NOW: Final = datetime(2032, 11, 17, 9, 20, tzinfo=UTC)
"""A Wednesday in a winter to come; clocks in Berlin show one hour more."""
BERLIN: Final = {"timeZone": "Europe/Berlin"}
HERE: Final = {"timezone_id": "Europe/Berlin", "locale": "en-GB"}
WEEKLY: Final = [{"@type": "RecurrenceRule", "frequency": "weekly"}]


@pytest.fixture
def room(alice: Person) -> str:
    """A collection of Alice's own."""
    return alice.collection("Diary")


@pytest.fixture(autouse=True)
def _nothing_else(alice: Person, bob: Person) -> Any:
    """Leave all collections afterwards, so that no test sees events of another one."""
    yield
    for person in (alice, bob):
        for each in person.get("collections")["collections"]:
            person.leave(each["room_id"])
        eventually(lambda who=person: not who.get("collections")["collections"])  # type: ignore[misc]


def put(person: Person, room: str, title: str, start: str, **fields: Any) -> str:
    """Write an event with the API, and return its uid, which is made of its title."""
    uid = re.sub(r"\W+", "-", title.lower())
    content = {"@type": "Event", "title": title, "start": start, "duration": "PT1H", **BERLIN}
    person.put(f"rooms/{room}/agenda/{uid}", {**content, **fields})
    return uid


def stored(person: Person, room: str) -> list[dict[str, Any]]:
    """Return the events of a room as its twin has them, by start."""
    objects = person.get(f"rooms/{room}/objects", capability="agenda", sort="start")["objects"]
    return [each["content"] for each in objects]


def agenda(home: Home, person: Person, view: str = "view=month", **options: Any) -> Page:
    """Open the agenda at 10:20 of a Wednesday in Berlin; `view` as it stands in the address."""
    page = home(person, "search", **{**HERE, **options})
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.clock.set_fixed_time(NOW)
    page.goto(f"{PAGE}/agenda?{view}")
    return page


def day(page: Page, name: str) -> Locator:
    """Return a day of the grid, by its date as it is said: 19 November."""
    return page.get_by_role("gridcell", name=re.compile(rf"^\w+,? {name} \d+:"))


def bar(where: Page | Locator, title: str) -> Locator:
    return where.locator("button.bar").filter(has_text=title)


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def moment(page: Page, name: str) -> Locator:
    return dialog(page).get_by_label(name, exact=True)


def press(page: Page, button: str) -> None:
    """Press a button of the dialog that is open."""
    dialog(page).get_by_role("button", name=button, exact=True).click()


def answers(person: Person, room: str) -> dict[str, str]:
    """Return what people answered to the only event of a room, by Matrix ID."""
    [event] = person.get(f"rooms/{room}/agenda")["events"]
    people = event.get("participants", {})
    return {user: each.get("participationStatus", "") for user, each in people.items()}


# What comes again


def test_an_event_that_repeats_is_made_and_stands_on_each_of_its_days(
    alice: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    page = agenda(home, alice)
    day(page, "4 November").click()
    moment(page, "What").fill("Choir")
    moment(page, "Start, time").fill("18:00")
    moment(page, "Repeats").select_option("weekly")
    dialog(page).get_by_role("button", name="Tuesday").click()
    dialog(page).get_by_role("button", name="Thursday").click()
    moment(page, "Ends").select_option("until")
    moment(page, "The last day").fill("2032-11-18")
    moment(page, "Add a reminder").select_option(label="30 minutes before")
    accessible(page)
    press(page, "Create")
    for name in ("4 November", "9 November", "11 November", "16 November", "18 November"):
        expect(bar(day(page, name), "Choir")).to_contain_text("18:00")
    expect(bar(page, "Choir")).to_have_count(5)
    [content] = stored(alice, room)
    assert content["recurrenceRules"] == [
        {
            "@type": "RecurrenceRule",
            "frequency": "weekly",
            "byDay": [{"@type": "NDay", "day": "tu"}, {"@type": "NDay", "day": "th"}],
            "until": "2032-11-18T23:59:59",
        }
    ]
    [alert] = content["alerts"].values()
    assert alert["trigger"]["offset"] == "-PT30M"
    bar(day(page, "16 November"), "Choir").click()
    for said in ("every week on Tuesday and Thursday", "until Thursday", "30 minutes before"):
        expect(dialog(page)).to_contain_text(said)
    expect(dialog(page)).to_contain_text(re.compile("Tuesday,? 16 November"))
    accessible(page)


def test_one_time_of_a_series_is_changed_and_brought_back(
    alice: Person, room: str, home: Home
) -> None:
    put(alice, room, "Yoga", "2032-11-05T18:00:00", recurrenceRules=WEEKLY)
    page = agenda(home, alice)
    bar(day(page, "12 November"), "Yoga").click()
    press(page, "Edit")
    expect(dialog(page).get_by_role("radio", name="this one", exact=True)).to_be_checked()
    expect(moment(page, "Repeats")).to_have_count(0)
    moment(page, "What").fill("Yoga outside")
    moment(page, "Start, time").fill("17:00")
    press(page, "Save")
    expect(bar(day(page, "12 November"), "Yoga outside")).to_contain_text("17:00")
    expect(bar(day(page, "19 November"), "Yoga")).to_contain_text("18:00")
    expect(bar(page, "Yoga outside")).to_have_count(1)
    [content] = stored(alice, room)
    assert set(content["recurrenceOverrides"]) == {"2032-11-12T18:00:00"}
    page.get_by_role("button", name="Undo").click()
    expect(bar(page, "Yoga outside")).to_have_count(0)
    expect(bar(day(page, "12 November"), "Yoga")).to_contain_text("18:00")
    eventually(lambda: not stored(alice, room)[0].get("recurrenceOverrides"))


def test_a_series_is_changed_from_one_time_on(alice: Person, room: str, home: Home) -> None:
    put(alice, room, "Yoga", "2032-11-05T18:00:00", recurrenceRules=WEEKLY)
    page = agenda(home, alice)
    bar(day(page, "19 November"), "Yoga").click()
    press(page, "Edit")
    dialog(page).get_by_role("radio", name="this one and all that follow").check()
    moment(page, "Start, time").fill("19:30")
    press(page, "Save")
    expect(bar(day(page, "19 November"), "Yoga")).to_contain_text("19:30")
    expect(bar(day(page, "26 November"), "Yoga")).to_contain_text("19:30")
    expect(bar(day(page, "12 November"), "Yoga")).to_contain_text("18:00")
    assert [each["start"] for each in stored(alice, room)] == [
        "2032-11-05T18:00:00",
        "2032-11-19T19:30:00",
    ]
    page.get_by_role("button", name="Undo").click()
    expect(bar(day(page, "26 November"), "Yoga")).to_contain_text("18:00")
    eventually(lambda: len(stored(alice, room)) == 1)
    assert "until" not in stored(alice, room)[0]["recurrenceRules"][0]


def test_all_of_a_series_is_moved_and_ends_where_one_says(
    alice: Person, room: str, home: Home
) -> None:
    put(alice, room, "Yoga", "2032-11-05T18:00:00", recurrenceRules=WEEKLY)
    page = agenda(home, alice)
    bar(day(page, "12 November"), "Yoga").click()
    press(page, "Edit")
    dialog(page).get_by_role("radio", name="all of them").check()
    moment(page, "Start, day").fill("2032-11-13")
    moment(page, "Ends").select_option("count")
    moment(page, "How many times").fill("2")
    press(page, "Save")
    expect(bar(day(page, "6 November"), "Yoga")).to_be_visible()
    expect(bar(day(page, "13 November"), "Yoga")).to_be_visible()
    expect(bar(page, "Yoga")).to_have_count(2)


def test_one_time_is_called_off_and_another_one_removed(
    alice: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    put(alice, room, "Yoga", "2032-11-05T18:00:00", recurrenceRules=WEEKLY)
    page = agenda(home, alice)
    bar(day(page, "12 November"), "Yoga").click()
    press(page, "Call off")
    expect(dialog(page)).to_contain_text("It stays visible as cancelled")
    accessible(page)
    press(page, "Call off")
    expect(bar(day(page, "12 November"), "Yoga")).to_contain_text("cancelled")
    expect(bar(day(page, "19 November"), "Yoga")).not_to_contain_text("cancelled")
    bar(day(page, "19 November"), "Yoga").click()
    press(page, "Remove")
    expect(dialog(page).get_by_role("heading")).to_have_text("Remove “Yoga”?")
    press(page, "Remove")
    expect(bar(day(page, "19 November"), "Yoga")).to_have_count(0)
    expect(bar(day(page, "26 November"), "Yoga")).to_be_visible()
    bar(day(page, "26 November"), "Yoga").click()
    press(page, "Remove")
    dialog(page).get_by_role("radio", name="all of them").check()
    press(page, "Remove")
    expect(bar(page, "Yoga")).to_have_count(0)
    eventually(lambda: stored(alice, room) == [])


def test_an_event_that_is_called_off_stays_as_cancelled(
    alice: Person, room: str, home: Home
) -> None:
    put(alice, room, "Concert", "2032-11-19T20:00:00")
    page = agenda(home, alice)
    bar(page, "Concert").click()
    press(page, "Call off")
    press(page, "Call off")
    expect(bar(page, "Concert")).to_contain_text("cancelled")
    eventually(lambda: stored(alice, room)[0].get("status") == "cancelled")
    assert stored(alice, room)[0]["sequence"] == 1
    bar(page, "Concert").click()
    expect(dialog(page)).to_contain_text("cancelled")
    expect(dialog(page).get_by_role("button", name="Call off")).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Undo").click()
    expect(bar(page, "Concert")).not_to_contain_text("cancelled")
    eventually(lambda: "status" not in stored(alice, room)[0])


# What clashes, what comes, what is kept elsewhere


def test_what_wants_the_same_time_is_marked_and_named(
    alice: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    put(alice, room, "Dentist", "2032-11-19T10:00:00")
    put(alice, room, "Meeting", "2032-11-19T10:30:00")
    put(alice, room, "Lunch", "2032-11-19T12:00:00")
    put(alice, room, "Maybe", "2032-11-19T10:00:00", freeBusyStatus="free")
    page = agenda(home, alice)
    said = "at the same time as something else"
    expect(bar(page, "Dentist")).to_contain_text(said)
    expect(bar(page, "Meeting")).to_contain_text(said)
    expect(bar(page, "Maybe")).not_to_contain_text(said)
    page.goto(f"{PAGE}/agenda?view=day&date=2032-11-19")
    expect(bar(page, "Lunch")).not_to_contain_text(said)
    bar(page, "Dentist").click()
    expect(dialog(page)).to_contain_text(re.compile(r"At the same time:\s*Meeting"))
    accessible(page)


def test_what_comes_next_is_listed_by_day(
    alice: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    # The twin's own clock says what comes.
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    put(
        alice,
        room,
        "Standup",
        f"{tomorrow:%Y-%m-%d}T09:00:00",
        recurrenceRules=[{"@type": "RecurrenceRule", "frequency": "daily", "count": 3}],
    )
    put(alice, room, "Long ago", "2001-11-20T09:00:00")
    put(alice, room, "Far off", f"{tomorrow + timedelta(days=200):%Y-%m-%d}T09:00:00")
    page = home(alice, "agenda", **HERE)
    page.get_by_role("button", name="What comes").click()
    rows = page.get_by_role("main").get_by_role("listitem")
    expect(rows).to_have_text([re.compile("Standup")] * 3 + [re.compile("Far off")])
    accessible(page)
    rows.nth(1).get_by_role("button").click()
    expect(dialog(page)).to_contain_text("every day")
    page.keyboard.press("Escape")
    expect(rows.nth(1).get_by_role("button")).to_be_focused()
    page.reload()
    expect(rows).to_have_count(4)


def test_a_collection_shows_what_comes_in_it_and_leads_to_its_agenda(
    alice: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    other = alice.collection("Work")
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}T09:00:00"
    put(alice, room, "Picnic", tomorrow)
    put(alice, other, "Report", tomorrow)
    page = home(alice, f"c/{room}/agenda", **HERE)
    expect(page.get_by_role("main").get_by_role("listitem")).to_have_text([re.compile("Picnic")])
    accessible(page)
    page.get_by_role("link", name="In the agenda").click()
    expect(page.get_by_text("Only what is in “Diary”")).to_be_visible()
    page.get_by_role("button", name="What comes").click()
    expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(1)
    page.get_by_role("button", name="Show everything").click()
    expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(2)


def test_an_event_is_saved_as_a_file(alice: Person, room: str, home: Home) -> None:
    put(alice, room, "Concert", "2032-11-19T20:00:00", recurrenceRules=WEEKLY)
    page = agenda(home, alice)
    bar(page, "Concert").first.click()
    with page.expect_download() as downloading:
        dialog(page).get_by_role("button", name="Save as a file").click()
    assert downloading.value.suggested_filename == "event-Concert.ics"
    text = downloading.value.path().read_text()
    assert "SUMMARY:Concert" in text
    assert "RRULE:FREQ=WEEKLY" in text


# Guests


def test_a_guest_is_invited_answers_and_is_seen_to_have_answered(
    alice: Person,
    bob: Person,
    room: str,
    home: Home,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    page = agenda(home, alice)
    day(page, "19 November").click()
    moment(page, "What").fill("Dinner")
    guest = moment(page, "Matrix ID of a guest")
    guest.fill("bob")
    press(page, "Create")
    expect(dialog(page).get_by_role("alert").last).to_contain_text("not added yet")
    press_add = dialog(page).get_by_role("button", name="Add this person")
    press_add.click()
    expect(dialog(page)).to_contain_text("A Matrix ID begins with")
    guest.fill(bob.owner)
    guest.press("Enter")
    expect(dialog(page).get_by_role("list", name="Guests")).to_contain_text("bob")
    accessible(page)
    press(page, "Create")
    expect(
        page.get_by_text(re.compile("1 guest is invited: Dinner. It is in .* now"))
    ).to_be_visible()
    expect(bar(page, "Dinner")).to_be_visible()
    shared = eventually(lambda: list(bob.invitations()))[0]
    bob.accept(shared)
    eventually(lambda: bob.get("agenda/invitations")["occurrences"], what="Bob is asked")

    theirs = home(bob, **HERE)
    waiting = theirs.get_by_role("region", name="Invited to events")
    expect(waiting.get_by_role("listitem")).to_contain_text(re.compile("Dinner.*alice invites you"))
    accessible(theirs)
    waiting.get_by_role("button", name="Perhaps").click()
    expect(waiting).to_have_count(0)
    expect(theirs.get_by_text("You come perhaps: Dinner")).to_be_visible()
    bar(page, "Dinner").click()
    expect(dialog(page)).to_contain_text("1 comes, 1 perhaps")
    expect(dialog(page).get_by_role("listitem").filter(has_text="bob")).to_contain_text(
        "comes perhaps"
    )
    accessible(page)
    picture(page, "event")

    theirs.clock.set_fixed_time(NOW)
    theirs.goto(f"{PAGE}/agenda?view=month")
    bar(theirs, "Dinner").click()
    group = theirs.get_by_role("group", name="Your answer to “Dinner”")
    expect(group.get_by_role("button", name="Perhaps")).to_have_attribute("aria-pressed", "true")
    expect(dialog(theirs).get_by_role("button", name="Edit")).to_have_count(0)
    accessible(theirs)
    group.get_by_role("button", name="I come", exact=True).click()
    expect(group.get_by_role("button", name="I come", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(dialog(page)).to_contain_text("2 come")
    assert answers(alice, shared)[bob.owner] == "accepted"


def test_who_is_asked_again_sees_that_the_time_changed(
    alice: Person, bob: Person, room: str, home: Home
) -> None:
    uid = put(alice, room, "Dinner", "2032-11-19T20:00:00")
    there = alice.post(f"rooms/{room}/agenda/{uid}/invite", {"people": [bob.owner]})["room_id"]
    bob.accept(there)
    eventually(lambda: bob.get("agenda/invitations")["occurrences"])
    bob.command("agenda", "answer", room_id=there, uid=uid, participationStatus="accepted")
    eventually(lambda: answers(alice, there)[bob.owner] == "accepted")
    page = agenda(home, alice)
    bar(page, "Dinner").click()
    press(page, "Edit")
    expect(dialog(page)).to_contain_text("If the time changes, the guests are asked again.")
    moment(page, "Start, time").fill("19:00")
    press(page, "Save")
    bar(page, "Dinner").click()
    expect(dialog(page)).to_contain_text("1 has not answered")
    theirs = home(bob, **HERE)
    waiting = theirs.get_by_role("region", name="Invited to events")
    waiting.get_by_role("button", name="I do not come").click()
    expect(waiting).to_have_count(0)
    expect(dialog(page)).to_contain_text("1 does not come")


def test_somebody_is_invited_later_and_taken_off_again(
    alice: Person, bob: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    put(alice, room, "Dinner", "2032-11-19T20:00:00")
    page = agenda(home, alice)
    bar(page, "Dinner").click()
    press(page, "Invite")
    press(page, "Invite")
    expect(dialog(page).get_by_role("alert").last).to_contain_text("Name somebody to invite")
    accessible(page)
    moment(page, "Matrix ID of a guest").fill(bob.owner)
    dialog(page).get_by_role("button", name="Add this person").click()
    press(page, "Invite")
    expect(dialog(page)).to_contain_text("1 comes, 1 has not answered")
    expect(dialog(page).get_by_role("link", name=re.compile("Events"))).to_be_visible()
    dialog(page).get_by_role("button", name="Take off bob").click()
    expect(dialog(page)).not_to_contain_text("has not answered")


# A time for all


def test_a_time_is_found_for_those_who_tell_and_the_others_are_named(
    alice: Person,
    bob: Person,
    room: str,
    home: Home,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    diary = bob.collection("Bob's")
    put(bob, diary, "Secret", "2032-11-18T09:00:00", duration="PT2H")
    put(alice, room, "Dentist", "2032-11-18T11:00:00")
    bob.put("settings", {"free_busy_to": [alice.owner]})
    page = agenda(home, alice)
    day(page, "17 November").click()
    moment(page, "What").fill("Planning")
    press(page, "Find a time")
    expect(dialog(page).get_by_role("heading", name="Find a time")).to_be_focused()
    expect(moment(page, "What")).to_be_hidden()
    press(page, "Look for times")
    expect(dialog(page).get_by_role("alert").last).to_contain_text("Name somebody")
    for who in (bob.owner, "@carol:nowhere.example"):
        guest = dialog(page).get_by_role("combobox", name="Matrix ID of a guest")
        guest.fill(who)
        guest.press("Enter")
    moment(page, "How long").select_option(label="30 minutes")
    moment(page, "From this day").fill("2032-11-18")
    moment(page, "To this day").fill("2032-11-19")
    accessible(page)
    press(page, "Look for times")
    found = dialog(page).get_by_role("region", name=re.compile("Thursday,? 18 November 2032"))
    expect(found.get_by_role("button").first).to_have_text("12:00")
    expect(dialog(page)).to_contain_text("Of one person it is not known")
    expect(dialog(page)).to_contain_text("carol: not known.")
    picture(page, "find-a-time")
    assert "Secret" not in dialog(page).inner_text()
    accessible(page)
    found.get_by_role("button").first.click()
    expect(moment(page, "What")).to_have_value("Planning")
    expect(moment(page, "Start, day")).to_have_value("2032-11-18")
    expect(moment(page, "Start, time")).to_have_value("12:00")
    expect(moment(page, "End, time")).to_have_value("12:30")
    expect(dialog(page).get_by_role("button", name="Find a time")).to_be_focused()
    expect(dialog(page).get_by_role("list", name="Guests")).to_contain_text("bob")
    bob.put("settings", {})
    press(page, "Find a time")
    press(page, "Look for times")
    expect(dialog(page)).to_contain_text("Of 2 people it is not known")
    expect(dialog(page)).to_contain_text("bob: does not tell you.")


# Everywhere


def test_it_fits_a_phone_and_reads_from_right_to_left(
    alice: Person, bob: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    put(alice, room, "A" * 90, "2032-11-17T18:00:00", recurrenceRules=WEEKLY)
    page = agenda(home, alice, viewport=PHONE, is_mobile=True, has_touch=True)
    page.evaluate("document.documentElement.dir = 'rtl'")
    today = page.get_by_role("region", name=re.compile("17 November"))
    today.get_by_role("button", name="A" * 20).tap()
    for button in ("Edit", None, "Find a time"):
        if button is None:
            dialog(page).get_by_role("radio", name="all of them").check()
            moment(page, "Ends").select_option("until")
        else:
            dialog(page).get_by_role("button", name=button, exact=True).tap()
        assert dialog(page).evaluate("(each) => each.scrollWidth <= each.clientWidth"), button
        assert not page.evaluate(WIDER)
        accessible(page)


def test_it_is_said_in_german(alice: Person, room: str, home: Home) -> None:
    put(alice, room, "Chor", "2032-11-18T18:00:00", recurrenceRules=WEEKLY)
    page = agenda(home, alice, locale="de-DE")
    cell = page.get_by_role("gridcell", name="Donnerstag, 25. November 2032: 1 Eintrag")
    bar(cell, "Chor").click()
    expect(dialog(page)).to_contain_text("jede Woche am Donnerstag")
    press(page, "Bearbeiten")
    expect(dialog(page).get_by_role("radio", name="diesen und alle folgenden")).to_be_visible()
    press(page, "Zeit finden")
    expect(dialog(page).get_by_role("button", name="Montag")).to_be_visible()


def test_the_keyboard_alone_makes_an_event_and_answers(
    alice: Person, room: str, home: Home
) -> None:
    page = agenda(home, alice)
    page.get_by_role("button", name="New event").focus()
    page.keyboard.press("Enter")
    expect(moment(page, "What")).to_be_focused()
    page.keyboard.type("Walk")
    moment(page, "Repeats").focus()
    page.keyboard.type("By the d")
    moment(page, "Ends").focus()
    page.keyboard.type("After")
    moment(page, "How many times").fill("2")
    page.keyboard.press("Enter")
    expect(bar(page, "Walk")).to_have_count(2)
    bar(page, "Walk").first.focus()
    page.keyboard.press("Enter")
    expect(dialog(page)).to_contain_text("2 times")
    page.keyboard.press("Escape")
    expect(bar(page, "Walk").first).to_be_focused()


def test_a_series_can_not_be_changed_without_a_network_and_says_so(
    alice: Person, room: str, home: Home, guard: Guard
) -> None:
    guard.expects("ERR_INTERNET_DISCONNECTED")
    put(alice, room, "Yoga", "2032-11-05T18:00:00", recurrenceRules=WEEKLY)
    page = agenda(home, alice)
    bar(day(page, "12 November"), "Yoga").click()
    press(page, "Edit")
    page.context.set_offline(True)
    moment(page, "What").fill("Yoga outside")
    press(page, "Save")
    expect(dialog(page).get_by_role("alert").last).to_contain_text("Your twin does not answer")
    expect(moment(page, "What")).to_have_value("Yoga outside")
    page.context.set_offline(False)
    press(page, "Save")
    expect(bar(day(page, "12 November"), "Yoga outside")).to_be_visible()
