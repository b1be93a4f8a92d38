"""Invitations to events: where the event goes, who is asked, what is answered, what is asked again."""

from typing import Any

import pytest

from tests.engine.conftest import Home, settle, share
from tests.engine.meeting_scenes import (
    answer,
    family,
    invite,
    invited,
    meeting_rooms,
    plan,
    present,
    soon,
    status,
    waiting,
)
from twin_module.core.errors import Forbidden, InvalidParam, NotFound
from twin_module.core.event_types import EVENT
from twin_module.core.meeting import MARK
from twin_module.engine.asking import MEETINGS
from twin_module.engine.meetings import MOST_GUESTS, Invited
from twin_module.engine.subscriptions import SUBSCRIPTIONS
from twin_module.testing.driver import run
from twin_module.testing.fake import Crash
from twin_module.testing.fake_network import FakeNetwork

# Where the event goes


def test_guests_who_are_in_the_room_have_the_event_there(alice: Home, bob: Home) -> None:
    room = share(alice, bob)
    plan(alice, room)
    found = invite(alice, room, bob, bob)
    assert found == Invited(room, "a", moved=False, guests=[bob.owner], waiting=[])
    settle(alice, bob)
    assert (waiting(bob), status(alice, bob)) == (["a"], "needs-action")


def test_an_event_goes_to_a_room_of_its_guests_alone(
    alice: Home, bob: Home, carol: Home, room: str
) -> None:
    plan(alice, room)
    found = invite(alice, room, bob, carol)
    assert (found.moved, found.guests) == (True, [bob.owner, carol.owner])
    assert present(alice, found.room_id) == {alice.owner, bob.owner, carol.owner}
    assert present(alice, room) == {alice.owner}
    settle(alice, bob, carol)
    assert waiting(bob) == []
    for each in (bob, carol):
        each.accept(found.room_id)
    settle(alice, bob, carol)
    assert (waiting(bob), waiting(carol), waiting(alice)) == (["a"], ["a"], [])
    assert bob.rooms()[found.room_id].role == "viewer"
    assert alice.content(room, EVENT.type, "a") == {}


def test_the_room_of_the_same_guests_is_found_again(
    alice: Home, bob: Home, carol: Home, room: str
) -> None:
    one = invited(alice, room, bob, carol)
    other = invited(alice, room, carol, bob, uid="b")
    alone = invited(alice, room, bob, uid="c")
    assert one == other != alone
    assert len(meeting_rooms(alice)) == 2
    assert [step for step in alice.port.steps if step == "before invite"] == ["before invite"] * 3


def test_who_left_the_room_is_asked_into_it_again(alice: Home, bob: Home, room: str) -> None:
    target = invited(alice, room, bob)
    run(bob.port.set_membership(target, bob.owner, "leave", ""))
    settle(alice, bob)
    plan(alice, room, "b")
    assert invite(alice, room, bob, uid="b").room_id == target
    assert alice.membership(target, bob.owner) == "invite"


def test_whom_the_owner_put_out_does_not_see_the_old_events_again(
    alice: Home, bob: Home, room: str
) -> None:
    target = invited(alice, room, bob)
    run(alice.port.set_membership(target, bob.owner, "kick", ""))
    settle(alice, bob)
    assert invited(alice, room, bob, uid="b") != target


def test_a_room_that_somebody_else_was_let_into_is_not_for_guests_any_more(
    alice: Home, bob: Home, carol: Home, room: str
) -> None:
    target = invited(alice, room, bob)
    run(alice.port.set_membership(target, carol.owner, "invite", ""))
    other = invited(alice, room, bob, uid="b")
    assert other != target
    assert present(alice, other) == {alice.owner, bob.owner}
    circle = alice.circle(carol="viewer")
    alice.command("circles", "share", room_id=other, circle=circle)
    assert invited(alice, room, bob, uid="c") not in (target, other)


def test_a_room_that_somebody_else_made_is_never_for_guests(
    alice: Home, bob: Home, room: str
) -> None:
    target = invited(alice, room, bob)
    key = alice.content(target, "m.room.create")[MARK]
    theirs = run(
        bob.port.create_room(
            {"creation_content": {"type": "org.digitaltwin.collection", MARK: key}}
        )
    )
    run(bob.port.set_membership(theirs, alice.owner, "invite", ""))
    alice.accept(theirs)
    run(alice.port.set_membership(target, bob.owner, "kick", ""))
    settle(alice, bob)
    assert invited(alice, room, bob, uid="b") not in (target, theirs)


