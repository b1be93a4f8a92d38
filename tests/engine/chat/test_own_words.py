"""What can be said to the companion beside the commands of capabilities."""

from typing import Any

import pytest

from tests.engine.chat.scenes import Chatty, share
from tests.engine.conftest import settle
from twin_module.chat.own_words import OWN_WORDS
from twin_module.chat.words.answers import WORDS
from twin_module.engine.settings import LANGUAGES, NOTICES
from twin_module.testing.driver import run


def settings(home: Chatty) -> dict[str, Any]:
    found: dict[str, Any] = run(home.twin.settings.read()).as_json()
    return found


def test_both_languages_have_the_same_sentences_with_the_same_places() -> None:
    def places(sentence: str) -> set[str]:
        return {part.partition("}")[0] for part in sentence.split("{")[1:]}

    english, german = (WORDS.sentences[language] for language in LANGUAGES)
    assert english.keys() == german.keys()
    for name, sentence in english.items():
        assert places(sentence) == places(german[name]), name


def test_help_names_every_capability_and_every_own_word(alice: Chatty) -> None:
    told = alice.say("help") or ""
    for capability in alice.twin.capabilities:
        word = next(iter(capability.called.get("en", ())), capability.name)
        assert f"!{word}" in told
    for own in OWN_WORDS:
        assert f"!{own.words['en'][0]}" in told


def test_help_of_a_capability_tells_its_commands(alice: Chatty) -> None:
    told = alice.say("!help task") or ""
    assert "!task done" in told
    assert alice.say("!help tasks") == told


def test_what_is_found_is_numbered_and_says_where_it_is(alice: Chatty) -> None:
    alice.collection("Home")
    alice.say("task buy bread tomorrow 18:00")
    assert alice.say("find bread") == "Found:\n1. buy bread, due tomorrow at 18:00 in Home"
    assert alice.say("find cheese") == "Nothing found for “cheese”."
    assert alice.say("find") == "Say what to look for: !find bread"
    assert alice.say("find \N{BLACK HEART SUIT}") == "Nothing found for “\N{BLACK HEART SUIT}”."


def test_messages_are_found_when_the_owner_wants_chats_to_be_searched(alice: Chatty) -> None:
    alice.collection("Home")
    alice.say("task buy bread")
    room = run(alice.port.create_room({"preset": "private_chat"}))
    for body in ("The <b>bread</b> is in\nthe oven", "!find bread", "milk"):
        alice.server.write(room, "m.room.message", None, {"msgtype": "m.text", "body": body})
    assert alice.say("find bread") == "Found:\n1. buy bread in Home"
    alice.wishes(search_chats=True)
    alice.rest()
    line = f"• The <b>bread</b> is in the oven ({alice.owner}, today at"
    told = alice.say("find bread") or ""
    assert told.startswith(f"Found:\n1. buy bread in Home\nIn chats:\n{line}")
    assert len(told.splitlines()) == 4, "no command, and nothing of this chat"
    assert (alice.say("find oven") or "").startswith(f"In chats:\n{line}")


