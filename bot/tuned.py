"""What `seedbot train` and `seedbot eval --calibrate` share: asking, keeping, and saying what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot import figures, messages
from bot.display import visible
from bot.options import command_line, hint, located
from bot.settings import Settings
from retrieval import tuning
from retrieval.errors import LibraryError, LibraryLocked
from retrieval.library import Library
from retrieval.tuning import Fit, Tuned
from retrieval.types import Progress

if TYPE_CHECKING:
    from retrieval.question_sets import EvalQuestion
    from retrieval.recalibration import Calibration

_WAIT_SECONDS = 30.0
_LONG_WAIT_SECONDS = 600.0  # where much work would be lost
_QUESTIONS = "QUESTIONS.jsonl"  # in place of their path, of which only the file's name is kept
_FITNESS = {
    "log_loss": ("log loss", ""),
    "calibration_error": ("expected calibration error", ""),
    "answered": ("answered", "of the answerable"),
    "precision": ("right when answered", "of all answers"),
    "refusal": ("refused", "of the unanswerable"),
}


def fitting(
    library: Library, asked: Sequence[EvalQuestion], path: Path, *, within: bool = False
) -> tuple[list[EvalQuestion], frozenset[str]]:
    """The questions, naming documents as the library does, and its documents. Raises QuestionSetError where they do
    not fit.

    Says how many ask about what the library does not hold, and what comes of it; `within` as in `evaluation.run`.
    """
    from retrieval.question_sets import check_against, nearest, respelt

    documents = frozenset(one.path for one in library.documents())
    questions = respelt(asked, documents)
    absent = check_against(questions, path, documents, lambda name: library.document(name).text)
    apart = [
        one
        for one in questions
        if any(gold.doc in absent for gold in one.places)
        and not (one.document_in(documents) if within else one.has_answer_in(documents))
    ]
    if apart:
        name = next(gold.doc for gold in apart[0].places if gold.doc in absent)
        hint(
            f"{messages.count(len(apart), 'question')} of {path} ask about documents that the library does not hold, "
            f"such as {name!r} in line {apart[0].line}{nearest(name, documents)}: they "
            f"{'are left out' if within else 'count as having no answer here'}."
        )
    return questions, documents


def refuse_unwritable(library: Library) -> None:
    """Raises LibraryError where nothing could be kept in the end; a build that runs now will be over by then."""
    with suppress(LibraryLocked), library.building():
        pass


def keep(settings: Settings, library: Library, fits: Sequence[Fit], questions: Path, count: int) -> LibraryError | None:
    """Writes fits into the library, where there are any; the error where that cannot be, to be raised once all figures
    are shown.
    """
    from bot.progress import shown

    try:
        if fits:
            with shown() as step, library.building(_LONG_WAIT_SECONDS, lambda: step(Progress("waiting", 0, 1))):
                tuning.keep(settings.library, fits, questions.name, count, settings.embedding.model)
    except LibraryError as error:
        return error
    return None


def undo(settings: Settings) -> bool:
    """Removes what was kept; says whether there was anything. Raises LibraryError, also where there is no library."""
    if not (settings.library / tuning.FILE).exists():
        with Library.open(settings) as library:
            library.documents()  # raises where there are none
        return False
    with Library.open(settings, repair=True).building(_WAIT_SECONDS):
        return tuning.undo(settings.library)


def sentence(tuned: Iterable[Tuned]) -> str:
    """`ranking and confidence tuned on 240 questions of own.jsonl`."""
    on: dict[str, list[str]] = {}
    for one in tuned:
        where = f"tuned on {messages.count(one.questions, 'question')} of {visible(one.file)}"
        on.setdefault(where, []).append(one.what)
    return ", ".join(f"{' and '.join(what)} {where}" for where, what in on.items())


def weights_in(library: Path) -> str:
    """`ranking tuned on 240 questions of own.jsonl`, or `the shipped weights`. Raises LibraryError."""
    return sentence(one for one in tuning.tuned_in(library) if one.in_use) or "the shipped weights"


def show_still_kept(settings: Settings) -> None:
    """What stays in the library where nothing was changed, and whether it is outdated. Raises LibraryError."""
    own = tuning.tuned_in(settings.library)
    if own:
        kept = described(own, settings.embedding.model)
        click.echo(f"Still kept: {kept}; `{command_line('train', '--undo')}` takes it back.")


def described(tuned: Sequence[Tuned], model: str) -> str:
    """The sentence, and what to run again where something is outdated."""
    return "; ".join(filter(None, [sentence(tuned), outdated(tuned, model)]))


def outdated(tuned: Iterable[Tuned], model: str) -> str:
    """What to run again, because other weights were shipped or another model chosen since; empty where that is not."""
    old = [one for one in tuned if one.outdated or one.model not in ("", model)]
    if not old:
        return ""
    first = old[0]  # the ranking, where it is outdated: with it, the confidence is fitted again as well
    words = ["train", _QUESTIONS] if first.what == "ranking" else ["eval", _QUESTIONS, "--calibrate"]
    again = f"`{command_line(*words)}` again on your questions ({visible(first.file)})"
    return f"{_why_outdated(old, model)}: run {again}"


def _why_outdated(old: Sequence[Tuned], model: str) -> str:
    unused = [one.what for one in old if not one.in_use]
    if unused:
        return f"{' and '.join(unused)} no longer used, since this version has more measures"
    others = [one.model for one in old if one.model not in ("", model)]
    return f"fitted with the model {others[0]!r}" if others else "fitted with another version"


def verdict(why_not: str, failed: LibraryError | None) -> dict[str, Any]:
    """Whether a fit was kept, and why not, as `--json` prints it; `failed` is what kept it from being."""
    why_not = why_not or (located(str(failed)) if failed else "")
    return {"kept": not why_not, "why_not": why_not or None}


def record(calibration: Calibration, failed: LibraryError | None) -> dict[str, Any]:
    """A calibration as `--json` prints it."""
    return {
        **verdict(calibration.why_not, failed),
        "questions": calibration.questions,
        "before": asdict(calibration.before),
        "after": asdict(calibration.after),
        "slope": round(calibration.slope, 4),
        "shift": round(calibration.shift, 4),
        "caution": dict(calibration.caution),
    }


def tuned_records(tuned: Iterable[Tuned]) -> list[dict[str, Any]]:
    """What a library's own weights were fitted to, as `status --json` prints it."""
    return [asdict(one) for one in tuned]


def show_calibration(calibration: Calibration, otherwise: str) -> None:
    """The figures before and after, and what was fitted, or `otherwise` and why nothing was."""
    table = figures.new_table("shipped", "fitted")
    for name, (label, of) in _FITNESS.items():
        values = [figures.number(getattr(one, name)) for one in (calibration.before, calibration.after)]
        table.add_row(label, of, *values)
    figures.show(table)
    if calibration.why_not:
        click.echo(f"{otherwise}: {calibration.why_not}.")
        return
    cuts = ", ".join(f"{name} from {calibration.caution[name]:.2f}" for name in ("sure", "balanced", "eager"))
    click.echo(f"The confidence was fitted to {messages.count(calibration.questions, 'question')}: {cuts}.")
