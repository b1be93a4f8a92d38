"""Every command of every capability, and what a room then looks like to each of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest

from twin_module.rooms import CAPABILITIES
from twin_module.testing.answers import CarefulPerson
from twin_module.testing.person import eventually

BOB: Final = "@bob:example.org"


@dataclass(frozen=True, slots=True)
class Scene:
    """Alice, a collection, and a circle."""

    alice: CarefulPerson
    room: str
    circle: str

    def run(self, capability: str, command: str, /, **arguments: Any) -> Any:
        return self.alice.post(
            f"commands/{capability}/{command}", {"room_id": self.room, **arguments}
        )

    def task(self, uid: str) -> dict[str, Any]:
        content: dict[str, Any] = self.alice.get(f"rooms/{self.room}/tasks/{uid}")["content"]
        return content


@pytest.fixture
def scene(careful: CarefulPerson, collection: str) -> Scene:
    circle = careful.command("circles", "create", name="Nobody yet")["room_id"]
    scene = Scene(careful, collection, circle)
    scene.run("tasks", "add", uid="bread", title="Buy bread", priority=2)
    scene.run("docs", "create", uid="minutes", title="Minutes", text="# One")
    return scene


# Tasks


def add_a_task(s: Scene) -> None:
    s.run("tasks", "add", uid="rolls", title="Rolls", parent="bread", assignees=[BOB])
    view = s.alice.get(f"rooms/{s.room}/tasks")
    assert [task["uid"] for task in view["tasks"]] == ["bread", "rolls"]
    assert view["subtasks"] == {"bread": ["rolls"]}
    assert view["assignees"] == {BOB: ["rolls"]}
    taken = s.alice.ask(
        "POST", "commands/tasks/add", {"room_id": s.room, "uid": "bread", "title": "Other"}
    )
    assert (taken.status, taken.body["errcode"]) == (412, "ORG.DIGITALTWIN.CONFLICT")


def change_a_task(s: Scene) -> None:
    s.run("tasks", "change", uid="bread", title="Buy rye bread", due="2020-01-01T12:00:00")
    s.run("tasks", "change", uid="bread", priority=None)
    content = s.task("bread")
    assert (content["title"], content.get("priority")) == ("Buy rye bread", None)
    assert s.alice.get(f"rooms/{s.room}/tasks")["overdue"] == ["bread"]
    impossible = {"room_id": s.room, "uid": "bread", "due": "2026-02-30T12:00:00"}
    answer = s.alice.ask("POST", "commands/tasks/change", impossible)
    assert (answer.status, answer.body["errcode"]) == (400, "M_INVALID_PARAM")


def complete_a_task(s: Scene) -> None:
    s.run("tasks", "complete", uid="bread")
    assert s.task("bread")["progress"] == "completed"
    assert s.run("tasks", "complete", uid="bread")["objects"] == []
    assert s.alice.get(f"rooms/{s.room}/tasks")["open"] == 0


def reopen_a_task(s: Scene) -> None:
    s.run("tasks", "complete", uid="bread")
    s.run("tasks", "reopen", uid="bread")
    assert s.task("bread")["progress"] == "needs-action"
    assert s.alice.get(f"rooms/{s.room}/tasks")["open"] == 1


def assign_a_task(s: Scene) -> None:
    s.run("tasks", "assign", uid="bread", user_id=BOB)
    assert s.alice.get(f"rooms/{s.room}/tasks")["assignees"] == {BOB: ["bread"]}
    s.run("tasks", "assign", uid="bread", user_id=BOB, assigned=False)
    assert s.alice.get(f"rooms/{s.room}/tasks")["assignees"] == {}


def move_a_task(s: Scene) -> None:
    other = s.alice.collection("Other")
    s.run("tasks", "add", uid="rolls", title="Rolls", parent="bread")
    s.run("tasks", "move", uid="bread", to_room_id=other)
    assert sorted(s.alice.uids(other)) == ["bread", "rolls"]
    assert s.alice.uids(s.room) == ["minutes"]
    nowhere = {"room_id": other, "uid": "bread", "to_room_id": "!nowhere"}
    answer = s.alice.ask("POST", "commands/tasks/move", nowhere)
    assert (answer.status, answer.body["errcode"]) in ((404, "M_NOT_FOUND"), (403, "M_FORBIDDEN"))
    assert sorted(s.alice.uids(other)) == ["bread", "rolls"]


def remove_a_task(s: Scene) -> None:
    s.run("tasks", "remove", uid="bread")
    assert s.alice.uids(s.room) == ["minutes"]


# Events


MONDAY: Final = "2027-01-04T18:00:00"
TUESDAY: Final = "2027-01-05T18:00:00"


def with_an_event(s: Scene) -> Scene:
    daily = [{"frequency": "daily", "count": 3}]
    s.run("agenda", "add", uid="choir", title="Choir", start=MONDAY, recurrenceRules=daily)
    return s


def event(s: Scene) -> dict[str, Any]:
    content: dict[str, Any] = s.alice.get(f"rooms/{s.room}/agenda/choir")["content"]
    return content


def add_an_event(s: Scene) -> None:
    view = with_an_event(s).alice.get(f"rooms/{s.room}/agenda")
    assert [each["uid"] for each in view["events"]] == ["choir"]


def change_an_event(s: Scene) -> None:
    with_an_event(s).run("agenda", "change", uid="choir", recurrence_id=TUESDAY, title="Late")
    assert event(s)["recurrenceOverrides"] == {TUESDAY: {"title": "Late"}}
    following = {"uid": "choir", "recurrence_id": TUESDAY, "scope": "following"}
    made = s.run("agenda", "change", **following, title="Other")["objects"]
    assert len(made) == 2
    assert event(s)["recurrenceRules"][0]["until"] == "2027-01-05T17:59:59"


def cancel_an_event(s: Scene) -> None:
    with_an_event(s).run("agenda", "cancel", uid="choir")
    assert event(s)["status"] == "cancelled"


def remove_an_event(s: Scene) -> None:
    with_an_event(s).run("agenda", "remove", uid="choir", recurrence_id=TUESDAY)
    assert event(s)["recurrenceOverrides"] == {TUESDAY: {"excluded": True}}
    s.run("agenda", "remove", uid="choir")
    assert s.alice.get(f"rooms/{s.room}/agenda")["events"] == []


def invite_to_an_event(s: Scene) -> None:
    with_an_event(s).run("agenda", "invite", uid="choir", user_ids=[BOB])
    assert set(event(s)["participants"]) == {BOB, s.alice.owner}


def uninvite_from_an_event(s: Scene) -> None:
    invite_to_an_event(s)
    s.run("agenda", "uninvite", uid="choir", user_ids=[BOB])
    assert set(event(s)["participants"]) == {s.alice.owner}


def answer_an_event(s: Scene) -> None:
    invite_to_an_event(s)
    s.run("agenda", "answer", uid="choir", participationStatus="declined")
    [shown] = s.alice.get(f"rooms/{s.room}/agenda")["events"]
    assert shown["participants"][s.alice.owner]["participationStatus"] == "declined"


def move_an_event(s: Scene) -> None:
    other = s.alice.collection("Other")
    with_an_event(s).run("agenda", "move", uid="choir", to_room_id=other)
    assert s.alice.uids(other) == ["choir"]
    assert s.alice.get(f"rooms/{s.room}/agenda")["events"] == []


# Contacts


def with_a_contact(s: Scene) -> Scene:
    s.run("contacts", "add", uid="ada", name={"full": "Ada Lovelace"})
    s.run("contacts", "add", uid="band", kind="group", name={"full": "Band"})
    return s


def contact(s: Scene, uid: str = "ada") -> dict[str, Any]:
    content: dict[str, Any] = s.alice.get(f"rooms/{s.room}/contacts/{uid}")["content"]
    return content


def add_a_contact(s: Scene) -> None:
    assert contact(with_a_contact(s))["name"]["full"] == "Ada Lovelace"


def add_a_person(s: Scene) -> None:
    [made] = s.run("contacts", "add_person", user_id=BOB, displayname="Bob")["objects"]
    assert contact(s, made["uid"])["name"]["full"] == "Bob"
    assert s.run("contacts", "add_person", user_id=BOB)["objects"] == []


def change_a_contact(s: Scene) -> None:
    with_a_contact(s).run("contacts", "change", uid="ada", name={"full": "Ada King"})
    assert contact(s)["name"]["full"] == "Ada King"


def move_a_contact(s: Scene) -> None:
    other = s.alice.collection("Other")
    with_a_contact(s).run("contacts", "move", uid="ada", to_room_id=other)
    assert s.alice.uids(other) == ["ada"]
    assert "ada" not in s.alice.uids(s.room)


def add_to_a_group(s: Scene) -> None:
    with_a_contact(s).run("contacts", "add_member", uid="band", member="ada")
    assert len(contact(s, "band")["members"]) == 1


def take_out_of_a_group(s: Scene) -> None:
    add_to_a_group(s)
    s.run("contacts", "remove_member", uid="band", member="ada")
    assert not contact(s, "band").get("members")


def remove_a_contact(s: Scene) -> None:
    with_a_contact(s).run("contacts", "remove", uid="ada")
    assert "ada" not in s.alice.uids(s.room)


# Documents


def text_of(s: Scene) -> bytes:
    body: bytes = s.alice.ask("GET", f"rooms/{s.room}/docs/minutes/text").ok()
    return body


def create_a_document(s: Scene) -> None:
    made = s.run("docs", "create", title="Another", keywords={"a": True})["objects"][0]
    view = s.alice.get(f"rooms/{s.room}/docs")["docs"]
    assert [doc["title"] for doc in view] == ["Another", "Minutes"]
    assert view[0] == {"uid": made["uid"], "title": "Another", "size": 0, "keywords": ["a"]}


def rename_a_document(s: Scene) -> None:
    s.run("docs", "rename", uid="minutes", title="Minutes of Monday")
    assert s.alice.get(f"rooms/{s.room}/docs/minutes")["title"] == "Minutes of Monday"
    assert text_of(s) == b"# One"


def write_a_document(s: Scene) -> None:
    s.run("docs", "write", uid="minutes", text="# Two ä")
    assert text_of(s).decode() == "# Two ä"


def name_a_version(s: Scene) -> None:
    first = s.alice.get(f"rooms/{s.room}/docs/minutes")["etag"]
    s.run("docs", "name_version", uid="minutes", name="Draft")
    s.run("docs", "write", uid="minutes", text="# Two")
    named = s.alice.get(f"rooms/{s.room}/docs/minutes")["content"]["versions"]
    assert named == {"Draft": first}
    text = s.alice.ask("GET", f"rooms/{s.room}/docs/minutes/history/{named['Draft']}/text").ok()
    assert text == b"# One"
    [change] = [
        each
        for each in s.alice.get(f"rooms/{s.room}/docs/minutes/diff", **{"from": first})["changes"]
        if each["path"] == "/text"
    ]
    assert "-# One" in change["lines"]
    assert "+# Two" in change["lines"]


def forget_a_version(s: Scene) -> None:
    s.run("docs", "name_version", uid="minutes", name="Draft")
    s.run("docs", "forget_version", uid="minutes", name="Draft")
    assert not s.alice.get(f"rooms/{s.room}/docs/minutes")["content"].get("versions")


def remove_a_document(s: Scene) -> None:
    s.run("docs", "remove", uid="minutes")
    assert s.alice.uids(s.room) == ["bread"]


# Circles (what they do to members of other twins is told in test_circles.py)


def circle_view(s: Scene) -> Any:
    return s.alice.get(f"rooms/{s.circle}/circles")


def create_a_circle(s: Scene) -> None:
    made = s.alice.command("circles", "create", name="Family", purpose="Home", members={})
    view = s.alice.get(f"rooms/{made['room_id']}/circles")
    assert (view["name"], view["purpose"], view["members"]) == ("Family", "Home", [])
    kinds = s.alice.get("collections", kind="circle")["collections"]
    assert made["room_id"] in {each["room_id"] for each in kinds}


def change_a_circle(s: Scene) -> None:
    s.alice.command("circles", "change", room_id=s.circle, name="Choir", purpose="Songs")
    assert (circle_view(s)["name"], circle_view(s)["purpose"]) == ("Choir", "Songs")
    eventually(
        lambda: s.alice.get(f"collections/{s.circle}")["name"] == "Choir",
        what="the room has the circle's name",
    )


def add_a_member(s: Scene) -> None:
    s.alice.command("circles", "add", room_id=s.circle, user_id=BOB, role="viewer")
    assert circle_view(s)["members"] == [{"user_id": BOB, "role": "viewer"}]
    own = {"room_id": s.circle, "user_id": s.alice.owner}
    assert s.alice.ask("POST", "commands/circles/add", own).status == 400


def remove_a_member(s: Scene) -> None:
    s.alice.command("circles", "add", room_id=s.circle, user_id=BOB)
    s.alice.command("circles", "remove", room_id=s.circle, user_id=BOB)
    assert circle_view(s)["members"] == []
    again = {"room_id": s.circle, "user_id": BOB}
    assert s.alice.ask("POST", "commands/circles/remove", again).status == 404


def dissolve_a_circle(s: Scene) -> None:
    s.alice.command("circles", "dissolve", room_id=s.circle)
    assert "name" not in circle_view(s)


def share_a_collection(s: Scene) -> None:
    s.run("circles", "share", circle=s.circle, role="viewer")
    shares = s.alice.get(f"collections/{s.room}")["shares"]
    assert shares == [{"circle": s.circle, "role": "viewer"}]


def unshare_a_collection(s: Scene) -> None:
    s.run("circles", "share", circle=s.circle)
    s.run("circles", "unshare", circle=s.circle)
    assert s.alice.get(f"collections/{s.room}")["shares"] == []


# Attestations (what other twins make of them is told in test_attestations.py)


def issue_an_attestation(s: Scene) -> None:
    digest = "ab" * 32
    s.run("attestations", "issue", uid="a", statement="original", file=digest, description="Mine")
    [shown] = s.alice.get(f"rooms/{s.room}/attestations")["attestations"]
    assert (shown["claims"]["issuer"], shown["claims"]["description"]) == (s.alice.owner, "Mine")
    two = {"room_id": s.room, "statement": "original", "file": digest, "person": BOB}
    assert s.alice.ask("POST", "commands/attestations/issue", two).status == 400


def revoke_an_attestation(s: Scene) -> None:
    s.run("attestations", "issue", uid="a", statement="known", person=BOB)
    s.run("attestations", "revoke", uid="a", reason="I was wrong")
    [shown] = s.alice.get(f"rooms/{s.room}/attestations")["attestations"]
    assert shown["revoked"] is True


def remove_an_attestation(s: Scene) -> None:
    s.run("attestations", "issue", uid="a", statement="known", person=BOB)
    s.run("attestations", "remove", uid="a")
    assert s.alice.get(f"rooms/{s.room}/attestations")["attestations"] == []


STORIES: Final[Mapping[tuple[str, str], Callable[[Scene], None]]] = {
    ("tasks", "add"): add_a_task,
    ("tasks", "change"): change_a_task,
    ("tasks", "complete"): complete_a_task,
    ("tasks", "reopen"): reopen_a_task,
    ("tasks", "assign"): assign_a_task,
    ("tasks", "move"): move_a_task,
    ("tasks", "remove"): remove_a_task,
    ("agenda", "add"): add_an_event,
    ("agenda", "change"): change_an_event,
    ("agenda", "cancel"): cancel_an_event,
    ("agenda", "remove"): remove_an_event,
    ("agenda", "invite"): invite_to_an_event,
    ("agenda", "uninvite"): uninvite_from_an_event,
    ("agenda", "answer"): answer_an_event,
    ("agenda", "move"): move_an_event,
    ("contacts", "add"): add_a_contact,
    ("contacts", "add_person"): add_a_person,
    ("contacts", "change"): change_a_contact,
    ("contacts", "move"): move_a_contact,
    ("contacts", "add_member"): add_to_a_group,
    ("contacts", "remove_member"): take_out_of_a_group,
    ("contacts", "remove"): remove_a_contact,
    ("docs", "create"): create_a_document,
    ("docs", "rename"): rename_a_document,
    ("docs", "write"): write_a_document,
    ("docs", "name_version"): name_a_version,
    ("docs", "forget_version"): forget_a_version,
    ("docs", "remove"): remove_a_document,
    ("circles", "create"): create_a_circle,
    ("circles", "change"): change_a_circle,
    ("circles", "add"): add_a_member,
    ("circles", "remove"): remove_a_member,
    ("circles", "dissolve"): dissolve_a_circle,
    ("circles", "share"): share_a_collection,
    ("circles", "unshare"): unshare_a_collection,
    ("attestations", "issue"): issue_an_attestation,
    ("attestations", "revoke"): revoke_an_attestation,
    ("attestations", "remove"): remove_an_attestation,
}
COMMANDS: Final = [(each, name) for each in CAPABILITIES for name in each.commands]


@pytest.mark.parametrize(
    ("capability", "name"), COMMANDS, ids=lambda part: getattr(part, "name", part)
)
def test_a_command_does_what_it_says(capability: Any, name: str, scene: Scene) -> None:
    STORIES[capability.name, name](scene)


@pytest.mark.parametrize(
    ("capability", "name"), COMMANDS, ids=lambda part: getattr(part, "name", part)
)
def test_a_command_refuses_arguments_that_do_not_fit(
    capability: Any, name: str, careful: CarefulPerson, lasting_collection: str
) -> None:
    before = careful.state(lasting_collection)
    command = capability.commands[name]
    wrong: Any
    for wrong in (
        {"room_id": lasting_collection, "surprise": 1},
        {"room_id": 7},
        dict.fromkeys(command.schema()["required"], 1.5) or {"name": 1.5},
        [],
    ):
        answer = careful.ask("POST", f"commands/{capability.name}/{name}", wrong)
        assert (answer.status, answer.body["errcode"]) == (400, "M_BAD_JSON"), wrong
    assert careful.state(lasting_collection) == before


@pytest.mark.parametrize(
    ("capability", "name"),
    [(each, name) for each, name in COMMANDS if "uid" in each.commands[name].required],
    ids=lambda part: getattr(part, "name", part),
)
def test_a_command_on_what_is_not_there_is_refused(
    capability: Any, name: str, careful: CarefulPerson, lasting_collection: str
) -> None:
    before = careful.state(lasting_collection)
    more = {
        "title": "x",
        "text": "x",
        "name": "x",
        "user_id": BOB,
        "user_ids": [BOB],
        "participationStatus": "accepted",
        "to_room_id": lasting_collection,
        "member": BOB,
    }
    needed = capability.commands[name].schema()["required"]
    arguments = {key: value for key, value in more.items() if key in needed}
    answer = careful.ask(
        "POST",
        f"commands/{capability.name}/{name}",
        {"room_id": lasting_collection, "uid": "none", **arguments},
    )
    assert (answer.status, answer.body["errcode"]) == (404, "M_NOT_FOUND")
    assert "'none'" in answer.body["error"]
    assert careful.state(lasting_collection) == before
