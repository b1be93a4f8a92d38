"""Stories of somebody who works with files: vdirsyncer brings them to the server and back.

khal shows calendars, todoman tasks, khard people. The programs are Debian's.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.dav.conftest import PARTY, Server, Twin, shared_with
from tests.dav.entries import event, values
from tests.dav.laptop import Laptop, missing
from twin_module.testing.dav import ADDRESS_BOOK, CALENDAR, Dav

pytestmark = [
    pytest.mark.twins,
    pytest.mark.skipif(bool(missing()), reason=f"on Debian: apt install {' '.join(missing())}"),
]


@pytest.fixture
def laptop(tmp_path: Path, dav: Dav) -> Laptop:
    """A computer that knows the server."""
    return Laptop(tmp_path, dav)


@pytest.fixture
def alices(tmp_path: Path, twin: Twin) -> Laptop:
    """Alice's computer, which knows her twin."""
    return Laptop(tmp_path, twin.dav)


def last(path: str) -> str:
    """Return the name that vdirsyncer gives a collection: the last part of its path."""
    return path.rstrip("/").rpartition("/")[2]


def folder(laptop: Laptop, calendar: str) -> Path:
    """Return the folder of a calendar, once it is known."""
    laptop.knows(calendars=[last(calendar)])
    return laptop.calendars / last(calendar)


def khal_new(laptop: Laptop, calendar: str, *what: str) -> None:
    """Make an event with khal."""
    laptop.khal("new", "-a", last(calendar), *what)


def test_an_event_made_with_khal_reaches_the_server(
    laptop: Laptop, dav: Dav, calendar: str
) -> None:
    folder(laptop, calendar)
    khal_new(laptop, calendar, "2030-01-07", "10:00", "11:00", "UTC", "Dentist")
    laptop.sync()
    assert values(dav.get(calendar), "SUMMARY") == ["Dentist"]
    laptop.sync()
    assert laptop.agenda(last(calendar)) == ["Dentist"]
    assert len(dav.sync(calendar)[1]) == 1


def test_a_second_sync_moves_nothing(laptop: Laptop, dav: Dav, calendar: str) -> None:
    where = folder(laptop, calendar)
    dav.put(f"{calendar}a.ics", event("a", "RRULE:FREQ=WEEKLY"))
    khal_new(laptop, calendar, "2030-01-07", "Holiday")
    # What a server wrote in its own words comes back once.
    for _ in range(2):
        laptop.sync()
    token, _ = dav.sync(calendar)
    before = [(each.name, each.stat().st_mtime_ns) for each in laptop.files(where)]
    assert len(before) == 2
    laptop.sync()
    assert dav.sync(calendar, token)[1] == {}
    assert [(each.name, each.stat().st_mtime_ns) for each in laptop.files(where)] == before


def test_an_event_is_edited_with_khal(laptop: Laptop, dav: Dav, calendar: str) -> None:
    folder(laptop, calendar)
    dav.put(f"{calendar}a.ics", event("a", "X-SHOE-SIZE:42"))
    laptop.sync()
    laptop.khal("edit", "-a", last(calendar), "--show-past", "Dentist", typed="s\nHairdresser\nn\n")
    laptop.sync()
    text = dav.get(f"{calendar}a.ics")
    assert values(text, "SUMMARY") == ["Hairdresser"]
    assert values(text, "X-SHOE-SIZE") == ["42"]


def test_a_change_on_the_server_reaches_khal(laptop: Laptop, dav: Dav, calendar: str) -> None:
    folder(laptop, calendar)
    dav.put(f"{calendar}a.ics", event("a"))
    laptop.sync()
    assert laptop.agenda(last(calendar)) == ["Dentist"]
    dav.put(f"{calendar}a.ics", event("a", summary="Hairdresser"))
    laptop.sync()
    assert laptop.agenda(last(calendar)) == ["Hairdresser"]


def test_deletions_go_both_ways(laptop: Laptop, dav: Dav, calendar: str) -> None:
    where = folder(laptop, calendar)
    for uid in ("here", "there", "stays"):
        dav.put(f"{calendar}{uid}.ics", event(uid, summary=uid))
    laptop.sync()
    (here,) = [each for each in laptop.files(where) if "UID:here" in each.read_text()]
    here.unlink()
    dav.ask("DELETE", f"{calendar}there.ics")
    laptop.sync()
    assert values(dav.get(calendar), "SUMMARY") == ["stays"]
    assert laptop.agenda(last(calendar)) == ["stays"]


