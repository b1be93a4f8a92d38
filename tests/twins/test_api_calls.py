"""Every call of the API is made, and answers as its declaration says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
from openapi_spec_validator import validate

from tests.twins.test_export import manifest
from tests.twins.test_links import stranger
from twin_module.core.capability import Capability
from twin_module.rest.cookie import OURS
from twin_module.rest.openapi import error_classes
from twin_module.rest.resource import ROUTES
from twin_module.rest.route import Route
from twin_module.rooms import CAPABILITIES
from twin_module.testing.answers import CarefulPerson, check_answer
from twin_module.testing.person import CLIENT, TWIN, Answer, Person, eventually, request

FROM_THE_PAGE: Final = {OURS.decode(): "1"}
TASK: Final = {"@type": "Task", "title": "Buy bread"}
PHONE: Final = {"name": "Phone"}
JANUARY: Final[Mapping[str, Any]] = {
    "after": "2027-01-01T00:00:00",
    "before": "2027-02-01T00:00:00",
}


@dataclass(frozen=True, slots=True)
class Scene:
    """Alice with a collection that has a task and a document in it, and Bob."""

    alice: CarefulPerson
    bob: Person
    room: str

    def object(self, uid: str) -> str:
        """Return the path of a task of the collection."""
        return f"rooms/{self.room}/tasks/{uid}"

    def attested(self) -> Any:
        """Let Alice attest something, and return the file of that."""
        issue = {
            "room_id": self.room,
            "uid": "mine",
            "statement": "known",
            "person": self.bob.owner,
        }
        self.alice.command("attestations", "issue", **issue)
        return self.alice.get(f"rooms/{self.room}/attestations/mine/credential")

    def in_chats(self, word: str) -> Answer:
        """Let Alice say a word, and search her chats for it."""
        settings = self.alice.get("settings")
        self.alice.put("settings", {**settings, "search_chats": True})
        chat = self.alice.post(f"{CLIENT}/createRoom", {"preset": "private_chat"})["room_id"]
        path = f"{CLIENT}/rooms/{chat}/send/m.room.message/{word}"
        self.alice.put(path, {"msgtype": "m.text", "body": word})
        found = self.alice.ask("GET", "search/messages", q=word)
        assert len(found.body["messages"]) == 1
        self.alice.put("settings", settings)
        return found

    def link(self, **asked: str) -> Any:
        """Let Alice publish the collection or something in it."""
        return self.alice.post("links", {"room_id": self.room, **asked})

    def published(self, path: str = "", **asked: str) -> Answer:
        """Open a link as a stranger does."""
        return stranger(self.alice.url, f"published/{self.link(**asked)['token']}{path}")

    def of_people(self, path: str) -> Answer:
        """Ask about people when Bob is invited into the collection."""
        self.alice.invite(self.room, self.bob.owner).ok()
        return self.alice.ask("GET", path)

    def other_device(self) -> str:
        """Let Alice sign in at one more place, and return what Matrix calls that."""
        device_id: str = self.alice.login().ok()["device_id"]
        return device_id

    def experiences(self) -> Answer:
        """Ask for apps when Alice wrote with one."""
        self.alice.ask("PUT", self.object("milk"), TASK, {"X-Experience": "Shopping"}).ok()
        return self.alice.ask("GET", "experiences")

    def revision(self, uid: str, capability: str = "tasks") -> str:
        """Return the event ID of an object's current version."""
        found: str = self.alice.get(f"rooms/{self.room}/{capability}/{uid}")["etag"]
        return found

    def event(self) -> str:
        """Let Alice make an event, and return its path."""
        path = f"rooms/{self.room}/agenda/lunch"
        event = {"@type": "Event", "title": "Lunch", "start": "2027-01-05T12:00:00"}
        self.alice.put(path, event)
        return path

    def imported(self) -> Answer:
        """Let Alice import a calendar with nothing in it."""
        data = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-\r\nEND:VCALENDAR\r\n"
        headers = {"Content-Type": "text/calendar"}
        return self.alice.ask("POST", f"rooms/{self.room}/import", data, headers)

    def invitation(self) -> str:
        """Let Bob invite Alice, and return the room."""
        room = self.bob.collection("Bob's")
        self.bob.invite(room, self.alice.owner).ok()
        eventually(lambda: room in self.alice.invitations(), what="Alice is invited")
        return room


@pytest.fixture
def scene(careful: CarefulPerson, bob: Person, collection: str) -> Scene:
    """A collection with a task and a document in it."""
    careful.put(f"rooms/{collection}/tasks/bread", TASK)
    careful.command("docs", "create", room_id=collection, uid="minutes", title="Minutes", text="#")
    return Scene(careful, bob, collection)


