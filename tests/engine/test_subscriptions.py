"""Collections that the twin fills from public calendars."""

from typing import Any

import pytest

from tests.engine.conftest import Home, settle
from tests.engine.test_imports import EVENT, TASK, calendar, vevent, vtodo
from twin_module.core.effects import Put
from twin_module.core.errors import InvalidParam, NotFound, TooLarge, TooOften, Unreachable
from twin_module.core.state import NAMESPACE, frozen
from twin_module.core.subscription import HOUR, Subscription
from twin_module.engine import subscriptions as module
from twin_module.engine.feeds import MOST_BYTES, NO_CALENDAR
from twin_module.engine.subscriptions import EMPTY, FAILED, SUBSCRIPTIONS
from twin_module.testing.driver import run
from twin_module.testing.fake import Crash
from twin_module.testing.fake_web import FakePage

URL = "https://calendar.example/jazz.ics"
DAY = 24 * HOUR


def named(*components: str, lines: str = "X-WR-CALNAME:Jazz club") -> bytes:
    return calendar(*components).replace(b"VERSION:2.0", f"VERSION:2.0\r\n{lines}".encode())


def put(home: Home, *components: str, url: str = URL, **page: Any) -> FakePage:
    """Put a calendar on the web."""
    home.network.web.pages[url] = FakePage(named(*components), **page)
    return home.network.web.pages[url]


def subscribed(home: Home, url: str = URL, name: str | None = None) -> str:
    """Subscribe, and return the room."""
    made = run(home.twin.subscriptions.subscribe(url, name))
    settle(home)
    return made.room_id


def later(home: Home, seconds: float = 2 * HOUR) -> None:
    """Let time go by, and the twin look again."""
    home.network.pass_time(seconds)
    run(home.twin.look_again())
    settle(home)


def found(home: Home, room: str) -> Subscription:
    return run(home.twin.subscriptions.find(room))


def titles(home: Home, room: str) -> dict[str, str]:
    """Return what is in a room, by uid."""
    state = home.server.state(room)
    return {
        key[1]: str(each.content["title"])
        for key, each in state.items()
        if key[0] in (EVENT, TASK) and each.content
    }


def asked(home: Home) -> int:
    return len(home.network.web.asked)


def test_a_calendar_becomes_a_collection_that_is_called_as_it_is(alice: Home) -> None:
    put(alice, vevent("e1"), vtodo("t1"), tagged=True)
    room = subscribed(alice, "webcal://calendar.example/jazz.ics")
    assert alice.rooms()[room].name == "Jazz club"
    assert alice.rooms()[room].kind == "collection"
    assert titles(alice, room) == {"e1": "Jazz", "t1": "Bread"}
    one = found(alice, room)
    assert (one.url, one.entries, one.problem) == (URL, 2, "")
    assert one.refreshed_ts == alice.network.now
    assert asked(alice) == 1
    other = subscribed(alice, name="Mine")
    assert alice.rooms()[other].name == "Mine"


def test_the_address_stands_in_no_room(alice: Home) -> None:
    put(alice, vevent("e1"), url=f"{URL}?secret=s3cret")
    room = subscribed(alice, f"{URL}?secret=s3cret")
    assert not any("s3cret" in repr(each) for each in alice.server.state(room).values())


def test_what_changed_is_written_and_what_is_gone_removed(alice: Home) -> None:
    put(alice, vevent("e1"), vevent("e2", "Rock"), vevent("e3", "Folk"))
    room = subscribed(alice)
    before = dict(alice.server.rooms[room].current)
    put(alice, vevent("e1"), vevent("e2", "Pop"), vevent("e4", "Soul"))
    later(alice)
    assert titles(alice, room) == {"e1": "Jazz", "e2": "Pop", "e4": "Soul"}
    after = alice.server.rooms[room].current
    assert after[EVENT, "e1"] == before[EVENT, "e1"]


