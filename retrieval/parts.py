"""Several questions in one message, told apart: by question marks, and by lines that make a list of questions.

In doubt it is one question: statements, courtesies and what is too short to be asked alone stay with their neighbour.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

from retrieval.function_words import is_english
from retrieval.terms import analyse_query

_TELLING = 300  # characters of a question that say whether it is English, or before a mark whether it is in a link
_MOST = 5  # parts; what comes after them stays with the last
_MOST_MARKS = 100  # behind which a question is looked for
_FEWEST_WORDS = 3  # of a question that stands alone

_ENDS_QUOTATION = '"”»’)\\]」』》〉）】'
_MARK = re.compile(rf"(?P<mark>[?？؟])[!?！？؟]*[{_ENDS_QUOTATION}]*")
_QUOTATIONS = (("«", "»"), ("「", "」"), ("『", "』"), ("《", "》"), ("〈", "〉"), ("（", "）"), ("【", "】"))
_GOES_ON = re.compile(rf"(?<=[{_ENDS_QUOTATION}])[^\W\d_]")  # without a space; in scripts without capitals
_JOINS = frozenset("\u200d\ufe0e\ufe0f")  # what joins symbols to one, and says whether they have colours
_LINK = re.compile(r"://|\bwww\.")
_STRAIGHT_MARK = re.compile(r'(?<![\u05d0-\u05ea])"|"(?![\u05d0-\u05ea]\b)')  # none before the last Hebrew letter
_BULLET = re.compile(r"[ \t]*(?:\(?\d{1,2}[.):]|\(?[a-zA-Z][.)]|[-*•–])[ \t]+")
PREPOSITION = r"(?:in|on|at|for|from|to|by|with|of|about|under|during|since|until|after|before|within)"
_AUXILIARY = (
    r"(?:(?:is|are|was|were|do|does|did|can|could|will|would|should|has|have|had)(?:n['’]?t)?|can['’]?t|won['’]?t)"
)
FINITE = rf"(?:{_AUXILIARY}|am|may|might|must|shall|need)"
"""A verb that may begin a question: one that begins with it is answered by yes or no."""

OPENERS = r"(?:(?:and|also|or|but|then|so|plus|next|finally|ok|okay|please)\b,?\s+)*"
"""What may stand before a question and asks nothing."""

ASKS = (
    rf"(?:{PREPOSITION}\s+(?:what|which|whom|whose|how)"
    r"|(?:what|who|when|where|why|how)(?:['’]s)?|whom|whose|which"
    rf"|{_AUXILIARY}|tell me|name|list|explain|describe|define)\s"
)
"""What a question, or a request, begins with."""

_OPENING = re.compile(rf"{OPENERS}{ASKS}", re.IGNORECASE)
_ASKING_WORD = re.compile(rf"{OPENERS}(?:who(?:m|se)?|what|which|when|where|why|how)\b", re.IGNORECASE)
_AND = r"(?:and|or|but|also)\b,?\s+"
_ASKS_NOTHING = rf"(?!.*\b(?:{ASKS}|{FINITE}\s))"
_ENDS = r"[?!.\s]*$"
_SIDE = "[^.?!？]{1,80}"  # of an "or" in a short sentence
_SAME_DETERMINER = "|".join(
    rf"{one}\s{_SIDE}\bor\s+{one}\s{_SIDE}"
    for one in ("the", "an?", "this", "that", "these", "those", "my", "your", "his", "her", "its", "our", "their")
)
_OPTION_WORD = rf"(?!(?:{PREPOSITION}|against|between|through|without|than|any|or)\b)[\w'’-]{{1,60}}"
_OPTION = rf"{_OPTION_WORD}(?:\s+{_OPTION_WORD}){{0,2}}"
_ALTERNATIVES = rf"(?:{_SAME_DETERMINER}|{_OPTION}(?:,\s+{_OPTION}){{0,3}},?\s+or\s+{_OPTION})"
_NOUN = rf"\s+(?!{FINITE}\b)\w[\w-]{{0,60}}"
_ASKED_FOR = (
    rf"(?:{PREPOSITION}\s+(?:what|which)(?:{_NOUN}){{1,2}}(?:\s+(?:and|or|of)(?:{_NOUN}){{1,2}})?"
    rf"|{PREPOSITION}\s+how\s+(?:much|many|long|often)(?:{_NOUN}){{1,3}}"
    rf"|(?:{PREPOSITION}\s+)?(?:when|where|whom?|why|how)(?:\s+(?:much|many|long|often|far|else|exactly|not|so))*)"
)
_CONTINUATION = (
    rf"(?is)(?:{_AND}|(?:{PREPOSITION}|only|even|roughly)\s){_ASKS_NOTHING}|{_ASKS_NOTHING}{_ALTERNATIVES}{_ENDS}"
    rf"|(?:{_AND})*(?:{_ASKED_FOR}(?:\s+(?:and|or)\s+{_ASKED_FOR})*{_ENDS}"
    r"|(?:what|how)\s+about\s|if\s+(?:so|not|yes|no)\b|otherwise\b"
    r"|(?:please,?\s+)?(?:do\s+not|don['’]?t)\s[^?？]*$"
    r"|(?:please,?\s+)?(?:explain|describe)(?:\s+(?:it|this|that|to\s+me|please|briefly|simply))*"
    rf"(?:,?\s+(?:in|with|like)(?:\s+(?!{ASKS})[\w'’-]{{1,60}}){{1,4}})?{_ENDS})"
)
"""What only continues the question before it, as "And in 2020?", "In which year?", "For how many people?", "When and by
whom?", "Only in summer?", "The old one or the new one?" and "If so, how much is it?", or says how to answer it.
"""

COURTESY = re.compile(
    r"(?:(?:hi|hello|hey|there|everyone|thanks|thank you|many thanks|in advance|so much|very much|please|sorry"
    r"|excuse me|good (?:morning|afternoon|evening|day)|how are you|any ideas?|or not|(?:does )?anyone know"
    r"|(?:may|can) i ask(?: you)?(?: something| a question)?|do you know(?: this| that)?"
    r"|(?:can|could) you (?:help(?: me)?(?: with (?:this|that))?|tell me|check|find out)"
    r"|is (?:this|that|it) (?:right|correct|true|in (?:the|my|our|your) (?:documents|files|sources)))"
    r"\b[\s,.:;!?？-]*)+",
    re.IGNORECASE,
)


def split_questions(text: str) -> tuple[str, ...]:
    """The questions of a message in their order, at most five, each as it stands there; one that is one stays whole."""
    pieces = list(_pieces(text))
    if len(pieces) < 2:
        return (text.strip(),)
    kept: list[tuple[int, int]] = []
    begun: int | None = None  # where that begins which waits for a question to stand with
    for start, end in pieces:
        follows = bool(kept) and _continues(text[start:end], text[slice(*kept[-1])])
        if not follows and len(kept) < _MOST and _is_question(text[start:end]):
            kept.append((start if begun is None else begun, end))
            begun = None
        elif kept:
            kept[-1] = (kept[-1][0], end)
        elif begun is None:
            begun = start
    if len(kept) < 2:
        return (text.strip(),)
    return tuple(_without_bullet(text[start:end]) for start, end in kept)


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """The message cut wherever a question may end, without a gap."""
    marks = list(islice(_MARK.finditer(text), _MOST_MARKS))
    ends = {_past_symbols(text, match.end()) for match in marks if _may_end(text, match)}
    lines = [match.start() for match in re.finditer(r"^(?=[^\n]*\S)", text, re.MULTILINE)]
    listed = [start for start in lines if _BULLET.match(text, start)]
    if len(listed) > 1:
        ends.update(listed)
    elif all(_OPENING.match(text, start) for start in lines) and not (marks and _may_be_wrapped(text, lines)):
        ends.update(lines)
    bounds = sorted({0, *ends, len(text)})
    for start, end in pairwise(bounds):
        if text[start:end].strip():
            yield start, end


def _may_be_wrapped(text: str, lines: Sequence[int]) -> bool:
    """Whether one of the lines that begin at these offsets may go on with the one above: it begins with a verb, or in
    small letters where the first does not, as in "the woman / who wrote it".
    """
    return any(not _ASKING_WORD.match(text, at) or text[at].isupper() < text[lines[0]].isupper() for at in lines)


def _may_end(text: str, match: re.Match[str]) -> bool:
    """Whether a question can end with this mark: not within a quotation or a link, nor where the sentence goes on,
    as in small letters behind a bracket or a quotation, or right behind one in a script that has none.
    """
    before = text[: match.end()]
    if _quotes(before):
        return False
    after = text[_past_symbols(text, match.end()) :]
    goes_on = _GOES_ON.match(text, match.end())
    if goes_on and goes_on[0].lower() == goes_on[0].upper():
        return False
    if match["mark"] == "?" and after[:1].strip():
        begins = (after[0].isalpha() and not after[0].islower()) or after[0] in "¿¡" or bool(_OPENING.match(after))
        if not begins or _LINK.search(before[-_TELLING:].rsplit(None, 1)[-1]):
            return False
    following = after.lstrip()
    return not following[:1].islower() or (match[0][-1] not in _ENDS_QUOTATION and bool(_OPENING.match(following)))


def _past_symbols(text: str, at: int) -> int:
    """The offset behind the symbols that stand at an offset, such as emoji."""
    while at < len(text) and (text[at] in _JOINS or unicodedata.category(text[at]).startswith("S")):
        at += 1
    return at


def _quotes(text: str) -> bool:
    """Whether a quotation has begun in a text and not ended. A German one ends with what opens an English one, a
    straight mark behind a number may mean inches, and one before the last letter of a Hebrew word an abbreviation.
    """
    german = text.count("„")
    if german > text.count("“") + text.count("”") if german else text.count("“") > text.count("”"):
        return True
    opened = False
    for match in _STRAIGHT_MARK.finditer(text):
        opened = not opened and not text[: match.start()][-1:].isdigit()
    return opened or any(text.count(begin) > text.count(end) for begin, end in _QUOTATIONS)


def _continues(piece: str, before: str) -> bool:
    """Whether a piece only continues the question before it. The words that tell are English."""
    return bool(re.match(_CONTINUATION, _without_bullet(piece))) and is_english(before[:_TELLING])


def _is_question(piece: str) -> bool:
    """Whether a piece can be asked alone."""
    asked = _without_bullet(piece)
    if len(analyse_query(asked, ["en"])) < _FEWEST_WORDS or COURTESY.fullmatch(asked):
        return False
    return bool(_MARK.search(asked) or _OPENING.match(asked))


def _without_bullet(piece: str) -> str:
    piece = piece.strip()
    bullet = _BULLET.match(piece)
    return piece[bullet.end() :] if bullet else piece
