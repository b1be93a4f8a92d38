"""Takes pictures of pages for the documentation."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, ViewportSize

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def take(page: Page, name: str, *, sizes: Mapping[str, ViewportSize]) -> None:
    """Take a picture for each size and colour scheme; the page is as before afterwards."""
    if not sizes:
        return
    before = page.viewport_size
    focused = page.evaluate_handle("document.activeElement")
    focused.evaluate("each => each?.blur()")
    for size, viewport in sizes.items():
        page.set_viewport_size(viewport)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            path = FOLDER / f"{name}-{size}-{scheme}.png"
            FOLDER.mkdir(exist_ok=True)
            page.screenshot(path=path, animations="disabled", caret="hide")
    focused.evaluate("each => each?.focus()")
    page.emulate_media(color_scheme="null")
    if before is not None:
        page.set_viewport_size(before)
