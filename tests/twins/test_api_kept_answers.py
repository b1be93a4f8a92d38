"""Answers that whoever asks has already, and answers that are sent compressed."""

import gzip
import http.client
import json
from collections.abc import Mapping
from contextlib import closing
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from twin_module.rest.resource import AT_ONCE
from twin_module.testing.person import TWIN, Person
from twin_module.testing.twins import Twin, TwinNetwork, person_at

TASK: Final = {"@type": "Task", "title": "Buy bread"}


@pytest.fixture
def path(alice: Person, collection: str) -> str:
    """Where a task of a new collection is."""
    where = f"rooms/{collection}/tasks/bread"
    alice.put(where, TASK)
    return where


def raw(
    alice: Person, path: str, headers: Mapping[str, str]
) -> tuple[int, Mapping[str, str], bytes]:
    """Return status, headers and bytes of an answer."""
    parts = urlsplit(alice.url)
    signed = {"Authorization": f"Bearer {alice.token}", **headers}
    with closing(http.client.HTTPConnection(parts.hostname or "", parts.port)) as connection:
        connection.request("GET", f"{TWIN}/{path}", headers=signed)
        response = connection.getresponse()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()


def again(alice: Person, path: str, tag: str) -> int:
    """Ask for what is known by a tag, and return the status."""
    status, headers, body = raw(alice, path, {"If-None-Match": tag})
    if status == 304:
        assert (headers["etag"], body) == (tag, b"")
    return status


def test_an_object_is_not_sent_again_until_it_changes(alice: Person, path: str) -> None:
    tag = alice.ask("GET", path).headers["etag"]
    assert again(alice, path, tag) == 304
    assert raw(alice, path, {"If-None-Match": f'"$other", {tag}'})[0] == 304
    assert raw(alice, path, {"If-None-Match": '"$other"'})[0] == 200
    alice.put(path, {**TASK, "title": "Buy butter"})
    assert again(alice, path, tag) == 200
    alice.ask("DELETE", path).ok()
    assert again(alice, path, tag) == 404


def test_what_stands_in_for_a_version_that_does_not_fit_is_always_sent(
    alice: Person, alices_twin: Twin, path: str
) -> None:
    tag = alice.ask("GET", path).headers["etag"]
    alices_twin.execute(
        "UPDATE twin_objects SET problem = 'bad' WHERE event_id = ?", tag.strip('"')
    )
    answer = alice.ask("GET", path)
    assert answer.body["problem"] == "bad"
    assert answer.headers["etag"] == f"W/{tag}"
    assert again(alice, path, tag) == 200
    assert again(alice, path, f"W/{tag}") == 200
    fits = {"If-Match": f"W/{tag}"}
    assert alice.ask("PUT", path, {**TASK, "priority": 1}, fits).status == 200


@pytest.mark.parametrize("everywhere", [False, True])
def test_a_list_is_not_sent_again_until_something_changes(
    alice: Person, collection: str, path: str, everywhere: bool
) -> None:
    where = "objects" if everywhere else f"rooms/{collection}/objects"

    def tag() -> str:
        found: str = alice.ask("GET", where).headers["etag"]
        assert again(alice, where, found) == 304
        return found

    first = tag()
    alice.ask("PATCH", path, {"priority": 1}).ok()
    assert again(alice, where, first) == 200
    second = tag()
    alice.put(f"rooms/{collection}/tasks/butter", TASK)
    assert again(alice, where, second) == 200
    third = tag()
    alice.ask("DELETE", path).ok()
    assert again(alice, where, third) == 200
    fourth = tag()
    alice.post(f"collections/{collection}/leave")
    assert again(alice, where, fourth) == (200 if everywhere else 404)


def test_after_a_restart_all_is_sent_again(own_network: TwinNetwork) -> None:
    twin = own_network.start("alice")
    alice = person_at(twin)
    where = f"rooms/{alice.collection('Things')}/objects"
    tag = alice.ask("GET", where).headers["etag"]
    assert again(alice, where, tag) == 304
    # A backup that was put back counts its changes again.
    twin.start_again()
    restarted = person_at(twin)
    restarted._token = alice.token
    assert again(restarted, where, tag) == 200


@pytest.fixture
def full(alice: Person, collection: str) -> str:
    """Where a list is that is larger than what is sent at once."""
    objects = [
        {"capability": "tasks", "content": {**TASK, "description": f"{number} " * 200}}
        for number in range(100)
    ]
    alice.post(f"rooms/{collection}/objects", {"objects": objects})
    return f"rooms/{collection}/objects?limit=100&sort=uid"


@pytest.mark.parametrize("accepted", ["gzip", "br, GZIP;q=0.5", "gzip, deflate"])
def test_a_list_of_one_room_is_compressed_for_who_accepts_that(
    alice: Person, full: str, accepted: str
) -> None:
    _, plain_headers, plain = raw(alice, full, {})
    status, headers, packed = raw(alice, full, {"Accept-Encoding": accepted})
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert headers["vary"] == plain_headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain) / 4
    assert AT_ONCE < len(plain) == int(plain_headers["content-length"])
    assert len(json.loads(plain)["objects"]) == 100


@pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0", "gzip;q=0.00", "x-gzip-not"])
def test_nobody_gets_what_they_did_not_accept(alice: Person, full: str, accepted: str) -> None:
    _, headers, body = raw(alice, full, {"Accept-Encoding": accepted})
    assert "content-encoding" not in headers
    assert json.loads(body)["objects"]


def test_what_others_may_have_written_beside_secrets_is_not_compressed(
    alice: Person, full: str
) -> None:
    wants: Any = {"Accept-Encoding": "gzip"}
    _, headers, body = raw(alice, "objects?limit=1000", wants)
    assert "content-encoding" not in headers
    assert len(body) > AT_ONCE
    assert "content-encoding" not in raw(alice, "status", wants)[1]
