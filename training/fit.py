"""Fits the coefficients of ranking and confidence: `python -m training.fit SETS --work FOLDER`.

SETS is a folder with the question sets `wiki-train`, `tales-train`, `policy-dev` and `xquad-*`; besides these only the
texts in `training/written/`, `training/sides/` and `training/folders/` and the questions in `training/asked/` and
`training/edited/` are looked at. What is fitted:

- `ranking` and `sentence`, on the documents of the two sets that the reader learnt from too: the passage that holds the
  answer becomes the likeliest of a question's candidates, its sentence the likeliest of the passage;
- `reading`, on documents held out from the reader: what a reading is worth against the score of ranking;
- `confidence` (without the reader) and `read_confidence` (with it, held-out documents only): whether the first excerpt
  covers the answer, in libraries that hold the question's document, or not, or all of it but the paragraph that was
  asked about; of questions that name no subject, asked of many documents; and of questions that nothing answers: a name
  was exchanged for one of another question, or they were written to deceive;
- `foreign_confidence`, of documents in other languages, which are not read: on those of the five sets `xquad-*` that
  have the names of wiki-train's, since the others are those of wiki-dev;
- `caution`: from which confidence on 95, 90 and 80 of 100 answers are right, where as many are asked of a library that
  holds the document as of one that does not, and one question in twenty was written to deceive; each judged by a
  confidence that was fitted to other documents.

The answers that confidence is fitted to are drawn so that each kind has its share of `_MIX`, however many there are.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.sets import library_over
from retrieval import coefficients as package
from retrieval.answering import Engine
from retrieval.arrays import Doubles
from retrieval.calibration import cautions, expected_calibration_error, sigmoid
from retrieval.confidence import confidence_features
from retrieval.embedding import Embedder, open_embedder
from retrieval.excerpts import excerpts_of
from retrieval.fitting import Group, fit_logistic, fit_softmax
from retrieval.library import Library
from retrieval.measures import FEATURES, SENTENCE_FEATURES
from retrieval.question_sets import EvalQuestion, half, read_questions, sample
from retrieval.ranking import Hit, rank
from retrieval.reading import read
from retrieval.retraining import training_groups
from retrieval.settings import EmbeddingSettings
from retrieval.terms import analyse
from retrieval.types import Span
from retrieval.windows import leading, pieces, windows
from training.examples import folder_of, held_out
from training.offered import ASKED, EDITED, FOLDERS, SIDES, WRITTEN
from training.perturb import as_typed
from training.remembered import RememberingReader
from training.written import shelf

_STEPS = ("ranking", "reading", "confidence", "read_confidence", "foreign_confidence")
_SETS = ("wiki-train", "tales-train", WRITTEN, ASKED)
_ASKED_ALONE = {"wiki-train": (13, 60), "tales-train": (40, 12), WRITTEN: (40, 24), ASKED: (13, 60), SIDES: (40, 24)}
_ASKED_ALONE |= {FOLDERS: (16, 300)}
"""How many documents of a set, or folders of documents, are a library each, and how many questions are asked of it."""

_SUBJECTLESS = ("policy-dev", SIDES)
"""Sets whose questions often name no subject; many passages of a policy answer alike, so no policy is asked alone."""

_GENERAL = ("wiki-train", "tales-train")
"""Those that ranking is fitted to: with the written texts too it gained on these and lost as much on tales-dev. Their
words are those of general text."""
_FOREIGN = ("xquad-ar", "xquad-de", "xquad-es", "xquad-ru", "xquad-zh")
_PER_SET, _PER_SET_READ, _PER_SET_JUDGED = 3000, 1000, 900
_COMMON_SHARE = 0.005
_CHARACTERS, _READ = 500, 4  # as the settings have them
_UNJUDGED = ("held", "paragraph missing", "subjectless")
"""Where an excerpt that holds the words of an answer, at another place than the one written down, is left out: often it
does answer (115 of 2,799 wrong answers), and nobody judged it."""
_LONG_WORD = re.compile(r"(?<=\s)[^\W\d_]{5,}\b")  # behind white space
_FEWEST_LETTERS = 3  # of an answer whose words are looked for
_READ_TO_FIT = 8
_TYPED = 6  # one question in so many is asked as somebody in a hurry types it
_NAME = re.compile(r"(?<=[a-z,] )[A-Z]\w+(?: [A-Z]\w+)*|\b[12]\d{3}\b")  # capitalised within a question, or a year

_MIX = {"held": 0.48, "missing": 0.29, "paragraph missing": 0.09, "exchanged": 0.05, "deceiving": 0.05}
_MIX |= {"subjectless": 0.04}
"""How often a library holds the document of a question, holds it not, holds all of it but the paragraph; a question has
a name of another, or was written to deceive; or names no subject and is asked of many documents: about what the
half-corpus test asks, and some that deceive or could be about anything."""
_JUDGED = {"held": 0.475, "missing": 0.475, "deceiving": 0.05}
"""The answers that say where the thresholds lie: the half-corpus test, and one question in twenty that deceives."""
_FOREIGN_MIX = {"held": 0.5, "missing": 0.3, "paragraph missing": 0.1, "exchanged": 0.1}
_DRAWN = 20_000
_FOLDS = 10


def main() -> None:
    """Reads the command line and fits what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="folder for the libraries, kept between runs")
    parser.add_argument("--only", choices=_STEPS, action="append")
    parser.add_argument(
        "--judged", type=int, default=_PER_SET_JUDGED, help="questions of a set that confidence is fitted to"
    )
    arguments = parser.parse_args()
    embedder = open_embedder(EmbeddingSettings(), arguments.work / "model")
    fitter = _Fitter(arguments.sets, arguments.work, embedder, arguments.judged)
    for part in arguments.only or _STEPS:
        getattr(fitter, part)()
        package.record.cache_clear()
        package.coefficients.cache_clear()


