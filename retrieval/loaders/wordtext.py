"""The text within a paragraph of a Word document, read from the XML: as it reads with every change accepted.

Deletions, placeholders, hidden and struck-out text and tables of contents are no text. Of forms, what is ticked and
chosen is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from retrieval.loaders.formulas import bracketed, root, shifted
from retrieval.loaders.wordml import W, value

NO_TEXT = frozenset({"del", "moveFrom", "Fallback", "rt", "pPr", "rPr", "sdtPr", "tblPr", "tcPr", "trPr"})
_SIGNS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_SHIFTED = {"superscript": True, "sup": True, "subscript": False, "sub": False}  # whether above the line
_UNSEEN = ("vanish", "strike", "dstrike")  # properties of runs
_OFF = frozenset({"0", "false", "off"})
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_RESULT = "ancestor::w:r[1]/following-sibling::w:r[w:fldChar][1][w:fldChar/@w:fldCharType='separate']"
_FORMULAS = frozenset({_M + "f", _M + "d", _M + "rad", _M + "nary"})
_SYMBOLS = {  # by the font that draws them
    "Wingdings": {"6F": "☐", "A8": "☐", "FB": "✗", "FC": "✓", "FD": "☒", "FE": "☑"},
    "Symbol": {
        "57": "Ω", "6D": "µ", "A3": "≤", "B0": "°", "B1": "±", "B3": "≥", "B4": "×", "B7": "•", "B9": "≠", "BB": "≈",
    },
}  # fmt: skip


def found(element: Any, name: str) -> Iterator[Any]:
    """The elements of this name under `element`, none inside another of them and none that is no text."""
    for child in element:
        if name_of(child) == name:
            yield child
        elif name_of(child) not in NO_TEXT and not _is_unseen(child):
            yield from found(child, name)


def text_of(element: Any, *, boxes: bool) -> str:
    """The text of a paragraph as it reads with every change accepted; that of text boxes in it on request."""
    parts = []
    for child in element:
        name = name_of(child)
        if name == "t":
            parts.append(child.text or "")
        elif name in _SIGNS:
            parts.append(_SIGNS[name])
        elif name in _DRAWN:
            parts.append(_DRAWN[name](child))
        elif child.tag in _FORMULAS:
            parts.append(_formula(child, boxes=boxes))
        elif name not in NO_TEXT and not _is_unseen(child) and (boxes or name != "txbxContent"):
            inside = text_of(child, boxes=boxes)
            place = value(child.find(W + "rPr"), "vertAlign") or name
            if place in _SHIFTED:
                inside = shifted(inside, next(filter(None, reversed(parts)), ""), above=_SHIFTED[place])
            parts.append(f" {inside} " if name in ("txbxContent", "p") else inside)
    return "".join(parts)


def _formula(element: Any, *, boxes: bool) -> str:
    """A fraction, a bracket, a root, or a sum, product or integral with its limits, on a line."""

    def sign(name: str, default: str) -> str:
        found = element.find(f"{element.tag}Pr/{_M}{name}")
        return default if found is None else found.get(_M + "val") or ""

    def parts(name: str, between: str = "") -> str:
        return between.join(text_of(part, boxes=boxes) for part in element.findall(_M + name))

    name = name_of(element)
    if name == "f":
        return f"{bracketed(parts('num'))}/{bracketed(parts('den'))}"
    if name == "d":
        return sign("begChr", "(") + parts("e", sign("sepChr", "|")) + sign("endChr", ")")
    if name == "rad":
        return root(parts("e"), parts("deg"))
    operator = sign("chr", "∫")
    limits = (bracketed(shifted(parts(limit), operator, above=_SHIFTED[limit])) for limit in ("sub", "sup"))
    return operator + "".join(limits) + parts("e")


def _symbol(element: Any) -> str:
    """A character of a font of symbols, where it is a common one; its number may be moved to private use (F0)."""
    number = (element.get(W + "char") or "").upper().removeprefix("F0").removeprefix("00")
    return _SYMBOLS.get(element.get(W + "font") or "", {}).get(number, "")


def _check_box(element: Any) -> str:
    checked = element.find(W + "checked")
    return "☒" if _is_on(element.find(W + "default") if checked is None else checked) else "☐"


def _choice(element: Any) -> str:
    """The entry of a list of a form that is chosen, unless the field has it as text as well."""
    if element.xpath(f"{_RESULT}/following-sibling::w:r[1]/w:t", namespaces={"w": W[1:-1]}):
        return ""
    numbers = (value(element, "result") or "", value(element, "default") or "")
    chosen = int(next(filter(str.isdecimal, numbers), 0))
    return "".join(entry.get(W + "val") or "" for entry in element.findall(W + "listEntry")[chosen : chosen + 1])


_DRAWN: dict[str, Callable[[Any], str]] = {"sym": _symbol, "checkBox": _check_box, "ddList": _choice}


def is_left_out(element: Any) -> bool:
    """A content control that nobody has filled in yet, or one that holds the table of contents."""
    properties = element.find(W + "sdtPr") if name_of(element) == "sdt" else None
    if properties is None:
        return False
    gallery = value(properties.find(W + "docPartObj"), "docPartGallery")
    return gallery == "Table of Contents" or properties.find(W + "showingPlcHdr") is not None


def _is_unseen(element: Any) -> bool:
    """What is left out, or a run of hidden or struck-out text."""
    return is_left_out(element) or any(_is_on(element.find(f"{W}rPr/{W}{name}")) for name in _UNSEEN)


def _is_on(element: Any) -> bool:
    """Whether a property that is on or off is there, and on."""
    return element is not None and element.get(W + "val") not in _OFF


def name_of(element: Any) -> str:
    """The tag without its namespace; empty for a comment."""
    return element.tag.rsplit("}", 1)[-1] if isinstance(element.tag, str) else ""
