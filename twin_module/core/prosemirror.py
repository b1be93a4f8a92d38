"""Documents as ProseMirror's bindings for Yjs keep them, as Markdown (CommonMark), and back.

`y-prosemirror` writes a fragment of elements, named as in the editor's schema, whose texts carry
marks. The names are those of prosemirror-markdown, and those of Tiptap. What is not known is
shown as its text.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pycrdt import XmlElement, XmlText

from twin_module.core.textdiff import stretches

MAX_DEPTH: Final = 50
"""Blocks that lie deeper in each other are left out."""
_NAMES: Final[Mapping[str, str]] = {"bold": "strong", "italic": "em", "hr": "horizontal_rule"}
_SIGNS: Final[Mapping[str, str]] = {"em": "*", "strong": "**", "strike": "~~"}
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>])")
_AT_START: Final = re.compile(
    r"^(\s*)(#{1,6}(?=\s|$)|[-+](?=\s|$)|>|\d+(?=[.)](?:\s|$)))", re.MULTILINE
)
_HEADING: Final = re.compile(r"^(#{1,6})\s+(.*)$")
_BULLET: Final = re.compile(r"^[-*+]\s+(\S.*)$")
_FENCE: Final = re.compile(r"^(`{3,})\s*([^`\s]*)[^`]*$")


def markdown(fragment: Any) -> str:
    """Return a fragment as Markdown."""
    blocks = blocks_of(fragment)
    return "\n\n".join(blocks) + "\n" if blocks else ""


def blocks_of(fragment: Any) -> list[str]:
    """Return each block of a fragment as Markdown."""
    return [_block(child, 0) for child in fragment.children]


def _name(element: Any) -> str:
    name = re.sub(
        r"(?<=[a-z])[A-Z]",
        lambda found: f"_{found[0].lower()}",
        getattr(element, "tag", None) or "",
    )
    return _NAMES.get(name, name)


def _attributes(element: Any) -> dict[str, Any]:
    if not isinstance(element, XmlElement):
        return {}
    pairs: Any = element.attributes
    return dict(pairs)


def _block(node: Any, depth: int) -> str:
    if isinstance(node, XmlText):
        return _escaped_start(_inline_text(node))
    if depth > MAX_DEPTH:
        return ""
    shown = _BLOCKS.get(_name(node))
    if shown is not None:
        return shown(node, depth)
    if any(isinstance(child, XmlElement) and not _is_inline(child) for child in node.children):
        return "\n\n".join(_blocks_in(node, depth))
    return _escaped_start(_inline(node, depth))


def _heading(node: Any, depth: int) -> str:
    level = _number(_attributes(node).get("level"), 1, 6)
    return f"{'#' * level} {_inline(node, depth)}".rstrip()


def _rule(node: Any, depth: int) -> str:
    return "---"


def _quote(node: Any, depth: int) -> str:
    return _prefixed("\n\n".join(_blocks_in(node, depth)), "> ", "> ")


def _blocks_in(node: Any, depth: int) -> list[str]:
    return [_block(child, depth + 1) for child in node.children]


def _bullets(node: Any, depth: int) -> str:
    return "\n".join(_item(item, "* ", depth) for item in node.children)


def _numbered(node: Any, depth: int) -> str:
    attributes = _attributes(node)
    first = _number(attributes.get("order", attributes.get("start")), 0, 999_999_999)
    return "\n".join(
        _item(item, f"{number}. ", depth) for number, item in enumerate(node.children, first)
    )


def _item(item: Any, sign: str, depth: int) -> str:
    # Lists close up: their items hold a paragraph, then perhaps another list.
    inside = (
        _block(item, depth) if isinstance(item, XmlText) else "\n".join(_blocks_in(item, depth))
    )
    return _prefixed(inside, sign, " " * len(sign))


def _number(value: Any, least: int, most: int) -> int:
    try:
        return min(max(int(float(value)), least), most)
    except (TypeError, ValueError, OverflowError):
        return 1


def _prefixed(text: str, first: str, others: str) -> str:
    lines = text.split("\n")
    return "\n".join(
        (f"{first if number == 0 else others}{line}").rstrip() for number, line in enumerate(lines)
    )


def _is_inline(element: Any) -> bool:
    return _name(element) in ("hard_break", "image")


def _code(node: Any, depth: int) -> str:
    attributes = _attributes(node)
    language = str(attributes.get("language") or attributes.get("params") or "")
    text = "".join(_plain(node))
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}{' '.join(language.split())}\n{text}\n{fence}"


def _plain(node: Any) -> Iterator[str]:
    for child in node.children:
        if isinstance(child, XmlText):
            yield from (part for part, _ in child.diff() if isinstance(part, str))


def _inline(node: Any, depth: int) -> str:
    parts = []
    for child in node.children:
        if isinstance(child, XmlText):
            parts.append(_inline_text(child))
        elif _name(child) == "hard_break":
            parts.append("\\\n")
        elif _name(child) == "image":
            parts.append(_image(_attributes(child)))
        elif depth < MAX_DEPTH:
            parts.append(_inline(child, depth + 1))
    return "".join(parts)


def _image(attributes: Mapping[str, Any]) -> str:
    title = attributes.get("title")
    behind = f' "{str(title).replace(chr(34), "")}"' if title else ""
    return f"![{_escaped(str(attributes.get('alt') or ''))}]({_address(attributes.get('src'))}{behind})"


def _address(value: Any) -> str:
    return re.sub(r"[\s()<>]", lambda found: f"%{ord(found[0]):02X}", str(value or ""))


def _inline_text(text: Any) -> str:
    return "".join(
        _marked(part, attributes or {}) for part, attributes in text.diff() if isinstance(part, str)
    )


def _marked(part: str, attributes: Mapping[str, Any]) -> str:
    # Marks that may lie over each other carry a hash behind their name.
    marks = {
        _NAMES.get(name.partition("--")[0], name.partition("--")[0]): value
        for name, value in attributes.items()
    }
    if "code" in marks:
        fence = "`" * (1 + max((len(run) for run in re.findall("`+", part)), default=0))
        space = " " if part.startswith("`") or part.endswith("`") else ""
        shown = f"{fence}{space}{part}{space}{fence}"
    else:
        shown = _escaped(part)
    # Signs stick to the words: CommonMark takes none with a space inside.
    inner = shown.strip()
    if inner:
        start = shown[: len(shown) - len(shown.lstrip())]
        end = shown[len(shown.rstrip()) :]
        for mark, sign in _SIGNS.items():
            if mark in marks:
                inner = f"{sign}{inner}{sign}"
        link = marks.get("link")
        if isinstance(link, Mapping):
            inner = f"[{inner}]({_address(link.get('href'))})"
        shown = f"{start}{inner}{end}"
    return shown


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _escaped_start(text: str) -> str:
    return _AT_START.sub(
        lambda found: (
            f"{found[1]}{found[2]}\\" if found[2].isdigit() else f"{found[1]}\\{found[2]}"
        ),
        text,
    )


_BLOCKS: Final[Mapping[str, Callable[[Any, int], str]]] = {
    "heading": _heading,
    "code_block": _code,
    "horizontal_rule": _rule,
    "blockquote": _quote,
    "bullet_list": _bullets,
    "ordered_list": _numbered,
}


# From Markdown


def edit_blocks(fragment: Any, text: str) -> None:
    """Turn a fragment into what a Markdown text says, by replacing the blocks that differ."""
    old, new = blocks_of(fragment), cut(text)
    for start, end, first, last in reversed(list(stretches(old, new))):
        del fragment.children[start:end]
        for number, block in enumerate(new[first:last]):
            _insert(fragment, start + number, block)


def cut(text: str) -> list[str]:
    """Cut Markdown into its outermost blocks, at empty lines that lie in no fenced code."""
    blocks: list[list[str]] = [[]]
    fence = ""
    for line in text.split("\n"):
        opening = _FENCE.match(line)
        if fence:
            blocks[-1].append(line)
            if line.strip() == fence:
                fence = ""
        elif opening:
            fence = opening[1]
            blocks.append([line])
        elif not line.strip():
            blocks.append([])
        else:
            blocks[-1].append(line)
    return ["\n".join(lines) for lines in blocks if lines]


def _insert(fragment: Any, place: int, block: str) -> None:
    lines = block.split("\n")
    heading, fence = _HEADING.match(block), _FENCE.match(lines[0])
    bullets = [_BULLET.match(line) for line in lines]
    if all(bullets):
        items = fragment.children.insert(place, XmlElement("bullet_list"))
        for found in bullets:
            item = items.children.append(XmlElement("list_item"))
            _insert(item, 0, found[1] if found else "")
        return
    if all(line.startswith(">") for line in lines):
        quote = fragment.children.insert(place, XmlElement("blockquote"))
        inner = "\n".join(line[1:].removeprefix(" ") for line in lines)
        for number, part in enumerate(cut(inner)):
            _insert(quote, number, part)
        return
    if heading and len(lines) == 1:
        element = XmlElement("heading", [("level", len(heading[1]))])  # type: ignore[list-item]
        words = heading[2]
    elif fence:
        element = XmlElement("code_block", {"language": fence[2]} if fence[2] else {})
        words = "\n".join(lines[1:-1] if lines[-1].strip() == fence[1] else lines[1:])
        fragment.children.insert(place, element)
        element.children.append(XmlText(words))
        return
    else:
        element, words = XmlElement("paragraph"), block
    fragment.children.insert(place, element)
    _insert_inline(element, words)


_INLINE: Final = re.compile(
    r"\\(?P<break>\n)|\\(?P<plain>[!-/:-@\[-`{-~])|(?P<fence>`+)(?P<code>.+?)(?P=fence)(?!`)"
    r"|\*\*(?P<strong>[^*\s](?:[^*]*[^*\s])?)\*\*|\*(?P<em>[^*\s](?:[^*]*[^*\s])?)\*"
    r"|(?<!!)\[(?P<name>[^\[\]]*)\]\((?P<href>[^()\s]*)\)",
    re.DOTALL,
)


def _insert_inline(element: Any, words: str) -> None:
    runs: Sequence[tuple[str, dict[str, Any]] | None] = list(_runs(words))
    text: Any = None
    for run in runs:
        if run is None:
            element.children.append(XmlElement("hard_break"))
            text = None
            continue
        if text is None:
            text = element.children.append(XmlText())
        # Without marks of its own a text takes those of the text before it.
        text.insert(
            len(text),
            run[0],
            {"strong": None, "em": None, "code": None, "link": None, **run[1]}
            if len(text)
            else run[1],
        )


def _runs(words: str) -> Iterator[tuple[str, dict[str, Any]] | None]:
    at = 0
    for found in _INLINE.finditer(words):
        if found.start() > at:
            yield words[at : found.start()], {}
        at = found.end()
        if found["break"]:
            yield None
        elif found["plain"]:
            yield found["plain"], {}
        elif found["code"]:
            yield found["code"], {"code": {}}
        elif found["strong"]:
            yield found["strong"], {"strong": {}}
        elif found["em"]:
            yield found["em"], {"em": {}}
        elif found["name"]:
            yield found["name"], {"link": {"href": found["href"]}}
    if at < len(words):
        yield words[at:], {}
