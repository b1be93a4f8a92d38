"""`scripts/page.py`: building the page on machines that have, or lack, what it takes."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Final

import pytest

pytestmark = pytest.mark.processes

ROOT: Final = Path(__file__).parents[2]
NODE: Final = """#!/bin/sh
echo v20.19.0
"""
NPM: Final = """#!/bin/sh
echo "$*" >> ../../asked
if [ "$1" = ci ]; then
    mkdir -p node_modules
elif [ "$2" = build ]; then
    mkdir -p "$5"
    cat src/main.ts > "$5/index.html"
fi
"""
"""Does of npm what the script relies on, and notes what it was asked for."""


class Project:
    """A copy of the script, in a project of its own with a page of one line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.web = folder / "twin_module" / "web"
        self.programs = folder / "programs"
        for each in (folder / "scripts", self.web / "src", self.programs):
            each.mkdir(parents=True)
        shutil.copy(ROOT / "scripts" / "page.py", folder / "scripts")
        (self.web / "package.json").write_text("{}")
        (self.web / "package-lock.json").write_text("{}")
        self.source = self.web / "src" / "main.ts"
        self.source.write_text("the first page")

    def has(self, name: str, program: str) -> None:
        """Put a program into the only folder that programs are looked for in."""
        path = self.programs / name
        path.write_text(program)
        path.chmod(0o755)

    def run(self, *wanted: str) -> subprocess.CompletedProcess[str]:
        """Run the script as the other scripts do."""
        return subprocess.run(
            [sys.executable, str(self.folder / "scripts" / "page.py"), *wanted],
            # Only what a program in sh needs is there, and what a test puts there.
            env={"PATH": f"{self.programs}:{self.folder / 'tools'}"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    @property
    def page(self) -> str | None:
        """What is served."""
        index = self.web / "built" / "index.html"
        return index.read_text() if index.exists() else None

    def asked(self) -> list[str]:
        """Return what npm was asked for since the last time."""
        path = self.folder / "asked"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines


@pytest.fixture
def bare(tmp_path: Path) -> Project:
    """The project on a machine without Node.js."""
    project = Project(tmp_path)
    (tmp_path / "tools").mkdir()
    for tool in ("mkdir", "cat"):
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / "tools" / tool).symlink_to(found)
    return project


@pytest.fixture
def project(bare: Project) -> Project:
    """The project on a machine that can build it."""
    bare.has("node", NODE)
    bare.has("npm", NPM)
    return bare


def assert_one_clear_line(result: subprocess.CompletedProcess[str], *words: str) -> None:
    assert result.returncode == 1
    [line] = result.stderr.strip().splitlines()
    assert "Traceback" not in result.stdout
    for word in words:
        assert word in line


def assert_goes_on(result: subprocess.CompletedProcess[str], *words: str) -> None:
    assert (result.returncode, result.stderr) == (0, "")
    line = result.stdout.strip().splitlines()[-1]
    for word in (*words, "works without it"):
        assert word in line


# Where all is as it should be


@pytest.mark.parametrize("wanted", ["build", "if-can"])
def test_a_page_is_built_once_for_its_sources(wanted: str, project: Project) -> None:
    first = project.run(wanted)
    assert (first.returncode, first.stderr) == (0, "")
    assert project.page == "the first page"
    assert [each.split()[0] for each in project.asked()] == ["ci", "run"]
    again = project.run(wanted)
    assert (again.returncode, again.stdout, project.asked()) == (0, "", [])


@pytest.mark.parametrize(
    "changed",
    [
        "src/main.ts",
        "src/new.ts",
        "public/icon.svg",
        "index.html",
        "package.json",
        "vite.config.ts",
    ],
)
def test_a_page_is_built_again_when_a_source_has_changed(changed: str, project: Project) -> None:
    project.run("build")
    project.asked()
    source = project.web / changed
    source.parent.mkdir(exist_ok=True)
    source.write_text("changed")
    assert project.run("build").returncode == 0
    assert [each.split()[0] for each in project.asked()] == ["run"]
    assert (project.page == "changed") is (changed == "src/main.ts")


def test_a_page_is_built_again_when_a_source_was_removed_or_renamed(project: Project) -> None:
    other = project.web / "src" / "other.ts"
    other.write_text("other")
    project.run("build")
    for change in (lambda: other.rename(other.with_name("named.ts")), project.source.touch):
        project.asked()
        change()
        project.run("build")
    # The second only has a new date.
    assert project.asked() == []
    other.with_name("named.ts").unlink()
    project.run("build")
    assert project.asked()


def test_tests_of_the_page_make_no_build_old(project: Project) -> None:
    project.run("build")
    project.asked()
    (project.web / "src" / "main.test.ts").write_text("a test")
    (project.web / "node_modules" / "anything.js").write_text("a package")
    project.run("build")
    assert project.asked() == []


def test_new_packages_are_installed_and_no_others(project: Project) -> None:
    project.run("build")
    project.asked()
    (project.web / "package-lock.json").write_text('{"new": 1}')
    project.run("build")
    assert [each.split()[0] for each in project.asked()] == ["ci", "run"]


def test_the_checks_are_run_whether_the_page_is_built_or_not(project: Project) -> None:
    project.run("build")
    project.asked()
    assert project.run("check").returncode == 0
    assert project.asked() == ["run check", "test"]


# Where something is missing


def test_without_node_there_is_one_clear_line(bare: Project) -> None:
    assert_one_clear_line(bare.run("build"), "Node.js 20.19 or later", "install")
    assert_one_clear_line(bare.run("check"), "Node.js 20.19 or later", "install")
    assert bare.page is None


def test_without_npm_there_is_one_clear_line(bare: Project) -> None:
    bare.has("node", NODE)
    assert_one_clear_line(bare.run("build"), "npm", "install")


def test_without_node_everything_else_goes_on(bare: Project) -> None:
    assert_goes_on(bare.run("if-can"), "Node.js 20.19 or later")


@pytest.mark.parametrize("version", ["v18.20.4", "v20.18.9", "", "nonsense"])
def test_a_node_that_is_too_old_is_named(version: str, project: Project) -> None:
    project.has("node", f"#!/bin/sh\necho {version}\n")
    assert_one_clear_line(project.run("build"), "20.19", version or "none", "newer")
    assert_goes_on(project.run("if-can"), "20.19", version or "none")
    assert project.asked() == []


@pytest.mark.parametrize("version", ["v20.19.0", "v20.20.2", "v22.1.0", "v100.0.0"])
def test_a_newer_node_will_do(version: str, project: Project) -> None:
    project.has("node", f"#!/bin/sh\necho {version}\n")
    assert project.run("build").returncode == 0


def test_a_page_that_is_built_needs_no_node(project: Project) -> None:
    project.run("build")
    (project.programs / "node").unlink()
    for wanted in ("build", "if-can"):
        result = project.run(wanted)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


# Where something fails


def failing(word: str) -> str:
    """Return an npm that fails at one of the things that it is asked for."""
    return f"""#!/bin/sh
case "$*" in *{word}*)
    echo "> a line that says nothing"
    echo "npm error 404 Not Found - that-package" >&2
    echo "npm error more of it" >&2
    exit 1
esac
{NPM.removeprefix("#!/bin/sh")}"""


@pytest.mark.parametrize(
    ("word", "doing"), [("ci", "installing what the page is built with"), ("build", "building")]
)
def test_what_fails_in_npm_is_one_clear_line_and_a_file(
    word: str, doing: str, project: Project
) -> None:
    project.has("npm", failing(word))
    log = project.folder / ".page.log"
    assert_one_clear_line(project.run("build"), doing, "404 Not Found - that-package", str(log))
    assert "a line that says nothing" in log.read_text()
    assert "more of it" in log.read_text()
    assert project.page is None
    # A twin is of use without its page.
    assert_goes_on(project.run("if-can"), doing, "404 Not Found - that-package", str(log))
    project.has("npm", NPM)
    assert project.run("build").returncode == 0
    assert project.page == "the first page"


def test_a_page_that_can_not_be_built_leaves_the_one_that_is_there(project: Project) -> None:
    project.run("build")
    project.source.write_text("a broken page")
    project.has("npm", failing("build"))
    assert project.run("build").returncode == 1
    assert project.page == "the first page"


def test_a_build_that_is_cut_off_leaves_the_one_that_is_there(project: Project) -> None:
    project.run("build")
    project.source.write_text("the second page")
    project.has("npm", NPM.replace('cat src/main.ts > "$5/index.html"', "kill -9 $PPID"))
    assert project.run("build").returncode == -9
    assert project.page == "the first page"
    project.has("npm", NPM)
    assert project.run("build").returncode == 0
    assert project.page == "the second page"


def test_a_build_that_was_cut_off_while_it_took_its_place_is_found_again(project: Project) -> None:
    project.run("build")
    (project.web / "built").rename(project.web / "built.old")
    project.source.write_text("a broken page")
    project.has("npm", failing("build"))
    assert project.run("build").returncode == 1
    assert project.page == "the first page"


def test_a_folder_that_can_not_be_written_is_one_clear_line(project: Project) -> None:
    (project.folder / ".page.lock").mkdir()
    assert_one_clear_line(project.run("build"), "can't be built in", str(project.web))


# With the real npm


def packed(files: dict[str, str]) -> bytes:
    """Return a package as npm publishes it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


@pytest.fixture
def with_npm(bare: Project) -> Project:
    """The project on a machine with Node.js and npm, with a package that runs a script if it may."""
    for name in ("node", "npm"):
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"no {name}: install it (on Debian: apt install npm)")
        bare.has(name, f'#!/bin/sh\nPATH="{os.environ["PATH"]}"\nexec "{found}" "$@"\n')
    scripts = dict.fromkeys(
        ("preinstall", "install", "postinstall", "prepare"),
        "node -e \"require('fs').writeFileSync(process.env.INIT_CWD + '/ran', '')\"",
    )
    package = {"name": "hostile", "version": "1.0.0", "scripts": scripts}
    (bare.web / "hostile.tgz").write_bytes(
        packed({"package.json": json.dumps(package), "index.js": "module.exports = 'a package'"})
    )
    wanted = {"hostile": "file:hostile.tgz"}
    (bare.web / "build.js").write_text(
        "const { mkdirSync, writeFileSync } = require('fs')\n"
        "const folder = process.argv[process.argv.indexOf('--outDir') + 1]\n"
        "mkdirSync(folder, { recursive: true })\n"
        "writeFileSync(`${folder}/index.html`, `built with ${require('hostile')}`)\n"
    )
    (bare.web / "package.json").write_text(
        json.dumps(
            {
                "name": "page",
                "version": "1.0.0",
                "dependencies": wanted,
                "scripts": {**scripts, "build": "node build.js"},
            }
        )
    )
    (bare.web / "package-lock.json").write_text(
        json.dumps(
            {
                "name": "page",
                "version": "1.0.0",
                "lockfileVersion": 3,
                "requires": True,
                "packages": {
                    "": {"name": "page", "version": "1.0.0", "dependencies": wanted},
                    "node_modules/hostile": {
                        "version": "1.0.0",
                        "resolved": "file:hostile.tgz",
                        "hasInstallScript": True,
                    },
                },
            }
        )
    )
    return bare


def test_packages_are_installed_and_none_of_their_scripts_is_run(with_npm: Project) -> None:
    result = with_npm.run("build")
    assert result.returncode == 0, result.stderr
    assert with_npm.page == "built with a package"
    assert not list(with_npm.folder.rglob("ran"))


def test_packages_that_are_not_those_of_the_lock_are_refused(with_npm: Project) -> None:
    told = json.loads((with_npm.web / "package.json").read_text())
    told["dependencies"]["another"] = "1.0.0"
    (with_npm.web / "package.json").write_text(json.dumps(told))
    assert_one_clear_line(with_npm.run("build"), "installing", "error")
    assert with_npm.page is None
