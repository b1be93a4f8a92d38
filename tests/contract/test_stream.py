"""How `engine/synapse_stream.py` cuts the stream of a real Synapse into parts."""

from collections import Counter
from collections.abc import Sequence

import pytest

from tests.contract.conftest import RealSide, Side, task
from twin_module.core.ports import Changes, Delta
from twin_module.engine import synapse_stream

pytestmark = [
    pytest.mark.twins,
    pytest.mark.parametrize("world", ["synapse", "postgres"], indirect=True),
]


def parts(side: Side, after: int) -> list[Changes]:
    """Return what came after a position, part by part."""
    target = side.run(side.port.position())
    found: list[Changes] = []
    while after < target:
        found.append(side.run(side.port.changes(after, target)))
        assert after < found[-1].upto <= target
        after = found[-1].upto
    return found


def positions(side: Side, after: int) -> set[int]:
    """Return at which positions Synapse changed what is current."""
    assert isinstance(side, RealSide)
    rows = side.twin.rows(
        "SELECT stream_id FROM current_state_delta_stream WHERE stream_id > ?", after
    )
    return {position for (position,) in rows}


def current(deltas: Sequence[Delta]) -> dict[tuple[str, str, str], str | None]:
    """Return what the newest change says of each key."""
    return {(each.room_id, each.type, each.state_key): each.event_id for each in deltas}


@pytest.mark.parametrize(("most_arrived", "most_deltas"), [(1, 100), (3, 100), (100, 1), (2, 2)])
def test_parts_of_any_size_have_all_that_the_whole_has(
    alice: Side, monkeypatch: pytest.MonkeyPatch, most_arrived: int, most_deltas: int
) -> None:
    before = alice.run(alice.port.position())
    room = alice.collection()
    first = alice.put(room, task("a"))
    alice.say(room)
    alice.run(alice.port.send_states(room, [task(f"b{number}") for number in range(5)]))
    alice.redact(room, first)
    alice.put(room, task("a", "Butter"))
    whole = parts(alice, before)
    assert len(whole) == 1
    monkeypatch.setattr(synapse_stream, "MOST_ARRIVED", most_arrived)
    monkeypatch.setattr(synapse_stream, "MOST_DELTAS", most_deltas)
    small = parts(alice, before)
    assert len(small) > 2
    for name in ("arrived", "redacted"):
        assert [each for part in small for each in getattr(part, name)] == getattr(whole[0], name)
    # Synapse may give what changed at one position in any order.
    deltas = [each for part in small for each in part.deltas]
    assert Counter(deltas) == Counter(whole[0].deltas)
    assert current(deltas) == current(whole[0].deltas)


def test_what_changed_at_one_position_is_in_one_part(
    alice: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = alice.collection()
    before = alice.run(alice.port.position())
    alice.run(alice.port.send_states(room, [task(f"b{number}") for number in range(7)]))
    # Synapse writes what it persists at once under one position.
    assert len(positions(alice, before)) == 1
    monkeypatch.setattr(synapse_stream, "MOST_DELTAS", 2)
    (first, *rest) = parts(alice, before)
    assert len(first.deltas) == 7
    assert not any(part.deltas for part in rest)
