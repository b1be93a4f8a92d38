"""Who gets in, what a server says of itself, and what it does not let itself be told."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from urllib.parse import quote, urlsplit

import pytest

from tests.dav.conftest import ROOT, Addresses, Twin
from tests.dav.entries import event
from twin_module.testing.dav import NAMESPACES, Dav
from twin_module.testing.person import Answer, Person, request

pytestmark = pytest.mark.twins

PRINCIPAL = (
    '<?xml version="1.0"?><propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>'
)
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE bomb [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">'
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + ']><propfind xmlns="DAV:"><prop><displayname>&i;</displayname></prop></propfind>'
)
OUTSIDE = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    '<propfind xmlns="DAV:"><prop><displayname>&a;</displayname></prop></propfind>'
)


@pytest.mark.parametrize("method", ["PROPFIND", "GET", "PUT", "DELETE", "REPORT", "MKCALENDAR"])
def test_nobody_gets_in_without_a_password(dav: Dav, method: str) -> None:
    answer = request(dav.url, method, f"{dav.home}x/")
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")


def test_an_app_that_looks_for_its_principal_is_asked_for_a_password(dav: Dav) -> None:
    # Apps begin so; one that gets an answer without a password never sends one.
    answer = request(dav.url, "PROPFIND", dav.root, PRINCIPAL.encode(), {"Depth": "0"})
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize("change", [{"password": "wrong"}, {"password": ""}, {"username": "bob"}])
def test_nobody_gets_in_with_a_wrong_password(
    dav: Dav, addresses: Addresses, change: dict[str, str]
) -> None:
    wrong = replace(dav, address=addresses.next(), **change)
    assert wrong.ask("PROPFIND", dav.home).status == 401


@pytest.mark.parametrize(
    "sent", ["Basic", "Basic !!!", "Basic YWxpY2U=", "Basic /w==", "Bearer x", "Digest x"]
)
def test_a_broken_password_is_a_wrong_one(twin: Twin, addresses: Addresses, sent: str) -> None:
    app = replace(twin.dav, address=addresses.next())
    assert app.ask("PROPFIND", app.home, headers={"Authorization": sent}).status == 401


def test_nobody_elses_home_is_open(dav: Dav) -> None:
    assert dav.ask("PROPFIND", f"{dav.root}bob/").status in (403, 404)
    assert dav.put(f"{dav.root}bob/x/a.ics", event("a")).status in (403, 404, 409)


def test_what_is_not_there_is_not_found(dav: Dav, calendar: str) -> None:
    for path in (f"{calendar}nobody.ics", f"{dav.home}nowhere/", f"{dav.home}nowhere/a.ics"):
        assert dav.ask("GET", path).status == 404
        assert dav.ask("PROPFIND", path).status == 404
        assert dav.ask("DELETE", path).status == 404


@pytest.mark.parametrize("name", ["../bob/x/", "x/../../bob/", "%2e%2e/", "a%00b/", "//", "."])
def test_a_strange_path_leads_nowhere(dav: Dav, name: str) -> None:
    answer = request(
        dav.url, "PROPFIND", f"{quote(dav.home)}{name}", headers={**dav.signed_in, "Depth": "0"}
    )
    assert answer.status < 500
    assert b"bob" not in bytes(answer.body)


def test_a_server_says_what_it_can_do(dav: Dav) -> None:
    answer = dav.ask("OPTIONS", dav.home)
    assert answer.status == 200
    can = {each.strip() for each in answer.headers["dav"].split(",")}
    assert {"1", "3", "calendar-access", "addressbook", "extended-mkcol"} <= can
    allowed = {each.strip() for each in answer.headers["allow"].split(",")}
    assert {
        "GET", "HEAD", "PUT", "DELETE", "PROPFIND", "PROPPATCH", "REPORT", "MKCALENDAR", "MKCOL",
        "MOVE", "OPTIONS",
    } <= allowed  # fmt: skip


def test_an_answer_says_what_the_server_can_do(dav: Dav) -> None:
    # Apps that send no OPTIONS look here.
    answer = dav.ask("PROPFIND", dav.home)
    assert "calendar-access" in answer.headers["dav"]


@pytest.mark.parametrize("service", ["caldav", "carddav"])
@pytest.mark.parametrize("method", ["GET", "PROPFIND"])
def test_an_app_is_sent_to_the_root(twin: Twin, service: str, method: str) -> None:
    # RFC 6764: all that a person has to type is the name of the server.
    answer = request(twin.dav.url, method, f"/.well-known/{service}")
    assert answer.status == 301
    assert urlsplit(answer.headers["location"]).path == ROOT


@pytest.mark.parametrize("body", ["<a>", "no XML", "<a/>" * 2, "\0"])
@pytest.mark.parametrize("method", ["PROPFIND", "REPORT", "PROPPATCH", "MKCALENDAR"])
def test_what_is_no_xml_is_refused(dav: Dav, calendar: str, method: str, body: str) -> None:
    path = f"{dav.home}never/" if method == "MKCALENDAR" else calendar
    assert dav.ask(method, path, body, {"Depth": "0"}).status == 400


@pytest.mark.parametrize("body", [BOMB, OUTSIDE], ids=["bomb", "file"])
@pytest.mark.parametrize("method", ["PROPFIND", "REPORT", "PROPPATCH"])
def test_an_entity_is_refused(dav: Dav, calendar: str, method: str, body: str) -> None:
    answer = dav.ask(method, calendar, body, {"Depth": "0"})
    assert 400 <= answer.status <= 500
    assert b"root:" not in bytes(answer.body)
    assert dav.prop(calendar, "D:resourcetype").status == 200


@pytest.mark.parametrize("method", ["PROPFIND", "REPORT", "PROPPATCH"])
def test_a_refused_entity_is_no_failure_of_the_server(twin: Twin, method: str) -> None:
    # Radicale answers 500.
    path = twin.new_calendar(f"Asked by {method}")
    assert twin.dav.ask(method, path, BOMB, {"Depth": "0"}).status == 400


def test_deeply_nested_xml_ends_nothing(dav: Dav, calendar: str) -> None:
    deep = "<a>" * 50_000 + "</a>" * 50_000
    body = f'<propfind xmlns="DAV:"><prop>{deep}</prop></propfind>'
    dav.ask("PROPFIND", calendar, body, {"Depth": "0"})
    assert dav.prop(calendar, "D:resourcetype").status == 200


def test_a_report_that_nobody_knows_is_no_failure(dav: Dav, calendar: str) -> None:
    body = f'<x:unheard xmlns:x="{NAMESPACES["D"]}"/>'
    assert dav.ask("REPORT", calendar, body, {"Depth": "1"}).status < 500


# What is too large


@contextmanager
def sending(dav: Dav, path: str, size: int) -> Iterator[socket.socket]:
    """Begin to send an entry of so many bytes; nothing of it has gone yet."""
    parts = urlsplit(dav.url)
    with closing(socket.create_connection((parts.hostname or "", parts.port or 80), 60)) as sender:
        head = [
            f"PUT {quote(path)} HTTP/1.1",
            f"Host: {parts.netloc}",
            f"Authorization: {dav.signed_in['Authorization']}",
            "Content-Type: text/calendar",
            f"Content-Length: {size}",
            "",
            "",
        ]
        sender.sendall("\r\n".join(head).encode())
        yield sender


def status_after(sender: socket.socket, size: int) -> int | None:
    """Send so many bytes, and return the status of the answer; None is a connection that ended."""
    try:
        for _ in range(size // 1_000_000):
            sender.sendall(b"x" * 1_000_000)
    except OSError:
        pass  # It may answer before it has all of it.
    try:
        first = sender.makefile("rb").readline().decode()
    except OSError:
        return None
    return int(first.split()[1]) if first else None


def test_an_entry_that_is_too_large_is_refused(twin: Twin) -> None:
    path = twin.new_calendar("Too large")
    large = event("a", "DESCRIPTION:" + "x" * 30_000_000)
    answer = twin.dav.put(f"{path}a.ics", large)
    assert answer.status == 413
    assert twin.dav.ask("GET", f"{path}a.ics").status == 404


def test_others_are_answered_while_something_large_comes(twin: Twin) -> None:
    path = twin.new_calendar("Much too large")
    size = 60_000_000
    with sending(twin.dav, f"{path}a.ics", size) as sender:
        sender.sendall(b"x" * 1_000_000)
        assert twin.dav.prop(path, "D:displayname").text("D:displayname") == "Much too large"
        found: list[int | None] = []
        rest = threading.Thread(target=lambda: found.append(status_after(sender, size - 1_000_000)))
        rest.start()
        assert twin.dav.prop(path, "D:displayname").text("D:displayname") == "Much too large"
        rest.join(60)
    assert found == [413]
    assert twin.dav.ask("GET", f"{path}a.ics").status == 404


def test_a_room_takes_no_more_than_it_can_hold(twin: Twin) -> None:
    # An event of Matrix has at most 64 KiB.
    path = twin.new_calendar("Long texts")
    answer = twin.dav.put(f"{path}a.ics", event("a", "DESCRIPTION:" + "x" * 200_000))
    assert answer.status in (403, 413)
    assert twin.dav.ask("GET", f"{path}a.ics").status == 404


# Passwords of apps


def test_the_matrix_id_is_a_username_too(twin: Twin) -> None:
    app = replace(twin.dav, username=twin.person.owner)
    answer = app.ask("PROPFIND", twin.dav.home)
    assert answer.status == 207


def test_an_app_is_told_where_to_connect(twin: Twin) -> None:
    made = twin.person.post("app-passwords", {"name": "Calendar of the tablet"})
    assert set(made) >= {"id", "name", "username", "password", "path"}
    assert (made["name"], made["username"]) == ("Calendar of the tablet", "alice")
    assert made["path"] == ROOT


def test_a_password_is_shown_once(twin: Twin) -> None:
    made = twin.person.post("app-passwords", {"name": "Watch"})
    listed = twin.person.get("app-passwords")
    assert made["id"] in json.dumps(listed)
    assert made["password"] not in json.dumps(listed)


def test_a_password_that_was_taken_back_opens_nothing(twin: Twin, addresses: Addresses) -> None:
    made = twin.person.post("app-passwords", {"name": "Lost phone"})
    app = Dav(twin.dav.url, ROOT, made["username"], made["password"], addresses.next())
    assert app.ask("PROPFIND", app.home).status == 207
    twin.person.ask("DELETE", f"app-passwords/{made['id']}").ok()
    assert app.ask("PROPFIND", app.home).status == 401
    assert twin.dav.ask("PROPFIND", app.home).status == 207


def test_an_apps_password_opens_nothing_else(twin: Twin) -> None:
    stranger = Person(twin.dav.url, twin.person.owner, lambda: twin.dav.password)
    assert stranger.login().status in (401, 403)
    with_it = Person(twin.dav.url, twin.person.owner, lambda: "", token=twin.dav.password)
    assert with_it.ask("GET", "collections").status == 401


def test_the_owners_own_password_is_none_of_an_app(twin: Twin, addresses: Addresses) -> None:
    owner = replace(twin.dav, password=twin.person._password(), address=addresses.next())
    assert owner.ask("PROPFIND", owner.home).status == 401


def test_a_matrix_token_opens_the_calendars_to_nobody(twin: Twin) -> None:
    token = {"Authorization": f"Bearer {twin.person.token}"}
    assert twin.dav.ask("PROPFIND", twin.dav.home, headers=token).status == 401


def test_guessing_is_slowed_down_for_whoever_guesses(twin: Twin, addresses: Addresses) -> None:
    here = addresses.next()

    def guess(number: int) -> Answer:
        app = replace(twin.dav, password=f"wrong {number}", address=here)
        return app.ask("PROPFIND", app.home)

    answers = [guess(number) for number in range(30)]
    assert {each.status for each in answers} == {401, 429}
    assert int(answers[-1].headers["retry-after"]) > 0
    elsewhere = replace(twin.dav, address=addresses.next())
    assert elsewhere.ask("PROPFIND", elsewhere.home).status == 207
