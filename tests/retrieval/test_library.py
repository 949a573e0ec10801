"""A library over a folder: what a sync does, what it costs, and what an answer quotes."""

from __future__ import annotations

import os
import queue
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from retrieval import loaders, texts, verifying
from retrieval.answering import answer
from retrieval.comparing import compare
from retrieval.embedding import Encoding
from retrieval.errors import LibraryError, NoDocuments, QuestionError, SeedbotError, SourceNotFound
from retrieval.indexes import write_indexes
from retrieval.library import Library
from retrieval.ranking import rank
from retrieval.runtimes import Precision
from retrieval.searcher import Searcher
from retrieval.settings import AnswerSettings, EngineSettings
from retrieval.store import Store
from retrieval.testing import FakeEmbedder
from retrieval.types import Answer, Document, Filter, Pending, Span, SyncReport, Verdict
from tests.conftest import Write
from tests.permissions import binding
from tests.retrieval.files import pdf
from tests.systems import on_linux

BRIDGE = "The bridge at Remagen crosses the Rhine.\n\nIt was finished in 1919.\n"
LIGHTHOUSE = "The lighthouse keeper trims the lamp at dusk.\n\nFog horns sound twice a minute.\n"


def test_a_first_build_adds_every_document(library: Library, write: Write) -> None:
    write("bridge.txt", BRIDGE)
    write("coast/lighthouse.md", LIGHTHOUSE)
    report = library.sync()
    assert (report.generation, report.added) == (1, ("bridge.txt", "coast/lighthouse.md"))
    assert (report.changed, report.removed, report.renamed, report.skipped) == ((), (), (), ())
    assert [source.path for source in library.documents()] == ["bridge.txt", "coast/lighthouse.md"]


@pytest.mark.parametrize(("lamps", "measured"), [(1, 8), (12, 12), (39, 30)])
def test_passages_far_below_the_best_are_not_measured(
    library: Library, write: Write, lamps: int, measured: int
) -> None:
    """The fewer passages fit about as well as the best, the fewer have their evidence read, eight at least."""
    for number in range(40):
        about = "The lamp burns oil at night" if number < lamps else "Nobody came to see us in the harbour"
        write(f"{number}.txt", f"{about} {number}.\n")
    library.sync()
    engine = library.engine()
    hits = rank(engine.prepare("lamp burns oil night"), engine.searcher, engine.weights)
    assert len(hits) == measured
    assert all("lamp" in hit.entry.text for hit in hits[:lamps])


class _Precise(FakeEmbedder):
    """Of one precision, whatever a library was begun in; may die before it has encoded so many passages."""

    def __init__(self, precision: Precision, dies_at: int = 99) -> None:
        super().__init__()
        self.precision, self.dies_at = precision, dies_at

    def settle_precision(self, kept: str | None) -> Precision:
        return self.precision

    def encode_passages(self, texts: Sequence[str]) -> Iterator[tuple[int, Encoding]]:
        for found in super().encode_passages(texts):
            if self.encoded == self.dies_at:
                raise KeyboardInterrupt
            yield found


@pytest.mark.parametrize(("killed_full", "full"), [(False, False), (False, True), (True, True)])
def test_vectors_that_a_killed_build_leaves_keep_the_name_of_their_precision(
    settings: EngineSettings, write: Write, monkeypatch: pytest.MonkeyPatch, killed_full: bool, full: bool
) -> None:
    monkeypatch.setattr("retrieval.sync._EMBED_AT_ONCE", 1)
    for number in range(4):
        write(f"{number}.txt", f"The lamp of house {number} burns oil.\n")
    with Library.open(settings, embedder=_Precise("int8", 3)) as library, pytest.raises(KeyboardInterrupt):
        library.sync(full=killed_full)
    with Library.open(settings, embedder=_Precise("bf16")) as library:
        left = killed_full == full
        assert library.sync(full=full).reused == (2 if left else 0)
        assert library.status().precision == ("int8 bf16" if left else "bf16")
        write("4.txt", "The lamp of house 4 burns oil.\n")
        library.sync()
        assert library.status().precision == ("int8 bf16" if left else "bf16")
        library.sync(full=True)
        assert library.status().precision == "bf16"


@pytest.mark.parametrize("changes", [False, True])
def test_what_a_killed_build_had_embedded_goes_where_the_next_has_no_use_for_it(
    settings: EngineSettings, write: Write, monkeypatch: pytest.MonkeyPatch, changes: bool
) -> None:
    monkeypatch.setattr("retrieval.sync._EMBED_AT_ONCE", 1)
    lamps = {f"{number}.txt": f"The lamp of house {number} burns oil.\n" for number in range(4)}
    with Library.open(settings, embedder=FakeEmbedder()) as library:
        for name, text in lamps.items():
            write(name, text)
        library.sync()
    for name, text in lamps.items():
        write(name, text.replace("oil", "gas"))
    with Library.open(settings, embedder=_Precise("fp32", 3)) as library, pytest.raises(KeyboardInterrupt):
        library.sync()
    for name, text in lamps.items():
        write(name, text)
    if changes:
        write("bridge.txt", BRIDGE)
    with Library.open(settings, embedder=FakeEmbedder()) as library:
        assert _vectors(library) == 6
        assert library.sync().generation == 1 + changes
        assert _vectors(library) == library.status().passages
        monkeypatch.setattr(Store, "prune_vectors", lambda _: pytest.fail("all was given back"))
        library.sync()


def _vectors(library: Library) -> int:
    """How many are kept."""
    with closing(sqlite3.connect(library.searcher().store.path)) as connection:
        return int(connection.execute("SELECT count(*) FROM vectors").fetchone()[0])


def test_what_is_further_away_stands_behind_and_comes_where_more_is_asked_for(library: Library, write: Write) -> None:
    for number in range(40):
        about = "The lamp burns oil at night" if number < 4 else f"Nobody came to see harbour {number} that year"
        write(f"{number}.txt", f"{about} {number}.\n")
    library.sync()
    few, many = (library.ask("lamp burns oil night", top=top).excerpts for top in (4, 25))
    assert len(few) == 4
    assert len(many) == 25
    assert many[:4] == few
    scores = [one.score for one in many]
    assert scores == sorted(scores, reverse=True)


def test_an_excerpt_is_the_slice_it_cites(library: Library, write: Write) -> None:
    write("bridge.txt", " date 2020-05-04 " + BRIDGE)
    library.sync()
    answer = library.ask("When was the bridge finished?")
    text = library.document("bridge.txt").text
    assert answer.excerpts
    for excerpt in answer.excerpts:
        place = excerpt.citation
        assert excerpt.text == text[place.start : place.end]
        assert place.start >= len(" date 2020-05-04 ")
        assert place.date == "2020-05-04"
    highlight = answer.excerpts[0].highlights[0]
    assert highlight.of(answer.excerpts[0].text) == "It was finished in 1919."


def test_nothing_changed_makes_no_generation_and_no_embedding(
    library: Library, write: Write, embedder: FakeEmbedder
) -> None:
    write("bridge.txt", BRIDGE)
    library.sync()
    embedder.encoded = 0
    report = library.sync()
    assert (report.generation, report.unchanged, report.embedded, embedder.encoded) == (1, 1, 0, 0)


