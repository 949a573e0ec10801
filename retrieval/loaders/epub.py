"""EPUB: the chapters in reading order, laid out as HTML; title and date from the package file."""

from __future__ import annotations

import io
import posixpath
import zipfile
from typing import Any
from urllib.parse import unquote

from retrieval.errors import DocumentError
from retrieval.loaders.archive import check_archive
from retrieval.loaders.dates import iso_date
from retrieval.loaders.html import parse
from retrieval.loaders.loaded import Loaded, TextBuilder
from retrieval.loaders.markup import lay_out

_NAMES = {
    "c": "urn:oasis:names:tc:opendocument:xmlns:container",
    "o": "http://www.idpf.org/2007/opf",
    "d": "http://purl.org/dc/elements/1.1/",
}
_DAMAGED = "it is damaged or no EPUB: get another copy or convert it again"


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
    container = _xml(archive.read("META-INF/container.xml"))
    package_path = str(container.xpath("//c:rootfile/@full-path", namespaces=_NAMES)[0])
    package = _xml(archive.read(package_path))
    files = {item.get("id"): item.get("href") for item in package.xpath("//o:manifest/o:item", namespaces=_NAMES)}
    builder = TextBuilder()
    for identity in package.xpath("//o:spine/o:itemref/@idref", namespaces=_NAMES):
        path = posixpath.normpath(posixpath.join(posixpath.dirname(package_path), unquote(files[identity])))
        tree = parse(archive.read(path))
        lay_out(tree.find("body") if tree.find("body") is not None else tree, builder)
    if not builder.parts:
        raise DocumentError("it holds no text: remove it")
    title = "".join(package.xpath("string(//d:title)", namespaces=_NAMES))
    date = iso_date(package.xpath("string(//d:date)", namespaces=_NAMES) or None)
    return Loaded(builder.text(), " ".join(title.split()), date, 0, tuple(builder.headings))


def _xml(data: bytes) -> Any:
    """Parses XML without entities or network, which hostile files abuse."""
    from lxml import etree

    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
