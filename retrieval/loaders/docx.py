"""Word documents by python-docx: all text in its order, headings by style, properties.

What python-docx does not show is read from the XML: automatic numbers, tracked insertions, content controls, text
boxes, diagrams, nested tables, footnotes, headers and footers (`wordtext` reads what stands within a paragraph). Notes
that nothing refers to are no text.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from retrieval.errors import DocumentError
from retrieval.loaders.archive import check_archive
from retrieval.loaders.cells import LONGEST_NAME, line
from retrieval.loaders.dates import iso_date
from retrieval.loaders.loaded import Loaded, TextBuilder
from retrieval.loaders.numbering import Numbering
from retrieval.loaders.numerals import BULLET
from retrieval.loaders.wordml import W, styles_above, value
from retrieval.loaders.wordtables import by_column, goes_on, holds_data
from retrieval.loaders.wordtext import NO_TEXT, found, is_left_out, name_of, text_of

_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_DATA_PART = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}dm"
_NOTES = {"/footnotes": "footnote", "/endnotes": "endnote"}  # what each part holds
_MARGINS = ("/header", "/footer")
_HEADINGS = ("heading", "title")  # what the names of their styles begin with
_GONE = ("del", "moveFrom", "vanish")  # of the end of a paragraph that is not seen
_ITEM = re.compile(r"- |\(?\w{1,4}[.)] ")  # what stands before items; clauses, as 3.2 or § 4, stand apart
_OF_TEMPLATE = datetime(2013, 12, 23, 23, 15, tzinfo=UTC)  # that python-docx makes documents from
_STRICT = b"http://purl.oclc.org/ooxml/"


def load(data: bytes) -> Loaded:
    """Raises DocumentError where the file is damaged, encrypted or unpacks to an absurd size."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise DocumentError("it is encrypted or in the old .doc format: save it as .docx without a password")
    check_archive(data)
    import zlib

    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError

    try:
        return _load(_opened(data))
    except (
        OpcError,
        LxmlError,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        AttributeError,
        IndexError,
        OSError,
        EOFError,
        zlib.error,
    ) as error:
        raise DocumentError("it is damaged or no Word document: open it in Word and save it again") from error


def _opened(data: bytes) -> Any:
    """The document, also where it refers to parts that it does not hold. Raises DocumentError for a strict one."""
    import docx

    try:
        return docx.Document(io.BytesIO(data))
    except KeyError:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if _STRICT in archive.read("_rels/.rels"):
                raise DocumentError("it is a Strict Open XML Document: save it as a Word Document (.docx)") from None
            return docx.Document(_without_missing(archive))


