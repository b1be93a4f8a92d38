"""Exports: what is in one, and that nobody can change any of it."""

import io
import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from signedjson.sign import sign_json
from unpaddedbase64 import encode_base64

from tests.unit.test_proof import ALICE
from twin_module.core import export
from twin_module.core.export import document_path, manifest_problem, media_path, pointers
from twin_module.core.verdict import Verdict
from twin_module.host.container import Writer, is_safe
from twin_module.host.verify_export import verify_export
from twin_module.testing.bundles import NOON, ROOM, Signer

DOC = "org.digitaltwin.doc"
PICTURE = b"\x89PNG picture"
OTHERS = b"a file of the owner"


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def pointer(data: bytes) -> dict[str, Any]:
    return {
        "url": "mxc://alice.example/picture",
        "size": len(data),
        "hashes": {"sha256": encode_base64(sha256(data).digest())},
    }


class Made:
    """An export made by hand; what a test changes is packed and signed as if it belonged so."""

    def __init__(self) -> None:
        self.alice = Signer(ALICE)
        self.bob = Signer("@bob:bob.example")
        self.keys = [
            {"server_name": each.server, "documents": [each.document()]}
            for each in (self.alice, self.bob)
        ]
        self.rooms: list[dict[str, Any]] = [{"room_id": ROOM, "name": "Things"}]
        self.texts = {"short": b"# Short\n"}
        self.media = {"picture": PICTURE, "other": OTHERS}
        self.missing: list[dict[str, Any]] = [{"url": "mxc://bob.example/gone", "reason": "gone"}]
        self.objects = [
            self.object(self.alice, "notes", {"text": "# Short\n"}, "short"),
            self.object(self.bob, "photo", {"file": pointer(PICTURE)}),
            self.object(self.bob, "plain", {"title": "Bread"}),
        ]
        self.documents = [
            {
                "path": document_path(1, "short"),
                "sha256": digest(self.texts["short"]),
                "size": 8,
                "event_id": self.objects[0]["event_id"],
            }
        ]
        self.files = [self.file(name, data) for name, data in self.media.items()]
        self.counts = {
            "documents": 1,
            "media": 2,
            "missing": 1,
            "objects": 3,
            "rooms": 1,
            "unproven": 0,
        }
        self.changes: dict[str, Any] = {}
        self.extra: list[tuple[str, bytes]] = []

    @staticmethod
    def file(name: str, data: bytes) -> dict[str, Any]:
        return {
            "path": media_path(digest(data), None),
            "sha256": digest(data),
            "size": len(data),
            "url": f"mxc://alice.example/{name}",
        }

    @staticmethod
    def object(
        author: Signer, uid: str, content: dict[str, Any], document: str | None = None
    ) -> dict[str, Any]:
        entry = author.event(content, state_key=uid, type=DOC)
        line = {"room_id": ROOM, "type": DOC, "uid": uid, "room_version": "12", "parents": []}
        named = {
            "path": document_path(1, document or ""),
            "field": "text",
            "sha256": digest(str(content.get("text")).encode()),
        }
        return {**line, **entry, **({"document": named} if document else {})}

    def lines(self, several: list[dict[str, Any]]) -> bytes:
        return b"".join(json.dumps(each).encode() + b"\n" for each in several)

    def members(self) -> list[tuple[str, bytes]]:
        """Return everything in order, with a manifest that fits."""
        top = {
            export.README: b"Hello\n",
            export.DOCUMENTS: self.lines(self.documents),
            export.KEYS: self.lines(self.keys),
            export.MEDIA: self.lines(self.files),
            export.MISSING: self.lines(self.missing),
            export.ROOMS: self.lines(self.rooms),
            export.TWIN: b"{}\n",
            "objects-000001.jsonl": self.lines(self.objects[:2]),
            "objects-000002.jsonl": self.lines(self.objects[2:]),
        }
        manifest = {
            "format": export.FORMAT,
            "twin": self.alice.server,
            "owner": ALICE,
            "created": NOON,
            "signed_ts": NOON + 1000,
            "files": {
                name: {"sha256": digest(data), "size": len(data)} for name, data in top.items()
            },
            "counts": self.counts,
            **self.changes,
        }
        signed = sign_json(manifest, self.alice.server, self.alice.keys.signing)
        found = [(export.MANIFEST, json.dumps(signed).encode())]
        for name, data in sorted(top.items()):
            found.append((name, data))
            if name == export.DOCUMENTS:
                texts = zip(self.documents, self.texts.values(), strict=False)
                found += [(line["path"], text) for line, text in texts]
            if name == export.MEDIA:
                found += [
                    (line["path"], self.media[line["url"].rpartition("/")[2]])
                    for line in {each["path"]: each for each in self.files}.values()
                ]
        return found + self.extra


