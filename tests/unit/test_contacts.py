"""Contacts: every command, the order of an address book, groups and who is in them."""

from typing import Any

import pytest
from hypothesis import given

from twin_module.core.effects import Put
from twin_module.core.errors import InvalidParam, NotFound
from twin_module.core.jscontact import CARD, NO_NAME, matrix_ids
from twin_module.core.jscontact_schema import MAX_MEMBERS, PROPERTIES
from twin_module.core.state import NAMESPACE, frozen, plain
from twin_module.rooms.contacts import CONTACTS
from twin_module.testing.stage import NEW_UID, Stage
from twin_module.testing.strategies import BOB, CAROL, contents, event_of, state_of

BARE = {"@type": "Card", "version": "1.0"}
NOW = "2026-12-24T12:00:00Z"


def a_book(**cards: dict[str, Any]) -> Stage:
    """Return a room with cards by uid; each has its uid as name where it says nothing else."""
    whole = {uid: {**BARE, "name": {"full": uid}, **card} for uid, card in cards.items()}
    events = (event_of(CARD.type, uid.replace("_", "-"), card) for uid, card in whole.items())
    return Stage(CONTACTS, state_of(*events))


def order(stage: Stage) -> list[str]:
    return [card["uid"] for card in stage.shown()["cards"]]


def matrix(user_id: str) -> dict[str, Any]:
    return {"s1": {"service": "Matrix", "uri": f"matrix:u/{user_id[1:]}"}}


# Adding and changing


def test_a_contact_is_added_with_what_was_said() -> None:
    after = a_book().run("add", name={"full": "Bob"}, emails={"e1": {"address": "b@example.org"}})
    assert after.content(NEW_UID) == {
        **BARE,
        "name": {"full": "Bob"},
        "emails": {"e1": {"address": "b@example.org"}},
        "created": NOW,
        "updated": NOW,
    }


def test_a_contact_can_have_a_uid_of_the_callers_choice() -> None:
    assert order(a_book().run("add", uid="mine", name={"full": "Bob"})) == ["mine"]


def test_somebody_is_added_by_their_matrix_id() -> None:
    after = a_book().run("add_person", user_id=BOB, displayname=" Bob\n Miller ")
    assert after.content(NEW_UID) == {
        **BARE,
        "kind": "individual",
        "name": {"@type": "Name", "full": "Bob Miller"},
        "onlineServices": {
            "s1": {"@type": "OnlineService", "service": "Matrix", "uri": "matrix:u/bob:bob.test"}
        },
        "created": NOW,
        "updated": NOW,
    }
    assert a_book().run("add_person", user_id=BOB).content(NEW_UID)["name"]["full"] == "bob"


def test_somebody_who_has_a_card_is_not_added_again() -> None:
    assert a_book(a={"onlineServices": matrix(BOB)}).decide("add_person", user_id=BOB) == []
    assert a_book(a={"onlineServices": matrix(CAROL)}).decide("add_person", user_id=BOB) != []


def test_what_is_no_matrix_id_is_not_added() -> None:
    with pytest.raises(InvalidParam, match="not a Matrix ID"):
        a_book().run("add_person", user_id="@bob:exa_mple.org")


def test_changing_keeps_what_was_not_named_and_says_when() -> None:
    kept = {"org.digitaltwin": {"vCard": {"version": "3.0", "lines": ["X-FOO:1"]}}, "colour": "red"}
    after = a_book(a={"keywords": {"x": True}, **kept}).run(
        "change", uid="a", name={"full": "Bob"}, keywords=None
    )
    assert after.content("a") == {**BARE, "name": {"full": "Bob"}, **kept, "updated": NOW}


def test_changing_nothing_writes_nothing() -> None:
    assert a_book(a={}).decide("change", uid="a", name={"full": "a"}, phones=None) == []


def test_a_contact_is_removed() -> None:
    assert order(a_book(a={}, b={}).run("remove", uid="a")) == ["b"]