def test_one_more_guest_takes_the_event_and_its_answers_along(
    alice: Home, bob: Home, carol: Home, room: str
) -> None:
    first = invited(alice, room, bob)
    answer(bob, first, "accepted")
    settle(alice, bob)
    found = invite(alice, first, carol)
    for each in (bob, carol):
        each.accept(found.room_id)
    settle(alice, bob, carol)
    assert found.room_id not in (room, first)
    assert present(alice, found.room_id) == {alice.owner, bob.owner, carol.owner}
    assert (status(alice, bob), status(carol, bob)) == ("accepted", "accepted")
    assert (waiting(bob), waiting(carol)) == ([], ["a"])
    alice.command("agenda", "change", room_id=found.room_id, uid="a", title="Concert")
    settle(alice, bob, carol)
    assert waiting(bob) == []
    alice.command("agenda", "change", room_id=found.room_id, uid="a", start=soon(alice, 9))
    settle(alice, bob, carol)
    assert (waiting(bob), status(alice, bob)) == (["a"], "needs-action")


def test_others_in_the_room_do_not_lose_an_event(alice: Home, bob: Home, carol: Home) -> None:
    room = share(alice, bob)
    plan(alice, room)
    with pytest.raises(Forbidden, match=f"{bob.owner} would lose this event"):
        invite(alice, room, carol)
    assert alice.content(room, EVENT.type, "a").get("participants") is None
    assert meeting_rooms(alice) == []
    assert invite(alice, room, bob, carol).moved


def test_those_of_a_circle_that_is_still_to_be_reached_do_not_lose_an_event(
    alice: Home, bob: Home, carol: Home, room: str, network: FakeNetwork
) -> None:
    plan(alice, room)
    circle = alice.circle(bob="editor")
    network.cut(bob.server.name)
    alice.command("circles", "share", room_id=room, circle=circle)
    settle(alice, bob)
    assert present(alice, room) == {alice.owner}
    with pytest.raises(Forbidden, match=f"{bob.owner} would lose this event"):
        invite(alice, room, carol)


def test_in_a_room_that_one_may_only_read_one_invites_nobody(
    alice: Home, bob: Home, carol: Home, room: str
) -> None:
    target = invited(alice, room, bob)
    for guest in (carol, alice):
        with pytest.raises(Forbidden, match="You may read this collection"):
            invite(bob, target, guest)


def test_an_editor_invites_those_who_are_there(alice: Home, bob: Home) -> None:
    room = share(alice, bob)
    plan(bob, room)
    assert invite(bob, room, alice).room_id == room
    settle(alice, bob)
    assert waiting(alice) == ["a"]
    answer(alice, room, "declined")
    settle(alice, bob)
    assert status(bob, alice) == "declined"


@pytest.mark.parametrize("people", [[], ["@alice:alice.example"]])
def test_somebody_has_to_be_named(alice: Home, room: str, people: list[str]) -> None:
    plan(alice, room)
    with pytest.raises(InvalidParam, match="Name somebody"):
        invite(alice, room, *people)


def test_too_many_are_refused_before_anything_is_made(alice: Home, room: str) -> None:
    plan(alice, room)
    many = [f"@guest{number}:bob.example" for number in range(MOST_GUESTS + 1)]
    with pytest.raises(InvalidParam, match=f"{MOST_GUESTS} guests at most"):
        invite(alice, room, *many)
    assert meeting_rooms(alice) == []
    assert "participants" not in alice.content(room, EVENT.type, "a")


def test_an_event_or_a_circle_that_is_not_there_is_not_found(
    alice: Home, bob: Home, room: str
) -> None:
    with pytest.raises(NotFound, match="no event 'x'"):
        invite(alice, room, bob, uid="x")
    plan(alice, room)
    for circle in ("!nowhere", room):
        with pytest.raises(NotFound, match="in no circle"):
            invite(alice, room, circle=circle)


def test_a_calendar_that_is_followed_knows_no_guests(alice: Home, bob: Home, room: str) -> None:
    plan(alice, room)
    run(alice.port.put_account_data(SUBSCRIPTIONS, {"subscriptions": {room: {}}}))
    assert run(alice.twin.subscriptions.rooms()) == {room}
    with pytest.raises(Forbidden, match="follows a calendar elsewhere"):
        invite(alice, room, bob)


# Circles


