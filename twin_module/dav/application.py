"""Radicale, set up to serve one twin: its rights, its storage, and our errors as WebDAV has them."""

import copy
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from defusedxml import DefusedXmlException
from radicale import config, pathutils
from radicale.app import Application
from radicale.rights import BaseRights
from radicale.storage import BaseStorage

from twin_module.core.errors import NotJson, TwinError
from twin_module.dav.answers import MOST_BYTES, error_answer
from twin_module.dav.desk import Desk
from twin_module.dav.storage import TwinStorage

MOST_OCCURRENCES: Final = 100_000
"""How many occurrences one answer may hold, expanded."""
METHODS: Final = (
    "DELETE",
    "GET",
    "HEAD",
    "MKCALENDAR",
    "MKCOL",
    "MOVE",
    "OPTIONS",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PUT",
    "REPORT",
)


class Rights(BaseRights):
    """What the owner may do with each collection."""

    def __init__(self, configuration: config.Configuration, desk: Desk | None = None) -> None:
        super().__init__(configuration)
        self._desk = desk

    def authorization(self, user: str, user_groups: set[str], path: str) -> str:
        """Return rights by Radicale's letters: R, W of what is no book, r, w of a book."""
        desk, stripped = self._desk, pathutils.strip_path(path)
        if desk is None or user != desk.user:
            return ""
        parts = stripped.split("/") if stripped else []
        if len(parts) < 2:  # noqa: PLR2004 - the owner, and the book
            return "R"
        if parts[0] != user:
            return ""
        book = desk.books.get(parts[1])
        if len(parts) == 2:  # noqa: PLR2004
            # A guest has to be let in to answer; what else they write is refused when it is read.
            return "rwRW" if book is None or book.may_write or book.may_answer else "r"
        return ""


class DavApplication(Application):
    """Radicale over a twin."""

    def __init__(self) -> None:
        configuration = config.load()
        configuration.update(
            {
                "server": {
                    "max_content_length": str(MOST_BYTES),
                    "_internal_server": "False",
                    "delay_on_error": "0",
                },
                "auth": {"type": "http_x_remote_user", "delay": "0"},
                "rights": {"type": Rights},
                "storage": {"type": BaseStorage},
                "web": {"type": "none"},
                "hook": {"type": "none"},
                "reporting": {"max_freebusy_occurrence": str(MOST_OCCURRENCES)},
            },
            "twin",
            privileged=True,
        )
        logger = logging.getLogger("radicale")
        if logger.level == logging.NOTSET:
            # It writes several lines for each request, with the names of entries.
            logger.setLevel(logging.ERROR)
        super().__init__(configuration)

    def at(self, desk: Desk) -> "DavApplication":
        """Return this application as it serves one request."""
        application = copy.copy(self)
        application._storage = TwinStorage(self.configuration, desk)  # noqa: SLF001 - of our own kind
        application._rights = Rights(self.configuration, desk)  # noqa: SLF001
        return application


def _answering(serve: Callable[..., Any]) -> Callable[..., Any]:
    """Have a method answer what can be expected to fail, as WebDAV does (RFC 4918, section 16)."""

    @wraps(serve)
    def answered(self: DavApplication, *arguments: Any) -> Any:
        try:
            return serve(self, *arguments)
        except TwinError as error:
            return error_answer(error)
        except DefusedXmlException:
            # What an entity stands for is never looked up (RFC 4918, section 20.6).
            return error_answer(NotJson("The XML declares entities, and no app needs any."))

    return answered


for _method in METHODS:
    setattr(DavApplication, f"do_{_method}", _answering(getattr(Application, f"do_{_method}")))
