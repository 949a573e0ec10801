"""Where sentences begin and end: as sentencex says, less the ends that are none.

The number of a clause is no sentence, nor is what ends in an abbreviation or within a date. sentencex knows most of
these of English, so there only a few abbreviations that precede an amount are looked for; it knows fewer of other
languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from retrieval.types import Span

EDGES = ("\n", " ")
"""Where text that is too long is divided, the better ones first."""

QUESTION_MARKS = "?\uff1f\u061f"
"""Those of Latin, Chinese and Japanese, and Arabic text."""

_CLAUSE = (
    r"Article|Section|Clause|Chapter|Art\.|§"
    r"|(?i:Artículo|Artigo|Articolo|Articolul|Artikel|Chapitre|Cl[áa]usula|Secci[óo]n|Cap[íi]tulo|Capitolo|Kapitel"
    r"|Článek|Čl\.|Rozdział|Статья|Стаття|Ст\.|Пункт|п\.|Điều|Madde|Pasal|Άρθρο|סעיף|المادة|ماده|अनुच्छेद|धारा)"
)
_NUMBER = re.compile(  # before an item or a clause, which is no sentence of its own
    rf"\(?(?:(?:{_CLAUSE})\s?)?(?:\d{{1,3}}|[a-zA-Z]|[ivxIVX]{{1,4}})(?:\.\d{{1,3}}){{0,4}}[ºª]?[.)]?"
)
_BEHIND_STOP = re.compile(  # the numbers of notes, also in Markdown, the end of what is bold, or of a row's field
    r"(?:[⁰¹²³⁴⁵⁶⁷⁸⁹]|\[\^[^\[\]\s]{1,30}\])+|[*_~]{1,3}(?=\s|$)|;(?=\s)"
)
_BEFORE_AMOUNTS = re.compile(  # in English, though not the time EST, nor a Max; the first two stand before any word
    r"(?:(?:^|\W)(?:(incl|excl)|approx|(?-i:max|MAX|[Ee]st)|min|avg|acc|paras?|tel|ext|qty|temp|dia)|(?:^|\n)\W{0,4}Max)\.$",
    re.IGNORECASE,
)
_SIGNS = "(£$€§"  # with which amounts begin
_ABBREVIATIONS = {  # which a name follows, and sentencex does not know
    "ar": "د أ", "cs": "pí tř", "de": "inkl Inkl zzgl Zzgl exkl Exkl gem Gem mind Mind bspw Bspw", "es": "Dña",
    "fa": "د", "fr": "M Mme Mgr", "he": "פרופ", "hi": "डॉ श्री प्रो पं",
    "id": "Bpk Ir Jl", "it": "S", "nl": "mevr", "pl": "p al im ks inż św gen pl woj", "pt": "Av",
    "ro": "Dl dl Dna dna str", "ru": "им пос обл", "th": "ดร พ ค ศ", "tr": "Av Doç Sok Mah", "vi": "TS ThS PGS TP",
}  # fmt: skip
_ABBREVIATED = {
    language: re.compile(rf"(?:^|\W)(?:{'|'.join(words.split())})\.$") for language, words in _ABBREVIATIONS.items()
}
_NUMBERED = re.compile(r"(?:^|\W)(?:art|n|nr|kap|п|ст|рис|αρ|ص)\.$", re.IGNORECASE)  # which a number follows
_SHORT = re.compile(r"(?:^|\W)(?:\d{1,4}|[^\W\d_]{1,3})\.$")
_DAY, _YEAR = re.compile(r"(?:^|\D)\d{1,2}\.$"), re.compile(r"(?:^|\D)[12]\d{3}\.$")
_NEXT_DAY, _NEXT_YEAR = re.compile(r"\d{1,2}\."), re.compile(r"[12]\d{3}(?!\d)")
_DATE = re.compile(r"(?:^|\D)[12]\d{3}\.\s?\d{1,2}\.\s?\d{1,2}\.$")
_ASKS = re.compile(  # the group, a word, is what a doubtful entry mostly lacks
    rf"(?:([^\W\d_][\"'\u201d\u2019\u00bb)]?)|\S)[{QUESTION_MARKS}][\"'\u201d\u2019\u00bb)*_]{{0,5}}$"
)
_BEGINS_TO_ASK = re.compile(  # in English, also behind a number or the "Q:" of a list of questions; no date in May
    r"[\W_]*(?:Q\d{0,3}\s?[:.)][\W_]*)?(?:\d{1,3}[.)][\W_]*)?(?!(?:may|am)\s+\d)"
    r"(?:who|whom|whose|what|which|when|where|why|how"
    r"|(?:am|is|are|was|were|do|does|did|can|could|may|must|should|shall|will|would|has|have|had)(?:n['\u2019]t)?)(?![^\W_])",
    re.IGNORECASE,
)
_TELLS = re.compile(r"\W*(?:did you know|have you heard)\b", re.IGNORECASE)
_TELLS_WHO_ASKED = re.compile(
    r"""(?:\S+\s+){5,}[^\w\s]*?(?:"[^"]+"|“[^”]+”|«[^»]+»|‘(?:[^’]|’(?=\w))+’|'(?:[^']|'(?=\w))+')[)*_]*$"""
)
_TAIL, _HEAD = 16, 5  # characters on either side of an end that tell whether it is one
_SEGMENT = 20_000  # characters given to the segmenter at once


