"""`twin export`: everything of a running twin in one archive that can be read without us.

Format: `docs/export.md`. What is signed is checked here, not in the twin, which goes on serving.
"""

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from twin_module.core import export
from twin_module.core.canonical import canonical_problem, shown
from twin_module.core.export_check import ExportCheck, document_problem
from twin_module.core.keys import MAX_DOCUMENTS, known_keys
from twin_module.core.layout import Kind
from twin_module.core.proof import FORMAT as PROOF, verify_among, verify_room
from twin_module.host.client import Refused, TwinClient
from twin_module.host.container import Writer
from twin_module.host.errors import HostError
from twin_module.host.export_folder import ARCHIVE, ExportFolder
from twin_module.host.export_readme import README
from twin_module.host.progress import Progress
from twin_module.rooms import CAPABILITIES

NOT_TO_BE_HAD: Final = (400, 403, 404, 413, 502, 504)
"""How a twin answers that it lacks something; all else (it is starting, it failed) ends an export."""


def make_export(client: TwinClient, archive: Path, progress: Progress) -> Mapping[str, int]:
    """Make an archive, or go on with one that was cut, and return what it counts.

    Raises:
        HostError: the twin does not answer, or the files can't be written.
    """
    partial = archive.with_name(f"{archive.name}.partial")
    if archive.exists() and not partial.exists():
        raise HostError(f"{archive} is there already; choose another name.")
    try:
        folder = ExportFolder(partial)
        try:
            counts = _Export(client, folder, progress).run(archive)
            folder.remove()
        finally:
            folder.close()
    except Refused as error:
        raise HostError(
            f"The twin refuses: {shown(str(error))} Run this again later, it goes on where it was."
        ) from None
    except OSError as error:
        raise HostError(f"{archive} can't be written: {error.strerror}.") from None
    return counts


