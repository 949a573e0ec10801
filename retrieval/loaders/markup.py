"""Lays out the blocks of an HTML tree, or of the simpler tree that trafilatura makes of one."""

from __future__ import annotations

from typing import Any

from retrieval.loaders.loaded import TextBuilder

_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_PARAGRAPHS = frozenset(
    {"p", "pre", "code", "quote", "blockquote", "dt", "dd", "figcaption", "caption", "ab", "address"}
)
_TIGHT = frozenset({"li", "item", "tr", "row"})
_CELLS = frozenset({"td", "th", "cell"})
_NOTHING = frozenset({"script", "style", "noscript", "template", "head_", "title", "nav", "svg", "iframe", "form"})
_LEAVES = frozenset({"br", "lb", "hr", "img", "graphic"})


def lay_out(element: Any, builder: TextBuilder) -> None:
    """Appends every block under `element`, an lxml element; text of inline elements flows into its block."""
    loose: list[str] = [element.text or ""]
    for child in element:
        if not isinstance(child.tag, str):  # a comment
            loose.append(child.tail or "")
            continue
        tag = child.tag.rsplit("}", 1)[-1].lower()
        if _is_block(child, tag):
            _flush(loose, builder)
            _block(child, tag, builder)
        elif tag in _LEAVES:
            loose.append("\n" if tag in ("br", "lb") else " ")
        elif tag not in _NOTHING:
            loose.append(flat(child))
        loose.append(child.tail or "")
    _flush(loose, builder)


def flat(element: Any) -> str:
    """The text of an element, white space as in the source, line breaks kept."""
    parts = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str):
            tag = child.tag.rsplit("}", 1)[-1].lower()
            parts.append("\n" if tag in ("br", "lb") else "" if tag in _NOTHING else flat(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _is_block(child: Any, tag: str) -> bool:
    if tag in _HEADINGS or tag in _PARAGRAPHS or tag in _TIGHT or tag in ("head", "div", "section", "article", "table"):
        return True
    return any(
        _tag(inner) in _HEADINGS or _tag(inner) in _PARAGRAPHS or _tag(inner) in _TIGHT for inner in child.iter()
    )


def _tag(element: Any) -> str:
    return element.tag.rsplit("}", 1)[-1].lower() if isinstance(element.tag, str) else ""


def _block(child: Any, tag: str, builder: TextBuilder) -> None:
    level = _HEADINGS.get(tag) or (_HEADINGS.get(child.get("rend") or "", 2) if tag == "head" else 0)
    if level:
        builder.add(_joined(flat(child)), level=level)
    elif tag in ("tr", "row"):
        cells = [_joined(flat(cell)) for cell in child.iter() if _tag(cell) in _CELLS]
        builder.add(" | ".join(cell for cell in cells if cell), tight=child.getprevious() is not None)
    elif tag == "pre":
        builder.add(flat(child))
    elif tag in _TIGHT and not any(_tag(inner) in _TIGHT or _tag(inner) == "p" for inner in child.iterdescendants()):
        builder.add("- " + _joined(flat(child)), tight=child.getprevious() is not None)
    elif tag in _PARAGRAPHS and not any(_tag(inner) in _PARAGRAPHS for inner in child.iterdescendants()):
        builder.add(_lines(flat(child)))
    else:
        lay_out(child, builder)


def _flush(loose: list[str], builder: TextBuilder) -> None:
    builder.add(_lines("".join(loose)))
    loose.clear()


def _lines(text: str) -> str:
    """Collapses white space; a line break of the page's own stays one."""
    return (
        "\n".join(filter(None, (_joined(line) for line in text.split("\n")))) if "\n" in text.strip() else _joined(text)
    )


def _joined(text: str) -> str:
    return " ".join(text.split())
