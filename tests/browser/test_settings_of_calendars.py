"""The settings of calendars: app passwords, the time zone and reminders, and who sees when one is busy."""

import base64
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, Home
from twin_module.testing.person import Person, eventually, request
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import TwinNetwork, person_at

pytestmark = pytest.mark.browser

HERE: Final = {"timezone_id": "Europe/Berlin", "locale": "en-GB"}
WIDER: Final = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
SETTINGS: Final = {
    "accept_from": ["@ada:example.org"],
    "accept_from_circles": True,
    "time_zone": "Asia/Tokyo",
    "reminders": False,
    "quiet_hours": {"from": "21:00", "until": "06:30"},
    "free_busy_to": ["@bob:example.org"],
    "free_busy_to_circles": [],
    "language": "de",
    "daily_brief": "06:15",
    "weekly_brief": {"day": "sunday", "at": "18:00"},
    "notices": {"!somewhere": "digest"},
    "search_chats": False,
}
"""All that there is to wish."""


@pytest.fixture(scope="module")
def network(
    reactor_thread: ReactorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TwinNetwork]:
    """Carol's twin."""
    folder = tmp_path_factory.mktemp("calendars")
    with TwinNetwork(reactor_thread, folder, names=("carol",)) as network:
        network.start("carol")
        yield network


@pytest.fixture
def carol(network: TwinNetwork) -> Person:
    """Carol at her twin, without wishes."""
    person = person_at(network.twins["carol"])
    person.put("settings", {})
    return person


