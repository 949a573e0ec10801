"""Passages are slices: ordered, within the budget, and nothing but white space and files in base64 is lost."""

from __future__ import annotations

import re
import tracemalloc
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from retrieval import lines, passages
from retrieval.headings import trail_at
from retrieval.loaders import load
from retrieval.passages import Tokens, cut
from retrieval.sentences import sentences_of
from retrieval.testing import FakeEmbedder
from retrieval.types import Document, Heading, Passage, Span

_OFFSETS = FakeEmbedder().token_offsets


def _document(text: str, name: str = "a.md") -> Document:
    return load(Path(name), name, text.encode())


def _passages(text: str, budget: int = 40, name: str = "a.md", language: str = "en") -> list[str]:
    document = _document(text, name)
    return [one.span.of(document.text) for one in cut(document, language, _OFFSETS, budget)]


def _lost(document: Document, found: Iterable[Passage], budget: int) -> str:
    """What no passage and no heading holds, of passages that are slices, in order and within the budget."""
    covered = [False] * len(document.text)
    before = document.body_start
    for passage in found:
        assert before <= passage.span.start < passage.span.end <= len(document.text)
        before = passage.span.end
        assert len(_OFFSETS(passage.span.of(document.text))) <= budget
        assert passage.sentences[0].start == passage.span.start
        assert passage.sentences[-1].end == passage.span.end
        inside = passage.span.start
        for sentence in passage.sentences:
            assert inside <= sentence.start < sentence.end
            inside = sentence.end
            assert sentence.of(document.text) == sentence.of(document.text).strip()
            for at in range(sentence.start, sentence.end):
                covered[at] = True
    headings = {at for h in document.headings for at in range(h.span.start, h.span.end)}
    outside = (at for at in range(document.body_start, len(document.text)) if not covered[at] and at not in headings)
    return "".join(document.text[at] for at in outside).replace(_PICTURE, "").strip()


def _sentences(text: str, language: str) -> list[str]:
    return [one.of(text) for one in sentences_of(text, Span(0, len(text)), language)]


_PICTURE = f"[image1]: <data:image/png;base64,{'iVBOR/+' * 100}==>"
_WORDS = st.sampled_from(
    ["word", "Dr. No", "3.14", "e.g. this", "End.", "Really?!", "# Heading\n", "- item\n", "| a | b |\n", "\n\n", "\n",
     "東京都は大きい。", "ประเทศไทย", "مرحبا بالعالم.", "x" * 90, "…", "\r\n", "\u2028", "🙂",
     "A sentence stands here. ", _PICTURE]
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_WORDS, min_size=1, max_size=60).map(" ".join), st.integers(4, 60), st.sampled_from(["en", "zh", "ar"]))
@example("one " * 500, 16, "en")
@example("東京" * 400, 16, "zh")
def test_slices_are_ordered_within_budget_and_lose_only_white_space_and_pictures(
    text: str, budget: int, language: str
) -> None:
    document = Document("a.txt", "", "a", text)
    if text.strip():
        assert not _lost(document, cut(document, language, _OFFSETS, budget), budget)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_WORDS, min_size=1, max_size=60).map(" ".join), st.integers(4, 60))
def test_the_same_holds_for_markdown_with_its_headings(text: str, budget: int) -> None:
    if text.strip():
        document = _document(text)
        assert not _lost(document, cut(document, "en", _OFFSETS, budget), budget)


def test_a_passage_never_crosses_a_heading() -> None:
    assert _passages("# A\n\nOne.\n\n## B\n\nTwo.\n\nThree.\n") == ["One.", "Two.\n\nThree."]


def test_headings_travel_with_the_passage_and_stand_in_no_excerpt() -> None:
    document = _document("# Book\n\n## Part\n\n### Chapter\n\nText here.\n\n## Other\n\nMore text.\n")
    found = [(one.span.of(document.text), one.headings) for one in cut(document, "en", _OFFSETS, 40)]
    assert found == [("Text here.", ("Part", "Chapter")), ("More text.", ("Other",))]


def test_a_heading_above_nothing_is_quoted() -> None:
    document = _document("# House\n\n## Gate code: 4711\n\n## Wifi\n\nAsk Anna.\n\n## Bins: Tuesday\n")
    found = [(one.span.of(document.text), one.headings) for one in cut(document, "en", _OFFSETS, 40)]
    assert found == [
        ("## Gate code: 4711", ("Gate code: 4711",)),
        ("Ask Anna.", ("Wifi",)),
        ("## Bins: Tuesday", ("Bins: Tuesday",)),
    ]


