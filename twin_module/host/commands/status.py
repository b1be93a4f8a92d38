"""`twin status`: which twins there are, who is awake, and what it all takes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from twin_module.host.backup.settings import last_backup
from twin_module.host.commands.answer import Answer
from twin_module.host.commands.running import is_running
from twin_module.host.keeper.client import ask
from twin_module.host.places import Places
from twin_module.host.table import Entry, read_table

KB: Final = 1024


@dataclass(frozen=True, slots=True)
class Line:
    """What is said of one twin."""

    name: str
    server_name: str
    trust: str
    state: str
    """asleep, waiting, waking, awake, unwell, going, failing; down, moving, moved, arriving; unknown
    while the host does not run."""
    why: str | None
    """Why it fails or is unwell, or what keeps it awake."""
    problem: str | None
    """Why it can keep nothing of what it is told, though it is awake."""
    idle: float | None
    """Seconds since it was last used, while it is awake."""
    requests: int | None
    """Answered since it woke."""
    queue: int | None
    """Servers that it still has to send something to."""
    database_bytes: int
    last_backup: datetime | None


def status(places: Places) -> Answer:
    """Return what is to be said of a host and its twins."""
    entries = list(read_table(places.data).values())
    running = ask(places, {"do": "status"}) if is_running(places) else None
    backups = {each.name: last_backup(places.data, each.name) for each in entries}
    found = lines(places, entries, running, backups)
    return Answer(as_table(found, running, datetime.now(UTC)), as_json(found, running))


def lines(
    places: Places,
    entries: Iterable[Entry],
    running: Mapping[str, Any] | None,
    backups: Mapping[str, datetime | None],
) -> list[Line]:
    """Return what is said of each twin; `running` is the keeper's answer, None where there is none."""
    twins = {each["name"]: each for each in running["twins"]} if running else {}
    found = []
    for entry in entries:
        now = twins.get(entry.name, {})
        state = str(now.get("state", "unknown")) if entry.state == "up" else entry.state
        found.append(
            Line(
                entry.name,
                entry.server_name,
                entry.trust,
                state,
                now.get("why") or now.get("problem") or now.get("busy"),
                now.get("problem"),
                now.get("idle"),
                now.get("requests"),
                now.get("queue"),
                _size(places.folder(entry.name) / "homeserver.db"),
                backups.get(entry.name),
            )
        )
    return found


def as_json(found: Sequence[Line], running: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the same for programs; times are ISO 8601."""
    return {
        "running": running is not None,
        "keeper": running["keeper"] if running else None,
        "shards": running["shards"] if running else [],
        "twins": [
            {
                **asdict(each),
                "last_backup": each.last_backup.isoformat() if each.last_backup else None,
            }
            for each in found
        ],
    }


def as_table(found: Sequence[Line], running: Mapping[str, Any] | None, now: datetime) -> str:
    """Return the same for people."""
    rows = [("TWIN", "SERVER NAME", "STATE", "IDLE", "WAITS", "DATABASE", "LAST BACKUP", "")]
    rows += [
        (
            each.name,
            each.server_name,
            each.state,
            "" if each.idle is None else ago(timedelta(seconds=each.idle)),
            str(each.queue) if each.queue else "",
            _readable(each.database_bytes),
            "never" if each.last_backup is None else f"{ago(now - each.last_backup)} ago",
            each.why or "",
        )
        for each in found
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    table = [
        "  ".join(
            [*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]
        ).rstrip()
        for row in rows
    ]
    return "\n".join([*table, "", _summary(found, running)])


def _summary(found: Sequence[Line], running: Mapping[str, Any] | None) -> str:
    if running is None:
        return "The host is not running; start it with `twin up`."
    awake = sum(each.state in {"awake", "unwell"} for each in found)
    memory = running["keeper"]["pss_kb"] + sum(each["pss_kb"] for each in running["shards"])
    shards = len(running["shards"])
    return (
        f"{awake} of {len(found)} awake, {shards} shard{'' if shards == 1 else 's'}, "
        f"{_readable(memory * KB)} of memory."
    )


def ago(span: timedelta) -> str:
    """Return a span of time in its largest unit: 40 s, 5 min, 3 h, 2 d."""
    seconds = max(0, int(span.total_seconds()))
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _readable(size: int) -> str:
    amount = float(size)
    for unit in ("B", "KB", "MB"):
        if amount < KB:
            return f"{amount:.0f} {unit}"
        amount /= KB
    return f"{amount:.1f} GB"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
