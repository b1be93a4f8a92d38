"""Documents: two people write one together at two twins, offline too, and what others wrote does no harm."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, Route, WebSocketRoute, expect

from tests.browser.conftest import PHONE, Home, choose
from tests.browser.guard import Guard
from twin_module.rest.cookie import PAGE
from twin_module.testing.person import Person, eventually
from twin_module.testing.typist import Typist

pytestmark = pytest.mark.browser

WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
OFFLINE = "ERR_INTERNET_DISCONNECTED"
UID = "minutes"
GARDEN = """
## Along the fence

- [x] peas
- [ ] beans, *the tall ones*
- [ ] sunflowers

> Whatever you sow, water it.

"""
TEXT = "# Monday\n\nWe meet **at nine**.\n\n- [ ] Bread\n- [x] Milk\n"


@pytest.fixture
def room(alice: Person) -> str:
    """A collection of Alice's own."""
    return alice.collection("Writing")


@pytest.fixture
def ours(alice: Person, bob: Person) -> str:
    """A collection of Alice's that Bob may write in."""
    return shared(alice, bob, "editor")


def shared(alice: Person, bob: Person, role: str) -> str:
    """Return a collection that Alice shares with Bob, when his twin knows what he may do there."""
    made = alice.command("circles", "create", name="Us", members={bob.owner: role})
    room = alice.collection("Ours")
    alice.command("circles", "share", room_id=room, circle=made["room_id"], role=role)
    bob.accept(room)
    eventually(lambda: bob.get(f"collections/{room}")["role"] == role, what=f"Bob is {role}")
    return room


def put(person: Person, room: str, text: str = TEXT, **fields: Any) -> None:
    """Write a document with the API."""
    content = {"@type": "Document", "title": "Minutes", "text": text, **fields}
    person.put(f"rooms/{room}/docs/{UID}", content)


def has_it(person: Person, room: str) -> None:
    """Wait until the document is at somebody's twin."""
    eventually(lambda: UID in person.uids(room), what=f"{person.owner} has the document")


def stored(person: Person, room: str, words: str) -> str:
    """Wait until somebody's twin has written down a text with these words, and return all of it."""

    def check() -> str:
        found: str = person.get(f"rooms/{room}/docs/{UID}")["content"].get("text", "")
        assert words in found, found
        return found

    return eventually(check, what=f"{words!r} is written down")


def at(room: str) -> str:
    return f"c/{room}/docs/{UID}"


