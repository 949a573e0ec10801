"""`seedbot eval`: figures on a question set of your own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot import figures, messages, tuned
from bot.options import NAMED, hint, open_asking_library, with_settings
from bot.settings import Settings, load_compared
from retrieval.errors import SettingsError

if TYPE_CHECKING:
    from rich.table import Table

    from retrieval.evaluation import Evaluation, Figure, Outcome
    from retrieval.question_sets import EvalQuestion

_NAMES = {
    "hit@1": ("right excerpt first", "hit@1"),
    "hit@3": ("among the first 3", "hit@3"),
    "hit@5": ("among the first 5", "hit@5"),
    "mrr": ("mean reciprocal rank", "MRR"),
    "highlight_accuracy": ("right sentence highlighted", "of first hits"),
    "auroc": ("answerable told from not", "AUROC"),
    "coverage@90": ("answered at 90% precision", "best cut"),
    "coverage@95": ("answered at 95% precision", "best cut"),
    "answered": ("answered", "of the answerable"),
    "precision": ("right when answered", "of all answers"),
    "refusal": ("refused", "of the unanswerable"),
}


@click.command("eval")
@click.argument("questions", type=click.Path(path_type=Path), metavar="QUESTIONS.jsonl")
@click.option("--within", is_flag=True, help="Ask each question in its gold document only.")
@click.option("--compare", type=NAMED, metavar="FILE", help="Another settings file, on the same questions.")
@click.option("--calibrate", is_flag=True, help="Fit the confidence to these questions, and keep it if it is better.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_settings
def command(
    settings: Settings, questions: Path, within: bool, compare: Path | None, calibrate: bool, as_json: bool
) -> int:
    """Ask every question of QUESTIONS.jsonl and report how often the answer was right.

    Shares come with their 95% confidence interval. With --compare, the second settings file is asked the same
    questions, and the differences are shown. That file stands alone, over the defaults and under SEEDBOT_ variables:
    what the first one sets does not apply to it. It is asked in the same library, unless it names one of its own
    (`library` in that file), as it has to for another model or other passages.

    With --calibrate, the confidence and the thresholds of `caution` are fitted to the questions; they are kept in the
    library where they fit held-out questions better. `seedbot train --undo` takes that back.
    """
    from retrieval import evaluation
    from retrieval.question_sets import read_questions

    if calibrate:
        if within or compare is not None:
            raise click.UsageError("--calibrate goes with neither --within nor --compare.")
        return _calibrate(settings, questions, as_json=as_json)
    asked = read_questions(questions)
    other = None if compare is None else _other(settings, compare)
    first = _outcomes(settings, questions, asked, "Asking", within=within)
    of_first = evaluation.evaluate(first, len(asked))
    if other is None:
        _show(of_first, as_json=as_json)
        return 0
    second = _outcomes(other, questions, asked, "Asking the other", within=within)
    of_second = evaluation.evaluate(second, len(asked))
    _show_both(of_first, of_second, evaluation.compare(first, second), as_json=as_json)
    return 0


def _outcomes(
    settings: Settings, path: Path, asked: Sequence[EvalQuestion], label: str, *, within: bool
) -> list[Outcome]:
    """What became of each question; refused at the first that is asked of another generation than the first was."""
    from bot.progress import counted
    from retrieval import evaluation
    from retrieval.recalibration import refuse_overtaken

    with open_asking_library(settings) as library, counted(label) as step:
        questions, documents = tuned.fitting(library, asked, path, within=within)
        engine = library.engine()

        def refuse_or_step(done: int, total: int) -> None:
            refuse_overtaken(engine)
            step(done, total)

        return evaluation.run(
            questions,
            documents,
            lambda text, where: library.ask(text, top=evaluation.DEPTH, where=where),
            within=within,
            progress=refuse_or_step,
        )


def _calibrate(settings: Settings, path: Path, *, as_json: bool) -> int:
    from bot import records
    from bot.progress import counted
    from retrieval import recalibration
    from retrieval.question_sets import read_questions

    asked = read_questions(path)
    recalibration.refuse_few(asked)
    with open_asking_library(settings) as library:
        tuned.refuse_unwritable(library)
        with counted("Asking") as step:
            questions, documents = tuned.fitting(library, asked, path)
            outcomes = recalibration.ask_all(library.engine(), questions, documents, settings.answer, step)
        found = recalibration.calibrate(outcomes, settings.answer)
        if not as_json:
            click.echo(figures.held_out([one.question for one in outcomes]))
            tuned.show_calibration(found, "The confidence was left as it is")
        failed = tuned.keep(settings, library, [] if found.why_not else [found.fit()], path, found.questions)
    if as_json:
        click.echo(records.line(tuned.record(found, failed)))
    elif found.why_not:
        tuned.show_still_kept(settings)
    if failed is not None:
        raise failed
    return 0


def _other(settings: Settings, path: Path) -> Settings:
    other = load_compared(path, settings)
    differing = " and ".join(_differing(settings, other))
    if differing and other.library.resolve() == settings.library.resolve():
        raise SettingsError(
            f"{path} has {differing}: repeat there what the first settings have, or name a library of its own there, "
            'such as library = ".seedbot-other".'
        )
    ours, theirs = (tuned.weights_in(one.library) for one in (settings, other))
    if ours != theirs:
        hint(f"The first answers with {ours}, the second with {theirs}, which is part of the difference.")
    return other


def _differing(first: Settings, other: Settings) -> Iterator[str]:
    """What a library follows from and is not the same in both, each with both values."""
    for section in ("embedding", "passages", "documents"):
        ours, theirs = getattr(first, section), getattr(other, section)
        for name, value in theirs:
            if value != getattr(ours, name) and name != "threads":
                default = "" if name in theirs.model_fields_set else ", by default"
                has = f"{section}.{name} = {value!r}{default}"
                yield f"{has}, where the first settings have {getattr(ours, name)!r}"


def _show(evaluation: Evaluation, *, as_json: bool) -> None:
    from bot import records

    if as_json:
        click.echo(records.line(records.evaluation(evaluation)))
        return
    table = figures.new_table("", "95% interval")
    for name, (label, term) in _NAMES.items():
        figure = evaluation.figures[name]
        interval = "" if figure.value is None else f"{figure.low:.3f}–{figure.high:.3f}"
        table.add_row(label, term, figures.number(figure.value), interval)
    table.add_row("time of a question", "median", _milliseconds(evaluation.latency_p50))
    table.add_row("", "95th percentile", _milliseconds(evaluation.latency_p95))
    _print(table, evaluation)


def _show_both(first: Evaluation, second: Evaluation, difference: dict[str, Figure], *, as_json: bool) -> None:
    from bot import records

    if as_json:
        both = {"first": records.evaluation(first), "second": records.evaluation(second)}
        click.echo(records.line(both | {"difference": records.figures(difference)}))
        return
    table = figures.new_table("first", "second", "difference", "95% interval")
    for name, (label, term) in _NAMES.items():
        change = difference[name]
        interval = "" if change.value is None else f"{change.low:+.3f} to {change.high:+.3f}"
        values = [figures.number(one.figures[name].value) for one in (first, second)]
        table.add_row(label, term, *values, "" if change.value is None else f"{change.value:+.3f}", interval)
    table.add_row("time of a question", "median", *(_milliseconds(one.latency_p50) for one in (first, second)))
    table.add_row("", "95th percentile", *(_milliseconds(one.latency_p95) for one in (first, second)))
    _print(table, second)


def _print(table: Table, evaluation: Evaluation) -> None:
    figures.show(table)
    left_out = f", {evaluation.left_out:,} left out (no place here to judge by)" if evaluation.left_out else ""
    asked = f"{messages.count(evaluation.questions, 'question')}: {evaluation.answerable:,} answerable"
    click.echo(click.style(f"{asked}, {evaluation.unanswerable:,} not{left_out}.", dim=True))


def _milliseconds(value: float) -> str:
    return f"{value:.1f} ms"
