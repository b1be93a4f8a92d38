"""What is understood of what people write, and that anything at all can be written."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from tests.unit.toy import TOY
from twin_module.chat.language.grammar import (
    Reading,
    read_answer,
    read_command,
    read_reaction,
    same_sign,
)
from twin_module.chat.language.moments import keeping
from twin_module.chat.language.names import Name
from twin_module.chat.language.values import sort_of
from twin_module.core.capability import Capability, Command
from twin_module.rooms import CAPABILITIES
from twin_module.testing.json_strategies import texts
from twin_module.testing.strategies import arguments as arguments_of

BERLIN: Final = ZoneInfo("Europe/Berlin")
NOW: Final = datetime(2026, 12, 23, 10, tzinfo=BERLIN)
"""A Wednesday."""
BY_NAME: Final = {each.name: each for each in CAPABILITIES}
COMMANDS: Final = [
    (capability, name) for capability in (*CAPABILITIES, TOY) for name in capability.commands
]
ARGUMENTS: Final = {
    f"{capability.name}.{name}": arguments_of(capability.commands[name])
    for capability, name in COMMANDS
}


def commanded(text: str, language: str = "en") -> list[Reading]:
    return read_command(text, [*CAPABILITIES, TOY], language, NOW)


def answered(capability: str, text: str, language: str = "en") -> list[Reading]:
    return read_answer(text, BY_NAME[capability], language, NOW)


def only(readings: list[Reading]) -> Reading:
    assert len(readings) == 1, readings
    return readings[0]


def meant(reading: Reading) -> tuple[str, dict[str, Any]]:
    """Return a command with its arguments, names among them as lists of texts."""
    names = {key: [each.text for each in several] for key, several in reading.names.items()}
    return f"{reading.capability}.{reading.command}", {**reading.arguments, **names}


# Commands


@pytest.mark.parametrize(
    ("text", "command", "arguments"),
    [
        (
            "task buy bread @bob tomorrow 18:00 #home",
            "tasks.add",
            {
                "title": "buy bread",
                "assignees": ["bob"],
                "due": "2026-12-24T18:00:00",
                "timeZone": "Europe/Berlin",
                "keywords": {"home": True},
            },
        ),
        (
            "task buy bread tomorrow",
            "tasks.add",
            {"title": "buy bread", "due": "2026-12-24T23:59:59", "showWithoutTime": True},
        ),
        (
            "agenda fri 10-11 dentist",
            "agenda.add",
            {
                "title": "dentist",
                "start": "2026-12-25T10:00:00",
                "timeZone": "Europe/Berlin",
                "duration": "PT1H",
            },
        ),
        (
            "agenda friday 10:00 dentist @bob",
            "agenda.add",
            {
                "title": "dentist",
                "start": "2026-12-25T10:00:00",
                "timeZone": "Europe/Berlin",
                "duration": "PT1H",
                "invite": ["bob"],
            },
        ),
        (
            "agenda camp Friday to Sunday",
            "agenda.add",
            {
                "title": "camp",
                "start": "2026-12-25T00:00:00",
                "duration": "P3D",
                "showWithoutTime": True,
            },
        ),
        ('docs create title="A b" text="x y"', "docs.create", {"title": "A b", "text": "x y"}),
        ("note Minutes of Monday", "docs.create", {"title": "Minutes of Monday"}),
        ("docs write uid=x one\n  two", "docs.write", {"uid": "x", "text": "one\n  two"}),
        ("share list with family", "circles.share", {"room_id": ["list"], "circle": ["family"]}),
        ("share #home with family", "circles.share", {"room_id": ["home"], "circle": ["family"]}),
        ("circle new Family", "circles.create", {"name": "Family"}),
        (
            "circle add bob to family as viewer",
            "circles.add",
            {"user_id": ["bob"], "room_id": ["family"], "role": "viewer"},
        ),
        ("contact @bob:b.test", "contacts.add_person", {"user_id": "@bob:b.test"}),
        (
            "contact Bob Miller",
            "contacts.add",
            {"kind": "individual", "name": {"@type": "Name", "full": "Bob Miller"}},
        ),
        ("task add done", "tasks.add", {"title": "done"}),
        ("task move house", "tasks.add", {"title": "move house"}),
        ("tasks change uid=x due=", "tasks.change", {"uid": "x", "due": None}),
        ('tasks change uid=x description=""', "tasks.change", {"uid": "x", "description": ""}),
        (
            "tasks change uid=x due='tomorrow 18:00'",
            "tasks.change",
            {
                "uid": "x",
                "due": "2026-12-24T18:00:00",
                "timeZone": "Europe/Berlin",
                "showWithoutTime": None,
            },
        ),
        (
            "tasks add title=x keywords=home,garden priority=1",
            "tasks.add",
            {"title": "x", "keywords": {"home": True, "garden": True}, "priority": 1},
        ),
        (
            "tasks assign uid=x user_id=@b:b.test assigned=nein",
            "tasks.assign",
            {"uid": "x", "user_id": "@b:b.test", "assigned": False},
        ),
        ("circles share circle=!c", "circles.share", {"circle": "!c"}),
        (
            "agenda change uid=x duration='1h 30 min'",
            "agenda.change",
            {"uid": "x", "duration": "PT1H30M"},
        ),
        (
            "docs create X keywords='{\"a b\": true}'",
            "docs.create",
            {"title": "X", "keywords": {"a b": True}},
        ),
    ],
)
def test_a_command_is_understood(text: str, command: str, arguments: dict[str, Any]) -> None:
    assert meant(only(commanded(text))) == (command, arguments)


@pytest.mark.parametrize(
    ("text", "command", "arguments"),
    [
        (
            "Aufgabe Brot kaufen @bob morgen 18:00 #zuhause",
            "tasks.add",
            {
                "title": "Brot kaufen",
                "assignees": ["bob"],
                "due": "2026-12-24T18:00:00",
                "timeZone": "Europe/Berlin",
                "keywords": {"zuhause": True},
            },
        ),
        ("teile Liste mit Familie", "circles.share", {"room_id": ["Liste"], "circle": ["Familie"]}),
        ("kreis neu Familie", "circles.create", {"name": "Familie"}),
        ("share list with family", "circles.share", {"room_id": ["list"], "circle": ["family"]}),
    ],
)
def test_german_is_understood_as_well(text: str, command: str, arguments: dict[str, Any]) -> None:
    assert meant(only(commanded(text, "de"))) == (command, arguments)


@pytest.mark.parametrize(
    ("text", "command", "named"),
    [
        ("task done bread", "tasks.complete", "bread"),
        ("TASK Done Bread!", "tasks.complete", "Bread"),
        ("please task done bread, please", "tasks.complete", "bread,"),
        ("task done the big loaf", "tasks.complete", "the big loaf"),
        ("tasks complete bread", "tasks.complete", "bread"),
        ('tasks complete "bread."', "tasks.complete", "bread."),
        ("task erledigt Brot", "tasks.complete", "Brot"),
        ("task move bread to friday", "tasks.change", "bread"),
        ("task move bread to garden", "tasks.move", "bread"),
        ("task assign bread to bob", "tasks.assign", "bread"),
        ("docs rename Old to New", "docs.rename", "Old"),
        ('docs write "Shopping list" eggs', "docs.write", "Shopping list"),
        ("agenda call off dinner", "agenda.cancel", "dinner"),
        ("agenda invite bob and carol to dinner", "agenda.invite", "dinner"),
        ("task done bread #home", "tasks.complete", "bread"),
    ],
)
def test_an_object_is_named_in_words(text: str, command: str, named: str) -> None:
    reading = only(commanded(text))
    assert (meant(reading)[0], reading.object) == (command, named)


def test_where_no_object_is_named_somebody_has_to_be_asked() -> None:
    assert only(commanded("task done")).object == ""
    assert only(commanded("tasks complete")).object == ""
    assert only(commanded("tasks complete uid=x")).object is None


def test_words_with_a_hash_are_tags_beside_being_keywords() -> None:
    assert only(commanded("task bread #home #2 #to-do.")).tags == ("home", "to-do")
    assert only(commanded("task bread #home #2")).arguments["title"] == "bread #2"
    assert only(commanded("task done bread #home")).tags == ("home",)


def test_people_who_are_known_by_their_id_need_no_look_up() -> None:
    reading = only(commanded("agenda fri 10:00 dentist @bob @carol:c.test, @bob"))
    assert reading.arguments["invite"] == ["@carol:c.test"]
    assert reading.names["invite"] == (Name("person", "bob", many=True),)


def test_what_is_quoted_is_taken_as_it_is() -> None:
    reading = only(commanded('task "buy @bob #1 tomorrow" friday'))
    assert reading.arguments["title"] == "buy @bob #1 tomorrow"
    assert reading.arguments["due"].startswith("2026-12-25")


@pytest.mark.parametrize("quoted", ["“a b”", "„a b“", "«a b»", "'a b'", "\u2018a b\u2019", '"a b"'])
def test_every_kind_of_quotation_marks_counts(quoted: str) -> None:
    assert only(commanded(f"docs create title={quoted}")).arguments["title"] == "a b"


@pytest.mark.parametrize(
    "text", ["task don't panic", "task the 'big one", 'task 5" pipe', "task a=b"]
)
def test_a_mark_that_closes_nothing_is_a_letter_like_others(text: str) -> None:
    assert only(commanded(text)).arguments["title"] == text.removeprefix("task ")


def test_a_word_that_fits_everywhere_is_ambiguous() -> None:
    capabilities = {each.capability for each in commanded("delete bread")}
    assert {"tasks", "agenda", "docs"} <= capabilities


def test_a_form_that_can_be_cut_in_two_ways_is_ambiguous() -> None:
    found = commanded("docs rename a to b to c")
    assert [(each.object, each.arguments["title"]) for each in found] == [
        ("a", "b to c"),
        ("a to b", "c"),
    ]


@pytest.mark.parametrize(
    "text", ["", " ", "task", "hello there", "agenda dentist", "docs create", "tasks move", "!"]
)
def test_what_says_too_little_is_no_command(text: str) -> None:
    assert commanded(text) == []


def test_a_named_value_that_does_not_fit_is_left_for_the_command_to_refuse() -> None:
    reading = only(commanded("tasks change uid=x priority=high"))
    assert reading.arguments == {"uid": "x", "priority": "high"}
    command = BY_NAME["tasks"].commands["change"]
    assert command.shape.problems({"room_id": "!r", **reading.arguments})


def test_an_argument_that_is_said_twice_is_not_understood() -> None:
    assert commanded("tasks add bread title=milk") == []


def test_what_was_said_of_a_day_alone_is_told() -> None:
    assert only(commanded("task bread tomorrow")).days == ("due",)
    assert only(commanded("task bread tomorrow 18:00")).days == ()


# Answers


@pytest.mark.parametrize(
    ("capability", "text", "command", "arguments"),
    [
        ("tasks", "done", "complete", {}),
        ("tasks", "Done.", "complete", {}),
        ("tasks", "DONE, please!", "complete", {}),
        ("tasks", "erledigt", "complete", {}),
        ("tasks", "complete", "complete", {}),
        ("tasks", "✅", "complete", {}),
        ("tasks", "assign to bob", "assign", {"user_id": ["bob"]}),
        ("tasks", "for @bob", "assign", {"user_id": ["bob"]}),
        ("tasks", "@bob:b.test", "assign", {"user_id": "@bob:b.test"}),
        ("tasks", "assign user_id=@bob:x", "assign", {"user_id": "@bob:x"}),
        ("tasks", "mine", "assign", {"user_id": ["me"]}),
        ("tasks", "not me", "assign", {"user_id": ["me"], "assigned": False}),
        ("tasks", "rename to Milk", "change", {"title": "Milk"}),
        ("tasks", "rename to “Milk.”", "change", {"title": "Milk."}),
        ("tasks", "priority 3", "change", {"priority": 3}),
        ("tasks", "move to garden", "move", {"to_room_id": ["garden"]}),
        ("tasks", "remove", "remove", {}),
        ("agenda", "yes", "answer", {"participationStatus": "accepted"}),
        ("agenda", "I\u2019ll come", "answer", {"participationStatus": "accepted"}),
        ("agenda", "Nein", "answer", {"participationStatus": "declined"}),
        ("agenda", "maybe", "answer", {"participationStatus": "tentative"}),
        ("agenda", "invite bob, carol and dan", "invite", {"user_ids": ["bob", "carol", "dan"]}),
        ("agenda", "lasts 2 hours", "change", {"duration": "PT2H"}),
        ("docs", "write a\nb", "write", {"text": "a\nb"}),
        ("circles", "add bob", "add", {"user_id": ["bob"]}),
        ("attestations", "revoke because it is wrong", "revoke", {"reason": "it is wrong"}),
    ],
)
def test_an_answer_is_understood(
    capability: str, text: str, command: str, arguments: dict[str, Any]
) -> None:
    reading = only(answered(capability, text))
    assert meant(reading) == (f"{capability}.{command}", arguments)
    assert reading.object is None


@pytest.mark.parametrize("text", ["tomorrow", "Tomorrow.", "due tomorrow", "move to tomorrow"])
def test_an_answer_may_be_a_date_alone(text: str) -> None:
    assert meant(only(answered("tasks", text))) == (
        "tasks.change",
        {"due": "2026-12-24T23:59:59", "timeZone": None, "showWithoutTime": True},
    )


def test_who_moves_an_event_may_say_until_when() -> None:
    arguments = only(answered("agenda", "move to fri 10-12")).arguments
    assert arguments["start"] == "2026-12-25T10:00:00"
    assert arguments["duration"] == "PT2H"


def test_who_moves_an_event_without_an_end_leaves_how_long_it_takes() -> None:
    assert "duration" not in only(answered("agenda", "friday 10:00")).arguments


@pytest.mark.parametrize(
    ("capability", "text"),
    [("tasks", "thanks"), ("tasks", "add bread"), ("tasks", "bob"), ("tasks", ""), ("docs", "✅")],
)
def test_what_is_no_wish_is_not_understood_as_one(capability: str, text: str) -> None:
    assert answered(capability, text) == []


# The time of day that an object has


def test_a_day_alone_leaves_the_time_of_day_as_it_is() -> None:
    reading = only(answered("agenda", "friday"))
    before = {"start": "2026-12-24T18:30:00", "timeZone": "Europe/London"}
    after = keeping(reading.arguments, reading.days, before)
    assert after == {"start": "2026-12-25T18:30:00"}


def test_a_day_alone_of_what_had_only_days_stays_one() -> None:
    reading = only(answered("agenda", "friday"))
    before = {"start": "2026-12-24T00:00:00", "showWithoutTime": True}
    assert keeping(reading.arguments, reading.days, before) == reading.arguments


def test_a_time_of_day_for_what_had_only_days_ends_after_an_hour() -> None:
    reading = only(answered("agenda", "friday 18:00"))
    before = {"start": "2026-12-24T00:00:00", "showWithoutTime": True, "duration": "P3D"}
    assert keeping(reading.arguments, reading.days, before)["duration"] == "PT1H"


def test_a_day_for_what_was_never_due_is_a_day_without_a_time() -> None:
    reading = only(answered("tasks", "friday"))
    assert keeping(reading.arguments, reading.days, {}) == reading.arguments


# Reactions


@pytest.mark.parametrize(
    ("capability", "key", "command", "arguments"),
    [
        ("tasks", "✅", "complete", {}),
        ("tasks", "✔", "complete", {}),
        ("tasks", "✔️", "complete", {}),
        ("tasks", "❌", "assign", {"user_id": ["me"], "assigned": False}),
        ("agenda", "✅", "answer", {"participationStatus": "accepted"}),
        ("agenda", "👍🏽", "answer", {"participationStatus": "accepted"}),
        ("agenda", "❌", "answer", {"participationStatus": "declined"}),
    ],
)
def test_a_reaction_is_understood(
    capability: str, key: str, command: str, arguments: dict[str, Any]
) -> None:
    reading = read_reaction(key, BY_NAME[capability])
    assert reading is not None
    assert meant(reading) == (f"{capability}.{command}", arguments)


@pytest.mark.parametrize("key", ["", " ", "\ufe0f", "🎉", "done"])
def test_other_reactions_stand_for_nothing(key: str) -> None:
    assert [read_reaction(key, each) for each in CAPABILITIES] == [None] * len(CAPABILITIES)
    assert not same_sign(key, "✅")


# Every command by its name


def said(schema: Mapping[str, Any], value: Any) -> str:
    """Return how a value is written behind `name=`."""
    if value is None:
        return ""
    is_text = isinstance(value, str) and sort_of(schema) not in ("list", "set", "other")
    text = value if is_text else json.dumps(value, ensure_ascii=False)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def schema_of(command: Command, argument: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = command.schema()["properties"][argument]
    return found


@pytest.mark.parametrize(
    ("capability", "name"), COMMANDS, ids=[f"{each.name}.{name}" for each, name in COMMANDS]
)
@given(data=st.data())
def test_what_is_said_by_name_comes_back_as_it_is(
    capability: Capability, name: str, data: st.DataObject
) -> None:
    command = capability.commands[name]
    arguments = data.draw(ARGUMENTS[f"{capability.name}.{name}"])
    words = [f"{key}={said(schema_of(command, key), each)}" for key, each in arguments.items()]
    reading = only(commanded(" ".join([capability.name, name, *words])))
    assert (reading.capability, reading.command) == (capability.name, name)
    assert (reading.arguments, reading.names) == (arguments, {})


def test_a_capability_that_declares_no_phrases_is_reached_by_its_names() -> None:
    reading = only(commanded("pins add title=Bread url=https://bread.test keywords=food"))
    assert reading.arguments == {
        "title": "Bread",
        "url": "https://bread.test",
        "keywords": {"food": True},
    }
    assert only(commanded("pins add Fresh bread https://bread.test")).arguments == {
        "title": "Fresh bread",
        "url": "https://bread.test",
    }
    assert only(commanded("pins rename_all Bread")).arguments == {"title": "Bread"}
    assert only(commanded("pins rename all Bread")).arguments == {"title": "Bread"}
    removing = only(commanded("pins remove fresh bread"))
    assert (removing.command, removing.object) == ("remove", "fresh bread")
    [answer] = read_answer("remove", TOY, "en", NOW)
    assert answer.command == "remove"


# Anything at all


@given(
    texts(max_size=60), st.sampled_from(["", "task ", "agenda ", "docs write ", "contacts add "])
)
def test_any_text_can_be_said(text: str, begin: str) -> None:
    for reading in commanded(begin + text):
        json.dumps(dict(reading.arguments), ensure_ascii=False).encode()
    for capability in CAPABILITIES:
        read_answer(text, capability, "de", NOW)
        read_reaction(text, capability)


HOSTILE: Final = {
    "many words": "word " * 10_000,
    "one word": "x" * 60_000,
    "open quotations": '"a ' * 15_000,
    "open and closed": "„a “b " * 10_000,
    "backslashes": '"' + "\\" * 50_000 + '" ',
    "brackets": "title=" + "[" * 59_000,
    "many values": "title=[ " * 7_000,
    "people": "@bob " * 12_000,
    "tags": "#a " * 20_000,
    "to": "rename " + "to " * 19_000,
    "dates": "tomorrow " * 6_000,
    "nines": "priority=" + "9" * 50_000,
    "bidi": "\u202e\u2066x\u200b " * 10_000,
    "nul": "a\x00b " * 10_000,
    "halves": "\ud800 " * 10_000,
    "accents": "a" + "\u0301" * 50_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("begin", ["", "task ", "agenda ", "circle add ", "tasks change uid=x "])
def test_long_hostile_text_raises_nothing(text: str, begin: str) -> None:
    # What grows with the square of the length would take minutes here.
    for reading in commanded(begin + text):
        json.dumps(dict(reading.arguments), ensure_ascii=False).encode()
    answered("tasks", begin + text)
