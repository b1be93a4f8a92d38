"""Circles: what each command drafts and what it refuses."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, strategies as st

from twin_module.core.authority import Role
from twin_module.core.effects import CreateRoom, Put
from twin_module.core.errors import BadJson, InvalidParam, NotFound
from twin_module.core.layout import Kind, kind_of
from twin_module.core.state import frozen
from twin_module.rooms.circles import (
    CIRCLE,
    CIRCLES,
    SELF,
    shares,
)
from twin_module.testing.stage import NOW, Stage
from twin_module.testing.strategies import ALICE, BOB, CAROL, event_of, state_of

FRIENDS = "!friends"
SINCE = int(NOW.timestamp() * 1000)


def a_circle(members: Mapping[str, str], **more: Any) -> Stage:
    """Return the room of a circle with members by role."""
    content = {
        "@type": "Circle",
        "name": "Family",
        "members": {user: {"role": role, "since": 1} for user, role in members.items()},
        **more,
    }
    return Stage(CIRCLES, state_of(event_of(CIRCLE.type, SELF, content)))


# Commands


def test_a_circle_is_made_as_a_space_with_its_members() -> None:
    [made] = Stage(CIRCLES, {}).decide(
        "create", name="Family", purpose="Home", members={BOB: "viewer", ALICE: "admin"}
    )
    assert isinstance(made, CreateRoom)
    assert kind_of(made.config["creation_content"]) is Kind.CIRCLE
    [event] = [each for each in made.config["initial_state"] if each["type"] == CIRCLE.type]
    assert event["state_key"] == SELF
    assert event["content"] == {
        "@type": "Circle",
        "name": "Family",
        "purpose": "Home",
        "members": {BOB: {"role": "viewer", "since": SINCE}},
    }


def test_a_circle_with_too_many_long_names_is_refused_before_there_is_a_room() -> None:
    members = {f"@{number:0200}:example.org": "viewer" for number in range(400)}
    with pytest.raises(BadJson, match="is the most"):
        Stage(CIRCLES, {}).decide("create", name="Crowd", members=members)


def test_a_circle_is_renamed_in_its_event_and_for_every_client() -> None:
    effects = a_circle({}, future=1).decide("change", name="New", purpose="Why")
    assert effects[1:] == [
        Put("m.room.name", "", frozen({"name": "New"})),
        Put("m.room.topic", "", frozen({"topic": "Why"})),
    ]
    after = a_circle({}, future=1).after(effects).content(SELF)
    assert (after["name"], after["purpose"], after["future"]) == ("New", "Why", 1)


def test_somebody_is_added_as_an_editor_where_nothing_else_is_said() -> None:
    after = a_circle({CAROL: "admin"}).run("add", user_id=BOB)
    assert after.content(SELF)["members"][BOB] == {"role": "editor", "since": SINCE}
    assert after.shown()["members"] == [
        {"user_id": BOB, "role": "editor"},
        {"user_id": CAROL, "role": "admin"},
    ]


@example(milliseconds=1001)
@given(milliseconds=st.integers(0, 2_000_000_000_000))
def test_the_time_of_being_added_is_exact(milliseconds: int) -> None:
    now = datetime.fromtimestamp(milliseconds / 1000, UTC)
    after = replace(a_circle({}), now=now).run("add", user_id=BOB)
    assert after.content(SELF)["members"][BOB]["since"] == milliseconds


def test_a_member_gets_another_role() -> None:
    after = a_circle({BOB: "editor"}).run("add", user_id=BOB, role="viewer")
    assert after.shown()["members"] == [{"user_id": BOB, "role": "viewer"}]


def test_the_owner_is_no_member_of_their_own_circle() -> None:
    with pytest.raises(InvalidParam, match="the circle is yours"):
        a_circle({}).run("add", user_id=ALICE)


def test_a_member_is_removed() -> None:
    assert a_circle({BOB: "editor"}).run("remove", user_id=BOB).shown()["members"] == []


def test_who_is_not_in_the_circle_can_not_be_removed() -> None:
    with pytest.raises(NotFound, match="not in this circle"):
        a_circle({BOB: "editor"}).run("remove", user_id=CAROL)


def test_a_dissolved_circle_shows_nothing() -> None:
    assert a_circle({BOB: "editor"}).run("dissolve").shown() == {}


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("change", {"name": "New"}),
        ("add", {"user_id": BOB}),
        ("remove", {"user_id": BOB}),
        ("dissolve", {}),
    ],
)
def test_a_room_that_is_no_circle_is_not_found(command: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(NotFound, match="not a circle"):
        Stage(CIRCLES, {}).run(command, **arguments)


def test_a_collection_is_shared_and_taken_back() -> None:
    shared = Stage(CIRCLES, {}).run("share", circle=FRIENDS, role="viewer")
    assert shares(shared.state) == {FRIENDS: Role.VIEWER}
    assert shares(shared.run("unshare", circle=FRIENDS).state) == {}
