"""What the reader is taught of a question: which rows it is shown, and which of these answer."""

from __future__ import annotations

import random
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from retrieval.reader import FOLDER
from training.offered import Example, Offered
from training.reader import (
    _FIRST_COUNTS,
    _GROUP_DECEIVING,
    _GROUP_UNANSWERED,
    _JUDGES,
    _ORDER_ANSWERS,
    _SPAN_COUNTS,
    _TWIN_COUNTS,
    _UNSURE,
    Reader,
    _batch,
    _group,
    _loss,
    _with_twins,
    train,
)

RIGHT = Offered("The ferry of Solvik leaves at 7:10 from the northern pier.", True, (29, 33), own=True)
OWN = Offered("The ferry of Solvik takes forty cars across the sound.", False, None, own=True)
OTHERS = tuple(Offered(f"The ferry of Ålvik number {n} takes no cars.", False, None, own=False) for n in range(6))


_WRONGLY = Offered(RIGHT.text, False, None, own=True)  # asked about by a question that it does not answer
_UNNAMED = "It leaves every day at 7:10, from the northern pier."
_GROUP = 4


def example(*passages: Offered) -> Example:
    return Example("written", "When does the ferry of Solvik leave?", passages, held_out=False)


@pytest.mark.parametrize("seed", range(20))
def test_the_passage_that_answers_is_the_first_of_its_group(seed: int) -> None:
    rows, _ = _group(example(*OTHERS[:2], RIGHT, *OTHERS[2:]), random.Random(seed), _GROUP)
    assert len(rows) == _GROUP
    assert (rows[0].passage, rows[0].answer) == (RIGHT.text, RIGHT.answer)
    assert len({row.passage for row in rows}) == _GROUP
    assert all(row.answer is None for row in rows[1:])


def test_passages_stand_below_their_titles_and_the_right_one_sometimes_below_another() -> None:
    right, other = replace(RIGHT, text=_UNNAMED, context="Solvik"), replace(OTHERS[0], context="Ålvik")
    shown = [_group(example(right, other), random.Random(seed), _GROUP) for seed in range(200)]
    above = [tuple(row.context for row in rows) for rows, _ in shown]
    assert set(above) == {("Solvik", "Ålvik"), ("", "")}
    assert 0.1 < above.count(("", "")) / len(above) < 0.3
    changed = [(rows[0], row) for rows, more in shown for row in more if row.context != rows[0].context]
    assert 60 < len(changed) < 120
    assert all(row == first._replace(context="Ålvik", answer=None) for first, row in changed)


@pytest.mark.parametrize(
    ("passages", "first", "count"),
    [((*OTHERS, OWN), OWN, _GROUP_DECEIVING), (OTHERS, OTHERS[0], _GROUP_UNANSWERED)],
)
def test_a_question_that_nothing_answers_is_shown_with_the_passage_it_was_written_about(
    passages: tuple[Offered, ...], first: Offered, count: int
) -> None:
    for seed in range(20):
        rows, changed = _group(example(*passages), random.Random(seed), _GROUP)
        assert rows[0].passage == first.text
        assert len(rows) == count
        assert changed == []


def test_rows_say_which_passage_answers_and_how_much_that_counts() -> None:
    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    both = [(example(*OTHERS, OWN), None), (example(*OTHERS), None), (example(RIGHT, *OTHERS), None)]
    made = [_batch(both, tokenizer, random.Random(n), _GROUP) for n in range(20)]
    before = _GROUP_DECEIVING + _GROUP_UNANSWERED
    group = [before + place for place in range(_GROUP)]
    assert all(batch.groups.tolist() == [group] for batch in made)
    wanted = [0.0] * before + [1.0] + [0.0] * (_GROUP - 1)
    weights = [_FIRST_COUNTS, _FIRST_COUNTS, 1.0, _FIRST_COUNTS, *[1.0] * (_GROUP - 1)]
    orders = [0.0] + [1.0] * (len(wanted) - 1)  # a passage that fits all but a detail spoils no order
    changed = [len(batch.wanted) > len(wanted) for batch in made]
    assert any(changed)
    assert not all(changed)
    for batch, more in zip(made, changed, strict=True):
        assert batch.wanted.tolist() == pytest.approx(wanted + [_UNSURE] * more)
        assert batch.weights.tolist() == weights + [1.0] * more
        assert batch.orders.tolist() == orders + [1.0] * more
        begin, end = batch.spans[group[0]].tolist()
        shown = tokenizer.decode(batch.inputs[0][group[0]][begin : end + 1].tolist())
        assert shown.replace(" ", "").strip("▁") == "7:10"
        assert batch.spans[: group[0]].tolist() == [[-1, -1]] * group[0]