def test_a_contact_is_moved_there_before_it_is_removed_here() -> None:
    stage = a_book(a={"keywords": {"x": True}})
    there, here = stage.decide("move", uid="a", to_room_id="!other")
    assert isinstance(there, Put)
    assert isinstance(here, Put)
    assert (there.room_id, plain(there.content)) == ("!other", stage.content("a"))
    assert here.room_id is None
    assert not here.content
    assert stage.decide("move", uid="a", to_room_id=stage.room_id) == []


@pytest.mark.parametrize("command", ["change", "remove", "move", "add_member", "remove_member"])
def test_a_card_that_is_not_there_is_named(command: str) -> None:
    with pytest.raises(NotFound, match="'b'"):
        a_book(a={}).run(command, uid="b", to_room_id="!other", member="a")


# Groups


def test_people_and_cards_come_into_a_group_and_out_of_it() -> None:
    stage = a_book(g={"kind": "group"}).run("add_member", uid="g", member=BOB)
    stage = stage.run("add_member", uid="g", member="a")
    assert stage.content("g")["members"] == {"matrix:u/bob:bob.test": True, "a": True}
    assert stage.decide("add_member", uid="g", member=BOB) == []
    stage = stage.run("remove_member", uid="g", member=BOB)
    assert stage.content("g")["members"] == {"a": True}
    assert "members" not in stage.run("remove_member", uid="g", member="a").content("g")
    with pytest.raises(NotFound, match="not in this group"):
        stage.run("remove_member", uid="g", member=BOB)


def test_a_member_is_the_same_with_and_without_the_urn_in_front() -> None:
    stage = a_book(g={"kind": "group", "members": {"urn:uuid:1": True}})
    assert stage.decide("add_member", uid="g", member="1") == []
    assert "members" not in stage.run("remove_member", uid="g", member="1").content("g")


def test_only_groups_have_members() -> None:
    with pytest.raises(InvalidParam, match="is no group"):
        a_book(a={}).run("add_member", uid="a", member="b")


def test_a_group_has_bounds() -> None:
    full = {"kind": "group", "members": {str(n): True for n in range(MAX_MEMBERS)}}
    with pytest.raises(InvalidParam, match="at most"):
        a_book(g=full).run("add_member", uid="g", member="new")
    with pytest.raises(InvalidParam, match="name the uid"):
        a_book(g={"kind": "group"}).run("add_member", uid="g", member=" ")


def test_a_group_shows_who_its_members_are() -> None:
    members = ["urn:uuid:z", "b", "https://example.org/c", "matrix:u/bob:bob.test", "gone"]
    book = a_book(
        z={"name": {"full": "Zoe"}},
        b={"name": {"full": "Ada"}},
        c={"name": {"full": "Eve"}, "uid": "https://example.org/c"},
        d={"name": {"full": "Bob"}, "onlineServices": matrix(BOB)},
        g={
            "kind": "group",
            "name": {"full": "Choir"},
            "members": {**dict.fromkeys(members, True), "matrix:u/carol:carol.test": True},
        },
    )
    assert book.shown()["groups"] == [
        {
            "uid": "g",
            "title": "Choir",
            "members": [
                {"member": "b", "uid": "b", "title": "Ada"},
                {
                    "member": "matrix:u/bob:bob.test",
                    "uid": "d",
                    "title": "Bob",
                    "user_id": BOB,
                },
                {"member": "https://example.org/c", "uid": "c", "title": "Eve"},
                {"member": "urn:uuid:z", "uid": "z", "title": "Zoe"},
                {"member": "gone"},
                {"member": "matrix:u/carol:carol.test", "user_id": CAROL},
            ],
        }
    ]


# Reading