CALLS: Final[Mapping[tuple[str, str], Callable[[Scene], Answer]]] = {
    ("GET", "/card"): lambda s: s.alice.ask("GET", "card"),
    ("GET", "/capabilities"): lambda s: s.alice.ask("GET", "capabilities"),
    ("GET", "/status"): lambda s: s.alice.ask("GET", "status"),
    ("POST", "/reindex"): lambda s: s.alice.ask("POST", "reindex"),
    ("GET", "/collections"): lambda s: s.alice.ask("GET", "collections"),
    ("POST", "/collections"): lambda s: s.alice.ask("POST", "collections", {"name": "New"}),
    ("GET", "/collections/{room_id}"): lambda s: s.alice.ask("GET", f"collections/{s.room}"),
    ("PATCH", "/collections/{room_id}"): lambda s: s.alice.ask(
        "PATCH", f"collections/{s.room}", {"name": "Other"}
    ),
    ("POST", "/collections/{room_id}/leave"): lambda s: s.alice.ask(
        "POST", f"collections/{s.room}/leave"
    ),
    ("GET", "/invitations"): lambda s: s.alice.ask("GET", "invitations"),
    ("POST", "/invitations/{room_id}/accept"): lambda s: s.alice.ask(
        "POST", f"invitations/{s.invitation()}/accept"
    ),
    ("POST", "/invitations/{room_id}/decline"): lambda s: s.alice.ask(
        "POST", f"invitations/{s.invitation()}/decline"
    ),
    ("GET", "/settings"): lambda s: s.alice.ask("GET", "settings"),
    ("PUT", "/settings"): lambda s: s.alice.ask("PUT", "settings", {"accept_from": []}),
    ("GET", "/objects"): lambda s: s.alice.ask("GET", "objects", capability="tasks"),
    ("GET", "/search/messages"): lambda s: s.in_chats("marzipan"),
    ("GET", "/search"): lambda s: s.alice.ask("GET", "search", q="bread", capability="tasks"),
    ("GET", "/rooms/{room_id}/objects"): lambda s: s.alice.ask("GET", f"rooms/{s.room}/objects"),
    ("POST", "/rooms/{room_id}/objects"): lambda s: s.alice.ask(
        "POST", f"rooms/{s.room}/objects", {"objects": [{"capability": "tasks", "content": TASK}]}
    ),
    ("GET", "/rooms/{room_id}/{capability}"): lambda s: s.alice.ask("GET", f"rooms/{s.room}/tasks"),
    ("POST", "/rooms/{room_id}/{capability}"): lambda s: s.alice.ask(
        "POST", f"rooms/{s.room}/tasks", TASK
    ),
    ("GET", "/rooms/{room_id}/{capability}/{uid}"): lambda s: s.alice.ask("GET", s.object("bread")),
    ("PUT", "/rooms/{room_id}/{capability}/{uid}"): lambda s: s.alice.ask(
        "PUT", s.object("milk"), TASK
    ),
    ("PATCH", "/rooms/{room_id}/{capability}/{uid}"): lambda s: s.alice.ask(
        "PATCH", s.object("bread"), {"priority": 1}
    ),
    ("DELETE", "/rooms/{room_id}/{capability}/{uid}"): lambda s: s.alice.ask(
        "DELETE", s.object("bread")
    ),
    ("GET", "/rooms/{room_id}/{capability}/{uid}/text"): lambda s: s.alice.ask(
        "GET", f"rooms/{s.room}/docs/minutes/text"
    ),
    ("GET", "/rooms/{room_id}/{capability}/{uid}/proof"): lambda s: s.alice.ask(
        "GET", f"{s.object('bread')}/proof"
    ),
    ("GET", "/rooms/{room_id}/{capability}/{uid}/history"): lambda s: s.alice.ask(
        "GET", f"{s.object('bread')}/history"
    ),
    ("GET", "/rooms/{room_id}/{capability}/{uid}/history/{event_id}"): lambda s: s.alice.ask(
        "GET", f"{s.object('bread')}/history/{s.revision('bread')}"
    ),
    ("GET", "/rooms/{room_id}/{capability}/{uid}/history/{event_id}/text"): lambda s: s.alice.ask(
        "GET", f"rooms/{s.room}/docs/minutes/history/{s.revision('minutes', 'docs')}/text"
    ),
    ("GET", "/rooms/{room_id}/{capability}/{uid}/at/{time}"): lambda s: s.alice.ask(
        "GET", f"{s.object('bread')}/at/2100-01-01T00:00:00Z"
    ),
    ("GET", "/rooms/{room_id}/{capability}/{uid}/diff"): lambda s: s.alice.ask(
        "GET", f"{s.object('bread')}/diff?from={s.revision('bread')}"
    ),
    ("POST", "/rooms/{room_id}/{capability}/{uid}/revert"): lambda s: s.alice.ask(
        "POST", f"{s.object('bread')}/revert", {"event_id": s.revision("bread")}
    ),
    ("GET", "/proposals"): lambda s: s.alice.ask("GET", "proposals"),
    ("GET", "/attestations"): lambda s: s.alice.ask("GET", "attestations", issuer=s.alice.owner),
    ("POST", "/attestations/verify"): lambda s: s.alice.ask(
        "POST", "attestations/verify", {"credential": s.attested()["credential"]}
    ),
    ("GET", "/rooms/{room_id}/{capability}/{uid}/attestations"): lambda s: s.alice.ask(
        "GET", f"{s.object('bread')}/attestations"
    ),
    ("GET", "/rooms/{room_id}/attestations/{uid}/credential"): lambda s: (
        s.attested() and s.alice.ask("GET", f"rooms/{s.room}/attestations/mine/credential")
    ),
    ("POST", "/commands/{capability}/{command}"): lambda s: s.alice.ask(
        "POST", "commands/tasks/complete", {"room_id": s.room, "uid": "bread"}
    ),
    ("GET", "/export/objects"): lambda s: s.alice.ask("GET", "export/objects"),
    ("GET", "/export/rooms/{room_id}"): lambda s: s.alice.ask("GET", f"export/rooms/{s.room}"),
    ("GET", "/export/keys/{server_name}"): lambda s: s.alice.ask(
        "GET", f"export/keys/{s.alice.owner.partition(':')[2]}"
    ),
    ("GET", "/export/files"): lambda s: s.alice.ask("GET", "export/files"),
    ("POST", "/links"): lambda s: s.alice.ask(
        "POST", "links", {"room_id": s.room, "capability": "tasks", "uid": "bread"}
    ),
    ("GET", "/links"): lambda s: s.link() and s.alice.ask("GET", "links"),
    ("DELETE", "/links/{id}"): lambda s: s.alice.ask("DELETE", f"links/{s.link()['id']}"),
    ("GET", "/published/{token}"): lambda s: s.published(),
    ("GET", "/published/{token}/{capability}/{uid}"): lambda s: s.published("/tasks/bread"),
    ("GET", "/published/{token}/text"): lambda s: s.published(
        "/text", capability="docs", uid="minutes"
    ),
    ("GET", "/published/{token}/{capability}/{uid}/text"): lambda s: s.published(
        "/docs/minutes/text"
    ),
    ("GET", "/published/{token}/proof"): lambda s: s.published(
        "/proof", capability="tasks", uid="bread"
    ),
    ("GET", "/published/{token}/{capability}/{uid}/proof"): lambda s: s.published(
        "/tasks/bread/proof"
    ),
    ("GET", "/people"): lambda s: s.of_people("people"),
    ("GET", "/people/{user_id}"): lambda s: s.of_people(f"people/{s.bob.owner}"),
    ("GET", "/agenda"): lambda s: s.alice.ask("GET", "agenda", **JANUARY),
    ("GET", "/agenda/next"): lambda s: s.alice.ask("GET", "agenda/next"),
    ("GET", "/agenda/conflicts"): lambda s: s.alice.ask("GET", "agenda/conflicts", **JANUARY),
    ("GET", "/agenda/invitations"): lambda s: s.alice.ask("GET", "agenda/invitations"),
    ("POST", "/rooms/{room_id}/agenda/{uid}/invite"): lambda s: s.alice.ask(
        "POST", f"{s.event()}/invite", {"people": [s.bob.owner]}
    ),
    ("GET", "/rooms/{room_id}/agenda/{uid}/calendar.ics"): lambda s: s.alice.ask(
        "GET", f"{s.event()}/calendar.ics"
    ),
    ("GET", "/published/{token}/calendar.ics"): lambda s: s.published("/calendar.ics"),
    ("GET", "/published/{token}/contacts.vcf"): lambda s: s.published("/contacts.vcf"),
    ("POST", "/free-slots"): lambda s: s.alice.ask(
        "POST", "free-slots", {"duration": "PT1H", **JANUARY}
    ),
    ("POST", "/rooms/{room_id}/import"): lambda s: s.imported(),
    ("GET", "/imports"): lambda s: s.alice.ask("GET", "imports"),
    ("GET", "/imports/{import_id}"): lambda s: s.alice.ask(
        "GET", f"imports/{s.imported().ok()['import_id']}"
    ),
    ("DELETE", "/imports/{import_id}"): lambda s: s.alice.ask(
        "DELETE", f"imports/{s.imported().ok()['import_id']}"
    ),
    ("POST", "/app-passwords"): lambda s: s.alice.ask("POST", "app-passwords", PHONE),
    ("GET", "/app-passwords"): lambda s: s.alice.ask("GET", "app-passwords"),
    ("DELETE", "/app-passwords/{password_id}"): lambda s: s.alice.ask(
        "DELETE", f"app-passwords/{s.alice.post('app-passwords', PHONE)['id']}"
    ),
    ("GET", "/chats"): lambda s: s.alice.ask("GET", "chats"),
    ("GET", "/sessions"): lambda s: s.alice.ask("GET", "sessions"),
    ("DELETE", "/sessions/{device_id}"): lambda s: s.alice.ask(
        "DELETE", f"sessions/{s.other_device()}"
    ),
    ("GET", "/experiences"): lambda s: s.experiences(),
    ("GET", "/cookie"): lambda s: s.alice.ask("GET", "cookie"),
    ("PUT", "/cookie"): lambda s: s.alice.ask("PUT", "cookie", headers=FROM_THE_PAGE),
    ("DELETE", "/cookie"): lambda s: s.alice.ask("DELETE", "cookie", headers=FROM_THE_PAGE),
    ("POST", "/sign-in-links"): lambda s: s.alice.ask(
        "POST", "sign-in-links", {"password": s.alice._password()}
    ),
    ("POST", "/export/manifest"): lambda s: s.alice.ask(
        "POST", "export/manifest", manifest(s.alice)
    ),
}
"""One call of each kind that is to succeed; the stream of changes has tests of its own."""


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_call_answers_as_it_is_declared(route: Route, scene: Scene) -> None:
    if route.path == "/changes":
        with scene.alice.changes() as events:
            assert next(events)["event"] == "ready"
        return
    if route.path.endswith("/live"):
        # Who speaks no WebSocket is told so; test_editors.py speaks it.
        answer = scene.alice.ask("GET", f"rooms/{scene.room}/docs/minutes/live")
        assert (answer.status, answer.body["errcode"]) == (426, "M_UNRECOGNIZED")
        return
    if route.path.startswith("/proposals/{"):
        # It takes two twins to have one; databases/test_history.py does.
        path = route.path.replace("{event_id}", "$none")
        check_answer(route, scene.alice.ask(route.method, path))
        return
    if route.path == "/sessions/sign-out":
        # It ends Alice for all tests; test_api_people.py makes it at a twin of its own.
        return
    if route.path == "/widget":
        # No call offers a widget; tests/browser/test_widget.py has one.
        check_answer(route, scene.alice.ask("POST", "widget", {"token": "none"}))
        return
    if route.path.startswith("/subscriptions"):
        # It takes a calendar somewhere else; test_imports.py has one, at a twin of its own.
        return
    answer = CALLS[route.method, route.path](scene)
    assert answer.status == route.status, answer.body
    check_answer(route, answer)