class _Undecided(nn.Module):
    """A reader that gives every row scores of its own, all 0, and all its tokens logits of 0."""

    def __init__(self, ids: Tensor) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.zeros(len(ids), 2))
        self._known = [row[row > 0].tolist() for row in ids]

    def forward(self, ids: Tensor, mask: Tensor, kinds: Tensor) -> tuple[Tensor, Tensor]:
        rows = [self._known.index(row[row > 0].tolist()) for row in ids]
        return self.scores[rows], torch.zeros(*ids.shape, 2)


def test_a_question_that_deceives_teaches_what_does_not_answer_it_but_no_order() -> None:
    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    batch = _batch([(example(OTHERS[0], OWN), None)], tokenizer, random.Random(1), _GROUP)
    reader: Any = _Undecided(batch.inputs[0])
    _loss(reader, batch).backward()
    assert reader.scores.grad.tolist() == [[0.0, 0.5]]  # half, since a score of 0 says as likely as not


def test_a_question_that_deceives_has_its_twin_beside_it() -> None:
    deceiving = Example("edited-tales", "When does the ship of Solvik leave?", (OTHERS[0], _WRONGLY), held_out=False)
    other = Example("written", "How many cars?", (replace(RIGHT, answer=None),), held_out=False)
    learn = [example(RIGHT, *OTHERS), other, deceiving]
    twins = [twin for _, twin in _with_twins(learn)]
    assert twins == [None, None, learn[0].question]
    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    batch = _batch([(deceiving, twins[2])], tokenizer, random.Random(1), _GROUP)
    assert (batch.wanted.tolist(), batch.twins.tolist()) == ([0.0, 1.0], [[1, 0]])
    reader: Any = _Undecided(batch.inputs[0])
    _loss(reader, batch).backward()
    apart = 0.5 * _TWIN_COUNTS
    assert reader.scores.grad[:, 1].tolist() == pytest.approx([0.25 + apart, -0.25 - apart])
    assert reader.scores.grad[:, 0].tolist() == pytest.approx([0.0, -0.5 * _ORDER_ANSWERS])


def test_the_right_passage_is_to_stand_before_the_others_in_one_score_alone() -> None:
    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    batch = _batch([(example(RIGHT, *OTHERS), None)], tokenizer, random.Random(1), _GROUP)
    rows = batch.groups[0]
    reader: Any = _Undecided(batch.inputs[0])
    _loss(reader, batch).backward()
    order, answers = reader.scores.grad.T
    before_others = torch.full((_GROUP,), 1 / _GROUP)
    before_others[0] -= 1
    alone = _ORDER_ANSWERS * (0.5 - batch.wanted) / len(batch.wanted)
    assert order[rows].tolist() == pytest.approx((before_others + alone[rows]).tolist())
    assert answers.tolist() == pytest.approx(((0.5 - batch.wanted) * batch.weights / batch.weights.sum()).tolist())


