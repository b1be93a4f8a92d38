"""Objects as JSON text: byte for byte what Matrix's canonical form of them is."""

import json

from canonicaljson import encode_canonical_json
from hypothesis import given, strategies as st

from twin_module.engine.store import Record
from twin_module.rest.shown import object_json, object_text
from twin_module.testing.json_strategies import Json, canonical_json

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    content=st.dictionaries(TEXTS, canonical_json()),
    texts=st.tuples(TEXTS, TEXTS, TEXTS, TEXTS),
    problem=st.none() | TEXTS,
    good_ts=st.none() | st.integers(0, 2**53),
)
def test_the_text_of_an_object_is_its_canonical_json(
    content: dict[str, Json],
    texts: tuple[str, str, str, str],
    problem: str | None,
    good_ts: int | None,
) -> None:
    capability, sender, uid, title = texts
    each = Record(
        room_id="!room",
        type="org.example.type",
        uid=uid,
        event_id="$event",
        sender=sender,
        ts=5,
        removed=False,
        problem=problem,
        good_event_id="$good",
        good_sender=None if good_ts is None else "@good:b",
        good_ts=good_ts,
        content=json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        title=title,
    )
    wanted = encode_canonical_json(object_json(each, capability))
    assert object_text(each, capability).encode() == wanted
