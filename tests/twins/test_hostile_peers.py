"""What another server may send: it is left out and counted, and everything else is still served."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from twin_module.testing.digest import differences
from twin_module.testing.person import CLIENT, Person, eventually
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import TwinNetwork, person_at

TASK: Final = {"@type": "Task", "title": "Buy bread"}
TYPE: Final = "org.digitaltwin.task"
# The reactor's thread, which draws random numbers of its own, runs all the while.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Do not use the .random. module inside strategies"),
    pytest.mark.usefixtures("nothing_raised"),
]


@dataclass(frozen=True, slots=True)
class Meeting:
    """Alice at her twin, Mallory at a server without the module, and a room that both edit."""

    network: TwinNetwork
    alice: Person
    mallory: Person
    room: str

    def sends(self, content: Any, key: str = "one", kind: str = TYPE) -> None:
        """Let Mallory write something that Mallory's own server takes."""
        self.mallory.put_state(self.room, kind, key, content).ok()

    def arrived(self) -> None:
        """Wait until Alice's twin has read what Mallory sent so far."""
        marker = self.mallory.put_state(
            self.room, TYPE, "marker", {**TASK, "title": self.mallory.token[-8:], "n": _next()}
        ).ok()["event_id"]
        eventually(
            lambda: self.alice.get(f"rooms/{self.room}/tasks/marker")["etag"] == marker,
            what="Alice's twin has read everything",
        )

    def shown(self, uid: str = "one") -> Any:
        """Return an object as Alice's twin shows it."""
        return self.alice.get(f"rooms/{self.room}/tasks/{uid}")

    def left_out(self) -> int:
        """Return how many events of the room are left out."""
        number: int = self.alice.get("status")["left_out"].get(self.room, 0)
        return number


_numbers: Final = iter(range(1_000_000))


def _next() -> int:
    return next(_numbers)


@pytest.fixture(scope="module")
def network(
    reactor_thread: ReactorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TwinNetwork]:
    """Alice's twin, and a server of Mallory's without the module."""
    folder = tmp_path_factory.mktemp("hostile")
    with TwinNetwork(reactor_thread, folder, names=("alice", "mallory")) as network:
        network.start("alice")
        network.start("mallory", vanilla=True)
        yield network


@pytest.fixture(scope="module")
def people(network: TwinNetwork) -> tuple[Person, Person]:
    """Alice and Mallory."""
    return person_at(network.twins["alice"]), person_at(network.twins["mallory"])


@pytest.fixture
def meeting(network: TwinNetwork, people: tuple[Person, Person]) -> Meeting:
    """A collection with a good task, in which Mallory may write."""
    alice, mallory = people
    room = alice.collection("Open to Mallory")
    alice.put(f"rooms/{room}/tasks/one", TASK)
    alice.put(f"rooms/{room}/tasks/other", {**TASK, "title": "Untouched"})
    levels = alice.read_state(room, "m.room.power_levels", "").ok()
    alice.put_state(room, "m.room.power_levels", "", {**levels, "users": {mallory.owner: 50}}).ok()
    alice.invite(room, mallory.owner).ok()
    eventually(
        lambda: room in mallory.get(f"{CLIENT}/sync")["rooms"].get("invite", {}),
        what="Mallory is invited",
    )
    via = alice.owner.partition(":")[2]
    eventually(
        lambda: mallory.ask("POST", f"{CLIENT}/join/{quote(room)}?via={via}", {}).status == 200
    )
    met = Meeting(network, alice, mallory, room)
    met.arrived()
    return met


def deep(levels: int) -> Any:
    """Return content that is nested so deep; beyond 128 levels Synapse sends nothing."""
    content: Any = "x"
    for _ in range(levels):
        content = {"a": content}
    return content


