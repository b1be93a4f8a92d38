"""Writes that wait for one room are made together, and each is as if it were alone."""

from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from typing import Any

import pytest
from hypothesis import given, strategies as st
from pyrsistent import pmap

from tests.engine.conftest import TASK, Home, task
from twin_module.core.effects import Put, remove
from twin_module.core.errors import Conflict, RoomFull, TooLarge
from twin_module.core.state import NAMESPACE, frozen
from twin_module.engine.orders import MOMENT, MOMENTS, NEW, Written
from twin_module.engine.writer import CHUNK
from twin_module.testing.driver import pause, together
from twin_module.testing.fake import Crash
from twin_module.testing.fake_network import FakeNetwork

NAME = "m.room.name"
THING = "org.example.thing"


@pytest.fixture
def sent(alice: Home, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The keys of what was sent together."""
    found: list[list[str]] = []
    send = alice.port.send_states

    async def send_states(room_id: str, puts: Sequence[Put], replacing: Any = None) -> Any:
        found.append([put.state_key for put in puts])
        return await send(room_id, puts, replacing)

    monkeypatch.setattr(alice.port, "send_states", send_states)
    return found


def at_once(home: Home, room: str, *writes: Sequence[Put], expected: Any = None) -> list[Any]:
    """Have several people at one twin write at the same time."""
    return together(*(home.twin.writer.write(room, puts, expected) for puts in writes))


def ids(outcomes: Sequence[Any]) -> list[str]:
    return [each.event_id for outcome in outcomes for each in outcome]


def test_who_waits_is_written_together_with_others(
    alice: Home, room: str, sent: list[list[str]]
) -> None:
    outcomes = at_once(alice, room, *([task(f"t{number}")] for number in range(8)))
    # The first finds nobody there yet; while it is sent, the others come.
    assert [sorted(each) for each in sent] == [["t0"], [f"t{number}" for number in range(1, 8)]]
    state = alice.server.state(room)
    assert ids(outcomes) == [state[TASK, f"t{number}"].event_id for number in range(8)]
    assert alice.twin.writer._orders._waiting == {}


def test_who_was_just_answered_is_waited_for(alice: Home, room: str, sent: list[list[str]]) -> None:
    async def write_without_pause(person: int) -> None:
        for number in range(5):
            await alice.twin.writer.write(room, [task(f"{person}-{number}")])

    together(*(write_without_pause(person) for person in range(8)))
    assert [len(each) for each in sent] == [1, 8, 8, 8, 8, 7]


def test_nobody_is_waited_for_who_does_not_come_again(
    alice: Home, room: str, sent: list[list[str]]
) -> None:
    at_once(alice, room, [task("a")], [task("b")], [task("c")])
    slept = alice.port.slept
    for number in range(3):
        at_once(alice, room, [task(f"alone-{number}")])
    assert [len(each) for each in sent] == [1, 2, 1, 1, 1]
    assert alice.port.slept - slept == pytest.approx(MOMENT * MOMENTS)
    assert alice.twin.writer._orders._company == {}


def test_one_that_is_refused_takes_nobody_with_it(alice: Home, room: str) -> None:
    (first,) = alice.write(room, task("there"))
    large = Put(THING, "large", frozen({"text": "x" * 66_000}))
    outcomes = at_once(
        alice,
        room,
        [task("a")],
        [task("b")],
        [large],
        [task("c")],
        [task("there", "Milk")],
        expected={(TASK, "there"): NEW},
    )
    kinds = [type(each) for each in outcomes]
    assert kinds == [list, list, TooLarge, list, Conflict]
    assert outcomes[4].fields == {"current": first.event_id}
    assert {key for _, key in alice.server.state(room)} >= {"a", "b", "c"}
    assert alice.content(room, THING, "large") is None


def test_writes_of_one_key_are_made_one_after_the_other(
    alice: Home, room: str, sent: list[list[str]]
) -> None:
    outcomes = at_once(alice, room, *([task("a", title)] for title in ("one", "two", "three")))
    assert sent == [["a"], ["a"], ["a"]]
    assert alice.content(room, TASK, "a")["title"] == "three"
    assert alice.content(room, TASK, "a")[NAMESPACE]["base"] == ids(outcomes)[1]


def test_only_one_of_those_who_make_the_same_new_thing_makes_it(alice: Home, room: str) -> None:
    outcomes = at_once(
        alice, room, [task("a", "one")], [task("a", "two")], expected={(TASK, "a"): NEW}
    )
    assert [type(each) for each in outcomes] == [list, Conflict]


def test_what_may_change_rights_waits_for_a_turn_of_its_own(
    alice: Home, room: str, sent: list[list[str]]
) -> None:
    name = Put(NAME, "", frozen({"name": "New"}))
    outcomes = at_once(alice, room, [task("a")], [task("b")], [name], [task("c")], [task("d")])
    assert len(ids(outcomes)) == 5
    assert sent == [["a"], ["b", "c", "d"], [""]]


def test_each_write_is_whole_in_one_chunk(alice: Home, room: str, sent: list[list[str]]) -> None:
    writes = [[task(f"{part}-{number}") for number in range(40)] for part in range(5)]
    at_once(alice, room, *writes)
    assert [len(each) for each in sent] == [40, 80, 80]
    assert max(len(each) for each in sent) <= CHUNK


def test_a_room_takes_those_that_it_has_a_place_for(network: FakeNetwork) -> None:
    carol = Home(network, "carol", max_objects=5).start()
    room = carol.collection()
    outcomes = at_once(
        carol, room, [task("a")], [task("b"), task("c")], [task("d"), task("e"), task("f")],
        [task("g")], [task("h"), task("i")],
    )  # fmt: skip
    assert [type(each) for each in outcomes] == [list, list, RoomFull, list, RoomFull]


def test_who_waits_hears_of_it_when_the_one_who_writes_fails(
    alice: Home, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    async def send_states(*_: object) -> Any:
        calls.append(1)
        await pause()
        raise OSError("the disk is full")

    monkeypatch.setattr(alice.port, "send_states", send_states)
    outcomes = at_once(alice, room, [task("a")], [task("b")], [task("c")])
    assert [str(each) for each in outcomes] == ["the disk is full"] * 3
    assert len(calls) == 2
    monkeypatch.undo()
    alice.write(room, task("b"))


@pytest.mark.parametrize("step", range(1, 6))
def test_a_kill_leaves_each_write_whole_or_not_made(network: FakeNetwork, step: int) -> None:
    dora = Home(network, f"dora{step}").start()
    room = dora.collection()
    dora.port.crash_in = step
    writes = [[task(f"{part}{number}") for number in "xyz"] for part in "abc"]
    with suppress(Crash):
        at_once(dora, room, *writes)
    there = {key for kind, key in dora.server.state(room) if kind == TASK}
    for puts in writes:
        keys = {put.state_key for put in puts}
        assert keys <= there or not keys & there
    dora.restart()
    # Said again, they change only what was not there.
    for puts in writes:
        made = dora.write(room, *puts)
        assert {each.changed for each in made} == {not {put.state_key for put in puts} <= there}


KEYS = st.sampled_from("abc")
TITLES = st.sampled_from(["one", "two", "x" * 66_000])
WRITE = st.dictionaries(KEYS, st.one_of(st.none(), TITLES), min_size=1, max_size=3)


def put_of(key: str, title: str | None) -> Put:
    return remove(THING, key) if title is None else Put(THING, key, frozen({"title": title}))


@given(
    writes=st.lists(st.tuples(WRITE, st.booleans()), min_size=2, max_size=6),
    others=st.dictionaries(st.integers(0, 5), KEYS, max_size=2),
    order=st.lists(st.integers(0, 7), max_size=60),
)
def test_in_any_order_each_write_is_made_once_and_whole_or_refused_for_a_true_reason(
    writes: list[tuple[dict[str, str | None], bool]], others: dict[int, str], order: list[int]
) -> None:
    with closing(FakeNetwork()) as network:
        home = Home(network, "emil").start()
        room = home.collection()
        turns, calls = iter(order), iter(range(1000))

        def between() -> None:
            key = others.get(next(calls))
            if key is not None:
                home.server.write(room, THING, key, {"title": "of another"})

        home.port.between = between
        works = [
            home.twin.writer.write(
                room,
                [put_of(*each) for each in what.items()],
                {(THING, key): NEW for key in what} if new else None,
            )
            for what, new in writes
        ]
        outcomes = together(*works, choose=lambda count: next(turns, 0) % count)
        assert_true(outcomes, writes, home.server.rooms[room].events)
        assert home.twin.writer._orders._waiting == {}


def assert_true(
    outcomes: Sequence[Any],
    writes: Sequence[tuple[Mapping[str, str | None], bool]],
    events: Mapping[str, Any],
) -> None:
    """Look that each outcome is what became of its write."""
    seen: set[str] = set()
    for outcome, (what, new) in zip(outcomes, writes, strict=True):
        if isinstance(outcome, list):
            for each, title in zip(outcome, what.values(), strict=True):
                assert isinstance(each, Written)
                if not each.event_id:
                    assert title is None  # nothing was there to be removed
                    continue
                content = events[each.event_id].content
                assert content.get("title") == title
                if each.changed:
                    assert each.event_id not in seen
                    seen.add(each.event_id)
        elif isinstance(outcome, TooLarge):
            assert any(title and len(title) > 65_536 for title in what.values())
        else:
            assert isinstance(outcome, Conflict)
            assert new or pmap(outcome.fields) != {}
