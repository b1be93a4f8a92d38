"""A collection inside of a client: framed as Element frames it, read live, and nothing beyond that."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import FrameLocator, Page, Request, expect

from tests.browser.conftest import BUILT, Home, Visit
from tests.browser.guard import Guard
from twin_module.core.widget import PAGE as WIDGET_PAGE, WIDGET
from twin_module.rest.cookie import OURS, PAGE
from twin_module.rest.resource import ROUTES
from twin_module.rest.route import Route
from twin_module.rest.widgets import ROUTES as WIDGETS
from twin_module.testing.answers import check_answer
from twin_module.testing.person import CLIENT, TWIN, Person, request
from twin_module.testing.twins import TwinNetwork

pytestmark = pytest.mark.browser

SIZE: Final = {"width": 400, "height": 300}
CLIENT_PAGE: Final = """<!doctype html><html lang="en"><title>A client</title><link rel="icon" href="data:,"><h1>A client</h1>
<script type="module">
// What Element does: variables are filled in anywhere in the address, two parameters are added,
// and the frame is asked for its capabilities once it is there.
const asked = JSON.parse(decodeURIComponent(location.hash.slice(1)))
let address = asked.url
for (const [name, value] of Object.entries(asked.variables))
  address = address.replaceAll(`$${name}`, encodeURIComponent(value))
const url = new URL(address)
if (asked.widgetId) {
  url.searchParams.set('widgetId', asked.widgetId)
  url.searchParams.set('parentUrl', location.href.split('#', 2)[0])
}
const frame = document.createElement('iframe')
frame.title = 'Widget'
frame.width = 400
frame.height = 300
frame.allow = 'microphone; camera; encrypted-media; autoplay; display-capture; clipboard-write; clipboard-read;'
frame.sandbox = 'allow-forms allow-popups allow-popups-to-escape-sandbox allow-same-origin ' +
  'allow-scripts allow-presentation allow-downloads'
window.answers = []
window.addEventListener('message', ({ data }) => window.answers.push(data))
window.tell = (action, data = {}) => frame.contentWindow.postMessage(
  { api: 'toWidget', widgetId: asked.widgetId, requestId: action, action, data }, url.origin)
frame.addEventListener('load', () => { window.loaded = true; if (asked.widgetId) window.tell('capabilities') })
frame.src = url.toString().replace(/%24/g, '$')
document.body.append(frame)
</script></html>"""


@pytest.fixture(autouse=True)
def _is_built() -> None:
    if not BUILT.with_name("widget.html").is_file():
        pytest.skip("the page is not built: run scripts/page.py build, which needs Node.js and npm")


class Client:
    """A Matrix client on an origin of its own, with somebody's widget in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frame: FrameLocator = page.frame_locator("iframe")
        self.asked: list[Request] = []
        page.on("request", lambda each: self.asked.append(each))  # noqa: PLW0108 - Playwright marks it

    def answer(self, action: str) -> Any:
        """Wait for what the widget answered to a request."""
        find = f"window.answers.find((each) => each.action === '{action}')?.response"
        return self.page.wait_for_function(find).json_value()


Opened = Callable[..., Client]


@pytest.fixture
def client(
    visit: Visit, serve: Callable[[Path], str], tmp_path: Path, alice: Person
) -> Callable[..., Client]:
    """How somebody opens an address in a frame of a client."""
    (tmp_path / "index.html").write_text(CLIENT_PAGE)

    def open_it(
        url: str, *, user: str = "@bob:bob.example", theme: str = "light", signed_in: bool = False
    ) -> Client:
        at = serve(tmp_path)
        opened = Client(visit(alice, at=at))
        if signed_in:
            headers = {"Authorization": f"Bearer {alice.token}", OURS.decode(): "1"}
            kept = opened.page.context.request.put(f"{alice.url}{TWIN}/cookie", headers=headers)
            assert kept.ok, kept.text()
        asked = {
            "url": url,
            "widgetId": alice.owner,
            "variables": {
                "matrix_user_id": user,
                "matrix_room_id": "!room",
                "org.matrix.msc2873.client_theme": theme,
                "org.matrix.msc2873.client_language": "en",
            },
        }
        opened.page.goto(f"{at}/index.html#{quote(json.dumps(asked))}")
        return opened

    return open_it


