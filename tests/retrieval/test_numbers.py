"""Numbers and dates of a question in the forms that documents may have them in."""

from __future__ import annotations

import time

import pytest

from retrieval.library import Library
from retrieval.number_words import in_digits
from retrieval.numbers import as_written_in
from retrieval.other_forms import in_all_forms
from retrieval.preparing import prepare
from retrieval.settings import AnswerSettings, EngineSettings
from retrieval.terms import analyse_query
from retrieval.testing import FakeEmbedder
from retrieval.types import Filter
from tests.conftest import Write


def _more(text: str, languages: frozenset[str] = frozenset({"en"})) -> dict[str, list[str]]:
    """The forms that words of a question gain."""
    plain = analyse_query(text, languages)
    pairs = zip(plain, in_all_forms(text, languages), strict=True)
    return {text[a.start : a.end]: list(b.forms[len(a.forms) :]) for a, b in pairs if a != b}


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("the 3rd of eleven men", {"3rd": ["third"], "eleven": ["11"]}),
        ("Fifteen days in the Twentieth century", {"Fifteen": ["15"], "Twentieth": ["20th"]}),
        ("1,000 of 12 and 40", {"1,000": ["thousand"], "12": ["twelv"], "40": ["forti"]}),
        ("twenty-five and thirty first", {"twenty": ["25"], "five": ["25"], "thirty": ["31st"], "first": ["31st"]}),
        ("two hundred", {"two": ["200"], "hundred": ["200"]}),
        ("1.5 million", {"1.5": ["1500000"], "million": ["1500000"]}),
        ("about 2,000 thousand", {"2,000": ["2000000"], "thousand": ["2000000"]}),
        ("1.2345 thousand", {"thousand": ["1000"]}),
        ("two hundred and six", {"two": ["206"], "hundred": ["206"], "six": ["206"]}),
        ("３ of １２", {"３": ["three"], "１２": ["twelv"]}),
        ("one of 21 in 1911", {}),
        ("on 2021-10-02", {"10": ["octob", "oct"], "02": ["2", "2nd"]}),
        ("on 22/10/2021", {"22": ["22nd"], "10": ["octob", "oct"]}),
        ("on 3/4/1999", {"3": ["march", "mar", "3rd"], "4": ["4th", "april", "apr"]}),  # day or month first
        ("on October 22", {"October": ["oct"], "22": ["22nd"]}),
        ("on Oct. 22nd", {"Oct": ["octob"], "22nd": ["22"]}),
        ("the 3rd of May or 5 Sept", {"3rd": ["3", "third"], "5": ["5th", "five"], "Sept": ["septemb", "sep"]}),
        ("in Oct 2021, Nov '21 or December of 2022",
         {"Oct": ["octob"], "Nov": ["novemb"], "December": ["dec"]}),
        ("Since Sept? In october?", {"Sept": ["septemb", "sep"], "october": ["oct"]}),
        ("22-Oct-2021", {"22": ["22nd"], "Oct": ["octob"]}),
        ("the 1980's, the '70s", {"1980": ["80s", "1980s"], "s": ["80s", "1980s"], "70s": ["1970s"]}),
        ("in the 1920s and the 10s", {"1920s": ["20s"], "10s": ["2010s"]}),
        ("Jan Steen or from Jan Steen, who marches in May", {}),
        ("2021/10/22", {"10": ["octob", "oct"], "22": ["22nd"]}),
        ("10/22/21", {"10": ["octob", "oct"], "22": ["22nd"], "21": ["1921", "2021"]}),
        ("2021-13-45 or 1/2/3/2000", {"13": ["thirteen"], "2": ["two"], "3": ["three"]}),
    ],
)  # fmt: skip
def test_numbers_gain_their_other_forms(text: str, more: dict[str, list[str]]) -> None:
    assert _more(text) == more


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("on 22.10.2021.", [("on",), ("22", "22.10.2021", "22nd"), ("10", "22.10.2021", "octob", "oct"),
                            ("2021", "22.10.2021")]),
        ("2021.10.22", [("2021", "2021.10.22"), ("10", "2021.10.22", "octob", "oct"), ("22", "2021.10.22", "22nd")]),
        ("1.2.3 at 10.0.0.1", [("1.2.3",), ("at",), ("10.0.0.1",)]),
    ],
)  # fmt: skip
def test_a_date_with_points_is_asked_for_by_day_month_and_year(text: str, forms: list[tuple[str, ...]]) -> None:
    assert [term.forms for term in in_all_forms(text, {"en"})] == forms


def test_a_date_with_points_is_found_in_german_too() -> None:
    terms = in_all_forms("am 22.10.2021", {"de"})
    assert [(term.forms[0], term.start, term.end) for term in terms[1:]] == [
        ("22", 3, 5), ("10", 6, 8), ("2021", 9, 13)
    ]  # fmt: skip


