"""What an app that writes whole entries can't take away, and what of it is an answer."""

from typing import Any

from twin_module.core.carried import carried, is_more_than_an_answer, own_answer
from twin_module.core.state import NAMESPACE

ME = "@alice:alice.example"
BOB = "@bob:bob.example"


def event(mine: str | None = None, bobs: str | None = None, **fields: Any) -> dict[str, Any]:
    def person(status: str | None) -> dict[str, Any]:
        bare: dict[str, Any] = {"roles": {"attendee": True}}
        return bare if status is None else {**bare, "participationStatus": status}

    people = {ME: person(mine), BOB: person(bobs)}
    return {"@type": "Event", "title": "Lunch", "participants": people, **fields}


def test_a_field_that_the_app_could_not_see_stays() -> None:
    before = {"title": "Lunch", "mood": "good"}
    assert carried(before, {"title": "Lunch"}, {"title": "Dinner"}) == {
        "title": "Dinner",
        "mood": "good",
    }


def test_a_field_that_the_app_saw_and_left_out_is_gone() -> None:
    before = {"title": "Lunch", "description": "Long"}
    assert carried(before, before, {"title": "Lunch"}) == {"title": "Lunch"}


def test_what_is_kept_of_a_text_is_that_of_the_newest_one() -> None:
    before = {NAMESPACE: {"iCalendar": {"lines": ["X-OLD:1"]}, "place": "here"}}
    written = {NAMESPACE: {"iCalendar": {"lines": ["X-NEW:1"]}}}
    assert carried(before, before, written) == {
        NAMESPACE: {"iCalendar": {"lines": ["X-NEW:1"]}, "place": "here"}
    }
    assert carried(before, before, {}) == {NAMESPACE: {"place": "here"}}


def test_a_new_status_of_my_own_is_an_answer_and_the_event_stays() -> None:
    stored = event()
    answer, content = own_answer(ME, stored, stored, event("accepted"))
    assert answer == "accepted"
    assert content == stored
    assert not is_more_than_an_answer(stored, content, significant=False)


def test_the_status_that_i_have_is_no_new_answer() -> None:
    stored = event()
    assert own_answer(ME, stored, event("accepted"), event("accepted")) == (None, stored)


def test_what_others_answered_is_not_written_into_the_event() -> None:
    stored, shown = event(), event("accepted", "declined")
    answer, content = own_answer(ME, stored, shown, event("accepted", "declined", title="Dinner"))
    assert answer is None
    assert content == event(title="Dinner")
    assert is_more_than_an_answer(stored, content, significant=True)


def test_who_is_no_guest_does_not_answer() -> None:
    stored = event()
    del stored["participants"][ME]
    answer, _ = own_answer(ME, stored, stored, event("accepted"))
    assert answer is None


def test_a_status_that_is_no_answer_is_none() -> None:
    stored = event("accepted")
    assert own_answer(ME, stored, stored, event("needs-action"))[0] is None
    assert own_answer(ME, stored, stored, event("banana"))[0] is None


def test_stamps_are_no_change_and_an_alert_is_none_that_people_agreed_on() -> None:
    stored = event()
    stamped = {**stored, "updated": "2026-01-01T00:00:00Z", "sequence": 4}
    assert not is_more_than_an_answer(stored, stamped, significant=False)
    reminded = {**stored, "alerts": {"1": {"@type": "Alert"}}}
    assert is_more_than_an_answer(stored, reminded, significant=False)
    assert not is_more_than_an_answer(stored, reminded, significant=True)


def test_people_that_are_none_do_no_harm() -> None:
    assert own_answer(ME, {}, {}, {"title": "Lunch"}) == (None, {"title": "Lunch"})
    assert own_answer(ME, {"participants": 5}, {}, event("accepted"))[0] is None