@pytest.fixture
def made() -> Made:
    return Made()


@pytest.fixture
def check(tmp_path: Path) -> Callable[[list[tuple[str, bytes]]], Verdict]:
    def checked(members: list[tuple[str, bytes]]) -> Verdict:
        path = tmp_path / "a.zip"
        with Writer(path) as writer:
            for name, data in members:
                writer.add(name, io.BytesIO(data))
            writer.finish()
        return verify_export(path)

    return checked


Check = Callable[[list[tuple[str, bytes]]], Verdict]


def test_an_export_is_explained(made: Made, check: Check) -> None:
    verdict = check(made.members())
    assert verdict.problems == ()
    said = " ".join(verdict.says)
    assert "of the twin alice.example, whose owner is @alice:alice.example" in said
    assert "3 objects are proven" in said
    for signer in (made.alice, made.bob):
        [key] = signer.document()["verify_keys"].values()
        assert key["key"] in said
    assert "1 files that it lacks" in " ".join(verdict.not_proven)


# Changes by somebody who can't sign for the twin


@pytest.mark.parametrize("number", range(13))
def test_no_file_can_be_changed(number: int, made: Made, check: Check) -> None:
    members = made.members()
    assert len(members) == 13
    name, data = members[number]
    changed = data.replace(b"e", b"f", 1) if b"e" in data else data + b"\n"
    assert changed != data
    members[number] = (name, changed)
    assert not check(members).proven


@pytest.mark.parametrize("number", range(13))
def test_no_file_can_be_left_out_or_stand_twice(number: int, made: Made, check: Check) -> None:
    members = made.members()
    assert not check(members[:number] + members[number + 1 :]).proven
    assert not check([*members[: number + 1], *members[number:]]).proven


def test_no_file_can_be_added(made: Made, check: Check) -> None:
    for name in ("documents/0000002.md", "zzz", "objects-000003.jsonl", "a/b"):
        assert not check([*made.members(), (name, b"")]).proven
        assert not check([(name, b""), *made.members()]).proven


def test_a_manifest_that_somebody_else_signed_is_refused(made: Made, check: Check) -> None:
    (name, data), *rest = made.members()
    manifest = json.loads(data)
    del manifest["signatures"]
    own = {**manifest, "signatures": {}}
    swapped = sign_json(dict(manifest), made.alice.server, made.bob.keys.signing)
    foreign = sign_json(dict(manifest), made.bob.server, made.bob.keys.signing)
    for forged in (manifest, own, swapped, foreign):
        verdict = check([(name, json.dumps(forged).encode()), *rest])
        assert "manifest is not signed by alice.example" in " ".join(verdict.problems)


def test_a_manifest_of_a_key_that_was_given_up_is_refused(made: Made, check: Check) -> None:
    made.changes = {"signed_ts": made.alice.document()["valid_until_ts"] + 1}
    assert "was valid until" in " ".join(check(made.members()).problems)


# Changes by a twin that lies


def forged_content(made: Made) -> None:
    made.objects[2]["event"]["content"]["title"] = "Butter"


