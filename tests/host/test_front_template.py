"""`config/host.yaml` has every option of a host, with its default, and explains it."""

from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from twin_module.host.options import Door, HostOptions, read_options

COMMENT = "# "


@pytest.fixture
def root() -> Path:
    """The folder of the project."""
    return Path(__file__).parents[2]


def test_every_option_of_the_host_stands_in_its_file_with_its_default(root: Path) -> None:
    template = root / "config/host.yaml"
    options = yaml.safe_load(template.read_text())
    assert list(options) == [each.name for each in fields(HostOptions)]
    assert read_options(template) == HostOptions()


def test_every_option_of_the_host_is_explained(root: Path) -> None:
    paragraphs = (root / "config/host.yaml").read_text().strip().split("\n\n")[1:]
    assert len(paragraphs) == len(fields(HostOptions))
    for paragraph in paragraphs:
        *explanation, option = paragraph.splitlines()
        assert explanation
        assert all(line.startswith(COMMENT) for line in explanation)
        assert not option.startswith("#")


def test_the_doors_that_are_shown_as_examples_can_be_opened(root: Path, tmp_path: Path) -> None:
    lines = (root / "config/host.yaml").read_text().splitlines()
    shown = [line.removeprefix("#   ") for line in lines if line.startswith("#   ")]
    path = tmp_path / "host.yaml"
    path.write_text("\n".join(shown))
    options = read_options(path)
    assert options.doors == (
        Door(port=443, address="0.0.0.0"),
        Door(port=8448, address="0.0.0.0"),
        Door(port=8080, tls=False),
    )
    assert options.metrics == Door(port=9100, tls=False)
    explained = "\n".join(lines)
    for each in fields(Door):
        assert f"`{each.name}`" in explained
