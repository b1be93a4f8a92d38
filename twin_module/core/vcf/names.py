"""What N says of a name, and what is derived where a name is incomplete (RFC 6350, section 6.2)."""

from collections.abc import Mapping
from typing import Any, Final

from twin_module.core.jscontact import joined, title

N_KINDS: Final = (
    "surname",
    "given",
    "given2",
    "title",
    "credential",
    "surname2",
    "generation",
)
"""The kinds of the parts of N; the last two are RFC 9554's."""
NAME_ORDER: Final = (
    "title",
    "given",
    "given2",
    "surname",
    "surname2",
    "generation",
    "credential",
)
"""The order in which the components of a name are put down."""


def full_name(content: Mapping[str, Any]) -> str:
    """Return what stands in FN, which every vCard has, where a card has no full name."""
    return joined(content.get("name", {})) or title(content)


def derived_parts(full: str) -> list[dict[str, str]]:
    """Return the components of a full name as they are written where a card has none.

    There are programs that show nobody's full name, but N. What was split is marked as derived.
    """
    given, _, surname = " ".join(full.split()).rpartition(" ")
    if not given:
        return [{"kind": "given", "value": surname}] if surname else []
    return [{"kind": "given", "value": given}, {"kind": "surname", "value": surname}]
