"""Who is in a document: messages as y-protocols writes them."""

import pytest
from hypothesis import given, strategies as st

from twin_module.core.awareness import (
    MAX_ENTRIES,
    MAX_ENTRY_BYTES,
    Entry,
    read,
    written,
)
from twin_module.core.crdt import BadUpdate
from twin_module.core.varints import MAX_NUMBER

ENTRIES = st.lists(
    st.builds(
        Entry,
        st.integers(0, MAX_NUMBER),
        st.integers(0, MAX_NUMBER),
        st.sampled_from(["null", "{}", '{"name":"Zoë 😀"}']),
    ),
    max_size=5,
)


@given(ENTRIES)
def test_what_is_written_is_read_again(entries: list[Entry]) -> None:
    assert read(written(entries)) == entries


@given(st.binary(max_size=100))
def test_bytes_from_anywhere_are_read_or_refused(data: bytes) -> None:
    try:
        read(data)
    except BadUpdate:
        return


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01",
        b"\x00\x00",
        written([Entry(1, 1, "no json")]),
        written([Entry(1, 1, "[" * 4000)]),
        written([Entry(1, 1, f'"{"x" * MAX_ENTRY_BYTES}"')]),
        written([Entry(n, 1, "{}") for n in range(MAX_ENTRIES + 1)]),
    ],
)
def test_what_is_no_such_message_is_refused(data: bytes) -> None:
    with pytest.raises(BadUpdate, match="who is here"):
        read(data)