def test_a_calendar_that_is_stamped_anew_each_time_causes_no_write(alice: Home) -> None:
    put(alice, vevent("e1", "Jazz", "LAST-MODIFIED:20260901T080000Z"))
    room = subscribed(alice)
    before = dict(alice.server.rooms[room].current)
    page = put(alice, vevent("e1", "Jazz", "LAST-MODIFIED:20260902T080000Z", "SEQUENCE:3"))
    page.body = page.body.replace(b"DTSTAMP:20260901T", b"DTSTAMP:20260902T")
    later(alice)
    assert found(alice, room).refreshed_ts >= alice.network.now
    assert dict(alice.server.rooms[room].current) == before


def test_what_has_not_changed_is_not_sent_again(alice: Home) -> None:
    put(alice, vevent("e1"), tagged=True)
    room = subscribed(alice)
    later(alice)
    assert "If-None-Match" in alice.network.web.asked[-1][1]
    assert found(alice, room).refreshed_ts >= alice.network.now
    put(alice, vevent("e1"), headers={"last-modified": "Mon, 05 Oct 2026 20:00:00 GMT"})
    later(alice)
    later(alice)
    assert alice.network.web.asked[-1][1]["If-Modified-Since"].endswith("GMT")


def test_a_calendar_is_looked_at_once_an_hour_at_most_and_as_it_wishes(alice: Home) -> None:
    put(alice, vevent("e1"))
    room = subscribed(alice)
    for _ in range(5):
        later(alice, HOUR / 6)
    assert asked(alice) == 1
    later(alice, HOUR)
    assert asked(alice) == 2
    alice.network.web.pages[URL].body = named(vevent("e1"), lines="REFRESH-INTERVAL:P1D")
    later(alice)
    later(alice, DAY - HOUR)
    assert asked(alice) == 3
    later(alice, DAY / 4)
    assert asked(alice) == 4
    assert found(alice, room).next_ts >= alice.network.now + DAY * 1000


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (404, "no calendar at this address"),
        (403, "not show this calendar"),
        (500, "answered 500"),
        (200, NO_CALENDAR),
    ],
)
def test_a_broken_calendar_takes_nothing_away_and_says_why(
    status: int, problem: str, alice: Home
) -> None:
    put(alice, vevent("e1"), tagged=True)
    room = subscribed(alice)
    alice.network.web.pages[URL] = FakePage(b"<html>Oops", status=status)
    later(alice)
    assert problem in found(alice, room).problem
    assert titles(alice, room) == {"e1": "Jazz"}
    put(alice, vevent("e2", "Rock"))
    later(alice)
    assert found(alice, room).problem == ""
    assert titles(alice, room) == {"e2": "Rock"}


def test_what_was_cut_off_on_the_way_takes_nothing_away(alice: Home) -> None:
    page = put(alice, vevent("e1"), vevent("e2"))
    room = subscribed(alice)
    page.body = page.body[:250]
    later(alice)
    assert found(alice, room).problem == NO_CALENDAR
    assert len(titles(alice, room)) == 2


def test_a_calendar_of_which_nothing_can_be_read_takes_nothing_away(alice: Home) -> None:
    put(alice, vevent("e1"))
    room = subscribed(alice)
    put(alice, "BEGIN:VEVENT\r\nUID:e1\r\nSUMMARY:No start\r\nEND:VEVENT")
    later(alice)
    assert "No entry of it can be read. No start:" in found(alice, room).problem
    assert titles(alice, room) == {"e1": "Jazz"}


def test_an_empty_calendar_takes_everything_away_the_second_time(alice: Home) -> None:
    put(alice, vevent("e1"), tagged=True)
    room = subscribed(alice)
    put(alice, tagged=True)
    later(alice)
    assert titles(alice, room) == {"e1": "Jazz"}
    assert found(alice, room).problem == EMPTY
    later(alice)
    assert titles(alice, room) == {}
    assert found(alice, room).problem == ""


def test_a_calendar_that_was_empty_for_a_moment_loses_nothing(alice: Home) -> None:
    put(alice, vevent("e1"))
    room = subscribed(alice)
    put(alice)
    later(alice)
    alice.network.web.pages[URL] = FakePage(status=500)
    later(alice)
    put(alice)
    later(alice)
    assert titles(alice, room) == {"e1": "Jazz"}
    put(alice, vevent("e1"))
    later(alice, DAY)
    assert titles(alice, room) == {"e1": "Jazz"}


