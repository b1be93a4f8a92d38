"""Objects and collections that were published, opened by strangers who have no account."""

import http.client
import json
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.twins.test_proofs import share, shown_to_a_stranger
from twin_module.core.keys import verify_signed
from twin_module.core.link import fingerprint
from twin_module.engine.links import LINKS, OPENS_NOTHING
from twin_module.engine.patience import BURST
from twin_module.rest.resource import ROUTES, find
from twin_module.testing.answers import CarefulPerson, check_answer
from twin_module.testing.person import CLIENT, TWIN, Answer, Person, eventually
from twin_module.testing.twins import Twin, TwinNetwork, person_at

# The reactor's thread, which draws random numbers of its own, runs all the while.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the .random. module inside strategies")

LONG: Final = "# Größe\n" + "x" * 40_000
HOSTILE: Final = "</script><script>alert(1)</script>\u202e&amp;\r\nX-Header: yes"


class Strangers:
    """Addresses on loopback; each is a stranger who asks for the first time."""

    def __init__(self) -> None:
        self._number = 0

    def next(self) -> str:
        """Return an address that nobody had."""
        self._number += 1
        return f"127.1.{self._number // 250}.{self._number % 250 + 1}"


STRANGERS: Final = Strangers()


def stranger(
    url: str, path: str, *, address: str | None = None, method: str = "GET", **headers: str
) -> Answer:
    """Ask a twin for something without an account, and take no answer that was not declared."""
    parts = urlsplit(url)
    source = (address or STRANGERS.next(), 0)
    connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port, timeout=60, source_address=source
    )
    try:
        connection.request(method, f"{TWIN}/{path}", headers=headers)
        response = connection.getresponse()
        raw = response.read()
    finally:
        connection.close()
    names = {name.lower(): value for name, value in response.getheaders()}
    is_json = "json" in names.get("content-type", "")
    answer = Answer(response.status, names, json.loads(raw) if is_json and raw else raw)
    if method == "GET":
        within = path.partition("?")[0]
        check_answer(find(ROUTES, method, [each for each in within.split("/") if each])[0], answer)
    return answer


def opened(person: Person, token: str, path: str = "") -> Any:
    return stranger(person.url, f"published/{token}{path}").ok()


def assert_opens_nothing(person: Person, token: str, path: str = "") -> None:
    answer = stranger(person.url, f"published/{token}{path}")
    assert (answer.status, answer.body) == (
        404,
        {"errcode": "M_NOT_FOUND", "error": OPENS_NOTHING},
    )


def publish(person: Person, room: str, **asked: Any) -> Any:
    return person.ask("POST", "links", {"room_id": room, **asked}).ok()


def task(person: Person, room: str, uid: str = "bread", title: str = "Buy bread") -> str:
    """Write a task and return a token that opens it."""
    person.put(f"rooms/{room}/tasks/{uid}", {"@type": "Task", "title": title})
    token: str = publish(person, room, capability="tasks", uid=uid)["token"]
    return token


def test_a_published_object_is_read_by_a_stranger_as_it_is_now(
    careful: CarefulPerson, collection: str, alices_twin: Twin
) -> None:
    careful.put(f"/_matrix/client/v3/profile/{careful.owner}/displayname", {"displayname": HOSTILE})
    token = task(careful, collection)
    careful.ask("PATCH", f"rooms/{collection}/tasks/bread", {"title": "Buy butter"}).ok()
    before = careful.get(f"rooms/{collection}/tasks/bread")
    shown = opened(careful, token)
    assert shown["object"] == {
        "capability": "tasks",
        "type": "org.digitaltwin.task",
        "uid": "bread",
        "etag": before["etag"],
        "sender": careful.owner,
        "updated": before["updated"],
        "title": "Buy butter",
        "content": {"@type": "Task", "title": "Buy butter"},
    }
    server = alices_twin.server_name
    assert shown["twin"] == {
        "owner": careful.owner,
        "server_name": server,
        "displayname": HOSTILE,
    }
    described = careful.get("openapi.json")["components"]["schemas"]["org.digitaltwin.task"]
    assert shown["schema"]["properties"] == described["properties"]
    assert collection not in json.dumps(shown)


