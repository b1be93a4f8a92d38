"""Files with events, tasks and contacts, imported into a room."""

from base64 import b64encode
from typing import Any

import pytest

from tests.engine.conftest import Home, settle, share
from twin_module.core.errors import Forbidden, InvalidParam, NotFound, TooOften
from twin_module.core.state import NAMESPACE
from twin_module.engine import imports as module
from twin_module.engine.imports import (
    CALENDAR,
    CONTACTS,
    CUT_OFF,
    FAILED,
    IMPORTS,
    MOST_KEPT,
    MOST_REFUSED_KEPT,
    STOPPED,
    Import,
    decoded,
)
from twin_module.engine.writer import CHUNK
from twin_module.testing.driver import run
from twin_module.testing.fake import Crash
from twin_module.testing.fake_network import FakeNetwork

EVENT = f"{NAMESPACE}.event"
TASK = f"{NAMESPACE}.task"
CARD = f"{NAMESPACE}.card"


def vevent(uid: str, title: str = "Jazz", *lines: str) -> str:
    return "\r\n".join(
        [
            *("BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260901T080000Z", f"SUMMARY:{title}"),
            *("DTSTART:20261005T200000Z", "DURATION:PT2H", *lines, "END:VEVENT"),
        ]
    )


def vtodo(uid: str, title: str = "Bread") -> str:
    return f"BEGIN:VTODO\r\nUID:{uid}\r\nDTSTAMP:20260901T080000Z\r\nSUMMARY:{title}\r\nEND:VTODO"


def calendar(*components: str) -> bytes:
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\n"
    return (head + "".join(f"{each}\r\n" for each in components) + "END:VCALENDAR\r\n").encode()


def vcard(uid: str, name: str = "Bob", *lines: str) -> str:
    inside = "".join(
        f"{each}\r\n" for each in (f"UID:{uid}", f"FN:{name}", f"N:{name};;;;", *lines)
    )
    return f"BEGIN:VCARD\r\nVERSION:3.0\r\n{inside}END:VCARD\r\n"


def begin(home: Home, room: str, data: bytes, media_type: str = CALENDAR) -> Import:
    return run(home.twin.imports.begin(room, media_type, data))


def imported(home: Home, room: str, data: bytes, media_type: str = CALENDAR) -> Import:
    """Import a file, and return what became of it."""
    begun = begin(home, room, data, media_type)
    settle(home)
    return run(home.twin.imports.find(begun.import_id))


def outcome(each: Import) -> tuple[str, int, int, int, int]:
    tally = each.tally
    return each.state, tally.total, tally.written, tally.unchanged, len(tally.refused)


def test_events_and_tasks_of_a_file_become_objects_of_the_room(alice: Home, room: str) -> None:
    done = imported(alice, room, calendar(vevent("e1"), vtodo("t1"), vevent("e2", "Rock")))
    assert outcome(done) == ("done", 3, 3, 0, 0)
    assert done.ended >= done.started > 0
    assert alice.title(room, "e1") is None
    found = alice.record(room, "e1", EVENT)
    assert found is not None
    assert found.title == "Jazz"
    assert alice.title(room, "t1") == "Bread"


def test_contacts_of_a_file_become_cards(alice: Home, room: str) -> None:
    data = (vcard("c1") + vcard("c2", "Carol")).encode()
    assert outcome(imported(alice, room, data, CONTACTS)) == ("done", 2, 2, 0, 0)
    assert alice.content(room, CARD, "c2")["name"]["full"] == "Carol"


def test_the_same_file_imported_again_changes_nothing(alice: Home, room: str) -> None:
    photo = b64encode(bytes(range(256)) * 12).decode()
    cards = vcard("c1", "Bob", f"PHOTO;ENCODING=b;TYPE=JPEG:{photo}").encode()
    events = calendar(*(vevent(f"e{n}") for n in range(120)))
    assert outcome(imported(alice, room, events)) == ("done", 120, 120, 0, 0)
    assert outcome(imported(alice, room, cards, CONTACTS)) == ("done", 1, 1, 0, 0)
    position, media = alice.server.position, dict(alice.server.media)
    assert len(media) == 1
    assert outcome(imported(alice, room, events)) == ("done", 120, 0, 120, 0)
    assert outcome(imported(alice, room, cards, CONTACTS)) == ("done", 1, 0, 1, 0)
    assert (alice.server.position, alice.server.media) == (position, media)
    changed = calendar(*(vevent(f"e{n}", "Rock" if n == 60 else "Jazz") for n in range(120)))
    assert outcome(imported(alice, room, changed)) == ("done", 120, 1, 119, 0)