def test_lone_lines_that_look_like_headings_are_quoted() -> None:
    notes = "At home\n\nMilk belongs in the fridge\n\nKeys hang by the door\n\nBins\n\nThey go out on Tuesday.\n"
    assert _passages(notes, name="home.txt") == [
        "Milk belongs in the fridge", "Keys hang by the door", "They go out on Tuesday.",
    ]  # fmt: skip


def test_a_heading_that_is_quoted_has_its_trail() -> None:
    document = _document(
        "# House\n\n## Kitchen\n\nGas.\n\n### Tap: left\n\n## Gate code: 4711\n\n## Wifi\n\nAsk Anna.\n"
    )
    for one in cut(document, "en", _OFFSETS, 40):
        assert trail_at(document, one.span.start) == one.headings


def test_a_document_of_headings_alone_is_still_quoted() -> None:
    assert _passages("# Only\n\n## Headings\n") == ["# Only\n\n## Headings"]


def test_a_paragraph_that_fits_stays_whole_and_a_long_one_is_divided_evenly() -> None:
    sentence = "Eight words stand in this one sentence here. "
    assert _passages(sentence * 4, budget=40) == [(sentence * 4).strip()]
    assert [len(one) for one in _passages(sentence * 8, budget=40)] == [len(sentence) * 4 - 1] * 2


def test_hard_wrapped_prose_is_no_list_of_lines() -> None:
    text = (
        "The keeper climbed the two hundred steps to the lamp at\n"
        "dusk. He trimmed the wick and filled the bowl with oil,\n"
        "and sat down to wait for the ships to pass the point.\n"
    )
    document = _document(text, "a.txt")
    (passage,) = cut(document, "en", _OFFSETS, 60)
    assert [s.of(text) for s in passage.sentences] == [
        "The keeper climbed the two hundred steps to the lamp at\ndusk.",
        "He trimmed the wick and filled the bowl with oil,\nand sat down to wait for the ships to pass the point.",
    ]


_NEWS = [
    "Seabirds of the north\n",
    "The keeper of the island light\nhas counted the terns for forty\nyears. ",
    "They come in May, when the\nice is gone, and leave for the\nWeddell Sea before the first of\nSeptember, he says. ",
    "None of\nthem stays behind, although the\nharbour is warm.\n",
]
_PAPER = [  # whose "kilometres in" to "for a month" is one line, as where words were broken at line ends
    "METHODS AND BIRDS\n",
    "We followed forty birds from\ntheir colony in Iceland to the pack ice of the Weddell\n"
    "Sea and found that a bird flies 71,000 kilometres in an average year. ",
    "Most of them rested for a month\nin the middle of the North Atlantic, where they fed on\n"
    "the shrimp of the open sea. ",
    "The loggers weighed a gram\nand were read when the birds came back. ",
    "Eleven of them\nwere lost.\n",
    "Licensed use is limited to the University of Ulm and to what was downloaded in March, see the terms there",
]


@pytest.mark.parametrize("sentences", [_NEWS, _PAPER])
def test_prose_in_a_narrow_column_is_no_list_of_lines(sentences: list[str]) -> None:
    """As on the page of a PDF, where a title stands on a line of its own, or a wide line at the foot."""
    document = _document("".join(sentences), "a.txt")
    (passage,) = cut(document, "en", _OFFSETS, 200)
    assert [s.of(document.text) for s in passage.sentences] == [one.strip() for one in sentences]


@pytest.mark.parametrize(
    "lines",
    [
        ["The keeper climbs the stairs by night", "And trims the wick and fills the bowl,", "He sits. He waits by it",
         "Until the ships have passed the shoal,", "And in the morning when the sun", "Comes up he counts them all."],
        ["wifi password is in the drawer", "spare key with anna, second door", "boat is moored at pier four, call bo",
         "milk and bread for the two cats", "bins go out on tuesday evening", "ferry leaves at nine, not at ten"],
        ["keeper: the man who lives there", "owner: the harbour master, Mr. Lee", "height: two hundred and ten steps",
         "lamp: one of brass and of glass", "colour: white, with a red stripe", "oil: forty litres in the winter"],
        ["Harbour Office of the North Island", "12 Lighthouse Road, Second Floor", "Care of the keeper, Mr. Lee",
         "IS-4711 Hafnarfjordur, Iceland", "Telephone 0049 731 4711, weekdays"],
        ["rye flour, ca. 500 g", "salt, ca. 10 g", "water, ca. 350 ml", "seeds, ca. 50 g", "honey, a spoon"],
        ["bring the oil", "ask Dr. Lee about the door", "the second key is with the master in town",
         "wick and glass too", "paint the stripe on the north side", "count all of the birds on the island again",
         "rest well"],
        ["the ice is thin by the pier. Keep off", "the pump is loud in the cold. Wait", "the door of the shed"],
    ],
)  # fmt: skip
def test_lines_that_are_no_prose_in_a_column_stay_apart(lines: list[str]) -> None:
    """Verses, notes, entries, an address, a list of short things, and lines too uneven or too few to tell."""
    document = _document("\n".join(lines), "a.txt")
    found = [s.of(document.text) for one in cut(document, "en", _OFFSETS, 200) for s in one.sentences]
    assert [one for one in found if "\n" in one] == []


