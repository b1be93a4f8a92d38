"""Documents of ProseMirror's bindings, as Markdown and back."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, strategies as st
from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from twin_module.core.crdt import client_id, edit, text_of, union

Run = str | tuple[str, Mapping[str, Any]]
STRONG: Mapping[str, Any] = {"strong": {}}


class Node:
    """A block to be written."""

    def __init__(self, name: str, *inside: "Node | Run", **attributes: Any) -> None:
        self.name, self.inside, self.attributes = name, inside, attributes

    def write(self, parent: Any) -> None:
        element = parent.children.append(XmlElement(self.name, list(self.attributes.items())))
        text: Any = None
        marks: set[str] = set()
        for each in self.inside:
            if isinstance(each, Node):
                each.write(element)
                text = None
                continue
            words, given = each if isinstance(each, tuple) else (each, {})
            text = text or element.children.append(XmlText())
            text.insert(len(text), words, {**dict.fromkeys(marks), **given})
            marks |= given.keys()


def state_of(*blocks: Node) -> bytes:
    """Return the state that an editor makes of blocks."""
    doc: Any = Doc(client_id=3)
    fragment = doc.get("prosemirror", type=XmlFragment)
    for block in blocks:
        block.write(fragment)
    return bytes(doc.get_update())


def paragraph(*inside: "Node | Run") -> Node:
    return Node("paragraph", *inside)


def item(*inside: Node) -> Node:
    return Node("list_item", *inside)


@pytest.mark.parametrize(
    ("block", "shown"),
    [
        (paragraph("Hi 😀"), "Hi 😀"),
        (Node("heading", "Title", level=2), "## Title"),
        (Node("heading", "Title", level=2.0), "## Title"),
        (Node("heading", "Title", level="high"), "# Title"),
        (Node("heading", "Title", level=99), "###### Title"),
        (Node("horizontal_rule"), "---"),
        (Node("code_block", "a*b\n\n`c`"), "```\na*b\n\n`c`\n```"),
        (Node("code_block", "```", language="py\nx"), "````py x\n```\n````"),
        (Node("blockquote", paragraph("a"), paragraph("b")), "> a\n>\n> b"),
        (
            Node("bullet_list", item(paragraph("a")), item(paragraph("b"))),
            "* a\n* b",
        ),
        (
            Node("ordered_list", item(paragraph("a")), item(paragraph("b")), order=3),
            "3. a\n4. b",
        ),
        (
            Node(
                "bullet_list",
                item(paragraph("a"), Node("ordered_list", item(paragraph("b")))),
            ),
            "* a\n  1. b",
        ),
        (paragraph("a", Node("hard_break"), "b"), "a\\\nb"),
        (
            paragraph(Node("image", src="https://x.test/a b", alt="A", title='say "A"')),
            '![A](https://x.test/a%20b "say A")',
        ),
        (paragraph(("bold", STRONG), " not"), "**bold** not"),
        (paragraph(("bold ", STRONG), "not"), "**bold** not"),
        (paragraph(("both", {"strong": {}, "em": {}})), "***both***"),
        (paragraph(("c`d", {"code": {}})), "``c`d``"),
        (paragraph(("x", {"link": {"href": "https://x.test"}})), "[x](https://x.test)"),
        (paragraph(("x", {"link": "odd", "unknown": {}})), "x"),
        (paragraph(("x", {"em--hash": {}})), "*x*"),
        (paragraph("a*b_[c]"), r"a\*b\_\[c\]"),
        (paragraph("# no heading"), r"\# no heading"),
        (paragraph("1. no list"), r"1\. no list"),
        (Node("strange", paragraph("in it")), "in it"),
        (paragraph(Node("mention", "@bob")), "@bob"),
        (Node("bulletList", Node("listItem", paragraph(("x", {"bold": {}})))), "* **x**"),
        (Node("codeBlock", "x", language="js"), "```js\nx\n```"),
    ],
)
def test_each_block_has_its_markdown(block: Node, shown: str) -> None:
    assert text_of(state_of(block)) == f"{shown}\n"


def test_blocks_are_told_apart_by_empty_lines() -> None:
    assert text_of(state_of(paragraph("a"), paragraph("b"))) == "a\n\nb\n"


def test_blocks_that_lie_very_deep_are_left_out_and_nothing_is_raised() -> None:
    block = paragraph("deep")
    for _ in range(80):
        block = Node("blockquote", block)
    assert "deep" not in text_of(state_of(block))


WHOLE = state_of(
    Node("heading", "Title", level=1),
    paragraph("one ", ("two", STRONG), " three"),
    Node("bullet_list", item(paragraph("a")), item(paragraph("b"))),
    Node("code_block", "x = 1\n\ny = 2"),
    paragraph("last"),
)


def test_the_same_text_changes_nothing() -> None:
    assert edit(WHOLE, text_of(WHOLE), client_id("a")) == b"\0\0"


def test_only_blocks_that_differ_are_replaced() -> None:
    text = text_of(WHOLE)
    one = edit(WHOLE, text.replace("last", "LAST"), client_id("a"))
    other = edit(WHOLE, text.replace("Title", "New title"), client_id("b"))
    merged = text_of(union([WHOLE, one, other]))
    assert merged == text.replace("last", "LAST").replace("Title", "New title")


@pytest.mark.parametrize(
    "text",
    [
        "a\n",
        "# A\n\n### B\n\ntext\n",
        "```py\na\n\nb\n```\n\nafter\n",
        "a **b** and *c* and `d` and [e](https://f.test)\n",
        "* a\n* b **c**\n\n> q\n>\n> r\n",
        "a\\\nb\n",
        "a\\*b\n",
    ],
)
def test_markdown_that_is_written_is_read_the_same(text: str) -> None:
    assert text_of(union([WHOLE, edit(WHOLE, text, client_id("a"))])) == text


@given(st.text("ab #*>`1.[]()\\\n", max_size=60))
def test_whatever_is_written_stays_as_it_is_shown_from_then_on(text: str) -> None:
    state = union([WHOLE, edit(WHOLE, text, client_id("a"))])
    shown = text_of(state)
    assert text_of(union([state, edit(state, shown, client_id("b"))])) == shown
