"""The settings: how the twin is, where its owner is signed in, what was let out of it, how it looks."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from signedjson.key import decode_verify_key_bytes
from signedjson.sign import verify_signed_json
from unpaddedbase64 import decode_base64

from tests.browser.conftest import PHONE, Home
from tests.browser.guard import Guard
from twin_module.rest.cookie import PAGE
from twin_module.testing.person import Person, eventually
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import TwinNetwork, person_at

pytestmark = pytest.mark.browser

HOSTILE: Final = "<img src=x onerror=alert(1)>"
TASK: Final = "org.digitaltwin.task"
SIGN_IN: Final = "Sign in to your twin"
WIDER: Final = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def network(
    reactor_thread: ReactorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TwinNetwork]:
    """Carol's twin, which she signs out of as she likes, and a server of Mallory's without the module."""
    folder = tmp_path_factory.mktemp("settings")
    with TwinNetwork(reactor_thread, folder, names=("carol", "mallory")) as network:
        network.start("carol")
        network.start("mallory", vanilla=True)
        yield network


@pytest.fixture
def carol(network: TwinNetwork) -> Person:
    """Carol at her twin, signed in nowhere else."""
    person = person_at(network.twins["carol"])
    person.post("sessions/sign-out")
    return person_at(network.twins["carol"])


def part(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def heading(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


def signed_in(person: Person) -> list[str]:
    """Return the names of where somebody is signed in."""
    return [each["display_name"] or "" for each in person.get("sessions")["sessions"]]


def app(person: Person, name: str) -> None:
    """Sign in once more, as an app of this name."""
    device = person.login().ok()["device_id"]
    path = f"/_matrix/client/v3/devices/{device}"
    person.ask("PUT", path, {"display_name": name}).ok()


def test_all_parts_are_there_and_found(
    carol: Person,
    home: Home,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    room = carol.collection("Garden")
    headers = {"X-Experience": "Garden planner"}
    where = f"rooms/{room}/tasks/a"
    carol.ask("PUT", where, {"@type": "Task", "title": "Seed"}, headers).ok()
    carol.post("links", {"room_id": room, "capability": "tasks", "uid": "a"})
    app(carol, "Phone")
    page = home(carol, "settings")
    expect(heading(page)).to_have_text("Settings")
    names = page.get_by_role("navigation", name="Parts of the settings").get_by_role("link")
    expect(names).to_have_count(14)
    for name in names.all_inner_texts():
        expect(part(page, name).get_by_role("heading", level=2)).to_have_text(name)
    expect(part(page, "Apps")).to_contain_text(re.compile(r"Garden planner.*1 entry"))
    expect(
        part(page, "Published links").get_by_role("link", name="Seed", exact=True)
    ).to_be_visible()
    expect(part(page, "How your twin is")).to_contain_text("All is well.")
    accessible(page)
    picture(page, "settings")
    page.emulate_media(color_scheme="dark")
    accessible(page)
    page.set_viewport_size(PHONE)
    assert not page.evaluate(WIDER)
    names.filter(has_text="About").click()
    expect(part(page, "About")).to_be_in_viewport()
    page.goto(f"{PAGE}/settings#export")
    page.reload()
    expect(part(page, "Take everything with you")).to_be_in_viewport()


def test_light_and_dark_are_put_on_at_once_and_stay(carol: Person, home: Home) -> None:
    page = home(carol, "settings", color_scheme="light")
    background = "getComputedStyle(document.documentElement).backgroundColor"
    expect(part(page, "Look and language")).to_be_visible()
    light = page.evaluate(background)
    page.get_by_role("radio", name="Dark").check()
    dark = page.evaluate(background)
    assert dark != light
    page.reload()
    expect(page.get_by_role("radio", name="Dark")).to_be_checked()
    assert page.evaluate(background) == dark
    page.get_by_role("radio", name="As this device has it").check()
    assert page.evaluate(background) == light
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(background) == dark


def test_the_language_changes_while_one_looks(
    carol: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    page = home(carol, "settings", locale="en-GB")
    page.get_by_role("radio", name="Deutsch").check()
    expect(heading(page)).to_have_text("Einstellungen")
    expect(part(page, "Wie es deinem Twin geht")).to_contain_text("Alles ist gut.")
    expect(page).to_have_title(re.compile("^Einstellungen"))
    expect(page.locator("html")).to_have_attribute("lang", "de")
    accessible(page)
    page.reload()
    expect(heading(page)).to_have_text("Einstellungen")
    page.get_by_role("radio", name="Wie dieser Browser").check()
    expect(heading(page)).to_have_text("Settings")


def test_one_session_is_ended_and_the_others_go_on(
    carol: Person, home: Home, guard: Guard, accessible: Callable[[Page], None]
) -> None:
    app(carol, HOSTILE)
    other = home(carol, "tasks")
    expect(heading(other)).to_have_text("Tasks")
    [mine] = [each["device_id"] for each in carol.get("sessions")["sessions"] if each["current"]]
    carol.ask("PUT", f"/_matrix/client/v3/devices/{mine}", {"display_name": "Test"}).ok()
    page = home(carol, "settings")
    sessions = part(page, "Where you are signed in")
    rows = sessions.get_by_role("listitem")
    expect(rows).to_have_count(4)
    expect(rows.first).to_contain_text("This browser")
    expect(rows.first.get_by_role("button")).to_have_count(0)
    hostile = rows.filter(has_text=HOSTILE)
    hostile.get_by_role("button", name="Sign out").click()
    expect(hostile).to_contain_text("has to sign in again with your password")
    accessible(page)
    hostile.get_by_role("button", name="Cancel").click()
    assert HOSTILE in signed_in(carol)
    hostile.get_by_role("button", name="Sign out").click()
    hostile.get_by_role("button", name="Yes, sign it out").click()
    expect(rows).to_have_count(3)
    expect(sessions).to_contain_text(f"Signed out: {HOSTILE}")
    expect(sessions.get_by_role("heading", level=2)).to_be_focused()
    assert HOSTILE not in signed_in(carol)

    # The browser with the tasks is the one that is neither this nor the test's own.
    guard.allows("401")
    theirs = rows.filter(has_not_text="This browser").filter(has_not_text="Test")
    theirs.get_by_role("button", name="Sign out").click()
    theirs.get_by_role("button", name="Yes, sign it out").click()
    expect(rows).to_have_count(2)
    expect(heading(other)).to_have_text(SIGN_IN)
    expect(heading(page)).to_have_text("Settings")


def test_signing_out_everywhere_ends_every_page(
    network: TwinNetwork, carol: Person, home: Home, guard: Guard
) -> None:
    guard.allows("401")
    assert len(signed_in(carol)) == 1
    other = home(carol, "tasks")
    expect(heading(other)).to_have_text("Tasks")
    page = home(carol, "settings")
    sessions = part(page, "Where you are signed in")
    sessions.get_by_role("button", name="Sign out everywhere").click()
    expect(sessions).to_contain_text("change your password as well")
    expect(heading(other)).to_have_text("Tasks")
    sessions.get_by_role("button", name="Yes, sign out everywhere").click()
    expect(heading(page)).to_have_text(SIGN_IN)
    expect(heading(other)).to_have_text(SIGN_IN)
    page.reload()
    expect(heading(page)).to_have_text(SIGN_IN)
    assert carol.ask("GET", "sessions").status == 401
    again = person_at(network.twins["carol"])
    assert len(signed_in(again)) == 1


def test_signing_out_here_ends_this_page_alone(carol: Person, home: Home) -> None:
    other = home(carol, "tasks")
    expect(heading(other)).to_have_text("Tasks")
    page = home(carol, "settings")
    part(page, "Where you are signed in").get_by_role("button", name="Sign out here").click()
    expect(heading(page)).to_have_text(SIGN_IN)
    other.reload()
    expect(heading(other)).to_have_text("Tasks")


def test_who_signs_out_is_told_what_was_not_sent_yet(
    carol: Person, home: Home, guard: Guard
) -> None:
    room = carol.collection("Garden")
    carol.put(f"rooms/{room}/tasks/a", {"@type": "Task", "title": "Seed"})
    page = home(carol, f"c/{room}/tasks/a")
    expect(heading(page)).to_have_text("Seed")
    guard.expects("ERR_FAILED")
    writes = re.compile(r"/v1/rooms/.*/tasks/")
    page.route(
        writes,
        lambda route: route.abort() if route.request.method != "GET" else route.fallback(),
    )
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("[data-waiting='1']")).to_be_visible()
    page.get_by_role("link", name="Settings").click()
    sessions = part(page, "Where you are signed in")
    sessions.get_by_role("button", name="Sign out here").click()
    expect(sessions).to_contain_text("1 change that was not sent yet is lost.")
    sessions.get_by_role("button", name="Yes, sign out here").click()
    expect(heading(page)).to_have_text(SIGN_IN)
    assert carol.get(f"rooms/{room}/tasks/a")["title"] == "Seed"


def test_whose_invitations_are_accepted_is_set_and_taken_back(
    carol: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    carol.put("settings", {"accept_from": ["@ada:example.org"]})
    page = home(carol, "settings")
    invitations = part(page, "Invitations")
    expect(invitations.get_by_role("listitem")).to_have_text([re.compile("@ada:example.org")])
    field = invitations.get_by_label("Matrix ID")
    field.fill("bob@example.org")
    field.press("Enter")
    expect(invitations.get_by_role("alert")).to_contain_text("looks like an email address")
    field.fill("@bob:example.org")
    field.press("Enter")
    expect(invitations.get_by_role("listitem")).to_have_count(2)
    expect(invitations).to_contain_text("Invitations of @bob:example.org are accepted at once")
    invitations.get_by_role("checkbox").check()
    expect(invitations).to_contain_text("Saved.")
    accessible(page)
    wishes = carol.get("settings")
    assert wishes["accept_from"] == ["@ada:example.org", "@bob:example.org"]
    assert wishes["accept_from_circles"] is True
    invitations.get_by_role("button", name="Ask again about invitations of @ada").click()
    expect(invitations.get_by_role("listitem")).to_have_text([re.compile("@bob:example.org")])
    page.reload()
    expect(invitations.get_by_role("checkbox")).to_be_checked()
    assert carol.get("settings")["accept_from"] == ["@bob:example.org"]


def test_what_waits_and_what_was_left_out_is_counted_and_found(
    network: TwinNetwork, carol: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    mallory = person_at(network.twins["mallory"])
    room = carol.collection(f"Open {HOSTILE}")
    carol.invite(room, mallory.owner).ok()
    levels = carol.read_state(room, "m.room.power_levels", "").ok()
    levels["users"] = {**levels["users"], mallory.owner: 25}
    carol.put_state(room, "m.room.power_levels", "", levels).ok()
    mallory.join(room, network.twins["carol"].server_name)
    for uid in ("a", "b"):
        mallory.put_state(room, TASK, uid, {"@type": "Task", "title": 7}).ok()
    eventually(lambda: carol.get("status")["left_out"].get(room) == 2, what="two were left out")
    page = home(carol, "settings")
    health = part(page, "How your twin is")
    expect(health).to_contain_text("2 entries of others do not have the form")
    expect(health).to_contain_text("All is well.")
    health.get_by_role("link", name=f"Open {HOSTILE}").click()
    expect(heading(page)).to_have_text(f"Open {HOSTILE}")

    with network.cut_off("carol", "mallory"):
        made = carol.command("circles", "create", name="Us", members={mallory.owner: "viewer"})
        eventually(
            lambda: made["room_id"] in carol.get("status")["to_be_tried_again"],
            what="the invitation waits",
        )
        page.goto(f"{PAGE}/settings")
        expect(health).to_contain_text("Something is not finished yet")
        expect(health).to_contain_text("Here something could not be done yet")
        expect(health.get_by_role("link", name="Us", exact=True)).to_be_visible()
        accessible(page)
    carol.command("circles", "dissolve", room_id=made["room_id"])
    eventually(lambda: not carol.get("status")["to_be_tried_again"], what="all is done")
    health.get_by_role("button", name="Look again").click()
    expect(health).to_contain_text("All is well.")
    health.get_by_role("button", name="Read everything anew").click()
    expect(page.get_by_text("Everything was read anew.")).to_be_visible()
    expect(health).to_contain_text("2 entries of others do not have the form")


def test_that_it_is_still_reading_is_looked_at_again_by_itself(carol: Person, home: Home) -> None:
    is_behind = True

    def answer(route: Route) -> None:
        status = carol.get("status")
        route.fulfill(json={**status, "position": status["stream"] - int(is_behind)})

    page = home(carol, "search")
    page.route("**/v1/status", answer)
    page.goto(f"{PAGE}/settings")
    health = part(page, "How your twin is")
    expect(health).to_contain_text("It is still reading: 1 step to go.")
    is_behind = False
    expect(health).to_contain_text("All is well.")


def test_all_links_are_listed_and_one_is_taken_back(
    carol: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    for link in carol.get("links")["links"]:
        carol.ask("DELETE", f"links/{link['id']}").ok()
    page = home(carol, "settings")
    links = part(page, "Published links")
    expect(links).to_contain_text("Nothing is published.")
    room = carol.collection("Garden")
    for uid in ("a", "b"):
        carol.put(f"rooms/{room}/tasks/{uid}", {"@type": "Task", "title": f"Task {uid}"})
        carol.post("links", {"room_id": room, "capability": "tasks", "uid": uid})
    carol.post("links", {"room_id": room})
    carol.ask("DELETE", f"rooms/{room}/tasks/a").ok()
    page.reload()
    rows = links.get_by_role("listitem")
    expect(rows).to_have_text(
        [
            re.compile("Garden.*The whole collection"),
            re.compile("Task b.*Tasks · Garden"),
            re.compile("Task a.*This link opens nothing. The object was removed."),
        ]
    )
    accessible(page)
    rows.nth(1).get_by_role("button", name="Take back").click()
    rows.nth(1).get_by_role("button", name="Yes, take it back").click()
    expect(rows).to_have_count(2)
    expect(links.get_by_text("The link was taken back.")).to_be_focused()
    kept = [each.get("uid") for each in carol.get("links")["links"]]
    assert kept == [None, "a"]


def test_the_card_is_a_file_that_holds_and_shows_its_keys(carol: Person, home: Home) -> None:
    page = home(carol, "settings")
    card = part(page, "Card and keys")
    told: Any = carol.get("card")
    for key_id, key in told["verify_keys"].items():
        expect(card).to_contain_text(f"{key_id} {key['key']}")
    expect(card).to_contain_text(carol.owner)
    with page.expect_download() as downloading:
        card.get_by_role("button", name="Download the card").click()
    document = json.loads(downloading.value.path().read_text())
    assert document["owner"] == carol.owner
    for key_id, key in told["verify_keys"].items():
        verify_key = decode_verify_key_bytes(key_id, decode_base64(key["key"]))
        verify_signed_json(document, told["server_name"], verify_key)


def test_how_to_take_everything_along_is_told_with_commands_to_copy(
    carol: Person, home: Home
) -> None:
    page = home(carol, "settings", permissions=["clipboard-read", "clipboard-write"])
    export = part(page, "Take everything with you")
    export.get_by_role("button", name="Copy the command that makes an export").click()
    expect(export).to_contain_text("Copied.")
    command = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(r"twin export homeserver\.yaml twin-[\w-]+\.zip", command)
    expect(export).to_contain_text(command)
    expect(part(page, "About")).to_contain_text(carol.get("status")["version"])
