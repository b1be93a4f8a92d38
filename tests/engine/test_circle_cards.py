"""The circles as an address book: groups, their people, and when it is another one."""

from typing import Any

import pytest

from tests.engine.conftest import Home, settle
from twin_module.core.effects import Put
from twin_module.core.entries import key_of
from twin_module.core.jscontact import CARD, matrix_service
from twin_module.core.state import frozen
from twin_module.core.vcf.cards import read_cards, write_card
from twin_module.engine.circle_cards import CircleCards, CircleMember, circle_card, person_card
from twin_module.testing.driver import run

BOB = "@bob:bob.example"
BOB_URI = "matrix:u/bob:bob.example"
CAROL_URI = "matrix:u/carol:carol.example"


@pytest.fixture
def book(alice: Home) -> CircleCards:
    """Alice's circles as an address book."""
    return CircleCards(alice.port)


def cards(book: CircleCards) -> dict[str, dict[str, Any]]:
    """Return the cards by full name; each has to be one that could be stored."""
    found = run(book.cards())
    assert all(CARD.problems(content) == [] for _, content in found)
    assert all(CARD.key_problem(key) is None for key, _ in found)
    assert [key for key, _ in found] == [key_of(content["uid"]) for _, content in found]
    return {content["name"]["full"]: content for _, content in found}


def write_own_card(home: Home, room: str, uid: str, **fields: Any) -> None:
    content = {"@type": "Card", "version": "1.0", "name": {"full": "My Bob"}, **fields}
    home.write(room, Put(CARD.type, uid, frozen(content)))
    settle(home)


def test_who_has_no_circle_has_an_empty_book(book: CircleCards) -> None:
    assert cards(book) == {}


def test_a_circle_is_a_group_and_its_people_have_cards(
    alice: Home, bob: Home, book: CircleCards
) -> None:
    circle = alice.circle("Family", bob="viewer")
    settle(alice, bob)
    bob.accept(circle)
    settle(alice, bob)
    found = cards(book)
    assert found["Family"]["kind"] == "group"
    assert found["Family"]["members"] == {BOB_URI: True}
    [person] = [each for each in found.values() if each["kind"] == "individual"]
    assert person["uid"] == BOB_URI
    assert person["onlineServices"] == {"s1": matrix_service(BOB)}


def test_who_is_in_several_circles_has_one_card(alice: Home, bob: Home, book: CircleCards) -> None:
    alice.circle("Family", bob="viewer")
    alice.circle("Choir", bob="viewer", carol="viewer")
    settle(alice, bob)
    found = cards(book)
    assert [each["uid"] for each in found.values()].count(BOB_URI) == 1
    assert BOB_URI in found["Family"]["members"]
    assert {*found["Choir"]["members"]} == {BOB_URI, CAROL_URI}


def test_who_has_a_card_of_the_owners_is_named_by_it_as_well(
    alice: Home, bob: Home, room: str, book: CircleCards
) -> None:
    alice.circle("Family", bob="viewer")
    settle(alice, bob)
    write_own_card(alice, room, "mine", onlineServices={"s1": matrix_service(BOB)})
    found = cards(book)
    assert {*found} == {"Family"}
    assert found["Family"]["members"] == {BOB_URI: True, "mine": True}
    alice.write(room, Put(CARD.type, "mine", frozen({})))
    settle(alice)
    assert cards(book)["Family"]["members"] == {BOB_URI: True}
    assert len(cards(book)) == 2


def test_who_left_a_circle_of_their_own_will_is_no_member(
    alice: Home, bob: Home, book: CircleCards
) -> None:
    circle = alice.circle("Family", bob="viewer")
    alice.circle("Choir", bob="viewer")
    settle(alice, bob)
    run(bob.port.set_membership(circle, BOB, "leave", ""))
    settle(alice, bob)
    found = cards(book)
    assert "members" not in found["Family"]
    assert found["Choir"]["members"] == {BOB_URI: True}


def test_in_somebody_elses_circle_who_made_it_is_a_member_and_the_owner_is_not(
    alice: Home, bob: Home
) -> None:
    circle = alice.circle("Family", bob="viewer")
    settle(alice, bob)
    bob.accept(circle)
    settle(alice, bob)
    found = cards(CircleCards(bob.port))
    assert found["Family"]["members"] == {"matrix:u/alice:alice.example": True}


def test_the_revision_changes_with_the_cards_and_not_without(
    alice: Home, bob: Home, room: str, book: CircleCards
) -> None:
    seen = [run(book.revision())]

    def is_another() -> bool:
        seen.append(run(book.revision()))
        return seen[-1] not in seen[:-1]

    circle = alice.circle("Family", bob="viewer")
    settle(alice, bob)
    assert is_another()
    alice.collection("Something else")
    settle(alice)
    assert not is_another()
    bob.accept(circle)
    content = {"membership": "join", "displayname": "Robert"}
    alice.server.write(circle, "m.room.member", BOB, content, sender=BOB)
    settle(alice, bob)
    assert is_another()
    alice.command("circles", "change", room_id=circle, name="Relatives")
    settle(alice, bob)
    assert is_another()
    write_own_card(alice, room, "mine", onlineServices={"s1": matrix_service(BOB)})
    assert is_another()
    alice.command("circles", "dissolve", room_id=circle)
    settle(alice, bob)
    assert is_another()


def test_after_a_restart_the_revision_is_the_same(
    alice: Home, bob: Home, book: CircleCards
) -> None:
    alice.circle("Family", bob="viewer")
    settle(alice, bob)
    assert run(CircleCards(alice.port).revision()) == run(book.revision())


def test_the_uid_of_a_group_follows_from_its_room_alone() -> None:
    bob = CircleMember(BOB, "Bob", ["mine"])
    one, other = (
        circle_card("!a:example.org", "Family", [bob]),
        circle_card("!a:example.org", "", []),
    )
    assert one[0] == other[0]
    assert one[0] != circle_card("!b:example.org", "Family", [bob])[0]
    assert other[1]["name"]["full"] == "Circle"


@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_the_cards_go_through_a_vcard(version: Any) -> None:
    bob = CircleMember(BOB, None)
    for key, content in (circle_card("!a:example.org", "Family", [bob]), person_card(bob)):
        [entry], refused = read_cards(write_card(key, content, version))
        assert refused == []
        assert (entry.key, entry.content) == (key, content)