def test_anybody_can_check_which_twin_published(
    alice: Person, collection: str, alices_twin: Twin
) -> None:
    token = task(alice, collection)
    shown = opened(alice, token)["link"]
    server = alices_twin.server_name
    [keys] = alice.get(f"export/keys/{server}")["documents"]
    assert not verify_signed(shown, server, [keys], shown["made"]).problems
    assert shown["opens"] == fingerprint(collection, "org.digitaltwin.task", "bread")
    for name in ("id", "opens", "made", "server_name"):
        changed = {**shown, name: 1 if name == "made" else "other"}
        assert verify_signed(changed, server, [keys], 0).problems


def test_a_published_object_is_proved_to_a_stranger(
    alice: Person, collection: str, tmp_path: Path
) -> None:
    token = task(alice, collection)
    proof = opened(alice, token, "/proof")
    status, said = shown_to_a_stranger(tmp_path, proof)
    assert status == 0, said
    assert f"{alice.owner} wrote it" in said
    assert proof["event_id"] == opened(alice, token)["object"]["etag"]


def test_a_published_collection_is_read_page_by_page(
    careful: CarefulPerson, collection: str, tmp_path: Path
) -> None:
    for number in range(5):
        careful.put(f"rooms/{collection}/tasks/t{number}", {"@type": "Task", "title": "x"})
    create = {"room_id": collection, "uid": "long", "title": "Long", "text": LONG}
    careful.post("commands/docs/create", create)
    careful.ask("PATCH", f"collections/{collection}", {"topic": HOSTILE[:20]}).ok()
    token = publish(careful, collection)["token"]
    found: list[Any] = []
    after = ""
    while True:
        page = opened(careful, token, f"?limit=4{after}")
        assert page["collection"] == {"name": "Things", "topic": HOSTILE[:20]}
        assert set(page["schemas"]) == {each["capability"] for each in page["objects"]}
        assert collection not in json.dumps(page)
        found += page["objects"]
        if "next_batch" not in page:
            break
        after = f"&from={quote(page['next_batch'])}"
    assert sorted(each["uid"] for each in found) == ["long", "t0", "t1", "t2", "t3", "t4"]
    [long] = [each for each in found if each["uid"] == "long"]
    assert long["long_text"] is True
    assert "mxc:" not in json.dumps(long)
    assert "crdt" not in long["content"]
    text = stranger(careful.url, f"published/{token}/docs/long/text")
    assert text.body == LONG.encode()
    assert text.headers["content-type"] == "text/markdown; charset=utf-8"
    assert opened(careful, token, "/docs/long")["object"] == long
    status, said = shown_to_a_stranger(tmp_path, opened(careful, token, "/docs/long/proof"))
    assert status == 0, said
    for path in ("/tasks/none", "/docs/t1", "/circles/self", "/proof", "/text", "/none/t1"):
        assert_opens_nothing(careful, token, path)
    assert stranger(careful.url, f"published/{token}?limit=101").status == 400
    assert stranger(careful.url, f"published/{token}?from=W10").status == 400


def test_a_link_opens_nothing_beside_what_was_published(alice: Person, collection: str) -> None:
    token = task(alice, collection)
    other = alice.collection("Secret things")
    alice.put(f"rooms/{other}/tasks/secret", {"@type": "Task", "title": "secret"})
    alice.put(f"rooms/{collection}/tasks/milk", {"@type": "Task", "title": "milk"})
    for path in ("/tasks/milk", "/tasks/secret", "/docs/bread", "/tasks/milk/proof"):
        assert_opens_nothing(alice, token, path)
    assert opened(alice, token, "/tasks/bread")["object"]["uid"] == "bread"
    for path in (f"rooms/{collection}/tasks/bread", "links", "objects", "status"):
        assert stranger(alice.url, path, Authorization=f"Bearer {token}").status == 401
    assert stranger(alice.url, f"published/{token}", method="POST").status == 405


def test_what_is_no_longer_to_be_shown_looks_like_what_never_was(careful: CarefulPerson) -> None:
    room = careful.collection("Short-lived")
    careful.put(f"rooms/{room}/tasks/bread", {"@type": "Task", "title": "Buy bread"})
    asked = {"capability": "tasks", "uid": "bread"}
    back, gone = (publish(careful, room, **asked) for _ in range(2))
    soon = publish(careful, room, **asked, expires=int(time.time() * 1000) + 2000)
    whole = publish(careful, room, expires="2999-12-24T18:00:00Z")
    assert whole["expires"] == 32_503_053_600_000
    assert careful.ask("DELETE", f"links/{back['id']}").status == 200
    assert careful.ask("DELETE", f"links/{back['id']}").status == 404
    assert_opens_nothing(careful, back["token"])
    assert opened(careful, gone["token"])["object"]["uid"] == "bread"
    eventually(
        lambda: stranger(careful.url, f"published/{soon['token']}").status == 404,
        what="The link is over",
    )
    assert_opens_nothing(careful, soon["token"])
    careful.ask("DELETE", f"rooms/{room}/tasks/bread").ok()
    for path in ("", "/proof", "/text", "/tasks/bread"):
        assert_opens_nothing(careful, gone["token"], path)
    assert opened(careful, whole["token"])["objects"] == []
    notes = {each["id"]: each.get("note") for each in careful.get("links")["links"]}
    assert notes[soon["id"]] == "It is over."
    assert notes[gone["id"]] == "The object was removed."
    assert notes[whole["id"]] is None
    assert back["id"] not in notes
    careful.post(f"collections/{room}/leave")
    assert_opens_nothing(careful, whole["token"])


