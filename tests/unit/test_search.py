"""What counts as a word, what is asked for, and what is shown of a text."""

import unicodedata

import pytest
from hypothesis import given, strategies as st

from twin_module.core.errors import InvalidParam
from twin_module.core.search import (
    EXCERPT,
    MAX_ASKED,
    MAX_WORD,
    MOST_LONG,
    MOST_TEXT,
    Wanted,
    asked,
    composed,
    entry,
    excerpt,
    fold,
    marked,
)
from twin_module.core.stems import stems

ANY = st.text(st.characters(), max_size=400)
"""Any text at all, half surrogate pairs too."""
WORDS = st.lists(st.sampled_from(["Bread", "butter", "Müller", "x", "東京", "naïve"]), max_size=80)


def words(text: str) -> str:
    """Return the words that a text is found by."""
    return entry(text).words


def shown(text: str, *wanted: str) -> str:
    """Return an excerpt with what matches in brackets."""
    parts = excerpt(composed(text), Wanted(asked(" ".join(wanted))))
    return "".join(f"[{part.text}]" if part.match else part.text for part in parts)


@pytest.mark.parametrize(
    ("word", "same"),
    [
        ("Müller", "muller"),
        ("MÜLLER", "muller"),
        ("Mu\u0308ller", "muller"),
        ("straße", "STRASSE"),
        ("Ångström", "angstrom"),
        ("łódź", "ŁÓDŹ"),
        ("Ἀθῆναι", "αθηναι"),
        ("ﬁn", "fin"),
        ("İstanbul", "istanbul"),
        ("Ёлка", "елка"),
    ],
)
def test_case_and_diacritics_make_no_difference(word: str, same: str) -> None:
    assert words(composed(word)) == words(composed(same))
    assert asked(word) == asked(same)


@given(ANY)
def test_folding_a_word_again_changes_nothing(text: str) -> None:
    for word in words(composed(text)).split():
        assert fold(word) == word


@given(ANY)
def test_words_hold_letters_digits_and_marks_only_however_odd_the_text(text: str) -> None:
    found = words(composed(text))
    found.encode()
    for word in found.split(" ") if found else ():
        assert 1 <= len(word) <= MAX_WORD
        for character in word:
            assert character.isalnum() or unicodedata.category(character).startswith("M")
            assert character.isascii() <= (character in "abcdefghijklmnopqrstuvwxyz0123456789")


@given(st.text(st.characters(max_codepoint=127)))
def test_the_quick_way_through_plain_text_finds_what_the_other_one_finds(text: str) -> None:
    assert words(f"{text} u") == words(f"{text} ü")


def test_scripts_without_spaces_are_found_in_their_midst() -> None:
    assert set(asked("京都")) <= set(words("東京都").split())
    assert shown("これは東京です", "東京").count("[") == 1


def test_words_with_marks_stay_whole() -> None:
    assert len(words(composed("हिन्दी")).split()) == 1
    assert asked("हिन्") == [asked("हिन्दी")[0][: len(asked("हिन्")[0])]]


@pytest.mark.parametrize("question", ["", " ", "\x00", '"*():^', "…", "\ud800", "' -- "])
def test_a_question_without_a_word_is_refused(question: str) -> None:
    with pytest.raises(InvalidParam, match="at least one word"):
        asked(question)


@pytest.mark.parametrize("question", ["a " * 11, "x" * (MAX_ASKED + 1), "a.b.c.d.e.f.g.h.i.j.k"])
def test_a_question_that_is_too_long_is_refused(question: str) -> None:
    with pytest.raises(InvalidParam, match="are the most"):
        asked(question)


def test_ten_words_may_be_asked_and_a_word_that_is_there_twice_counts_once() -> None:
    assert asked("A b c d e f g h i b") == ["a", "b", "c", "d", "e", "f", "g", "h", "i"]


@given(ANY)
def test_any_question_is_answered_in_words_or_refused(question: str) -> None:
    try:
        found = asked(question)
    except InvalidParam:
        return
    assert found
    assert set(found) == set(words(composed(question)).split())


def test_all_words_of_a_long_text_are_found_each_once_and_the_last_as_well() -> None:
    assert words("Again and again, and " * 100_000 + "zebra") == "again and zebra"


@pytest.mark.parametrize("most", [MOST_TEXT, MOST_LONG])
def test_of_a_text_of_nothing_but_different_words_no_more_is_found_than_a_database_takes(
    most: int,
) -> None:
    text = " ".join(f"w{number}ing" for number in range(300_000))
    found = entry(text, most)
    # What PostgreSQL keeps of a word: its bytes, one to be even, and four for where it stands.
    kept = [*found.words.split(), *found.stems.split()]
    assert most / 2 < sum(len(word.encode()) + 5 for word in kept) <= most


