"""Values of vCards that are more than text: dates, times and data in base64 (RFC 6350, section 4)."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

_DATE: Final = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")
_YEAR_MONTH: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?")
_NO_YEAR: Final = re.compile(r"--([0-9]{2})(?:-?([0-9]{2}))?")
_NO_MONTH: Final = re.compile(r"---([0-9]{2})")
_TIME: Final = re.compile(
    r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})T([0-9]{2}):?([0-9]{2}):?([0-9]{2})(?:\.[0-9]+)?(Z?)"
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_LEAP: Final = 2000
"""A year in which every day is one."""
APPLE_YEAR: Final = 1604
"""The year that stands for none in 3.0, as Apple's programs write it."""
MEDIA_TYPES: Final[Mapping[str, str]] = {
    "PGP": "application/pgp-keys",
    "X509": "application/pkix-cert",
}
"""Media types of keys by the TYPE that 3.0 gives them; pictures are image/TYPE, sounds audio/TYPE."""
_TYPES: Final = {kind: name for name, kind in MEDIA_TYPES.items()}
_PLAIN: Final = "application/octet-stream"


def partial_date(value: str, omitted: str = "") -> dict[str, Any] | None:
    """Return a date, of which parts may be missing, as JSContact's PartialDate or Timestamp.

    Args:
        value: in any form that 3.0 or 4.0 allows.
        omitted: the year that stands for none.
    """
    found: dict[str, int]
    if match := _DATE.fullmatch(value):
        found = _parts(year=match[1], month=match[2], day=match[3])
    elif match := _YEAR_MONTH.fullmatch(value):
        found = _parts(year=match[1], month=match[2])
    elif match := _NO_MONTH.fullmatch(value):
        found = _parts(day=match[1])
    elif match := _NO_YEAR.fullmatch(value):
        found = _parts(month=match[1], day=match[2])
    elif match := _TIME.fullmatch(value):
        if match[7] and match[4] + match[5] + match[6] != "000000":
            utc = utc_time(value)
            return {"@type": "Timestamp", "utc": utc} if utc else None
        found = _parts(year=match[1], month=match[2], day=match[3])
    else:
        return None
    if omitted and found.get("year") == int(omitted):
        del found["year"]
    return {"@type": "PartialDate", **found} if _is_possible(found) else None


def _parts(**parts: str | None) -> dict[str, int]:
    return {name: int(value) for name, value in parts.items() if value}


def _is_possible(parts: Mapping[str, int]) -> bool:
    try:
        date(parts.get("year") or _LEAP, parts.get("month", 1), parts.get("day", 1))
    except ValueError:
        return False
    return True


def date_text(value: Mapping[str, Any], version: str) -> tuple[str, bool] | None:
    """Return a PartialDate or Timestamp as a value, and whether it needs Apple's year for none.

    None is what vCard can't say.
    """
    if value.get("calendarScale", "gregorian") != "gregorian":
        return None
    if value.get("@type") == "Timestamp":
        return (time_text(value["utc"], version), False) if "utc" in value else None
    year, month, day = value.get("year"), value.get("month"), value.get("day")
    dash = "-" if version == "3.0" else ""
    text = None
    if year is not None and month and day:
        text = f"{year:04}{dash}{month:02}{dash}{day:02}"
    elif year is not None and not day:
        text = f"{year:04}" + (f"-{month:02}" if month else "")
    elif year is None and month and day and version == "3.0":
        return f"{APPLE_YEAR}-{month:02}-{day:02}", True
    elif year is None and month:
        text = f"--{month:02}" + (f"{day:02}" if day else "")
    elif year is None and day:
        text = f"---{day:02}"
    return None if text is None else (text, False)


def utc_time(value: str) -> str | None:
    """Return a time as a UTCDateTime; one without a zone is taken as UTC, a day as its beginning."""
    match = _TIME.fullmatch(value) or _DATE.fullmatch(value)
    if match is None:
        return None
    year, month, day, *rest = match.groups()
    hour, minute, second = (rest or ["00"] * 3)[:3]
    text = f"{year}-{month}-{day}T{hour}:{minute}:{second}"
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return None
    return f"{text}Z"


def time_text(utc: str, version: str) -> str:
    """Return a UTCDateTime as a value."""
    return utc if version == "3.0" else utc.replace("-", "").replace(":", "")


def data_uri(value: str, kind: str, family: str) -> str | None:
    """Return base64 as a `data:` URI; None where it is none.

    Args:
        value: the base64.
        kind: what stands in TYPE, as JPEG.
        family: `image`, `audio` or `application`.
    """
    base64 = "".join(value.split())
    if not _BASE64.fullmatch(base64):
        return None
    return f"data:{media_type(kind, family)};base64,{base64}"


def media_type(kind: str, family: str) -> str:
    """Return the media type that TYPE means: of JPEG, image/jpeg."""
    if "/" in kind:
        return kind.lower()
    word = kind.upper()
    if not word or not re.fullmatch("[A-Z0-9.+-]+", word):
        return _PLAIN
    return MEDIA_TYPES.get(word, f"{family}/{word.lower()}")


def kind_of(media: str, family: str) -> str:
    """Return the TYPE of a media type, empty where there is none: `media_type` gives it back."""
    if media in _TYPES:
        return _TYPES[media]
    begin, _, word = media.partition("/")
    fits = begin == family and re.fullmatch("[a-z0-9.+-]+", word) and media != _PLAIN
    return word.upper() if fits else ""


def base64_of(uri: str) -> tuple[str, str] | None:
    """Return the media type and the base64 of a `data:` URI; None where it is not of that form."""
    head, comma, data = uri.partition(",")
    if not comma or not head.startswith("data:") or not head.endswith(";base64"):
        return None
    if not _BASE64.fullmatch(data):
        return None
    return head[5:-7], data
