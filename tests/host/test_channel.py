"""Messages between keeper and shard arrive as they were sent, with the sockets that go along."""

import os
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given, strategies as st

from twin_module.host.channel import (
    Ask,
    Asleep,
    Awake,
    Channel,
    Failed,
    Load,
    Message,
    Report,
    Sleep,
    Stays,
    Stop,
    TwinNow,
)

MESSAGES = st.one_of(
    *(st.builds(kind) for kind in (Load, Sleep, Stop, Ask, Awake, Failed, Asleep, Stays)),
    st.builds(Report, st.lists(st.builds(TwinNow), max_size=25).map(tuple)),
).filter(lambda message: "nan" not in repr(message) and "inf" not in repr(message))


@pytest.fixture
def pair() -> Iterator[tuple[Channel, Channel]]:
    ends = Channel.pair()
    yield ends
    for end in ends:
        end.close()


@given(messages=st.lists(MESSAGES, max_size=4))
def test_messages_arrive_whole_and_in_order(messages: list[Message]) -> None:
    one, other = Channel.pair()
    try:
        for message in messages:
            one.send(message)
        for message in messages:
            assert other.receive() == (message, None)
        with pytest.raises(BlockingIOError):
            other.receive()
    finally:
        one.close()
        other.close()


def test_a_socket_that_goes_along_is_the_same_one(pair: tuple[Channel, Channel]) -> None:
    one, other = pair
    left, right = socket.socketpair()
    with left, right:
        one.send(Load("alice", "alice.example.org", "/a"), left.fileno())
        received = other.receive()
        assert received is not None
        descriptor = received[1]
        assert descriptor is not None
        assert not os.get_inheritable(descriptor)
        with socket.socket(fileno=descriptor) as copy:
            copy.send(b"hello")
            assert right.recv(5) == b"hello"


def test_the_end_of_the_other_side_is_seen(pair: tuple[Channel, Channel]) -> None:
    one, other = pair
    one.close()
    assert other.receive() is None
    with pytest.raises(OSError, match="pipe"):
        other.send(Stop())