def forged_sender(made: Made) -> None:
    made.objects[2]["event"]["sender"] = ALICE


def another_uid(made: Made) -> None:
    made.objects[2]["uid"] = "zz"


def another_room(made: Made) -> None:
    made.objects[2]["room_id"] = "!zz"
    made.rooms.append({"room_id": "!zz"})
    made.counts["rooms"] = 2


def unknown_room(made: Made) -> None:
    made.rooms[0]["room_id"] = "!other"


def same_object_twice(made: Made) -> None:
    made.objects.append(made.objects[2])
    made.counts["objects"] = 4


def no_key(made: Made) -> None:
    made.keys.pop()


def foreign_key(made: Made) -> None:
    made.keys[1] = {"server_name": "bob.example", "documents": [made.alice.document()]}


def two_keys(made: Made) -> None:
    made.keys.append(made.keys[0])


def another_text(made: Made) -> None:
    made.texts["short"] = b"# Forged"
    made.documents[0] |= {"sha256": digest(b"# Forged"), "size": 8}
    made.objects[0]["document"]["sha256"] = digest(b"# Forged")


def text_of_another_field(made: Made) -> None:
    made.objects[0]["document"]["field"] = "title"


def text_that_no_object_has(made: Made) -> None:
    del made.objects[0]["document"]


def text_that_is_not_there(made: Made) -> None:
    made.documents.clear()
    made.texts.clear()
    made.counts["documents"] = 0


def picture_left_out(made: Made) -> None:
    made.files.pop(0)
    made.counts["media"] = 1


def another_picture(made: Made) -> None:
    made.media["picture"] = b"forged"
    made.files[0] = made.file("picture", b"forged")


def wrong_counts(made: Made) -> None:
    made.counts["objects"] = 4


def room_of_somebody_else(made: Made) -> None:
    entry = made.bob.event({"room_version": "12"}, type="m.room.create", state_key="")
    made.rooms[0]["create"] = {**entry, "room_version": "12"}


def path_out_of_the_folder(made: Made) -> None:
    made.documents[0]["path"] = made.objects[0]["document"]["path"] = "documents/x.md"


def another_size(made: Made) -> None:
    made.documents[0]["size"] = 9


def media_under_another_hash(made: Made) -> None:
    made.files[1]["path"] = media_path("0" * 64, None)


def strange_lines(made: Made) -> None:
    made.rooms.append([])  # type: ignore[arg-type]  # what a hostile file has


LIES = {
    forged_content: "what it says was changed",
    forged_sender: "the hash that makes an event's ID is another one",
    another_uid: "has the proof of another object",
    another_room: "has the proof of another object",
    unknown_room: "which is not in the export",
    same_object_twice: "stands before the one above",
    no_key: "in no sound key document of bob.example",
    foreign_key: "in no sound key document of bob.example",
    two_keys: "one that stood there before",
    another_text: "has a document that is not its text",
    text_of_another_field: "has a document that is not its text",
    text_that_no_object_has: "names a document that is of no object",
    text_that_is_not_there: "names a document that is not there",
    picture_left_out: "that file is not in the export",
    another_picture: "that file is not in the export",
    wrong_counts: "counts 4 of objects",
    room_of_somebody_else: "is not that of",
    path_out_of_the_folder: "does not name a file",
    another_size: "has another size than is said of it",
    media_under_another_hash: "has a path that its hash does not give",
    strange_lines: "line 2 of rooms.jsonl names no room",
}


@pytest.mark.parametrize(("lie", "reason"), list(LIES.items()))
def test_not_even_the_twin_that_signs_can_forge(
    lie: Callable[[Made], None], reason: str, made: Made, check: Check
) -> None:
    lie(made)
    [problem] = check(made.members()).problems
    assert reason in problem


