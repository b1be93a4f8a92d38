"""Files."""

import re

import pytest

from tests.contract.conftest import Side, World
from twin_module.core.errors import NotFound, TooLarge, Unreachable


def upload(side: Side, data: bytes) -> str:
    """Store a file."""
    return side.run(side.port.upload(data, "text/markdown"))


def download(side: Side, uri: str, most: int = 1_000_000, *, ask: bool = True) -> bytes:
    """Return a file."""
    return side.run(side.port.download(uri, most, ask=ask))


def test_a_file_comes_back_as_it_was(alice: Side) -> None:
    data = bytes(range(256)) * 400
    uri = upload(alice, data)
    assert re.fullmatch(rf"mxc://{alice.port.server_name}/[A-Za-z0-9_-]+", uri)
    assert download(alice, uri, len(data)) == data


def test_two_files_have_two_addresses(alice: Side) -> None:
    assert upload(alice, b"same") != upload(alice, b"same")


def test_a_file_of_another_server_is_fetched(alice: Side, bob: Side) -> None:
    uri = upload(alice, b"from alice")
    assert download(bob, uri) == b"from alice"
    assert download(bob, uri) == b"from alice"


def test_a_file_that_is_not_here_yet_is_not_fetched_where_nobody_is_to_be_asked(
    alice: Side, bob: Side
) -> None:
    uri = upload(alice, b"from alice")
    assert download(alice, uri, ask=False) == b"from alice"
    with pytest.raises(NotFound):
        download(bob, uri, ask=False)
    download(bob, uri)
    assert download(bob, uri, ask=False) == b"from alice"
    with pytest.raises(TooLarge):
        download(bob, uri, 4, ask=False)
    for side in (alice, bob):
        with pytest.raises(NotFound):
            download(side, f"mxc://{alice.port.server_name}/unknown", ask=False)


def test_files_that_are_not_there_are_not_found(alice: Side, bob: Side) -> None:
    with pytest.raises(NotFound):
        download(alice, f"mxc://{alice.port.server_name}/unknown")
    with pytest.raises(NotFound):
        download(bob, f"mxc://{alice.port.server_name}/unknown")


def test_a_file_larger_than_asked_for_is_refused(alice: Side, bob: Side) -> None:
    uri = upload(alice, b"12345")
    for side in (alice, bob):
        assert download(side, uri, 5) == b"12345"
        with pytest.raises(TooLarge):
            download(side, uri, 4)


def test_a_file_of_a_server_that_does_not_answer_is_unreachable(
    world: World, alice: Side, bob: Side
) -> None:
    uri = upload(alice, b"far")
    with world.cut_off("alice"), pytest.raises(Unreachable):
        download(bob, uri)
    with pytest.raises(Unreachable):
        download(bob, "mxc://localhost:1/unknown")
    assert download(bob, uri) == b"far"


def test_own_files_are_listed_page_by_page(alice: Side, bob: Side) -> None:
    mine = {upload(alice, b"12345"[:size]): size for size in range(1, 6)}
    theirs = upload(bob, b"bob's")
    download(alice, theirs)
    found, after = {}, ""
    while page := alice.run(alice.port.own_files(after, 2)):
        assert len(page) <= 2
        found.update({each.uri(alice.port.server_name): each.size for each in page})
        assert after < page[0].media_id
        after = page[-1].media_id
    assert mine.items() <= found.items()
    assert theirs not in found
