"""British and American spellings of a word: "colour" and "color", "kilometres" and "kilometers".

By endings, where hardly another word can come out, and by a list. A spelling that nobody uses does no harm, since no
document has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

_PAIRS = """
aeroplane airplane | ageing aging | aluminium aluminum | anaemia anemia | anaesthesia anesthesia
anaesthetic anesthetic | artefact artifact | cosy cozy | defence defense | diarrhoea diarrhea | doughnut donut
draught draft | encyclopaedia encyclopedia | enrol enroll | foetal fetal | foetus fetus | fulfil fulfill
grey gray | haemoglobin hemoglobin | haemorrhage hemorrhage | jewellery jewelry | judgement judgment | kerb curb
leukaemia leukemia | licence license | manoeuvre maneuver | mediaeval medieval | mould mold | moustache mustache
mum mom | oesophagus esophagus | oestrogen estrogen | offence offense | omelette omelet | orthopaedic orthopedic
paediatric pediatric | plough plow | practise practice | pretence pretense | programme program | pyjamas pajamas
sceptic skeptic | sceptical skeptical | skilful skillful | sulphur sulfur | whisky whiskey | yoghurt yogurt
"""
_FEWEST_LETTERS = 5  # "hour", "four" and "fire" are spelt in one way
_ENDINGS = (  # behind at least two letters, before an ending of its own
    ("our", "or", "ed|ing|ful|less|able|ite|hood|al|er"),
    ("tre", "ter", ""),
    ("tred", "tered", ""),
    ("bre", "ber", ""),
    ("is", "iz", "e|ed|er|ing|able|ation|ational"),
    ("ys", "yz", "e|ed|er|ing"),
    ("logue", "log", ""),
    ("ell", "el", "ed|ing|er"),
    ("all", "al", "ed|ing"),
)
_NEEDED = {"is", "iz", "ys", "yz", "ell", "el", "all", "al"}
"""Beginnings of endings that are none without what follows."""


@cache
def _listed() -> dict[str, str]:
    pairs = [pair.split() for pair in _PAIRS.replace("\n", "|").split("|") if pair.strip()]
    return {one: other for pair in pairs for one, other in (pair, reversed(pair))}


@cache
def _rules() -> tuple[tuple[re.Pattern[str], str], ...]:
    made = []
    for british, american, endings in _ENDINGS:
        for one, other in ((british, american), (american, british)):
            needed = "" if one in _NEEDED else "?"
            made.append((re.compile(rf"(?P<stem>\w\w+){one}(?P<ending>(?:{endings}){needed}s?)"), other))
    return tuple(made)


def other_spellings(word: str) -> Iterator[str]:
    """The word, in lower case, as the other side of the Atlantic may spell it."""
    plural = word.endswith("s") and word[:-1] in _listed()
    listed = _listed().get(word[:-1] if plural else word)
    if listed is not None:
        yield listed + "s" * plural
        return
    if len(word) >= _FEWEST_LETTERS:
        for rule, other in _rules():
            found = rule.fullmatch(word)
            if found is not None:
                yield found["stem"] + other + found["ending"]
