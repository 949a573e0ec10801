"""Misspelt words of a question: a word that no document holds is read as the nearest one that a document does.

Distance counts letters that are left out, put in, exchanged or swapped with their neighbour (optimal string alignment).
Nothing of the library's vocabulary is kept: every word one edit away is made and looked up in the lexical index, and
words two edits away come from passages that the index finds by its own fuzzy search.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import ascii_lowercase

import numpy as np
from numpy.typing import NDArray

from retrieval.codes import as_written, with_hyphen
from retrieval.embedding import Embedder
from retrieval.function_words import asks_elsewhere, functional, general_share
from retrieval.other_forms import in_all_forms
from retrieval.rows import Entry
from retrieval.searcher import Searcher
from retrieval.terms import QueryTerm, folded, forms
from retrieval.types import Correction

KNOWN_WORDS = Path(__file__).with_name("known_words.txt")
"""English words that the embedding model knows only in pieces, a line each; `training.known_words` lists them."""

_SHORTEST, _LONGEST = 4, 30  # letters of a word that is corrected
_LONG = 6  # letters from which one may be exchanged for another: "Pera" is no "Peru", "Tosca" no "Tosco"
_TWO_EDITS = 8  # letters from which two edits are allowed
_MOST_WORDS = 8  # of one question
_MOST_FORMS = 4  # the commonest of those one edit away, whose spelling is looked up
_OPPOSED = (
    "^(?:hyp(?:er|o)|int(?:er|ra)|m[ai]cro|e(?:nd|x)o|o(?:n|ff))|(?:or|ee)(?=s?$)"
    "|(?<=nitr|sulf|ulph|osph|hlor)(?:ite|ate|ide)(?=s?$)"
)
"""What makes a word the opposite of another, or one side of a contract the other, a salt another salt."""

_ELIDING = frozenset({"ca", "fr", "it"})  # languages that elide vowels before others
_ELIDED = re.compile(r"[^\W\d_]{1,5}['’](?=[^\W\d_]{4})")

_LOOKED_AT = 5  # passages whose spelling counts
_LOOKED_AT_NEAR = 10  # passages that are searched for words two edits away
_ENDINGS = ("s", "es", "ed", "d", "ing", "er", "ers", "ion", "ions", "able", "ly", "ness", "ment")
_SHORTEST_STEM = 4
_SWAPPED = 10.0  # times as likely a slip as another


@dataclass(frozen=True, slots=True)
class Respelled:
    """A question as it is read. `starts` says where in `text` the words stand that were misspelt."""

    text: str
    corrections: tuple[Correction, ...] = ()
    starts: frozenset[int] = frozenset()


def respell(text: str, terms: Sequence[QueryTerm], searcher: Searcher, embedder: Embedder) -> Respelled:
    """The question with misspelt words exchanged for the nearest of the documents, and codes as they have them."""
    typed = text
    text, codes = as_written(typed, searcher)
    if text != typed:
        terms = in_all_forms(text, searcher.languages)
    unknown = [(place, term) for place, term in enumerate(terms) if _is_unknown(text, term, searcher)]
    if not unknown or any(asks_elsewhere(text[term.start : term.end]) for _, term in unknown):
        return Respelled(text, codes)  # nothing, or asked in a language that no document is in
    functions = functional(text, terms)
    tokens = embedder.token_offsets(text)
    read_as: dict[str, str | None] = {}
    pieces: list[str] = []
    corrections: list[Correction] = []
    starts: list[int] = []
    done = shift = 0

    def is_word(one: str) -> bool:
        return len(embedder.token_offsets(one)) == 1

    for place, term in unknown:
        start = term.start + _elided(text[term.start : term.end], searcher.languages)
        word = _without_possessive(text[start : term.end])
        end = start + len(word)
        if text[term.start : term.end] in functions:
            continue  # a word of the question's language
        if word not in read_as and len(read_as) < _MOST_WORDS:
            read_as[word] = with_hyphen(word, searcher)
            if read_as[word] is None and _tokens_within(tokens, start, end) > 1:  # else the model knows the word
                name = place > 0 and word[0].isupper() and not text.isupper()
                if name or not _is_english(word, searcher, is_word):
                    read_as[word] = nearest(word, searcher, name=name, is_word=is_word)
        better = read_as.get(word)
        if better is not None:
            pieces += [text[done:start], better]
            corrections.append(Correction(word, better))
            starts.append(term.start + shift)
            done, shift = end, shift + len(better) - len(word)
    return Respelled("".join([*pieces, text[done:]]), tuple(dict.fromkeys([*codes, *corrections])), frozenset(starts))


def _tokens_within(tokens: NDArray[np.int32], start: int, end: int) -> int:
    return int(((tokens[:, 1] > start) & (tokens[:, 0] < end)).sum())


def _is_english(word: str, searcher: Searcher, is_word: Callable[[str], bool]) -> bool:
    """Whether a word is a known one, or an ending behind one that the model knows, where documents are in English."""
    if "en" not in searcher.languages:
        return False
    word = word.lower()
    stems = [word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending)]
    made = [stem for stem in stems if len(stem) >= _SHORTEST_STEM]
    return word in _known_words() or any(is_word(one) or is_word(f"{one}e") for one in made)


@cache
def _known_words() -> frozenset[str]:
    return frozenset(KNOWN_WORDS.read_text("utf-8").split())


def nearest(word: str, searcher: Searcher, *, name: bool, is_word: Callable[[str], bool]) -> str | None:
    """The word of the documents that this one is a misspelling of, as it stands there; None where there is none.

    A `name` is only read as another name. What stands there with another ending only has to be a word to `is_word`.
    """
    typed = folded(word)
    if not (_SHORTEST <= len(typed) <= _LONGEST and typed.isalpha()):
        return None
    for edits, found in _offered(typed, searcher):
        fits = [one for one, times in found.items() if _may_be(typed, folded(one), edits) and (times or is_word(one))]
        if name:
            fits = [
                one
                for one in fits
                if one[0].isupper()
                and (len(typed) >= _TWO_EDITS or found[one] > found[one.lower()])
                and not (edits > 1 and _exchanged(typed, folded(one)) > 1)
            ]
        if fits:
            return min(fits, key=lambda one: (-_likelihood(word, one, searcher), -found[one], one))
    return None


def is_name(forms_of_word: Sequence[str], searcher: Searcher) -> bool:
    """Whether a word is mostly written with a capital in the passages that hold it most, within their sentences."""
    entries = searcher.passages_with(forms_of_word, _LOOKED_AT)
    within, _ = _spellings(entries, "".join({form[0] for form in forms_of_word}), frozenset(forms_of_word))
    return sum(times for word, times in within.items() if word[0].isupper()) > within.total() / 2


def _spellings(
    entries: Iterable[Entry], initials: str, wanted: frozenset[str] | None = None
) -> tuple[Counter[str], Counter[str]]:
    """How often words with one of these initials, all or those of wanted forms, are written how in these passages:
    within a sentence, and where one begins.
    """
    within: Counter[str] = Counter()
    opening: Counter[str] = Counter()
    letters = re.escape("".join(initial + _accented().get(initial, "") for initial in initials))
    words = re.compile(rf"\b[{letters}]\w*(?:['’]\w+)*", re.IGNORECASE)
    for entry in entries:
        starts = {sentence.start - entry.passage.span.start for sentence in entry.passage.sentences}
        for match in words.finditer(entry.text):
            if wanted is None or folded(match[0], entry.document.language) in wanted:
                (opening if match.start() in starts else within)[_without_possessive(match[0])] += 1
    return within, opening


@cache
def _accented() -> dict[str, str]:
    """By a letter without an accent those with one: Latin, Greek and Cyrillic ones, and those of Vietnamese."""
    found: dict[str, str] = {}
    for letter in map(chr, [*range(0xC0, 0x530), *range(0x1E00, 0x2000)]):
        if letter.isalpha() and letter.islower() and (plain := folded(letter)[0]) != letter:
            found[plain] = found.get(plain, "") + letter
    return found


def distance(one: str, other: str, most: int) -> int:
    """Edits between two words; any number above `most` where there are more than that."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    above = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, facing in enumerate(other, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != facing))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == facing:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, above = above, row
        if min(row) > most:
            return most + 1
    return above[-1]


