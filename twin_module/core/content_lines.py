"""Content lines, which iCalendar (RFC 5545, section 3.1) and vCard (RFC 6350, section 3.3) are made of.

Files come from strangers: nothing here raises, and all of it takes time in proportion to the text.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

MAX_OCTETS: Final = 75
"""The most octets that a line should have, without its line break."""
MAX_DEPTH: Final = 12
"""The most components inside one another."""

_LINE: Final = re.compile(
    r"(?:([A-Za-z0-9-]+)\.)?([A-Za-z0-9-]+)((?:;[^:\";]*+(?:\"[^\"]*\"[^:\";]*+)*+)*+):(.*)",
    re.DOTALL,
)
_PARAM: Final = re.compile(r";((?:[^\";]++|\"[^\"]*+\")*+)")
_PARAM_VALUE: Final = re.compile(r"((?:[^\",]++|\"[^\"]*+\")*+)(?:,|$)")
_BREAK: Final = re.compile(r"\r\n|\n|\r")
_CIRCUMFLEX: Final = re.compile(r"\^([n^'])")
_BACKSLASH: Final = re.compile(r"\\(.)", re.DOTALL)
_ITEM: Final = re.compile(r"((?:[^\\,]++|\\.|\\\Z)*+)(?:,|\Z)", re.DOTALL)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NO_PARAMS: Final[Mapping[str, tuple[str, ...]]] = {}


class Line(NamedTuple):
    """One unfolded line: `group.NAME;PARAM=value,value:value`."""

    text: str
    """The whole line as it stands in the file."""
    name: str
    """In capitals; empty where the line has none and can't be read."""
    params: Mapping[str, tuple[str, ...]]
    """By name in capitals, without quotation marks. A word without a name is a TYPE (vCard 2.1)."""
    value: str
    """Still escaped: `unescaped` and `items` read texts."""
    group: str = ""

    def param(self, name: str) -> str | None:
        """Return the first value of a parameter, None where it has none."""
        values = self.params.get(name)
        return values[0] if values else None


@dataclass(slots=True)
class Component:
    """What stands between BEGIN and END: lines, and components inside."""

    name: str
    """In capitals."""
    lines: list[Line] = field(default_factory=list)
    parts: list["Component"] = field(default_factory=list)
    broken: bool = False
    """Whether its END is missing, or it is nested too deep to be read."""

    def texts(self) -> Iterator[str]:
        """Yield its lines with BEGIN and END, unfolded; the components inside come last."""
        yield f"BEGIN:{self.name}"
        for line in self.lines:
            yield line.text
        for part in self.parts:
            yield from part.texts()
        yield f"END:{self.name}"

    def first(self, name: str) -> Line | None:
        """Return the first line of a name, None where there is none."""
        return next((line for line in self.lines if line.name == name), None)


def read_line(text: str) -> Line:
    """Read one unfolded line; what is no content line has an empty name."""
    found = _LINE.fullmatch(text)
    if found is None:
        return Line(text, "", _NO_PARAMS, text)
    group, name, params, value = found.groups()
    return Line(text, name.upper(), _params(params) if params else _NO_PARAMS, value, group or "")


def _params(text: str) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for each in _PARAM.findall(text):
        name, equals, value = each.partition("=")
        if not equals:
            name, value = "TYPE", each
        values = (value,) if "," not in value else _PARAM_VALUE.findall(value)[:-1]
        name = name.strip().upper()
        found[name] = (*found.get(name, ()), *(_param_value(item) for item in values))
    return found


