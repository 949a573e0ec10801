"""Questions as people type them, made from well-formed ones; the same at every run for the same source of chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from training.perturb import keywords, lowered, with_typo

PERTURBATIONS: Mapping[str, Callable[[str, Random], str]] = {
    "typo": with_typo,
    "lower": lambda question, _: lowered(question),
    "keywords": lambda question, _: keywords(question),
}
"""A letter of one longer word swapped, left out or doubled; no capitals and no question mark; stop words dropped."""
