"""What programs do that use the library `caldav` (python-caldav), at a twin and at Radicale."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from caldav.davclient import DAVClient
from caldav.lib.error import AuthorizationError, NotFoundError

from tests.dav.conftest import Server, Twin, app_of
from tests.dav.entries import event, todo
from twin_module.testing.dav import Dav

pytestmark = pytest.mark.twins

MONDAY = datetime(2030, 1, 7, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def client_of(dav: Dav, path: str | None = None) -> DAVClient:
    """Return the library as it connects to a server."""
    where = f"{dav.url}{dav.root if path is None else path}"
    return DAVClient(where, username=dav.username, password=dav.password)


@pytest.fixture
def client(dav: Dav) -> Iterator[DAVClient]:
    """A session at the server."""
    with client_of(dav) as client:
        yield client


@pytest.fixture
def book(server: Server, client: DAVClient, calendar: str) -> Any:
    """A new calendar."""
    found = [each for each in client.principal().calendars() if path_of(each) == calendar]
    assert len(found) == 1
    return found[0]


def path_of(resource: Any) -> str:
    """Return the decoded path of something that the library knows."""
    return str(resource.url.unauth().canonical().path).replace("%20", " ")


def starts(found: list[Any]) -> list[Any]:
    """Return the starts of events, sorted."""
    return sorted(each.icalendar_component["DTSTART"].dt for each in found)


def test_a_principal_and_its_calendars_are_found(
    client: DAVClient, dav: Dav, calendar: str
) -> None:
    assert client.check_cdav_support()
    principal = client.principal()
    assert path_of(principal) == dav.home
    assert path_of(principal.calendar_home_set) == dav.home
    calendars = {path_of(each): each for each in principal.calendars()}
    supported = calendars[calendar].get_supported_components()
    assert {"VEVENT", "VTODO"} <= set(supported)


def test_the_name_of_the_server_is_enough(twin: Twin) -> None:
    with client_of(twin.dav, "/.well-known/caldav") as client:
        assert path_of(client.principal()) == twin.dav.home


def test_a_wrong_password_is_said(dav: Dav) -> None:
    with (
        DAVClient(f"{dav.url}{dav.root}", username=dav.username, password="wrong") as client,
        pytest.raises(AuthorizationError),
    ):
        client.principal()


def test_a_calendar_is_made_named_and_deleted(client: DAVClient) -> None:
    principal = client.principal()
    made = principal.make_calendar(name="Made by a program", cal_id="made-by-a-program")
    assert made.get_display_name() == "Made by a program"
    made.save_event(event("a"))
    found = principal.calendar(name="Made by a program")
    assert len(found.events()) == 1
    found.delete()
    assert "Made by a program" not in {each.name for each in principal.calendars()}


def test_an_event_is_added_changed_and_deleted(book: Any) -> None:
    saved = book.save_event(event("dentist"))
    found = book.event_by_uid("dentist")
    assert found.icalendar_component["SUMMARY"] == "Dentist"
    found.icalendar_component["SUMMARY"] = "Hairdresser"
    found.save()
    assert book.event_by_uid("dentist").icalendar_component["SUMMARY"] == "Hairdresser"
    saved.delete()
    assert book.events() == []
    with pytest.raises(NotFoundError):
        book.event_by_uid("dentist")


def test_a_task_is_added_and_completed(book: Any) -> None:
    book.save_todo(todo("bread", "DUE:20300108T120000Z"))
    book.save_todo(todo("milk"))
    assert {str(each.icalendar_component["UID"]) for each in book.todos()} == {"bread", "milk"}
    book.todo_by_uid("bread").complete()
    assert {str(each.icalendar_component["UID"]) for each in book.todos()} == {"milk"}
    done = book.todos(include_completed=True)
    assert {str(each.icalendar_component["UID"]) for each in done} == {"bread", "milk"}


def test_events_of_a_week_are_found(book: Any) -> None:
    book.save_event(event("in"))
    book.save_event(event("day", start="20300109"))
    book.save_event(event("out", start="20300114T100000Z"))
    found = book.search(event=True, start=MONDAY, end=MONDAY + 7 * DAY)
    assert {str(each.icalendar_component["UID"]) for each in found} == {"in", "day"}


@pytest.mark.parametrize("where", ["client", "server"])
def test_a_series_is_written_out(book: Any, where: str) -> None:
    book.save_event(event("a", "RRULE:FREQ=DAILY", "EXDATE:20300109T100000Z"))
    found = book.search(
        event=True,
        start=MONDAY,
        end=MONDAY + 4 * DAY,
        expand=where == "client",
        server_expand=where == "server",
    )
    assert starts(found) == [MONDAY + 10 * HOUR + number * DAY for number in (0, 1, 3)]


def test_a_series_of_whole_days_is_written_out(book: Any) -> None:
    more = ("DTEND;VALUE=DATE:20300108", "RRULE:FREQ=WEEKLY;COUNT=3")
    book.save_event(event("a", *more, start="20300107"))
    found = book.search(event=True, start=MONDAY, end=MONDAY + 10 * DAY, server_expand=True)
    assert starts(found) == [date(2030, 1, 7), date(2030, 1, 14)]


def test_events_are_found_by_words(book: Any) -> None:
    book.save_event(event("dentist"))
    book.save_event(event("choir", summary="Choir"))
    found = book.search(event=True, summary="Dent")
    assert [str(each.icalendar_component["UID"]) for each in found] == ["dentist"]


def test_changes_are_told_by_token(book: Any) -> None:
    for uid in ("stays", "changes", "goes"):
        book.save_event(event(uid))
    known = book.objects(load_objects=True)
    assert len(known) == 3
    changed = book.event_by_uid("changes")
    changed.icalendar_component["SUMMARY"] = "Changed"
    changed.save()
    book.event_by_uid("goes").delete()
    book.save_event(event("comes"))
    updated, deleted = known.sync()
    assert {str(each.icalendar_component["UID"]) for each in updated} == {"changes", "comes"}
    assert len(deleted) == 1
    assert known.sync() == ([], [])


def test_busy_times_are_told(book: Any) -> None:
    book.save_event(event("a"))
    busy = book.freebusy_request(MONDAY, MONDAY + 7 * DAY)
    assert "20300107T100000Z" in busy.data
    assert "Dentist" not in busy.data


def test_a_change_of_an_old_revision_is_refused(client: DAVClient, book: Any) -> None:
    saved = book.save_event(event("a"))
    saved.load()
    old = dict(client.request(str(saved.url)).headers)["ETag"]
    saved.icalendar_component["SUMMARY"] = "First"
    saved.save()
    late = event("a", summary="Late")
    assert client.put(str(saved.url), late, {"If-Match": old}).status == 412
    assert book.event_by_uid("a").icalendar_component["SUMMARY"] == "First"


def test_two_programs_work_on_one_calendar(dav: Dav, server: Server, book: Any) -> None:
    other_app = app_of(server.person, "Other") if isinstance(server, Twin) else dav
    with client_of(other_app) as other:
        (beside,) = [
            each for each in other.principal().calendars() if path_of(each) == path_of(book)
        ]
        mine, theirs = book.objects(load_objects=True), beside.objects(load_objects=True)
        book.save_event(event("mine"))
        beside.save_event(event("theirs"))
        for known in (mine, theirs):
            updated, deleted = known.sync()
            found = {str(each.icalendar_component["UID"]) for each in updated}
            assert (found, deleted) == ({"mine", "theirs"}, [])
        beside.event_by_uid("mine").delete()
        _, deleted = mine.sync()
        assert len(deleted) == 1


def test_what_a_program_saved_is_in_the_twin(twin: Twin) -> None:
    room = twin.person.collection("Of a program")
    path = twin.calendar_named("Of a program")
    with client_of(twin.dav) as client:
        (book,) = [each for each in client.principal().calendars() if path_of(each) == path]
        book.save_event(event("dentist"))
        book.save_todo(todo("bread"))
        book.todo_by_uid("bread").complete()
    assert twin.person.get(f"rooms/{room}/agenda/dentist")["content"]["title"] == "Dentist"
    assert twin.person.get(f"rooms/{room}/tasks/bread")["content"]["progress"] == "completed"
