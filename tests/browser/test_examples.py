"""The example experiences: pages of somebody else, on an origin of their own, at two real twins."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PHONE, Visit
from tests.browser.guard import Guard
from twin_module.testing.person import CLIENT, TWIN, Person, eventually, request
from twin_module.testing.twins import TwinNetwork, person_at

pytestmark = pytest.mark.browser

EXAMPLES = Path(__file__).parents[2] / "examples"
BOTH = ("shopping-matrix", "shopping-twin")
HOSTILE = "<img src=x onerror=alert(1)>"


class Board:
    """An example's page that somebody is signed in at."""

    def __init__(self, page: Page, person: Person) -> None:
        self.page = page
        page.goto("/")
        page.get_by_label("Your homeserver").fill(person.url)
        page.get_by_label("Name").fill(person.owner)
        page.get_by_label("Password").fill(person._password())
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()

    def choose(self, room: str) -> "Board":
        self.page.get_by_label("List").select_option(value=room)
        return self

    def add(self, title: str) -> None:
        self.page.get_by_label("Item").fill(title)
        self.page.get_by_role("button", name="Add").click()

    def tick(self, title: str) -> None:
        # Not `check`: once it is ticked off, the box is gone.
        self.page.get_by_role("checkbox", name=title).click()

    def remove(self, title: str) -> None:
        self.page.get_by_role("button", name=f"Remove {title}", exact=True).click()

    def shows(self, *titles: str) -> None:
        """Wait until exactly these items are shown, in this order."""
        expect(self.page.locator("#items li span")).to_have_text(list(titles))

    def says(self, words: str) -> None:
        expect(self.page.get_by_role("alert")).to_contain_text(words)


Open = Callable[..., Board]


@pytest.fixture
def board(serve: Callable[[Path], str], visit: Visit) -> Open:
    """How to open an example as somebody."""

    def open_board(example: str, person: Person, **options: object) -> Board:
        return Board(visit(person, at=serve(EXAMPLES / example), **options), person)

    return open_board


@pytest.fixture
def shared(alice: Person, bob: Person) -> str:
    """A collection of Alice's in which Bob writes as well."""
    room = alice.collection("Family")
    circle = alice.command("circles", "create", name="Family", members={bob.owner: "editor"})
    alice.command("circles", "share", room_id=room, circle=circle["room_id"])
    bob.accept(room)
    eventually(lambda: bob.get(f"collections/{room}")["role"] == "editor", what="Bob may write")
    return room


@pytest.mark.parametrize(("hers", "his"), [BOTH, BOTH[::-1]])
def test_what_one_adds_the_other_ticks_off_without_loading_anew(
    board: Open, alice: Person, bob: Person, shared: str, hers: str, his: str
) -> None:
    one, other = board(hers, alice).choose(shared), board(his, bob).choose(shared)
    for title in ("Milk", "Bread", HOSTILE):
        one.add(title)
    for each in (one, other):
        each.shows(HOSTILE, "Bread", "Milk")
    other.tick("Bread")
    other.remove("Milk")
    for each in (one, other):
        each.shows(HOSTILE)
    # Her page on Matrix may know it before her twin does.
    done = eventually(
        lambda: alice.get(f"rooms/{shared}/objects", capability="tasks", progress="completed")[
            "objects"
        ],
        what="her twin knows what is done",
    )
    assert [each["title"] for each in done] == ["Bread"]
    versions = alice.get(f"rooms/{shared}/tasks/{done[0]['uid']}/history")["versions"]
    told = [(each["sender"], each["experience"]) for each in versions]
    assert told == [(bob.owner, "Shopping"), (alice.owner, "Shopping")]


@pytest.mark.parametrize("example", BOTH)
def test_what_is_refused_says_why_and_leaves_everything_as_it_was(
    board: Open, guard: Guard, alice: Person, bob: Person, example: str
) -> None:
    room = alice.collection("To be read")
    alice.command("tasks", "add", room_id=room, title="Bread")
    circle = alice.command("circles", "create", name="Readers", members={bob.owner: "viewer"})
    alice.command("circles", "share", room_id=room, circle=circle["room_id"])
    bob.accept(room)
    page = board(example, bob).choose(room)
    page.shows("Bread")
    guard.expects("403")
    page.add("Cake")
    page.says("You don't have permission to post that to the room.")
    page.tick("Bread")
    expect(page.page.get_by_role("checkbox")).not_to_be_checked()
    page.shows("Bread")


def test_what_somebody_changed_meanwhile_is_not_removed(
    board: Open, guard: Guard, alice: Person, bob: Person, shared: str
) -> None:
    page = board("shopping-twin", alice).choose(shared)
    page.add("Bread")
    page.shows("Bread")
    [uid] = alice.uids(shared)
    place = f"rooms/{shared}/tasks/{uid}"

    def change_first(route: Route) -> None:
        eventually(lambda: uid in bob.uids(shared), what="Bob has the item")
        bob.command("tasks", "change", room_id=shared, uid=uid, title="Rye bread")
        eventually(lambda: alice.get(place)["title"] == "Rye bread", what="Alice has the change")
        route.continue_()

    page.page.route(lambda url: url.endswith(uid), change_first)
    guard.expects("412")
    page.remove("Bread")
    page.says("changed")
    page.shows("Rye bread")


