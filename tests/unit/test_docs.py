"""Documents: every command, and text that lies in the event or in a file."""

from typing import Any

import pytest

from twin_module.core.errors import InvalidParam, NotFound
from twin_module.rooms.docs import DOC, DOCS, MAX_VERSIONS
from twin_module.testing.stage import NEW_UID, Stage
from twin_module.testing.strategies import event_of, state_of

FILE = {
    "url": "mxc://alice.test/abc",
    "mimetype": "text/markdown",
    "size": 70_000,
    "hashes": {"sha256": "A" * 43},
}


def shelf(**docs: dict[str, Any]) -> Stage:
    """Return a room with documents by uid; each has its uid as title where it says nothing else."""
    whole = {uid: {"@type": "Document", "title": uid, **doc} for uid, doc in docs.items()}
    return Stage(DOCS, state_of(*(event_of(DOC.type, uid, doc) for uid, doc in whole.items())))


def test_a_document_begins_with_its_text() -> None:
    after = shelf().run("create", title="Minutes", text="# Minutes", keywords={"work": True})
    assert after.content(NEW_UID) == {
        "@type": "Document",
        "title": "Minutes",
        "text": "# Minutes",
        "keywords": {"work": True},
    }


def test_a_document_without_text_has_an_empty_one() -> None:
    assert shelf().run("create", title="Minutes", uid="mine").content("mine")["text"] == ""


def test_a_long_text_is_drafted_whole() -> None:
    text = "x" * 1_000_000  # where it lies is the engine's business
    assert shelf().run("create", title="Long", text=text).content(NEW_UID)["text"] == text


def test_renaming_keeps_the_text_and_what_is_not_known() -> None:
    after = shelf(a={"text": "x", "future": [1]}).run("rename", uid="a", title="New")
    assert after.content("a") == {
        "@type": "Document",
        "title": "New",
        "text": "x",
        "future": [1],
    }


def test_renaming_keeps_the_file_in_which_the_text_lies() -> None:
    assert shelf(a={"textFile": FILE}).run("rename", uid="a", title="N").content("a") == {
        "@type": "Document",
        "title": "N",
        "textFile": FILE,
    }


def test_writing_replaces_the_text() -> None:
    assert shelf(a={"text": "old"}).run("write", uid="a", text="new").content("a")["text"] == "new"


def test_writing_a_short_text_leaves_the_file_behind() -> None:
    after = shelf(a={"textFile": FILE}).run("write", uid="a", text="new").content("a")
    assert after == {"@type": "Document", "title": "a", "text": "new"}


def test_the_current_version_gets_a_name() -> None:
    after = shelf(a={"text": "x"}).run("name_version", uid="a", name="Sent")
    assert after.content("a")["versions"] == {"Sent": "$event"}
    assert after.content("a")["text"] == "x"


def test_another_version_gets_a_name_beside_those_that_have_one() -> None:
    stage = shelf(a={"versions": {"One": "$one"}})
    after = stage.run("name_version", uid="a", name="Two", event_id="$two")
    assert after.content("a")["versions"] == {"One": "$one", "Two": "$two"}
    again = after.run("name_version", uid="a", name="One", event_id="$other")
    assert again.content("a")["versions"] == {"One": "$other", "Two": "$two"}


def test_no_more_than_a_hundred_versions_have_a_name() -> None:
    names = {f"n{number}": "$x" for number in range(MAX_VERSIONS)}
    stage = shelf(a={"versions": names})
    with pytest.raises(InvalidParam, match="forget one first"):
        stage.run("name_version", uid="a", name="One more")
    assert len(stage.run("name_version", uid="a", name="n1").content("a")["versions"]) == 100


def test_the_name_of_a_version_is_forgotten() -> None:
    stage = shelf(a={"versions": {"One": "$one", "Two": "$two"}})
    after = stage.run("forget_version", uid="a", name="One")
    assert after.content("a")["versions"] == {"Two": "$two"}
    assert "versions" not in after.run("forget_version", uid="a", name="Two").content("a")
    with pytest.raises(NotFound, match="called 'Three'"):
        stage.run("forget_version", uid="a", name="Three")


def test_a_removed_document_is_no_longer_shown() -> None:
    assert shelf(a={}, b={}).run("remove", uid="a").shown()["docs"][0]["uid"] == "b"


@pytest.mark.parametrize(
    ("command", "more"), [("rename", {"title": "New"}), ("write", {"text": "x"}), ("remove", {})]
)
def test_a_document_that_there_is_not_is_not_found(command: str, more: dict[str, Any]) -> None:
    with pytest.raises(NotFound, match="no document 'missing'"):
        shelf(a={}).run(command, uid="missing", **more)


def test_documents_come_by_title_then_uid() -> None:
    stage = shelf(b={"title": "same"}, a={"title": "same"}, c={"title": "first"})
    assert [doc["uid"] for doc in stage.shown()["docs"]] == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("doc", "size"),
    [
        ({}, 0),
        ({"text": "abc"}, 3),
        ({"text": "ä€😀"}, 9),
        ({"textFile": FILE}, 70_000),
        ({"textFile": {**FILE, "size": 0}}, 0),
    ],
)
def test_the_size_is_that_of_the_text_in_bytes(doc: dict[str, Any], size: int) -> None:
    assert shelf(a=doc).shown()["docs"][0]["size"] == size


def test_the_list_holds_no_texts() -> None:
    stage = shelf(a={"text": "secret", "keywords": {"b": True, "a": True}})
    assert stage.shown() == {
        "docs": [{"uid": "a", "title": "a", "size": 6, "keywords": ["a", "b"]}]
    }


@pytest.mark.parametrize(
    "change",
    [
        {"text": "both", "textFile": FILE},
        {"textFile": {**FILE, "url": "https://alice.test/abc"}},
        {"textFile": {**FILE, "url": "mxc://alice.test/../abc"}},
        {"textFile": {**FILE, "size": -1}},
        {"textFile": {**FILE, "size": 5 * 1024 * 1024 + 1}},
        {"textFile": {**FILE, "hashes": {}}},
        {"textFile": {**FILE, "hashes": {"sha256": "A" * 42}}},
        {"textFile": {**FILE, "hashes": {"sha256": "A" * 43 + "\n"}}},
        {"textFile": {"url": FILE["url"]}},
    ],
)
def test_a_document_that_points_nowhere_is_left_out(change: dict[str, Any]) -> None:
    assert shelf(a=change).shown() == {"docs": []}
