"""How many objects a room takes, without counting them each time."""

import pytest

from tests.engine.conftest import TASK, Home, settle, task
from twin_module.core.errors import RoomFull
from twin_module.engine import space
from twin_module.engine.space import FRESH_MS, MOST_ROOMS, PLENTY
from twin_module.testing.driver import run
from twin_module.testing.fake_network import FakeNetwork


@pytest.fixture
def counts(alice: Home, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The rooms whose objects were counted."""
    found: list[str] = []
    count = alice.port.count_objects

    async def count_objects(room_id: str) -> int:
        found.append(room_id)
        return await count(room_id)

    monkeypatch.setattr(alice.port, "count_objects", count_objects)
    return found


def test_where_there_is_plenty_nobody_counts_each_time(
    alice: Home, room: str, counts: list[str], network: FakeNetwork
) -> None:
    for number in range(20):
        alice.write(room, task(f"t{number}"))
        run(alice.twin.refuse_misfit(room, TASK, f"u{number}", {"@type": "Task", "title": "x"}))
    assert counts == [room]
    network.pass_time(FRESH_MS / 1000)
    alice.write(room, task("later"))
    assert counts == [room, room]
    network.now -= FRESH_MS
    alice.write(room, task("with a clock put back"[:4]))
    assert counts == [room, room, room]


def test_a_room_that_gets_full_takes_no_more_than_it_may(
    network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = PLENTY + 20
    carol = Home(network, "carol", max_objects=most).start()
    room = carol.collection()
    for number in range(most):
        carol.write(room, task(f"t{number}"))
    with pytest.raises(RoomFull, match=f"held {most} objects"):
        carol.write(room, task("one more"[:3]))
    with pytest.raises(RoomFull):
        run(carol.twin.refuse_misfit(room, TASK, "another", {"@type": "Task", "title": "x"}))
    settle(carol)
    assert len([key for key in carol.server.state(room) if key[0] == TASK]) == most


def test_not_every_room_is_remembered(alice: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space, "MOST_ROOMS", 3)
    for number in range(5):
        room = alice.collection(f"Room {number}")
        alice.write(room, task("a"))
    assert len(alice.twin.writer.space._left) == 3 < MOST_ROOMS