def test_a_token_that_was_tampered_with_opens_nothing(
    alice: Person, collection: str, bob: Person
) -> None:
    token = task(alice, collection)
    theirs = task(bob, bob.collection("Bob's"))
    link_id, _, signature = token.partition(".")
    flipped = "B" if signature[5] == "A" else "A"
    wrong = [
        theirs,
        token[:-1],
        f"{token}A",
        f"{link_id}.{signature[:5]}{flipped}{signature[6:]}",
        f"{link_id}.{theirs.partition('.')[2]}",
        f"{theirs.partition('.')[0]}.{signature}",
        f"{link_id}.{'A' * 86}",
        link_id,
        "x",
        "..%2flinks",
        quote("ä" * 200),
    ]
    for each in wrong:
        answer = stranger(alice.url, f"published/{each}")
        assert (answer.status, answer.body["error"]) == (404, OPENS_NOTHING), each


@given(token=st.text(min_size=1, max_size=120).filter(lambda text: text not in (".", "..")))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_no_token_makes_the_twin_fail(token: str, alice: Person) -> None:
    answer = stranger(alice.url, f"published/{quote(token, safe='')}/tasks/x")
    assert answer.status in (400, 404)


def test_a_record_that_a_client_made_up_opens_nothing(alice: Person, collection: str) -> None:
    token = task(alice, collection)
    path = f"{CLIENT}/user/{alice.owner}/account_data/{LINKS}"
    kept = alice.get(path)
    link_id = token.partition(".")[0]
    try:
        for change in ({"uid": "milk"}, {"type": None}, {"made": -1}, {"room_id": "!a\x00"}):
            record = {**kept["links"][link_id], **change}
            alice.put(path, {"links": {link_id: record, "odd": 5, "odder": []}})
            assert_opens_nothing(alice, token)
            alice.get("links")
    finally:
        alice.put(path, kept)
    assert opened(alice, token)["object"]["uid"] == "bread"


@pytest.mark.parametrize(
    ("asked", "status", "errcode"),
    [
        ({"capability": "tasks"}, 400, "M_INVALID_PARAM"),
        ({"uid": "bread"}, 400, "M_INVALID_PARAM"),
        ({"capability": "tasks", "uid": "none"}, 404, "M_NOT_FOUND"),
        ({"capability": "circles", "uid": "self"}, 403, "M_FORBIDDEN"),
        ({"capability": "none", "uid": "bread"}, 403, "M_FORBIDDEN"),
        ({"expires": 0}, 400, "M_INVALID_PARAM"),
        ({"expires": "2020-01-01T00:00:00Z"}, 400, "M_INVALID_PARAM"),
        ({"expires": "tomorrow"}, 400, "M_INVALID_PARAM"),
        ({"expires": True}, 400, "M_BAD_JSON"),
        ({"expires": 2**53 - 1, "uid": "bread"}, 400, "M_INVALID_PARAM"),
        ({"expires": 2**60}, 400, "M_BAD_JSON"),
        ({"mine": 1}, 400, "M_BAD_JSON"),
        ({"room_id": "!nowhere"}, 404, "M_NOT_FOUND"),
        ({"room_id": "!a\x00"}, 400, "M_BAD_JSON"),
    ],
)
def test_what_can_not_be_published_is_refused(
    asked: Any, status: int, errcode: str, careful: CarefulPerson, lasting_collection: str
) -> None:
    before = careful.get("links")
    answer = careful.ask("POST", "links", {"room_id": lasting_collection, **asked})
    assert (answer.status, answer.body["errcode"]) == (status, errcode)
    assert careful.get("links") == before


