"""PDF by pdfium: text page by page, title and date from the document's properties."""

from __future__ import annotations

import re
import threading
import zlib
from functools import reduce
from typing import Any

from retrieval.errors import DocumentError
from retrieval.loaders import confined
from retrieval.loaders.dates import iso_date
from retrieval.loaders.loaded import Loaded, TextBuilder

_MOST_INFLATED = 64_000_000  # bytes of all streams together, above which a file is read apart
_STEP = 1_000_000
_MOST_STREAMS = 20_000
_MOST_DRAWN = 10_000  # forms, where forms draw forms
_LONGEST_DICTIONARY = 2_000
_DRAWS = re.compile(rb"\sDo\b")
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_PDFIUM = threading.Lock()  # it is not made for two threads, not even with a document each
_MARK = re.compile("[\x02\ufffe]")
_UNSEEN = re.compile("[\\s\x02\ufffe]")
_BROKEN = re.compile(r"(?:(?<![^\W_])[^\W_]+)?(?:[\x02\ufffe][^\W_]*)+")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_OF_PROGRAM = re.compile(  # titles that nobody gave: what a program calls a new document, or its file
    r"microsoft (?:office )?(?:word|powerpoint|excel|outlook|publisher|visio) - .*"
    r"|(?:untitled|unbenannt|ohne titel|sans titre|sin t[ií]tulo|sem t[ií]tulo|senza titolo|無題)(?:[ -]?\d+)?"
    r"|power ?point[ -]pr\w[sz]enta\w+|a?pr\w[sz]enta\w+(?: \w+)? power ?point"
    r"|do[ck]umento? ?\d*|(?:slide|folie|layout) ?1"
    r"|.*\S\.(?:docx?|dotx?|odt|rtf|wpd|pptx?|odp|xlsx?|ods|indd|qx[dp]|tex|dvi|pdf)(?::layout ?\d+)?",
    re.IGNORECASE,
)
_VEILED = re.compile(  # what the size of a stream cannot be told from: two filters, one that is not Flate, a cipher
    rb"/Filter\s*\[[^\]]{0,99}Decode[^\]]{0,99}Decode|/Filter\s+\d+\s+\d+\s+R|/F[A-Za-z]*#[0-9A-Fa-f]{2}|/LZWDecode|/Encrypt|/Subtype\s+\d+\s+\d+\s+R"
)


def load(data: bytes) -> Loaded:
    """Raises DocumentError where the file is damaged, needs a password, or holds pictures of text only.

    A file whose streams may unpack to far more than a document holds is read in a process that may be lost.
    """
    if not confined.is_confined() and _may_be_a_bomb(data):
        return confined.read("document.pdf", data)
    import pypdfium2

    with _PDFIUM:
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
    document.init_forms()  # does nothing where there is none
    pages = [_shown(document, number) for number in range(len(document))]
    builder = TextBuilder()
    for text in _whole_words(pages):
        builder.new_page()
        builder.add(text)
    if not builder.parts:
        raise DocumentError("it holds no text, only pictures of it: run text recognition on it first")
    date = iso_date(_property(document, "CreationDate")) or iso_date(_property(document, "ModDate"))
    title = " ".join(_property(document, "Title").split())
    title = "" if _OF_PROGRAM.fullmatch(title) else title
    return Loaded(builder.text(), title, date, 0, (), tuple(builder.pages))


def _shown(document: Any, number: int) -> str:
    """The text of a page, what is filled into its form included."""
    from pypdfium2.raw import FLATTEN_SUCCESS

    page = document[number]
    if document.formenv and page.flatten() == FLATTEN_SUCCESS:  # fields are drawn into the page, to be fetched anew
        page.close()
        page = document[number]
    text_page = page.get_textpage()
    bounded, whole = str(text_page.get_text_bounded()), str(text_page.get_text_range())
    text_page.close()
    page.close()
    # text that runs sideways has its line ends in the whole alone, which may hold more: what is cropped off the page
    text = whole if _UNSEEN.sub("", whole) == _UNSEEN.sub("", bounded) else bounded
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _property(document: Any, name: str) -> str:
    try:
        return str(document.get_metadata_value(name))
    except UnicodeDecodeError:
        return ""


def _whole_words(pages: list[str]) -> list[str]:
    """Pages without the marks that pdfium leaves where a hyphen ends a line.

    A word that was broken there is joined again. A hyphen of its own, as in "well-known", stays: it stands elsewhere
    in the document too, or both of its sides are words there, or what follows is no small letter.
    """
    words = {word for page in pages for word in _WORD.findall(_BROKEN.sub(" ", page).lower())}
    words |= {part for word in words for part in word.split("-")}

    def joined(left: str, right: str) -> str:
        whole, hyphenated = left + right, f"{left}-{right}"
        if whole.lower() in words:
            return whole
        own = hyphenated.lower() in words or words.issuperset((left.lower(), right.lower()))
        return hyphenated if own or not left[-1:].isalpha() or not right[:1].islower() else whole

    return [_BROKEN.sub(lambda match: reduce(joined, _MARK.split(match[0])), page) for page in pages]


def _may_be_a_bomb(data: bytes) -> bool:
    if _VEILED.search(data):
        return True
    left, end, drawn = _MOST_INFLATED, 0, 1
    for number, match in enumerate(_STREAM.finditer(data)):
        is_form = b"/Form" in data[max(0, end, match.start() - _LONGEST_DICTIONARY) : match.start()]
        if end >= 0:  # else nothing further on ends either, as in a file that was cut off
            end = data.find(b"endstream", match.end())
        size, forms = _inflated(data, match.end(), end if end >= 0 else len(data), left)
        left -= size
        if is_form:  # a form may draw others, and each of them others
            drawn *= max(1, forms)
        if left <= 0 or number > _MOST_STREAMS or drawn > _MOST_DRAWN:
            return True
    return False


def _inflated(data: bytes, start: int, end: int, most: int) -> tuple[int, int]:
    """How many bytes a Flate stream unpacks to, counted up to `most`, and how many forms or pictures it draws.

    What is no Flate stream unpacks to nothing.
    """
    inflater, size, forms = zlib.decompressobj(), 0, 0
    try:
        for at in range(start, end, _STEP):
            packed = data[at : min(at + _STEP, end)]
            while packed and size < most:
                part = inflater.decompress(packed, _STEP)
                size += len(part)
                forms += len(_DRAWS.findall(part))
                packed = inflater.unconsumed_tail
            if inflater.eof or size >= most:
                break
    except zlib.error:
        forms += len(_DRAWS.findall(data, start, end))
    return size, forms
