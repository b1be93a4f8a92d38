"""What the owner publishes by a link, made in a dialog and opened by strangers without an account."""

import json
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.browser.conftest import PHONE, Home, Visit
from tests.browser.guard import Guard
from twin_module.core import proof
from twin_module.rest.cookie import PAGE
from twin_module.testing.person import TWIN, Person, eventually

pytestmark = pytest.mark.browser

HOSTILE: Final = "<img src=x onerror=alert(1)>"
MINUTES: Final = """## What we agreed

The club meets on the **first Monday** of each month, at seven.

- [x] Bread: Alice
- [ ] Butter: Bob

> Guests are welcome.
"""
LURING: Final = f"""{HOSTILE}
[Look](javascript:alert(1)) at [the bank](https://evil.example/)
"""
WIDER: Final = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
NOTHING: Final = "There is nothing here"


def publish(person: Person, room: str, **what: Any) -> Any:
    """Publish something by the API."""
    return person.post("links", {"room_id": room, **what})


def task(person: Person, room: str, uid: str, **fields: Any) -> None:
    person.put(f"rooms/{room}/tasks/{quote(uid, safe='')}", {"@type": "Task", **fields})


def minutes(person: Person, room: str, text: str = MINUTES) -> str:
    """Write a document and return a link that opens it."""
    person.command("docs", "create", room_id=room, uid="minutes", title="Minutes", text=text)
    token: str = publish(person, room, capability="docs", uid="minutes")["token"]
    return token


def publishing(page: Page) -> Locator:
    """Open the dialog to publish what a page shows, and return it."""
    page.get_by_role("button", name="Publish").click()
    return page.get_by_role("dialog")


