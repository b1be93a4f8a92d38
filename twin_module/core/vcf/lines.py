"""The lines of vCards: cards out of text, and each line taken apart (RFC 6350, section 3.3).

What is read comes from anybody: nothing here raises, and the work grows with the text alone.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_HEAD: Final = re.compile(r"(?:([A-Za-z0-9-]+)\.)?([A-Za-z0-9_-]+)(?=[;:])")
_VALUES: Final = r'(?:"[^"]*"|[^":;,]*)'
_PARAMETER: Final = re.compile(rf";([A-Za-z0-9_-]+)(?:=({_VALUES}(?:,{_VALUES})*))?")
_ONE_VALUE: Final = re.compile(r'"([^"]*)"|([^",]+)')
_ENCODINGS: Final = ("QUOTED-PRINTABLE", "BASE64", "8BIT", "7BIT", "B")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_CONTROLS: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_CARET: Final = re.compile(r"\^([n'^])")
_MEANING: Final[Mapping[str, str]] = {"n": "\n", "'": '"', "^": "^"}
_BEGIN: Final = "BEGIN:VCARD"
_END: Final = "END:VCARD"


@dataclass(frozen=True, slots=True)
class Line:
    """An unfolded line: `name` in upper case, `value` still escaped, `text` the line as it stood."""

    group: str
    name: str
    params: Mapping[str, Sequence[str]]
    """Values by name in upper case; words without a name are TYPE or ENCODING, as 2.1 has them."""
    value: str
    text: str

    def param(self, name: str) -> str:
        """Return the first value of a parameter, empty where there is none."""
        values = self.params.get(name)
        return values[0] if values else ""


@dataclass(frozen=True, slots=True)
class Raw:
    """The unfolded lines of one card, without its BEGIN and END."""

    lines: Sequence[str]
    is_whole: bool
    """Whether its END was there."""


def raw_cards(text: str) -> Iterator[Raw]:
    """Yield the cards of a text; what stands between them is left out."""
    lines: list[str] | None = None
    agents: list[str] | None = None
    for line in _unfolded(text):
        upper = line[:12].strip().upper()
        if upper == _BEGIN and lines and agents is None and _is_empty_agent(lines[-1]):
            agents = [_BEGIN]
        elif agents is not None and lines is not None:
            agents.append(line)
            if upper == _END:
                # The form that 3.0 gives it: one text (RFC 2426, section 3.5.4).
                lines[-1] = "AGENT:" + escaped("\n".join(agents))
                agents = None
        elif upper == _BEGIN:
            if lines is not None:
                yield Raw(lines, is_whole=False)
            lines = []
        elif upper == _END and lines is not None:
            yield Raw(lines, is_whole=True)
            lines = None
        elif lines is not None:
            lines.append(line)
    if lines is not None:
        yield Raw(lines, is_whole=False)


def _is_empty_agent(line: str) -> bool:
    return line.endswith(":") and line[:5].upper() == "AGENT"


def _unfolded(text: str) -> Iterator[str]:
    parts: list[str] = []
    encoding = ""
    for physical in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if parts and encoding == "QP" and parts[-1].endswith("="):
            parts[-1] = parts[-1][:-1]
            parts.append(physical.lstrip(" \t"))
        elif parts and physical[:1] in (" ", "\t"):
            parts.append(physical[1:])
        elif not physical.strip():
            continue
        elif parts and not _HEAD.match(physical):
            # Nothing that names a property: a value that its program broke without a sign.
            parts.append(physical if encoding == "B" else f"\\n{physical}")
        else:
            if parts:
                yield "".join(parts)
            parts, encoding = [physical], _encoding(physical)
    if parts:
        yield "".join(parts)


def _encoding(physical: str) -> str:
    head = physical.partition(":")[0].upper()
    if "QUOTED-PRINTABLE" in head:
        return "QP"
    return "B" if "ENCODING=B" in head or ";BASE64" in head else ""


def parsed(text: str) -> Line | None:
    """Take an unfolded line apart; None where it is not of the form of one."""
    head = _HEAD.match(text)
    if head is None:
        return None
    at = head.end()
    params: dict[str, list[str]] = {}
    while text[at] == ";":
        found = _PARAMETER.match(text, at)
        if found is None or found.end() == len(text):
            return None
        at = found.end()
        _take(params, found[1].upper(), found[2])
    if text[at] != ":":
        return None
    return Line(head[1] or "", head[2].upper(), params, text[at + 1 :], text)


def _take(params: dict[str, list[str]], name: str, values: str | None) -> None:
    if values is None:
        key = "ENCODING" if name in _ENCODINGS else "TYPE"
        params.setdefault(key, []).append(name)
    elif name == "TYPE":
        # Also one pair of quotes around the whole list, as in TYPE="work,voice".
        words = values.replace('"', "").split(",")
        params.setdefault(name, []).extend(each for each in words if each)
    elif '"' not in values and "," not in values:
        params.setdefault(name, []).append(_uncaret(values))
    else:
        found = [_uncaret(one or other) for one, other in _ONE_VALUE.findall(values)]
        params.setdefault(name, []).extend(found or [""])


def _uncaret(value: str) -> str:
    """Decode what RFC 6868 encodes."""
    return _CARET.sub(lambda each: _MEANING[each[1]], value) if "^" in value else value


# Values


def unescaped(value: str) -> str:
    """Return a text value as it is meant."""
    if "\\" not in value:
        return value
    return _ESCAPED.sub(_unescape, value)


def _unescape(each: re.Match[str]) -> str:
    if each[1] in "nN":
        return "\n"
    return each[1] if each[1] in "\\,;:" else each[0]


def escaped(text: str) -> str:
    """Return a text as it stands in a value, also in one of several parts.

    Control characters other than line breaks are left out: neither vCard nor XML can hold them.
    """
    text = text.replace("\\", "\\\\").replace("\r\n", "\n").replace("\n", "\\n")
    text = text.replace(",", "\\,").replace(";", "\\;")
    return text if text.isprintable() else _CONTROLS.sub("", text)


def bare(uri: str) -> str:
    """Return a URI as it stands in a value: nothing in it can end the line."""
    return uri if uri.isprintable() else _CONTROLS.sub("", uri)


def split(value: str, separator: str) -> list[str]:
    """Split an escaped value where a separator is not escaped."""
    if "\\" not in value:
        return value.split(separator)
    parts, begin, at = [], 0, 0
    while at < len(value):
        if value[at] == "\\":
            at += 1
        elif value[at] == separator:
            parts.append(value[begin:at])
            begin = at + 1
        at += 1
    return [*parts, value[begin:]]


def line(name: str, params: Iterable[tuple[str, str]], value: str) -> str:
    """Put a line together; values of parameters are plain, the value is as it has to stand."""
    head = "".join(f";{key}={_param_value(each)}" for key, each in params)
    return f"{name}{head}:{value}"


def _param_value(value: str) -> str:
    if value.isalnum():
        return value
    value = value.replace("^", "^^").replace("\r\n", "\n").replace("\n", "^n").replace('"', "^'")
    value = _CONTROLS.sub("", value)
    return f'"{value}"' if any(each in value for each in ",;:") else value


def quoted_list(values: Iterable[str]) -> str:
    """Return several values of a parameter as one, without what would end them."""
    return ",".join(re.sub('[",;:\x00-\x1f\x7f]', " ", value).strip() for value in values)
