"""Who may call the API from where, and what the public card says."""

from typing import Final

import pytest
from canonicaljson import encode_canonical_json
from signedjson.key import decode_verify_key_bytes
from signedjson.sign import SignatureVerifyException, verify_signed_json
from unpaddedbase64 import decode_base64

from twin_module.rest.resource import ROUTES
from twin_module.rest.route import Route
from twin_module.rooms import CAPABILITIES
from twin_module.testing.answers import CarefulPerson, check_refusal
from twin_module.testing.person import TWIN, Person, request
from twin_module.testing.twins import Twin

PRIVATE: Final = [route for route in ROUTES if not route.public]


def path_of(route: Route) -> str:
    return TWIN + route.path.replace("{", "").replace("}", "")


@pytest.mark.parametrize("route", PRIVATE, ids=lambda route: f"{route.method} {route.path}")
def test_a_call_without_a_token_is_refused(route: Route, alice: Person) -> None:
    answer = request(alice.url, route.method, path_of(route), b"{}")
    check_refusal(answer)
    assert (answer.status, answer.body["errcode"]) == (401, "M_MISSING_TOKEN")


@pytest.mark.parametrize("route", PRIVATE, ids=lambda route: f"{route.method} {route.path}")
def test_a_call_with_a_wrong_token_is_refused(route: Route, alice: Person) -> None:
    headers = {"Authorization": "Bearer nobodys"}
    answer = request(alice.url, route.method, path_of(route), b"{}", headers)
    check_refusal(answer)
    assert (answer.status, answer.body["errcode"]) == (401, "M_UNKNOWN_TOKEN")


def test_a_token_that_was_signed_out_opens_nothing(alice: Person) -> None:
    other = Person(alice.url, alice.owner, lambda: "", alice.login().ok()["access_token"])
    other.get("status")
    other.post("/_matrix/client/v3/logout")
    assert other.ask("GET", "status").body["errcode"] == "M_UNKNOWN_TOKEN"


def test_only_what_is_public_needs_no_token() -> None:
    public = {f"{route.method} {route.path}" for route in ROUTES if route.public}
    strangers = {f"{route.method} {route.path}" for route in ROUTES if route.for_strangers}
    assert strangers < public
    of_links = {each for each in strangers if each.startswith("GET /published/{token}")}
    assert strangers - of_links == {"POST /widget"}
    assert public - strangers == {
        "GET /card",
        "GET /cookie",
        "DELETE /cookie",
        "POST /sign-in-links",
    }


@pytest.mark.parametrize("path", ["", "nothing", "rooms", "rooms/!a/tasks/b/c/d", "card/x", "Card"])
def test_an_unknown_path_is_refused(path: str, careful: CarefulPerson) -> None:
    answer = careful.ask("GET", f"{TWIN}/{path}")
    assert (answer.status, answer.body["errcode"]) == (404, "M_UNRECOGNIZED")
    assert "openapi.json" in answer.body["error"]


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "card"), ("GET", "reindex"), ("DELETE", "rooms/!a/tasks")]
)
def test_a_wrong_method_is_refused(method: str, path: str, careful: CarefulPerson) -> None:
    answer = careful.ask(method, path, {} if method == "PUT" else None)
    assert (answer.status, answer.body["errcode"]) == (405, "M_UNRECOGNIZED")
    assert method in answer.body["error"]


@pytest.mark.parametrize("path", ["objects", "rooms/!a/tasks/b", "changes", "card"])
def test_pages_of_other_origins_may_use_all_of_the_api(path: str, alice: Person) -> None:
    asked = {
        "Origin": "https://experience.example",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization, if-match",
    }
    answer = request(alice.url, "OPTIONS", f"{TWIN}/{path}", headers=asked)
    assert answer.status in (200, 204)
    assert answer.headers["access-control-allow-origin"] == "*"
    methods = answer.headers["access-control-allow-methods"].split(", ")
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= set(methods)
    allowed = answer.headers["access-control-allow-headers"].split(", ")
    needed = {
        "Authorization",
        "Content-Type",
        "If-Match",
        "If-None-Match",
        "Last-Event-ID",
        "X-Experience",
        "Idempotency-Key",
    }
    assert needed <= set(allowed)


def test_pages_of_other_origins_can_read_the_revision(
    careful: CarefulPerson, collection: str
) -> None:
    path = f"rooms/{collection}/tasks/one"
    careful.put(path, {"@type": "Task", "title": "One"})
    answer = careful.ask("GET", path)
    assert "ETag" in answer.headers["access-control-expose-headers"].split(", ")
    assert answer.headers["etag"] == f'"{answer.body["etag"]}"'
    assert answer.headers["access-control-allow-origin"] == "*"


def test_matrix_itself_is_served_with_the_headers_that_it_has_without_the_twin(
    alice: Person,
) -> None:
    answer = request(alice.url, "OPTIONS", "/_matrix/client/v3/sync")
    assert "PATCH" not in answer.headers["access-control-allow-methods"]


def test_an_error_can_be_read_by_pages_of_other_origins(alice: Person) -> None:
    answer = request(alice.url, "GET", f"{TWIN}/status")
    assert answer.status == 401
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_head_request_is_answered_without_a_body(alice: Person) -> None:
    answer = alice.ask("HEAD", "status")
    assert (answer.status, answer.body) == (200, b"")


# The card


def test_the_card_is_signed_with_the_key_that_the_server_publishes(
    alice: Person, alices_twin: Twin
) -> None:
    card = request(alice.url, "GET", f"{TWIN}/card").ok()
    assert card["owner"] == alice.owner
    assert card["server_name"] == alices_twin.server_name
    assert card["capabilities"] == [each.name for each in CAPABILITIES]
    published = request(
        f"https://localhost:{alices_twin.facts.federation_port}",
        "GET",
        "/_matrix/key/v2/server",
        trust=alices_twin.facts.ca_file,
    ).ok()
    assert card["verify_keys"] == published["verify_keys"]
    for key_id, key in card["verify_keys"].items():
        verify_key = decode_verify_key_bytes(key_id, decode_base64(key["key"]))
        verify_signed_json(card, alices_twin.server_name, verify_key)
        with pytest.raises(SignatureVerifyException):
            verify_signed_json({**card, "owner": "@eve:x"}, alices_twin.server_name, verify_key)
    assert encode_canonical_json(card)


def test_the_card_shows_the_name_that_the_owner_gave_themselves(alice: Person) -> None:
    alice.put(f"/_matrix/client/v3/profile/{alice.owner}/displayname", {"displayname": "Alice A."})
    assert request(alice.url, "GET", f"{TWIN}/card").ok()["displayname"] == "Alice A."
