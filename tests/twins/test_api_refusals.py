"""What does not fit is refused with a sentence that says what to change, and nothing is written.

The same goes for any Matrix client that writes the state itself.
"""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

import pytest

from twin_module.rooms import CAPABILITIES
from twin_module.testing.answers import CarefulPerson
from twin_module.testing.person import CLIENT, TWIN, eventually, request

TASK: Final = {"@type": "Task", "title": "Buy bread"}
BAD_CONTENTS: Final[dict[str, tuple[Any, str]]] = {
    "no title": ({"@type": "Task"}, "'title' is a required property"),
    "an empty title": ({**TASK, "title": ""}, "/title"),
    "a title that is no text": ({**TASK, "title": 1}, "/title"),
    "a float": ({**TASK, "mine": 1.5}, "/mine: is a float"),
    "a float that is whole": ({**TASK, "priority": 1.0}, "/priority: is a float"),
    "a number beyond 2^53": ({**TASK, "mine": 2**53}, "/mine: is a number outside"),
    "a date that is none": ({**TASK, "due": "tomorrow"}, "/due"),
    "a date with a line break": ({**TASK, "due": "2026-12-24T18:00:00\n"}, "/due"),
    "a progress that is none": ({**TASK, "progress": "done"}, "/progress"),
    "nesting of 30 levels": (
        {**TASK, "mine": eval("[" * 30 + "]" * 30)},
        "is nested deeper than 16",
    ),
    "70,000 bytes": ({**TASK, "mine": "x" * 70_000}, "bytes of canonical JSON, and 60000"),
    "a NUL": ({**TASK, "title": "a\x00b"}, "/title: holds a character that can't be stored"),
    "half a surrogate pair": ({**TASK, "title": "a\ud800"}, "/title: holds a character"),
    "a wrong @type": ({**TASK, "@type": "Document"}, "/@type"),
}
bad = pytest.mark.parametrize("what", BAD_CONTENTS)


@pytest.fixture
def room(careful: CarefulPerson, lasting_collection: str) -> Iterator[str]:
    """A collection with one task, whose state has to stay what it was."""
    careful.put(f"rooms/{lasting_collection}/tasks/bread", TASK)
    before = careful.state(lasting_collection)
    yield lasting_collection
    assert careful.state(lasting_collection) == before
    assert careful.get(f"rooms/{lasting_collection}/tasks/bread")["content"] == TASK
    assert careful.uids(lasting_collection) == ["bread"]


@bad
@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH"])
def test_content_that_does_not_fit_is_refused(
    method: str, what: str, careful: CarefulPerson, room: str
) -> None:
    content, sentence = BAD_CONTENTS[what]
    if method == "PATCH" and what == "no title":
        content = {"title": None}
    path = f"rooms/{room}/tasks" if method == "POST" else f"rooms/{room}/tasks/bread"
    answer = careful.ask(method, path, content)
    assert (answer.status, answer.body["errcode"]) == (400, "M_BAD_JSON")
    assert sentence in answer.body["error"]


# Synapse refuses these itself, before the twin is asked; the last one with a status of 500.
BY_SYNAPSE: Final = (
    "a float",
    "a float that is whole",
    "a number beyond 2^53",
    "70,000 bytes",
    "half a surrogate pair",
)


@pytest.mark.parametrize("what", [what for what in BAD_CONTENTS if what not in BY_SYNAPSE])
def test_the_same_content_is_refused_with_the_same_words_to_any_client(
    what: str, careful: CarefulPerson, room: str
) -> None:
    content, sentence = BAD_CONTENTS[what]
    answer = careful.put_state(room, "org.digitaltwin.task", "bread", content)
    assert (answer.status, answer.body["errcode"]) == (403, "M_BAD_JSON")
    assert sentence in answer.body["error"]


@pytest.mark.parametrize("what", BY_SYNAPSE)
def test_what_synapse_itself_refuses_is_not_written_either(
    what: str, careful: CarefulPerson, room: str
) -> None:
    answer = careful.put_state(room, "org.digitaltwin.task", "bread", BAD_CONTENTS[what][0])
    assert answer.status >= 400


def test_every_place_that_does_not_fit_is_named(careful: CarefulPerson, room: str) -> None:
    answer = careful.ask("PUT", f"rooms/{room}/tasks/bread", {"title": 1, "priority": 10})
    paths = {each["path"] for each in answer.body["errors"]}
    assert {"/title", "/priority"} <= paths
    plain = careful.put_state(room, "org.digitaltwin.task", "bread", {"title": 1, "priority": 10})
    assert plain.body["errors"] == answer.body["errors"]