def test_what_is_not_proven_has_to_say_so_and_is_counted(made: Made, check: Check) -> None:
    forged_content(made)
    made.objects[2]["unproven"] = ["It was redacted."]
    made.counts["unproven"] = 1
    verdict = check(made.members())
    assert verdict.problems == ()
    assert "2 objects are proven" in " ".join(verdict.says)
    assert "1 objects, which say why" in " ".join(verdict.not_proven)


def test_a_file_may_have_two_addresses(made: Made, check: Check) -> None:
    made.files.append({**made.files[0], "url": "mxc://alice.example/picture2"})
    made.media["picture2"] = PICTURE
    made.counts["media"] = 3
    assert check(made.members()).problems == ()


# Lines of strangers


def broken() -> Iterator[Any]:
    yield from (None, [], 1, "x", {}, {"path": 1}, {"sha256": "0"}, {"url": []})
    yield {"sha256": "0" * 64, "size": True, "path": "documents/0000009.md", "url": "x"}
    yield {"sha256": "0" * 64, "size": -1, "path": "documents/0000009.md", "url": "x"}
    yield {"room_id": ROOM, "type": DOC, "uid": "~", "document": 1}
    yield {"room_id": ROOM, "type": DOC, "uid": "~", "unproven": [], "document": []}
    yield {"room_id": "!9", "create": []}
    yield {"room_id": "!9", "create": {"event": [], "room_version": "12"}}
    yield {"server_name": ["x"]}
    yield {"room_id": "\ud800", "type": "\ud800", "uid": 1.5}


@pytest.mark.parametrize("line", list(broken()), ids=repr)
@pytest.mark.parametrize("where", ["documents", "files", "missing", "rooms", "objects", "keys"])
def test_no_line_raises(where: str, line: Any, made: Made, check: Check) -> None:
    getattr(made, where).append(line)
    members = [(name, data) for name, data in made_safely(made)]
    assert not check(members).proven


def made_safely(made: Made) -> list[tuple[str, bytes]]:
    """Return the members without files for lines that name none."""
    broken_files = [each for each in made.files if not is_line(each)]
    good = [each for each in made.files if is_line(each)]
    made.files = good
    members = made.members()
    if broken_files:
        made.files = [*good, *broken_files]
        names = [name for name, _ in members]
        place = names.index(export.MEDIA)
        data = made.lines(made.files)
        members[place] = (export.MEDIA, data)
        manifest = json.loads(members[0][1])
        manifest.pop("signatures")
        manifest["files"][export.MEDIA] = {"sha256": digest(data), "size": len(data)}
        signed = sign_json(manifest, made.alice.server, made.alice.keys.signing)
        members[0] = (export.MANIFEST, json.dumps(signed).encode())
    return members


def is_line(line: Any) -> bool:
    return isinstance(line, dict) and isinstance(line.get("path"), str) and "/" in str(line["url"])


@pytest.mark.parametrize("data", [b"{", b"\xff", b'{"a":1,"a":1}', b"[" * 100_000, b"NaN"])
@pytest.mark.parametrize("name", [export.MANIFEST, "objects-000001.jsonl"])
def test_what_is_not_json_is_refused(name: str, data: bytes, made: Made, check: Check) -> None:
    members = made.members()
    place = [each for each, _ in members].index(name)
    members[place] = (name, data + b"\n")
    if place:
        manifest = json.loads(members[0][1])
        manifest.pop("signatures")
        manifest["files"][name] = {"sha256": digest(data + b"\n"), "size": len(data) + 1}
        signed = sign_json(manifest, made.alice.server, made.alice.keys.signing)
        members[0] = (export.MANIFEST, json.dumps(signed).encode())
    [problem] = check(members).problems
    assert "is not JSON" in problem


# The manifest, which a twin signs


