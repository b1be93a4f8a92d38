"""The agenda over the API: ranges, what comes next, what overlaps, and questions that can't be answered."""

from typing import Any

import pytest

from twin_module.testing.answers import CarefulPerson

DAY = {"after": "2027-01-04T00:00:00", "before": "2027-01-05T00:00:00"}


def add(careful: CarefulPerson, room: str, uid: str, start: str, **fields: Any) -> None:
    usual = {"title": uid, "duration": "PT1H", "timeZone": "Europe/Berlin"}
    arguments = {"room_id": room, "uid": uid, "start": start, **usual, **fields}
    careful.command("agenda", "add", **arguments)


def test_a_day_is_shown_as_clocks_go_where_one_is(careful: CarefulPerson, collection: str) -> None:
    weekly = [{"frequency": "weekly"}]
    add(careful, collection, "choir", "2026-12-28T18:00:00", recurrenceRules=weekly)
    add(careful, collection, "fair", "2027-01-04T00:00:00", showWithoutTime=True, timeZone=None)
    asked = {**DAY, "room_id": collection, "time_zone": "America/New_York"}
    found = careful.get("agenda", **asked)
    assert [each["uid"] for each in found["occurrences"]] == ["fair", "choir"]
    fair, choir = found["occurrences"]
    assert (fair["start"], fair["local_start"]) == ("2027-01-04T05:00:00Z", DAY["after"])
    assert (choir["start"], choir["local_start"]) == ("2027-01-04T17:00:00Z", "2027-01-04T12:00:00")
    assert choir["recurrence_id"] == choir["content"]["start"] == "2027-01-04T18:00:00"
    assert "recurrenceRules" not in choir["content"]
    one = careful.get("agenda", **asked, limit=1)
    assert ([each["uid"] for each in one["occurrences"]], one["more"]) == (["fair"], True)


def test_what_overlaps_comes_in_pairs(careful: CarefulPerson, collection: str) -> None:
    add(careful, collection, "one", "2028-02-01T10:00:00")
    add(careful, collection, "other", "2028-02-01T10:30:00")
    found = careful.get(
        "agenda/conflicts", after="2028-02-01T00:00:00Z", before="2028-02-02T00:00:00Z"
    )
    assert [[each["uid"] for each in pair] for pair in found["conflicts"]] == [["one", "other"]]


@pytest.mark.parametrize("path", ["agenda", "agenda/conflicts"])
@pytest.mark.parametrize(
    ("query", "code", "word"),
    [
        ({}, "M_MISSING_PARAM", "after"),
        ({"after": DAY["after"]}, "M_MISSING_PARAM", "before"),
        ({**DAY, "after": "2027-02-30T00:00:00"}, "M_INVALID_PARAM", "after"),
        ({**DAY, "before": "tomorrow"}, "M_INVALID_PARAM", "before"),
        ({**DAY, "before": DAY["after"]}, "M_INVALID_PARAM", "later than"),
        ({**DAY, "before": "2028-03-01T00:00:00"}, "M_INVALID_PARAM", "400 days"),
        ({**DAY, "time_zone": "Europe/Atlantis"}, "M_INVALID_PARAM", "time_zone"),
    ],
)
def test_questions_that_can_not_be_answered_say_what_is_wrong(
    careful: CarefulPerson, path: str, query: dict[str, Any], code: str, word: str
) -> None:
    answer = careful.ask("GET", path, **query)
    assert (answer.status, answer.body["errcode"]) == (400, code)
    assert word in answer.body["error"]


def test_the_first_and_the_last_day_of_the_calendar_can_be_asked_about(
    careful: CarefulPerson,
) -> None:
    for after, before in (
        ("0001-01-01T00:00:00", "0001-01-02T00:00:00"),
        ("9999-12-30T00:00:00", "9999-12-31T23:59:59"),
    ):
        assert careful.ask("GET", "agenda", after=after, before=before).status == 200