@pytest.fixture
def offer(network: TwinNetwork, alice: Person) -> Callable[[str], str]:
    """How Alice offers a collection as a widget; returns the address, at her twin's port."""
    twin = network.twins["alice"]

    def offer_it(room: str) -> str:
        url: str = twin.thread.wait(twin.module.twin.widgets.offer, room)
        public = twin.module.twin.homeserver.public_url
        assert url.startswith(f"{public}{WIDGET_PAGE}#")
        return alice.url + url.removeprefix(public)

    return offer_it


def withdraw(network: TwinNetwork, room: str) -> None:
    twin = network.twins["alice"]
    twin.thread.wait(twin.module.twin.widgets.withdraw, room)


def token_of(url: str) -> str:
    return urlsplit(url).fragment.split("&")[0].removeprefix("token=")


def task(person: Person, room: str, title: str, **fields: Any) -> None:
    person.command("tasks", "add", room_id=room, title=title, **fields)


# What is seen


def test_a_client_shows_the_tasks_of_a_collection_and_what_is_added(
    alice: Person, offer: Callable[[str], str], client: Opened, network: TwinNetwork, guard: Guard
) -> None:
    room = alice.collection("Shopping")
    task(alice, room, "Bread")
    opened = client(offer(room))
    expect(opened.frame.get_by_role("heading", level=1)).to_have_text("Shopping")
    tasks = opened.frame.get_by_role("region", name="Tasks").get_by_role("listitem")
    expect(tasks).to_have_text(["Bread"])
    task(alice, room, "Butter")
    expect(tasks).to_have_count(2)
    expect(tasks.filter(has_text="Butter")).to_be_visible()
    guard.expects("404")
    withdraw(network, room)
    expect(opened.frame.get_by_role("heading")).to_have_text("This is no longer shown here")
    expect(opened.frame.get_by_text("Bread")).to_have_count(0)


def test_a_real_client_finds_the_widget_in_the_state_of_the_room(
    alice: Person, offer: Callable[[str], str], network: TwinNetwork
) -> None:
    room = alice.collection("Shopping")
    url = offer(room)
    content = alice.read_state(room, WIDGET, alice.owner).ok()
    assert token_of(content["url"]) == token_of(url)
    assert (content["type"], content["name"]) == ("m.custom", "Shopping")
    withdraw(network, room)
    assert alice.read_state(room, WIDGET, alice.owner).ok() == {}


def test_the_widget_answers_its_client_and_follows_its_theme(
    alice: Person, offer: Callable[[str], str], client: Opened
) -> None:
    room = alice.collection("Shopping")
    opened = client(offer(room), theme="dark")
    html = opened.frame.locator("html")
    expect(opened.frame.get_by_text("There is nothing in here yet.")).to_be_visible()
    assert opened.answer("capabilities") == {"capabilities": []}
    expect(html).to_have_attribute("data-theme", "dark")
    opened.page.evaluate("tell('theme_change', { name: 'light-high-contrast' })")
    assert opened.answer("theme_change") == {}
    expect(html).to_have_attribute("data-theme", "light")
    opened.page.evaluate("tell('language_change', { lang: 'de' })")
    expect(html).to_have_attribute("lang", "de")
    opened.page.evaluate("tell('send_event', { type: 'm.room.message' })")
    assert "error" in opened.answer("send_event")


def test_only_the_owner_is_offered_a_way_to_their_own_page(
    alice: Person, offer: Callable[[str], str], client: Opened
) -> None:
    url = offer(alice.collection("Shopping"))
    mine = client(url, user=alice.owner).frame
    link = mine.get_by_role("link", name="Open in my twin")
    expect(link).to_have_attribute("href", f"{PAGE}/c/{quote('!room', safe='!')}")
    theirs = client(url).frame
    expect(theirs.get_by_text("There is nothing in here yet.")).to_be_visible()
    expect(theirs.get_by_role("link")).to_have_count(0)


