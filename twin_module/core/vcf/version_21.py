"""vCard 2.1, as old phones and Outlook write it: its lines become lines of 3.0."""

import quopri
import re
from collections.abc import Mapping, Sequence
from typing import Final

from twin_module.core.vcf.lines import Line, escaped, line, split

_CHARSETS: Final = re.compile(
    r"utf-?8|us-ascii|ascii|iso-?8859-?[0-9]{1,2}|latin-?1|windows-?125[0-9]|cp125[0-9]|koi8-[ru]"
    r"|shift_?jis|sjis|euc-(?:jp|kr)|iso-2022-jp|gb2312|gbk|gb18030|big5",
    re.IGNORECASE,
)
"""Others stand for UTF-8: some names of Python's are no character sets at all."""
_STRUCTURED: Final = ("N", "ADR", "ORG")
_TEXTS: Final = ("FN", "NICKNAME", "TITLE", "ROLE", "EMAIL", "TEL", "NOTE", "LABEL", "CATEGORIES")
_OF_21: Final = ("CHARSET", "ENCODING")


def as_30(old: Line) -> Line:
    """Return a line of 2.1 in the form of 3.0: decoded, and escaped as 3.0 does."""
    encoding = old.param("ENCODING").upper()
    params: Mapping[str, Sequence[str]] = {
        name: values for name, values in old.params.items() if name not in _OF_21
    }
    if encoding in ("BASE64", "B"):
        params, value = {"ENCODING": ["b"], **params}, "".join(old.value.split())
    else:
        value = _escaped_as_30(old.name, decoded(old))
    name = f"{old.group}.{old.name}" if old.group else old.name
    pairs = [
        (key, each.upper() if key == "TYPE" else each)
        for key, values in params.items()
        for each in values
    ]
    return Line(old.group, old.name, params, value, line(name, pairs, value))


def decoded(old: Line) -> str:
    """Return a value without its quoted-printable, where it has that."""
    if old.param("ENCODING").upper() != "QUOTED-PRINTABLE":
        return old.value
    raw = quopri.decodestring(old.value.encode("utf-8", "surrogatepass"))
    named = old.param("CHARSET")
    for charset in (named if _CHARSETS.fullmatch(named) else "utf-8", "utf-8"):
        try:
            text = raw.decode(charset)
        except (UnicodeError, LookupError):
            continue
        return text.replace("\r\n", "\n").replace("\x00", "")
    return raw.decode("cp1252", "replace").replace("\r\n", "\n").replace("\x00", "")


def _escaped_as_30(name: str, value: str) -> str:
    """In 2.1 only the semicolon is escaped, and a comma separates nothing but categories."""
    if name in _STRUCTURED:
        return ";".join(escaped(part.replace("\\;", ";")) for part in split(value, ";"))
    if name == "CATEGORIES":
        return ",".join(escaped(part.replace("\\;", ";")) for part in value.split(","))
    if name in _TEXTS:
        return escaped(value.replace("\\;", ";"))
    return value.replace("\n", "\\n")