def one_edit_away(word: str) -> set[str]:
    """Every string one edit from a word that `_may_be` allows, in the letters a to z."""
    made = {word[1] + word[0] + word[2:]}
    for at in range(1, len(word) + 1):
        head, tail = word[:at], word[at:]
        made.update(head + letter + tail for letter in ascii_lowercase)
        made.add(head + tail[1:])
        if len(tail) > 1:
            made.add(head + tail[1] + tail[0] + tail[2:])
        if tail and len(word) >= _LONG:
            made.update(head + letter + tail[1:] for letter in ascii_lowercase)
    return made - {word}


def _offered(typed: str, searcher: Searcher) -> Iterator[tuple[int, Counter[str]]]:
    """Words that may be meant, one edit away and then two, as they are written in the documents, and how often."""
    yield 1, _one_away(typed, searcher) if typed.isascii() else _near(typed, 1, searcher)
    if len(typed) >= _TWO_EDITS:
        yield 2, _near(typed, 2, searcher)


def _one_away(typed: str, searcher: Searcher) -> Counter[str]:
    """Those one edit away; 0 times such as stand there with another ending only, or only in a title or heading."""
    made: dict[str, list[str]] = {}
    for one in sorted(one_edit_away(typed)):
        for language in searcher.languages or ("en",):
            made.setdefault(folded(one, language), []).append(one)
    counted = {form: searcher.document_frequency(form) or searcher.is_in_context(form) for form in searcher.known(made)}
    likely = sorted((form for form in counted if counted[form]), key=lambda form: (-counted[form], form))
    found: Counter[str] = Counter()
    for form in likely[:_MOST_FORMS]:
        entries = searcher.passages_with([form], _LOOKED_AT)
        written = _written(*_spellings(entries, typed[:2], frozenset([form])))
        fits = any(_may_be(typed, folded(one), 1) for one in written)
        found.update(written if fits else dict.fromkeys(made[form], 0))
    return found


