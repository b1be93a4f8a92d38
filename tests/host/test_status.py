"""`twin status`: the same for people and for programs, whether the host runs or not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from twin_module.host.commands.status import ago, as_json, as_table, lines
from twin_module.host.places import Places
from twin_module.host.table import Entry

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENTRIES = [
    Entry("alice", "alice.example.org"),
    Entry("bob", "bob.example.org", trust="family"),
    Entry("carol", "carol.example.org", state="down"),
]
RUNNING: dict[str, Any] = {
    "twins": [
        {
            "name": "alice",
            "state": "awake",
            "why": None,
            "busy": "1 open request",
            "idle": 12.3,
            "requests": 7,
            "queue": 2,
        },
        {"name": "bob", "state": "failing", "why": "Its database can't be read."},
        {"name": "carol", "state": "down", "why": None},
    ],
    "shards": [{"pid": 2, "trust": "home", "twins": ["alice"], "pss_kb": 51_200}],
    "keeper": {"pid": 1, "pss_kb": 102_400},
}


def test_each_twin_has_a_line_with_what_it_does_and_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "alice").mkdir()
    (tmp_path / "alice" / "homeserver.db").write_bytes(b"x" * 3_000_000)
    backups = {"alice": NOW - timedelta(hours=5)}
    found = lines(Places(tmp_path), ENTRIES, RUNNING, backups)
    said = as_table(found, RUNNING, NOW).splitlines()
    assert said == [
        "TWIN   SERVER NAME        STATE    IDLE  WAITS  DATABASE  LAST BACKUP",
        "alice  alice.example.org  awake    12 s  2      3 MB      5 h ago      1 open request",
        "bob    bob.example.org    failing               0 B       never        Its database can't be read.",
        "carol  carol.example.org  down                  0 B       never",
        "",
        "1 of 3 awake, 1 shard, 150 MB of memory.",
    ]
    data = as_json(found, RUNNING)
    assert data["running"] is True
    assert data["twins"][0] == {
        "name": "alice",
        "server_name": "alice.example.org",
        "trust": "home",
        "state": "awake",
        "why": "1 open request",
        "problem": None,
        "idle": 12.3,
        "requests": 7,
        "queue": 2,
        "database_bytes": 3_000_000,
        "last_backup": "2026-03-01T07:00:00+00:00",
    }


def test_a_twin_that_is_awake_and_can_not_write_says_so_in_its_line(tmp_path: Path) -> None:
    full = "Its disk is full (free space on the disk of /data/alice: 4 kB); make room."
    alice = {**RUNNING["twins"][0], "state": "unwell", "problem": full}
    running = {**RUNNING, "twins": [alice, *RUNNING["twins"][1:]]}
    found = lines(Places(tmp_path), ENTRIES, running, {})
    said = as_table(found, running, NOW)
    assert "alice  alice.example.org  unwell" in said
    assert said.splitlines()[1].endswith(full), "and not who asks it something"
    assert said.endswith("1 of 3 awake, 1 shard, 150 MB of memory.")
    assert as_json(found, running)["twins"][0]["problem"] == full


def test_without_a_host_it_is_not_known_who_is_awake_but_all_else_is(tmp_path: Path) -> None:
    found = lines(Places(tmp_path), ENTRIES, None, {})
    assert [each.state for each in found] == ["unknown", "unknown", "down"]
    assert as_table(found, None, NOW).endswith("The host is not running; start it with `twin up`.")
    assert as_json(found, None)["running"] is False


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (200_000, "2 d")],
)
def test_a_span_is_said_in_its_largest_unit(seconds: int, said: str) -> None:
    assert ago(timedelta(seconds=seconds)) == said
