"""The package that people install: what is in it, and that it can be made without the page."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Final

import pytest

pytestmark = pytest.mark.processes

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (
    "index.html",
    "index.html.br",
    "worker.js",
    "assets/page-3xY_z-9.js",
    "assets/page-3xY_z-9.js.gz",
)
NO_PART_OF_IT: Final = ("node_modules", "built*", "__pycache__")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project in which the page is not built."""
    copy = tmp_path / "project"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    package = copy / "twin_module"
    shutil.copytree(ROOT / "twin_module", package, ignore=shutil.ignore_patterns(*NO_PART_OF_IT))
    for name in ("tool.js", "tool.py", "tool/__init__.py"):
        write(package / "web" / "node_modules" / name, "what the page is built with")
    return copy


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def build(project: Path) -> Path:
    """Stand in for the build of the page."""
    built = project / "twin_module" / "web" / "built"
    for name in PAGE:
        write(built / name, name)
    return built


def wheel(project: Path) -> set[str]:
    """Make the wheel as pip does, and return what is in it."""
    packed = project.parent / "wheels"
    result = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"),
            *("--no-index", "--wheel-dir", str(packed), str(project)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    [path] = packed.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def source_distribution(project: Path) -> set[str]:
    """Make the source distribution, and return what is in it."""
    making = "from setuptools.build_meta import build_sdist; build_sdist('sources')"
    result = subprocess.run(
        [sys.executable, "-c", making], cwd=project, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    [path] = (project / "sources").glob("*.tar.gz")
    with tarfile.open(path) as archive:
        return {each.name.partition("/")[2] for each in archive if each.isfile()}


def modules(project: Path) -> set[str]:
    """Return the Python files of the project."""
    found = (project / "twin_module").rglob("*.py")
    return {str(path.relative_to(project)) for path in found if "node_modules" not in path.parts}


def test_the_wheel_has_the_page_and_nothing_that_it_is_built_from(project: Path) -> None:
    build(project)
    page = {f"twin_module/web/built/{name}" for name in PAGE}
    assert wheel(project) == {*modules(project), "twin_module/py.typed", *page}


def test_a_source_distribution_has_the_page_as_well(project: Path) -> None:
    build(project)
    found = source_distribution(project)
    assert {f"twin_module/web/built/{name}" for name in PAGE} <= found
    assert modules(project) <= found
    assert not [name for name in found if "node_modules" in name or name.endswith(".ts")]


def test_without_the_page_all_else_is_packed(project: Path) -> None:
    assert wheel(project) == {*modules(project), "twin_module/py.typed"}
    assert modules(project) <= source_distribution(project)


def test_a_build_that_is_under_way_is_not_packed(project: Path) -> None:
    built = build(project)
    for name in ("built.new", "built.old"):
        shutil.copytree(built, built.with_name(name))
    assert not [name for name in wheel(project) if "built." in name]
