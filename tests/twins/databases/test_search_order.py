"""The order of what search finds, which is the same on every database."""

from typing import Any

import pytest

from tests.search_order import QUESTIONS, WORDS, Thing, order
from twin_module.testing.person import Person


def _sentence(number: int) -> str:
    """Return some of the words, other ones for each number."""
    return " ".join(word for at, word in enumerate(WORDS) if number >> at & 1)


@pytest.fixture(scope="module")
def things(alice: Person) -> tuple[str, list[Thing]]:
    """A collection with tasks whose titles and texts have words in all ways."""
    room = alice.collection("Order")
    numbers = [(number * 37) % 512 for number in range(60)]
    objects: list[dict[str, Any]] = [
        {
            "capability": "tasks",
            "uid": f"t{at}",
            "content": {
                "@type": "Task",
                "title": _sentence(number) or "-",
                "description": _sentence(number * 5 % 512) or "-",
            },
        }
        for at, number in enumerate(numbers)
    ]
    alice.post(f"rooms/{room}/objects", {"objects": objects})
    listed = alice.get(f"rooms/{room}/objects", capability="tasks", limit=100)["objects"]
    return room, [
        Thing(each["uid"], each["title"], each["content"]["description"], each["updated"])
        for each in listed
    ]


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_found_and_in_which_order_is_as_the_formula_says(
    question: str, alice: Person, things: tuple[str, list[Thing]]
) -> None:
    room, made = things
    assert len(made) == 60
    found = alice.get("search", q=question, room_id=room, limit=100)["results"]
    # Of the same score and time, uids decide, as they do not in the reference.
    expected = order(sorted(made, key=lambda each: each.uid), question)
    assert [each["uid"] for each in found] == expected
    paged, query = [], {"limit": 7}
    while True:
        page = alice.get("search", q=question, room_id=room, **query)
        paged += [each["uid"] for each in page["results"]]
        if "next_batch" not in page:
            break
        query["from"] = page["next_batch"]
    assert paged == expected
