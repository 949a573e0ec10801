"""The facade: open a library, bring it up to date, ask it, and check what it said.

A library is a folder: `library.sqlite` is the truth, `index-<generation>` is derived from it, `model` is the exported
embedding model, `tuned.json` holds weights fitted to an operator's own questions, `build.lock` is held while a build
runs, `library.sqlite.damaged` is a file that a full build has set aside.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from retrieval import context
from retrieval.embedding import Embedder, open_embedder
from retrieval.errors import LibraryDamaged, LibraryError, NoDocuments, SeedbotError, SourceNotFound
from retrieval.filtering import matching, same_name
from retrieval.headings import page_at, trail_at, trail_over
from retrieval.indexes import Indexes, index_folders, memory_indexes, open_indexes, write_indexes
from retrieval.locking import locked
from retrieval.searcher import Searcher
from retrieval.settings import EngineSettings
from retrieval.store import Store, is_foreign
from retrieval.texts import is_text
from retrieval.tuning import weights_of
from retrieval.types import (
    Answer,
    Citation,
    Document,
    Excerpt,
    Filter,
    Outline,
    Pending,
    Progress,
    Skipped,
    Source,
    Span,
    Status,
    SyncReport,
    Verdict,
    Verification,
)
from retrieval.verifying import Places, verify_citation, verify_elsewhere, verify_file

if TYPE_CHECKING:
    from retrieval.answering import Engine

T = TypeVar("T")

SET_ASIDE = "library.sqlite.damaged"
_ATTEMPTS = 5  # at opening the indexes while another process is switching generations
_LOGS = ("-wal", "-shm")  # what SQLite appends to the name of a file for those that it keeps beside it


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a library's files, and whether that mends itself."""

    wrong: str
    mends_itself: bool = False


