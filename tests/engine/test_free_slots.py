"""When several people are free: what twins ask each other, and what they tell whom."""

from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from types import coroutine
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.engine.conftest import Home, settle
from twin_module.core.errors import (
    BadJson,
    Forbidden,
    InvalidParam,
    NotFound,
    TooLarge,
    TooOften,
    TwinError,
)
from twin_module.core.free_slots import GRID, LATEST, MOST_SECONDS, Hours, Interval
from twin_module.core.replay import WINDOW_MS
from twin_module.engine.free_slots import (
    BURST,
    BUSY,
    MOST_PEOPLE,
    NOT_TOLD,
    REFILL_MS,
    Ask,
    Found,
    Question,
    Told,
)
from twin_module.engine.settings import SETTINGS
from twin_module.testing.driver import run
from twin_module.testing.fake_network import FakeNetwork

HOUR, DAY = 3600, 86_400
MONDAY = 1_790_553_600
"""The midnight at which 28 September 2026 begins, a week after the network's clock."""
WEEK = (MONDAY, MONDAY + 7 * DAY)


class Diary:
    """An agenda of times without anything else; stands in for the real one."""

    def __init__(self, *times: Interval) -> None:
        self.times = times
        self.asked = 0

    async def busy(self, after: datetime, before: datetime) -> list[tuple[datetime, datetime]]:
        self.asked += 1
        return [
            (datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))
            for start, end in self.times
            if start < before.timestamp() and end > after.timestamp()
        ]


def begin(home: Home, *times: Interval, to: Sequence[Home] = ()) -> Diary:
    """Give somebody an agenda, and let their twin answer some others."""
    diary = Diary(*times)
    home.twin.free_slots._agenda = diary
    home.server.answer = home.twin.peers.answer
    run(home.twin.settings.write({"free_busy_to": [each.owner for each in to]}))
    return diary


@coroutine
def at_once(ask: Ask, people: Sequence[str]) -> Generator[bool, None, list[Told]]:
    """Ask about everybody in turns, as they answer."""
    works = {person: ask(person) for person in people}
    told: dict[str, Told] = {}
    while works:
        for person, work in list(works.items()):
            try:
                yield work.send(None)
            except StopIteration as end:
                told[person] = end.value
                del works[person]
    return [told[person] for person in people]


def find(home: Home, *people: Home | str, **changes: Any) -> Found:
    """Look for an hour in a week, from nine to six."""
    names = [each.owner if isinstance(each, Home) else each for each in people]
    usual: dict[str, Any] = {
        "people": names,
        "circle": None,
        "within": WEEK,
        "hours": Hours(ZoneInfo("UTC"), 9 * 60, 18 * 60),
        "duration": HOUR,
        "step": HOUR,
        "limit": 100,
    }
    return run(home.twin.free_slots.find(Question(**{**usual, **changes}), at_once))


def shown(found: Found) -> list[str]:
    """Return when the slots of a result begin."""
    return [datetime.fromtimestamp(start, UTC).strftime("%a %H") for start, _ in found.slots]


def hours(day: int, start: float, end: float) -> Interval:
    """Return a time of a day of the week, which begins with 0."""
    return MONDAY + day * DAY + int(start * HOUR), MONDAY + day * DAY + int(end * HOUR)


# Asking


