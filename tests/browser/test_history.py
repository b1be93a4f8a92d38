"""The history of an object that two people change, and proofs of it that strangers can check."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, Home
from twin_module.core import proof
from twin_module.rest.cookie import PAGE
from twin_module.testing.person import Person, eventually
from twin_module.testing.twins import TwinNetwork

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def shared(alice: Person, bob: Person) -> str:
    """Return a collection of Alice's that Bob may write in."""
    made = alice.command("circles", "create", name="Us", members={bob.owner: "editor"})
    circle: str = made["room_id"]
    room = alice.collection("Ours")
    alice.command("circles", "share", room_id=room, circle=circle, role="editor")
    bob.accept(circle, room)
    eventually(
        lambda: bob.get("collections") and _role(bob, room) == "editor", what="Bob may write"
    )
    return room


def _role(person: Person, room: str) -> str | None:
    for each in person.get("collections")["collections"]:
        if each["room_id"] == room:
            return str(each["role"])
    return None


def put(person: Person, room: str, uid: str, **fields: object) -> None:
    person.put(f"rooms/{room}/tasks/{uid}", {"@type": "Task", **fields})


def patch(person: Person, room: str, uid: str, **fields: object) -> None:
    eventually(
        lambda: person.ask("GET", f"rooms/{room}/tasks/{uid}").status == 200,
        what=f"{person.owner} has {uid}",
    )
    person.ask("PATCH", f"rooms/{room}/tasks/{uid}", fields).ok()


def sees(person: Person, room: str, uid: str, **fields: object) -> None:
    """Wait until somebody's twin has these fields of a task."""

    def check() -> bool:
        content = person.get(f"rooms/{room}/tasks/{uid}")["content"]
        return {name: content.get(name) for name in fields} == fields

    eventually(check, what=f"{person.owner} sees {fields}")


def set_level(owner: Person, room: str, person: Person, level: int) -> None:
    """Give somebody a power level, as any Matrix client does."""
    levels = owner.read_state(room, "m.room.power_levels", "").ok()
    levels["users"] = {**levels["users"], person.owner: level}
    owner.put_state(room, "m.room.power_levels", "", levels).ok()


def waiting_in(person: Person, room: str) -> list[str]:
    proposals = person.get("proposals")["proposals"]
    return [each["event_id"] for each in proposals if each["room_id"] == room]


def versions(page: Page) -> Locator:
    return page.get_by_role("region", name="Versions").locator("ol > li")


