"""The agenda by month, week and day; two people share it."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.browser.conftest import PHONE, Home
from tests.browser.guard import Guard
from twin_module.core.event_types import EVENT
from twin_module.core.state import frozen
from twin_module.engine import store
from twin_module.engine.store import Record
from twin_module.rest.cookie import PAGE
from twin_module.testing.person import Person, eventually
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import Twin, TwinNetwork, person_at

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>\u202e" + "x" * 900
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
NOW = datetime(2026, 11, 18, 9, 20, tzinfo=UTC)
"""A Wednesday; clocks in Berlin show one hour more."""


@pytest.fixture(scope="module")
def twins(
    reactor_thread: ReactorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TwinNetwork]:
    """The twins of Carol and Dave."""
    folder = tmp_path_factory.mktemp("agenda")
    with TwinNetwork(reactor_thread, folder, ["carol", "dave"]) as network:
        network.start("carol")
        network.start("dave")
        yield network


@pytest.fixture(scope="module")
def carol(twins: TwinNetwork) -> Person:
    """Carol at her twin."""
    return person_at(twins.twins["carol"])


@pytest.fixture(scope="module")
def dave(twins: TwinNetwork) -> Person:
    """Dave at his twin."""
    return person_at(twins.twins["dave"])


@pytest.fixture
def room(carol: Person) -> Iterator[str]:
    """A collection of Carol's own, with nothing of other tests in her agenda."""
    room = carol.collection("Family")
    yield room
    carol.leave(room)
    eventually(lambda: room not in rooms_of(carol), what="she has left")


@pytest.fixture
def ours(carol: Person, dave: Person) -> Iterator[str]:
    """A collection of Dave's that Carol may write in."""
    circle = dave.command("circles", "create", name="Us", members={carol.owner: "editor"})
    room = dave.collection("Band")
    dave.command("circles", "share", room_id=room, circle=circle["room_id"], role="editor")
    carol.accept(circle["room_id"], room)
    eventually(lambda: rooms_of(carol).get(room) == "editor", what="Carol may write")
    yield room
    carol.leave(room)
    dave.leave(room)
    eventually(lambda: room not in rooms_of(carol), what="she has left")


def rooms_of(person: Person) -> dict[str, str]:
    return {each["room_id"]: each["role"] for each in person.get("collections")["collections"]}


def put(person: Person, room: str, title: str, start: str, **fields: Any) -> str:
    """Write an event with the API, and return its uid, which is made of its title."""
    uid = re.sub(r"\W+", "-", title.lower())[:40]
    content = {"@type": "Event", "title": title, "start": start, "duration": "PT1H", **fields}
    person.put(f"rooms/{room}/agenda/{uid}", content)
    return uid


def stored(person: Person, room: str) -> list[dict[str, Any]]:
    """Return the events of a room as its twin has them."""
    objects = person.get(f"rooms/{room}/objects", capability="agenda", sort="start")["objects"]
    return [each["content"] for each in objects]


def agenda(home: Home, person: Person, view: str = "", **options: Any) -> Page:
    """Open the agenda at 10:20 of a Wednesday in Berlin; `view` as it stands in the address."""
    page = home(person, "search", **{"timezone_id": "Europe/Berlin", "locale": "en-GB", **options})
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.clock.set_fixed_time(NOW)
    if view:
        page.goto(f"{PAGE}/agenda?{view}")
    else:
        page.get_by_role("navigation").get_by_role("link", name="Agenda").click()
    return page


def day(page: Page, name: str) -> Locator:
    """Return a day of the grid, by its date as it is said: 20 November."""
    return page.get_by_role("gridcell", name=re.compile(rf"^\w+,? {name} \d+:"))


def bar(where: Page | Locator, title: str) -> Locator:
    return where.locator("button.bar").filter(has_text=title)


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def box(locator: Locator) -> FloatRect:
    """Return where something is drawn."""
    found = locator.bounding_box()
    assert found is not None
    return found


def period(page: Page, name: str | re.Pattern[str]) -> None:
    """Wait until these days are shown."""
    expect(page.get_by_role("heading", level=2)).to_have_text(name)


