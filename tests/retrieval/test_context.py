"""What stands around a quote begins and ends with whole sentences, or else whole words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from retrieval.context import around, whole
from retrieval.library import Library
from retrieval.types import Citation, Excerpt, Outline, Span
from tests.conftest import Write


def _read(text: str, start: int = 0) -> Excerpt:
    return Excerpt(1, text, (), 0.0, Citation("a.txt", "a", None, start, start + len(text), 1, None, (), ""))


def test_a_quote_that_begins_before_the_body_stays_whole() -> None:
    """As one of an older library may."""
    document = Outline("a.txt", "", "a", 100, body_start=40)
    span = around(document, Span(30, 60), 20)
    assert span == Span(30, 80)
    assert whole(document, _read("words " * 9, 29), span, Span(30, 60), []).start == 30


def test_a_text_without_spaces_is_widened_all_the_same() -> None:
    document, read = Outline("a.txt", "", "a", 3000), _read("字" * 3000)
    assert whole(document, read, Span(600, 2000), Span(1000, 1600), []) == Span(600, 2000)
    assert whole(document, read, Span(0, 3000), Span(1000, 1600), []) == Span(0, 3000)


def test_a_text_is_widened_by_whole_words() -> None:
    """What is read begins a character before the wider text, so that a word that begins there is seen to."""
    text = "one two three four five six seven"
    document = Outline("a.txt", "", "a", 100)
    for start, end in ((21, 51), (24, 47)):
        span = whole(document, _read(text, 20), Span(start, end), Span(28, 38), [])
        assert text[span.start - 20 : span.end - 20] == "two three four five six"


def test_sentences_that_fit_are_taken_whole_on_each_side() -> None:
    text = "Gulls cry. The tide turns at nine. Boats leave then. Bells ring twice a day."
    sentences = [Span(0, 10), Span(11, 34), Span(35, 52), Span(53, 76)]
    document, quote = Outline("a.txt", "", "a", len(text)), Span(35, 52)
    assert whole(document, _read(text), Span(6, 60), quote, sentences) == Span(11, 58)
    assert whole(document, _read(text), Span(0, 76), quote, sentences) == Span(0, 76)


@given(st.lists(st.sampled_from(["tide", "a", "Boats leave.", "字字字", "\n\n"]), min_size=1), st.data())
def test_what_is_widened_holds_the_quote_and_stays_within_reach(words: list[str], data: st.DataObject) -> None:
    text = " ".join(words)
    start = data.draw(st.integers(0, len(text) - 1))
    quote = Span(start, data.draw(st.integers(start + 1, len(text))))
    document, reach = Outline("a.txt", "", "a", len(text)), data.draw(st.integers(0, 50))
    span = around(document, quote, reach)
    found = whole(document, _read(text), span, quote, [])
    assert span.start <= found.start <= quote.start < quote.end <= found.end <= span.end


def test_a_library_widens_a_quote_to_sentences_and_names_the_headings_above_all_of_them(
    library: Library, write: Write
) -> None:
    text = (
        "---\ntitle: Guide\n---\n# Harbour\n\n## Tides\n\nThe tide turns at nine. Gulls cry.\n\n"
        "## Boats\n\nBoats leave then. Bells ring twice a day here.\n\n# Land\n\nCows graze.\n"
    )
    write("harbour.md", text)
    library.sync()
    start = text.index("Boats leave")
    quote = library.excerpt("harbour.md", Span(start, start + 17)).citation
    assert quote.headings == ("Harbour", "Boats")
    wider = library.around(quote, 26)
    assert wider.text == "Gulls cry.\n\n## Boats\n\nBoats leave then. Bells ring twice a day"
    assert wider.text == text[wider.citation.start : wider.citation.end]
    assert wider.citation.headings == ("Harbour",)
    assert library.around(quote, 500).citation.headings == ()
    below = library.around(quote, 10)
    assert (below.text, below.citation.headings) == ("## Boats\n\nBoats leave then. Bells", ("Harbour", "Boats"))
    assert library.around(quote, 0).text == "Boats leave then."
