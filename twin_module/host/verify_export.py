"""`twin verify` of an export: every hash, the signature of the manifest, every proof in it.

Nothing is unpacked, and little is held in memory. What is not named by the manifest, or by a
file that it names, has no place in the archive.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from twin_module.core import export
from twin_module.core.canonical import moment, shown
from twin_module.core.export_check import ExportCheck, document_problem
from twin_module.core.verdict import Verdict, refused
from twin_module.host.container import Damaged, Member, Reader, whole
from twin_module.host.verify import parse

MAGIC: Final = b"PK\x03\x04"
MAX_WORDS: Final = 40
"""How many servers and keys are named one by one."""

Progress = Callable[[str], None]


class _Refused(Exception):
    """Why the archive proves nothing."""


def is_archive(path: Path) -> bool:
    """Tell whether a file is to be checked as an archive."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def verify_export(path: Path, progress: Progress = lambda _: None) -> Verdict:
    """Check a whole archive.

    Args:
        path: a file that can be read.
        progress: told how far it is, often.
    """
    try:
        with Reader(path) as reader:
            return _Verification(reader, progress).verdict()
    except (Damaged, _Refused) as error:
        return refused(f"The archive can't be trusted: {error}.")


class _Verification:
    """One archive that is being checked."""

    def __init__(self, reader: Reader, progress: Progress) -> None:
        self._reader = reader
        self._progress = progress
        self._check = ExportCheck()
        self._files: dict[str, Member] = {}
        """Those that the manifest names."""

    def verdict(self) -> Verdict:
        manifest = self._check_files()
        for where, line in self._lines(export.KEYS):
            _expect(where, self._check.take_keys(line))
        problem, words = self._check.manifest_words(manifest)
        if problem:
            raise _Refused(
                f"its manifest is not signed by {shown(manifest['twin'])}. {problem}".rstrip(".")
            )
        for name, take in (
            (export.MISSING, self._check.take_missing),
            (export.ROOMS, self._check.take_room),
        ):
            for where, line in self._lines(name):
                _expect(where, take(line))
        self._check_objects(manifest)
        problems = self._check.count_problems(manifest["counts"])
        return refused(*problems) if problems else self._in_words(manifest, words)

    # Files and hashes

    def _check_files(self) -> Mapping[str, Any]:
        """Check that the archive holds what its manifest names, with those hashes, and nothing else."""
        members = self._reader.members()
        first = next(members, None)
        if first is None or first.name != export.MANIFEST or first.size > export.MAX_MANIFEST_BYTES:
            raise _Refused("it does not begin with a manifest")
        manifest: dict[str, Any] = _parsed(whole(self._reader.chunks(first)), export.MANIFEST)
        problem = export.manifest_problem(manifest)
        if problem:
            raise _Refused(f"its manifest {problem}")
        for name, entry in sorted(manifest["files"].items()):
            member = self._take(members, name, entry)
            self._files[name] = member
            if name == export.DOCUMENTS:
                for where, line in self._lines(name):
                    _expect(where, self._check.take_document(line))
                    self._take(members, line["path"], line)
            if name == export.MEDIA:
                for where, line in self._lines(name):
                    known = export.is_file(line) and self._check.has_media(line)
                    _expect(where, self._check.take_media(line))
                    if not known:
                        self._take(members, line["path"], line)
        extra = next(members, None)
        if extra is not None:
            raise _Refused(f"{extra.name} is in it, or in a place of it, where nothing names it")
        return manifest

    def _take(self, members: Iterator[Member], name: str, entry: Mapping[str, Any]) -> Member:
        member = next(members, None)
        if member is None or member.name != name:
            raise _Refused(f"{name} is not in its place")
        if member.size != entry["size"]:
            raise _Refused(f"{name} has another size than is said of it")
        digest = hashlib.sha256()
        for data in self._reader.chunks(member):
            digest.update(data)
        if digest.hexdigest() != entry["sha256"]:
            raise _Refused(f"{name} has another hash than is said of it: it was changed")
        self._progress(f"checking files: {name}")
        return member

    def _lines(self, name: str) -> Iterator[tuple[str, Any]]:
        """Yield the lines of a file, each with the words for where it stands."""
        lines = self._reader.lines(self._files[name], export.MAX_LINE_BYTES)
        for number, data in enumerate(lines, 1):
            where = f"line {number} of {name}"
            yield where, _parsed(data, where)

    # Objects

    def _check_objects(self, manifest: Mapping[str, Any]) -> None:
        documents = self._lines(export.DOCUMENTS)
        total = manifest["counts"]["objects"]
        for name in export.parts_of(manifest):
            for where, line in self._lines(name):
                _expect(where, self._check.take_object(line))
                if "document" in line:
                    _, document = next(documents, (None, None))
                    _expect(where, document_problem(line, document))
                done = self._check.counts["objects"]
                if done % 100 == 0:
                    self._progress(f"checking objects: {done} of {total}")
        if next(documents, None) is not None:
            raise _Refused(f"{export.DOCUMENTS} names a document that is of no object")

    # In words

    def _in_words(self, manifest: Mapping[str, Any], signed: list[str]) -> Verdict:
        check, counts = self._check, manifest["counts"]
        proven = counts["objects"] - check.unproven
        says = [
            f"It is an export of the twin {manifest['twin']}, whose owner is {manifest['owner']}.",
            f"It was begun at {moment(manifest['created'])} and signed at {moment(manifest['signed_ts'])}, says the twin.",
            *signed,
            "Every file in it is as it was when the twin signed the manifest, and there is no other.",
            f"{proven} objects are proven each by itself: their authors' servers signed them, with exactly this content.",
            f"Documents with their texts in it: {counts['documents']}; other files: {counts['media']}. Those that a proven object points to are the ones that it means.",
            f"It is proven who made {check.made} of {counts['rooms']} rooms.",
            *_few(sorted(words for _, words in check.signers if words not in signed), "keys"),
        ]
        not_proven = [
            *_few(
                [check.whose(each) for each in sorted({*check.servers(), manifest["twin"]})],
                "servers",
            ),
            "That it is everything: what the twin left out can't be seen here.",
            "That the times are true, and that the objects are the newest: it is how the twin saw them.",
            "Who is in the rooms, names, settings, and media that no object points to: that is the word of this twin alone.",
        ]
        if check.unproven:
            not_proven.append(f"{check.unproven} objects, which say why in the field unproven.")
        if counts["missing"]:
            not_proven.append(
                f"{counts['missing']} files that it lacks; {export.MISSING} names them."
            )
        return Verdict(says=tuple(says), not_proven=tuple(not_proven))


def _few(sentences: list[str], what: str) -> list[str]:
    more = len(sentences) - MAX_WORDS
    return [*sentences[:MAX_WORDS], *([f"There are {more} more {what}."] if more > 0 else [])]


def _expect(where: str, problem: str | None) -> None:
    if problem:
        raise _Refused(f"{where} {problem}".rstrip("."))


def _parsed(data: bytes, what: str) -> Any:
    try:
        return parse(data)
    except (ValueError, RecursionError):
        raise _Refused(f"{what} is not JSON") from None
