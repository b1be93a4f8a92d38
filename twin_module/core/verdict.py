"""What checking a signed file came to, in words for a person."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is proven and what is not; every text is a whole sentence that is safe to print."""

    problems: tuple[str, ...] = ()
    """Why nothing is proven; empty when everything fits."""
    says: tuple[str, ...] = ()
    """What is proven."""
    not_proven: tuple[str, ...] = ()
    """What a reader might take for proven, and how to find out."""
    content: Any = None
    """What was signed: plain JSON of a stranger, not to be printed as it is."""

    @property
    def proven(self) -> bool:
        """Whether everything that was to be proven is."""
        return not self.problems and bool(self.says)


def refused(*problems: str) -> Verdict:
    """Return the verdict on something that proves nothing."""
    return Verdict(problems)
