"""Files with events, tasks and contacts, sent to a real twin; and public calendars that it follows."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import pytest

from tests.engine.test_imports import calendar, vcard, vevent, vtodo
from twin_module.engine.imports import MAX_FILE_BYTES
from twin_module.testing.answers import CarefulPerson
from twin_module.testing.person import Answer, Person, eventually
from twin_module.testing.twins import TwinNetwork, person_at

ICS: Final = {"Content-Type": "text/calendar; charset=utf-8"}
VCF: Final = {"Content-Type": "text/vcard"}


def begin(person: Person, room: str, data: bytes, headers: Any = ICS) -> Answer:
    return person.ask("POST", f"rooms/{room}/import", data, headers)


def imported(person: Person, room: str, data: bytes, headers: Any = ICS) -> Any:
    """Import a file, and return what became of it."""
    import_id = begin(person, room, data, headers).ok()["import_id"]

    def over() -> Any:
        found = person.get(f"imports/{import_id}")
        return found if found["state"] != "running" else None

    return eventually(over, what="The import is over", within=180)


def test_a_file_is_imported_and_a_second_time_changes_nothing(
    careful: CarefulPerson, collection: str
) -> None:
    data = calendar(
        *(vevent(f"e{n}") for n in range(120)), vtodo("t1"), "BEGIN:VEVENT\r\nEND:VEVENT"
    )
    done = imported(careful, collection, data)
    assert (done["state"], done["total"], done["written"]) == ("done", 122, 121)
    [refused] = done["refused"]
    assert refused["reason"]
    assert careful.get(f"rooms/{collection}/agenda/e7")["content"]["title"] == "Jazz"
    assert careful.get(f"rooms/{collection}/tasks/t1")["title"] == "Bread"
    before = careful.state(collection)
    again = imported(careful, collection, data)
    assert (again["written"], again["unchanged"]) == (0, 121)
    assert careful.state(collection) == before
    listed = careful.get("imports")["imports"]
    assert [each["import_id"] for each in listed[:2]] == [again["import_id"], done["import_id"]]
    assert listed[0]["refused_count"] == 1
    careful.ask("DELETE", f"imports/{done['import_id']}").ok()
    assert careful.ask("GET", f"imports/{done['import_id']}").status == 404


def test_contacts_are_imported_with_their_photos_in_media(
    careful: CarefulPerson, collection: str
) -> None:
    photo = "PHOTO;ENCODING=b;TYPE=JPEG:" + "QUJD" * 2000
    data = (vcard("c1", "Bob", photo) + vcard("c2", "Carol")).encode()
    for headers in (VCF, {"Content-Type": "text/x-vcard"}):
        done = imported(careful, collection, data, headers)
        assert (done["state"], done["refused"]) == ("done", [])
    assert done["unchanged"] == 2
    content = careful.get(f"rooms/{collection}/contacts/c1")["content"]
    [media] = content["media"].values()
    assert media["uri"].startswith("mxc://")


def test_what_is_no_such_file_is_refused(careful: CarefulPerson, collection: str) -> None:
    for headers in ({}, {"Content-Type": "application/json"}, {"Content-Type": "text/html"}):
        answer = begin(careful, collection, calendar(vevent("e1")), headers)
        assert (answer.status, answer.body["errcode"]) == (400, "M_INVALID_PARAM")
        assert "text/calendar" in answer.body["error"]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert "text/calendar" in begin(careful, collection, b"a=b", form).body["error"]
    assert begin(careful, collection, b"").status == 400
    large = begin(careful, collection, b"x" * (MAX_FILE_BYTES + 1))
    assert (large.status, large.body["errcode"]) == (413, "M_TOO_LARGE")
    assert begin(careful, "!nowhere", calendar(vevent("e1"))).status == 404


def test_a_twin_answers_others_while_it_reads_a_large_file(alice: Person, collection: str) -> None:
    filler = "x" * 40_000
    entries = (vevent(f"e{n}", "Jazz", f"DESCRIPTION:{filler}") for n in range(400))
    import_id = begin(alice, collection, calendar(*entries)).ok()["import_id"]
    answers = 0
    while alice.get(f"imports/{import_id}")["state"] == "running":
        answers += 1
    assert answers > 3
    assert alice.get(f"imports/{import_id}")["total"] == 400


# Following a public calendar


class Handler(BaseHTTPRequestHandler):
    """Shows a calendar, or leads to another address."""

    server: "Calendars"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = self.server.body
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("Location", self.server.location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class Calendars(ThreadingHTTPServer):
    """A server of public calendars on loopback."""

    daemon_threads = True

    def __init__(self, address: str = "127.0.0.1") -> None:
        super().__init__((address, 0), Handler)
        self.url = f"http://{address}:{self.server_address[1]}"
        self.body = calendar(vevent("e1"), vevent("e2", "Rock"))
        self.location = f"{self.url}/cal.ics"
        self.asked: list[str] = []


def served(server: Calendars) -> Iterator[Calendars]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def calendars() -> Iterator[Calendars]:
    """A server that the twins may reach, as everything on loopback."""
    yield from served(Calendars())


@pytest.fixture
def allowed() -> Iterator[Calendars]:
    """A server at an address of its own."""
    yield from served(Calendars("127.9.9.9"))


def test_a_public_calendar_is_followed(careful: CarefulPerson, calendars: Calendars) -> None:
    made = careful.post("subscriptions", {"url": f"{calendars.url}/cal.ics", "name": "Club"})
    room = made["room_id"]
    assert careful.get(f"collections/{room}")["name"] == "Club"
    eventually(lambda: careful.uids(room) and len(careful.uids(room)) == 2, what="It is filled")
    eventually(
        lambda: careful.get("subscriptions")["subscriptions"][0].get("refreshed_ts"),
        what="It is noted",
    )
    assert careful.ask("POST", f"subscriptions/{room}/refresh", {}).status == 429
    [shown] = [
        each for each in careful.get("subscriptions")["subscriptions"] if each["room_id"] == room
    ]
    assert (shown["url"], shown["entries"]) == (f"{calendars.url}/cal.ics", 2)
    assert "problem" not in shown
    careful.ask("DELETE", f"subscriptions/{room}").ok()
    assert careful.ask("DELETE", f"subscriptions/{room}").status == 404
    assert len(careful.uids(room)) == 2


def test_what_can_not_be_followed_is_refused_in_a_sentence(
    careful: CarefulPerson, calendars: Calendars
) -> None:
    calendars.body = b"<html>Sign in"
    for url, status in (
        (f"{calendars.url}/cal.ics", 400),
        ("file:///etc/passwd", 400),
        ("http://127.0.0.1:1/cal.ics", 504),
    ):
        assert careful.ask("POST", "subscriptions", {"url": url}).status == status
    assert careful.ask("POST", "subscriptions", {}).status == 400
    assert careful.ask("POST", "subscriptions/!nowhere/refresh", {}).status == 404


def test_private_addresses_are_not_asked_for_and_not_by_a_redirect_either(
    own_network: TwinNetwork, calendars: Calendars, allowed: Calendars
) -> None:
    changes: dict[str, Any] = {
        "ip_range_blacklist": ["127.0.0.0/8", "::1/128"],
        "ip_range_whitelist": ["127.9.9.9/32"],
    }
    alice = person_at(own_network.start("alice", **changes))
    assert alice.ask("POST", "subscriptions", {"url": f"{allowed.url}/moved"}).status == 201
    allowed.location = f"{calendars.url}/cal.ics"
    for url in (f"{calendars.url}/cal.ics", f"{allowed.url}/moved"):
        refused = alice.ask("POST", "subscriptions", {"url": url})
        assert (refused.status, refused.body["errcode"]) == (504, "ORG.DIGITALTWIN.UNREACHABLE")
    assert calendars.asked == []
