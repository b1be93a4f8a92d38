"""The state of a shared text: the same everywhere, small edits, and bytes that nobody may trust."""

from typing import Any

import pytest
from hypothesis import example, given, strategies as st
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText

from twin_module.core import crdt
from twin_module.core.crdt import (
    EMPTY,
    MAX_DEPTH,
    MAX_UPDATE_BYTES,
    BadUpdate,
    Replica,
    check_update,
    client_id,
    contains,
    edit,
    initial,
    missing,
    text_of,
    union,
    vector,
)
from twin_module.core.varints import buffer, number

TEXT = st.text("ab é😀\n", max_size=30)
A, B = client_id("a"), client_id("b")


# The same everywhere


def test_a_text_that_nobody_wrote_together_has_one_state_for_ever() -> None:
    state = initial("Hi 😀", "!room doc")
    assert state == initial("Hi 😀", "!room doc")
    assert state.hex() == STATE_OF_HI
    assert text_of(state) == "Hi 😀"


STATE_OF_HI = "0101eab78fbfc08e860f000401047465787407486920f09f988000"


def test_another_seed_or_text_is_another_writer() -> None:
    states = {initial("ab", "one"), initial("ab", "two"), initial("abc", "one")}
    assert len({vector(state) for state in states}) == 3
    assert initial("", "one") == EMPTY


@pytest.mark.parametrize("seed", ["", "x", "😀" * 1000])
def test_a_writer_is_a_number_that_javascript_can_read(seed: str) -> None:
    assert 0 <= client_id(seed) < 2**53


@given(TEXT, TEXT, TEXT)
def test_the_order_of_edits_does_not_matter(base: str, one: str, other: str) -> None:
    state = initial(base, "doc")
    edits = [edit(state, one, A), edit(state, other, B)]
    there, back = union([state, *edits]), union([*edits[::-1], state, edits[0]])
    assert text_of(there) == text_of(back)
    assert contains(there, back)
    assert contains(back, there)


@given(TEXT, TEXT)
def test_an_edit_makes_the_text_what_it_is_to_be(before: str, after: str) -> None:
    state = initial(before, "doc")
    assert text_of(union([state, edit(state, after, A)])) == after


def test_an_edit_of_one_word_leaves_room_for_others() -> None:
    state = initial("one two 😀 three\n", "doc")
    both = [edit(state, "1 two 😀 three\n", A), edit(state, "one two 😀 3\n", B)]
    assert text_of(union([state, *both])) == "1 two 😀 3\n"


def test_an_edit_goes_around_what_is_embedded() -> None:
    doc: Any = Doc(client_id=5)
    text = doc.get("text", type=Text)
    text.insert(0, "ab cd")
    text.insert_embed(2, {"image": "x"})
    state = bytes(doc.get_update())
    assert text_of(state) == "ab cd"
    after = Replica(union([state, edit(state, "ab XX", A)]))
    assert after.text() == "ab XX"
    parts = [part for part, _ in after._doc.get("text", type=Text).diff()]
    assert parts == ["ab", {"image": "x"}, " XX"]


def test_five_megabytes_that_are_all_different_are_replaced_and_no_more() -> None:
    state = initial("a b\n" * 1_250_000, "doc")
    after = "c d\n" * 1_250_000
    assert text_of(union([state, edit(state, after, A)])) == after


# What somebody lacks


def test_what_is_missing_makes_whole() -> None:
    state = initial("ab", "doc")
    newer = union([state, edit(state, "ab cd", A)])
    assert union([state, missing(newer, vector(state))]) == newer
    assert missing(newer, vector(newer)) == EMPTY


def test_a_deletion_alone_is_something_new() -> None:
    state = initial("ab cd", "doc")
    deletion = edit(state, "ab", A)
    assert not contains(state, deletion)
    assert contains(union([state, deletion]), deletion)
    assert vector(union([state, deletion])) == vector(state)


def test_what_builds_on_something_missing_waits_for_it() -> None:
    state = initial("ab", "doc")
    more = edit(state, "ab cd", A)
    gone = edit(union([state, more]), "", B)
    replica = Replica()
    for update in (gone, more):
        replica.apply(update)
        assert not replica.contains(update)
        assert (replica.text(), replica.state()) == ("", EMPTY)
    replica.apply(state)
    assert (replica.text(), replica.contained([state, more, gone])) == ("", [True] * 3)


