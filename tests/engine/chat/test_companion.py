"""What the owner says is done and answered, and nothing else is."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from tests.engine.chat.scenes import EVENT, Chatty, share
from tests.engine.conftest import TASK, settle
from twin_module.core.state import NAMESPACE
from twin_module.testing.driver import run
from twin_module.testing.fake import Crash

# The fake clock begins on 2026-09-21 (Monday), 14:13:20 UTC.
TODAY = datetime(2026, 9, 21, tzinfo=UTC).date()


def test_the_clock_of_these_stories_is_known(alice: Chatty) -> None:
    assert datetime.fromtimestamp(alice.network.now / 1000, UTC).date() == TODAY


# Commands


def test_a_command_in_a_collection_is_done_there_and_answered_there(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    assert alice.say("!task buy bread tomorrow 18:00", room) == (
        "Added “buy bread”, due tomorrow at 18:00."
    )
    found = alice.objects(room)["buy bread"]
    assert found["due"] == "2026-09-22T18:00:00"
    assert alice.told()[-1][0] == room
    answer = alice.last()
    assert answer["msgtype"] == "m.notice"
    assert "m.in_reply_to" in answer["m.relates_to"]


def test_in_the_chat_of_the_two_it_goes_without_the_mark(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    assert alice.say("task buy bread") == "Added “buy bread” in Home."
    assert alice.say("!task buy milk") == "Added “buy milk” in Home."
    assert set(alice.objects(room)) == {"buy bread", "buy milk"}


def test_who_has_no_collection_gets_one(alice: Chatty) -> None:
    assert alice.say("task buy bread") == "Added “buy bread” in My things."
    assert alice.say("task buy milk") == "Added “buy milk” in My things."
    assert [room.name for room in alice.rooms().values() if room.kind == "collection"] == [
        "My things"
    ]


def test_a_command_names_people_keywords_and_a_time(alice: Chatty, bob: Chatty) -> None:
    room = share(alice, bob)
    alice.wishes(time_zone="Europe/Berlin")
    answer = alice.say("!task buy bread @bob tomorrow 18:00 #food", room)
    assert answer == "Added “buy bread” for @bob:bob.example, due tomorrow at 18:00."
    found = alice.objects(room)["buy bread"]
    assert (found["due"], found["timeZone"]) == ("2026-09-22T18:00:00", "Europe/Berlin")
    assert found["keywords"] == {"food": True}
    assert list(found["participants"]) == [bob.owner]
    content = alice.last()
    assert content["m.mentions"] == {"user_ids": [bob.owner]}
    assert content["msgtype"] == "m.text", "notices ping nobody"


def test_an_event_is_added_with_its_length(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    assert alice.say("!agenda fri 10-11 dentist", room) == (
        "Added “dentist”, on Friday at 10:00 to 11:00."
    )
    found = alice.objects(room, EVENT)["dentist"]
    assert (found["start"], found["duration"]) == ("2026-09-25T10:00:00", "PT1H")


def test_of_several_collections_a_question_asks_and_a_number_answers(alice: Chatty) -> None:
    home, work = alice.collection("Home"), alice.collection("Work")
    alice.rest()
    question = alice.say("task buy bread")
    assert question is not None
    assert question.splitlines()[1:] == ["1. Home", "2. Work"]
    assert alice.say("2") == "Added “buy bread” in Work."
    assert set(alice.objects(work)) == {"buy bread"}
    assert alice.say("task buy milk") == "Added “buy milk” in Work.", "the choice is remembered"
    assert alice.say("task buy eggs #home") == "Added “buy eggs” in Home."
    assert set(alice.objects(home)) == {"buy eggs"}
    assert "keywords" not in alice.objects(home)["buy eggs"]


def test_a_number_that_was_not_offered_is_told_so(alice: Chatty) -> None:
    alice.collection("Home"), alice.collection("Work")
    alice.rest()
    alice.say("task buy bread")
    asked = alice.told()[-1][2]
    assert alice.say("7", to=asked) == "The numbers there go from 1 to 2."


def test_an_object_is_named_by_its_title(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    alice.say("!task buy bread", room)
    alice.say("!task buy milk", room)
    assert alice.say("!task done bread", room) == "Done: “buy bread”."
    assert alice.objects(room)["buy bread"]["progress"] == "completed"
    question = alice.say("!task rename buy to Eggs", room) or ""
    assert alice.objects(room).keys() == {"buy bread", "buy milk"}
    assert question


def test_what_is_not_there_is_said_so(alice: Chatty) -> None:
    alice.collection("Home")
    alice.rest()
    assert alice.say("task done cheese") == "I find nothing called “cheese”."
    assert alice.say("share cheese with family") is not None
    assert alice.say("!task bread @nobody") == (
        "I know nobody called “nobody”. A Matrix ID like @bob:example.org works too."
    )


def test_a_wrong_word_gets_one_helpful_line(alice: Chatty) -> None:
    answer = alice.say("!tsak buy bread")
    assert answer is not None
    assert "\n" not in answer
    assert "task" in answer


def test_every_command_is_reachable_by_its_name(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    alice.say("!tasks add title=Bread uid=b priority=2", room)
    assert alice.objects(room)["Bread"]["priority"] == 2
    assert alice.say("!tasks change uid=b priority=1", room) == "Changed “Bread”."
    assert alice.objects(room)["Bread"]["priority"] == 1


def test_a_collection_is_shared_with_a_circle_by_their_names(alice: Chatty, bob: Chatty) -> None:
    room = alice.collection("Groceries")
    circle = alice.circle("Family", bob="editor")
    alice.rest()
    assert alice.say("share groceries with family") == "Done: Give a circle a role in a collection."
    assert alice.content(room, f"{NAMESPACE}.share", circle)
    assert alice.say("share groceries with family") == "That was so already."


def test_errors_of_commands_are_said_in_words(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    answer = alice.say("!tasks complete uid=nothing", room)
    assert answer == "That is not possible: There is no task 'nothing' in this room."


# Answers


def test_answers_to_a_message_act_on_what_it_is_about(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    alice.say("!task buy bread", room)
    told = alice.told()[-1][2]
    assert (
        alice.say("tomorrow 18:00", room, to=told) == "Changed “buy bread”, due tomorrow at 18:00."
    )
    assert alice.say("rename to Milk", room, to=told) == "It is called “Milk” now."
    assert alice.say("done", room, to=told) == "Done: “Milk”."
    assert alice.say("done", room, to=told) == "That was so already."


def test_an_answer_that_means_nothing_says_what_can_be_said(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    alice.say("!task buy bread", room)
    answer = alice.say("hello", room, to=alice.told()[-1][2])
    assert answer is not None
    assert answer.startswith("I don't know that word here. You can say: ")
    assert "done" in answer


@pytest.mark.parametrize("sign", ["✅", "✅\N{VARIATION SELECTOR-16}", "✔️", "☑️"])
def test_a_sign_completes(alice: Chatty, sign: str) -> None:
    room = alice.collection("Home")
    alice.rest()
    alice.say("!task buy bread", room)
    assert alice.react(room, alice.told()[-1][2], sign) == "Done: “buy bread”."
    assert alice.objects(room)["buy bread"]["progress"] == "completed"


def test_a_sign_that_stands_for_nothing_is_no_matter(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    alice.say("!task buy bread", room)
    assert alice.react(room, alice.told()[-1][2], "❤️") is None


def test_an_alarm_clock_says_it_again_in_an_hour(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    alice.say("!task buy bread", room)
    told = alice.told()[-1]
    assert alice.react(room, told[2], "⏰") == "I say it again today at 15:13."
    before = len(alice.told())
    alice.network.pass_time(3700)
    alice.rest()
    again = alice.told()[before:]
    assert [(each[0], each[1]) for each in again] == [(alice.chat, told[1])]
    assert alice.last()["m.mentions"] == {"user_ids": [alice.owner]}


def test_what_is_listed_is_answered_by_number(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    for title in ("bread", "milk", "eggs"):
        alice.say(f"!task {title}", room)
    listed = alice.say("show home") or ""
    numbers = {
        line.partition(". ")[2].partition(" ")[0]: line[0] for line in listed.splitlines()[1:]
    }
    assert numbers.keys() == {"bread", "milk", "eggs"}
    assert alice.say(f"{numbers['milk']} done") == "Done: “milk”."
    assert alice.say(f"{numbers['bread']} tomorrow") is not None
    assert "due" in alice.objects(room)["bread"], "numbers are of the list, not of the last answer"
    assert alice.say("all done") is not None
    assert all(each["progress"] == "completed" for each in alice.objects(room).values())


def test_in_a_thread_the_answer_stands_in_the_thread(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    alice.say("!task buy bread", room)
    told = alice.told()[-1][2]
    relation = {"rel_type": "m.thread", "event_id": told, "is_falling_back": False}
    content = {
        "msgtype": "m.text",
        "body": "done",
        "m.relates_to": {**relation, "m.in_reply_to": {"event_id": told}},
    }
    assert alice.answer_to(room, content) == "Done: “buy bread”."
    assert alice.last()["m.relates_to"]["rel_type"] == "m.thread"
    assert alice.last()["m.relates_to"]["event_id"] == told


def test_the_twin_introduces_itself_once(alice: Chatty) -> None:
    assert [where for where, text, _ in alice.told() if "I am your twin" in text] == [alice.chat]
    alice.restart()
    alice.rest()
    assert sum("I am your twin" in text for _, text, _ in alice.told()) == 1


def test_a_word_that_means_several_things_is_done_to_what_is_there(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    alice.say("!task buy bread", room)
    assert alice.say("!delete bread", room) == "Removed “buy bread”."
    alice.say("!task pizza", room)
    alice.say("!doc pizza", room)
    question = alice.say("!delete pizza", room) or ""
    assert question.splitlines()[0] == "Which one?"
    assert {"pizza"} == set(alice.objects(room)) & {"pizza"}, "nothing is done before it is clear"


def test_what_was_told_last_is_not_removed_without_asking(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.say("task bread")
    assert alice.say("delete") == "Is this what you mean? Answer 1.\n1. Remove a task: bread"
    assert "bread" in alice.objects(room)
    assert alice.say("1") == "Removed “bread”."
    alice.say("task milk")
    assert alice.say("delete", to=alice.told()[-1][2]) == "Removed “milk”."
    alice.say("task eggs")
    assert alice.say("remove eggs") == "Removed “eggs”."


def test_a_day_keeps_the_time_that_something_had(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    alice.say("!task buy bread tomorrow 18:00", room)
    told = alice.told()[-1][2]
    assert alice.say("friday", room, to=told) == "Changed “buy bread”, due on Friday at 18:00."
    alice.say("!task buy milk tomorrow", room)
    assert alice.say("friday", room, to=alice.told()[-1][2]) == (
        "Changed “buy milk”, due on Friday."
    )


# Who is heard


def test_nobody_else_is_heard(alice: Chatty, bob: Chatty) -> None:
    room = share(alice, bob)
    before = len(alice.told())
    bob.server.write(room, "m.room.message", None, {"msgtype": "m.text", "body": "!task x"})
    alice.rest()
    # Bob's own twin does it, as Bob.
    settle(alice, bob)
    event = alice.server.state(room)
    made = [each for (kind, _), each in event.items() if kind == TASK]
    assert [each.sender for each in made] == [bob.owner]
    assert all("Added" not in text for _, text, _ in alice.told()[before:])


def test_in_somebody_elses_collection_the_own_twin_answers_in_the_chat_of_the_two(
    alice: Chatty, bob: Chatty
) -> None:
    room = share(alice, bob)
    assert bob.say("!task buy bread", room) == "“Home”: Added “buy bread”."
    assert bob.told()[-1][0] == bob.chat


@pytest.mark.parametrize(
    "content",
    [
        {"msgtype": "m.notice", "body": "!task x"},
        {"msgtype": "m.emote", "body": "!task x"},
        {"msgtype": "m.text", "body": "> !task x"},
        {"msgtype": "m.text", "body": "see !task x"},
        {"msgtype": "m.text", "body": "! task x"},
        {
            "msgtype": "m.text",
            "body": "* !task x",
            "m.new_content": {"msgtype": "m.text", "body": "!task x"},
            "m.relates_to": {"rel_type": "m.replace", "event_id": "$before"},
        },
        {
            "msgtype": "m.text",
            "body": "!task x",
            "format": "org.matrix.custom.html",
            "formatted_body": "<pre>!task x</pre>",
        },
    ],
)
def test_quotes_edits_notices_and_code_do_nothing(alice: Chatty, content: dict[str, str]) -> None:
    room = alice.collection("Home")
    alice.rest()
    assert alice.answer_to(room, content) is None
    assert alice.objects(room) == {}


def test_what_was_deleted_before_it_was_heard_does_nothing(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    alice.server.listeners.clear()
    said = alice.server.write(
        room, "m.room.message", None, {"msgtype": "m.text", "body": "!task x"}
    )
    alice.server.redact(room, said)
    alice.rest()
    assert alice.objects(room) == {}


def test_an_encrypted_room_is_not_listened_to(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    alice.server.write(room, "m.room.encryption", "", {"algorithm": "m.megolm.v1.aes-sha2"})
    alice.rest()
    before = alice.objects(room)
    alice.sent(room, {"msgtype": "m.text", "body": "!task x"})
    assert alice.objects(room) == before == {}


def test_a_chat_that_the_twin_is_not_in_is_none_of_its_business(alice: Chatty) -> None:
    room = run(alice.port.create_room({"name": "Friends"}))
    assert alice.say("!task x", room) is None


def test_two_companions_in_a_room_say_nothing_to_each_other(alice: Chatty, bob: Chatty) -> None:
    room = share(alice, bob)
    bob.say("!task buy bread", room)
    settle(alice, bob)
    alice.say("!task buy milk", room)
    settle(alice, bob)
    counted = len(alice.told()), len(bob.told())
    for _ in range(5):
        alice.network.pass_time(3600)
        settle(alice, bob)
        alice.rest()
        bob.rest()
    after = len(alice.told()), len(bob.told())
    assert after[0] - counted[0] <= 1, "what Bob did is told once"
    assert after[1] == counted[1]


# Once


def test_what_was_said_before_there_was_a_companion_is_no_wish(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    alice.server.database.execute("DELETE FROM twin_position WHERE name = 'heard'")
    alice.server.listeners.clear()
    alice.server.write(room, "m.room.message", None, {"msgtype": "m.text", "body": "!task x"})
    alice.restart()
    alice.rest()
    assert alice.objects(room) == {}


@pytest.mark.parametrize("step", range(1, 24))
def test_a_kill_at_any_step_does_it_once_and_answers_once(alice: Chatty, step: int) -> None:
    room = alice.collection("Home")
    alice.say("!task first", room)
    alice.port.crash_in = step
    alice.server.write(room, "m.room.message", None, {"msgtype": "m.text", "body": "!task second"})
    with suppress(Crash):
        alice.rest()
    alice.port.crash_in = None
    alice.restart()
    for _ in range(3):
        alice.network.pass_time(130)
        alice.rest()
    assert set(alice.objects(room)) == {"first", "second"}
    assert [text for _, text, _ in alice.told()].count("Added “second”.") == 1


# German


def test_german_is_spoken_and_understood(alice: Chatty) -> None:
    room = alice.collection("Zuhause")
    alice.rest()
    alice.wishes(language="de", time_zone="Europe/Berlin")
    assert alice.say("!aufgabe Brot kaufen morgen 18:00", room) == (
        "Hinzugefügt: „Brot kaufen“, fällig morgen um 18:00."
    )
    assert alice.say("erledigt", room, to=alice.told()[-1][2]) == "Erledigt: „Brot kaufen“."
    assert alice.say("done", room, to=alice.told()[-1][2]) == "Das war schon so."