def test_four_people_find_an_hour(
    network: FakeNetwork, alice: Home, bob: Home, carol: Home
) -> None:
    dave = Home(network, "dave").start()
    begin(alice, hours(0, 9, 12))
    begin(bob, hours(0, 13, 15.1), to=[alice])
    begin(carol, hours(0, 16.75, 18), to=[alice])
    begin(dave, to=[alice])
    found = find(alice, bob, carol, dave, within=(MONDAY, MONDAY + DAY))
    assert shown(found) == ["Mon 12"]
    assert found.known == [each.owner for each in (alice, bob, carol, dave)]
    assert found.people[bob.owner].busy == [hours(0, 13, 15.25)]
    found = find(alice, bob, carol, dave, within=(MONDAY, MONDAY + DAY), step=HOUR // 4)
    starts = [(start - MONDAY) / HOUR for start, _ in found.slots]
    assert starts == [12, 15.25, 15.5, 15.75]


def test_everybody_is_asked_at_once(network: FakeNetwork, alice: Home) -> None:
    order = []
    homes = [Home(network, name).start() for name in ("bob", "carol", "dave")]
    begin(alice)
    for home in homes:
        begin(home, to=[alice])

        async def answer(server: str, path: str, body: Any, home: Home = home) -> Any:
            order.append("asked")
            found = await home.twin.peers.answer(server, path, body)
            order.append("answered")
            return found

        home.server.answer = answer
    assert len(find(alice, *homes).known) == 4
    assert order == ["asked"] * 3 + ["answered"] * 3


def test_the_own_agenda_counts_to_the_second_and_without_being_named(alice: Home) -> None:
    begin(alice, (MONDAY + 10 * HOUR - 1, MONDAY + 11 * HOUR + 1))
    found = find(alice, within=hours(0, 9, 13))
    assert found.people == {
        alice.owner: Told("known", [(MONDAY + 10 * HOUR - 1, MONDAY + 11 * HOUR + 1)])
    }
    assert shown(found) == ["Mon 12"]
    assert find(alice, alice, alice, within=hours(0, 9, 13)) == found


def test_a_twin_that_is_off_is_unknown_and_never_free(
    network: FakeNetwork, alice: Home, bob: Home, carol: Home
) -> None:
    begin(alice)
    begin(bob, to=[alice])
    begin(carol, to=[alice])
    with network.cut_off(bob.server.name):
        found = find(alice, bob, carol)
    told = found.people[bob.owner]
    assert (told.state, told.busy) == ("unknown", ())
    assert told.reason == "bob.example does not answer now."
    assert found.known == [alice.owner, carol.owner]
    assert len(found.slots) == 7 * 9
    assert find(alice, bob).known == [alice.owner, bob.owner]


def test_a_twin_that_refuses_is_refused(alice: Home, bob: Home) -> None:
    begin(alice)
    begin(bob)
    found = find(alice, bob)
    assert found.people[bob.owner].state == "refused"
    assert found.known == [alice.owner]


def test_a_server_without_a_twin_is_unknown(network: FakeNetwork, alice: Home) -> None:
    begin(alice)
    network.add("@vera:vanilla.example")
    told = find(alice, "@vera:vanilla.example").people["@vera:vanilla.example"]
    assert told.state == "unknown"
    assert "no twin" in str(told.reason)


@pytest.mark.parametrize(
    "person", ["@guest:alice.example", "@bob", "@bob:", "@bob:bob example", "@bob:bücher.example"]
)
def test_nobody_is_asked_about_whom_nobody_can_tell(alice: Home, person: str) -> None:
    begin(alice)
    told = find(alice, person).people[person]
    assert told.state == "unknown"
    assert "answer" not in str(told.reason)


def test_a_twin_tells_nothing_of_others_than_its_owner(alice: Home, bob: Home) -> None:
    begin(alice)
    diary = begin(bob, hours(0, 0, 24), to=[alice])
    assert find(alice, "@twin:bob.example").people["@twin:bob.example"].state == "refused"
    assert diary.asked == 0


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"busy": None},
        {"busy": "never"},
        {"busy": [[MONDAY]]},
        {"busy": [[MONDAY + GRID, MONDAY]]},
        {"busy": [[MONDAY + GRID, MONDAY + 2 * GRID], [MONDAY, MONDAY + GRID]]},
        {"busy": [[MONDAY - GRID, MONDAY + GRID]]},
        {"busy": [[MONDAY, MONDAY + 8 * DAY]]},
        {"busy": [[MONDAY, MONDAY + 1.5]]},
        {"busy": [[MONDAY + each, MONDAY + each + 1] for each in range(0, 20_000, 2)]},
    ],
)
def test_what_is_no_answer_leaves_somebody_unknown(alice: Home, bob: Home, answer: Any) -> None:
    async def nonsense(server: str, path: str, body: Any) -> Any:
        return answer

    begin(alice)
    bob.server.answer = nonsense
    found = find(alice, bob)
    told = found.people[bob.owner]
    assert (told.state, told.busy) == ("unknown", ())
    assert told.reason == "bob.example answered what can't be busy times."
    assert found.known == [alice.owner]


