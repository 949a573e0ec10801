"""HTML: all visible text of a page, but for menus and footers where trafilatura, which finds the main text, agrees."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import Any

from retrieval.errors import DocumentError
from retrieval.loaders.dates import iso_date
from retrieval.loaders.elements import name_of
from retrieval.loaders.loaded import Loaded, TextBuilder, clean
from retrieval.loaders.markup import lay_out

_DATES = ("article:published_time", "date", "dc.date", "dcterms.date", "dcterms.created", "datepublished")
_DECLARED = re.compile(
    rb"""<\?xml[^>]{0,200}encoding\s*=\s*["']([\w:.-]+)|<meta[^>]{0,500}charset\s*=\s*["']?\s*([\w:.-]+)""",
    re.IGNORECASE,
)
_XHTML = re.compile(r"<html[^>]{0,500}http://www\.w3\.org/1999/xhtml", re.IGNORECASE)
_PROLOGUE = re.compile(r"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!DOCTYPE[^>\[]*(?:\[[^\]]*\]\s*)?>)?", re.IGNORECASE)
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)\w+;")
_SURE = 200  # characters of main text, below which trafilatura found too little to judge by
_TELLING = 15  # letters and digits of a piece of text that would not be elsewhere by chance
_ASIDE = frozenset({"ul", "ol", "div", "table", "section", "aside", "header", "p", "menu"})
_FEWEST_LINKS = 3
_CONTACTS = ("mailto:", "tel:")  # links to people, which lead to no page
_INTRODUCING = ("h2", "h3", "h4", "h5", "h6")  # headings of parts of a page


def load(data: bytes) -> Loaded:
    """The visible text of the page. Raises DocumentError."""
    tree = parse(data)
    title, date = _title(tree), _date(tree)
    body = tree.find("body") if tree.find("body") is not None else tree
    builder = TextBuilder()
    lay_out(body, builder, _surroundings(tree))
    if not builder.parts:
        lay_out(body, builder)
    return Loaded(builder.text(), title, date, 0, tuple(builder.headings))


def parse(data: bytes) -> Any:
    """The element tree of a page, in the encoding that it declares or that its bytes show. Raises DocumentError."""
    import lxml.html
    from lxml.etree import LxmlError

    from retrieval.loaders.text import decode

    declared = _DECLARED.search(data[:4096])
    text = clean(decode(data, (declared[1] or declared[2]).decode("ascii", "replace") if declared else ""))
    prologue = _PROLOGUE.match(text)  # lxml refuses a str that declares its encoding
    text = text[prologue.end() :] if prologue else text
    tree = _xhtml(text) if _XHTML.search(text[:2000]) else None
    if tree is not None:
        return tree
    parser = lxml.html.HTMLParser(huge_tree=True)
    try:
        tree = lxml.html.document_fromstring(text, parser=parser)
        if any(error.type_name == "ERR_RESOURCE_LIMIT" for error in parser.error_log):  # the rest is missing
            raise RecursionError
        return tree
    except RecursionError as error:
        raise DocumentError("its parts are nested too deeply: simplify or convert it") from error
    except (LxmlError, ValueError, AssertionError) as error:
        raise DocumentError("it is not HTML that can be read: open it in a browser and save it again") from error


def _xhtml(text: str) -> Any:
    """The tree of a page that is sound XML, in which `<title/>` is a whole element; None for any other."""
    import lxml.html
    from lxml import etree

    parser = lxml.html.XHTMLParser(resolve_entities=False, no_network=True)
    try:
        tree = etree.fromstring(_ENTITY.sub(lambda match: html.unescape(match[0]), text), parser)
    except (etree.LxmlError, ValueError):
        return None
    if next(tree.iter(etree.Entity), None) is not None:  # one of the page's own making, that would be lost
        return None
    for element in tree.iter(etree.Element):
        element.tag = name_of(element)
    etree.cleanup_namespaces(tree)
    return tree


def _surroundings(tree: Any) -> Callable[[Any], bool]:
    """Tells what surrounds the main text: a footer, or mostly links, of which trafilatura kept nothing.

    But not links under a heading of the main text, nor what is in a block of such links.
    """
    text = _main_text(tree)
    kept, lines = _letters(text), frozenset(filter(None, map(_letters, text.splitlines())))
    if len(kept) < _SURE:
        return lambda _: False
    introduced: set[Any] = set()

    def is_kept(element: Any) -> bool:
        return any(piece in kept for piece in _telling(element))

    def is_introduced(element: Any) -> bool:
        heading, near = _heading(element)
        if heading is None:
            return False
        return _letters("".join(heading.itertext())) in lines or any(map(is_kept, near))

    def surrounds(element: Any) -> bool:
        is_footer = name_of(element) == "footer"
        if not (is_footer or name_of(element) in _ASIDE) or not introduced.isdisjoint(element.iterancestors()):
            return False
        if not (is_footer or _is_mostly_links(element)) or is_kept(element):
            return False
        if is_footer or not is_introduced(element):
            return True
        introduced.add(element)
        return False

    return surrounds


def _heading(element: Any) -> tuple[Any, list[Any]]:
    """The heading right before an element, with the nearest paragraphs beside it, or the first one in it, or None."""
    before = next(element.itersiblings("*", preceding=True), None)
    if before is None or name_of(before) not in _INTRODUCING:
        return next(element.iter(*_INTRODUCING), None), []
    near = (next(before.itersiblings("p", preceding=above), None) for above in (True, False))
    return before, [one for one in near if one is not None]


def _telling(element: Any) -> Iterator[str]:
    """The pieces of its text that are long enough to tell; short ones, as in cells and items, with their neighbours."""
    joined = ""
    for piece in map(_letters, element.itertext()):
        joined = piece if len(piece) >= _TELLING else joined + piece
        if len(joined) >= _TELLING:
            yield joined
            joined = ""


def _main_text(tree: Any) -> str:
    from copy import deepcopy

    from trafilatura import bare_extraction

    found = bare_extraction(
        deepcopy(tree), favor_recall=True, include_comments=False, include_tables=True, with_metadata=False
    )
    return getattr(found, "text", None) or ""


def _is_mostly_links(element: Any) -> bool:
    links = [link for link in element.iter("a") if _leads_to_a_page(link.get("href") or "")]
    if len(links) < _FEWEST_LINKS:
        return False
    linked = sum(len(_squeezed("".join(link.itertext()))) for link in links)
    return linked >= 0.8 * len(_squeezed("".join(element.itertext())))


def _leads_to_a_page(address: str) -> bool:
    return bool(address) and not address.strip().lower().startswith(_CONTACTS)


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _letters(text: str) -> str:
    """Letters and digits alone: trafilatura puts marks of its own before items and between cells."""
    return "".join(filter(str.isalnum, text))


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
