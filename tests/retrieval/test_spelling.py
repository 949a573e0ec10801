"""Misspelt words are read as words of the documents, and words that are merely absent stay what they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from retrieval.library import Library
from retrieval.preparing import Question, prepare
from retrieval.settings import AnswerSettings, EngineSettings
from retrieval.spelling import KNOWN_WORDS, distance, one_edit_away
from retrieval.testing import FakeEmbedder
from retrieval.types import Correction, Filter
from tests.conftest import Write
from training import known_words

POLE = "Roald Amundsen reached the South Pole in 1911. He was ahead of Scott. The harmony aboard was praised.\n"
WORDS = st.text("abc", max_size=7)

Ask = Callable[..., Question]


class PiecesEmbedder(FakeEmbedder):
    """Knows some words; every other one is of two tokens, as a tokenizer breaks what it has never seen."""

    def __init__(self, *known: str) -> None:
        super().__init__()
        self.known = frozenset(known)

    def token_offsets(self, text: str) -> NDArray[np.int32]:
        whole = super().token_offsets(text).tolist()
        pieces = [
            piece
            for start, end in whole
            for piece in ([[start, end]] if text[start:end] in self.known else [[start, start + 1], [start + 1, end]])
        ]
        return np.array([[start, end] for start, end in pieces if start < end], np.int32).reshape(-1, 2)


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Prepares a question for a library of one text; libraries are built once."""
    with ExitStack() as stack:

        @cache
        def library_of(text: str, title: str) -> Library:
            folder = tmp_path_factory.mktemp("one")
            (folder / f"{title}.txt").write_text(text)
            settings = EngineSettings(seeds=folder, library=folder / "library")
            library = stack.enter_context(Library.open(settings, embedder=PiecesEmbedder()))
            library.sync()
            return library

        def prepared(question: str, text: str = POLE, known: tuple[str, ...] = (), title: str = "notes") -> Question:
            return prepare(question, PiecesEmbedder(*known), library_of(text, title).searcher(), Filter())

        yield prepared


def _without_reader(settings: EngineSettings) -> EngineSettings:
    return settings.model_copy(update={"answer": AnswerSettings(read=0)})


def test_a_word_that_no_document_holds_is_read_as_the_nearest_that_one_does(ask: Ask) -> None:
    question = ask("Where did Amundsn’s balloon go?")
    assert question.text == "Where did Amundsen’s balloon go?"
    assert question.corrections == (Correction("Amundsn", "Amundsen"),)
    assert question.corrected.tolist() == [False, False, True, False, False]
    assert question.absent.tolist() == [True, True, False, True, True]
    assert question.missing == ("balloon",)


def test_every_corrected_word_is_marked_where_it_stands_now(ask: Ask) -> None:
    question = ask("Amundsn or Soctt or Amundsn")
    assert question.text == "Amundsen or Scott or Amundsen"
    assert question.corrections == (Correction("Amundsn", "Amundsen"), Correction("Soctt", "Scott"))
    assert question.corrected.tolist() == [True, False, True, False, True]


@pytest.mark.parametrize(
    ("typed", "text", "read_as"),
    [
        ("Amundsn", POLE, "Amundsen"),  # left out
        ("Amundssen", POLE, "Amundsen"),  # put in
        ("Amunbsen", POLE, "Amundsen"),  # exchanged
        ("Amudnsen", POLE, "Amundsen"),  # swapped
        ("mAundsen", POLE, "Amundsen"),
        ("Amudnssen", POLE, "Amundsen"),  # two edits, in a word of nine letters
        ("Amdsen", POLE, None),  # two, in one of six
        ("Wmundsen", POLE, None),  # another first letter
        ("Soctt", POLE, "Scott"),
        ("Tosca", "Maria Tosco kept the archive.\n", None),  # another letter makes another name
        ("Pera", "Lima is in Peru.\n", None),
        ("Harmon", POLE, None),  # a name is only read as a name
        ("harmon", POLE, "harmony"),
        ("1912", POLE, None),
        ("1911s", POLE, None),
        ("Rol", "Roll on.\n", None),  # too short
        ("wehre", "He knew where it was.\n", "where"),
        ("Karlstad", "The bridge of Karlsund is long.\n", None),  # two other letters make another name
        ("insured", "Two people were injured.\n", None),  # a word that is known to be one
        ("halals", "Meet us in the halls.\n", "halls"),
        ("hypotension", "Patients with hypertension rest.\n", None),  # its opposite
        ("intranet", "The internet is down.\n", None),
        ("licensors", "The licensees pay.\n", None),
        ("nitrite", "Keep the nitrate dry.\n", None),
        ("offboarding", "The onboarding takes a day.\n", None),
        ("hypertenson", "Patients with hypertension rest.\n", "hypertension"),
        ("professer", "The professor rests.\n", "professor"),
        ("definate", "A definite answer.\n", "definite"),
        ("Плоттина", "На реке построена Плотина. Высокая Плотина стоит на большой реке.\n", "Плотина"),
    ],
)
def test_what_is_corrected_and_what_is_not(ask: Ask, typed: str, text: str, read_as: str | None) -> None:
    question = ask(f"on {typed}", text)
    assert question.corrections == (() if read_as is None else (Correction(typed, read_as),))