def test_what_can_not_be_taken_is_named_and_keeps_nothing_else_out(alice: Home, room: str) -> None:
    huge = vevent("huge", "Too long", f"DESCRIPTION:{'x' * 70_000}")
    broken = "BEGIN:VEVENT\r\nUID:broken\r\nSUMMARY:No start\r\nEND:VEVENT"
    events = [vevent(f"e{n}") for n in range(CHUNK)]
    done = imported(alice, room, calendar(huge, *events, broken, vevent("e1", "Twice")))
    assert done.state == "done"
    assert done.tally.written == CHUNK
    reasons = {each.name: each.reason for each in done.tally.refused}
    assert set(reasons) >= {"Too long", "No start"}
    assert all(len(reason) > 10 for reason in reasons.values())
    assert alice.content(room, EVENT, "e1")["title"] in ("Jazz", "Twice")
    assert len([key for key in alice.server.state(room) if key[0] == EVENT]) == CHUNK


def test_a_full_room_takes_what_it_has_already_and_names_the_rest(network: FakeNetwork) -> None:
    dora = Home(network, "dora", max_objects=60).start()
    room = dora.collection()
    settle(dora)
    first = calendar(*(vevent(f"e{n}") for n in range(58)))
    assert outcome(imported(dora, room, first)) == ("done", 58, 58, 0, 0)
    more = calendar(*(vevent(f"e{n}", "Rock") for n in range(160)))
    done = imported(dora, room, more)
    assert outcome(done) == ("done", 160, 60, 0, 100)
    assert all("60 is the most" in each.reason for each in done.tally.refused)
    assert dora.content(room, EVENT, "e57")["title"] == "Rock"


