"""Questions for an amount, and sentences that hold none."""

from __future__ import annotations

import pytest

from retrieval.amounts import lacks_amount


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("how much is the year 6 camp", "The Year 6 camp at the lake is 26 to 28 June and a letter will follow."),
        ("What does a lamp trap cost to buy?", "The smaller trap followed in the 1980s and is cheaper to build."),
        ("How many litres leaked in 2012?", "23. They are these:"),
        ("How many people does the pie feed?", "- 600 g of whatever fish there is, and 2 kg of potatoes"),
        ("how long is the Clay Road walk", "Other walks of this series: no. 4 The Clay Road."),
        ("What is the weight of the HX-200?", "The HX-200 (see page 12) came on 3 May 2021 at 10:30 am."),
        ("price of the pump?", "The pump PX4 was sold on 2021-10-22."),
        ("How much did the 3 sisters pay?", "The 3 sisters paid on the 1st of June."),
    ],
)
def test_dates_items_and_codes_are_no_amount(question: str, sentence: str) -> None:
    assert lacks_amount(question, sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("how much is the year 6 camp", "The Year 6 camp costs £95."),
        ("how much is the year 6 camp", "The Year 6 camp is free."),
        ("How many people does the pie feed?", "The pie feeds six."),
        ("How many grams of fish are in the pie?", "- 600 g of whatever fish there is"),
        ("How many of them came?", "Most of them came."),
        ("How many yards was the pass?", "It was an 18-yard pass."),
        ("how long is the Clay Road walk", "The Clay Road walk takes the whole morning."),
        ("How long was the shop shut?", "It was shut until 3 May."),
        ("How far is the mill?", "The mill is close to the bridge."),
        ("How much did fares rise?", "Fares rose by 4.5 per cent in 2021."),
        ("When does the camp begin?", "The camp is in the woods."),  # asks for no amount
        ("Who sold the pump?", "The pump was sold by its owner."),
    ],
)
def test_numbers_and_words_that_say_how_much_are_one(question: str, sentence: str) -> None:
    assert not lacks_amount(question, sentence)
