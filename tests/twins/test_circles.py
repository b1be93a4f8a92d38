"""Circles over three twins: what the owner declares becomes true, whoever was away meanwhile."""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

import pytest

from twin_module.testing.person import CLIENT, Person, eventually
from twin_module.testing.twins import TwinNetwork, person_at

TASK: Final = {"@type": "Task", "title": "Buy bread"}


@pytest.fixture(autouse=True)
def _asking_again(bob: Person, carol: Person) -> Iterator[None]:
    """Let Bob and Carol be asked about everything again after each test."""
    yield
    for person in (bob, carol):
        person.put("settings", {})


def circle_of(owner: Person, **members: Person) -> str:
    """Make a circle; names of arguments are roles."""
    wanted = {person.owner: role for role, person in members.items()}
    room: str = owner.command("circles", "create", name="Circle", members=wanted)["room_id"]
    return room


def share(owner: Person, circle: str, role: str = "editor", name: str = "Shared") -> str:
    """Make a collection that is shared with a circle."""
    room = owner.collection(name)
    owner.command("circles", "share", room_id=room, circle=circle, role=role)
    return room


def members(person: Person, room: str) -> dict[str, tuple[str, str]]:
    """Return membership and role of everyone in a room."""
    shown = person.get(f"collections/{room}")["members"]
    return {each["user_id"]: (each["membership"], each["role"]) for each in shown}


def becomes(person: Person, room: str, who: Person, membership: str, role: str) -> None:
    """Wait until somebody is in a room as told."""

    def is_so() -> bool:
        found = members(person, room).get(who.owner)
        assert found == (membership, role), found
        return True

    eventually(is_so, what=f"{who.owner} is {membership} and {role}")


def settled(alice: Person, person: Person, circle: str, *rooms: str) -> None:
    """Let somebody join what they are invited to, and wait until their twin has all of it.

    A server that still fetches what it joined does not hear of a kick that comes meanwhile: it
    asks for what came before, and is no longer told.
    """
    person.accept(circle, *rooms)
    for room in (circle, *rooms):
        alice.put_state(room, "org.example.marker", "", {"for": person.owner}).ok()
        eventually(
            lambda room=room: (  # type: ignore[misc]
                person.read_state(room, "org.example.marker", "").body == {"for": person.owner}
            ),
            what=f"{person.owner} has all of {room}",
        )


def away(person: Person, room: str) -> None:
    """Wait until somebody is in a room no longer, as their own twin sees it."""
    eventually(
        lambda: (
            person.ask("GET", f"collections/{room}").status == 404
            and room not in person.invitations()
        ),
        what=f"{person.owner} is away from {room}",
    )


def joined(person: Person, *rooms: str) -> None:
    """Wait until somebody has joined rooms without being asked."""
    for room in rooms:
        eventually(
            lambda room=room: person.ask("GET", f"collections/{room}").status == 200,  # type: ignore[misc]
            what=f"{person.owner} has joined {room}",
        )


# Invitations and roles


def test_members_are_asked_and_see_it_in_any_client(
    alice: Person, bob: Person, carol: Person
) -> None:
    circle = circle_of(alice, editor=bob, viewer=carol)
    room = share(alice, circle)
    for person in (bob, carol):
        eventually(
            lambda person=person: {circle, room} <= person.invitations(),  # type: ignore[misc]
            what=f"{person.owner} is invited",
        )
        shown = {each["room_id"]: each for each in person.get("invitations")["invitations"]}
        assert shown[circle]["kind"] == "circle"
        assert shown[room]["kind"] == "collection"
        assert shown[room]["name"] == "Shared"
        assert shown[room]["inviter"] == alice.owner
        assert {circle, room} <= set(person.get(f"{CLIENT}/sync")["rooms"]["invite"])
        assert person.ask("GET", f"collections/{room}").status == 404


def test_an_invitation_that_was_declined_is_gone(alice: Person, bob: Person) -> None:
    circle = circle_of(alice, editor=bob)
    eventually(lambda: circle in bob.invitations(), what="Bob is invited")
    # Where he says no before her server has stored its own invitation, Synapse tells it nothing.
    becomes(alice, circle, bob, "invite", "editor")
    bob.post(f"invitations/{circle}/decline")
    away(bob, circle)
    eventually(lambda: members(alice, circle)[bob.owner][0] == "leave", what="Alice knows")
    # He said no, so he is not asked again, until he is added again.
    alice.command("circles", "change", room_id=circle, purpose="Another")
    assert circle not in bob.invitations()
    alice.command("circles", "add", room_id=circle, user_id=bob.owner)
    eventually(lambda: circle in bob.invitations(), what="Bob is asked again")


