"""What the page says of the companion: how it speaks, when it gives a brief, what it tells, its chat."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import pytest
from playwright.sync_api import Locator, Page, Route, ViewportSize, expect

from tests.browser.conftest import PHONE, Home
from tests.browser.everywhere import too_wide
from tests.browser.guard import Guard
from twin_module.testing.person import Person, eventually

pytestmark = pytest.mark.browser

NARROW: Final[ViewportSize] = {"width": 320, "height": 844}
"""A laptop at 400 % (WCAG 2.2, 1.4.10)."""
ELSEWHERE: Final = "!somewhere"
WISHES: Final = {
    "accept_from": ["@ada:example.org"],
    "accept_from_circles": False,
    "time_zone": "Europe/Berlin",
    "reminders": True,
    "quiet_hours": {"from": "22:00", "until": "07:00"},
    "free_busy_to": [],
    "free_busy_to_circles": [],
    "language": "en",
    "daily_brief": "07:30",
    "weekly_brief": {"day": "monday", "at": "07:30"},
    "notices": {ELSEWHERE: "none"},
    "search_chats": False,
}
"""All that there is to wish."""
AWAY: Final = "Your twin does not answer"


@pytest.fixture(autouse=True)
def wishes(alice: Person) -> None:
    """Let Alice have wished nothing but these."""
    alice.put("settings", WISHES)


@pytest.fixture
def room(alice: Person) -> str:
    """A collection of Alice's own."""
    return alice.collection("Household")


def part(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def companion(page: Page) -> Locator:
    return part(page, "Companion")


def telling(page: Page, name: str = "What your twin tells here") -> Locator:
    return page.get_by_role("dialog").get_by_role("region", name=name)


def wished(person: Person) -> dict[str, Any]:
    found: dict[str, Any] = person.get("settings")
    return found


def writes(route: Route) -> bool:
    return route.request.method == "PUT"


def cut(page: Page) -> None:
    """Let no change of a wish reach the twin."""
    page.route("**/v1/settings", lambda it: it.abort() if writes(it) else it.continue_())


def test_how_the_twin_speaks_and_when_it_gives_a_brief_is_chosen(
    alice: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    page = home(alice, "settings", locale="en-GB")
    form = companion(page)
    expect(form.get_by_label("Language in which it speaks")).to_have_value("en")
    expect(form.get_by_label("Every day at")).to_have_value("07:30")
    expect(form.get_by_label("Every week on")).to_have_value("monday")
    form.get_by_label("Language in which it speaks").select_option("Deutsch")
    form.get_by_label("Every day at").fill("06:15")
    form.get_by_label("Every week on").select_option("Sunday")
    form.get_by_label("Every week at").fill("18:00")
    accessible(page)
    save = form.get_by_role("button", name="Save")
    save.focus()
    page.keyboard.press("Enter")
    expect(form.get_by_role("status")).to_have_text("Saved.")
    expect(save).to_be_focused()
    chosen = {
        "language": "de",
        "daily_brief": "06:15",
        "weekly_brief": {"day": "sunday", "at": "18:00"},
    }
    assert wished(alice) == {**WISHES, **chosen}
    page.reload()
    expect(form.get_by_label("Every week at")).to_have_value("18:00")
    # The page itself goes on in the language of the browser.
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")


def test_briefs_are_switched_off_by_keyboard_and_on_again_at_the_usual_time(
    alice: Person, home: Home
) -> None:
    page = home(alice, "settings")
    form = companion(page)
    for name in ("A brief every day", "A brief every week"):
        form.get_by_role("checkbox", name=name).focus()
        page.keyboard.press("Space")
    expect(form.get_by_label("Every day at")).to_have_count(0)
    expect(form.get_by_label("Every week on")).to_have_count(0)
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("status")).to_have_text("Saved.")
    assert wished(alice) == {**WISHES, "daily_brief": None, "weekly_brief": None}
    page.reload()
    form.get_by_role("checkbox", name="A brief every day").check()
    expect(form.get_by_role("status")).to_be_empty()
    expect(form.get_by_label("Every day at")).to_have_value("07:30")
    form.get_by_label("Every day at").fill("")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_label("Every day at")).to_be_focused()
    form.get_by_label("Every day at").fill("09:00")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("status")).to_have_text("Saved.")
    assert wished(alice) == {**WISHES, "daily_brief": "09:00", "weekly_brief": None}