def test_a_capability_alone_lists_what_is_open(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    for title in ("bread", "milk"):
        alice.say(f"!task {title}", room)
    alice.say("!task done milk", room)
    assert alice.say("!tasks", room) == "“Home”:\n1. bread"
    assert alice.say("tasks") == "tasks:\n1. bread in Home"
    assert alice.say("docs") == "docs: nothing there."


def test_long_lists_are_cut(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    for number in range(25):
        alice.command("tasks", "add", room_id=room, title=f"Task {number}")
    alice.rest()
    lines = (alice.say("show home") or "").splitlines()
    assert len(lines) == 22
    assert lines[-1] == "and 5 more"


def test_a_collection_is_made(alice: Chatty) -> None:
    assert alice.say("new Home") == "Made the collection “Home”. Here, #Home names it."
    assert alice.say("task bread") == "Added “bread” in Home."
    assert alice.say("new My garden") == (
        "Made the collection “My garden”. Here, #My-garden names it."
    )
    assert alice.say("new") == "Say how it is to be called: !new Home"
    assert alice.say("show") == "Your collections:\n1. Home\n2. My garden"


def test_a_brief_comes_when_asked_for_and_is_set_and_ended(alice: Chatty) -> None:
    alice.wishes(quiet_hours={"from": "22:00", "until": "06:00"})
    assert alice.say("brief") == "Nothing today."
    assert alice.say("brief 6:45") == "You get a brief every day at 06:45."
    assert settings(alice)["daily_brief"] == "06:45"
    assert alice.say("stop") == "No more briefs. !brief 7:30 turns them on again."
    after = settings(alice)
    assert (after["daily_brief"], after["weekly_brief"]) == (None, None)
    assert after["quiet_hours"] == {"from": "22:00", "until": "06:00"}, "all else stays"


def test_each_line_of_a_brief_is_answered_by_its_number(alice: Chatty, bob: Chatty) -> None:
    room = share(alice, bob)
    alice.say("!task buy bread today 23:00", room)
    alice.say("!task call mum today 22:00", room)
    other = bob.collection("Garden")
    circle = bob.circle("Gardeners", alice="editor")
    bob.command("circles", "share", room_id=other, circle=circle, role="editor")
    settle(alice, bob)
    brief = alice.say("brief") or ""
    numbers = {line.partition(". ")[2]: line.partition(".")[0] for line in brief.splitlines()}
    of = {
        word: next(number for text, number in numbers.items() if word in text and number.isdigit())
        for word in ("bread", "mum", "Garden")
    }
    assert alice.say(f"{of['bread']} done") == "Done: “buy bread”."
    assert alice.say(f"{of['mum']} tomorrow") is not None
    assert alice.objects(room)["call mum"]["due"] == "2026-09-22T22:00:00"
    assert (alice.say(f"{of['Garden']} yes") or "").startswith("You are in ")
    assert (
        alice.membership(other, alice.owner) == "join"
        or alice.membership(circle, alice.owner) == "join"
    )


@pytest.mark.parametrize("level", NOTICES)
def test_how_much_is_told_is_said_in_the_collection(alice: Chatty, level: str) -> None:
    room = alice.collection("Home")
    alice.rest()
    alice.say(f"!notices {level}", room)
    assert settings(alice)["notices"] == {room: level}
    assert (alice.say("!notices", room) or "").startswith("In “Home” I tell ")


def test_how_much_is_told_elsewhere_is_for_who_made_the_collection(
    alice: Chatty, bob: Chatty
) -> None:
    room = share(alice, bob)
    assert "in a collection that you made" in (bob.say("!notices none", room) or "")
    assert settings(bob)["notices"] == {}
    alice.say("notices digest #home")
    assert settings(alice)["notices"] == {room: "digest"}


def test_a_message_is_said_again_when_one_wants(alice: Chatty) -> None:
    alice.collection("Home")
    alice.say("task bread")
    told = alice.told()[-1][2]
    assert alice.say("snooze 2h", to=told) == "I say it again today at 16:13."
    assert alice.say("later tomorrow 9:00", to=told) == "I say it again tomorrow at 09:00."
    assert alice.say("snooze yesterday", to=told) == (
        "I don't understand when “yesterday” is. Try: tomorrow 18:00, fri 10-11, in 2 hours."
    )
    before = len(alice.told())
    alice.network.pass_time(7300)
    alice.rest()
    assert [text for _, text, _ in alice.told()[before:]] == ["Added “bread” in Home."]
    assert alice.say("done", to=alice.told()[-1][2]) == "Done: “bread”."


def test_a_widget_is_offered_and_taken_away(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    assert "“Home” can be opened inside of your client" in (alice.say("!widget", room) or "")
    kind = "im.vector.modular.widgets"
    assert alice.content(room, kind, alice.owner)["url"].startswith("https://alice.example/")
    assert alice.say("!widget off", room) == "The widget is gone."
    assert not alice.content(room, kind, alice.owner)
    assert alice.say("widget") == "Write !widget in a collection that you made."


def test_german_words_do_the_same(alice: Chatty) -> None:
    alice.collection("Zuhause")
    alice.wishes(language="de")
    assert (alice.say("hilfe") or "").startswith("Du kannst schreiben:")
    alice.say("aufgabe Brot morgen")
    assert alice.say("suche Brot") == "Gefunden:\n1. Brot, fällig morgen in Zuhause"
    assert alice.say("neu Garten") == "Die Sammlung „Garten“ ist angelegt. Hier heißt sie #Garten."
    assert alice.say("stopp") == (
        "Keine Übersichten mehr. !übersicht 7:30 schaltet sie wieder ein."
    )


def test_how_much_is_told_is_said_in_german_too(alice: Chatty) -> None:
    room = alice.collection("Zuhause")
    alice.wishes(language="de")
    for said, level in (("täglich", "digest"), ("Bitten", "mentions"), ("nichts", "none")):
        assert "In „Zuhause“ erzähle ich ab jetzt" in (alice.say(f"!meldungen {said}", room) or "")
        assert settings(alice)["notices"] == {room: level}
    assert "Woche" in (alice.say("übersicht woche") or "")


def test_nothing_that_is_said_raises(alice: Chatty) -> None:
    room = alice.collection("Home")
    alice.rest()
    alice.say("!task bread", room)
    told = alice.told()[-1][2]
    failed = WORDS.sentences["en"]["failed"]
    for said in (
        "!task " + "x" * 50_000,
        "!" + "a " * 9000,
        '!task "',
        "!task @",
        "!task #",
        "!a=b",
    ):
        assert alice.say(said, room) != failed
        assert alice.say(said.removeprefix("!"), room, to=told) != failed
    for own in OWN_WORDS:
        for rest in ("", " x", " #", " @nobody", ' "', " 99999999999999999999h"):
            assert alice.say(f"!{own.words['en'][0]}{rest}", room) != failed