def test_a_viewer_reads_and_an_editor_writes(alice: Person, bob: Person, carol: Person) -> None:
    circle = circle_of(alice, editor=bob, viewer=carol)
    room = share(alice, circle, role="admin")
    alice.put(f"rooms/{room}/tasks/one", TASK)
    for person in (bob, carol):
        person.accept(room)
    becomes(bob, room, bob, "join", "editor")
    becomes(carol, room, carol, "join", "viewer")
    # Who does not know yet that somebody came, does not send them anything.
    becomes(bob, room, carol, "join", "viewer")

    before = carol.state(room)
    for method, path, body in (
        ("PUT", f"rooms/{room}/tasks/two", TASK),
        ("PATCH", f"rooms/{room}/tasks/one", {"priority": 1}),
        ("DELETE", f"rooms/{room}/tasks/one", None),
        ("POST", "commands/tasks/add", {"room_id": room, "title": "x"}),
    ):
        answer = carol.ask(method, path, body)
        assert (answer.status, answer.body["errcode"]) == (403, "M_FORBIDDEN"), path
    assert carol.state(room) == before
    assert carol.uids(room) == ["one"]
    bulk = {"objects": [{"capability": "tasks", "content": TASK}] * 2}
    results = carol.post(f"rooms/{room}/objects", bulk)["objects"]
    assert {each["errcode"] for each in results} == {"M_FORBIDDEN"}

    bob.put(f"rooms/{room}/tasks/two", TASK)
    eventually(lambda: sorted(carol.uids(room)) == ["one", "two"], what="Carol sees Bob's task")
    for path, body in (
        ("commands/circles/share", {"room_id": room, "circle": circle}),
        ("commands/circles/unshare", {"room_id": room, "circle": circle}),
    ):
        assert bob.ask("POST", path, body).status == 403
    assert bob.ask("PATCH", f"collections/{room}", {"name": "Bob's"}).status == 403


def test_the_role_in_a_collection_is_never_more_than_its_share(alice: Person, bob: Person) -> None:
    circle = circle_of(alice, editor=bob)
    room = share(alice, circle, role="viewer")
    bob.accept(room)
    becomes(bob, room, bob, "join", "viewer")
    alice.command("circles", "share", room_id=room, circle=circle, role="editor")
    becomes(bob, room, bob, "join", "editor")


def test_a_role_that_changes_changes_in_what_is_shared(alice: Person, bob: Person) -> None:
    circle = circle_of(alice, editor=bob)
    room = share(alice, circle)
    bob.accept(room)
    becomes(bob, room, bob, "join", "editor")
    alice.command("circles", "add", room_id=circle, user_id=bob.owner, role="viewer")
    becomes(bob, room, bob, "join", "viewer")
    assert bob.ask("PUT", f"rooms/{room}/tasks/one", TASK).status == 403


# Leaving


def test_who_is_removed_from_a_circle_loses_what_they_had_only_through_it(
    alice: Person, bob: Person
) -> None:
    circle, other = circle_of(alice, editor=bob), circle_of(alice, viewer=bob)
    only, both = share(alice, circle, name="Only"), share(alice, circle, name="Both")
    alice.command("circles", "share", room_id=both, circle=other, role="viewer")
    invited = alice.collection("Invited")
    alice.invite(invited, bob.owner).ok()
    bob.accept(invited)
    eventually(lambda: bob.owner in members(alice, invited), what="Bob is in")
    alice.command("circles", "share", room_id=invited, circle=circle)
    settled(alice, bob, circle, only, both)
    becomes(alice, both, bob, "join", "editor")

    alice.command("circles", "remove", room_id=circle, user_id=bob.owner)
    away(bob, circle)
    away(bob, only)
    becomes(alice, both, bob, "join", "viewer")
    assert members(alice, invited)[bob.owner][0] == "join"
    assert bob.ask("GET", f"collections/{invited}").status == 200


def test_who_leaves_a_circle_leaves_what_they_had_through_it(alice: Person, bob: Person) -> None:
    circle = circle_of(alice, editor=bob)
    room = share(alice, circle)
    settled(alice, bob, circle, room)
    becomes(alice, room, bob, "join", "editor")
    bob.post(f"collections/{circle}/leave")
    away(bob, room)
    assert circle not in bob.invitations()


def test_a_circle_that_is_dissolved_leaves_nobody_in_what_it_shared(
    alice: Person, bob: Person, carol: Person
) -> None:
    circle = circle_of(alice, editor=bob, viewer=carol)
    room = share(alice, circle)
    settled(alice, bob, circle, room)
    alice.command("circles", "dissolve", room_id=circle)
    for person in (bob, carol):
        away(person, circle)
        away(person, room)
    assert alice.ask("GET", f"collections/{room}").status == 200


def test_what_is_shared_no_longer_is_left(alice: Person, bob: Person) -> None:
    circle = circle_of(alice, editor=bob)
    room = share(alice, circle)
    settled(alice, bob, circle, room)
    alice.command("circles", "unshare", room_id=room, circle=circle)
    away(bob, room)
    assert bob.ask("GET", f"collections/{circle}").status == 200
    rule = alice.read_state(room, "m.room.join_rules", "").ok()
    assert rule["join_rule"] == "invite"


# Accepting without being asked


