"""What people say without much thought is understood as they mean it, and tells nobody else."""

import pytest

from tests.engine.chat.scenes import EVENT, Chatty, share
from tests.engine.chat.test_together import wait
from tests.engine.conftest import TASK
from twin_module.testing.driver import run

WEEKLY = [{"@type": "RecurrenceRule", "frequency": "weekly"}]


@pytest.fixture
def home(alice: Chatty) -> str:
    """The only collection of Alice."""
    room = alice.collection("Home")
    alice.rest()
    return room


def yoga(alice: Chatty, room: str) -> None:
    """Let there be an event each Tuesday at 18:00."""
    series = {"start": "2026-09-22T18:00:00", "duration": "PT1H", "recurrenceRules": WEEKLY}
    alice.command("agenda", "add", room_id=room, uid="yoga", title="Yoga", timeZone="UTC", **series)
    alice.rest()


# Of what was just told


def test_in_the_chat_words_without_an_object_are_about_what_was_just_told(
    alice: Chatty, home: str
) -> None:
    alice.say("task buy bread")
    assert alice.say("tomorrow") == "Changed “buy bread”, due tomorrow in Home."
    assert alice.say("rename to Milk") == "It is called “Milk” now."
    assert alice.say("1 done") == "Done: “Milk”."
    assert alice.say("delete") == "Is this what you mean? Answer 1.\n1. Remove a task: Milk"
    assert alice.say("1") == "Removed “Milk”."
    assert alice.say("delete") == (
        "Say which one: answer to a message about it, or add its title."
    ), "nothing was told of any other"


def test_a_command_that_answers_a_message_is_about_its_object(alice: Chatty, home: str) -> None:
    alice.say("!task buy bread", home)
    told = alice.told()[-1][2]
    alice.say("!task buy milk", home)
    assert alice.say("!task done", home, to=told) == "Done: “buy bread”."
    assert alice.say("!not done", home, to=told) == "To be done again: “buy bread”."


def test_a_number_alone_under_a_message_about_one_thing_says_what_can_be_said(
    alice: Chatty, home: str
) -> None:
    alice.say("!task buy bread", home)
    assert (alice.say("1", home, to=alice.told()[-1][2]) or "").startswith(
        "“buy bread”: you can say done"
    )


def test_what_is_no_longer_there_is_said_so(alice: Chatty, home: str) -> None:
    alice.say("!task buy bread", home)
    told = alice.told()[-1][2]
    alice.say("remove", home, to=told)
    assert alice.say("done", home, to=told) == "That is no longer there."
    assert alice.react(home, told, "✅") is not None


def test_an_answer_is_understood_in_the_other_language_too(alice: Chatty, home: str) -> None:
    alice.say("!task buy bread", home)
    told = alice.told()[-1][2]
    assert alice.say("morgen 18 Uhr", home, to=told) == (
        "Changed “buy bread”, due tomorrow at 18:00."
    )


def test_commands_count_in_the_chat_also_where_they_answer_a_message(
    alice: Chatty, home: str
) -> None:
    alice.say("task buy bread")
    told = alice.told()[-1][2]
    assert alice.say("find bread", to=told) == "Found:\n1. buy bread in Home"
    assert alice.say("task buy milk", to=told) == "Added “buy milk” in Home."
    assert alice.say("brief 8:00", to=told) == "You get a brief every day at 08:00."


# Numbers


def test_numbers_are_of_the_newest_list_also_where_it_has_one_line(
    alice: Chatty, home: str
) -> None:
    for title in ("bread", "milk", "eggs"):
        alice.say(f"!task {title}", home)
    alice.say("tasks")
    assert alice.say("find milk") == "Found:\n1. milk in Home"
    assert alice.say("all done") == "Done: “milk”."
    assert alice.objects(home)["bread"]["progress"] != "completed"
    assert alice.say("2 done") == "The numbers there go from 1 to 1."


def test_each_number_may_get_an_answer_of_its_own(alice: Chatty, home: str) -> None:
    for title in ("bread", "milk", "eggs"):
        alice.say(f"!task {title}", home)
    alice.say("tasks")
    assert alice.say("1 done, 2 tomorrow") == (
        "Done: “eggs”.\nChanged “milk”, due tomorrow in Home."
    )
    assert alice.say("2 urgent\n3 rename to Rye bread, 2 pieces") == (
        "Changed “milk”, due tomorrow in Home.\nIt is called “Rye bread, 2 pieces” now."
    )


def test_what_is_said_of_several_alike_is_said_once(alice: Chatty, home: str) -> None:
    alice.say("!agenda fri 10:00 choir", home)
    alice.say("!agenda fri 11:00 dentist", home)
    alice.say("agenda")
    assert (alice.say("all done") or "").count("I don't know that word here") == 1


