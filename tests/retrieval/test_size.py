"""Files and folders of a size that nobody plans for: each is indexed, or refused by itself in one sentence."""

from __future__ import annotations

import pytest

from retrieval import loaders
from retrieval.library import Library
from retrieval.passages import cut
from retrieval.settings import DocumentSettings, EngineSettings
from retrieval.testing import FakeEmbedder
from retrieval.types import Document
from tests.conftest import Write


def test_a_text_longer_than_sqlite_keeps_in_a_row_is_skipped_and_the_rest_is_indexed(
    library: Library, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaders, "_MOST_BYTES", 1000)
    write("long.txt", "Größe zählt. " * 70)  # less than 1000 characters, more bytes
    write("short.txt", "The pump was closed.")
    report = library.sync()
    assert report.added == ("short.txt",)
    assert [one.path for one in report.skipped] == ["long.txt"]
    assert "some 990 MB: split it" in report.skipped[0].reason


def test_a_file_over_the_limit_is_skipped_and_read_where_the_limit_is_raised(
    settings: EngineSettings, write: Write
) -> None:
    write("large.txt", "Salt is kept dry. " * 60_000)
    write("small.txt", "The pump was closed.")
    lowest = settings.model_copy(update={"documents": DocumentSettings(largest_megabytes=1)})
    with Library.open(lowest, embedder=FakeEmbedder()) as library:
        report = library.sync()
        assert report.added == ("small.txt",)
        assert "documents.largest_megabytes" in report.skipped[0].reason
    # A library looks again at what it skipped only once the file changes or everything is read anew.
    with Library.open(settings, embedder=FakeEmbedder()) as library:
        assert "large.txt" in library.sync(full=True).added


@pytest.mark.parametrize("between", [" ", ""])
def test_one_line_of_a_hundred_thousand_words_is_cut_within_the_budget_and_nothing_of_it_is_lost(between: str) -> None:
    """Sentences without an end, and without a space to divide them at."""
    text = between.join(f"w{number % 977}x" for number in range(100_000))
    embedder = FakeEmbedder()
    passages = list(cut(Document("one.txt", "", text, ""), "en", embedder.token_offsets, 50))
    assert all(len(embedder.token_offsets(one.span.of(text))) <= 50 for one in passages)
    kept = "".join(one.span.of(text) for one in passages).replace(" ", "")
    assert kept == text.replace(" ", "")
