"""The dense index against comparing every vector: through changes, filters, and when it is approximate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval import dense
from retrieval.approximate import nearest, sketch_of
from retrieval.arrays import Floats
from retrieval.dense import DenseIndex
from tests.systems import on_linux

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


def _of(vectors: Floats) -> DenseIndex:
    ids = np.arange(len(vectors))
    return DenseIndex.of(
        _DIMENSION, [(ids[at : at + 1000], vectors[at : at + 1000]) for at in range(0, len(ids), 1000)]
    )


def _recall(index: DenseIndex, known: dict[int, Floats], count: int = 20) -> float:
    """The share of the nearest that are found, over some questions."""
    ids, vectors = np.array(list(known)), np.array(list(known.values()))
    shares = []
    for question in _made(60, 3):
        true = ids[np.argsort(-(vectors @ question))[:count]]
        shares.append(len(np.intersect1d(index.search(question, count)[0], true)) / count)
    return float(np.mean(shares))


@pytest.fixture
def sketched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small numbers for what is big."""
    for name, value in {"EXACT": 1000, "_FEWEST_CHOSEN": 200, "_CHOSEN": 10, "_MOST_BESIDE": 200}.items():
        monkeypatch.setattr(dense, name, value)


def test_an_exact_index_stays_that_of_its_vectors_through_every_change(tmp_path: Path) -> None:
    chance = np.random.default_rng(5)
    vectors = dict(enumerate(_made(1500, 1)))
    known = {i: vectors[i] for i in range(1000)}
    index = DenseIndex.of(_DIMENSION, [])
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


@pytest.mark.usefixtures("sketched")
def test_a_sketched_index_finds_what_is_nearest_through_changes_and_folding(tmp_path: Path) -> None:
    known = dict(enumerate(_made(12_000, 1)))
    index = _of(np.array(list(known.values())))
    assert not index.exact
    index.save(tmp_path / "first")
    index = DenseIndex.load(tmp_path / "first")
    assert _recall(index, known) >= 0.99

    gone, come = np.arange(0, 300, 3), np.arange(20_000, 20_150)
    index.change(gone, [(come, _made(150, 4))])
    known = {i: v for i, v in known.items() if i not in gone} | dict(zip(come.tolist(), _made(150, 4), strict=True))
    index.save(tmp_path / "second")
    index = DenseIndex.load(tmp_path / "second")
    assert len(index) == len(known)
    assert _recall(index, known) >= 0.99
    assert index.search(known[20_007], 1)[0][0] == 20_007
    assert not set(index.search(_made(1, 1)[0], 500)[0]) & set(gone)
    every = np.array(list(known))
    assert np.array_equal(index.vectors(every), np.array(list(known.values())))
    for name in ("base.faiss", "sketch.faiss"):
        assert (tmp_path / "first" / name).samefile(tmp_path / "second" / name), "nothing big is written for a change"

    assert DenseIndex.crowded(tmp_path / "second")
    index.fold()
    index.save(tmp_path / "third")
    assert not DenseIndex.crowded(tmp_path / "third")
    index = DenseIndex.load(tmp_path / "third")
    assert len(index) == len(known)
    assert _recall(index, known) >= 0.99
    assert len(DenseIndex.load(tmp_path / "first")) == 12_000, "another generation's file is never written to"


@pytest.mark.usefixtures("sketched")
def test_what_is_found_by_sketches_is_scored_by_its_vectors() -> None:
    known = dict(enumerate(_made(3000, 1)))
    index = _of(np.array(list(known.values())))
    for question in _made(20, 3):
        ids, cosines = index.search(question, 20)
        assert np.allclose(cosines, [known[i] @ question for i in ids.tolist()], atol=1e-6)
        assert (np.diff(cosines) <= 0).all()


