"""Questions as people mistype them, and questions that nothing answers any more."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from retrieval.number_words import VALUES, in_digits

_WORD = re.compile(r"\w+")
_NAME = re.compile(r"(?<=[\w,] )[A-Z]\w+(?: [A-Z]\w+)*|\b\d[\d,.]*\b")  # capitalised within a sentence, or a number
_NUMBER = re.compile(r"\b\d{1,3}(?:,\d{3})+\b|\b\d{1,9}\b")
_PLAIN = re.compile(r"\b[a-z]{5,}\b")
_SMALL = frozenset(
    {"a", "an", "the", "of", "in", "on", "at", "to", "for", "by", "is", "was", "are", "were", "did", "do", "does"}
    | {"what", "who", "when", "where", "which", "how", "why"}
)
_OPPOSITES = [
    ("first", "last"), ("largest", "smallest"), ("biggest", "smallest"), ("most", "least"), ("more", "less"),
    ("before", "after"), ("north", "south"), ("northern", "southern"), ("east", "west"), ("eastern", "western"),
    ("increase", "decrease"), ("increased", "decreased"), ("oldest", "youngest"), ("older", "younger"),
    ("highest", "lowest"), ("higher", "lower"), ("high", "low"), ("early", "late"), ("earlier", "later"),
    ("begin", "end"), ("began", "ended"), ("start", "stop"), ("started", "stopped"), ("won", "lost"), ("win", "lose"),
    ("winner", "loser"), ("best", "worst"), ("better", "worse"), ("old", "new"), ("long", "short"),
    ("maximum", "minimum"), ("positive", "negative"), ("inside", "outside"), ("above", "below"), ("over", "under"),
    ("male", "female"), ("man", "woman"), ("men", "women"), ("king", "queen"), ("father", "mother"),
    ("brother", "sister"), ("son", "daughter"), ("boy", "girl"), ("husband", "wife"), ("rich", "poor"),
    ("strong", "weak"), ("buy", "sell"), ("bought", "sold"), ("open", "close"), ("allowed", "forbidden"),
    ("supported", "opposed"), ("support", "oppose"), ("accepted", "rejected"), ("many", "few"), ("always", "never"),
    ("summer", "winter"), ("day", "night"), ("left", "right"), ("gained", "lost"), ("same", "different"),
    ("public", "private"), ("common", "rare"), ("heavy", "light"), ("top", "bottom"), ("good", "bad"),
    ("friend", "enemy"), ("love", "hate"), ("happy", "sad"), ("up", "down"), ("internal", "external"),
]  # fmt: skip
_OPPOSITE = {a: b for pair in _OPPOSITES for a, b in (pair, pair[::-1])}
_PARTS = re.compile(r"[^,:;.()\u2013]{4,}")  # of a title
_NAMING = 4  # letters of a word that says what is meant
_NEAR = 5  # how far a number is altered, or the fiftieth part where that is more
_SAME_PASSAGE = 0.35  # share of exchanged names that the passage itself holds
_VERB = re.compile(r"\b(did|does|do|is|was|are|were|can|could|would|has|had)\b")


def as_typed(question: str, chance: random.Random) -> str:
    """A question as somebody in a hurry might type it."""
    kind = chance.random()
    if kind < 0.35:
        return lowered(question)
    if kind < 0.6:
        return keywords(question)
    return with_typo(question, chance)


def lowered(question: str) -> str:
    """The question without capitals and question mark."""
    return question.rstrip("?").lower()


def keywords(question: str) -> str:
    """The words of the question that a search engine would be given; the question itself where there are none."""
    return " ".join(word for word in _WORD.findall(question) if word.lower() not in _SMALL).lower() or question


def with_typo(question: str, chance: random.Random) -> str:
    """The question with a letter of one of its longer words swapped, left out or doubled."""
    words = question.split(" ")
    long = [i for i, word in enumerate(words) if len(word) > 4]
    if not long:
        return question
    at = chance.choice(long)
    word, i = words[at], chance.randrange(1, len(words[at]) - 2)
    swapped, left_out, doubled = word[:i] + word[i + 1] + word[i] + word[i + 2 :], word[:i] + word[i + 1 :], word[:i]
    words[at] = chance.choice([swapped, left_out, doubled + word[i] + word[i:]])
    return " ".join(words)


def unanswerable(question: str, same: str, others: Sequence[str], chance: random.Random) -> str | None:
    """The question changed so that its passage `same` no longer answers it; None where nothing can be changed.

    A name, a number or another word is exchanged for one of `same` or of the passages `others`, a number for a like one
    that none of them holds, a word for its opposite, or the question is turned round with "not".
    """
    text = same if chance.random() < _SAME_PASSAGE or not others else chance.choice(others)
    made = [
        _exchange_name(question, text, chance),
        _alter_number(question, [same, *others], chance),
        _oppose(question, chance),
        _exchange_word(question, text, same, chance),
        _negate(question),
    ]
    weights = [6, 4, 6, 3, 2]
    possible = [(one, weight) for one, weight in zip(made, weights, strict=True) if one is not None]
    return chance.choices(*zip(*possible, strict=True))[0] if possible else None  # type: ignore[arg-type]


def named(question: str, title: str, chance: random.Random) -> str:
    """The question with the title of its document, or a part of it, as somebody asks who knows where to look."""
    part, asked = chance.choice([title, *_PARTS.findall(title)]).strip(), question.rstrip("? ")
    made = [f"{part}: {question}", f"{asked}, {part}?", f"{part} {asked}"]
    made += [f"{asked} {word} {part}?" for word in ("in", "at", "of", "according to")]
    return chance.choice(made) if part else question


def moved(question: str, passage: str, context: str, others: Sequence[str], chance: random.Random) -> str | None:
    """One of the contexts `others`, below which the passage answers the question no longer: it lacks a word of the
    question that the passage has from its own context alone. None where there is none.
    """
    asked, held, told = ({word.lower() for word in _WORD.findall(text)} for text in (question, passage, context))
    needed = {word for word in (asked & told) - held - _SMALL if len(word) >= _NAMING or word.isdigit()}
    lacking = sorted({other for other in others if any(word not in other.lower() for word in needed)})
    return chance.choice(lacking) if lacking else None


def _exchange_name(question: str, text: str, chance: random.Random) -> str | None:
    names = list(_NAME.finditer(question))
    if not names:
        return None
    old = chance.choice(names)
    number = old[0][0].isdigit()
    new = [n for n in _NAME.findall(text) if n[0].isdigit() == number and n not in question and old[0] not in n]
    return question[: old.start()] + chance.choice(new) + question[old.end() :] if new else None


def _alter_number(question: str, texts: Sequence[str], chance: random.Random) -> str | None:
    """A number of the question, in place of it one near to it."""
    numbers = list(_NUMBER.finditer(question))
    if not numbers:
        return None
    old = chance.choice(numbers)
    value = int(old[0].replace(",", ""))
    near = value + chance.choice((-1, 1)) * chance.randint(1, max(value // 50, _NEAR))
    new = f"{near:,}" if "," in old[0] else str(near)
    if near < 0 or any(str(near) in _numbers(text) for text in (question, *texts)):
        return None
    return question[: old.start()] + new + question[old.end() :]


def _numbers(text: str) -> set[str]:
    """The numbers of a text in digits without commas, be they written in digits or in words."""
    within = {found[0].replace(",", "") for found in _NUMBER.finditer(text)}
    words = {str(VALUES[word]) for word in _WORD.findall(text.lower()) if word in VALUES}
    return within | words | {digits for *_, digits in in_digits(text)}


def _exchange_word(question: str, text: str, same: str, chance: random.Random) -> str | None:
    """A word of the question that its passage holds, in place of it one of like ending that the question lacks."""
    words = [m for m in _PLAIN.finditer(question) if f" {m[0]}" in same]
    if not words:
        return None
    old = chance.choice(words)
    new = [w for w in _PLAIN.findall(text) if w[-2:] == old[0][-2:] and w != old[0] and w not in question]
    return question[: old.start()] + chance.choice(new) + question[old.end() :] if new else None


def _oppose(question: str, chance: random.Random) -> str | None:
    words = [m for m in _WORD.finditer(question) if m[0].lower() in _OPPOSITE]
    if not words:
        return None
    old = chance.choice(words)
    return question[: old.start()] + _OPPOSITE[old[0].lower()] + question[old.end() :]


def _negate(question: str) -> str | None:
    verb = _VERB.search(question)
    if verb is None:
        return None
    return f"{question[: verb.end()]}n't{question[verb.end() :]}".replace("cann't", "can't")
