"""The history of objects: what became of each version, what was when, and putting it back."""

from typing import Any

import pytest

from tests.engine.conftest import DOC, TASK, Home, settle, task
from tests.engine.test_merging import admit, change, fields, set_level
from twin_module.core.effects import Put, remove
from twin_module.core.errors import BadJson, Conflict, Forbidden, InvalidParam, NotFound
from twin_module.core.state import NAMESPACE, frozen
from twin_module.engine import sequence, store, versions
from twin_module.engine.versions import Place
from twin_module.rest import history, proposals
from twin_module.rest.route import Call
from twin_module.testing.driver import run

NAMES = {TASK: "tasks", DOC: "docs"}


def ask(home: Home, handler: Any, room: str = "", *, body: Any = None, **named: Any) -> Any:
    """Make a call of the API and return its body; what is in capitals is a query parameter."""
    path = {"room_id": room, "capability": "tasks", "uid": "a", **named}
    query = {key.lower(): str(path.pop(key)) for key in list(path) if key.isupper()}
    match = path.pop("if_match", None)
    answer = run(handler(home.twin, Call(path, query, body, match, None, path.pop("app", None))))
    return answer.body


def page(home: Home, room: str, **named: Any) -> Any:
    """Return a page of an object's history."""
    return ask(home, history.read_history, room, **named)


def told(home: Home, room: str, **named: Any) -> list[tuple[str, str | None]]:
    """Return status and title of all versions, oldest first."""
    return [(each["status"], each["title"]) for each in page(home, room, **named)["versions"]][::-1]


def current(home: Home, room: str, uid: str = "a", event_type: str = TASK) -> str:
    """Return the ID of the current version."""
    return str(home.server.rooms[room].current[event_type, uid])


def open_ones(home: Home) -> list[dict[str, Any]]:
    """Return the proposals that somebody sees."""
    return list(ask(home, proposals.list_proposals)["proposals"])


def whys(home: Home) -> list[str]:
    """Return why the proposals that somebody sees are not merged."""
    return [each["why"] for each in open_ones(home)]