def test_the_number_of_an_invitation_says_what_can_be_said(alice: Chatty, bob: Chatty) -> None:
    share(alice, bob)
    alice.say("agenda fri 10-11 choir @bob")
    other = alice.collection("Garden")
    circle = alice.circle("Gardeners", bob="editor")
    alice.command("circles", "share", room_id=other, circle=circle, role="editor")
    wait(10, alice, bob)
    lines = (bob.say("brief") or "").splitlines()
    number = next(line[0] for line in lines if "Gardeners" in line and line[0].isdigit())
    assert bob.say(number) == "You can say: yes, no."


# Lists


def test_a_day_or_a_week_lists_what_is_there(alice: Chatty, home: str) -> None:
    alice.say("!agenda fri 10-11 dentist", home)
    alice.say("!agenda tomorrow 9-10 choir", home)
    alice.say("!task bread friday", home)
    assert alice.say("agenda tomorrow") == (
        "agenda, tomorrow:\n1. choir, tomorrow at 09:00 to 10:00 in Home"
    )
    assert alice.say("agenda next week") == "agenda, next week: nothing there."
    assert len((alice.say("agenda this week?") or "").splitlines()) == 3
    assert alice.say("tasks friday") == "tasks, friday:\n1. bread, due on Friday in Home"
    alice.wishes(language="de")
    assert alice.say("termine morgen") == (
        "Termine, morgen:\n1. choir, morgen um 09:00 bis 10:00 in Home"
    )
    assert alice.say("dokumente") == "Dokumente: nichts da."


def test_lists_are_by_time_and_leave_out_what_is_over(alice: Chatty, home: str) -> None:
    alice.say("!agenda fri 10-11 dentist", home)
    alice.say("!agenda yesterday 10-11 breakfast", home)
    alice.say("!agenda tomorrow 9-10 choir", home)
    alice.say("!task milk", home)
    alice.say("!task bread friday", home)
    alice.say("!task eggs tomorrow", home)
    assert [line[3:8] for line in (alice.say("agenda") or "").splitlines()[1:]] == [
        *("choir", "denti")
    ]
    assert [line[3:7] for line in (alice.say("tasks") or "").splitlines()[1:]] == [
        *("eggs", "brea", "milk")
    ]


def test_one_time_of_a_series_is_moved_and_called_off_by_the_number_of_its_day(
    alice: Chatty, home: str
) -> None:
    yoga(alice, home)
    alice.say("agenda tomorrow")
    assert alice.say("1 move to 19:00") == "Moved “Yoga”, tomorrow at 19:00 to 20:00 in Home."
    alice.say("agenda tomorrow")
    assert alice.say("1 cancel") == "Called off: “Yoga”."
    assert alice.say("agenda tomorrow") == "agenda, tomorrow: nothing there."
    assert alice.say("agenda") == "agenda:\n1. Yoga, on 29 September at 18:00 to 19:00 in Home"


def test_a_time_alone_keeps_the_day_that_something_had(alice: Chatty, home: str) -> None:
    yoga(alice, home)
    assert alice.say("!agenda move yoga to 17:00", home) == (
        "Moved “Yoga”, tomorrow at 17:00 to 18:00."
    )
    alice.say("!agenda fri 10-11 dentist", home)
    assert alice.say("16:00", home, to=alice.told()[-1][2]) == (
        "Moved “dentist”, on Friday at 16:00 to 17:00."
    )
    alice.say("!task bread friday 10:00", home)
    assert alice.say("16:00", home, to=alice.told()[-1][2]) == (
        "Changed “bread”, due on Friday at 16:00."
    )


# What may be meant


@pytest.mark.parametrize(
    "said",
    [
        "add task buy flour",
        "new task buy flour",
        "create a task buy flour",
        "neue Aufgabe buy flour",
    ],
)
def test_what_is_new_may_be_called_behind_the_verb(alice: Chatty, home: str, said: str) -> None:
    assert alice.say(said) == "Added “buy flour” in Home."
    assert [room.name for room in alice.rooms().values() if room.kind == "collection"] == ["Home"]


def test_what_an_object_is_may_be_called_behind_the_verb(alice: Chatty, home: str) -> None:
    alice.say("task bread")
    assert alice.say("delete task bread") == "Removed “bread”."
    assert alice.say("neuer Termin morgen 9 Uhr Lauf") is not None
    assert set(alice.objects(home, EVENT)) == {"Lauf"}


def test_of_what_is_nowhere_there_is_no_choice(alice: Chatty, home: str) -> None:
    assert alice.say("delete pizza") == "I find nothing called “pizza”."
    assert alice.say("move milk to work") == (
        "You are in no collection called “work”. !new “work” makes it."
    )


def test_choices_of_one_title_are_told_apart_by_their_times(alice: Chatty, home: str) -> None:
    alice.say("task bread tomorrow")
    alice.say("task bread friday")
    assert (alice.say("task done bread") or "").splitlines()[1:] == [
        "1. bread, due on Friday (Home)",
        "2. bread, due tomorrow (Home)",
    ]


