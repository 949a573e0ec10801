"""Questions after a number of something else: with which verbs of the sentence they are asked."""

from __future__ import annotations

import pytest

from retrieval.counting import counted_otherwise
from retrieval.other_forms import in_all_forms


@pytest.mark.parametrize(
    ("question", "sentence", "ways"),
    [
        (
            "How many people died in the camps?",
            "Over a million people were detained in the camps.",
            ["How many people detained in the camps?"],
        ),
        (
            "how many ships sank",  # verbs whose vowels change are known
            "The fleet lost some, and forty ships fought on.",
            ["how many ships lost", "how many ships fought"],
        ),
        ("How many people were detained?", "Over a million people were detained in the camps.", []),  # the same verb
        ("How many people were drowned?", "Forty people drown here every year.", []),
        ("How many Danes voted?", "Forty Danes were there.", []),  # no other verb
        ("How many members of Congress voted?", "Forty members resigned.", ["How many members of Congress resigned?"]),
        ("Who died in the camps?", "Over a million people were detained in the camps.", []),
        ("How many?", "Over a million people were detained.", []),
    ],
)
def test_a_verb_that_the_sentence_lacks_is_exchanged_for_those_it_has(
    question: str, sentence: str, ways: list[str]
) -> None:
    assert counted_otherwise(question, in_all_forms(question, ["en"]), sentence, "a million") == ways


def test_at_most_four_ways_are_tried_and_the_answer_itself_is_none_of_them() -> None:
    question = "How many boats capsized, drifted or burnt?"
    sentence = "The harbour counted, repaired, painted and numbered forty boats."
    ways = counted_otherwise(question, in_all_forms(question, ["en"]), sentence, "numbered forty")
    assert ways == [
        "How many boats painted, drifted or burnt?",
        "How many boats repaired, drifted or burnt?",
        "How many boats capsized, painted or burnt?",
        "How many boats capsized, repaired or burnt?",
    ]
