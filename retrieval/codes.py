"""Codes of letters and digits, as an error's or a room's, and words with a hyphen or without: E-13, E 13 and e13, Wi-Fi
and wifi are read as the documents have them.

To the index they are different words, and to a reader different codes.
"""

from __future__ import annotations

import re

from retrieval.searcher import Searcher
from retrieval.terms import folded, forms
from retrieval.types import Correction

_HYPHEN = "[-\u2010-\u2015]"
_LETTERS = r"(?-i:(?!A |I )[A-Z]{1,4}(?= ))"  # before a space: "a 4 metre rope" is no A4
_CODE = re.compile(rf"\b(?:(?P<letters>[A-Za-z]{{1,4}}){_HYPHEN}?|(?P<apart>{_LETTERS}) )(?P<digits>\d{{1,6}})\b")
_HYPHENATED = re.compile(rf"\b[^\W\d_]+(?:{_HYPHEN}[^\W\d_]+)+\b")
_LONGEST = 30  # letters of a word that may lack a hyphen
_LOOKED_AT = 30  # passages


def as_written(text: str, searcher: Searcher) -> tuple[str, tuple[Correction, ...]]:
    """The question with each code or hyphenated word that no document holds as it is typed, but in another of these
    forms, in that one.
    """
    corrections = []
    for match in _HYPHENATED.finditer(text):
        whole = re.sub(_HYPHEN, "", match[0])
        if _is_held(whole, searcher) and not all(_is_held(part, searcher) for part in re.split(_HYPHEN, match[0])):
            written = _found([*forms(whole, searcher.languages)], rf"\b{whole}\b", searcher)
            corrections += [] if written is None else [Correction(match[0], written)]
    for match in _CODE.finditer(text):
        written = _written(match, searcher)
        if written is not None:
            corrections.append(Correction(match[0], written))
    for one in corrections:
        text = re.sub(rf"\b{re.escape(one.typed)}\b", one.read_as, text)
    return text, tuple(dict.fromkeys(corrections))


def with_hyphen(word: str, searcher: Searcher) -> str | None:
    """A word that no document holds, as they write it with a hyphen; None where they do not. A number is none."""
    if word.isdecimal() or len(word) > _LONGEST:
        return None
    for at in range(1, len(word) - 1):
        head, tail = word[:at], word[at:]
        if _is_held(head, searcher) and _is_held(tail, searcher):
            terms = [*forms(head, searcher.languages), *forms(tail, searcher.languages)]
            found = _found(terms, rf"\b{re.escape(head)}{_HYPHEN}{re.escape(tail)}\b", searcher)
            if found is not None:
                return found
    return None


def _is_held(word: str, searcher: Searcher) -> bool:
    return any(searcher.document_frequency(form) for form in forms(word, searcher.languages))


def _written(code: re.Match[str], searcher: Searcher) -> str | None:
    """How the documents write a code that they do not write as it is typed; None where they do, or do not have it."""
    letters, digits = code["letters"] or code["apart"], code["digits"]
    typed_together = code[0] == letters + digits
    together = folded(letters + digits)
    is_together = bool(searcher.document_frequency(together))
    if is_together == typed_together:
        return None  # as typed, or nowhere in the other form
    capitals = letters.upper()
    spaced = "" if capitals in ("A", "I") else rf"|\b(?-i:{capitals}) {digits}\b"
    apart = _found([*forms(letters, searcher.languages), digits], rf"\b{letters}{_HYPHEN}{digits}\b{spaced}", searcher)
    if typed_together:
        return apart
    return _found([together], rf"\b{letters}{digits}\b", searcher) if apart is None else None


def _found(terms: list[str], pattern: str, searcher: Searcher) -> str | None:
    written = re.compile(pattern, re.IGNORECASE)
    passages = searcher.passages_with(terms, _LOOKED_AT)
    return next((match[0] for one in passages if (match := written.search(one.text))), None)
