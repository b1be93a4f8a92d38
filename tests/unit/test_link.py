"""Published links: what is signed, which token opens what, and what anybody may have written."""

from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given, strategies as st
from signedjson.sign import sign_json

from twin_module.core.capability import Capability
from twin_module.core.keys import known_keys
from twin_module.core.link import (
    MAX_TITLE,
    Link,
    fingerprint,
    is_signed,
    opened_by,
    read_link,
    read_links,
)
from twin_module.core.published import may_be_published, published_content, text_lies_elsewhere
from twin_module.core.state import NAMESPACE, plain
from twin_module.rooms import CAPABILITIES
from twin_module.rooms.docs import DOC
from twin_module.testing.fake_signing import FakeKeys
from twin_module.testing.json_strategies import hostile_json, odd_json, texts

SERVER: Final = "alice.example"
NOON: Final = 1_790_000_000_000
TASK: Final = f"{NAMESPACE}.task"


def signed(link: Link, keys: FakeKeys, server: str = SERVER) -> Link:
    return link.with_signature(sign_json(link.statement(server), server, keys.signing))


@pytest.fixture(scope="module")
def keys() -> FakeKeys:
    return FakeKeys()


@pytest.fixture(scope="module")
def link(keys: FakeKeys) -> Link:
    return signed(Link("one", "!room", TASK, "bread", NOON, NOON + 1000, "Buy bread"), keys)


times = st.integers(0, 253_402_300_799_999)
"""Up to the end of the year 9999; a key that signs then is valid a little longer."""
links = st.builds(
    Link,
    id=st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
    room_id=texts(),
    type=st.none(),
    uid=st.none(),
    made=times,
    expires=st.none() | times,
    title=texts(),
) | st.builds(
    Link,
    id=st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
    room_id=texts(),
    type=texts(),
    uid=texts(),
    made=times,
    expires=st.none() | times,
    title=texts(),
)


@given(made=links)
def test_a_link_comes_back_as_it_was_kept_and_its_token_opens_it(
    made: Link, keys: FakeKeys
) -> None:
    link = signed(made, keys)
    kept = {link.id: link.record()}
    assert read_links(kept) == [replace(link, title=link.title[:MAX_TITLE])]
    assert opened_by(link.token, kept) == read_links(kept)[0]
    known = known_keys([keys.document(SERVER, link.made)], SERVER)
    assert is_signed(link, known)


@given(token=st.text() | st.from_regex(r"[A-Za-z0-9_-]{3}\.[A-Za-z0-9_-]{86}", fullmatch=True))
def test_a_made_up_token_opens_nothing(token: str, link: Link) -> None:
    assert opened_by(token, {link.id: link.record()}) is None


@given(place=st.integers(0, 89), other=st.sampled_from("AaZz09_-."))
def test_a_token_with_another_letter_opens_nothing(place: int, other: str, link: Link) -> None:
    token = link.token[:place] + other + link.token[place + 1 :]
    opened = opened_by(token, {link.id: link.record()})
    assert (opened is None) == (token != link.token)


@pytest.mark.parametrize(
    "token",
    [
        "{token} ",
        "{token}\n",
        " {token}",
        "{token}=",
        "{id}",
        "{id}.",
        "{short}",
        "{token}{token}",
        "{upper}",
    ],
)
def test_a_token_that_was_not_copied_whole_opens_nothing(token: str, link: Link) -> None:
    written = token.format(
        token=link.token, id=link.id, short=link.token[:-1], upper=link.token.upper()
    )
    assert opened_by(written, {link.id: link.record()}) is None


@given(record=odd_json() | hostile_json(), link_id=st.text())
def test_whatever_was_written_in_place_of_a_link_is_none_and_raises_nothing(
    record: Any, link_id: str
) -> None:
    assert read_link(link_id, record) is None
    assert read_links({link_id: record, "a": record}) == []
    assert opened_by(f"{link_id}.{'A' * 86}", {link_id: record}) is None


@pytest.mark.parametrize(
    "change",
    [
        {"room_id": "!a\x00"},
        {"uid": "a\x00"},
        {"uid": None},
        {"type": None},
        {"made": -1},
        {"made": True},
        {"made": 2**53},
        {"expires": None},
        {"expires": 1.0},
        {"title": "\ud800"},
        {"signature": "AAAA"},
        {"mine": 0.5},
    ],
)
def test_a_record_that_no_twin_kept_is_no_link(change: dict[str, Any], link: Link) -> None:
    assert read_link(link.id, link.record()) == link
    assert read_link(link.id, {**link.record(), **change}) is None


