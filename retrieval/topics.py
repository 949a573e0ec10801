"""Questions that ask for whatever the documents say about something: what they ask about.

"What does the handbook say about cleaning the burrs?" is answered by what is about cleaning the burrs, whether or not
anybody calls that a handbook. English only, as the reader is.
"""

from __future__ import annotations

import re

_KINDS = (
    *("article", "book", "brochure", "contract", "document", "file", "guide", "handbook", "letter", "manual", "memo"),
    *("minutes", "newsletter", "note", "page", "paper", "policy", "policies", "record", "report", "source"),
    *("statement", "text", "website"),
)
_SOURCE = (
    r"(?:it|they|you|we|(?:(?:all|any|one|some) of )?(?:the|this|that|these|those|my|our|your)"
    rf" (?:{'|'.join(_KINDS)})s?)"
)
_SAY = r"(?:say|state|tell (?:me|us)|write|report|explain|mention|know|have)"
_FRAMES = (
    rf"(?:what|anything that|everything that) (?:do|does|did|can|could) {_SOURCE} {_SAY}",
    rf"what(?:['\u2019]s| is| was| has been) (?:said|written|known|mentioned|stated|reported)(?: in {_SOURCE})?",
    rf"(?:is|are|was|were) there (?:anything|something)(?: in {_SOURCE})?",
    rf"(?:do|does|did) {_SOURCE} {_SAY} (?:anything|something)",
    r"(?:(?:can|could|would) you )?(?:please )?(?:tell|show|give) (?:me|us)(?: (?:anything|everything|more))?",
)
_ASKED_ABOUT = re.compile(
    rf"(?P<frame>(?:(?:and|so|but|also|please|ok|okay)\b,? )*(?:{'|'.join(_FRAMES)}))"
    r" (?:about|(?P<on>on)|regarding|concerning) (?P<topic>\S.*)",
    re.IGNORECASE,
)
_NAMES_A_KIND = re.compile(rf"\b(?:{'|'.join(_KINDS)})s?\b", re.IGNORECASE)


def topic(question: str) -> str:
    """What a question asks to hear about, without what frames it; the question as it is where nothing does.

    An "about" stays before a capital, which means nothing at the beginning of a sentence. "On" means it where a kind of
    document is named: what is written on the tomb is not about it.
    """
    found = _ASKED_ABOUT.fullmatch(" ".join(question.split()))
    if found and found["on"] and not _NAMES_A_KIND.search(found["frame"]):
        return question
    about = found["topic"].strip(" ?!.") if found else ""
    if not any(character.isalnum() for character in about):
        return question
    return f"about {about}" if about[0].isupper() else about
