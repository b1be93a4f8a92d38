"""Help and hints, which follow from what capabilities declare."""

import re
from string import Formatter

import pytest
from hypothesis import given, strategies as st

from tests.unit.toy import TOY
from twin_module.chat.language import usage
from twin_module.chat.words.usage import PLACES, SUMMARIES, WORDS
from twin_module.core.capability import Capability
from twin_module.engine.settings import LANGUAGES
from twin_module.rooms import CAPABILITIES

ALL = [*CAPABILITIES, TOY]
BY_NAME = {each.name: each for each in ALL}
each_capability = pytest.mark.parametrize("capability", ALL, ids=lambda each: each.name)
each_language = pytest.mark.parametrize("language", LANGUAGES)


def hint(text: str, language: str = "en") -> str:
    return usage.hint(text, ALL, language, ["help", "find"]).body


def test_both_languages_have_the_same_sentences_with_the_same_places() -> None:
    places = {
        language: {
            name: {place for _, place, _, _ in Formatter().parse(sentence) if place}
            for name, sentence in sentences.items()
        }
        for language, sentences in WORDS.sentences.items()
    }
    assert {*places} == {*LANGUAGES} == {*PLACES}
    assert places["en"] == places["de"]


def test_summaries_speak_of_what_there_is() -> None:
    there = {each.name for each in CAPABILITIES}
    there |= {f"{each.name}.{name}" for each in CAPABILITIES for name in each.commands}
    assert {*SUMMARIES["de"]} <= there


@each_language
def test_help_names_every_capability_and_the_words_of_the_companions_own(language: str) -> None:
    said = usage.help_text(ALL, language, [("!find bread", "look & see")])
    for capability in ALL:
        assert f"• !{next(iter(capability.called.get(language, ())), capability.name)}" in said.body
    assert "• !find bread: look & see" in said.body
    assert "<code>!find bread</code>: look &amp; see" in str(said.html)
    assert said.notice


@each_language
@each_capability
def test_help_of_a_capability_has_a_line_for_each_command(
    capability: Capability, language: str
) -> None:
    said = usage.help_of(capability, language)
    assert said.body.count("\n• ") == len(capability.commands)
    assert str(said.html).count("<li>") == len(capability.commands)
    assert len(said.body) + len(str(said.html)) < 40_000


def test_help_reads_as_sentences_without_any_html() -> None:
    lines = usage.help_of(BY_NAME["tasks"], "en").body.splitlines()
    assert lines[0] == "!task: To-do lists that people share. You can write:"
    assert lines[1] == "• !task <title> @who <when> #keyword: Add a task"
    assert "• !task done <which>: Mark a task as done" in lines


def test_help_in_german_is_german() -> None:
    lines = usage.help_of(BY_NAME["tasks"], "de").body.splitlines()
    assert "• !aufgabe löschen <was>: eine Aufgabe entfernen" in lines


def test_a_capability_without_phrases_is_explained_by_the_names_of_its_arguments() -> None:
    lines = usage.help_of(TOY, "en").body.splitlines()
    assert "• !pins add title=… url=… [keywords=…]: Pin something" in lines
    assert "• !pins remove <which>: Take a pin off" in lines
    sort = "• !pins sort [by=title|url] [any=…] [upwards=…]: Put them in order"
    assert sort in lines


def test_what_stands_in_html_is_escaped() -> None:
    assert "&lt;title&gt;" in str(usage.help_of(BY_NAME["tasks"], "en").html)
    assert "<script>" not in str(usage.hint("<script>", ALL, "en").html)


def test_answers_begin_with_what_people_say_most() -> None:
    assert usage.phrases(BY_NAME["tasks"], "en")[0] == "done"
    assert "yes" in usage.phrases(BY_NAME["agenda"], "en")
    assert "rename to <title>" in usage.phrases(BY_NAME["docs"], "en")
    assert usage.phrases(TOY, "en") == []


@pytest.mark.parametrize("word", ["task", "!Tasks", "AUFGABE", "todo."])
def test_a_capability_is_called_by_its_names_in_any_language(word: str) -> None:
    assert usage.called(word, ALL) is BY_NAME["tasks"]


@pytest.mark.parametrize("word", ["", "!", "home", "tas"])
def test_other_words_call_no_capability(word: str) -> None:
    assert usage.called(word, ALL) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("taks buy bread", "!task <title>"),
        ("!taks buy bread", "!task <title>"),
        ("hlep", "!help?"),
        ("shaer list with family", "!circle share <where> with <circle>"),
        ("task complet bread", "!task done <which>"),
        ("docs rename", "!doc rename <which> to <title>"),
        ("agenda dentist", "!agenda <title> @who <when>"),
        ("pins", "!pins add title=… url=…"),
        ("", "!help"),
        ("good morning", "!help"),
    ],
)
def test_what_was_not_understood_gets_one_line_that_helps(text: str, expected: str) -> None:
    assert expected in hint(text)
    assert "\n" not in hint(text)


@given(st.text(max_size=300), st.sampled_from(LANGUAGES))
def test_a_hint_is_short_and_says_nothing_back_of_what_was_written(
    text: str, language: str
) -> None:
    said = hint(text, language)
    assert "\n" not in said
    assert len(said) < 300
    assert re.search(r"!\w+", said)