def moment(page: Page, name: str) -> Locator:
    return dialog(page).get_by_label(name, exact=True)


def save(page: Page, button: str = "Create") -> None:
    dialog(page).get_by_role("button", name=button).click()
    expect(dialog(page)).to_have_count(0)


def test_what_is_made_in_the_month_is_in_the_week_the_day_and_on_home(
    carol: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    page = agenda(home, carol)
    period(page, "November 2026")
    expect(day(page, "18 November")).to_have_attribute("aria-current", "date")
    day(page, "18 November").click()
    expect(moment(page, "What")).to_be_focused()
    accessible(page)
    moment(page, "What").fill("Lunch with Dave")
    moment(page, "Start, time").fill("12:30")
    expect(moment(page, "End, time")).to_have_value("13:30")
    moment(page, "Where").fill("Canteen")
    moment(page, "Collection").select_option(label="Family")
    save(page)
    expect(bar(day(page, "18 November"), "Lunch with Dave")).to_contain_text("12:30")
    expect(day(page, "18 November")).to_have_accessible_name(re.compile("1 entry"))
    [content] = eventually(lambda: stored(carol, room))
    fields = ("@type", "start", "duration", "timeZone", "locations")
    assert {name: content[name] for name in fields} == {
        "@type": "Event",
        "start": "2026-11-18T12:30:00",
        "duration": "PT1H",
        "timeZone": "Europe/Berlin",
        "locations": {"1": {"@type": "Location", "name": "Canteen"}},
    }
    page.get_by_role("button", name="Week").click()
    expect(page).to_have_url(re.compile(r"/agenda\?view=week&date=2026-11-18$"))
    period(page, re.compile("16.*22 November 2026"))
    wednesday = page.get_by_role("list", name=re.compile("Wednesday,? 18 November 2026"))
    expect(bar(wednesday, "Lunch with Dave")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Day", exact=True).click()
    expect(bar(page, "Lunch with Dave")).to_contain_text("Canteen")
    accessible(page)
    page.get_by_role("link", name="Home").first.click()
    today = page.get_by_role("region", name="Your day")
    expect(today.get_by_role("listitem")).to_contain_text("Lunch with Dave")
    accessible(page)
    today.get_by_role("button", name="Lunch with Dave").click()
    expect(dialog(page)).to_contain_text("Canteen")
    accessible(page)
    dialog(page).get_by_role("link", name="All about it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Lunch with Dave")


def test_what_somebody_else_plans_appears_without_a_reload(
    carol: Person, dave: Person, ours: str, home: Home
) -> None:
    page = agenda(home, carol)
    period(page, "November 2026")
    put(dave, ours, "Rehearsal", "2026-11-20T19:00:00", timeZone="Europe/Berlin")
    expect(bar(day(page, "20 November"), "Rehearsal")).to_contain_text("19:00")
    put(dave, ours, "Rehearsal", "2026-11-21T18:00:00", timeZone="Europe/Berlin")
    expect(bar(day(page, "21 November"), "Rehearsal")).to_contain_text("18:00")
    expect(bar(day(page, "20 November"), "Rehearsal")).to_have_count(0)
    bar(page, "Rehearsal").click()
    dave.ask("DELETE", f"rooms/{ours}/agenda/rehearsal").ok()
    expect(dialog(page)).to_have_count(0)
    expect(bar(page, "Rehearsal")).to_have_count(0)


def test_an_event_is_looked_at_changed_and_removed_and_each_is_undone(
    carol: Person, room: str, home: Home
) -> None:
    put(
        carol,
        room,
        "Concert",
        "2026-11-20T20:00:00",
        timeZone="Europe/Berlin",
        colour="red",
        locations={"hall": {"name": "Town hall", "note": "kept"}},
        virtualLocations={
            "a": {"name": "Stream", "uri": "https://example.org/stream"},
            "b": {"uri": "javascript:alert(1)"},
        },
        participants={
            carol.owner: {"participationStatus": "accepted"},
            "guest": {"name": "Erin", "participationStatus": "declined"},
        },
        status="tentative",
        description="Bring\nearplugs",
        keywords={"music": True},
    )
    page = agenda(home, carol)
    bar(page, "Concert").click()
    for said in ("20:00", "21:00", "Town hall", "Erin does not come", "carol comes", "not certain"):
        expect(dialog(page)).to_contain_text(said)
    link = dialog(page).get_by_role("link", name="https://example.org/stream")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(dialog(page).get_by_text("javascript:alert(1)")).to_be_visible()
    assert page.locator("dialog a[href^=javascript]").count() == 0
    dialog(page).get_by_role("button", name="Edit").click()
    moment(page, "What").fill("Big concert")
    moment(page, "Where").fill("Stadium")
    moment(page, "End, time").fill("23:00")
    save(page, "Save")
    expect(bar(day(page, "20 November"), "Big concert")).to_be_focused()
    changed = eventually(lambda: [e for e in stored(carol, room) if e["title"] == "Big concert"])
    assert changed[0]["duration"] == "PT3H"
    assert changed[0]["locations"]["hall"] == {
        "@type": "Location",
        "name": "Stadium",
        "note": "kept",
    }
    assert (changed[0]["colour"], changed[0]["start"]) == ("red", "2026-11-20T20:00:00")
    page.get_by_role("button", name="Undo").click()
    expect(bar(page, "Concert")).to_be_visible()
    eventually(lambda: stored(carol, room)[0]["locations"]["hall"]["name"] == "Town hall")
    assert stored(carol, room)[0]["duration"] == "PT1H"
    bar(page, "Concert").click()
    dialog(page).get_by_role("button", name="Remove").click()
    expect(bar(page, "Concert")).to_have_count(0)
    expect(day(page, "18 November")).to_be_focused()
    eventually(lambda: stored(carol, room) == [])
    page.get_by_role("button", name="Undo").last.click()
    expect(bar(page, "Concert")).to_be_visible()
    eventually(lambda: [each["colour"] for each in stored(carol, room)] == ["red"])


def test_whole_days_are_the_same_days_in_any_zone_and_one_bar(
    carol: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    page = agenda(home, carol)
    day(page, "20 November").click()
    moment(page, "What").fill("Trip to Rome")
    dialog(page).get_by_role("checkbox", name="All day").check()
    moment(page, "End, day").fill("2026-11-19")
    dialog(page).get_by_role("button", name="Create").click()
    assert moment(page, "End, day").evaluate("(field) => field.validationMessage") == (
        "It ends before it starts. Choose a later end."
    )
    moment(page, "End, day").fill("2026-11-24")
    save(page)
    [content] = eventually(lambda: stored(carol, room))
    assert (content["start"], content["duration"]) == ("2026-11-20T00:00:00", "P5D")
    assert content["showWithoutTime"] is True
    assert "timeZone" not in content
    # One bar a week, as long as the days that it touches.
    expect(bar(page, "Trip to Rome")).to_have_count(2)
    cell = box(day(page, "20 November"))["width"]
    assert 2.8 * cell < box(bar(day(page, "20 November"), "Trip to Rome"))["width"] <= 3 * cell
    expect(day(page, "24 November")).to_have_accessible_name(re.compile("1 entry"))
    expect(day(page, "25 November")).to_have_accessible_name(re.compile("nothing"))
    accessible(page)
    far = agenda(home, carol, "view=week&date=2026-11-20", timezone_id="Pacific/Auckland")
    for name in ("20 November", "21 November", "22 November"):
        expect(day(far, name)).to_have_accessible_name(re.compile("1 entry"))
    expect(day(far, "19 November")).to_have_accessible_name(re.compile("nothing"))


def test_a_night_in_which_clocks_change_is_as_long_as_it_is(
    carol: Person, room: str, home: Home
) -> None:
    page = agenda(home, carol, "view=month&date=2026-03-28")
    day(page, "28 March").click()
    moment(page, "What").fill("Night shift")
    moment(page, "Start, time").fill("22:00")
    moment(page, "End, day").fill("2026-03-29")
    moment(page, "End, time").fill("06:00")
    save(page)
    [content] = eventually(lambda: stored(carol, room))
    assert (content["start"], content["duration"]) == ("2026-03-28T22:00:00", "PT7H")
    page.get_by_role("button", name="Day", exact=True).click()
    page.get_by_role("button", name="Next day").click()
    period(page, re.compile("Sunday,? 29 March 2026"))
    expect(bar(page, "Night shift")).to_contain_text("until 06:00")
    bar(page, "Night shift").click()
    dialog(page).get_by_role("button", name="Edit").click()
    expect(moment(page, "End, time")).to_have_value("06:00")
    expect(moment(page, "Start, day")).to_have_value("2026-03-28")


def test_times_of_another_zone_are_shown_here_and_stay_written_there(
    carol: Person, room: str, home: Home
) -> None:
    put(carol, room, "Call", "2026-11-19T20:00:00", timeZone="America/New_York")
    page = agenda(home, carol)
    expect(bar(day(page, "20 November"), "Call")).to_contain_text("02:00")
    bar(page, "Call").click()
    expect(dialog(page)).to_contain_text(re.compile("19 Nov 2026, 20:00 in America/New York"))
    dialog(page).get_by_role("button", name="Edit").click()
    # As its own clocks show it, and what that is here.
    expect(moment(page, "Time zone")).to_have_value("America/New_York")
    expect(moment(page, "Start, time")).to_have_value("20:00")
    expect(dialog(page)).to_contain_text(re.compile("Here that is 20 Nov 2026, 02:00"))
    moment(page, "Start, time").fill("21:15")
    save(page, "Save")
    eventually(lambda: stored(carol, room)[0]["start"] == "2026-11-19T21:15:00")
    assert stored(carol, room)[0]["timeZone"] == "America/New_York"


def test_the_keyboard_alone_is_enough(carol: Person, room: str, home: Home) -> None:
    put(carol, room, "Dentist", "2026-12-01T08:00:00")
    page = agenda(home, carol)
    day(page, "18 November").focus()
    page.keyboard.press("ArrowRight")
    expect(day(page, "19 November")).to_be_focused()
    expect(page).to_have_url(re.compile("date=2026-11-19$"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    expect(day(page, "29 November")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(day(page, "1 December")).to_be_focused()
    period(page, "December 2026")
    page.keyboard.press("Tab")
    expect(bar(page, "Dentist")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog(page)).to_contain_text("Dentist")
    page.keyboard.press("Escape")
    expect(bar(page, "Dentist")).to_be_focused()
    page.keyboard.press("PageUp")
    expect(day(page, "1 November")).to_be_focused()
    page.keyboard.press("t")
    expect(day(page, "18 November")).to_be_focused()
    assert page.locator("[role=gridcell][tabindex='0']").count() == 1
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"view=day&date=2026-11-18$"))
    period(page, re.compile("Wednesday,? 18 November 2026"))
    expect(day(page, "18 November")).to_be_focused()
    page.go_back()
    period(page, "November 2026")
    # Letters that are typed elsewhere go nowhere.
    page.get_by_role("searchbox").fill("")
    page.get_by_role("searchbox").press("t")
    expect(page.get_by_role("searchbox")).to_have_value("t")
    page.evaluate("document.documentElement.dir = 'rtl'")
    day(page, "18 November").focus()
    page.keyboard.press("ArrowLeft")
    expect(day(page, "19 November")).to_be_focused()
    assert not page.evaluate(WIDER)


def test_many_on_one_day_are_counted_and_listed(
    carol: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    for number in range(6):
        put(carol, room, f"Talk {number}", "2026-11-20T09:30:00", duration="PT90M")
    page = agenda(home, carol)
    friday = day(page, "20 November")
    expect(bar(friday, "Talk")).to_have_count(3)
    expect(friday).to_have_accessible_name(re.compile("6 entries"))
    friday.get_by_role("button", name="3 more").click()
    expect(dialog(page).get_by_role("listitem")).to_have_count(6)
    accessible(page)
    dialog(page).get_by_role("button", name="Talk 4").click()
    expect(dialog(page)).to_have_count(1)
    expect(dialog(page).get_by_role("heading")).to_have_text("Talk 4")
    page.keyboard.press("Escape")
    expect(friday.get_by_role("button", name="3 more")).to_be_focused()
    page.get_by_role("button", name="Week").click()
    blocks = page.locator(".block")
    expect(blocks).to_have_count(3)
    drawn = sorted((box(each)["x"], box(each)["width"]) for each in blocks.all())
    for (left, width), (next_left, _) in pairwise(drawn):
        assert left + width <= next_left
    expect(day(page, "20 November").get_by_role("button", name="3 more")).to_be_visible()


def test_due_tasks_are_shown_unless_one_does_not_want_them(
    carol: Person, room: str, home: Home
) -> None:
    task = {"@type": "Task", "title": "Pay the rent", "due": "2026-11-20T23:59:59"}
    carol.put(f"rooms/{room}/tasks/rent", {**task, "showWithoutTime": True})
    page = agenda(home, carol)
    link = day(page, "20 November").get_by_role("link", name="Pay the rent")
    expect(link).to_be_visible()
    page.get_by_role("button", name="Due tasks").click()
    expect(link).to_have_count(0)
    page.reload()
    period(page, "November 2026")
    expect(page.get_by_role("button", name="Due tasks")).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Due tasks").click()
    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pay the rent")


def test_an_event_begins_where_one_presses_between_the_hours(
    carol: Person, room: str, home: Home
) -> None:
    page = agenda(home, carol, "view=week&date=2026-11-18")
    thursday = page.locator("[data-hours='2026-11-19']")
    height = box(thursday)["height"]
    thursday.click(position={"x": 20, "y": height * 14.6 / 24})
    expect(moment(page, "Start, day")).to_have_value("2026-11-19")
    expect(moment(page, "Start, time")).to_have_value("14:30")
    expect(moment(page, "End, time")).to_have_value("15:30")


def test_it_fits_a_phone(
    carol: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    put(carol, room, "Breakfast", "2026-11-18T08:00:00", locations={"a": {"name": "Café"}})
    put(carol, room, "Market", "2026-11-21T10:00:00")
    page = agenda(home, carol, viewport=PHONE, is_mobile=True, has_touch=True)
    today = page.get_by_role("region", name=re.compile("18 November"))
    expect(today.get_by_role("listitem")).to_contain_text("Café")
    accessible(page)
    day(page, "21 November").tap()
    saturday = page.get_by_role("region", name=re.compile("21 November"))
    expect(saturday.get_by_role("button", name="Market")).to_be_visible()
    assert not page.evaluate(WIDER)
    page.get_by_role("button", name="Week").tap()
    expect(page.get_by_role("region")).to_have_count(7)
    expect(today.get_by_role("listitem")).to_contain_text("Breakfast")
    accessible(page)
    assert not page.evaluate(WIDER)
    saturday.get_by_role("button", name="New event").tap()
    expect(moment(page, "Start, day")).to_have_value("2026-11-21")
    accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Day", exact=True).tap()
    accessible(page)
    assert not page.evaluate(WIDER)


def test_it_is_a_calendar_in_german(carol: Person, room: str, home: Home) -> None:
    put(carol, room, "Zahnarzt", "2026-11-20T08:00:00")
    page = home(carol, "agenda?date=2026-11-18", timezone_id="Europe/Berlin", locale="de-DE")
    period(page, "November 2026")
    expect(page.get_by_role("heading", level=1)).to_have_text("Kalender")
    expect(page.get_by_role("columnheader").first).to_have_accessible_name("Montag")
    friday = page.get_by_role("gridcell", name="Freitag, 20. November 2026: 1 Eintrag")
    expect(bar(friday, "Zahnarzt")).to_contain_text("08:00")
    page.get_by_role("button", name="Neuer Termin").click()
    expect(moment(page, "Beginn, Uhrzeit")).to_be_visible()
    american = agenda(home, carol, locale="en-US")
    expect(american.get_by_role("columnheader").first).to_have_accessible_name("Sunday")


def test_hostile_content_is_only_text(
    carol: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    put(
        carol,
        room,
        HOSTILE,
        "2026-11-18T10:00:00",
        timeZone="<b>Moon/Crater",
        locations={"a": {"name": HOSTILE}},
        participants={"__proto__": {"name": HOSTILE[:200]}, "@evil:evil": {}},
        virtualLocations={"a": {"uri": "javascript:alert(1)//" + "y" * 900}},
        keywords={"w" * 90: True},
    )
    put(carol, room, "No such day", "2026-02-30T10:00:00")
    page = agenda(home, carol, viewport=PHONE, is_mobile=True, has_touch=True)
    for view in ("Month", "Week", "Day"):
        page.get_by_role("button", name=view, exact=True).tap()
        expect(page.get_by_role("button", name="<img src=x").first).to_be_visible()
        assert not page.evaluate(WIDER)
        accessible(page)
    page.get_by_role("button", name="<img src=x").first.tap()
    expect(dialog(page)).to_contain_text("<b>Moon/Crater, which this browser does not know")
    assert page.locator("main img, dialog img, dialog b").count() == 0
    assert page.locator("dialog a[href^=javascript]").count() == 0
    assert not page.evaluate(WIDER)
    assert dialog(page).evaluate("(each) => each.scrollWidth <= each.clientWidth")
    accessible(page)


def test_who_may_only_read_is_offered_nothing_else(carol: Person, dave: Person, home: Home) -> None:
    room = carol.collection("Timetable")
    put(carol, room, "Opening", "2026-11-20T10:00:00")
    carol.invite(room, dave.owner).ok()
    dave.accept(room)
    page = agenda(home, dave)
    bar(page, "Opening").click()
    expect(dialog(page).get_by_role("link", name="All about it")).to_be_visible()
    expect(dialog(page).get_by_role("button", name="Edit")).to_have_count(0)
    expect(dialog(page).get_by_role("button", name="Remove")).to_have_count(0)
    carol.leave(room)
    dave.leave(room)


def test_what_is_planned_without_a_network_waits_and_is_not_lost(
    carol: Person, room: str, home: Home, guard: Guard
) -> None:
    guard.expects("ERR_INTERNET_DISCONNECTED")
    page = agenda(home, carol)
    period(page, "November 2026")
    page.get_by_role("button", name="New event").click()
    page.context.set_offline(True)
    moment(page, "What").fill("On the train")
    moment(page, "Collection").select_option(label="Family")
    save(page)
    expect(bar(day(page, "18 November"), "On the train")).to_be_visible()
    assert stored(carol, room) == []
    page.context.set_offline(False)
    eventually(lambda: [each["title"] for each in stored(carol, room)] == ["On the train"])


def test_it_says_when_it_can_not_be_read_and_tries_again(
    carol: Person, room: str, home: Home, guard: Guard
) -> None:
    guard.allows("Failed to load resource")
    put(carol, room, "Dinner", "2026-11-20T19:00:00")
    page = agenda(home, carol, "view=month&date=2027-05-01", service_workers="block")
    period(page, "May 2027")
    page.route("**/objects?*", lambda route: route.fulfill(status=502, body=""))
    page.get_by_role("button", name="Today").click()
    expect(page.get_by_role("alert")).to_contain_text("Your twin does not answer")
    page.unroute("**/objects?*")
    page.get_by_role("button", name="Try again").click()
    expect(bar(day(page, "20 November"), "Dinner")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def fill(twin: Twin, room: str, count: int) -> None:
    """Put events of one day into the tables of a twin; as events of Matrix they would take minutes."""

    def work(cursor: Any) -> None:
        for number in range(count):
            content = {"@type": "Event", "title": f"Visit {number}", "duration": "PT1H"}
            content["start"] = f"2026-08-{1 + number % 25:02}T{number % 24:02}:00:00"
            each = Record(
                room_id=room,
                type=EVENT.type,
                uid=f"v{number}",
                event_id=f"${number}",
                sender=twin.owner,
                ts=number + 1,
                removed=False,
                problem=None,
                good_event_id=f"${number}",
                good_sender=twin.owner,
                good_ts=number + 1,
                content=json.dumps(content),
                title=content["title"],
            )
            index = {name: each.read(frozen(content)) for name, each in EVENT.filters.items()}
            store.write_object(cursor, each, index)

    database = twin.homeserver.get_datastores().main.db_pool
    twin.thread.wait(database.runInteraction, "fill", work)


def test_only_what_is_shown_is_read_and_drawn_of_five_thousand(
    twins: TwinNetwork, carol: Person, room: str, home: Home
) -> None:
    put(carol, room, "Alone", "2026-11-20T19:00:00")
    fill(twins.twins["carol"], room, 5000)
    page = agenda(home, carol, "view=month&date=2027-05-01", service_workers="block")
    period(page, "May 2027")
    counts: list[int] = []

    def count(answer: Any) -> None:
        if "capability=agenda" in answer.url:
            counts.append(len(answer.json()["objects"]))

    page.on("response", count)
    page.get_by_role("button", name="Today").click()
    expect(bar(page, "Alone")).to_be_visible()
    eventually(lambda: (page.title(), 1 in counts)[1], what="its answer is counted")
    assert max(counts) == 1
    page.goto(f"{PAGE}/agenda?view=month&date=2026-08-10")
    expect(day(page, "10 August")).to_have_accessible_name(re.compile("200 entries"))
    assert page.locator(".bar").count() <= 35 * 4
    day(page, "10 August").get_by_role("button", name="197 more").click()
    expect(dialog(page).get_by_role("listitem")).to_have_count(50)
    dialog(page).get_by_role("button", name="Show more").click()
    expect(dialog(page).get_by_role("listitem")).to_have_count(100)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Week").click()
    period(page, re.compile("August 2026"))
    expect(page.locator(".block").first).to_be_attached()
    assert page.locator(".block").count() <= 7 * 48 * 3


def test_it_is_looked_over_at_a_glance(
    carol: Person,
    dave: Person,
    room: str,
    ours: str,
    home: Home,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    berlin = {"timeZone": "Europe/Berlin"}
    put(carol, room, "Autumn holidays", "2026-11-09T00:00:00", duration="P6D", showWithoutTime=True)
    put(
        carol,
        room,
        "Grandmother visits",
        "2026-11-20T00:00:00",
        duration="P4D",
        showWithoutTime=True,
    )
    put(
        carol, room, "Birthday of Erin", "2026-11-18T00:00:00", duration="P1D", showWithoutTime=True
    )
    put(carol, room, "Dentist", "2026-11-18T08:30:00", **berlin)
    put(
        carol,
        room,
        "School meeting",
        "2026-11-18T18:00:00",
        duration="PT90M",
        status="tentative",
        **berlin,
    )
    put(
        carol,
        room,
        "Swimming",
        "2026-11-17T16:00:00",
        recurrenceRules=[{"frequency": "weekly"}],
        **berlin,
    )
    put(carol, room, "Running", "2026-11-14T09:00:00", status="cancelled", **berlin)
    put(dave, ours, "Rehearsal", "2026-11-18T19:00:00", duration="PT3H", **berlin)
    put(
        dave,
        ours,
        "Concert",
        "2026-11-28T20:00:00",
        locations={"a": {"name": "Town hall"}},
        **berlin,
    )
    put(dave, ours, "Sound check", "2026-11-28T17:00:00", **berlin)
    put(dave, ours, "Lunch with the label", "2026-11-19T12:00:00", duration="PT90M", **berlin)
    put(carol, room, "Parents call", "2026-11-19T12:30:00", **berlin)
    task = {"@type": "Task", "title": "Send the programme", "due": "2026-11-26T23:59:59"}
    carol.put(f"rooms/{room}/tasks/programme", {**task, "showWithoutTime": True})
    eventually(lambda: len(carol.uids(ours)) == 4, what="Carol has what Dave plans")
    page = agenda(home, carol)
    expect(bar(page, "Rehearsal")).to_be_visible()
    expect(page.get_by_role("link", name="Send the programme")).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for view in ("Month", "Week", "Day"):
            page.get_by_role("button", name=view, exact=True).click()
            expect(bar(page, "Rehearsal").first).to_be_attached()
            accessible(page)
    page.emulate_media(color_scheme="null")
    page.get_by_role("button", name="Month").click()
    picture(page, "agenda")
    page.get_by_role("button", name="Week").click()
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="New event")).to_be_hidden()
    expect(bar(page, "Rehearsal")).to_be_in_viewport()
