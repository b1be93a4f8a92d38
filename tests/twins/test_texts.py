"""Documents of up to 5 MB: short text stands in the event, long text in the twin's media."""

from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest
from unpaddedbase64 import encode_base64

from twin_module.engine.writer import INLINE_BYTES, MAX_TEXT_BYTES
from twin_module.testing.answers import CarefulPerson
from twin_module.testing.person import Person, eventually
from twin_module.testing.twins import Twin, free_port

DOC: Final = "org.digitaltwin.doc"


@pytest.fixture
def shared(alice: Person, bob: Person) -> str:
    """A collection of Alice's that Bob is in and may write to."""
    circle = alice.command("circles", "create", name="Writers", members={bob.owner: "editor"})
    room = alice.collection("Papers")
    alice.command("circles", "share", room_id=room, circle=circle["room_id"])
    bob.accept(room)
    eventually(
        lambda: bob.get(f"collections/{room}")["role"] == "editor", what="Bob may write here"
    )
    return room


def text_of(person: Person, room: str, uid: str) -> bytes:
    answer = person.ask("GET", f"rooms/{room}/docs/{uid}/text")
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    body: bytes = answer.ok()
    return body


def test_a_text_of_5_mb_is_read_on_another_twin_as_it_was_written(
    alice: Person, bob: Person, shared: str
) -> None:
    text = ("# Größe\n" + "x" * MAX_TEXT_BYTES).encode()[:MAX_TEXT_BYTES].decode()
    alice.command("docs", "create", room_id=shared, uid="large", title="Large", text=text)
    kept = alice.read_state(shared, DOC, "large").ok()
    assert "text" not in kept
    assert kept["textFile"]["size"] == MAX_TEXT_BYTES
    digest = sha256(text.encode()).digest()
    assert kept["textFile"]["hashes"]["sha256"] == encode_base64(digest)
    eventually(lambda: "large" in bob.uids(shared), what="Bob sees the document")
    assert sha256(text_of(bob, shared, "large")).digest() == digest
    assert bob.get(f"rooms/{shared}/docs")["docs"][0]["size"] == MAX_TEXT_BYTES

    bob.command("docs", "write", room_id=shared, uid="large", text="short again")
    eventually(
        lambda: text_of(alice, shared, "large") == b"short again", what="Alice reads Bob's text"
    )
    assert "textFile" not in alice.read_state(shared, DOC, "large").ok()