def test_fields_that_a_newer_twin_kept_do_no_harm(link: Link) -> None:
    assert read_link(link.id, {**link.record(), "mine": {"a": [1]}}) == link


@given(
    name=st.sampled_from(["room_id", "type", "uid", "made", "expires", "title", "signature"]),
    value=odd_json() | st.sampled_from([-1, True, 1.5, "a\x00", "\ud800", 2**53, None, ""]),
)
def test_a_record_with_another_field_is_left_out_or_a_link_that_is_not_signed(
    name: str, value: Any, link: Link, keys: FakeKeys
) -> None:
    found = read_link(link.id, {**link.record(), name: value})
    known = known_keys([keys.document(SERVER, NOON)], SERVER)
    assert (
        found is None
        or found.record() == {**link.record(), "title": found.title}
        or (not is_signed(found, known))
    )


@pytest.mark.parametrize(
    "change",
    [
        {"id": "two"},
        {"room_id": "!other"},
        {"type": f"{NAMESPACE}.doc"},
        {"uid": "butter"},
        {"type": None, "uid": None},
        {"made": NOON + 1},
        {"expires": NOON + 1001},
        {"expires": None},
        {"key_id": "ed25519:other"},
        {"key_id": ""},
    ],
)
def test_a_link_that_was_changed_is_not_signed(
    change: dict[str, Any], link: Link, keys: FakeKeys
) -> None:
    known = known_keys([keys.document(SERVER, NOON)], SERVER)
    assert is_signed(link, known)
    assert not is_signed(replace(link, **change), known)


def test_a_link_of_another_twin_is_not_ours(link: Link) -> None:
    others = FakeKeys()
    theirs = signed(link, others, "bob.example")
    assert not is_signed(theirs, known_keys([FakeKeys().document(SERVER, NOON)], SERVER))
    assert is_signed(theirs, known_keys([others.document("bob.example", NOON)], "bob.example"))


def test_a_link_outlives_the_key_that_signed_it() -> None:
    keys = FakeKeys()
    before = signed(Link("one", "!room", None, None, NOON, None), keys)
    keys.rotate(NOON + 1)
    after = signed(Link("two", "!room", None, None, NOON + 2, None), keys)
    known = known_keys([keys.document(SERVER, NOON + 2)], SERVER)
    assert is_signed(before, known)
    assert is_signed(after, known)


def test_what_strangers_see_of_a_link_does_not_name_what_it_opens(link: Link) -> None:
    shown = str(link.signed(SERVER))
    for secret in (link.room_id, "bread", "Buy", TASK):
        assert secret not in shown
    assert link.statement(SERVER)["opens"] == fingerprint("!room", TASK, "bread")
    assert fingerprint("!room", None, None) != fingerprint("!room", TASK, "bread")


def test_a_link_is_over_from_the_moment_on_that_was_said(link: Link) -> None:
    assert not link.is_over(NOON + 999)
    assert link.is_over(NOON + 1000)
    assert not replace(link, expires=None).is_over(2**53)


# What strangers see of an object


def test_circles_are_not_published_and_everything_else_is() -> None:
    assert [each.name for each in CAPABILITIES if not may_be_published(each)] == ["circles"]


@pytest.mark.parametrize(
    "capability", [*filter(may_be_published, CAPABILITIES)], ids=lambda each: each.name
)
def test_strangers_see_of_an_example_what_is_in_it(capability: Capability) -> None:
    for event in capability.events:
        example = dict(event.example)
        assert published_content(event, example) == {
            key: value for key, value in example.items() if key != NAMESPACE
        }


def test_strangers_see_no_stamps_no_crdt_and_no_address_of_a_file() -> None:
    pointer = {"url": "mxc://a.example/x", "size": 3, "hashes": {"sha256": "A" * 43}}
    content = {
        "@type": "Document",
        "title": "T",
        "textFile": pointer,
        "crdt": {"state": "AAA"},
        "mine": [{"url": "kept"}],
        NAMESPACE: {"base": "$before", "experience": "An app"},
    }
    before = plain(content)
    assert published_content(DOC, content) == {
        "@type": "Document",
        "title": "T",
        "textFile": {"size": 3, "hashes": {"sha256": "A" * 43}},
        "mine": [{"url": "kept"}],
    }
    assert content == before
    assert text_lies_elsewhere(DOC, content)
    assert not text_lies_elsewhere(DOC, {"@type": "Document", "title": "T", "text": "Hi"})
