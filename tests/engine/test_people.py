"""Who is where, as the twin's owner sees it."""

from typing import Any

import pytest

from tests.engine.conftest import Home, settle, share
from twin_module.core.errors import NotFound
from twin_module.core.state import NAMESPACE
from twin_module.testing.driver import run

BOB = "@bob:bob.example"
CAROL = "@carol:carol.example"


def people(home: Home) -> dict[str, Any]:
    return {each.user_id: each.as_json() for each in run(home.twin.people.everyone())}


def reaches(home: Home, user_id: str) -> dict[str, Any]:
    """Return why somebody is in what they see, by room."""
    _, found = run(home.twin.people.one(user_id))
    return {each.room.room_id: each.as_json()["because"] for each in found}


def rename(home: Home, room_id: str, name: str, user_id: str = BOB) -> None:
    """Have somebody's membership say another name, as their server does."""
    content = {"membership": "join", "displayname": name}
    home.server.write(room_id, "m.room.member", user_id, content, sender=user_id)
    settle(home)


def test_a_twin_that_shares_nothing_knows_nobody(alice: Home, room: str) -> None:
    assert people(alice) == {}


def test_who_was_declared_is_asked_and_then_there(alice: Home, bob: Home) -> None:
    circle = alice.circle("Family", bob="viewer")
    run(alice.twin.projector.catch_up())
    # Before the duties are done, while their twin is away: a request that is out.
    asked = {"room_id": circle, "name": "Family", "role": "viewer", "membership": "leave"}
    assert people(alice) == {
        BOB: {
            "user_id": BOB,
            "displayname": None,
            "circles": [asked],
            "collections": 0,
            "membership": "invite",
            "shared": [],
        }
    }
    settle(alice, bob)
    assert people(alice)[BOB]["circles"][0]["membership"] == "invite"
    assert people(alice)[BOB]["membership"] == "invite"
    bob.accept(circle)
    settle(alice, bob)
    assert people(alice)[BOB]["circles"][0]["membership"] == "join"
    assert people(alice)[BOB]["membership"] == "join"


def test_who_said_no_is_no_longer_asked(alice: Home, bob: Home) -> None:
    circle = alice.circle("Family", bob="viewer")
    settle(alice, bob)
    run(bob.port.set_membership(circle, BOB, "leave", ""))
    settle(alice, bob)
    assert people(alice)[BOB]["membership"] == "leave"
    assert people(alice)[BOB]["circles"][0]["membership"] == "leave"


def test_who_was_taken_out_of_everything_is_nobody_any_more(alice: Home, bob: Home) -> None:
    circle = alice.circle("Family", bob="viewer")
    settle(alice, bob)
    alice.command("circles", "remove", room_id=circle, user_id=BOB)
    settle(alice, bob)
    assert people(alice) == {}
    with pytest.raises(NotFound, match=BOB):
        run(alice.twin.people.one(BOB))


def test_each_sees_the_other_in_what_they_share(alice: Home, bob: Home, shared: str) -> None:
    assert people(alice)[BOB]["collections"] == people(bob)[alice.owner]["collections"] == 1
    assert reaches(alice, BOB) == {shared: [{"invited": True}]}
    assert reaches(bob, alice.owner) == {shared: [{"creator": True}]}
    assert alice.owner not in people(alice)
    with pytest.raises(NotFound):
        run(alice.twin.people.one(alice.owner))


def test_what_somebody_sees_through_a_circle_is_told_from_what_they_were_asked_into(
    alice: Home, bob: Home
) -> None:
    by_hand = share(alice, bob)
    circle = alice.circle("Family", bob="admin")
    through = alice.collection("Through")
    alice.command("circles", "share", room_id=through, circle=circle, role="editor")
    settle(alice, bob)
    reason = {"circle": circle, "name": "Family"}
    assert reaches(alice, BOB) == {
        by_hand: [{"invited": True}],
        circle: [reason],
        through: [reason],
    }
    _, found = run(alice.twin.people.one(BOB))
    shown = {each.room.room_id: each.as_json() for each in found}
    assert shown[through] == {
        "room_id": through,
        "kind": "collection",
        "name": "Through",
        "role": "editor",
        "membership": "invite",
        "because": [reason],
    }


