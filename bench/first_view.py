"""How long until the page's first view can be used, at a twin that holds thousands of objects.

A tenth of the objects are tasks that are due; the view can be used when the first of them can be
ticked off. Prints milliseconds since the browser was sent there: with nothing kept in the browser,
when it was there before, and both also with a phone's network (150 ms there and back, 1.6 Mbit/s)
and processor (4 times slower).

    .venv/bin/python bench/first_view.py [objects] [rounds]
"""

import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from twin_module.rest.cookie import OURS, PAGE
from twin_module.testing.person import TWIN, Person
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import TwinNetwork, person_at

AT_ONCE: Final = 1000
PER_ROOM: Final = 2500
PHONE: Final = {"latency": 150, "download": 1_600_000 / 8, "upload": 750_000 / 8, "slower": 4}
SEEN: Final = """addEventListener('DOMContentLoaded', () => {
    const look = () => {
        if (window.usable === undefined && document.querySelector('.home [data-task] input')) {
            window.usable = performance.now()
        }
    }
    new MutationObserver(look).observe(document, { childList: true, subtree: true })
})"""


def main(objects: int, rounds: int) -> None:
    """Measure and print."""
    with (
        tempfile.TemporaryDirectory() as folder,
        TwinNetwork(ReactorThread(), Path(folder)) as network,
        sync_playwright() as playwright,
    ):
        alice = person_at(network.start("alice"))
        for start in range(0, objects, PER_ROOM):
            fill(alice, alice.collection(f"From {start}"), min(PER_ROOM, objects - start))
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        for where, slow in (("here", False), ("as on a phone", True)):
            times = [visits(browser, alice, slow=slow) for _ in range(rounds)]
            show(f"first visit, {where}", [first for first, _ in times])
            show(f"later visit, {where}", [later for _, later in times])
        browser.close()


def fill(person: Person, room: str, number: int) -> None:
    """Write so many tasks."""
    for start in range(0, number, AT_ONCE):
        wanted = [task(each) for each in range(start, min(start + AT_ONCE, number))]
        answer = person.post(f"rooms/{room}/objects", {"objects": wanted})
        if any("error" in each for each in answer["objects"]):
            raise SystemExit(f"Not all tasks were written: {answer}")


def task(number: int) -> dict[str, Any]:
    """Return a task as the call for many takes it."""
    content = {"@type": "Task", "title": f"Task {number}", "description": "What it is about. " * 10}
    days = timedelta(days=number % 10 * 30)
    due = (datetime.now(UTC) + days).strftime("%Y-%m-%dT23:59:59")
    return {"capability": "tasks", "content": {**content, "due": due, "showWithoutTime": True}}


def visits(browser: Browser, person: Person, *, slow: bool) -> tuple[float, float]:
    """Return how long the first visit of a browser takes, and one after that."""
    context = browser.new_context(base_url=person.url)
    headers = {"Authorization": f"Bearer {person.token}", OURS.decode(): "1"}
    if not context.request.put(f"{TWIN}/cookie", headers=headers).ok:
        raise SystemExit("The twin did not keep the session in a cookie.")
    first = visit(context, slow=slow)
    page = context.new_page()
    page.goto(f"{PAGE}/tasks")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.close()
    later = visit(context, slow=slow)
    context.close()
    return first, later


def visit(context: BrowserContext, *, slow: bool) -> float:
    """Return after how many milliseconds the page can be used."""
    page = context.new_page()
    page.add_init_script(SEEN)
    if slow:
        devtools = context.new_cdp_session(page)
        devtools.send("Network.enable")
        network = {
            "offline": False,
            "latency": PHONE["latency"],
            "downloadThroughput": PHONE["download"],
            "uploadThroughput": PHONE["upload"],
        }
        devtools.send("Network.emulateNetworkConditions", network)
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": PHONE["slower"]})
    page.goto(f"{PAGE}/", wait_until="commit")
    milliseconds: float = page.wait_for_function("() => window.usable").json_value()
    page.close()
    return milliseconds


def show(name: str, times: Sequence[float]) -> None:
    """Print the median and the slowest."""
    print(f"{name:28} p50 {statistics.median(times):6.0f} ms   slowest {max(times):6.0f} ms")


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 5000,
        int(sys.argv[2]) if len(sys.argv) > 2 else 10,  # noqa: PLR2004 - the second word
    )
