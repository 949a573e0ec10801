"""Examples made up whole: reports of what two sides said, and rows of tables.

The question sets are about encyclopedia articles, tales and policies. What is made here is what they lack: a side that
speaks through somebody else or under another name, accusations in both directions, tables, and above all questions
about things that a text names without telling what is asked. Names of people are drawn from the texts of the sets.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

Places = tuple[str, tuple[int, int] | None]  # a passage, and where the answer is in it

_COUNTRIES = [
    ("Norway", "Oslo"), ("Brazil", "Brasilia"), ("Kenya", "Nairobi"), ("Japan", "Tokyo"), ("Canada", "Ottawa"),
    ("Egypt", "Cairo"), ("Peru", "Lima"), ("Poland", "Warsaw"), ("Turkey", "Ankara"), ("Iran", "Tehran"),
    ("Russia", "Moscow"), ("France", "Paris"), ("Germany", "Berlin"), ("Spain", "Madrid"), ("Italy", "Rome"),
    ("India", "Delhi"), ("Chile", "Santiago"), ("Cuba", "Havana"), ("Greece", "Athens"), ("Sudan", "Khartoum"),
    ("Ethiopia", "Addis Ababa"), ("Vietnam", "Hanoi"), ("Austria", "Vienna"), ("Hungary", "Budapest"),
    ("Serbia", "Belgrade"), ("Morocco", "Rabat"), ("the United States", "Washington"), ("Britain", "London"),
    ("Portugal", "Lisbon"), ("Ireland", "Dublin"), ("Mexico", "Mexico City"), ("Venezuela", "Caracas"),
]  # fmt: skip
_FIRMS = [
    ("Norvia", "the airline"), ("Teltrom", "the telephone company"), ("Aquarel", "the water company"),
    ("Brenco", "the brewery"), ("Solvane", "the chemical works"), ("Ostra Rail", "the railway"),
    ("Milford Steel", "the steelworks"), ("Carvo", "the carmaker"), ("Lumen", "the power company"),
]  # fmt: skip
_SPEAKERS = {
    True: ["ambassador", "foreign minister", "trade envoy", "delegate"],
    False: ["spokesman", "chairwoman", "managing director", "lawyer"],
}
_GROUPS = ["farmers", "unions", "towns", "teachers", "airlines", "residents", "villages", "doctors", "fishermen"]
_NUMBERS = ["Twelve", "Twenty-six", "Thirty-one", "Nineteen", "Forty", "Fifty-five", "17", "38", "62", "104"]
_DEMANDS = [
    "lower the price of seed", "stop the building of the dam", "withdraw the new timetable", "raise wages by a tenth",
    "publish the figures on pollution", "reopen the schools in the north", "end the ban on night trawling",
    "pay for the damage to the forests", "close the mine near the lake", "give back the stolen paintings",
    "ban the sale of the pesticide", "keep the hospital open over the winter", "share the catch of cod fairly",
]  # fmt: skip
_FAULTS = [
    "poisoning the river", "interfering in its elections", "breaking the treaty on fishing", "stealing patents",
    "hiding the results of the tests", "dumping waste at sea", "paying bribes to officials", "smuggling arms",
    "overcharging its customers", "cheating at the games", "cutting down protected forest", "spreading rumours",
]  # fmt: skip
_INSULTS = ["a fairy tale", "an insult to our workers", "nonsense", "pure invention", "a farce", "blackmail"]
_QUOTES = [
    "The harvest was the best in twenty years",
    "Nobody will tell us how to run our own house",
    "We have waited long enough for an answer",
    "The work will go on, whatever is written in the papers",
    "Half of the wells have run dry since the spring",
    "Our engineers found nothing wrong with the valve",
    "The children should not have to pay for this",
]
_OFFERS = ["meet them halfway", "take part in talks", "share its data", "pay half of the bill", "wait until May"]
_REFUSALS = ["a second vote", "any outside audit", "a ceasefire", "the date proposed", "a lower price"]
_PLACES = ["in Geneva", "at a meeting in Vienna", "before the committee", "in parliament", "at the harbour", "in court"]
_DAYS = ["on Monday", "on Tuesday", "on 4 March", "last week", "on 17 October 2018", "in June", "at noon"]
_PERSON = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+ [A-Z][a-z]+(?=[ ,.])")
_LOWER = re.compile(r"\b[a-z]+\b")
_SHOWN = (2, 5)  # sentences of a passage, at least and at most


@dataclass(frozen=True, slots=True)
class Made:
    """A question and passages, the first of which answers it where `answered`."""

    question: str
    passages: tuple[Places, ...]
    answered: bool


@dataclass(slots=True)
class _Sentence:
    """A sentence, the topics on which it answers, and questions with the words that answer them."""

    text: str
    topics: frozenset[str]
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # topic, question, answer


def people(texts: Sequence[str]) -> list[str]:
    """Names of two words in these texts, neither of which stands there without a capital."""
    lower = {word for text in texts for word in _LOWER.findall(text)}
    found = {name for text in texts for name in _PERSON.findall(text)}
    return sorted(name for name in found if lower.isdisjoint(name.lower().split()))


def reports(names: Sequence[str], count: int, chance: random.Random) -> Iterator[Made]:
    """Questions about `count` reports."""
    for _ in range(count):
        yield from _report(names, chance)


def _report(names: Sequence[str], chance: random.Random) -> Iterator[Made]:
    """Questions about a quarrel between `a`, which is a country or a firm, and others, who make a demand."""
    pick = chance.choice
    state = chance.random() < 0.5
    (a, alias), (c, alias_c), (d, _) = chance.sample(_COUNTRIES if state else _FIRMS, 3)
    reader = pick(_COUNTRIES)[0] if state else pick(list(names))
    role, envoy, silent = pick(_SPEAKERS[state]), *chance.sample(list(names), 2)
    group, number, demand = pick(_GROUPS), pick(_NUMBERS), pick(_DEMANDS)
    fault, fault_of_c, fault_of_a = chance.sample(_FAULTS, 3)
    quotes, years = chance.sample(_QUOTES, 2), chance.sample(range(1950, 2024), 2)
    insult, offer, refusal, place, day = pick(_INSULTS), pick(_OFFERS), pick(_REFUSALS), pick(_PLACES), pick(_DAYS)
    verb, anger = (
        pick(["called on", "urged", "asked", "want"]),
        pick(["rejected", "dismissed", "attacked", "brushed aside"]),
    )
    upper, upper_c = alias[0].upper() + alias[1:], alias_c[0].upper() + alias_c[1:]
    side, n = f"{a} says", number.lower()

    def of_side(answer: str) -> list[tuple[str, str, str]]:
        forms = [f"What did {a} say?", f"What did {a}'s side say?", f"How did {a} respond?", f"What did {alias} say?"]
        forms += [f"What does {a} say about it?", f"How did {alias} react?", f"What is {a}'s position?"]
        return [(side, question, answer) for question in chance.sample(forms, 2)]

    sentences = [
        _Sentence(
            pick(
                [f"{number} {group} {verb} {a} to {demand}.", f"{a[0].upper() + a[1:]} must {demand}, {n} {group} say."]
            ),
            frozenset({"who", "how many", "demand"}),
            [
                ("demand", pick([f"What do the {group} demand?", f"What do the {n} {group} demand?"]), demand),
                ("demand", pick([f"What did the {group} ask {a} to do?", f"What did the {group} want?"]), demand),
                ("demand", pick([f"What did the {n} {group} say?", f"What did the {group} call for?"]), demand),
                ("who", f"Who wants {a} to {demand}?", group),
            ],
        ),
        _Sentence(
            pick([f"Their letter was read {place} {day} by {reader}.", f"{reader} read their letter {place} {day}."]),
            frozenset({"read", "where", "when"}),
            [
                ("read", pick(["Who read the letter?", "By whom was the letter read out?"]), reader),
                ("where", "Where was the letter read?", place.split(" ", 1)[1]),
                (
                    "when",
                    pick(["When was the letter read?", "On which day was the letter read?"]),
                    day.split(" ", 1)[1],
                ),
            ],
        ),
        _Sentence(
            pick([f"It blames {a} for {fault}.", f"It accuses {a} of {fault}."]),
            frozenset({"blamed"}),
            [("blamed", pick([f"What is {a} accused of?", f"What does the letter blame {a} for?"]), fault)],
        ),
        _Sentence(
            f'"{quotes[0]}," the {group} {pick(["said", "wrote", "complained"])}.',
            frozenset({"demand"}),
            [("demand", f"What did the {group} say?", quotes[0])],
        ),
        _Sentence(
            pick([f"{a[0].upper() + a[1:]} has always denied {fault}.", f"{upper} denies {fault}."]),
            frozenset({side, "deny"}),
            [*of_side(fault), ("deny", f"What does {a} deny?", fault)],
        ),
        _Sentence(
            pick(
                [
                    f'Its {role} {envoy} {anger} the letter as "{insult}".',
                    f'Its {role}, {envoy}, called this "{insult}".',
                ]
            ),
            frozenset({side, "envoy", "angry"}),
            [
                *of_side(insult),
                ("envoy", pick([f"Who is the {role} of {a}?", f"Who is {a}'s {role}?"]), envoy),
                ("angry", f'Who spoke of "{insult}"?', envoy),
                ("envoy says", pick([f"What did {envoy} say?", f"What did the {role} say?"]), insult),
            ],
        ),
        _Sentence(
            pick([f'"{quotes[1]}," {envoy} said.', f'{envoy} added: "{quotes[1]}."']),
            frozenset({side, "envoy says"}),
            [("envoy says", f"What did {envoy} say?", quotes[1]), *of_side(quotes[1])],
        ),
        _Sentence(
            f"{envoy} told reporters that {alias} could {offer}, but would not accept {refusal}.",
            frozenset({side, "envoy says", "offer"}),
            [
                ("offer", pick([f"What did {a} offer?", f"What might {a} do?"]), offer),
                ("offer", pick([f"Did {a} accept {refusal}?", f"What did {a} not accept?"]), refusal),
                ("envoy says", f"What did {envoy} tell reporters?", f"{alias} could {offer}"),
            ],
        ),
        _Sentence(
            pick(
                [
                    f"{upper} in turn accused {c} of {fault_of_c}.",
                    f"{upper}, for its part, blamed {c} for {fault_of_c}.",
                ]
            ),
            frozenset({side, "accused c"}),
            [
                ("accused c", pick([f"What did {a} accuse {c} of?", f"What did {alias} blame {c} for?"]), fault_of_c),
                ("accused c", f"Who accused {c} of {fault_of_c}?", upper),
            ],
        ),
        _Sentence(
            pick(
                [f"{upper_c} had accused {alias} of {fault_of_a}.", f"{upper_c} has long accused {a} of {fault_of_a}."]
            ),
            frozenset({"accused a"}),
            [
                ("accused a", pick([f"What did {c} accuse {a} of?", f"What did {c} say about {a}?"]), fault_of_a),
                ("accused a", f"Who accused {a} of {fault_of_a}?", upper_c),
            ],
        ),
        _Sentence(
            pick(
                [
                    f"Letters of this kind were written in {years[0]} and {years[1]}.",
                    f"It is the first since {years[0]}.",
                ]
            ),
            frozenset({"before"}),
        ),
    ]
    passages = _passages([one for one in sentences if chance.random() < 0.8], chance)
    yield from _asked(passages, chance, 5)
    named = [" ".join(one.text for one in passage) for passage in passages]
    untold = [
        f"When did {envoy} become {role}?", f"How old is {envoy}?", f"Where was {envoy} born?", f"Who is {silent}?",
        f"Since when has {envoy} been {role}?", f"Who appointed {envoy}?", f"Who founded {a}?", f"What did {d} say?",
        f"Who is the president of {a}?", f"Where does {envoy} live?", f"How many people work for {a}?",
        f"Who supports {a}?", f"What did {d}'s {role} say?", f"What did {silent} say?", f"Who is the {role} of {d}?",
        f"How much did the {group} pay?", f"What did {d} accuse {a} of?", f"When was {a} founded?",
        f"How many {group} live there?", f"What is the name of the {group}' leader?", f"How much did {a} pay {c}?",
        f"What did {reader} say about {d}?", f"How long did {envoy} speak?", "Who paid for it?", f"Where is {c}?",
    ]  # fmt: skip
    for question in chance.sample(untold, 5):
        yield Made(question, tuple((shown, None) for shown in chance.sample(named, len(named))), answered=False)


def _passages(sentences: Sequence[_Sentence], chance: random.Random) -> list[list[_Sentence]]:
    left, made = list(sentences), []
    while left:
        count = chance.randint(*_SHOWN)
        made.append(left[:count])
        left = left[count:]
    return made


def _asked(passages: Sequence[list[_Sentence]], chance: random.Random, most: int) -> Iterator[Made]:
    asked = [(passage, one, *about) for passage in passages for one in passage for about in one.asked]
    for passage, one, topic, question, answer in chance.sample(asked, min(most, len(asked))):
        shown = " ".join(sentence.text for sentence in passage)
        at = shown.index(one.text) + one.text.index(answer)
        others = [p for p in passages if not any(topic in sentence.topics for sentence in p)]  # nor do these answer
        wrong = [(" ".join(sentence.text for sentence in p), None) for p in others]
        if wrong:
            yield Made(question, ((shown, (at, at + len(answer))), *wrong), answered=True)


_TABLES: list[tuple[str, dict[str, tuple[str, str]]]] = [
    ("river", {"length in km": ("How long is the {}?", "number"), "source": ("Where does the {} begin?", "place"),
               "mouth": ("Where does the {} end?", "place"), "largest city": ("Which city lies on the {}?", "place"),
               "depth in m": ("How deep is the {}?", "number"), "discovered by": ("Who discovered the {}?", "person")}),
    ("town", {"inhabitants": ("How many people live in {}?", "number"), "mayor": ("Who is the mayor of {}?", "person"),
              "founded": ("When was {} founded?", "year"), "country": ("In which country is {}?", "country"),
              "river": ("Which river flows through {}?", "place"), "area": ("How big is {}?", "number")}),
    ("product", {"price": ("How much does the {} cost?", "number"), "weight": ("How heavy is the {}?", "number"),
                 "made in": ("Where is the {} made?", "country"), "supplier": ("Who supplies the {}?", "person"),
                 "in stock": ("How many of the {} are in stock?", "number"),
                 "since": ("Since when is there the {}?", "year")}),
    ("member", {"born": ("When was {} born?", "year"), "home": ("Where does {} live?", "country"),
                "office": ("What is the office of {}?", "place"), "fee": ("How much does {} pay?", "number"),
                "joined": ("When did {} join?", "year"), "sponsor": ("Who is the sponsor of {}?", "person")}),
]  # fmt: skip


def rows(names: Sequence[str], count: int, chance: random.Random) -> Iterator[Made]:
    """Questions about `count` tables of a few rows, which some columns answer and others are missing from."""
    for _ in range(count):
        kind, columns = chance.choice(_TABLES)
        there = chance.sample(sorted(columns), 3)
        table = []
        for name in chance.sample(list(names), chance.randint(2, 4)):
            values = {column: _value(columns[column][1], names, chance) for column in there}
            table.append((name, values, "; ".join([f"{kind}: {name}", *(f"{k}: {v}" for k, v in values.items())])))
        name, values, row = table[0]
        wrong = [(other, None) for _, _, other in table[1:]]
        for column in chance.sample(there, 2):
            answer = values[column]
            at = row.index(f"{column}: {answer}") + len(column) + 2
            question = columns[column][0].format(name)
            yield Made(question, ((row, (at, at + len(answer))), *wrong), answered=True)
        for column in chance.sample(sorted(set(columns) - set(there)), 2):
            yield Made(columns[column][0].format(name), ((row, None), *wrong), answered=False)
        about = chance.choice([value for value in values.values() if not value[0].isdigit()] or [name])
        question = chance.choice(
            ["Who is the mayor of {}?", "How deep is {}?", "When was {} built?", "Who founded {}?"]
        )
        yield Made(question.format(about), ((row, None), *wrong), answered=False)


def _value(kind: str, names: Sequence[str], chance: random.Random) -> str:
    if kind == "number":
        return str(chance.choice([chance.randint(2, 99), chance.randint(100, 9000), chance.randint(10_000, 900_000)]))
    if kind == "year":
        return str(chance.randint(1200, 2023))
    if kind == "country":
        return chance.choice(_COUNTRIES)[0]
    return chance.choice(list(names)) if kind == "person" else chance.choice(list(names)).split()[-1]
