"""EPUB: the chapters in reading order, laid out as HTML; title and date from the package file.

Where a chapter has no heading, the table of contents names it.
"""

from __future__ import annotations

import io
import posixpath
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any
from urllib.parse import unquote

from retrieval.errors import DocumentError
from retrieval.loaders.archive import check_archive, part
from retrieval.loaders.dates import iso_date
from retrieval.loaders.elements import HEADINGS, flat, name_of
from retrieval.loaders.html import parse
from retrieval.loaders.loaded import Loaded, TextBuilder
from retrieval.loaders.markup import lay_out

_NAMES = {
    "c": "urn:oasis:names:tc:opendocument:xmlns:container",
    "o": "http://www.idpf.org/2007/opf",
    "d": "http://purl.org/dc/elements/1.1/",
}
_DAMAGED = "it is damaged or no EPUB: get another copy or convert it again"
_NO_PAGE = ("image/", "audio/", "video/", "font/")
_NCX = "application/x-dtbncx+xml"
_TITLES = ("p", *HEADINGS)
_NEAR = 10  # blocks where a chapter begins, one of which may be its title
_LONGEST_ABOVE = 100  # characters of a block above a chapter's heading; more is text


@dataclass(frozen=True, slots=True)
class _Chapter:
    """An entry of the table of contents: the element it leads to in its file, if any, and how deep it stands."""

    anchor: str
    label: str
    level: int


def load(data: bytes) -> Loaded:
    """Raises DocumentError where the file is damaged, encrypted or unpacks to an absurd size."""
    check_archive(data)
    import zlib

    from lxml.etree import LxmlError

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _load(archive)
    except (LxmlError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, IndexError, OSError, EOFError) as error:
        raise DocumentError(_DAMAGED) from error


def _load(archive: zipfile.ZipFile) -> Loaded:
    container = _xml(part(archive, "META-INF/container.xml"))
    package_path = str(container.xpath("//c:rootfile/@full-path", namespaces=_NAMES)[0])
    package = _xml(part(archive, package_path))
    items = {item.get("id"): item for item in package.xpath("//o:manifest/o:item", namespaces=_NAMES)}
    spine = [items[name] for name in package.xpath("//o:spine/o:itemref/@idref", namespaces=_NAMES) if name in items]
    pages = [item for item in spine if not (item.get("media-type") or "").startswith(_NO_PAGE)]
    paths = [_path(package_path, item.get("href") or "") for item in pages]
    _refuse_locked(archive, paths)
    chapters = _chapters(archive, package_path, list(items.values()))
    builder = TextBuilder()
    for path in paths:
        data = part(archive, path) if path in archive.NameToInfo else b""
        if data.strip():
            tree = parse(data)
            _head(tree, chapters.get(path, []))
            lay_out(tree, builder)
    if not builder.parts:
        raise DocumentError("it holds no text: remove it")
    title = "".join(package.xpath("string(//d:title)", namespaces=_NAMES))
    date = iso_date(package.xpath("string(//d:date)", namespaces=_NAMES) or None)
    return Loaded(builder.text(), " ".join(title.split()), date, 0, tuple(builder.headings))


def _path(base: str, href: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(href.partition("#")[0])))


def _refuse_locked(archive: zipfile.ZipFile, paths: list[str]) -> None:
    """Raises DocumentError where chapters are enciphered; fonts often are in books that can be read."""
    if "META-INF/encryption.xml" not in archive.NameToInfo:
        return
    references = _xml(part(archive, "META-INF/encryption.xml")).xpath("//*[local-name()='CipherReference']/@URI")
    if {posixpath.normpath(unquote(one)) for one in references} & set(paths):
        raise DocumentError("it is locked against copying (DRM): get a copy without a lock")


def _chapters(archive: zipfile.ZipFile, package_path: str, items: list[Any]) -> dict[str, list[_Chapter]]:
    """The chapters that the table of contents names, by the file they begin in; none where it cannot be read."""
    chapters: dict[str, list[_Chapter]] = {}
    for item in items:
        path = _path(package_path, item.get("href") or "")
        is_navigation = "nav" in (item.get("properties") or "").split()
        if path not in archive.NameToInfo or not (is_navigation or item.get("media-type") == _NCX):
            continue
        if is_navigation:
            tables = parse(part(archive, path)).xpath("//nav[not(@*[local-name()='type']) or @*[.='toc']]")
            points = [
                (link.get("href") or "", link.text_content(), sum(1 for _ in link.iterancestors("ol")))
                for table in tables[:1]
                for link in table.iter("a")
            ]
        else:
            points = [
                (
                    "".join(point.xpath("./*[local-name()='content']/@src")),
                    "".join(point.xpath("string(./*[local-name()='navLabel'])")),
                    1 + sum(1 for above in point.iterancestors() if name_of(above) == "navpoint"),
                )
                for point in _xml(part(archive, path)).xpath("//*[local-name()='navPoint']")
            ]
        for href, label, level in points:
            if label.strip():
                chapter = _Chapter(href.partition("#")[2], " ".join(label.split()), min(level, len(HEADINGS)))
                chapters.setdefault(_path(path, href), []).append(chapter)
        if points:
            break
    return chapters


def _head(tree: Any, chapters: list[_Chapter]) -> None:
    """Makes headings of where chapters begin that have none, in a file that has text."""
    if not flat(tree).strip():
        return
    headings = {_squeezed(flat(element)) for element in tree.iter(*HEADINGS)}
    named = {one.get("id"): one for one in reversed(tree.xpath("//*[@id][parent::*]"))}  # the first of a name
    body = next(tree.iter("body"), None)
    for chapter in chapters:
        if _squeezed(chapter.label) in headings:
            continue
        begin = named.get(chapter.anchor) if chapter.anchor else body
        if begin is None:
            continue
        near = list(islice(_blocks_from(begin), _NEAR))
        title = next((one for one in near if _squeezed(flat(one)) == _squeezed(chapter.label)), None)
        if title is None:
            if _begins_with_heading(near):
                continue
            title = begin.makeelement("p")
            title.text = chapter.label
            begin.addprevious(title)
        title.tag = f"h{chapter.level}"


def _blocks_from(begin: Any) -> Iterator[Any]:
    """Paragraphs, headings and divisions with text in the order of the file: those that an element stands in, but for
    divisions, then it and what follows.
    """
    outer = list(begin.iterancestors())
    yield from (one for one in reversed(outer) if name_of(one) in _TITLES)
    after = (sibling for one in (begin, *outer) for sibling in one.itersiblings())
    for one in chain([begin], after):
        yield from (block for block in one.iter(*_TITLES, "div") if any(map(str.strip, block.itertext())))


def _begins_with_heading(blocks: list[Any]) -> bool:
    """Whether the first of these blocks that is no short line, as a number or a motto, is a heading."""
    for block in blocks:
        if name_of(block) in HEADINGS:
            return True
        if len(flat(block).strip()) > _LONGEST_ABOVE and next(block.iter(*HEADINGS), None) is None:
            return False
    return False


def _squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def _xml(data: bytes) -> Any:
    """Parses XML without entities or network, which hostile files abuse."""
    from lxml import etree

    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
