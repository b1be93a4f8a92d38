"""The options of the module: what they may be, and that a wrong one is named."""

from typing import Any

import pytest
from synapse.module_api.errors import ConfigError

from twin_module.config import TwinConfig, parse_config


def test_the_owner_is_all_that_is_needed() -> None:
    assert parse_config({"owner": "alice"}) == TwinConfig(owner="alice")


def test_every_option_is_read() -> None:
    options = {
        "owner": "alice",
        "password_file": "/srv/twin/password",
        "owner_is_admin": True,
        "allowed_appservices": ["telegram", "signal"],
        "max_objects_per_room": 100,
        "home_path": "/twin",
    }
    assert parse_config(options) == TwinConfig(
        owner="alice",
        password_file="/srv/twin/password",
        owner_is_admin=True,
        allowed_appservices=("telegram", "signal"),
        max_objects_per_room=100,
        home_path="/twin",
    )


WRONG: dict[str, list[Any]] = {
    "owner": [None, "", 5, ["alice"], "Alice", "@alice", "alice:example.org", "ali ce", "älice"],
    "password_file": ["", 5, ["a"], True, {}],
    "owner_is_admin": ["true", 1, None, []],
    "allowed_appservices": ["telegram", [1], {"a": 1}, None, [None]],
    "max_objects_per_room": ["5000", True, None, 9, 20_001, -1, 100.0],
    "home_path": [
        *("", 5, True, [], {}, "/", "twin", "twin/", "/twin/", "//twin", "/a/b", "/Twin", "/tw in"),
        *("/twin\n", "/twin?a", "/twin#a", "/../twin", "/%74win", "/zwölf", "https://example.org"),
        *("/_matrix", "/_synapse", "/.well-known", "/health"),
    ],
    "ownr": ["alice"],
    "1": [2],
}


@pytest.mark.parametrize(
    ("option", "value"), [(option, value) for option, values in WRONG.items() for value in values]
)
def test_a_wrong_option_is_named(option: str, value: Any) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_config({"owner": "alice", option: value})
    assert refused.value.path == (option,)


def test_a_wrong_short_address_is_answered_with_a_right_one() -> None:
    with pytest.raises(ConfigError, match=r"one word in lower case .* as /twin is"):
        parse_config({"owner": "alice", "home_path": "/My Twin"})


@pytest.mark.parametrize("path", [None, "/twin", "/t", "/my-own_twin-2", "/0"])
def test_a_short_address_is_one_word_or_none(path: str | None) -> None:
    assert parse_config({"owner": "alice", "home_path": path}).home_path == path


@pytest.mark.parametrize("config", [None, [], "alice", 5])
def test_options_have_to_be_a_map(config: Any) -> None:
    with pytest.raises(ConfigError, match="map of options"):
        parse_config(config)


def test_without_an_owner_there_is_no_twin() -> None:
    with pytest.raises(ConfigError, match="name the owner"):
        parse_config({})


def test_an_option_that_there_is_not_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match="password_file"):
        parse_config({"owner": "alice", "pasword_file": "x"})