@pytest.mark.parametrize("uid", ["@bob:example.org", "a b", "ä", "x" * 256, "a/b", "a\n"])
def test_a_uid_that_can_not_be_one_is_refused(uid: str, careful: CarefulPerson, room: str) -> None:
    answer = careful.ask("PUT", f"rooms/{room}/tasks/{quote(uid, safe='')}", TASK)
    assert answer.status == 400
    assert answer.body["errcode"] == "M_BAD_JSON"
    assert "The task's uid." in answer.body["error"]
    plain = careful.put_state(room, "org.digitaltwin.task", uid, TASK)
    assert plain.status in (400, 403)


def test_the_key_of_another_person_is_refused_to_any_client(
    careful: CarefulPerson, room: str
) -> None:
    answer = careful.put_state(room, "org.digitaltwin.task", "@bob:example.org", TASK)
    assert answer.status == 403
    assert careful.ask("PUT", f"rooms/{room}/tasks/{careful.owner}", TASK).status == 400


def test_an_unknown_type_of_ours_is_refused_to_any_client(
    careful: CarefulPerson, room: str
) -> None:
    answer = careful.put_state(room, "org.digitaltwin.unheard", "x", {"a": 1})
    assert (answer.status, answer.body["errcode"]) == (403, "M_BAD_JSON")
    assert "org.digitaltwin.unheard" in answer.body["error"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "rooms/{}/nothing", None),
        ("GET", "rooms/{}/nothing/one", None),
        ("PUT", "rooms/{}/nothing/one", TASK),
        ("PATCH", "rooms/{}/nothing/one", TASK),
        ("DELETE", "rooms/{}/nothing/one", None),
        ("POST", "rooms/{}/nothing", TASK),
        ("GET", "rooms/{}/objects?capability=nothing", None),
        ("POST", "rooms/{}/objects", {"objects": [{"capability": "nothing", "content": TASK}]}),
        ("POST", "commands/nothing/add", {}),
    ],
)
def test_an_unknown_capability_is_named_with_those_that_there_are(
    method: str, path: str, body: Any, careful: CarefulPerson, room: str
) -> None:
    answer = careful.ask(method, path.format(room), body)
    assert (answer.status, answer.body["errcode"]) == (404, "M_NOT_FOUND")
    assert "'nothing', but tasks, agenda, docs" in answer.body["error"]


@pytest.mark.parametrize("capability", CAPABILITIES, ids=lambda each: each.name)
def test_an_unknown_command_is_named_with_those_that_there_are(
    capability: Any, careful: CarefulPerson
) -> None:
    answer = careful.ask("POST", f"commands/{capability.name}/explode", {})
    assert (answer.status, answer.body["errcode"]) == (404, "M_NOT_FOUND")
    assert ", ".join(capability.commands) in answer.body["error"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nope", b'{"a": NaN}', b"{'a': 1}", b'"\xff"', b"[" * 100_000, b"\x00"],
    ids=["empty", "cut", "word", "NaN", "quotes", "not UTF-8", "deep", "NUL"],
)
def test_a_body_that_is_not_json_is_refused(body: bytes, careful: CarefulPerson, room: str) -> None:
    answer = careful.ask("PUT", f"rooms/{room}/tasks/bread", body)
    assert (answer.status, answer.body["errcode"]) == (400, "M_NOT_JSON")


@pytest.mark.parametrize("body", [[], "text", 1, None, {}, True])
def test_a_body_of_another_kind_than_an_object_is_refused(
    body: Any, careful: CarefulPerson, room: str
) -> None:
    data = b"null" if body is None else body
    for method, path in (
        ("PUT", f"rooms/{room}/tasks/bread"),
        ("PATCH", f"rooms/{room}/tasks/bread"),
        ("POST", f"rooms/{room}/tasks"),
        ("POST", f"rooms/{room}/objects"),
        ("POST", "collections"),
        ("PATCH", f"collections/{room}"),
    ):
        answer = careful.ask(method, path, data)
        assert (answer.status, answer.body["errcode"]) == (400, "M_BAD_JSON"), path


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("sort=size", "sort"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("limit=%C2%B2", "limit"),
        ("from=nonsense", "from"),
        ("from=W10", "from"),
        ("colour=red", "colour"),
        ("capability=tasks&colour=red", "colour"),
        ("capability=tasks&due.after=2026", "due.after"),
        ("capability=tasks&priority=high", "priority"),
        ("capability=tasks&priority=99999999999999999999", "priority"),
        ("capability=tasks&limit=1&limit=2", "limit"),
        ("%FF=1", "UTF-8"),
    ],
)
def test_a_list_that_is_asked_for_wrongly_is_refused(
    query: str, named: str, careful: CarefulPerson
) -> None:
    answer = careful.ask("GET", f"objects?{query}")
    assert (answer.status, answer.body["errcode"]) == (400, "M_INVALID_PARAM")
    assert named in answer.body["error"]