class Library:
    """A folder of indexed documents. Asking is safe from several threads; only one process builds at a time."""

    def __init__(self, settings: EngineSettings, store: Store | None, embedder: Embedder | None) -> None:
        """Use `Library.open`."""
        self._settings = settings
        self._store = store
        self._embedder = embedder
        self._searcher: Searcher | None = None
        self._places: tuple[tuple[Store | None, int], Places] | None = None  # of the generation that was last asked for
        self._found_made_with = ""  # the fingerprint of the model that the library had when it was first looked at
        self._lock = threading.RLock()

    @classmethod
    def open(cls, settings: EngineSettings, *, embedder: Embedder | None = None, repair: bool = False) -> Library:
        """Opens the library of `settings`, creating nothing. Raises LibraryDamaged or LibraryError.

        With `repair`, a file that cannot be used counts as not there, until a full sync replaces it.
        """
        if not is_text(str(settings.library)):  # which FAISS and tantivy cannot open
            raise LibraryError(
                f"The name of the library {str(settings.library)!r}, or of a folder around it, is not UTF-8: "
                "name another with --library."
            )
        path = settings.library / "library.sqlite"
        try:
            return cls(settings, Store(path) if path.is_file() else None, embedder)
        except LibraryError:
            if not repair:
                raise
            return cls(settings, None, embedder)

    def __enter__(self) -> Library:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes the files."""
        with self._lock:
            if self._store is not None:
                self._store.close()
            self._store = self._searcher = None

    @property
    def ready(self) -> bool:
        """Whether there is a complete generation to answer from."""
        return self.generation > 0

    @property
    def generation(self) -> int:
        """The newest complete generation on the disk; 0 before the first build."""
        return self._store.generation if self._store is not None else 0

    def belongs_to(self, seeds: Path) -> bool:
        """Whether the newest generation was built from this folder."""
        built_from = self._ready_store().meta("seeds")
        return not built_from or (self._settings.library / built_from).resolve() == seeds.resolve()

    def outdated(self) -> bool:
        """Whether the next build reads every document again, since this version or `passages` is another."""
        from retrieval.versions import outdated

        return outdated(self._ready_store(), self._settings)

    def skipped(self) -> tuple[Skipped, ...]:
        """The files that the newest generation could not use, each with its reason."""
        return tuple(Skipped(path, reason) for path, (reason, _) in self._ready_store().skipped().items())

    def pending(self, *, however_long: bool = False) -> Pending | None:
        """What looks changed in the seeds folder; None where nobody can say at once, or it is another folder.

        With `however_long`, also where there are too many files to say it at once.
        """
        from retrieval.comparing import pending

        if not self.belongs_to(self._settings.seeds):
            return None
        return pending(self._ready_store(), self._settings, however_long=however_long)

    def refresh(self) -> bool:
        """Picks up a generation that another process made; says whether there was one."""
        with self._lock:
            path, before = self._settings.library / "library.sqlite", self._store
            if path.is_file() and (before is None or before.overtaken()):
                self._store = Store(path)  # whoever is answering just now keeps the other one
            if self._searcher is None or (self._store is before and self._searcher.generation == self.generation):
                return False
            self._searcher = None
            return True

    def sync(
        self,
        *,
        full: bool = False,
        progress: Callable[[Progress], None] | None = None,
        wait_seconds: float = 0.0,
    ) -> SyncReport:
        """Brings the library up to date with its seeds folder; `full` starts over, even from a damaged file.

        Raises LibraryLocked where another process is still building after `wait_seconds`, NoDocuments, LibraryError
        and ModelError; the library then stays at its last complete generation.
        """
        from retrieval.folder import refuse_unusable
        from retrieval.sync import sync

        refuse_unusable(self._settings.seeds, self._settings.library)
        report = progress or (lambda _: None)
        with self.building(wait_seconds, lambda: report(Progress("waiting", 0, 1))):
            self._prepare_store(full=full)
            embedder = self._open_embedder(lambda: report(Progress("model", 0, 1)), renew=True)
            with closing(Store(self._settings.library / "library.sqlite")) as store:  # questions go on upon the other
                done = sync(store, self._settings, embedder, full=full, report=report)
        self.refresh()
        return done

    def watch(
        self, stop: threading.Event, *, progress: Callable[[Progress], None] | None = None
    ) -> Iterator[SyncReport | SeedbotError]:
        """Syncs at once, after changes of the folder, and now and then, until `stop` is set; yields what fails, too."""
        from retrieval.watching import changes

        for _ in changes(self._settings.seeds, self._settings.library, stop):
            try:
                yield self.sync(progress=progress, wait_seconds=60)
            except SeedbotError as error:
                yield error

    def ask(
        self, question: str, *, top: int | None = None, where: Filter | None = None, most_read: int | None = None
    ) -> Answer:
        """Answers a question from the newest generation. Raises QuestionError, LibraryError, ModelError.

        With `most_read`, no more passages than that are read, for an answer that is worth less but comes sooner.
        """
        from retrieval.answering import answer

        def ask(engine: Engine) -> Answer:
            return answer(question, engine, self._settings.answer, top, where or Filter(), most_read)

        engine = self.engine()
        found = ask(engine)
        if engine.searcher.generation == engine.searcher.store.generation:
            return found
        self.refresh()  # a build ended before or meanwhile, and passages that were found may be gone
        return ask(self.engine())

    def engine(self) -> Engine:
        """What answers, for those who rank or measure themselves. Raises as `ask`."""
        from retrieval.answering import Engine
        from retrieval.reader import open_reader

        searcher, embedder = self.searcher(), self._open_embedder()
        reader = open_reader(self._settings.embedding.threads) if self._settings.answer.read else None
        return Engine(searcher, embedder, reader, weights_of(self._settings.library))

    def documents(self, glob: str | None = None) -> tuple[Source, ...]:
        """Every document of the library, or those that `glob` means, by path. Raises QuestionError where none is."""
        found = self._ready_store().sources()
        meant = None if glob is None else matching([one.path for one in found], glob)
        return tuple(one for one in found if meant is None or one.path in meant)

    def count(self, where: Filter) -> int:
        """How many documents a filter lets through. Raises QuestionError where it is none, or no filter."""
        return self.searcher().count_documents(where)

    def document(self, path: str) -> Document:
        """A document as it was indexed. Raises SourceNotFound, naming the nearest path."""
        return self._found(path, self._ready_store().document)

    def outline(self, path: str) -> Outline:
        """A document without its text, which may be long. Raises as `document`."""
        return self._found(path, self._ready_store().outline)

    def blocks(self, path: str) -> Iterator[str]:
        """The text of a document as it was indexed, a little at a time. Raises as `document`."""
        yield from self._ready_store().blocks(self.outline(path).path)

    def excerpt(self, path: str, span: Span) -> Excerpt:
        """Any slice of a document with its citation. Raises SourceNotFound where it lies outside the document."""
        about, text, line = self._found(path, lambda name: self._ready_store().slice(name, span))
        if span.end > about.characters:
            raise SourceNotFound(f"{path} has {about.characters} characters; {span.start}-{span.end} lies outside.")
        page, headings = page_at(about, span.start), trail_at(about, span.start)
        citation = Citation(
            about.path, about.title, about.date, span.start, span.end, line, page, headings, about.sha256
        )
        return Excerpt(1, text, (), 0.0, citation)

    def around(self, citation: Citation, characters: int) -> Excerpt:
        """What is cited with at most `characters` more on either side: whole sentences where some fit, else words.

        It bears the page of what is cited, and the headings that all of it stands below. Raises as `excerpt`.
        """
        path, quote = citation.document, Span(citation.start, citation.end)
        about, store = self.outline(path), self._ready_store()
        span = context.around(about, quote, characters)
        read = self.excerpt(path, Span(max(span.start - 1, 0), min(span.end + 1, about.characters)))
        whole = context.whole(about, read, span, quote, store.sentences(path, span))
        wider = self.excerpt(path, whole)
        return replace(wider, citation=replace(wider.citation, page=citation.page, headings=trail_over(about, whole)))

    def verify(self, citation: Citation, text: str) -> Verification:
        """Re-reads the cited file in the seeds folder and compares `text` with what stands there now.

        Where that file is gone, the one of the same content or name that the library has at another path.
        """
        seeds, largest = self._settings.seeds, self._settings.documents.largest_megabytes * 1_000_000
        found = verify_citation(seeds, citation, text, largest)
        if found.verdict is not Verdict.GONE or found.too_large or not self.ready or not self.belongs_to(seeds):
            return found
        for path in self._moved_to(citation):
            other = verify_elsewhere(seeds, citation, text, path, largest)
            if other.verdict is Verdict.MOVED:
                return other
            found = other if found.verdict is Verdict.GONE else found
        return found

    def cited(self, citation: Citation) -> Outline:
        """The document that was cited, also where it was moved or renamed since; where no document has its content any
        more, what has its name now. Raises SourceNotFound.
        """
        with suppress(SourceNotFound):
            found = self.outline(citation.document)
            if found.sha256 == citation.sha256:
                return found
        others = (self.outline(path) for path in self._moved_to(citation))
        moved = next((one for one in others if one.sha256 == citation.sha256), None)
        return moved or self.outline(citation.document)

    def verify_documents(self) -> Iterator[tuple[Source, Verdict]]:
        """Re-reads every file: EXACT where its content is the indexed one, else CHANGED or GONE."""
        for source in self.documents():
            yield source, verify_file(self._settings.seeds / source.path, source.sha256)

    def status(self) -> Status:
        """The library at a glance."""
        store, folder = self._ready_store(), self._settings.library
        database_bytes = _bytes(folder / f"library.sqlite{suffix}" for suffix in ("", *_LOGS))
        index_bytes = sum(_bytes(one.glob("**/*")) for one in index_folders(folder))
        passages = store.count_passages()
        return Status(
            generation=store.generation,
            documents=len(store.sources()),
            passages=passages,
            model=store.meta("model"),
            precision=store.meta("precision", "fp32"),
            built_at=store.meta("built_at") or None,
            database_bytes=database_bytes,
            index_bytes=index_bytes,
            model_bytes=_bytes(folder.glob("model/*")),
            bytes_per_passage=round((database_bytes + index_bytes) / passages),
        )

    def check(self) -> Fault | None:
        """What SQLite's integrity check and the index stamps find wrong, or None."""
        store = self._ready_store()
        wrong = store.check()
        if wrong is not None:
            return Fault(wrong)
        if open_indexes(self._settings.library, store) is None:
            stale = "the indexes do not belong to the stored passages and will be made again at the next question"
            return Fault(stale, mends_itself=True)
        return None

    def _found(self, path: str, look: Callable[[str], T | None]) -> T:
        """What `look` finds of a document. Raises SourceNotFound where that is nothing."""
        what = look(path)
        if what is None and len(alike := same_name([source.path for source in self.documents()], path)) == 1:
            what = look(alike.pop())
        if what is None:
            raise SourceNotFound(f"The library holds no document {path!r}{self._near(path)}.")
        return what

    def _moved_to(self, citation: Citation) -> list[str]:
        """The other paths at which the newest generation may have what was cited, listed once for many quotes."""
        key = self._store, self.generation
        if self._places is None or self._places[0] != key:
            self._places = key, Places(self.documents())
        return self._places[1].others(citation)

    def _near(self, path: str) -> str:
        import difflib

        near = difflib.get_close_matches(path, [source.path for source in self.documents()], n=1, cutoff=0.4)
        return f"; the nearest is {near[0]!r}" if near else ": `seedbot sources` lists what there is"

    def _open_embedder(self, notify: Callable[[], None] | None = None, *, renew: bool = False) -> Embedder:
        with self._lock:
            if self._embedder is None:
                folder = self._settings.library / "model"
                self._embedder = open_embedder(self._settings.embedding, folder, notify=notify, renew=renew)
            return self._embedder

    def _ready_store(self) -> Store:
        if self._store is None or not self._store.generation:
            raise NoDocuments(f"There is no library at {str(self._settings.library)!r} yet: run `seedbot build`.")
        self._found_made_with = self._found_made_with or self._store.meta("model_fingerprint")
        return self._store

    def searcher(self) -> Searcher:
        """The newest generation that was opened, for those who rank or measure themselves. Raises as `ask`."""
        with self._lock:
            if self._searcher is None:
                store = self._ready_store()
                self._refuse_other_model(store)
                self._searcher = Searcher(store, self._indexes(store), store.languages())
            return self._searcher

    def _refuse_other_model(self, store: Store) -> None:
        wanted = self._settings.embedding.model
        same = self._embedder is not None or wanted == store.meta("model")  # else do not even export the other model
        if not same or store.meta("model_fingerprint") != self._open_embedder().fingerprint:
            if self._found_made_with != store.meta("model_fingerprint"):
                raise LibraryError(
                    f"The library was built anew with the model {store.meta('model')!r} or other prompts since this "
                    f"program began with {wanted!r}: start it again, or run `seedbot build` here to go back."
                )
            raise LibraryError(
                f"The library was built with the model {store.meta('model')!r}, the settings name {wanted!r} or other "
                "prompts: run `seedbot build`."
            )

    def _indexes(self, store: Store) -> Indexes:
        """The indexes of the newest generation; made again, on the disk or else in memory, where they do not fit."""
        for _ in range(_ATTEMPTS):
            generation = store.generation
            found = open_indexes(self._settings.library, store)
            if found is not None:
                return found
            if store.generation == generation:
                break
        try:
            with self.building(0.0):
                found = open_indexes(self._settings.library, store)
                if found is None:
                    write_indexes(self._settings.library, store, store.generation)
                    found = open_indexes(self._settings.library, store)
        except (OSError, LibraryError):
            found = None
        return found or memory_indexes(store)

    def _prepare_store(self, *, full: bool) -> None:
        """Creates the store where there is none; with `full`, a damaged or foreign file is set aside."""
        path = self._settings.library / "library.sqlite"
        useless = full and _is_useless(path)  # which takes a while, in which questions are answered
        with self._lock:
            if useless:
                self._set_aside(path)
            if self._store is None:
                self._store = Store(path)

    def _set_aside(self, path: Path) -> None:
        if self._store is not None:
            self._store.close()
        self._store = self._searcher = None
        for suffix in _LOGS:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        if path.exists():
            path.replace(path.with_name(SET_ASIDE))

    def building(
        self, wait_seconds: float = 0.0, waits: Callable[[], None] | None = None
    ) -> AbstractContextManager[None]:
        """Holds the build lock of this library; see `retrieval.locking`."""
        return locked(self._settings.library, wait_seconds, waits)


def _is_useless(path: Path) -> bool:
    """Whether a library's file is damaged or of a foreign version. Raises LibraryError where that cannot be told."""
    try:
        with closing(Store(path)) as store:  # one of its own, since it is read from end to end
            return store.check() is not None
    except LibraryDamaged:
        return True
    except LibraryError:
        if is_foreign(path):
            return True
        raise


def _bytes(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.is_file())