def test_a_line_is_looked_at_once_however_many_are_near_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Counter[int] = Counter()

    class Counting:
        def match(self, text: str, start: int, end: int) -> re.Match[str] | None:
            asked[start] += 1
            return first_word.match(text, start, end)

    first_word = lines._FIRST_WORD
    monkeypatch.setattr(lines, "_FIRST_WORD", Counting())
    assert len(_passages("".join(_NEWS) * 3, 200, "a.txt")) == 1
    assert len(asked) > 10
    assert set(asked.values()) == {1}


_CHAT = [
    "[12/03/24, 10:15:22] Anna: the key of the boat house hangs behind the second door",
    "\u200e[12/03/24, 10:16:02] Bo: and the spare one is with the harbour master in town",
    "[12/03/24, 10:17:45] Anna: he is there on Tuesdays and Fridays until four o'clock",
]
_LOG = [
    "2024-03-01 10:00:03 ERROR disk of node seven is full, nothing more is written to it",
    "2024-03-01T10:00:09 WARN the backup of node seven was not begun and waits for space",
    "2024/03/01 10:02:11 INFO space was made on node seven and the backup has begun again",
]
_TIMES = [f"{hour}:15 Bo: the ferry to the island left at this hour, with room for two cars" for hour in (9, 10, 11)]


@pytest.mark.parametrize("records", [_CHAT, _LOG, _TIMES])
def test_a_line_that_begins_with_a_date_or_time_below_one_that_does_is_a_record(records: list[str]) -> None:
    document = _document("\n".join(records), "a.txt")
    found = list(cut(document, "en", _OFFSETS, 200))
    assert [s.of(document.text) for one in found for s in one.sentences] == [one.strip() for one in records]


def test_a_date_that_begins_a_line_of_hard_wrapped_prose_begins_no_record() -> None:
    text = (
        "The keeper climbed the two hundred steps to the lamp on\n"
        "2024-03-01 and trimmed the wick and filled the bowl with oil,\n"
    )
    assert [len(one.sentences) for one in cut(_document(text, "a.txt"), "en", _OFFSETS, 60)] == [1]


@pytest.mark.parametrize(
    "sentences",
    [
        ["Der Vertrag beginnt nach der Unterzeichnung durch beide Parteien am\n"
         "12. Mai 2023 und endet nach Ablauf von zwei Jahren.",
         "Das Haus wurde von dem damaligen Baumeister der Stadt\n"
         "– einem Freund der Familie – im Jahr 1890 gebaut und dann verkauft."],
        ["The first machine of this kind was built in the winter of 1903 by\n"
         "J. Smith, who had worked at the mill since he was a boy of fourteen\n"
         "- the youngest of them - and who never asked for any more money."],
        ["Der Vertrag gilt für alle Wohnungen des Hauses und auch wieder vom\n"
         "1. Mai 2026 an, wenn beide es wollen."],
    ],
)  # fmt: skip
def test_a_line_of_hard_wrapped_prose_may_begin_with_a_day_an_initial_or_a_dash(sentences: list[str]) -> None:
    document = _document("\n".join(sentences), "a.txt")
    found = list(cut(document, "de" if "Vertrag" in sentences[0] else "en", _OFFSETS, 200))
    assert [s.of(document.text) for one in found for s in one.sentences] == sentences


@pytest.mark.parametrize("mark", ["-", "–", "1.", "A.", "(a)", "a)", *"•·✓✔➔\uf0b7\uf0a7"])
def test_items_stay_apart_below_an_introduction_without_a_colon(mark: str) -> None:
    """The bullets of private use are those of Word documents in their PDFs."""
    lines = [
        "Employees of the company receive the following benefits in kind",
        f"{mark} Reimbursement of travel by public transport up to 90 euros a month",
        f"{mark} A laptop and a telephone for use at work and in their private time",
    ]
    document = _document("\n".join(lines), "a.txt")
    found = list(cut(document, "en", _OFFSETS, 200))
    assert [s.of(document.text) for one in found for s in one.sentences] == lines


