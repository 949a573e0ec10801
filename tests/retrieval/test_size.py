"""Files and folders of a size that nobody plans for: each is indexed, or refused by itself in one sentence."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.library import Library
from retrieval.loaders import load, markdown
from retrieval.passages import cut
from retrieval.settings import DocumentSettings, EngineSettings
from retrieval.testing import FakeEmbedder
from retrieval.types import Document
from tests.conftest import Write


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
    document = load(Path("a.txt"), "a.txt", b"Salt is kept dry. " * 60_000 + "\nCafé\n".encode("cp1252"))
    assert document.text.endswith("\nCafé\n")


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