def apart(alice: Home, bob: Home, shared: str) -> None:
    """Let both change the same task while they do not hear each other; bob later."""
    alice.write(shared, task("a"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        change(alice, shared, title="Butter", priority=1)
        change(bob, shared, title="Milk")
    settle(alice, bob)


# What became of versions


def test_every_version_says_who_when_and_what_changed(alice: Home, bob: Home, shared: str) -> None:
    alice.write(shared, task("a", keywords={"home": True}))
    settle(alice, bob)
    first = current(alice, shared)
    change(bob, shared, title="Milk", keywords={"home": True, "shop": True})
    settle(alice, bob)
    found = page(alice, shared)
    newer, older = found["versions"]
    assert found["complete"] is True
    assert "next_batch" not in found
    assert newer == {
        "event_id": current(alice, shared),
        "sender": bob.owner,
        "server": "bob.example",
        "time": alice.server.rooms[shared].events[newer["event_id"]].ts,
        "status": "current",
        "current": True,
        "removed": False,
        "title": "Milk",
        "parents": [first],
        "changes": [
            {"path": "/keywords/shop", "kind": "added", "after": True},
            {"path": "/title", "kind": "changed", "before": "Bread", "after": "Milk"},
        ],
    }
    assert older["status"] == "replaced"
    assert older["parents"] == []
    assert {each["path"] for each in older["changes"]} == {"/@type", "/title", "/keywords"}


def test_a_merge_says_what_it_took_in_and_what_lost(alice: Home, bob: Home, shared: str) -> None:
    apart(alice, bob, shared)
    for home in (alice, bob):
        merge, milk, butter, bread = page(home, shared)["versions"]
        assert fields(home, shared)["priority"] == 1
        assert [merge["status"], milk["status"], butter["status"], bread["status"]] == [
            *("current", "replaced", "merged", "replaced")
        ]
        assert butter["merged_by"] == merge["event_id"]
        assert merge["parents"] == [milk["event_id"], butter["event_id"]]
        assert merge["took_in"] == [butter["event_id"]]
        assert merge["clashes"] == [{"path": "/title", "lost": "Butter"}]
        assert "restored" not in merge
        assert [each["path"] for each in merge["changes"]] == ["/priority"]


def test_a_removal_that_was_overruled_is_told(alice: Home, bob: Home, shared: str) -> None:
    alice.write(shared, task("a"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        change(alice, shared, title="Butter")
        alice.network.pass_time(1)
        bob.write(shared, remove(TASK, "a"))
    settle(alice, bob)
    merge, removal, *_ = page(bob, shared)["versions"]
    assert merge["restored"] is True
    assert merge["clashes"] == []
    assert removal["removed"] is True
    assert removal["title"] is None


def test_what_lost_a_clash_and_was_never_merged_says_so(
    alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, task("a"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        change(alice, shared, title="Butter")
        change(bob, shared, title="Milk")
    settle(alice, bob)
    assert told(alice, shared) == [
        *(("replaced", "Bread"), ("contained", "Butter"), ("current", "Milk"))
    ]
    assert page(alice, shared)["versions"][1]["clashes"] == [{"path": "/title", "lost": "Butter"}]


def test_a_redacted_version_is_told_without_what_it_said(
    alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, task("a", description="secret"))
    first = current(alice, shared)
    settle(alice, bob)
    change(bob, shared, title="Milk", description=None)
    alice.server.redact(shared, first)
    settle(alice, bob)
    newer, older = page(alice, shared)["versions"]
    assert older["status"] == "redacted"
    assert "secret" not in str([newer, older])
    assert "changes" not in older
    assert "changes" not in newer  # what it changed would tell, or would not be true
    with pytest.raises(NotFound, match="redacted"):
        ask(alice, history.read_version, shared, event_id=first)
    with pytest.raises(NotFound, match="redacted"):
        ask(alice, history.revert, shared, body={"event_id": first})


def test_a_redacted_current_version_is_still_the_current_one(alice: Home, room: str) -> None:
    alice.write(room, task("a"))
    settle(alice)
    alice.server.redact(room, current(alice, room))
    settle(alice)
    [only] = page(alice, room)["versions"]
    assert (only["status"], only["current"], only["removed"]) == ("redacted", True, False)


@pytest.mark.parametrize(
    "content",
    [
        {"@type": "Task", "title": 5},
        {"title": {"a": [[]]}, NAMESPACE: "x"},
        {"@type": "Task", NAMESPACE: {"base": 3, "merged": "$x", "experience": ["a"]}},
        {"@type": "Task", NAMESPACE: {"merged": [None, {}], "experience": "a" * 256}},
        {"@type": "Task", NAMESPACE: {"experience": "new\nline"}},
    ],
)
def test_nonsense_of_others_is_told_with_what_is_wrong(
    alice: Home, bob: Home, shared: str, content: Any
) -> None:
    alice.write(shared, task("a"))
    settle(alice, bob)
    bob.server.write(shared, TASK, "a", content)
    settle(alice, bob)
    newest = page(alice, shared)["versions"][0]
    assert newest["status"] == "current"
    assert newest["title"] is None
    assert newest["problem"]
    assert "experience" not in newest
    shown = ask(alice, history.read_version, shared, event_id=newest["event_id"])
    assert shown["content"] == content
    with pytest.raises(NotFound):
        ask(alice, history.read_version_text, shared, event_id=newest["event_id"])
    with pytest.raises(BadJson, match="can't be put back"):
        ask(alice, history.revert, shared, body={"event_id": newest["event_id"]})


def test_content_that_can_not_be_read_is_told_too(alice: Home, bob: Home, shared: str) -> None:
    deep: Any = {}
    for _ in range(200):
        deep = {"a": deep}
    bob.server.write(shared, TASK, "a", deep)
    settle(alice, bob)
    [only] = page(alice, shared)["versions"]
    assert "nested" in only["problem"]
    assert only["removed"] is False
    assert "changes" not in only


def test_a_version_of_another_object_hides_nothing(alice: Home, bob: Home, shared: str) -> None:
    """Bob names a lost version of alice's as taken in, but in another object."""
    alice.write(shared, task("a"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        set_level(alice, shared, bob, 0)
        change(bob, shared, title="Milk")
        lost = current(bob, shared)
    other = {"@type": "Task", "title": "x", NAMESPACE: {"base": lost, "merged": [lost]}}
    alice.server.write(shared, TASK, "b", other)
    settle(alice, bob)
    assert ("proposed", "Milk") in told(alice, shared)
    assert [each["event_id"] for each in open_ones(alice)] == [lost]
    assert len(page(alice, shared, uid="b")["versions"]) == 1


def test_what_never_was_has_no_history(alice: Home, room: str) -> None:
    with pytest.raises(NotFound):
        page(alice, room)
    with pytest.raises(NotFound):
        page(alice, "!elsewhere")
    alice.write(room, task("a"), task("b"))
    settle(alice)
    with pytest.raises(NotFound):
        ask(alice, history.read_version, room, event_id=current(alice, room, "b"))


# Pages


def test_a_long_history_comes_page_by_page(alice: Home, room: str) -> None:
    for number in range(1000):
        if number % 3:
            alice.network.pass_time(1)
        alice.server.write(room, TASK, "a", {"@type": "Task", "title": f"{number}"})
    settle(alice)
    titles: list[str] = []
    token: dict[str, str] = {}
    while True:
        found = page(alice, room, LIMIT=70, **token)
        assert found["complete"] is True
        titles += [each["title"] for each in found["versions"]]
        if "next_batch" not in found:
            break
        assert len(found["versions"]) == 70
        token = {"FROM": found["next_batch"]}
    assert titles == [str(number) for number in reversed(range(1000))]


@pytest.mark.parametrize(
    "token", ["", "x", "1", "1_x", "_$x", f"{10**30}_$x", "1_$x\x00", "\uff11_$x"]
)
def test_a_token_that_nobody_handed_out_is_refused(alice: Home, room: str, token: str) -> None:
    alice.write(room, task("a"))
    settle(alice)
    with pytest.raises(InvalidParam):
        page(alice, room, FROM=token)


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1.5"])
def test_a_page_has_a_size(alice: Home, room: str, limit: str) -> None:
    alice.write(room, task("a"))
    settle(alice)
    with pytest.raises(InvalidParam):
        page(alice, room, LIMIT=limit)


def test_a_page_reads_what_it_shows_and_no_more(
    alice: Home, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(300):
        alice.network.pass_time(1)
        alice.server.write(room, TASK, "a", {"@type": "Task", "title": f"{number}"})
    settle(alice)
    asked: list[str] = []
    events = alice.port.events

    async def counted(event_ids: Any) -> Any:
        ids = list(event_ids)
        asked.extend(ids)
        return await events(ids)

    monkeypatch.setattr(alice.port, "events", counted)
    page(alice, room, LIMIT=10)
    assert len(asked) == 11


# Gaps


def gap(alice: Home, bob: Home, shared: str) -> str:
    """Let alice write three times so that bob never gets the one in the middle."""
    alice.write(shared, task("a"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        change(alice, shared, title="Butter")
        between = current(alice, shared)
        change(alice, shared, title="Milk")
        bob.server.rooms[shared].withheld = {between}
    settle(alice, bob)
    return between


def test_a_version_that_never_came_is_asked_for(alice: Home, bob: Home, shared: str) -> None:
    between = gap(alice, bob, shared)
    found = page(bob, shared)
    assert [each["title"] for each in found["versions"]] == ["Milk", "Butter", "Bread"]
    assert found["versions"][1]["event_id"] == between
    assert found["complete"] is True
    assert [each["path"] for each in found["versions"][0]["changes"]] == ["/title"]


def test_who_is_silent_makes_it_incomplete_until_they_answer(
    alice: Home, bob: Home, shared: str
) -> None:
    gap(alice, bob, shared)
    with alice.network.cut_off(alice.server.name):
        found = page(bob, shared)
        assert [each["title"] for each in found["versions"]] == ["Milk", "Bread"]
        assert found["complete"] is False
        assert "changes" not in found["versions"][0]
    assert page(bob, shared)["complete"] is False, "a silent server was asked again at once"
    alice.network.pass_time(20)
    assert page(bob, shared)["complete"] is True


def test_what_nobody_has_stays_a_gap(alice: Home, bob: Home, shared: str) -> None:
    content = {"@type": "Task", "title": "Bread", NAMESPACE: {"base": "$nobody"}}
    bob.server.write(shared, TASK, "a", content)
    settle(alice, bob)
    found = page(alice, shared)
    assert [each["status"] for each in found["versions"]] == ["current", "unknown"]
    assert found["complete"] is False
    unknown = found["versions"][1]
    assert (unknown["event_id"], unknown["sender"], unknown["time"]) == ("$nobody", None, None)
    with pytest.raises(NotFound):
        ask(alice, history.read_version, shared, event_id="$nobody")


def test_one_request_asks_for_a_bounded_number(alice: Home, bob: Home, shared: str) -> None:
    asked = 0
    fetch = alice.port.fetch

    async def counted(room_id: str, event_id: str) -> Any:
        nonlocal asked
        asked += 1
        return await fetch(room_id, event_id)

    merged = [f"$nobody{number}" for number in range(80)]
    content = {"@type": "Task", "title": "Bread", NAMESPACE: {"merged": merged}}
    for _ in range(3):
        bob.server.write(shared, TASK, "a", {**content, NAMESPACE: {"merged": merged[:50]}})
        merged = [f"{each}x" for each in merged]
    settle(alice, bob)
    alice.port.fetch = counted  # type: ignore[method-assign]
    assert page(alice, shared)["complete"] is False
    assert asked == 50


# At a time, and differences


def test_an_object_is_shown_as_it_was(alice: Home, room: str) -> None:
    start = alice.network.now
    alice.network.pass_time(10)
    alice.write(room, task("a"))
    settle(alice)
    change(alice, room, title="Milk")
    alice.network.pass_time(10)
    alice.write(room, remove(TASK, "a"))
    settle(alice)

    def at(seconds: float) -> Any:
        return ask(alice, history.read_at, room, time=str(start + int(seconds * 1000)))

    with pytest.raises(NotFound, match="did not exist"):
        at(9)
    assert at(10)["content"]["title"] == "Bread"
    assert at(12)["content"]["title"] == "Milk"
    assert at(12)["status"] == "replaced"
    assert at(22)["removed"] is True
    assert at(22)["content"] == {}


def test_what_lost_was_never_what_an_object_was(alice: Home, bob: Home, shared: str) -> None:
    apart(alice, bob, shared)
    versions_now = page(alice, shared)["versions"]
    butter = next(each for each in versions_now if each["title"] == "Butter")
    assert ask(alice, history.read_at, shared, time=str(butter["time"]))["title"] == "Bread"


def test_before_a_gap_it_is_not_known_how_it_was(alice: Home, bob: Home, shared: str) -> None:
    content = {"@type": "Task", "title": "Bread", NAMESPACE: {"base": "$nobody"}}
    bob.server.write(shared, TASK, "a", content)
    settle(alice, bob)
    with pytest.raises(NotFound, match="so far back"):
        ask(alice, history.read_at, shared, time="1000")


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("0", 0),
        ("1790000000000", 1_790_000_000_000),
        ("2026-12-24T18:00:00Z", 1_798_135_200_000),
        ("2026-12-24T19:00:00.500+01:00", 1_798_135_200_500),
    ],
)
def test_times_are_numbers_or_as_rfc_3339_has_them(text: str, ms: int) -> None:
    assert history.time_of(text) == ms


@pytest.mark.parametrize(
    "text", ["", "x", "-1", "2026-12-24T18:00:00", "9" * 16, "\uff11", "0001-01-01T00:00:00+99:00"]
)
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(InvalidParam):
        history.time_of(text)


def test_a_difference_has_the_lines_of_long_texts(alice: Home, room: str) -> None:
    lines = [f"line {number}" for number in range(5000)]
    doc = {"@type": "Document", "title": "Doc", "text": "\n".join(lines)}
    alice.write(room, Put(DOC, "a", frozen(doc)))
    settle(alice)
    first = current(alice, room, event_type=DOC)
    lines[2500] = "new"
    alice.write(room, Put(DOC, "a", frozen({**doc, "text": "\n".join(lines)})))
    settle(alice)
    asked = {"capability": "docs", "FROM": first}
    [found] = ask(alice, history.read_difference, room, **asked)["changes"]
    assert found["path"] == "/text"
    assert "-line 2500\n+new\n" in found["lines"]
    assert "before" not in found
    newest = page(alice, room, capability="docs")["versions"][0]
    assert newest["changes"] == [{"path": "/text", "kind": "changed"}]
    named = {"capability": "docs", "event_id": first}
    text = ask(alice, history.read_version_text, room, **named)
    assert text.decode().split("\n")[2500] == "line 2500"


def test_a_difference_is_between_any_two_versions(alice: Home, room: str) -> None:
    alice.write(room, task("a", description="one\ntwo\n"))
    settle(alice)
    first = current(alice, room)
    change(alice, room, description="one\nTWO\n")
    second = current(alice, room)
    alice.write(room, remove(TASK, "a"))
    settle(alice)
    [found] = ask(alice, history.read_difference, room, FROM=first, TO=second)["changes"]
    assert found["lines"] == "@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n "
    to_now = ask(alice, history.read_difference, room, FROM=first)["changes"]
    assert {each["kind"] for each in to_now} == {"removed"}
    with pytest.raises(InvalidParam, match="from"):
        ask(alice, history.read_difference, room)


def test_long_values_are_left_out_of_a_page(alice: Home, room: str) -> None:
    alice.write(room, task("a", description="\n".join(["word"] * 1000)))
    settle(alice)
    change(alice, room, description="\n".join(["other"] * 1000))
    settle(alice)
    newer, older = page(alice, room)["versions"]
    assert newer["changes"][0]["path"] == "/description"
    assert len(str(newer)) + len(str(older)) < 3000
    assert "before" not in newer["changes"][0]


# Putting back


def test_an_earlier_version_is_put_back_as_a_new_one(alice: Home, room: str) -> None:
    alice.write(room, task("a", keywords={"home": True}))
    settle(alice)
    first = current(alice, room)
    change(alice, room, title="Milk", keywords=None, priority=3)
    settle(alice)
    done = ask(alice, history.revert, room, body={"event_id": first}, app="Notes")
    settle(alice)
    assert done["changed"] is True
    assert fields(alice, room) == {"@type": "Task", "title": "Bread", "keywords": {"home": True}}
    assert told(alice, room) == [
        *(("replaced", "Bread"), ("replaced", "Milk"), ("current", "Bread"))
    ]
    assert page(alice, room)["versions"][0]["experience"] == "Notes"
    again = ask(alice, history.revert, room, body={"event_id": first})
    assert (again["changed"], again["etag"]) == (False, done["etag"])


def test_a_removal_is_put_back_as_well(alice: Home, room: str) -> None:
    alice.write(room, task("a"))
    settle(alice)
    first = current(alice, room)
    alice.write(room, remove(TASK, "a"))
    settle(alice)
    removal = current(alice, room)
    ask(alice, history.revert, room, body={"event_id": first})
    settle(alice)
    assert fields(alice, room)["title"] == "Bread"
    ask(alice, history.revert, room, body={"event_id": removal})
    settle(alice)
    assert fields(alice, room) == {}


def test_who_puts_back_on_something_old_is_told(alice: Home, room: str) -> None:
    alice.write(room, task("a"))
    settle(alice)
    first = current(alice, room)
    change(alice, room, title="Milk")
    settle(alice)
    with pytest.raises(Conflict):
        ask(alice, history.revert, room, body={"event_id": first}, if_match=first)
    now = current(alice, room)
    assert ask(alice, history.revert, room, body={"event_id": first}, if_match=now)["changed"]


def test_a_document_is_put_back_with_its_long_text_and_keeps_names_of_versions(
    alice: Home, room: str
) -> None:
    text = "word\n" * 5000
    alice.write(room, Put(DOC, "a", frozen({"@type": "Document", "title": "Old", "text": text})))
    settle(alice)
    first = current(alice, room, event_type=DOC)
    new = {"@type": "Document", "title": "New", "text": "short", "versions": {"draft": first}}
    alice.write(room, Put(DOC, "a", frozen(new)))
    settle(alice)
    ask(alice, history.revert, room, body={"event_id": first}, capability="docs")
    settle(alice)
    event = alice.server.state(room)[DOC, "a"]
    assert run(alice.twin.writer.text(event))[0] == text
    content = alice.content(room, DOC, "a")
    assert (content["title"], content["versions"]) == ("Old", {"draft": first})


# Proposals


def removed_right(alice: Home, bob: Home, shared: str) -> str:
    """Let bob write while alice takes the right to write from him."""
    alice.write(shared, task("a"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        set_level(alice, shared, bob, 0)
        change(bob, shared, title="Milk", priority=3)
        lost = current(bob, shared)
    settle(alice, bob)
    return lost


def test_who_lost_the_right_to_write_has_made_a_proposal(
    alice: Home, bob: Home, shared: str
) -> None:
    lost = removed_right(alice, bob, shared)
    for home in (alice, bob):
        [found] = open_ones(home)
        assert found["event_id"] == lost
        assert found["sender"] == bob.owner
        assert (found["room_id"], found["capability"], found["uid"]) == (shared, "tasks", "a")
        assert (found["status"], found["why"]) == ("proposed", "may_not_write")
        assert ("proposed", "Milk") in told(home, shared)


def test_a_proposal_is_accepted_by_who_may_write(alice: Home, bob: Home, shared: str) -> None:
    lost = removed_right(alice, bob, shared)
    change(alice, shared, keywords={"shop": True})
    settle(alice, bob)
    with pytest.raises(Forbidden):
        ask(bob, proposals.accept, event_id=lost)
    assert ask(alice, proposals.accept, event_id=lost, app="Notes") == {"changed": True}
    settle(alice, bob)
    wanted = {"@type": "Task", "title": "Milk", "priority": 3, "keywords": {"shop": True}}
    for home in (alice, bob):
        assert fields(home, shared) == wanted
        assert open_ones(home) == []
        newest = page(home, shared)["versions"][0]
        assert (newest["took_in"], newest["experience"]) == ([lost], "Notes")
    with pytest.raises(NotFound, match="open proposal"):
        ask(alice, proposals.accept, event_id=lost)


def test_a_proposal_is_dismissed_for_good(alice: Home, bob: Home, shared: str) -> None:
    lost = removed_right(alice, bob, shared)
    ask(alice, proposals.dismiss, event_id=lost)
    assert open_ones(alice) == []
    alice.restart()
    run(alice.twin.projector.rebuild())
    set_level(alice, shared, bob, 0)
    settle(alice, bob)
    assert open_ones(alice) == []
    assert ("dismissed", "Milk") in told(alice, shared)
    assert [each["event_id"] for each in open_ones(bob)] == [lost]
    with pytest.raises(NotFound):
        ask(alice, proposals.dismiss, event_id=lost)
    with pytest.raises(NotFound):
        ask(alice, proposals.dismiss, event_id="$nothing")


def test_what_a_dismissed_version_stood_on_is_done_with_too(
    alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, task("a"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        set_level(alice, shared, bob, 0)
        change(bob, shared, title="Milk")
        change(bob, shared, title="Eggs")
        lost = current(bob, shared)
    settle(alice, bob)
    assert [each["event_id"] for each in open_ones(alice)] == [lost]
    ask(alice, proposals.dismiss, event_id=lost)
    ask(bob, proposals.dismiss, event_id=lost)
    change(alice, shared, priority=1)
    set_level(alice, shared, bob, 25)
    settle(alice, bob)
    assert open_ones(alice) == open_ones(bob) == []
    assert fields(alice, shared)["title"] == "Bread"


def test_what_others_made_of_a_version_is_dismissed_alone(
    alice: Home, bob: Home, carol: Home, room: str
) -> None:
    """Bob writes, carol writes on top of it; neither may any more. Carol's is not wanted."""
    admit(alice, room, bob, carol)
    alice.write(room, task("a"))
    settle(alice, bob, carol)
    with alice.network.cut_off(alice.server.name):
        change(bob, room, title="Milk")
        settle(bob, carol)
        change(carol, room, priority=3)
        mine, theirs = current(carol, room), carol.server.state(room)[TASK, "a"].replaces
        for each in (bob, carol):
            set_level(alice, room, each, 0)
    settle(alice, bob, carol)
    assert {each["event_id"] for each in open_ones(alice)} == {mine, theirs}
    ask(alice, proposals.dismiss, event_id=mine)
    assert [each["event_id"] for each in open_ones(alice)] == [theirs]
    ask(alice, proposals.accept, event_id=theirs)
    settle(alice, bob, carol)
    assert fields(alice, room) == {"@type": "Task", "title": "Milk"}


def test_somebody_who_was_taken_out_finds_what_they_wrote(
    alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, task("a"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        alice.network.pass_time(1)
        run(alice.port.set_membership(shared, bob.owner, "kick", ""))
        change(bob, shared, title="Milk")
        settle(alice, bob)
    settle(alice, bob)
    for home in (alice, bob):
        [found] = open_ones(home)
        assert (found["title"], found["why"]) == ("Milk", "left")
    with pytest.raises(Forbidden):
        ask(bob, proposals.accept, event_id=open_ones(bob)[0]["event_id"])
    ask(alice, proposals.accept, event_id=open_ones(alice)[0]["event_id"])
    settle(alice, bob)
    assert fields(alice, shared)["title"] == "Milk"
    ask(bob, proposals.dismiss, event_id=open_ones(bob)[0]["event_id"])
    assert open_ones(bob) == []


def test_what_would_not_fit_is_a_proposal_of_its_author_too(
    alice: Home, bob: Home, shared: str
) -> None:
    alice.write(shared, task("a"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        change(alice, shared, priority=3)
        alice.network.pass_time(1)
        bob.server.write(shared, TASK, "a", {"@type": "Task", "title": 5})
    settle(alice, bob)
    assert whys(alice) == whys(bob) == ["would_not_fit"]
    with pytest.raises(BadJson):
        ask(bob, proposals.accept, event_id=open_ones(bob)[0]["event_id"])


def test_what_waits_for_its_author_says_so(alice: Home, bob: Home, shared: str) -> None:
    alice.write(shared, task("a"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        change(alice, shared, priority=3)
        change(bob, shared, title="Milk")
    bob.work()
    assert whys(bob) == ["waits"]
    ask(bob, proposals.accept, event_id=open_ones(bob)[0]["event_id"])
    settle(alice, bob)
    wanted = {"@type": "Task", "title": "Milk", "priority": 3}
    assert fields(alice, shared) == fields(bob, shared) == wanted
    assert open_ones(alice) == open_ones(bob) == []


def test_an_accepted_proposal_that_changes_nothing_is_settled(
    alice: Home, bob: Home, shared: str
) -> None:
    lost = removed_right(alice, bob, shared)
    change(alice, shared, title="Milk", priority=3)
    # Before the twin itself has looked at what became current, which would settle it too.
    run(alice.twin.projector.catch_up())
    assert [each["event_id"] for each in open_ones(alice)] == [lost]
    assert ask(alice, proposals.accept, event_id=lost) == {"changed": False}
    assert open_ones(alice) == []
    assert ("contained", "Milk") in told(alice, shared)


def test_proposals_come_page_by_page(alice: Home, bob: Home, shared: str) -> None:
    uids = [f"t{number}" for number in range(7)]
    alice.write(shared, *(task(uid) for uid in uids))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        set_level(alice, shared, bob, 0)
        for uid in uids:
            change(bob, shared, uid, title="Milk")
    settle(alice, bob)
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        part = ask(alice, proposals.list_proposals, LIMIT=3, **token)
        found += [each["uid"] for each in part["proposals"]]
        if "next_batch" not in part:
            break
        token = {"FROM": part["next_batch"]}
    assert found == uids
    for token_of_nobody in ("", "x", "WzFd", "W10"):
        with pytest.raises(InvalidParam):
            ask(alice, proposals.list_proposals, FROM=token_of_nobody)


# Live changes, and experiences


def test_readers_of_changes_hear_of_proposals_and_that_they_are_gone(
    alice: Home, bob: Home, shared: str
) -> None:
    start = alice.read(sequence.last_seq)

    def heard() -> list[int]:
        changes = alice.read(store.changed_since, start, 1000)
        return [each.waiting for each in changes if isinstance(each, versions.Conflict)]

    told_rooms: list[frozenset[str]] = []
    alice.write(shared, task("b"))
    settle(alice, bob)
    assert heard() == [], "an ordinary write is no conflict"
    lost = removed_right(alice, bob, shared)
    assert heard() == [1]
    alice.twin.projector.listen(told_rooms.append)
    ask(alice, proposals.dismiss, event_id=lost)
    assert heard() == [0]
    assert told_rooms == [frozenset({shared})]


def test_an_experience_is_noted_and_no_change_of_its_own(alice: Home, room: str) -> None:
    written = run(alice.twin.writer.write(room, [task("a")], experience="Notes"))
    again = run(alice.twin.writer.write(room, [task("a")], experience="Other"))
    settle(alice)
    assert (written[0].changed, again[0].changed) == (True, False)
    change(alice, room, title="Milk")
    settle(alice)
    newer, older = page(alice, room)["versions"]
    assert older["experience"] == "Notes"
    assert "experience" not in newer
    assert [each["path"] for each in newer["changes"]] == ["/title"]


def test_a_command_notes_the_experience_too(alice: Home, room: str) -> None:
    run(
        alice.twin.commands.run(
            "tasks", "add", {"room_id": room, "uid": "a", "title": "Bread"}, "Lists"
        )
    )
    settle(alice)
    assert page(alice, room)["versions"][0]["experience"] == "Lists"


def test_a_huge_history_with_something_open_is_told_quickly_enough(
    alice: Home, bob: Home, shared: str
) -> None:
    """The work grows with the number of versions, not with its square."""
    lost = removed_right(alice, bob, shared)
    place = Place(shared, TASK, "a")

    def chain(cursor: Any) -> None:
        for number in range(20_000):
            cursor.execute(
                "INSERT INTO twin_versions (event_id, room_id, type, uid, sender, ts, removed,"
                " followed, settled, rank) VALUES (?, ?, ?, ?, ?, ?, 0, ?, NULL, ?)",
                (
                    *(f"$n{number}", shared, TASK, "a", "@mallory:m.example", number),
                    *(number < 19_999, number),
                ),
            )
            cursor.execute(
                "INSERT INTO twin_parents (child, parent, place) VALUES (?, ?, 0)",
                (f"$n{number}", f"$n{number - 1}" if number else lost),
            )
        versions.note(cursor, [place])

    alice.read(chain)
    found = page(alice, shared, LIMIT=100)
    assert found["versions"][0]["status"] in ("current", "proposed")
    assert len(found["versions"]) == 100
    assert len(open_ones(alice)) == 2
