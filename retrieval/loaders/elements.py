"""What can be seen of an HTML element: whether it is shown, and its text on a line or on several."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from retrieval.loaders.formulas import shifted

HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
BLOCKS = HEADINGS.keys() | {
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir",
    "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "html",
    "legend", "li", "main", "menu", "noframes", "ol", "p", "pre", "search", "section", "summary", "table",
    "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip
SHIFTED = frozenset({"sup", "sub"})
NOT_DISPLAYED = re.compile(r"(?:^|;)\s*display\s*:\s*none\b", re.IGNORECASE)

_INVISIBLE = frozenset({
    "annotation", "annotation-xml", "audio", "canvas", "datalist", "del", "head", "iframe", "nav", "noscript", "object",
    "rp", "rt", "s", "script", "select", "strike", "style", "svg", "template", "textarea", "video",
})  # fmt: skip
_TOOLS = frozenset({"mw-editsection", "headerlink", "anchor-link"})  # classes of the links beside headings
_CELLS = frozenset({"td", "th"})


def name_of(element: Any) -> str:
    """The tag in lower case and without a namespace; empty for a comment."""
    return element.tag.rsplit("}", 1)[-1].lower() if isinstance(element.tag, str) else ""


def flat(element: Any, before: str = "", *, lines: bool = False) -> str:
    """The visible text of an element, which follows `before`: white space as in the source, and blocks apart.

    They are so by blanks, or on `lines` of their own, as in code.
    """
    return "".join(_pieces(element, before, lines=lines))


def is_unseen(element: Any) -> bool:
    """A comment, what nobody is shown, and what serves to edit or link.

    But not a formula that a picture stands for, nor a whole page, which a script will show.
    """
    tag = name_of(element)
    if not tag or tag in _INVISIBLE or not _TOOLS.isdisjoint((element.get("class") or "").split()):
        return True
    if element.get("hidden", "until-found") == "until-found" and not NOT_DISPLAYED.search(element.get("style") or ""):
        return False
    return tag != "body" and element.find(".//math") is None


def _pieces(element: Any, before: str, *, lines: bool) -> Iterator[str]:
    yield (text := element.text or "")
    before = text or before
    for child in element:
        tag, inside, tail = "" if is_unseen(child) else name_of(child), "", child.tail or ""
        if tag == "br":
            inside = "\n"
        elif tag in SHIFTED:
            inside = shifted(flat(child, before, lines=lines), before, above=tag == "sup")
        elif tag and tag not in BLOCKS:
            inside = flat(child, before, lines=lines)
        elif tag and not lines:
            inside = f" {flat(child)} "
        elif tag in _CELLS:
            inside = flat(child, lines=True) + " "
        elif tag and (inside := flat(child, "\n", lines=True)):
            begins = not before or before.endswith("\n")
            inside = ("" if begins else "\n") + inside.removesuffix("\n") + "\n"
            tail = tail.removeprefix("\n")
        yield inside
        yield tail
        before = tail or inside or before


def joined(text: str) -> str:
    """A text with one blank for any white space in it."""
    return " ".join(text.split())
