"""Weights fitted to an operator's own questions: kept in the library as `tuned.json`, they stand in for shipped ones.

The file holds the fitted parts by their names in `coefficients.json`, and under "made" where each of them came from:
when, from which question file, with which model, against which shipped coefficients, and with which figures.
`retrieval.retraining` and `retrieval.recalibration` fit them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from retrieval.coefficients import CONFIDENCES, Coefficients, coefficients, parse, record
from retrieval.errors import LibraryError

FILE = "tuned.json"

What = Literal["ranking", "confidence"]
_PARTS: dict[What, tuple[str, ...]] = {
    "ranking": ("ranking", "sentence"),
    "confidence": (*CONFIDENCES, "caution"),
}


@dataclass(frozen=True, slots=True)
class Tuned:
    """What was fitted to how many questions of which file, with which model (empty where that was not written down).

    `outdated` says that other weights were shipped since; `in_use` is False where these have measures that it lacks, so
    that they answer in its place.
    """

    what: What
    file: str
    questions: int
    made_at: str
    model: str
    outdated: bool
    in_use: bool


@dataclass(frozen=True, slots=True)
class Fit:
    """Fitted `parts`, by their names in the shipped coefficients, and the figures that spoke for them."""

    what: What
    parts: Mapping[str, Mapping[str, float]]
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A tuned.json that can be used; `written` is what of it is in use."""

    written: Mapping[str, Any]
    weights: Coefficients
    tuned: tuple[Tuned, ...]


def weights_of(library: Path) -> Coefficients:
    """The weights that a library answers with: its own where it has some, else the shipped. Raises LibraryError."""
    kept = _kept(library)
    return coefficients() if kept is None else kept.weights


def tuned_in(library: Path) -> tuple[Tuned, ...]:
    """What a library's own weights were fitted to; empty where it has none. Raises LibraryError."""
    kept = _kept(library)
    return () if kept is None else kept.tuned


def keep(library: Path, fits: Sequence[Fit], file: str, questions: int, model: str) -> None:
    """Writes fits into the library, beside or in place of what it kept; the caller holds its build lock.

    A confidence belongs to the ranking that it was fitted with: a new ranking discards the old one. Raises
    LibraryError.
    """
    kept = None if any(fit.what == "ranking" for fit in fits) else _kept(library)
    written = {"made": {}} if kept is None else dict(kept.written)
    for fit in fits:
        made = {
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "file": file,
            "questions": questions,
            "model": model,
            "shipped": fingerprint(),
            "figures": dict(fit.figures),
        }
        others = {name: value for name, value in written.items() if name not in _PARTS[fit.what]}
        written = others | dict(fit.parts) | {"made": {**written["made"], fit.what: made}}
    _write(library / FILE, written)


def undo(library: Path) -> bool:
    """Answers with the shipped weights again; says whether there were others. The caller holds the build lock."""
    path = library / FILE
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise LibraryError(f"{path} cannot be removed ({error.strerror}): check its permissions.") from error
    return True


def fingerprint() -> str:
    """Changes whenever other weights are shipped."""
    names = [name for parts in (*_PARTS.values(), ("reading",)) for name in parts]
    parts = json.dumps({name: record().get(name) for name in names}, sort_keys=True)
    return hashlib.sha256(parts.encode()).hexdigest()


def _kept(library: Path) -> _Kept | None:
    path = library / FILE
    try:
        at = path.stat()
    except OSError:
        return None
    try:
        return _read(path, at.st_mtime_ns, at.st_size)
    except FileNotFoundError:  # undone at this moment
        return None


@lru_cache(maxsize=8)
def _read(path: Path, mtime_ns: int, size: int) -> _Kept:
    del mtime_ns, size  # they tell versions of the file apart
    try:
        written = json.loads(path.read_text("utf-8"))
        if "confidence" in written:  # of a version that had none for other languages
            written = {"foreign_confidence": written["confidence"]} | written
        made = {what: one for what in _PARTS if (one := written["made"].get(what)) is not None}
        tuned = tuple(_tuned(what, one, _in_use(what, made, written)) for what, one in made.items())
        written = _without([one.what for one in tuned if not one.in_use], written)
        weights = parse({**record(), **written})
        _check(weights)
        return _Kept(written, weights, tuned)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LibraryError(
            f"The tuned weights in {path} cannot be used: run `seedbot train --undo` to answer with the shipped ones."
        ) from error


def _tuned(what: What, made: Mapping[str, Any], in_use: bool) -> Tuned:
    file, questions, made_at, model = str(made["file"]), int(made["questions"]), str(made["made_at"]), made.get("model")
    return Tuned(what, file, questions, made_at, str(model or ""), made["shipped"] != fingerprint(), in_use)


def _in_use(what: What, made: Mapping[What, Mapping[str, Any]], written: Mapping[str, Any]) -> bool:
    """Whether a fit of another version has every measure that is weighed now; one of this version must.

    A confidence was fitted over the ranking beside it, and goes with it.
    """
    outdated = made[what]["shipped"] != fingerprint()
    lacks = any(record()[name].keys() - written[name].keys() for name in _PARTS[what] if name in written)
    ranked = what == "ranking" or "ranking" not in made or _in_use("ranking", made, written)
    return ranked and not (outdated and lacks)


def _without(fits: Sequence[What], written: Mapping[str, Any]) -> dict[str, Any]:
    """What was written, without the parts of these fits."""
    parts = [name for what in fits for name in _PARTS[what]]
    made = {what: one for what, one in written["made"].items() if what not in fits}
    return {name: value for name, value in written.items() if name not in parts} | {"made": made}


def _check(weights: Coefficients) -> None:
    """Raises ValueError where a number is none, or a caution is missing or no share."""
    logistic = [getattr(weights, name) for name in CONFIDENCES]
    numbers = [weights.ranking, weights.sentence, *(np.append(one.weights, one.bias) for one in logistic)]
    if not np.isfinite(np.concatenate(numbers)).all():
        raise ValueError("a weight is not a number")
    if set(weights.caution) != set(record()["caution"]) or not all(0 <= one <= 1 for one in weights.caution.values()):
        raise ValueError("a caution is missing or no share")


def _write(path: Path, written: Mapping[str, Any]) -> None:
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8") as file:
            json.dump(written, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise LibraryError(
            f"{path} cannot be written ({error.strerror}): free some space or check its permissions."
        ) from error
