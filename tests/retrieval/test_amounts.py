"""Questions for an amount, and sentences that hold none."""

from __future__ import annotations

import time

import pytest

from retrieval.amounts import lacks_amount


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("how much is the year 6 camp", "The Year 6 camp at the lake is 26 to 28 June and a letter will follow."),
        ("What does a lamp trap cost to buy?", "The smaller trap followed in the 1980s and is cheaper to build."),
        ("How many litres leaked in 2012?", "23. They are these:"),
        ("how much did the mill cost", "The mill (1921) was sold in 1998 and again on 3 May 2021 at 10:30 am."),
        ("How much does the pump weigh?", "The pump came on 2021-10-22, see page 12 [3]."),
        ("How much will members pay?", "The members of the club met on 3 May."),
        ("How many members came?", "The members of the club met on 3 May at a hall in Ghent."),
        ("How much are tickets?", "Tickets are sold at the gate until 6 pm."),
        ("How much is admission?", "Admission is from 10 May."),
        ("How much is parking?", "Parking is behind the hall."),
        ("How many camps are there?", "The camp is 26 to 28 June."),
        ("How many camps are there?", "The camp is from 26 June to 3 July."),
        ("How many stalls open?", "The stalls open on 3 May from 10 am to 5 pm."),
        ("How many members does the club have?", "The club has a room above the bakery."),
    ],
)
def test_dates_items_and_codes_are_no_amount(question: str, sentence: str) -> None:
    assert lacks_amount(question, sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("how much is the year 6 camp", "The Year 6 camp costs £95."),
        ("how much is the year 6 camp", "The Year 6 camp is free."),
        ("How much does the boiler cost?", "The boiler costs £1500."),
        ("How much is the rent?", "It was 2000 a month."),
        ("How much are tickets?", "Tickets are EUR50 at the door."),
        ("How many pupils does the school have?", "The school has 1200 pupils."),
        ("How many came?", "1500 people came to the fair."),
        ("How many may attend?", "Up to 20 may attend."),
        ("How many people does the pie feed?", "The pie feeds six."),
        ("How many people live there?", "It has 3.7m inhabitants."),
        ("How many kilometres long is the trail?", "The trail is 12 km long."),
        ("How many of the 12 members voted?", "12 members voted."),
        ("How many of them came?", "Most of them came."),
        ("How many yards was the pass?", "It was an 18-yard pass."),
        ("How much notice must a tenant give?", "A tenant gives a month's notice in writing."),
        ("How much butter do I need?", "½ cup butter"),
        ("How much water do I need?", "2.5 litres of water"),
        ("How much salt goes in?", "Add a teaspoon of salt."),
        ("How many pupils joined?", "This year 120 pupils joined."),
        ("How many people died?", "The earthquake resulted in 1200 deaths."),
        ("How many members joined?", "In June 24 new members joined."),
        ("How much is the fee?", "The fee is R250."),
        ("How much cleaner do I need?", "Dilute the cleaner 1:20 with water."),
        ("How many pets may I keep?", "You can't keep pets."),
        ("How many languages does it know?", "It knows English, German and French."),
        ("How much did sales grow?", "Sales grew tenfold."),
        ("How much did fares rise?", "Fares rose by 4.5 per cent in 2021."),
        ("How much is the excess?", "Excess: nil"),
        ("How much is the VAT on books?", "Books are exempt from VAT."),
        ("How many dogs may I bring?", "Dogs are forbidden in the park."),
        ("How many eggs do I need?", "An egg, beaten, is stirred in."),
        ("How many children did she have?", "She had a son and a daughter."),
        ("How many tablets should I take?", "Take a tablet in the morning."),
    ],
)
def test_numbers_and_words_that_say_how_much_are_one(question: str, sentence: str) -> None:
    assert not lacks_amount(question, sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How many exams are there?", "Exams are on 3 May and 5 May."),
        ("How many exams are there?", "Exams are on 3 and 5 May."),
        ("How many bank holidays are there in May?", "The bank holidays in May are 6 May and 27 May."),
        ("How many trains stop here?", "Trains stop here at 9:10 and at 17:40."),
    ],
)
def test_several_dates_may_be_what_is_counted(question: str, sentence: str) -> None:
    assert not lacks_amount(question, sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How many countries sent rescue teams?", "France and Japan sent rescue teams with dogs."),
        ("How many languages did Solheim speak?", "Norwegian and German."),
        ("How many founders does the firm have?", "The firm was founded by Anna Berg and Ben Cole."),
        ("How many children did Solheim have?", "She married a painter, with whom she had a daughter, Ragna."),
        ("How many people were arrested in Cork?", "Police arrested a man and his wife in Cork."),
        ("How many people were hurt?", "The crash hurt an elderly woman."),
    ],
)
def test_two_names_or_a_person_may_be_what_is_counted(question: str, sentence: str) -> None:
    assert not lacks_amount(question, sentence)


@pytest.mark.parametrize(
    "question",
    [
        "When does the camp begin?",
        "Who pays the cost of repairs?",
        "What is included in the price?",
        "What does the cost include?",
        "What is the room number?",
        "How long was the shop shut?",
        "How much do we know about the cause?",
        "How do I check how much storage is left?",
        "Who decides how much the fee is?",
        "What did they do to cut costs?",
        "What will reduce the cost?",
        "How many hours is it open?",
        "How many school days will we miss?",
        "How many more working days is the office shut?",
        "How much longer is the road closed?",
        "How much of my data is shared?",
        "How much damage did the fire do?",
        "How much work is left on the bridge?",
        "How much is left to do on the bridge?",
    ],
)
def test_other_questions_ask_for_no_amount(question: str) -> None:
    assert not lacks_amount(question, "The camp is in the woods.")


@pytest.mark.parametrize(
    "text", ["what does it " * 1500, "what do " * 2500, "how much " * 2200, "1," * 10_000, "a-" * 9000, "A and " * 3000]
)
def test_a_long_text_is_looked_through_in_time(text: str) -> None:
    started = time.process_time()
    lacks_amount(text, text)
    lacks_amount("how many", text)
    assert time.process_time() - started < 5
