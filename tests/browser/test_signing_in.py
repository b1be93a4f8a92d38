"""Signing in and out: by password, by a one-time link, after single sign-on; and no script can read the session."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Home, Visit
from tests.browser.guard import Guard
from tests.browser.line import Line, line_to
from twin_module.rest.cookie import PAGE
from twin_module.testing.person import TWIN, Person, eventually, request
from twin_module.testing.twins import TwinNetwork

pytestmark = pytest.mark.browser

WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
READABLE = """async () => {
    const found = [document.cookie, location.href, JSON.stringify(history.state), name]
    for (const storage of [localStorage, sessionStorage]) found.push(JSON.stringify(storage))
    for (const { name } of await indexedDB.databases()) {
        const opened = await done(indexedDB.open(name))
        for (const store of opened.objectStoreNames) {
            const all = opened.transaction(store).objectStore(store).getAll()
            found.push(JSON.stringify(await done(all)))
        }
        opened.close()
    }
    for (const name of await caches.keys()) {
        const cache = await caches.open(name)
        for (const request of await cache.keys()) {
            found.push(request.url, await (await cache.match(request)).text())
        }
    }
    return found.join(' ')

    function done(asked) {
        return new Promise((resolve, reject) => {
            asked.onsuccess = () => resolve(asked.result)
            asked.onerror = () => reject(asked.error)
        })
    }
}"""
"""Everything that any script in the page could find later on."""


@pytest.fixture
def password(network: TwinNetwork) -> str:
    """Alice's password."""
    return network.twins["alice"].password


@pytest.fixture
def link(alice: Person, password: str) -> dict[str, Any]:
    """A one-time link of Alice's."""
    made: dict[str, Any] = request(
        alice.url, "POST", f"{TWIN}/sign-in-links", {"password": password}
    ).ok()
    return made


@pytest.fixture
def line(alice: Person) -> Iterator[Line]:
    """A line to Alice's twin that can be cut."""
    with line_to(urlsplit(alice.url).port or 0) as line:
        yield line


def sign_in(page: Page, password: str) -> str:
    """Sign in with the form; returns the access token that the homeserver gave."""
    page.get_by_label("Password").fill(password)
    with page.expect_response(lambda answer: answer.request.method == "POST") as answering:
        page.get_by_role("button", name="Sign in", exact=True).click()
    token: str = answering.value.json()["access_token"]
    return token


def is_at_home(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("alice$"))


