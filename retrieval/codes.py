"""Codes of letters and digits, as an error's or a room's, quantities with their units, and words with a hyphen or
without: E-13, E 13 and e13, 500 mg and 500mg, Wi-Fi and wifi are read as the documents have them, and a file's name
as its title.

To the index they are different words, and to a reader different codes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from retrieval.filtering import composed
from retrieval.loaders import SUFFIXES
from retrieval.number_words import ordinal
from retrieval.numbers import other_numbers, quarter
from retrieval.other_forms import in_all_forms
from retrieval.searcher import Searcher
from retrieval.terms import analyse_query, folded, forms
from retrieval.types import Correction

_HYPHEN = "[-\u2010-\u2015]"
_LETTERS = r"(?-i:(?!A |I )[A-Z]{1,4}(?= ))"  # before a space: "a 4 metre rope" is no A4
_CODE = re.compile(rf"\b(?:(?P<letters>[A-Za-z]{{1,4}}){_HYPHEN}?|(?P<apart>{_LETTERS}) )(?P<digits>\d{{1,6}})\b")
_SPACE = "[ \u00a0\u202f]"
_UNITS = (
    r"[kcdmµμn]m|mi|ft|yds?|[kmµμ]g|lbs?|oz|[cdm]l|[kmgt]i?b|[kmg]bit|[kmg]bps|[kmg]?hz|[kmg]w|[kmg]?wh|[km]v|mah?"
    r"|am|pm|[mµμn]s|mins?|secs?|hrs?|km/?h|kph|mph|rpm|psi|[hkm]?pa|m?bar|k?cal|k?j|px|[dp]pi|db|cc"
    r"|(?-i:[glmshLWVJN])"  # 5G, 3D and 4K are no quantities
)
_NUMBER = rf"(?P<number>\d{{1,9}}(?:[.,]\d{{1,9}})?)(?P<space>{_SPACE}?)"
_QUANTITY = rf"(?i)(?<![\w.,$€£¥]){_NUMBER}(?P<unit>{_UNITS})(?!\w)"
_SCALES = {"k": "thousand", "m": "million", "b": "billion", "t": "trillion"}
_AMOUNT = rf"(?i)(?:(?<=[$€£¥])|(?<![\w.,])(?=[\d.,]+[bt]n)){_NUMBER}(?P<unit>(?P<scale>[kmbt])n?)(?!\w)"
"""As $1.5bn or £20k, without a sign only what ends with "bn" or "tn"."""

_IN_LETTERS = {"thousand": ["k"], "million": ["m", "mn"], "billion": ["b", "bn"], "trillion": ["t", "tn"]}
_SCALED = rf"(?i)(?<![\w.,]){_NUMBER}(?P<scale>{'|'.join(_IN_LETTERS)})\b"
_OF_MONEY = rf"(?:(?<=[$€£¥])|(?<=[$€£¥]{_SPACE})|(?<=EUR{_SPACE})|(?<=USD{_SPACE})|(?<=GBP{_SPACE})|(?<=CHF{_SPACE}))"
_OF_MANY = rf"(?={_SPACE}(?:people|inhabitants|users|voters|jobs|homes|barrels|tonnes|dollars|euros|pounds)\b)"
"""What tells 18 million, before or behind "18m", from as many metres."""

_QUARTER = re.compile(r"\b[Qq]([1-4])\b")

_FILE = rf"(?i)(?<![\w./-])[\w./-]+(?:{'|'.join(map(re.escape, sorted(SUFFIXES)))})(?![\w-])"
_HYPHENATED = re.compile(rf"\b[^\W\d_]+(?:{_HYPHEN}[^\W\d_]+)+\b")
_LONGEST = 30  # letters of a word that may lack a hyphen
_LOOKED_AT = 30  # passages


def as_written(text: str, searcher: Searcher) -> tuple[str, tuple[Correction, ...]]:
    """The question with each code, quantity or hyphenated word that no document holds as it is typed, but in another of
    these forms, in that one.

    What says the same in other words goes without a correction: a file's title for its name, where no document has
    either form, "5 km" for 5km and "$5 million" for $5m, and what stands there in no other way, "$5m" for $5 million
    and "third quarter" for Q3.
    """
    if "." in text:
        text = re.sub(_FILE, lambda match: _title(match[0], searcher) or match[0], text)
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
    in_words = [*_amounts(text, searcher), *_quarters(text, searcher)]
    for match in _quantities(text):
        written = _measured(match, searcher)
        if written is not None:
            corrections.append(Correction(match[0], written))
        elif (words := _in_words(match, searcher)) is not None:
            in_words.append(Correction(match[0], words))
    for one in [*corrections, *in_words]:
        text = re.sub(rf"\b{re.escape(one.typed)}\b", one.read_as, text)
    return text, tuple(dict.fromkeys(corrections))


def _quantities(text: str) -> Iterator[re.Match[str]]:
    """Quantities and amounts of money. Most questions have no number, and spare two patterns."""
    if re.search(r"\d", text):
        yield from re.finditer(_QUANTITY, text)
        yield from re.finditer(_AMOUNT, text)


def _amounts(text: str, searcher: Searcher) -> Iterator[Correction]:
    """Amounts with their scale in words, as documents have them that write it in letters only: 18m, 13 bn."""
    for match in re.finditer(_SCALED, text) if re.search(r"\d", text) else ():
        number, scale = match["number"], match["scale"].lower()
        units = _IN_LETTERS[scale]
        amount = rf"(?<![\w.,]){re.escape(number)}{_SPACE}"
        in_digits = any(searcher.document_frequency(digits) for _, _, digits in other_numbers(f"{number} {scale}"))
        if in_digits or _found(_terms([number, scale], searcher), rf"{amount}{scale}\b", searcher):
            continue
        any_unit = rf"{amount}?(?:{'|'.join(units)})"
        patterns = [f"{_OF_MONEY}{any_unit}", f"{any_unit}{_OF_MANY}", *(f"{amount}?{unit}" for unit in units[1:])]
        terms = _terms([number, *units, *(number + unit for unit in units)], searcher)
        if (written := _found(terms, rf"(?:{'|'.join(patterns)})(?!\w)", searcher)) is not None:
            yield Correction(match[0], written)


def _quarters(text: str, searcher: Searcher) -> Iterator[Correction]:
    """Q1 to Q4 in words, where the documents have such a quarter in no other way."""
    for match in _QUARTER.finditer(text):
        number = int(match[1])
        if not any(map(searcher.is_about, forms(match[0], searcher.languages))) and not _is_held(match[0], searcher):
            terms = in_all_forms(f"{ordinal(number)} quarter", searcher.languages)
            written = _found([form for term in terms for form in term.forms], quarter(number), searcher)
            if written is not None:
                yield Correction(match[0], " ".join(written.casefold().split()))


def _terms(words: Iterable[str], searcher: Searcher) -> list[str]:
    return [form for term in analyse_query(" ".join(words), searcher.languages) for form in term.forms]


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


def _title(name: str, searcher: Searcher) -> str | None:
    """The title of the document with this path or file name; None where none has it, or several with other titles."""
    typed = "/" + composed(name).casefold()
    rows = searcher.store.documents()
    titles = {row.title for row in rows if f"/{composed(row.path).casefold()}".endswith(typed)}
    return titles.pop() if len(titles) == 1 else None


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


def _measured(quantity: re.Match[str], searcher: Searcher) -> str | None:
    """How the documents write a quantity that they write with a space, or without, where it is typed the other way."""
    apart = bool(quantity["space"])
    other = _quantity(quantity, searcher, apart=not apart)
    return other if other is not None and _quantity(quantity, searcher, apart=apart) is None else None


def _in_words(quantity: re.Match[str], searcher: Searcher) -> str | None:
    """A quantity in one word as its number and its unit, an amount with its scale in words, where no document has it.

    None for what is missing as a whole, because its number is nowhere either, and for what is none, as 1920s. A number
    with a point is taken apart in any case: the terms of 1.5kg would be 1 and 5kg.
    """
    number, unit, scale = quantity["number"], quantity["unit"], quantity.groupdict().get("scale")
    apart = bool(quantity["space"])
    if _quantity(quantity, searcher, apart=apart) is not None:
        return None
    if scale and (not searcher.languages or "en" in searcher.languages):  # a German billion has twelve noughts
        return f"{number} {_SCALES[scale.lower()]}"
    is_read = not apart and unit != "s" and (not number.isdecimal() or _is_held(number, searcher))
    return f"{number} {unit}" if is_read else None


def _quantity(typed: re.Match[str], searcher: Searcher, *, apart: bool) -> str | None:
    """A quantity as a passage writes it, with a space or without; None where none does."""
    number, unit = typed["number"], typed["unit"]
    terms = [term.forms for term in analyse_query(f"{number} {unit}" if apart else number + unit, searcher.languages)]
    if not all(any(map(searcher.document_frequency, one)) for one in terms):
        return None
    written = unit if len(unit) > 1 else f"(?-i:{unit})"  # 5 g is no 5G
    pattern = rf"(?<![\w.,]){re.escape(number)}{_SPACE if apart else ''}{written}(?!\w)"
    return _found([form for one in terms for form in one], pattern, searcher)


def _found(terms: list[str], pattern: str, searcher: Searcher) -> str | None:
    written = re.compile(pattern, re.IGNORECASE)
    passages = searcher.passages_with(terms, _LOOKED_AT)
    return next((match[0] for one in passages if (match := written.search(one.text))), None)