def test_the_language_is_left_alone_by_whoever_changes_something_else(
    alice: Person, home: Home
) -> None:
    alice.put("settings", {})
    page = home(alice, "settings", locale="de-DE")
    form = part(page, "Begleiter")
    expect(form.get_by_label("Sprache, in der er spricht")).to_have_value("en")
    form.get_by_role("checkbox", name="Jede Woche ein Überblick").uncheck()
    form.get_by_role("button", name="Speichern").click()
    expect(form.get_by_role("status")).to_have_text("Gespeichert.")
    assert wished(alice)["language"] == "en"


def test_what_is_not_saved_stays_to_be_saved_again(alice: Person, home: Home, guard: Guard) -> None:
    guard.expects("Failed to load resource")
    page = home(alice, "settings")
    form = companion(page)
    form.get_by_label("Every day at").fill("05:00")
    cut(page)
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text(AWAY)
    expect(form.get_by_role("status")).to_be_empty()
    expect(form.get_by_label("Every day at")).to_have_value("05:00")
    assert wished(alice) == WISHES
    page.unroute("**/v1/settings")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("status")).to_have_text("Saved.")
    expect(form.get_by_role("alert")).to_be_empty()
    assert wished(alice) == {**WISHES, "daily_brief": "05:00"}


def test_two_changes_at_once_are_both_kept(alice: Person, home: Home) -> None:
    page = home(alice, "settings")
    held: list[Route] = []

    def hold(route: Route) -> None:
        if writes(route) and not held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/v1/settings", hold)
    form, invitations = companion(page), part(page, "Invitations")
    with page.expect_request(lambda request: request.method == "PUT"):
        invitations.get_by_role("checkbox").check()
    form.get_by_label("Every day at").fill("08:45")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("button", name="Save")).to_have_attribute("aria-disabled", "true")
    [first] = held
    first.continue_()
    expect(form.get_by_role("status")).to_have_text("Saved.")
    expect(invitations).to_contain_text("Saved.")
    assert wished(alice) == {**WISHES, "accept_from_circles": True, "daily_brief": "08:45"}


