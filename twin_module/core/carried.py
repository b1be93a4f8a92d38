"""What an app that writes a whole entry must not take away: what its format could not show it.

An app gets a text, and writes back another one. Between the two it may have changed anything that
it could see; the rest of the entry was never in its hands.
"""

from collections.abc import Mapping
from typing import Any, Final

from twin_module.core.ics.people import key_in_text
from twin_module.core.jscalendar import ANSWERS, NO_ANSWER, matrix_id_of, time_key, with_note
from twin_module.core.state import NAMESPACE, frozen, plain

_KEPT: Final = ("iCalendar", "vCard")
"""What is kept of texts under our namespace."""
_ABSENT: Final = object()
_ANSWER: Final = ("participationStatus", "participationComment")
_STAMPS: Final = ("updated", "sequence", "created", "prodId", NAMESPACE)
"""What changes with every version, or says nothing of what people agree on."""
_AGREED: Final = (
    "title",
    "description",
    "start",
    "duration",
    "timeZone",
    "showWithoutTime",
    "status",
    "locations",
    "virtualLocations",
    "recurrenceRules",
    "recurrenceOverrides",
    "excludedRecurrenceRules",
)
"""What the people of an event have agreed on; only who may write it changes that."""


def carried(
    before: Mapping[str, Any], seen: Mapping[str, Any], written: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the version before with what an app changed of it.

    What the app left as it saw it stays as it was, also where the text has other words for it.

    Args:
        before: the content as it was, an event with everybody's answers.
        seen: what is left of it once it was written as text and read again.
        written: what the app wrote, read.
    """
    content = _changed(before, seen, written)
    people = before.get("participants")
    if isinstance(people, Mapping) and isinstance(written.get("participants"), Mapping):
        content["participants"] = _people_carried(people, _people(seen), _people(written))
    # What is kept of a text is the text's own, so the newest one says it.
    content.pop(NAMESPACE, None)
    ours, kept = before.get(NAMESPACE), written.get(NAMESPACE, {})
    others = {k: v for k, v in ours.items() if k not in _KEPT} if isinstance(ours, Mapping) else {}
    if others or kept:
        content[NAMESPACE] = {**others, **kept}
    return content


def _changed(
    before: Mapping[str, Any], seen: Mapping[str, Any], written: Mapping[str, Any]
) -> dict[str, Any]:
    """Return an object with those fields changed that differ between what was seen and written."""
    changed = {name: value for name, value in written.items() if value != seen.get(name, _ABSENT)}
    kept = {
        name: value
        for name, value in before.items()
        if name not in changed and (name in written or name not in seen)
    }
    return {**kept, **changed}


def _people_carried(
    before: Mapping[str, Any], seen: Mapping[str, Any], written: Mapping[str, Any]
) -> dict[str, Any]:
    """Return participants under the keys that they have, each with what the app changed."""
    rest = dict(written)
    after: dict[str, Any] = {}
    for key, person in before.items():
        name = key_in_text(key, person)
        if name is None or name not in seen:
            after[key] = person
        elif name in written:
            after[key] = _changed(person, seen[name], written[name])
            rest.pop(name, None)
    return {**rest, **after}


def own_answer(
    owner: str,
    before: Mapping[str, Any],
    effective: Mapping[str, Any],
    written: Mapping[str, Any],
) -> tuple[str | None, dict[str, Any]]:
    """Take the owner's own answer out of what an app wrote.

    Args:
        owner: their Matrix ID.
        before: the event as it is stored.
        effective: the event with everybody's answers, as the app saw it.
        written: what the app wrote.

    Returns:
        the new answer, None where it is the one that is known; and the event with the
        participants' status as it is stored, because answers are stored elsewhere.
    """
    content, answer = dict(written), None
    people = written.get("participants")
    if not isinstance(people, Mapping):
        return None, content
    stored, shown = _people(before), _people(effective)
    after = {}
    for key, person in people.items():
        user = matrix_id_of(key, person)
        status = person.get("participationStatus", NO_ANSWER)
        was = shown.get(key, {}).get("participationStatus", NO_ANSWER)
        if user == owner and key in shown and status != was and status in ANSWERS:
            answer = status
        if key in stored and (status == was or user == owner):
            after[key] = _as_stored(person, stored[key])
        elif user not in (None, owner) and status in ANSWERS:
            # Somebody wrote down what another one said: that holds for the times of now.
            after[key] = plain(with_note(frozen(person), time_key(written)))
        else:
            after[key] = person
    content["participants"] = after
    return answer, content


def is_more_than_an_answer(
    before: Mapping[str, Any], written: Mapping[str, Any], *, significant: bool
) -> bool:
    """Tell whether a new version changes more than answers.

    Args:
        before: the event as it is stored.
        written: what is to be stored, with the participants' status as before.
        significant: whether only that counts which people have agreed on.
    """
    if significant:
        parts = _parts(before) != _parts(written)
        return parts or any(before.get(name) != written.get(name) for name in _AGREED)
    names = {*before, *written} - set(_STAMPS)
    return any(before.get(name) != written.get(name) for name in names)


def _parts(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return who takes part in what role, and what they answered."""
    return {
        key: (person.get("roles"), person.get("participationStatus", NO_ANSWER))
        for key, person in _people(content).items()
    }


def _people(content: Mapping[str, Any]) -> Mapping[str, Any]:
    people = content.get("participants")
    return people if isinstance(people, Mapping) else {}


def _as_stored(person: Mapping[str, Any], stored: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a participant with the answer that stands in the event itself."""
    bare = {key: value for key, value in person.items() if key not in _ANSWER}
    return {**bare, **{key: value for key, value in stored.items() if key in _ANSWER}}
