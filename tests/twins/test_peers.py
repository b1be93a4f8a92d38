"""Calls between twins as they come over the network, before and after anybody knows who calls."""

from typing import Any, Final

import pytest

from twin_module.engine.peers import MAX_BODY_BYTES
from twin_module.engine.synapse import PEERS_PREFIX
from twin_module.rest.about import VERSION
from twin_module.testing.answers import check_refusal
from twin_module.testing.person import Answer, Person, request
from twin_module.testing.twins import Twin, TwinNetwork, person_at

LIVE: Final = f"{PEERS_PREFIX}/live"


def test_a_twin_says_that_it_is_one_and_another_server_does_not(
    own_network: TwinNetwork, alices_twin: Twin
) -> None:
    for url, trust in (
        (alices_twin.url, None),
        (f"https://{alices_twin.server_name}", alices_twin.facts.ca_file),
    ):
        answer = request(url, "GET", f"{PEERS_PREFIX}/about", trust=trust)
        assert answer.body == {"twin": True, "version": VERSION}
    vanilla = own_network.start("carol", vanilla=True)
    person_at(vanilla)
    assert request(vanilla.url, "GET", f"{PEERS_PREFIX}/about").status == 404


def posted(twin: Twin, body: Any, headers: dict[str, str] | None = None) -> Answer:
    """Call a twin with whatever."""
    answer = request(twin.url, "POST", LIVE, body, headers)
    check_refusal(answer)
    return answer


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer token"},
        {"Authorization": "X-Matrix"},
        {"Authorization": 'X-Matrix origin="localhost:1",key="ed25519:a",sig="AAAA"'},
        {"Authorization": 'X-Matrix origin="no server",key="ed25519:a",sig="AAAA"'},
    ],
)
def test_nothing_is_taken_that_no_server_signed(
    headers: dict[str, str], alices_twin: Twin, nothing_raised: None
) -> None:
    assert posted(alices_twin, {"room_id": "!any"}, headers).status in (400, 401, 403)


def test_the_owners_token_is_no_signature(
    alice: Person, alices_twin: Twin, nothing_raised: None
) -> None:
    headers = {"Authorization": f"Bearer {alice.token}"}
    assert posted(alices_twin, {"room_id": "!any"}, headers).status in (401, 403)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"null", 400),
        (b"\xff", 400),
        (b'{"a": 1.5}', 400),
        (b'{"a": NaN}', 400),
        (b'{"a": "\\ud800"}', 400),
        (b'{"a":' * 5000, 400),
        (b'{"a":' * 50 + b"1" + b"}" * 50, 400),
        (b'{"a": "' + b"x" * MAX_BODY_BYTES + b'"}', 413),
    ],
)
def test_what_can_not_have_been_signed_is_refused_before_anybody_is_asked_for_keys(
    body: bytes, status: int, alices_twin: Twin, nothing_raised: None
) -> None:
    header = {"Authorization": 'X-Matrix origin="localhost:1",key="ed25519:a",sig="AAAA"'}
    assert posted(alices_twin, body, header).status == status


def test_other_methods_and_paths_are_refused(alices_twin: Twin, nothing_raised: None) -> None:
    for method, path, status in (
        ("GET", LIVE, 405),
        ("DELETE", LIVE, 405),
        ("GET", PEERS_PREFIX, 405),
        ("GET", f"{PEERS_PREFIX}/about/more", 405),
        ("POST", f"{PEERS_PREFIX}/other", 400),
    ):
        answer = request(alices_twin.url, method, path)
        check_refusal(answer)
        assert answer.status == status, path
