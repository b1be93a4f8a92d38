"""The session of the twin's own page: a cookie that counts for this page and for no other."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection
from http.cookies import Morsel, SimpleCookie
from typing import Any, Final

import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from twin_module.core import yprotocols
from twin_module.rest.cookie import MAX_AGE, OURS, PAGE
from twin_module.testing.person import CLIENT, TWIN, Answer, Person, request
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import TwinNetwork, free_port, person_at
from twin_module.testing.typist import address, connect

MARK: Final = {OURS.decode(): "1"}
FROM_US: Final = {"Sec-Fetch-Site": "same-origin"}
FOREIGN: Final = "https://experience.example"

pytestmark = pytest.mark.usefixtures("nothing_raised")


def sign_in(person: Person) -> str:
    token: str = person.login().ok()["access_token"]
    return token


def keep(person: Person, token: str, **headers: str) -> Answer:
    said = {"Authorization": f"Bearer {token}", **MARK, **headers}
    return request(person.url, "PUT", f"{TWIN}/cookie", headers=said)


def set_cookie(answer: Answer) -> Morsel[str]:
    """Return the one cookie that an answer sets."""
    cookies = SimpleCookie(answer.headers["set-cookie"])
    [found] = cookies.values()
    return found


def as_sent(cookie: Morsel[str]) -> dict[str, str]:
    """Return the header with which a browser sends a cookie back."""
    return {"Cookie": f"{cookie.key}={cookie.value}"}


def is_good(person: Person, token: str) -> bool:
    """Tell whether an access token is of a session that is still signed in."""
    headers = {"Authorization": f"Bearer {token}"}
    return request(person.url, "GET", f"{CLIENT}/account/whoami", headers=headers).status == 200


@pytest.fixture(scope="module")
def token(alice: Person) -> str:
    """The access token of a browser that stays signed in."""
    return sign_in(alice)


@pytest.fixture(scope="module")
def cookie(alice: Person, token: str) -> dict[str, str]:
    """The cookie of that browser."""
    return as_sent(set_cookie(keep(alice, token)))


# The cookie itself


def test_the_cookie_is_for_the_page_alone_and_no_script_reads_it(alice: Person, token: str) -> None:
    answer = keep(alice, token)
    assert (answer.status, answer.body) == (200, {})
    found = set_cookie(answer)
    assert found.value == token
    assert found.key.startswith("twin-")
    assert found["path"] == PAGE == "/_synapse/client/twin"
    assert found["httponly"] is True
    assert found["samesite"].lower() == "strict"
    assert found["max-age"] == str(MAX_AGE)
    assert found["domain"] == ""
    assert not found["secure"]


@pytest.fixture(scope="module")
def behind_a_proxy(
    reactor_thread: ReactorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Person]:
    """Carol at a twin that stands behind a proxy, as a real one does."""
    port = free_port()
    listener = {
        "port": port,
        "type": "http",
        "x_forwarded": True,
        "bind_addresses": ["127.0.0.1"],
        "resources": [{"names": ["client"]}],
    }
    with TwinNetwork(reactor_thread, tmp_path_factory.mktemp("proxy")) as network:
        twin = network.start("carol", listeners=[listener])
        twin.url = f"http://127.0.0.1:{port}"
        yield person_at(twin)


HTTPS: Final = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}


def test_over_https_the_cookie_is_sent_over_https_only(behind_a_proxy: Person) -> None:
    found = set_cookie(keep(behind_a_proxy, behind_a_proxy.token, **HTTPS))
    assert found["secure"] is True
    assert found.key.startswith("__Secure-twin-")
    headers = {**as_sent(found), **FROM_US}
    for proxied, status in ((HTTPS, 200), ({}, 401)):
        asked = {**headers, **proxied}
        assert request(behind_a_proxy.url, "GET", f"{TWIN}/status", headers=asked).status == status


def test_a_page_of_the_same_host_without_tls_is_another_origin(behind_a_proxy: Person) -> None:
    sent = as_sent(set_cookie(keep(behind_a_proxy, behind_a_proxy.token, **HTTPS)))
    host = behind_a_proxy.url.removeprefix("http://")
    for scheme, status in (("https", 200), ("http", 401)):
        headers = {**sent, **HTTPS, "Origin": f"{scheme}://{host}"}
        assert (
            request(behind_a_proxy.url, "GET", f"{TWIN}/status", headers=headers).status == status
        )


def test_two_twins_of_one_host_do_not_take_each_others_cookie(alice: Person, bob: Person) -> None:
    alices, bobs = (set_cookie(keep(each, each.token)) for each in (alice, bob))
    assert alices.key != bobs.key
    # A browser sends both to both, since cookies know no ports.
    both = f"{alices.key}={alices.value}; {bobs.key}={bobs.value}"
    for person in (alice, bob):
        answer = request(person.url, "GET", f"{TWIN}/status", headers={"Cookie": both, **FROM_US})
        assert answer.status == 200


# Our own page


def ours(alice: Person) -> Mapping[str, Mapping[str, str]]:
    """Return what browsers say of requests that our own page makes."""
    return {
        "fetch metadata": FROM_US,
        "fetch metadata and origin": {**FROM_US, "Origin": alice.url},
        "origin": {"Origin": alice.url},
        "header": MARK,
        "all": {**FROM_US, **MARK, "Origin": alice.url},
    }


@pytest.mark.parametrize("how", list(ours(Person("", "", str))))
def test_with_the_cookie_our_page_reads_and_writes(
    how: str, alice: Person, cookie: dict[str, str], collection: str
) -> None:
    headers = {**cookie, **ours(alice)[how]}
    path = f"{TWIN}/rooms/{collection}/tasks/bread"
    task = {"@type": "Task", "title": "Bread"}
    request(alice.url, "PUT", path, task, headers).ok()
    assert request(alice.url, "GET", path, headers=headers).ok()["title"] == "Bread"
    request(alice.url, "PATCH", path, {"title": "Milk"}, headers).ok()
    request(alice.url, "POST", f"{TWIN}/reindex", {}, headers).ok()
    request(alice.url, "DELETE", path, headers=headers).ok()
    assert alice.uids(collection) == []


def test_our_page_learns_whether_it_is_signed_in(alice: Person, cookie: dict[str, str]) -> None:
    def ask(**headers: str) -> Any:
        return request(alice.url, "GET", f"{TWIN}/cookie", headers=headers).ok()

    assert ask(**cookie, **MARK) == {"signed_in": True}
    assert ask(**MARK) == {"signed_in": False}
    assert ask(**cookie) == {"signed_in": False}
    assert ask(**cookie, Origin=FOREIGN) == {"signed_in": False}


def test_our_page_follows_the_changes_with_the_cookie(
    alice: Person, cookie: dict[str, str]
) -> None:
    with closing(HTTPConnection(alice.url.removeprefix("http://"), timeout=60)) as connection:
        connection.request("GET", f"{TWIN}/changes", headers={**cookie, **FROM_US})
        response = connection.getresponse()
        assert response.status == 200
        assert b"event: ready\n" in iter(response.readline, b"")


def test_an_access_token_that_is_sent_wins_over_the_cookie(
    alice: Person, cookie: dict[str, str]
) -> None:
    other = sign_in(alice)
    for sent, where in (
        ({"Authorization": f"Bearer {other}"}, "sessions"),
        ({}, f"sessions?access_token={other}"),
    ):
        headers = {**cookie, **FROM_US, **sent}
        sessions = request(alice.url, "GET", f"{TWIN}/{where}", headers=headers).ok()["sessions"]
        [here] = [each["device_id"] for each in sessions if each["current"]]
        who = request(
            alice.url,
            "GET",
            f"{CLIENT}/account/whoami",
            headers={"Authorization": f"Bearer {other}"},
        )
        assert here == who.ok()["device_id"]


def test_a_wrong_access_token_is_not_mended_by_the_cookie(
    alice: Person, cookie: dict[str, str]
) -> None:
    headers = {**cookie, **FROM_US, "Authorization": "Bearer nobodys"}
    answer = request(alice.url, "GET", f"{TWIN}/status", headers=headers)
    assert (answer.status, answer.body["errcode"]) == (401, "M_UNKNOWN_TOKEN")
    assert "set-cookie" not in answer.headers


# Other pages


FOREIGN_REQUESTS: Final[Mapping[str, Mapping[str, str]]] = {
    "says nothing": {},
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "another port or subdomain": {"Sec-Fetch-Site": "same-site"},
    "typed address": {"Sec-Fetch-Site": "none"},
    "cross-site with our header": {"Sec-Fetch-Site": "cross-site", **MARK},
    "cross-site with our origin": {"Sec-Fetch-Site": "cross-site", "Origin": "{url}"},
    "no fetch metadata": {"Origin": FOREIGN},
    "our header": {"Origin": FOREIGN, **MARK},
    "sandboxed": {"Origin": "null"},
    "longer name": {"Origin": "{url}.example"},
    "name before an at": {"Origin": "http://{host}@experience.example"},
    "another port": {"Origin": "http://127.0.0.1:1"},
    "another scheme": {"Origin": "chrome-extension://{host}"},
    "no address": {"Origin": "http://["},
    "no text": {"Origin": "\xff"},
    "no site": {"Sec-Fetch-Site": "\xff"},
}


def foreign(name: str, alice: Person) -> dict[str, str]:
    facts = {"url": alice.url, "host": alice.url.removeprefix("http://")}
    return {key: value.format(**facts) for key, value in FOREIGN_REQUESTS[name].items()}


@pytest.mark.parametrize("name", FOREIGN_REQUESTS)
def test_no_other_page_reads_or_writes_with_the_cookie(
    name: str, alice: Person, cookie: dict[str, str], collection: str
) -> None:
    headers = {**cookie, **foreign(name, alice)}
    path = f"{TWIN}/rooms/{collection}/tasks/bread"
    for method, where, body in (
        ("GET", f"{TWIN}/status", None),
        ("GET", f"{TWIN}/changes", None),
        ("PUT", path, {"@type": "Task", "title": "Bread"}),
        ("PATCH", path, {"title": "Milk"}),
        ("DELETE", path, None),
        ("POST", f"{TWIN}/collections", {"name": "Theirs"}),
        ("POST", f"{TWIN}/sessions/sign-out", {}),
    ):
        answer = request(alice.url, method, where, body, headers)
        assert (answer.status, answer.body["errcode"]) == (401, "M_MISSING_TOKEN"), (method, where)
    assert alice.uids(collection) == []
    assert "Theirs" not in [each["name"] for each in alice.get("collections")["collections"]]


@pytest.mark.parametrize("name", FOREIGN_REQUESTS)
def test_no_other_page_signs_in_or_out(
    name: str, alice: Person, token: str, cookie: dict[str, str]
) -> None:
    headers = {**cookie, **foreign(name, alice)}
    signing_in = {**headers, "Authorization": f"Bearer {token}"}
    for method, said in (("PUT", signing_in), ("DELETE", headers)):
        answer = request(alice.url, method, f"{TWIN}/cookie", headers=said)
        assert (answer.status, answer.body["errcode"]) == (403, "M_FORBIDDEN")
        assert "set-cookie" not in answer.headers
    assert is_good(alice, token)


@pytest.mark.parametrize("path", ["status", "cookie", "card", "nothing", "openapi.json"])
def test_no_browser_may_send_the_cookie_for_another_origin(
    path: str, alice: Person, cookie: dict[str, str]
) -> None:
    asked = {
        "Origin": FOREIGN,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": OURS.decode(),
    }
    preflight = request(alice.url, "OPTIONS", f"{TWIN}/{path}", headers=asked)
    answer = request(alice.url, "GET", f"{TWIN}/{path}", headers={**cookie, "Origin": FOREIGN})
    for each in (preflight, answer):
        # With this origin, browsers refuse every answer to a request that held a cookie.
        assert each.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in each.headers
        assert OURS.decode().lower() not in each.headers["access-control-allow-headers"].lower()


# Signing in and out


def test_the_access_token_has_to_be_in_its_header(alice: Person, token: str) -> None:
    path = f"{TWIN}/cookie?access_token={token}"
    answer = request(alice.url, "PUT", path, headers=MARK)
    assert answer.status == 403
    assert "Authorization" in answer.body["error"]
    assert "set-cookie" not in answer.headers


def test_only_a_good_access_token_becomes_a_cookie(alice: Person) -> None:
    for wrong in ("nobodys", "a;Path=/", 'a"b', "x" * 2000):
        answer = keep(alice, wrong)
        assert answer.status == 401
        assert "set-cookie" not in answer.headers


def test_the_access_token_is_in_no_answer(
    alice: Person, token: str, cookie: dict[str, str]
) -> None:
    headers = {**cookie, **MARK}
    for method, path in (
        ("GET", "cookie"),
        ("GET", "status"),
        ("GET", "sessions"),
        ("GET", "nothing"),
        ("PATCH", "cookie"),
        ("PUT", "rooms/!nowhere/tasks/one"),
    ):
        answer = request(alice.url, method, f"{TWIN}/{path}", {}, headers)
        assert token not in f"{answer.headers} {answer.body!r}"
    kept = keep(alice, token)
    del kept.headers["set-cookie"]  # type: ignore[attr-defined]
    assert token not in f"{kept.headers} {kept.body!r}"


def assert_forgotten(answer: Answer, cookie: Mapping[str, str]) -> None:
    found = set_cookie(answer)
    assert cookie["Cookie"].startswith(f"{found.key}=")
    assert (found.value, found["max-age"], found["path"]) == ("", "0", PAGE)


def test_signing_out_ends_this_session_and_no_other(alice: Person, token: str) -> None:
    here = sign_in(alice)
    cookie = as_sent(set_cookie(keep(alice, here)))
    answer = request(alice.url, "DELETE", f"{TWIN}/cookie", headers={**cookie, **MARK})
    assert (answer.status, answer.body) == (200, {})
    assert_forgotten(answer, cookie)
    assert not is_good(alice, here)
    assert is_good(alice, token)
    assert is_good(alice, alice.token)


@pytest.mark.parametrize("sent", [{}, {"Cookie": "twin-0123456789ab=x"}, {"Cookie": "\xff;=;a"}])
def test_signing_out_where_nobody_is_signed_in_is_fine(sent: dict[str, str], alice: Person) -> None:
    with_token = {"Authorization": f"Bearer {alice.token}"}
    for headers in ({**sent, **MARK}, {**sent, **MARK, **with_token}):
        answer = request(alice.url, "DELETE", f"{TWIN}/cookie", headers=headers)
        assert answer.status == 200
    # It is the cookie's session that ends, not the one of a header.
    assert is_good(alice, alice.token)


def test_the_cookie_of_a_session_that_was_ended_elsewhere_is_refused_and_forgotten(
    alice: Person,
) -> None:
    gone = sign_in(alice)
    cookie = as_sent(set_cookie(keep(alice, gone)))
    request(alice.url, "POST", f"{CLIENT}/logout", {}, {"Authorization": f"Bearer {gone}"}).ok()
    headers = {**cookie, **MARK}
    refused = request(alice.url, "GET", f"{TWIN}/status", headers=headers)
    assert (refused.status, refused.body["errcode"]) == (401, "M_UNKNOWN_TOKEN")
    assert_forgotten(refused, cookie)
    asked = request(alice.url, "GET", f"{TWIN}/cookie", headers=headers)
    assert asked.ok() == {"signed_in": False}
    assert_forgotten(asked, cookie)
    assert_forgotten(request(alice.url, "DELETE", f"{TWIN}/cookie", headers=headers), cookie)


# Live editing


def test_an_editor_of_our_page_opens_a_document_with_the_cookie(
    alice: Person, cookie: dict[str, str], document: str
) -> None:
    with connect(document, origin=Origin(alice.url), additional_headers=cookie) as editor:
        said = yprotocols.read(bytes(editor.recv(timeout=60, decode=False)))
        assert isinstance(said, yprotocols.Have)


@pytest.mark.parametrize("origin", [None, FOREIGN, "null", "http://127.0.0.1:1"])
def test_an_editor_of_another_page_opens_nothing_with_the_cookie(
    origin: str | None, cookie: dict[str, str], document: str
) -> None:
    asking = None if origin is None else Origin(origin)
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(document, origin=asking, additional_headers=cookie),
    ):
        pass
    assert refused.value.response.status_code == 401


@pytest.fixture
def document(alice: Person, collection: str) -> str:
    """Where a document of Alice's can be written live."""
    content = {"@type": "Document", "title": "Minutes", "text": ""}
    alice.put(f"rooms/{collection}/docs/minutes", content)
    return address(alice, collection, "minutes")