@pytest.mark.parametrize(
    ("mark", "following"), [("-", "-"), ("–", "–"), ("—", "—"), ("1.", "2."), ("A.", "B."), ("9.", "10."), ("C.", "D.")]
)
def test_an_item_stays_whole_below_a_title_and_above_a_blank_line(mark: str, following: str) -> None:
    lines = [
        "Minutes of the spring meeting of the tenants of Quarry Lane",
        f"{mark} The chair welcomed all who came and read the minutes.",
        f"{following} The treasurer spoke.",
    ]
    document = _document("{}\n{}\n\n{}".format(*lines), "a.txt")
    found = list(cut(document, "en", _OFFSETS, 200))
    assert [s.of(document.text) for one in found for s in one.sentences] == lines


@pytest.mark.parametrize("mark", ["1.", "A."])
def test_the_first_item_is_one_wherever_the_second_is(mark: str) -> None:
    lines = ["Minutes of the spring meeting of the tenants of Quarry Lane", f"{mark} The chair welcomed all who came."]
    document = _document("\n".join(lines), "a.txt")
    found = list(cut(document, "en", _OFFSETS, 200))
    assert [s.of(document.text) for one in found for s in one.sentences] == lines


def test_a_day_above_a_clause_begins_no_item() -> None:
    sentence = "Der Vertrag beginnt nach der Unterzeichnung durch beide Parteien am\n12. Mai 2023 und endet nie."
    document = _document(f"{sentence}\n\n2. Die Miete ist hoch.", "a.txt")
    found = list(cut(document, "de", _OFFSETS, 200))
    assert [s.of(document.text) for one in found for s in one.sentences] == [sentence, "2. Die Miete ist hoch."]


@pytest.mark.parametrize("mark", ["-", "1.", "A."])
@pytest.mark.parametrize("stop", [":", ".", ",", '."'])
def test_one_item_alone_is_one_behind_a_stop(mark: str, stop: str) -> None:
    lines = [
        f"Employees of the company receive this and no other benefit in kind{stop}",
        f"{mark} Reimbursement of travel by public transport up to 90 euros a month",
    ]
    document = _document("\n".join(lines), "a.txt")
    found = list(cut(document, "en", _OFFSETS, 200))
    assert [s.of(document.text) for one in found for s in one.sentences] == lines


def test_a_quotation_is_no_list_of_lines() -> None:
    """But one begins with its first line, and an item in it is one."""
    sentences = [
        "On Monday Anna wrote to all of us that the move had been put off:",
        "> > The landlord told us this morning that the new office on the third\n"
        "> > floor will not be ready before the end of October, so the move has\n"
        "> > been put off until November.",
        "> Then we need the old one for another month, and the movers must know",
        ">",
        "> that they come at the end of it, since they have to be told soon\n"
        "> – by a letter – what we want of them.",
        "> - Anna calls the movers, who wanted to come on the last Monday of it",
        "> - Bo asks the landlord whether we may stay for another month or two",
    ]  # fmt: skip
    document = _document("\n".join(sentences), "a.txt")
    found = list(cut(document, "en", _OFFSETS, 200))
    assert [s.of(document.text) for one in found for s in one.sentences] == sentences


def test_a_run_over_the_budget_is_divided_at_line_ends_where_they_are_near() -> None:
    lines = [f"node{number} wrote that its disk is full and that it waits for room to be made" for number in range(400)]
    found = _passages("\n".join(lines), budget=40, name="a.txt")
    assert found[0] == "\n".join(lines[:2])
    assert "\n".join(found).split("\n") == lines


def test_a_picture_that_is_written_into_the_text_is_no_passage() -> None:
    text = f"The boat house.\n\n![Plan][image1]\n\n{_PICTURE}\n\nThe key hangs behind the door.\n"
    assert _passages(text) == ["The boat house.\n\n![Plan][image1]", "The key hangs behind the door."]
    inline = _PICTURE.partition("<")[2].rstrip(">")
    assert _passages(f"See ![the plan]({inline}) of it.") == ["See ![the plan](", ") of it."]
    assert _passages("Write data:image/gif;base64,R0lGODlhAQABAA== there.") == [
        "Write data:image/gif;base64,R0lGODlhAQABAA== there."
    ]


def test_a_sentence_in_bold_keeps_its_signs() -> None:
    text = "**How do I lock it?**\n\nTurn the key. **Deposit.** It is 200. *Really?* It is."
    assert _sentences(text, "en") == [
        "**How do I lock it?**", "Turn the key.", "**Deposit.**", "It is 200.", "*Really?*", "It is.",
    ]  # fmt: skip


