"""The words of an English question in further forms that the documents may have: another number, verb or spelling."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from retrieval.numbers import as_other_numbers, other_numbers
from retrieval.terms import QueryTerm, analyse_query, folded, forms, is_capital
from retrieval.variants import other_spellings
from retrieval.verbs import other_tenses

_WITH_POINTS = r"(\d\d?)\.(\d\d?)\.(\d{4})|(\d{4})\.(\d\d?)\.(\d\d?)"


def in_all_forms(text: str, languages: Collection[str]) -> tuple[QueryTerm, ...]:
    """The terms of a question to a library in these languages, with their further forms where English is among them."""
    terms = analyse_query(text, languages)
    if text.count(".") > 1:
        terms = [part for term in terms for part in _of_date(term, text, languages)]
    if languages and "en" not in languages:
        return tuple(terms)
    numbers = other_numbers(text)
    made = []
    for term in terms:
        word = text[term.start : term.end]
        others = [*_spelt_otherwise(term, text), *as_other_numbers(term, text, numbers)]
        more = [form for other in others for form in forms(other, ["en"])]
        made.append(replace(term, forms=tuple(dict.fromkeys([*term.forms, *other_tenses(folded(word, "en")), *more]))))
    return tuple(made)


def _spelt_otherwise(term: QueryTerm, text: str) -> Iterator[str]:
    """A word's spelling on the other side of the Atlantic; a name, as Gray, has one."""
    if text.isupper() or not is_capital(text, term.start, term.end):
        word = text[term.start : term.end].casefold().replace("’", "'")
        yield from other_spellings(word.removesuffix("'s"))


def _of_date(term: QueryTerm, text: str, languages: Collection[str]) -> Iterator[QueryTerm]:
    """The day, month and year of a date with points, which is one term of the documents that have it so; any other
    term as it is.
    """
    date = re.fullmatch(_WITH_POINTS, text[term.start : term.end])
    if date is None:
        yield term
        return
    for place, part in enumerate(date.groups(), 1):
        if part is not None:
            start, end = date.span(place)
            yield QueryTerm((*forms(part, languages), *term.forms), term.start + start, term.start + end)