def test_updates_that_are_put_together_are_the_same_as_one_by_one() -> None:
    state = initial("ab", "doc")
    updates = [edit(state, "ab cd", A), edit(state, "xx ab", B)]
    assert text_of(union([state, crdt.merged_updates(updates)])) == text_of(
        union([state, *updates])
    )
    assert crdt.merged_updates(updates[:1]) == updates[0]


def test_two_who_write_upwards_for_long_are_not_too_many_for_a_twin() -> None:
    states = []
    for client in (1, 2):
        doc: Any = Doc(client_id=client)
        text = doc.get("text", type=Text)
        with doc.transaction():
            for _ in range(2_000):
                text.insert(0, "x")
        states.append(bytes(doc.get_update()))
    assert len(text_of(union(states))) == 4_000


# Bytes that nobody may trust


def honest() -> list[bytes]:
    """Return updates of everything that there is, to be broken."""
    state = initial("Hello 😀 you\n", "doc")
    doc: Any = Doc(client_id=9)
    doc["map"] = Map({"a": 1, "b": [1.5, None, {"c": "x"}]})
    doc["array"] = Array([True, "s", b"bytes", 2**60])
    text = doc.get("text", type=Text)
    text.insert(0, "bold", {"bold": True})
    text.insert_embed(1, {"image": [1, {"x": "y"}]})
    deletion = edit(state, "Hello\n", A)
    blocks: Any = Doc(client_id=10)
    fragment = blocks.get("prosemirror", type=XmlFragment)
    item = fragment.children.append(XmlElement("list_item", {"order": "1"}))
    item.children.append(XmlElement("paragraph")).children.append(XmlText("é"))
    return [
        *(state, deletion, union([state, deletion])),
        *(bytes(doc.get_update()), bytes(blocks.get_update())),
    ]


HONEST = honest()


@pytest.mark.parametrize("update", HONEST)
def test_what_is_honest_is_taken(update: bytes) -> None:
    check_update(update)
    assert Replica().apply(update)


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """Return an honest update with some bytes changed, left out, or put in."""
    data = bytearray(draw(st.sampled_from(HONEST)))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        length = draw(st.integers(0, 3))
        piece = draw(
            st.one_of(
                st.binary(max_size=5),
                st.sampled_from([b"\xff\xff\xff\xff\x0f", b"\xff\xff\xff\xff\xff\xff\xff\x0f"]),
            )
        )
        data[place : place + length] = piece
    return bytes(data)


@given(st.one_of(st.binary(max_size=200), broken(), broken(), broken()))
@example(b"")
@example(b"\x00")
@example(HONEST[0] + b"\x00")
def test_bytes_from_anywhere_are_carried_out_or_refused_and_nothing_else(data: bytes) -> None:
    for start in (HONEST[2], HONEST[4]):
        replica = Replica(start)
        before = replica.state()
        try:
            replica.apply(data)
        except BadUpdate:
            assert replica.state() == before
        assert text_of(replica.state()) == replica.text()
    assert replica.contains(before)
    for read in (text_of, vector, lambda data: union([HONEST[2], data])):
        try:
            read(data)
        except BadUpdate:
            continue
    for each in (data, b""):
        try:
            replica.missing(each)
        except BadUpdate:
            continue


def test_an_update_that_makes_the_library_fail_leaves_the_text_as_it_was() -> None:
    replica = Replica()
    with pytest.raises(BadUpdate, match="does not fit its text"):
        # An array that begins in the middle of a piece that is not there.
        replica._doc = Panicking(replica._doc)
        replica.apply(HONEST[0])
    assert replica.apply(HONEST[0])
    assert replica.text() == "Hello 😀 you\n"


class PanicException(BaseException):
    """Stands for the one that the library raises."""


class Panicking:
    """A document that fails when it is changed."""

    def __init__(self, doc: Any) -> None:
        self._doc = doc

    def __getattr__(self, name: str) -> Any:
        return getattr(self._doc, name)

    def apply_update(self, update: bytes) -> None:
        raise PanicException


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(BadUpdate, match="bytes at most"):
        check_update(bytes(MAX_UPDATE_BYTES + 1))


