"""The messages of editors: read as they are meant, and refused where they are none."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, strategies as st
from pycrdt import (
    Doc,
    Text,
    create_awareness_message,
    create_sync_message,
    create_update_message,
    handle_sync_message,
)

from twin_module.core import yprotocols
from twin_module.core.yprotocols import Edit, Have, Presence, WhoIsThere


def test_messages_are_those_of_the_library() -> None:
    doc: Any = Doc({"text": Text("hello")})
    vector, update = doc.get_state(), doc.get_update()
    assert yprotocols.have(vector) == create_sync_message(doc)
    assert yprotocols.news(update) == create_update_message(update)
    assert yprotocols.presence(b"who") == create_awareness_message(b"who")
    other: Any = Doc()
    question = create_sync_message(other)
    assert yprotocols.read(question) == Have(other.get_state())
    assert yprotocols.answer(update) == handle_sync_message(question[1:], doc)
    handle_sync_message(yprotocols.answer(update)[1:], other)
    assert str(other.get("text", type=Text)) == "hello"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (yprotocols.have(b"\0"), Have(b"\0")),
        (yprotocols.answer(b"x" * 200), Edit(b"x" * 200, asked=True)),
        (yprotocols.news(b"x"), Edit(b"x", asked=False)),
        (yprotocols.presence(b"\0"), Presence(b"\0")),
        (b"\x03", WhoIsThere()),
    ],
)
def test_a_message_says_what_was_written(message: bytes, said: object) -> None:
    assert yprotocols.read(message) == said


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x00",
        b"\x00\x03\x00",
        b"\x00\x00\x05abc",
        b"\x00\x00\x01ab",
        b"\x01",
        b"\x02\x00\x00",
        b"\x04",
        b"\x03\x00",
        b"\xff" * 20,
    ],
)
def test_what_is_no_message_is_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        yprotocols.read(message)


@given(st.binary(max_size=50))
def test_nothing_but_a_value_error_comes_of_any_bytes(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        yprotocols.read(data)
