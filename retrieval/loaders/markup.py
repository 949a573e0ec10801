"""Lays out the visible text of an HTML tree: a block for each paragraph, a line for each row and item of a list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from retrieval.loaders.loaded import TextBuilder, shifted

HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_BLOCKS = HEADINGS.keys() | {
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir",
    "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "html",
    "legend", "li", "main", "menu", "noframes", "ol", "p", "pre", "search", "section", "summary", "table",
    "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip
_INVISIBLE = frozenset({
    "audio", "canvas", "datalist", "head", "iframe", "nav", "noscript", "object", "rp", "rt", "script",
    "select", "style", "svg", "template", "textarea", "video",
})  # fmt: skip
_LISTS = frozenset({"ul", "ol", "table"})
_SHIFTED = frozenset({"sup", "sub"})
_LONGEST_HEADING = 300  # characters; more is a heading that was never closed
_SPACES = re.compile(r"[ \t\r\n\f]+")


def lay_out(element: Any, builder: TextBuilder, left_out: Callable[[Any], bool] = lambda _: False) -> None:
    """Appends every block under `element`, an lxml element, but those in elements for which `left_out` is true."""
    layout = _Layout(builder, left_out)
    layout.walk(element)
    layout.flush()


def name_of(element: Any) -> str:
    """The tag in lower case and without a namespace; empty for a comment."""
    return element.tag.rsplit("}", 1)[-1].lower() if isinstance(element.tag, str) else ""


def flat(element: Any, before: str = "") -> str:
    """The visible text of an element, which follows `before`: blocks apart, white space as in the source."""
    return "".join(_pieces(element, before))


class _Layout:
    """What was read of the block that is being read, and where it belongs."""

    def __init__(self, builder: TextBuilder, left_out: Callable[[Any], bool]) -> None:
        self._builder, self._left_out = builder, left_out
        self._loose: list[str] = []
        self._mark = ""  # what the next block begins with, where it begins an item
        self._group: Any = None  # the outermost list or table here
        self._last_group: Any = None  # that of the block before

    def walk(self, element: Any) -> None:
        tag = name_of(element)
        if not tag or tag in _INVISIBLE or self._left_out(element):
            return
        if tag == "br":
            self._loose.append("\n")
        elif tag in _SHIFTED:
            begun, before = len(self._loose), next(filter(None, reversed(self._loose)), "")
            self._children(element)
            self._loose[begun:] = [shifted("".join(self._loose[begun:]), before, above=tag == "sup")]
        elif tag not in _BLOCKS:
            self._children(element)
        elif not self._whole(element, tag):
            self.flush()
            outer = self._group
            if tag == "tr":  # one that lays out a page: what is in it stands apart
                self._group = None
            elif outer is None and tag in _LISTS:
                self._group = element
            self._mark = "- " if tag == "li" else self._mark
            self._children(element)
            self.flush()
            self._mark = "" if tag == "li" else self._mark
            self._group = outer

    def _children(self, element: Any) -> None:
        self._loose.append(_SPACES.sub(" ", element.text or ""))
        for child in element:
            self.walk(child)
            self._loose.append(_SPACES.sub(" ", child.tail or ""))

    def _whole(self, element: Any, tag: str) -> bool:
        """Adds a block that is not taken apart any further."""
        heading = _joined(flat(element)) if tag in HEADINGS else ""
        if tag in HEADINGS and len(heading) <= _LONGEST_HEADING:
            self.flush()
            self._builder.add(heading, level=HEADINGS[tag])
            self._last_group = None
        elif tag == "pre":
            self.flush()
            self._add(flat(element), begins=False)
        elif tag == "tr" and not any(_is_laid_out(cell) for cell in element):
            self.flush()
            cells = [_joined(flat(cell)) for cell in element if name_of(cell)]
            self._add(" | ".join(filter(None, cells)), begins=True)
        else:
            return False
        return True

    def flush(self) -> None:
        """Ends the block; two line breaks end one, too."""
        lines = [_joined(line) for line in "".join(self._loose).split("\n")]
        self._loose.clear()
        for block in re.split(r"\n{2,}", "\n".join(lines)):
            if block.strip():
                self._add(self._mark + block.strip(), begins=bool(self._mark))
                self._mark = ""

    def _add(self, text: str, *, begins: bool) -> None:
        if text.strip():
            self._builder.add(text, tight=begins and self._group is not None and self._group is self._last_group)
            self._last_group = self._group


def _is_laid_out(cell: Any) -> bool:
    """Whether a cell holds a part of a page rather than a value."""
    paragraphs = sum(1 for inner in cell.iter() if name_of(inner) == "p")
    return paragraphs > 1 or any(name_of(inner) in ("table", "pre", *HEADINGS) for inner in cell.iter())


def _pieces(element: Any, before: str) -> Iterator[str]:
    yield (text := element.text or "")
    before = text or before
    for child in element:
        tag, inside = name_of(child), ""
        if tag == "br":
            inside = "\n"
        elif tag in _SHIFTED:
            inside = shifted(flat(child, before), before, above=tag == "sup")
        elif tag and tag not in _INVISIBLE:
            inside = f" {flat(child)} " if tag in _BLOCKS else flat(child, before)
        yield inside
        yield (tail := child.tail or "")
        before = tail or inside or before


def _joined(text: str) -> str:
    return " ".join(text.split())
