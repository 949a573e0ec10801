"""Files and folders of a size that nobody plans for: each is indexed, or refused by itself in one sentence."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from retrieval import comparing, sync
from retrieval.embedding import Encoding
from retrieval.library import Library
from retrieval.loaders import load, markdown
from retrieval.passages import cut
from retrieval.settings import DocumentSettings, EngineSettings
from retrieval.testing import FakeEmbedder
from retrieval.types import Document, Progress
from tests.conftest import Write


def test_a_file_over_the_limit_is_skipped_and_read_where_the_limit_is_raised(
    settings: EngineSettings, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("large.txt", "Salt is kept dry. " * 60_000)
    write("small.txt", "The pump was closed.")
    monkeypatch.setattr(comparing, "_RACY_NS", -(10**12))  # what was seen once is settled
    lowest = settings.model_copy(update={"documents": DocumentSettings(largest_megabytes=1)})
    with Library.open(lowest, embedder=FakeEmbedder()) as library:
        report = library.sync()
        assert report.added == ("small.txt",)
        assert "documents.largest_megabytes" in report.skipped[0].reason
    with Library.open(settings, embedder=FakeEmbedder()) as library:
        assert library.sync().added == ("large.txt",)


@pytest.mark.parametrize("between", [" ", ""])
def test_one_line_of_a_hundred_thousand_words_is_cut_within_the_budget_and_nothing_of_it_is_lost(between: str) -> None:
    """Sentences without an end, and without a space to divide them at."""
    text = between.join(f"w{number % 977}x" for number in range(100_000))
    embedder = FakeEmbedder()
    passages = list(cut(Document("one.txt", "", "", text), "en", embedder.token_offsets, 50))
    assert all(len(embedder.token_offsets(one.span.of(text))) <= 50 for one in passages)
    kept = "".join(one.span.of(text) for one in passages).replace(" ", "")
    assert kept == text.replace(" ", "")


def _peak_of_loading(name: str, data: bytes) -> float:
    """The most memory that reading a file takes besides its bytes, as a multiple of them."""
    load(Path(name), name, data)  # what is imported does not count
    tracemalloc.start()
    document = load(Path(name), name, data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(document.text) > 0.5 * len(data)
    return peak / len(data)


_LINE = b"Salt is kept dry. " * 300_000
_PARAGRAPHS = b"A heading\n\n" + b"Salt is kept dry, and so is the powder that is kept beside it.\n\n" * 100_000
_ROWS = b"city,trams\n" + b"Ulm on the Danube,10\n" * 200_000
_ONE_A_LINE = b'{"city": "Ulm on the Danube", "trams": 10}\n' * 120_000
_ARRAY = b"[" + _ONE_A_LINE.strip().replace(b"\n", b",\n") + b"]"


@pytest.mark.parametrize(
    ("name", "data", "most"),
    [
        ("a.txt", _LINE, 1.2),
        ("a.txt", _PARAGRAPHS, 1.2),
        ("a.md", _LINE, 1.5),
        ("a.md", _PARAGRAPHS, 2.0),
        ("a.csv", _ROWS, 6.0),  # the document is longer than the file: its rows name the columns
        ("a.jsonl", _ONE_A_LINE, 4.5),
        ("a.json", _ARRAY, 4.5),
    ],
)
def test_reading_a_big_file_takes_little_more_than_its_text(name: str, data: bytes, most: float) -> None:
    assert _peak_of_loading(name, data) < most


def test_a_long_line_of_ascii_before_bytes_of_another_encoding_is_read() -> None:
    """It was looked through again from each of its characters, which took hours."""
    started = time.process_time()
    document = load(Path("a.txt"), "a.txt", b"Salt is kept dry. " * 60_000 + "\nCafé\n".encode("cp1252"))
    assert document.text.endswith("\nCafé\n")
    assert time.process_time() - started < 10


_MARKDOWN = st.sampled_from(
    ["# A *b*\n", "## C\r\n", "text\n", "\n", "- item\n", "  # in a list\n", "    # code\n", "```\n", "<!-- c\n",
     "-->\n", "<div>\n", "> # quoted\n", "Under\n===\n", "[a]: /b\n", "'c'\n", "a\rb\n", "1. one\n", "***\n", "# end"]
)  # fmt: skip


@given(st.lists(_MARKDOWN, min_size=1, max_size=40).map("".join), st.integers(1, 40))
def test_the_headings_of_markdown_read_in_parts_are_those_of_the_whole(text: str, length: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        whole = markdown.load(text.encode()).headings
        patched.setattr(markdown, "_PARSED", length)
        assert markdown.load(text.encode()).headings == whole


class _Quick(FakeEmbedder):
    """The same vector for every passage."""

    def encode_passages(self, texts: Sequence[str]) -> Iterator[tuple[int, Encoding]]:
        """See `Embedder`."""
        vector = np.full(self.dimension, self.dimension**-0.5, np.float32)
        for index in range(len(texts)):
            yield index, Encoding(vector, vector[None, :], np.zeros((1, 2), np.int32))


def _peak_of_building(settings: EngineSettings, embedder: FakeEmbedder) -> int:
    tracemalloc.start()
    with Library.open(settings, embedder=embedder) as library:
        library.sync()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("ending", [" ", "\n\n"])
def test_the_memory_of_a_build_grows_with_the_largest_file_by_little_more_than_its_text(
    settings: EngineSettings, write: Write, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    """Its bytes and its text; neither tokens nor sentences nor passages add up, whatever the paragraphs."""

    def text(sentences: int) -> str:
        few = (number % 701 for number in range(sentences))  # words are remembered, if only so many
        return "".join(f"Sentence {number} of many tells what is kept where.{ending}" for number in few)

    monkeypatch.setattr(sync, "_EMBED_AT_ONCE", 64)
    write("first.txt", text(4_000))
    embedder = _Quick(token_limit=200)
    _peak_of_building(settings, embedder)  # what is imported does not count
    peaks = []
    for sentences in (10_000, 30_000):
        path = write("big.txt", text(sentences))
        peaks.append((_peak_of_building(settings, embedder), path.stat().st_size))
    (less, small), (more, large) = peaks
    assert (more - less) / (large - small) < 2.6


def test_reading_one_big_file_says_how_far_it_is(library: Library, write: Write) -> None:
    write("a.txt", "Small.\n")
    path = write("big.txt", "".join(f"Sentence {number} of many tells what is kept where. " for number in range(5000)))
    said: list[Progress] = []
    library.sync(progress=said.append)
    reading = [(one.done, one.total) for one in said if one.stage == "reading"]
    assert reading == sorted(reading)
    assert {total for _, total in reading} == {path.stat().st_size + 7}
    assert reading[0][0] == 0
    assert reading[-1][0] == reading[-1][1]
    assert max(after - before for (before, _), (after, _) in pairwise(reading)) < path.stat().st_size / 5


def test_what_stands_many_times_in_a_big_file_is_embedded_once(library: Library, write: Write) -> None:
    write("a.csv", "what\n" + "".join(f"Unlike number {number}\nAlways the same\n" for number in range(3000)))
    report = library.sync()
    assert (report.embedded, report.reused) == (3001, 2999)


class _Small(FakeEmbedder):
    """Has no memory for one of the texts."""

    def token_offsets(self, text: str) -> NDArray[np.int32]:
        """See `Embedder`."""
        if "huge" in text:
            raise MemoryError
        return super().token_offsets(text)


def test_a_lack_of_memory_that_passes_loses_nothing(
    settings: EngineSettings, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("pump.txt", "The pump was closed in 1854.")
    with Library.open(settings, embedder=FakeEmbedder()) as library:
        library.sync()
        write("pump.txt", "The pump was closed in 1855.")
        with monkeypatch.context() as lacking:
            lacking.setattr(FakeEmbedder, "token_offsets", _Small.token_offsets)
            write("pump.txt", "A huge pump was closed in 1855.")
            assert [one.path for one in library.sync().skipped] == ["pump.txt"]
            assert library.document("pump.txt").text == "The pump was closed in 1854."
        assert library.sync().changed == ("pump.txt",)


def test_a_file_for_which_there_is_no_memory_is_skipped_and_the_rest_is_indexed(
    settings: EngineSettings, write: Write
) -> None:
    write("huge.txt", "Small at first. " * 20_000 + "A huge word stands at the end.")
    write("small.txt", "The pump was closed.")
    with Library.open(settings, embedder=_Small()) as library:
        report = library.sync()
        assert report.added == ("small.txt",)
        assert [one.reason for one in report.skipped] == ["reading it takes more memory than there is now: split it"]
        assert library.ask("Who closed the pump?").excerpts[0].text == "The pump was closed."
        assert library.check() is None
