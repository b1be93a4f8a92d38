"""Search: words of titles and texts, names of collections and people."""

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import PHONE, Home
from twin_module.core.matrix_uri import event_uri
from twin_module.testing.person import CLIENT, Person, eventually

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def box(page: Page) -> Locator:
    return page.get_by_role("main").get_by_role("searchbox", name="Search everything")


def found(page: Page) -> Locator:
    return page.locator("a.found")


@pytest.fixture(scope="module")
def garden(alice: Person) -> str:
    """A collection with a document and a task about quinces."""
    room = alice.collection("Quince garden")
    text = "In autumn we pick what is ripe. The Quinces come last, after the pears.\n"
    alice.put(f"rooms/{room}/docs/minutes", {"@type": "Document", "title": "Minutes", "text": text})
    alice.put(f"rooms/{room}/tasks/jelly", {"@type": "Task", "title": "Cook quince jelly"})
    return room


def test_a_word_finds_documents_tasks_and_collections_while_it_is_typed(
    alice: Person,
    garden: str,
    home: Home,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    page = home(alice, "search")
    expect(box(page)).to_be_focused()
    accessible(page)
    page.keyboard.type("quin")
    expect(found(page)).to_have_count(3)
    expect(page.get_by_role("link", name="Quince garden").first).to_be_visible()
    minutes = found(page).filter(has_text="Minutes")
    expect(minutes.locator("mark")).to_have_text(["Quinces"])
    expect(minutes).to_contain_text("Documents")
    jelly = found(page).filter(has_text="jelly")
    expect(jelly.locator(".title mark")).to_have_text(["quince"])
    expect(page).to_have_url(re.compile(r"/search\?q=quin$"))
    accessible(page)
    page.emulate_media(color_scheme="dark")
    accessible(page)
    picture(page, "search")
    jelly.click()
    expect(page).to_have_url(re.compile("/tasks/jelly$"))
    page.go_back()
    expect(box(page)).to_have_value("quin")
    expect(found(page)).to_have_count(3)


def test_a_search_keeps_to_one_capability(alice: Person, garden: str, home: Home) -> None:
    page = home(alice, "search?q=quince")
    expect(found(page)).to_have_count(3)
    page.get_by_role("button", name="Tasks").click()
    expect(found(page)).to_have_count(1)
    expect(page.get_by_role("button", name="Tasks")).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(found(page)).to_have_count(1)
    page.get_by_role("button", name="Attestations").click()
    expect(page.get_by_text("Nothing has all words of “quince”.")).to_be_visible()
    page.get_by_role("button", name="Search everywhere").click()
    expect(found(page)).to_have_count(3)


def test_arrow_keys_go_through_what_was_found(alice: Person, garden: str, home: Home) -> None:
    page = home(alice, "search?q=quince")
    expect(found(page)).to_have_count(3)
    box(page).focus()
    page.keyboard.press("ArrowDown")
    expect(found(page).nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(found(page).nth(2)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Escape")
    expect(box(page)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/c/"))


def test_people_are_found_by_their_names(alice: Person, bob: Person, home: Home) -> None:
    alice.command("circles", "create", name="Gardeners", members={bob.owner: "viewer"})
    page = home(alice, "search")
    eventually(lambda: any(each["user_id"] == bob.owner for each in alice.get("people")["people"]))
    box(page).fill("bob")
    person = page.get_by_role("region").or_(page.locator("section")).filter(has_text="People")
    expect(person.get_by_role("link")).to_contain_text(bob.owner)
    box(page).fill("gardener")
    expect(found(page)).to_contain_text(["Gardeners"])


def test_only_the_last_answer_counts(alice: Person, garden: str, home: Home) -> None:
    # A service worker would ask where the test can't hold up an answer.
    page = home(alice, "search", service_workers="block")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(re.compile(r"/v1/search\?q=minutes"), hold)
    box(page).fill("minutes")
    expect(page.get_by_role("status").filter(has_text="One moment")).to_be_visible()
    eventually(lambda: page.title() and held, what="the twin is asked")
    box(page).fill("quince")
    expect(found(page)).to_have_count(3)
    held[0].fulfill(json={"results": []})
    page.evaluate("fetch('/_synapse/client/twin/v1/card').then((answer) => answer.json())")
    expect(found(page)).to_have_count(3)


def test_search_starts_from_every_view(alice: Person, garden: str, home: Home) -> None:
    page = home(alice)
    expect(box(page)).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("quince jelly")
    page.keyboard.press("Enter")
    expect(found(page)).to_have_count(1)
    expect(box(page)).to_have_value("quince jelly")


def test_chats_are_searched_when_the_owner_says_so(
    alice: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    chat = alice.post(f"{CLIENT}/createRoom", {"preset": "private_chat"})["room_id"]
    path = f"{CLIENT}/rooms/{quote(chat)}/send/m.room.message/medlar"
    said = alice.put(path, {"msgtype": "m.text", "body": f"{HOSTILE} the medlars are ripe"})
    page = home(alice, "search?q=medlar")
    expect(page.get_by_text("Nothing has all words of “medlar”.")).to_be_visible()
    page.goto(f"{page.url.partition('/search')[0]}/settings#search")
    page.get_by_label("Look through my chats too").check()
    eventually(lambda: alice.get("settings")["search_chats"], what="it is saved")
    page.goto(f"{page.url.partition('/settings')[0]}/search?q=medlar")
    expect(page.get_by_role("heading", name="In chats")).to_be_visible()
    message = found(page)
    expect(message).to_have_count(1)
    expect(message.locator("mark")).to_have_text(["medlars"])
    expect(message).to_contain_text("<img src=x")
    expect(message).to_have_attribute("href", event_uri(chat, said["event_id"]))
    accessible(page)


def test_hostile_texts_are_only_text(
    alice: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    room = alice.collection(f"Hostile {HOSTILE}")
    title = f"hostile {HOSTILE}\u202e" + "W" * 900
    alice.put(
        f"rooms/{room}/docs/x",
        {"@type": "Document", "title": title, "text": f"hostile </mark>{HOSTILE}" + "V" * 500},
    )
    page = home(alice, "search?q=hostile%20%3Cimg", viewport=PHONE)
    expect(found(page).filter(has_text="WWW")).to_contain_text(HOSTILE)
    assert page.locator("main img").count() == 0
    assert not page.evaluate(WIDER)
    accessible(page)
