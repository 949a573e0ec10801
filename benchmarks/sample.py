"""What is measured once, whatever the sizes: how real made text and made vectors are, and how far embedding is from
the processor's limit.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.limit import operations
from benchmarks.made_text import Model, statistics
from benchmarks.made_vectors import Mixture, compared
from retrieval.embedding import Embedder, Encoding, open_embedder
from retrieval.errors import ModelError
from retrieval.loaders import load
from retrieval.passages import cut
from retrieval.settings import EmbeddingSettings, PassageSettings

PASSAGES = 2000
"""As many passages are embedded for real: one half is what made vectors are fitted to, the other judges them."""

_DOCUMENTS = 50  # that statistics are taken of
_BASELINE_TEXTS = 500
_RATED_TEXTS = 500


def passages_of(text: str, embedder: Embedder) -> list[str]:
    """What the library would make of a document."""
    document = load(Path("0.txt"), "0.txt", text.encode())
    budget = min(PassageSettings().tokens, embedder.token_limit)
    return [one.span.of(document.text) for one in cut(document, "en", embedder.token_offsets, budget)]


def measured(model: Model, real: Sequence[str], embedder: Embedder, mixture: Path) -> dict[str, Any]:
    """Fits the mixture and writes it to a file; returns every figure."""
    made = [model.document(number) for number in range(_DOCUMENTS)]
    texts: list[str] = []
    number = 0
    while len(texts) < PASSAGES:
        texts += passages_of(model.document(number), embedder)
        number += 1
    texts = texts[:PASSAGES]
    embedder.settle_precision(None)
    list(embedder.encode_passages(texts[:64]))
    started = time.perf_counter()
    encodings: list[Encoding] = [one for _, one in sorted(embedder.encode_passages(texts), key=lambda pair: pair[0])]
    own = len(texts) / (time.perf_counter() - started)
    tokens = float(np.mean([len(one.tokens) for one in encodings])) + 2  # special tokens are computed too
    fitted = Mixture.fitted(texts[::2], encodings[::2])
    fitted.save(mixture)
    pairs = [(one, fitted.encoding(text, one.offsets)) for text, one in zip(texts[1::2], encodings[1::2], strict=True)]
    return {
        "text": {"real": statistics(real), "made": statistics(made)},
        "vectors": compared(*(np.array([pair[side].vector for pair in pairs]) for side in (0, 1))),
        "tokens": tokens,
        "operations": operations(tokens),
        "passages_per_second": own,
        "baseline_per_second": _baseline_rate(texts[:_BASELINE_TEXTS]),
    }


def rates(model: Model, folder: Path) -> dict[str, float]:
    """Passages a second in every precision that processor and model allow, by the model exported in `folder`."""
    found: dict[str, float] = {}
    texts: list[str] = []
    for precision in ("bf16", "int8", "fp32"):
        embedder = open_embedder(EmbeddingSettings(precision=precision), folder)
        texts = texts or [t for number in range(_DOCUMENTS) for t in passages_of(model.document(number), embedder)]
        with suppress(ModelError):
            settled = embedder.settle_precision(None)
            found[settled] = _rate(embedder, texts[:_RATED_TEXTS])
    return found


def _rate(embedder: Embedder, texts: Sequence[str]) -> float:
    list(embedder.encode_passages(texts[:64]))
    started = time.perf_counter()
    encoded = sum(1 for _ in embedder.encode_passages(texts))
    return encoded / (time.perf_counter() - started)


def _baseline_rate(texts: Sequence[str]) -> float:
    """Passages a second of `SentenceTransformer.encode` at its defaults."""
    from benchmarks.baselines import load_model

    model = load_model()
    model.encode(list(texts[:64]))
    started = time.perf_counter()
    model.encode(list(texts))
    return len(texts) / (time.perf_counter() - started)