def test_cards_are_in_the_order_of_names_as_they_want_to_be_sorted() -> None:
    book = a_book(
        a={"name": {"full": "Zoe Abel", "sortAs": {"surname": "Abel", "given": "Zoe"}}},
        b={"name": {"full": "ärmel"}},
        c={"name": {"full": "Arndt"}},
        d={"name": {"full": "arm"}},
        e={"name": {"full": "Aal", "sortAs": {"surname": " "}}},
    )
    assert order(book) == ["e", "a", "d", "b", "c"]


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"name": {"full": " Bob \n Miller "}}, "Bob Miller"),
        (
            {
                "name": {
                    "full": " ",
                    "components": [
                        {"kind": "given", "value": "Bob"},
                        {"kind": "separator", "value": "-"},
                        {"kind": "surname", "value": "Miller"},
                    ],
                }
            },
            "Bob Miller",
        ),
        (
            {"organizations": {"o1": {"name": "Bakery", "units": [{"name": "Cakes"}]}}},
            "Bakery Cakes",
        ),
        ({"nicknames": {"n1": {"name": "Bobby"}}}, "Bobby"),
        ({"emails": {"e10": {"address": "z"}, "e2": {"address": "b"}}}, "b"),
        ({"phones": {"p1": {"number": "123"}}}, "123"),
        ({"onlineServices": matrix(BOB)}, BOB),
        ({}, NO_NAME),
    ],
)
def test_a_card_is_called_by_the_best_name_that_it_has(fields: dict[str, Any], title: str) -> None:
    assert CARD.title(frozen({**BARE, **fields})) == title


def test_matrix_ids_are_found_by_uri_and_by_user() -> None:
    services = {
        "s1": {"service": "Matrix", "uri": "matrix:u/carol:carol.test"},
        "s2": {"service": "matrix", "user": BOB},
        "s3": {"service": "Matrix", "uri": "matrix:u/carol:carol.test", "user": "@x:y"},
        "s4": {"service": "Jabber", "uri": "xmpp:bob@bob.test", "user": "@no:no.test"},
        "s5": {"service": "Matrix", "user": "bob"},
    }
    assert matrix_ids({"onlineServices": services}) == [BOB, CAROL]


def test_lists_can_be_filtered_by_what_people_look_for() -> None:
    content = frozen(
        {
            **BARE,
            "emails": {"e1": {"address": " B@Example.org"}, "e2": {"address": "b@example.org"}},
            "keywords": {"b": True, "a": True},
            "members": {"x": True},
        }
    )
    read = {name: each.read(content) for name, each in CARD.filters.items()}
    assert read == {
        "kind": "individual",
        "matrix_id": [],
        "email": ["b@example.org"],
        "keyword": ["a", "b"],
        "member": ["x"],
    }


def test_a_card_is_found_by_words_and_not_by_keys_and_pictures() -> None:
    content = {
        **BARE,
        "name": {"full": "Bob Miller", "components": [{"kind": "given", "value": "Robert"}]},
        "nicknames": {"n1": {"name": "Bobby"}},
        "organizations": {"o1": {"name": "Bakery", "units": [{"name": "Cakes"}]}},
        "emails": {"e1": {"address": "b@example.org"}},
        "phones": {"p1": {"number": "123"}},
        "notes": {"n1": {"note": "tall"}},
        "media": {"m1": {"kind": "photo", "uri": "data:image/png;base64,secretpixels"}},
        "cryptoKeys": {"k1": {"uri": "data:application/pgp-keys;base64,secretkey"}},
    }
    texts = CARD.texts(frozen(content))
    wanted = ("Bob Miller", "Robert", "Bobby", "Bakery", "Cakes", "b@example.org", "123", "tall")
    assert {*wanted} <= {*texts}
    assert "secret" not in " ".join(texts)


@given(content=contents(CARD))
def test_every_card_is_found_by_texts_alone(content: dict[str, Any]) -> None:
    assert all(text.strip() for text in CARD.texts(frozen(content)))


@pytest.mark.parametrize(
    "uri", ["javascript:alert(1)", "JavaScript:x", "data:text/html,x", "no uri"]
)
def test_no_link_of_a_card_is_a_program(uri: str) -> None:
    for field in ("links", "onlineServices", "schedulingAddresses"):
        assert CARD.problems({**BARE, field: {"x": {"uri": uri}}})
    assert CARD.problems({**BARE, "cryptoKeys": {"x": {"uri": "vbscript:x"}}})


def test_every_map_is_merged_entry_by_entry() -> None:
    maps = {name for name, schema in PROPERTIES.items() if "additionalProperties" in schema}
    assert maps == {*CARD.merge}
    assert CARD.component == "VCARD"
    assert NAMESPACE not in CARD.schema["properties"]
