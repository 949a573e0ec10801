"""Ten documents of twelve rows, what can be asked of them, and made-up coefficients that rank them badly."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from retrieval import coefficients as package
from retrieval import tuning
from retrieval.coefficients import CONFIDENCE_FEATURES, READ_CONFIDENCE_FEATURES, READING_FEATURES
from retrieval.measures import FEATURES, SENTENCE_FEATURES

DOCUMENTS, ROWS = 10, 12
_THINGS = (
    "bridge",
    "harbour",
    "mill",
    "tower",
    "chapel",
    "market",
    "school",
    "canal",
    "library",
    "well",
    "inn",
    "barn",
)
_SYLLABLES = ("bar", "den", "fol", "gim", "har", "kes", "lun", "mor", "nev", "pol", "rast", "sil")
_FILLER = " after a long winter with much snow and little bread in every house of the valley below"


def coefficients() -> dict[str, Any]:
    """The longest passage first; a confidence that is the cosine's, and too sure of itself."""
    confidence = dict.fromkeys(CONFIDENCE_FEATURES, 0.0) | {"cosine": 24.0, "bias": -10.0}
    return {
        "ranking": dict.fromkeys(FEATURES, 0.0) | {"cosine": 1.0, "length": 1.5},
        "sentence": dict.fromkeys(SENTENCE_FEATURES, 0.0) | {"coverage": 1.0},
        "reading": dict.fromkeys(READING_FEATURES, 0.0),
        "confidence": confidence,
        "foreign_confidence": confidence | {"bias": -9.0},
        "read_confidence": dict.fromkeys(READ_CONFIDENCE_FEATURES, 0.0) | confidence,
        "caution": {"sure": 0.8, "balanced": 0.5, "eager": 0.3},
    }


@contextmanager
def shipped(written: dict[str, Any], folder: Path) -> Iterator[None]:
    """Ships these coefficients instead of the package's own, in a file under `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "coefficients.json").write_text(json.dumps(written))
    shutil.copy(package.PATH.with_name("common_words.json"), folder)
    caches = (package.record, package.coefficients, tuning._read)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "PATH", folder / "coefficients.json")
        for cache in caches:
            cache.cache_clear()
        yield
    for cache in caches:
        cache.cache_clear()


def write_documents(seeds: Path) -> None:
    """A table a document; the place names repeat with other things, so that words have to be weighed together."""
    seeds.mkdir(exist_ok=True)
    for document in range(DOCUMENTS):
        (seeds / f"{document}.csv").write_text("told\n" + "".join(_line(document, row) for row in range(ROWS)))


def write_questions(path: Path, text_of: Callable[[str], str], *, rows: int = ROWS, unanswerable: int = 30) -> Path:
    """Who built what, of the first rows of every document, and who painted what, which none says."""
    records: list[dict[str, Any]] = []
    for document in range(DOCUMENTS):
        name = f"{document}.csv"
        for row in range(rows):
            person = _person(document, row)
            start = text_of(name).index(person)
            gold = {"doc": name, "start": start, "end": start + len(person), "text": person}
            question = f"Who built the {_THINGS[row]} of {_place(document, row)}?"
            records.append({"question": question, "answerable": True, "answers": [gold]})
    for number in range(unanswerable):
        question = f"Who painted the {_THINGS[number % ROWS]} near {_SYLLABLES[number % 7]}{_SYLLABLES[number % 5]}um?"
        records.append({"question": question, "answerable": False})
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def _line(document: int, row: int) -> str:
    told = f"The {_THINGS[row]} of {_place(document, row)} was built by {_person(document, row)}"
    return f"{told}{_FILLER if row % 3 == 0 else ''}.\n"


def _place(document: int, row: int) -> str:
    number = (document * ROWS + row) // 2
    return (_SYLLABLES[number % 12] + _SYLLABLES[number // 12 % 12]).capitalize()


def _person(document: int, row: int) -> str:
    return (_SYLLABLES[document] + _SYLLABLES[row] + "o").capitalize()