def heading(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


def region(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


@pytest.fixture
def open_link(visit: Visit, alice: Person) -> Callable[..., Page]:
    """How a stranger opens a link, in a browser with nothing in it."""

    def open_it(token: str, **options: Any) -> Page:
        page = visit(alice, **options)
        page.goto(f"{PAGE}/p/{token}")
        return page

    return open_it


def test_a_stranger_reads_a_document_and_its_proof_holds(
    alice: Person,
    open_link: Callable[..., Page],
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    page = open_link(minutes(alice, alice.collection("Club")))
    expect(heading(page)).to_have_text("Minutes")
    expect(page.get_by_role("heading", name="What we agreed")).to_be_visible()
    expect(page.get_by_role("banner")).to_contain_text(f"Published by alice {alice.owner}")
    expect(page.locator("article > p").first).to_contain_text(f"Written by {alice.owner}")
    held = alice.get(f"rooms/{_room_of(alice)}/docs/minutes")
    told = region(page, "Proof")
    [(key_id, key)] = alice.get("card")["verify_keys"].items()
    for each in (alice.owner, held["etag"], f"{key_id} {key['key']}"):
        expect(told).to_contain_text(each)
    expect(told).to_contain_text("twin verify proof-Minutes.json")
    with page.expect_download() as downloading:
        told.get_by_role("button", name="Download the proof").click()
    assert downloading.value.suggested_filename == "proof-Minutes.json"
    bundle = json.loads(downloading.value.path().read_text())
    verdict = proof.verify(bundle)
    assert verdict.proven, verdict
    assert (bundle["event_id"], bundle["event"]["content"]["text"]) == (held["etag"], MINUTES)
    accessible(page)
    picture(page, "published")
    page.emulate_media(color_scheme="dark")
    accessible(page)
    page.set_viewport_size(PHONE)
    assert not page.evaluate(WIDER)


def test_a_document_that_lures_is_only_text(alice: Person, open_link: Callable[..., Page]) -> None:
    page = open_link(minutes(alice, alice.collection("Lures"), LURING))
    expect(page.get_by_text(HOSTILE)).to_be_visible()
    expect(page.locator("article img")).to_have_count(0)
    expect(page.get_by_role("link", name="the bank")).to_have_attribute(
        "rel", "noopener noreferrer nofollow"
    )
    expect(page.get_by_role("link", name="Look")).to_have_count(0)


def _room_of(person: Person) -> str:
    """Return the room of the newest link."""
    room: str = person.get("links")["links"][0]["room_id"]
    return room


def test_a_long_text_is_fetched_and_the_page_is_as_it_is_now(
    alice: Person, open_link: Callable[..., Page]
) -> None:
    room = alice.collection("Club")
    page = open_link(minutes(alice, room, "word " * 5000 + "\n\n## The end"))
    expect(page.get_by_role("heading", name="The end")).to_be_visible()
    alice.command("docs", "write", room_id=room, uid="minutes", text="# Anew")
    page.reload()
    expect(page.get_by_role("heading", name="Anew")).to_be_visible()


def test_a_stranger_has_no_cookie_leaves_nothing_behind_and_asks_for_what_was_published_alone(
    alice: Person, visit: Visit
) -> None:
    token = minutes(alice, alice.collection("Club"))
    page = visit(alice)
    asked: list[Request] = []

    def note(request: Request) -> None:
        asked.append(request)

    page.on("request", note)
    page.goto(f"{PAGE}/p/{token}")
    expect(region(page, "Proof")).to_contain_text("Download the proof")
    calls = {each.url.partition(TWIN)[2] for each in asked if TWIN in each.url}
    assert calls == {f"/published/{token}?limit=100", f"/published/{token}/proof"}
    assert not any("/_matrix/" in each.url for each in asked)
    assert not any(each.headers.get("referer") or "cookie" in each.headers for each in asked)
    assert page.context.cookies() == []
    workers = "navigator.serviceWorker.getRegistrations().then((found) => found.length)"
    assert page.evaluate(workers) == 0
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    expect(page.locator("meta[name=robots]")).to_have_attribute("content", "noindex")
    expect(page.locator("meta[name=referrer]")).to_have_attribute("content", "no-referrer")
    answer = page.goto(f"{PAGE}/p/{token}")
    assert answer
    assert (answer.headers["referrer-policy"], answer.headers["x-robots-tag"]) == (
        "no-referrer",
        "noindex",
    )


def test_from_a_link_nothing_else_of_the_twin_is_reached(
    alice: Person, open_link: Callable[..., Page], guard: Guard
) -> None:
    room = alice.collection("Club")
    task(alice, room, "secret", title="Secret")
    token = minutes(alice, room)
    page = open_link(token)
    expect(region(page, "Proof")).to_contain_text("Download the proof")
    links = page.get_by_role("link").evaluate_all("all => all.map((each) => each.origin)")
    assert set(links) <= {"https://evil.example"}
    guard.expects("401")
    guard.expects("404")
    ask = "([way, path]) => fetch(path, { method: way }).then((answer) => answer.status)"
    for way, path, status in (
        ("GET", f"{TWIN}/collections", 401),
        ("GET", f"{TWIN}/rooms/{room}/tasks/secret", 401),
        ("GET", f"{TWIN}/links", 401),
        ("POST", f"{TWIN}/links", 401),
        ("DELETE", f"{TWIN}/links/{token.partition('.')[0]}", 401),
        ("GET", f"{TWIN}/sessions", 401),
        ("GET", f"{TWIN}/published/{token}/tasks/secret", 404),
        ("GET", f"{TWIN}/published/{token}/tasks/secret/proof", 404),
    ):
        assert page.evaluate(ask, [way, path]) == status, path
    page.goto(f"{PAGE}/p/{token}/tasks/secret")
    expect(heading(page)).to_have_text(NOTHING)
    page.goto(f"{PAGE}/c/{room}/tasks/secret")
    expect(heading(page)).to_have_text("Sign in to your twin")


def test_the_owner_publishes_a_task_in_a_dialog_and_takes_it_back(
    alice: Person,
    home: Home,
    open_link: Callable[..., Page],
    guard: Guard,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    room = alice.collection("Club")
    task(alice, room, "bread", title="Buy bread", description="Two loaves", priority=2)
    page = home(alice, f"c/{room}/tasks/bread", permissions=["clipboard-read", "clipboard-write"])
    dialog = publishing(page)
    expect(dialog.get_by_role("heading", level=2)).to_have_text("Publish Buy bread")
    expect(dialog).to_contain_text("in any browser, without an account")
    expect(dialog).to_contain_text("There is none yet.")
    dialog.get_by_label("The link ends").select_option("after a week")
    dialog.get_by_role("button", name="Make a link").click()
    address = dialog.get_by_role("textbox", name="Address of the link to Buy bread")
    expect(address).to_be_focused()
    expect(dialog).to_contain_text("The link is there. Copy it and hand it on.")
    [link] = [each for each in alice.get("links")["links"] if each["room_id"] == room]
    assert link["expires"] - link["made"] == pytest.approx(7 * 86_400_000, abs=120_000)
    accessible(page)
    picture(page, "publish-dialog")
    page.set_viewport_size(PHONE)
    assert not page.evaluate(WIDER)
    dialog.get_by_role("button", name="Copy the link to Buy bread").click()
    expect(dialog).to_contain_text("Copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{alice.url}{PAGE}/p/{link['token']}" == address.input_value()

    stranger = open_link(link["token"])
    expect(heading(stranger)).to_have_text("Buy bread")
    expect(stranger.get_by_role("definition").filter(has_text="Two loaves")).to_be_visible()
    alice.ask("PATCH", f"rooms/{room}/tasks/bread", {"title": "Buy butter"}).ok()
    stranger.reload()
    expect(heading(stranger)).to_have_text("Buy butter")
    expect(stranger.get_by_role("contentinfo")).to_contain_text("The link ends on")

    expect(dialog.get_by_role("button", name="Take back the link to Buy b")).to_have_count(1)
    dialog.get_by_role("button", name="Take back the link to Buy b").click()
    expect(dialog).to_contain_text("for nobody")
    assert alice.ask("GET", f"published/{link['token']}").status == 200
    dialog.get_by_role("button", name="Yes, take it back").click()
    expect(dialog.get_by_text("The link was taken back.")).to_be_focused()
    expect(dialog).to_contain_text("There is none yet.")
    guard.expects("404")
    stranger.reload()
    expect(heading(stranger)).to_have_text(NOTHING)
    expect(stranger.get_by_role("main")).to_contain_text("Ask whoever gave it to you.")
    accessible(stranger)


@pytest.mark.parametrize("capability", ["docs", "attestations"])
def test_each_kind_of_object_is_published_at_its_own_page(
    capability: str, alice: Person, home: Home, open_link: Callable[..., Page]
) -> None:
    room = alice.collection("Club")
    alice.command("docs", "create", room_id=room, uid="a", title="Minutes", text="# We met")
    alice.command(
        "attestations", "issue", room_id=room, uid="a", statement="known", person="@b:c.d"
    )
    title = alice.get(f"rooms/{room}/{capability}/a")["title"]
    dialog = publishing(home(alice, f"c/{room}/{capability}/a"))
    dialog.get_by_label("The link ends").select_option("never, until you take it back")
    dialog.get_by_role("button", name="Make a link").click()
    expect(dialog.get_by_role("textbox")).to_be_focused()
    expect(dialog).to_contain_text("without an end")
    [link] = [each for each in alice.get("links")["links"] if each["room_id"] == room]
    assert (link["capability"], link["uid"]) == (capability, "a")
    expect(heading(open_link(link["token"]))).to_have_text(title)


def test_a_collection_is_published_as_a_whole_and_each_object_has_a_page(
    alice: Person,
    home: Home,
    open_link: Callable[..., Page],
    guard: Guard,
    accessible: Callable[[Page], None],
) -> None:
    room = alice.collection("Club")
    task(alice, room, "a+b:c=d", title="Half", description="Later")
    page = home(alice, f"c/{room}/tasks")
    dialog = publishing(page)
    expect(dialog).to_contain_text("everything in this collection")
    dialog.get_by_role("button", name="Make a link").click()
    address = dialog.get_by_role("textbox", name="Address of the link to Club")
    expect(address).to_be_visible()
    token = address.input_value().rpartition("/")[2]
    alice.command("docs", "create", room_id=room, uid="m", title="Minutes", text="# We met")

    stranger = open_link(token)
    expect(heading(stranger)).to_have_text("Club")
    items = region(stranger, "What is in it").get_by_role("listitem")
    expect(items).to_have_text([re.compile("^Minutes.*Documents"), re.compile("^Half.*Tasks")])
    accessible(stranger)
    items.nth(1).get_by_role("link").click()
    expect(heading(stranger)).to_have_text("Half")
    expect(heading(stranger)).to_be_focused()
    expect(stranger.get_by_role("definition").filter(has_text="Later")).to_be_visible()
    with stranger.expect_download() as downloading:
        region(stranger, "Proof").get_by_role("button", name="Download the proof").click()
    bundle = json.loads(downloading.value.path().read_text())
    assert proof.verify(bundle).proven
    assert bundle["event"]["state_key"] == "a+b:c=d"
    accessible(stranger)
    stranger.reload()
    expect(heading(stranger)).to_have_text("Half")
    stranger.get_by_role("link", name="Everything that was published").click()
    expect(heading(stranger)).to_have_text("Club")
    expect(heading(stranger)).to_be_focused()

    page.keyboard.press("Escape")
    page.goto(f"{PAGE}/c/{room}/tasks/a%2Bb%3Ac%3Dd")
    expect(publishing(page)).to_contain_text("published as a whole, and this with it")
    guard.expects("404")
    for link in alice.get("links")["links"]:
        if link["token"] == token:
            alice.ask("DELETE", f"links/{link['id']}").ok()
    stranger.reload()
    expect(heading(stranger)).to_have_text(NOTHING)


def test_a_large_collection_is_shown_page_by_page_and_an_empty_one_says_so(
    alice: Person, open_link: Callable[..., Page]
) -> None:
    room = alice.collection("Much")
    token = publish(alice, room)["token"]
    page = open_link(token)
    expect(page.get_by_role("main")).to_contain_text("There is nothing in here yet.")
    objects: list[dict[str, Any]] = [
        {"capability": "tasks", "content": {"@type": "Task", "title": f"Task {number}"}}
        for number in range(230)
    ]
    alice.post(f"rooms/{room}/objects", {"objects": objects})
    page.reload()
    items = region(page, "What is in it").get_by_role("listitem")
    for shown in (100, 200, 230):
        expect(items).to_have_count(shown)
        if shown < len(objects):
            page.get_by_role("button", name="Show more").click()
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)
    titles = items.locator("strong").all_inner_texts()
    assert sorted(titles) == sorted(each["content"]["title"] for each in objects)


@pytest.mark.parametrize("token", ["a.b", "nonsense", "%2e%2e%2fcard", "x" * 300, "'\"<b>"])
def test_what_is_no_link_is_told_kindly(
    token: str, open_link: Callable[..., Page], guard: Guard
) -> None:
    guard.expects("404")
    page = open_link(token)
    expect(heading(page)).to_have_text(NOTHING)
    expect(page.get_by_role("textbox")).to_have_count(0)


def test_what_others_wrote_is_text_and_leads_to_nothing_of_the_owner(
    alice: Person, open_link: Callable[..., Page], accessible: Callable[[Page], None]
) -> None:
    room = alice.collection(f"{HOSTILE} \u202eevil")
    task(
        alice,
        room,
        "a",
        title=HOSTILE + "W" * 500,
        description=f"{HOSTILE}\n\u202eV{'V' * 2000}",
        keywords={HOSTILE: True},
        other={"a": [HOSTILE, "@mallory:evil.example", "javascript:alert(1)"]},
        who="@mallory:evil.example",
        where=room,
    )
    token = publish(alice, room)["token"]
    page = open_link(token, viewport=PHONE)
    expect(heading(page)).to_contain_text(HOSTILE)
    expect(heading(page)).not_to_contain_text("\u202e")
    assert not page.evaluate(WIDER)
    region(page, "What is in it").get_by_role("link").click()
    expect(region(page, "Proof")).to_contain_text("Download the proof")
    for each in page.locator("summary").all():
        each.click()
    expect(page.get_by_text("@mallory:evil.example", exact=True)).to_be_visible()
    accessible(page)
    assert not page.evaluate(WIDER)
    assert page.locator("article img").count() == 0
    origins = page.locator("article a").evaluate_all("all => all.map((each) => each.pathname)")
    assert origins == [f"{PAGE}/p/{token}"]


def test_a_signed_statement_is_not_passed_off_as_checked(
    alice: Person, open_link: Callable[..., Page]
) -> None:
    room = alice.collection("Club")
    alice.command(
        "attestations", "issue", room_id=room, uid="a", statement="known", person="@b:c.d"
    )
    token = publish(alice, room, capability="attestations", uid="a")["token"]
    page = open_link(token)
    expect(page.get_by_role("article")).to_contain_text("This page has not checked that")


def test_while_the_twin_is_away_or_was_asked_too_often_the_page_says_so(
    alice: Person, open_link: Callable[..., Page], guard: Guard
) -> None:
    token = minutes(alice, alice.collection("Club"))
    page = open_link(token)
    expect(heading(page)).to_have_text("Minutes")
    calls = re.compile("/v1/published/")
    guard.expects("429")
    often = {"errcode": "M_LIMIT_EXCEEDED", "error": "Too often", "retry_after_ms": 200}
    page.route(calls, lambda route: route.fulfill(status=429, json=often))
    page.reload()
    expect(page.get_by_role("main")).to_contain_text("Try again in a moment.")
    page.unroute(calls)
    guard.expects("ERR_FAILED")
    page.route(calls, lambda route: route.abort())
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("main")).to_contain_text("can't be reached at the moment")
    page.unroute(calls)
    page.get_by_role("button", name="Try again").click()
    expect(heading(page)).to_have_text("Minutes")


def test_a_version_without_a_proof_and_one_that_was_just_replaced_are_told_apart(
    alice: Person, open_link: Callable[..., Page], guard: Guard
) -> None:
    room = alice.collection("Club")
    token = minutes(alice, room)
    page = open_link(token)
    expect(region(page, "Proof")).to_contain_text("Download the proof")
    calls = re.compile("/proof$")

    def meanwhile(route: Route) -> None:
        alice.command("docs", "write", room_id=room, uid="minutes", text="# Anew")
        route.fallback()

    page.route(calls, meanwhile, times=1)
    page.reload()
    expect(region(page, "Proof")).to_contain_text("the proof is of the newer version")
    guard.expects("409")
    refusal = {"errcode": "ORG.DIGITALTWIN.NOT_PROVABLE", "error": "It was redacted."}
    page.route(calls, lambda route: route.fulfill(status=409, json=refusal))
    page.reload()
    expect(region(page, "Proof")).to_contain_text(
        "There is no proof of this version. It was redacted."
    )
    expect(region(page, "Proof").get_by_role("button")).to_have_count(0)


def test_who_may_only_write_in_a_collection_can_not_publish_what_is_in_it(
    alice: Person, bob: Person, home: Home
) -> None:
    made = alice.command("circles", "create", name="Us", members={bob.owner: "editor"})
    circle: str = made["room_id"]
    room = alice.collection("Ours")
    alice.command("circles", "share", room_id=room, circle=circle, role="editor")
    task(alice, room, "a", title="Both")
    bob.accept(circle, room)
    eventually(
        lambda: bob.ask("GET", f"rooms/{room}/tasks/a").status == 200, what="Bob has the task"
    )
    page = home(bob, f"c/{room}/tasks/a")
    expect(heading(page)).to_have_text("Both")
    expect(page.get_by_role("link", name="History")).to_be_visible()
    expect(page.get_by_role("button", name="Publish")).to_have_count(0)


def test_a_stranger_reads_in_their_own_language(
    alice: Person, open_link: Callable[..., Page]
) -> None:
    page = open_link(minutes(alice, alice.collection("Club")), locale="de-DE")
    expect(page.get_by_role("banner")).to_contain_text("Veröffentlicht von")
    expect(region(page, "Beweis")).to_contain_text("Beweis herunterladen")
