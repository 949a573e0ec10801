"""Codes of letters and digits are read as the documents write them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from retrieval.codes import as_written, with_hyphen
from retrieval.library import Library
from retrieval.types import Correction
from tests.conftest import Write

MANUAL = (
    "Error E-13 means that the door is open. Error E14 means that the lamp is broken. Press F 5 twice. "
    "The Wi-Fi needs a pass word. Write an email to the co-op. Fire fighters of 20-25 fight fire. He resigns. "
    "The B-7 and the B7 are two planes. It hangs on a 4 metre rope, A 5 metre rope or I 6. Paper is A8.\n\n"
    "Take 500 mg at 10am. The card holds 16GB and weighs 1.5\u00a0kg, packed 2.5kg. Add 5 g of salt and 30V. "
    "It is 20 km to the inn, and 20km back. In 12 days 7 m Ms. Ito paid 3 million.\n"
)


Read = Callable[[str], tuple[str, tuple[Correction, ...]]]


@pytest.fixture
def read(library: Library, write: Write) -> Read:
    write("manual.txt", MANUAL)
    library.sync()
    return lambda text: as_written(text, library.searcher())


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        ("What does e13 mean?", "What does E-13 mean?"),
        ("What does E 14 mean?", "What does E14 mean?"),
        ("Is A-8 larger?", "Is A8 larger?"),
        ("e–14, again e–14 and f5", "E14, again E14 and F 5"),
        ("Whose e-mail is it?", "Whose email is it?"),
        ("Is 500mg enough, or 500MG?", "Is 500 mg enough, or 500 mg?"),
        ("The 16 GB card at 10 am", "The 16GB card at 10am"),
        ("Is it 1.5kg or 2.5 kg?", "Is it 1.5\u00a0kg or 2.5kg?"),
        ("Is 5g at 30 V too much?", "Is 5 g at 30V too much?"),
    ],
)
def test_a_code_is_read_as_it_is_written(read: Read, typed: str, read_as: str) -> None:
    text, corrections = read(typed)
    assert text == read_as
    quantities = {"500 mg", "16GB", "10am", "1.5\u00a0kg", "2.5kg", "5 g", "30V"}
    assert {one.read_as for one in corrections} <= {"E-13", "E14", "F 5", "A8", "email"} | quantities
    assert len(corrections) == len(set(corrections)) > 0


@pytest.mark.parametrize(
    "typed",
    [
        "What does E-13 mean?",
        "Is e14 bad?",
        "When is it re-sign time?",  # "resigns" is another word
        "The B-7, or the B7?",
        "What of e15 and E-16?",
        "in 13 of 14 rooms",
        "How big is A4 paper?",
        "Is a5 or i6 larger?",
        "Is a 8 metre rope too long? A 8 metre one?",
        "press f 5",
        "Is it 20km or 20 km?",
        "500 mg, 16GB, 1.5 kg and 2.5kg",
        "Is 501mg or 7.5 kg or 11 am right?",
        "Is 5G, 12d or 47mm there?",  # 5G is no 5 g
        "Was it 12s or the 12s? Is it 3k or 3bnx?",  # twelves
        "Is it in nothing.txt or https://example.org/manual.pdf?",
        "xe13 (e13b)",
        "",
    ],
)
def test_what_is_written_as_typed_or_nowhere_stays(read: Read, typed: str) -> None:
    assert read(typed) == (typed, ())


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        ("Is it 12km or 4.5km long? At 5pm?", "Is it 12 km or 4.5 km long? At 5 pm?"),
        ("Who paid $1.5bn, \u00a320k or $3M?", "Who paid $1.5 billion, \u00a320 thousand or $3 million?"),
        ("Are there 1.5bn cups?", "Are there 1.5 billion cups?"),
        ("In MANUAL.txt, what is it? And in a/net_2021.md?", "In manual, what is it? And in Rules of the net?"),
    ],
)
def test_what_says_the_same_in_other_words_is_no_correction(
    write: Write, read: Read, library: Library, typed: str, read_as: str
) -> None:
    write("a/net_2021.md", "# Rules of the net\n\nNobody fishes.\n")
    library.sync()
    assert read(typed) == (read_as, ())


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        ("Who paid $18 million?", "Who paid $18m?"),
        ("Who got 13 billion, or 1.5 Trillion?", "Who got 13bn, or 1.5tn?"),
        ("Who lent 20 thousand or 2.5 million?", "Who lent 20k or 2.5 m?"),
        ("Did 7 million people flee?", "Did 7m people flee?"),
    ],
)
def test_an_amount_is_read_with_its_scale_in_letters_where_it_stands_so(
    write: Write, read: Read, library: Library, typed: str, read_as: str
) -> None:
    write(
        "news.txt", "Greece got $18m, \u20ac13bn and 1.5tn. Bonn lent \u00a320k, then EUR 2.5 m. Some 7m people fled.\n"
    )
    library.sync()
    assert read(typed) == (read_as, ())
    assert library.ask(typed).missing == ()


@pytest.mark.parametrize(
    "typed", ["Who paid 18 million?", "Who paid 3 million?", "Who paid 30 million?", "6 thousand?"]
)
def test_an_amount_that_stands_in_words_or_not_for_sure_stays(
    write: Write, read: Read, library: Library, typed: str
) -> None:
    write("pool.txt", "The pool is 18m long. It cost $3m, or 3 million and 6,000. The bank holds \u20ac130m.\n")
    library.sync()
    assert read(typed) == (typed, ())


@pytest.mark.parametrize(
    ("said", "typed", "read_as"),
    [
        ("The third quarter was bad, and Q2 was good.", "Was Q3 bad?", "Was third quarter bad?"),
        ("The 3rd-quarter results were bad.", "Were the q3 results bad?", "Were the 3rd-quarter results bad?"),
        ("The third quarter, Q3, was bad.", "Was Q3 bad?", "Was Q3 bad?"),
        ("A third of a quarter was bad.", "Was Q3 bad?", "Was Q3 bad?"),
        ("The fourth quarter was bad.", "Was Q3 or Q44 bad?", "Was Q3 or Q44 bad?"),
    ],
)
def test_a_quarter_is_read_in_words_where_it_stands_in_no_other_way(
    write: Write, library: Library, said: str, typed: str, read_as: str
) -> None:
    write("results.txt", said)
    library.sync()
    assert as_written(typed, library.searcher()) == (read_as, ())


def test_amounts_are_read_in_english_words_where_documents_are_english(library: Library, write: Write) -> None:
    write("haus.txt", "Das Haus am See kostete 3 Millionen. Der Wärter stieg die Stufen zur Lampe hinauf.\n")
    library.sync()
    assert as_written("Wer zahlte $3m oder $1.5bn?", library.searcher()) == ("Wer zahlte $3 m oder $1.5 bn?", ())


def test_a_quantity_in_one_word_is_not_missing_where_it_stands_in_another_form(library: Library, write: Write) -> None:
    write("museum.txt", "It opens at 10 a.m. and weighs 2,500 kg. The walk is 5 kilometres.\n")
    library.sync()
    for typed in ("10am", "2500kg", "5km"):
        assert library.ask(f"Is it {typed}?").missing == ()
    assert library.ask("Is it 7.5kg?").missing == ("7.5",)
    assert library.ask("Is it 9kg?").missing == ("9kg",)


def test_a_file_that_is_named_is_not_missing(library: Library, write: Write) -> None:
    write("contract_2021.txt", "The notice period is a month. No doc is signed.\n")
    library.sync()
    assert library.ask("In contract_2021.txt, what is the notice period?").missing == ()
    assert library.ask("In contract_2022.txt, what is the notice period?").missing == ("contract_2022",)


def test_a_word_is_read_with_the_hyphen_that_it_has(library: Library, write: Write) -> None:
    write("manual.txt", MANUAL)
    library.sync()
    words = ("wifi", "coop", "firefighters", "password", "to", "2025", "a" * 40)
    found = [with_hyphen(word, library.searcher()) for word in words]
    assert found == ["Wi-Fi", "co-op", None, None, None, None, None]
    assert library.ask("How do I join the wifi?").corrections == (Correction("wifi", "Wi-Fi"),)