def test_who_may_not_write_is_refused_before_anything_is_read(
    alice: Home, bob: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = share(alice, bob)
    levels = alice.content(room, "m.room.power_levels")
    alice.server.write(room, "m.room.power_levels", "", {**levels, "users": {}})
    settle(alice, bob)
    monkeypatch.setattr(module, "READERS", {CALENDAR: (_never, ("Event", "Task"))})
    with pytest.raises(Forbidden, match="only read"):
        begin(bob, room, calendar(vevent("e1")))
    assert run(bob.twin.imports.listed()) == []


def _never(text: str) -> Any:
    raise AssertionError("Nobody was to read this.")


def test_who_may_write_no_longer_hears_of_it(alice: Home, bob: Home) -> None:
    room = share(alice, bob)
    begun = begin(bob, room, calendar(vevent("e1")))
    levels = alice.content(room, "m.room.power_levels")
    alice.server.write(room, "m.room.power_levels", "", {**levels, "users": {}})
    settle(alice, bob)
    failed = run(bob.twin.imports.find(begun.import_id))
    assert failed.state == "failed"
    assert failed.problem


@pytest.mark.parametrize("data", [b"", b"  \r\n"])
def test_an_empty_file_is_refused_at_once(data: bytes, alice: Home, room: str) -> None:
    with pytest.raises(InvalidParam):
        begin(alice, room, data)
    with pytest.raises(InvalidParam, match="one of these types"):
        begin(alice, room, calendar(), "text/html")


@pytest.mark.parametrize("data", [b"<html>", b"\xff\x00\xfe", calendar()])
def test_a_file_without_entries_fails_with_a_sentence(data: bytes, alice: Home, room: str) -> None:
    failed = imported(alice, room, data)
    assert failed.state == "failed" or failed.tally.refused
    assert not alice.server.state(room).keys() & {(EVENT, "e1")}


def test_a_file_of_an_older_encoding_is_read() -> None:
    assert decoded("Größe".encode("cp1252")) == "Größe"
    assert decoded("Größe".encode("utf-8-sig")) == "Größe"
    assert decoded("Größe".encode("utf-16")) == "Größe"
    assert decoded(b"\xff\xfeG") == "ÿþG"


def test_a_stopped_import_ends_and_keeps_what_was_written(
    alice: Home, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = begin(alice, room, calendar(*(vevent(f"e{n}") for n in range(200))))
    write = alice.twin.writer.write

    async def stopping(*arguments: Any, **named: Any) -> Any:
        written = await write(*arguments, **named)
        await alice.twin.imports.stop(begun.import_id)
        return written

    monkeypatch.setattr(alice.twin.writer, "write", stopping)
    settle(alice)
    found = run(alice.twin.imports.find(begun.import_id))
    assert (found.state, found.problem) == ("failed", STOPPED)
    assert found.tally.written == CHUNK
    run(alice.twin.imports.stop(begun.import_id))
    with pytest.raises(NotFound):
        run(alice.twin.imports.find(begun.import_id))


def test_an_import_that_a_restart_cut_off_is_shown_as_failed_and_can_be_repeated(
    alice: Home, room: str
) -> None:
    data = calendar(*(vevent(f"e{n}") for n in range(100)))
    step, states = 0, set()
    while "done" not in states:
        step += 7
        begun = begin(alice, room, data)
        alice.port.crash_in = step
        try:
            settle(alice)
        except Crash:
            alice.restart()
        alice.port.crash_in = None
        found = run(alice.twin.imports.find(begun.import_id))
        states.add(found.state)
        assert found.problem in ("", CUT_OFF)
        assert (found.problem == "") == (found.state == "done")
    again = imported(alice, room, data)
    assert again.tally.unchanged == 100
    assert "failed" in states


def test_what_became_of_imports_outlives_a_restart(alice: Home, room: str) -> None:
    bad = [f"BEGIN:VEVENT\r\nUID:b{n}\r\nSUMMARY:Bad {n}\r\nEND:VEVENT" for n in range(60)]
    done = imported(alice, room, calendar(vevent("e1"), *bad))
    assert len(done.tally.refused) == 60
    alice.restart()
    kept = run(alice.twin.imports.find(done.import_id))
    assert (kept.state, kept.tally.total, kept.tally.written) == ("done", 61, 1)
    assert kept.tally.refused == done.tally.refused[:MOST_REFUSED_KEPT]
    assert kept.more_refused == 60 - MOST_REFUSED_KEPT


def test_only_the_last_imports_are_remembered_and_few_run_at_once(alice: Home, room: str) -> None:
    for number in range(MOST_KEPT + 2):
        alice.network.now += 1000
        imported(alice, room, calendar(vevent(f"e{number}")))
    found = run(alice.twin.imports.listed())
    assert len(found) == MOST_KEPT
    assert [each.started for each in found] == sorted((e.started for e in found), reverse=True)
    for number in range(3):
        begin(alice, room, calendar(vevent(f"n{number}")))
    with pytest.raises(TooOften):
        begin(alice, room, calendar(vevent("n4")))
    settle(alice)
    assert outcome(imported(alice, room, calendar(vevent("n4"))))[0] == "done"


@pytest.mark.parametrize(
    "kept", [{"imports": []}, {"imports": {"a": None, "b": {}, "c": {"state": 5}}}, {}]
)
def test_what_a_client_wrote_in_a_wrong_shape_is_no_import(
    kept: Any, alice: Home, room: str
) -> None:
    run(alice.port.put_account_data(IMPORTS, kept))
    assert run(alice.twin.imports.listed()) == []
    assert imported(alice, room, calendar(vevent("e1"))).state == "done"


def test_a_fault_of_the_twin_is_said_and_stops_no_other_import(
    alice: Home, room: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(text: str) -> Any:
        raise LookupError("on purpose")

    with monkeypatch.context() as patched:
        patched.setattr(module, "READERS", {CALENDAR: (fail, ("Event", "Task"))})
        failed = imported(alice, room, calendar(vevent("e1")))
    assert (failed.state, failed.problem) == ("failed", FAILED)
    assert "An import failed" in caplog.text
    assert imported(alice, room, calendar(vevent("e1"))).state == "done"