def _without_missing(archive: zipfile.ZipFile) -> io.BytesIO:
    """The document without relations to parts that are missing, as programs leave them for pictures they had not."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in archive.namelist():
            made.writestr(name, _held(archive, name) if name.endswith(".rels") else archive.read(name))
    out.seek(0)
    return out


def _held(archive: zipfile.ZipFile, name: str) -> bytes:
    """The relations in a part of `archive`, but for those to parts that are missing."""
    from lxml import etree

    relations = _xml(archive.read(name))
    folder = posixpath.join("/", posixpath.dirname(posixpath.dirname(name)))
    for relation in list(relations):
        part = posixpath.normpath(posixpath.join(folder, relation.get("Target") or ""))[1:]
        if relation.get("TargetMode") != "External" and part not in archive.NameToInfo:
            relations.remove(relation)
    held: bytes = etree.tostring(relations)
    return held


def _load(document: Any) -> Loaded:
    styles = {style.get(W + "styleId"): style for style in document.styles.element.iter(W + "style")}
    rules = next(_parts(document, ("/numbering",)), None)
    notes = {
        (kind, note.get(W + "id")): note
        for ending, kind in _NOTES.items()
        for part in _parts(document, (ending,))
        for note in part.iter(W + kind)
    }
    title, date = _properties(document)
    around = _Text({}, Numbering(rules, styles), {})  # no heading holds for what surrounds the text
    margins = {text_of(part, boxes=True): part for part in _parts(document, _MARGINS)}  # sections repeat them
    for part in margins.values():
        around.blocks(part)
    text = _Text(_purposes(styles), Numbering(rules, styles), notes, around.builder)
    _join(document.element.body)
    _show_diagrams(document.element.body, document.part)
    text.blocks(document.element.body)
    return Loaded(text.builder.text(), title or text.title, date, 0, tuple(text.builder.headings))


def _parts(document: Any, kinds: tuple[str, ...]) -> Iterator[Any]:
    """The parts of the document beside its body that are of these kinds, as elements."""
    for relation in document.part.rels.values():
        if relation.reltype.endswith(kinds) and not relation.is_external:
            part = _xml(relation.target_part.blob)
            _join(part)
            _show_diagrams(part, relation.target_part)
            yield part


def _xml(data: bytes) -> Any:
    from lxml import etree

    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))


def _join(part: Any) -> None:
    """Joins every paragraph whose end is deleted, as a tracked change, to the one behind it, which becomes both."""
    for paragraph in reversed(list(part.iter(W + "p"))):
        if paragraph.find(f"{W}pPr/{W}rPr/{W}del") is None:
            continue
        behind = next(paragraph.itersiblings(W + "p", W + "tbl", W + "sdt"), None)
        if behind is not None and behind.tag == paragraph.tag:
            begin = int(name_of(next(iter(behind), behind)) == "pPr")  # which stands first
            for child in reversed(list(paragraph)):
                if name_of(child) != "pPr":
                    behind.insert(begin, child)
            paragraph.getparent().remove(paragraph)


def _show_diagrams(element: Any, part: Any) -> None:
    """Makes a text box of each diagram under `element`, which is of this part: a line for each shape with text."""
    from lxml import etree

    shown = {one.get(_DATA_PART): one for one in reversed(list(element.iter(_DIAGRAM + "relIds")))}  # each once
    for identity, diagram in shown.items():
        relation = part.rels.get(identity)
        if relation is None or relation.is_external:
            continue
        shapes = _xml(relation.target_part.blob).iterfind(f".//{_DIAGRAM}pt/{_DIAGRAM}t")
        texts = (" ".join(text_of(shape, boxes=False).split()) for shape in shapes)
        run = etree.SubElement(etree.SubElement(etree.SubElement(diagram, W + "txbxContent"), W + "p"), W + "r")
        for text in filter(None, texts):
            etree.SubElement(run, W + "t").text = text
            etree.SubElement(run, W + "br")


def _properties(document: Any) -> tuple[str, str | None]:
    """Title and date; python-docx would make up both where the document has no properties, or leave its own date."""
    if not any(rel.reltype.endswith("/core-properties") for rel in document.part.package.rels.values()):
        return "", None
    properties = document.core_properties
    title = " ".join((properties.title or "").split())
    dates = (iso_date(at) for at in (properties.created, properties.modified) if at != _OF_TEMPLATE)
    return title, next(filter(None, dates), None)


def _purposes(styles: dict[str, Any]) -> dict[str, str]:
    """What each style is for, by its identity: its name or that of the heading, title or list it is based on."""

    def purpose(identity: str) -> str:
        names = ((value(style, "name") or "").lower() for _, style in styles_above(styles, identity))
        return next((name for name in names if name.startswith((*_HEADINGS, "list", "toc "))), "")

    return {identity: purpose(identity) for identity in styles}


class _Text:
    """Lays out the blocks of a document, each note behind the paragraph or table that refers to it first."""

    def __init__(
        self,
        purposes: dict[str, str],
        numbering: Numbering,
        notes: dict[tuple[str, str | None], Any],
        builder: TextBuilder | None = None,
    ) -> None:
        self.builder, self.title = builder or TextBuilder(), ""
        self._purposes, self._numbering, self._notes = purposes, numbering, notes
        self._noted = 0  # where the last note ends, in parts of the text

    def blocks(self, container: Any) -> None:
        """Adds every paragraph and table under `container`, in their order."""
        for child in container:
            name = name_of(child)
            if name == "p":
                self._paragraph(child)
            elif name == "tbl":
                self._table(child)
            elif name not in NO_TEXT and not is_left_out(child):
                self.blocks(child)

    def _purpose(self, paragraph: Any) -> str:
        """What the style of a paragraph is for; empty where that is nothing in particular."""
        return self._purposes.get(value(paragraph.find(W + "pPr"), "pStyle") or "", "")

    def _paragraph(self, paragraph: Any) -> None:
        properties, style = paragraph.find(W + "pPr"), self._purpose(paragraph)
        text = text_of(paragraph, boxes=False).strip()
        mark = self._mark(properties, style, text)
        numbered = mark.removeprefix(BULLET) + text if text else ""
        if style.startswith("title"):
            self.title = self.title or " ".join(text.split())
            self.builder.add(numbered, level=1)
        elif style.startswith("heading"):
            self.builder.add(numbered, level=int(style.split()[-1]) if style.split()[-1].isdigit() else 1)
        elif mark:
            close = _ITEM.fullmatch(mark) is not None and len(self.builder.parts) != self._noted
            self.builder.add(mark + text if text else "", tight=close)
        elif not style.startswith("toc "):
            self.builder.add(text)
        for box in found(paragraph, "txbxContent"):
            self.blocks(box)
        self._add_notes(paragraph)

    def _mark(self, properties: Any, style: str, text: str) -> str:
        """What stands before the text of a paragraph: its number, or the bullet of an item, with a blank."""
        end = None if properties is None else properties.find(W + "rPr")
        if not text and end is not None and any(end.find(W + name) is not None for name in _GONE):
            return ""  # and it is not counted
        mark = None if properties is None else self._numbering.mark(properties)
        return (BULLET if style.startswith("list bullet") else "") if mark is None else mark

    def _add_notes(self, element: Any) -> None:
        for kind in _NOTES.values() if self._notes else ():
            for reference in found(element, f"{kind}Reference"):
                note = self._notes.pop((kind, reference.get(W + "id")), None)
                if note is not None:
                    self.blocks(note)
                    self._noted = len(self.builder.parts)

    def _table(self, table: Any) -> None:
        """Rows as lines; a cell that spans rows is named in each; what is laid out by a table comes block by block."""
        above: dict[int, str] = {}
        tight = False
        aligned = holds_data(table)
        for row in found(table, "tr"):
            if row.find(f"{W}trPr/{W}del") is not None:
                continue
            if self._is_laid_out(list(found(row, "tc"))):
                for column, cell in by_column(row):
                    self.blocks(cell)
                    if not goes_on(cell):
                        above.pop(column, None)
                tight = False
                continue
            texts: dict[int, str] = {}
            for column, cell in by_column(row):
                if not goes_on(cell):
                    inside = (" ".join(self._numbered(one).split()) for one in found(cell, "p"))
                    above[column] = " ".join(inside).strip()
                texts[column] = above.get(column, "")
            self.builder.add(line(texts, aligned=aligned), tight=tight)
            tight = True
        self._add_notes(table)

    def _is_laid_out(self, cells: list[Any]) -> bool:
        """Whether a row holds a part of a page, or paragraphs, rather than values or the names of columns."""
        if any(next(found(cell, "tbl"), None) is not None for cell in cells):
            return True
        alone = len(cells) == 1
        for cell in cells:
            texts = [text for one in found(cell, "p") if (text := text_of(one, boxes=True).strip())]
            headed = any(self._purpose(one).startswith(_HEADINGS) for one in found(cell, "p"))
            long = sum(map(len, texts)) > LONGEST_NAME
            if (alone or headed or long) if len(texts) > 1 else (alone and headed):
                return True
        return False

    def _numbered(self, paragraph: Any) -> str:
        """The text of a paragraph in a cell, which may be a number alone."""
        text = text_of(paragraph, boxes=True).strip()
        return self._mark(paragraph.find(W + "pPr"), "", text).removeprefix(BULLET) + text