def test_who_trusts_a_person_is_in_without_being_asked(alice: Person, bob: Person) -> None:
    bob.put("settings", {"accept_from": [alice.owner]})
    circle = circle_of(alice, editor=bob)
    room = share(alice, circle)
    joined(bob, circle, room)


def test_who_trusts_a_person_accepts_what_waits_already(alice: Person, bob: Person) -> None:
    circle = circle_of(alice, editor=bob)
    eventually(lambda: circle in bob.invitations(), what="Bob is invited")
    bob.put("settings", {"accept_from": [alice.owner]})
    joined(bob, circle)


def test_who_trusts_circles_is_asked_about_them_and_then_no_more(
    alice: Person, bob: Person
) -> None:
    bob.put("settings", {"accept_from_circles": True})
    circle = circle_of(alice, editor=bob)
    before = share(alice, circle, name="Before")
    eventually(lambda: {circle, before} <= bob.invitations(), what="Bob is asked")
    bob.accept(circle)
    joined(bob, before)
    joined(bob, share(alice, circle, name="After"))


def test_who_trusts_circles_is_still_asked_about_everything_else(
    alice: Person, bob: Person, carol: Person
) -> None:
    bob.put("settings", {"accept_from_circles": True})
    circle = circle_of(alice, editor=bob)
    bob.accept(circle)
    apart = alice.collection("Apart")
    alice.invite(apart, bob.owner).ok()
    theirs = share(carol, circle_of(carol, editor=bob), name="Carol's")
    eventually(lambda: {apart, theirs} <= bob.invitations(), what="Bob is asked about both")
    bob.get("status")
    assert {apart, theirs} <= bob.invitations()


def test_a_chat_room_is_never_joined_without_being_asked(alice: Person, bob: Person) -> None:
    bob.put("settings", {"accept_from": [alice.owner], "accept_from_circles": True})
    chat = alice.create_room(name="Chat", invite=[bob.owner])
    collection = alice.collection("Collection")
    alice.invite(collection, bob.owner).ok()
    joined(bob, collection)
    assert chat in bob.get(f"{CLIENT}/sync")["rooms"]["invite"]


# Joining by the circle alone


def test_a_member_of_the_circle_may_join_without_an_invitation_and_a_stranger_may_not(
    alice: Person, bob: Person, carol: Person
) -> None:
    circle = circle_of(alice, editor=bob)
    bob.accept(circle)
    room = share(alice, circle)
    eventually(
        lambda: alice.read_state(room, "m.room.join_rules", "").ok()["join_rule"] == "restricted",
        what="the room is open to the circle",
    )
    server = alice.owner.partition(":")[2]
    path = f"{CLIENT}/join/{quote(room)}?via={server}"
    assert carol.ask("POST", path, {}).status == 403
    # His invitation, if it is there already, is not what lets him in.
    eventually(lambda: room in bob.invitations(), what="Bob is invited")
    bob.post(f"invitations/{room}/decline")
    away(bob, room)
    eventually(lambda: members(alice, room)[bob.owner][0] == "leave", what="Alice knows")
    assert bob.ask("POST", path, {}).status == 200
    becomes(alice, room, bob, "join", "editor")
    came: Any = alice.read_state(room, "m.room.member", bob.owner).ok()
    assert came["join_authorised_via_users_server"] == alice.owner


# Being away


def test_a_member_whose_twin_is_away_is_invited_once_it_is_back(
    own_network: TwinNetwork,
) -> None:
    alice, bob = (person_at(own_network.start(name)) for name in ("alice", "bob"))
    first = alice.collection("They know each other")
    alice.invite(first, bob.owner).ok()
    bob.accept(first)
    with own_network.cut_off("bob"):
        circle = circle_of(alice, editor=bob)
        room = share(alice, circle)
        eventually(
            lambda: {circle, room} <= set(alice.get("status")["to_be_tried_again"]),
            what="Alice's twin notes what it could not do",
        )
        assert alice.get(f"rooms/{circle}/circles")["members"][0]["user_id"] == bob.owner
    eventually(lambda: {circle, room} <= bob.invitations(), what="Bob is invited", within=90)
    bob.accept(circle, room)
    alice.put(f"rooms/{room}/tasks/one", TASK)
    eventually(lambda: bob.uids(room) == ["one"], what="Bob sees the task")
    eventually(lambda: alice.get("status")["to_be_tried_again"] == [], what="nothing is left to do")


def test_a_restart_in_the_middle_loses_nothing(own_network: TwinNetwork) -> None:
    twin = own_network.start("alice")
    alice, bob = person_at(twin), person_at(own_network.start("bob"))
    with own_network.cut_off("bob"):
        circle = circle_of(alice, editor=bob)
        room = share(alice, circle)
        eventually(
            lambda: {circle, room} <= set(alice.get("status")["to_be_tried_again"]),
            what="Alice's twin notes what it could not do",
        )
        twin.start_again()
        person_at(twin)
    eventually(lambda: {circle, room} <= bob.invitations(), what="Bob is invited", within=90)
    bob.accept(circle, room)
    becomes(alice, room, bob, "join", "editor")