def sentences_of(text: str, span: Span, language: str) -> Iterator[Span]:
    """The sentences within `span`, in order, without the white space around them."""
    held: Span | None = None
    for sentence in _segments(text, span, language):
        if held is not None and not _goes_on(text, held, sentence, language):
            yield held
            held = None
        held = sentence if held is None else Span(held.start, sentence.end)
    if held is not None:
        yield held


def asks(text: str, sentence: Span) -> bool:
    """Whether a sentence is a question, and neither a row with a doubtful entry nor one that tells by asking, or at
    length who asked what it quotes.

    One that ends in no word, as a doubtful year does, or in a quotation, is a question where it begins as one does in
    English.
    """
    mark = _ASKS.search(text[max(sentence.start, sentence.end - _TAIL) : sentence.end])
    begins = _BEGINS_TO_ASK.match(text, sentence.start, sentence.end) is not None
    if mark is None or not (mark[1] or begins):
        return False
    if " | " in text[sentence.start : sentence.end] or _TELLS.match(text, sentence.start) is not None:
        return False
    return begins or _TELLS_WHO_ASKED.match(text, sentence.start, sentence.end) is None


def trimmed(text: str, span: Span) -> Span:
    """The span without the white space at either end."""
    start, end = span.start, span.end
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end)


def edge(text: str, start: int, end: int, marks: Sequence[str] = EDGES) -> int:
    """Behind the first character of the first of `marks` that stands in the second half of a stretch, of several the
    last; else where it ends.
    """
    half = start + (end - start) // 2 + 1
    return next(filter(None, (text.rfind(mark, half, end) + 1 for mark in marks)), end)


def _segments(text: str, span: Span, language: str) -> Iterator[Span]:
    """What sentencex takes for sentences, with the numbers of notes and the semicolons that end them."""
    from sentencex import get_sentence_boundaries

    start = span.start
    while start < span.end:
        end = min(start + _SEGMENT, span.end)
        if end < span.end:
            end = edge(text, start, end)
        for boundary in get_sentence_boundaries(language, text[start:end]):
            bounds = (_behind_signs(text, start + boundary[side]) for side in ("start_index", "end_index"))
            sentence = trimmed(text, Span(*bounds))
            if len(sentence):
                yield sentence
        start = end


def _goes_on(text: str, sentence: Span, following: Span, language: str) -> bool:
    """Whether a sentence does not end where sentencex ends it."""
    tail = text[max(sentence.start, sentence.end - _TAIL) : sentence.end]
    if _is_number(text, sentence) or (language != "en" and _DATE.search(tail)):
        return "\n" not in text[sentence.end : following.start]
    head = text[following.start : following.start + _HEAD]
    return _stops_before_amount(tail, head) if language == "en" else _is_cut_short(tail, head, language)


def _stops_before_amount(tail: str, head: str) -> bool:
    """Whether an English sentence is divided behind an abbreviation, before an amount or a small letter."""
    stop = _BEFORE_AMOUNTS.search(tail)
    if stop is None:
        return False
    return head[0].isdigit() or head[0].islower() or head[0] in _SIGNS or (bool(stop[1]) and head[0].isalpha())


def _is_cut_short(tail: str, head: str, language: str) -> bool:
    """Whether one of another language is divided behind an abbreviation, an ordinal number or the day of a date."""
    if _DAY.search(tail) and (_NEXT_DAY.match(head) or _NEXT_YEAR.match(head)):
        return True
    if (_YEAR.search(tail) and _NEXT_DAY.match(head)) or (_NUMBERED.search(tail) and head[0].isdigit()):
        return True
    if head[0].islower() and _SHORT.search(tail):
        return True
    abbreviated = _ABBREVIATED.get(language)
    return abbreviated is not None and abbreviated.search(tail) is not None


def _is_number(text: str, sentence: Span) -> bool:
    """Whether it is all that a line begins with, and no more than the number of what follows."""
    if _NUMBER.fullmatch(text, sentence.start, sentence.end) is None:
        return False
    at = sentence.start
    while at and text[at - 1] in " \t":
        at -= 1
    return not at or text[at - 1] == "\n"


def _behind_signs(text: str, at: int) -> int:
    """Moves a bound that stands between a full stop and what belongs to it behind the latter."""
    sign = _BEHIND_STOP.match(text, at) if at and not text[at - 1].isspace() else None
    return sign.end() if sign else at
