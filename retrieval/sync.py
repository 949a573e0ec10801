"""Brings a library up to date with its seeds folder. Readers see the old generation until the very last step.

1. compare   the folder against the store, by what the file system says of each file, then by content hash
2. read      changed files into documents and passages, kept in a temporary file (`retrieval.spool`)
3. embed     passages that have no vector yet; vectors are committed as they come, so a killed build loses little
4. switch    in one transaction: documents, passages, generation; the new indexes are on the disk before it commits
5. compact   what is gone gives its room back (`retrieval.compaction`)
"""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import PurePosixPath

from retrieval import evidence, loaders, passages, terms
from retrieval.compaction import compact
from retrieval.comparing import UNSEEN, Plan, compare
from retrieval.embedding import Embedder
from retrieval.errors import DocumentError, NoDocuments, OutOfReach
from retrieval.folder import Found, read
from retrieval.indexes import Change, write_indexes
from retrieval.loaders import load, title_of
from retrieval.rows import DocumentRow, FileState, NewPassage
from retrieval.settings import EngineSettings
from retrieval.spool import Spool
from retrieval.store import Store
from retrieval.texts import is_text
from retrieval.types import Document, Passage, Progress, Skipped, Span, SyncReport
from retrieval.versions import cutting_fingerprint, goes_with, outdated

Report = Callable[[Progress], None]

_EMBED_AT_ONCE = 1024  # passages whose vectors are committed together
_LANGUAGE_SAMPLE = 10_000  # characters, more than are looked at
_SAY_EVERY = 64  # passages


def sync(
    store: Store, settings: EngineSettings, embedder: Embedder, *, full: bool = False, report: Report | None = None
) -> SyncReport:
    """One sync; the caller holds the library's lock. Raises LibraryError and OSError; a bad file is only skipped."""
    started = time.monotonic()
    anew = full or (bool(store.generation) and not goes_with(store, embedder.fingerprint, terms, evidence))
    full = anew or outdated(store, settings)
    plan = compare(store, settings, full=full, keep_unseen=goes_with(store, embedder.fingerprint, evidence))
    with Spool(settings.library) as spool:
        work = _Work(store, settings, embedder, plan, spool, report or (lambda _: None), full=full, anew=anew)
        work.read()
        work.refuse_nothing()
        work.embed()
        work.switch()
    work.compact()
    return work.summary(time.monotonic() - started)


