"""Questions about governments, which news calls by their capitals: when they are asked with the passage's names."""

from __future__ import annotations

import pytest

from retrieval.governments import asked_of_another, asked_otherwise
from retrieval.reader import open_reader

_REPORT = "Moscow accused Washington of cheating. The White House called that absurd and urged the Kremlin to talk."


@pytest.mark.parametrize(
    ("question", "passage", "ways"),
    [
        ("What did Norway deny?", "Oslo denied the report.", ["What did Oslo deny?"]),
        ("What did Oslo deny?", "Norway denied the report.", ["What did Norway deny?"]),
        ("what did norway deny", "Oslo denied the report.", ["what did Oslo deny"]),
        ("What did the Kremlin say?", "Russia said no.", ["What did Russia say?"]),
        ("What did Paris say?", "The EU said no; France said yes.", ["What did France say?"]),
        ("Who accused the Netherlands?", "Oslo accused The Hague.", ["Who accused The Hague?"]),
        ("What does London want?", "The UK wants an apology.", ["What does the UK want?"]),
        ("How did Norway’s minister react?", "Oslo reacted calmly.", ["How did Oslo’s minister react?"]),
        (
            "What did Russia accuse the US of?",
            _REPORT,
            [
                "What did Russia accuse Washington of?",
                "What did Russia accuse the White House of?",
                "What did Moscow accuse the US of?",
            ],
        ),
    ],
)
def test_a_government_is_asked_about_by_the_names_of_the_passage(question: str, passage: str, ways: list[str]) -> None:
    assert asked_otherwise(question, passage) == ways


@pytest.mark.parametrize(
    ("question", "passage"),
    [
        ("What is the capital of the United States?", "Washington is a state of the United States on the Pacific."),
        ("How many nuclear plants does France have?", "Paris called for calm."),
        ("What did İndia say?", "New Delhi said no."),
        ("How many people live in Norway?", "Oslo, which denied the report, has 700,000 inhabitants."),  # nobody acts
        ("What did Norway deny?", "The talks in Oslo were denied by all."),  # a place
        ("What did Norway deny?", "Oslo is cold in winter."),  # does nothing
        ("What did Sweden deny?", "Oslo denied the report."),
        ("what did he tell us", "Washington told him nothing."),  # no country
        ("What did the minister deny?", "Oslo denied the report."),
    ],
)
def test_places_and_other_names_stay(question: str, passage: str) -> None:
    assert asked_otherwise(question, passage) == []


def test_the_reader_finds_what_a_country_did_under_the_name_of_its_capital() -> None:
    passage = (
        "The row grew on Friday. Lisbon accused Madrid of holding back water. Madrid accused Lisbon of building dams "
        "without a word. Fishermen on both banks said they had stopped listening."
    )
    answered = {
        question: open_reader().read(question, passage)
        for question in ("What did Portugal accuse Spain of?", "What did Spain accuse Portugal of?")
    }
    words = [passage[one.answer.start : one.answer.end] for one in answered.values()]
    assert ["water" in words[0], "dams" in words[1]] == [True, True]


@pytest.mark.parametrize(
    ("question", "sentence", "answer", "others"),
    [
        (
            "How much did Greece spend?",
            "Turkey spent $25 billion, a report said.",
            "$25 billion",
            ["How much did Turkey spend?"],
        ),
        (
            "how much did greece spend",
            "Bulgaria and Romania spent $1 billion, less than Turkey.",
            "$1 billion",
            ["how much did Romania spend", "how much did Turkey spend"],  # the nearest two
        ),
        ("How much did Athens spend?", "Ankara spent $25 billion.", "$25 billion", ["How much did Ankara spend?"]),
        ("How many Greek ships sank?", "Turkey lost two ships.", "two", ["How many Turkish ships sank?"]),
        ("How many ships did Greece lose?", "The Turks lost two.", "two", ["How many ships did Turkey lose?"]),
        ("Where did the Greeks land?", "The French landed at Chios.", "Chios", ["Where did the French land?"]),
        ("Did the US sign?", "The Dutch signed on Monday.", "on Monday", ["Did the Netherlands sign?"]),
        ("Did America sign?", "South America did not.", "did not", []),
        ("did south america sign?", "Chile did.", "did", []),
        ("When did Russia leave?", "The last Soviet troops left in 1989.", "in 1989", []),
        ("What does the UK fish?", "Scotland fishes for cod.", "cod", []),
        ("How do I polish a table?", "Use French wax.", "wax", []),
        ("Did Mexico sign?", "New Mexico did not, Chile did.", "did", ["Did Chile sign?"]),
        ("How much did Greece spend?", "Athens spent more than Turkey: $30 billion.", "$30 billion", []),
        ("How much did Greece spend?", "The Greek army cost more than Turkey\u2019s.", "more", []),
        ("Who did Greece accuse?", "It accused Turkey.", "Turkey", []),  # the other one is the answer
        ("Who spent more?", "Turkey spent $25 billion.", "$25 billion", []),
        ("How much did Greece spend?", "It spent $25 billion.", "$25 billion", []),
    ],
)
def test_another_government_is_asked_about_where_the_sentence_has_one_instead(
    question: str, sentence: str, answer: str, others: list[str]
) -> None:
    assert asked_of_another(question, sentence, answer) == others
