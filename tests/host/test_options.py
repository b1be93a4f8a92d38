"""The options of a host: each has a default, and each mistake is a sentence."""

from pathlib import Path

import pytest

from twin_module.host.errors import HostError
from twin_module.host.options import Door, HostOptions, read_options


def options(tmp_path: Path, text: str) -> HostOptions:
    path = tmp_path / "host.yaml"
    path.write_text(text)
    return read_options(path)


def test_without_a_file_and_with_an_empty_one_all_have_their_defaults(tmp_path: Path) -> None:
    assert read_options(tmp_path / "host.yaml") == HostOptions()
    assert options(tmp_path, "# nothing\n") == HostOptions()


def test_each_option_is_read(tmp_path: Path) -> None:
    assert options(
        tmp_path,
        """
        domain: example.org
        trust: family
        doors: [{port: 443, address: 0.0.0.0}, {port: 80, tls: false, server_name: a.example.org}]
        memory_mb: 600
        twins_per_shard: 10
        quiet_seconds: 60
        metrics: {port: 9100}
        """,
    ) == HostOptions(
        domain="example.org",
        trust="family",
        doors=(
            Door(port=443, address="0.0.0.0"),
            Door(port=80, tls=False, server_name="a.example.org"),
        ),
        memory_mb=600,
        twins_per_shard=10,
        quiet_seconds=60,
        metrics=Door(port=9100, tls=False),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- a", "a map of options"),
        ("{", "not YAML"),
        ("domian: x", "there is no option domian"),
        ("domain: 1", "domain has to be a text"),
        ("doors: {port: 1}", "a list of maps"),
        ("doors: [443]", "doors 0"),
        ("doors: [{port: 0}]", "from 1 to 65535"),
        ("doors: [{port: true}]", "whole number"),
        ("doors: [{port: 1, tls: 1}]", "true or false"),
        ("doors: [{port: 1, name: x}]", "server_name"),
        ("memory_mb: 1", "from 200"),
        ("memory_mb: 600.5", "whole number"),
        ("twins_per_shard: 26", "from 1 to 25"),
        ("metrics: {port: 9100, tls: true}", "without TLS"),
        ("metrics: 9100", "metrics may have"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_option(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(HostError) as refused:
        options(tmp_path, text)
    assert words in str(refused.value)
    assert "host.yaml" in str(refused.value)