def test_the_number_of_a_note_belongs_to_the_sentence_that_it_ends() -> None:
    text = "The lamp burns oil.¹² It was lit in 1911.³ Ships see it from 10² km. ⁴ See the log.⁵\n"
    document = _document(text, "a.txt")
    assert [s.of(text) for one in cut(document, "en", _OFFSETS, 60) for s in one.sentences] == [
        "The lamp burns oil.¹²",
        "It was lit in 1911.³",
        "Ships see it from 10² km.",
        "⁴ See the log.⁵",
    ]
    text = "The lamp burns oil.[^1] It was lit in 1911.[^oil][^2] Ships see it.\n\n[^1]: See the log.\n"
    assert [s for one in text.split("\n\n") for s in _sentences(one, "en")] == [
        "The lamp burns oil.[^1]",
        "It was lit in 1911.[^oil][^2]",
        "Ships see it.",
        "[^1]: See the log.",
    ]


@pytest.mark.parametrize("number", ["3.2.", "3.", "iv.", "Article 5.", "\u00a7 4."])
def test_the_number_of_a_clause_belongs_to_its_first_sentence(number: str) -> None:
    text = f"{number} Either party may end it. Notice is a month.\n\nPlan B. It was no. 3. Nobody came.\n"
    document = _document(text, "a.txt")
    found = [s.of(text) for one in cut(document, "en", _OFFSETS, 60) for s in one.sentences]
    assert found[:2] == [f"{number} Either party may end it.", "Notice is a month."]
    assert "".join(found[2:]).replace(" ", "") == "PlanB.Itwasno.3.Nobodycame."


@pytest.mark.parametrize(
    ("language", "clause"),
    [
        ("es", "Artículo 6. La fianza es de un mes."),
        ("pt", "CLÁUSULA 5ª. A renda é paga no dia um."),
        ("de", "Artikel 6. Die Miete ist am Ersten fällig."),
        ("ru", "Статья 6. Арендатор платит вовремя."),
        ("vi", "Điều 6. Tiền cọc là một tháng."),
        ("ar", "المادة 6. التأمين شهر واحد."),
    ],
)
def test_the_number_of_a_clause_belongs_to_its_first_sentence_in_other_languages(language: str, clause: str) -> None:
    assert _sentences(f"{clause}\n{clause}", language) == [clause, clause]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("fr", "Le contrat est signé par M. Dupont et Mme. Roux."),
        ("fr", "Cela est dit à l'art. 5 du contrat."),
        ("de", "Das Zimmer kostet inkl. MwSt. von 19 % und zzgl. Frühstück mind. 90 Euro."),
        ("de", "Zzgl. Versand gem. Vertrag bspw. Porto, exkl. Zoll."),
        ("hi", "समझौते पर डॉ. शर्मा ने हस्ताक्षर किए।"),
        ("ar", "وقع د. أحمد على العقد."),
        ("vi", "Hợp đồng do TS. Nguyễn ký."),
        ("pl", "W 2020 r. podpisano umowę z p. Kowalskim."),
        ("pl", "Zebrano się dnia 3. 5. 2020 w Warszawie."),
        ("tr", "Bu husus sözleşmenin 3. maddede yazılıdır."),
        ("ko", "계약은 2020. 3. 5. 체결되었다."),
        ("hu", "A bérlet 2020. 3. 5. napján kezdődött."),
        ("ru", "По ст. 6 платит арендатор."),
    ],
)
def test_an_abbreviation_ordinal_or_date_of_another_language_ends_no_sentence(language: str, sentence: str) -> None:
    assert _sentences(f"{sentence} {sentence}", language) == [sentence, sentence]


def test_where_sentences_end_they_do_in_other_languages_too() -> None:
    text = "Llegó en 1911. 2024 fue peor. Son 12. Nadie habla. Dijo ya. 5 no lo saben. Vive en la calle M. Es alto."
    assert _sentences(text, "es") == re.split(r"(?<=\.) ", text)


@pytest.mark.parametrize(
    "sentence",
    [
        "The owner sold it approx. 1903 to Smith.",
        "The fee is max. 5 % incl. VAT acc. to Sec. 3.",
        "It costs min. £5 a day incl. breakfast, est. $9 excl. the boat.",
        "Est. 1903, tel. (by day) 4711, see paras. 3 and 4 or para. § 5.",
        "Max. 3 days are free.",
    ],
)
def test_an_abbreviation_before_an_amount_or_a_small_letter_ends_no_sentence_in_english(sentence: str) -> None:
    assert _sentences(f"{sentence} {sentence}", "en") == [sentence, sentence]


def test_where_sentences_end_in_such_an_abbreviation_they_do() -> None:
    text = "The fee is the max. It is paid. We meet at 9 EST. 20 people come. It takes 30 mins. 15 people fit in."
    text += " The dog is called Max. 3 days later he came."
    assert _sentences(text, "en") == re.split(r"(?<=\.) ", text)


