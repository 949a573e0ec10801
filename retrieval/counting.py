"""What a sentence counts: "over a million were detained" says nothing of how many died.

The reader takes the one for the other now and then. Asked with the verb that stands there it is much surer; less so
where both verbs mean the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from retrieval.function_words import general_share
from retrieval.terms import QueryTerm, analyse, folded
from retrieval.verbs import other_tenses

_HOW_MANY = re.compile(r"\bhow\s+many\b", re.IGNORECASE)
_WORD = re.compile(r"\b[a-z]{3,}\b")
_COMMON = 0.04  # share of passages of general text that have a word which is no verb of its own, as "have" or "there"
_OF_EACH = 2  # words of the question that the sentence lacks, and verbs of the sentence


def counted_otherwise(question: str, terms: Sequence[QueryTerm], sentence: str, answer: str) -> list[str]:
    """A question after a number, with words that the sentence lacks exchanged for the verbs nearest to its answer: at
    most four. The first word, what is counted, stays, and so do names.
    """
    opening = _HOW_MANY.search(question)
    if opening is None:
        return []
    there = {term.text for term in analyse(sentence, "en")}
    asked = [one for one in terms if one.start >= opening.end()]
    lacking = [one for one in asked[1:] if _may_be_a_verb(question, one) and there.isdisjoint(one.forms)][:_OF_EACH]
    at = max(sentence.find(answer), 0)
    verbs = [one for one in _WORD.finditer(sentence) if _is_verb(one[0]) and one[0] not in answer]
    nearest = dict.fromkeys(one[0] for one in sorted(verbs, key=lambda one: abs(one.start() - at)))
    return [question[: one.start] + verb + question[one.end :] for one in lacking for verb in list(nearest)[:_OF_EACH]]


def _may_be_a_verb(question: str, term: QueryTerm) -> bool:
    word = question[term.start : term.end]
    return word.isalpha() and word.islower() and general_share(question, term) < _COMMON


def _is_verb(word: str) -> bool:
    return word.endswith("ed") or bool(other_tenses(folded(word, "en")))
