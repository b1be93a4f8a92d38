"""The text of a document, as it is sent."""

import pytest

from twin_module.testing.person import Person


@pytest.mark.parametrize("size", [3, 100_000], ids=["in the event", "in media"])
def test_a_text_is_sent_as_markdown_that_no_browser_takes_for_a_page(
    alice: Person, size: int
) -> None:
    collection = alice.post("collections", {"name": "Texts"})["room_id"]
    text = "ä" * size
    made = alice.command("docs", "create", room_id=collection, title="Text", text=text)
    uid = made["objects"][0]["uid"]
    answer = alice.ask("GET", f"rooms/{collection}/docs/{uid}/text")
    assert answer.status == 200
    assert answer.body == text.encode()
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["etag"] == f'"{made["objects"][0]["etag"]}"'