def test_other_english_is_divided_as_the_segmenter_does() -> None:
    assert _sentences("It is hot. it was lit on 3. 5. 2020. Nobody came.", "en") == [
        "It is hot.", "it was lit on 3.", "5.", "2020.", "Nobody came.",
    ]  # fmt: skip


def test_a_number_alone_stays_a_line() -> None:
    assert _passages("1.\n\nThe first of them is a long one.\n\n2.", name="a.txt", budget=6)[0] == "1."


def test_each_line_of_a_list_or_table_is_a_sentence_of_its_own() -> None:
    text = "- first thing\n- second thing\n\n| a | 1 |\n| b | 2 |\n"
    document = _document(text)
    sentences = [s.of(text) for one in cut(document, "en", _OFFSETS, 60) for s in one.sentences]
    assert sentences == ["- first thing", "- second thing", "| a | 1 |", "| b | 2 |"]


def test_each_line_of_a_table_without_blanks_is_a_sentence_of_its_own() -> None:
    rows = [
        "|Model|Voltage|Warranty period|Remarks of the service|",
        "|---|---|---|---|",
        "|G40|230 V|two years from the day of purchase|keep the receipt|",
        "|G50|110 V|three years from the day of purchase|sold abroad|",
    ]
    document = _document("\n".join(rows))
    found = [s.of(document.text) for one in cut(document, "en", _OFFSETS, 200) for s in one.sentences]
    assert found == rows


def test_a_row_is_one_sentence_whatever_its_cells_hold_unless_it_is_long() -> None:
    rows = ["Code | What to say | Cause", "E06 | Look for ice. Restart once. | Low charge. Or a fan."]
    rows.append("E07 | " + "Call the installer now. " * 14 + "| Fan.")
    document = _document("\n".join(rows) + "\n", "a.txt")
    found = [s.of(document.text) for one in cut(document, "en", _OFFSETS, 200) for s in one.sentences]
    assert (found[:2], len(found)) == (rows[:2], 2 + 15)


def test_a_question_stands_in_one_passage_with_what_follows_it() -> None:
    talk = [
        f"**NG:** And what of the tank{'s' * (number % 2)}?\n\n**GP:** I never saw it at all.\n\n"
        for number in range(30)
    ]
    for passage in _passages("".join(talk), budget=30):
        assert not passage.endswith("?")
    asked = "It was late. " * 9 + "Who was there? It was a man of the works, I think."
    assert "I think." in next(one for one in _passages(asked, budget=24) if "Who was there?" in one)
    turn = "**NG:** " + "The works had been closed for years and nobody went there. " * 4 + "Did you see the tank?"
    assert _passages(f"{turn}\n\n**GP:** I never saw it at all.", budget=60)[-1].startswith("Did you see")
    assert _passages(turn, budget=60)[-1].endswith("there. Did you see the tank?")  # nothing follows
    assert _passages(f"# A\n\n{turn}\n\n# B\n\nEnd.", budget=60)[-2].endswith("there. Did you see the tank?")
    assert max(map(len, _passages("Who was there then? " * 60, budget=40))) > 100  # questions alone
    alone = _passages("Who was there? " + "He was " * 40, budget=30)
    assert alone[0] == "Who was there?"  # both do not fit


_ROWS = [f"2024-01-{day:02} | Travel expenses for the conference in Berlin | {day} EUR" for day in range(1, 29)]


@pytest.mark.parametrize("rows", [_ROWS, ["Expenses of the year, all of them in euros and approved", *_ROWS]])
def test_each_row_of_a_page_or_word_document_is_a_sentence_of_its_own(rows: list[str]) -> None:
    cells = "".join(f"<tr><td>{row.replace(' | ', '<td>')}</tr>" for row in rows)
    document = _document(f"<h1>Expenses</h1><table>{cells}</table>", "a.html")
    found = list(cut(document, "en", _OFFSETS, 60))
    assert [s.of(document.text) for one in found for s in one.sentences] == rows
    assert len(found) > 1


def test_a_line_of_hard_wrapped_prose_may_hold_what_stands_between_cells() -> None:
    text = (
        "The keeper climbed the two hundred steps to the lamp at\n"
        "dusk. He ran sort names | uniq and filled the bowl with\n"
        "oil, and waited for all the ships to pass by the point.\n"
    )
    document = _document(text, "a.txt")
    assert [len(one.sentences) for one in cut(document, "en", _OFFSETS, 60)] == [2]


def test_a_row_with_a_picture_in_it_stays_one() -> None:
    picture = f"data:image/png;base64,{'iVBOR/+' * 30}=="
    text = f"name\tphoto\tprice\nUlm\t{picture}\t12\nBonn\t-\t7\n"
    assert _passages(text, budget=400, name="a.tsv") == [
        f"name: Ulm; photo: {picture}; price: 12",
        "name: Bonn; photo: -; price: 7",
    ]