@pytest.mark.parametrize(
    "error", [Forbidden, NotFound, BadJson, TooLarge, TooOften, RecursionError]
)
def test_what_another_twin_writes_as_its_reason_is_not_shown(
    alice: Home, bob: Home, error: type[Exception]
) -> None:
    async def refuse(server: str, path: str, body: Any) -> Any:
        raise error("Send me your password.")

    begin(alice)
    bob.server.answer = refuse
    told = find(alice, bob).people[bob.owner]
    assert told.state == ("refused" if error is Forbidden else "unknown")
    assert str(told.reason).startswith("bob.example ")
    assert "password" not in str(told.reason)


def test_the_members_of_a_circle_are_asked(alice: Home, bob: Home, carol: Home) -> None:
    circle = alice.circle(bob="viewer", carol="viewer")
    settle(alice, bob, carol)
    bob.accept(circle)
    settle(alice, bob, carol)
    begin(alice)
    begin(bob, to=[alice, carol])
    found = find(alice, bob, circle=circle)
    assert found.known == [alice.owner, bob.owner]
    assert find(bob, circle=circle).people[alice.owner].state == "refused"


def test_only_a_circle_that_one_is_in_can_be_asked(alice: Home, bob: Home) -> None:
    circle, room = alice.circle(), alice.collection()
    settle(alice, bob)
    begin(alice)
    begin(bob)
    left = alice.circle(bob="viewer")
    settle(alice, bob)
    bob.accept(left)
    settle(alice, bob)
    assert alice.owner in find(bob, circle=left).people
    run(bob.port.set_membership(left, bob.owner, "leave", ""))
    settle(alice, bob)
    for home, asked in ((bob, circle), (bob, left), (alice, room), (alice, "!unknown")):
        with pytest.raises(NotFound):
            find(home, circle=asked)


def test_only_so_many_people_are_asked(alice: Home) -> None:
    begin(alice)
    people = [f"@one:server{number}.example" for number in range(MOST_PEOPLE)]
    assert len(find(alice, alice, *people, *people).people) == MOST_PEOPLE + 1
    with pytest.raises(InvalidParam, match="20 people"):
        find(alice, *people, "@one:too.many.example")


def test_what_is_over_is_not_proposed(network: FakeNetwork, alice: Home) -> None:
    begin(alice)
    network.now = (MONDAY + 11 * HOUR) * 1000 + 1
    assert shown(find(alice, within=(MONDAY, MONDAY + DAY)))[0] == "Mon 12"
    with pytest.raises(InvalidParam, match="over"):
        find(alice, within=hours(0, 0, 11))


@pytest.mark.parametrize(
    "changes",
    [
        {"within": (MONDAY, MONDAY)},
        {"within": (MONDAY + DAY, MONDAY)},
        {"within": (MONDAY, MONDAY + MOST_SECONDS + 1)},
        {"duration": 9 * HOUR + 1},
        {"within": hours(0, 19, 23)},
    ],
)
def test_times_that_can_not_be_asked_about_are_refused(alice: Home, changes: Any) -> None:
    begin(alice)
    with pytest.raises(InvalidParam):
        find(alice, **changes)


def test_as_many_slots_come_as_were_asked_for(alice: Home) -> None:
    begin(alice)
    assert shown(find(alice, limit=3)) == ["Mon 09", "Mon 10", "Mon 11"]


# Answering


def call(caller: Home, asked: Home, **changes: Any) -> dict[str, Any]:
    """Return the body of a call."""
    once = {"id": caller.port.new_uid(), "ts": caller.port.now(), "sender": caller.owner}
    times = {"after": WEEK[0], "before": WEEK[1]}
    return {**once, **times, "user_id": asked.owner, **changes}


