"""Makes what the reader learns from: `python -m training.examples SETS --work FOLDER` writes FOLDER/examples.jsonl.gz.

SETS is a folder with the question sets named in `HELD_OUT`. Of each question the passages that ranking offers are kept,
and where in these the answer is. Documents are held out whole: their questions are for choosing and calibrating, never
for learning.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from zlib import crc32

from benchmarks.sets import library_over
from retrieval import passages
from retrieval.coefficients import coefficients
from retrieval.embedding import Embedder, open_embedder
from retrieval.library import Library
from retrieval.preparing import prepare
from retrieval.question_sets import EvalQuestion, half, read_questions, sample
from retrieval.ranking import Hit, rank
from retrieval.settings import EmbeddingSettings
from retrieval.types import Filter, Span
from training import asked, edited, written
from training.balance import balanced
from training.offered import (
    ASKED,
    EDITED,
    FILE,
    FOLDERS,
    SIDES,
    WRITTEN,
    Example,
    Offered,
    read_examples,
    write_examples,
)

HELD_OUT = {"wiki-train": 3, "tales-train": 20, "policy-dev": 10}
"""How many documents of each question set are held out; of the written texts one in `_ONE_IN`."""

SETS = (*HELD_OUT, WRITTEN, SIDES, FOLDERS, ASKED, *EDITED)
"""All that is learnt from."""

_ONE_IN = 10
_FOLDERS_ONE_IN = 4  # of the texts that are folders, whole ones

WITHIN = ("policy-dev", SIDES, FOLDERS)
"""Sets whose questions often name no subject: each is asked within its document, or the folder of that."""

_OFFERED = 10  # passages kept with each question
_ABSENT_SHARE = 6  # one question in so many is asked once more where its document is missing


def held_out(name: str, documents: Sequence[str]) -> frozenset[str]:
    """The documents of a set that nothing is learnt from, the same at every run; a written one stays what it is when
    others are added.
    """
    of = {ASKED: asked.OF, **EDITED}.get(name, name)
    if of == FOLDERS:
        return frozenset(one for one in documents if crc32(written.shelf(one).encode()) % _FOLDERS_ONE_IN == 0)
    if of in (WRITTEN, SIDES):
        return frozenset(one for one in documents if crc32(one.encode()) % _ONE_IN == 0)
    return frozenset(random.Random(3).sample(sorted(documents), HELD_OUT[of]))


@cache
def folder_of(name: str, sets: Path, work: Path) -> Path:
    """The folder of a set that is learnt from; what the repository has is made into a set in `work`, once."""
    folder = work / "sets" / name
    if name == WRITTEN:
        written.write_set(folder, edited=False)
    elif name in (SIDES, FOLDERS):
        written.write_set(folder, written.FOLDER.with_name(name))
    elif name == ASKED:
        asked.write_set(sets / asked.OF, folder)
    elif EDITED.get(name) == WRITTEN:
        written.write_set(folder, edited=True)
    elif name in EDITED:
        edited.write_set(sets / EDITED[name], folder)
    else:
        folder = sets / name
    return folder


def main() -> None:
    """Reads the command line and makes the examples, each set's once for as long as passages are cut alike."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    arguments = parser.parse_args()
    embedder = open_embedder(EmbeddingSettings(), arguments.work / "model")
    made = [one for name in SETS for one in _made(name, arguments.sets, arguments.work / name, embedder)]
    made = balanced(made)
    write_examples(arguments.work / FILE, made)
    print(f"{len(made)} questions, {sum(one.held_out for one in made)} of them about documents that are held out")


def _made(name: str, sets: Path, work: Path, embedder: Embedder) -> list[Example]:
    folder = folder_of(name, sets, work.parent)
    questions = crc32((folder / "questions.jsonl").read_bytes())
    path = work / f"{questions:08x}-{passages.VERSION}-{FILE}"
    if not path.exists():
        write_examples(path, _of_set(folder, work, embedder))
    return read_examples(path)


def _of_set(folder: Path, work: Path, embedder: Embedder) -> Iterator[Example]:
    questions = [q for q in read_questions(folder / "questions.jsonl") if q.paragraph is not None]
    documents = {path.name for path in (folder / "docs").iterdir()}
    held = held_out(folder.name, sorted(documents))
    with library_over(folder, work / "whole", embedder) as library:
        yield from _asked(folder.name, questions, library, embedder, held)
    if folder.name not in WITHIN:
        present = half(documents)
        absent = sample([q for q in questions if str(q.document) not in present], len(questions) // _ABSENT_SHARE)
        with library_over(folder, work / "half", embedder, sorted(present)) as library:
            yield from _asked(folder.name, absent, library, embedder, held)


def _asked(
    source: str, questions: Sequence[EvalQuestion], library: Library, embedder: Embedder, held: frozenset[str]
) -> Iterator[Example]:
    searcher = library.searcher()
    alike: defaultdict[tuple[str, str | None], list[EvalQuestion]] = defaultdict(list)
    for question in questions:
        alike[question.text, question.document].append(question)
    for question in questions:
        where = _within(source, str(question.document))
        apart = question.document in held
        hits = rank(prepare(question.text, embedder, searcher, where), searcher, coefficients(), _OFFERED)[:_OFFERED]
        offered = []
        for hit in hits:
            if not apart and hit.entry.document.path in held:
                continue  # nothing is learnt from it, also not what it does not answer
            one = _offered(question, hit)
            twins = alike[question.text, question.document]
            if one.right or not any(_offered(twin, hit).right for twin in twins):  # else right for the same question
                offered.append(one)
        yield Example(source, question.text, tuple(offered), apart)


def _within(source: str, document: str) -> Filter:
    """What a question about a document is asked of."""
    if source == FOLDERS:
        return Filter(glob=f"{written.shelf(document)}-*")
    return Filter(glob=document) if source in WITHIN else Filter()


def _offered(question: EvalQuestion, hit: Hit) -> Offered:
    path, span = hit.entry.document.path, hit.entry.passage.span
    inside = [
        a.span for a in question.answers if a.doc == path and span.start <= a.span.start and a.span.end <= span.end
    ]
    around = question.paragraph
    shared = _shared(span, around.span) if around is not None and around.doc == path else 0
    own = around is not None and shared > min(len(span), len(around.span)) / 2
    if inside:
        answer = inside[0].start - span.start, inside[0].end - span.start
        return Offered(hit.entry.text, True, answer, own, hit.entry.context)
    unplaced = question.answerable and not question.answers  # it has an answer, whose place nobody wrote down
    right = unplaced and shared > len(span) / 2
    return Offered(hit.entry.text, right, None, own, hit.entry.context)


def _shared(one: Span, other: Span) -> int:
    return min(one.end, other.end) - max(one.start, other.start)


if __name__ == "__main__":
    main()