def part(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def opened(person: Person, password: str) -> int:
    """Return what CalDAV answers to somebody who signs in with a password."""
    user = person.owner[1:].partition(":")[0]
    basic = base64.b64encode(f"{user}:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "Depth": "0"}
    return request(person.url, "PROPFIND", "/_synapse/client/twin/dav/", b"", headers).status


def test_what_is_changed_in_one_part_leaves_all_others_as_they_were(
    carol: Person, home: Home
) -> None:
    carol.put("settings", SETTINGS)
    page = home(carol, "settings", **HERE)
    part(page, "Invitations").get_by_role("checkbox").uncheck()
    expect(part(page, "Invitations")).to_contain_text("Saved.")
    assert carol.get("settings") == {**SETTINGS, "accept_from_circles": False}
    part(page, "Time and reminders").get_by_role("checkbox", name="Remind me").check()
    part(page, "Time and reminders").get_by_role("button", name="Save").click()
    expect(part(page, "Time and reminders")).to_contain_text("Saved.")
    busy = part(page, "Who may see when you are busy")
    busy.get_by_role("button", name="No longer tell @bob:example.org").click()
    expect(busy).to_contain_text("Nobody else.")
    changed = {"accept_from_circles": False, "reminders": True, "free_busy_to": []}
    assert carol.get("settings") == {**SETTINGS, **changed}


def test_a_password_for_an_app_is_shown_once_and_taken_back(
    carol: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    page = home(carol, "settings", **HERE, permissions=["clipboard-read", "clipboard-write"])
    apps = part(page, "Calendar and contacts apps")
    expect(apps).to_contain_text("No app is connected.")
    apps.get_by_label("Which app or device").fill("Phone")
    apps.get_by_role("button", name="Make a password").click()
    made = apps.get_by_role("region", name="Password for Phone")
    expect(made.get_by_role("heading")).to_be_focused()
    expect(made).to_contain_text("shown this once only")
    said: dict[str, str] = {}
    for name in ("server", "address", "user", "password"):
        made.get_by_role("button", name=f"Copy the {name}", exact=True).click()
        expect(made.get_by_text("Copied.").first).to_be_visible()
        said[name] = page.evaluate("navigator.clipboard.readText()")
    assert said["address"] == f"{carol.url}/_synapse/client/twin/dav/"
    assert said["server"] in carol.url
    assert said["user"] == "carol"
    assert opened(carol, said["password"]) == 207
    accessible(page)
    made.get_by_role("button", name="I have it").click()
    expect(made).to_have_count(0)
    page.reload()
    rows = apps.get_by_role("listitem")
    expect(rows).to_have_text([re.compile("Phone.*last used: today")])
    assert said["password"] not in page.content()
    accessible(page)
    rows.get_by_role("button", name="Take back the password of Phone").click()
    expect(rows).to_contain_text("The app is let in no more.")
    rows.get_by_role("button", name="Yes, take it back").click()
    expect(apps).to_contain_text("Taken back: Phone")
    expect(apps.get_by_role("heading", level=2)).to_be_focused()
    assert opened(carol, said["password"]) == 401


def test_the_twin_learns_where_one_is_and_when_to_be_quiet(
    carol: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    page = home(carol, "settings", **HERE)
    time = part(page, "Time and reminders")
    expect(time.get_by_label("Time zone")).to_have_value("")
    expect(time.get_by_role("checkbox", name="Remind me")).to_be_checked()
    time.get_by_role("button", name="Take Europe/Berlin, as this browser has it").click()
    expect(time.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    expect(time.get_by_role("button", name="Take Europe/Berlin")).to_have_count(0)
    time.get_by_role("checkbox", name="Quiet hours").check()
    time.get_by_label("From").fill("23:00")
    time.get_by_label("Until").fill("06:30")
    accessible(page)
    time.get_by_role("button", name="Save").click()
    expect(time).to_contain_text("Saved.")
    wishes = carol.get("settings")
    assert wishes["time_zone"] == "Europe/Berlin"
    assert wishes["quiet_hours"] == {"from": "23:00", "until": "06:30"}
    page.reload()
    expect(time.get_by_label("Until")).to_have_value("06:30")
    time.get_by_label("Time zone").select_option(label="America/New York")
    time.get_by_role("checkbox", name="Quiet hours").uncheck()
    time.get_by_role("checkbox", name="Remind me").uncheck()
    time.get_by_role("button", name="Save").click()
    eventually(lambda: carol.get("settings")["time_zone"] == "America/New_York")
    wishes = carol.get("settings")
    assert (wishes["reminders"], wishes["quiet_hours"]) == (False, None)


def test_people_and_circles_are_told_when_one_is_busy_and_nothing_else(
    carol: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    circle = carol.command("circles", "create", name="Band")["room_id"]
    page = home(carol, "settings", **HERE)
    busy = part(page, "Who may see when you are busy")
    expect(busy).to_contain_text("not what it is, not where, not with whom")
    busy.get_by_role("checkbox", name="Band").check()
    expect(busy).to_contain_text("Saved.")
    field = busy.get_by_label("Matrix ID")
    field.fill("@dave:example.org")
    field.press("Enter")
    expect(busy).to_contain_text("@dave:example.org may ask when you are busy")
    accessible(page)
    wishes: Any = carol.get("settings")
    assert (wishes["free_busy_to"], wishes["free_busy_to_circles"]) == (
        ["@dave:example.org"],
        [circle],
    )
    busy.get_by_role("checkbox", name="Band").uncheck()
    eventually(lambda: carol.get("settings")["free_busy_to_circles"] == [])


def test_they_fit_a_phone_in_german_and_from_right_to_left(
    carol: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    carol.put("settings", SETTINGS)
    carol.post("app-passwords", {"name": "W" * 90})
    page = home(carol, "settings", **{**HERE, "locale": "de-DE"}, viewport=PHONE)
    page.evaluate("document.documentElement.dir = 'rtl'")
    apps = part(page, "Kalender- und Kontakte-Apps")
    apps.get_by_label("Welche App oder welches Gerät").fill("Telefon")
    apps.get_by_role("button", name="Passwort erstellen").click()
    expect(apps.get_by_role("region", name="Passwort für Telefon")).to_be_visible()
    time = part(page, "Zeit und Erinnerungen")
    expect(time.get_by_label("Zeitzone")).to_have_value("Asia/Tokyo")
    expect(part(page, "Wer sehen darf, wann du beschäftigt bist")).to_contain_text(
        "@bob:example.org"
    )
    assert not page.evaluate(WIDER)
    accessible(page)
