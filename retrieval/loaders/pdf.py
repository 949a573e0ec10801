"""PDF by pdfium: text page by page, title and date from the document's properties."""

from __future__ import annotations

from typing import Any

from retrieval.errors import DocumentError
from retrieval.loaders.dates import iso_date
from retrieval.loaders.loaded import Loaded, TextBuilder


def load(data: bytes) -> Loaded:
    """Raises DocumentError where the file is damaged, needs a password, or holds pictures of text only."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise DocumentError("it is protected by a password: save a copy without one") from error
        raise DocumentError("it is damaged or no PDF: open it in a reader and save it again") from error
    try:
        return _load(document)
    except pypdfium2.PdfiumError as error:
        raise DocumentError("one of its pages is damaged: open it in a reader and save it again") from error
    finally:
        document.close()


def _load(document: Any) -> Loaded:
    builder = TextBuilder()
    for page in document:
        text_page = page.get_textpage()
        builder.new_page()
        builder.add(_unwrapped(text_page.get_text_bounded()))
        text_page.close()
        page.close()
    if not builder.parts:
        raise DocumentError("it holds no text, only pictures of it: run text recognition on it first")
    properties = document.get_metadata_dict()
    date = iso_date(properties.get("CreationDate")) or iso_date(properties.get("ModDate"))
    return Loaded(builder.text(), " ".join(properties.get("Title", "").split()), date, 0, (), tuple(builder.pages))


def _unwrapped(text: str) -> str:
    """Line feeds as everywhere else; a hyphen that pdfium marks as breaking a word stays as it is printed."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufffe", "-")
