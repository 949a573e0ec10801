"""Words as the lexical index and the ranking compare them: folded, stemmed, with their places in the text.

Words are runs of letters, marks and digits (Unicode `\\w`); scripts written without spaces (Han, Kana, Thai, Lao,
Khmer, Burmese) and Hangul, which hangs particles on its words, become overlapping pairs of characters, as in Lucene's
CJK bigram filter, and what is likely a word of one character is a term besides: a Han character between Kana or
particles, a Hangul syllable before a particle. Stems come from Snowball. Numbers lose what groups their digits and
have a point before decimals. A raised number, which names a note or is an exponent, is a word of its own, but in "km²"
it belongs to the unit. English numbers of several words, as "twenty-one", are a term in digits besides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from retrieval.number_words import in_digits

if TYPE_CHECKING:
    from Stemmer import Stemmer

VERSION = 9
"""Raised when the same text would give other terms, so that libraries are analysed again."""

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HANGUL = "\uac00-\ud7a3"
WITHOUT_SPACES = (  # characters of a regular expression; digits are words of their own
    "\u0e00-\u0e4f\u0e5a-\u0ecf\u0eda-\u0eff"  # Thai, Lao
    "\u1000-\u103f\u104a-\u108f\u109a-\u109f\u1780-\u17df\u17ea-\u17ff"  # Burmese, Khmer
    f"\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f{_HAN}"  # Kana, Han
)
_UNSPACED = f"{WITHOUT_SPACES}{_HANGUL}\u1100-\u11ff"  # the last are parts of Hangul syllables, as file names have them
_CLUSTER = re.compile("[\u1100-\u115f][\u1160-\u11a7]+[\u11a8-\u11ff]*|.[\u3099\u309a\uff9e\uff9f]*", re.DOTALL)
"""What makes one character of a run without spaces: a Hangul syllable in parts, a Kana with its sound marks."""

_PARTICLES = "的了是在和与與及或吗嗎呢吧"  # of Chinese
_PARTICLES_AFTER = (  # of Korean, and hardly ever the end of a noun of two syllables
    "은|는|을|를|에(?:서|게)?(?:는|도|만)?|으로(?:는|도|만|서)?|까지|부터|보다|처럼|마다|밖에|이나|이란|이며|이다|입니다|인가요?|입니까"
)
_FURTHER_PARTICLES = "이|가|의|와|과|도|만|로"  # which are, as in 회의 and 국가
_ALONE = rf"(?:(?<![{_HAN}])|(?<=[{_PARTICLES}]))[{_HAN}](?<![{_PARTICLES}])(?=[{_PARTICLES}]|(?![{_HAN}]))"
_ALONE_IN_QUESTION = re.compile(rf"{_ALONE}|^[{_HANGUL}](?=(?:{_PARTICLES_AFTER})$)")
_ALONE_IN_TEXT = re.compile(rf"{_ALONE}|^[{_HANGUL}](?=(?:{_PARTICLES_AFTER}|{_FURTHER_PARTICLES})$)")
"""Words of one character within a run. A question is more careful: "회의" asks for no "회", but a text says "회의"."""

_MARKS = (  # which `\\w` lacks
    "\u0300-\u036f"  # accents that are characters of their own
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"  # Hebrew
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"  # Arabic
    "\u0711\u0730-\u074a\u07a6-\u07b0"  # Syriac, Thaana
    "\u0900-\u0963\u0966-\u0df3"  # the scripts of India and Sri Lanka, but for their full stops
)
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_LETTER_OR_DIGIT = rf"[^\W{_UNSPACED}{_RAISED}]"
_PART = rf"{_LETTER_OR_DIGIT}+(?:[{_MARKS}]+{_LETTER_OR_DIGIT}*)*"
_SQUARED = rf"(?:[^\W\d_{_UNSPACED}{_RAISED}]|[A-Za-zµμ]{{2}})[²³](?![^\W{_UNSPACED}])"  # or cubed: a unit, a variable
_WORD = re.compile(
    rf"(?P<unspaced>[{_UNSPACED}]+)"
    rf"|(?P<number>\d+(?:[.,]\d+)*(?!{_LETTER_OR_DIGIT}))"
    rf"|(?P<word>[{_RAISED}]+|{_SQUARED}|{_PART}(?:['’](?!\d|_){_PART})*)"
)
_LETTERS = re.compile(r"[^\W\d_]+")
_OF_ASKER = re.compile(r"I(['\u2019]\w+)?$")
_ABBREVIATED = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Prof|St|Sr|Jr|Gen|Col|Capt|Lt|Rev|Hon|vs|v|[A-Z])\.$")
_OPENERS = frozenset(
    {"what", "who", "whom", "whose", "when", "where", "which", "how", "why", "is", "are", "was", "were", "do", "does"}
    | {"did", "can", "could", "will", "would", "should", "has", "have", "had", "if", "and", "but", "or", "the", "a"}
    | {"an", "it", "in", "on", "at", "my", "we", "you", "they", "he", "she", "there", "that", "this", "please", "so"}
)
"""Words that begin a sentence behind what may be an abbreviation, as in "vitamin C. Where"."""

_BEFORE = 40  # characters before a word that are looked at
_SAMPLE_CHARACTERS = 4000
_FEWEST_SMALL = 5  # words without a capital that tell a language
_LONGEST_TERM = 64

_SNOWBALL = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish",
    "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian",
    "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch", "no": "norwegian", "nb": "norwegian",
    "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish",
    "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip

_PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})
"""Letters that Unicode does not take apart into a letter and its accent."""

_DECIMAL_COMMA = frozenset(
    {"az", "bg", "bs", "ca", "cs", "da", "de", "el", "es", "et", "eu", "fi", "fo", "fr", "gl", "hr", "hu", "id", "is"}
    | {"it", "lt", "lv", "mk", "nb", "nl", "nn", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sq", "sr", "sv", "tr", "uk"}
    | {"vi"}
)
"""Languages that write 1,5, and 10.000 where no space groups the digits (CLDR)."""

_DOTLESS = frozenset({"az", "tr"})
"""Languages in which "I" is the capital of "ı", and "İ" that of "i"."""

_APOSTROPHES = str.maketrans("\u2019\u02bc", "''")

_WITH_COMMA = re.compile(r"(?:\d+|[1-9]\d{0,2}(?:\.\d{3})+)(?:,\d+)?")
_EITHER_WAY = re.compile(r"[1-9]\d{0,2},\d{3}")  # in Spanish: ten thousand are 10,000 in Mexico
_WITHOUT_TILDE = (("cao", "ção"), ("coes", "ções"), ("ao", "ão"))  # where the stem depends on it


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a text in the form that is compared. `start` and `end` are offsets of the word itself."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class QueryTerm:
    """A word of a question: its `forms` in each language of the library, any of which counts as a match."""

    forms: tuple[str, ...]
    start: int
    end: int


def analyse(text: str, language: str) -> list[Term]:
    """The terms of `text` by where they begin; pairs of characters and numbers of several words overlap others."""
    terms = [
        Term(_fold(raw, language) if kind in ("number", "word") else raw, start, end)
        for kind, raw, start, end in _words(text, _ALONE_IN_TEXT)
    ]
    numbers = [Term(digits, start, end) for start, end, digits in in_digits(text)] if language == "en" else []
    return sorted(numbers + terms, key=lambda term: term.start) if numbers else terms


def analyse_query(text: str, languages: Collection[str]) -> list[QueryTerm]:
    """The terms of a question, each in the form it would take in every one of `languages`.

    A word of one character is a further form of the pair that begins with it or, at the end of a run, ends with it.
    """
    terms: list[QueryTerm] = []
    for kind, raw, start, end in _words(text, _ALONE_IN_QUESTION):
        if kind == "alone":
            terms[-1] = replace(terms[-1], forms=(*terms[-1].forms, raw))
        else:
            terms.append(QueryTerm((raw,) if kind == "unspaced" else forms(raw, languages), start, end))
    return terms


def forms(word: str, languages: Collection[str]) -> tuple[str, ...]:
    """The forms that a word takes in these languages, in English where there are none."""
    made = [_fold(word, one) for one in sorted(set(languages)) or ["en"]]
    if "pt" in languages:
        made += [_fold(one, "pt") for one in _with_tilde(word.casefold())]
    return tuple(dict.fromkeys(made))


def folded(word: str, language: str = "") -> str:
    """The form that a word takes in a language; without one, in lower case, without accents, with its ending."""
    return _fold(word, language)


def is_capital(text: str, start: int, end: int) -> bool:
    """Whether a word has a capital though no sentence begins with it, and is not the "I" of whoever asks."""
    before = text[max(start - _BEFORE, 0) : start].rstrip("\"'\u201c\u2018\u201e\u00ab\u00bf\u00a1([ \n\t")
    ended = not before or before[-1] in ".!?:;\u2026"
    begins = ended and (text[start:end].casefold() in _OPENERS or not _ABBREVIATED.search(before))
    return text[start].isupper() and not begins and not _OF_ASKER.match(text[start:end])


def detect_language(text: str) -> str:
    """The ISO 639-1 code of the language that the beginning of `text` is most likely in; `en` if it has no words.

    Where most words have a capital, as in a table of names, the others tell: names belong to no language.
    """
    sample = text[:_SAMPLE_CHARACTERS]
    words = _LETTERS.findall(sample)
    if not words:
        return "en"
    small = [word for word in words if not word[0].isupper()]
    if _FEWEST_SMALL <= len(small) < len(words) / 2:
        sample = " ".join(small)
    from py3langid.langid import classify  # loads a 2 MB model, wanted by builds only

    return str(classify(sample)[0])


def in_small_letters(word: str) -> str:
    """A word as it is compared before anything is taken off it; a small i keeps no dot of the Turkish capital."""
    return unicodedata.normalize("NFKC", word).casefold().replace("i\u0307", "i")


def _words(text: str, alone: re.Pattern[str]) -> Iterator[tuple[str, str, int, int]]:
    """The words of a text, each with its kind and place; one of a character that `alone` finds follows its pair."""
    for match in _WORD.finditer(text):
        kind, start, end = match.lastgroup or "", match.start(), match.end()
        if kind == "unspaced":
            yield from _pairs(match.group(), start, alone)
        else:
            yield kind, match.group(), start, end


def _pairs(run: str, at: int, alone: re.Pattern[str]) -> Iterator[tuple[str, str, int, int]]:
    """The pairs of characters of a run that begins at this offset; a single character stays alone."""
    clusters = _CLUSTER.findall(run)
    bounds = list(accumulate(map(len, clusters), initial=at))
    characters = [_composed(one) for one in clusters]
    words = {match.start() for match in alone.finditer("".join(one[0] for one in characters))}
    last = len(characters) - 1
    if not last:
        yield "unspaced", characters[0], at, bounds[1]
        return
    for i, character in enumerate(characters):
        if i < last:
            yield "unspaced", character + characters[i + 1], bounds[i], bounds[i + 2]
        if i in words:
            yield "alone", character, bounds[i], bounds[i + 1]


@lru_cache(maxsize=1 << 14)
def _composed(cluster: str) -> str:
    """One character of a run in the one way of writing it: not in parts, nor half as wide."""
    return unicodedata.normalize("NFKC" if "\uff66" <= cluster[0] <= "\uff9f" else "NFC", cluster)


@lru_cache(maxsize=1 << 16)
def _fold(word: str, language: str) -> str:
    """Lower case, stem, then drop accents: stemmers expect the accents of their language."""
    if word[0].isdigit():
        return _number("".join(map(_in_ascii, word)), language).casefold()[:_LONGEST_TERM]
    if language in _DOTLESS:
        word = unicodedata.normalize("NFC", word).replace("I", "ı").replace("İ", "i")
    lowered = in_small_letters(word).translate(_APOSTROPHES)[:_LONGEST_TERM].removesuffix("'s")
    stemmer = _stemmer(language)
    stemmed = str(stemmer.stemWord(lowered)) if stemmer is not None else lowered
    if stemmed.isascii():
        return stemmed
    marks = unicodedata.normalize("NFD", stemmed)
    return unicodedata.normalize("NFC", "".join(c for c in marks if not _is_accent(c))).translate(_PLAIN)


def _with_tilde(word: str) -> list[str]:
    """The Portuguese words that one without accents may be, by its ending: "educacao" is educação, "mao" mão."""
    if not word.isascii():
        return []
    return [word.removesuffix(bare) + ending for bare, ending in _WITHOUT_TILDE if word.endswith(bare)]


def _number(digits: str, language: str) -> str:
    """A number in the one form of all languages; a date or a time stays as it is."""
    english = language not in _DECIMAL_COMMA or (language == "es" and _EITHER_WAY.fullmatch(digits))
    if english or not _WITH_COMMA.fullmatch(digits):
        return digits.replace(",", "")
    return digits.replace(".", "").replace(",", ".")


def _in_ascii(character: str) -> str:
    """A decimal digit of any script in ASCII; the ² of "10²" is none, and any other character stays as it is."""
    return str(unicodedata.decimal(character)) if character.isdecimal() else character


def _is_accent(character: str) -> bool:
    """Accents above and below (classes 200 and up), Hebrew points and Arabic vowel signs (10-35), but no Indic vowel or
    virama.
    """
    combining = unicodedata.combining(character)
    return combining >= 200 or 10 <= combining <= 35


@cache
def _stemmer(language: str) -> Stemmer | None:
    name = _SNOWBALL.get(language)
    if name is None:
        return None
    from Stemmer import Stemmer, algorithms

    return Stemmer(name, 0) if name in algorithms() else None  # `_fold` has a cache, so the stemmer needs none