def test_a_small_frame_is_readable_in_light_and_dark(
    alice: Person,
    offer: Callable[[str], str],
    visit: Visit,
    accessible: Callable[[Page], None],
) -> None:
    room = alice.collection("Shopping for the party on Saturday")
    task(alice, room, "Bread", due="2020-01-01T12:00:00", timeZone="Etc/UTC")
    task(alice, room, "Averylongwordthatnobodycanbreak" * 5)
    alice.command("docs", "create", room_id=room, uid="doc", title="Who brings what", text="x")
    page = visit(alice, viewport=SIZE)
    for theme in ("light", "dark"):
        page.goto("about:blank")
        page.goto(
            offer(room)
            .replace("$org.matrix.msc2873.client_theme", theme)
            .replace("$matrix_user_id", quote(alice.owner, safe=""))
        )
        expect(page.get_by_role("region", name="Documents")).to_contain_text("Who brings what")
        expect(page.get_by_text("Bread")).to_be_in_viewport()
        accessible(page)
        assert not page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )


def test_events_are_shown_each_time_and_private_ones_as_busy(
    alice: Person, offer: Callable[[str], str], client: Opened
) -> None:
    room = alice.collection("Club")
    now = alice.get("agenda/next")["time_zone"]
    start = "2020-01-06T10:00:00"
    weekly = [{"@type": "RecurrenceRule", "frequency": "weekly"}]
    common = {"@type": "Event", "start": start, "timeZone": now, "duration": "PT1H"}
    for uid, fields in (
        ("open", {"title": "Meeting"}),
        ("mine", {"title": "Dentist", "privacy": "private"}),
        ("none", {"title": "Surprise", "privacy": "secret"}),
    ):
        alice.put(f"rooms/{room}/agenda/{uid}", {**common, "recurrenceRules": weekly, **fields})
    events = client(offer(room)).frame.get_by_role("region", name="Next")
    expect(events.get_by_text("Meeting")).not_to_have_count(0)
    expect(events.get_by_text("Busy")).not_to_have_count(0)
    for hidden in ("Dentist", "Surprise"):
        expect(events.get_by_text(hidden)).to_have_count(0)


# What a widget is not


def test_the_frame_sends_no_cookie_stores_nothing_and_says_its_secret_in_no_address(
    alice: Person,
    offer: Callable[[str], str],
    client: Opened,
    caplog: pytest.LogCaptureFixture,
) -> None:
    room = alice.collection("Shopping")
    task(alice, room, "Bread")
    url = offer(room)
    token = token_of(url)
    with caplog.at_level(logging.INFO):
        opened = client(url, user=alice.owner, signed_in=True)
        expect(opened.frame.get_by_text("Bread")).to_be_visible()
        task(alice, room, "Butter")
        expect(opened.frame.get_by_text("Butter")).to_be_visible()
    asked = [each for each in opened.asked if each.url.startswith(alice.url)]
    reads = [each for each in asked if urlsplit(each.url).path.startswith(TWIN)]
    assert {urlsplit(each.url).path for each in reads} == {f"{TWIN}/widget"}
    for each in reads:
        assert not {"cookie", "authorization"} & set(each.all_headers())
    for each in asked:
        assert token not in each.url.partition("#")[0]
        assert token not in str(each.all_headers())
    assert "/widget" in caplog.text
    assert token not in caplog.text
    frame = opened.page.frames[1]
    assert frame.evaluate("localStorage.length + sessionStorage.length") == 0
    assert frame.evaluate("indexedDB.databases()") == []
    # Client and twin are of one site here, so the browser would have sent the owner's cookie.
    could = "fetch('/_synapse/client/twin/v1/status').then((answer) => answer.status)"
    assert frame.evaluate(could) == 200


@pytest.mark.parametrize("path", ["", "settings", "index.html", "p/token", "widget"])
def test_no_other_page_of_the_twin_can_be_framed(
    path: str, alice: Person, client: Opened, guard: Guard
) -> None:
    guard.expects("frame-ancestors")
    opened = client(f"{alice.url}{PAGE}/{path}")
    opened.page.wait_for_function("window.loaded")
    assert opened.page.frames[1].url.startswith("chrome-error:")