def test_rows_are_a_passage_each() -> None:
    assert _passages("city,trams\nUlm,10\nBonn,4\n", name="a.csv") == ["city: Ulm; trams: 10", "city: Bonn; trams: 4"]


_TICKET = "The customer writes that it stops after ten seconds. We asked for the number."


def test_a_row_over_the_budget_is_divided_between_sentences_and_its_later_passages_say_whose_they_are() -> None:
    text = f'Ticket,Subject,Text,Status\n4711,Grinder,"{_TICKET} {_TICKET}",open\n4712,Kettle,"{_TICKET}",open\n'
    document = _document(text, "a.csv")
    found = list(cut(document, "en", _OFFSETS, 32))
    assert [(one.headings, [s.of(document.text) for s in one.sentences]) for one in found] == [
        ((), ["Ticket: 4711; Subject: Grinder; Text: The customer writes that it stops after ten seconds.",
              "We asked for the number."]),
        (("Ticket: 4711",), ["The customer writes that it stops after ten seconds.", "We asked for the number.;",
                             "Status: open"]),
        ((), ["Ticket: 4712; Subject: Kettle; Text: The customer writes that it stops after ten seconds. "
              "We asked for the number.; Status: open"]),
    ]  # fmt: skip


def test_a_wide_row_is_divided_between_fields() -> None:
    years = range(1960, 1976)
    text = "\n".join(
        [",".join(["Country", *map(str, years)]), ",".join(["Aruba", *(f"{year} per cent" for year in years)])]
    )
    document = _document(text, "a.csv")
    found = list(cut(document, "en", _OFFSETS, 25))
    parts = [one.span.of(document.text) for one in found]
    assert "; ".join(part.removesuffix(";") for part in parts) == document.text.strip()
    assert all(re.match(r"Country: |\d{4}: ", part) for part in parts)
    assert [one.headings for one in found] == [(), *[("Country: Aruba",)] * (len(found) - 1)]
    assert len(found) > 2


def test_a_row_whose_first_field_is_long_is_named_by_its_first_words() -> None:
    first, second = cut(_document(f"Text\n{_TICKET}\n", "a.csv"), "en", _OFFSETS, 12)
    assert (first.headings, second.headings) == (
        (),
        ("Text: The customer writes that it stops after ten seconds. We asked for the",),
    )


def test_a_sentence_over_the_budget_is_divided_between_words() -> None:
    found = _passages("alpha beta gamma delta " * 20, budget=10)
    assert all(len(one.split()) <= 10 for one in found)
    assert " ".join(found) == ("alpha beta gamma delta " * 20).strip()


def test_a_very_long_block_is_never_cut_within_a_word() -> None:
    words = [f"word{number}" for number in range(9000)]
    found = _passages(" ".join(words), budget=50)
    assert " ".join(found).split() == words


def test_a_word_without_end_is_kept_whole_in_text() -> None:
    text = "x" * 100_000
    assert "".join(_passages(text, name="a.txt")) == text


def test_a_word_without_end_is_divided_although_the_model_sees_one_token_in_it() -> None:
    document = _document("x" * 100_000, "a.txt")

    def one_token(text: str) -> NDArray[np.int32]:
        return np.array([[0, len(text)]], np.int32)

    lengths = [len(one.span) for one in cut(document, "en", one_token, 40)]
    assert sum(lengths) == 100_000
    assert max(lengths) <= 40 * 100


def test_the_trail_of_every_passage_is_that_above_it() -> None:
    text = "# A\n\none\n\n## B\n\ntwo\n\n#### C\n\nthree\n\n## D\n\nfour\n\n# E\n\nfive\n\n### F\n\nsix\n"
    trails = [one.headings for one in cut(_document(text), "en", _OFFSETS, 40)]
    assert trails == [(), ("B",), ("B", "C"), ("D",), ("E",), ("E", "F")]


class _Counted(Sequence[Heading]):
    """Headings that count how often one is looked at."""

    def __init__(self, headings: Sequence[Heading]) -> None:
        self._headings, self.looked_at = headings, 0

    def __len__(self) -> int:
        return len(self._headings)

    def __getitem__(self, index: Any) -> Any:
        self.looked_at += 1
        return self._headings[index]


def test_cutting_looks_at_each_heading_a_few_times_however_many_there_are() -> None:
    text = "".join(f"## Part {number}\n\nText {number}.\n\n" for number in range(300))
    document = _document(text)
    counted = _Counted(document.headings)
    expected = list(cut(document, "en", _OFFSETS, 40))
    assert list(cut(replace(document, headings=counted), "en", _OFFSETS, 40)) == expected  # type: ignore[arg-type]
    assert counted.looked_at <= 3 * len(counted)