def test_a_word_that_the_embedding_model_knows_is_merely_absent(ask: Ask) -> None:
    text = "The houses stand by the river.\n"
    assert ask("How many houzes are there?", text).corrections == (Correction("houzes", "houses"),)
    assert ask("How many houzes are there?", text, known=("houzes",)).corrections == ()


@pytest.mark.parametrize(
    "question", ["¿Cuándo llegó Amundsn?", "Wann war Amundsn dort?", "Quand Amundsn l'a atteint ?"]
)
def test_a_question_in_a_language_that_no_document_is_in_is_not_respelled(ask: Ask, question: str) -> None:
    assert ask(question).corrections == ()
    assert ask("When was Amundsn there?").corrections == (Correction("Amundsn", "Amundsen"),)


@pytest.mark.parametrize(
    "question",
    ["Kiedy przybył Amundsn", "Gdzie był Amundsn", "Коли прибув Amundsn", "Amundsn nerede", "لماذا وصل Amundsn"],
)
def test_one_word_that_asks_says_that_a_question_is_in_another_language(ask: Ask, question: str) -> None:
    assert ask(question).corrections == ()


@pytest.mark.parametrize(
    ("typed", "text", "read_as"),
    [
        ("échéanec", "Le contrat fixe une échéance. Chaque échéance est annoncée.\n", "échéance"),
        ("l'échéanec", "Le contrat fixe l’échéance. Chaque échéance est annoncée.\n", "échéance"),
        ("Öffnungzseiten", "Es gelten die Öffnungszeiten. Die neuen Öffnungszeiten sind kurz.\n", "Öffnungszeiten"),
        ("йогутр", "Она ест йогурт. Свежий йогурт стоит на столе.\n", "йогурт"),
    ],
)
def test_a_first_letter_may_have_an_accent(ask: Ask, typed: str, text: str, read_as: str) -> None:
    question = ask(f"{typed}", text)
    assert question.corrections == (Correction(typed.rpartition("'")[2], read_as),)
    assert question.corrected.tolist() == [True]


def test_a_word_that_names_nothing_in_the_language_of_the_question_is_no_misspelling(ask: Ask) -> None:
    text = "Die Violen blühen am See. Die vielle steht im Haus.\n"
    assert ask("Wie viele blühen am See?", text).corrections == ()


@pytest.mark.parametrize(
    "word", ["cant", "can't", "can\u2019t", "shouldnt", "wasnt", "wont", "dont", "Doesn't", "they\u2019re", "theyre"]
)
def test_a_contraction_is_no_misspelling_no_name_and_counts_as_not_does(ask: Ask, word: str) -> None:
    question = ask(f"why {word} dogs not enter", "Dogs can enter. He should want a dot; they won the theory.\n")
    assert (question.corrections, question.missing) == ((), ())
    assert not question.named.any()
    assert question.query.idf[1] == question.query.idf[3]


def test_what_only_looks_like_a_contraction_is_a_word(ask: Ask) -> None:
    assert ask("Where is the shed of Jakob Dont").missing == ("shed", "Jakob", "Dont")
    assert ask("WHERE DONT TERNS").missing == ("TERNS",)


def test_a_word_of_a_title_is_no_misspelling(ask: Ask) -> None:
    assert ask("Was Amundsan right?", title="Amundsan").corrections == ()


def test_a_word_that_stands_in_a_title_only_is_what_a_misspelling_is_read_as(ask: Ask) -> None:
    read_as = (Correction("expidition", "expedition"),)
    assert ask("Who led the expidition?", known=("expedition",), title="expedition").corrections == read_as
    assert ask("Who led the expidition?", title="expedition").corrections == ()  # "expedit", its stem, is no word


