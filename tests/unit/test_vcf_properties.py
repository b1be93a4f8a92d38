"""What holds for all vCards and all cards: nothing is lost on the way there and back."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from twin_module.core.jscontact import CARD
from twin_module.core.schema import MAX_CONTENT_BYTES
from twin_module.core.state import NAMESPACE, frozen
from twin_module.core.vcf.cards import Version, read_cards, write_card
from twin_module.core.vcf.lines import raw_cards
from twin_module.testing.card_strategies import cards, vcards
from twin_module.testing.strategies import contents

CARDS = Path(__file__).parent / "cards"
TEXTS = [file.read_bytes().decode() for file in sorted(CARDS.glob("*.vcf"))]
VCARDS = {version: vcards(version) for version in ("3.0", "4.0")}
MADE = {"3.0": cards(own_ids=False), "4.0": cards(own_ids=True)}
FITTING = contents(CARD)

each_version = pytest.mark.parametrize("version", ["3.0", "4.0"])


def lines_of(text: str) -> Counter[str]:
    """Return the unfolded lines of a card: all but BEGIN and END, PRODID and REV among them."""
    [raw] = raw_cards(text)
    return Counter(raw.lines)


def without_kept(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != NAMESPACE}


@each_version
@given(data=st.data())
def test_a_vcard_comes_back_with_all_its_lines(version: Version, data: st.DataObject) -> None:
    _, text = data.draw(VCARDS[version])
    [entry], refused = read_cards(text)
    assert refused == []
    assert CARD.problems(entry.content) == []
    assert lines_of(write_card(entry.key, frozen(entry.content), version)) == lines_of(text)


@each_version
@given(data=st.data())
def test_a_vcard_means_the_same_when_it_is_read_again(
    version: Version, data: st.DataObject
) -> None:
    _, text = data.draw(VCARDS[version])
    [entry], _ = read_cards(text)
    [again], _ = read_cards(write_card(entry.key, entry.content, version))
    assert again.key == entry.key
    assert CARD.problems(again.content) == []


@each_version
@given(data=st.data())
def test_a_card_comes_back_from_a_vcard_as_it_was(version: Version, data: st.DataObject) -> None:
    """IDs come back in 4.0 alone: 3.0 has no place for them, and gives new ones in order."""
    card = data.draw(MADE[version])
    text = write_card("key", card, version)
    [entry], refused = read_cards(text)
    assert refused == []
    assert entry.key == "key"
    assert without_kept(entry.content) == card
    assert write_card("key", entry.content, version) == text


@each_version
@given(data=st.data())
def test_what_fits_the_schema_is_written_and_read_again(
    version: Version, data: st.DataObject
) -> None:
    content = data.draw(FITTING)
    text = write_card("key", content, version)
    [entry], refused = read_cards(text)
    assert refused == []
    assert CARD.problems(entry.content) == []


@given(text=st.text() | st.text(st.sampled_from("BEGIN:VCARD\n\r ;=.,\\\"'END^FN\x00\udc80")))
def test_any_text_is_read_without_an_error(text: str) -> None:
    read_cards(text)
    entries, _ = read_cards(f"BEGIN:VCARD\nVERSION:3.0\n{text}\nEND:VCARD\n")
    for each in entries:
        assert CARD.problems(each.content) == []
        write_card(each.key, each.content)


@given(
    text=st.sampled_from(TEXTS),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.text(max_size=5)), max_size=6),
)
def test_a_spoiled_export_is_read_without_an_error(
    text: str, cuts: list[tuple[float, int, str]]
) -> None:
    for where, length, other in cuts:
        at = int(where * len(text))
        text = text[:at] + other + text[at + length :]
    entries, _ = read_cards(text)
    for each in entries:
        assert CARD.problems(each.content) == []
        assert len(str(each.content)) < MAX_CONTENT_BYTES
        for version in ("3.0", "4.0"):
            [_], refused = read_cards(write_card(each.key, each.content, version))
            assert refused == []