def may_ask(person: Person, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    return request(person.url, "GET", f"{TWIN}/status", headers=headers).status == 200


def test_the_password_opens_the_view_that_was_asked_for(
    alice: Person,
    password: str,
    visit: Visit,
    accessible: Callable[[Page], None],
    picture: Callable[[Page, str], None],
) -> None:
    page = visit(alice)
    page.goto(f"{PAGE}/tasks")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to your twin")
    expect(page.get_by_label("Matrix ID or user name")).to_have_value(alice.owner)
    accessible(page)
    picture(page, "sign-in")
    page.emulate_media(color_scheme="dark")
    accessible(page)
    page.set_viewport_size(PHONE)
    assert not page.evaluate(WIDER)
    sign_in(page, password)
    expect(page.get_by_role("heading", level=1)).to_have_text("Tasks")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tasks")


def test_no_script_can_read_the_session(alice: Person, password: str, visit: Visit) -> None:
    page = visit(alice)
    page.goto(PAGE)
    token = sign_in(page, password)
    is_at_home(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    readable = page.evaluate(READABLE)
    assert "worker" not in token
    assert "twin" in readable, "something was looked at"
    assert token not in readable
    assert password not in readable
    [cookie] = [each for each in page.context.cookies() if each["value"] == token]
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert cookie["path"] == PAGE


def test_a_wrong_password_is_said_in_words_that_help(
    alice: Person,
    password: str,
    visit: Visit,
    guard: Guard,
    accessible: Callable[[Page], None],
) -> None:
    guard.expects("403")
    page = visit(alice)
    page.goto(PAGE)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    said = page.get_by_role("alert").filter(has_text="That is not the password of this twin.")
    expect(said).to_be_visible()
    accessible(page)
    sign_in(page, password)
    is_at_home(page)


def test_somebody_else_is_told_that_this_is_not_theirs_and_keeps_their_password(
    alice: Person, bob: Person, network: TwinNetwork, visit: Visit
) -> None:
    asked: list[str] = []
    page = visit(alice)
    page.on("request", lambda each: asked.append(f"{each.method} {each.post_data}"))
    page.goto(PAGE)
    page.get_by_label("Matrix ID or user name").fill(bob.owner)
    page.get_by_label("Password").fill(network.twins["bob"].password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text(f"Only {alice.owner} can sign in here.")).to_be_visible()
    assert not [each for each in asked if network.twins["bob"].password in each]


def test_who_tries_too_often_is_told_how_long_to_wait(
    alice: Person, visit: Visit, guard: Guard
) -> None:
    guard.expects("429")
    page = visit(alice)
    page.goto(PAGE)
    page.get_by_label("Password").fill("wrong")
    limited = {"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": 4200}
    page.route("**/v3/login", lambda route: route.fulfill(status=429, json=limited))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("Wait 5 seconds, then try again.")).to_be_visible()


def test_a_one_time_link_signs_in_and_leaves_no_trace_in_the_address(
    alice: Person, link: dict[str, Any], visit: Visit
) -> None:
    page = visit(alice)
    page.goto(link["path"])
    is_at_home(page)
    assert page.url == f"{alice.url}{PAGE}/"
    page.get_by_role("link", name="Tasks", exact=True).click()
    page.go_back()
    is_at_home(page)
    assert link["token"] not in page.evaluate(READABLE)


def test_a_link_that_was_used_says_so_and_the_password_still_works(
    alice: Person,
    password: str,
    link: dict[str, Any],
    visit: Visit,
    guard: Guard,
    accessible: Callable[[Page], None],
) -> None:
    guard.expects("403")
    first, second = visit(alice), visit(alice)
    first.goto(link["path"])
    is_at_home(first)
    second.goto(link["path"])
    said = second.get_by_role("alert").filter(has_text="That link was used already")
    expect(said).to_be_visible()
    assert link["token"] not in second.url
    accessible(second)
    sign_in(second, password)
    is_at_home(second)


def test_who_is_signed_in_already_keeps_no_token_in_the_address_either(
    alice: Person, link: dict[str, Any], home: Home, visit: Visit
) -> None:
    page = home(alice, "tasks")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tasks")
    page.goto(link["path"])
    is_at_home(page)
    assert page.url == f"{alice.url}{PAGE}/"
    other = visit(alice)
    other.goto(link["path"])
    is_at_home(other)


def test_single_sign_on_is_offered_and_comes_back_signed_in(
    alice: Person, link: dict[str, Any], visit: Visit
) -> None:
    page = visit(alice)
    providers = [{"id": "oidc-example", "name": "Example"}]
    offered = {"flows": [{"type": "m.login.sso", "identity_providers": providers}]}
    page.route("**/v3/login", lambda route: route.fulfill(json=offered))
    page.goto(PAGE)
    way = page.get_by_role("link", name="Sign in with Example").get_attribute("href")
    assert way is not None
    assert way.startswith("/_matrix/client/v3/login/sso/redirect/oidc-example?redirectUrl=http")
    page.unroute("**/v3/login")
    page.goto(f"{PAGE}/?loginToken={link['token']}&other=1")
    is_at_home(page)
    assert page.url == f"{alice.url}{PAGE}/?other=1"


def test_a_homeserver_without_a_way_in_says_so(alice: Person, visit: Visit) -> None:
    page = visit(alice)
    page.route("**/v3/login", lambda route: route.fulfill(json={"flows": [{"type": "org.other"}]}))
    page.goto(PAGE)
    expect(page.get_by_text("offers no way to sign in that a page can take")).to_be_visible()


def test_who_signs_out_leaves_nothing_behind(alice: Person, password: str, visit: Visit) -> None:
    room = alice.collection("Seen before")
    page = visit(alice)
    page.goto(PAGE)
    token = sign_in(page, password)
    is_at_home(page)
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("button", name="Sign out here").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to your twin")
    eventually(lambda: not may_ask(alice, token), what="the session is over")
    assert not page.context.cookies()
    page.goto(f"{PAGE}/c/{room}/tasks")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to your twin")
    expect(page.get_by_text("Seen before")).to_have_count(0)


def test_who_can_not_be_signed_out_now_loses_nothing(
    alice: Person, home: Home, line: Line, guard: Guard
) -> None:
    guard.allows("Failed to load resource")
    room = alice.collection("Unsent")
    page = home(alice, f"c/{room}/tasks", at=line.url)
    add = page.get_by_role("textbox", name="What is to be done?")
    expect(add).to_be_visible()
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("button", name="Sign out here")).to_be_visible()
    page.go_back()
    line.cut()
    add.fill("Milk")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("button", name="Sign out here").click()
    expect(page.get_by_text("1 change that was not sent yet is lost.")).to_be_visible()
    page.get_by_role("button", name="Yes, sign out here").click()
    sessions = page.get_by_role("region", name="Where you are signed in")
    alerts = sessions.get_by_role("alert").filter(has_text="Your twin does not answer")
    expect(alerts).to_have_count(2)  # the list can't be read either
    line.mend()
    eventually(lambda: page.title() and len(alice.uids(room)) == 1, what="it was sent")


def test_who_is_signed_out_from_elsewhere_sees_nothing_any_more(
    alice: Person, home: Home, guard: Guard
) -> None:
    guard.expects("401")
    room = alice.collection("Not for others")
    before = devices(alice)
    page = home(alice, f"c/{room}/tasks")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not for others")
    [device] = devices(alice) - before
    alice.ask("DELETE", f"sessions/{device}").ok()
    # Without a click: the stream of changes looks at its token every 15 seconds.
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to your twin")
    expect(page.get_by_text("Not for others")).to_have_count(0)


def devices(person: Person) -> set[str]:
    return {each["device_id"] for each in person.get("sessions")["sessions"]}


def test_a_session_that_the_twin_does_not_keep_is_ended(
    alice: Person, password: str, visit: Visit, guard: Guard
) -> None:
    guard.expects("503")
    page = visit(alice)
    page.goto(PAGE)
    expect(
        page.get_by_label("Password")
    ).to_be_visible()  # so that it has asked whether it has a session
    page.route("**/v1/cookie", lambda route: route.fulfill(status=503, json={}))
    token = sign_in(page, password)
    expect(page.get_by_text("Your twin does not answer at the moment.")).to_be_visible()
    assert not may_ask(alice, token)
