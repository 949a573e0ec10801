"""Bytes to text, whatever they are encoded in."""

from __future__ import annotations

import codecs
import unicodedata

from retrieval.errors import DocumentError

_SAMPLE_BYTES = 1 << 20
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
_SINGLE_BYTE = ("cp1251", "cp1252", "koi8-r", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256")


def decode(data: bytes) -> str:
    """The text in `data`: by its byte order mark, as UTF-8 or UTF-16 where it is that, else by its statistics.

    The byte order mark is not part of the text; newlines stay as they are. Raises DocumentError for binary data.
    """
    if data.startswith(_MAGIC):
        raise DocumentError("it is not text but a binary file with a misleading name: rename or remove it")
    text = _decoded(data)
    sample = text[:100_000]
    controls = sum(1 for c in sample if unicodedata.category(c) == "Cc" and c not in "\t\n\r\f\v\x85\x1b")
    if "\x00" in text or controls > _MOST_CONTROLS * len(sample):
        raise DocumentError("it is not text but binary data: rename or remove it")
    return text


def _decoded(data: bytes) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding)
            except UnicodeDecodeError as error:
                raise DocumentError(f"it begins as {encoding} but is damaged: save it again as UTF-8") from error
    if b"\x00" in data[:4096] and (text := _utf16(data)) is not None:  # it may be valid UTF-8 all the same
        return text
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _guess(data)


def _utf16(data: bytes) -> str | None:
    """UTF-16 without a mark: Latin text in it has a zero in every other byte."""
    sample = data[:4096]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(even, odd) < 0.2 * len(sample) / 2 or len(data) % 2:
        return None
    try:
        return data.decode("utf-16-be" if even > odd else "utf-16-le")
    except UnicodeDecodeError:
        return None


def _guess(data: bytes) -> str:
    """A legacy encoding: charset-normalizer's choice among those common in documents, the most common of its equals."""
    from charset_normalizer import from_bytes

    sample = data[:_SAMPLE_BYTES]
    found = from_bytes(sample, cp_isolation=[*_SINGLE_BYTE, "gb18030", "big5", "shift_jis", "euc_kr", "euc_jp"])
    best = found.best()
    equals = [one for one in found if best and (one.chaos, one.coherence) == (best.chaos, best.coherence)]
    western = any("cp1252" in one.could_be_from_charset for one in equals)
    for name in [best.encoding, "cp1252"] if best is not None and not western else ["cp1252"]:
        try:
            return data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("latin-1")
