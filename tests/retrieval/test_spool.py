"""What is read waits in a file: in order, again and again, and nothing of a document that could not be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval import texts
from retrieval.errors import DocumentError
from retrieval.rows import FileState, NewPassage
from retrieval.spool import Spool
from retrieval.types import Document, Passage, Span

_STATE = FileState(1, 2)


def _passages(text: str, count: int) -> list[NewPassage]:
    return [
        NewPassage(Passage(Span(n, n + 1), (Span(n, n + 1),)), text[n : n + 1], 1, 1, b"%d" % n) for n in range(count)
    ]


def _all(spool: Spool) -> list[tuple[str, str, list[NewPassage]]]:
    return [(one.about.path, "".join(one.blocks), list(one.passages)) for one in spool]


def test_documents_come_back_in_order_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "BLOCK", 100)
    text = "Größe 🛢 " * 200
    kept = [("a.txt", text, _passages(text, 700)), ("b.txt", "b", _passages("b", 1))]
    with Spool(tmp_path) as spool:
        for path, content, passages in kept:
            assert spool.add(Document(path, "", path, content), "de", _STATE, iter(passages)) == len(passages)
        for _ in range(2):
            assert _all(spool) == kept
            assert [new for new, _ in spool.passages()] == [new for _, _, passages in kept for new in passages]
        assert {language for _, language in spool.passages()} == {"de"}
    assert not list(tmp_path.iterdir())


def test_a_document_without_a_passage_or_with_an_error_in_its_midst_leaves_no_trace(tmp_path: Path) -> None:
    def failing() -> Iterator[NewPassage]:
        yield from _passages("x" * 600, 600)
        raise DocumentError("it is damaged")

    with Spool(tmp_path) as spool:
        spool.add(Document("a.txt", "", "a", "a"), "en", _STATE, _passages("a", 1))
        assert spool.add(Document("empty.txt", "", "e", "..."), "en", _STATE, []) == 0
        with pytest.raises(DocumentError, match="damaged"):
            spool.add(Document("bad.txt", "", "b", "x" * 600), "en", _STATE, failing())
        spool.add(Document("b.txt", "", "b", "b"), "en", _STATE, _passages("b", 1))
        assert [path for path, _, _ in _all(spool)] == ["a.txt", "b.txt"]
