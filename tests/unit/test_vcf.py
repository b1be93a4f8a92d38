"""vCards as programs write them, what becomes of them, and what comes back."""

import base64
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from twin_module.core.entries import Refused
from twin_module.core.jscontact import CARD
from twin_module.core.state import NAMESPACE
from twin_module.core.vcf.cards import MOST_LINES, Version, read_cards, write_card
from twin_module.core.vcf.lines import raw_cards
from twin_module.testing.card_strategies import vcard

CARDS = Path(__file__).parent / "cards"
FILES = sorted(CARDS.glob("*.vcf"))
BARE = {"@type": "Card", "version": "1.0"}
each_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
each_version = pytest.mark.parametrize("version", ["3.0", "4.0"])


def read(file: Path) -> str:
    return file.read_bytes().decode()


def contents(name: str) -> list[dict[str, Any]]:
    """Return what the cards of a program's export become, without what is kept of their form."""
    entries, refused = read_cards(read(CARDS / f"{name}.vcf"))
    assert refused == []
    return [{k: v for k, v in each.content.items() if k != NAMESPACE} for each in entries]


def of(*lines: str, version: str = "3.0") -> dict[str, Any]:
    """Return what a card with these lines becomes."""
    [entry], refused = read_cards(vcard(["UID:1", *lines], version))
    assert refused == []
    return entry.content


def kept(*lines: str, version: str = "3.0") -> Any:
    return of(*lines, version=version).get(NAMESPACE, {}).get("vCard")


