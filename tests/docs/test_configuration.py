"""The templates under `config/` are what Synapse and the code take."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from synapse.config.homeserver import HomeServerConfig

from twin_module.config import TwinConfig, parse_config
from twin_module.host.configuration import LONE_USER
from twin_module.host.folder import LOG

PLACE = "/var/lib/twin"
KEY = "ed25519 a_test 3gUgbW+oeAxH9wXoT6KSAZRyFLlXTTlBHkMPmeGDPAg"


@pytest.fixture
def template(root: Path, tmp_path: Path) -> Mapping[str, Any]:
    """The template of homeserver.yaml, with its folder moved to one that is there."""
    text = (root / "config/homeserver.yaml").read_text().replace(PLACE, str(tmp_path))
    (tmp_path / "signing.key").write_text(f"{KEY}\n")
    for name in ("macaroon.key", "form.key"):
        (tmp_path / name).write_text("secret\n")
    loaded: Mapping[str, Any] = yaml.safe_load(text)
    return loaded


def parsed(template: Mapping[str, Any], folder: Path) -> HomeServerConfig:
    config = HomeServerConfig()
    # Synapse changes what it is given.
    config.parse_config_dict(json.loads(json.dumps(template)), str(folder), str(folder))
    return config


def test_synapse_takes_the_template(template: Mapping[str, Any], tmp_path: Path) -> None:
    config = parsed(template, tmp_path)
    assert config.server.server_name == "example.org"
    [listener] = config.server.listeners
    assert listener.http_options is not None
    assert listener.http_options.x_forwarded
    assert not config.registration.enable_registration
    assert config.key.key_servers == []
    [(module, options)] = config.modules.loaded_modules
    assert module.__name__ == "TwinModule"
    password_file = str(tmp_path / "owner.password")
    expected: object = TwinConfig(owner="alice", password_file=password_file)
    assert options == expected


def test_nothing_in_the_template_listens_beyond_this_machine(template: Mapping[str, Any]) -> None:
    for listener in template["listeners"]:
        assert set(listener["bind_addresses"]) <= {"127.0.0.1", "::1"}


def test_the_commented_database_is_one_that_synapse_takes(
    root: Path, template: Mapping[str, Any], tmp_path: Path
) -> None:
    lines = (root / "config/homeserver.yaml").read_text().splitlines()
    start = lines.index("# database:")
    block = [line[2:] for line in lines[start : lines.index("", start)]]
    database = yaml.safe_load("\n".join(block))
    config = parsed({**template, **database}, tmp_path)
    assert config.database.get_single_database().config["name"] == "psycopg2"


def test_the_limits_in_the_template_are_those_of_a_lone_user(template: Mapping[str, Any]) -> None:
    assert {name: template.get(name) for name in LONE_USER} == dict(LONE_USER)


def test_every_option_of_the_module_stands_in_its_file_with_its_default(root: Path) -> None:
    options = yaml.safe_load((root / "config/twin.yaml").read_text())
    assert list(options) == [each.name for each in fields(TwinConfig)]
    defaults = asdict(TwinConfig(owner="alice"))
    assert options == {
        name: list(value) if isinstance(value, tuple) else value for name, value in defaults.items()
    }
    assert parse_config(options) == TwinConfig(owner="alice")


def test_every_option_of_the_module_is_explained(root: Path) -> None:
    paragraphs = (root / "config/twin.yaml").read_text().strip().split("\n\n")[1:]
    assert len(paragraphs) == len(fields(TwinConfig))
    for paragraph in paragraphs:
        *explanation, option = paragraph.splitlines()
        assert explanation
        assert all(line.startswith("# ") for line in explanation)
        assert not option.startswith("#")


def test_python_takes_the_template_of_the_log(root: Path) -> None:
    # In a process of its own: it replaces the handlers of whoever takes it.
    program = (
        "import logging, logging.config, sys, yaml\n"
        "logging.config.dictConfig(yaml.safe_load(open(sys.argv[1])))\n"
        "logging.getLogger('twin_module.x').info('the twin is heard')\n"
        "logging.getLogger('synapse.x').info('synapse is not')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(root / "config/log.yaml")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.endswith("INFO twin_module.x: the twin is heard\n")
    assert "synapse is not" not in done.stderr


def test_the_file_handler_that_is_commented_can_be_used(root: Path, tmp_path: Path) -> None:
    text = (root / "config/log.yaml").read_text().replace(PLACE, str(tmp_path))
    begin = text.index("  # file:")
    end = text.index("\n\n", begin)
    shown = text[begin:end].replace("  # ", "  ")
    config = yaml.safe_load(text[:begin] + shown + text[end:].replace("[console]", "[file]"))
    (tmp_path / "log.yaml").write_text(yaml.safe_dump(config))
    program = (
        "import logging, logging.config, sys, yaml\n"
        "logging.config.dictConfig(yaml.safe_load(open(sys.argv[1])))\n"
        "logging.getLogger('synapse').warning('heard')\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "log.yaml")], check=True)
    assert (tmp_path / "homeserver.log").read_text().endswith("WARNING synapse: heard\n")


def test_the_log_says_as_much_as_that_of_the_twins_on_this_machine(root: Path) -> None:
    template = yaml.safe_load((root / "config/log.yaml").read_text())
    assert template["loggers"] == LOG["loggers"]
    assert template["root"]["level"] == LOG["root"]["level"]
    assert template["formatters"] == LOG["formatters"]