def test_a_circle_is_renamed_only_where_it_is_named(alice: Chatty, home: str) -> None:
    assert alice.say("rename to Milk") == (
        "Say which one: answer to a message about it, or add its title."
    )


def test_what_was_done_to_a_circle_is_told_as_what_it_is(alice: Chatty, bob: Chatty) -> None:
    alice.circle("Team")
    alice.rest()
    assert "Added" not in (alice.say("circle add @bob:bob.example to team") or "Added")
    assert "Added" not in (alice.say("circle dissolve team") or "Added")


def test_names_may_stand_in_quotation_marks(alice: Chatty) -> None:
    assert alice.say("new “Summer house”") == (
        "Made the collection “Summer house”. Here, #Summer-house names it."
    )
    assert alice.say("task bread #summer-house") == "Added “bread” in Summer house."
    assert alice.say('show "summer house"') == "“Summer house”:\n1. bread"


def test_where_something_was_moved_is_told(alice: Chatty, home: str) -> None:
    alice.say("new Work")
    alice.say("!task bread", home)
    assert alice.say("task move bread to work") == "Moved “bread” in Work."


def test_an_event_over_midnight_ends_at_a_time(alice: Chatty, home: str) -> None:
    assert alice.say("!agenda tomorrow 23:00-01:00 party", home) == (
        "Added “party”, tomorrow at 23:00 to 01:00."
    )


def test_somebody_picked_from_a_list_may_have_a_colon_behind_them(
    alice: Chatty, bob: Chatty
) -> None:
    room = share(alice, bob)
    pill = f'<a href="https://matrix.to/#/{bob.owner}">Bob</a>'
    content = {
        "msgtype": "m.text",
        "body": "!task hang lamp with Bob: tomorrow",
        "format": "org.matrix.custom.html",
        "formatted_body": f"!task hang lamp with {pill}: tomorrow",
    }
    alice.answer_to(room, content)
    assert set(alice.objects(room)["hang lamp"]["participants"]) == {bob.owner}


def test_each_line_may_be_a_command(alice: Chatty, home: str) -> None:
    assert alice.say("!task bread\n!task milk\n\n!task done bread", home) == (
        "Added “bread”.\nAdded “milk”.\nDone: “bread”."
    )
    assert (
        alice.say("!task eggs\nof two kinds\n!task x", home) == "Added “eggs of two kinds !task x”."
    )


# Briefs, snoozing, kindness


@pytest.mark.parametrize(
    ("said", "time"),
    [
        *(("brief 8", "08:00"), ("brief at 7.15", "07:15"), ("brief 8 pm", "20:00")),
        *(("brief on", "07:30"), ("uebersicht um 8 Uhr", "08:00")),
    ],
)
def test_the_hour_of_the_brief_is_said_in_many_ways(alice: Chatty, said: str, time: str) -> None:
    assert alice.say(said) == f"You get a brief every day at {time}."


def test_what_is_no_hour_gets_a_line(alice: Chatty) -> None:
    assert (alice.say("brief 25:00") or "").startswith("I don't understand “25:00”.")
    assert (alice.say("brief nonsense") or "").startswith("I don't understand “nonsense”.")


def test_a_brief_that_is_on_again_is_weekly_again_too(alice: Chatty) -> None:
    alice.say("stop")
    alice.say("brief 6:45")
    wishes = run(alice.twin.settings.read())
    assert (wishes.daily_brief, wishes.weekly_brief) == ("06:45", ("monday", "06:45"))


def test_a_day_to_be_told_again_begins_with_the_hour_of_the_brief(alice: Chatty, home: str) -> None:
    alice.say("task bread")
    assert alice.say("snooze tomorrow") == "I say it again tomorrow at 07:30."


def test_help_tells_one_word_alone(alice: Chatty) -> None:
    assert alice.say("help find") == "You can write:\n• !find bread: look for something everywhere"


def test_kind_words_are_answered_in_the_chat_and_nowhere_else(alice: Chatty, home: str) -> None:
    assert (alice.say("Hi!") or "").startswith("Hello, I am your twin.")
    assert alice.say("thanks") == "You're welcome."
    alice.say("!task bread", home)
    assert alice.say("thanks!", home, to=alice.told()[-1][2]) is None


# Who gets to know


def test_what_is_in_other_rooms_is_told_in_the_chat_of_the_two(
    alice: Chatty, bob: Chatty, home: str
) -> None:
    room = share(alice, bob, "Shared")
    alice.say("!task secret gift", home)
    for said in ("!find secret", "!show home", "!brief", "!find secret\n!find x", "!delete secret"):
        alice.say(said, room)
        assert alice.told()[-1][0] == (room if said == "!delete secret" else alice.chat), said
    assert alice.objects(home, TASK)["secret gift"]
    assert alice.say("!find secret", room) == "“Shared”: Found:\n1. secret gift in Home"
    assert alice.say("1 done") == "Done: “secret gift”."
    alice.say("!task hedge", room)
    alice.say("!tasks", room)
    assert alice.told()[-1][0] == room