def test_a_conflict_is_said_and_nothing_is_lost(laptop: Laptop, dav: Dav, calendar: str) -> None:
    where = folder(laptop, calendar)
    dav.put(f"{calendar}a.ics", event("a"))
    laptop.sync()
    laptop.sync()
    (file,) = laptop.files(where)
    file.write_text(file.read_text().replace("Dentist", "Mine"))
    dav.put(f"{calendar}a.ics", event("a", summary="Theirs"))
    done = laptop.start("vdirsyncer", "sync", "calendars")
    assert done.returncode != 0
    assert "changed on both sides" in done.stderr
    assert values(dav.get(calendar), "SUMMARY") == ["Theirs"]
    assert values(laptop.texts(where)[0].replace("\n", "\r\n"), "SUMMARY") == ["Mine"]


def test_a_task_is_made_and_done_with_todoman(laptop: Laptop, dav: Dav, calendar: str) -> None:
    folder(laptop, calendar)
    laptop.run("todoman", "new", "--list", last(calendar), "--due", "2030-01-08", "Buy bread")
    laptop.sync()
    text = dav.get(calendar)
    assert values(text, "SUMMARY") == ["Buy bread"]
    assert "COMPLETED" not in text
    laptop.run("todoman", "done", "1")
    laptop.sync()
    text = dav.get(calendar)
    assert values(text, "STATUS") == ["COMPLETED"]
    assert values(text, "COMPLETED")
    laptop.sync()
    assert "Buy bread" not in laptop.tasks()
    assert "Buy bread" in laptop.tasks("--status", "ANY")


def test_a_person_is_added_with_khard(laptop: Laptop, dav: Dav, address_book: str) -> None:
    laptop.knows(people=[last(address_book)])
    ada = laptop.home / "ada.yaml"
    ada.write_text("First name: Ada\nLast name: Lovelace\nEmail:\n    work: ada@example.org\n")
    laptop.khard(last(address_book), "new", "-i", str(ada), "-a", last(address_book))
    laptop.sync()
    text = dav.get(address_book)
    assert values(text, "FN") == ["Ada Lovelace"]
    assert values(text, "EMAIL") == ["ada@example.org"]
    laptop.sync()
    listed = laptop.khard(last(address_book), "list")
    assert "Ada Lovelace" in listed
    assert "ada@example.org" in listed


def test_a_calendar_begun_as_a_folder_is_made_on_the_server(laptop: Laptop, dav: Dav) -> None:
    begun = laptop.calendars / "begun-here"
    begun.mkdir()
    (begun / "a.ics").write_text(event("a"))
    laptop.knows(calendars=["begun-here"])
    assert f"{dav.home}begun-here/" in dav.collections(CALENDAR)
    assert values(dav.get(f"{dav.home}begun-here/"), "SUMMARY") == ["Dentist"]


def test_name_and_color_are_told_both_ways(laptop: Laptop, dav: Dav, calendar: str) -> None:
    where = folder(laptop, calendar)
    color = "ICAL:calendar-color"
    dav.proppatch(calendar, f"<D:set><D:prop><{color}>#BADA55</{color}></D:prop></D:set>")
    laptop.run("vdirsyncer", "metasync")
    assert (where / "color").read_text().upper() == "#BADA55"
    assert (where / "displayname").read_text() == dav.collections(CALENDAR)[calendar]
    (where / "color").write_text("#00FF00")
    (where / "displayname").write_text("Named here")
    laptop.run("vdirsyncer", "metasync")
    assert dav.prop(calendar, color).text(color).upper() == "#00FF00"
    assert dav.collections(CALENDAR)[calendar] == "Named here"


# What only a twin can tell


def agenda_of(twin: Twin, room: str) -> dict[str, Any]:
    """Return the events of a room by title, as the twin's own API shows them."""
    return {each["title"]: each for each in twin.objects(room, "agenda")}


def test_khal_and_the_twins_own_api_work_on_one_calendar(twin: Twin, alices: Laptop) -> None:
    room = twin.person.collection("Week")
    path = twin.calendar_named("Week")
    folder(alices, path)
    khal_new(alices, path, "2030-01-07", "10:00", "11:00", "UTC", "Dentist")
    alices.sync()
    made = agenda_of(twin, room)["Dentist"]
    assert made["content"]["start"] == "2030-01-07T10:00:00"
    twin.person.ask("PATCH", f"rooms/{room}/agenda/{made['uid']}", {"title": "Hairdresser"}).ok()
    twin.person.put(f"rooms/{room}/agenda/party", PARTY)
    alices.sync()
    assert alices.agenda(last(path)) == ["Hairdresser", "Party"]
    alices.khal("edit", "-a", last(path), "--show-past", "Party", typed="s\nBig party\nn\n")
    alices.sync()
    changed = twin.person.get(f"rooms/{room}/agenda/party")["content"]
    assert changed["title"] == "Big party"
    assert changed["duration"] == "PT3H"
    twin.person.ask("DELETE", f"rooms/{room}/agenda/party").ok()
    alices.sync()
    assert alices.agenda(last(path)) == ["Hairdresser"]