def test_a_changed_document_embeds_only_what_is_new_in_it(
    library: Library, write: Write, embedder: FakeEmbedder
) -> None:
    sections = [f"# Part {n}\n\n" + f"Sentence about topic{n}. " * 8 for n in range(4)]
    write("book.md", "\n\n".join(sections))
    assert library.sync().embedded == 4
    embedder.encoded = 0
    sections[2] = "# Part 2\n\n" + "Something else entirely. " * 8
    write("book.md", "\n\n".join(sections))
    report = library.sync()
    assert (report.changed, report.embedded, report.reused, embedder.encoded) == (("book.md",), 1, 3, 1)
    assert "Something else entirely." in library.ask("something else").excerpts[0].text
    assert "topic1" in library.ask("topic1").excerpts[0].text  # what was kept is still found
    assert library.check() is None


def test_a_paragraph_that_moves_to_another_document_is_still_found(library: Library, write: Write) -> None:
    write("a.txt", BRIDGE)
    write("b.txt", LIGHTHOUSE)
    library.sync()
    write("a.txt", LIGHTHOUSE)
    write("b.txt", "Something else entirely.\n")
    assert library.sync().embedded == 1
    assert library.ask("lighthouse lamp").excerpts[0].citation.document == "a.txt"
    assert library.check() is None


def test_a_change_that_keeps_size_and_time_is_noticed(library: Library, write: Write) -> None:
    path = write("bridge.txt", BRIDGE)
    hour_ago = time.time_ns() - 3_600_000_000_000
    os.utime(path, ns=(hour_ago, hour_ago))
    library.sync()
    _forget_the_build(library)
    path.write_text(BRIDGE.replace("1919", "1920"))
    os.utime(path, ns=(hour_ago, hour_ago))
    assert library.sync().changed == ("bridge.txt",)
    assert "1920" in library.ask("When was the bridge finished?").excerpts[0].text


def _forget_the_build(library: Library) -> None:
    """Makes the last build an old one, after which no file changed within the clock's tick."""
    assert library._store is not None
    with library._store.transaction():
        library._store.set_meta(built_ns=time.time_ns() + 3_600_000_000_000)


def test_another_suffix_is_read_by_its_own_loader(library: Library, write: Write, seeds: Path) -> None:
    path = write("page.html", "<html><body><p>The bridge crosses the Rhine near the old harbour.</p></body></html>")
    library.sync()
    path.rename(seeds / "page.txt")
    report = library.sync()
    assert (report.renamed, report.added, report.removed) == ((), ("page.txt",), ("page.html",))
    assert library.document("page.txt").text.startswith("<html>")


@on_linux
def test_names_that_are_no_text_are_skipped_each_by_its_own_name(library: Library, write: Write, seeds: Path) -> None:
    write("bridge.txt", BRIDGE)
    for name in (b"\xff.txt", b"\xfe.txt"):
        Path(os.fsdecode(os.fsencode(seeds) + b"/" + name)).write_text("x")
    report = library.sync()
    assert report.added == ("bridge.txt",)
    assert [(one.path, one.reason) for one in report.skipped] == [
        ("\\xfe.txt", "its name is not valid text: rename it"),
        ("\\xff.txt", "its name is not valid text: rename it"),
    ]


def test_documents_that_cannot_be_looked_at_stay(library: Library, write: Write, seeds: Path, tmp_path: Path) -> None:
    """A closed folder, a closed file and a link whose target is away are reported, and lose nothing."""
    write("bridge.txt", BRIDGE)
    closed_folder = write("closed/lighthouse.txt", LIGHTHOUSE).parent
    closed_file = write("ferry.txt", "The ferry sails at nine in the morning.\n")
    away = tmp_path / "disk"
    away.mkdir()
    (away / "tram.txt").write_text("The tram turns at the market square.\n")
    (seeds / "disk").symlink_to(away)
    library.sync()
    closed_folder.chmod(0)
    closed_file.chmod(0)
    away.rename(tmp_path / "unplugged")
    try:
        with binding():
            report = library.sync()
            again = library.sync()
    finally:
        closed_folder.chmod(0o755)
    assert (report.removed, report.unchanged, report.generation) == ((), 4, 1)
    assert [one.path for one in report.skipped] == ["closed", "disk", "ferry.txt"]
    assert all(one.reason.endswith("; what was read of it before is kept") for one in report.skipped)
    assert again.skipped == report.skipped
    for question, document in (("lighthouse lamp", "closed/lighthouse.txt"), ("tram market", "disk/tram.txt")):
        assert library.ask(question).excerpts[0].citation.document == document
    closed_file.chmod(0o644)
    (tmp_path / "unplugged").rename(away)
    assert library.sync().skipped == ()


def test_a_document_that_cannot_be_read_goes_where_another_model_makes_the_vectors(
    settings: EngineSettings, write: Write
) -> None:
    """Vectors of two models in one index would be compared with each other."""
    write("bridge.txt", BRIDGE)
    closed = write("ferry.txt", "The ferry sails at nine in the morning.\n")
    with Library.open(settings, embedder=FakeEmbedder()) as library:
        library.sync()
    closed.chmod(0)
    with binding(), Library.open(settings, embedder=FakeEmbedder("another", dimension=24)) as library:
        report = library.sync()
        assert (report.removed, [one.path for one in report.skipped]) == (("ferry.txt",), ["ferry.txt"])
        assert library.ask("bridge Rhine").excerpts[0].citation.document == "bridge.txt"
    closed.chmod(0o644)
    with Library.open(settings, embedder=FakeEmbedder("another", dimension=24)) as library:
        assert library.sync().added == ("ferry.txt",)


@pytest.fixture
def closed(library: Library, write: Write) -> Path:
    """One of the two documents of a library, whose file the test closes afterwards."""
    write("bridge.txt", BRIDGE)
    ferry = write("ferry.txt", "The ferry sails at nine in the morning.\n")
    library.sync()
    return ferry


@pytest.mark.parametrize(("version", "embedded"), [("loaders", 0), ("passages", 0), ("terms", 1)])
def test_a_document_that_cannot_be_read_stays_where_a_version_reads_otherwise_and_is_read_when_it_can_be(
    library: Library, closed: Path, monkeypatch: pytest.MonkeyPatch, version: str, embedded: int
) -> None:
    """Only what is analysed otherwise is embedded again, since the evidence of a passage is kept with its vector."""
    assert not library.outdated()
    monkeypatch.setattr(f"retrieval.{version}.VERSION", -1)
    assert library.outdated()
    closed.chmod(0)
    with binding():
        report = library.sync()
        again = library.sync()
    assert (report.removed, report.unchanged, report.embedded) == ((), 2, embedded)
    assert again.generation == report.generation
    assert not library.outdated()
    assert library.ask("ferry morning").excerpts[0].citation.document == "ferry.txt"
    closed.rename(closed.with_name("boat.txt")).chmod(0o644)
    done = library.sync()
    assert (done.added, done.removed, done.embedded) == (("boat.txt",), ("ferry.txt",), embedded)
    assert library.sync().generation == done.generation


