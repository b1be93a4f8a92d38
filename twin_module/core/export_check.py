"""Whether the lines of an export's files fit together and prove what they say.

An `ExportCheck` is fed line by line, so that an export of any size needs little memory: it keeps
keys, room IDs and hashes of files. Lines come from strangers: nothing here raises.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from twin_module.core.canonical import shown
from twin_module.core.export import (
    MAX_MEDIA,
    MAX_ROOMS,
    MAX_SERVERS,
    is_document_path,
    is_file,
    is_media_path,
    pointers,
)
from twin_module.core.keys import decoded, key_in_words, known_keys, verify_with, whose_keys
from twin_module.core.proof import FORMAT, Keys, Signers, verify_among, verify_room

MAX_SIGNERS: Final = 10_000
_KEY: Final = ("room_id", "type", "uid")


class ExportCheck:
    """What was found so far in the files of one export."""

    def __init__(self) -> None:
        self.keys = Keys({})
        self.signers: set[tuple[str, str]] = set()
        """Servers that signed objects, each with the words about its key."""
        self.counts = dict.fromkeys(("documents", "media", "missing", "objects", "rooms"), 0)
        self.unproven = 0
        self.made = 0
        """How many rooms come with a proof of who made them."""
        self._servers: set[str] = set()
        self._rooms: set[str] = set()
        self._media: dict[bytes, str] = {}
        """The end of the path of each file, by its hash."""
        self._unanswered: set[str] = set()
        """The addresses of files that the export says it lacks."""
        self._last_object: tuple[str, ...] = ()
        self._last_document = ""

    def take_keys(self, line: Any) -> str | None:
        """Take the key documents of a server, and return what is wrong with the line."""
        server = line.get("server_name") if isinstance(line, dict) else None
        if not isinstance(server, str) or server in self._servers:
            return "names no server, or one that stood there before"
        if len(self._servers) >= MAX_SERVERS:
            return f"is the key documents of one server more than {MAX_SERVERS}"
        self._servers.add(server)
        self.keys.learn(known_keys(line.get("documents"), server))
        return None

    def take_room(self, line: Any) -> str | None:
        """Take a room."""
        room_id = line.get("room_id") if isinstance(line, dict) else None
        if not isinstance(room_id, str) or room_id in self._rooms:
            return "names no room, or one that stood there before"
        if len(self._rooms) >= MAX_ROOMS:
            return f"is one room more than {MAX_ROOMS}"
        self._rooms.add(room_id)
        self.counts["rooms"] += 1
        if line.get("create") is None:
            return None
        if not isinstance(line["create"], dict):
            return "has a create event that is none"
        self.made += 1
        problems = verify_room(room_id, {**line["create"], "format": FORMAT}, self.keys)
        return _not_proven(problems)

    def take_missing(self, line: Any) -> str | None:
        """Take the address of a file that the export lacks."""
        url = line.get("url") if isinstance(line, dict) else None
        if not isinstance(url, str):
            return "names no file"
        self._unanswered.add(url)
        self.counts["missing"] += 1
        return None

    def take_document(self, line: Any) -> str | None:
        """Take a document's file; each is in the archive behind the one before."""
        if not is_file(line) or not is_document_path(line.get("path")):
            return "does not name a file as it has to"
        if line["path"] <= self._last_document:
            return "names a file that stands before the one above"
        self._last_document = line["path"]
        self.counts["documents"] += 1
        return None

    def take_media(self, line: Any) -> str | None:
        """Take a file; one that stands twice is in the archive once."""
        if not is_file(line) or not isinstance(line.get("url"), str):
            return "does not name a file as it has to"
        if not is_media_path(line.get("path"), line["sha256"]):
            return "has a path that its hash does not give"
        digest, end = bytes.fromhex(line["sha256"]), line["path"].rpartition(".")[2]
        if self._media.setdefault(digest, end) != end:
            return "has another path than the same file before"
        if len(self._media) > MAX_MEDIA:
            return f"is one file more than {MAX_MEDIA}"
        self.counts["media"] += 1
        return None

    def has_media(self, line: Mapping[str, Any]) -> bool:
        """Tell whether the file of a line was taken before."""
        return bytes.fromhex(line["sha256"]) in self._media

    def take_object(self, line: Any) -> str | None:
        """Take an object, which has to be proven unless the line says why it is not."""
        if not isinstance(line, dict) or not all(isinstance(line.get(each), str) for each in _KEY):
            return "is no object of a room"
        key = (line["room_id"], line["type"], line["uid"])
        if key <= self._last_object:
            return "is an object that stands before the one above"
        self._last_object = key
        if line["room_id"] not in self._rooms:
            return f"is in the room {shown(line['room_id'])}, which is not in the export"
        self.counts["objects"] += 1
        if "unproven" in line:
            self.unproven += 1
            return None
        return self._object_problem(line, key)

    def _object_problem(self, line: Any, key: tuple[str, ...]) -> str | None:
        verdict, signers = verify_among({**line, "format": FORMAT}, self.keys)
        if verdict.problems:
            return _not_proven(verdict.problems)
        pdu = line["event"]
        if (pdu["room_id"], pdu["type"], pdu["state_key"]) != key:
            return "has the proof of another object"
        self._note(signers)
        for each in pointers(pdu["content"]):
            if each.digest not in self._media and each.url not in self._unanswered:
                return f"points to {shown(each.url)}, and that file is not in the export"
        return None

    def _note(self, signers: Signers) -> None:
        if len(self.signers) < MAX_SIGNERS:
            self.signers.update(
                (server, each)
                for server, signed in signers
                for each in key_in_words(server, signed)
            )

    def manifest_words(self, manifest: Mapping[str, Any]) -> tuple[str | None, list[str]]:
        """Return why a manifest is not signed by its twin, or else the words about the key."""
        twin = manifest["twin"]
        signed = verify_with(manifest, self.keys.of(twin), manifest["signed_ts"])
        if signed.problems:
            return " ".join(signed.problems), []
        return None, list(key_in_words(twin, signed))

    def count_problems(self, counted: Mapping[str, int]) -> list[str]:
        """Return where a manifest counts otherwise."""
        found = {**self.counts, "unproven": self.unproven}
        return [
            f"The manifest counts {counted[name]} of {name}, and there are {number}."
            for name, number in sorted(found.items())
            if counted[name] != number
        ]

    def servers(self) -> list[str]:
        """Return whose keys have to be compared with what they show themselves."""
        return sorted({server for server, _ in self.signers})

    def whose(self, server: str) -> str:
        """Say that no file can prove whose keys they are."""
        return whose_keys(server)


def document_problem(line: Mapping[str, Any], document: Any) -> str | None:
    """Return why a document's file is not the text of a proven object.

    Args:
        line: of the object, which names the document.
        document: the line of the file.
    """
    named = line["document"]
    if not isinstance(document, dict) or not isinstance(named, dict):
        return "names a document that is not there"
    if any(named.get(each) != document.get(each) for each in ("path", "sha256")):
        return "names a document that is not there, or another one is in its place"
    if "unproven" in line:
        return None
    digest = _text_digest(line["event"]["content"], named)
    if digest is None or digest.hex() != document["sha256"]:
        return "has a document that is not its text"
    return None


def _text_digest(content: Mapping[str, Any], named: Mapping[str, Any]) -> bytes | None:
    """Return the hash of an object's text, which stands in it or in a file that it points to."""
    field = named.get("field")
    found = content.get(field) if isinstance(field, str) else None
    if isinstance(found, str):
        return sha256(found.encode()).digest()
    if isinstance(found, dict) and isinstance(found.get("hashes"), dict):
        return decoded(found["hashes"].get("sha256"), 32)
    return None


def _not_proven(problems: tuple[str, ...]) -> str | None:
    return f"is not proven: {problems[0]}" if problems else None