def manifest(**changes: Any) -> Any:
    files = {name: {"sha256": "0" * 64, "size": 1} for name in export.ALWAYS}
    whole = {
        "format": export.FORMAT,
        "twin": "alice.example",
        "owner": ALICE,
        "created": 1,
        "signed_ts": 2,
        "files": {**files, "objects-000001.jsonl": {"sha256": "0" * 64, "size": 1}},
        "counts": dict.fromkeys(export.COUNTS, 0),
    }
    return {key: value for key, value in {**whole, **changes}.items() if value is not ...}


def with_file(name: str, **entry: Any) -> dict[str, Any]:
    files: dict[str, Any] = {**manifest()["files"]}
    files[name] = {"sha256": "0" * 64, "size": 1, **entry}
    return files


def test_a_manifest_fits() -> None:
    assert manifest_problem(manifest()) is None
    assert manifest_problem(manifest(signatures={"a": {}})) is None


@pytest.mark.parametrize(
    "changes",
    [
        *({name: ...} for name in manifest()),
        {"format": "org.digitaltwin.proof.v1"},
        {"type": "org.digitaltwin.card"},
        {"method": "GET"},
        {"server_name": "alice.example", "verify_keys": {}},
        {"hashes": {"sha256": ""}},
        {"twin": "alice example"},
        {"owner": "@alice:bob.example"},
        {"owner": "alice"},
        {"created": 1.0},
        {"created": True},
        {"created": -1},
        {"created": 2**53},
        {"counts": {}},
        {"counts": {**manifest()["counts"], "more": 1}},
        {"counts": {**manifest()["counts"], "rooms": "1"}},
        {"files": []},
        {"files": {}},
        {"files": with_file("objects-000003.jsonl")},
        {"files": with_file("objects-000000.jsonl")},
        {"files": with_file("../../etc/passwd")},
        {"files": with_file("manifest.json")},
        {"files": with_file("README.txt", sha256="0" * 63)},
        {"files": with_file("README.txt", sha256="G" * 64)},
        {"files": with_file("README.txt", size=-1)},
        {"files": with_file("README.txt", size=2**31)},
        {"files": with_file("keys.jsonl", size=export.MAX_SMALL_BYTES + 1)},
        {"files": with_file("README.txt", more=1)},
    ],
    ids=repr,
)
def test_a_manifest_that_says_anything_else_does_not_fit(changes: dict[str, Any]) -> None:
    assert manifest_problem(manifest(**changes))


@pytest.mark.parametrize("document", [None, [], 1, "x", {}, {"format": export.FORMAT}])
def test_what_is_no_manifest_does_not_fit(document: Any) -> None:
    assert manifest_problem(document)


# Names


@pytest.mark.parametrize(
    "title",
    ["", "../../etc/passwd", "Größe", "CON", "a" * 500, "a b " * 100, "\0", "-", "日本", "x.md\n"],
)
def test_the_path_of_a_document_is_safe_whatever_its_title(title: str) -> None:
    path = document_path(7, title)
    assert is_safe(path)
    assert export.is_document_path(path)
    assert path.startswith("documents/0000007")


def test_the_path_of_a_file_is_its_hash() -> None:
    assert media_path("0" * 64, "image/png; x") == f"media/{'0' * 64}.png"
    assert media_path("0" * 64, "../x") == f"media/{'0' * 64}.bin"
    assert export.is_media_path(media_path("0" * 64, "text/plain"), "0" * 64)
    assert not export.is_media_path(media_path("1" * 64, "text/plain"), "0" * 64)


def test_pointers_are_found_wherever_they_stand() -> None:
    one, two = pointer(b"1"), {**pointer(b"2"), "mimetype": "image/png"}
    found = list(pointers({"a": one, "b": [{"c": two}], "d": {"url": "mxc://a/b"}, "e": 1}))
    assert [each.mimetype for each in found] == [None, "image/png"]
    assert [each.digest for each in found] == [sha256(b"1").digest(), sha256(b"2").digest()]
    for broken in ({"url": "https://x", "hashes": one["hashes"]}, {**one, "hashes": {"sha256": 1}}):
        assert list(pointers(broken)) == []
