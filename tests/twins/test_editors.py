"""Editors that write a document live, at one twin and at two."""

import logging
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from twin_module.core import yprotocols
from twin_module.rest import editors
from twin_module.rest.cookie import OURS
from twin_module.testing.person import Person, eventually
from twin_module.testing.twins import OF_STOPPED_TWINS, TwinNetwork, person_at
from twin_module.testing.typist import Typist, address, connect

DOC = {"@type": "Document", "title": "Minutes", "text": "# Minutes\n"}


@pytest.fixture
def uid(alice: Person, collection: str) -> str:
    """A document in a new collection of Alice's."""
    alice.put(f"rooms/{collection}/docs/minutes", DOC)
    return "minutes"


@pytest.fixture
def shared(alice: Person, bob: Person, collection: str, uid: str) -> str:
    """The collection, after Bob may write in it."""
    circle = alice.command("circles", "create", name="Two", members={bob.owner: "editor"})
    alice.command("circles", "share", room_id=collection, circle=circle["room_id"])
    bob.accept(collection)
    eventually(lambda: bob.get(f"collections/{collection}")["role"] == "editor", what="Bob writes")
    eventually(lambda: uid in bob.uids(collection), what="Bob has the document")
    return collection


@pytest.fixture(autouse=True)
def nothing_is_complained_of(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test during which a logging context was lost, or a twin had a bug."""
    yield
    bad = [each for each in caplog.records if each.levelno >= logging.WARNING]
    ours = ("synapse.logging", "synapse.http.site", "synapse.http.server", "twin_module", "twisted")
    said = [
        f"{each.getMessage()} {each.exc_info or ''}" for each in bad if each.name.startswith(ours)
    ]
    allowed = ("Left an update of", *OF_STOPPED_TWINS)
    assert [each for each in said if not any(words in each for words in allowed)] == []


def test_an_editor_gets_the_text_that_is_there(alice: Person, collection: str, uid: str) -> None:
    with Typist(alice, collection, uid) as typist:
        eventually(lambda: typist.text() == DOC["text"], what="the text is there")


def test_two_editors_of_one_twin_see_what_the_other_writes(
    alice: Person, collection: str, uid: str
) -> None:
    with Typist(alice, collection, uid) as one, Typist(alice, collection, uid) as other:
        eventually(lambda: one.text() == other.text() == DOC["text"], what="both have the text")
        one.type("- bread\n")
        other.type("- milk\n", at=0)
        want = f"- milk\n{DOC['text']}- bread\n"
        eventually(lambda: one.text() == other.text() == want, what="both have the same")


def test_what_was_written_is_in_the_document_for_everybody_else(
    alice: Person, collection: str, uid: str
) -> None:
    with Typist(alice, collection, uid) as typist:
        eventually(lambda: typist.text() == DOC["text"], what="the text is there")
        typist.type("- bread\n")
        eventually(
            lambda: "- bread" in alice.get(f"rooms/{collection}/docs/{uid}")["content"]["text"],
            what="it is written down",
        )


def test_two_twins_write_one_text(alice: Person, bob: Person, shared: str, uid: str) -> None:
    with Typist(alice, shared, uid) as one, Typist(bob, shared, uid) as other:
        eventually(lambda: one.text() == other.text() == DOC["text"], what="both have the text")
        for number in range(20):
            one.type(f"a{number} ")
            other.type(f"b{number} ", at=0)
        eventually(lambda: one.text() == other.text(), what="both have the same")
        words = [f"{who}{number} " for who in "ab" for number in range(20)]
        eventually(
            lambda: all(word in one.text() for word in words) and one.text() == other.text(),
            what="nothing is lost",
        )


def sees(one: Typist, other: Typist, state: dict[str, Any]) -> bool:
    """Let the other say where they are, as editors do from time to time: cursors are not kept."""
    other.point(**state)
    return one.others() == [state]


def test_cursors_are_seen_on_the_other_twin_and_vanish(
    alice: Person, bob: Person, shared: str, uid: str
) -> None:
    with Typist(bob, shared, uid) as other:
        with Typist(alice, shared, uid) as one:
            eventually(partial(sees, other, one, {"user": {"name": "Alice"}, "cursor": 3}))
            eventually(partial(sees, one, other, {"user": {"name": "Bob"}, "cursor": 1}))
        eventually(lambda: other.others() == [], what="Alice has left")


def test_a_new_editor_sees_who_is_there_already(alice: Person, collection: str, uid: str) -> None:
    with Typist(alice, collection, uid) as one:
        one.point(user={"name": "Alice"})
        with Typist(alice, collection, uid) as other:
            eventually(lambda: other.others() == [{"user": {"name": "Alice"}}])


def test_a_reader_sees_all_and_writes_nothing(
    alice: Person, bob: Person, shared: str, uid: str
) -> None:
    room = alice.collection("To be read")
    alice.put(f"rooms/{room}/docs/{uid}", DOC)
    circle = alice.command("circles", "create", name="Readers", members={bob.owner: "viewer"})
    alice.command("circles", "share", room_id=room, circle=circle["room_id"])
    bob.accept(room)
    eventually(lambda: uid in bob.uids(room), what="Bob has the document")
    with Typist(bob, room, uid) as reader, Typist(alice, room, uid) as writer:
        eventually(lambda: writer.text() == reader.text() == DOC["text"], what="both read it")
        writer.type("more")
        eventually(lambda: reader.text() == f"{DOC['text']}more", what="the reader reads on")
        reader.type("no")
        eventually(reader.closed, what="the reader is refused")
        assert reader.closed() == (4403, reader.denied()[0])
        assert "not write" in reader.denied()[0]
        assert writer.text() == f"{DOC['text']}more"
    # What the reader has written away from the twin is refused as well, and the reader stays.
    with Typist(bob, room, uid, doc=reader.doc) as again:
        eventually(again.denied, what="the reader is told")
        writer_says = alice.get(f"rooms/{room}/docs/{uid}")["content"]["text"]
        assert "no" not in writer_says
        assert again.closed() is None


def test_who_is_away_for_long_brings_what_was_written_meanwhile(
    alice: Person, collection: str, uid: str
) -> None:
    with Typist(alice, collection, uid) as typist:
        eventually(lambda: typist.text() == DOC["text"], what="the text is there")
    with Typist(alice, collection, uid) as other:
        eventually(lambda: other.text() == DOC["text"], what="the text is there")
        other.type("of the other")
        typist.written.insert(0, "away ")
        with Typist(alice, collection, uid, doc=typist.doc) as back:
            want = f"away {DOC['text']}of the other"
            eventually(lambda: back.text() == other.text() == want, what="both have the same")


# Who may not


def test_only_the_owner_is_let_in(alice: Person, collection: str, uid: str) -> None:
    where = address(alice, collection, uid)
    for query, code in (("", "M_MISSING_TOKEN"), ("?access_token=wrong", "M_UNKNOWN_TOKEN")):
        with pytest.raises(InvalidStatus) as caught:
            connect(where + query).__enter__()
        assert caught.value.response.status_code == 401
        assert code in (caught.value.response.body or b"").decode()
    headers = {"Authorization": f"Bearer {alice.token}"}
    with connect(where, additional_headers=headers) as connection:
        assert connection.recv(timeout=60)


@pytest.mark.parametrize(
    "said",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "{own}", "Sec-Fetch-Site": "same-site"},
        {},
    ],
)
def test_the_cookie_of_the_twins_page_counts_for_that_page_alone(
    said: dict[str, str], alice: Person, collection: str, uid: str
) -> None:
    kept = alice.ask("PUT", "cookie", headers={OURS.decode(): "1"})
    cookie = {"Cookie": kept.headers["set-cookie"].partition(";")[0]}
    where = address(alice, collection, uid)
    own = {**cookie, "Origin": alice.url}
    with connect(where, additional_headers=own) as connection:
        assert connection.recv(timeout=60)
    others = {name: value.format(own=alice.url) for name, value in said.items()}
    with pytest.raises(InvalidStatus) as caught:
        connect(where, additional_headers={**cookie, **others}).__enter__()
    assert caught.value.response.status_code == 401


@pytest.mark.parametrize("where", ["no such room", "no such document"])
def test_what_is_not_there_is_not_found(
    where: str, alice: Person, collection: str, uid: str
) -> None:
    room = "!nowhere" if where == "no such room" else collection
    with pytest.raises(InvalidStatus) as caught:
        connect(address(alice, room, "nothing", access_token=alice.token)).__enter__()
    assert caught.value.response.status_code == 404


def test_a_plain_request_is_told_what_this_is(alice: Person, collection: str, uid: str) -> None:
    answer = alice.ask("GET", f"rooms/{collection}/docs/{uid}/live")
    assert answer.status == 426
    assert "WebSocket" in answer.body["error"]


def test_who_signed_out_is_let_go(
    alice: Person, collection: str, uid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editors, "KEEP_ALIVE", 0)
    token = alice.login().ok()["access_token"]
    other = Person(alice.url, alice.owner, lambda: "", token)
    with Typist(other, collection, uid) as typist:
        eventually(lambda: typist.text() == DOC["text"], what="the text is there")
        other.post("/_matrix/client/v3/logout")
        typist.type("too late")
        eventually(typist.closed, what="it is closed")
        assert typist.closed() == (4401, "The access token is no longer good; sign in again.")
    with Typist(alice, collection, uid) as typist:
        eventually(lambda: typist.text() == DOC["text"], what="nothing more was written")


def test_who_is_silent_hears_something_now_and_then(
    alice: Person, collection: str, uid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`y-websocket` takes half a minute without a message for a connection that is dead."""
    monkeypatch.setattr(editors, "KEEP_ALIVE", 0)
    monkeypatch.setattr("twin_module.rest.websocket.KEEP_ALIVE", 0.1)
    with connect(address(alice, collection, uid, access_token=alice.token)) as connection:
        connection.recv(timeout=60)
        for _ in range(3):
            assert connection.recv(timeout=60) == yprotocols.presence(yprotocols.NOBODY)


@pytest.mark.parametrize(
    "message",
    [
        b"\x07",
        b"\x00\x09",
        b"\x00\x02\x05ab",
        b"\x00\x02\x03abc",
        b"\x00\x00\x03\xff\xff\xff",
        b"\x01\x05abc",
        b"\x01\x03\x05ab",
        b"\x00\x02\x02\x00\x00more",
    ],
)
def test_garbage_is_refused_and_the_others_write_on(
    message: bytes, alice: Person, collection: str, uid: str
) -> None:
    with Typist(alice, collection, uid) as good, Typist(alice, collection, uid) as bad:
        eventually(lambda: good.text() == bad.text() == DOC["text"], what="both have the text")
        bad.wire.send(message)
        code, reason = eventually(bad.closed, what="it is refused") or (0, "")
        assert (code, bool(reason)) == (4400, True)
        good.type("on")
        with Typist(alice, collection, uid) as new:
            eventually(lambda: new.text() == f"{DOC['text']}on", what="the text is as it was")


def test_tokens_are_in_no_log(
    alice: Person, collection: str, uid: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), Typist(alice, collection, uid) as typist:
        eventually(lambda: typist.text() == DOC["text"], what="the text is there")
    eventually(lambda: "/live?access_token=<redacted>" in caplog.text, what="it is logged")
    # The client is not the twin, and the database says everything at this level.
    ours = (
        "synapse.http",
        "synapse.access",
        "synapse.rest",
        "synapse.api",
        "twin_module",
        "twisted",
    )
    said = [each.getMessage() for each in caplog.records if each.name.startswith(ours)]
    assert [each for each in said if alice.token in each] == []


def test_editors_come_back_to_a_twin_that_was_restarted(own_network: TwinNetwork) -> None:
    twin = own_network.start("alice")
    alice = person_at(twin)
    room = alice.collection("Things")
    alice.put(f"rooms/{room}/docs/minutes", DOC)
    with Typist(alice, room, "minutes") as typist:
        eventually(lambda: typist.text() == DOC["text"], what="the text is there")
        typist.type("before ")
        with Typist(alice, room, "minutes") as other:
            eventually(lambda: "before" in other.text(), what="it is taken")
        twin.start_again()
        alice = person_at(twin)
        eventually(typist.closed, what="the twin said goodbye")
    typist.written.insert(0, "offline ")
    with Typist(alice, room, "minutes", doc=typist.doc) as back:
        want = f"offline {DOC['text']}before "
        eventually(lambda: back.text() == want, what="nothing is lost")
        with Typist(alice, room, "minutes") as other:
            eventually(lambda: other.text() == want, what="the twin has it")