BAD: Final[dict[str, Any]] = {
    "no title": {"@type": "Task"},
    "a title that is a list": {"@type": "Task", "title": ["x"]},
    "a title that is an object": {"@type": "Task", "title": {"a": 1}},
    "a wrong @type": {"@type": "Document", "title": "x"},
    "participants that are a list": {**TASK, "participants": [1]},
    "participants without roles": {**TASK, "participants": {"@bob:x": {}}},
    "keywords that are false": {**TASK, "keywords": {"a": False}},
    "relations to nothing": {**TASK, "relatedTo": {"@x": None}},
    "our own words in a wrong shape": {"org.digitaltwin": 7},
    "110 levels": {**TASK, "deep": deep(110)},
    "20 levels": {**TASK, "deep": deep(20)},
    "60,000 bytes": {**TASK, "description": "x" * 60_500},
    "a NUL": {**TASK, "title": "a\x00b"},
    "thousands of keywords": {**TASK, "keywords": {f"k{n}": True for n in range(3000)}},
}


@pytest.mark.parametrize("what", BAD)
def test_what_does_not_fit_is_left_out_and_the_last_good_version_stays(
    what: str, meeting: Meeting
) -> None:
    meeting.sends(BAD[what])
    meeting.arrived()
    shown = meeting.shown()
    assert shown["content"] == TASK
    assert shown["problem"]
    assert meeting.left_out() == 1
    view = meeting.alice.get(f"rooms/{meeting.room}/tasks")
    assert view["left_out"] == 1
    assert {task["uid"] for task in view["tasks"]} == {"one", "other", "marker"}
    assert meeting.shown("other")["title"] == "Untouched"

    # Alice mends it with an ordinary change of what she sees.
    meeting.alice.command("tasks", "complete", room_id=meeting.room, uid="other")
    meeting.alice.put(f"rooms/{meeting.room}/tasks/one", {**TASK, "title": "Mended"})
    assert meeting.left_out() == 0
    assert meeting.shown()["title"] == "Mended"
    assert differences(meeting.network.twins["alice"]) == []


def test_a_new_object_that_does_not_fit_is_counted_and_not_shown(meeting: Meeting) -> None:
    meeting.sends({"title": 1}, key="new")
    meeting.arrived()
    assert meeting.left_out() == 1
    answer = meeting.alice.ask("GET", f"rooms/{meeting.room}/tasks/new")
    assert answer.status == 404
    assert "new" not in meeting.alice.uids(meeting.room)


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (TYPE, "with space"),
        (TYPE, "ä"),
        (TYPE, ""),
        (TYPE, "x/y"),
        ("org.digitaltwin.unheard", "x"),
        ("org.digitaltwin.", ""),
        ("org.digitaltwin.share", "no room"),
        ("org.digitaltwin.circle", "other"),
        ("org.digitaltwin.doc", "x"),
    ],
)
def test_keys_and_types_that_are_none_of_ours_are_left_out(
    kind: str, key: str, meeting: Meeting
) -> None:
    meeting.sends({"role": "editor", "a": 1}, key=key, kind=kind)
    meeting.arrived()
    assert meeting.left_out() == 1
    assert sorted(meeting.alice.uids(meeting.room)) == ["marker", "one", "other"]
    for capability in ("tasks", "docs", "circles"):
        meeting.alice.get(f"rooms/{meeting.room}/{capability}")
    meeting.alice.get(f"collections/{meeting.room}")


def test_what_only_looks_like_ours_is_not_counted(meeting: Meeting) -> None:
    meeting.sends({"a": 1}, key="x", kind="org.digitaltwinx.task")
    meeting.sends({"a": 1}, key="x", kind="m.unheard")
    meeting.arrived()
    assert meeting.left_out() == 0


def test_a_removal_by_a_peer_is_a_removal(meeting: Meeting) -> None:
    meeting.sends({})
    meeting.arrived()
    assert meeting.left_out() == 0
    assert sorted(meeting.alice.uids(meeting.room)) == ["marker", "other"]


def test_a_redaction_by_a_peer_removes(meeting: Meeting) -> None:
    meeting.sends({**TASK, "title": "Mallory's"})
    meeting.arrived()
    event_id = meeting.shown()["etag"]
    path = f"{CLIENT}/rooms/{quote(meeting.room)}/redact/{quote(event_id)}/1"
    meeting.mallory.put(path, {})
    eventually(lambda: "one" not in meeting.alice.uids(meeting.room), what="it is gone")
    assert meeting.left_out() == 0