def _near(typed: str, edits: int, searcher: Searcher) -> Counter[str]:
    """Words with the same first letter in passages that hold a form near to one of this word's."""
    found = [searcher.passages_near(form, edits, _LOOKED_AT_NEAR) for form in forms(typed, searcher.languages)]
    entries = {entry.id: entry for some in found for entry in some}
    return _written(*_spellings(entries.values(), typed[0]))


def _written(within: Counter[str], opening: Counter[str]) -> Counter[str]:
    """How words are written: as within a sentence, and only those that never stand there as where one begins."""
    elsewhere = {word.lower() for word in within}
    return within + Counter({word: times for word, times in opening.items() if word.lower() not in elsewhere})


def _may_be(typed: str, other: str, edits: int) -> bool:
    """Whether one word may be a misspelling of another: hardly ever is the first letter wrong, of a short word none is
    exchanged, because that makes another name, and hypotension is not hypertension.
    """
    if not other.isalpha() or (len(typed) < _LONG and len(other) == len(typed) and sorted(typed) != sorted(other)):
        return False
    begins_alike = typed[0] == other[0] or typed[1::-1] == other[:2]
    return begins_alike and distance(typed, other, edits) <= edits and not _are_opposed(typed, other)


def _exchanged(typed: str, other: str) -> int:
    """How many letters of a word of the same length are others: two make another name, as Karlsund for Karlstad."""
    same = len(typed) == len(other) and sorted(typed) != sorted(other)
    return sum(one != facing for one, facing in zip(typed, other, strict=True)) if same else 0


def _are_opposed(one: str, other: str) -> bool:
    """Whether two words are the same but for what makes them two, as in hypertension and hypotension."""
    return re.sub(_OPPOSED, "-", one) == re.sub(_OPPOSED, "-", other)


def _likelihood(word: str, other: str, searcher: Searcher) -> float:
    """How common the other word is; more likely where letters were swapped, less where only the other has a capital."""
    common = max(searcher.document_frequency(form) for form in forms(other, searcher.languages))
    swapped = sorted(folded(word)) == sorted(folded(other))
    return common * (_SWAPPED if swapped else 1.0) / (_SWAPPED if other[0].isupper() > word[0].isupper() else 1.0)


def _is_unknown(text: str, term: QueryTerm, searcher: Searcher) -> bool:
    if term.end - term.start < _SHORTEST or general_share(text, term):
        return False
    if any(searcher.document_frequency(form) for form in term.forms):
        return False
    return not searcher.known(term.forms)


def _elided(word: str, languages: Collection[str]) -> int:
    """How long what is elided before a word is, as in "l'échéance", where documents are in such a language."""
    match = None if _ELIDING.isdisjoint(languages) else _ELIDED.match(word)
    return match.end() if match else 0


def _without_possessive(word: str) -> str:
    return word[:-2] if word[-2:] in ("'s", "’s") else word