def test_only_libraries_with_english_documents_are_asked_in_english_forms() -> None:
    assert _more("die 10 Tage", frozenset({"de"})) == {}
    assert _more("die 10 Tage", frozenset({"de", "en"})) == {"10": ["ten"]}
    assert _more("10 days", frozenset()) == {"10": ["ten"]}


def test_a_number_in_another_form_is_not_absent(library: Library, write: Write, embedder: FakeEmbedder) -> None:
    write("log.txt", "The third boat sank on 22 October. It carried eleven men.\n")
    library.sync()
    dated = prepare("Is it 22.10.2021?", embedder, library.searcher(), Filter())
    assert dated.missing == ("2021",)
    question = prepare("3rd, 2021-10-22, 11 or 14", embedder, library.searcher(), Filter())
    words = [question.text[term.start : term.end] for term in question.terms]
    assert dict(zip(words, question.absent.tolist(), strict=True)) == {
        "3rd": False, "2021": True, "10": False, "22": False, "11": False, "or": True, "14": True
    }  # fmt: skip


def test_a_number_in_digits_finds_one_of_two_words(
    settings: EngineSettings, write: Write, embedder: FakeEmbedder
) -> None:
    write("log.txt", "Forty-three men went ashore. The rest stayed with the ships.\n")
    write("other.txt", "Forty men went ashore, and three came back. The ships were gone.\n")
    ranked = settings.model_copy(update={"answer": AnswerSettings(read=0)})
    with Library.open(ranked, embedder=embedder) as library:
        library.sync()
        answer = library.ask("Which 43 men went ashore?")
    assert answer.excerpts[0].citation.document == "log.txt"
    assert answer.missing == ()


@pytest.mark.parametrize(
    ("question", "passage", "asked"),
    [
        (
            "What did the 43 countries say?",
            "Forty-three countries spoke, three left.",
            "What did the forty-three countries say?",
        ),
        ("Which forty-three men?", "43 men and 3 boats.", "Which 43 men?"),
        ("Did 43 men go ashore?", "Forty-three men did.", "Did forty-three men go ashore?"),
        ("Who sold the 1.5 million?", "All of 1,500,000 were sold.", "Who sold the 1,500,000?"),
        ("Who sold all 1500000?", "There were 1.5 million. The 1.5 million were sold.", "Who sold all 1.5 million?"),
        ("Did 250 men go?", "Two hundred and\nfifty went.", "Did two hundred and fifty men go?"),
        ("Did 20 men meet the 20 women?", "Twenty met.", "Did twenty men meet the twenty women?"),
    ],
)
def test_numbers_of_a_question_are_written_as_in_the_passage(question: str, passage: str, asked: str) -> None:
    assert as_written_in(passage, question) == asked


@pytest.mark.parametrize(
    ("question", "passage"),
    [
        ("One man, 2 dogs, two cats?", "Two dogs, 2 cats and 1 man."),
        ("What is new in version 3.5?", "Versions three, five and 35."),
        ("What happened in 1903?", "It was 1904."),
        ("Who came third?", "He came 3rd, in 1903."),
        ("How long is a second?", "It was the 2nd of May."),
        ("When was the attack of 9/11?", "Nine people and eleven dogs remember."),
        ("Who came at 7:10?", "Seven men and ten women."),
        ("Who wrote Apollo 11?", "Eleven men wrote."),
        ("Who led twenty-five thousand men?", "Ann led 5,000 men."),
        ("Who led two hundred and fifty men?", "Ann led 200 men, and 50 more."),
        ("Apollo 11 flew?", "Eleven flew."),
        ("What did 42 percent of the sailors do?", "Forty-two sailors drowned."),
        ("Where is room 42?", "Forty-two sailors drowned."),
        ("Where did minus 42 sailors drown?", "Forty-two sailors drowned."),
        ("Who came at 3 pm?", "Three came."),
        ("Who wrote Nineteen Eighty-Four?", "It has 84 pages."),
        ("Who sold 1,000?", "A thousand were sold."),
        ("Which 7?", "We saw s\u0131x hundred and SEVEN\u0130 hundred."),
        ("Which 4-3 win?", "Four goals to three."),
        ("", "Three."),
    ],
)
def test_other_numbers_and_numbers_that_stand_there_already_are_left(question: str, passage: str) -> None:
    assert as_written_in(passage, question) == question


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("two hundred and fifty", ["250"]),
        ("A hundred and fifty, two hundred and fiftieth", ["150", "250th"]),
        ("one hundred and twenty thousand", ["120000"]),
        ("one thousand two hundred and thirty-four", ["1234"]),
        ("one hundred and one thousand and one, nineteen hundred and five", ["101001", "1905"]),
        ("2.5 million three hundred thousand", ["2800000"]),
        ("a thousand and one nights", ["1001"]),
        ("one or two hundred", ["200"]),
        ("two hundred or three hundred and ten", ["200", "310"]),
        ("one hundred and two hundred", ["200"]),
        ("between five hundred and two thousand", ["500", "2000"]),
        ("Between two hundred and fifty and three hundred", ["250", "300"]),
        ("a hundred, half a million, a few hundred thousand, 9/11, Apollo 11", []),
        ("twenty-one five", []),
        ("5 million and 6 million", ["5000000", "6000000"]),
        ("five thousand and six thousand people", ["5000", "6000"]),
        ("three million four million", ["3000000", "4000000"]),
        ("5 thousand 6 million, five thousand two million", ["5000", "6000000", "5000", "2000000"]),
        ("five thousand two hundred thousand and one", ["5000", "200001"]),
        ("one billion two million three thousand and four", ["1002003004"]),
    ],
)
def test_numbers_of_several_words_are_told_in_digits(text: str, numbers: list[str]) -> None:
    assert [digits for _, _, digits in in_digits(text)] == numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("one hundred second-hand cars", ["100"]),
        ("two hundred one-year-olds", ["200"]),
        ("two hundred third-party apps", ["200"]),
        ("two hundred twenty-five-year-olds", ["200", "25"]),
        ("a twenty-five-year-old in the twenty-first-century", ["25", "21st"]),
        ("twenty first-class seats, a hundred and fifty-year-old", []),
        ("1.5 million-year-old", ["1500000"]),
        ("twenty-one second-hand cars", ["21"]),
    ],
)
def test_a_word_that_a_hyphen_joins_to_the_next_is_no_part_of_a_number_before_it(text: str, numbers: list[str]) -> None:
    assert [digits for _, _, digits in in_digits(text)] == numbers


