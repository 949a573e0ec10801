"""The dense index against comparing every vector: through changes, filters, and when it is approximate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval import dense
from retrieval.approximate import QUERIES, make_approximate, outgrown, sample_size
from retrieval.dense import DenseIndex, empty_exact

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]
_DIMENSION = 24


def _made(count: int, seed: int) -> Floats:
    """Unit vectors about 200 themes, at the precision in which they are kept."""
    chance = np.random.default_rng(seed)
    themes = np.random.default_rng(0).standard_normal((200, _DIMENSION))
    vectors = themes[chance.integers(200, size=count)] + 0.6 * chance.standard_normal((count, _DIMENSION))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float16).astype(np.float32)


def _nearest(known: dict[int, Floats], question: Floats, count: int) -> list[int]:
    return sorted(known, key=lambda identity: -float(known[identity] @ question))[:count]


def _approximate(vectors: Floats) -> DenseIndex:
    ids = np.arange(len(vectors))
    chunks = [(ids[at : at + 1000], vectors[at : at + 1000]) for at in range(0, len(ids), 1000)]
    sample = vectors[:: max(len(vectors) // sample_size(len(vectors)), 1)]
    return DenseIndex.made_of(make_approximate(sample, _made(QUERIES, 2), len(vectors), chunks))


def _sum_up(index: DenseIndex, known: dict[int, Floats], question: Floats, allowed: Ids | None = None) -> float:
    """The share of the 20 nearest that are found, when what is found is put in order by its own vectors."""
    found = {i: known[i] for i in index.search(question, 20, allowed)[0].tolist()}
    among = known if allowed is None else {i: known[i] for i in allowed.tolist()}
    return len(set(_nearest(found, question, 20)) & set(_nearest(among, question, 20))) / 20


def test_an_exact_index_stays_that_of_its_vectors_through_every_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense, "_MOST_FRESH", 40)
    chance = np.random.default_rng(5)
    vectors = dict(enumerate(_made(1500, 1)))
    known = {i: vectors[i] for i in range(1000)}
    index = DenseIndex.made_of(empty_exact(_DIMENSION))
    index.change(np.zeros(0, np.int64), [(np.array(list(known)), np.array(list(known.values())))])
    bases = set()
    for step in range(30):
        gone = chance.choice(list(known), 6, replace=False)
        come = np.arange(1000 + 8 * step, 1008 + 8 * step)
        index.change(gone, [(come, np.array([vectors[i] for i in come.tolist()]))])
        known = {i: v for i, v in known.items() if i not in gone} | {i: vectors[i] for i in come.tolist()}
        index.save(tmp_path / str(step))
        index = DenseIndex.load(tmp_path / str(step))
        bases.add((tmp_path / str(step) / "base.faiss").stat().st_ino)
        assert len(index) == len(known)
        question = _made(1, 100 + step)[0]
        ids, cosines = index.search(question, 10)
        assert ids.tolist() == _nearest(known, question, 10)
        assert np.allclose(cosines, [known[i] @ question for i in ids.tolist()], atol=1e-6)
        allowed = chance.choice(list(known), 50, replace=False)
        assert set(index.search(question, 10, allowed)[0]) == set(
            _nearest({i: known[i] for i in allowed}, question, 10)
        )
        every = np.array(list(known))
        assert np.array_equal(index.vectors(every), np.array(list(known.values())))
    assert 3 < len(bases) < 12, "the base is shared, and made anew only now and then"


def test_an_approximate_index_finds_what_is_nearest(tmp_path: Path) -> None:
    known = dict(enumerate(_made(12_000, 1)))
    index = _approximate(np.array(list(known.values())))
    assert not index.exact
    index.save(tmp_path / "first")
    index = DenseIndex.load(tmp_path / "first")
    questions = _made(60, 3)
    assert np.mean([_sum_up(index, known, one) for one in questions]) >= 0.99

    gone, come = np.arange(0, 300, 3), np.arange(20_000, 20_050)
    index.change(gone, [(come, _made(50, 4))])
    known = {i: v for i, v in known.items() if i not in gone} | dict(zip(come.tolist(), _made(50, 4), strict=True))
    index.save(tmp_path / "second")
    index = DenseIndex.load(tmp_path / "second")
    first, second = (tmp_path / name / "base.faiss" for name in ("first", "second"))
    assert first.samefile(second)
    assert len(index) == len(known)
    assert np.mean([_sum_up(index, known, one) for one in questions]) >= 0.99
    assert index.search(known[20_007], 1)[0][0] == 20_007
    assert not set(index.search(_made(1, 1)[0], 500)[0]) & set(gone)


@pytest.mark.parametrize("count", [40, 11_000])
def test_a_filter_is_exact_even_where_the_index_is_not(count: int) -> None:
    """However many passages it lets through, and however far they lie from the question."""
    known = dict(enumerate(_made(12_000, 1)))
    index = _approximate(np.array(list(known.values())))
    allowed = np.random.default_rng(8).choice(12_000, count, replace=False)
    for question in _made(20, 3):
        assert _sum_up(index, known, -question, allowed) == 1.0


def test_an_approximate_base_takes_in_what_is_fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "_MOST_FRESH", 100)
    vectors = _made(3000, 1)
    index = _approximate(vectors)
    index.save(tmp_path / "first")
    index = DenseIndex.load(tmp_path / "first")
    index.change(np.arange(50), [(np.arange(5000, 5060), _made(60, 9))])
    index.save(tmp_path / "second")
    assert not (tmp_path / "first" / "base.faiss").samefile(tmp_path / "second" / "base.faiss")
    assert len(DenseIndex.load(tmp_path / "first")) == 3000, "another generation's file is never written to"
    index = DenseIndex.load(tmp_path / "second")
    assert len(index) == 3010
    known = {**dict(enumerate(vectors)), **dict(zip(range(5000, 5060), _made(60, 9), strict=True))}
    known = {i: v for i, v in known.items() if i >= 50}
    assert np.mean([_sum_up(index, known, one) for one in _made(60, 3)]) >= 0.98


def test_an_approximate_base_is_outgrown_by_far_more_or_far_fewer() -> None:
    base = _approximate(_made(4000, 1))._base
    assert [outgrown(base, count) for count in (1500, 3000, 4000, 7000, 9000)] == [True, False, False, False, True]
