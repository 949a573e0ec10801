"""Several questions in one message are told apart, and one question stays one."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.parts import split_questions


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "Who wrote Tosca? And when was it first performed?",
            ("Who wrote Tosca?", "And when was it first performed?"),
        ),
        ("who wrote tosca? when was it performed", ("who wrote tosca?", "when was it performed")),
        ("What is the deposit?Can it be waived?", ("What is the deposit?", "Can it be waived?")),
        ("1. Who wrote Tosca?\n2) Where was it sung?", ("Who wrote Tosca?", "Where was it sung?")),
        ("- who wrote Tosca\n- list its three acts", ("who wrote Tosca", "list its three acts")),
        ("who wrote tosca\nwhen was it performed\n", ("who wrote tosca", "when was it performed")),
        (
            "I start on Monday. What should I wear? In which room is it? I am new.",
            ("I start on Monday. What should I wear?", "In which room is it? I am new."),
        ),
        ('Who said "Et tu, Brute?" Was it Caesar?', ('Who said "Et tu, Brute?"', "Was it Caesar?")),
        ("Wer schrieb „Tosca“? Wann war das?", ("Wer schrieb „Tosca“?", "Wann war das?")),
        (
            'How do I hang a 24" screen? How heavy may it be?',
            ('How do I hang a 24" screen?', "How heavy may it be?"),
        ),
        ("¿Quién escribió Tosca? ¿Cuándo se estrenó?", ("¿Quién escribió Tosca?", "¿Cuándo se estrenó?")),
        ("谁写了托斯卡？什么时候首演？", ("谁写了托斯卡？", "什么时候首演？")),
        ("من كتب أوبرا توسكا؟ متى عرضت لأول مرة؟", ("من كتب أوبرا توسكا؟", "متى عرضت لأول مرة؟")),
        ("¿Quién escribió Tosca?¿cuándo se estrenó?", ("¿Quién escribió Tosca?", "¿cuándo se estrenó?")),
        ("מי הרמטכ\"ל בשנה ההיא? מתי הוא מונה לתפקיד?", ("מי הרמטכ\"ל בשנה ההיא?", "מתי הוא מונה לתפקיד?")),
        ("מה כתב ב\"הארץ\" אז? מתי הוא כתב?", ("מה כתב ב\"הארץ\" אז?", "מתי הוא כתב?")),
        ("Was kostet das Brot? In welchem Jahr war das?", ("Was kostet das Brot?", "In welchem Jahr war das?")),
        ("Who won it? In 2020, who lost it?", ("Who won it?", "In 2020, who lost it?")),
        ("Are dogs allowed? On the beach, may they swim?", ("Are dogs allowed?", "On the beach, may they swim?")),
        ("Are cats let in? In May, can’t dogs enter?", ("Are cats let in?", "In May, can’t dogs enter?")),
        ("why do cats enter\ncant dogs enter", ("why do cats enter", "cant dogs enter")),
        ("What about dogs in here? Who owns it?", ("What about dogs in here?", "Who owns it?")),
        ("Hello! Who sang it? Thanks! Where was it sung?", ("Hello! Who sang it?", "Thanks! Where was it sung?")),
        ("谁写了《茶馆》？《家》的作者是谁？", ("谁写了《茶馆》？", "《家》的作者是谁？")),
        ("（谁写了托斯卡？）（什么时候首演？）", ("（谁写了托斯卡？）", "（什么时候首演？）")),
        ("保证期多长?运费由谁支付?", ("保证期多长?", "运费由谁支付?")),
        ("who wrote hamlet?who wrote macbeth?", ("who wrote hamlet?", "who wrote macbeth?")),
        ("Who owns it now? And does the tenant pay?", ("Who owns it now?", "And does the tenant pay?")),
        ("What is a fee? Explain in detail how it is paid.", ("What is a fee?", "Explain in detail how it is paid.")),
        ("Why do dogs bark? Don't cats bark too?", ("Why do dogs bark?", "Don't cats bark too?")),
        ("Is parking free? Do you know who pays?", ("Is parking free?", "Do you know who pays?")),
        ("Is it free? For how long is it?", ("Is it free?", "For how long is it?")),
        ("Can I pay? Within how many days must I?", ("Can I pay?", "Within how many days must I?")),
        ("Who sang it? In which film stars Tom Hanks?", ("Who sang it?", "In which film stars Tom Hanks?")),
        ("Is it open? Only cats, or may dogs enter?", ("Is it open?", "Only cats, or may dogs enter?")),
        ("What is the deposit?🙏 Who pays the rent?", ("What is the deposit?🙏", "Who pays the rent?")),
        ("what is the deposit?🙏🏽❤️who pays the rent?", ("what is the deposit?🙏🏽❤️", "who pays the rent?")),
        (
            "When is the deposit due? Penalty or interest for late payment?",
            ("When is the deposit due?", "Penalty or interest for late payment?"),
        ),
        (
            "Where is the library? Opening hours on Saturdays or Sundays?",
            ("Where is the library?", "Opening hours on Saturdays or Sundays?"),
        ),
        (
            "What does the hire of a bike cost? Insurance against theft or damage?",
            ("What does the hire of a bike cost?", "Insurance against theft or damage?"),
        ),
        (
            "What is the speed limit? Any fine or penalty points?",
            ("What is the speed limit?", "Any fine or penalty points?"),
        ),
        (
            "What is the speed limit? Any fine or penalty points for going faster?",
            ("What is the speed limit?", "Any fine or penalty points for going faster?"),
        ),
        ("(Who sang it in Rome?) (Where was it?)", ("(Who sang it in Rome?)", "(Where was it?)")),
        (
            "When is the rent due\nHow much is the deposit\nWho pays small repairs?",
            ("When is the rent due", "How much is the deposit", "Who pays small repairs?"),
        ),
        ("who wrote tosca\nwhen was it sung?", ("who wrote tosca", "when was it sung?")),
        ("When is rent due?\nHow much is it\nWho pays it", ("When is rent due?", "How much is it", "Who pays it")),
    ],
)  # fmt: skip
def test_several_questions(text: str, parts: tuple[str, ...]) -> None:
    assert split_questions(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "Who wrote Tosca?",
        "Who wrote Tosca? Why?",  # too short to be asked alone
        "Who won the cup in 2019? And in 2020?",
        "Is breakfast included? For children too?",
        "Who wrote it? In which year?",
        "Who wrote it? And in what opera house?",
        "Why doesn't it open? Before the first of May?",
        "Who won the cup in 2019? What about 2020?",
        "Are dogs allowed? And how about cats that are on a lead?",
        "Tosca? When was it first performed?",
        "Hi! How are you? Who wrote Tosca? Thank you!",
        "Can you help me? Who wrote Tosca?",
        'Who sings "Where are you now? Where?" in the film?',
        "Who sang «What's up? What's down?» in 1993?",
        "Who sang What's Up? in the film of that name?",  # the sentence goes on
        'In "Who\'s Afraid of Virginia Woolf?" who plays Martha?',
        'In the FAQ "Can I cancel?" what does it say about fees?',
        "What is https://example.org/?q=who and where is it?",
        "What is https://intranet/doc?ID=4711 about?",
        "What is www.example.org?Who=me about?",
        "Which of the operas of Puccini\nwas first performed in Rome?",  # a line that was too long
        "When was the opera sung\nIs it by Puccini\nWho wrote it?",
        "Who was the singer\nwho was first to sing it?",
        "Which of these is true?\n- Cats are mammals\n- Dogs are reptiles",
        "The lamp is lit at dusk.\nIt goes out at dawn.",
        "What??? Really?!",
        "Is there a deposit? And how much?",
        "Who won the election? By how much?",
        "Is it free? For how long exactly?",
        "Can dogs enter? And why not?",
        "Who is the landlord? And the tenant?",
        "Is there a group discount? For how many people?",
        "Can I cancel? Within how many days?",
        "Is it heated? To how many degrees?",
        "Was the deposit paid? When and by whom?",
        "Is parking free? For whom and how long?",
        "Does the fare go up? On which days and times?",
        "Who won the game? The Lions or the Bears?",
        "Which coach goes there? The red one from the harbour or the blue one?",
        "Which one is lent? An electric bike with a basket or a tandem?",
        "When is the office open? Monday morning or Tuesday evening?",
        "When is the office open? Monday, Tuesday or Wednesday?",
        "Is the pool open? Only in the summer?",
        "Is the pool open? Even on public holidays?",
        "What is the price of the grinder? Or the old kettle?",
        "What does Art. 5 say? And Art. 6?",
        "Is parking free? If not, how much is it?",
        "What is the refund policy? Please explain in simple terms.",
        "What happened on 9/11? Explain it to me like I am five.",
        "When was the bridge built\nDo not include the old one",
        "Who sang it there? Do you know? Can you tell me?",
        "Did he resign? Is that right?",
        "Who sang it there? Is that in the documents or not?",
        "Can you help me with this? Who sang Tosca?",
        "What did Tom (b. 1950?) do in the war?",
        "What is www.example.org?who=me about?",
        "dam construction rivers ecosystem",
        "「なぜ空は青いのか？」と言ったのは誰ですか？",
        "『君たちはどう生きるか？』の著者は誰ですか？",
        "《时间都去哪儿了？》的作者是谁？",
        "（是否需要护照？）怎么填写？",
        "“我们为什么要开会？”这句话是谁说的？",
    ],
)
def test_one_question_stays_one(text: str) -> None:
    assert split_questions(text) == (text,)


def test_what_comes_after_the_fifth_question_stays_with_it() -> None:
    parts = split_questions(" ".join(f"What is number {n}?" for n in range(7)))
    assert parts[:4] == tuple(f"What is number {n}?" for n in range(4))
    assert parts[4:] == ("What is number 4? What is number 5? What is number 6?",)


@pytest.mark.parametrize("text", ["a?", "a? ", "a?🙏", '"a? '])
def test_a_long_text_of_question_marks_is_told_apart_at_once(text: str) -> None:
    began = time.process_time()
    assert len(split_questions((text * 20_000)[:20_000])) == 1
    assert time.process_time() - began < 0.5


@given(st.text('aW h?؟\n"“”-1.)什么', max_size=60))
def test_nothing_but_bullets_and_space_is_lost(text: str) -> None:
    parts = split_questions(text)
    assert 1 <= len(parts) <= 5
    at = 0
    for part in parts:
        found = text.find(part, at)
        assert found >= 0
        assert set(text[at:found]) <= set(" \n-1.)aWh")  # a bullet may be a letter
        at = found + len(part)
    assert text[at:].strip() == ""
