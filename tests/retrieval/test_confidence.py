"""What makes an answer unsure whatever else fits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from retrieval.answering import answer
from retrieval.confidence import confidence, confidence_features
from retrieval.doubts import doubt, doubt_as_read
from retrieval.library import Library
from retrieval.ranking import rank
from retrieval.settings import AnswerSettings
from retrieval.types import Doubt, Filter, Span
from retrieval.windows import pieces, windows
from tests.conftest import Write

FAIR = (
    "The fair in Ghent drew 1,200 visitors in 1987. Pope John XX had opened the first, at 10.30 in the morning. "
    "From 1990\u20131994 and in 2001-03 it was closed. The stand of Apollo 11 was 20km away, and a dozen eggs were "
    "sold. In FY1979, since 14.03.1978, the booth cost less. "
    "The press HX-2200 of the 1960s stood in the hall.\n"
)


def _shares(library: Library, text: str) -> float:
    """The discount on the confidence of an answer, which is what its values alone give."""
    engine = library.engine()
    question = engine.prepare(text)
    hits = rank(question, engine.searcher, engine.weights)
    values = confidence_features(question, hits, engine.searcher)
    german = hits[0].entry.document.language == "de"
    fitted = engine.weights.foreign_confidence if german else engine.weights.confidence
    assert confidence(question, hits, engine.searcher, engine.weights) == fitted.probability(values)
    return _share(doubt(question, pieces(hits, 500)))


def _share_without_other(library: Library, asked: str) -> float:
    """The share that numbers leave of a confidence, of what is ranked without the document other.txt."""
    engine = replace(library.engine(), reader=None)
    question = engine.prepare(asked)
    hits = [hit for hit in rank(question, engine.searcher, engine.weights) if hit.entry.document.path != "other.txt"]
    return _share(doubt(question, pieces(hits, 500)))


def _share(found: Doubt | None) -> float:
    return 1.0 if found is None else found.share


@pytest.mark.parametrize(
    ("number", "nowhere"),
    [
        ("in 1987", False),
        ("in 1988", True),
        ("in 1992", False),  # within a range
        ("in 2002", False),
        ("in 1995", True),
        ("by Apollo 11", False),
        ("by Apollo 13", True),
        ("by HX-2200", False),
        ("by HX-2400", True),
        ("by Pope John 20", False),
        ("by Pope John 23", True),
        ("of 12 eggs", False),
        ("for 20 km", False),
        ("with 20 million", False),
        ("on May 30", False),
        ("at 10:45", False),  # a time
        ("at 10.45", False),
        ("on 3/4", False),
        ("in room B-44", True),
        ("on the 44th", False),
        ("in the 1980s", False),
        ("in 1966", False),  # the 1960s stand there
        ("in 1979", False),  # within FY1979
        ("in 1978", False),  # within a date
        ("on Friday 24 December", False),
        ("on Oct 24", False),
        ("for $2000", False),
        ("for € 2000", False),
        ("for EUR 2000", False),
        ("by the 2019 minutes", True),
        ("with 1500 W", False),
        ("above 1900 m", False),
        ("in 1500 and 1900 mAh", True),
        ("by Pope John 10", False),
    ],
)
def test_a_number_that_no_document_has_is_hardly_answered(
    library: Library, write: Write, number: str, nowhere: bool
) -> None:
    write("fair.txt", FAIR)
    library.sync()
    share = _shares(library, f"How many visitors did the fair in Ghent draw {number}?")
    assert (share == pytest.approx(0.1)) == nowhere


def test_an_answer_names_the_discount_on_its_confidence(library: Library, write: Write) -> None:
    write("fair.txt", FAIR)
    library.sync()
    asked = "How many visitors did the fair in Ghent draw in {}?"
    engine = replace(library.engine(), reader=None)
    held, nowhere = (answer(asked.format(year), engine, AnswerSettings(), 10, Filter()) for year in (1987, 1988))
    assert (held.discount, nowhere.discount) == (1.0, 0.1)
    question = engine.prepare(asked.format(1988))
    hits = rank(question, engine.searcher, engine.weights)
    sure = confidence(question, hits, engine.searcher, engine.weights)
    assert nowhere.confidence == pytest.approx(0.1 * sure, abs=1e-4)


@pytest.mark.parametrize(
    ("asked", "discount"),
    [("Turkey", 1.0), ("Ankara", 1.0), ("turkey", 1.0), ("Greece", 0.1), ("greece", 0.1), ("the country", 1.0)],
)
def test_what_is_said_of_another_government_counts_a_tenth(
    library: Library, write: Write, asked: str, discount: float
) -> None:
    write(
        "arms.txt",
        "Turkey is buying forty jets. Greece called the sale a grave mistake on Friday. "
        "Turkey spent $25 billion on defence last year, according to an institute.\n",
    )
    library.sync()
    given = library.ask(f"How much did {asked} spend on defence last year?")
    assert (given.discount, "$25 billion" in given.excerpts[0].text) == (discount, True)


@pytest.mark.parametrize(
    ("asked", "discount"),
    [("were detained", 1.0), ("have been", 1.0), ("died", 0.25), ("were released", 0.25)],
)
def test_a_number_of_something_else_counts_a_quarter(
    library: Library, write: Write, asked: str, discount: float
) -> None:
    write(
        "camps.txt",
        "The ministry admitted on Friday that it runs three camps in the north. "
        "More than 900 people have been detained in the camps since May, a clerk said. Nobody may visit them.\n",
    )
    library.sync()
    given = library.ask(f"How many people {asked} in the camps?")
    assert (given.discount, "900 people" in given.excerpts[0].text) == (discount, True)


@pytest.mark.parametrize(("words", "discount"), [("a bank", 0.1), ("a pump engineer", 1.0)])
def test_an_answer_that_repeats_the_question_counts_a_tenth(
    library: Library, write: Write, words: str, discount: float
) -> None:
    write(
        "wells.txt",
        "Ann Baker, a pump engineer, had visited 60 wells in Malowa in 1997 on behalf of a bank and found that 41 gave "
        "no water.\n",
    )
    library.sync()
    engine = library.engine()
    assert engine.reader is not None
    question = engine.prepare("What was the name of the bank for which Ann Baker visited Malowa?")
    (hit,) = rank(question, engine.searcher, engine.weights)
    reading = engine.reader.read(question.text, hit.entry.text)
    start = hit.entry.text.index(words)
    pointed = replace(reading, answer=Span(start, start + len(words)), certainty=1.0)
    (piece,) = windows(replace(hit, reading=pointed), 500)
    assert _share(doubt_as_read(question, piece, engine.reader)) == discount


SAID = (
    "Tank 4 of the works holds 18,000 litres.",
    "In 2022 the company reported a profit of 11 million.",
    "Error E18 means that the pump is hot.",
    "A filter of the pump is blocked.",
    "The rise is 4.2 % for grades 1 to 4, and 2 % for grade 12 or above.",
    "If you cancel within 14 days, nothing is due.",
    "The mill was let in 2001 and sold in 2005.",
)


@pytest.mark.parametrize(
    ("asked", "share"),
    [
        ("how many litres does tank 4 hold", 1.0),
        ("how many litres does tank 6 hold", 0.25),
        ("What profit did the company report in 2022?", 1.0),
        ("What profit did the company report in 2023?", 0.25),
        ("what does error E18 mean", 1.0),
        ("what does error E11 mean", 0.25),
        ("what is the rise for grade 3", 1.0),  # of a range
        ("what is the rise for grade 7", 0.25),
        ("what is the rise for grade 13", 1.0),  # or above
        ("who ran the mill in 2003", 1.0),  # between two years
        ("what if I cancel within 10 days", 1.0),
        ("who has 6 tanks", 1.0),  # any number of them
        ("how many filters are blocked", 0.1),
    ],
)
def test_what_is_said_of_another_number_counts_less(library: Library, write: Write, asked: str, share: float) -> None:
    for number, sentence in enumerate(SAID):
        write(f"{number}.txt", sentence)
    write(
        "other.txt",
        "Tank 6, grade 7 and 13, 10 days, 2003, the E11 and the year 2023 are spoken of elsewhere, and 6 tanks.\n",
    )
    library.sync()
    assert _share_without_other(library, asked) == share


@pytest.mark.parametrize(
    ("asked", "said", "share"),
    [
        ("Can I bring 3 guests?", "You may bring 2 guests to the party.", 1.0),  # how many, not which
        ("Can we invite 30 people?", "You can invite 25 people.", 1.0),
        ("Will the council build 300 homes?", "The council will build 250 homes.", 1.0),
        ("Does the barn sleep 6?", "The barn sleeps 8.", 1.0),
        ("Can the hall seat 200?", "The hall can seat 250.", 1.0),
        ("Which barn sleeps 6?", "The barn sleeps 8.", 1.0),
        ("Which village hall can seat 200?", "The hall seats 250.", 1.0),
        ("Does it run on Windows 8?", "It does not run on Windows 10 or older.", 1.0),  # open ends
        ("Does it run on iOS 17?", "It requires iOS 14 or greater.", 1.0),
        ("Does it run on Android 13?", "The app needs at least Android 9.", 1.0),
        ("Does it run on Android 6?", "The app needs at least Android 9.", 0.25),
        ("Does it run on Android 6?", "Versions before Android 9 are not supported.", 1.0),
        ("Does it run on Android 13?", "It runs on anything newer than Android 9.", 1.0),
        ("Does it work with version 5?", "It works with version 3.2 and later.", 1.0),
        ("Can pupils in grade 2 come?", "It is for grade 4 and below.", 1.0),
        ("Can pupils in grade 6 come?", "It is for grade 4 and below.", 0.25),
        ("Can pupils in grade 2 come?", "It is for grades 4 and below.", 1.0),
        ("Is parking allowed in zone 3?", "Parking is allowed in all zones except zone 1.", 1.0),  # of others
        ("Do I need a ticket in hall 4?", "Tickets are only needed in hall 1.", 1.0),
        ("Do I need a ticket in hall 4?", "Tickets are needed in hall 1. They are the only ones.", 0.25),
        ("Can I upgrade from version 3?", "Version 5 is a free upgrade from any earlier version.", 1.0),
        ("How hot is tank 6?", "Water from tank 4 may get 60 degrees hot.", 0.25),  # ordinary prose
        ("What feeds tank 6?", "It is fed from tank 2 and by tank 3.", 0.25),
        ("Where do trains from platform 12 go?", "Trains from platform 9 go north.", 0.25),
        ("Which fees are set under Article 9?", "Fees are set under Article 12 and after a hearing.", 0.25),
        ("What of the crew of Apollo 14?", "After Apollo 11 the crew was held apart.", 0.25),
        ("What happens when tank 6 leaks?", "When tank 4 leaks, the pump stops.", 0.25),
        ("What if pump 3 fails again?", "If pump 2 fails, a lamp is lit.", 0.25),
        ("Does the tank 6 pump leak?", "The tank 4 pump leaks.", 0.25),
        ("Who cleans tank 5?", "The clerk cleans tank 4 and 6 on Monday.", 0.25),
        ("what does error E12 mean", "Error E11, 12 and 14 mean that the pump is hot.", 1.0),
        ("Does it run on Android 8?", "It runs on up to Android 9.", 1.0),
        ("What was revenue in 2023?", "In 2022 revenue was 5m; the next year it was 6m.", 1.0),
        ("What was revenue in 2023?", "In 2022 revenue was 5m and in '23 it was 6m.", 1.0),
    ],
)
def test_a_count_an_open_end_and_what_is_said_of_others_are_no_other_number(
    library: Library, write: Write, asked: str, said: str, share: float
) -> None:
    write("said.txt", said)
    write("other.txt", asked)
    library.sync()
    assert _share_without_other(library, asked) == share


@pytest.mark.parametrize(
    ("asked", "said", "share"),
    [
        ("Which floor is Room 305 on?", "Rooms 301-320 are on the third floor.", 1.0),
        ("Which floor is Room 333 on?", "Rooms 301-320 are on the third floor.", 0.1),
        ("When is Group 12 tested?", "Groups 10 to 15 are tested on Monday.", 1.0),
        ("Does the app run on Windows 11?", "The app runs on Windows 10 or later.", 1.0),
        ("Who flew in Apollo 12?", "Apollo 11, 1969, brought rocks home.", 0.1),  # two numbers, no range
        ("How long is Route 95?", "Route 66, 2448 miles long, is closed.", 0.1),
        ("How high was the toll in 2017?", "The toll fell from 96 in 2015 to 88 in 2019.", 0.1),
        ("Where was the shop in 2030?", "The shop moved in 2019 to 45 Harbour Street.", 0.1),
        ("What does the report say of 2021?", "The report from 2019 says that all is well.", 0.1),
        ("Was the bridge closed in 2015?", "By 2019 the bridge was closed.", 0.1),
        ("Was the shop open in 2021?", "The shop has been shut since 2019.", 1.0),
        ("Was the shop open in 2021?", "The shop has been shut since early May 2019.", 1.0),
        ("Was the shop open in 2018?", "The shop has been shut since 2019.", 0.1),
        ("Is the offer valid in 2027?", "The offer is valid until the end of 2030.", 1.0),
        ("Is the offer valid in 2031?", "The offer is valid until 2030.", 0.1),
        ("Does it fit a mower of the year 2021?", "It fits a mower of 2019 or later.", 1.0),
        ("Who was mayor in 1992?", "Ann Lee was mayor from 1990 to 1994.", 1.0),
        ("Who was mayor in 1992?", "Ann Lee was mayor between 1990 and 1994.", 1.0),
        ("Who was mayor in 1996?", "Ann Lee was mayor from May 1990 to June 1994.", 0.1),
    ],
)
def test_a_number_within_a_range_or_beyond_an_open_end_is_somewhere(
    library: Library, write: Write, asked: str, said: str, share: float
) -> None:
    write("said.txt", said)
    library.sync()
    assert _shares(library, asked) == pytest.approx(share)


def test_the_year_of_a_documents_date_is_no_year_that_no_document_has(library: Library, write: Write) -> None:
    write("fair.txt", "date 2019-05-01 The fair in Ghent drew 1,200 visitors. It rained on both days of the fair.\n")
    library.sync()
    asked = "How many visitors did the fair in Ghent draw in {}?"
    assert [_shares(library, asked.format(year)) for year in (2019, 2018)] == pytest.approx([1.0, 0.1])
    assert [library.ask(asked.format(year)).missing for year in (2019, 2018)] == [(), ("2018",)]


def test_documents_in_another_language_have_a_confidence_of_their_own(library: Library, write: Write) -> None:
    write("messe.txt", "Die Messe in Gent zog im letzten Jahr sehr viele Besucher an. Der Papst hat sie eröffnet.\n")
    library.sync()
    assert _shares(library, "Wer hat die Messe in Gent eröffnet?") == pytest.approx(1.0)
    weights = library.engine().weights
    assert weights.foreign_confidence.bias != weights.confidence.bias


def test_numbers_of_a_german_answer_are_left_to_the_regression(library: Library, write: Write) -> None:
    write("apostel.txt", "Die zwölf Apostel saßen im Jahr davor an einem langen Tisch und aßen dort sehr viel Brot.\n")
    library.sync()
    assert _shares(library, "Wo saßen die Apostel im Jahr 1901 und an Tisch 44?") == pytest.approx(1.0)