def nested(depth: int, client: int = 1) -> bytes:
    """Return an update of elements that lie in each other."""
    first = b"\x07\x01" + buffer(b"prosemirror") + b"\x03" + buffer(b"p")
    rest = (
        b"\x07\x00" + number(client) + number(clock) + b"\x03" + buffer(b"p")
        for clock in range(depth - 1)
    )
    return number(1) + number(depth) + number(client) + number(0) + first + b"".join(rest) + b"\0"


def test_blocks_that_lie_in_each_other_too_deep_are_refused() -> None:
    assert Replica().apply(nested(MAX_DEPTH))
    for depth in (MAX_DEPTH + 1, 50_000):
        with pytest.raises(BadUpdate, match="deep at most"):
            Replica().apply(nested(depth))


def test_blocks_that_get_deeper_update_by_update_are_refused_as_well() -> None:
    replica, clock = Replica(nested(1)), 1
    with pytest.raises(BadUpdate, match="deep at most"):
        while clock < 10 * MAX_DEPTH:
            inner = b"\x07\x00" + number(1) + number(clock - 1) + b"\x03" + buffer(b"p")
            replica.apply(number(1) + number(1) + number(1) + number(clock) + inner + b"\0")
            clock += 1
    assert clock == MAX_DEPTH


def test_many_blocks_beside_each_other_are_not_deep() -> None:
    replica = Replica()
    for clock in range(5 * MAX_DEPTH):
        where = (
            b"\x07\x01" + buffer(b"prosemirror") if not clock else b"\x87\x01" + number(clock - 1)
        )
        block = where + b"\x03" + buffer(b"p")
        replica.apply(number(1) + number(1) + number(1) + number(clock) + block + b"\0")
    assert len(replica._doc.get("prosemirror", type=XmlFragment).children) == 5 * MAX_DEPTH


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x04", "too early"),
        (b"\x08", "too deep"),
        (b"\x05", "too deep"),
        (b"\x05", "too large"),
        (b"\x07", "type that is not known"),
        (b"\x0b", "content that is not known"),
    ],
)
def test_values_that_no_editor_makes_are_refused(content: bytes, reason: str) -> None:
    root = b"\x01" + buffer(b"a")
    body = {
        "too early": number(100),
        "type that is not known": b"\x07",
        "content that is not known": b"\x00",
        "too large": buffer(b"[" * 200_000),
    }.get(reason)
    if body is None:
        deep = 300_000 if content == b"\x08" else 300
        body = b"\x01" + b"\x75\x01" * deep if content == b"\x08" else buffer(b"[" * deep)
    update = number(1) + number(1) + number(1) + number(0) + content[:1] + root + body + b"\0"
    with pytest.raises(BadUpdate, match=reason):
        check_update(update)


def test_a_crowd_in_one_place_is_refused() -> None:
    heads = 40_000
    pieces = b"".join(
        number(1) + number(client) + number(0) + b"\x04\x01" + buffer(b"text") + buffer(b"x")
        for client in range(1, heads)
    )
    with pytest.raises(BadUpdate, match="same place"):
        check_update(number(heads - 1) + pieces + b"\0")


def test_two_crowds_that_would_be_compared_one_by_one_are_refused() -> None:
    doc: Any = Doc(client_id=1)
    text = doc.get("text", type=Text)
    with doc.transaction():
        for _ in range(40_000):
            text.insert(0, "x")
    with pytest.raises(BadUpdate, match="same place"):
        check_update(bytes(doc.get_update()))


@pytest.mark.parametrize(
    "update",
    [
        b"\x01\x01\x01\x00\x00\x00\x00",  # a piece of no length
        b"\x01\x01\x01\xff\xff\xff\xff\x0f\x00\x05\x00",  # a clock that is too high
        b"\x00\x01\x01\x01\x00\xff\xff\xff\xff\x0f",  # a deletion that is too long
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  # a number that is too large
    ],
)
def test_numbers_that_are_too_large_are_refused(update: bytes) -> None:
    with pytest.raises(BadUpdate):
        check_update(update)