def test_a_number_may_be_broken_over_a_line_end() -> None:
    assert list(in_digits("two hundred and\nfifty men")) == [(0, 21, "250")]
    assert list(in_digits("between two\nhundred\nand 1.5\nmillion")) == [(8, 19, "200"), (24, 35, "1500000")]
    assert list(in_digits("two\n\nhundred")) == []


@pytest.mark.parametrize(
    "words",
    ["one thousand and ", "a hundred and ", "twenty ", "one hundred thousand two ", "one hundred and two million\n"],
)
def test_a_long_run_of_number_words_takes_no_longer_than_other_text(words: str) -> None:
    started = time.process_time()
    list(in_digits(words * 50_000))
    assert time.process_time() - started < 5


def test_a_number_in_digits_finds_one_of_several_words_and_the_other_way_round(
    settings: EngineSettings, write: Write, embedder: FakeEmbedder
) -> None:
    write("log.txt", "Two hundred and fifty men went ashore. The rest stayed with the ships.\n")
    write("other.txt", "120,000 women of ４５ towns signed. The letter was lost.\n")
    ranked = settings.model_copy(update={"answer": AnswerSettings(read=0)})
    with Library.open(ranked, embedder=embedder) as library:
        library.sync()
        for words in ("250", "２５０", "two hundred and fifty"):
            answer = library.ask(words)
            assert (answer.excerpts[0].citation.document, answer.missing) == ("log.txt", ())
        for words in ("a hundred and twenty thousand women", "１２０,０００", "45"):
            answer = library.ask(words)
            assert (answer.excerpts[0].citation.document, answer.missing) == ("other.txt", ())


def test_letters_that_only_look_like_those_of_a_number_are_none() -> None:
    assert list(in_digits("s\u0131x hundred, S\u0130X HUNDRED, forty-s\u0131x")) == []


@pytest.mark.parametrize("number", ["9" * 5000, "3." + "1" * 5000, "1" + ",000" * 1500])
def test_numbers_of_thousands_of_digits_are_none(number: str) -> None:
    text = f"It cost {number} million."
    assert list(in_digits(text)) == []
    assert as_written_in(text, text) == text


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("World War 2", {"2": ["two", "ii"]}),
        ("world war II and Henry VIII", {"II": ["2"], "VIII": ["8"]}),
        ("the 2 of 3", {"2": ["two"], "3": ["three"]}),
        ("the ii part", {}),
        ("Malcolm X", {}),
    ],
)
def test_a_number_behind_a_name_is_found_in_roman_digits_and_back(text: str, more: dict[str, list[str]]) -> None:
    assert _more(text) == more


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("Who drank the wine?", {"drank": ["drink", "drunk"]}),
        ("who WRITES it", {"WRITES": ["wrote", "written"]}),
        ("She left and found a saw", {}),
    ],
)
def test_irregular_verbs_are_found_in_their_other_forms(text: str, more: dict[str, list[str]]) -> None:
    assert _more(text) == more
    assert _more(text, frozenset({"de"})) == {}