class _Export:
    """One export."""

    def __init__(self, client: TwinClient, folder: ExportFolder, progress: Progress) -> None:
        self._client = client
        self._folder = folder
        self._progress = progress
        self._check = ExportCheck()
        self._owner = client.facts.owner
        self._server = self._owner.partition(":")[2]
        self._servers: set[str] = set()
        self._rooms: set[str] = set()
        self._urls: set[str] = set()
        """Of files that were asked for."""
        self._paths: dict[bytes, str] = {}
        """The ends of the paths of files, by hash."""
        self._texts = {
            event.type: event.long_text
            for capability in CAPABILITIES
            for event in capability.events
            if event.long_text
        }

    @property
    def _journal(self) -> dict[str, Any]:
        return self._folder.journal

    def run(self, archive: Path) -> Mapping[str, int]:
        """Do what is still to be done."""
        if self._journal["stage"] == "packed" and archive.exists():
            return self._counts()
        if archive.exists():
            raise HostError(f"{archive} is there already; choose another name.")
        self._remember()
        if self._journal.get("owner", self._owner) != self._owner:
            raise HostError(f"{self._folder.path} is of another twin; choose another name.")
        steps = {
            None: self._begin,
            "rooms": self._take_rooms,
            "objects": self._take_objects,
            "files": self._take_files,
            "manifest": self._sign,
        }
        while (step := steps.get(self._journal["stage"])) is not None:
            step()
        self._pack(archive)
        return self._counts()

    def _remember(self) -> None:
        for line in self._folder.lines(export.KEYS):
            self._learn(line)
        for name in (export.MEDIA, export.MISSING):
            for line in self._folder.lines(name):
                self._urls.add(line["url"])
                if name == export.MEDIA:
                    self._paths[bytes.fromhex(line["sha256"])] = line["path"]
        self._rooms.update(line["room_id"] for line in self._folder.lines(export.ROOMS))

    def _count(self, **more: int) -> dict[str, int]:
        counts = dict.fromkeys(export.COUNTS, 0) | self._journal.get("counts", {})
        return {name: number + more.get(name, 0) for name, number in counts.items()}

    def _counts(self) -> dict[str, int]:
        return self._count()

    def _add(self, name: str, line: Mapping[str, Any], count: str) -> None:
        self._folder.add(name, line)
        self._journal["counts"] = self._count(**{count: 1})

    def _asked(self, path: str) -> Any:
        """Return what the twin shows, None where it has none."""
        try:
            return self._client.get(path)
        except Refused as error:
            if error.status in NOT_TO_BE_HAD:
                return None
            raise

    def _page(self, path: str) -> Any:
        token = self._journal["from"]
        return self._client.get(path, **({"from": token} if token else {}))

    # Whose twin it is

    def _begin(self) -> None:
        card = self._client.get("card")
        if card["owner"] != self._owner:
            raise HostError(f"The twin that answers is not that of {self._owner}.")
        about = {"card": card, "settings": self._client.get("settings")}
        self._folder.write(export.TWIN, _readable(about))
        self._folder.write(export.README, README.encode())
        for name in (export.KEYS, export.ROOMS, export.DOCUMENTS, export.MEDIA, export.MISSING):
            self._folder.touch(name)
        self._folder.commit(stage="rooms", owner=self._owner, created=int(time.time() * 1000))

    def _keys_of(self, server: str) -> None:
        """Have the keys of a server in the export, where they are to be had."""
        if server in self._servers or not server:
            return
        self._servers.add(server)
        found = self._asked(f"export/keys/{quote(server, safe='')}")
        if found is None:
            self._check.keys.learn(known_keys([], server))
            return
        documents = sorted(found["documents"], key=_until, reverse=True)[:MAX_DOCUMENTS]
        line = {"server_name": server, "documents": documents}
        if canonical_problem(line, export.MAX_LINE_BYTES) is None:
            # The twin's own are written with the manifest: a day later they are valid no more.
            if server != self._server:
                self._folder.add(export.KEYS, line)
            self._learn(line)

    def _learn(self, line: Mapping[str, Any]) -> None:
        self._servers.add(line["server_name"])
        self._check.keys.learn(known_keys(line["documents"], line["server_name"]))

    # Rooms

    def _take_rooms(self) -> None:
        found = {
            room["room_id"]
            for kind in Kind
            for room in self._client.get("collections", kind=kind.value)["collections"]
        }
        for number, room_id in enumerate(sorted(found - self._rooms), 1):
            self._room(room_id)
            self._progress.say(f"rooms: {len(self._rooms)} of {len(found)}")
            if number % 50 == 0:
                self._folder.commit()
        self._folder.commit(stage="objects", **{"from": None})

    def _room(self, room_id: str) -> bool:
        """Have a room in the export; tell whether the twin is still in it."""
        if room_id in self._rooms:
            return True
        room = self._asked(f"export/rooms/{quote(room_id, safe='')}")
        if room is None:
            return False
        create = room.pop("create")
        if create is not None:
            self._keys_of(str(create["event"].get("sender")).partition(":")[2])
            if not verify_room(room_id, {**create, "format": PROOF}, self._check.keys):
                room["create"] = create
        self._add(export.ROOMS, room, "rooms")
        self._rooms.add(room_id)
        return True

    # Objects

    def _take_objects(self) -> None:
        page = self._page("export/objects")
        for each in page["objects"]:
            if self._room(each["room_id"]):
                self._object(each)
        self._say()
        following = page.get("next_batch")
        if following is None:
            self._folder.commit(stage="files", **{"from": None})
        else:
            self._folder.commit(**{"from": following})

    def _object(self, each: dict[str, Any]) -> None:
        for entry in (each, *each["parents"]):
            self._keys_of(str(entry["event"].get("sender")).partition(":")[2])
        verdict, _ = verify_among({**each, "format": PROOF}, self._check.keys)
        if verdict.problems:
            each["unproven"] = list(verdict.problems)
        content = each["event"].get("content")
        for pointer in export.pointers(content):
            self._file(pointer.url, pointer.mimetype, pointer.digest)
        if isinstance(content, dict):
            self._document(each, content)
        self._folder.add_object(each)
        self._journal["counts"] = self._count(objects=1, unproven=int("unproven" in each))

    def _document(self, each: dict[str, Any], content: Mapping[str, Any]) -> None:
        """Write the text of an object as a file of its own."""
        long_text = self._texts.get(each["type"])
        if long_text is None:
            return
        text, field = content.get(long_text.field), long_text.field
        number = self._count()["documents"] + 1
        path = export.document_path(number, str(each.get("title", "")))
        if isinstance(text, str):
            try:
                data = text.encode()
            except UnicodeEncodeError:
                return
            self._folder.write(path, data)
        else:
            field = long_text.pointer
            pointer = next(export.pointers(content.get(field)), None)
            if pointer is None or pointer.digest not in self._paths:
                return
            self._folder.copy(self._paths[pointer.digest], path)
        entry = self._folder.entry(path)
        document: dict[str, Any] = {"path": path, **entry, "event_id": each["event_id"]}
        each["document"] = {"path": path, "field": field, "sha256": entry["sha256"]}
        if document_problem(each, document):
            del each["document"]
            return
        for name in ("room_id", "type", "uid", "title"):
            document[name] = each.get(name)
        self._add(export.DOCUMENTS, document, "documents")

    # Files

    def _take_files(self) -> None:
        page = self._page("export/files")
        for each in page["files"]:
            self._file(each["url"], each["mimetype"], None)
        self._say()
        following = page.get("next_batch")
        if following is None:
            self._folder.commit(stage="manifest")
        else:
            self._folder.commit(**{"from": following})

    def _file(self, url: str, mimetype: str | None, digest: bytes | None) -> None:
        """Have a file in the export, or the reason why it is not."""
        if url in self._urls:
            return
        self._urls.add(url)
        if digest in self._paths:
            return
        try:
            new, sha256, size = self._folder.write_chunks(
                self._client.download(url), export.MAX_FILE_BYTES
            )
        except ValueError as error:
            self._miss(url, str(error))
            return
        except Refused as error:
            if error.status not in NOT_TO_BE_HAD:
                raise
            self._miss(url, str(error))
            return
        found = bytes.fromhex(sha256)
        if digest is not None and found != digest:
            self._miss(url, "It is not the file that the object points to.")
            return
        path = self._paths.setdefault(found, export.media_path(sha256, mimetype))
        new.replace(self._folder.path / path)
        line = {"path": path, "sha256": sha256, "size": size, "url": url}
        self._add(export.MEDIA, {**line, **({"mimetype": mimetype} if mimetype else {})}, "media")

    def _miss(self, url: str, reason: str) -> None:
        self._add(export.MISSING, {"url": url, "reason": reason}, "missing")

    def _say(self) -> None:
        counts = self._counts()
        self._progress.say(
            f"objects: {counts['objects']}, documents: {counts['documents']}, "
            f"files: {counts['media']}"
        )

    # The archive

    def _sign(self) -> None:
        own = self._client.get(f"export/keys/{quote(self._server, safe='')}")
        self._folder.add(export.KEYS, own)
        self._learn(own)
        self._folder.flush()
        names = [*export.ALWAYS, *(name for name in self._journal["lengths"] if "-" in name)]
        manifest = {
            "format": export.FORMAT,
            "twin": self._server,
            "owner": self._owner,
            "created": self._journal["created"],
            "files": {name: self._folder.entry(name) for name in sorted(names)},
            "counts": self._counts(),
        }
        signed = self._client.post("export/manifest", manifest)
        problem, _ = self._check.manifest_words(signed)
        if problem:
            raise HostError(f"The twin signed something that can't be checked: {problem}")
        self._folder.write(export.MANIFEST, _readable(signed))
        self._folder.commit(stage="pack")

    def _pack(self, archive: Path) -> None:
        unfinished = self._folder.path / ARCHIVE
        with Writer(unfinished) as writer:
            for number, name in enumerate(self._names()):
                with (self._folder.path / name).open("rb") as source:
                    writer.add(name, source)
                if number % 100 == 0:
                    self._progress.say(f"packing: {name}")
            writer.finish()
        self._folder.commit(stage="packed")
        unfinished.replace(archive)

    def _names(self) -> Iterator[str]:
        """Yield what is in the archive, in order."""
        manifest = json.loads((self._folder.path / export.MANIFEST).read_text())
        yield export.MANIFEST
        for name in sorted(manifest["files"]):
            yield name
            if name in (export.DOCUMENTS, export.MEDIA):
                seen: set[str] = set()
                for line in self._folder.lines(name):
                    if line["path"] not in seen:
                        yield line["path"]
                    if name == export.MEDIA:
                        seen.add(line["path"])


def _readable(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n"


def _until(document: Mapping[str, Any]) -> int:
    until = document.get("valid_until_ts")
    return until if isinstance(until, int) else 0
