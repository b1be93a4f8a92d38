"""Names for what tests make on twins that they share."""


class Names:
    """Names that no other test of the run uses."""

    def __init__(self) -> None:
        self._number = 0

    def next(self, what: str) -> str:
        """Return a new one."""
        self._number += 1
        return f"{what} {self._number}"
