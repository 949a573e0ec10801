"""`seedbot train`: the ranking fitted to questions of your own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot import figures, tuned
from bot.logs import readable
from bot.options import command_line, open_asking_library, with_settings
from bot.settings import Settings
from retrieval.tuning import tuned_in

if TYPE_CHECKING:
    from retrieval.errors import LibraryError
    from retrieval.recalibration import Calibration
    from retrieval.retraining import Training
    from retrieval.tuning import Fit

_LABELS = {"hit@1": ("right excerpt first", "hit@1"), "hit@3": ("among the first 3", "hit@3")}
_LABELS |= {"mrr": ("mean reciprocal rank", "MRR")}
_UNFITTED = "No confidence was fitted"


@click.command("train")
@click.argument("questions", type=click.Path(path_type=Path), metavar="QUESTIONS.jsonl", required=False)
@click.option("--undo", is_flag=True, help="Answer with the shipped weights again.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_settings
def command(settings: Settings, questions: Path | None, undo: bool, as_json: bool) -> int:
    """Fit the ranking, and then the confidence, to QUESTIONS.jsonl.

    What was fitted is kept in the library only where it answers held-out questions better than the shipped weights do,
    by more than chance; it takes effect at the next question. --undo also takes back what `eval --calibrate` kept.
    """
    if undo:
        if questions is not None:
            raise click.UsageError("--undo takes no questions.")
        return _undo(settings, as_json=as_json)
    if questions is None:
        raise click.UsageError("Missing argument 'QUESTIONS.jsonl'.")
    return _train(settings, questions, as_json=as_json)


def _undo(settings: Settings, *, as_json: bool) -> int:
    from bot import records

    undone = tuned.undo(settings)
    if as_json:
        click.echo(records.line({"undone": undone}))
    elif undone:
        click.echo("Undone: the shipped weights answer again.")
    else:
        click.echo("There was nothing to undo: the shipped weights answer.")
    return 0


def _train(settings: Settings, path: Path, *, as_json: bool) -> int:
    from bot.progress import counted
    from retrieval.errors import QuestionSetError
    from retrieval.question_sets import read_questions
    from retrieval.recalibration import calibrate
    from retrieval.retraining import train

    asked = read_questions(path)
    with open_asking_library(settings) as library:
        tuned.refuse_unwritable(library)
        with counted("Asking") as step:
            questions, documents = tuned.fitting(library, asked, path)
            training = train(library.engine(), questions, documents, settings.answer, step)
        calibration, refusal = None, ""
        fits: list[Fit] = []
        if not training.why_not:
            try:
                calibration = calibrate(training.outcomes, settings.answer)
            except QuestionSetError as error:
                refusal = readable(str(error))
            fits.append(training.fit())
            if calibration is not None and not calibration.why_not:
                fits.append(calibration.fit())
        if not as_json:
            _show(training, calibration, refusal)
        had_confidence = _has_confidence(settings)
        failed = tuned.keep(settings, library, fits, path, len(training.outcomes))
        discarded = had_confidence and not _has_confidence(settings)
    if as_json:
        _print(training, calibration, refusal, failed, discarded=discarded)
    elif training.why_not:
        tuned.show_still_kept(settings)
    elif failed is None:
        click.echo(f"The ranking was fitted and kept; `{command_line('train', '--undo')}` takes it back.")
        if len(fits) == 1:
            click.echo("The confidence is the shipped one.")
        if discarded:
            click.echo("The confidence that was kept before is gone: it was fitted with another ranking.")
    if failed is not None:
        raise failed
    return 0


def _has_confidence(settings: Settings) -> bool:
    return any(one.what == "confidence" and one.in_use for one in tuned_in(settings.library))


def _print(
    training: Training,
    calibration: Calibration | None,
    refusal: str,
    failed: LibraryError | None,
    *,
    discarded: bool,
) -> None:
    from bot import records

    of_confidence = {"kept": False, "why_not": refusal} if refusal else None
    record = {
        **tuned.verdict(training.why_not, failed),
        "shipped": records.evaluation(training.shipped),
        "tuned": records.evaluation(training.tuned),
        "difference": records.figures(dict(training.difference)),
        "confidence": of_confidence if calibration is None else tuned.record(calibration, failed),
        "confidence_discarded": discarded,
    }
    click.echo(records.line(record))


def _show(training: Training, calibration: Calibration | None, refusal: str) -> None:
    table = figures.new_table("shipped", "tuned", "difference", "95% interval")
    for name, (label, term) in _LABELS.items():
        change = training.difference[name]
        values = [figures.number(one.figures[name].value) for one in (training.shipped, training.tuned)]
        table.add_row(label, term, *values, f"{change.value:+.3f}", f"{change.low:+.3f} to {change.high:+.3f}")
    figures.show(table)
    click.echo(figures.held_out([one.question for one in training.outcomes]))
    if training.why_not:
        click.echo(f"Nothing was changed: {training.why_not}.")
        return
    if calibration is not None:
        tuned.show_calibration(calibration, _UNFITTED)
    else:
        click.echo(f"{_UNFITTED}. {refusal}")