# Stems


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Häuser", "Haus"),
        ("Müller", "Mueller"),
        ("Rechnungen", "Rechnung"),
        ("Bäckereien", "Bäckerei"),
        ("Büchern", "Buch"),
        ("running", "runs"),
        ("Houses", "housing"),
        ("STRASSEN", "Straße"),
    ],
)
def test_forms_of_a_word_have_a_stem_in_common_in_german_or_english(one: str, other: str) -> None:
    assert set(stems(asked(one))) & set(stems(asked(other)))


def test_stems_that_are_words_of_the_text_are_not_kept_twice() -> None:
    assert entry("house houses hous").stems == ""
    assert entry("houses hausen").stems == "hous haus"


@given(ANY)
def test_a_text_is_found_by_stems_of_its_words_only_and_each_once(text: str) -> None:
    found = entry(composed(text))
    known, further = found.words.split(), found.stems.split()
    assert len({*known, *further}) == len(known) + len(further)
    assert set(further) <= set(stems(known))


@given(ANY)
def test_a_stem_is_one_word_that_begins_as_its_word_does(text: str) -> None:
    for word in words(composed(text)).split():
        for stem in stems([word]):
            assert fold(stem) == stem
            assert stem[0] == word[0]


def test_what_has_the_stem_is_marked_as_well_as_what_begins_as_was_asked() -> None:
    assert shown("Two houses and a household", "house") == "Two [houses] and a [household]"
    assert shown("Das Haus der Frau Mueller", "Häuser", "Müller") == "Das [Haus] der Frau [Mueller]"


def test_all_of_a_title_is_shown_with_its_words_marked() -> None:
    parts = marked(composed(f"Bread {'and ' * 100}<b>butter</b>"), Wanted(asked("butter")))
    assert [part.text for part in parts if part.match] == ["butter"]
    assert "".join(part.text for part in parts) == f"Bread {'and ' * 100}<b>butter</b>"


# Excerpts


def test_an_excerpt_shows_the_surroundings_of_the_first_word_that_was_found() -> None:
    text = f"{'far away ' * 30}from Müller's\n\n  bakery {'and so on ' * 30}"
    found = shown(text, "muller", "bak")
    assert "from [Müller]'s [bakery] and so on" in found
    assert found.startswith("…")
    assert found.endswith("…")


def test_an_excerpt_of_a_text_without_the_word_is_its_beginning() -> None:
    assert shown("# Minutes\n\n* bread", "zebra") == "# Minutes * bread"
    assert shown("", "zebra") == ""
    assert excerpt("", Wanted(["zebra"])) == []


def test_an_excerpt_within_one_endless_word_is_short_too() -> None:
    assert len(shown("x" * 10_000, "x")) <= EXCERPT + 4
    assert "[" not in shown("x" * 10_000, "z")
    assert "[bread]" in shown(f"{'x' * 10_000} bread", "bread")


@given(
    WORDS, st.lists(st.sampled_from(["bre", "mull", "x", "東", "nope"]), min_size=1, max_size=10)
)
def test_an_excerpt_is_a_part_of_the_text_whose_matches_begin_as_was_asked(
    text: list[str], wanted: list[str]
) -> None:
    whole = composed(" ".join(text))
    parts = excerpt(whole, Wanted(asked(" ".join(wanted))))
    together = "".join(part.text for part in parts)
    assert len(together) <= EXCERPT + 2
    assert together.strip("…") in whole
    assert all(part.text for part in parts)
    assert [part.match for part in parts] == [
        number % 2 == 0 if parts[0].match else number % 2 == 1 for number in range(len(parts))
    ]

    def fits(word: str) -> bool:
        sought = {*map(fold, wanted), *stems(map(fold, wanted))}
        begins = any(fold(word).startswith(fold(each)) for each in wanted)
        return begins or not sought.isdisjoint({fold(word), *stems([fold(word)])})

    assert all(fits(part.text) for part in parts if part.match)
    there = any(map(fits, text))
    assert any(part.match for part in parts) == there


@given(ANY, ANY)
def test_an_excerpt_of_anything_is_short(text: str, question: str) -> None:
    try:
        wanted = asked(question)
    except InvalidParam:
        wanted = ["e"]
    parts = excerpt(composed(text), Wanted(wanted))
    assert sum(len(part.text) for part in parts) <= EXCERPT + 2
    "".join(part.text for part in parts).encode()
