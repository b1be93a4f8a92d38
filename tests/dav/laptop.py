"""Somebody's computer with vdirsyncer, khal, todoman and khard, which keep folders of files."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from twin_module.testing.dav import Dav

PROGRAMS: Final = ("vdirsyncer", "khal", "todoman", "khard")


def missing() -> list[str]:
    """Return which of the programs are not installed."""
    return [each for each in PROGRAMS if shutil.which(each) is None]


class Laptop:
    """The programs, set up for one server."""

    def __init__(self, home: Path, dav: Dav) -> None:
        self.home = home
        self._dav = dav
        self.calendars = home / "calendars"
        self.people = home / "people"
        for name, text in {
            "khal/config": KHAL.format(path=self.calendars),
            "todoman/config.py": TODOMAN.format(path=self.calendars, cache=home / "todoman.db"),
            "khard/khard.conf": "",
        }.items():
            file = home / ".config" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        for folder in (self.calendars, self.people):
            folder.mkdir(exist_ok=True)

    def set_up(self, pairs: Mapping[str, Sequence[str]]) -> None:
        """Tell vdirsyncer what to sync: names of collections, or from which side to take all."""
        text = f'[general]\nstatus_path = "{self.home / "status"}"\n'
        dav = self._dav
        for pair, collections in pairs.items():
            kind, ending, metadata = KINDS[pair]
            text += (
                f'[pair {pair}]\na = "{pair}_here"\nb = "{pair}_there"\n'
                f"collections = {json.dumps(collections)}\nmetadata = {json.dumps(metadata)}\n"
                f'[storage {pair}_here]\ntype = "filesystem"\npath = "{self.home / pair}"\n'
                f'fileext = "{ending}"\n'
                f'[storage {pair}_there]\ntype = "{kind}"\nurl = "{dav.url}{dav.root}"\n'
                f'username = "{dav.username}"\npassword = "{dav.password}"\n'
            )
        file = self.home / ".config" / "vdirsyncer" / "config"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def start(self, *command: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program to its end."""
        environment = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            # Debian's programs are no part of this environment.
            "PYTHONNOUSERSITE": "1",
        }
        return subprocess.run(
            [shutil.which(command[0]) or command[0], *command[1:]],
            env=environment,
            cwd=self.home,
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def run(self, *command: str, typed: str = "") -> str:
        """Run a program that has to succeed, and return what it printed."""
        done = self.start(*command, typed=typed)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def knows(self, *, calendars: Sequence[str] = (), people: Sequence[str] = ()) -> None:
        """Learn of calendars and address books by name, and fetch them."""
        pairs = {"calendars": calendars, "people": people}
        self.set_up({pair: names for pair, names in pairs.items() if names})
        self.run("vdirsyncer", "discover", typed="y\n" * 20)
        self.sync()

    def discover(self) -> None:
        """Learn which calendars and address books there are, and make those that are missing."""
        self.set_up(dict.fromkeys(KINDS, ("from a", "from b")))
        self.run("vdirsyncer", "discover", typed="y\n" * 5000)

    def sync(self) -> None:
        """Bring both sides to one state."""
        self.run("vdirsyncer", "sync")

    def khal(self, *command: str, typed: str = "") -> str:
        """Run khal."""
        return self.run("khal", *command, typed=typed)

    def agenda(self, calendar: str) -> list[str]:
        """Return the titles of a calendar's events of the week from 7 January 2030 on."""
        form = ("--format", "{title}", "--day-format", "")
        said = self.khal("list", "-a", calendar, *form, "2030-01-07", "7d")
        return sorted(line for line in said.splitlines() if line.strip())

    def tasks(self, *options: str) -> str:
        """Return todoman's list."""
        return self.run("todoman", "list", *options)

    def khard(self, book: str, *command: str, typed: str = "") -> str:
        """Run khard with one address book."""
        text = KHARD.format(book=book, path=self.people / book)
        (self.home / ".config" / "khard" / "khard.conf").write_text(text)
        return self.run("khard", *command, typed=typed)

    def files(self, folder: Path) -> list[Path]:
        """Return the entries in a folder."""
        return sorted(each for each in folder.iterdir() if each.suffix in (".ics", ".vcf"))

    def texts(self, folder: Path) -> Sequence[str]:
        """Return what the entries in a folder say."""
        return [each.read_text() for each in self.files(folder)]


KINDS: Final[Mapping[str, tuple[str, str, Sequence[str]]]] = {
    "calendars": ("caldav", ".ics", ("displayname", "color")),
    "people": ("carddav", ".vcf", ("displayname",)),
}
"""Type, ending of files, and what is told of collections, by pair."""
KHAL: Final = """
[calendars]
[[all]]
path = {path}/*
type = discover
[locale]
local_timezone = UTC
default_timezone = UTC
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
"""
TODOMAN: Final = """
path = "{path}/*"
cache_path = "{cache}"
date_format = "%Y-%m-%d"
time_format = "%H:%M"
"""
KHARD: Final = """
[addressbooks]
[[{book}]]
path = {path}
[general]
editor = true
merge_editor = true
[vcard]
preferred_version = 3.0
"""