def test_what_belongs_to_others_is_not_published_by_an_editor(
    alice: Person, bob: Person, careful: CarefulPerson
) -> None:
    room = share(alice, bob)
    bob.put(f"rooms/{room}/tasks/bobs", {"@type": "Task", "title": "Bob's"})
    answer = bob.ask("POST", "links", {"room_id": room, "capability": "tasks", "uid": "bobs"})
    assert (answer.status, answer.body["errcode"]) == (403, "M_FORBIDDEN")
    assert "you are editor there" in answer.body["error"]
    eventually(lambda: "bobs" in alice.uids(room), what="Alice sees what Bob wrote")
    token = publish(alice, room, capability="tasks", uid="bobs")["token"]
    assert opened(alice, token)["object"]["sender"] == bob.owner
    assert opened(alice, token, "/proof")["event"]["sender"] == bob.owner
    circle = careful.command("circles", "create", name="Family", members={})["room_id"]
    answer = careful.ask("POST", "links", {"room_id": circle})
    assert (answer.status, answer.body["errcode"]) == (403, "M_FORBIDDEN")


def test_for_a_stranger_no_text_is_fetched_from_another_server(alice: Person, bob: Person) -> None:
    room = share(alice, bob)
    bob.command("docs", "create", room_id=room, uid="long", title="Long", text=LONG)
    eventually(lambda: "long" in alice.uids(room), what="Alice sees the document")
    token = publish(alice, room)["token"]
    answer = stranger(alice.url, f"published/{token}/docs/long/text")
    if answer.status != 200:  # Alice's twin has had no reason to read it yet
        assert answer.status == 404
        assert "does not have it yet" in answer.body["error"]
        assert "mxc:" not in answer.body["error"]
    alice.get(f"rooms/{room}/docs/long/text")
    assert opened(alice, token, "/docs/long/text") == LONG.encode()


def test_what_was_published_may_be_read_from_any_page_and_is_kept_by_nobody(
    alice: Person, collection: str
) -> None:
    token = task(alice, collection)
    refused = f"published/{token[:-1]}A{token[-1]}"
    for path in (f"published/{token}", f"published/{token}/proof", refused):
        answer = stranger(alice.url, path)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "no-store" in answer.headers["cache-control"]
        assert answer.headers["x-robots-tag"] == "noindex"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in answer.headers


def test_hostile_names_and_contents_pass_through_as_json_and_nothing_else(
    alice: Person, lasting_collection: str
) -> None:
    room = alice.collection(HOSTILE)
    content = {"@type": "Task", "title": HOSTILE, "mine": {HOSTILE: [HOSTILE, None, 5, {}]}}
    uid = "..~a:b=c+d-e@f"
    alice.put(f"rooms/{room}/tasks/{quote(uid, safe='')}", content)
    token = publish(alice, room)["token"]
    answer = stranger(alice.url, f"published/{token}")
    assert answer.headers["content-type"] == "application/json"
    assert "x-header" not in answer.headers
    assert answer.body["collection"]["name"] == HOSTILE
    [found] = answer.body["objects"]
    assert (found["uid"], found["content"]) == (uid, content)
    one = stranger(alice.url, f"published/{token}/tasks/{quote(uid, safe='')}").ok()
    assert one["object"] == found


def test_who_asks_too_often_waits_and_nobody_else_does(alice: Person, collection: str) -> None:
    token = task(alice, collection)
    path, often = f"published/{token}", STRANGERS.next()

    def refused() -> Answer | None:
        # To guess at tokens is no cheaper than to read what they open.
        answers = [stranger(alice.url, "published/x", address=often) for _ in range(BURST)]
        return next((each for each in answers if each.status == 429), None)

    answer = eventually(refused, what="It was asked too often")
    assert answer is not None
    assert answer.body["errcode"] == "M_LIMIT_EXCEEDED"
    assert 0 < answer.body["retry_after_ms"] <= 1000
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert stranger(alice.url, path).status == 200
    assert stranger(alice.url, "card", address=often).status == 200
    eventually(lambda: stranger(alice.url, path, address=often).status == 200)


def test_links_are_there_after_a_restart_and_a_reindex(own_network: TwinNetwork) -> None:
    twin = own_network.start("alice")
    alice = person_at(twin)
    token = task(alice, alice.collection("Lasting"))
    twin.stop()
    twin.start()
    alice = person_at(twin)
    alice.post("reindex")
    eventually(
        lambda: stranger(alice.url, f"published/{token}").status == 200, what="The link opens"
    )
    assert [each["token"] for each in alice.get("links")["links"]] == [token]
