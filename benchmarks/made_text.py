"""Text of any length with the statistics of real text, and questions about it; the same at every run.

Every made paragraph follows a real one: its sentences, their lengths, punctuation, capitals and most frequent words
stay. Every other word is drawn anew from the topics of its document: a topic is the words of ten neighbouring real
paragraphs, as often as they stand there, and a document mixes three. Digits are drawn anew. As often as one half of
the real documents has words that the other half lacks, an invented name stands instead; a document repeats its few
names, and over the whole text names come in a Zipf tail, so that the vocabulary grows with the text as Heaps' law says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retrieval.errors import DocumentError
from retrieval.loaders import SUFFIXES, load
from retrieval.terms import detect_language

_SEED = 20
_TOPIC_PARAGRAPHS = 10
_TOPICS = 3  # of one document
_FRAME_WORDS = 150  # most frequent words, which stay where they are
_MOST_NAMES = 0.2  # share of the drawn words that are invented, at most
_HEAPS = 0.6  # the vocabulary grows as this power of the text
_COMMONEST = 300  # names about as frequent as the first
_LONGEST_DOCUMENT = 200  # paragraphs
_FILES_A_FOLDER = 1000
_WORD = re.compile(r"([^\W_]+)")
_PARAGRAPH_END = re.compile(r"\n\s*\n")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_SYLLABLES = [a + b for a in "bcdfghjklmnprstvwxyz" for b in "aeiou"]
_ASKED_WITH = ("Who was", "What is said of", "When did", "Where was", "Which", "How did", "Why was")


@dataclass(frozen=True, slots=True)
class Model:
    """What made text is made from: `frames` are paragraphs as separators and words in turn, `topics` lists of words."""

    frames: Sequence[Sequence[str]]
    topics: Sequence[Sequence[str]]
    lengths: Sequence[int]
    kept: frozenset[str]
    names: float

    @classmethod
    def of(cls, texts: Sequence[str]) -> Model:
        """Learned from these texts. Raises ValueError where they hold less than two paragraphs."""
        found = [[one for one in _PARAGRAPH_END.split(text) if _WORD.search(one)] for text in texts]
        frames = [_WORD.split(one.strip()) for each in found for one in each]
        if len(frames) < 2:
            raise ValueError("there is too little English text to make more from")
        counts = Counter(word.casefold() for frame in frames for word in frame[1::2])
        kept = frozenset(word for word, _ in counts.most_common(_FRAME_WORDS))
        parts = [frames[at : at + _TOPIC_PARAGRAPHS] for at in range(0, len(frames), _TOPIC_PARAGRAPHS)]
        topics = [[w.casefold() for frame in part for w in frame[1::2] if _is_drawn(w, kept)] for part in parts]
        lengths = [min(len(each), _LONGEST_DOCUMENT) for each in found if each]
        half = len(frames) // 2
        before = {word.casefold() for frame in frames[:half] for word in frame[1::2]}
        after = [w.casefold() for frame in frames[half:] for w in frame[1::2] if _is_drawn(w, kept)]
        unseen = sum(word not in before for word in after) / max(len(after), 1)
        return cls(frames, [topic for topic in topics if topic], lengths, kept, min(unseen, _MOST_NAMES))

    def document(self, number: int) -> str:
        """The made document of this number: a title and paragraphs."""
        random = np.random.default_rng([_SEED, number])
        length = int(self.lengths[random.integers(len(self.lengths))])
        frames = [self.frames[at] for at in random.integers(len(self.frames), size=length)]
        chosen = [self.topics[at] for at in random.integers(len(self.topics), size=_TOPICS)]
        names = [_name(float(u)) for u in random.random(2 + length)]
        shares = np.cumsum(random.dirichlet(np.ones(_TOPICS)))
        slots = sum(len(frame) // 2 for frame in frames) + 3
        topic = np.minimum(np.searchsorted(shares, random.random(slots)), _TOPICS - 1).tolist()
        place, invented = random.random(slots).tolist(), (random.random(slots) < self.names).tolist()
        which = (random.random(slots) ** 2 * len(names)).astype(int).tolist()  # the first names most often

        def word(slot: int) -> str:
            if invented[slot]:
                return names[which[slot]]
            words = chosen[topic[slot]]
            return words[int(place[slot] * len(words))]

        made, slot = [" ".join(word(at) for at in range(3)).title()], 3
        for frame in frames:
            pieces = list(frame)
            for at in range(1, len(pieces), 2):
                old = pieces[at]
                if any(character.isdigit() for character in old):
                    pieces[at] = _digits(old, place[slot])
                elif _is_drawn(old, self.kept):
                    pieces[at] = word(slot).capitalize() if old[0].isupper() else word(slot)
                slot += 1
            made.append("".join(pieces))
        return "\n\n".join(made) + "\n"

    def write(self, folder: Path, characters: int) -> int:
        """Writes documents until they hold so many characters, and returns how many they are."""
        number, written = 0, 0
        while written < characters:
            path = folder / f"{number // _FILES_A_FOLDER:03}" / f"{number:06}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            text = self.document(number)
            path.write_text(text, "utf-8")
            written += len(text)
            number += 1
        return number

    def questions(self, documents: int, count: int) -> list[str]:
        """Questions made of some words of a sentence of one of the first `documents`."""
        random = np.random.default_rng([_SEED, documents, count])
        asked = []
        for number in random.integers(documents, size=count).tolist():
            sentences = list(_sentences(self.document(number)))
            words = sentences[int(random.integers(len(sentences)))]
            size = int(random.integers(4, 9))
            first = int(random.integers(max(len(words) - size, 0) + 1))
            opening = _ASKED_WITH[int(random.integers(len(_ASKED_WITH)))]
            asked.append(" ".join([opening, *words[first : first + size]]) + "?")
        return asked


def texts_of(folder: Path) -> list[str]:
    """The English prose of a question set, or of any other folder."""
    inside = folder / "docs"
    found = []
    for path in sorted((inside if inside.is_dir() else folder).rglob("*")):
        if path.suffix.lower() in SUFFIXES:
            try:
                document = load(path, path.name, path.read_bytes())
            except DocumentError:
                continue
            if document.layout == "prose" and detect_language(document.text) == "en":
                found.append(document.text[document.body_start :])
    return found


def statistics(texts: Sequence[str]) -> dict[str, float]:
    """What made and real text are compared by."""
    sentences = [words for text in texts for words in _sentences(text)]
    words = [word.casefold() for sentence in sentences for word in sentence]
    counts = Counter(words)
    blocks = [len(_WORD.findall(block)) for text in texts for block in text.split("\n\n") if len(block) > 80]
    first = words[: min(len(words), 50_000)]
    return {
        "words a sentence": round(float(np.mean([len(one) for one in sentences])), 1),
        "words a paragraph": round(float(np.mean(blocks or [0])), 1),
        "share of the 100 commonest words": round(sum(n for _, n in counts.most_common(100)) / len(words), 3),
        f"different words in {len(first)}": len(set(first)),
    }


def _sentences(text: str) -> Iterator[list[str]]:
    for piece in _SENTENCE_END.split(text):
        if words := _WORD.findall(piece):
            yield words


def _is_drawn(word: str, kept: frozenset[str]) -> bool:
    return word.casefold() not in kept and not any(character.isdigit() for character in word)


def _digits(old: str, chance: float) -> str:
    """A number of as many digits."""
    return "".join(str(int(chance * 10 ** (at + 1)) % 10) if c.isdigit() else c for at, c in enumerate(old))


def _name(chance: float) -> str:
    """An invented word: of a Pareto tail, so that the different ones grow as draws ** _HEAPS."""
    rank = int(min(_COMMONEST * ((1 - chance) ** (-1 / _HEAPS) - 1), 1e15))
    syllables = [_SYLLABLES[rank % 100], _SYLLABLES[rank * 37 // 100 % 100]]
    while rank := rank // 100:
        syllables.append(_SYLLABLES[rank % 100])
    return "".join(syllables)