def test_what_can_not_be_had_is_tried_later_and_later(alice: Home) -> None:
    put(alice, vevent("e1"))
    subscribed(alice)
    del alice.network.web.pages[URL]
    counts = []
    for _ in range(10):
        later(alice, 1.2 * HOUR)
        counts.append(asked(alice))
    assert counts[0] == 2
    assert counts[-1] < 7
    later(alice, 10 * DAY)
    assert asked(alice) > counts[-1]


def test_a_server_that_wants_to_be_left_alone_is(alice: Home) -> None:
    put(alice, vevent("e1"))
    room = subscribed(alice)
    alice.network.web.pages[URL] = FakePage(status=503, headers={"retry-after": str(5 * HOUR)})
    later(alice)
    before = asked(alice)
    later(alice, 4 * HOUR)
    assert asked(alice) == before
    assert "can't answer now" in found(alice, room).problem
    later(alice, 2 * HOUR)
    assert asked(alice) == before + 1


def test_what_people_add_to_the_collection_stays(alice: Home) -> None:
    put(alice, vevent("e1"))
    room = subscribed(alice)
    own = {"@type": "Event", "title": "Mine", "start": "2026-10-05T20:00:00"}
    alice.write(room, Put(EVENT, "mine", frozen(own)))
    put(alice, vevent("e2", "Rock"))
    later(alice)
    assert titles(alice, room) == {"e2": "Rock", "mine": "Mine"}


def test_an_entry_that_can_not_be_taken_is_told_and_the_others_are(alice: Home) -> None:
    put(alice, vevent("e1"), vevent("huge", "Too long", f"DESCRIPTION:{'x' * 70_000}"))
    room = subscribed(alice)
    assert titles(alice, room) == {"e1": "Jazz"}
    assert found(alice, room).problem.startswith("1 of 2 entries can't be taken. Too long: ")


# Where it leads


def test_redirects_are_followed_three_times_at_most_and_each_is_checked(alice: Home) -> None:
    pages = alice.network.web.pages
    for number in range(5):
        pages[f"https://r{number}.example/"] = FakePage(
            status=302, headers={"location": f"https://r{number + 1}.example/"}
        )
    put(alice, vevent("e1"), url="https://r5.example/")
    assert titles(alice, subscribed(alice, "https://r2.example/")) == {"e1": "Jazz"}
    with pytest.raises(Unreachable, match="more than 3"):
        subscribed(alice, "https://r1.example/")
    for location in ("file:///etc/passwd", "http://r5.example/", ""):
        pages["https://r4.example/"].headers["location"] = location
        with pytest.raises((InvalidParam, Unreachable)):
            subscribed(alice, "https://r4.example/")
    alice.network.web.private.add("https://r5.example/")
    with pytest.raises(Unreachable):
        subscribed(alice, "https://r2.example/")


def test_what_is_no_calendar_makes_no_collection(alice: Home) -> None:
    settle(alice)
    before = len(alice.rooms())
    pages = alice.network.web.pages
    pages[URL] = FakePage(b"<html>Sign in")
    pages["https://large.example/"] = FakePage(b"x" * (MOST_BYTES + 1))
    pages["https://locked.example/"] = FakePage(status=401)
    for url, error in (
        (URL, InvalidParam),
        ("https://large.example/", TooLarge),
        ("https://locked.example/", Unreachable),
        ("https://nobody.example/", Unreachable),
        ("file:///etc/passwd", InvalidParam),
    ):
        with pytest.raises(error):
            subscribed(alice, url)
    settle(alice)
    assert len(alice.rooms()) == before
    assert run(alice.twin.subscriptions.listed()) == []