@pytest.mark.parametrize("example", BOTH)
def test_a_wrong_password_is_refused_with_the_servers_words(
    serve: Callable[[Path], str], visit: Visit, guard: Guard, alice: Person, example: str
) -> None:
    page = visit(alice, at=serve(EXAMPLES / example))
    page.goto("/")
    page.get_by_label("Your homeserver").fill(alice.url)
    page.get_by_label("Name").fill(alice.owner)
    page.get_by_label("Password").fill("wrong")
    guard.expects("403")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text(alice.login("wrong").body["error"])


@pytest.mark.parametrize("example", BOTH)
def test_a_reload_stays_signed_in_and_signing_out_ends_the_token(
    board: Open, guard: Guard, alice: Person, example: str
) -> None:
    page = board(example, alice).page
    page.reload()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    # What was just asked when the token ended is refused.
    guard.allows("401")
    token = page.evaluate("JSON.parse(sessionStorage.session).token")
    person = Person(alice.url, alice.owner, lambda: "", token=token)
    assert person.ask("GET", "status").status == 200
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0
    assert person.ask("GET", "status").status == 401


@pytest.mark.parametrize("example", BOTH)
def test_the_keyboard_is_enough_and_the_focus_outlives_what_others_change(
    board: Open, alice: Person, bob: Person, shared: str, example: str
) -> None:
    page = board(example, alice).choose(shared)
    keyboard = page.page.keyboard
    page.page.get_by_label("List").focus()
    for title in ("Bread", "Milk"):
        page.page.get_by_label("Item").focus()
        keyboard.type(title)
        keyboard.press("Enter")
        expect(page.page.get_by_label("Item")).to_have_value("")
    page.shows("Bread", "Milk")
    page.page.get_by_role("checkbox", name="Milk").focus()
    bob.command("tasks", "add", room_id=shared, title="Apples")
    page.shows("Apples", "Bread", "Milk")
    expect(page.page.get_by_role("checkbox", name="Milk")).to_be_focused()
    keyboard.press("Space")
    page.shows("Apples", "Bread")
    expect(page.page.get_by_label("Item")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("example", BOTH)
def test_everybody_can_use_it(
    board: Open,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
    visit: Visit,
    serve: Callable[[Path], str],
    alice: Person,
    example: str,
    scheme: str,
) -> None:
    page = visit(alice, at=serve(EXAMPLES / example), color_scheme=scheme)
    page.goto("/")
    accessible(page)
    room = alice.collection("Family")
    for title in ("Bread", "Oat milk", "Pears", "A birthday cake for Grandma, with cherries"):
        alice.command("tasks", "add", room_id=room, title=title)
    shown = board(example, alice, color_scheme=scheme, viewport=PHONE)
    shown.choose(room)
    expect(shown.page.get_by_role("listitem")).to_have_count(4)
    accessible(shown.page)
    wide = shown.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"], "on a phone it has to be moved sideways"
    picture(shown.page, "shopping")


def test_the_plain_one_works_where_there_is_no_twin(board: Open, network: TwinNetwork) -> None:
    carol = person_at(network.start("carol", vanilla=True))
    kind = {"type": "org.digitaltwin.collection"}
    room = carol.create_room(name="Family", creation_content=kind)
    carol.create_room(name="Just a chat")
    page = board("shopping-matrix", carol).choose(room)
    expect(page.page.get_by_role("option")).to_have_text(["Family"])
    page.add("Bread")
    page.shows("Bread")
    # No twin judges what is written here.
    carol.put_state(room, "org.digitaltwin.task", "hostile", {"title": ["no", "text"]}).ok()
    page.add("Milk")
    page.shows("Bread", "Milk")
    page.tick("Bread")
    page.shows("Milk")


def test_pages_of_other_origins_may_send_what_the_documentation_says(alice: Person) -> None:
    documented = (EXAMPLES.parent / "docs/experiences.md").read_text()
    for what in ("methods", "headers"):
        [line] = re.findall(rf"^\| {what} \|(.*)\|(.*)\|$", documented, re.MULTILINE)
        plain, more = (set(re.findall(r"`([\w-]+)`", cell)) for cell in line)
        for path, wanted in ((f"{CLIENT}/sync", plain), (f"{TWIN}/objects", plain | more)):
            answer = request(alice.url, "OPTIONS", path)
            allowed = answer.headers[f"access-control-allow-{what}"].split(", ")
            assert set(allowed) - {"OPTIONS"} == wanted