def test_room_settings_of_wrong_shapes_do_no_harm(meeting: Meeting) -> None:
    alice, room = meeting.alice, meeting.room
    meeting.sends({"via": "x"}, key="!x", kind="m.space.child")
    meeting.sends({"role": 7}, key="!circle", kind="org.digitaltwin.share")
    meeting.arrived()
    shown = alice.get(f"collections/{room}")
    assert (shown["name"], shown["shares"]) == ("Open to Mallory", [])


@pytest.mark.parametrize(
    "creation",
    [
        {"type": "org.digitaltwin.unheard"},
        {"type": "m.space", "org.digitaltwin.kind": "unheard"},
        {"type": "m.space", "org.digitaltwin.kind": ["index"]},
        {"org.digitaltwin.kind": {"a": 1}},
    ],
    ids=str,
)
def test_an_unknown_kind_of_room_is_an_ordinary_one(
    creation: dict[str, Any], people: tuple[Person, Person]
) -> None:
    alice, mallory = people
    room = mallory.create_room(creation_content=creation, invite=[alice.owner])
    eventually(
        lambda: room in alice.get(f"{CLIENT}/sync")["rooms"].get("invite", {}),
        what="Alice is invited",
    )
    assert room not in alice.invitations()
    via = mallory.owner.partition(":")[2]
    eventually(
        lambda: alice.ask("POST", f"{CLIENT}/join/{quote(room)}?via={via}", {}).status == 200
    )
    eventually(lambda: alice.ask("GET", f"collections/{room}").status == 200)
    assert alice.get(f"collections/{room}")["kind"] == "other"


def test_another_persons_index_is_not_taken_for_the_twins_own(
    people: tuple[Person, Person],
) -> None:
    alice, mallory = people
    before = {each["room_id"] for each in alice.get("collections", kind="index")["collections"]}
    creation = {"type": "m.space", "org.digitaltwin.kind": "index"}
    room = mallory.create_room(creation_content=creation, invite=[alice.owner])
    via = mallory.owner.partition(":")[2]
    eventually(
        lambda: alice.ask("POST", f"{CLIENT}/join/{quote(room)}?via={via}", {}).status == 200
    )
    collection = alice.collection("Mine")
    [index] = before
    eventually(
        lambda: alice.read_state(index, "m.space.child", collection).status == 200,
        what="the twin goes on with its own index",
    )
    assert alice.read_state(room, "m.space.child", collection).status == 404


def test_a_forked_history_is_read_as_what_became_of_it(meeting: Meeting) -> None:
    with meeting.network.cut_off("mallory"):
        meeting.alice.put(f"rooms/{meeting.room}/tasks/one", {**TASK, "title": "Alice's"})
        for number in range(10):
            meeting.sends({**TASK, "title": f"Mallory's {number}"})
        meeting.sends({"title": "broken"})
        meeting.sends({"title": "broken"}, key="new")
    meeting.arrived()
    assert meeting.left_out() == 2
    # What was good before it came over in one go with the bad one, so it may be any of them.
    assert meeting.shown()["content"]["title"].startswith(("Mallory's", "Alice's", "Buy"))
    assert meeting.shown()["problem"]
    eventually(lambda: not differences(meeting.network.twins["alice"]), what="the view is true")


CONTENTS: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["title", "@type", "due", "keywords", "participants", "relatedTo", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(
    contents=st.lists(
        st.dictionaries(st.sampled_from([*TASK, "keywords", "due", "x"]), CONTENTS, max_size=5),
        min_size=1,
        max_size=3,
    ),
    kind=st.sampled_from(["task", "doc", "circle", "share", "granted"]),
)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_a_peer_sends_the_twin_serves_on(
    contents: list[dict[str, Any]], kind: str, meeting: Meeting
) -> None:
    for number, content in enumerate(contents):
        # What Mallory's own server refuses does not come to Alice.
        meeting.mallory.put_state(meeting.room, f"org.digitaltwin.{kind}", f"k{number}", content)
    meeting.arrived()
    for path in ("objects", "tasks", "docs", "circles"):
        assert meeting.alice.ask("GET", f"rooms/{meeting.room}/{path}").status == 200
    assert meeting.alice.ask("GET", f"collections/{meeting.room}").status == 200
    assert differences(meeting.network.twins["alice"]) == []
