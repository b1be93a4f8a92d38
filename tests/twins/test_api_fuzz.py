"""Whatever is sent to whatever call: it is done, or refused with a Matrix error."""

import json
from typing import Any, Final
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from twin_module.rest.resource import ROUTES
from twin_module.rest.route import Route
from twin_module.testing.answers import check_answer
from twin_module.testing.person import TWIN, Person, request

# The reactor's thread, which draws random numbers of its own, runs all the while.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the .random. module inside strategies")

ENDING: Final = [route for route in ROUTES if route.path.startswith("/sessions")]
"""Calls that may sign out who calls, and all other stories of the same person with them."""
CALLS: Final = [
    route
    for route in ROUTES
    if route.path != "/changes" and (route.method == "GET" or route not in ENDING)
]
WORDS: Final = ["tasks", "docs", "circles", "add", "create", "change", "share", "write", "name"]
KEYS: Final = st.sampled_from(
    [*WORDS, "room_id", "uid", "title", "text", "objects", "capability", "content", "members"]
) | st.sampled_from(["@type", "role", "circle", "user_id", "due", "accept_from", "\x00", "a/b"])
LEAVES: Final = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["!room", "@bob:x", "tasks", "docs", "editor", "Task", "\ud800", "a\x00"])
)
JSON: Final = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)


OUR_ROOM: Final = "the collection"
ESCAPES: Final = ("%00", "%ff", "%2e%2e")
SEGMENTS: Final = st.sampled_from([OUR_ROOM, "!nowhere", *WORDS, "..", *ESCAPES]) | st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1, max_size=10
)


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_no_request_makes_the_twin_fail(
    data: st.DataObject, alice: Person, collection: str
) -> None:
    route: Route = data.draw(st.sampled_from(CALLS))
    parts = [
        _quoted(data.draw(SEGMENTS), collection) if part.startswith("{") else part
        for part in route.parts
    ]
    path = "/".join(parts)
    query = data.draw(
        st.sampled_from(["", "?limit=3", "?sort=%00", "?from=W10", "?a=%ff", "?from=WzFd"])
    )
    body: Any = data.draw(JSON) if route.body is not None else None
    headers = {
        "Authorization": f"Bearer {alice.token}",
        **data.draw(
            st.sampled_from(
                [
                    *({}, {"If-Match": '"x"'}, {"If-None-Match": "*"}, {"If-Match": "*"}),
                    *({"If-Match": "\xe9"}, {"X-Experience": "\xe9"}, {"X-Experience": "x" * 300}),
                ]
            )
        ),
    }
    sent = None if body is None and route.body is None else json.dumps(body).encode()
    answer = request(alice.url, route.method, f"{TWIN}/{path}{query}", sent, headers)
    assert answer.status < 500 or answer.body["errcode"] == "ORG.DIGITALTWIN.UNREACHABLE", answer
    if answer.status >= 400:
        check_answer(route, answer)


@given(
    body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()),
    route=st.sampled_from([route for route in CALLS if route.body is not None]),
)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_any_bytes_to_any_call_are_refused_or_taken(
    body: bytes, route: Route, alice: Person, collection: str
) -> None:
    known = {"room_id": collection, "capability": "tasks", "uid": "fuzz", "command": "add"}
    headers = {"Authorization": f"Bearer {alice.token}"}
    path = f"{TWIN}{route.path.format(**known)}"
    answer = request(alice.url, route.method, path, body, headers)
    check_answer(route, answer)
    assert answer.status < 500


@given(content=JSON, key=st.text(max_size=10) | st.just("key"))
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_whatever_a_plain_client_writes_the_twin_serves_on(
    content: Any, key: str, alice: Person, collection: str
) -> None:
    if not _is_utf8(content) or not _is_utf8(key):
        return  # Synapse itself fails on half a surrogate pair
    answer = alice.put_state(collection, "org.digitaltwin.task", key, content)
    assert answer.status in (200, 400, 403, 404, 413), answer
    assert alice.ask("GET", f"rooms/{collection}/objects").status == 200


def _is_utf8(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _quoted(segment: str, room: str) -> str:
    if segment == OUR_ROOM:
        return room
    return segment if segment in ESCAPES else quote(segment, safe="")
