"""Published links on every database."""

import json
from typing import Any

import pytest

from tests.twins.test_links import assert_opens_nothing, publish, stranger, task
from twin_module.engine.tokens import write_token
from twin_module.testing.person import Person


@pytest.fixture
def published(alice: Person) -> Any:
    """A link to a collection with some tasks."""
    room = alice.collection("Published")
    for number in range(5):
        task(alice, room, f"t{number}", "Same")
    return publish(alice, room)


def test_a_collection_is_read_page_by_page(alice: Person, published: Any) -> None:
    found, after = [], ""
    while True:
        page = stranger(alice.url, f"published/{published['token']}?limit=2{after}").ok()
        found += [each["uid"] for each in page["objects"]]
        if "next_batch" not in page:
            break
        after = f"&from={page['next_batch']}"
        assert published["room_id"] not in json.dumps(page)
    assert sorted(found) == [f"t{number}" for number in range(5)]


@pytest.mark.parametrize(
    "place",
    [
        ["a", "b", "c"],
        [None, "b", "c"],
        [True, "b", "c"],
        [2**63, "b", "c"],
        [1, "a\x00", "c"],
        [1, "!room", "b", "c"],
        [],
        5,
    ],
)
def test_a_page_token_of_ones_own_making_is_refused(
    place: Any, alice: Person, published: Any
) -> None:
    token = write_token(place)
    answer = stranger(alice.url, f"published/{published['token']}?from={token}")
    assert (answer.status, answer.body["errcode"]) == (400, "M_INVALID_PARAM")


def test_an_address_of_any_letters_opens_nothing(alice: Person, published: Any) -> None:
    assert_opens_nothing(alice, published["token"], "/tasks/%F0%9F%8D%9E")


@pytest.mark.parametrize("path", ["/tasks/%00", "/tasks/a%00", "/%00/t1"])
def test_what_no_database_takes_is_refused(path: str, alice: Person, published: Any) -> None:
    answer = stranger(alice.url, f"published/{published['token']}{path}")
    assert (answer.status, answer.body["errcode"]) == (400, "M_INVALID_PARAM")


def test_what_is_listed_is_what_was_published(alice: Person, published: Any) -> None:
    listed = alice.get("links")["links"]
    assert published in listed
    made = [each["made"] for each in listed]
    assert made == sorted(made, reverse=True)
