"""Hypothesis strategies for vCards and for cards of JSContact, as people and programs make them."""

from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from twin_module.core.vcf.draft import KINDS_OF, PREFIXES
from twin_module.core.vcf.lines import escaped
from twin_module.testing.json_strategies import STORABLE, Json

_WORDS: Final = st.text(
    st.characters(categories=("L", "N", "P", "S", "Zs")) | st.sampled_from(',;:\\"^n\t'),
    min_size=1,
    max_size=12,
)
"""Texts of one line, with everything that has to be escaped somewhere."""
_TEXTS: Final = _WORDS | st.builds("{}\n{}".format, _WORDS, _WORDS)
_URIS: Final = st.sampled_from(
    ["https://example.org/a,b;c?d=%20", "http://example.org", "urn:uuid:1", "mailto:a@example.org"]
)
_NAMES: Final = (
    "FN N NICKNAME ORG TITLE ROLE EMAIL TEL ADR LABEL IMPP URL X-SOCIALPROFILE SOCIALPROFILE"
    " X-MATRIX X-JABBER PHOTO LOGO SOUND KEY BDAY ANNIVERSARY X-ANNIVERSARY X-ABDATE DEATHDATE"
    " BIRTHPLACE NOTE LANG CATEGORIES GENDER GRAMGENDER PRONOUNS RELATED X-ABRELATEDNAMES UID REV"
    " PRODID KIND MEMBER X-ADDRESSBOOKSERVER-KIND X-ADDRESSBOOKSERVER-MEMBER GEO TZ SORT-STRING"
    " X-ABShowAs X-ABLabel X-ABADR FBURL CALURI CALADRURI SOURCE EXPERTISE HOBBY CREATED LANGUAGE"
    " X-FOO CLIENTPIDMAP MAILER tel Email x-bar CLASS JSPROP CONTACT-URI AGENT"
)
_WHOLE_VALUES: Final = (
    "1996-04-15 19960415 --0415 1996-04 1604-04-15 20240229T120000Z 2024-02-29T12:00:00Z circa"
    " @bob:example.org matrix:u/bob:example.org https://matrix.to/#/@bob:example.org Zm9v"
    " data:image/png;base64,Zm9v 52.5;13.4 geo:52.5,13.4 Europe/Berlin group org individual COMPANY"
    " urn:uuid:1-2 1-2 de _$!<Mother>!$_ _$!<Anniversary>!$_ Work true"
)
_PARAMS: Final = (
    'TYPE=HOME type=work TYPE=CELL,VOICE TYPE="work,voice" TYPE=pref PREF=1 PREF=50 CELL'
    " ENCODING=b ENCODING=b;TYPE=JPEG VALUE=uri VALUE=text VALUE=date MEDIATYPE=image/png"
    ' LANGUAGE=de ALTID=1 PID=1.1 LABEL="a^nb" CC=DE X-A=b X-SERVICE-TYPE=Matrix'
    ' SERVICE-TYPE=Jabber USERNAME=bob X-USER=bob TYPE=twitter SORT-AS="Harten,Rene"'
    " X-APPLE-OMIT-YEAR=1604 LEVEL=expert INDEX=1 DERIVED=true X-DERIVED=TRUE PROP-ID=abc"
    ' PROP-ID=e1 GEO="geo:1,2" TZ=Europe/Berlin JSPTR=foo JSPTR=emails/e1/verified'
    " JSPTR=/name/full CHARSET=UTF-8 TYPE=internet"
)
_VALUES: Final = st.one_of(
    _TEXTS.map(escaped),
    st.lists(_WORDS.map(escaped) | st.just(""), max_size=8).map(";".join),
    st.lists(_WORDS.map(escaped), max_size=3).map(",".join),
    _URIS,
    st.text(st.characters(**STORABLE, exclude_categories=("Cc", "Cs")), max_size=20),
    st.sampled_from(["", '{"a":1}', *_WHOLE_VALUES.split()]),
)
_GROUPS: Final = st.sampled_from(["", "", "", "item1.", "item2.", "item3.", "G-1."])


def lines() -> SearchStrategy[str]:
    """Return unfolded lines of a card, each in some form that a program might write."""
    return st.builds(
        lambda group, name, params, value: f"{group}{name}{''.join(params)}:{value}",
        _GROUPS,
        st.sampled_from(_NAMES.split()),
        st.lists(st.sampled_from(_PARAMS.split()).map(";{}".format), max_size=3),
        _VALUES,
    )


def vcards(version: str) -> SearchStrategy[tuple[list[str], str]]:
    """Return the unfolded lines of a card with a UID, and the card as text."""
    uid = st.sampled_from(["UID:1-2", "UID:urn:uuid:1-2", "UID:a/b", "uid;X-A=b:x"])
    found = st.builds(
        lambda one, others, at: [*others[:at], one, *others[at:]],
        uid,
        st.lists(lines(), max_size=12),
        st.integers(0, 12),
    )
    return found.map(lambda each: (each, vcard(each, version)))