def _param_value(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if "^" in text:
        return _CIRCUMFLEX.sub(lambda found: {"n": "\n", "'": '"'}.get(found[1], "^"), text)
    return text


def unfolded(text: str) -> Iterator[str]:
    """Yield the lines of a file, those that go on in the next line put together."""
    pieces: list[str] = []
    for each in _BREAK.split(text.removeprefix("\ufeff")):
        if each[:1] in (" ", "\t"):
            pieces.append(each[1:])
            continue
        if pieces:
            yield "".join(pieces)
        pieces = [each] if each else []
    if pieces:
        yield "".join(pieces)


def read_components(text: str, levels: Mapping[str, int]) -> list[Component]:
    """Read the outermost components of a file; lines outside of them are left out.

    Args:
        text: any text.
        levels: how deep components of these names stand: `{"VCALENDAR": 0, "VEVENT": 1}`. Where
            one begins deeper, what is around it lacks its END, is broken, and hides nothing else.
    """
    found: list[Component] = []
    stack: list[Component] = []
    ignored = 0
    for text_line in unfolded(text):
        begins, ends = text_line[:6].upper() == "BEGIN:", text_line[:4].upper() == "END:"
        if not begins and not ends:
            if stack and not ignored:
                stack[-1].lines.append(read_line(text_line))
            continue
        name = text_line.partition(":")[2].strip().upper()
        if begins:
            level = levels.get(name)
            if level is not None and level < len(stack):
                _break(stack, level, levels)
                ignored = 0
            if len(stack) >= MAX_DEPTH:
                ignored += 1
                stack[-1].broken = True
                continue
            component = Component(name)
            (stack[-1].parts if stack else found).append(component)
            stack.append(component)
        elif ignored:
            ignored -= 1
        else:
            depths = [depth for depth, each in enumerate(stack) if each.name == name]
            if depths:
                _break(stack, depths[-1] + 1, levels)
                _close(stack, levels)
    _break(stack, 0, levels)
    return found


def _break(stack: list[Component], depth: int, levels: Mapping[str, int]) -> None:
    """Close what is open from a depth on, as broken."""
    while len(stack) > depth:
        stack[-1].broken = True
        _close(stack, levels)


def _close(stack: list[Component], levels: Mapping[str, int]) -> None:
    """Take the innermost component off the stack; a broken one breaks what can't do without it."""
    component = stack.pop()
    if component.broken and component.name not in levels and stack:
        stack[-1].broken = True


# Writing


def folded(text: str) -> str:
    """Return a line with CRLF, folded to 75 octets; no character of UTF-8 is cut."""
    if len(text) <= MAX_OCTETS and text.isascii():
        return f"{text}\r\n"
    raw = text.encode("utf-8", "replace")
    pieces: list[bytes] = []
    start, room = 0, MAX_OCTETS
    while len(raw) - start > room:
        end = start + room
        while raw[end] & 0xC0 == 0x80:  # noqa: PLR2004 - an octet that goes on with a character
            end -= 1
        pieces.append(raw[start:end])
        start, room = end, MAX_OCTETS - 1
    pieces.append(raw[start:])
    return b"\r\n ".join(pieces).decode() + "\r\n"


def param_text(name: str, values: Iterable[str]) -> str:
    """Return a parameter as it stands in a line: `;NAME=value,"a: b"` (RFC 6868)."""
    return f";{name}=" + ",".join(_quoted(value) for value in values)


def _quoted(value: str) -> str:
    if "^" in value or '"' in value or "\n" in value:
        value = value.replace("^", "^^").replace("\n", "^n").replace('"', "^'")
    value = _CONTROL.sub("", value)
    # A quotation mark is gone by now, so that nothing can end the quoted value.
    return f'"{value}"' if any(each in value for each in ",;:") or value[:1] in " \t" else value


def escaped(text: str) -> str:
    """Return a text as it stands in a value (RFC 5545, section 3.3.11)."""
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    if "\r" in text:
        text = _BREAK.sub("\n", text)
    return text.replace("\n", "\\n")


def unescaped(value: str) -> str:
    """Return the text that a value stands for."""
    if "\\" not in value:
        return value
    return _BACKSLASH.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def items(value: str) -> list[str]:
    """Return the texts of a value that is a list."""
    if "\\" not in value:
        return value.split(",")
    found: list[str] = []
    for each in _ITEM.finditer(value):
        found.append(unescaped(each[1]))
        if not each[0].endswith(",") or each[0] == each[1]:
            break
    return found