def test_what_circles_may_do_and_what_each_is_asked_into_is_told_with_the_people(
    alice: Home, bob: Home
) -> None:
    circle, through = alice.circle("Family", bob="viewer"), alice.collection("Through")
    alice.command("circles", "share", room_id=through, circle=circle, role="editor")
    settle(alice, bob)
    assert [each.as_json() for each in run(alice.twin.people.shares())] == [
        {"circle": circle, "room_id": through, "role": "editor"}
    ]
    assert people(alice)[BOB]["shared"] == [{"room_id": through, "membership": "invite"}]
    alice.command("circles", "unshare", room_id=through, circle=circle)
    settle(alice, bob)
    assert run(alice.twin.people.shares()) == []
    assert people(alice)[BOB]["shared"] == []


def test_a_room_says_why_each_member_is_there(alice: Home, bob: Home, carol: Home) -> None:
    room = share(alice, bob)
    circle = alice.circle("Family", bob="viewer", carol="viewer")
    alice.command("circles", "share", room_id=room, circle=circle)
    settle(alice, bob, carol)
    found = run(alice.twin.people.reasons(room, alice.server.state(room)))
    assert {user: [each.as_json() for each in why] for user, why in found.items()} == {
        alice.owner: [{"creator": True}],
        BOB: [{"circle": circle, "name": "Family"}, {"invited": True}],
        CAROL: [{"circle": circle, "name": "Family"}],
    }
    # Bob is not told who is in a circle that he has not joined.
    theirs = run(bob.twin.people.reasons(room, bob.server.state(room)))
    assert [each.as_json() for each in theirs[CAROL]] == [{"circle": circle, "name": None}]


def test_a_declaration_that_was_spoiled_counts_as_it_was(alice: Home, bob: Home) -> None:
    circle = alice.circle("Family", bob="viewer")
    settle(alice, bob)
    alice.server.write(circle, f"{NAMESPACE}.circle", "circle", {"@type": "Circle", "members": 5})
    settle(alice, bob)
    assert people(alice)[BOB]["circles"][0]["role"] == "viewer"
    assert reaches(alice, BOB) == {circle: [{"circle": circle, "name": "Family"}]}


def test_whom_others_declare_is_not_asked_by_the_owner(alice: Home, bob: Home) -> None:
    circle = bob.circle("Bob's", alice="viewer", nobody="viewer")
    settle(alice, bob)
    alice.accept(circle)
    settle(alice, bob)
    assert set(people(alice)) == {BOB}
    assert people(alice)[BOB]["circles"] == [
        {"room_id": circle, "name": "Bob's", "role": "owner", "membership": "join"}
    ]
    assert set(people(bob)) == {alice.owner, "@nobody:nobody.example"}


def test_chats_make_nobody_one_of_the_owners_people(alice: Home, bob: Home) -> None:
    chat = run(alice.port.create_room({"name": "Chat"}))
    run(alice.port.set_membership(chat, BOB, "invite", ""))
    bob.accept(chat)
    settle(alice, bob)
    assert people(alice) == {}


def test_people_are_called_as_they_put_it_last_and_sorted_by_that(
    alice: Home, bob: Home, carol: Home
) -> None:
    one, other = share(alice, bob), share(alice, carol)
    rename(alice, one, "Zoe")
    rename(alice, other, "anna", CAROL)
    assert [each["displayname"] for each in people(alice).values()] == ["anna", "Zoe"]
    rename(alice, one, " B\n ob ")
    assert people(alice)[BOB]["displayname"] == "B ob"
    rename(alice, one, "x" * 1000)
    assert people(alice)[BOB]["displayname"] == "x" * 255


def test_a_declared_person_is_sorted_in_by_their_id(alice: Home, bob: Home) -> None:
    room = share(alice, bob)
    rename(alice, room, "Dora")
    alice.circle("Family", carol="viewer", eve="viewer")
    run(alice.twin.projector.catch_up())
    assert list(people(alice)) == [CAROL, BOB, "@eve:eve.example"]
