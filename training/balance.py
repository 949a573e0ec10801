"""How often each question is to be shown, so that its style tells nothing of whether it is answered.

Whoever writes questions gives some away: "my" and "we" where they are answered, "cost" and "how old" where they are
not, or most words of the passage in one kind and few in the other. A reader would learn that instead of reading. So for
each set such signs are fitted to whether a question is answered, and a question counts as much as they speak against
what it is (the overlap weights of Li, Morgan and Zaslavsky, 2018): of those that look alike, as many answered ones are
shown as others, and one that anybody could tell without reading is hardly shown at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from retrieval.arrays import Doubles
from training.offered import Example, Offered

_PARTS = 5  # each is judged by what was fitted to the others
_RARE = 10  # questions that a word must stand in to count
_FIRST = 2  # words of a question that count once more for where they stand
_PENALTY = 0.1
_SHARE_COUNTS = 3.0  # where a word counts 1, so that the penalty holds shares back less
_FEWEST_SHARE = 0.1  # of either kind, in a set that is weighed
_WORD = re.compile(r"\w+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n")


def balanced(examples: Sequence[Example]) -> list[Example]:
    """The examples, each with how often it is to be shown beside the others of its set, once on average; of a set's
    answered questions and the others as many are shown. Those that are held out are weighed among themselves.

    Those without the passage that they were written about count alike, and so do those of a set of which hardly any are
    unanswered: these were not written so, but lost the passage that has their answer.
    """
    made = list(examples)
    for source, held_out in {(one.source, one.held_out) for one in made}:
        of_set = [number for number, one in enumerate(made) if (one.source, one.held_out) == (source, held_out)]
        own = [number for number in of_set if made[number].answered or made[number].about]
        answered = np.array([made[number].answered for number in own])
        if min(answered.sum(), len(own) - answered.sum()) < max(_FEWEST_SHARE * len(own), _RARE * _PARTS):
            continue
        told = likely_answered([made[number] for number in own])
        counts = np.where(answered, 1 - told, told)
        for number, count in zip(own, counts / counts.mean(), strict=True):
            made[number] = replace(made[number], counts=round(float(count), 4))
    return made


def likely_answered(examples: Sequence[Example]) -> Doubles:
    """How likely each question is answered `[n]`, as far as can be told without reading; by a fit to the questions
    about other passages.
    """
    from scipy.sparse import csr_matrix, hstack
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict

    signs = CountVectorizer(ngram_range=(1, 2), min_df=_RARE, binary=True, token_pattern=r"\S+")
    passages = [_passage(one) for one in examples]
    shares = [_shares(one.question, passage.text) for one, passage in zip(examples, passages, strict=True)]
    told = hstack([signs.fit_transform([_style(one.question) for one in examples]), csr_matrix(np.array(shares))])
    fit = LogisticRegression(C=_PENALTY, max_iter=500)
    answered = [one.answered for one in examples]
    groups = [passage.text for passage in passages]
    chances = cross_val_predict(
        fit, told.tocsr(), answered, groups=groups, cv=GroupKFold(_PARTS), method="predict_proba"
    )
    likely: Doubles = chances[:, 1]
    return likely


def told_apart(answered: Sequence[tuple[float, float]], deceived: Sequence[tuple[float, float]]) -> float:
    """The probability that a score of the former is higher than one of the latter, ties counting half; each comes with
    how often its question is shown.
    """
    from sklearn.metrics import roc_auc_score

    scores, counts = zip(*answered, *deceived, strict=True)
    return float(roc_auc_score([True] * len(answered) + [False] * len(deceived), scores, sample_weight=counts))


def _passage(example: Example) -> Offered:
    """The passage that answers, or that the question was written about."""
    return next(one for one in example.passages if (one.right if example.answered else one.own))


def _style(question: str) -> str:
    words = _WORD.findall(question.lower())
    form = ["?mark" if question.rstrip().endswith("?") else "?none", "?small" if question[:1].islower() else "?capital"]
    first = [f"?{place}{word}" for place, word in enumerate(words[:_FIRST])]
    return " ".join([*form, f"?long{len(words) // 3}", *first, "?", *words])


def _shares(question: str, passage: str) -> list[float]:
    """How much of a question stands in the passage, and in the sentence of it that has most, long words more."""
    asked = set(_WORD.findall(question.lower()))
    weights = {word: min(len(word), 8) for word in asked}
    held = [weights.keys() & set(_WORD.findall(text.lower())) for text in (passage, *_SENTENCE.split(passage))]
    shares = [sum(weights[word] for word in some) / max(sum(weights.values()), 1) for some in held]
    whole, best = shares[0], max(shares[1:])
    return [_SHARE_COUNTS * share for share in (whole, best, whole**2, best**2)]