def test_what_judges_learns_apart_from_what_orders(tmp_path: Path) -> None:
    config = BertConfig(vocab_size=30, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)
    BertModel(config, add_pooling_layer=False).save_pretrained(tmp_path)
    ids = torch.arange(1, 19).reshape(2, 9)
    for score, learns in enumerate((("bert.", "score."), _JUDGES)):
        reader = Reader(tmp_path)
        scores, _ = reader(ids, torch.ones_like(ids), torch.zeros_like(ids))
        scores[:, score].sum().backward()
        moved = {name for name, one in reader.named_parameters() if one.grad is not None and bool(one.grad.any())}
        assert moved
        assert all(name.startswith(learns) for name in moved)
        assert all(any(name.startswith(part) for name in moved) for part in learns)


class _Decided(_Undecided):
    """A reader that gives every row scores and logits drawn by chance."""

    def __init__(self, ids: Tensor) -> None:
        super().__init__(ids)
        self.scores.data.normal_()
        self.spans = torch.randn(*ids.shape, 2)

    def forward(self, ids: Tensor, mask: Tensor, kinds: Tensor) -> tuple[Tensor, Tensor]:
        rows = [self._known.index(row[row > 0].tolist()) for row in ids]
        return self.scores[rows], self.spans[rows, : ids.shape[1]]


@pytest.mark.parametrize("seed", range(5))
def test_the_loss_is_the_sum_of_what_is_learnt_question_by_question(seed: int) -> None:
    torch.manual_seed(seed)
    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    asked = [example(RIGHT, *OTHERS), example(*OTHERS, OWN), example(*OTHERS[:1], RIGHT)]  # the last has two passages
    batch = _batch([(one, None) for one in asked], tokenizer, random.Random(seed), _GROUP)
    reader: Any = _Decided(batch.inputs[0])
    scores, spans = (one.detach() for one in reader(*batch.inputs))
    readable = batch.inputs[1] * batch.inputs[2] == 1
    wrong = nn.functional.binary_cross_entropy_with_logits
    expected = _ORDER_ANSWERS * wrong(scores[:, 0], batch.wanted, batch.orders / batch.orders.sum(), reduction="sum")
    expected += wrong(scores[:, 1], batch.wanted, batch.weights / batch.weights.sum(), reduction="sum")
    for group in batch.groups:
        rows = group[group >= 0]
        expected -= torch.log_softmax(scores[rows, 0], 0)[0] / len(batch.groups)
        for side in (0, 1):
            logits = torch.cat([spans[row, readable[row], side] for row in rows])
            at = spans[rows[0], batch.spans[rows[0], side], side]
            expected -= _SPAN_COUNTS * (at - logits.logsumexp(0)) / len(batch.groups)
    assert _loss(reader, batch).item() == pytest.approx(expected.item(), rel=1e-5)


def test_a_training_goes_on_from_its_checkpoint_with_the_same_options_only(tmp_path: Path) -> None:
    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=8,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(tmp_path / "start")
    learn = [(example(RIGHT, *OTHERS), None) for _ in range(4)]
    options: dict[str, Any] = {"questions": 2, "passages": 2, "rate": 1e-2, "begin": None, "reach": 0.0, "frozen": 0}
    options |= {"only_answers": False, "seed": 1}

    def begin(**changed: Any) -> dict[str, Any]:
        train(learn, [], tokenizer, Namespace(**{"work": tmp_path, "steps": 1} | options | changed))
        return dict(torch.load(tmp_path / "checkpoint.pt"))

    first = begin()
    assert first["step"] == 1
    again = begin()
    assert all(torch.equal(first["model"][name], again["model"][name]) for name in first["model"])
    with pytest.raises(SystemExit, match="was begun with other options"):
        begin(passages=3)
    (tmp_path / "checkpoint.pt").unlink()
    frozen = begin(frozen=1)["model"]
    started = {
        f"bert.{name}": value for name, value in BertModel.from_pretrained(tmp_path / "start").named_parameters()
    }
    still = {name for name in frozen if name in started and torch.equal(frozen[name], started[name])}
    assert {name for name in frozen if name.startswith(("bert.embeddings.", "bert.encoder.layer.0."))} <= still
    assert not any(name.startswith("bert.encoder.layer.1.") and name.endswith("query.weight") for name in still)
