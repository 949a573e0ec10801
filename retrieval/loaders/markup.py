"""Lays out the visible text of an HTML tree: a block for each paragraph, a line for each row and item of a list."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from retrieval.loaders.cells import LONGEST_NAME, line
from retrieval.loaders.elements import BLOCKS, HEADINGS, NOT_DISPLAYED, SHIFTED, flat, is_unseen, joined, name_of
from retrieval.loaders.formulas import bracketed, root, shifted
from retrieval.loaders.loaded import TextBuilder
from retrieval.loaders.numerals import BULLET, numeral
from retrieval.loaders.pagetables import Spanning, holds_data, placed, shown_cells, spanning_next

_POPUPS = frozenset({"alertdialog", "dialog", "grid", "listbox", "menu", "tree"})
_TABLES = frozenset({"table", "thead", "tbody", "tfoot"})  # beyond which no cell spans
_LISTS = frozenset({"ul", "ol", "table"})
_ITEMS = frozenset({"ol", "ul", "menu", "dir"})  # which hold items
_NUMBERS = {"1": "decimal", "a": "lower-alpha", "A": "upper-alpha", "i": "lower-roman", "I": "upper-roman"}
_LIST_STYLE = re.compile(
    r"(?:^|;)\s*list-style(?:-type)?\s*:[^;]{0,100}?"
    r"\b(none|disc|circle|square|decimal(?:-leading-zero)?|(?:lower|upper)-(?:alpha|latin|roman))\b",
    re.IGNORECASE,
)
_INTEGER = re.compile(r"\s*([-+]?\d{1,9})(?!\d)")
_SCRIPTS = {"msup": ("sup",), "msub": ("sub",), "msubsup": ("sub", "sup")}  # of formulas, behind what they stand at
_LONGEST_HEADING = 300  # characters; more is a heading that was never closed
_SPACES = re.compile(r"[ \t\r\n\f]+")


def lay_out(element: Any, builder: TextBuilder, left_out: Callable[[Any], bool] = lambda _: False) -> None:
    """Appends every block under `element`, an lxml element, but those in elements for which `left_out` is true.

    Formulas under it are changed to what can be a line of text, and what a press opens is opened.
    """
    _linearise(element)
    _open(element)
    layout = _Layout(builder, left_out)
    layout.walk(element)
    layout.flush()


@dataclass(slots=True)
class _Ordered:
    """A numbered list: the number of its next item, how they go on, and how they are written."""

    number: int
    step: int
    kind: str

    def mark(self, item: Any) -> str:
        """The number of the next item, as it stands before it."""
        self.number = _integer(item, "value", self.number)
        written = numeral(self.number, _kind(item, self.kind))
        self.number += self.step
        return f"{written}. " if written else BULLET


class _Layout:
    """What was read of the block that is being read, and where it belongs."""

    def __init__(self, builder: TextBuilder, left_out: Callable[[Any], bool]) -> None:
        self._builder, self._left_out = builder, left_out
        self._loose: list[str] = []
        self._mark = ""  # what the next block begins with, where it begins an item
        self._ordered: _Ordered | None = None  # the list here, if it is numbered
        self._aligned = False  # whether the table here holds data
        self._group: Any = None  # the outermost list or table here
        self._last_group: Any = None  # that of the block before
        self._above: Spanning = {}

    def walk(self, element: Any) -> None:
        tag = name_of(element)
        if is_unseen(element) or self._left_out(element):
            return
        if tag == "br":
            self._loose.append("\n")
        elif tag in SHIFTED:
            begun, before = len(self._loose), next(filter(None, reversed(self._loose)), "")
            self._children(element)
            self._loose[begun:] = [shifted("".join(self._loose[begun:]), before, above=tag == "sup")]
        elif tag not in BLOCKS:
            self._children(element)
        elif not self._whole(element, tag):
            self.flush()
            outer, above, ordered, aligned = self._group, self._above, self._ordered, self._aligned
            if tag in _TABLES:
                self._above = {}
            if tag in _ITEMS:
                self._ordered = _ordered(element) if tag == "ol" else None
            elif tag == "table":
                self._aligned = holds_data(element)
            if tag == "tr":  # one that lays out a page: what is in it stands apart
                self._group = None
            elif outer is None and tag in _LISTS:
                self._group = element
            if tag == "li":
                self._mark = self._mark.removesuffix(BULLET) + (ordered.mark(element) if ordered else BULLET)
            self._children(element)
            self.flush()
            self._mark = "" if tag == "li" else self._mark
            self._group, self._ordered, self._aligned = outer, ordered, aligned
            self._above = spanning_next(above) if tag == "tr" else above

    def _children(self, element: Any) -> None:
        self._loose.append(_SPACES.sub(" ", element.text or ""))
        for child in element:
            self.walk(child)
            self._loose.append(_SPACES.sub(" ", child.tail or ""))

    def _whole(self, element: Any, tag: str) -> bool:
        """Adds a block that is not taken apart any further."""
        heading = joined(flat(element)) if tag in HEADINGS else ""
        if tag in HEADINGS and len(heading) <= _LONGEST_HEADING:
            self.flush()
            if heading and self._mark != BULLET:  # the number of an item is its heading's
                heading, self._mark = self._mark + heading, ""
            self._builder.add(heading, level=HEADINGS[tag])
            self._last_group = None
        elif tag == "pre":
            self.flush()
            self._add(flat(element, lines=True), indented=True)
        elif tag == "tr" and not _is_laid_out(element, named=any(text for text, _ in self._above.values())):
            self.flush()
            self._add(self._row(element), row=True)
        else:
            return False
        return True

    def _row(self, row: Any) -> str:
        """A row as a line; a cell that spans rows is named in each."""
        texts, end, self._above = placed(row, self._above)
        return line(texts, aligned=self._aligned) if end else ""

    def flush(self) -> None:
        """Ends the block; two line breaks end one, too."""
        lines = [joined(line) for line in "".join(self._loose).split("\n")]
        self._loose.clear()
        for block in re.split(r"\n{2,}", "\n".join(lines)):
            if block.strip():
                self._add(block)

    def _add(self, text: str, *, row: bool = False, indented: bool = False) -> None:
        """Adds a block, with the mark of the item that it begins; a row or an item stands close to the one before."""
        if text.strip():
            begins = self._group is not None and self._group is self._last_group and (row or self._mark != "")
            text = self._mark + text.strip() if self._mark else text
            self._builder.add(text, tight=begins, indented=indented)
            self._mark, self._last_group = "", self._group


def _linearise(element: Any) -> None:
    """Makes `sup` and `sub` of what stands above and below the line in formulas, and text of fractions and roots."""
    inner_first = reversed(list(element.iter("mfrac", "msqrt", "mroot", *_SCRIPTS)))
    for formula in inner_first:
        formula.text = None
        for part in formula:
            part.tail = None
        parts = [part for part in formula if name_of(part)]
        if formula.tag not in _SCRIPTS and (text := _on_a_line(formula, parts)):
            del formula[:]
            formula.text = text
        for part, tag in zip(parts[1:], _SCRIPTS.get(formula.tag, ()), strict=False):
            part.tag = tag


def _on_a_line(formula: Any, parts: Sequence[Any]) -> str:
    """A fraction or root of these parts as text; empty where it has others than it should."""
    if formula.tag == "msqrt":
        return root(joined(flat(formula)))
    if len(parts) != 2:
        return ""
    first, second = (joined(flat(part)) for part in parts)
    return root(first, second) if formula.tag == "mroot" else f"{bracketed(first)}/{bracketed(second)}"


def _open(element: Any) -> None:
    """Shows the panels of tabs, and what else is named as opened by a press, but for menus, dialogs and the like."""
    openers = (one for one in element.iter("*") if one.get("aria-haspopup", "false") == "false")
    opened = {identity for opener in openers for identity in (opener.get("aria-controls") or "").split()}
    for one in element.iter("*"):
        if one.get("role") == "tabpanel" or (one.get("id") in opened and one.get("role") not in _POPUPS):
            one.attrib.pop("hidden", None)
            one.set("style", NOT_DISPLAYED.sub("", one.get("style") or ""))


def _ordered(element: Any) -> _Ordered:
    """How an `ol` numbers its items."""
    backwards = element.get("reversed") is not None
    first = sum(name_of(child) == "li" for child in element) if backwards else 1
    return _Ordered(_integer(element, "start", first), -1 if backwards else 1, _kind(element, "decimal"))


def _kind(element: Any, inherited: str) -> str:
    """How a list or an item says that numbers are written."""
    style = _LIST_STYLE.search(element.get("style") or "")
    return style[1].lower() if style else _NUMBERS.get(element.get("type") or "", inherited)


def _integer(element: Any, name: str, default: int) -> int:
    found = _INTEGER.match(element.get(name) or "")
    return int(found[1]) if found else default


def _is_laid_out(row: Any, *, named: bool) -> bool:
    """Whether a row, which a cell from above may name, holds a part of a page, or paragraphs, rather than values."""
    if any(name_of(inner) in ("table", "tr", "pre", *HEADINGS) for inner in row.iterdescendants()):
        return True
    cells = [cell for cell in shown_cells(row) if flat(cell).strip()]
    alone = len(cells) == 1 and not named
    return any((alone or len(flat(cell).strip()) > LONGEST_NAME) and _is_divided(cell) for cell in cells)


def _is_divided(cell: Any) -> bool:
    """Whether a cell would be several blocks if it were laid out."""
    builder = TextBuilder()
    layout = _Layout(builder, lambda _: False)
    layout.walk(cell)
    layout.flush()
    return len(builder.parts) > 1