def editor(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Text")


def write(page: Page, words: str, *, at_end: bool = True) -> None:
    """Type where somebody writes who has opened the document just now."""
    editor(page).click()
    page.keyboard.press("ControlOrMeta+End" if at_end else "ControlOrMeta+Home")
    page.keyboard.type(words)


def saved(page: Page) -> None:
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()


def test_what_is_written_is_saved_and_shown_beside(
    alice: Person,
    room: str,
    home: Home,
    accessible: Callable[[Page], None],
) -> None:
    page = home(alice, f"c/{room}/docs")
    expect(page.get_by_text("Nothing is written here yet.")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="New document").click()
    page.get_by_role("textbox", name="Title").fill("Our garden")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Our garden", level=1)).to_be_visible()
    expect(editor(page)).to_be_focused()
    page.keyboard.type("# Spring\n\nSow **peas** and\n- [ ] beans\nradishes")
    saved(page)
    page.get_by_role("button", name="Side by side").click()
    preview = page.get_by_role("region", name="Preview")
    expect(preview.get_by_role("heading", name="Spring", level=2)).to_be_visible()
    expect(preview.locator("strong")).to_have_text("peas")
    accessible(page)
    # A task that is ticked in the preview is ticked in the text.
    preview.get_by_role("checkbox", name="beans").click()
    expect(preview.get_by_role("checkbox", name="beans")).to_be_checked()
    expect(editor(page)).to_contain_text("- [x] beans")
    # A list goes on by itself.
    expect(editor(page)).to_contain_text("- [ ] radishes")
    uid = page.url.rsplit("/", 1)[-1]

    def written() -> bool:
        text = alice.get(f"rooms/{room}/docs/{uid}")["content"]["text"]
        return bool(text == "# Spring\n\nSow **peas** and\n- [x] beans\n- [ ] radishes")

    eventually(written, what="the text is written down")
    page.get_by_role("main").get_by_role("link", name="Writing").click()
    line = page.get_by_role("listitem").filter(has_text="Our garden")
    expect(line).to_contain_text("just now")


def test_two_people_at_two_twins_write_together(
    alice: Person,
    bob: Person,
    ours: str,
    home: Home,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    put(alice, ours, GARDEN)
    has_it(bob, ours)
    hers, his = home(alice, at(ours)), home(bob, at(ours))
    expect(editor(hers)).to_contain_text("Along the fence")
    expect(editor(his)).to_contain_text("Along the fence")
    write(hers, "We meet on Saturday.\n", at_end=False)
    write(his, "Bob brings the **seeds**.")
    for page in (hers, his):
        expect(editor(page)).to_contain_text("We meet on Saturday.")
        expect(editor(page)).to_contain_text("Bob brings the **seeds**.")
        saved(page)
    here = hers.get_by_role("list", name="Also here")
    expect(here).to_have_text("bob")
    expect(hers.locator(".caret")).to_have_attribute("data-name", "bob")
    expect(his.locator(".caret")).to_have_attribute("data-name", "alice")
    # Bob's cursor stands where he wrote last.
    line = hers.locator(".cm-line").filter(has=hers.locator(".caret"))
    expect(line).to_contain_text("Bob brings")
    accessible(hers)
    hers.get_by_role("button", name="Side by side").click()
    expect(hers.get_by_role("region", name="Preview")).to_contain_text("Bob brings the seeds.")
    picture(hers, "document")
    his.close()
    expect(here).to_have_count(0)
    expect(hers.locator(".caret")).to_have_count(0)


def test_undo_takes_back_only_what_one_wrote_oneself(
    alice: Person, bob: Person, ours: str, home: Home
) -> None:
    put(alice, ours, "")
    has_it(bob, ours)
    hers, his = home(alice, at(ours)), home(bob, at(ours))
    write(hers, "hers ")
    expect(editor(his)).to_have_text("hers ")
    write(his, "his ")
    expect(editor(hers)).to_contain_text("his")
    hers.get_by_role("button", name="Undo").click()
    expect(editor(his)).to_have_text("his ")
    hers.get_by_role("button", name="Redo").click()
    expect(editor(his)).to_contain_text("hers")


def test_what_is_written_offline_arrives_and_survives_a_reload(
    alice: Person, room: str, home: Home, guard: Guard
) -> None:
    guard.allows(OFFLINE)
    put(alice, room, "Before. ")
    page = home(alice, at(room))
    expect(editor(page)).to_contain_text("Before.")
    page.context.set_offline(True)
    waits = page.get_by_text("Not connected: your changes are kept here").first
    expect(page.get_by_text("Not connected: what you write is kept here").first).to_be_visible()
    write(page, "On the train. ")
    expect(waits).to_be_visible()
    # Whoever goes to another view and comes back finds it.
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Home").click()
    page.go_back()
    expect(editor(page)).to_contain_text("Before. On the train.")
    assert "train" not in alice.get(f"rooms/{room}/docs/{UID}")["content"]["text"]
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.context.set_offline(False)
    expect(editor(page)).to_contain_text("Before. On the train.")
    saved(page)
    stored(alice, room, "Before. On the train.")


def test_what_was_written_offline_is_sent_without_the_document_being_opened(
    alice: Person, room: str, home: Home, guard: Guard
) -> None:
    guard.allows(OFFLINE)
    put(alice, room, "Before. ")
    page = home(alice, at(room))
    expect(editor(page)).to_contain_text("Before.")
    page.context.set_offline(True)
    write(page, "In the hills.")
    expect(page.get_by_text("Not connected: your changes are kept here").first).to_be_visible()
    page.close()
    another = page.context.new_page()
    page.context.set_offline(False)
    another.goto(f"{PAGE}/settings")
    stored(alice, room, "Before. In the hills.")


def test_two_people_who_wrote_offline_lose_nothing(
    alice: Person, bob: Person, ours: str, home: Home, guard: Guard
) -> None:
    guard.allows(OFFLINE)
    put(alice, ours, "middle")
    has_it(bob, ours)
    hers, his = home(alice, at(ours)), home(bob, at(ours))
    for page in (hers, his):
        expect(editor(page)).to_have_text("middle")
        page.context.set_offline(True)
    write(hers, "first ", at_end=False)
    write(his, " last")
    for page in (hers, his):
        page.context.set_offline(False)
    for page in (hers, his):
        expect(editor(page)).to_have_text("first middle last")
        saved(page)


def test_the_toolbar_works_by_keyboard(alice: Person, room: str, home: Home) -> None:
    put(alice, room, "")
    page = home(alice, at(room))
    write(page, "word")
    page.keyboard.press("Shift+Tab")
    toolbar = page.get_by_role("toolbar", name="Format")
    expect(toolbar.get_by_role("button", name="Bold")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(toolbar.get_by_role("button", name="Italic")).to_be_focused()
    page.keyboard.press("End")
    expect(toolbar.get_by_role("button", name="Redo")).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(editor(page)).to_be_focused()
    expect(editor(page)).to_have_text("**word**")
    page.keyboard.press("ControlOrMeta+b")
    expect(editor(page)).to_have_text("word")
    page.keyboard.press("ControlOrMeta+Shift+9")
    expect(editor(page)).to_have_text("- [ ] word")
    page.keyboard.press("ControlOrMeta+z")
    expect(editor(page)).to_have_text("word")
    # The key that goes to the search elsewhere makes a link here.
    page.keyboard.press("ControlOrMeta+k")
    expect(editor(page)).to_have_text("[word](https://)")
    # Tab leaves the editor, so that nobody is caught in it.
    page.keyboard.press("Tab")
    expect(editor(page)).not_to_be_focused()


def test_who_may_only_read_sees_the_text_live_and_nothing_to_write_with(
    alice: Person, bob: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    room = shared(alice, bob, "viewer")
    put(alice, room)
    has_it(bob, room)
    hers, his = home(alice, at(room)), home(bob, at(room))
    expect(his.get_by_role("heading", name="Monday")).to_be_visible()
    write(hers, "\nAnd cake.")
    expect(his.get_by_text("And cake.")).to_be_visible()
    expect(editor(his)).to_have_count(0)
    expect(his.get_by_role("checkbox")).to_have_count(0)
    expect(his.get_by_role("img", name="Done")).to_be_visible()
    for name in ("Title and keywords", "Name this version"):
        expect(his.get_by_role("button", name=name)).to_have_count(0)
    his.get_by_role("button", name="More to do").click()
    expect(his.get_by_role("menuitem")).to_have_text(["Print"])
    his.keyboard.press("Escape")
    accessible(his)


def test_who_may_no_longer_write_keeps_what_was_not_taken_to_copy_it(
    alice: Person, bob: Person, home: Home, guard: Guard, accessible: Callable[[Page], None]
) -> None:
    guard.allows(OFFLINE)
    room = alice.collection("For now")
    circle = alice.command("circles", "create", name="Us", members={bob.owner: "editor"})
    alice.command("circles", "share", room_id=room, circle=circle["room_id"], role="editor")
    bob.accept(room)
    eventually(lambda: bob.get(f"collections/{room}")["role"] == "editor", what="Bob writes")
    put(alice, room, "Agreed. ")
    has_it(bob, room)
    page = home(bob, at(room))
    expect(editor(page)).to_contain_text("Agreed.")
    page.context.set_offline(True)
    write(page, "Not at all.")
    expect(page.get_by_text("Not connected: your changes are kept here").first).to_be_visible()
    alice.command("circles", "share", room_id=room, circle=circle["room_id"], role="viewer")
    eventually(lambda: bob.get(f"collections/{room}")["role"] == "viewer", what="Bob reads")
    page.context.set_offline(False)
    note = page.get_by_role("alert").filter(has_text="was not taken")
    expect(note).to_be_visible()
    expect(page.get_by_text("Agreed. Not at all.")).to_be_visible()
    accessible(page)
    note.get_by_role("button", name="Let go of it").click()
    expect(note).to_have_count(0)
    expect(page.get_by_text("Agreed.", exact=True)).to_be_visible()
    assert alice.get(f"rooms/{room}/docs/{UID}")["content"]["text"] == "Agreed. "


def test_a_document_that_is_made_offline_is_written_at_once(
    alice: Person, room: str, home: Home, guard: Guard
) -> None:
    guard.allows(OFFLINE)
    put(alice, room)
    page = home(alice, at(room))  # so that all of the page is there
    expect(editor(page)).to_contain_text("Monday")
    page.get_by_role("main").get_by_role("link", name="Writing").click()
    page.get_by_role("button", name="New document").click()
    page.context.set_offline(True)
    page.get_by_role("textbox", name="Title").fill("From afar")
    page.keyboard.press("Enter")
    write(page, "All by itself.")
    expect(page.get_by_text("Not connected: your changes are kept here").first).to_be_visible()
    page.context.set_offline(False)
    saved(page)
    uid = page.url.rsplit("/", 1)[-1]

    def arrived() -> bool:
        content = alice.get(f"rooms/{room}/docs/{uid}")["content"]
        return bool((content["title"], content["text"]) == ("From afar", "All by itself."))

    eventually(arrived, what="title and text have arrived")


def test_it_says_saved_only_when_the_twin_has_it_and_signing_out_leaves_nothing_behind(
    alice: Person, room: str, home: Home
) -> None:
    put(alice, room, "Before. ")
    page = home(alice)
    holding: list[bool] = []

    def between(ours: WebSocketRoute) -> None:
        theirs = ours.connect_to_server()
        ours.on_message(lambda message: None if holding else theirs.send(message))

    page.route_web_socket(re.compile("/live$"), between)
    page.goto(f"{PAGE}/{at(room)}")
    expect(editor(page)).to_contain_text("Before.")
    write(page, "Sent. ")
    saved(page)
    holding.append(True)
    write(page, "Secret.")
    expect(page.get_by_text("Being saved")).to_be_visible()
    kept = """() => new Promise((done) => {
        const opening = indexedDB.open('twin-documents')
        opening.onsuccess = () => {
            const count = opening.result.transaction('edits').objectStore('edits').count()
            count.onsuccess = () => { opening.result.close(); done(count.result) }
        }
    })"""
    eventually(lambda: page.evaluate(kept) > 0, what="what is not saved is kept")
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("button", name="Sign out here").click()
    expect(page.get_by_text("1 change that was not sent yet is lost.")).to_be_visible()
    page.get_by_role("button", name="Yes, sign out here").click()
    expect(page.get_by_role("heading", name="Sign in to your twin")).to_be_visible()
    eventually(lambda: page.evaluate(kept) == 0, what="nothing is left")
    assert stored(alice, room, "Sent. ") == "Before. Sent. "


def test_where_no_live_connection_comes_through_one_saves_by_hand_and_over_nobody(
    alice: Person, room: str, home: Home, guard: Guard, accessible: Callable[[Page], None]
) -> None:
    guard.allows("WebSocket connection to")
    put(alice, room, "One. ")
    page = home(alice)
    page.add_init_script(
        """const Real = WebSocket
        window.WebSocket = class extends Real {
            constructor(address) { super(`${address}/nowhere`) }
        }"""
    )
    page.goto(f"{PAGE}/{at(room)}")
    expect(page.get_by_text("No live connection comes through")).to_be_visible()
    write(page, "Two. ")
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    saved(page)
    stored(alice, room, "One. Two. ")
    write(page, "Three.")
    alice.command("docs", "write", room_id=room, uid=UID, text="Theirs.")
    guard.expects("412")
    page.get_by_role("button", name="Save", exact=True).click()
    conflict = page.get_by_role("alert")
    expect(conflict).to_contain_text("Somebody else changed the text meanwhile")
    accessible(page)
    assert stored(alice, room, "Theirs.") == "Theirs."
    conflict.get_by_role("button", name="Take my text").click()
    saved(page)
    assert stored(alice, room, "Three.") == "One. Two. Three."


def test_title_keywords_and_versions_can_be_changed(
    alice: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    put(alice, room, "First. ", keywords={"old": True})
    page = home(alice, at(room))
    expect(page.get_by_text("#old")).to_be_visible()
    page.get_by_role("button", name="Title and keywords").click()
    page.get_by_role("textbox", name="Title").fill("Protocol")
    page.get_by_role("textbox", name="Keywords").fill("new, newer")
    accessible(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Protocol", level=1)).to_be_visible()

    def changed() -> bool:
        content = alice.get(f"rooms/{room}/docs/{UID}")["content"]
        want = ("Protocol", {"new": True, "newer": True})
        return bool((content["title"], content["keywords"]) == want)

    eventually(changed, what="title and keywords are changed")
    # The name is given to what is there now, also to what was typed a moment ago.
    write(page, "As agreed.")
    page.get_by_role("button", name="Name this version").click()
    page.get_by_role("textbox", name="Name").fill("Final")
    accessible(page)
    page.get_by_role("dialog").get_by_role("button", name="Name this version").click()
    expect(page.get_by_role("status").filter(has_text="called “Final” now")).to_be_visible()
    event_id = alice.get(f"rooms/{room}/docs/{UID}")["content"]["versions"]["Final"]
    version = alice.get(f"rooms/{room}/docs/{UID}/history/{event_id}")
    assert version["content"]["text"] == "First. As agreed."
    page.get_by_role("button", name="Name this version").click()
    page.get_by_role("button", name="Final", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("First. As agreed.")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Name this version").click()
    page.get_by_role("button", name="Take the name back: Final").click()
    expect(page.get_by_text("No version has a name yet.")).to_be_visible()


def test_a_document_is_removed_and_comes_back(
    alice: Person, bob: Person, ours: str, home: Home
) -> None:
    put(alice, ours)
    has_it(bob, ours)
    hers, his = home(alice, at(ours)), home(bob, at(ours))
    expect(editor(his)).to_contain_text("We meet")
    expect(editor(hers)).to_contain_text("We meet")
    choose(hers, "Remove")
    expect(hers.get_by_text("Nothing is written here yet.")).to_be_visible()
    expect(his.get_by_text("Somebody removed this document.")).to_be_visible()
    # What he has before him stays, so that he can still copy it.
    expect(his.get_by_text("at nine")).to_be_visible()
    expect(editor(his)).to_have_count(0)
    hers.get_by_role("button", name="Undo").click()
    hers.get_by_role("link", name="Minutes").click()
    expect(editor(hers)).to_contain_text("We meet")


def test_what_others_wrote_does_no_harm(
    alice: Person,
    bob: Person,
    ours: str,
    home: Home,
    accessible: Callable[[Page], None],
) -> None:
    text = (
        "<script>document.title = 'harmed'</script>\n\n<img src=https://evil.example/a onerror=alert(1)>\n\n"
        "![secret](https://evil.example/pixel.png) ![](data:image/svg+xml,<svg/>)\n\n"
        "[click](javascript:alert(1)) [bank.example](https://evil.example/) [ok](https://example.org/)\n\n"
        + "> " * 500
        + "deep\n\n"
        + "*" * 2000
        + "\r\nold\rlines\n"
    )
    put(bob, ours, text, title="<b>x</b>\u202eevil" + "x" * 500)
    has_it(alice, ours)
    with Typist(bob, ours, UID) as typist:
        typist.point(
            user={"name": "<img src=x>\u202e" + "n" * 900}, cursor={"anchor": [], "head": 7}
        )
        typist.point(user=["nobody"], cursor="nowhere")
        page = home(alice, at(ours))
        expect(editor(page)).to_contain_text("deep")
        typist.point(user={"name": "<i>Eve</i>"}, cursor={"anchor": {"item": "x"}, "head": None})
        expect(page.get_by_role("list", name="Also here")).to_contain_text("<i>Eve</i>")
        page.get_by_role("button", name="Side by side").click()
        preview = page.get_by_role("region", name="Preview")
        expect(preview).to_contain_text("document.title = 'harmed'")
        expect(preview.locator("img, script, svg:not(.icon), [onerror]")).to_have_count(0)
        picture_link = preview.get_by_role("link", name="secret evil.example")
        expect(picture_link).to_have_attribute("href", "https://evil.example/pixel.png")
        links = preview.get_by_role("link").evaluate_all("all => all.map((each) => each.href)")
        assert sorted(links) == [
            "https://evil.example/",
            "https://evil.example/a",
            "https://evil.example/pixel.png",
            "https://example.org/",
        ]
        expect(preview).to_contain_text("leads to evil.example")
        expect(page).to_have_title(re.compile("^<b>x</b>"))
        assert not page.evaluate(WIDER)
        accessible(page)
        # Odd ends of lines don't shift what is typed.
        write(page, "the end")
        eventually(lambda: typist.text() == f"{text}the end", what="it stands at the end")


def test_a_very_long_document_can_be_written_and_read(alice: Person, room: str, home: Home) -> None:
    paragraph = "word " * 100 + "\n\n"
    put(alice, room, "# Begin\n\n" + paragraph * 4000 + "The end.")
    page = home(alice, at(room))
    expect(editor(page)).to_contain_text("Begin")
    assert page.locator(".cm-line").count() < 500
    write(page, " Really.")
    saved(page)
    page.get_by_role("button", name="Read", exact=True).click()
    expect(page.get_by_role("heading", name="Begin")).to_be_visible()
    paragraphs = page.locator(".markdown p")
    assert paragraphs.count() < 500
    before = paragraphs.count()
    page.get_by_role("button", name="Show more").click()
    expect(paragraphs.nth(before)).to_be_visible()

    def written() -> bool:
        return bool(alice.get(f"rooms/{room}/docs/{UID}/text").endswith(b"The end. Really."))

    eventually(written, what="the end is written down")


@pytest.mark.parametrize("offline", [False, True])
def test_much_is_pasted_at_once(
    offline: bool, alice: Person, room: str, home: Home, guard: Guard
) -> None:
    guard.allows(OFFLINE)
    put(alice, room, "")
    page = home(alice, at(room))
    editor(page).click()
    page.context.set_offline(offline)
    editor(page).evaluate(
        r"""(element) => {
            const clipboardData = new DataTransfer()
            clipboardData.setData('text/plain', 'many words\r\n'.repeat(200000))
            element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
        }"""
    )
    page.context.set_offline(False)
    expect(editor(page)).to_contain_text("many words")
    saved(page)

    def written() -> bool:
        return bool(alice.get(f"rooms/{room}/docs/{UID}/text") == b"many words\n" * 200_000)

    eventually(written, what="all of it is written down")


@pytest.mark.parametrize("view", ["Write", "Side by side", "Read"])
def test_on_paper_are_title_and_text_alone(view: str, alice: Person, room: str, home: Home) -> None:
    put(alice, room, TEXT + "\n\n" + ("word " * 100 + "\n\n") * 400 + "The end.")
    page = home(alice, at(room))
    expect(editor(page)).to_contain_text("We meet")
    page.get_by_role("button", name=view, exact=True).click()
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Minutes", level=1)).to_be_visible()
    expect(page.get_by_role("heading", name="Monday")).to_be_visible()
    expect(page.get_by_text("The end.", exact=True)).to_be_visible()
    expect(editor(page)).not_to_be_visible()
    for role in ("button", "navigation", "toolbar", "search", "link"):
        expect(page.get_by_role(role)).to_have_count(0)
    assert page.pdf().startswith(b"%PDF")
    page.emulate_media(media="screen")
    expect(page.get_by_role("button", name="More to do")).to_be_visible()


def test_on_a_phone_one_sheet_is_shown_at_a_time(
    alice: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    put(alice, room, TEXT + "https://example.org/" + "long" * 100)
    page = home(alice, at(room), viewport=PHONE, has_touch=True)
    expect(editor(page)).to_contain_text("We meet")
    expect(page.get_by_role("button", name="Side by side")).not_to_be_visible()
    assert not page.evaluate(WIDER)
    accessible(page)
    page.get_by_role("button", name="Read", exact=True).tap()
    expect(page.get_by_role("heading", name="Monday")).to_be_visible()
    expect(editor(page)).to_have_count(0)
    assert not page.evaluate(WIDER)
    page.get_by_role("checkbox", name="Bread").tap()
    stored(alice, room, "- [x] Bread")
    accessible(page)


def test_of_five_thousand_documents_the_newest_are_listed_first(
    alice: Person, room: str, home: Home, accessible: Callable[[Page], None]
) -> None:
    def document(number: int) -> dict[str, Any]:
        return {
            "room_id": room,
            "capability": "docs",
            "type": "org.digitaltwin.doc",
            "uid": f"d{number}",
            "etag": f"${number}",
            "sender": alice.owner,
            "updated": number * 1000,
            "title": f"Document {number}",
            "content": {"@type": "Document", "title": f"Document {number}", "text": "x"},
        }

    def answer(route: Route) -> None:
        asked = parse_qs(urlsplit(route.request.url).query)
        start, limit = int(asked.get("from", ["0"])[0]), int(asked["limit"][0])
        newest = [document(5000 - number) for number in range(start, start + limit)]
        route.fulfill(json={"objects": newest, "next_batch": str(start + limit)})

    page = home(alice)
    # Only the answers are of this size, as making so many would take minutes.
    page.route("**/objects?*", answer)
    page.goto(f"{PAGE}/c/{room}/docs")
    lines = page.get_by_role("main").get_by_role("listitem")
    expect(lines).to_have_count(100)
    expect(lines.first).to_contain_text("Document 5000")
    page.get_by_role("button", name="Show more").click()
    expect(lines).to_have_count(200)
    expect(lines.last).to_contain_text("Document 4801")
    accessible(page)