def test_every_test_of_a_call_belongs_to_one_that_is_served() -> None:
    assert set(CALLS) <= {(route.method, route.path) for route in ROUTES}


def test_the_description_is_valid_and_lists_exactly_what_is_served(alice: Person) -> None:
    described = request(alice.url, "GET", f"{TWIN}/openapi.json").ok()
    validate(described)
    served = {(route.method.lower(), route.path) for route in ROUTES}
    paths = described["paths"]
    assert {(method, path) for path in paths for method in paths[path]} == served
    assert described["servers"] == [{"url": TWIN}]


def test_the_description_holds_the_schema_of_every_object_and_command(alice: Person) -> None:
    schemas = alice.get("openapi.json")["components"]["schemas"]
    for capability in CAPABILITIES:
        for event in capability.events:
            assert schemas[event.type]["examples"] == [dict(event.example)]
        for name in capability.commands:
            assert schemas[f"{capability.name}.{name}"]["type"] == "object"


@pytest.mark.parametrize("capability", CAPABILITIES, ids=lambda each: each.name)
def test_a_capability_is_described_with_its_types_and_commands(
    capability: Capability, careful: CarefulPerson
) -> None:
    [found] = [
        each
        for each in careful.get("capabilities")["capabilities"]
        if each["name"] == capability.name
    ]
    assert [event["type"] for event in found["events"]] == [e.type for e in capability.events]
    assert set(found["commands"]) == set(capability.commands)
    assert set(found["events"][0]["filters"]) == set(capability.event_type.filters)


def test_every_kind_of_error_has_a_code_of_its_own() -> None:
    codes = [each.errcode for each in error_classes()]
    assert len(set(codes)) == len(codes)
