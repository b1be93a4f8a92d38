"""What no page may do: ask other origins, write errors to the console, throw, break its policy."""

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page

REPORT_VIOLATIONS = """addEventListener('securitypolicyviolation', (event) => console.error(
    `Content Security Policy: ${event.violatedDirective} forbids ${event.blockedURI}`), true)"""
"""Chromium says most of them by itself, but not those of a policy that only reports."""


class Guard:
    """Keeps what the pages of a test did that they may not."""

    def __init__(self) -> None:
        self._complaints: list[str] = []
        self._expected: dict[str, int] = {}
        self._allowed: list[str] = []

    def expects(self, words: str) -> None:
        """Let errors on the console pass that have these words; at least one has to come."""
        self._expected[words] = 0

    def allows(self, words: str) -> None:
        """Let errors on the console pass that have these words; none has to come."""
        self._allowed.append(words)

    def watch(self, context: BrowserContext, *urls: str) -> None:
        """Watch all pages of a browser context, which may ask the origins of these addresses."""
        origins = {origin(url) for url in urls}

        def check_origin(url: str) -> None:
            if origin(url) not in origins and urlsplit(url).scheme not in ("data", "blob"):
                self._complaints.append(f"it asked {url}, which is none of its origins")

        def meet(page: Page) -> None:
            page.on("websocket", lambda socket: check_origin(socket.url))
            page.on("crash", lambda _: self._complaints.append("it crashed"))

        context.add_init_script(REPORT_VIOLATIONS)
        context.on("page", meet)
        context.on("request", lambda request: check_origin(request.url))
        context.on("console", self._hear)
        context.on("weberror", lambda thrown: self._complaints.append(f"threw {thrown.error}"))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "assert"):
            return
        url = message.location["url"]
        # Without the port, whose digits may be those of a status.
        said = f"{message.text} ({urlsplit(url).path})"
        for words in self._expected:
            if words in said:
                self._expected[words] += 1
                return
        if not any(words in said for words in self._allowed):
            self._complaints.append(f"said on its console: {message.text} ({url})")

    def check(self) -> None:
        """Fail if there is anything to complain about; the pages are closed by now."""
        missing = [words for words, times in self._expected.items() if not times]
        said = [*self._complaints, *(f"never said {words!r} on its console" for words in missing)]
        assert not said, "\n".join(["what a page did that it may not:", *said])


def origin(url: str) -> str:
    """Return the origin of an address; a WebSocket has that of the page that opens it."""
    parts = urlsplit(url)
    return f"{parts.scheme.replace('ws', 'http', 1)}://{parts.netloc}"
