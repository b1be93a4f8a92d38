"""Search over everything that a twin holds, on every database alike."""

from typing import Any, Final

import pytest

from twin_module.testing.person import CLIENT, Person, eventually

LONG: Final = "Once upon a time there was a king. " * 1000


def results(alice: Person, question: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = alice.get("search", q=question, **query)["results"]
    return found


def uids(alice: Person, question: str, **query: Any) -> list[str]:
    return [each["uid"] for each in results(alice, question, **query)]


def excerpt(result: dict[str, Any]) -> str:
    """Return an excerpt with what matches in brackets."""
    parts = result["excerpt"]
    return "".join(f"[{part['text']}]" if part["match"] else part["text"] for part in parts)


def refusal(alice: Person, question: str, **query: Any) -> tuple[int, str, str]:
    answer = alice.ask("GET", "search", q=question, **query)
    return answer.status, answer.body["errcode"], answer.body["error"]


@pytest.fixture(scope="module")
def kitchen(alice: Person) -> str:
    """A collection with tasks and documents about food."""
    room = alice.collection("Kitchen")
    task = {"@type": "Task"}
    alice.put(f"rooms/{room}/tasks/bread", {**task, "title": "Knead the Pömpernickel"})
    alice.put(
        f"rooms/{room}/tasks/oven",
        {**task, "title": "Heat the oven", "description": "for the pömpernickel", "priority": 1},
    )
    documents = {"recipe": "Flour, water and pompernickel spice", "tale": f"{LONG}Pompernickelus"}
    for uid, text in documents.items():
        alice.command("docs", "create", room_id=room, uid=uid, title=f"A {uid}", text=text)
    eventually(lambda: uids(alice, "pompernickelus") == ["tale"], what="the long text is found")
    return room


def test_objects_of_all_kinds_are_found_the_best_first(alice: Person, kitchen: str) -> None:
    found = results(alice, "POMPERNICKEL")
    assert found[0]["uid"] == "bread"
    assert {each["uid"] for each in found} == {"bread", "oven", "recipe", "tale"}
    assert {each["capability"] for each in found} == {"tasks", "docs"}
    [oven] = [each for each in found if each["uid"] == "oven"]
    shown = alice.get(f"rooms/{kitchen}/tasks/oven")
    assert (oven["content"], oven["etag"]) == (shown["content"], shown["etag"])
    assert excerpt(oven) == "for the [pömpernickel]"


def test_an_excerpt_shows_where_the_words_stand(alice: Person, kitchen: str) -> None:
    [recipe] = results(alice, "flour spice")
    assert excerpt(recipe) == "[Flour], water and pompernickel [spice]"
    [tale] = results(alice, "pompernickelus")
    assert excerpt(tale).endswith("there was a king. [Pompernickelus]")
    assert len(excerpt(tale)) < 170


@pytest.mark.parametrize("typed", ["po", "pom", "pomper", "Pömpernick", "the pompernickel", "t p"])
def test_words_are_found_while_they_are_typed(typed: str, alice: Person, kitchen: str) -> None:
    assert "bread" in uids(alice, typed, room_id=kitchen)


def test_a_search_can_be_of_a_room_and_of_a_capability(alice: Person, kitchen: str) -> None:
    other = alice.collection("Other")
    alice.put(f"rooms/{other}/tasks/other", {"@type": "Task", "title": "Pumpernickel pompernickel"})
    assert uids(alice, "pompernickel", room_id=other) == ["other"]
    docs = uids(alice, "pompernickel", capability="docs", room_id=kitchen)
    assert sorted(docs) == ["recipe", "tale"]
    alice.post(f"collections/{other}/leave")
    eventually(lambda: "other" not in uids(alice, "pompernickel"), what="the room is left")


def test_pages_hold_every_result_once(alice: Person) -> None:
    room = alice.collection("Many")
    objects = [
        {"capability": "tasks", "uid": f"t{number}", "content": {"@type": "Task", "title": title}}
        for number, title in enumerate(["walnut", "walnut cake", "cake and walnut pie"] * 15)
    ]
    alice.post(f"rooms/{room}/objects", {"objects": objects})
    whole = uids(alice, "walnut", limit=100)
    assert len(set(whole)) == 45
    paged: list[str] = []
    query: dict[str, Any] = {"limit": 10}
    while True:
        page = alice.get("search", q="walnut", **query)
        paged += [each["uid"] for each in page["results"]]
        if "next_batch" not in page:
            break
        query["from"] = page["next_batch"]
    assert paged == whole
    assert len(alice.get("search", q="walnut")["results"]) == 20


def test_what_is_changed_and_removed_leaves_and_enters_what_is_found(alice: Person) -> None:
    room = alice.collection("Changing")
    path = f"rooms/{room}/tasks/a"
    alice.put(path, {"@type": "Task", "title": "Hazelnut"})
    assert uids(alice, "hazelnut") == ["a"]
    alice.put(path, {"@type": "Task", "title": "Chestnut"})
    assert (uids(alice, "hazelnut"), uids(alice, "chestnut")) == ([], ["a"])
    alice.ask("DELETE", path).ok()
    assert uids(alice, "chestnut") == []


def test_what_any_client_writes_is_found(alice: Person, kitchen: str) -> None:
    path = f"{CLIENT}/rooms/{kitchen}/state/org.digitaltwin.task/plain"
    alice.put(path, {"@type": "Task", "title": "Cardamom"})
    eventually(lambda: uids(alice, "cardamom") == ["plain"], what="a plain write is found")


def test_a_reindex_changes_nothing_of_what_is_found(alice: Person, kitchen: str) -> None:
    before = uids(alice, "pompernickel", room_id=kitchen)
    alice.post("reindex")
    assert uids(alice, "pompernickel", room_id=kitchen) == before


@pytest.mark.parametrize(
    "question",
    [
        '"pompernickel',
        "pompernickel*",
        "pompernickel:*",
        "title: pompernickel",
        "pompernickel & !knead",
        "pompernickel | zebra",
        "NEAR(pompernickel)",
        "'; DROP TABLE twin_search; --",
        "%s ? %(x)s pompernickel",
        "1e5x76e0e4",
        "हिन्दी 東京 ½ ﷺ",
        "\\pompernickel\\",
    ],
)
def test_nothing_in_a_question_is_an_error(question: str, alice: Person, kitchen: str) -> None:
    assert alice.ask("GET", "search", q=question).status == 200


def test_a_question_that_no_database_takes_is_refused(alice: Person) -> None:
    answer = alice.ask("GET", "search", q="pompernickel\x00")
    assert (answer.status, answer.body["errcode"]) == (400, "M_INVALID_PARAM")


def test_words_that_a_database_would_take_apart_are_found(alice: Person, kitchen: str) -> None:
    odd = ["1e5x", "76e0e4", "3x4", "0x1f", "हिन्दी", "straße", "ﬁn½", "12345678901234567890123"]
    content = {"@type": "Task", "title": "Odd", "description": " / ".join(odd)}
    alice.put(f"rooms/{kitchen}/tasks/odd", content)
    for word in odd:
        assert uids(alice, word, room_id=kitchen) == ["odd"], word
    assert uids(alice, " ".join(odd), room_id=kitchen) == ["odd"]


def test_a_text_of_nothing_but_different_words_does_no_harm(alice: Person) -> None:
    room = alice.collection("Words")
    text = " ".join(f"z{number:06x}y" for number in range(200_000))
    alice.command("docs", "create", room_id=room, uid="words", title="Words", text=text)
    eventually(lambda: uids(alice, "z000009y", room_id=room) == ["words"], what="it is found")
    alice.put(f"rooms/{room}/tasks/a", {"@type": "Task", "title": "Afterwards"})
    assert uids(alice, "afterwards", room_id=room) == ["a"]


def test_what_can_not_be_asked_is_refused_with_a_sentence(alice: Person, kitchen: str) -> None:
    for question, sentence in (
        ("", "at least one word"),
        ('" * (', "at least one word"),
        ("x" * 201, "200 characters"),
        ("a b c d e f g h i j k", "10 words"),
    ):
        status, code, error = refusal(alice, question)
        assert (status, code) == (400, "M_INVALID_PARAM")
        assert sentence in error
    assert refusal(alice, "a", limit=101)[0] == 400
    assert refusal(alice, "a", limit=0)[0] == 400
    assert refusal(alice, "a", **{"from": "nonsense"})[0] == 400
    assert refusal(alice, "a", capability="nothing")[0] == 404
    assert refusal(alice, "a", room_id="!nowhere")[0] == 404
    assert refusal(alice, "a", sort="title")[0] == 400
    assert alice.ask("GET", "search").status == 400