def test_a_document_that_stayed_is_read_again_in_its_place(
    library: Library, closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.loaders.VERSION", -1)
    closed.chmod(0)
    with binding():
        library.sync()
    closed.chmod(0o644)
    assert library.pending() == Pending(new=0, changed=1, gone=0)
    done = library.sync()
    assert (done.changed, done.reused) == (("ferry.txt",), 1)
    assert not library.pending()


def test_a_document_that_cannot_be_read_goes_where_evidence_has_another_form(
    library: Library, closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.evidence.VERSION", -1)
    closed.chmod(0)
    with binding():
        assert library.sync().removed == ("ferry.txt",)


def test_an_excerpt_has_the_sentences_around_it_that_fit(settings: EngineSettings, write: Write) -> None:
    boats = "The boats lie in the basin that was dug by hand."
    lamp = "The lamp at the end of the pier burns oil at night."
    around = f"{boats}\n\n{lamp}\n\nThe quay is made of granite from the hills."
    write("harbour.md", f"# Port\n\n## Before\n\nIt was a marsh.\n\n## Now\n\n{around}\n\n## Later\n\nNobody knows.\n")
    write("tariff.csv", "thing,euro\nlamp oil,3\nrope,4\n")
    for characters, shown in ((500, around), (120, around[len(boats) + 2 :]), (80, lamp)):
        chosen = settings.model_copy(update={"answer": AnswerSettings(excerpt_characters=characters)})
        with Library.open(chosen, embedder=FakeEmbedder(token_limit=16)) as library:
            library.sync()
            first, *others = library.ask("Does the lamp burn oil at night?", top=9).excerpts
            assert (first.text, first.highlights[0].of(first.text)) == (shown, lamp)
            spans = sorted((one.citation.document, one.citation.start, one.citation.end) for one in (first, *others))
            assert not any(a[0] == b[0] and b[1] < a[2] for a, b in pairwise(spans)), "nothing is shown twice"
            assert "thing: lamp oil; euro: 3" in {one.text for one in others}, "a record answers on its own"


def test_an_excerpt_stays_within_its_section(library: Library, write: Write) -> None:
    write("house.md", "# House\n\n## Kitchen\n\nThe stove runs on gas.\n\n## Gate code: 4711\n\n## Wifi\n\nAsk Anna.\n")
    library.sync()
    found = {one.text: one.citation.headings for one in library.ask("gate code of the stove in the kitchen").excerpts}
    assert found["The stove runs on gas."] == ("Kitchen",)
    assert found["## Gate code: 4711"] == ("Gate code: 4711",)


def test_a_file_of_a_format_that_is_not_read_is_not_read(library: Library, write: Write, seeds: Path) -> None:
    write("bridge.txt", BRIDGE)
    with (seeds / "holiday.mp4").open("wb") as film:
        film.truncate(300_000_000)
    (skipped,) = library.sync().skipped
    assert skipped.reason.startswith(".mp4 is not a format that is read")


def test_questions_are_answered_while_a_build_writes_its_indexes(
    library: Library, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("bridge.txt", BRIDGE)
    library.sync()
    answered: list[str] = []
    at_once: list[bool] = []

    def meanwhile(*arguments: Any, **more: Any) -> Any:
        asking = threading.Thread(target=lambda: answered.append(library.ask("bridge Rhine").excerpts[0].text))
        asking.start()
        asking.join(10)
        at_once.append(bool(answered))
        return write_indexes(*arguments, **more)

    monkeypatch.setattr("retrieval.sync.write_indexes", meanwhile)
    write("lighthouse.txt", LIGHTHOUSE)
    assert library.sync().added == ("lighthouse.txt",)
    assert at_once == [True]
    assert library.ask("lighthouse lamp").excerpts[0].citation.document == "lighthouse.txt"


def test_questions_are_answered_while_a_full_build_checks_the_file(
    library: Library, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("bridge.txt", BRIDGE)
    library.sync()
    answering, check = library.searcher().store, Store.check
    answered: list[str] = []
    at_once: list[bool] = []

    def meanwhile(store: Store) -> str | None:
        asking = threading.Thread(target=lambda: answered.append(library.ask("bridge Rhine").excerpts[0].text))
        asking.start()
        asking.join(10)
        at_once.append(bool(answered) and store is not answering)
        return check(store)

    monkeypatch.setattr(Store, "check", meanwhile)
    assert library.sync(full=True).generation == 2
    assert at_once == [True]


def test_a_seeds_folder_that_goes_out_of_reach_while_it_is_built_is_not_called_the_library(
    settings: EngineSettings, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    drive = write("drive/seeds/bridge.txt", BRIDGE).parent.parent

    def dropped(*arguments: Any, **more: Any) -> Any:
        drive.chmod(0)
        return compare(*arguments, **more)

    monkeypatch.setattr("retrieval.sync.compare", dropped)
    on_drive = settings.model_copy(update={"seeds": drive / "seeds"})
    try:
        with (
            binding(),
            Library.open(on_drive, embedder=FakeEmbedder()) as library,
            pytest.raises(NoDocuments, match=r"seeds' cannot be read \(Permission denied\)"),
        ):
            library.sync()
    finally:
        drive.chmod(0o755)


def test_a_folder_of_somebodys_own_beside_the_indexes_is_neither_removed_nor_counted(
    library: Library, settings: EngineSettings, write: Write
) -> None:
    write("bridge.txt", BRIDGE)
    library.sync()
    before = library.status().index_bytes
    for name in ("index-old", "index-1b", "index-"):
        (settings.library / name).mkdir()
        (settings.library / name / "notes.txt").write_text("x" * 1000)
    assert library.status().index_bytes == before
    library.sync(full=True)
    assert {path.name for path in settings.library.glob("index-*")} == {"index-2", "index-old", "index-1b", "index-"}


@on_linux
def test_a_name_or_folder_that_is_no_text_is_one_sentence(
    library: Library, write: Write, tmp_path: Path, embedder: FakeEmbedder
) -> None:
    write("bridge.txt", BRIDGE)
    library.sync()
    with pytest.raises(SourceNotFound, match="no document"):
        library.document("caf\udce9.txt")
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    odd.mkdir()
    (odd / "bridge.txt").write_text(BRIDGE)
    with (
        Library.open(EngineSettings(seeds=odd, library=tmp_path / "other"), embedder=embedder) as other,
        pytest.raises(NoDocuments, match="is not UTF-8: rename it"),
    ):
        other.sync()


def test_a_name_may_be_typed_with_letters_and_accents_as_one_or_two_characters(library: Library, write: Write) -> None:
    write("U\u0308bersicht.md", "The lamp burns oil.\n")
    write("other.md", "The harbour froze.\n")
    library.sync()
    typed = "\u00dcbersicht"
    assert library.document(f"{typed}.md").path == library.excerpt(f"{typed}.md", Span(0, 8)).citation.document
    assert "".join(library.blocks(f"{typed}.md")) == "The lamp burns oil.\n"
    assert [library.count(Filter(glob=glob)) for glob in (f"{typed}.md", f"{typed}*", "*.md")] == [1, 1, 2]


def test_a_renamed_document_costs_no_embedding_and_is_cited_by_its_new_name(
    library: Library, write: Write, seeds: Path, embedder: FakeEmbedder
) -> None:
    path = write("bridge.txt", BRIDGE)
    write("other.txt", LIGHTHOUSE)
    library.sync()
    embedder.encoded = 0
    path.rename(seeds / "the-rhine_bridge.txt")
    report = library.sync()
    assert (report.renamed, report.added, report.removed) == ((("bridge.txt", "the-rhine_bridge.txt"),), (), ())
    assert (report.embedded, embedder.encoded) == (0, 0)
    citation = library.ask("bridge Rhine").excerpts[0].citation
    assert (citation.document, citation.title) == ("the-rhine_bridge.txt", "the rhine bridge")


def test_a_removed_document_is_never_cited_again(library: Library, write: Write) -> None:
    write("bridge.txt", BRIDGE)
    gone = write("lighthouse.txt", LIGHTHOUSE)
    library.sync()
    gone.unlink()
    assert library.sync().removed == ("lighthouse.txt",)
    cited = {excerpt.citation.document for excerpt in library.ask("lighthouse lamp fog", top=10).excerpts}
    assert cited == {"bridge.txt"}
    assert library.ask("lighthouse").missing == ("lighthouse",)


def test_a_word_that_only_a_title_or_a_heading_holds_is_not_called_missing(library: Library, write: Write) -> None:
    write("grinder.md", "---\ntitle: Handbook\n---\n# Descaling\n\nThe burrs are brushed every week.\n")
    write("bridge.txt", BRIDGE)
    library.sync()
    assert library.ask("What does the handbook say of descaling the burrs?").missing == ()
    assert library.ask("What does the almanac say of descaling?").missing == ("almanac",)


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("Wie viele Einwohner hat die Insel überhaupt?", ("Einwohner",)),
        ("Combien d'habitants y a-t-il dans la ville ?", ("d'habitants", "ville")),
        ("Qu'est-ce que c'est, et pourquoi ?", ()),
        ("¿Cuántas personas viven aquí?", ("personas", "viven")),
        ("Quanti abitanti ha questa città, e dov'è?", ("abitanti", "città")),
        ("Quantas pessoas moram ali também?", ("pessoas", "moram")),
        ("Сколько людей живёт здесь?", ("людей", "живёт")),
        ("Kiedy firma wypłaca premię?", ("firma", "wypłaca", "premię")),
        ("Коли компанія виплачує премію?", ("компанія", "виплачує", "премію")),
        ("Şirket primleri ne zaman ödüyor, ofis nerede?", ("Şirket", "primleri", "ödüyor", "ofis")),
        ("Toplantı nerede?", ("Toplantı",)),
        ("İçin kadar", ()),
        ("Wanneer betaalt ons bedrijf?", ("betaalt", "bedrijf")),
        ("لماذا تدفع الشركة؟", ("تدفع", "الشركة")),
        ("कंपनी बोनस क्यों देती?", ("कंपनी", "बोनस", "देती")),
        ("איפה המשרד?", ("המשרד",)),
        ("Tàu đến không?", ()),
        ("dove habitat", ("dove", "habitat")),
        ("Sara", ("Sara",)),
        ("Dante Sara", ("Dante", "Sara")),
        ("Dante Quando Sara Dove", ("Dante", "Quando", "Sara", "Dove")),
        ("Chi è Dante, e quando visse Quando?", ("Dante", "visse", "Quando")),
        ("Kennen Sie viele, die Ihnen helfen?", ("Kennen", "helfen")),
        ("pourquoi", ()),
        ("POURQUOI EST-CE QUE", ()),
        ("Où est-ce ? Pourquoi est-ce là ?", ()),
        ("Are there bald puffins by the lighthouse?", ("bald", "puffins", "lighthouse")),
    ],
)
def test_a_word_that_names_nothing_is_not_called_missing_in_any_of_these_languages(
    library: Library, write: Write, question: str, missing: tuple[str, ...]
) -> None:
    write("insel.txt", "Die Insel Reichenau liegt im Bodensee. Sie ist klein.\n")
    library.sync()
    assert library.ask(question).missing == missing


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("How many people live in Germany?", ("Germany",)),  # a word that general English has, too
        ("How many people were there in 2015?", ("2015",)),
        ("Does IBM pay VAT in the EU?", ("IBM", "VAT", "EU")),
        ("Who was Lee?", ("Lee",)),
        ("Does Mr Smith go to a gym?", ("Smith",)),
        ("WHO IS THE KING?", ()),
        ("Who argued about the kitchen?", ()),
    ],
)
def test_names_numbers_and_acronyms_are_called_missing_however_short_or_common(
    library: Library, write: Write, question: str, missing: tuple[str, ...]
) -> None:
    write("island.txt", "The island of Reichenau lies in Lake Constance. It is small.\n")
    library.sync()
    assert library.ask(question).missing == missing


def test_a_heading_whose_passages_are_removed_is_held_no_more(library: Library, write: Write) -> None:
    gone = write("grinder.md", "# Descaling\n\nThe burrs are brushed every week.\n")
    write("bridge.txt", BRIDGE)
    library.sync()
    gone.unlink()
    library.sync()
    assert library.ask("Descaling?").missing == ("Descaling",)


def test_records_of_a_table_are_not_joined(library: Library, write: Write) -> None:
    write("trams.csv", "city,trams\nUlm,10\nBonn,25\nKiel,7\n")
    library.sync()
    excerpts = library.ask("trams city", top=4).excerpts
    rows = {"city: Ulm; trams: 10", "city: Bonn; trams: 25", "city: Kiel; trams: 7"}
    assert rows <= {excerpt.text for excerpt in excerpts}


@pytest.mark.parametrize("most", [12, 200])
def test_an_excerpt_across_pages_is_cited_by_the_page_on_which_its_answering_sentence_stands(
    settings: EngineSettings, write: Write, most: int
) -> None:
    """Be it shown with what stands before its passage, or its passage begins on another page."""
    write("log.pdf", pdf([["The keeper trims it."], ["Rain.", "Wind."], ["The lamp burns oil, and is lit at dusk."]]))
    with Library.open(settings, embedder=FakeEmbedder(token_limit=most)) as library:
        library.sync()
        first = library.ask("lamp oil dusk").excerpts[0]
        assert first.text.startswith("The keeper trims"), "shown with what stands before it"
        assert "at dusk" in first.highlights[0].of(first.text)
        assert first.citation.page == 3


def test_full_embeds_everything_again(library: Library, write: Write, embedder: FakeEmbedder) -> None:
    write("bridge.txt", BRIDGE)
    library.sync()
    before = embedder.encoded
    report = library.sync(full=True)
    assert (report.generation, report.unchanged, report.embedded) == (2, 1, before)
    assert embedder.encoded == 2 * before


def test_a_bad_file_is_skipped_with_its_reason_and_stops_nothing(library: Library, write: Write) -> None:
    write("bridge.txt", BRIDGE)
    write("empty.txt", "")
    write("photo.jpeg", b"\xff\xd8")
    write("broken.pdf", b"%PDF-1.7 nothing")
    report = library.sync()
    assert report.added == ("bridge.txt",)
    assert [one.path for one in report.skipped] == ["broken.pdf", "empty.txt", "photo.jpeg"]
    assert all(one.reason and "\n" not in one.reason for one in report.skipped)
    assert library.sync().skipped == report.skipped


def test_a_file_that_turns_bad_leaves_the_library_and_says_why(library: Library, write: Write) -> None:
    write("bridge.txt", BRIDGE)
    write("data.jsonl", '{"a": "lighthouse"}\n')
    library.sync()
    write("data.jsonl", '{"a": \n')
    report = library.sync()
    assert [one.path for one in report.skipped] == ["data.jsonl"]
    assert report.removed == ("data.jsonl",)
    assert [source.path for source in library.documents()] == ["bridge.txt"]


def test_a_file_that_was_mended_comes_back(library: Library, write: Write) -> None:
    write("bridge.txt", BRIDGE)
    write("late.txt", "")
    library.sync()
    write("late.txt", LIGHTHOUSE)
    assert library.sync().added == ("late.txt",)


def test_no_seeds_folder_and_nothing_usable_are_said_in_one_sentence(settings: EngineSettings, write: Write) -> None:
    elsewhere = settings.model_copy(update={"seeds": settings.seeds / "nowhere"})
    with pytest.raises(NoDocuments, match=r"no folder .*nowhere.*--seeds"):
        Library.open(elsewhere, embedder=FakeEmbedder()).sync()
    write("photo.jpeg", b"\xff\xd8")
    with pytest.raises(NoDocuments, match=r"Nothing in .* can be used \(1 skipped; photo.jpeg"):
        Library.open(settings, embedder=FakeEmbedder()).sync()


def test_an_emptied_folder_leaves_the_library_as_it_was(library: Library, write: Write) -> None:
    path = write("bridge.txt", BRIDGE)
    library.sync()
    path.unlink()
    with pytest.raises(NoDocuments):
        library.sync()
    assert library.ask("bridge").excerpts[0].citation.document == "bridge.txt"


def test_a_library_whose_name_is_no_text_is_refused_before_anything_is_read(
    settings: EngineSettings, tmp_path: Path
) -> None:
    """FAISS and tantivy could not open its indexes."""
    folder = tmp_path / "caf\udce9" / "library"
    with pytest.raises(LibraryError, match=r"^The name of the library '.*/caf\\udce9/library'.* is not UTF-8: .*"):
        Library.open(settings.model_copy(update={"library": folder}))
    assert not folder.parent.exists()


def test_asking_before_the_first_build_says_what_to_run(library: Library) -> None:
    with pytest.raises(NoDocuments, match="seedbot build"):
        library.ask("anything")


def test_a_library_of_another_model_is_refused_without_touching_it(
    library: Library, settings: EngineSettings, write: Write
) -> None:
    write("bridge.txt", BRIDGE)
    library.sync()
    with (
        Library.open(settings, embedder=FakeEmbedder("other")) as other,
        pytest.raises(LibraryError, match=r"built with the model 'fake'.*seedbot build"),
    ):
        other.ask("bridge")
    other_name = settings.model_copy(
        update={"embedding": settings.embedding.model_copy(update={"model": "some/other-model"})}
    )
    with Library.open(other_name) as other, pytest.raises(LibraryError, match="'some/other-model'"):
        other.ask("bridge")
    assert library.ask("bridge").excerpts


def test_a_build_with_another_model_makes_the_library_its_own(
    library: Library, settings: EngineSettings, write: Write
) -> None:
    write("bridge.txt", BRIDGE)
    library.sync()
    other_embedder = FakeEmbedder("other", dimension=48)
    with Library.open(settings, embedder=other_embedder) as other:
        report = other.sync()
        assert (report.generation, report.embedded) == (2, other_embedder.encoded)
        assert other.ask("bridge").excerpts


def test_a_change_of_model_is_told_to_whoever_began_before_it_as_a_reason_to_begin_again(
    library: Library, settings: EngineSettings, write: Write
) -> None:
    write("bridge.txt", BRIDGE)
    library.sync()
    with Library.open(settings, embedder=FakeEmbedder()) as running:
        assert running.ready
        assert running.documents()
        with Library.open(settings, embedder=FakeEmbedder("other")) as other:
            other.sync()
        with pytest.raises(LibraryError, match=r"'other'.* since this program began with .*: start it again, or"):
            running.ask("bridge")
    with (
        Library.open(settings, embedder=FakeEmbedder()) as late,
        pytest.raises(LibraryError, match=r"prompts: run `seedbot build`\.$"),
    ):
        late.ask("bridge")


def test_another_cut_is_a_reason_to_cut_again(library: Library, settings: EngineSettings, write: Write) -> None:
    write("long.txt", "One sentence of eight words stands right here. " * 12)
    library.sync()
    before = library.status().passages
    smaller = settings.model_copy(update={"passages": settings.passages.model_copy(update={"tokens": 20})})
    with Library.open(smaller, embedder=FakeEmbedder()) as other:
        other.sync()
        assert other.status().passages > before


def test_loaders_that_read_otherwise_are_a_reason_to_read_again(
    library: Library, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("bridge.txt", BRIDGE)
    library.sync()
    assert not library.sync().embedded
    monkeypatch.setattr("retrieval.loaders.VERSION", -1)
    with monkeypatch.context() as patched:
        patched.setattr("retrieval.loaders.plain.decode", lambda data: data.decode().replace("bridge", "viaduct"))
        assert library.sync().embedded
    assert "viaduct" in library.document("bridge.txt").text


def test_a_filter_narrows_to_paths_and_dates(library: Library, write: Write) -> None:
    write("a/old.txt", " date 2019-03-01 The harbour was dredged.\n")
    write("a/new.txt", " date 2022-07-15 The harbour was widened.\n")
    write("b/none.txt", "The harbour was closed.\n")
    library.sync()

    def cited(**where: str) -> set[str]:
        return {one.citation.document for one in library.ask("harbour", top=10, where=Filter(**where)).excerpts}

    assert cited(glob="a/*") == cited(glob="a") == {"a/old.txt", "a/new.txt"}
    assert cited(glob="new.txt") == cited(since="2020") == cited(glob="a", since="2022-07") == {"a/new.txt"}
    assert cited(until="2019-03-01") == cited(since="2019", until="2019") == {"a/old.txt"}
    with pytest.raises(QuestionError, match=r"No document matches 'c/\*'"):
        library.ask("harbour", where=Filter(glob="c/*"))
    with pytest.raises(QuestionError, match="'yesterday' is no date"):
        library.ask("harbour", where=Filter(since="yesterday"))
    for impossible in ("2021-02-31", "2021-04-31", "0000"):
        with pytest.raises(QuestionError, match=f"There is no day {impossible} to filter from"):
            library.ask("harbour", where=Filter(since=impossible))
    with pytest.raises(QuestionError, match="No document is dated from 2030"):
        library.ask("harbour", where=Filter(since="2030"))
    with pytest.raises(QuestionError, match=r"No document that 'a/new.txt' means is dated to 2020"):
        library.ask("harbour", where=Filter(glob="a/new.txt", until="2020"))
    with pytest.raises(QuestionError, match="from 2022 to 2021 ends before it begins"):
        library.ask("harbour", where=Filter(since="2022", until="2021"))
    with pytest.raises(QuestionError, match="has 20,001 characters: ask in at most 20,000"):
        library.ask("h" * 20_001)


@pytest.mark.parametrize("empty", [{"glob": ""}, {"since": ""}, {"until": ""}])
def test_an_empty_filter_is_refused_and_never_taken_for_none(
    library: Library, write: Write, empty: dict[str, str]
) -> None:
    write("a/old.txt", " date 2019-03-01 The harbour was dredged.\n")
    library.sync()
    assert Filter(**empty)
    with pytest.raises(QuestionError, match=r"No document matches ''|'' is no date"):
        library.ask("harbour", where=Filter(**empty))


def test_names_with_brackets_are_filtered_by_as_they_are_written(library: Library, write: Write) -> None:
    for name in ("in [2021]/report [1].txt", "in [2021]/report 1.txt", "b/[ab].txt", "b/a.txt", "b/c.txt"):
        write(name, f"The harbour was dredged, says {name[-5]}.\n")
    library.sync()

    def meant(glob: str) -> list[str]:
        return [one.path for one in library.documents(glob)]

    whole = ["in [2021]/report 1.txt", "in [2021]/report [1].txt"]
    assert meant("in [2021]/*") == meant("in [2021]") == meant("in [[]2021]/*") == whole
    assert meant("in [2021]/report [1].*") == meant("in [2021]/report [1].txt") == whole[1:]
    assert meant("report [1].txt") == whole, "the name and what the set of characters fits"
    assert meant("[ab].txt") == ["b/[ab].txt", "b/a.txt"]
    assert meant("b/[!ab].txt") == ["b/c.txt"]
    with pytest.raises(QuestionError, match="No document matches"):
        meant("in [2022]/*")


def test_the_counts_of_words_are_kept_for_a_while(
    library: Library, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.searcher._KEPT_FREQUENCIES", 8)
    write("bridge.txt", BRIDGE)
    library.sync()
    searcher = library.searcher()
    held = searcher.document_frequency("bridg")
    assert [searcher.document_frequency(f"word{number}") for number in range(100)] == [0] * 100
    assert len(searcher._frequencies) <= 8
    assert searcher.document_frequency("bridg") == held > 0


def test_a_filter_is_looked_up_once_a_generation(
    library: Library, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In as many reads of the database, however many documents it lets through."""
    reads = []
    read = Store._read

    def counted(self: Store, query: str, values: Sequence[object] = ()) -> list[Any]:
        reads.append(query)
        return read(self, query, values)

    for number in range(50):
        write(f"{number}.txt", f" date 2020-01-01 The harbour was dredged{number}.\n")
    library.sync()
    library.ask("harbour")
    monkeypatch.setattr(Store, "_read", counted)
    library.searcher().count_documents(Filter(since="2019"))
    assert len(reads) == 2
    assert library.ask("harbour", top=50, where=Filter(since="2019")).excerpts
    write("new.txt", " date 2021-01-01 The harbour was closed.\n")
    library.sync()
    assert library.count(Filter(since="2019")) == 51


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What do I do in Ulm?", ["Ulm"]),
        ("The tea is too cold. What should I do about that?", []),
        ("How old is it? “Who” was it, I’m asked in Bern?", ["Bern"]),
    ],
)
def test_only_names_are_taken_for_names(library: Library, write: Write, question: str, names: list[str]) -> None:
    write("bridge.txt", BRIDGE)
    library.sync()
    read = library.engine().prepare(question)
    assert [read.text[t.start : t.end] for t, named in zip(read.terms, read.named, strict=True) if named] == names


def test_the_same_text_in_two_documents_is_one_excerpt_that_names_both(library: Library, write: Write) -> None:
    same = "The night train to the coast leaves the old station at half past nine in the evening.\n"
    write("a.txt", same)
    write("b.txt", same)
    write("c.txt", "Trains are serviced at the depot.\n")
    library.sync()
    first = library.ask("When does the night train leave?", top=10).excerpts[0]
    assert {first.citation.document, *(one.document for one in first.also_in)} == {"a.txt", "b.txt"}


def test_texts_that_differ_in_one_number_stay_apart(library: Library, write: Write) -> None:
    write("rows.csv", "city,trams\nUlm,10\n")
    write("more.csv", "city,trams\nUlm,25\n")
    library.sync()
    assert [one.also_in for one in library.ask("trams in Ulm", top=5).excerpts] == [(), ()]


@pytest.mark.parametrize(
    ("word", "other"),
    [("120 euros", "180 euros"), ("was raised", "was not raised"), ("in Bern", "in Basel"), ("spring", "autumn")],
)
def test_long_texts_that_contradict_each_other_stay_apart(
    library: Library, write: Write, word: str, other: str
) -> None:
    text = (
        "The deposit for a rented kayak was raised to 120 euros by the council that met in Bern last spring, and it is "
        "given back to everybody who returns the boat clean and dry before the boathouse closes for the evening."
    )
    write("a.txt", text)
    write("b.txt", text.replace(word, other))
    library.sync()
    excerpts = library.ask("What is the deposit for a kayak?", top=5).excerpts
    assert [(one.citation.document, one.also_in) for one in excerpts] in (
        [("a.txt", ()), ("b.txt", ())],
        [("b.txt", ()), ("a.txt", ())],
    )


def test_more_excerpts_begin_with_the_same_ones(library: Library, write: Write) -> None:
    for number in range(12):
        write(f"{number}.txt", f"Report {number} on the harbour wall. " + f"Detail{number} follows here. " * 5)
    library.sync()
    few, many = library.ask("harbour wall report", top=2), library.ask("harbour wall report", top=9)
    assert few.excerpts == many.excerpts[:2]
    assert len(many.excerpts) == 9


def test_no_excerpt_is_longer_than_the_settings_allow(settings: EngineSettings, write: Write) -> None:
    short = settings.model_copy(update={"answer": AnswerSettings(excerpt_characters=80)})
    write("long.txt", "word " * 300 + ".\n\nShort one here. Another short one here. And a third one follows.\n")
    with Library.open(short, embedder=FakeEmbedder()) as library:
        library.sync()
        answer = library.ask("short word", top=20)
        assert answer.excerpts
        assert all(0 < len(one.text) <= 80 for one in answer.excerpts)


@pytest.mark.parametrize(
    "question",
    [
        "the of and is",
        'AND (" OR: * NOT body:x^2 ~ [a TO b]',
        "\x00\x1b[31m\x07\u202e",
        "bridge\x00Rhine",
        "\ud800 bridge",
        "?" * 10_000,
        "bridge " * 2_000,
        "質問は何ですか",
        "🙂",
        "'; DROP TABLE documents; --",
    ],
)
def test_any_question_gets_an_answer(library: Library, write: Write, question: str) -> None:
    write("bridge.txt", BRIDGE)
    library.sync()
    answer = library.ask(question)
    text = library.document("bridge.txt").text
    assert 0.0 <= answer.confidence <= 1.0
    assert all(one.text == text[one.citation.start : one.citation.end] for one in answer.excerpts)


def test_each_of_several_questions_keeps_the_confidence_that_it_has_alone(library: Library, write: Write) -> None:
    write("ferry.txt", "The ferry leaves at nine.\n\nThe harbour was built of granite in 1905.\n")
    write("tides.txt", "The tide is highest at new moon.\n\nGranite and ferries are not what this is about.\n")
    library.sync()

    def ask(question: str, **chosen: Any) -> Answer:
        return answer(question, replace(library.engine(), reader=None), AnswerSettings(**chosen), 6, Filter())

    alone = ask("When does the ferry leave?", caution="always"), ask("What was built of granite?", caution="always")
    sure = [one.confidence for one in alone]
    both = ask(" ".join(one.question for one in alone), caution="always")
    assert [one.confidence for one in both.excerpts] == [*sure, *[None] * (len(both.excerpts) - 2)]
    assert (len(both.excerpts) > 2, both.confidence, len(set(sure))) == (True, sure[0], 2)
    assert {one.confidence for one in alone[0].excerpts} == {None}
    refused = ask(both.question, found_at=0.9999)
    assert (refused.found, {one.confidence for one in refused.excerpts}) == (False, {None})


@pytest.mark.parametrize("question", ["", "  \n\t "])
def test_an_empty_question_is_refused(library: Library, write: Write, question: str) -> None:
    write("bridge.txt", BRIDGE)
    library.sync()
    with pytest.raises(QuestionError, match="empty"):
        library.ask(question)


def test_a_document_is_named_even_when_mistyped(library: Library, write: Write) -> None:
    write("bridge.txt", BRIDGE)
    library.sync()
    with pytest.raises(SourceNotFound, match=r"no document 'brigde.txt'; the nearest is 'bridge.txt'"):
        library.document("brigde.txt")
    with pytest.raises(SourceNotFound, match=r"bridge.txt has \d+ characters; 0-9999 lies outside"):
        library.excerpt("bridge.txt", Span(0, 9999))


def test_every_slice_is_that_of_the_text_however_it_is_divided(
    library: Library, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "BLOCK", 7)
    write("short.txt", "Öl, 灯台.\nTwo lines\n\nand 🛢 on.")
    library.sync()
    whole = library.document("short.txt").text
    assert "".join(library.blocks("short.txt")) == whole
    assert len(whole) % 7 == 0  # so that the text ends where a block does
    for start in range(len(whole) + 1):
        for end in range(start, len(whole) + 1):
            found = library.excerpt("short.txt", Span(start, end))
            assert (found.text, found.citation.line) == (whole[start:end], whole.count("\n", 0, start) + 1)
    with pytest.raises(SourceNotFound, match=f"has {len(whole)} characters; 3-{len(whole) + 1} lies outside"):
        library.excerpt("short.txt", Span(3, len(whole) + 1))


def test_a_slice_reads_only_the_blocks_that_it_touches(
    library: Library, settings: EngineSettings, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "BLOCK", 100)
    text = "".join(f"Line {number} of the log says nothing new.\n" for number in range(200))
    write("log.txt", text)
    library.sync()
    with sqlite3.connect(settings.library / "library.sqlite") as connection:
        connection.execute("DELETE FROM blocks WHERE number NOT IN (30, 31)")
    connection.close()
    found = library.excerpt("log.txt", Span(3050, 3150))
    assert (found.text, found.citation.line) == (text[3050:3150], text.count("\n", 0, 3050) + 1)


def test_verify_tells_exact_moved_changed_and_gone(library: Library, write: Write) -> None:
    path = write("bridge.txt", BRIDGE)
    library.sync()
    excerpt = library.ask("finished in").excerpts[0]

    def verdict() -> tuple[Verdict, Span | None]:
        found = library.verify(excerpt.citation, excerpt.text)
        assert not found.respaced
        return found.verdict, found.place

    place, before = Span(excerpt.citation.start, excerpt.citation.end), "A new first line.\n"
    assert verdict() == (Verdict.EXACT, place)
    path.write_text(before + BRIDGE)
    assert verdict() == (Verdict.MOVED, Span(place.start + len(before), place.end + len(before)))
    assert {s.path: v for s, v in library.verify_documents()} == {"bridge.txt": Verdict.CHANGED}
    path.write_text("Nothing of it is left.\n")
    assert verdict() == (Verdict.CHANGED, None)
    path.unlink()
    assert verdict() == (Verdict.GONE, None)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("租金为每月两千元。押金为Windows两个月。\n", "租金为每月两千\n元。\n押金为 Windows 两个月。\n"),
        ("毎月の家賃は\n二万円です。\n", "毎月の家賃は二万\n円です。\n"),
        ("ค่าเช่าเดือนละสองหมื่นบาท\n", "ค่าเช่าเดือน\nละสองหมื่นบาท\n"),
    ],
)
def test_verify_finds_what_has_no_spaces_when_its_lines_are_wrapped_anew(
    library: Library, write: Write, was: str, now: str
) -> None:
    path = write("rent.txt", was)
    library.sync()
    quote = library.excerpt("rent.txt", Span(0, len(was.rstrip())))
    path.write_text(now)
    found = library.verify(quote.citation, quote.text)
    assert (found.verdict, found.place, found.respaced) == (Verdict.MOVED, Span(0, len(now.rstrip())), True)
    path.write_text(now.replace(was[0], "x"))
    assert library.verify(quote.citation, quote.text).verdict is Verdict.CHANGED


def test_verify_finds_the_words_of_a_file_that_was_saved_with_other_line_ends(library: Library, write: Write) -> None:
    """Of several such places, the nearest to where they are cited."""
    path = write("keeper.txt", "The keeper climbed (slowly) up.\r\nHe lit the lamp.\r\n")
    library.sync()
    quote = library.excerpt("keeper.txt", Span(4, 49))
    path.write_bytes(b"The keeper climbed (slowly) up.\nHe lit the lamp.\n")
    found = library.verify(quote.citation, quote.text)
    assert (found.verdict, found.place, found.respaced) == (Verdict.MOVED, Span(4, 48), True)
    path.write_bytes(b"The keeper climbed\n   (slowly)\nup. He  lit the lamp.\n" * 2)
    assert library.verify(quote.citation, quote.text).place == Span(4, 52)
    late = replace(quote.citation, start=60, end=105)
    assert library.verify(late, quote.text).place == Span(57, 105)
    path.write_bytes(b"The keeper climbed (slowly) up. He lit thelamp.\n")
    assert library.verify(quote.citation, quote.text).verdict is Verdict.CHANGED
    blank = library.excerpt("keeper.txt", Span(31, 33))
    assert library.verify(blank.citation, blank.text).verdict is Verdict.CHANGED


def test_verify_follows_a_file_that_was_moved_or_renamed(library: Library, write: Write, seeds: Path) -> None:
    """Also where it has changed as well, or its name is only spelt otherwise; not where another took its place."""
    path = write("bru\u0308cke.txt", BRIDGE)
    library.sync()
    quote = library.excerpt("bru\u0308cke.txt", Span(0, 29))

    def found() -> tuple[Verdict, Span | None, str | None, bool]:
        done = library.verify(quote.citation, quote.text)
        assert done.citation == quote.citation
        return done.verdict, done.place, done.now_in, done.same_file

    for name in ("br\u00fccke.txt", "2023/b.txt"):
        (seeds / name).parent.mkdir(exist_ok=True)
        path = path.rename(seeds / name)
        assert found() == (Verdict.GONE, None, None, False)
        library.sync()
        assert found() == (Verdict.MOVED, Span(0, 29), name, True)
    write("bru\u0308cke.txt", "Another bridge altogether.\n")
    assert found() == (Verdict.CHANGED, None, None, False)
    (seeds / "bru\u0308cke.txt").unlink()
    path.write_text("New. " + BRIDGE)
    assert found() == (Verdict.MOVED, Span(5, 34), "2023/b.txt", False)
    path.write_text("Nothing of it is left.\n")
    assert found() == (Verdict.CHANGED, None, "2023/b.txt", False)
    path.unlink()
    assert found() == (Verdict.GONE, None, None, False)
    write("br\u00fccke.txt", BRIDGE + "And more.\n")
    library.sync()
    assert found() == (Verdict.MOVED, Span(0, 29), "br\u00fccke.txt", False)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are loaded to verify quotes."""
    found: list[str] = []

    def load(path: Path, relative: str, data: bytes) -> Document:
        found.append(relative)
        return loaders.load(path, relative, data)

    monkeypatch.setattr(verifying, "load", load)
    return found


def test_verify_follows_many_quotes_to_the_first_of_many_copies_and_lists_them_once(
    library: Library, write: Write, loaded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("bridge.txt", BRIDGE)
    library.sync()
    quotes = [library.excerpt("bridge.txt", Span(start, 29)) for start in range(3)]
    path.unlink()
    for name in "cab":
        write(f"{name}.txt", BRIDGE)
    library.sync()
    listed: list[int] = []
    sources = Store.sources
    monkeypatch.setattr(Store, "sources", lambda store: listed.append(store.generation) or sources(store))
    found = [library.verify(quote.citation, quote.text) for quote in quotes]
    assert {(one.verdict, one.now_in, one.same_file) for one in found} == {(Verdict.MOVED, "a.txt", True)}
    assert (loaded, listed) == (["a.txt"], [2])
    (path.parent / "a.txt").unlink()
    library.sync()
    listed.clear()
    assert library.verify(quotes[0].citation, quotes[0].text).now_in == "b.txt"
    assert (loaded, listed) == (["a.txt", "b.txt"], [3])


def test_verify_loads_a_file_once_for_many_quotes_and_again_when_it_changed(
    library: Library, write: Write, loaded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("bridge.txt", BRIDGE)
    write("tower.txt", "The tower is 60 metres high.\n")
    library.sync()
    bridge, tower = (library.excerpt(name, Span(4, 9)) for name in ("bridge.txt", "tower.txt"))
    for excerpt in (bridge, tower) * 3:
        assert library.verify(excerpt.citation, excerpt.text).verdict is Verdict.EXACT
    assert loaded == ["bridge.txt", "tower.txt"]
    path.write_text("Nothing of it is left.\n")
    assert library.verify(bridge.citation, bridge.text).verdict is Verdict.CHANGED
    monkeypatch.setattr(verifying, "_MOST_KEPT", 10)
    for _ in range(2):
        library.verify(bridge.citation, bridge.text)
    assert loaded[2:] == ["bridge.txt", "bridge.txt"]


def test_verify_does_not_load_a_file_that_has_grown_beyond_what_is_read(
    library: Library, write: Write, loaded: list[str]
) -> None:
    path = write("bridge.txt", BRIDGE)
    library.sync()
    quote = library.excerpt("bridge.txt", Span(0, 29))
    most = library._settings.documents.largest_megabytes * 1_000_000
    for size, verdict, too_large in ((most + 1, Verdict.GONE, True), (len(BRIDGE), Verdict.EXACT, False)):
        os.truncate(path, size)
        found = library.verify(quote.citation, quote.text)
        assert (found.verdict, found.too_large, loaded) == (verdict, too_large, ["bridge.txt"] * (not too_large))


def test_verify_tells_a_file_that_is_read_otherwise_from_one_that_changed(library: Library, write: Write) -> None:
    path = write("bridge.txt", BRIDGE)
    library.sync()
    citation = library.ask("finished in").excerpts[0].citation
    otherwise = "As another version read it."
    same = library.verify(citation, otherwise)
    assert (same.verdict, same.same_file) == (Verdict.CHANGED, True)
    path.write_text("Nothing of it is left.\n")
    changed = library.verify(citation, otherwise)
    assert (changed.verdict, changed.same_file) == (Verdict.CHANGED, False)


def test_another_process_sees_a_new_generation_after_refresh(
    library: Library, settings: EngineSettings, write: Write
) -> None:
    write("bridge.txt", BRIDGE)
    library.sync()
    with Library.open(settings, embedder=FakeEmbedder()) as reader:
        assert reader.ask("lighthouse").excerpts[0].citation.document == "bridge.txt"
        write("lighthouse.txt", LIGHTHOUSE)
        library.sync()
        assert reader.refresh()
        assert reader.ask("lighthouse").excerpts[0].citation.document == "lighthouse.txt"
        assert not reader.refresh()


def test_a_question_of_a_generation_whose_passages_are_gone_is_answered_from_the_newest(
    library: Library, settings: EngineSettings, write: Write
) -> None:
    write("bridge.txt", BRIDGE)
    library.sync()
    with Library.open(settings, embedder=FakeEmbedder()) as reader:
        assert reader.searcher().generation == 1
        library.sync(full=True)
        found = reader.ask("bridge Rhine")
        assert found.generation == 2
        assert found.excerpts[0].citation.document == "bridge.txt"


def test_a_library_knows_the_folder_it_was_built_from(library: Library, write: Write, tmp_path: Path) -> None:
    write("bridge.txt", BRIDGE)
    library.sync()
    assert library.belongs_to(tmp_path / "seeds")
    assert not library.belongs_to(tmp_path)


@contextmanager
def _watched(library: Library) -> Iterator[queue.Queue[SyncReport | SeedbotError]]:
    """What watching reports, as it comes."""
    stop, seen = threading.Event(), queue.Queue[SyncReport | SeedbotError]()

    def watch() -> None:
        for outcome in library.watch(stop):
            seen.put(outcome)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        stop.set()
        watcher.join(timeout=60)
        assert not watcher.is_alive(), "it does not stop"


def _next(seen: queue.Queue[SyncReport | SeedbotError]) -> SyncReport:
    """The next report of a sync that changed something."""
    while True:
        outcome = seen.get(timeout=60)
        if isinstance(outcome, SyncReport) and (outcome.added or outcome.changed or outcome.removed):
            return outcome


def test_watching_syncs_what_changed_before_it_listened_and_after(library: Library, write: Write) -> None:
    write("bridge.txt", BRIDGE)
    library.sync()
    write("early.txt", LIGHTHOUSE)
    with _watched(library) as seen:
        assert _next(seen).added == ("early.txt",)
        write("late.txt", "The ferry sails at nine.\n")
        assert _next(seen).added == ("late.txt",)


def test_watching_goes_on_in_a_folder_that_was_made_again(
    library: Library, write: Write, seeds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the new folder looks like the old one, because the file system gave it the same inode."""
    monkeypatch.setattr("retrieval.watching.identity", lambda folder: (1, 1) if folder.is_dir() else None)
    write("bridge.txt", BRIDGE)
    library.sync()
    with _watched(library) as seen:
        assert isinstance(seen.get(timeout=60), SyncReport)
        shutil.rmtree(seeds)
        seeds.mkdir()
        write("new.txt", LIGHTHOUSE)
        assert _next(seen).added == ("new.txt",)
        write("newer.txt", "The ferry sails at nine.\n")
        assert _next(seen).added == ("newer.txt",)


def test_watching_does_not_follow_a_library_inside_the_seeds(settings: EngineSettings, write: Write) -> None:
    """Else every sync would start the next one."""
    inside = settings.model_copy(update={"library": settings.seeds / "library"})
    write("bridge.txt", BRIDGE)
    with Library.open(inside, embedder=FakeEmbedder()) as library, _watched(library) as seen:
        assert _next(seen).added == ("bridge.txt",)
        write("late.txt", LIGHTHOUSE)
        assert _next(seen).added == ("late.txt",)
        after = []
        with suppress(queue.Empty):
            while len(after) < 3:
                after.append(seen.get(timeout=4))
    assert len(after) < 3, "one for each event of the file at most, then none"


def test_questions_from_many_threads_get_the_same_answer(library: Library, write: Write) -> None:
    write("bridge.txt", BRIDGE)
    write("lighthouse.txt", LIGHTHOUSE)
    library.sync()
    expected = library.ask("lamp at dusk").excerpts
    answers: list[object] = []

    def ask() -> None:
        answers.extend(library.ask("lamp at dusk").excerpts == expected for _ in range(20))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 160


@pytest.mark.parametrize("known", [0, 3], ids=["gone", "goes while it is read"])
def test_a_quote_is_whole_though_its_document_went_meanwhile(
    settings: EngineSettings, write: Write, monkeypatch: pytest.MonkeyPatch, known: int
) -> None:
    """Another process may build between the search for passages and the reading of a text, or of what is longer."""
    paragraphs = ("The lamp burns twelve litres of oil. " * 3, "The keeper fills the lamp with oil. " * 3)
    write("a.txt", "\n\n".join(paragraphs) + "\n\nThe lamp is cleaned of oil daily and kept bright.\n")
    with Library.open(settings, embedder=FakeEmbedder(token_limit=24)) as library:
        library.sync()
        engine, text = library.engine(), Searcher.text
        joined = answer("lamp oil", engine, AnswerSettings(), 10, Filter()).excerpts
        assert any("\n\n" in excerpt.text for excerpt in joined), "passages are joined"
        monkeypatch.setattr(Searcher, "text", lambda own, of, span: text(own, of, span) if len(span) <= known else "")
        excerpts = answer("lamp oil", engine, AnswerSettings(), 10, Filter()).excerpts
    if not known:
        assert len(excerpts) > len(joined), "nobody knows what stands between two passages"
    whole = "\n\n".join(paragraphs) + "\n\nThe lamp is cleaned of oil daily and kept bright.\n"
    for excerpt in excerpts:
        assert excerpt.text == whole[excerpt.citation.start : excerpt.citation.end] != ""
        assert all(0 <= part.start < part.end <= len(excerpt.text) for part in excerpt.highlights)
