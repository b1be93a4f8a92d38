"""Photos and attachments inside of entries."""

from base64 import b64encode
from typing import Any

import pytest

from tests.engine.conftest import Home
from twin_module.core.errors import TooLarge
from twin_module.core.state import NAMESPACE, frozen
from twin_module.engine.inline_files import (
    HASH,
    MOST_FILES,
    has_inline_files,
    inlined,
    shelved,
)
from twin_module.testing.driver import run

PHOTO = bytes(range(256)) * 20


def address(data: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{b64encode(data).decode()}"


def card(uri: str) -> dict[str, Any]:
    return {
        "@type": "Card",
        "name": {"full": "Bob"},
        "media": {"1": {"@type": "Media", "kind": "photo", "uri": uri}},
    }


def event(*hrefs: str) -> dict[str, Any]:
    links = {str(n): {"@type": "Link", "href": href} for n, href in enumerate(hrefs)}
    return {"@type": "Event", "title": "A", "links": links}


def test_a_large_file_moves_to_media_and_comes_back_as_it_was(alice: Home) -> None:
    before = card(address(PHOTO))
    assert has_inline_files(before)
    moved = run(shelved(alice.port, before))
    media = moved["media"]["1"]
    assert media["uri"].startswith(f"mxc://{alice.server.name}/")
    assert media["mediaType"] == "image/png"
    assert alice.server.media[media["uri"].rpartition("/")[2]] == PHOTO
    assert not has_inline_files(moved)
    back = run(inlined(alice.port, frozen(moved)))
    assert back["media"]["1"] == {**before["media"]["1"], "mediaType": "image/png"}
    assert before == card(address(PHOTO))


def test_the_same_file_is_not_stored_twice(alice: Home) -> None:
    once = run(shelved(alice.port, card(address(PHOTO))))
    again = run(shelved(alice.port, card(address(PHOTO)), frozen(once)))
    assert again == once
    assert len(alice.server.media) == 1
    other = run(shelved(alice.port, card(address(PHOTO[::-1])), frozen(once)))
    assert other["media"]["1"]["uri"] != once["media"]["1"]["uri"]


@pytest.mark.parametrize(
    "uri",
    [
        *("https://x.example/1.png", "mxc://alice.example/none", "data:,short", "data:"),
        *(f"data:image/png;base64,{'?' * 3000}x", f"data:{'x' * 300},{'y' * 3000}", "x" * 3000),
        address(b"small"),
    ],
    ids=lambda uri: uri[:25],
)
def test_what_is_no_large_file_stays_where_it_is(uri: str, alice: Home) -> None:
    assert run(shelved(alice.port, card(uri)))["media"]["1"].get("uri") == uri or "?" in uri
    assert run(inlined(alice.port, card(uri))) == card(uri)


def test_a_file_that_is_not_base64_moves_too(alice: Home) -> None:
    moved = run(shelved(alice.port, event(f"data:text/plain,{'%C3%A9' * 800}")))
    [data] = alice.server.media.values()
    assert data == "é".encode() * 800
    assert moved["links"]["0"]["contentType"] == "text/plain"


def test_a_type_that_could_be_anything_else_is_none(alice: Home) -> None:
    moved = run(shelved(alice.port, event(address(PHOTO, 'text/html"\\r\\nX: y'))))
    assert moved["links"]["0"]["contentType"] == "application/octet-stream"


def test_files_are_found_in_single_times_of_a_series(alice: Home) -> None:
    content = {
        "@type": "Event",
        "recurrenceOverrides": {"2026-01-01T00:00:00": event(address(PHOTO))},
    }
    moved = run(shelved(alice.port, content))
    link = moved["recurrenceOverrides"]["2026-01-01T00:00:00"]["links"]["0"]
    assert link["href"].startswith("mxc://")


def test_only_so_many_files_of_one_entry_move(alice: Home) -> None:
    files = [address(bytes([n]) * 3000) for n in range(MOST_FILES + 1)]
    moved = run(shelved(alice.port, event(*files)))
    assert len(alice.server.media) == MOST_FILES
    assert has_inline_files(moved)


def test_a_file_that_is_gone_or_another_one_or_elsewhere_keeps_its_address(
    alice: Home, bob: Home
) -> None:
    moved = run(shelved(alice.port, card(address(PHOTO))))
    [media_id] = alice.server.media
    alice.server.media[media_id] = b"another one"
    assert run(inlined(alice.port, moved)) == moved
    del alice.server.media[media_id]
    assert run(inlined(alice.port, moved)) == moved
    theirs = run(shelved(bob.port, card(address(PHOTO))))
    with alice.network.cut_off("bob.example"):
        assert run(inlined(alice.port, theirs)) == theirs
    assert run(inlined(alice.port, theirs))["media"]["1"]["uri"] == address(PHOTO)


def test_an_address_that_somebody_wrote_opens_no_other_file(alice: Home) -> None:
    secret = run(alice.port.upload(b"secret", "text/plain"))
    assert run(inlined(alice.port, card(secret))) == card(secret)
    claimed = card(secret)
    claimed["media"]["1"][HASH] = "x"
    assert run(inlined(alice.port, claimed)) == claimed


def test_a_file_that_the_server_does_not_take_is_refused(
    alice: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(data: bytes, mimetype: str) -> str:
        raise TooLarge("Upload request body is too large")

    monkeypatch.setattr(alice.port, "upload", refuse)
    with pytest.raises(TooLarge):
        run(shelved(alice.port, card(address(PHOTO))))


def test_content_of_any_depth_is_no_trouble(alice: Home) -> None:
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {NAMESPACE: deep}
    assert run(shelved(alice.port, deep)) == deep
    assert not has_inline_files(deep)
