"""What the front counts."""

from collections import Counter
from dataclasses import dataclass, field

from twin_module.host.front.stream import Tally


@dataclass(slots=True)
class Numbers:
    """Counted since the front started."""

    bytes: Tally = field(default_factory=Tally)
    """From and to clients, without what TLS adds."""
    requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By the twin's server name and the class of the status, `2xx`."""

    def answered(self, server_name: str, status: int) -> None:
        """Count a request that was answered."""
        self.requests[server_name, f"{status // 100}xx"] += 1
