"""What the voice says, as the content of Matrix messages."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from twin_module.core.state import NAMESPACE, plain
from twin_module.core.voice import About, Said, key_in, key_of, message, voice_name, voice_of
from twin_module.core.voice_texts import cannot_read
from twin_module.engine.settings import LANGUAGES
from twin_module.testing.fake_rooms import check_content

OWNER = "@alice:alice.example"
TASK = About("!room", "org.digitaltwin.task", "uid")


def content(key: str = "key", **fields: Any) -> Any:
    """Return a message as plain JSON."""
    return plain(message(Said(**{"body": "Bread", **fields}), key))


def test_a_plain_message_has_nothing_that_it_does_not_need() -> None:
    assert content() == {
        "msgtype": "m.text",
        "body": "Bread",
        "m.mentions": {},
        NAMESPACE: {"key": "key"},
    }


def test_what_it_is_about_and_what_numbers_stand_for_rides_along() -> None:
    time = About("!room", "org.digitaltwin.event", "other", "2026-12-24T18:00:00")
    said = content(
        about=(TASK, time), choices=({"n": 1},), topic="question", mentions=(OWNER,), notice=True
    )
    assert said["msgtype"] == "m.notice"
    assert said["m.mentions"] == {"user_ids": [OWNER]}
    assert said[NAMESPACE] == {
        "key": "key",
        "about": [
            {"room_id": "!room", "type": "org.digitaltwin.task", "uid": "uid"},
            {
                "room_id": "!room",
                "type": "org.digitaltwin.event",
                "uid": "other",
                "recurrence_id": "2026-12-24T18:00:00",
            },
        ],
        "choices": [{"n": 1}],
        "topic": "question",
    }


def test_an_edit_holds_the_new_message_and_words_for_clients_that_know_no_edits() -> None:
    said = content(html="<b>Bread</b>", about=(TASK,), replaces="$1")
    assert said["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$1"}
    assert said["body"] == "* Bread"
    assert said["m.new_content"] == content(html="<b>Bread</b>", about=(TASK,))
    assert key_in(said) == "key"


@pytest.mark.parametrize(
    ("fields", "relation"),
    [
        ({"reply_to": "$1"}, {"m.in_reply_to": {"event_id": "$1"}}),
        (
            {"thread": "$0"},
            {
                "rel_type": "m.thread",
                "event_id": "$0",
                "is_falling_back": True,
                "m.in_reply_to": {"event_id": "$0"},
            },
        ),
        (
            {"thread": "$0", "reply_to": "$1"},
            {
                "rel_type": "m.thread",
                "event_id": "$0",
                "is_falling_back": False,
                "m.in_reply_to": {"event_id": "$1"},
            },
        ),
    ],
)
def test_an_answer_stands_where_it_belongs(fields: Any, relation: Any) -> None:
    assert content(**fields)["m.relates_to"] == relation


@given(st.text(max_size=50), st.text(max_size=50), st.text(max_size=20))
def test_every_message_is_found_by_its_key(body: str, html: str, key: str) -> None:
    for said in (content(key, body=body, html=html), content(key, body=body, replaces="$1")):
        check_content(said)
        assert key_in(said) == key


@given(
    st.recursive(
        st.none() | st.text() | st.integers(),
        lambda each: st.dictionaries(st.sampled_from([NAMESPACE, "key", "body"]), each),
    )
)
def test_no_key_is_found_where_there_is_none(said: Any) -> None:
    found = key_in(said)
    assert found is None or found == said[NAMESPACE]["key"]


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_a_key_is_of_these_parts_alone(one: list[str], other: list[str]) -> None:
    assert (key_of(*one) == key_of(*other)) == (one == other)
    assert len(key_of(*one)) == 64


def test_the_voice_is_called_after_its_owner_and_is_never_the_owner() -> None:
    assert voice_of(OWNER) == "@twin:alice.example"
    assert voice_of("@twin:alice.example:8448") == "@companion:alice.example:8448"
    assert voice_name(OWNER, {"displayname": " Alice\nA. "}) == "Twin of Alice A."


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_encrypted_rooms_it_says_where_it_can_be_spoken_to(language: str) -> None:
    uri = "matrix:roomid/x?via=a&via=b"
    said = cannot_read(language, OWNER, uri)
    assert said.body.endswith(uri)
    assert said.html is not None
    assert '<a href="matrix:roomid/x?via=a&amp;via=b">' in said.html
    assert said.mentions == (OWNER,)