def written(content: dict[str, Any], version: Version = "3.0", key: str = "1") -> list[str]:
    """Return the unfolded lines as which a card is written, behind its version."""
    text = write_card(key, content, version)
    assert text.endswith("\r\nEND:VCARD\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    [raw] = raw_cards(text)
    assert raw.is_whole
    assert raw.lines[0] == f"VERSION:{version}"
    return list(raw.lines[1:])


def card(**fields: Any) -> dict[str, Any]:
    return {**BARE, "name": {"@type": "Name", "full": "Bob Miller"}, **fields}


# Exports of programs


@each_file
def test_every_export_is_read_whole_and_fits(file: Path) -> None:
    entries, refused = read_cards(read(file))
    assert refused == []
    assert len(entries) == read(file).count("BEGIN:VCARD")
    assert [CARD.problems(each.content) for each in entries] == [[]] * len(entries)


@each_file
def test_every_export_comes_back_letter_by_letter(file: Path) -> None:
    text = read(file)
    if "VERSION:2.1" in text:
        pytest.skip("2.1 is read only, and never written")
    version: Version = "4.0" if "VERSION:4.0" in text else "3.0"
    for entry, raw in zip(read_cards(text)[0], raw_cards(text), strict=True):
        before, after = Counter(raw.lines[1:]), Counter(written(entry.content, version, entry.key))
        # An address book needs UIDs, so a card without one gets one.
        if not any(line.startswith("UID:") for line in raw.lines):
            before[f"UID:{entry.key}"] += 1
        assert after == before


@each_file
def test_every_export_can_be_read_in_the_other_version_and_means_the_same(file: Path) -> None:
    text = read(file)
    other: Version = "3.0" if "VERSION:4.0" in text else "4.0"
    for entry in read_cards(text)[0]:
        [again], refused = read_cards(write_card(entry.key, entry.content, other))
        assert refused == []
        assert again.key == entry.key
        assert _meaning(again.content) == _meaning(entry.content)


def _meaning(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != NAMESPACE}


def test_a_person_of_apples_address_book_is_understood() -> None:
    bob = contents("apple")[0]
    assert bob["name"]["full"] == "Dr. Robert James Miller Jr."
    assert bob["emails"]["e1"] == {
        "@type": "EmailAddress",
        "address": "bob@example.org",
        "contexts": {"private": True},
        "pref": 1,
    }
    assert bob["phones"]["p3"] == {"@type": "Phone", "number": "+1 555 0102", "label": "Bakehouse"}
    assert bob["addresses"]["a1"]["countryCode"] == "US"
    assert bob["anniversaries"]["d1"]["date"] == {"@type": "PartialDate", "month": 4, "day": 15}
    assert bob["anniversaries"]["d2"]["kind"] == "wedding"
    assert bob["relatedTo"]["Mary Miller"]["relation"] == {"spouse": True}
    assert bob["onlineServices"]["s2"]["uri"] == "matrix:u/bob:example.org"
    assert bob["media"]["m1"]["uri"].startswith("data:image/jpeg;base64,/9j/")


def test_groups_and_companies_of_apples_address_book_are_understood() -> None:
    bob, group, company = read_cards(read(CARDS / "apple.vcf"))[0]
    assert group.content["kind"] == "group"
    assert group.content["members"] == {bob.key: True}
    assert company.content["kind"] == "org"


def test_what_outlook_and_old_phones_write_is_decoded() -> None:
    [joerg] = contents("outlook")
    assert joerg["name"]["full"] == "Jörg Müller"
    assert joerg["titles"]["t1"]["name"] == "Leiter; Einkauf"
    assert joerg["organizations"]["o1"]["units"] == [{"name": "Einkauf, Ausland"}]
    assert joerg["addresses"]["a1"]["full"] == "Hauptstraße 5\nHof\n50667 Köln"
    assert joerg["notes"]["n1"]["note"] == "Erste Zeile\nZweite, Zeile"
    assert base64.b64decode(joerg["media"]["m1"]["uri"].partition(",")[2])[:3] == b"\xff\xd8\xff"
    ivan, taxi = contents("android")
    assert ivan["name"]["full"] == "Иван Петров"
    assert ivan["phones"]["p1"]["features"] == {"mobile": True}
    assert taxi["name"]["full"] == "Taxi"


def test_addresses_of_other_exports_are_understood() -> None:
    [anna], [emil], [dora] = contents("google"), contents("davx5"), contents("nextcloud")
    assert anna["addresses"]["a2"]["full"] == "Unter den Linden 1\nHinterhaus\n10117 Berlin\nDE"
    assert {"kind": "name", "value": "Unter den Linden 1\nHinterhaus"} in anna["addresses"]["a2"][
        "components"
    ]
    assert emil["addresses"]["a1"]["full"] == "Rue 1\n75001 Paris"
    assert "addresses" not in dora


def test_a_page_without_a_scheme_becomes_one_and_a_program_none() -> None:
    assert of("URL:www.example.org/a")["links"]["l1"]["uri"] == "https://www.example.org/a"
    assert "links" not in of("URL:javascript:alert(1)")


# Single properties


@pytest.mark.parametrize(
    ("line", "version", "date"),
    [
        ("BDAY:1996-04-15", "3.0", {"year": 1996, "month": 4, "day": 15}),
        ("BDAY;VALUE=date:19960415", "4.0", {"year": 1996, "month": 4, "day": 15}),
        ("BDAY:1996-04-15T00:00:00Z", "3.0", {"year": 1996, "month": 4, "day": 15}),
        ("BDAY:--0415", "4.0", {"month": 4, "day": 15}),
        ("BDAY:--04-15", "3.0", {"month": 4, "day": 15}),
        ("BDAY:---15", "4.0", {"day": 15}),
        ("BDAY:1996", "4.0", {"year": 1996}),
        ("BDAY:1996-04", "4.0", {"year": 1996, "month": 4}),
        ("BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-29", "3.0", {"month": 2, "day": 29}),
    ],
)
def test_birthdays_of_every_form_are_read(line: str, version: str, date: dict[str, int]) -> None:
    [found] = of(line, version=version)["anniversaries"].values()
    assert found["date"] == {"@type": "PartialDate", **date}
    for each in ("3.0", "4.0"):
        again = of(*written(card(anniversaries={"d1": found}), each), version=each)
        assert again["anniversaries"]["d1"] == found


@pytest.mark.parametrize("value", ["1996-02-30", "circa 1800", "13", "", "1604-99-01", "--1301"])
def test_what_is_no_date_is_kept_as_it_is(value: str) -> None:
    content = of(f"BDAY;X-APPLE-OMIT-YEAR=x:{value}")
    assert "anniversaries" not in content
    assert f"BDAY;X-APPLE-OMIT-YEAR=x:{value}" in written(content)


@pytest.mark.parametrize(
    "line",
    [
        "IMPP:matrix:u/bob:example.org",
        "IMPP;X-SERVICE-TYPE=Matrix;TYPE=HOME:matrix:@bob:example.org",
        "X-MATRIX:@bob:example.org",
        "X-SOCIALPROFILE;TYPE=matrix:https://matrix.to/#/@bob:example.org",
        "SOCIALPROFILE;SERVICE-TYPE=matrix;VALUE=text:@bob:example.org",
    ],
)
def test_a_matrix_id_is_found_in_every_form(line: str) -> None:
    content = of(line)
    assert CARD.filters["matrix_id"].read(content) == ["@bob:example.org"]  # type: ignore[arg-type]
    assert line in written(content)


def test_pictures_are_the_same_in_both_versions() -> None:
    three = of("PHOTO;ENCODING=b;TYPE=PNG:Zm9v")["media"]
    four = of("PHOTO:data:image/png;base64,Zm9v", version="4.0")["media"]
    assert three == four
    assert "PHOTO;ENCODING=b;TYPE=PNG:Zm9v" in written(card(media=three))
    assert "PHOTO:data:image/png;base64,Zm9v" in written(card(media=three), "4.0")


def test_a_picture_that_came_back_from_media_is_written_as_it_was() -> None:
    line = "PHOTO;TYPE=JPEG;ENCODING=b:" + "A" * 3000
    content = of(line)
    assert len(str(content[NAMESPACE])) < 500
    # What moves files to the twin's media and back says their type beside them.
    content["media"]["m1"]["mediaType"] = "image/jpeg"
    assert line in written(content)


def test_labels_stand_in_groups_of_their_own() -> None:
    content = of("a.TEL:1", "a.X-ABLabel:_$!<Home>!$_", "b.TEL:2", "b.X-ABLabel:Boat", "a.X-FOO:1")
    assert [each["label"] for each in content["phones"].values()] == ["Home", "Boat"]
    assert "a.TEL:1" in written(content)
    del content["phones"]["p1"]
    content["phones"]["p2"]["number"] = "3"
    lines = written(content)
    [tel] = [line for line in lines if "TEL" in line]
    group = tel.partition(".")[0]
    assert f"{group}.X-ABLabel:Boat" in lines
    assert f"{group}.X-FOO:1" not in lines


# What is kept


def test_nothing_is_kept_where_nothing_deviates() -> None:
    lines = ("FN:Bob Miller", "N:Miller;Bob;;;", "EMAIL:bob@example.org", "NOTE:a\\, b\\nc")
    assert kept(*lines) is None
    assert kept(*lines, version="4.0") is None


def test_what_deviates_is_kept_beside_and_given_back() -> None:
    lines = ["FN:Bob Miller", "N:Miller;Bob", "EMAIL;type=INTERNET:b@example.org", "X-FOO;A=b:c"]
    assert kept(*lines) == {
        "version": "3.0",
        "lines": ["X-FOO;A=b:c"],
        "instead": {
            "EMAIL:b@example.org": "EMAIL;type=INTERNET:b@example.org",
            "N:Miller;Bob;;;": "N:Miller;Bob",
        },
    }
    assert Counter(written(of(*lines))) == Counter(["UID:1", *lines])


def test_what_was_changed_is_written_anew_and_the_rest_as_it_stood() -> None:
    content = of("FN:Bob", "N:;Bob", "TEL;type=CELL:1", "TEL;type=CELL:2", "X-FOO:c")
    content["phones"]["p2"]["number"] = "3"
    lines = written(content)
    assert "TEL;type=CELL:1" in lines
    assert "TEL;TYPE=CELL:3" in lines
    assert not [line for line in lines if line.endswith(":2")]
    assert "X-FOO:c" in lines


def test_of_several_lines_that_are_one_field_none_comes_back_when_it_changes() -> None:
    content = of("CATEGORIES:a,b", "CATEGORIES:c", "NICKNAME:d,e")
    content["keywords"] = {"a": True}
    content["nicknames"]["n2"]["name"] = "f"
    lines = written(content)
    assert [line for line in lines if line.startswith("CATEGORIES")] == ["CATEGORIES:a"]
    assert [line for line in lines if line.startswith("NICKNAME")] == ["NICKNAME:d,f"]


def test_two_lines_that_are_written_the_same_are_told_apart() -> None:
    lines = ["FN:B", "N:;B;;;", "TEL;type=CELL:1", "TEL;TYPE=CELL:1", "TEL;type=cell:1"]
    content = of(*lines)
    assert Counter(written(content)) == Counter(["UID:1", *lines])
    del content["phones"]
    assert not [line for line in written(content) if line.startswith("TEL")]


def test_a_time_that_can_not_be_read_goes_when_there_is_a_new_one() -> None:
    content = of("REV:yesterday")
    assert "REV:yesterday" in written(content)
    content["updated"] = "2026-12-24T12:00:00Z"
    assert [line for line in written(content) if line.startswith("REV")] == [
        "REV:2026-12-24T12:00:00Z"
    ]


def test_in_the_other_version_what_makes_sense_there_is_kept() -> None:
    three = of("X-FOO:1", "MAILER:x", "CLASS:PUBLIC", "GENDER:F", "X-BAR;ENCODING=b:Zm9v")
    lines = written(three, "4.0")
    assert {"X-FOO:1", "GENDER:F"} <= {*lines}
    assert not [line for line in lines if line.startswith(("MAILER", "CLASS", "X-BAR"))]
    four = of("X-FOO:1", "CLIENTPIDMAP:1;urn:uuid:1", "X-BAR;PID=1.1:a", version="4.0")
    lines = written(four, "3.0")
    assert "X-FOO:1" in lines
    assert not [line for line in lines if line.startswith(("CLIENTPIDMAP", "X-BAR"))]


@pytest.mark.parametrize(
    "spoiled",
    [
        None,
        5,
        {"version": 3, "lines": 5, "instead": [], "absent": {"a": 1}},
        {"version": "3.0", "lines": ["END:VCARD", "X-A:1\r\nEND:VCARD", {}, "no line", "\x00:"]},
        {"version": "3.0", "instead": {"FN:Bob Miller": "FN:a\nEND:VCARD\nBEGIN:VCARD"}},
        {"version": "3.0", "instead": {"FN:Bob Miller": [1, {}]}, "absent": [None]},
    ],
)
@each_version
def test_what_others_made_of_what_was_kept_ends_no_card(spoiled: Any, version: Version) -> None:
    text = write_card("1", card(**{NAMESPACE: {"vCard": spoiled}}), version)
    [_], refused = read_cards(text)
    assert refused == []
    assert text.count("END:VCARD") == 1


@each_version
def test_no_text_of_a_card_can_end_its_line(version: Version) -> None:
    evil = 'x"\r\nEND:VCARD\r\nBEGIN:VCARD\n;:,^\x0b'
    content = card(
        name={"full": evil, "components": [{"kind": "given", "value": evil}]},
        emails={"e1": {"address": evil, "contexts": {evil: True}, "label": evil}},
        onlineServices={"s1": {"service": evil, "user": evil}},
        notes={"n1": {"note": evil, "author": {"name": evil}}},
        members={evil: True},
        relatedTo={evil: {"relation": {evil: True}}},
        keywords={evil: True},
        media={"m1": {"kind": "photo", "uri": "https://a/b", "mediaType": evil}},
        future=evil,
    )
    text = write_card("1", content, version)
    [entry], refused = read_cards(text)
    assert refused == []
    assert text.count("END:VCARD") == 1 + text.count("\\nEND:VCARD") + text.count("^nEND:VCARD")
    assert entry.content["emails"]["e1"]["address"] == evil
    assert entry.content["future"] == evil


# What vCard has no words for


@each_version
def test_what_vcard_has_no_words_for_travels_all_the_same(version: Version) -> None:
    content = card(
        localizations={"de": {"name/full": "Robert"}},
        emails={"e1": {"@type": "EmailAddress", "address": "b@example.org", "verified": [1]}},
        future={"a/b": {"~": None}},
    )
    [entry], _ = read_cards(write_card("1", content, version))
    assert _meaning(entry.content) == {**content, "name": entry.content["name"]}
    assert entry.content["name"]["full"] == "Bob Miller"


@each_version
def test_who_changes_an_entry_elsewhere_does_not_get_its_old_details_back(version: Version) -> None:
    content = card(emails={"e1": {"address": "b@example.org", "verified": True}})
    text = write_card("1", content, version)
    [same], _ = read_cards(text.replace("FN:Bob Miller", "FN:Bob"))
    assert same.content["emails"]["e1"]["verified"] is True
    [other], _ = read_cards(text.replace("EMAIL:b@example.org", "EMAIL:c@example.org"))
    assert other.content["emails"] == {"e1": {"@type": "EmailAddress", "address": "c@example.org"}}
    assert NAMESPACE not in other.content or "verified" in str(other.content[NAMESPACE])


@pytest.mark.parametrize(
    "line",
    [
        f'JSPROP;JSPTR={NAMESPACE}/base:"x"',
        'JSPROP;JSPTR=@type:"Event"',
        'JSPROP;JSPTR=uid:"2"',
        "JSPROP;JSPTR=emails/e1/pref:1.5",
        'JSPROP;JSPTR=emails:"none"',
        "JSPROP;JSPTR=a:" + "[" * 5000,
        "JSPROP:{}",
        "JSPROP;JSPTR=name/full/x:1",
    ],
)
def test_what_may_not_be_said_so_is_not_taken(line: str) -> None:
    content = of("FN:Bob", "EMAIL:b@example.org", line, version="4.0")
    assert _meaning(content) == {
        **BARE,
        "name": {"@type": "Name", "full": "Bob"},
        "emails": {"e1": {"@type": "EmailAddress", "address": "b@example.org"}},
    }
    assert line in written(content, "4.0")


# Names


def test_who_has_only_a_full_name_has_one_in_every_program() -> None:
    lines = written(card())
    assert "FN:Bob Miller" in lines
    assert "N;X-DERIVED=TRUE:Miller;Bob;;;" in lines
    assert _meaning(of(*lines)) == card()


def test_who_has_no_name_at_all_is_called_by_what_else_there_is() -> None:
    content = {**BARE, "organizations": {"o1": {"@type": "Organization", "name": "Bakery"}}}
    assert "FN;DERIVED=true:Bakery" in written(content, "4.0")
    assert _meaning(of(*written(content, "4.0"), version="4.0")) == content
    assert "FN:Bakery" in written(content)
    assert "FN:(no name)" in written(BARE)


def test_second_surnames_and_generations_stand_where_old_programs_look_too() -> None:
    parts = [
        {"kind": "given", "value": "Ana"},
        {"kind": "surname", "value": "Gil"},
        {"kind": "surname2", "value": "Paz"},
        {"kind": "generation", "value": "II"},
    ]
    content = card(name={"@type": "Name", "full": "Ana Gil Paz II", "components": parts})
    assert "N:Gil,Paz;Ana;;;II;Paz;II" in written(content, "4.0")
    for version in ("3.0", "4.0"):
        [entry], _ = read_cards(write_card("1", content, version))
        assert _meaning(entry.content) == content


def test_ids_of_entries_come_back_in_version_4() -> None:
    emails = {
        "home": {"@type": "EmailAddress", "address": "a@example.org"},
        "e1": {"@type": "EmailAddress", "address": "b@example.org"},
    }
    content = card(emails=emails)
    assert "EMAIL;PROP-ID=home:a@example.org" in written(content, "4.0")
    assert of(*written(content, "4.0"), version="4.0")["emails"] == emails
    assert not [line for line in written(content) if "PROP-ID" in line]


# Files


def test_a_card_without_a_uid_gets_the_same_one_each_time() -> None:
    text = vcard(["FN:Bob"], "3.0")
    [one], [other] = read_cards(text)[0], read_cards(text)[0]
    assert one.key == other.key
    assert f"UID:{one.key}" in written(one.content, key=one.key)


def test_a_uid_that_can_not_be_a_state_key_stands_in_the_card() -> None:
    [entry], _ = read_cards(vcard(["UID:a/b", "FN:Bob"], "4.0"))
    assert entry.content["uid"] == "a/b"
    assert CARD.key_problem(entry.key) is None
    assert "UID:a/b" in written(entry.content, "4.0", entry.key)


def test_cards_that_were_cut_off_are_refused_by_name_and_the_others_read() -> None:
    whole = vcard(["UID:1", "FN:Bob"], "3.0")
    cut = "BEGIN:VCARD\nVERSION:3.0\nFN:Carol\n"
    entries, refused = read_cards(cut + whole + cut)
    assert [each.key for each in entries] == ["1"]
    reason = "The card has no end: its file was cut off."
    assert refused == [Refused("Carol", reason)] * 2


def test_a_card_with_too_many_lines_is_refused() -> None:
    entries, refused = read_cards(vcard(["FN:Bob", *["X-A:1"] * MOST_LINES], "3.0"))
    assert entries == []
    assert [each.name for each in refused] == ["Bob"]


@pytest.mark.parametrize("text", ["", "\ufeff", "END:VCARD", "FN:Bob", "\x00", "BEGIN:VCALENDAR\n"])
def test_a_text_without_cards_has_none(text: str) -> None:
    assert read_cards(text) == ([], [])


def test_thousands_of_cards_are_read_in_one_go() -> None:
    text = "".join(vcard([f"UID:{n}", f"FN:Bob {n}"], "3.0") for n in range(3000))
    entries, refused = read_cards("\ufeff" + text)
    assert [each.key for each in entries] == [str(n) for n in range(3000)]
    assert refused == []


def test_characters_that_no_vcard_may_hold_are_left_out() -> None:
    content = of("FN:Bo\x00b\x0b \udc80Miller", "NOTE:a\tb")
    assert content["name"]["full"] == "Bob Miller"
    assert content["notes"]["n1"]["note"] == "a\tb"


def test_a_value_that_its_program_broke_is_put_together_again() -> None:
    text = "BEGIN:VCARD\nVERSION:3.0\nUID:1\nNOTE:first\nsecond line\n\nTEL:1\nEND:VCARD"
    [entry], _ = read_cards(text)
    assert entry.content["notes"]["n1"]["note"] == "first\nsecond line"
    assert entry.content["phones"]["p1"]["number"] == "1"


def test_a_card_inside_of_a_card_is_kept_and_hides_nothing() -> None:
    inner = "AGENT:\nBEGIN:VCARD\nVERSION:2.1\nFN:Agent\nEND:VCARD"
    text = f"BEGIN:VCARD\nVERSION:2.1\nUID:1\nFN:Bob\n{inner}\nTEL:1\nEND:VCARD\n"
    [entry], refused = read_cards(text)
    assert refused == []
    assert entry.content["name"]["full"] == "Bob"
    assert entry.content["phones"]["p1"]["number"] == "1"
    assert [line for line in written(entry.content) if line.startswith("AGENT")] == [
        "AGENT:BEGIN:VCARD\\nVERSION:2.1\\nFN:Agent\\nEND:VCARD"
    ]