def test_a_circle_has_a_room_for_its_events(alice: Home, bob: Home, carol: Home, room: str) -> None:
    circle = family(alice, bob)
    plan(alice, room)
    found = invite(alice, room, circle=circle)
    assert (found.moved, found.guests) == (True, [bob.owner])
    settle(alice, bob)
    bob.accept(found.room_id)
    settle(alice, bob)
    assert waiting(bob) == ["a"]
    assert bob.rooms()[found.room_id].role == "viewer"
    assert alice.content(found.room_id, "org.digitaltwin.share", circle) == {"role": "viewer"}
    alice.command("circles", "add", room_id=circle, user_id=carol.owner)
    settle(alice, bob, carol)
    plan(alice, room, "b")
    again = invite(alice, room, uid="b", circle=circle)
    assert (again.room_id, again.guests) == (found.room_id, [bob.owner, carol.owner])


def test_a_guest_of_the_settings_circles_is_let_in_without_being_asked(
    alice: Home, bob: Home, room: str
) -> None:
    circle = family(alice, bob)
    run(bob.twin.settings.write({"accept_from_circles": True}))
    plan(alice, room)
    invite(alice, room, circle=circle)
    settle(alice, bob)
    assert waiting(bob) == ["a"]


def test_a_guest_of_somebody_in_the_settings_is_let_in_without_being_asked(
    alice: Home, bob: Home, room: str
) -> None:
    run(bob.twin.settings.write({"accept_from": [alice.owner]}))
    plan(alice, room)
    invite(alice, room, bob)
    settle(alice, bob)
    assert waiting(bob) == ["a"]


def test_a_circle_and_somebody_else_have_a_room_of_their_own(
    alice: Home, bob: Home, carol: Home, room: str
) -> None:
    circle = family(alice, bob)
    plan(alice, room)
    both = invite(alice, room, carol, bob, circle=circle)
    settle(alice, bob, carol)
    assert present(alice, both.room_id) == {alice.owner, bob.owner, carol.owner}
    alice.command("circles", "remove", room_id=circle, user_id=bob.owner)
    settle(alice, bob, carol)
    assert present(alice, both.room_id) == {alice.owner, carol.owner}
    alice.command("circles", "add", room_id=circle, user_id=bob.owner)
    settle(alice, bob)
    plan(alice, room, "b")
    assert invite(alice, room, uid="b", circle=circle).room_id != both.room_id
    plan(alice, room, "c")
    assert invite(alice, room, carol, uid="c", circle=circle).room_id == both.room_id


def test_what_was_taken_back_from_a_circle_is_not_given_back(
    alice: Home, bob: Home, room: str
) -> None:
    circle = family(alice, bob)
    plan(alice, room)
    found = invite(alice, room, circle=circle)
    alice.command("circles", "unshare", room_id=found.room_id, circle=circle)
    settle(alice, bob)
    plan(alice, room, "b")
    assert invite(alice, room, uid="b", circle=circle).room_id != found.room_id


def test_those_of_somebody_elses_circle_are_invited_one_by_one(
    alice: Home, bob: Home, carol: Home
) -> None:
    circle = family(alice, bob, carol)
    room = bob.collection()
    plan(bob, room)
    found = invite(bob, room, circle=circle)
    assert found.guests == [alice.owner, carol.owner]
    assert present(bob, found.room_id) == {alice.owner, bob.owner, carol.owner}


def test_a_circle_without_people_is_nobody(alice: Home, room: str) -> None:
    circle = family(alice)
    plan(alice, room)
    with pytest.raises(InvalidParam, match="Name somebody"):
        invite(alice, room, circle=circle)
    alice.command("circles", "dissolve", room_id=circle)
    settle(alice)
    with pytest.raises(InvalidParam, match="Name somebody"):
        invite(alice, room, circle=circle)


# What guests are told


def test_an_invitation_says_what_it_is_for(alice: Home, bob: Home, room: str) -> None:
    start = soon(alice)
    plan(alice, room, title="Choir\nand\u202etea", start=start, timeZone="Europe/Berlin")
    alice.server.profile["displayname"] = "Alice"
    found = invite(alice, room, bob)
    member = alice.content(found.room_id, "m.room.member", bob.owner)
    assert member["reason"] == f"Choir and tea, {start[:10]} 12:00 (Europe/Berlin)"
    assert alice.rooms()[found.room_id].name == f"Events of {alice.owner} with {bob.owner}"


def test_the_name_of_a_room_says_to_all_in_it_whose_events_they_are(alice: Home, room: str) -> None:
    plan(alice, room)
    guests = [f"@g{number}:nowhere.example" for number in range(5)]
    found = invite(alice, room, *guests)
    named = f"Events of {alice.owner} with {', '.join(guests[:3])} and 2 more"
    assert alice.rooms()[found.room_id].name == named


