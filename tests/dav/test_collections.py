"""Calendars and address books are found, made, named, coloured and deleted (RFC 4791, 6352)."""

from functools import partial

import pytest

from tests.dav.conftest import Server, Twin, mkcol, shared_with
from tests.dav.entries import card, event
from twin_module.testing.dav import ADDRESS_BOOK, CALENDAR, Dav, condition, resources
from twin_module.testing.person import eventually

pytestmark = pytest.mark.twins

COLOR = "ICAL:calendar-color"
SET_COLOR = f"<D:set><D:prop><{COLOR}>#BADA55FF</{COLOR}></D:prop></D:set>"


def privileges(dav: Dav, path: str) -> set[str]:
    """Return what the person may do, without the elements that wrap it."""
    name = "D:current-user-privilege-set"
    return dav.prop(path, name).inside(name) - {"D:privilege"}


def test_an_app_finds_its_way_from_the_root(dav: Dav) -> None:
    principal = dav.prop(dav.root, "D:current-user-principal").href("D:current-user-principal")
    homes = dav.prop(principal, "C:calendar-home-set", "CR:addressbook-home-set")
    assert homes.href("C:calendar-home-set") == dav.home
    assert homes.href("CR:addressbook-home-set") == dav.home
    assert "D:principal" in dav.prop(principal, "D:resourcetype").inside("D:resourcetype")


def test_a_collection_names_its_owner(dav: Dav, calendar: str) -> None:
    assert dav.prop(calendar, "D:owner").href("D:owner") == dav.home


def test_a_home_lists_what_is_in_it(dav: Dav, calendar: str, address_book: str) -> None:
    assert calendar in dav.collections(CALENDAR)
    assert address_book in dav.collections(ADDRESS_BOOK)
    assert calendar not in dav.collections(ADDRESS_BOOK)
    assert address_book not in dav.collections(CALENDAR)
    assert set(dav.propfind(dav.home, "D:resourcetype")) == {dav.home}


def test_a_calendar_lists_what_is_in_it(dav: Dav, calendar: str) -> None:
    dav.put(f"{calendar}a.ics", event("a"))
    dav.put(f"{calendar}b.ics", event("b"))
    listed = dav.propfind(calendar, "D:getetag", "D:getcontenttype", depth="1")
    assert set(listed) == {calendar, f"{calendar}a.ics", f"{calendar}b.ics"}
    kind = listed[f"{calendar}a.ics"].text("D:getcontenttype").replace(" ", "")
    assert kind.lower().startswith("text/calendar")
    assert listed[f"{calendar}a.ics"].text("D:getetag") == dav.etag(f"{calendar}a.ics")
    assert set(dav.propfind(calendar, "D:getetag")) == {calendar}


def test_a_calendar_says_what_it_takes(dav: Dav, calendar: str) -> None:
    name = "C:supported-calendar-component-set"
    found = dav.prop(calendar, name, "D:supported-report-set")
    taken = {each.get("name") for each in found.found[name]}
    assert {"VEVENT", "VTODO"} <= taken
    assert {
        "C:calendar-query",
        "C:calendar-multiget",
        "C:free-busy-query",
        "D:sync-collection",
    } <= found.inside("D:supported-report-set")


def test_an_address_book_says_what_it_takes(dav: Dav, address_book: str) -> None:
    name = "CR:supported-address-data"
    found = dav.prop(address_book, name, "D:supported-report-set")
    assert "3.0" in {each.get("version") for each in found.found[name]}
    assert {"CR:addressbook-query", "CR:addressbook-multiget", "D:sync-collection"} <= found.inside(
        "D:supported-report-set"
    )


def test_a_property_that_is_not_there_is_said_to_be_missing(dav: Dav, calendar: str) -> None:
    shown = dav.prop(calendar, COLOR, "D:resourcetype", "CR:supported-address-data")
    assert shown.refused == {COLOR: 404, "CR:supported-address-data": 404}
    assert set(shown.found) == {"D:resourcetype"}


def test_names_of_properties_come_without_their_values(dav: Dav, calendar: str) -> None:
    asked = "<D:propfind><D:propname/></D:propfind>"
    shown = resources(dav.xml("PROPFIND", calendar, asked))[calendar]
    assert {"D:resourcetype", "D:sync-token"} <= set(shown.found)
    assert all(not each.text and not len(each) for each in shown.found.values())


@pytest.mark.parametrize("asked", ["<D:propfind><D:allprop/></D:propfind>", None])
def test_all_properties_come_if_asked_for_or_if_nothing_is(
    dav: Dav, calendar: str, asked: str | None
) -> None:
    answer = dav.xml("PROPFIND", calendar, asked) if asked else dav.ask("PROPFIND", calendar)
    shown = resources(answer)[calendar]
    assert CALENDAR in shown.inside("D:resourcetype")
    assert shown.text("D:sync-token")


