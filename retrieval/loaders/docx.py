"""Word documents by python-docx: paragraphs, lists and tables in their order, headings by style, properties."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from retrieval.errors import DocumentError
from retrieval.loaders.archive import check_archive
from retrieval.loaders.dates import iso_date
from retrieval.loaders.loaded import Loaded, TextBuilder


def load(data: bytes) -> Loaded:
    """Raises DocumentError where the file is damaged, encrypted or unpacks to an absurd size."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise DocumentError("it is encrypted or in the old .doc format: save it as .docx without a password")
    check_archive(data)
    import docx
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError

    try:
        document = docx.Document(io.BytesIO(data))
        return _load(document)
    except (
        OpcError,
        LxmlError,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        AttributeError,
        IndexError,
        OSError,
    ) as error:
        raise DocumentError("it is damaged or no Word document: open it in Word and save it again") from error


def _load(document: Any) -> Loaded:
    from docx.table import Table

    builder = TextBuilder()
    title = " ".join((document.core_properties.title or "").split())
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            for number, row in enumerate(block.rows):
                builder.add(_row(row), tight=number > 0)
            continue
        style = (block.style.name or "").lower() if block.style is not None else ""
        if style == "title":
            title = title or " ".join(block.text.split())
            builder.add(block.text, level=1)
        elif style.startswith("heading"):
            level = int(style.split()[-1]) if style.split()[-1].isdigit() else 1
            builder.add(block.text, level=level)
        elif style.startswith("list"):
            builder.add("- " + block.text, tight=True)
        else:
            builder.add(block.text)
    properties = document.core_properties
    date = iso_date(properties.created) or iso_date(properties.modified)
    return Loaded(builder.text(), title, date, 0, tuple(builder.headings))


def _row(row: Any) -> str:
    """A row's cells; a cell that spans columns is named once."""
    cells: list[str] = []
    for cell in row.cells:
        text = " ".join(cell.text.split())
        if text and (not cells or cells[-1] != text):
            cells.append(text)
    return " | ".join(cells)