def test_who_changed_what_is_told_newest_first_and_goes_on_by_itself(
    alice: Person,
    bob: Person,
    home: Home,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    room = shared(alice, bob)
    put(alice, room, "a", title="Buy bread", description="White\nfor Sunday\n")
    patch(bob, room, "a", title="Buy good bread", description="Dark\nfor Sunday\n")
    sees(alice, room, "a", title="Buy good bread")
    page = home(alice, f"c/{room}/tasks/a/history")
    expect(page.get_by_role("heading", level=1)).to_have_text("History and proof")
    expect(versions(page)).to_have_count(2)
    expect(versions(page).nth(0)).to_contain_text(re.compile("bob.*Current", re.DOTALL))
    expect(versions(page).nth(1)).to_contain_text(re.compile("alice.*Replaced", re.DOTALL))
    accessible(page)
    versions(page).nth(0).get_by_text("Changed: Description, Title").click()
    expect(versions(page).nth(0).locator("del").get_by_text("Removed line:")).to_have_count(1)
    expect(versions(page).nth(0).locator("ins").filter(has_text="Dark")).to_have_text(
        "+ Added line: Dark"
    )
    picture(page, "history")
    patch(bob, room, "a", priority=1)
    expect(versions(page)).to_have_count(3)
    expect(versions(page).nth(0)).to_contain_text("Changed: Priority")
    page.emulate_media(color_scheme="dark")
    accessible(page)
    page.set_viewport_size(PHONE)
    assert not page.evaluate(WIDER)


def test_two_versions_are_compared_and_one_is_put_back(
    alice: Person, bob: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    room = shared(alice, bob)
    put(alice, room, "a", title="One", keywords={"old": True})
    patch(bob, room, "a", title="Two", keywords={"old": None, "new": True})
    sees(alice, room, "a", title="Two")
    patch(alice, room, "a", title="Three")
    page = home(alice, f"c/{room}/tasks/a/history")
    expect(versions(page)).to_have_count(3)
    versions(page).nth(2).get_by_role("button", name="Compare with now").click()
    dialog = page.get_by_role("dialog", name="Compare two versions")
    expect(dialog.get_by_role("definition").filter(has_text="One")).to_contain_text("After: Three")
    expect(dialog).to_contain_text(re.compile("Keywords . new"))
    accessible(page)
    dialog.get_by_label("Then").select_option(index=1)
    expect(dialog.get_by_role("definition").filter(has_text="One")).to_contain_text("After: Two")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(versions(page).nth(2).get_by_role("button", name="Compare with now")).to_be_focused()

    versions(page).nth(2).get_by_role("button", name="Look at it").click()
    dialog = page.get_by_role("dialog", name="One version")
    expect(dialog.get_by_role("definition").filter(has_text="One")).to_be_visible()
    accessible(page)
    dialog.get_by_role("button", name="Put this version back").click()
    expect(dialog).to_contain_text("Nothing of the history is lost")
    assert alice.get(f"rooms/{room}/tasks/a")["title"] == "Three"
    dialog.get_by_role("button", name="Yes, put it back").click()
    expect(dialog).to_have_count(0)
    expect(versions(page)).to_have_count(4)
    expect(versions(page).nth(0)).to_contain_text("Changed: Keywords")
    content = alice.get(f"rooms/{room}/tasks/a")["content"]
    assert (content["title"], content["keywords"]) == ("One", {"old": True})


def test_what_was_removed_still_has_a_history_and_comes_back(alice: Person, home: Home) -> None:
    room = alice.collection("Mine")
    put(alice, room, "a", title="Dear")
    alice.ask("DELETE", f"rooms/{room}/tasks/a").ok()
    page = home(alice, f"c/{room}/tasks/a/history")
    expect(versions(page).nth(0)).to_contain_text("Removal")
    versions(page).nth(1).get_by_role("button", name="Look at it").click()
    page.get_by_role("button", name="Put this version back").click()
    page.get_by_role("button", name="Yes, put it back").click()
    expect(versions(page)).to_have_count(3)
    assert alice.get(f"rooms/{room}/tasks/a")["title"] == "Dear"


def test_what_an_object_was_at_a_time_is_shown(alice: Person, home: Home) -> None:
    room = alice.collection("Mine")
    put(alice, room, "a", title="Then")
    page = home(alice, f"c/{room}/tasks/a/history")
    page.get_by_label("Date and time").fill("2037-01-01T12:00")
    page.get_by_role("button", name="Show", exact=True).click()
    dialog = page.get_by_role("dialog", name="One version")
    expect(dialog.get_by_role("definition").filter(has_text="Then")).to_be_visible()


def test_a_proof_is_a_file_that_a_stranger_can_check(alice: Person, home: Home) -> None:
    room = alice.collection("Mine")
    put(alice, room, "a", title="I owe Bob 5 euros / really")
    put(alice, room, "a", title="I owe Bob nothing")
    page = home(alice, f"c/{room}/tasks/a/history")
    [(key_id, key)] = alice.get("card")["verify_keys"].items()
    region = page.get_by_role("region", name="Proof")
    expect(page.get_by_role("link", name="I owe Bob nothing")).to_be_visible()
    expect(region).to_contain_text("twin verify FILE")
    expect(region).to_contain_text(f"{key_id} {key['key']}")
    with page.expect_download() as downloading:
        region.get_by_role("button", name="Download a proof").click()
    assert downloading.value.suggested_filename == "proof-I-owe-Bob-nothing.json"
    bundle = json.loads(downloading.value.path().read_text())
    verdict = proof.verify(bundle)
    assert verdict.proven, verdict
    assert bundle["event"]["content"]["title"] == "I owe Bob nothing"
    assert key["key"] in json.dumps(bundle["keys"])
    with page.expect_download() as downloading:
        versions(page).nth(1).get_by_role("button", name="Proof").click()
    bundle = json.loads(downloading.value.path().read_text())
    assert proof.verify(bundle).proven
    assert bundle["event"]["content"]["title"] == "I owe Bob 5 euros / really"


def test_a_version_that_waits_is_taken_in_or_left_out(
    network: TwinNetwork,
    alice: Person,
    bob: Person,
    home: Home,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    room = alice.collection("By invitation")
    alice.invite(room, bob.owner).ok()
    bob.accept(room)
    set_level(alice, room, bob, 25)
    eventually(lambda: _role(bob, room) == "editor", what="Bob may write")
    for uid in ("a", "b"):
        put(alice, room, uid, title="Both", priority=1)
        sees(bob, room, uid, title="Both")
    with network.cut_off("alice", "bob"):
        set_level(alice, room, bob, 0)
        for uid in ("a", "b"):
            patch(bob, room, uid, description="Bob's words")
            patch(alice, room, uid, title="Alice's words")
        page = home(alice, f"c/{room}/tasks/a/history")
        expect(versions(page)).to_have_count(2)
        expect(page.get_by_role("region", name="One version waits")).to_have_count(0)
    eventually(
        lambda: len(waiting_in(alice, room)) == len(waiting_in(bob, room)) == 2,
        within=120,
        what="both twins know what waits",
    )
    waiting = page.get_by_role("region", name="One version waits")
    expect(waiting).to_contain_text("Bob's words")
    accessible(page)
    picture(page, "proposal")
    waiting.get_by_role("button", name="Take it in").click()
    expect(waiting).to_have_count(0)
    content = alice.get(f"rooms/{room}/tasks/a")["content"]
    assert (content["title"], content["description"]) == ("Alice's words", "Bob's words")
    page.goto(f"{PAGE}/c/{room}/tasks/b/history")
    waiting = page.get_by_role("region", name="One version waits")
    waiting.get_by_role("button", name="Leave it out").click()
    expect(waiting).to_have_count(0)
    expect(versions(page).filter(has_text="Dismissed")).to_have_count(1)
    assert "description" not in alice.get(f"rooms/{room}/tasks/b")["content"]


def test_who_stands_behind_an_object_is_shown_and_one_can_sign_as_well(
    alice: Person, bob: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    room = shared(alice, bob)
    put(alice, room, "a", title="It rained")
    page = home(alice, f"c/{room}/tasks/a/history")
    region = page.get_by_role("region", name="Signed statements")
    region.get_by_role("button", name="Sign a statement").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Statement").select_option("Checked")
    dialog.get_by_role("button", name="Sign a statement").click()
    expect(region).to_contain_text("Who stands behind it")
    expect(region).to_contain_text(f"{alice.owner}")
    expect(region).to_contain_text("Checked")
    accessible(page)


def test_hostile_versions_are_only_text(
    alice: Person, home: Home, accessible: Callable[[Page], None]
) -> None:
    room = alice.collection(HOSTILE)
    put(alice, room, "a", title=HOSTILE + "W" * 900, description=HOSTILE, keywords={HOSTILE: True})
    put(
        alice,
        room,
        "a",
        title="W" * 1000,
        description="\u202e" + "V" * 2000,
        other={"a/b": [HOSTILE]},
    )
    headers = {"X-Experience": HOSTILE}
    alice.ask("PATCH", f"rooms/{room}/tasks/a", {"title": "Last"}, headers).ok()
    page = home(alice, f"c/{room}/tasks/a/history", viewport=PHONE)
    expect(versions(page)).to_have_count(3)
    expect(versions(page).nth(0)).to_contain_text(HOSTILE)
    for number in range(2):
        versions(page).nth(number).locator("summary").click()
    versions(page).nth(2).get_by_role("button", name="Compare with now").click()
    expect(page.get_by_role("dialog")).to_contain_text(HOSTILE)
    accessible(page)
    assert page.locator("main img").count() == 0
    assert not page.evaluate(WIDER)
