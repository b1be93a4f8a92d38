"""One server, one owner: every way to a second account is closed, and the owner is free of limits."""

import hmac
from collections.abc import Iterator
from hashlib import sha1
from typing import Any, Final

import pytest

from tests.twins.door import LOGIN_TYPE, Door
from twin_module.core.voice import voice_of
from twin_module.testing.person import CLIENT, Answer, Person, eventually, request
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import Twin, TwinNetwork, person_at

SECRET: Final = "a secret that the host shares"
MATRIX: Final = "/_matrix/client/v3"
ADMIN: Final = "/_synapse/admin"


@pytest.fixture(scope="module")
def open_twin(
    reactor_thread: ReactorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Twin]:
    """Alice's twin on a server whose host left every door open."""
    with TwinNetwork(reactor_thread, tmp_path_factory.mktemp("open")) as network:
        yield network.start(
            "alice",
            enable_registration=True,
            enable_registration_without_verification=True,
            registration_shared_secret=SECRET,
            allow_guest_access=True,
            rc_registration={"per_second": 100, "burst_count": 100},
            modules=[
                {
                    "module": "twin_module.TwinModule",
                    "config": {"owner": "alice", "owner_is_admin": True},
                },
                {"module": f"{Door.__module__}.{Door.__qualname__}", "config": {}},
            ],
        )


@pytest.fixture
def owner(open_twin: Twin) -> Iterator[Person]:
    """Alice, who has to be the only one and able to log in, whatever a test tried."""
    password = (open_twin.facts.folder / "alice.password").read_text().strip()
    yield Person(open_twin.url, open_twin.owner, lambda: password)
    names = {name for (name,) in open_twin.rows("SELECT name FROM users")}
    assert names - {voice_of(open_twin.owner)} == {open_twin.owner}
    alice = Person(open_twin.url, open_twin.owner, lambda: password)
    assert alice.get("status")["owner"] == open_twin.owner


@pytest.fixture(autouse=True)
def _served(open_twin: Twin) -> None:
    person_at(open_twin)


def refused(answer: Answer) -> None:
    """Take only what Synapse answers when a module refused the account."""
    assert (answer.status, answer.body["error"]) == (429, "Rate limited"), answer


def test_registering_is_refused(owner: Person) -> None:
    body: dict[str, Any] = {"username": "eve", "password": "long enough to be one"}
    asked = request(owner.url, "POST", f"{MATRIX}/register", body)
    dummy = {"type": "m.login.dummy", "session": asked.body.get("session")}
    refused(request(owner.url, "POST", f"{MATRIX}/register", {**body, "auth": dummy}))


def test_registering_with_the_shared_secret_is_refused(owner: Person) -> None:
    nonce = request(owner.url, "GET", f"{ADMIN}/v1/register").ok()["nonce"]
    parts = (nonce, "eve", "a password", "admin")
    mac = hmac.new(SECRET.encode(), "\x00".join(parts).encode(), sha1).hexdigest()
    body = {"nonce": nonce, "username": "eve", "password": "a password", "admin": True, "mac": mac}
    refused(request(owner.url, "POST", f"{ADMIN}/v1/register", body))


def test_an_admin_makes_no_second_account_either(owner: Person) -> None:
    assert owner.get(f"{ADMIN}/v2/users/{owner.owner}")["admin"] is True
    other = owner.owner.replace("alice", "eve")
    refused(owner.ask("PUT", f"{ADMIN}/v2/users/{other}", {"password": "long enough to be one"}))


def test_a_guest_is_refused(owner: Person) -> None:
    refused(request(owner.url, "POST", f"{MATRIX}/register?kind=guest", {}))