def test_of_two_words_as_near_the_commoner_is_meant_unless_letters_were_swapped(ask: Ask) -> None:
    tales = "".join(f"# {n}\n\nA planter planted. {'Filler goes here. ' * 9}\n\n" for n in range(4))
    assert ask("which plantter", tales + "# 5\n\nThe plantner.\n").corrections == (Correction("plantter", "planter"),)
    cases = "".join(f"# {n}\n\nIt was a case. {'Filler goes here. ' * 9}\n\n" for n in range(4))
    assert ask("the cuase", cases + "# 5\n\nIt had a cause.\n").corrections == (Correction("cuase", "cause"),)


def test_a_word_with_another_ending_counts_where_the_model_knows_it(ask: Ask) -> None:
    text = "They governed the province for years.\n"
    assert ask("the governmnet", text).corrections == ()
    question = ask("the governmnet", text, known=("government",))
    assert question.corrections == (Correction("governmnet", "government"),)
    assert not question.absent.all()


def test_what_was_removed_is_no_longer_read(settings: EngineSettings, write: Write) -> None:
    write("kept.txt", "The fog horn sounds.\n")
    pole = write("pole.txt", POLE)
    with Library.open(_without_reader(settings), embedder=PiecesEmbedder()) as library:
        library.sync()
        pole.unlink()
        library.sync()
        assert library.ask("Amundsn").missing == ("Amundsn",)
        assert library.ask("Amundsn").corrections == ()


def test_an_answer_says_what_was_read(settings: EngineSettings, write: Write) -> None:
    write("pole.txt", POLE)
    with Library.open(_without_reader(settings), embedder=PiecesEmbedder()) as library:
        library.sync()
        answer = library.ask("Who was Amundsn, and who was Amundsn not?")
        assert answer.question == "Who was Amundsn, and who was Amundsn not?"
        assert answer.corrections == (Correction("Amundsn", "Amundsen"),)
        assert answer.missing == ()


def test_names_are_recognised_without_capitals_by_how_the_documents_write_them(ask: Ask) -> None:
    text = "Then Amundsen wintered. The harmony was praised.\n"
    without = ask("when did amundsen find harmony with tosca", text)
    assert without.named.tolist() == [False, False, True, False, False, False, False]
    with_one = ask("When did amundsen find harmony with Tosca", text)
    assert with_one.named.tolist() == [False, False, False, False, False, False, True]


@cache
def _slow_distance(one: str, other: str) -> int:
    if not one or not other:
        return len(one) + len(other)
    ways = [
        _slow_distance(one[:-1], other) + 1,
        _slow_distance(one, other[:-1]) + 1,
        _slow_distance(one[:-1], other[:-1]) + (one[-1] != other[-1]),
    ]
    if one[-2:] == other[-2:][::-1] and len(one) > 1 and len(other) > 1:
        ways.append(_slow_distance(one[:-2], other[:-2]) + 1)
    return min(ways)


@given(WORDS, WORDS, st.integers(1, 3))
def test_distance_against_a_slow_reference(one: str, other: str, most: int) -> None:
    slow = _slow_distance(one, other)
    assert distance(one, other, most) == slow if slow <= most else distance(one, other, most) > most


@given(st.text("abcxyz", min_size=4, max_size=9))
def test_every_word_one_edit_away_is_made_once(word: str) -> None:
    made = one_edit_away(word)
    assert {distance(word, one, 2) for one in made} == {1}
    short = len(word) < 6
    kept = len(word) * 26 + (0 if short else (len(word) - 1) * 25)  # put in after the first letter; exchanged
    assert len(made) <= kept + 2 * len(word)
    assert word[:2] + "q" + word[2:] in made
    assert (word[:2] + "q" + word[3:] in made) is not short


def test_a_word_that_is_another_with_an_ending_is_no_misspelling(ask: Ask) -> None:
    for known, read_as in ((("wait",), ()), ((), (Correction("waiter", "water"),))):
        assert ask("Where is the waiter?", "The water is cold.\n", known).corrections == read_as


def test_the_list_of_known_words_is_what_its_command_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_words, "KNOWN_WORDS", tmp_path / "words.txt")
    known_words.main()
    assert (tmp_path / "words.txt").read_text("utf-8") == KNOWN_WORDS.read_text("utf-8")
