"""Records that are the owner's own matter, by key in their account data, which every backup has.

Any client may write there too, so what is read may be anything but the map itself.
"""

from collections.abc import Mapping
from typing import Any

from twin_module.core.ports import Homeserver


class KeptRecords:
    """One map of records; whoever changes it holds the lock of its type of account data."""

    def __init__(self, homeserver: Homeserver, data_type: str, field: str) -> None:
        self._homeserver = homeserver
        self._data_type = data_type
        self._field = field

    async def read(self) -> dict[str, Any]:
        """Return the records by key."""
        records = (await self._homeserver.account_data(self._data_type)).get(self._field)
        return dict(records) if isinstance(records, Mapping) else {}

    async def write(self, records: Mapping[str, Any]) -> None:
        """Store the records in place of those before; what else stands there stays."""
        content = await self._homeserver.account_data(self._data_type)
        await self._homeserver.put_account_data(
            self._data_type, {**content, self._field: dict(records)}
        )
