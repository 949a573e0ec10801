"""British and American spellings of a word: "colour" and "color", "kilometres" and "kilometers".

By endings where no other word can come out, else by lists: "scoured" is not "scored", and a chamber no "chambre". A
spelling that nobody uses does no harm, since no document has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

_PAIRS = """
aeroplane airplane | ageing aging | aluminium aluminum | anaemia anemia | anaesthesia anesthesia
anaesthetic anesthetic | artefact artifact | cosy cozy | defence defense | diarrhoea diarrhea | doughnut donut
encyclopaedia encyclopedia | enrol enroll | foetal fetal | foetus fetus | fulfil fulfill | grey gray
haemoglobin hemoglobin | haemorrhage hemorrhage | jewellery jewelry | judgement judgment | leukaemia leukemia
licence license | manoeuvre maneuver | mediaeval medieval | mould mold | moustache mustache | oesophagus esophagus
oestrogen estrogen | offence offense | omelette omelet | orthopaedic orthopedic | paediatric pediatric | plough plow
practise practice | pretence pretense | programme program | pyjamas pajamas | sceptic skeptic | sceptical skeptical
skilful skillful | sulphur sulfur | whisky whiskey | yoghurt yogurt
calibre caliber | centre center | fibre fiber | lustre luster | meagre meager | sabre saber | sombre somber
spectre specter | theatre theater | litre liter | metre meter | centred centered | metred metered
"""
_OUR = (
    "arm|behavi|cand|clam|col|demean|endeav|fav|ferv|flav|glam|harb|hon|hum|lab|misdemean|neighb|od|parl|ranc|rig|rum|"
    "sav|splend|succ|tum|val|vap|vig"
)
_AL = "dial|equal|initial|marshal|medal|pedal|rival|signal|total"
_ENDINGS = (  # what stands before, both spellings of what follows, and endings behind it
    (rf"(?:discol|dishon|disfav|{_OUR})", "our", "or", "|ed|ing|ful|less|able|ite|hood|al|er"),
    (r"(?:kilo|centi|milli|micro|nano|deci|hecto|deca)(?:me|li)", "tre", "ter", ""),
    (r"\w\w\w+", "is", "iz", "e|ed|er|ing|able|ation|ational"),
    (r"\w\w+", "ys", "yz", "e|ed|er|ing"),
    (r"\w\w+", "logue", "log", ""),
    (r"\w\w+e", "ll", "l", "ed|ing|er"),
    (rf"(?:{_AL})", "l", "", "ed|ing"),
)


@cache
def _listed() -> dict[str, str]:
    pairs = [pair.split() for pair in _PAIRS.replace("\n", "|").split("|") if pair.strip()]
    return {one: other for pair in pairs for one, other in (pair, reversed(pair))}


@cache
def _rules() -> tuple[tuple[re.Pattern[str], str], ...]:
    made = []
    for before, british, american, endings in _ENDINGS:
        for one, other in ((british, american), (american, british)):
            made.append((re.compile(rf"(?P<before>{before}){one}(?P<ending>(?:{endings})s?)"), other))
    return tuple(made)


def other_spellings(word: str) -> Iterator[str]:
    """The word, in lower case, as the other side of the Atlantic may spell it."""
    plural = word.endswith("s") and word[:-1] in _listed()
    listed = _listed().get(word[:-1] if plural else word)
    if listed is not None:
        yield listed + "s" * plural
        return
    for rule, other in _rules():
        found = rule.fullmatch(word)
        if found is not None:
            yield found["before"] + other + found["ending"]