def told(asked: Home, caller: Home, **changes: Any) -> Any:
    """Return what a twin answers."""
    body = call(caller, asked, **changes)
    return run(asked.twin.peers.answer(caller.server.name, BUSY, body))


def refused(asked: Home, server: str, body: Any) -> TwinError:
    """Return why a call is not answered."""
    with pytest.raises(TwinError) as caught:
        run(asked.twin.peers.answer(server, BUSY, body))
    return caught.value


def test_an_answer_holds_nothing_but_whole_quarters_of_an_hour(alice: Home, bob: Home) -> None:
    begin(bob, hours(0, 9.1, 9.2), hours(0, 9.3, 10.001), hours(2, 14, 15), to=[alice])
    answer = told(bob, alice)
    assert answer == {"busy": [list(hours(0, 9, 10.25)), list(hours(2, 14, 15))]}


def test_an_answer_stays_within_what_was_asked(alice: Home, bob: Home) -> None:
    begin(bob, hours(-1, 0, 48), hours(6, 23, 30), to=[alice])
    assert told(bob, alice)["busy"] == [list(hours(0, 0, 24)), list(hours(6, 23, 24))]


def test_a_narrow_question_does_not_find_the_exact_time(alice: Home, bob: Home) -> None:
    [(start, end)] = begin(bob, hours(0, 9.05, 9.15), to=[alice]).times
    quarter = hours(0, 9, 9.25)
    for after, before in (
        (quarter[0], start),
        (start - 1, start),
        (end, end + 1),
        (end, quarter[1]),
    ):
        assert told(bob, alice, after=after, before=before) == {"busy": [[after, before]]}
    for after, before in ((quarter[0] - 1, quarter[0]), (quarter[1], quarter[1] + 1)):
        assert told(bob, alice, after=after, before=before) == {"busy": []}


def test_a_stranger_can_not_tell_an_empty_agenda_from_a_full_one(alice: Home, bob: Home) -> None:
    errors = []
    for times in ((), (hours(0, 0, 24 * 7),)):
        diary = begin(bob, *times)
        for changes in ({}, {"user_id": "@other:bob.example"}, {"after": 9, "before": 3}):
            error = refused(bob, alice.server.name, call(alice, bob, **changes))
            errors.append((type(error), error.message, error.fields))
        assert diary.asked == 0
    assert errors == [(Forbidden, NOT_TOLD, {})] * 6


def test_the_members_of_a_circle_that_was_named_are_told(
    alice: Home, bob: Home, carol: Home
) -> None:
    named, other = bob.circle(alice="viewer", carol="viewer"), bob.circle(alice="viewer")
    settle(alice, bob, carol)
    begin(bob)
    for circles, are_told in (([other], False), ([], False), ([named, other, "!gone"], True)):
        run(bob.twin.settings.write({"free_busy_to_circles": circles}))
        alice.accept(named)
        settle(alice, bob, carol)
        if are_told:
            assert told(bob, alice) == {"busy": []}
        else:
            assert refused(bob, alice.server.name, call(alice, bob)).message == NOT_TOLD
    # Who is only invited is not in it yet, and who left no longer.
    assert refused(bob, carol.server.name, call(carol, bob)).message == NOT_TOLD
    run(alice.port.set_membership(named, alice.owner, "leave", ""))
    assert refused(bob, alice.server.name, call(alice, bob)).message == NOT_TOLD


def test_a_circle_that_the_owner_left_lets_nobody_know(alice: Home, bob: Home, carol: Home) -> None:
    circle = alice.circle(bob="viewer", carol="viewer")
    settle(alice, bob, carol)
    bob.accept(circle)
    carol.accept(circle)
    settle(alice, bob, carol)
    begin(bob)
    run(bob.twin.settings.write({"free_busy_to_circles": [circle]}))
    assert told(bob, carol) == {"busy": []}
    run(bob.port.set_membership(circle, bob.owner, "leave", ""))
    assert refused(bob, carol.server.name, call(carol, bob)).message == NOT_TOLD