def vcard(found: list[str], version: str) -> str:
    """Return a card of unfolded lines as text."""
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *found, "END:VCARD", ""])


# JSContact


def _entry(field: str, fields: Mapping[str, SearchStrategy[Json]]) -> SearchStrategy[Json]:
    optional = {
        "contexts": st.sampled_from([{"work": True}, {"private": True}]),
        "pref": st.just(1),
        "label": _WORDS.filter(lambda text: "_$!<" not in text),
    }
    return st.fixed_dictionaries({"@type": st.just(KINDS_OF[field]), **fields}, optional=optional)


def _map(
    field: str, fields: Mapping[str, SearchStrategy[Json]], *, own_ids: bool
) -> SearchStrategy[Json]:
    held = st.lists(_entry(field, fields), min_size=1, max_size=3)
    prefix = PREFIXES[field]
    if not own_ids:
        return held.map(
            lambda found: {f"{prefix}{n}": each for n, each in enumerate(found, start=1)}
        )
    ids = st.sampled_from(["a", "b2", "c-d", f"{prefix}1", f"{prefix}2", f"{prefix}7"])
    return st.dictionaries(ids, _entry(field, fields), min_size=1, max_size=3)


def cards(*, own_ids: bool) -> SearchStrategy[dict[str, Json]]:
    """Return content of cards, among it what vCard has no words for.

    Args:
        own_ids: whether the entries of maps have any IDs, or those that reading gives them.
    """
    parts = st.lists(
        st.fixed_dictionaries(
            {
                "kind": st.sampled_from(["given", "surname", "title", "surname2", "separator"]),
                "value": _WORDS,
            }
        ),
        min_size=1,
        max_size=4,
    )
    name = st.fixed_dictionaries(
        {"@type": st.just("Name"), "full": _WORDS.filter(str.strip)},
        optional={
            "components": parts,
            "isOrdered": st.booleans(),
            "sortAs": st.fixed_dictionaries({"surname": _WORDS.filter(str.strip)}),
        },
    )
    fields: dict[str, Mapping[str, SearchStrategy[Json]]] = {
        "emails": {"address": _WORDS},
        "phones": {
            "number": _WORDS,
            "features": st.sampled_from([{"mobile": True}, {"fax": True}]),
        },
        "onlineServices": {"service": _WORDS, "uri": _URIS, "user": _WORDS},
        "organizations": {"name": _WORDS},
        "titles": {"name": _WORDS, "kind": st.sampled_from(["title", "role"])},
        "notes": {"note": _TEXTS},
        "links": {"uri": _URIS},
        "nicknames": {"name": _WORDS},
        "media": {
            "kind": st.sampled_from(["photo", "logo", "sound"]),
            "uri": st.sampled_from(["data:image/png;base64,Zm9v", "mxc://example.org/a"]),
        },
        "addresses": {
            "full": _TEXTS,
            "countryCode": st.just("DE"),
            "components": st.lists(
                st.fixed_dictionaries(
                    {
                        "kind": st.sampled_from(["name", "number", "locality", "country", "floor"]),
                        "value": _WORDS,
                    }
                ),
                min_size=1,
                max_size=3,
            ),
        },
        "anniversaries": {
            "kind": st.sampled_from(["birth", "death", "wedding", "graduation"]),
            "date": st.sampled_from(
                [
                    {"@type": "PartialDate", "month": 2, "day": 29},
                    {"@type": "PartialDate", "year": 1996, "month": 4, "day": 15},
                    {"@type": "PartialDate", "year": 1996},
                    {"@type": "Timestamp", "utc": "1953-10-15T23:10:00Z"},
                ]
            ),
        },
    }
    optional: dict[str, SearchStrategy[Json]] = {
        field: _map(field, each, own_ids=own_ids) for field, each in fields.items()
    }
    times = st.sampled_from(["2026-12-24T12:00:00Z", "1999-01-01T00:00:00Z"])
    optional |= {
        "kind": st.sampled_from(["individual", "group", "org", "location"]),
        "keywords": st.dictionaries(_WORDS.map(str.strip).filter(bool), st.just(True), min_size=1),
        "members": st.dictionaries(
            st.sampled_from(["1-2", "matrix:u/bob:example.org", "mailto:a@example.org"]),
            st.just(True),
            min_size=1,
        ),
        "relatedTo": st.dictionaries(
            st.sampled_from(["urn:uuid:1", "Mary"]),
            st.just({"@type": "Relation", "relation": {"friend": True}}),
            min_size=1,
        ),
        "language": st.just("de"),
        "created": times,
        "updated": times,
        "prodId": _WORDS,
        "future": _TEXTS | st.lists(_TEXTS, max_size=2),
    }
    base: dict[str, Any] = {"@type": st.just("Card"), "version": st.just("1.0"), "name": name}
    return st.fixed_dictionaries(base, optional=optional)
