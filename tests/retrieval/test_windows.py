"""Which sentences of a passage are shown, and which words of them are marked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.evidence import Evidence
from retrieval.ranking import Hit
from retrieval.reader import Reading
from retrieval.rows import DocumentRow, Entry, FileState
from retrieval.types import Passage, Span
from retrieval.windows import leading, pieces, sentence_probabilities, windows

DOCUMENT = DocumentRow(1, "a.txt", "", "a", False, None, "en", False, FileState(0, 0))
BEFORE = 100  # code points before the passage


def _hit(sentences: list[str], rated: list[float], answer: str | None = None, certainty: float = 0.9) -> Hit:
    text = " ".join(sentences)
    starts = [text.index(one) for one in sentences]
    spans = tuple(Span(BEFORE + at, BEFORE + at + len(one)) for at, one in zip(starts, sentences, strict=True))
    evidence = Evidence(
        np.zeros(0, np.uint32), np.zeros(0, np.uint16), np.zeros((0, 4), np.int8), np.zeros((len(spans), 4), np.int8)
    )
    entry = Entry(1, DOCUMENT, Passage(Span(BEFORE, BEFORE + len(text)), spans), 1, text, evidence)
    reading = None
    if answer is not None:
        at = text.index(answer)
        begins = np.array([certainty, 1 - certainty], np.float32)
        reading = Reading(1.0, 1.0, 5.0, Span(at, at + len(answer)), certainty, np.array([at, 0], np.int32), begins)
    return Hit(entry, 1.0, np.zeros(3, np.float32), np.array(rated, np.float32), reading)


def _shown(hit: Hit, span: Span) -> str:
    return hit.entry.text[span.start - BEFORE : span.end - BEFORE]


SENTENCES = ["The bridge is long.", "It was finished in 1919.", "Trains cross it."]


def test_without_a_reading_the_sentence_that_ranking_rates_best_is_marked() -> None:
    hit = _hit(SENTENCES, [0.0, 0.0, 5.0])
    piece = windows(hit, 30)[0]
    assert _shown(hit, piece.span) == _shown(hit, piece.best) == "Trains cross it."
    assert piece.answer is None


def test_the_reader_moves_the_mark_to_the_sentence_of_its_answer() -> None:
    hit = _hit(SENTENCES, [0.0, 0.0, 2.0], answer="1919")
    piece = windows(hit, 500)[0]
    assert _shown(hit, piece.span) == " ".join(SENTENCES)
    assert _shown(hit, piece.best) == "It was finished in 1919."
    assert piece.answer is not None
    assert _shown(hit, piece.answer) == "1919"


@pytest.mark.parametrize(("part", "words"), [("Fort", "Forty"), ("y-thr", "Forty-three"), ("ree boa", "three boats")])
def test_words_are_marked_whole_where_the_reader_points_at_pieces(part: str, words: str) -> None:
    hit = _hit(["Forty-three boats left the harbour.", "Café."], [1.0, 0.0], answer=part)
    piece = windows(hit, 500)[0]
    assert piece.answer is not None
    assert _shown(hit, piece.answer) == words


def test_what_follows_a_question_is_marked_in_its_place() -> None:
    asked = ["**A:** Was the bridge closed?", "**B:** Never.", "Trains cross it."]
    hit = _hit(asked, [5.0, 0.0, 0.0], answer="the bridge")
    assert _shown(hit, windows(hit, 500)[0].best) == "**B:** Never."
    hit = _hit(['**A:** "Was the old bridge closed to us?"', "**B:** Never."], [5.0, 0.0])
    assert _shown(hit, windows(hit, 500)[0].best) == "**B:** Never."
    for question in (
        "What changed in 2023?",
        "**What is ISO 27001?**",
        "Q: Isn’t it 100%?",
        "3. How much is it (in €)?",
        "_May I stay until 22:00?_",
        'What is the meaning of the well known phrase "to be or not to be?"',
        "Why did the chair of the choir answer with the words 'Who cares?'",
    ):
        hit = _hit([question, *SENTENCES], [5.0, 0.0, 0.0, 0.0])
        assert _shown(hit, windows(hit, 500)[0].best) == SENTENCES[0]
    for told in (
        "1847?",
        "about 12?",
        "He was born in 1847?",
        "May 1847?",
        "Did you know that it has 4 lamps?",
        "Jan Pot | born 1340?",
        'Olaf Berg, a fisherman, said to Nils: "Do you come?"',
        "Olaf Berg, a fisherman, said to Nils: ‘Don’t you come?’",
    ):
        hit = _hit([told, *SENTENCES], [5.0, 0.0, 0.0, 0.0])
        assert _shown(hit, windows(hit, 500)[0].best) == told
    hit = _hit([*SENTENCES, "Who paid for it?"], [0.0, 0.0, 0.0, 5.0])  # nothing follows
    assert _shown(hit, windows(hit, 500)[0].best) == "Who paid for it?"


def test_an_answer_that_the_reader_doubts_is_not_marked() -> None:
    piece = windows(_hit(SENTENCES, [0.0, 5.0, 0.0], answer="1919", certainty=0.1), 500)[0]
    assert piece.answer is None


def test_an_answer_that_is_the_whole_sentence_is_not_marked_twice() -> None:
    assert windows(_hit(SENTENCES, [0.0, 5.0, 0.0], answer="It was finished in 1919."), 500)[0].answer is None


def test_a_second_part_of_a_passage_is_offered_where_the_answer_may_well_stand_there() -> None:
    torn = _hit(SENTENCES, [1.5, 0.0, 0.5])
    first, second = windows(torn, 41)
    assert _shown(torn, first.span) == " ".join(SENTENCES[:1])
    assert _shown(torn, second.span) == " ".join(SENTENCES[1:])
    assert first.likely + second.likely == pytest.approx(1.0)
    assert len(windows(_hit(SENTENCES, [9.0, 0.0, 0.0]), 40)) == 1
    assert len(windows(torn, 500)) == 1


def test_pieces_are_ordered_by_how_likely_their_passage_answers_and_they_hold_the_answer() -> None:
    sure = _hit(SENTENCES, [9.0, 0.0, 0.0])
    torn = replace(_hit(SENTENCES, [0.1, 0.0, 0.0]), entry=replace(sure.entry, id=2))
    alike = pieces([torn, sure], 25)
    assert [piece.hit.entry.id for piece in alike] == [1, 2, 2]
    assert [hit.entry.id for hit in leading(alike)] == [1, 2]
    assert alike[0].score > alike[1].score > alike[2].score
    better = pieces([replace(torn, score=sure.score + 0.1), sure], 25)
    assert [piece.hit.entry.id for piece in better] == [2, 2, 1]
    between = pieces([replace(torn, score=sure.score + 0.036), sure], 25)
    assert [piece.hit.entry.id for piece in between] == [2, 1, 2]
    assert [hit.entry.id for hit in leading(between)] == [2, 1]


def test_what_was_not_read_stays_behind_what_was() -> None:
    torn = replace(_hit(SENTENCES, [0.1, 0.0, 0.0], answer="1919", certainty=0.4), gain=0.2)
    near = replace(_hit(SENTENCES, [9.0, 0.0, 0.0]), entry=replace(torn.entry, id=2), score=torn.score - 0.001)
    ordered = pieces([torn, near], 25)
    assert [piece.hit.entry.id for piece in ordered][:2] == [1, 2]
    assert ordered[0].score >= ordered[1].score
    assert ordered[1].hit.gain == pytest.approx(ordered[1].hit.score - near.score)
    assert pieces([near, torn], 25)[0].hit.entry.id == 2


def test_probabilities_of_sentences_add_up_to_one() -> None:
    for hit in (_hit(SENTENCES, [1.0, 2.0, 3.0]), _hit(SENTENCES, [1.0, 2.0, 3.0], answer="1919")):
        assert sum(sentence_probabilities(hit)) == pytest.approx(1.0, abs=1e-6)


def test_a_sentence_that_is_too_long_is_cut_around_the_answer() -> None:
    long = "word " * 100 + "the year was 1919 and " + "more " * 100 + "end."
    hit = _hit([long], [0.0], answer="1919")
    piece = windows(hit, 120)[0]
    shown = _shown(hit, piece.span)
    assert len(piece.span) <= 120
    assert "the year was 1919 and" in shown
    assert not shown.startswith(" ")
    assert piece.answer is not None
    assert _shown(hit, piece.answer) == "1919"


def test_a_sentence_that_is_too_long_keeps_its_beginning_where_no_answer_is_known() -> None:
    hit = _hit(["word " * 100 + "end."], [0.0])
    piece = windows(hit, 82)[0]
    assert _shown(hit, piece.span) == ("word " * 16).rstrip()


@given(
    words=st.lists(st.lists(st.sampled_from(["a", "tide", "harbour", "of", "lighthouses"]), min_size=1), min_size=1),
    rated=st.lists(st.floats(-3, 3), min_size=60, max_size=60),
    characters=st.integers(25, 200),
    place=st.tuples(st.floats(0, 1), st.integers(1, 90)),
)
def test_parts_of_a_passage_are_short_enough_and_share_nothing(
    words: list[list[str]], rated: list[float], characters: int, place: tuple[float, int]
) -> None:
    sentences = [f"{number} {' '.join(one)}." for number, one in enumerate(words[:60])]
    text = " ".join(sentences)
    at = int(place[0] * (len(text) - 1))
    hit = _hit(sentences, rated[: len(sentences)], answer=text[at : at + place[1]])
    first, *second = windows(hit, characters)
    for piece in (first, *second):
        assert 0 < len(piece.span) <= characters
        assert piece.span.start <= piece.best.start < piece.best.end <= piece.span.end
        assert any(one.start <= piece.span.start < one.end for one in hit.entry.passage.sentences)
        assert piece.answer is None or piece.span.start <= piece.answer.start < piece.answer.end <= piece.span.end
    for piece in second:
        assert piece.span.end <= first.span.start or first.span.end <= piece.span.start