def test_who_made_a_collection_says_what_is_told_in_it(
    alice: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    page = home(alice, f"c/{room}")
    page.get_by_role("button", name="Share", exact=True).click()
    choice = telling(page).get_by_label("It tells")
    expect(choice).to_have_value("all")
    expect(telling(page)).to_contain_text("with a Matrix app")
    accessible(page)
    for label, name in (
        ("A summary once a day", "digest"),
        ("Only what asks somebody for something", "mentions"),
        ("Nothing", "none"),
    ):
        choice.select_option(label)
        expect(telling(page)).to_contain_text("Saved.")
        eventually(lambda name=name: wished(alice)["notices"].get(room) == name, what=name)  # type: ignore[misc]  # bound early
    assert wished(alice) == {**WISHES, "notices": {ELSEWHERE: "none", room: "none"}}
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Share", exact=True).click()
    expect(choice).to_have_value("none")
    # What holds anyway need not be kept.
    choice.select_option("Everything that changes")
    eventually(lambda: wished(alice) == WISHES, what="it is as before")


def test_a_choice_that_the_twin_does_not_get_is_taken_back(
    alice: Person, room: str, home: Home, guard: Guard
) -> None:
    guard.expects("Failed to load resource")
    page = home(alice, f"c/{room}")
    page.get_by_role("button", name="Share", exact=True).click()
    choice = telling(page).get_by_label("It tells")
    expect(choice).to_have_value("all")
    cut(page)
    choice.select_option("Nothing")
    expect(telling(page)).to_contain_text(AWAY)
    expect(choice).to_have_value("all")
    assert wished(alice) == WISHES
    page.unroute("**/v1/settings")
    page.keyboard.press("Escape")
    page.route("**/v1/settings", lambda it: it.abort())
    page.get_by_role("button", name="Share", exact=True).click()
    expect(telling(page)).to_contain_text(AWAY)
    expect(choice).to_have_count(0)
    page.unroute("**/v1/settings")
    telling(page).get_by_role("button", name="Try again").click()
    expect(choice).to_have_value("all")


def test_who_did_not_make_a_collection_has_no_say_in_what_is_told(
    alice: Person, bob: Person, home: Home
) -> None:
    circle = bob.command("circles", "create", name="Board", members={alice.owner: "admin"})
    theirs = bob.collection("Accounts")
    bob.command("circles", "share", room_id=theirs, circle=circle["room_id"], role="admin")
    alice.accept(circle["room_id"], theirs)
    page = home(alice, f"c/{theirs}")
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Shared with")
    expect(telling(page)).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_german(
    scheme: Literal["light", "dark"],
    alice: Person,
    room: str,
    home: Home,
    accessible: Callable[[Page], None],
) -> None:
    options: Any = {"locale": "de-DE", "color_scheme": scheme, "viewport": NARROW}
    page = home(alice, "settings", **options)
    form = part(page, "Begleiter")
    expect(form.get_by_label("Jede Woche am")).to_contain_text("Montag")
    expect(form.get_by_role("checkbox", name="Jeden Tag ein Überblick")).to_be_checked()
    assert too_wide(page) == []
    accessible(page)
    page.goto(f"{page.url.removesuffix('settings')}c/{room}")
    page.get_by_role("button", name="Teilen", exact=True).click()
    choice = telling(page, "Was dein Twin hier erzählt").get_by_label("Er erzählt")
    expect(choice).to_be_visible()
    assert too_wide(page) == []
    accessible(page)
    choice.select_option("Einmal am Tag eine Zusammenfassung")
    eventually(lambda: wished(alice)["notices"].get(room) == "digest", what="it is chosen")


def rings_soon() -> dict[str, Any]:
    """Return an event whose alert fires in a moment."""
    start = datetime.now(UTC) + timedelta(seconds=2, minutes=15)
    return {
        "@type": "Event",
        "title": "Dentist",
        "start": f"{start:%Y-%m-%dT%H:%M:%S}",
        "timeZone": "Etc/UTC",
        "duration": "PT1H",
        "alerts": {"1": {"trigger": {"@type": "OffsetTrigger", "offset": "-PT15M"}}},
    }


def test_what_the_twin_says_waits_on_home_under_its_own_name(
    alice: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    alice.put("settings", {})
    voice = alice.get("status")["voice"]["user_id"]
    page = home(alice)
    alice.put(f"rooms/{room}/agenda/dentist", rings_soon())
    row = part(page, "Unread messages").get_by_role("listitem")
    chat = row.get_by_role("link", name="Your twin", exact=True)
    expect(chat).to_have_attribute("href", re.compile("^matrix:roomid/"))
    expect(row).to_contain_text("unread")
    expect(row).not_to_contain_text("With")
    accessible(page)
    german = home(alice, locale="de-DE", viewport=PHONE)
    row = part(german, "Ungelesene Nachrichten").get_by_role("listitem")
    expect(row.get_by_role("link", name="Dein Twin", exact=True)).to_be_visible()
    assert too_wide(german) == []
    accessible(german)
    # It is nobody: it is not among the people.
    german.get_by_role("link", name="Menschen", exact=True).click()
    expect(german.get_by_role("heading", level=1)).to_have_text("Menschen und Kreise")
    expect(german.get_by_text(voice)).to_have_count(0)


def test_the_twin_itself_does_not_count_among_those_who_see_a_collection(
    alice: Person, room: str, home: Home
) -> None:
    voice = alice.get("status")["voice"]["user_id"]
    alice.invite(room, voice).ok()

    def speaks_there() -> bool:
        member = alice.read_state(room, "m.room.member", voice)
        return bool(member.status == 200 and member.body["membership"] == "join")

    eventually(speaks_there, what="the twin followed")
    alice.put(f"rooms/{room}/tasks/bread", {"@type": "Task", "title": "Bread"})
    page = home(alice, f"c/{room}")
    expect(page.get_by_role("link", name="Bread")).to_be_visible()
    opens = page.get_by_role("button", name="Who can see this")
    expect(opens.locator(".avatar")).to_have_count(0)
    opens.click()
    expect(page.get_by_role("dialog")).to_contain_text("Nobody but you can see this.")
    expect(page.get_by_role("dialog").get_by_role("listitem")).to_have_count(1)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Collections", exact=True).click()
    there = part(page, "What is there").get_by_role("listitem")
    expect(there.filter(has=page.locator(f"a[href$='{room}']"))).to_contain_text("Only you")


def test_the_way_to_the_chat_with_the_twin_is_told(alice: Person, home: Home) -> None:
    voice = alice.get("status")["voice"]["user_id"]
    page = home(alice, "settings")
    chat = companion(page).get_by_role("link", name="Write to your twin")
    expect(chat).to_have_attribute("href", f"matrix:u/{voice[1:]}?action=chat")
    problem = "The account is not the twin's own, so this twin has no voice."
    status = {**alice.get("status"), "voice": {"user_id": voice, "problem": problem}}
    page.route("**/v1/status", lambda route: route.fulfill(json=status))
    page.reload()
    expect(companion(page)).to_contain_text(problem)
    expect(chat).to_have_count(0)
