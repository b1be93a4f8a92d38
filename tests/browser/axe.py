"""Looks with axe-core for what keeps people out of a page."""

import fcntl
import runpy
from pathlib import Path

import pytest
from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "twin_module" / "web" / "node_modules" / "axe-core" / "axe.min.js"
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
"""WCAG 2.2 AA, in axe's words: each version's own rules."""

RUN = """async (levels) => {
    const found = await axe.run(document, {
        runOnly: { type: 'tag', values: levels }, resultTypes: ['violations'], preload: false,
    })
    return found.violations.map(({ id, help, nodes }) => ({
        id, help, where: nodes.map((node) => `${node.target.join(' ')}: ${node.failureSummary}`),
    }))
}"""


def source() -> str:
    """Return axe's code, from the packages of the web pages; they are installed if need be."""
    if not SCRIPT.is_file():
        build = runpy.run_path(str(ROOT / "scripts" / "page.py"))
        try:
            build["check_node"]()
        except build["Failed"] as lacking:
            pytest.skip(str(lacking))
        with (ROOT / ".page.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            build["install"]()
    return SCRIPT.read_text()


def check(page: Page, *, source: str) -> None:
    """Fail if axe finds that something on a page, as it is now, is not accessible."""
    page.evaluate(source)
    violations = page.evaluate(RUN, LEVELS)
    said = [f"{each['id']}: {each['help']}\n  " + "\n  ".join(each["where"]) for each in violations]
    assert not violations, "not everybody can use this page:\n" + "\n".join(said)
