"""Which texts objects are found by, without a capability saying anything."""

import json
from typing import Any

import pytest
from hypothesis import given

from tests.unit.test_every_capability import CONTENTS, EVENT_TYPES
from twin_module.core.capability import EventType
from twin_module.core.searchable import free_texts
from twin_module.core.state import NAMESPACE, frozen
from twin_module.rooms import CAPABILITIES
from twin_module.testing.json_strategies import Json, odd_json

TYPES = {each.type: each for each in EVENT_TYPES}
TEXT: dict[str, Any] = {"type": "string"}
SET: dict[str, Any] = {"type": "object", "additionalProperties": {"const": True}}


def texts(schema: Any, value: Any) -> list[str]:
    """Return the texts of one field."""
    content = frozen({"field": value})
    return list(free_texts({"type": "object", "properties": {"field": schema}}, content))


@pytest.mark.parametrize(
    ("schema", "value", "found"),
    [
        (TEXT, "bread", ["bread"]),
        (TEXT, " \n", []),
        (TEXT, 5, []),
        ({**TEXT, "pattern": "^mxc://"}, "mxc://a/b", []),
        ({**TEXT, "format": "uri"}, "https://example.org", []),
        ({**TEXT, "const": "Task"}, "Task", []),
        ({"enum": ["open", "done"]}, "open", []),
        ({}, "anything", []),
        ({"type": "array", "items": TEXT}, ["a", "b"], ["a", "b"]),
        ({"type": "array"}, ["a"], []),
        ({"type": "object", "properties": {"name": TEXT}}, {"name": "a", "other": "b"}, ["a"]),
        ({"type": "object", "additionalProperties": TEXT}, {"x": "a"}, ["a"]),
        ({**SET, "propertyNames": {"maxLength": 9}}, {"home": True}, ["home"]),
        ({**SET, "propertyNames": {"pattern": "^@"}}, {"@a:b": True}, []),
        (SET, {"attendee": True}, []),
    ],
)
def test_a_text_is_found_where_a_person_was_free_to_write_it(
    schema: Any, value: Any, found: list[str]
) -> None:
    assert texts(schema, value) == found


def test_a_document_is_found_by_its_text_and_keywords_and_by_nothing_that_machines_wrote() -> None:
    pointer = {"url": "mxc://a/b", "mimetype": "x/y", "size": 1, "hashes": {"sha256": "h" * 43}}
    content = frozen(
        {
            "@type": "Document",
            "title": "Title",
            "text": "Bread",
            "keywords": {"food": True},
            "crdt": {"state": "AAAA", "file": pointer},
            "versions": {"First": "$event"},
            "future": "unknown",
            NAMESPACE: {"base": "$base", "experience": "app"},
        }
    )
    doc = TYPES[f"{NAMESPACE}.doc"]
    assert list(doc.texts(content)) == ["Title", "Bread", "food"]
    assert list(doc.texts(content.remove("text").set("textFile", frozen(pointer)))) == [
        "Title",
        "food",
    ]


def test_an_attestation_is_found_by_what_its_issuer_wrote() -> None:
    attestation = TYPES[f"{NAMESPACE}.attestation"]
    content = frozen(attestation.example)
    assert list(attestation.texts(content)) == [content["credential"]["description"]]


@pytest.mark.parametrize("event_type", EVENT_TYPES, ids=lambda each: each.type)
@given(data=odd_json())
def test_odd_content_is_no_error(event_type: EventType, data: Json) -> None:
    content = dict.fromkeys(event_type.shape.schema.get("properties", {}), data)
    if event_type.searchable is None:
        assert all(isinstance(each, str) for each in event_type.texts(frozen(content)))


@pytest.mark.parametrize("event_type", EVENT_TYPES, ids=lambda each: each.type)
def test_every_text_stands_in_the_content(event_type: EventType) -> None:
    @given(CONTENTS[event_type.type])
    def check(content: Any) -> None:
        if content and not event_type.problems(content):
            whole = json.dumps(content, ensure_ascii=False)
            for each in event_type.texts(frozen(content)):
                assert json.dumps(each, ensure_ascii=False)[1:-1] in whole

    check()


def test_each_capability_has_objects_that_are_found_by_more_than_their_title() -> None:
    for capability in CAPABILITIES:
        example = frozen(capability.event_type.example)
        others = set(capability.event_type.texts(example)) - {capability.event_type.title(example)}
        assert others, capability.name
