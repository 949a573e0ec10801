"""Bytes to text, whatever they are encoded in."""

from __future__ import annotations

import codecs
import contextlib
import re
import unicodedata

from retrieval.errors import DocumentError
from retrieval.loaders.legacy import guess

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"PK\x03\x04",
    b"%PDF-",
    b"\x7fELF",
    b"MZ\x90",
    b"\x1f\x8b",
    b"\xd0\xcf\x11\xe0",
)
_MOST_CONTROLS = 0.02  # share of control characters above which bytes are no text
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x19\x1c-\x1f]")
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
_UNLIKELY = frozenset({"Cc", "Cn", "Co", "Cs"})


def decode(data: bytes, declared: str = "") -> str:
    """The text in `data`: by its byte order mark, as UTF-8 or UTF-16 where it is that, as `declared`, or by its looks.

    The byte order mark is not part of the text, nor is the end-of-file mark of DOS; newlines stay as they are. Bytes
    that are no character become U+FFFD. Raises DocumentError for binary data.
    """
    if data.startswith(_MAGIC):
        raise DocumentError("it is not text but a binary file with a misleading name: rename or remove it")
    text = _decoded(data, declared).rstrip("\x1a")
    sample = text[:100_000]
    controls = sum(1 for c in sample if unicodedata.category(c) == "Cc" and c not in "\t\n\r\f\v\x85\x1b")
    if controls > _MOST_CONTROLS * len(sample) or text.count("\x00") > _MOST_CONTROLS * len(text):
        raise DocumentError("it is not text but binary data: rename or remove it")
    return text


def _decoded(data: bytes, declared: str) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding, "replace" if encoding == "utf-8" else "strict")
            except UnicodeDecodeError as error:
                raise DocumentError(f"it begins as {encoding} but is damaged: save it again as UTF-8") from error
    if _CONTROL.search(data, 0, 4096) and (text := _utf16(data)) is not None:  # it may be valid UTF-8 all the same
        return text
    for encoding in ("iso2022_jp" if b"\x1b$" in data else "utf-8", "utf-8"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    with contextlib.suppress(ValueError, LookupError):  # a name that is none, or does not fit
        return data.decode(_meant(declared))
    return data.decode(guess(data.rstrip(b"\x1a")), "replace")


def _meant(declared: str) -> str:
    """The encoding that browsers take a declared one to be. Raises LookupError for what is no encoding of pages."""
    name = codecs.lookup(declared).name
    if not name.startswith(("ascii", "cp", "iso8859", "koi8", "mac", "gb", "euc", "shift", "big5")):
        raise LookupError(declared)
    return _WIDER.get(name, name)


def _utf16(data: bytes) -> str | None:
    """UTF-16 without a mark: of a script, the first bytes of all characters are few, the second bytes many."""
    if len(data) % 2:
        return None
    sample = data[:4096]
    encoding = "utf-16-be" if len(set(sample[0::2])) < len(set(sample[1::2])) else "utf-16-le"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    begun = text[:2048]
    unlikely = sum(1 for c in begun if unicodedata.category(c) in _UNLIKELY and c not in "\t\n\r\f\x1a")
    return text if unlikely <= 0.01 * len(begun) and any(c in begun for c in " \n、。，") else None