def test_the_widget_has_a_policy_as_strict_as_the_page_but_for_being_framed(alice: Person) -> None:
    widget = request(alice.url, "GET", WIDGET_PAGE).headers
    index = request(alice.url, "GET", f"{PAGE}/").headers
    policies = [
        {name: value for name, _, value in (part.partition(" ") for part in policy.split("; "))}
        for policy in (widget["content-security-policy"], index["content-security-policy"])
    ]
    assert policies[0].pop("frame-ancestors").split() == [
        "https:",
        "vector:",
        "http://localhost:*",
        "http://127.0.0.1:*",
    ]
    assert policies[1].pop("frame-ancestors") == "'none'"
    assert policies[0].pop("trusted-types") == "'none'"
    assert policies[0].pop("form-action") == "'none'"
    assert policies[0].pop("img-src") == "'self'"
    assert policies[0].items() <= policies[1].items()
    assert "x-frame-options" not in widget
    for name in ("referrer-policy", "x-content-type-options", "permissions-policy"):
        assert widget[name] == index[name]
    assert "set-cookie" not in widget


OTHERS: Final = [
    route
    for route in ROUTES
    if route.path != "/widget" and (not route.public or route.for_strangers)
]


@pytest.fixture(scope="module")
def token(network: TwinNetwork, alice: Person) -> str:
    """The token of a widget with a task in it."""
    room = alice.collection("Shopping")
    task(alice, room, "Bread", uid="bread")
    twin = network.twins["alice"]
    return token_of(twin.thread.wait(twin.module.twin.widgets.offer, room))


@pytest.mark.parametrize("route", OTHERS, ids=lambda route: f"{route.method} {route.path}")
def test_every_other_call_refuses_the_token_of_a_widget(
    route: Route, alice: Person, token: str
) -> None:
    named = {"token": token, "capability": "tasks", "uid": "bread"}
    path = "/".join(
        named.get(part[1:-1], "x") if part.startswith("{") else part for part in route.parts
    )
    headers = {"Authorization": f"Bearer {token}"}
    answer = request(alice.url, route.method, f"{TWIN}/{path}", {}, headers)
    assert answer.status == (404 if route.for_strangers else 401), answer.body


@pytest.mark.parametrize("path", ["account/whoami", "sync", "joined_rooms"])
def test_matrix_refuses_the_token_of_a_widget(path: str, alice: Person, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    answer = request(alice.url, "GET", f"{CLIENT}/{path}", headers=headers)
    assert (answer.status, answer.body["errcode"]) == (401, "M_UNKNOWN_TOKEN")


def test_the_token_opens_its_collection_and_no_word_of_another(alice: Person, token: str) -> None:
    other = alice.collection("Other")
    task(alice, other, "Elsewhere")
    asked = request(alice.url, "POST", f"{TWIN}/widget", {"token": token})
    check_answer(WIDGETS[0], asked)
    answer = asked.ok()
    assert [each["title"] for each in answer["objects"]] == ["Bread"]
    assert other not in str(answer)
    known = {"token": token, "known": answer["revision"]}
    task(alice, other, "More elsewhere")
    assert "Elsewhere" not in str(
        request(alice.url, "POST", f"{TWIN}/widget", {"token": token}).ok()
    )
    for wrong in ({"token": ""}, {"token": "x" * 100}, {**known, "token": f"{token}A"}):
        assert request(alice.url, "POST", f"{TWIN}/widget", wrong).status == 404
    assert request(alice.url, "POST", f"{TWIN}/widget", {}).status == 400


def test_the_owner_takes_a_widget_back_in_the_list_of_links(
    alice: Person, offer: Callable[[str], str], home: Home, network: TwinNetwork
) -> None:
    room = alice.collection("Taken back")
    url = offer(room)
    page = home(alice, "settings")
    line = page.get_by_role("region", name="Published").get_by_role("listitem")
    line = line.filter(has_text="Taken back")
    expect(line).to_contain_text("This is the widget of the collection")
    expect(line.get_by_role("textbox")).to_have_count(0)
    line.get_by_role("button", name="Take back the link to Taken back").click()
    line.get_by_role("button", name="Yes, take it back").click()
    expect(line).to_have_count(0)
    body = {"token": token_of(url)}
    assert request(alice.url, "POST", f"{TWIN}/widget", body).status == 404
