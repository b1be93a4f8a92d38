"""Tasks: to-do lists that people share.

A task is a JSCalendar Task (RFC 8984, section 2.2) in one state event, whose state key is the
task's uid. A list is a room: whoever is in it sees its tasks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from twin_module.core.capability import (
    UID_PATTERN,
    Arguments,
    Capability,
    Command,
    Context,
    Deed,
    EventType,
    Filter,
    Objects,
)
from twin_module.core.deeds import renamed, told
from twin_module.core.effects import Effect, Put, remove
from twin_module.core.errors import InvalidParam, NotFound
from twin_module.core.jscalendar import (
    DURATION,
    LOCAL_DATE_TIME,
    UTC_DATE_TIME,
    local_of,
    matrix_id_of,
)
from twin_module.core.jscalendar_schema import (
    COMMON,
    COMMON_MERGE,
    KEYWORDS,
    PARTICIPANT,
    PARTICIPANTS,
    PRIORITY,
    RECURRENCE,
    RELATED_TO,
)
from twin_module.core.matrix_uri import ROOM_ID, USER_ID
from twin_module.core.recurrence import span
from twin_module.core.state import NAMESPACE, Content, frozen, plain
from twin_module.core.task_phrases import SAID
from twin_module.core.zones import check_zone

OPEN: Final = ("needs-action", "in-process")
_ENDS: Final = {"completed": "completed", "cancelled": "cancelled"}
"""Deeds by the progress that they lead to."""
_PROPERTIES: Final[Mapping[str, Any]] = {
    "title": {
        "type": "string",
        "minLength": 1,
        "maxLength": 1000,
        "description": "What is to be done.",
    },
    "description": {
        "type": "string",
        "maxLength": 20_000,
        "description": "More about it, as plain text.",
    },
    "due": {
        "type": "string",
        "pattern": LOCAL_DATE_TIME,
        "description": "When it has to be done, in local time: 2026-12-24T18:00:00.",
    },
    "timeZone": {
        "type": ["string", "null"],
        "maxLength": 64,
        "description": "IANA name of the zone of `due`; null or absent is wherever the reader is.",
    },
    "progress": {
        "enum": ["needs-action", "in-process", "completed", "failed", "cancelled"],
        "description": "How far it is; absent is needs-action.",
    },
    "progressUpdated": {
        "type": "string",
        "pattern": UTC_DATE_TIME,
        "description": "When `progress` changed.",
    },
    "percentComplete": {"type": "integer", "minimum": 0, "maximum": 100},
    "priority": PRIORITY,
    "keywords": KEYWORDS,
}
_FIELDS: Final[Mapping[str, Any]] = {
    **_PROPERTIES,
    "showWithoutTime": COMMON["showWithoutTime"],
}
"""What commands set."""


def assignees(content: Content) -> Sequence[str]:
    """Return the Matrix IDs of who has to do a task."""
    people = content.get("participants", {})
    return sorted(user for user, person in people.items() if "attendee" in person["roles"])


def parents(content: Content) -> Sequence[str]:
    """Return the uids of the tasks that a task is a part of."""
    related = content.get("relatedTo", {})
    return sorted(
        uid for uid, relation in related.items() if "parent" in relation.get("relation", {})
    )


def _concerned(content: Content) -> Sequence[str]:
    people = content.get("participants", {})
    return sorted(
        {user for name in assignees(content) if (user := matrix_id_of(name, people[name]))}
    )


def _deeds(before: Content, after: Content) -> Sequence[Deed]:
    was, now = (each.get("progress", "needs-action") for each in (before, after))
    done = None
    if was != now:
        done = "reopened" if was not in OPEN and now in OPEN else _ENDS.get(now)
    progress = (done, ("progress", "progressUpdated", "percentComplete"))
    return told(before, after, progress, renamed(before, after))


TASK: Final = EventType(
    type=f"{NAMESPACE}.task",
    summary="A task of a list.",
    state_key="The task's uid.",
    schema={
        "properties": {
            "@type": {"const": "Task"},
            **_PROPERTIES,
            "participants": {
                **PARTICIPANTS,
                "additionalProperties": {**PARTICIPANT, "required": ["roles"]},
                "description": "Who has to do with it, by Matrix ID; assignees have the role attendee.",
            },
            "relatedTo": {
                **RELATED_TO,
                "description": "Other tasks by uid; a subtask names its parent with the relation parent.",
            },
            "start": {
                "type": "string",
                "pattern": LOCAL_DATE_TIME,
                "description": "When it is to be begun, in local time.",
            },
            "estimatedDuration": {
                "type": "string",
                "pattern": DURATION,
                "maxLength": 64,
                "description": "How long it will take: PT1H30M.",
            },
            **COMMON,
            **RECURRENCE,
        },
        "required": ["@type", "title"],
    },
    example={
        "@type": "Task",
        "title": "Buy bread",
        "due": "2026-12-24T12:00:00",
        "timeZone": "Europe/Berlin",
        "progress": "needs-action",
        "priority": 1,
        "keywords": {"home": True},
        "participants": {"@bob:example.org": {"@type": "Participant", "roles": {"attendee": True}}},
        "relatedTo": {"7c1b2e": {"@type": "Relation", "relation": {"parent": True}}},
        "created": "2026-12-20T08:00:00Z",
    },
    title=lambda content: str(content["title"]),
    merge=COMMON_MERGE,
    filters={
        "progress": Filter("word", lambda content: content.get("progress", "needs-action")),
        "due": Filter("word", lambda content: content.get("due")),
        "priority": Filter("number", lambda content: content.get("priority", 0) or None),
        "keyword": Filter("words", lambda content: sorted(content.get("keywords", {}))),
        "assignee": Filter("words", assignees),
        "parent": Filter("words", parents),
        "first": Filter("number", lambda content: (span(content) or (None,))[0]),
        "last": Filter("number", lambda content: (span(content) or (None,))[-1]),
    },
    component="VTODO",
    concerned=_concerned,
    deeds=_deeds,
)


@dataclass(frozen=True, slots=True)
class Task:
    """A task as its readers see it."""

    uid: str
    title: str
    progress: str
    due: datetime | None
    """In UTC; a time without a zone is taken as UTC."""
    priority: int
    content: Content

    @property
    def is_open(self) -> bool:
        """Whether it still has to be done."""
        return self.progress in OPEN

    def is_overdue(self, now: datetime) -> bool:
        """Whether it is open and its time has passed."""
        return self.is_open and self.due is not None and self.due < now


def due_instant(content: Content) -> datetime | None:
    """Return when a task is due, in UTC, or None; a date that no calendar has is none."""
    try:
        local = datetime.fromisoformat(content["due"])
        return local.replace(tzinfo=ZoneInfo(content.get("timeZone") or "UTC")).astimezone(UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return None


def view(objects: Objects) -> Sequence[Task]:
    """Return the tasks of a room: open ones first, then by due time, priority, title and uid."""
    tasks = [
        Task(
            uid=uid,
            title=event.content["title"],
            progress=event.content.get("progress", "needs-action"),
            due=due_instant(event.content),
            priority=event.content.get("priority", 0),
            content=event.content,
        )
        for (_, uid), event in objects.items()
    ]
    never = datetime.max.replace(tzinfo=UTC)
    return sorted(
        tasks, key=lambda t: (not t.is_open, t.due or never, t.priority or 10, t.title, t.uid)
    )


def render(tasks: Sequence[Task], now: datetime) -> Mapping[str, Any]:
    """Return a list as its readers see it: in order, the overdue ones, and who has what to do."""
    return {
        "tasks": [{**plain(task.content), "uid": task.uid} for task in tasks],
        "open": sum(task.is_open for task in tasks),
        "overdue": [task.uid for task in tasks if task.is_overdue(now)],
        "assignees": _uids_by(tasks, assignees, lambda task: task.is_open),
        "subtasks": _uids_by(tasks, parents, lambda _: True),
    }


def _uids_by(
    tasks: Sequence[Task],
    names: Callable[[Content], Sequence[str]],
    counts: Callable[[Task], bool],
) -> Mapping[str, Sequence[str]]:
    """Return the tasks that count, by name; a name of none that counts has an empty list."""
    found: dict[str, list[str]] = {}
    for task in tasks:
        for name in names(task.content):
            uids = found.setdefault(name, [])
            if counts(task):
                uids.append(task.uid)
    return dict(sorted(found.items()))


def _task(tasks: Sequence[Task], uid: str) -> Task:
    for task in tasks:
        if task.uid == uid:
            return task
    raise NotFound(f"There is no task {uid!r} in this room.")


def _stamp(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def _check_zone(arguments: Arguments) -> None:
    if "due" in arguments and local_of(arguments["due"]) is None:
        raise InvalidParam(f"due: no calendar has the day {arguments['due']!r}.")
    check_zone(arguments.get("timeZone"))


def add(tasks: Sequence[Task], context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Add a task, as a part of another one where `parent` names it."""
    _check_zone(arguments)
    fields = {key: value for key, value in arguments.items() if key in _FIELDS}
    content = {
        "@type": "Task",
        "progress": "needs-action",
        **fields,
        "created": _stamp(context.now),
    }
    if "parent" in arguments:
        content["relatedTo"] = {
            arguments["parent"]: {"@type": "Relation", "relation": {"parent": True}}
        }
    uid = arguments.get("uid", context.new_uid)
    drafted = frozen(content)
    for user in arguments.get("assignees", ()):
        drafted = _assigned(drafted, user, True)
    return [Put(TASK.type, uid, drafted)]


