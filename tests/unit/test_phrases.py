"""What capabilities declare for chats: phrases, reactions, what people did, and whom it asks for something."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, strategies as st

from twin_module.chat.language.forms import UID, parts_of
from twin_module.chat.language.reading import Draft
from twin_module.chat.words.usage import SUMMARIES
from twin_module.core.capability import DEEDS, Capability, Deed, EventType
from twin_module.core.state import NAMESPACE, frozen
from twin_module.engine.settings import LANGUAGES
from twin_module.rooms import CAPABILITIES
from twin_module.testing.strategies import contents

EVENT_TYPES = {event.type: event for capability in CAPABILITIES for event in capability.events}
TELLING = [each for each in EVENT_TYPES.values() if each.deeds is not None]
CONTENTS = {each.type: contents(each) for each in EVENT_TYPES.values()}
PHRASES = [
    (capability, name, phrase)
    for capability in CAPABILITIES
    for name, command in capability.commands.items()
    for phrase in command.phrases
]
NAMES = [f"{capability.name}.{name}" for capability, name, _ in PHRASES]
each_capability = pytest.mark.parametrize("capability", CAPABILITIES, ids=lambda each: each.name)
each_phrase = pytest.mark.parametrize(("capability", "name", "phrase"), PHRASES, ids=NAMES)


def did(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Deed]:
    tells = EVENT_TYPES[f"{NAMESPACE}.{name}"].deeds
    assert tells is not None
    return list(tells(frozen(before), frozen(after)))


def kinds(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [each.kind for each in did(name, before, after)]


def concerned(name: str, **people: Any) -> list[str]:
    asks = EVENT_TYPES[f"{NAMESPACE}.{name}"].concerned
    assert asks is not None
    return list(asks(frozen({"title": "x", "participants": people})))


# Phrases


@each_capability
def test_every_capability_has_a_name_in_every_language(capability: Capability) -> None:
    assert {*capability.called} == {*LANGUAGES}
    assert all(capability.called.values())


def test_no_two_capabilities_are_called_the_same() -> None:
    names = Counter(
        name
        for each in CAPABILITIES
        for name in {each.name, *(one for names in each.called.values() for one in names)}
    )
    assert [name for name, count in names.items() if count > 1] == []


@each_phrase
def test_a_phrase_has_forms_in_every_language(
    capability: Capability, name: str, phrase: Any
) -> None:
    assert {*phrase.words} == {*LANGUAGES}
    assert all(phrase.words.values())


@each_phrase
def test_a_phrase_speaks_of_arguments_that_its_command_has(
    capability: Capability, name: str, phrase: Any
) -> None:
    draft = Draft(capability, name)
    places = [
        part.argument
        for forms in phrase.words.values()
        for form in forms
        for part in parts_of(form)
        if not isinstance(part, str)
    ]
    more = [phrase.people, phrase.keywords, phrase.moment, phrase.duration]
    named = [*places, *phrase.brings, *filter(None, more)]
    assert [each for each in named if draft.schema(each) is None] == []


@each_phrase
def test_what_a_phrase_brings_fits_its_command(
    capability: Capability, name: str, phrase: Any
) -> None:
    assert Draft(capability, name, phrase).fits()


@each_phrase
def test_a_phrase_says_all_that_its_command_needs(
    capability: Capability, name: str, phrase: Any
) -> None:
    given_anyway = {UID, *phrase.brings, phrase.moment}
    for form in (form for forms in phrase.words.values() for form in forms):
        places = {part.argument for part in parts_of(form) if not isinstance(part, str)}
        assert {*capability.commands[name].required} <= places | given_anyway


@each_capability
def test_a_reaction_stands_for_one_thing(capability: Capability) -> None:
    signs = [
        sign
        for command in capability.commands.values()
        for phrase in command.phrases
        for sign in phrase.reactions
    ]
    assert len(signs) == len(set(signs))


@each_phrase
def test_who_speaks_german_is_told_in_german_what_a_phrase_does(
    capability: Capability, name: str, phrase: Any
) -> None:
    assert SUMMARIES["de"][f"{capability.name}.{name}"]
    assert SUMMARIES["de"][capability.name]


# Deeds


@pytest.mark.parametrize("event_type", TELLING, ids=lambda each: each.type)
@given(data=st.data())
def test_any_change_can_be_told(event_type: EventType, data: st.DataObject) -> None:
    nothing: dict[str, Any] = {}
    fitting = CONTENTS[event_type.type] | st.just(nothing)
    before, after = frozen(data.draw(fitting)), frozen(data.draw(fitting))
    assert event_type.deeds is not None
    assert {each.kind for each in event_type.deeds(before, after)} <= {*DEEDS}
    assert list(event_type.deeds(before, before)) == []


@pytest.mark.parametrize(
    "event_type",
    [each for each in EVENT_TYPES.values() if each.concerned is not None],
    ids=lambda each: each.type,
)
@given(data=st.data())
def test_whoever_is_asked_for_something_has_a_matrix_id(
    event_type: EventType, data: st.DataObject
) -> None:
    assert event_type.concerned is not None
    people = list(event_type.concerned(frozen(data.draw(CONTENTS[event_type.type]))))
    assert all(each.startswith("@") and ":" in each for each in people)


@pytest.mark.parametrize("name", ["task", "event", "doc"])
def test_what_comes_and_goes_is_told_as_such(name: str) -> None:
    content = EVENT_TYPES[f"{NAMESPACE}.{name}"].example
    assert kinds(name, {}, content) == ["added"]
    assert kinds(name, content, {}) == ["removed"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"progress": "completed", "percentComplete": 100}, ["completed"]),
        ({"progress": "completed"}, {"progress": "needs-action"}, ["reopened"]),
        ({"progress": "completed"}, {}, ["reopened"]),
        ({}, {"progress": "cancelled"}, ["cancelled"]),
        ({}, {"progress": "in-process"}, ["changed"]),
        ({"title": "a"}, {"title": "b"}, ["renamed"]),
        ({"title": "a"}, {"title": "b", "progress": "completed"}, ["completed", "renamed"]),
        ({"title": "a"}, {"title": "b", "due": "2026-12-24T18:00:00"}, ["renamed", "changed"]),
        ({}, {"updated": "2026-12-24T18:00:00Z", NAMESPACE: {"base": "$1"}}, []),
    ],
)
def test_what_is_done_to_a_task_is_told(
    before: dict[str, Any], after: dict[str, Any], expected: list[str]
) -> None:
    task = {"@type": "Task", "title": "x"}
    assert kinds("task", {**task, **before}, {**task, **after}) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"status": "cancelled"}, ["cancelled"]),
        ({"status": "cancelled"}, {"status": "confirmed"}, ["reopened"]),
        ({}, {"start": "2026-12-25T18:00:00", "sequence": 1}, ["rescheduled"]),
        ({}, {"timeZone": "Europe/Berlin"}, ["rescheduled"]),
        ({}, {"title": "b"}, ["renamed"]),
        ({}, {"description": "b"}, ["changed"]),
        ({}, {"recurrenceOverrides": {"2026-12-25T18:00:00": {"excluded": True}}}, ["changed"]),
    ],
)
def test_what_is_done_to_an_event_is_told(
    before: dict[str, Any], after: dict[str, Any], expected: list[str]
) -> None:
    event = {"@type": "Event", "title": "x", "start": "2026-12-24T18:00:00"}
    if "recurrenceOverrides" in after:
        event |= {"recurrenceRules": [{"frequency": "daily"}]}  # type: ignore[dict-item]
    assert kinds("event", {**event, **before}, {**event, **after}) == expected


def test_writing_is_told_and_the_state_of_the_shared_text_alone_is_not() -> None:
    doc = {"@type": "Document", "title": "x", "text": "a"}
    assert kinds("doc", doc, {**doc, "text": "b", "crdt": {"state": "AAA"}}) == ["wrote"]
    assert kinds("doc", doc, {**doc, "crdt": {"state": "AAA"}}) == []
    assert kinds("doc", doc, {**doc, "title": "y", "text": "b"}) == ["wrote", "renamed"]


def test_a_long_text_was_written_where_its_hash_differs() -> None:
    def doc(url: str, hash_: str) -> dict[str, Any]:
        pointer = {"url": url, "size": 1, "hashes": {"sha256": hash_}}
        return {"@type": "Document", "title": "x", "textFile": pointer}

    assert kinds("doc", doc("mxc://a/1", "x"), doc("mxc://a/2", "y")) == ["wrote"]
    assert kinds("doc", doc("mxc://a/1", "x"), doc("mxc://a/2", "x")) == []


def test_only_answers_that_are_new_are_told_with_their_event() -> None:
    def answers(**given: str) -> dict[str, Any]:
        said = {
            uid: {"participationStatus": status, "answered": "0"} for uid, status in given.items()
        }
        return {"answers": said}

    before = answers(a="accepted", b="declined", gone="accepted")
    after = answers(a="accepted", b="tentative", c="declined")
    assert did("rsvp", before, after) == [Deed("tentative", "b"), Deed("declined", "c")]
    assert did("rsvp", {}, answers(a="accepted")) == [Deed("accepted", "a")]
    assert did("rsvp", after, {}) == []


def test_a_task_asks_whom_it_is_assigned_to() -> None:
    roles = {"@type": "Participant", "roles": {"attendee": True}}
    informed = {"@type": "Participant", "roles": {"informational": True}}
    people = {"@bob:b.test": roles, "@carol:c.test": informed, "somebody": roles}
    assert concerned("task", **people) == ["@bob:b.test"]


def test_an_event_asks_its_guests_and_not_its_organizer() -> None:
    people = {
        "@alice:a.test": {"roles": {"owner": True, "attendee": True}},
        "@bob:b.test": {"roles": {"attendee": True}},
        "x": {"roles": {"attendee": True}, "sendTo": {"matrix": "matrix:u/carol:c.test"}},
    }
    assert concerned("event", **people) == ["@bob:b.test", "@carol:c.test"]