# Twins that are away


def test_a_guest_who_is_away_keeps_no_other_from_being_asked_and_is_asked_later(
    alice: Home, bob: Home, carol: Home, room: str, network: FakeNetwork
) -> None:
    plan(alice, room)
    network.cut(bob.server.name)
    found = invite(alice, room, bob, carol)
    assert found.waiting == [bob.owner]
    assert present(alice, found.room_id) == {alice.owner, carol.owner}
    alice.restart()
    settle(alice)
    assert found.room_id not in bob.server.invitations
    network.heal()
    network.pass_time(20)
    run(alice.twin.look_again())
    settle(alice, bob)
    assert found.room_id in bob.server.invitations
    assert alice.server.account_data[MEETINGS] == {"waiting": []}


@pytest.mark.parametrize("how", ["uninvite", "remove", "over", "asked by hand"])
def test_who_need_not_be_asked_any_more_is_not(
    alice: Home, bob: Home, room: str, network: FakeNetwork, how: str
) -> None:
    plan(alice, room)
    network.cut(bob.server.name)
    target = invite(alice, room, bob).room_id
    if how == "uninvite":
        alice.command("agenda", "uninvite", room_id=target, uid="a", user_ids=[bob.owner])
    elif how == "remove":
        alice.command("agenda", "remove", room_id=target, uid="a")
    network.heal()
    if how == "asked by hand":
        run(alice.port.set_membership(target, bob.owner, "invite", ""))
        bob.accept(target)
    before = alice.port.steps.count("before invite")
    network.pass_time(30 * 86_400 if how == "over" else 20)
    run(alice.twin.look_again())
    settle(alice, bob)
    assert alice.port.steps.count("before invite") == before
    assert alice.server.account_data[MEETINGS] == {"waiting": []}


def test_one_who_is_still_to_be_asked_comes_along_with_the_event(
    alice: Home, bob: Home, carol: Home, room: str, network: FakeNetwork
) -> None:
    plan(alice, room)
    network.cut(bob.server.name)
    first = invite(alice, room, bob).room_id
    network.heal()
    found = invite(alice, first, carol)
    assert present(alice, found.room_id) == {alice.owner, bob.owner, carol.owner}


@pytest.mark.parametrize("odd", [5, {"waiting": 5}, {"waiting": [5, {"uid": 5}, {}]}, {"rooms": 1}])
def test_odd_account_data_does_no_harm(alice: Home, bob: Home, room: str, odd: Any) -> None:
    alice.server.account_data[MEETINGS] = odd if isinstance(odd, dict) else {}
    alice.restart()
    settle(alice)
    plan(alice, room)
    assert invite(alice, room, bob).moved


# Crashes


class Scene:
    """Alice, about to invite Bob, or a circle that he is in, to an event of hers."""

    def __init__(self, *, by_circle: bool) -> None:
        self.network = FakeNetwork()
        self.alice, self.bob = (Home(self.network, name).start() for name in ("alice", "bob"))
        settle(self.alice, self.bob)
        self.circle = family(self.alice, self.bob) if by_circle else None
        self.room = self.alice.collection()
        plan(self.alice, self.room)

    def invite(self) -> Invited:
        guests = [] if self.circle else [self.bob]
        return invite(self.alice, self.room, *guests, circle=self.circle)


def writing_steps(*, by_circle: bool) -> list[int]:
    """Return which steps of inviting are those before and after something is written to a room."""
    scene = Scene(by_circle=by_circle)
    done = len(scene.alice.port.steps)
    scene.invite()
    scene.network.close()
    names = scene.alice.port.steps[done:]
    return [number for number, name in enumerate(names, 1) if "twin_" not in name]


@pytest.mark.parametrize("by_circle", [False, True])
def test_inviting_again_finishes_what_a_crash_cut(*, by_circle: bool) -> None:
    steps = writing_steps(by_circle=by_circle)
    assert len(steps) >= 10
    for number in steps:
        scene = Scene(by_circle=by_circle)
        alice, bob = scene.alice, scene.bob
        alice.port.crash_in = number
        with pytest.raises(Crash):
            scene.invite()
        alice.restart()
        settle(alice, bob)
        found = scene.invite()
        settle(alice, bob)
        bob.accept(found.room_id)
        settle(alice, bob)
        assert waiting(bob) == ["a"]
        assert meeting_rooms(alice) == [found.room_id]
        assert alice.content(scene.room, EVENT.type, "a") == {}
        assert alice.tables() == alice.truth()
        scene.network.close()