def test_todoman_and_the_twins_own_api_work_on_one_list(twin: Twin, alices: Laptop) -> None:
    room = twin.person.collection("Errands")
    path = twin.calendar_named("Errands")
    twin.person.put(f"rooms/{room}/tasks/milk", {"@type": "Task", "title": "Buy milk"})
    folder(alices, path)
    assert "Buy milk" in alices.tasks(last(path))
    alices.run("todoman", "done", "1")
    alices.run("todoman", "new", "--list", last(path), "Buy bread")
    alices.sync()
    tasks = {each["title"]: each["content"] for each in twin.objects(room, "tasks")}
    assert tasks["Buy milk"]["progress"] == "completed"
    assert tasks["Buy bread"].get("progress", "needs-action") == "needs-action"


def test_khard_and_the_twins_own_api_know_the_same_people(twin: Twin, alices: Laptop) -> None:
    path = twin.new_address_book("Colleagues")
    alices.knows(people=[last(path)])
    ada = alices.home / "ada.yaml"
    ada.write_text("First name: Ada\nLast name: Lovelace\n")
    alices.khard(last(path), "new", "-i", str(ada), "-a", last(path))
    alices.sync()
    rooms = {
        each["name"]: each["room_id"] for each in twin.person.get("collections")["collections"]
    }
    (found,) = twin.objects(rooms["Colleagues"], "contacts")
    assert found["title"] == "Ada Lovelace"
    where = f"rooms/{found['room_id']}/contacts/{found['uid']}"
    parts = {"given": "Ada", "surname": "King"}
    name = {
        "full": "Ada King",
        "components": [{"kind": kind, "value": value} for kind, value in parts.items()],
    }
    twin.person.ask("PATCH", where, {"name": name}).ok()
    alices.sync()
    assert "Ada King" in alices.khard(last(path), "list")
    assert list(twin.dav.collections(ADDRESS_BOOK).values()).count("Colleagues") == 1


def test_what_one_may_only_read_is_not_written(twin: Twin, bobs_twin: Twin, alices: Laptop) -> None:
    room = shared_with(twin, bobs_twin, "Read only", "viewer")
    path = twin.calendar_named("Read only")
    where = folder(alices, path)
    assert alices.agenda(last(path)) == ["Party"]
    khal_new(alices, path, "2030-01-07", "10:00", "11:00", "UTC", "Dentist")
    done = alices.start("vdirsyncer", "sync", f"calendars/{last(path)}")
    assert done.returncode != 0
    assert "403" in done.stderr
    assert list(agenda_of(bobs_twin, room)) == ["Party"]
    # What was written here is still here.
    assert len(alices.files(where)) == 2


def test_two_computers_meet_at_one_twin(
    twin: Twin, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = twin.new_calendar("Two computers")
    one, other = (Laptop(tmp_path_factory.mktemp("home"), twin.dav) for _ in range(2))
    for each in (one, other):
        folder(each, path)
    khal_new(one, path, "2030-01-07", "10:00", "11:00", "UTC", "Of one")
    khal_new(other, path, "2030-01-08", "10:00", "11:00", "UTC", "Of the other")
    for each in (one, other, one, other):
        each.sync()
    assert one.agenda(last(path)) == other.agenda(last(path)) == ["Of one", "Of the other"]


def test_a_server_is_known_by_both_programs_alike(server: Server, laptop: Laptop) -> None:
    calendar, people = server.new_calendar("Both kinds"), server.new_address_book("both-people")
    laptop.discover()
    assert (laptop.calendars / last(calendar)).is_dir()
    assert (laptop.people / last(people)).is_dir()
    assert not (laptop.people / last(calendar)).exists()
    assert not (laptop.calendars / last(people)).exists()


# The last one: wrong passwords are counted by address, and these come from where all others do.
def test_a_wrong_password_is_said(twin: Twin, tmp_path: Path) -> None:
    wrong = Laptop(tmp_path, Dav(twin.dav.url, twin.dav.root, "alice", "wrong"))
    wrong.set_up({"calendars": ["from b"]})
    done = wrong.start("vdirsyncer", "discover", typed="n\n" * 10)
    assert done.returncode != 0
    assert "401" in done.stderr
