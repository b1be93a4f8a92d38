"""What the mapping between iCalendar and JSCalendar does not know, kept so that nothing is lost.

Whatever was read is written once and compared. What differs stands in the content beside the fields:

* `lines`: lines that only the original has;
* `instead`: lines that are written otherwise than they stood there, by the lines that are written.
  Nothing stands instead of a line that the original had not;
* `components`: components inside of it, or beside it with the same UID, whole;
* `calendar`: lines of the calendar around it;
* `zones`: what the file calls zones of IANA, by their names, where it calls them otherwise;
* `timezones`: the VTIMEZONE of each such name that does not say by itself what it means.

A line is replaced only while the mapping writes that very line. So a field that was changed is
written anew, and what nobody touched comes back letter by letter.
"""

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from pyrsistent import PVector

from twin_module.core.content_lines import Component, Line, param_text, read_components, read_line
from twin_module.core.state import NAMESPACE

KEPT: Final = "iCalendar"
"""The key under our namespace."""
RECURRING: Final = frozenset({"RRULE", "EXRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})
"""Names of lines that are about the series, and never inherited from it."""
_SAME_FIELD: Final[Mapping[str, str]] = {"DURATION": "DTEND", "DUE": "DTEND"} | dict.fromkeys(
    ("URL", "ATTACH", "LINK", "X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL"),
    "CONFERENCE",
)
"""Names that one field may be written by."""
_NEEDED: Final = ("UID", "DTSTAMP")
"""Every entry needs these, so they are written also where the original has none."""
_ORDERED: Final = ("RRULE", "EXRULE")
"""These are written in the order that they are read in."""
_SETS: Final = ("EXDATE", "RDATE", "CATEGORIES")
"""The order of these says nothing."""
_LONG: Final = 1000
"""Characters of a value that is told by its hash; files inside of entries have many."""
_HASH: Final = "\x1asha-256="
"""Before a hash. No line that a file holds has the character: `storable` says so."""
_NAME: Final = re.compile("[;:]")
_FORGED: Final = re.compile(r"[\r\n\x00]|\A(?:BEGIN|END)[:;]", re.IGNORECASE)


class Taking:
    """The lines of one component, and which of them the mapping has understood."""

    __slots__ = ("_by_name", "_lines", "_taken")

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = list(lines)
        self._by_name: dict[str, list[Line]] = {}
        for line in self._lines:
            self._by_name.setdefault(line.name, []).append(line)
        self._taken: set[int] = set()

    def all(self, name: str) -> Sequence[Line]:
        """Return the lines of a name."""
        return self._by_name.get(name, ())

    def once(self, name: str) -> Line | None:
        """Return the first line of a name, None where there is none."""
        lines = self._by_name.get(name)
        return lines[0] if lines else None

    def take(self, line: Line) -> None:
        """Note that a line of a property that there may be several of was understood."""
        self._taken.add(id(line))

    def take_name(self, name: str) -> None:
        """Note that the line of a property that there is one of was understood."""
        self._taken.update(id(line) for line in self._by_name.get(name, ()))

    def is_taken(self, line: Line) -> bool:
        """Return whether a line was understood."""
        return id(line) in self._taken

    def all_lines(self) -> Sequence[Line]:
        """Return all lines, in their order."""
        return self._lines


# Keeping


def deviation(written: Sequence[str], lines: Taking, once: frozenset[str]) -> dict[str, Any]:
    """Return what has to be kept beside what the mapping writes: `lines` and `instead`, if any.

    Args:
        written: the lines that the mapping writes of what it read.
        lines: what it read that from.
        once: names of properties that a component has one of.
    """
    surplus = Counter(written)
    original: list[Line] = []
    kept: list[Line] = []
    for line in lines.all_lines():
        if surplus[line.text] > 0:
            surplus[line.text] -= 1
        else:
            (original if line.name in once or lines.is_taken(line) else kept).append(line)
    instead: dict[str, str] = {}
    new = [read_line(text) for text in surplus.elements()]
    if original:
        _with_twins(new, original, written, lines.all_lines(), once)
    if new:
        together = once | {"CATEGORIES"}
        _pair(instead, new, original, lambda line: _alone(line, line.name, together))
        _pair(instead, new, original, lambda line: _alone(line, field_of(line.name), together))
        _pair(instead, new, original, lambda line: field_of(line.name))
        instead |= {_short(line): "" for line in new if line.name not in _NEEDED}
    # What was read of `original` says nothing that is written. All are in one order, so that what
    # was written reads the same again; of one name, the first one counts.
    unsaid = {id(line) for line in original + kept}
    more = [line for line in lines.all_lines() if id(line) in unsaid]
    kept_texts = [line.text for line in sorted(more, key=lambda line: line.name)]
    return {
        **({"lines": kept_texts} if kept_texts else {}),
        **({"instead": instead} if instead else {}),
    }


def _with_twins(
    new: list[Line],
    original: list[Line],
    written: Iterable[str],
    all_lines: Iterable[Line],
    once: frozenset[str],
) -> None:
    """Where a property stands several times that a component has one of, let all be one block."""
    fields = {field_of(line.name) for line in original if line.name in once}
    fields -= {field_of(line.name) for line in new}
    more = [line for line in map(read_line, written if fields else ()) if _in(line, fields)]
    if more:
        new += more
        there = {id(line) for line in original}
        # In their order, because the first one counts.
        original[:] = [line for line in all_lines if id(line) in there or _in(line, fields)]


def _in(line: Line, fields: Container[str]) -> bool:
    return field_of(line.name) in fields


def field_of(name: str) -> str:
    """Return the first name of those that one field may be written by."""
    return _SAME_FIELD.get(name, name)


def _alone(line: Line, name: str, together: frozenset[str]) -> tuple[str, str] | None:
    """Return what only this line says, None where all lines of its name say it together."""
    return None if line.name in together else (name, line.value.lower())


def _pair(
    instead: dict[str, str],
    new: list[Line],
    original: list[Line],
    slot: Callable[[Line], object],
) -> None:
    """Note which original lines stand instead of new ones in the same slot, and take both away."""
    by_slot: dict[object, tuple[list[Line], list[Line]]] = {}
    for index, lines in enumerate((new, original)):
        for line in lines:
            key = slot(line)
            if key is not None:
                by_slot.setdefault(key, ([], []))[index].append(line)
    done: set[int] = set()
    for written, before in by_slot.values():
        if not written or not before:
            continue
        done.update(map(id, written + before))
        blocks = [(written, before)]
        if written[0].name in _ORDERED and len(written) == len(before):
            blocks = [([one], [other]) for one, other in zip(written, before, strict=True)]
        for ours, theirs in blocks:
            texts = [_short_like(line, ours) for line in theirs]
            texts.sort(key=lambda text: text if ours[0].name in _SETS else "")
            instead["\n".join(map(_short, ours))] = "\n".join(texts)
    new[:] = [line for line in new if id(line) not in done]
    original[:] = [line for line in original if id(line) not in done]


def _short(line: Line) -> str:
    """Return a line, the value told by its hash where it is long."""
    if len(line.value) <= _LONG:
        return line.text
    hashed = sha256(line.value.encode("utf-8", "replace")).hexdigest()
    return line.text[: len(line.text) - len(line.value)] + _HASH + hashed


def _short_like(line: Line, written: Iterable[Line]) -> str:
    return _short(line) if any(line.value == other.value for other in written) else line.text


# Giving back


def kept_in(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is kept in an object, empty where nothing is, or where a stranger wrote nonsense."""
    ours = content.get(NAMESPACE)
    kept = ours.get(KEPT) if isinstance(ours, Mapping) else None
    return kept if isinstance(kept, Mapping) else {}


def with_kept(written: Sequence[str], kept: Mapping[str, Any], once: frozenset[str]) -> list[str]:
    """Return the lines that the mapping writes, with what is kept.

    Args:
        written: the lines of the mapping.
        kept: `lines` and `instead`.
        once: names that a component has one of: a line of these that could not be read gives way.
    """
    lines = list(written)
    instead = kept.get("instead")
    if isinstance(instead, Mapping) and instead:
        lines = _replaced(lines, instead)
    more = [text for text in texts_of(kept.get("lines")) if not _FORGED.search(text)]
    if more:
        names = (_NAME.split(text, maxsplit=1)[0] for text in written)
        fields = {field_of(name) for name in names if name in once}
        lines += [text for text in more if field_of(read_line(text).name) not in fields]
    return lines


def _replaced(lines: list[str], instead: Mapping[str, Any]) -> list[str]:
    there = {_short(line): line for line in map(read_line, lines)}
    alike = {(line.name, line.value): line for line in reversed(there.values())}
    replacements: dict[str, list[str]] = {}
    for key, value in sorted(instead.items()):
        if not isinstance(value, str):
            continue
        keys, texts = key.split("\n"), value.split("\n") if value else []
        if any(_FORGED.search(text) for text in texts) or not _same_uid(keys, texts):
            continue
        if all(each in there for each in keys):
            longs = {_short(there[each])[-64:]: there[each].value for each in keys}
            replacements[there[keys[0]].text] = [_long(text, longs) for text in texts]
            replacements.update({there[each].text: [] for each in keys[1:]})
        elif len(keys) == len(texts) == 1 and _HASH not in key and _HASH not in value:
            before, original = read_line(key), read_line(texts[0])
            line = alike.get((before.name, before.value))
            if line is not None and (original.name, original.value) == (before.name, before.value):
                adapted = _adapted(original, before.params, line.params)
                replacements.setdefault(line.text, [adapted])
    return [new for line in lines for new in replacements.get(line, [line])]


def _same_uid(written: Sequence[str], instead: Sequence[str]) -> bool:
    """Return whether lines name the entry as it is named, if they do at all."""
    before, after = (
        [line.value.strip() for line in map(read_line, texts) if line.name == "UID"]
        for texts in (written, instead)
    )
    return before == after[:1]


def _long(text: str, values: Mapping[str, str]) -> str:
    head, mark, hashed = text.partition(_HASH)
    return head + values.get(hashed, "") if mark else text


def _adapted(
    original: Line, before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]]
) -> str:
    """Return a line with those parameters changed that the mapping writes otherwise than before.

    So who answers an invitation does not lose what the organizer's program noted beside them.
    """
    params = dict(original.params)
    for name in {**before, **after}:
        if before.get(name) != after.get(name):
            if name in after:
                params[name] = tuple(after[name])
            else:
                params.pop(name, None)
    head = f"{original.group}.{original.name}" if original.group else original.name
    return head + "".join(map(param_text, params, params.values())) + f":{original.value}"


def components_of(kept: Mapping[str, Any]) -> list[Component]:
    """Return the components that are kept; what is no whole component is left out."""
    found: list[Component] = []
    for text in texts_of(kept.get("components")):
        read = read_components(text, {})
        found += [each for each in read[:1] if not each.broken and len(read) == 1]
    return found


def texts_of(value: Any) -> list[str]:
    """Return the texts of a list; what is none is left out."""
    return [each for each in value if isinstance(each, str)] if _is_list(value) else []


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple | PVector)


def in_order(content: Mapping[str, Any], field: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the objects of a map by their keys, numbers last and by size; what is none is left out."""
    values = content.get(field)
    if not isinstance(values, Mapping):
        return []
    found = [(key, value) for key, value in values.items() if isinstance(value, Mapping)]
    if len(found) < 2:  # noqa: PLR2004
        return found
    return sorted(found, key=lambda each: (each[0].isdecimal(), len(each[0]), each[0]))


def storable(lines: Iterable[Line]) -> bool:
    """Return whether lines hold nothing that an event of Matrix can't (NUL, half surrogate pairs)."""
    text = "".join(line.text for line in lines)
    if "\x00" in text or "\x1a" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