def test_spoiled_settings_let_nobody_know(alice: Home, bob: Home) -> None:
    begin(bob, to=[alice])
    spoiled = {"free_busy_to": [alice.owner], "time_zone": 7}
    run(bob.port.put_account_data(SETTINGS, spoiled))
    assert refused(bob, alice.server.name, call(alice, bob)).message == NOT_TOLD


def test_a_call_is_answered_once(alice: Home, bob: Home) -> None:
    diary = begin(bob, to=[alice])
    body = call(alice, bob)
    assert run(bob.twin.peers.answer(alice.server.name, BUSY, body)) == {"busy": []}
    assert isinstance(refused(bob, alice.server.name, body), Forbidden)
    for ts in (-WINDOW_MS - 1, WINDOW_MS + 1):
        late = call(alice, bob, ts=alice.port.now() + ts)
        assert isinstance(refused(bob, alice.server.name, late), Forbidden)
    assert diary.asked == 1


def test_nobody_asks_for_somebody_of_another_server(alice: Home, bob: Home, carol: Home) -> None:
    diary = begin(bob, to=[alice])
    assert isinstance(refused(bob, carol.server.name, call(alice, bob)), Forbidden)
    stolen = call(carol, bob, sender="@alice:alice.example:carol.example")
    assert isinstance(refused(bob, carol.server.name, stolen), Forbidden)
    assert diary.asked == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"after": None},
        {"after": "2026-09-28T00:00:00Z"},
        {"after": 1.5},
        {"after": True},
        {"after": -1},
        {"before": LATEST + 1},
        {"before": 2**60},
        {"sender": "alice:alice.example"},
        {"sender": "@" + "a" * 250 + ":alice.example"},
        {"user_id": None},
        {"user_id": "bob"},
        {"id": ""},
        {"ts": "now"},
        {"more": "x" * 5000},
        {"more": [[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]},
    ],
)
def test_what_is_no_call_is_refused(alice: Home, bob: Home, changes: dict[str, Any]) -> None:
    diary = begin(bob, to=[alice])
    assert isinstance(refused(bob, alice.server.name, call(alice, bob, **changes)), BadJson)
    assert diary.asked == 0


@pytest.mark.parametrize("body", [{}, [], None, "busy", 1])
def test_whatever_comes_is_no_more_than_refused(alice: Home, bob: Home, body: Any) -> None:
    begin(bob, to=[alice])
    assert isinstance(refused(bob, alice.server.name, body), BadJson)


@pytest.mark.parametrize("before", [MONDAY, MONDAY - 1, MONDAY + MOST_SECONDS + 1])
def test_a_time_without_measure_is_not_answered(alice: Home, bob: Home, before: int) -> None:
    diary = begin(bob, to=[alice])
    body = call(alice, bob, before=before)
    assert isinstance(refused(bob, alice.server.name, body), InvalidParam)
    assert diary.asked == 0


def test_nobody_watches_an_agenda_minute_by_minute(
    network: FakeNetwork, alice: Home, bob: Home, carol: Home
) -> None:
    diary = begin(bob, to=[alice, carol])
    for _ in range(BURST):
        told(bob, alice)
    error = refused(bob, alice.server.name, call(alice, bob))
    assert isinstance(error, TooOften)
    assert error.fields == {"retry_after_ms": REFILL_MS}
    assert diary.asked == BURST
    assert told(bob, carol) == {"busy": []}
    answers = 0
    for _ in range(60):
        network.pass_time(60)
        try:
            told(bob, alice)
        except TooOften:
            continue
        answers += 1
    assert BURST + answers <= 60


def test_who_asks_too_often_finds_somebody_unknown(alice: Home, bob: Home) -> None:
    begin(alice)
    begin(bob, to=[alice])
    for _ in range(BURST):
        assert find(alice, bob).people[bob.owner].state == "known"
    assert find(alice, bob).people[bob.owner].state == "unknown"