@dataclass(frozen=True, slots=True)
class _Set:
    """A question set: its questions with a verbatim answer, those that only seem to have one, among them changed ones,
    and the documents that the reader has not seen.
    """

    name: str
    questions: list[EvalQuestion]
    deceiving: list[EvalQuestion]
    held: frozenset[str]

    @classmethod
    def read(cls, folder: Path, changed: Sequence[Path]) -> _Set:
        """Reads a set, and the sets that have `changed` its questions."""
        questions = read_questions(folder / "questions.jsonl")
        documents = [path.name for path in (folder / "docs").iterdir()]
        others = [question for one in changed for question in read_questions(one / "questions.jsonl")]
        deceiving = [q for q in (*questions, *others) if not q.answerable]
        return cls(folder.name, [q for q in questions if q.answers], deceiving, held_out(folder.name, documents))

    def learnt(self) -> list[EvalQuestion]:
        return [q for q in self.questions if q.document not in self.held]

    def unseen(self) -> list[EvalQuestion]:
        return [q for q in self.questions if q.document in self.held]


@dataclass(frozen=True)
class _Fitter:
    folder: Path
    work: Path
    embedder: Embedder
    judged: int

    @cached_property
    def reader(self) -> RememberingReader:
        return RememberingReader(self.work / "readings.sqlite")

    def sets(self, names: Sequence[str] = _SETS) -> Iterator[_Set]:
        for name in names:
            changed = [folder_of(one, self.folder, self.work) for one, of in EDITED.items() if of == name]
            yield _Set.read(folder_of(name, self.folder, self.work), changed)

    @contextmanager
    def engine(
        self, name: str, only: Iterable[str] | None = None, label: str = "whole", *, reads: bool = False
    ) -> Iterator[Engine]:
        """What answers from a set's documents, or `only` some of them."""
        with self.open(name, only, label) as library:
            yield Engine(library.searcher(), self.embedder, self.reader if reads else None, package.coefficients())

    def open(self, name: str, only: Iterable[str] | None = None, label: str = "whole") -> Library:
        chosen = None if only is None else sorted(only)
        return library_over(folder_of(name, self.folder, self.work), self.work / name / label, self.embedder, chosen)

    def ranking(self) -> None:
        """Fits the ranking and the sentence weights."""
        _write_common_words(*(self.open(name) for name in _GENERAL))
        package.common_words.cache_clear()
        passages: list[Group] = []
        sentences: list[Group] = []
        for one in self.sets(_GENERAL):
            with self.engine(one.name) as engine:
                for question in sample(one.learnt(), _PER_SET):
                    for groups, group in zip((passages, sentences), training_groups(engine, question), strict=True):
                        groups += [] if group is None else [group]
        record = _record()
        record["ranking"] = _named(FEATURES, fit_softmax(passages))
        record["sentence"] = _named(SENTENCE_FEATURES, fit_softmax(sentences))
        record["ranking_from"] = f"{len(passages)} questions of wiki-train and tales-train; training/fit.py"
        _write(record)

    def reading(self) -> None:
        """Fits what a reading is worth, in units of the ranking's score."""
        groups: list[Group] = []
        for one in self.sets():
            with self.engine(one.name, reads=True) as engine:
                groups += _reading_groups(engine, sample(one.unseen(), _PER_SET_READ))
        for one in self.sets([FOLDERS]):
            for name, documents in _libraries(one.name, one.held).items():
                with self.engine(one.name, documents, f"one-{name}", reads=True) as engine:
                    groups += _reading_groups(engine, [q for q in one.unseen() if q.document in documents])
        fitted = fit_softmax(groups)
        record = _record()
        record["reading"] = _named(package.READING_FEATURES, fitted[1:] / fitted[0])
        record["reading_from"] = f"{len(groups)} questions about documents held out from the reader; training/fit.py"
        _write(record)

    def confidence(self) -> None:
        """Fits the confidence of answers that were ranked alone."""
        self._confidence("confidence", package.CONFIDENCE_FEATURES, self._answers(reads=False))

    def read_confidence(self) -> None:
        """Fits the confidence of answers that were read, and the thresholds."""
        found = self._confidence("read_confidence", package.READ_CONFIDENCE_FEATURES, self._answers(reads=True))
        _write(_record() | {"caution": found})

    def foreign_confidence(self) -> None:
        """Fits the confidence of answers from documents in other languages."""
        answers = self._foreign_answers()
        self._confidence("foreign_confidence", package.CONFIDENCE_FEATURES, answers, _FOREIGN_MIX)

    def _confidence(
        self, name: str, features: Sequence[str], found: Iterable[_Answer], mix: Mapping[str, float] = _MIX
    ) -> dict[str, float]:
        """Fits a confidence and returns the thresholds that belong to it."""
        answers = _drawn(list(found), mix)
        values = np.array([one.values for one in answers], np.float64)
        right = np.array([one.right for one in answers])
        weights, bias = fit_logistic(values, right)
        origin = f"{len(set(answers))} answers in fixed shares, {right.mean():.0%} of them right; training/fit.py"
        fitted = _named(features, weights) | {"bias": round(bias, 4)}
        _write(_record() | {name: fitted, f"{name}_from": origin})
        sure = _of_others(values, right, [one.document for one in answers])
        of = {kind: [i for i, one in enumerate(answers) if one.kind == kind] for kind in _JUDGED}
        count = min(len(of[kind]) / share for kind, share in _JUDGED.items() if of[kind])
        judged = [i for kind, share in _JUDGED.items() for i in of[kind][: round(count * share)]]
        found = cautions(sure[judged], right[judged])
        print(f"{name}: calibration error {expected_calibration_error(sure, right):.3f}, {found}", flush=True)
        return found

    def _answers(self, *, reads: bool) -> Iterator[_Answer]:
        """Answers of libraries that hold the document, or not, or not the paragraph; read ones of unseen documents."""
        for one in self.sets((*_SETS, FOLDERS, *_SUBJECTLESS)):
            pool = one.unseen() if reads else one.questions
            subjectless = one.name in _SUBJECTLESS
            asked = sample(pool, self.judged)
            names = {str(q.document) for q in one.questions}
            deceiving = sample([q for q in one.deceiving if q.document in one.held or not reads], self.judged)
            if one.name != FOLDERS:  # of which nobody asks all at once
                yield from self._of_all(one, asked, deceiving, names, subjectless=subjectless, reads=reads)
            each = _ASKED_ALONE.get(one.name, (0, 0))[1] * self.judged // _PER_SET_JUDGED
            for name, documents in _libraries(one.name, one.held if reads else names).items():
                own = sample([q for q in asked if q.document in documents], each)
                others = sample([q for q in pool if q.document not in documents], each // 3)
                with self.engine(one.name, documents, f"one-{name}", reads=reads) as engine:
                    yield from _answered(engine, [*own, *others])
                    yield from _answered(engine, own[: each // 3], "paragraph missing")
                    yield from _answered(engine, [q for q in deceiving if q.document in documents], "deceiving")
                    yield from _answered(engine, _with_other_names(own, others, each // 3), "exchanged")

    def _of_all(
        self,
        one: _Set,
        asked: Sequence[EvalQuestion],
        deceiving: Sequence[EvalQuestion],
        names: set[str],
        *,
        subjectless: bool,
        reads: bool,
    ) -> Iterator[_Answer]:
        """Answers of a library of all documents of a set, and of one that lacks those asked about, or half of all."""
        with self.engine(one.name, reads=reads) as engine:
            yield from _answered(engine, asked, "subjectless" if subjectless else "")
            if not subjectless:
                exchanged = _with_other_names(asked, one.questions, len(asked) // 4)
                yield from _answered(engine, exchanged, "exchanged")
                yield from _answered(engine, deceiving, "deceiving")
        present = names - one.held if reads else half(names)
        with self.engine(one.name, present, "learnt" if reads else "half", reads=reads) as engine:
            yield from _answered(engine, asked, "subjectless" if subjectless else "")

    def _foreign_answers(self) -> Iterator[_Answer]:
        """Answers of libraries in other languages that hold the document, or not, or not the paragraph."""
        learnt = {path.name for path in (self.folder / "wiki-train" / "docs").iterdir()}
        for name in _FOREIGN:
            questions = read_questions(self.folder / name / "questions.jsonl")
            asked = [q for q in questions if q.answers and q.document in learnt]
            names = {str(q.document) for q in questions}
            changed = _with_other_words(asked)
            for present, label in ((names, "whole"), (half(names), "half"), (names - learnt, "others")):
                with self.engine(name, present, label) as engine:
                    yield from _answered(engine, asked)
                    if present is names:
                        yield from _answered(engine, changed, "exchanged")
            for document in sorted(learnt):
                own, other = ([q for q in some if q.document == document] for some in (asked, changed))
                with self.engine(name, [document], f"one-{document}") as engine:
                    yield from _answered(engine, own)
                    yield from _answered(engine, own, "paragraph missing")
                    yield from _answered(engine, other, "exchanged")


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """What confidence sees of an answer, whether it was right, its kind in `_MIX`, and the document asked about."""

    values: NDArray[np.float32]
    right: bool
    kind: str
    document: str


def _drawn(answers: Sequence[_Answer], mix: Mapping[str, float]) -> list[_Answer]:
    """`_DRAWN` answers, drawn with these shares of each kind."""
    chance = random.Random(5)
    kinds = {kind: [one for one in answers if one.kind == kind] for kind in mix}
    return [one for kind, share in mix.items() for one in chance.choices(kinds[kind], k=round(share * _DRAWN))]


def _of_others(values: Doubles, right: NDArray[np.bool_], documents: Sequence[str]) -> Doubles:
    """Confidences `[n]`, each by a fit to the answers about other documents."""
    order = random.Random(6).sample(sorted(set(documents)), len(set(documents)))
    fold = np.array([order.index(document) % _FOLDS for document in documents])
    sure = np.zeros(len(values))
    for one in np.unique(fold):
        weights, bias = fit_logistic(values[fold != one], right[fold != one])
        sure[fold == one] = sigmoid(values[fold == one] @ weights + bias)
    return sure


def _libraries(name: str, documents: Iterable[str]) -> dict[str, list[str]]:
    """The documents of a set that are asked alone, by what their library is called: each one, or each folder."""
    together: dict[str, list[str]] = {}
    for document in sorted(documents):
        together.setdefault(shelf(document) if name == FOLDERS else document, []).append(document)
    count, _ = _ASKED_ALONE.get(name, (0, 0))
    return {one: together[one] for one in sample(list(together), count)}


def _reading_groups(engine: Engine, questions: Sequence[EvalQuestion]) -> list[Group]:
    made = (_reading_rows(engine, question) for question in questions)
    return [group for group in made if group is not None]


def _reading_rows(engine: Engine, question: EvalQuestion) -> Group | None:
    """Score of ranking and both logits of the best passages, all of them read; right is what shows the answer."""
    assert engine.reader is not None
    prepared = engine.prepare(question.text)
    hits = rank(prepared, engine.searcher, engine.weights, _READ_TO_FIT)[:_READ_TO_FIT]
    readings = [engine.reader.read(prepared.text, hit.entry.text, hit.entry.context) for hit in hits]
    rows = [[hit.score, one.score, one.span] for hit, one in zip(hits, readings, strict=True)]
    read_hits = [replace(hit, reading=one) for hit, one in zip(hits, readings, strict=True)]
    right = [question.covered_by(h.entry.document.path, windows(h, _CHARACTERS)[0].span) for h in read_hits]
    return (np.array(rows), np.array(right)) if any(right) and not all(right) else None


def _answered(engine: Engine, questions: Sequence[EvalQuestion], kind: str = "") -> Iterator[_Answer]:
    """The first excerpt of each question, as it would be answered; without a `kind`, the library says which it is."""
    chance = random.Random(4)
    there = {document.path for document in engine.searcher.store.documents()}
    for question in questions:
        text = as_typed(question.text, chance) if chance.randrange(_TYPED) == 0 else question.text
        prepared = engine.prepare(text)
        hits = rank(prepared, engine.searcher, engine.weights)
        if kind == "paragraph missing":
            hits = [hit for hit in hits if not _overlaps(question, hit)]
        if engine.reader is not None:
            hits = read(prepared, hits, engine.reader, _READ, engine.weights)
        ordered = pieces(hits, _CHARACTERS)
        if ordered and (engine.reader is None or ordered[0].hit.reading is not None):
            hits = leading(ordered)
            span = ordered[0].span
            if kind != "paragraph missing":  # else what stands around would show that paragraph
                (excerpt,) = excerpts_of(ordered, engine.searcher, 1, engine.weights, _CHARACTERS)
                span = Span(excerpt.citation.start, excerpt.citation.end)
            document = hits[0].entry.document
            right = question.covered_by(document.path, span)
            own = kind or ("held" if question.document in there else "missing")
            shown = engine.searcher.text(document.id, span)
            if not right and own in _UNJUDGED and _has_words_of_answer(question, shown):
                continue
            values = confidence_features(prepared, hits, engine.searcher)
            yield _Answer(values, right, own, str(question.document))


def _has_words_of_answer(question: EvalQuestion, excerpt: str) -> bool:
    shown = excerpt.casefold()
    return any(len(one.text) >= _FEWEST_LETTERS and one.text.casefold() in shown for one in question.answers)


def _with_other_names(
    questions: Sequence[EvalQuestion], others: Sequence[EvalQuestion], count: int
) -> list[EvalQuestion]:
    """Questions with their last name replaced by one from a question about another document: nothing answers them."""
    chance = random.Random(1)
    names = [(other.document, match[0]) for other in others for match in _NAME.finditer(other.text)]
    made = []
    for question in questions:
        found = list(_NAME.finditer(question.text))
        document, name = chance.choice(names) if names else (None, "")
        if found and document != question.document and name not in question.text:
            text = question.text[: found[-1].start()] + name + question.text[found[-1].end() :]
            made.append(replace(question, text=text, answers=()))
    return sample(made, count)


def _with_other_words(questions: Sequence[EvalQuestion]) -> list[EvalQuestion]:
    """Questions with one of their long words replaced by one from a question about another document, in any language
    that has spaces: hardly any is answered.
    """
    chance = random.Random(1)
    made = []
    for question in questions:
        other = chance.choice([one for one in questions if one.document != question.document])
        old, new = (list(_LONG_WORD.finditer(one.text)) for one in (question, other))
        if old and new:
            out, into = chance.choice(old), chance.choice(new)[0]
            text = question.text[: out.start()] + into + question.text[out.end() :]
            made.append(replace(question, text=text, answers=()))
    return made


def _overlaps(question: EvalQuestion, hit: Hit) -> bool:
    gold, span = question.paragraph, hit.entry.passage.span
    if gold is None or gold.doc != hit.entry.document.path:
        return False
    return span.start < gold.span.end and span.end > gold.span.start


def _write_common_words(*libraries: Library) -> None:
    """The share of passages in which each English stem stands, averaged over the sets."""
    shares: Counter[str] = Counter()
    for library in libraries:
        with library:
            texts = [row[2] for row in library.searcher().store.indexed()]
        counts = Counter(word for text in texts for word in {term.text for term in analyse(text, "en")})
        for word, count in counts.items():
            shares[word] += count / len(texts) / len(libraries)
    common = {word: round(share, 4) for word, share in shares.most_common() if share >= _COMMON_SHARE}
    path = package.PATH.with_name("common_words.json")
    path.write_text(json.dumps(common, ensure_ascii=False, indent=0) + "\n", "utf-8")


def _named(names: Sequence[str], values: NDArray[np.float64]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(names, values, strict=True)}


def _record() -> dict[str, Any]:
    return dict(json.loads(package.PATH.read_text("utf-8")))


def _write(record: dict[str, Any]) -> None:
    package.PATH.write_text(json.dumps(record, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
