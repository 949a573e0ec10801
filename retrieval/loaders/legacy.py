"""Tells which legacy encoding a text is in, by which of them makes it look like a language that people write.

Every candidate is decoded and its characters outside ASCII are rated between 0 and 1: a letter that a language uses, in
a place where a letter may stand, is worth more than a sign in the middle of a word. A language is rated as a whole, so
that Hungarian in cp1250 is not taken for a mixture of Portuguese and French in cp1252.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

_MOST_BYTES = 8_000  # of lines with bytes outside ASCII; these are what tells encodings apart

_PUNCTUATION = frozenset("–—‘’‚‛“”„…‹›«»•·€£¥¢§©®™°№¿¡ªº²³¹½¼¾×÷±µ‰†‡\u00a0\u00ad")
_IN_WORDS = frozenset("’·\u00ad")

_MIXED = "éèêëàâáäåæçíîïñóôöòøœúûüùßÿãõìý"  # what names of several western languages bring into one text
_WESTERN = (
    *("äöüß", "éèêëàâùûüîïôœæçÿ", "áéíóúüñ", "áâãàçéêíóôõúü", "àèéìíòóù", "éëïèöüóáä", "åäöé", "æøåéôü"),
    *("áéíóúýþæöð", "õäöüšž", "àèéíïòóúüç", "ëç"),
)
_CENTRAL = ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž")
_TURKISH = ("çğıöşüâîû\u0307",)
_BALTIC = ("ąčęėįšųūž", "āčēģīķļņšūž")
# The alphabets of other scripts, by how often a letter is used.
_CYRILLIC = ("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё", "оанівретислкмдпуязьгбчхїйюжцєшщфґ", "аоеитнрсвлкдпмзяъугбчцжщхйшфюь")
_GREEK = ("αοιετσνηυρπκμλςωάίόγέήδύχθώφβξζψϊϋΐΰ",)
_HEBREW = ("יוהלאבתמרשנדםעכחקפטסגזןצךץף",)
_ARABIC = ("اليمونرتبةعدسفهكقأحجشطصىخإذئءزضغآؤظث،؟ـ",)
_THAI = ("านรอก่เ้ัมงิยลีวดทสต์ะปบคืหแจพชขใไำุู็ึโผซถๆฟธฉศษณญภฐฎฏฆฌฮฝ๊๋",)

# The more common an encoding, the earlier: what rates the same is taken to be the first.
_LATIN = {
    "cp1252": _WESTERN,
    "iso8859-15": _WESTERN,
    "cp1250": _CENTRAL,
    "iso8859-2": _CENTRAL,
    "cp1254": _TURKISH,
    "cp1257": _BALTIC,
    "cp850": _WESTERN,
    "cp437": _WESTERN,
    "cp852": _CENTRAL,
    "mac-roman": _WESTERN,
}
_OTHERS = {
    "cp1251": _CYRILLIC,
    "koi8-r": _CYRILLIC,
    "koi8-u": _CYRILLIC,
    "cp866": _CYRILLIC,
    "iso8859-5": _CYRILLIC,
    "cp1253": _GREEK,
    "iso8859-7": _GREEK,
    "cp1255": _HEBREW,
    "cp1256": _ARABIC,
    "iso8859-6": _ARABIC,
    "cp874": _THAI,
}
_OUTSIDE_ASCII = re.compile(rb"[\x80-\xff]")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fc]")
_EAST_ASIAN = {  # the lead bytes of their common characters, and of their punctuation
    "cp932": (range(0x81, 0x98), range(0x81, 0x82)),
    "euc_jp": (range(0xA1, 0xD0), range(0xA1, 0xA2)),
    "cp949": (range(0xB0, 0xC9), range(0xA1, 0xA4)),
    "gb18030": (range(0xB0, 0xD8), range(0xA1, 0xA4)),
    "big5": (range(0xA4, 0xC7), range(0xA1, 0xA4)),
}


def guess(data: bytes) -> str:
    """The encoding, as Python names it, that fits bytes best that are no sound UTF-8; damaged UTF-8 is one of them."""
    sample = _telling(data)
    rated = [("utf-8", _rate_utf8(sample))]
    rated += [(name, _rate_latin(_decoded(sample, name), alphabets)) for name, alphabets in _LATIN.items()]
    rated += [(name, _rate_other(_decoded(sample, name), alphabets)) for name, alphabets in _OTHERS.items()]
    rated += [(name, _rate_east_asian(sample, name)) for name in _EAST_ASIAN]
    best, rating = max(rated, key=lambda one: one[1])
    return best if rating > 0 else "cp1252"


def _telling(data: bytes) -> bytes:
    """Lines with bytes outside ASCII; no encoding here has a line feed inside a character."""
    lines, size, at = [], 0, 0
    while size < _MOST_BYTES and (found := _OUTSIDE_ASCII.search(data, at)):
        begin = data.rfind(b"\n", at, found.start()) + 1 or at
        end = data.find(b"\n", found.start())
        at = end + 1 if end >= 0 else len(data)
        lines.append(data[begin:at].rstrip(b"\n")[: _MOST_BYTES - size])
        size += len(lines[-1])
    return b"\n".join(lines)


def _decoded(sample: bytes, encoding: str) -> str:
    return sample.decode(encoding, "replace")


def _rate_utf8(sample: bytes) -> float:
    """In no other encoding do bytes happen to be characters of UTF-8 more often than not."""
    characters = [character for character in _decoded(sample, "utf-8") if character > "\x7f"]
    sound = sum(character != "\ufffd" for character in characters)
    return 1.0 if sound > len(characters) - sound else 0.0


def _rate_latin(text: str, alphabets: tuple[str, ...]) -> float:
    """Letters of one language, best beside letters of ASCII."""
    total, punctuation, letters = 0, 0.0, defaultdict[str, float](float)
    for before, character, after in _surroundings(text):
        total += 1
        punctuation += _fits(before, character, after)
        if not (before.islower() and character.isupper()):
            alone = not before.isalpha() and not after.isalpha()
            beside = (before + after).strip().isascii() or _is_ascii_letter(before) or _is_ascii_letter(after)
            letters[character.lower()] += 1.0 if alone or beside else 0.5
    rate = max(sum(letters[letter] for letter in alphabet) for alphabet in alphabets)
    if alphabets is _WESTERN:
        rate = max(rate, 0.9 * sum(letters[letter] for letter in _MIXED))
    return (punctuation + rate) / max(1, total)


def _rate_other(text: str, alphabets: tuple[str, ...]) -> float:
    """Letters of one language, its common ones above its rare ones, and none among those of ASCII."""
    total, punctuation, letters = 0, 0.0, defaultdict[str, float](float)
    for before, character, after in _surroundings(text):
        total += 1
        punctuation += _fits(before, character, after)
        if not (before.islower() and character.isupper()) and not _is_ascii_letter(before + after):
            letters[character.lower()] += 1
    rate = max(
        sum((1 - 0.7 * rank / len(alphabet)) * letters[letter] for rank, letter in enumerate(alphabet))
        for alphabet in alphabets
    )
    return (punctuation + rate) / max(1, total)


def _rate_east_asian(sample: bytes, encoding: str) -> float:
    """Common characters; of Japanese, a part has to be kana, which nothing else is written in."""
    text = _decoded(sample, encoding)
    characters = [character for character in text if character > "\x7f"]
    common, punctuation = _EAST_ASIAN[encoding]
    leads = [character.encode(encoding, "replace") for character in characters]
    pairs = [pair[0] for pair in leads if len(pair) == 2]
    if encoding in ("cp932", "euc_jp") and len(_KANA.findall(text)) < 0.15 * len(characters):
        return 0.0
    return sum(lead in common or lead in punctuation for lead in pairs) / max(1, len(characters))


def _surroundings(text: str) -> Iterator[tuple[str, str, str]]:
    """Each character outside ASCII between its neighbours."""
    for match in re.finditer(r"[^\x00-\x7f]", text):
        at = match.start()
        yield text[at - 1 : at] or " ", match[0], text[at + 1 : at + 2] or " "


def _fits(before: str, character: str, after: str) -> float:
    """Punctuation at the edge of a word; the frames that DOS drew with characters are rarer than letters."""
    if "\u2500" <= character < "\u25a0":
        return 0.4
    inside = before.isalpha() and after.isalpha() and character not in _IN_WORDS
    return 1.0 if character in _PUNCTUATION and not inside else 0.0


def _is_ascii_letter(characters: str) -> bool:
    return any(character.isascii() and character.isalpha() for character in characters)
