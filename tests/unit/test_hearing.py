"""What of a message is taken for a wish, and what is not."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from twin_module.chat.hearing import Reaction, Words, hear
from twin_module.core.ports import Message
from twin_module.core.state import frozen

ALICE = "@alice:alice.example"
BOB = "@bob:bob.example"


def message(content: dict[str, Any], kind: str = "m.room.message") -> Message:
    return Message("!r", kind, frozen(content), ALICE, "$said", 0)


def text(body: str, **more: Any) -> Message:
    return message({"msgtype": "m.text", "body": body, **more})


def html(formatted: str, body: str = "") -> Message:
    return text(body, format="org.matrix.custom.html", formatted_body=formatted)


def words(said: Message) -> str | None:
    heard = hear(said)
    assert not isinstance(heard, Reaction)
    return heard.text if heard else None


def test_plain_words_are_heard() -> None:
    assert words(text(" !task buy bread ")) == "!task buy bread"


def test_what_is_quoted_is_not_said() -> None:
    assert words(text("> !task buy bread")) is None
    assert words(text("> <@bob:bob.example> !task buy bread\n> more\n\nthanks")) == "thanks"
    assert words(html("<blockquote>!task buy bread</blockquote>", "> !task buy bread")) is None
    assert words(html("<mx-reply><blockquote>!task x</blockquote></mx-reply>done", "x")) == "done"


def test_code_and_what_is_struck_out_is_not_said() -> None:
    assert words(html("<pre><code>!task buy bread</code></pre>", "!task buy bread")) is None
    assert words(html("<del>!task buy bread</del>")) is None


def test_code_in_what_is_said_belongs_to_it() -> None:
    assert words(html("!task fix <code>foo()</code> now")) == "!task fix foo() now"
    assert words(html("<code>!task x</code>")) is None
    assert words(html("<p>look</p><p><code>!task x</code></p>")) == "look"
    assert words(html("!task x <pre><code>foo()</code></pre>")) == "!task x"


@pytest.mark.parametrize("msgtype", ["m.notice", "m.emote", "m.image", "m.file", None, 3])
def test_only_plain_speech_is_heard(msgtype: Any) -> None:
    assert hear(message({"msgtype": msgtype, "body": "!task buy bread"})) is None


def test_an_edit_is_no_wish() -> None:
    relation = {"rel_type": "m.replace", "event_id": "$before"}
    new = {"msgtype": "m.text", "body": "!task buy bread"}
    assert hear(text("* !task x", **{"m.new_content": new, "m.relates_to": relation})) is None
    assert hear(text("!task x", **{"m.relates_to": relation})) is None


@pytest.mark.parametrize("kind", ["m.room.encrypted", "m.sticker", "org.digitaltwin.task"])
def test_other_events_are_not_heard(kind: str) -> None:
    assert hear(message({"msgtype": "m.text", "body": "!task buy bread"}, kind)) is None


def test_an_answer_names_what_it_answers() -> None:
    heard = hear(text("done", **{"m.relates_to": {"m.in_reply_to": {"event_id": "$told"}}}))
    assert isinstance(heard, Words)
    assert (heard.to, heard.thread) == ("$told", None)


def test_in_a_thread_only_a_true_answer_is_one() -> None:
    thread = {"rel_type": "m.thread", "event_id": "$root", "m.in_reply_to": {"event_id": "$last"}}
    falling_back = hear(text("done", **{"m.relates_to": {**thread, "is_falling_back": True}}))
    true = hear(text("done", **{"m.relates_to": {**thread, "is_falling_back": False}}))
    assert isinstance(falling_back, Words)
    assert isinstance(true, Words)
    assert (falling_back.to, falling_back.thread) == (None, "$root")
    assert (true.to, true.thread) == ("$last", "$root")


def test_somebody_who_was_picked_from_a_list_stands_as_their_matrix_id() -> None:
    pill = f'<a href="https://matrix.to/#/{BOB}">Bob</a>'
    assert words(html(f"!task bread {pill} tomorrow")) == f"!task bread {BOB} tomorrow"
    coded = '<a href="https://matrix.to/#/%40bob%3Abob.example?via=x">Bob</a>'
    assert words(html(f"assign to {coded}")) == f"assign to {BOB}"
    other = '<a href="https://elsewhere.example/#/@bob:bob.example">here</a>'
    assert words(html(f"look {other}")) == "look here"


def test_a_sign_under_a_message_is_heard() -> None:
    relation = {"rel_type": "m.annotation", "event_id": "$told", "key": "✅"}
    heard = hear(message({"m.relates_to": relation}, "m.reaction"))
    assert isinstance(heard, Reaction)
    assert (heard.to, heard.key) == ("$told", "✅")


@pytest.mark.parametrize(
    "relation",
    [
        None,
        "x",
        {"rel_type": "m.annotation", "event_id": "$told"},
        {"rel_type": "m.annotation", "key": "✅"},
        {"rel_type": "m.thread", "event_id": "$told", "key": "✅"},
        {"rel_type": "m.annotation", "event_id": 3, "key": "✅"},
    ],
)
def test_a_broken_sign_is_none(relation: Any) -> None:
    assert hear(message({"m.relates_to": relation}, "m.reaction")) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
)
NAMES = st.sampled_from(
    ["msgtype", "body", "format", "formatted_body", "m.relates_to", "m.new_content", "key"]
)


@given(st.dictionaries(NAMES, JSON | st.just("m.text") | st.just("org.matrix.custom.html")))
def test_nothing_raises_whatever_the_content_is(content: dict[str, Any]) -> None:
    hear(message(content))
    hear(message(content, "m.reaction"))


@given(st.text(alphabet="<>/abp !&;\"='blockquote", max_size=300))
def test_no_html_raises(formatted: str) -> None:
    hear(html(formatted))