def change(tasks: Sequence[Task], context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Change fields of a task; null takes a field away."""
    task = _task(tasks, arguments["uid"])
    _check_zone({key: value for key, value in arguments.items() if value is not None})
    content = task.content
    for key, value in arguments.items():
        if key in _FIELDS:
            content = (
                content.discard(key)
                if value is None
                else content.set(key, frozen({key: value})[key])
            )
    return [Put(TASK.type, task.uid, content)]


def complete(tasks: Sequence[Task], context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Mark a task as done; completing it twice changes nothing."""
    task = _task(tasks, arguments["uid"])
    if task.progress == "completed":
        return []
    content = task.content.set("progress", "completed").set("progressUpdated", _stamp(context.now))
    return [Put(TASK.type, task.uid, content.set("percentComplete", 100))]


def reopen(tasks: Sequence[Task], context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Make a task one that has to be done again."""
    task = _task(tasks, arguments["uid"])
    if task.progress == "needs-action":
        return []
    content = task.content.set("progress", "needs-action").set(
        "progressUpdated", _stamp(context.now)
    )
    return [Put(TASK.type, task.uid, content.discard("percentComplete"))]


def _assigned(content: Content, user: str, wanted: bool) -> Content:
    people = content.get("participants", frozen({}))
    person = people.get(user, frozen({"@type": "Participant", "roles": {}}))
    roles = person["roles"].set("attendee", True) if wanted else person["roles"].discard("attendee")
    # Somebody without a role is nobody's participant (RFC 8984 requires one).
    people = people.set(user, person.set("roles", roles)) if roles else people.discard(user)
    return content.set("participants", people) if people else content.discard("participants")


def assign(tasks: Sequence[Task], context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Say who has to do a task, or with `assigned: false` that somebody no longer has to."""
    task = _task(tasks, arguments["uid"])
    content = _assigned(task.content, arguments["user_id"], arguments.get("assigned", True))
    return [Put(TASK.type, task.uid, content)]


def move(tasks: Sequence[Task], context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Move a task to another list, with its subtasks.

    The new place is written first, so that a task is never nowhere; asking again finishes a
    move that was cut in between.
    """
    task, target = _task(tasks, arguments["uid"]), arguments["to_room_id"]
    if target == context.room_id:
        return []
    by_uid = {each.uid: each for each in tasks}
    moving = [task, *(other for other in tasks if _descends(other, task.uid, by_uid))]
    there = [Put(TASK.type, each.uid, each.content, target) for each in moving]
    return [*there, *(remove(TASK.type, each.uid) for each in reversed(moving))]


def _descends(task: Task, ancestor: str, by_uid: Mapping[str, Task]) -> bool:
    seen: set[str] = set()
    waiting = list(parents(task.content))
    while waiting:
        uid = waiting.pop()
        if uid == ancestor:
            return task.uid != ancestor
        if uid not in seen and uid in by_uid:
            waiting.extend(parents(by_uid[uid].content))
        seen.add(uid)
    return False


def remove_task(tasks: Sequence[Task], context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Remove a task."""
    return [remove(TASK.type, _task(tasks, arguments["uid"]).uid)]


_UID: Final = {"uid": {"type": "string", "pattern": UID_PATTERN, "description": "The task."}}

TASKS: Final = Capability(
    name="tasks",
    summary="To-do lists that people share",
    events=(TASK,),
    view=view,
    render=render,
    called={"en": ("task", "todo", "to-do", "todos"), "de": ("aufgabe", "aufgaben")},
    commands={
        "add": Command(
            summary="Add a task",
            decide=add,
            arguments={
                **_FIELDS,
                "uid": {
                    **_UID["uid"],
                    "description": "A uid of your choice; absent, the twin makes one.",
                },
                "parent": {**_UID["uid"], "description": "The task that this one is a part of."},
                "assignees": {
                    "type": "array",
                    "items": USER_ID,
                    "maxItems": 100,
                    "uniqueItems": True,
                },
            },
            required=("title",),
            phrases=SAID["add"],
        ),
        "change": Command(
            summary="Change fields of a task; null takes one away",
            decide=change,
            arguments={
                **_UID,
                **{
                    name: schema if name == "title" else {"anyOf": [schema, {"type": "null"}]}
                    for name, schema in _FIELDS.items()
                },
            },
            required=("uid",),
            phrases=SAID["change"],
        ),
        "complete": Command(
            summary="Mark a task as done",
            decide=complete,
            arguments=_UID,
            required=("uid",),
            phrases=SAID["complete"],
        ),
        "reopen": Command(
            summary="Mark a task as to be done again",
            decide=reopen,
            arguments=_UID,
            required=("uid",),
            phrases=SAID["reopen"],
        ),
        "assign": Command(
            summary="Say who has to do a task",
            decide=assign,
            arguments={
                **_UID,
                "user_id": {**USER_ID, "description": "Who."},
                "assigned": {"type": "boolean", "description": "false takes the task off them."},
            },
            required=("uid", "user_id"),
            phrases=SAID["assign"],
        ),
        "move": Command(
            summary="Move a task and its subtasks to another list",
            decide=move,
            arguments={
                **_UID,
                "to_room_id": {**ROOM_ID, "description": "The list to move to."},
            },
            required=("uid", "to_room_id"),
            reads_room=True,
            phrases=SAID["move"],
        ),
        "remove": Command(
            summary="Remove a task",
            decide=remove_task,
            arguments=_UID,
            required=("uid",),
            phrases=SAID["remove"],
        ),
    },
)