@pytest.mark.parametrize("text", ["x" * (MAX_TEXT_BYTES + 1), "ä" * (MAX_TEXT_BYTES // 2 + 1)])
def test_a_text_that_is_one_byte_too_long_is_refused(
    text: str, careful: CarefulPerson, collection: str
) -> None:
    before = careful.state(collection)
    arguments = {"room_id": collection, "uid": "large", "title": "Large", "text": text}
    answer = careful.ask("POST", "commands/docs/create", arguments)
    assert (answer.status, answer.body["errcode"]) == (413, "M_TOO_LARGE")
    assert str(MAX_TEXT_BYTES) in answer.body["error"]
    assert careful.state(collection) == before


@pytest.mark.parametrize("size", [0, 1, INLINE_BYTES, INLINE_BYTES + 1])
def test_a_text_comes_back_whatever_its_size(
    size: int, careful: CarefulPerson, collection: str
) -> None:
    text = "é" * (size // 2) + "x" * (size % 2)
    careful.command("docs", "create", room_id=collection, uid="one", title="One", text=text)
    assert text_of(careful, collection, "one").decode() == text
    kept = careful.read_state(collection, DOC, "one").ok()
    assert ("textFile" in kept) == (size > INLINE_BYTES)


def test_half_a_character_in_a_text_is_refused(careful: CarefulPerson, collection: str) -> None:
    before = careful.state(collection)
    for text in ("\ud800", "x" * INLINE_BYTES + "\ud800"):
        answer = careful.ask(
            "POST", "commands/docs/create", {"room_id": collection, "title": "T", "text": text}
        )
        assert (answer.status, answer.body["errcode"]) == (400, "M_BAD_JSON")
    assert careful.state(collection) == before


def test_a_task_has_no_text(careful: CarefulPerson, collection: str) -> None:
    careful.command("tasks", "add", room_id=collection, uid="one", title="One")
    answer = careful.ask("GET", f"rooms/{collection}/tasks/one/text")
    assert (answer.status, answer.body["errcode"]) == (404, "M_NOT_FOUND")


def long_document(person: Person, room: str) -> dict[str, Any]:
    person.command("docs", "create", room_id=room, uid="long", title="Long", text="x" * 50_000)
    content: dict[str, Any] = person.read_state(room, DOC, "long").ok()
    return content


def test_a_file_that_is_not_the_one_of_the_document_is_not_shown(
    careful: CarefulPerson, collection: str
) -> None:
    content = long_document(careful, collection)
    wrong = encode_base64(sha256(b"another").digest())
    for change in ({"hashes": {"sha256": wrong}}, {"size": 49_999}):
        pointer = {**content["textFile"], **change}
        careful.put(f"rooms/{collection}/docs/long", {**content, "textFile": pointer})
        answer = careful.ask("GET", f"rooms/{collection}/docs/long/text")
        assert (answer.status, answer.body["errcode"]) == (504, "ORG.DIGITALTWIN.UNREACHABLE")
        assert "not the one that the document points to" in answer.body["error"]


def test_a_file_that_was_lost_is_said_to_be(
    careful: CarefulPerson, collection: str, alices_twin: Twin
) -> None:
    content = long_document(careful, collection)
    media_id = content["textFile"]["url"].rpartition("/")[2]
    repository = alices_twin.homeserver.get_media_repository()
    Path(repository.filepaths.local_media_filepath(media_id)).unlink()
    answer = careful.ask("GET", f"rooms/{collection}/docs/long/text")
    assert (answer.status, answer.body["errcode"]) == (404, "M_NOT_FOUND")


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("mxc://{own}/neverWas", 404),
        ("mxc://unknown.example/abc", 504),
        ("mxc://{other}/neverWas", 404),
    ],
)
def test_a_text_that_lies_where_nothing_is_is_an_error_of_matrix(
    url: str, status: int, careful: CarefulPerson, collection: str, bob: Person
) -> None:
    content = long_document(careful, collection)
    own, other = (name.partition(":")[2] for name in (careful.owner, bob.owner))
    pointer = {**content["textFile"], "url": url.format(own=own, other=other)}
    careful.put(f"rooms/{collection}/docs/long", {**content, "textFile": pointer})
    answer = careful.ask("GET", f"rooms/{collection}/docs/long/text")
    assert answer.status == status, answer.body


def test_a_text_can_be_read_while_its_twin_is_away_because_it_was_fetched_before(
    alice: Person, bob: Person, shared: str, network: Any
) -> None:
    text = "long " * 10_000
    alice.command("docs", "create", room_id=shared, uid="away", title="Away", text=text)
    eventually(lambda: bob.ask("GET", f"rooms/{shared}/docs/away/text").status == 200)
    with network.cut_off("alice"):
        assert text_of(bob, shared, "away").decode() == text


def test_a_text_on_a_twin_that_does_not_answer_is_an_error_that_says_so(
    alice: Person, bob: Person, shared: str
) -> None:
    nowhere = {"url": f"mxc://localhost:{free_port()}/a", "size": 1, "hashes": {"sha256": "a" * 43}}
    content = {"@type": "Document", "title": "Nowhere", "textFile": nowhere}
    alice.put_state(shared, "org.digitaltwin.doc", "nowhere", content).ok()
    eventually(lambda: "nowhere" in bob.uids(shared), what="Bob sees the document")
    answer = bob.ask("GET", f"rooms/{shared}/docs/nowhere/text")
    assert (answer.status, answer.body["errcode"]) == (504, "ORG.DIGITALTWIN.UNREACHABLE")