def test_a_calendar_is_made_where_the_app_wants_it(dav: Dav) -> None:
    path = f"{dav.home}my-calendar/"
    body = (
        "<C:mkcalendar><D:set><D:prop><D:displayname>Größe &amp; mehr</D:displayname>"
        f"<{COLOR}>#BADA55</{COLOR}></D:prop></D:set></C:mkcalendar>"
    )
    assert dav.xml("MKCALENDAR", path, body).status == 201
    shown = dav.prop(path, "D:displayname", "D:resourcetype", COLOR)
    assert shown.text("D:displayname") == "Größe & mehr"
    assert shown.text(COLOR).upper().startswith("#BADA55")
    assert CALENDAR in shown.inside("D:resourcetype")
    assert dav.put(f"{path}a.ics", event("a")).status == 201
    assert dav.collections(CALENDAR)[path] == "Größe & mehr"


def test_a_calendar_is_made_by_an_extended_mkcol(dav: Dav) -> None:
    path = f"{dav.home}made-by-mkcol/"
    assert mkcol(dav, path, CALENDAR, "Made").status == 201
    assert dav.collections(CALENDAR)[path] == "Made"


def test_an_address_book_is_made_where_the_app_wants_it(dav: Dav, server: Server) -> None:
    path = server.new_address_book("friends")
    assert path == f"{dav.home}friends/"
    assert dav.put(f"{path}ada.vcf", card("ada")).status == 201
    assert set(dav.propfind(path, "D:getetag", depth="1")) == {path, f"{path}ada.vcf"}


def test_nothing_is_made_where_something_is(dav: Dav, calendar: str, address_book: str) -> None:
    dav.put(f"{calendar}a.ics", event("a"))
    refused = dav.ask("MKCALENDAR", calendar)
    assert refused.status in (403, 409)
    assert "D:resource-must-be-null" in condition(refused)
    assert mkcol(dav, address_book, ADDRESS_BOOK, "Again").status == 405
    assert "UID:a" in dav.get(calendar)


def test_nothing_is_made_inside_nothing(dav: Dav) -> None:
    assert dav.ask("MKCALENDAR", f"{dav.home}nowhere/inside/").status in (403, 409)
    assert dav.ask("MKCOL", f"{dav.home}nowhere/inside/").status in (403, 409)


def test_a_name_and_a_color_are_changed(dav: Dav, calendar: str) -> None:
    before = dav.collections(CALENDAR)[calendar]
    rename = "<D:set><D:prop><D:displayname>Work &lt;3</D:displayname></D:prop></D:set>"
    changed = dav.proppatch(calendar, rename + SET_COLOR)
    assert set(changed.found) == {"D:displayname", COLOR}
    shown = dav.prop(calendar, "D:displayname", COLOR)
    assert shown.text("D:displayname") == "Work <3" != before
    assert shown.text(COLOR).upper() == "#BADA55FF"
    removed = dav.proppatch(calendar, f"<D:remove><D:prop><{COLOR}/></D:prop></D:remove>")
    assert set(removed.found) == {COLOR}
    assert dav.prop(calendar, COLOR).refused == {COLOR: 404}


def test_what_an_app_invents_for_a_calendar_is_kept(dav: Dav, calendar: str) -> None:
    order = "ICAL:calendar-order"
    dav.proppatch(calendar, f"<D:set><D:prop><{order}>7</{order}></D:prop></D:set>")
    assert dav.prop(calendar, order).text(order) == "7"


def test_a_whole_calendar_is_one_text(dav: Dav, calendar: str) -> None:
    dav.put(f"{calendar}a.ics", event("a"))
    dav.put(f"{calendar}b.ics", event("b"))
    answer = dav.ask("GET", calendar)
    text = bytes(answer.ok()).decode()
    assert answer.headers["content-type"].lower().startswith("text/calendar")
    assert text.count("BEGIN:VCALENDAR") == 1
    assert text.count("BEGIN:VEVENT") == 2


def test_a_whole_address_book_is_one_text(dav: Dav, address_book: str) -> None:
    dav.put(f"{address_book}ada.vcf", card("ada"))
    dav.put(f"{address_book}alan.vcf", card("alan", name="Alan Turing"))
    text = dav.get(address_book)
    assert text.count("BEGIN:VCARD") == 2