@pytest.mark.parametrize("login_type", [LOGIN_TYPE, "m.login.password"])
def test_a_login_of_another_module_that_makes_accounts_is_refused(
    login_type: str, owner: Person, caplog: pytest.LogCaptureFixture
) -> None:
    flows = request(owner.url, "GET", f"{MATRIX}/login").ok()["flows"]
    assert login_type in {flow["type"] for flow in flows}
    body = {
        "type": login_type,
        "identifier": {"type": "m.id.user", "user": "eve"},
        "password": "anything",
        "code": "anything",
    }
    answer = request(owner.url, "POST", f"{MATRIX}/login", body)
    assert (answer.status, answer.body["errcode"]) == (403, "M_FORBIDDEN")
    # To the client, Synapse says no more than that; what the other module was told is in the log.
    assert "429: Rate limited" in caplog.text


def test_a_wrong_password_of_the_owner_is_refused(owner: Person) -> None:
    assert owner.login("not the password").status in (403, 429)


# Application services


def appservice(network_folder: Any) -> str:
    """Write the registration of a bridge, and return where."""
    path = network_folder / "bridge.yaml"
    path.write_text(
        "id: bridge\nurl: null\nas_token: bridge-token\nhs_token: other\n"
        "sender_localpart: bridgebot\nnamespaces:\n"
        "  users: [{exclusive: true, regex: '@bridge_.*'}]\n"
    )
    return str(path)


def test_a_server_with_an_application_service_that_is_not_named_does_not_start(
    own_network: TwinNetwork, tmp_path: Any
) -> None:
    with pytest.raises(Exception, match="bridge") as raised:
        own_network.start("alice", app_service_config_files=[appservice(tmp_path)])
    assert type(raised.value).__name__ == "ConfigError"
    assert raised.value.path == ("modules", "config", "allowed_appservices")  # type: ignore[attr-defined]


def test_accounts_of_an_application_service_that_is_named_are_no_second_owners(
    own_network: TwinNetwork, tmp_path: Any
) -> None:
    twin = own_network.start(
        "alice",
        module={"allowed_appservices": ["bridge"]},
        app_service_config_files=[appservice(tmp_path)],
    )
    alice = person_at(twin)
    headers = {"Authorization": "Bearer bridge-token"}
    body = {"type": "m.login.application_service", "username": "bridge_bob"}
    made = request(twin.url, "POST", f"{MATRIX}/register", body, headers).ok()
    assert alice.get("status")["owner"] == twin.owner

    bridged = Person(twin.url, made["user_id"], lambda: "", made["access_token"])
    for path in ("status", "objects", "collections", "changes"):
        answer = bridged.ask("GET", path)
        assert (answer.status, answer.body["errcode"]) == (403, "M_FORBIDDEN")

    # They are there at the next start, and it is still a twin.
    twin.start_again()
    assert person_at(twin).get("status")["owner"] == twin.owner


# Servers that are no twins


def test_a_server_with_two_accounts_is_no_twin_until_one_is_deactivated(
    own_network: TwinNetwork,
) -> None:
    vanilla = own_network.start("alice", vanilla=True)

    async def register() -> None:
        handler = vanilla.homeserver.get_registration_handler()
        await handler.register_user(localpart="eve", password_hash="x")

    vanilla.thread.wait(register)
    vanilla.stop()

    twin = own_network.start("alice")
    alice = Person(twin.url, twin.owner, lambda: "vanilla")
    eve = twin.owner.replace("alice", "eve")
    for path in ("card", "status", "collections"):
        answer = alice.ask("GET", path)
        assert (answer.status, answer.body["errcode"]) == (503, "ORG.DIGITALTWIN.NOT_READY")
        if eve in answer.body["error"]:
            assert "Deactivate" in answer.body["error"]
    said = _eventual_error(alice)
    assert eve in said
    assert twin.owner not in said
    assert alice.get(f"{CLIENT}/joined_rooms")["joined_rooms"] == []

    twin.execute("UPDATE users SET deactivated = 1 WHERE name = ?", eve)
    twin.start_again()
    assert person_at(twin).get("status")["owner"] == twin.owner


def _eventual_error(alice: Person) -> str:
    def named() -> str:
        error: str = alice.ask("GET", "status").body["error"]
        return error if "other accounts" in error else ""

    return eventually(named, what="the twin says why it does not serve")