def test_a_calendar_of_too_many_entries_is_not_taken(
    alice: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_ENTRIES", 3)
    put(alice, *(vevent(f"e{n}") for n in range(4)))
    room = subscribed(alice)
    assert "There are 4 entries in this calendar, and 3 is the most." in found(alice, room).problem
    assert titles(alice, room) == {}


# Ending, asking, restarting


def test_an_ended_subscription_leaves_its_collection_and_is_asked_for_no_more(alice: Home) -> None:
    put(alice, vevent("e1"))
    room = subscribed(alice)
    run(alice.twin.subscriptions.end(room))
    before = asked(alice)
    later(alice, DAY)
    assert asked(alice) == before
    assert titles(alice, room) == {"e1": "Jazz"}
    for call in (alice.twin.subscriptions.end, alice.twin.subscriptions.refresh):
        with pytest.raises(NotFound):
            run(call(room))


def test_who_leaves_the_collection_follows_no_longer(alice: Home) -> None:
    put(alice, vevent("e1"))
    room = subscribed(alice)
    run(alice.port.set_membership(room, alice.owner, "leave", ""))
    settle(alice)
    before = asked(alice)
    later(alice, DAY)
    assert asked(alice) == before
    assert run(alice.twin.subscriptions.listed()) == []


def test_the_owner_may_have_it_looked_at_now_but_not_again_and_again(alice: Home) -> None:
    put(alice, vevent("e1"))
    room = subscribed(alice)
    with pytest.raises(TooOften):
        run(alice.twin.subscriptions.refresh(room))
    alice.network.pass_time(61)
    put(alice, vevent("e1", "Rock"))
    run(alice.twin.subscriptions.refresh(room))
    settle(alice)
    assert titles(alice, room) == {"e1": "Rock"}
    del alice.network.web.pages[URL]
    alice.network.pass_time(61)
    run(alice.twin.subscriptions.refresh(room))
    settle(alice)
    with pytest.raises(TooOften):
        run(alice.twin.subscriptions.refresh(room))


def test_a_crash_at_any_step_leaves_a_subscription_that_goes_on(alice: Home) -> None:
    put(alice, *(vevent(f"e{n}") for n in range(60)))
    room = subscribed(alice)
    step, title = 0, 0
    while True:
        step, title = step + 9, title + 1
        put(alice, *(vevent(f"e{n}", f"T{title}") for n in range(1, 61)))
        alice.port.crash_in = step
        try:
            later(alice)
        except Crash:
            alice.restart()
            alice.port.crash_in = None
            later(alice)
        else:
            break
        finally:
            alice.port.crash_in = None
        assert titles(alice, room) == {f"e{n}": f"T{title}" for n in range(1, 61)}
        put(alice, *(vevent(f"e{n}") for n in range(60)))
        later(alice)
    assert step > 20


@pytest.mark.parametrize(
    "kept", [{"subscriptions": []}, {"subscriptions": {"!a": None, "!b": {"url": "file:///"}}}, {}]
)
def test_what_a_client_wrote_in_a_wrong_shape_is_no_subscription(kept: Any, alice: Home) -> None:
    run(alice.port.put_account_data(SUBSCRIPTIONS, {**kept, "mine": 1}))
    assert run(alice.twin.subscriptions.listed()) == []
    put(alice, vevent("e1"))
    room = subscribed(alice)
    assert titles(alice, room) == {"e1": "Jazz"}
    assert alice.server.account_data[SUBSCRIPTIONS]["mine"] == 1


def test_a_fault_of_the_twin_is_said_and_stops_nothing(
    alice: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put(alice, vevent("e1"))
    room = subscribed(alice)

    def fail(text: str) -> Any:
        raise LookupError("on purpose")

    put(alice, vevent("e2", "Rock"))
    with monkeypatch.context() as patched:
        patched.setattr(module, "read_entries", fail)
        later(alice)
    assert found(alice, room).problem == FAILED
    assert "A subscription failed" in caplog.text
    later(alice)
    assert titles(alice, room) == {"e2": "Rock"}


def test_there_is_a_limit(alice: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 1)
    put(alice, vevent("e1"))
    room = subscribed(alice)
    with pytest.raises(InvalidParam, match="that is the most"):
        subscribed(alice)
    run(alice.twin.subscriptions.end(room))
    subscribed(alice)


def test_a_marked_entry_is_known_by_its_namespace(alice: Home) -> None:
    put(alice, vevent("e1"))
    room = subscribed(alice)
    assert alice.content(room, EVENT, "e1")[NAMESPACE]["subscribed"] is True