def test_a_parameter_that_a_call_does_not_take_is_refused(careful: CarefulPerson) -> None:
    answer = careful.ask("GET", "status?verbose=1")
    assert (answer.status, answer.body["errcode"]) == (400, "M_INVALID_PARAM")
    assert "verbose" in answer.body["error"]
    kind = careful.ask("GET", "collections?kind=nothing")
    assert "index, collection, circle, other" in kind.body["error"]


@pytest.mark.parametrize("wrong", [{}, {"name": ""}, {"name": "x" * 256}, {"name": "x", "y": 1}])
def test_a_collection_needs_a_name(wrong: Any, careful: CarefulPerson) -> None:
    before = careful.get("collections")
    answer = careful.ask("POST", "collections", wrong)
    assert (answer.status, answer.body["errcode"]) == (400, "M_BAD_JSON")
    assert careful.get("collections") == before


@pytest.mark.parametrize(
    "wrong", [{"accept_from": "@bob:x"}, {"accept_from": ["bob"]}, {"surprise": True}]
)
def test_settings_of_a_wrong_shape_are_refused(wrong: Any, careful: CarefulPerson) -> None:
    before = careful.get("settings")
    answer = careful.ask("PUT", "settings", wrong)
    assert (answer.status, answer.body["errcode"]) == (400, "M_BAD_JSON")
    assert careful.get("settings") == before


def test_the_index_can_not_be_left(careful: CarefulPerson) -> None:
    [index] = careful.get("collections", kind="index")["collections"]
    answer = careful.ask("POST", f"collections/{index['room_id']}/leave")
    assert (answer.status, answer.body["errcode"]) == (403, "M_FORBIDDEN")
    assert careful.get("collections", kind="index")["collections"] == [index]


# The first state of a new room, which a client may send with it


def joined(person: CarefulPerson) -> set[str]:
    """Return the owner's rooms, as soon as the chat with their twin's voice is one of them."""

    def rooms() -> set[str]:
        direct = person.get(f"{CLIENT}/user/{person.owner}/account_data/m.direct")
        there = set(person.get(f"{CLIENT}/joined_rooms")["joined_rooms"])
        return there if {each for listed in direct.values() for each in listed} <= there else set()

    return eventually(rooms, what="the chat of the two is there")


@pytest.mark.parametrize("what", ["no title", "a float", "nesting of 30 levels"])
def test_a_room_whose_first_state_does_not_fit_is_not_made(
    what: str, careful: CarefulPerson
) -> None:
    content, sentence = BAD_CONTENTS[what]
    before = joined(careful)
    first = {"type": "org.digitaltwin.task", "state_key": "x", "content": content}
    answer = careful.ask("POST", f"{CLIENT}/createRoom", {"initial_state": [first]})
    assert (answer.status, answer.body["errcode"]) == (400, "M_BAD_JSON")
    assert "initial_state 0" in answer.body["error"]
    assert sentence in answer.body["error"]
    assert joined(careful) == before


def test_a_room_whose_first_state_fits_is_made(careful: CarefulPerson) -> None:
    first = {"type": "org.digitaltwin.task", "state_key": "x", "content": TASK}
    room = careful.create_room(initial_state=[first])
    assert careful.read_state(room, "org.digitaltwin.task", "x").ok() == TASK


def test_a_body_beyond_what_the_server_takes_is_cut_off_and_the_twin_goes_on(
    careful: CarefulPerson, room: str
) -> None:
    try:
        answer = careful.ask("PUT", f"rooms/{room}/tasks/bread", b" " * 60_000_000)
    except OSError:
        pass  # the server hangs up on the sender
    else:
        assert answer.status == 413
    assert request(careful.url, "GET", f"{TWIN}/card").status == 200
