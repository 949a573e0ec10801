"""HTML: trafilatura finds the main text and leaves menus and footers out; title and date come from the metadata."""

from __future__ import annotations

from typing import Any

from retrieval.errors import DocumentError
from retrieval.loaders.dates import iso_date
from retrieval.loaders.loaded import Loaded, TextBuilder
from retrieval.loaders.markup import lay_out

_DATES = ("article:published_time", "date", "dc.date", "dcterms.date", "dcterms.created", "datepublished")


def load(data: bytes) -> Loaded:
    """The main text; the whole body where trafilatura finds no main text. Raises DocumentError."""
    tree = parse(data)
    title, date = _title(tree), _date(tree)
    builder = TextBuilder()
    body = _main(tree)
    if body is not None:
        lay_out(body, builder)
    if not builder.parts:
        builder = TextBuilder()
        lay_out(tree.find("body") if tree.find("body") is not None else tree, builder)
    return Loaded(builder.text(), title, date, 0, tuple(builder.headings))


def parse(data: bytes) -> Any:
    """The element tree of a page, in the encoding that it declares or that its bytes show. Raises DocumentError."""
    import lxml.html
    from lxml.etree import LxmlError

    from retrieval.loaders.text import decode

    text = decode(data)
    declared = text.lstrip()[:200]
    if declared.startswith("<?xml"):  # lxml refuses a str that declares its encoding
        text = text[text.index("?>") + 2 :] if "?>" in declared else text
    try:
        return lxml.html.document_fromstring(text.replace("\x00", ""))
    except (LxmlError, ValueError, AssertionError, RecursionError) as error:
        raise DocumentError("it is not HTML that can be read: open it in a browser and save it again") from error


def _main(tree: Any) -> Any:
    from copy import deepcopy

    from trafilatura import bare_extraction

    found = bare_extraction(
        deepcopy(tree), favor_recall=True, include_comments=False, include_tables=True, with_metadata=False
    )
    return getattr(found, "body", None)


def _title(tree: Any) -> str:
    for node in (*tree.xpath("//meta[@property='og:title']/@content"), *tree.xpath("//title/text()")):
        title = " ".join(str(node).split())
        if title:
            return title
    return ""


def _date(tree: Any) -> str | None:
    for meta in tree.iter("meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        date = iso_date(meta.get("content")) if name in _DATES else None
        if date:
            return date
    times = [iso_date(time.get("datetime")) for time in tree.iter("time")]
    return next(filter(None, times), None)