@pytest.mark.usefixtures("sketched")
def test_a_whole_neighbourhood_that_went_hides_nothing_behind_it() -> None:
    """More went than are chosen by their sketches."""
    known = dict(enumerate(_made(3000, 1)))
    index = _of(np.array(list(known.values())))
    question = _made(1, 3)[0]
    order = _nearest(known, question, 2000)
    index.change(np.array(order[:390]), [])
    assert len(set(index.search(question, 20)[0]) & set(order[390:410])) >= 15


@pytest.mark.usefixtures("sketched")
@pytest.mark.parametrize(("count", "share"), [(40, 1.0), (740, 1.0), (760, 0.99), (11_000, 0.99)])
def test_a_filter_hides_nothing_that_it_lets_through(count: int, share: float) -> None:
    """However many passages it lets through; where they are few exactly, however far they lie from the question."""
    known = dict(enumerate(_made(12_000, 1)))
    index = _of(np.array(list(known.values())))
    allowed = np.random.default_rng(8).choice(12_000, count, replace=False)
    among = {i: known[i] for i in allowed.tolist()}
    found = []
    for question in _made(20, 3) * (-1 if share == 1 else 1):
        ids = index.search(question, 20, allowed)[0].tolist()
        assert len(ids) == 20
        assert set(ids) <= set(among)
        found.append(len(set(ids) & set(_nearest(among, question, 20))) / 20)
    assert np.mean(found) >= share


@on_linux
def test_a_loaded_base_is_mapped_not_read(tmp_path: Path) -> None:
    """A million vectors are 768 MB: answering must not hold them in memory of its own."""
    index = _of(_made(2000, 1))
    index.save(tmp_path / "index")
    loaded = DenseIndex.load(tmp_path / "index")
    assert len(loaded) == 2000
    assert str(tmp_path / "index" / "base.faiss") in Path("/proc/self/maps").read_text()


@pytest.mark.usefixtures("sketched")
def test_an_index_is_sketched_once_it_is_big_and_what_comes_at_once_is_folded_at_once(tmp_path: Path) -> None:
    known = dict(enumerate(_made(900, 1)))
    index = _of(np.array(list(known.values())))
    assert index.exact
    index.save(tmp_path / "first")
    more = _made(700, 9)
    index.change(np.zeros(0, np.int64), [(np.arange(5000, 5700), more)])
    known |= dict(zip(range(5000, 5700), more, strict=True))
    assert not index.exact
    index.save(tmp_path / "second")
    index = DenseIndex.load(tmp_path / "second")
    assert not index.exact
    assert len(index) == 1600
    assert not DenseIndex.crowded(tmp_path / "second")
    assert _recall(index, known) >= 0.99


@pytest.mark.parametrize("dimension", [2, 7, 24])
def test_a_sketch_of_any_width_has_the_nearest_among_the_first(dimension: int) -> None:
    import faiss

    vectors = np.random.default_rng(1).standard_normal((2000, dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    flat = faiss.IndexFlatIP(dimension)
    flat.add(vectors)
    told: list[int] = []
    sketch = sketch_of(flat, told.append)
    assert sum(told) == 2000
    gone = np.zeros(2000, bool)
    gone[::2] = True
    for question in vectors[:20]:
        true = [place for place in np.argsort(-(vectors @ question)).tolist() if not gone[place]][:5]
        found = nearest(sketch, question, 200, gone).tolist()
        assert len(found) == 200
        assert set(true) <= set(found)
        assert not gone[found].any()


@pytest.mark.parametrize("many", [False, True], ids=["exact", "sketched"])
def test_what_was_put_in_again_under_its_number_is_found_once(monkeypatch: pytest.MonkeyPatch, many: bool) -> None:
    """As are the passages of a document that got another name."""
    if many:
        monkeypatch.setattr(dense, "EXACT", 1000)
    vectors = _made(4000, 1)
    index = _of(vectors)
    assert index.exact is not many
    part = np.arange(1000)
    index.change(part, [(part, vectors[part])])
    ids = index.search(vectors[5], 60, np.arange(3000))[0].tolist()
    assert len(ids) == len(set(ids)) == 60
    assert ids[0] == 5