class _Pieces:
    """Tokens of four characters each, and the text that was tokenised so far."""

    def __init__(self) -> None:
        self.lengths: list[int] = []

    def offsets(self, text: str) -> NDArray[np.int32]:
        """As an embedder's."""
        self.lengths.append(len(text))
        starts = np.arange(0, len(text), 4, np.int32)
        return np.stack([starts, np.minimum(starts + 4, len(text))], axis=1)


def test_tokens_are_made_as_far_as_they_are_asked_for_and_dropped_behind() -> None:
    """So that neither time nor memory for a span grow with the text."""
    pieces = _Pieces()
    tokens = Tokens("abcd" * 10_000_000, pieces.offsets)
    tracemalloc.start()
    assert [tokens.count(Span(at, at + 400)) for at in range(0, 4000, 40)] == [100] * 100
    assert not tokens.exceed(Span(0, 400), 100)
    assert tokens.exceed(Span(0, 404), 100)
    assert len(pieces.lengths) == 1
    for at in range(0, 30_000_000, 100_000):
        tokens.forget(at)
        assert tokens.start_of(at, 10) == at + 40
    assert sum(pieces.lengths) < 30_300_000
    assert tracemalloc.get_traced_memory()[1] < 6_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("text", ["x" * 950, "aaaa" + " " * 1000 + "bbbb", " " * 450 + "a b" + "c" * 620])
def test_tokens_made_in_pieces_are_those_of_the_whole(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stretch without tokens has one each 100 characters, also across the edges of pieces."""

    def words(piece: str) -> NDArray[np.int32]:
        return np.array([match.span() for match in re.finditer(r"[ab]+|c", piece)], np.int32).reshape(-1, 2)

    def starts(piece: int) -> list[int]:
        monkeypatch.setattr(passages, "_TOKENISED", piece)
        tokens = Tokens(text, words)
        return [tokens.start_of(0, index) for index in range(tokens.count(Span(0, len(text))) + 1)]

    whole = starts(10_000)
    assert whole[-1] == len(text)
    assert max(np.diff([0, *whole])) <= 100
    assert all(starts(piece) == whole for piece in (50, 99, 100, 101, 130, 333))


@pytest.mark.parametrize("layout", ["prose", "rows"])
@pytest.mark.parametrize("between", ["One word more. ", "no end and ", "\n\nA paragraph.\n\n", "a line of many\n", "x"])
def test_the_first_passage_of_a_long_text_needs_little_of_it(between: str, layout: Literal["prose", "rows"]) -> None:
    pieces = _Pieces()
    document = Document("a.txt", "", "a", between * (4_000_000 // len(between)), layout=layout)
    tracemalloc.start()
    found = list(islice(cut(document, "en", pieces.offsets, 40), 20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == 20
    assert sum(pieces.lengths) <= 400_000
    assert peak < 8_000_000


def _cut_at_once(text: str, sentences: list[Span], budget: int) -> list[list[Span]]:
    """What a paragraph is divided into where all of it is known; the plain way."""

    def count(first: Span, last: Span) -> int:
        return len(_OFFSETS(text[first.start : last.end]))

    total = count(sentences[0], sentences[-1])
    target = total / -(-total // budget)
    groups: list[list[Span]] = [[]]
    for sentence in sentences:
        group = groups[-1]
        if group and (count(group[0], sentence) > budget or count(group[0], group[-1]) >= target):
            groups.append(group := [])
        group.append(sentence)
    return groups


@pytest.mark.parametrize("sentences", [3, 20, 44, 45, 46, 50, 59, 61, 200, 1000])
def test_a_long_paragraph_is_divided_as_one_that_is_known_as_a_whole(sentences: int) -> None:
    lengths = np.random.default_rng(1).integers(1, 7, sentences)
    text = " ".join(f"{'word ' * int(length)}end." for length in lengths)
    found = list(cut(Document("a.txt", "", "a", text), "en", _OFFSETS, 16))
    whole = [one for passage in found for one in passage.sentences]
    assert [list(one.sentences) for one in found] == _cut_at_once(text, whole, 16)


def test_where_there_are_headings_alone_they_are_quoted_but_never_what_stands_before_the_body() -> None:
    document = load(Path("a.md"), "a.md", b"---\ntitle: Lamps\n---\n# Oil\n\n## Wicks\n")
    (passage,) = cut(document, "en", _OFFSETS, 40)
    assert passage.span.of(document.text) == "# Oil\n\n## Wicks"