def test_the_mark_of_a_calendar_changes_with_what_is_in_it(dav: Dav, calendar: str) -> None:
    marks = []
    for number in range(3):
        shown = dav.prop(calendar, "CS:getctag", "D:sync-token")
        marks.append((shown.text("CS:getctag"), shown.text("D:sync-token")))
        dav.put(f"{calendar}a.ics", event("a", summary=str(number)))
    assert len({each for each, _ in marks}) == len({each for _, each in marks}) == 3
    again = dav.prop(calendar, "CS:getctag", "D:sync-token")
    assert again.text("CS:getctag") == dav.prop(calendar, "CS:getctag").text("CS:getctag")


def test_a_deleted_calendar_is_gone(dav: Dav, calendar: str) -> None:
    dav.put(f"{calendar}a.ics", event("a"))
    assert dav.ask("DELETE", calendar).status in (200, 204)
    assert calendar not in dav.collections(CALENDAR)
    assert dav.ask("GET", f"{calendar}a.ics").status == 404


def test_the_owner_may_write(dav: Dav, calendar: str) -> None:
    assert {"D:read", "D:write"} <= privileges(dav, calendar)


def test_a_collection_of_the_twins_own_api_is_a_calendar(twin: Twin) -> None:
    twin.person.collection("Made in the page")
    assert twin.calendar_named("Made in the page").startswith(twin.dav.home)


def test_a_calendar_that_an_app_made_is_a_collection(twin: Twin) -> None:
    path = f"{twin.dav.home}from-an-app/"
    body = (
        "<C:mkcalendar><D:set><D:prop><D:displayname>From a phone</D:displayname>"
        "</D:prop></D:set></C:mkcalendar>"
    )
    assert twin.dav.xml("MKCALENDAR", path, body).status == 201
    names = [each["name"] for each in twin.person.get("collections")["collections"]]
    assert names.count("From a phone") == 1


def test_a_new_name_stands_in_the_twins_own_api(twin: Twin) -> None:
    room = twin.person.collection("Old name")
    path = twin.calendar_named("Old name")
    rename = "<D:set><D:prop><D:displayname>New name</D:displayname></D:prop></D:set>"
    twin.dav.proppatch(path, rename)
    assert twin.person.get(f"collections/{room}")["name"] == "New name"
    twin.person.ask("PATCH", f"collections/{room}", {"name": "Newest name"}).ok()
    assert twin.dav.prop(path, "D:displayname").text("D:displayname") == "Newest name"


def test_a_calendar_that_one_may_only_read_says_so(twin: Twin, bobs_twin: Twin) -> None:
    shared_with(twin, bobs_twin, "Bobs", "viewer")
    path = twin.calendar_named("Bobs")
    (href,) = twin.dav.query(path, '<C:comp-filter name="VEVENT"/>')
    assert privileges(twin.dav, path) >= {"D:read"}
    assert not privileges(twin.dav, path) & {"D:write", "D:write-content", "D:bind", "D:all"}
    assert twin.dav.put(f"{path}mine.ics", event("mine")).status == 403
    assert twin.dav.put(href, event("party", summary="Mine")).status == 403
    assert twin.dav.ask("DELETE", href).status == 403
    assert twin.dav.ask("DELETE", path).status == 403
    rename = "<D:set><D:prop><D:displayname>Mine</D:displayname></D:prop></D:set>"
    body = f"<D:propertyupdate>{rename}</D:propertyupdate>"
    assert twin.dav.xml("PROPPATCH", path, body).status == 403
    assert "SUMMARY:Party" in twin.dav.get(href)


def test_a_calendar_that_one_may_edit_is_written_for_both(twin: Twin, bobs_twin: Twin) -> None:
    room = shared_with(twin, bobs_twin, "Both", "editor")
    path = twin.calendar_named("Both")
    eventually(
        lambda: (
            "D:write-content" in privileges(twin.dav, path)
            or "D:write" in privileges(twin.dav, path)
        )
    )
    assert twin.dav.put(f"{path}x.ics", event("together")).status == 201
    eventually(lambda: bobs_twin.person.ask("GET", f"rooms/{room}/agenda/together").status == 200)
    bobs = bobs_twin.calendar_named("Both")
    assert len(bobs_twin.dav.query(bobs, '<C:comp-filter name="VEVENT"/>')) == 2


def test_an_empty_calendar_that_is_shared_is_one_for_both(twin: Twin, bobs_twin: Twin) -> None:
    owner, other = bobs_twin.person, twin.person
    room = owner.collection("Nothing yet")
    circle = owner.command("circles", "create", name="Two", members={other.owner: "editor"})
    owner.command("circles", "share", room_id=room, circle=circle["room_id"])
    other.accept(circle["room_id"], room)
    for each in (bobs_twin, twin):
        assert eventually(partial(each.calendar_named, "Nothing yet"), within=10)
