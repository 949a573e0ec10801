"""Numbers of a question that are years, and those that are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from retrieval.doubts import doubt
from retrieval.library import Library
from retrieval.ranking import rank
from retrieval.types import Doubt
from retrieval.windows import pieces
from tests.conftest import Write


def _doubt(library: Library, asked: str, without: str = "") -> Doubt | None:
    """What numbers make unsure of the best passage of those without a document."""
    engine = replace(library.engine(), reader=None)
    question = engine.prepare(asked)
    hits = [hit for hit in rank(question, engine.searcher, engine.weights) if hit.entry.document.path != without]
    return doubt(question, pieces(hits, 500))


@pytest.mark.parametrize(
    "asked",
    [
        "When may a paper be sent? Mine has 1900.",
        "My order costs 1200, is shipping free?",
        "I live at postcode 1050. Where do I apply?",
        "We earn 1800 a month, who helps us?",
        "With an income of 1900, who helps me?",
        "Can the hall hold 1200 people?",
        "Is a paper of 2019 words too long?",
        "Is it between 1000 and 1500 words?",
        "Is the rent between 1000 and 1500 euros?",
        "Is it from 1985 to 2015 pages?",
        "Where is order #1847?",
        "Who pays for order 1947?",
        "Where is my Order 1947 now?",
        "Is an image of 1080 pixels wide enough?",
        "Is 1500 too long?",
        "Who gave Greece 18 million?",
        "Who paid Anna 25 euros?",
    ],
)
def test_a_count_an_amount_and_what_is_the_askers_own_are_no_years(library: Library, write: Write, asked: str) -> None:
    write("notes.txt", "A paper is read twice before it is printed. Greece receives help for its fire brigades.\n")
    library.sync()
    assert _doubt(library, asked) is None


@pytest.mark.parametrize(
    "asked",
    [
        "Who read the paper in 1876?",
        "Who read it between 1990 and 1994?",
        "When in 2019 was the paper read?",
        "What of sales in 2019?",
        "Did sales in 1987 fall?",
        "How did 2019 sales go? And in 1987 visitors?",
        "Who read it in March 2019?",
        "Who read it prior to 1876?",
        "Who read it in the 1870's?",
        "Which 2019 survey is read?",
        "Who read it in 1872 and 1876?",
        "Who read it on 14 March, 2019 at noon?",
        "What does the budget 2023 say?",
        "What is the budget for 2023?",
        "Who read the 2019 minutes?",
        "who won the olympics 2024",
        "What was revenue 2023?",
        "Who won the Olympics 2024 final?",
    ],
)
def test_what_stands_before_a_number_makes_it_a_year(library: Library, write: Write, asked: str) -> None:
    write("notes.txt", "A paper is read twice before it is printed. Greece receives help for its fire brigades.\n")
    library.sync()
    assert _doubt(library, asked) == Doubt.NUMBER_NOWHERE


@pytest.mark.parametrize(
    ("asked", "said", "found"),
    [
        ("Why did the margin fall in Q3?", "In the third quarter it fell, after a rise in Q2.", None),
        ("Why did the margin fall in q1?", "In the 1st quarter the margin fell, after a rise in Q2.", None),
        ("Why did the margin fall in Q3?", "The margin fell in Q2 and a third of it is lost.", Doubt.ANOTHER_NUMBER),
        ("Can the hall hold 1200 people?", "In 2019 the hall was built.", None),
        ("Who built the hall in 1998?", "In 2019 the hall was built.", Doubt.ANOTHER_NUMBER),
    ],
)
def test_a_quarter_in_words_or_a_count_has_no_other_number_in_its_place(
    library: Library, write: Write, asked: str, said: str, found: Doubt | None
) -> None:
    write("said.txt", said)
    write("other.txt", f"{asked} Q1, Q3, 1200 and 1998 are spoken of elsewhere.\n")
    library.sync()
    assert _doubt(library, asked, "other.txt") == found
