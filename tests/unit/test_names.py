"""Which of the things that there are somebody means by a name."""

import pytest
from hypothesis import given, strategies as st

from twin_module.chat.language.names import Candidate, pick


def called(*names: str, kind: str = "room") -> list[Candidate]:
    return [Candidate(f"!{index}", (name,), kind) for index, name in enumerate(names)]


def picked(text: str, candidates: list[Candidate]) -> list[str]:
    return [each.called[0] for each in pick(text, candidates)]


def person(user_id: str, *names: str) -> Candidate:
    return Candidate(user_id, names, "person")


BOB = person("@bob:bob.test", "Bob Miller")
BOBBY = person("@bobby:bobby.test", "Bobby")
ME = person("@alice:alice.test", "me", "mich", "mir")


def test_an_id_means_exactly_one() -> None:
    there = [Candidate("!a", ("!b",), "room"), Candidate("!b", ("Home",), "room")]
    assert [each.id for each in pick("!b", there)] == ["!b"]


def test_a_whole_name_comes_before_the_beginning_of_one() -> None:
    assert picked("home", called("Home office", "Home", "At home")) == ["Home"]


def test_the_beginning_of_a_name_comes_before_words_in_it() -> None:
    assert picked("home", called("At home", "Home office")) == ["Home office"]


def test_words_in_a_name_are_enough_where_nothing_fits_better() -> None:
    assert picked("list garden", called("The garden list", "The garden")) == ["The garden list"]


def test_several_that_fit_as_well_are_ambiguous() -> None:
    assert picked("ho", called("Home", "Holidays", "Work")) == ["Home", "Holidays"]


@pytest.mark.parametrize("text", ["MUELLERSTRASSE", "muellerstraße", " Muellerstraße "])
def test_case_and_sharp_s_do_not_matter(text: str) -> None:
    assert picked(text, called("Muellerstraße")) == ["Muellerstraße"]


@pytest.mark.parametrize("text", ["cafe", "CAFÉ", "Cafe\u0301", "\u2068Café\u2069"])
def test_accents_and_invisible_marks_do_not_matter(text: str) -> None:
    assert picked(text, called("Café", "Cafeteria")) == ["Café"]


@pytest.mark.parametrize("text", ["bob", "@bob", "@bob:bob.test", "bob miller", "miller"])
def test_a_person_is_found_by_name_and_by_both_parts_of_their_id(text: str) -> None:
    assert pick(text, [BOBBY, BOB, ME]) == [BOB]


@pytest.mark.parametrize("text", ["me", "mich", "Mir"])
def test_who_speaks_is_a_person_like_others(text: str) -> None:
    assert pick(text, [BOB, ME]) == [ME]


def test_somebody_elses_id_is_nobody_here() -> None:
    assert pick("@bob:evil.test", [BOB, BOBBY]) == []


def test_something_that_stands_there_twice_is_meant_once() -> None:
    assert pick("bob", [BOB, BOB]) == [BOB]


@pytest.mark.parametrize("text", ["", " ", "@", "\u200b", "#!?"])
def test_no_name_means_nothing(text: str) -> None:
    assert pick(text, [BOB, ME]) == []


@given(st.text(max_size=30), st.lists(st.text(max_size=10), max_size=4))
def test_any_text_means_some_of_what_there_is(text: str, names: list[str]) -> None:
    there = called(*names)
    assert {each.id for each in pick(text, there)} <= {each.id for each in there}