class _Work:
    """The steps of one sync, and what they counted; `full` reads every file, `anew` embeds every passage again."""

    def __init__(
        self,
        store: Store,
        settings: EngineSettings,
        embedder: Embedder,
        plan: Plan,
        spool: Spool,
        report: Report,
        *,
        full: bool,
        anew: bool,
    ) -> None:
        self._store, self._settings, self._embedder = store, settings, embedder
        self._plan, self._spool, self._report = plan, spool, report
        self._full, self._anew = full, anew
        self._unfinished = len(store.meta("begun_in").split()) > 1  # an earlier build embedded, and did not switch
        self._epoch = int(store.meta("epoch", "0")) + (1 if anew else 0)
        self._touched: list[tuple[int, FileState]] = []
        self._renamed: list[tuple[DocumentRow, str, FileState]] = []
        self._added: list[str] = []
        self._changed: list[str] = []
        self._embedded = 0
        self._passages = 0
        self._generation = store.generation
        self._precisions = store.meta("precision").split()

    def read(self) -> None:
        """Reads every file that may have changed into the spool."""
        gone = [row for row in self._plan.missing.values() if row.state != UNSEEN]
        moved = {(row.sha256, _suffix(row.path)): row for row in gone}
        done, total = 0, sum(found.state.size for found in self._plan.unread)
        for found in self._plan.unread:
            size = found.state.size

            def say(share: float, before: int = done, size: int = size) -> None:
                self._report(Progress("reading", before + int(share * size), total))

            say(0.0)
            try:
                self._read_one(found, moved, say)
            except OutOfReach as error:
                self._plan.leave_unseen(found.relative, str(error))
            except DocumentError as error:
                self._skip(found, str(error))
            except MemoryError:
                self._plan.leave_unseen(found.relative, "reading it takes more memory than there is now: split it")
            done += size
        if self._plan.unread:
            self._report(Progress("reading", total, total))

    def _skip(self, found: Found, reason: str) -> None:
        self._plan.skip(found.relative, reason, found.state)
        if found.relative in self._plan.known:  # what is cited must be there to be checked
            self._plan.missing[found.relative] = self._plan.known[found.relative]

    def _read_one(self, found: Found, moved: dict[tuple[str, str], DocumentRow], say: Callable[[float], None]) -> None:
        """`moved` holds the documents that are gone from their place, by content and suffix, which names the loader."""
        if not is_text(found.relative):
            raise DocumentError("its name is not valid text: rename it")
        loaders.refuse_unread(found.path)
        data = read(found, self._settings.documents.largest_megabytes * 1_000_000)
        known = self._plan.known.get(found.relative)
        digest = hashlib.sha256(data).hexdigest()
        if known is not None and known.sha256 == digest and known.state != UNSEEN and not self._full:
            self._touched.append((known.id, found.state))
            self._plan.unchanged.append(known)
            return
        before = moved.pop((digest, _suffix(found.relative)), None) if known is None and not self._full else None
        if before is not None:
            del self._plan.missing[before.path]
            self._renamed.append((before, found.relative, found.state))
            return
        document = load(found.path, found.relative, data)
        del data
        self._passages += self._spool_one(document, found.state, say)
        if known is None:
            self._added.append(found.relative)
        else:
            self._plan.missing[known.path] = known  # its old passages go
            if not self._full or known.sha256 != digest:
                self._changed.append(found.relative)

    def _spool_one(self, document: Document, state: FileState, say: Callable[[float], None]) -> int:
        """Returns how many passages it has. Raises DocumentError where it has none."""
        language = terms.detect_language(document.text[document.body_start : document.body_start + _LANGUAGE_SAMPLE])
        count = self._spool.add(document, language, state, self._passages_of(document, language, say))
        if not count:
            raise DocumentError("it holds no text that could be quoted: add some or remove the file")
        return count

    def _passages_of(self, document: Document, language: str, say: Callable[[float], None]) -> Iterator[NewPassage]:
        budget = min(self._settings.passages.tokens, self._embedder.token_limit)
        line, seen = 1, 0
        for number, passage in enumerate(passages.cut(document, language, self._embedder.token_offsets, budget), 1):
            line += document.text.count("\n", seen, passage.span.start)
            seen = passage.span.start
            text = passage.span.of(document.text)
            yield NewPassage(
                passage, text, line, len(terms.analyse(text, language)), self._key(passage, text, language)
            )
            if number % _SAY_EVERY == 0:
                say(passage.span.end / len(document.text))

    def _key(self, passage: Passage, text: str, language: str) -> bytes:
        """Names everything that a vector and its evidence follow from."""
        start = passage.span.start
        bounds = [(s.start - start, s.end - start) for s in passage.sentences]
        analysed = f"{terms.VERSION}.{evidence.VERSION}"
        made = (self._embedder.fingerprint, self._epoch, analysed, language, bounds)
        digest = hashlib.blake2b(repr(made).encode(), digest_size=16)
        digest.update(text.encode("utf-8", "surrogatepass"))
        return digest.digest()

    def refuse_nothing(self) -> None:
        """Raises NoDocuments where the library would be left without a single document."""
        if self._added or self._changed or self._renamed or self._plan.unchanged or self._passages:
            return
        seeds, why = self._settings.seeds, ""
        if self._plan.skipped:
            path, reason, _ = self._plan.skipped[0]
            why = f" ({len(self._plan.skipped)} skipped; {' '.join(path.split())}: {reason})"
        raise NoDocuments(f"Nothing in {str(seeds)!r} can be used{why}: put .txt, .md, .html, .pdf, … files in it.")

    def embed(self) -> None:
        """Gives every passage of the spool a vector, those that have one already for nothing."""
        if not self._passages:
            return
        self._settle_precision()
        waiting: dict[bytes, tuple[NewPassage, str]] = {}
        done = 0
        spooled = self._spool.passages()
        while some := list(islice(spooled, _EMBED_AT_ONCE)):
            known = self._store.known_keys([new.key for new, _ in some])
            waiting |= {new.key: (new, language) for new, language in some if new.key not in known}
            done += len(some)
            if len(waiting) >= _EMBED_AT_ONCE:
                self._embed(list(waiting.values()), done)
                waiting.clear()
        self._embed(list(waiting.values()), done)
        self._report(Progress("embedding", self._passages, self._passages))

    def _settle_precision(self) -> None:
        """Notes the precision before anything is embedded in it: a build that is killed leaves vectors to the next."""
        epoch, *begun = self._store.meta("begun_in", "0").split()
        begun = begun if int(epoch) == self._epoch else []
        kept = begun if self._anew else [*self._store.meta("precision").split(), *begun]
        settled = self._embedder.settle_precision(" ".join(kept) or None)
        self._precisions = list(dict.fromkeys([*kept, settled]))
        with self._store.transaction():
            self._store.set_meta(begun_in=" ".join(dict.fromkeys([str(self._epoch), *begun, settled])))

    def _embed(self, waiting: Sequence[tuple[NewPassage, str]], done: int) -> None:
        """`done` of the passages are embedded with these; says how far it is."""
        rows = []
        for index, encoding in self._embedder.encode_passages([new.text for new, _ in waiting]):
            new, language = waiting[index]
            start = new.passage.span.start
            sentences = [Span(s.start - start, s.end - start) for s in new.passage.sentences]
            words = terms.analyse(new.text, language)
            packed = evidence.pack(words, sentences, encoding.tokens, encoding.offsets, self._embedder.basis)
            rows.append((new.key, encoding.vector, packed))
            if len(rows) % _SAY_EVERY == 0:
                self._report(Progress("embedding", done - len(waiting) + len(rows), self._passages))
        self._store.add_vectors(rows)
        self._embedded += len(rows)

    def switch(self) -> None:
        """Makes the new state visible, or only notes the files' times where nothing changed."""
        changes = bool(self._added or self._changed or self._renamed or self._plan.missing or self._full)
        with self._store.transaction():
            self._store.set_states(self._touched)
            if self._full:  # what stays although it was to be read again is read when it can be
                self._store.set_states([(row.id, UNSEEN) for row in self._plan.unchanged])
            self._store.set_skipped(self._plan.skipped)
            seeds = os.path.relpath(self._settings.seeds.resolve(), self._settings.library.resolve())
            self._store.set_meta(built_ns=self._plan.scanned_ns, seeds=seeds)
            if changes:
                self._generation = self._store.generation + 1
                self._switch_rows()
            elif self._unfinished:
                self._store.prune_vectors()
                self._store.set_meta(begun_in=self._epoch)

    def compact(self) -> None:
        """Gives back what is no longer needed, also what killed builds left."""
        compact(self._store, self._settings.library, self._report)
        self._generation = self._store.generation

    def _switch_rows(self) -> None:
        removed = [row.id for row in self._plan.missing.values()]
        renamed = [row.id for row, _, _ in self._renamed]
        gone = [] if self._full else self._store.passage_ids([*removed, *renamed]).tolist()
        keys = self._store.remove_documents(removed)
        for row, path, state in self._renamed:
            title = row.title if row.titled else title_of(path)
            self._store.rename_document(row.id, path, title, state)
        added = [
            self._store.add_document(one.about, one.language, one.state, one.blocks, one.passages)
            for one in self._spool
        ]
        if self._full or self._unfinished:
            self._store.prune_vectors()
        else:
            self._store.remove_vectors(keys)
        self._set_meta()
        change = None if self._full else Change([*removed, *renamed], gone, [*added, *renamed])
        # The generation is set after the indexes are written, because they start from the previous generation's.
        write_indexes(self._settings.library, self._store, self._generation, change=change, report=self._report)
        self._store.set_meta(generation=self._generation)

    def _set_meta(self) -> None:
        self._store.set_meta(
            library=self._store.meta("library") or uuid.uuid4().hex,
            epoch=self._epoch,
            model=self._embedder.name,
            model_fingerprint=self._embedder.fingerprint,
            dimension=self._embedder.dimension,
            precision=" ".join(self._precisions),
            begun_in=self._epoch,
            cutting=cutting_fingerprint(self._settings),
            loaders=loaders.VERSION,
            built_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def summary(self, seconds: float) -> SyncReport:
        """What was done."""
        fresh = {*self._added, *self._changed}
        same = [r for r in self._plan.missing.values() if r.path in self._plan.known and self._full]
        replaced = {row.path for row in self._plan.missing.values()}
        read_again = {found.relative for found in self._plan.unread} - {path for path, _, _ in self._plan.skipped}
        removed = sorted(replaced - read_again)
        unchanged = len(self._plan.unchanged) + len([r for r in same if r.path in read_again - fresh])
        return SyncReport(
            generation=self._generation,
            added=tuple(sorted(self._added)),
            changed=tuple(sorted(self._changed)),
            removed=tuple(removed),
            renamed=tuple((row.path, path) for row, path, _ in self._renamed),
            unchanged=unchanged,
            skipped=tuple(Skipped(path, reason) for path, reason, _ in sorted(self._plan.skipped)),
            embedded=self._embedded,
            reused=self._passages - self._embedded,
            seconds=seconds,
        )


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()
