"""Trains the reader: `python -m training.reader --work FOLDER`, on a GPU where there is one.

FOLDER/examples.jsonl.gz is what it learns from (`training.examples`), FOLDER/start holds the weights to begin from
(`training.start`). The reader reads a question and a passage together. It learns three things at once: which of a
question's passages answers best (softmax over them), where the answer begins and ends (softmax over all tokens of all
its passages, as in Clark and Gardner, 2018), and whether a passage answers at all (logistic). The first and the last
are two scores: a question that was written to deceive must be refused beside the very passage that fits it best, and a
score that says both puts passages in a worse order. So the second has a layer of its own over what the encoder makes of
the tokens, and of what it learns a share reaches the encoder (`--reach`); with `--only-answers` it is all that learns.
Checkpoints are kept in FOLDER, and a run that was stopped goes on from the last of them.

Without a GPU PyTorch takes and gives back large arrays at every step, which takes half the time on some systems; with
glibc, `MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=12000000000` in the environment lets it keep them.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from retrieval.machine import cores
from retrieval.models import file_sha256
from retrieval.reader import LONGEST, LONGEST_CONTEXT, LONGEST_QUESTION, SPECIAL
from training.balance import told_apart
from training.offered import ASKED, EDITED, FILE, FOLDERS, SIDES, WRITTEN, Example, Offered, read_examples
from training.perturb import as_typed, moved, named, unanswerable
from training.shipped import shipped_weights

_GROUP_UNANSWERED, _GROUP_DECEIVING = 2, 1  # passages of a question that nothing answers; of one that deceives
_GROUP_EDITED = 2  # passages of a changed question that is answered
_TIMES = {"wiki-train": 0.3, "tales-train": 0.1, "policy-dev": 0.15, WRITTEN: 0.15, SIDES: 0.3, ASKED: 0.4}
_TIMES |= {FOLDERS: 0.6, "edited-wiki": 0.25, "edited-tales": 0.15, "edited-written": 0.3}
"""How often an epoch shows an example on average: what is new often, of the rest enough that it is not forgotten."""
_DROPOUT = 0.1  # of what a layer adds
_TYPED = 0.2  # share of questions as somebody in a hurry types them
_CHANGED = 0.45  # share of answered questions that are asked once more, changed so that nothing answers them
_NAMED = 0.15  # share of answered questions that name the title of their document
_MOVED = 0.6  # of those that need the title, that are asked once more with their passage below another
_BARE = 0.2  # share of questions whose passages stand below no title
_SPAN_COUNTS = 0.25  # what either end of the answer counts, where choosing the passage counts 1
_NEVER = -1e4  # a logit
_WIDTHS = 1 if torch.cuda.is_available() else 3
"""A step's rows go through the model in so many parts of like length, so that little is padded; a GPU would wait."""

_FIRST_COUNTS = 3.0  # the passage that answers, or that the question was written about, in whether it answers
_TWIN_COUNTS = 0.5  # what a question that deceives, beside its twin, counts, where choosing the passage counts 1
_ORDER_ANSWERS = 0.5  # what whether a passage answers counts for the score that orders
_JUDGING_WIDTH = 384  # within the layer over the encoder
_JUDGES = ("judging.", "answers.")  # the weights of the second score
_FIRST = 5  # passages of a held-out question that are read
_READ_AT_ONCE = 16 if torch.cuda.is_available() else 2  # such questions
_EVALUATED = 400  # held-out questions of either kind
_KEPT, _LOOKED_AT = 500, 1000  # after so many steps weights are kept, and held-out questions asked
_OF_A_TRAINING = ("steps", "questions", "passages", "rate", "reach", "frozen", "seed", "only_answers")
"""The options that a checkpoint must have been begun with."""
_DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
_UNSURE = 0.1  # a changed question is answered after all about so often

Learnt = tuple[Example, str | None]  # the twin of a question that deceives, see `_with_twins`


class Row(NamedTuple):
    """A question with a passage, where the answer is in that, and what stands above it."""

    question: str
    passage: str
    answer: tuple[int, int] | None = None
    context: str = ""


class Reader(nn.Module):
    """A BERT encoder with three heads, one of them over a layer of its own; see the module."""

    def __init__(self, folder: Path, dropout: float = 0.0, reach: float = 0.0) -> None:
        """Loads the weights of the encoder from a folder of transformers. The share `reach` of what the second score
        learns reaches them.
        """
        super().__init__()
        self._reach = reach
        from transformers import BertModel
        from transformers.models.bert.modeling_bert import BertLayer

        self.bert = BertModel.from_pretrained(
            folder, add_pooling_layer=False, attn_implementation=_attention(), hidden_dropout_prob=dropout
        )
        width = self.bert.config.hidden_size
        self.spans = nn.Linear(width, 2)
        self.score = nn.Sequential(nn.Linear(2 * width, width), nn.Tanh(), nn.Linear(width, 1))
        own = copy(self.bert.config)
        own.intermediate_size, own.hidden_dropout_prob = _JUDGING_WIDTH, _DROPOUT
        self.judging = BertLayer(own)
        self.answers = nn.Linear(2 * width, 1)
        for parameter in self.bert.embeddings.word_embeddings.parameters():
            parameter.requires_grad = False

    def forward(self, ids: Tensor, mask: Tensor, kinds: Tensor) -> tuple[Tensor, Tensor]:
        """Scores `[n, 2]`, how well a passage answers beside others and whether it does, and the logits of begin and
        end `[n, t, 2]`, of tokens `[n, t]`.
        """
        encoded = self.bert(input_ids=ids, attention_mask=mask, token_type_ids=kinds).last_hidden_state
        hidden = ((1 - mask) * _NEVER)[:, None, None].to(encoded.dtype)
        apart = encoded.detach()
        judged = self.judging(apart + self._reach * (encoded - apart), hidden).float()
        rows = encoded.float()
        scores = self.score(_whole(rows, mask)), self.answers(_whole(judged, mask))
        return torch.cat(scores, 1), self.spans(rows)


def _attention() -> str:
    """The fastest way on the device; the plain one is what can be exported."""
    return "sdpa" if torch.cuda.is_available() else "eager"


def _whole(rows: Tensor, mask: Tensor) -> Tensor:
    """The first token's row beside the mean of all, `[n, 2 * width]`."""
    weights = mask[:, :, None].float()
    return torch.cat([rows[:, 0], (rows * weights).sum(1) / weights.sum(1)], 1)


class _Weights:
    """A reader whose layers compute in bfloat16, with its weights in single precision, which the optimizer changes.

    The vectors of words are not among them, since they are not learnt.
    """

    def __init__(self, model: Reader, only: tuple[str, ...], frozen: int) -> None:
        """Learnt are the weights whose names begin with one of `only`, but not those of the first `frozen` layers."""
        self.model = model.to(_DEVICE)
        below = tuple(f"bert.encoder.layer.{number}." for number in range(frozen))
        below += ("bert.embeddings.",) if frozen else ()
        self.precise = {}
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                parameter.requires_grad = name.startswith(only) and not name.startswith(below)
                self.precise[name] = parameter.detach().clone().requires_grad_(parameter.requires_grad)
        model.bert.to(torch.bfloat16)
        model.judging.to(torch.bfloat16)
        self._own = dict(model.named_parameters())

    def learnt(self) -> list[Tensor]:
        return [one for one in self.precise.values() if one.requires_grad]

    def take_gradients(self) -> None:
        given = [name for name in self.precise if self._own[name].grad is not None]
        for name in given:
            if self.precise[name].grad is None:
                self.precise[name].grad = torch.empty_like(self.precise[name])
        torch._foreach_copy_([self.precise[n].grad for n in given], [self._own[n].grad for n in given])
        self.model.zero_grad()

    @torch.no_grad()
    def give_back(self) -> None:
        torch._foreach_copy_([self._own[name] for name in self.precise], list(self.precise.values()))

    def state(self) -> dict[str, Tensor]:
        """What `Reader.load_state_dict` takes, without the vectors of words."""
        return {name: parameter.detach() for name, parameter in self.precise.items()}

    def load(self, state: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, value in state.items():
                self.precise[name].copy_(value)
        self.give_back()


def main() -> None:
    """Reads the command line, makes the examples and trains."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--questions", type=int, default=8, help="of a step")
    parser.add_argument("--passages", type=int, default=4, help="of a question, looked at together")
    parser.add_argument("--rate", type=float, default=1.2e-4)
    parser.add_argument("--begin", type=Path, help="folder of an exported reader to go on from")
    parser.add_argument("--reach", type=float, default=0.0, help="share of the second score's say on the encoder")
    parser.add_argument("--frozen", type=int, default=0, help="first layers left as they are; six take a third less")
    parser.add_argument("--seed", type=int, default=1, help="another gives another order of examples")
    parser.add_argument(
        "--only-answers", action="store_true", help="leave all but the second score as it is; in a FOLDER of its own"
    )
    arguments = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(arguments.work / "start" / "tokenizer.json"))
    examples = read_examples(arguments.work / FILE)
    learn = [e for e in examples if not e.held_out and len(e.passages) >= 2 and (e.about or e.source not in EDITED)]
    held = [e for e in examples if e.held_out and e.answered]
    deceiving = [e for e in examples if e.held_out and not e.answered and e.about]
    print(f"{len(learn)} to learn from, {len(held) + len(deceiving)} held out", flush=True)
    chosen = [e for some in (held, deceiving) for e in random.Random(2).sample(some, min(_EVALUATED, len(some)))]
    train(_with_twins(learn), chosen, tokenizer, arguments)


def _with_twins(learn: Sequence[Example]) -> list[Learnt]:
    """Each example; one that deceives with its twin, the question that its passage does answer and that has most of
    its words: what tells the two apart is learnt best side by side.
    """
    answering: dict[str, dict[str, frozenset[str]]] = {}
    for example in learn:
        for passage in example.passages:
            if passage.right:
                questions = answering.setdefault(passage.text, {})
                questions[example.question] = frozenset(example.question.lower().split())
    return [(one, _twin(one, answering)) for one in learn]


def _twin(example: Example, answering: dict[str, dict[str, frozenset[str]]]) -> str | None:
    if example.answered or not example.about:
        return None
    words = frozenset(example.question.lower().split())
    others = answering.get(_deceiving(example.passages)[0].text, {})
    alike = {other: len(words & own) / len(words | own) for other, own in others.items()}
    return max(alike, key=alike.__getitem__, default=None)


def train(learn: list[Learnt], held: list[Example], tokenizer: Tokenizer, arguments: argparse.Namespace) -> None:
    """Trains on `learn`, printing how well `held` are answered and refused on the way."""
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(cores())
    alone = arguments.only_answers
    reader = Reader(arguments.work / "start", 0.0 if alone else _DROPOUT, arguments.reach)
    weights = _Weights(reader, _JUDGES if alone else ("",), arguments.frozen)
    model, learnt = weights.model, weights.learnt()
    if arguments.begin is not None:
        weights.load(shipped_weights(arguments.begin))
    optimizer, schedule = _optimizer(learnt, arguments.rate, arguments.steps)
    path, options = arguments.work / "checkpoint.pt", {name: getattr(arguments, name) for name in _OF_A_TRAINING}
    first = 0
    if path.exists():
        state = torch.load(path, map_location=_DEVICE)
        if state.get("options") != options:
            raise SystemExit(f"{path} was begun with other options: give those, or move it away to begin anew.")
        weights.load(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        first = state["step"]
    started, seen, losses = time.time(), 0, []
    model.train()
    for step, batch in enumerate(_batches(learn, tokenizer, first, arguments), first):
        seen += int(batch.inputs[1].sum())
        loss = _loss(model, batch.to(_DEVICE))
        loss.backward()
        weights.take_gradients()
        nn.utils.clip_grad_norm_(learnt, 1.0)
        optimizer.step()
        schedule.step()
        weights.give_back()
        losses.append(loss.detach())
        if step % 50 == 49:
            mean = float(torch.stack(losses[-50:]).mean())
            speed = seen / (time.time() - started)
            print(f"step {step + 1}/{arguments.steps} loss {mean:.4f} {speed:.0f} tokens/s", flush=True)
        if step % _KEPT == _KEPT - 1 or step == arguments.steps - 1:
            if step % _LOOKED_AT == _LOOKED_AT - 1:
                print(json.dumps(evaluate(model, held, tokenizer)), flush=True)
            kept = {"optimizer": optimizer.state_dict(), "schedule": schedule.state_dict(), "step": step + 1}
            torch.save({"model": weights.state(), "options": options} | kept, f"{path}.part")
            Path(f"{path}.part").replace(path)
    record = _record(learn, arguments) | {"held_out": evaluate(model, held, tokenizer)}
    (arguments.work / "record.json").write_text(json.dumps(record, indent=2) + "\n", "utf-8")


def _optimizer(
    learnt: Sequence[Tensor], rate: float, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW, which decays matrices only, and a rate that rises for a fifteenth of the steps and falls from there."""
    decayed = [
        {"params": [p for p in learnt if (p.ndim > 1) == big], "weight_decay": 0.01 * big} for big in (True, False)
    ]
    optimizer = torch.optim.AdamW(decayed, lr=rate, fused=True)
    warm = max(steps // 15, 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min((s + 1) / warm, max(0.02, (steps - s) / max(steps - warm, 1)))
    )
    return optimizer, schedule


def _record(learn: Sequence[Learnt], arguments: argparse.Namespace) -> dict[str, Any]:
    """What the training was: examples, options, and the reader that it went on from."""
    alone = arguments.only_answers
    return {
        "examples": dict(Counter(e.source for e, _ in learn)),
        "with_a_twin": sum(twin is not None for _, twin in learn),
        "steps": arguments.steps,
        "questions_a_step": arguments.questions,
        "passages_a_question": arguments.passages,
        "only_answers": alone,
        "reach": arguments.reach,
        "frozen_layers": arguments.frozen,
        "seed": arguments.seed,
        "rate": arguments.rate,
        "dropout": {"encoder": 0.0 if alone else _DROPOUT, "judging": _DROPOUT},
        "shown_an_epoch": _TIMES,
        "balanced": any(e.counts != 1 for e, _ in learn),
        "begun_from": None if arguments.begin is None else _before(arguments.begin),
    }


def _before(reader: Path) -> dict[str, Any]:
    """What an exported reader is, and how it was trained."""
    card = json.loads((reader / "card.json").read_text("utf-8"))
    return {"sha256": file_sha256(reader / "model.onnx"), "training": card["training"]}


def _steps(learn: Sequence[Learnt], steps: int, count: int, size: int, seed: int) -> Iterator[list[int]]:
    """The numbers of `count` questions with passages of like length, in an order that `seed` decides."""
    epoch = given = 0
    lengths = [sum(len(p.text) for p in e.passages[:size]) / len(e.passages[:size]) for e, _ in learn]
    while given < steps:
        chance = random.Random(f"{seed} {epoch}")
        order = [i for i, (e, _) in enumerate(learn) for _ in range(_often(_TIMES[e.source] * e.counts, chance))]
        chance.shuffle(order)
        batches = []
        for at in range(0, len(order), count * 40):
            chunk = sorted(order[at : at + count * 40], key=lengths.__getitem__)
            batches += [chunk[i : i + count] for i in range(0, len(chunk), count)]
        chance.shuffle(batches)
        yield from batches[: steps - given]
        given += len(batches)
        epoch += 1


def _often(times: float, chance: random.Random) -> int:
    return int(times) + (chance.random() < times % 1)


def _size(example: Example, size: int) -> int:
    """How many passages of an example are read, `size` where nothing speaks against it."""
    if example.answered:
        return min(size, _GROUP_EDITED) if example.source in EDITED else size
    return _GROUP_DECEIVING if example.about else _GROUP_UNANSWERED


def _group(
    example: Example, chance: random.Random, size: int, titles: Sequence[str] = ()
) -> tuple[list[Row], list[Row]]:
    """A question's passages, at most `size` and the right one first where there is one, and that one with what makes
    it answer no longer: the question changed, or another title, of its other passages or else of `titles`.
    """
    bare = chance.random() < _BARE
    question = as_typed(example.question, chance) if chance.random() < _TYPED else example.question
    right = [p for p in example.passages if p.right][:2]
    wrong = [p for p in example.passages if not p.right]
    first, size = [chance.choice(right)] if right else _deceiving(wrong), _size(example, size)
    if right and not bare and chance.random() < _NAMED:
        question = named(question, first[0].context, chance)
    wrong = [p for p in wrong if p not in first]
    weights = [1 / (2 + place) for place in range(len(wrong))]
    drawn = sorted(range(len(wrong)), key=lambda i: chance.random() ** (1 / weights[i]), reverse=True)
    picked = [*first, *(wrong[i] for i in drawn[: size - 1])]
    rows = [Row(question, one.text, one.answer, "" if bare else one.context) for one in picked]
    return rows, _no_longer(rows[0], wrong, titles, chance) if right else []


def _no_longer(row: Row, others: Sequence[Offered], titles: Sequence[str], chance: random.Random) -> list[Row]:
    """A row whose passage answers, changed so that it does not: in its question, in its context, in both or neither."""
    made = []
    if chance.random() < _CHANGED:
        texts = [f"{one.context}\n{one.text}" if row.context else one.text for one in others]
        question = unanswerable(row.question, f"{row.context}\n{row.passage}", texts, chance)
        made += [] if question is None else [row._replace(question=question, answer=None)]
    if row.context and chance.random() < _MOVED:
        tried = (moved(*row[:2], row.context, some, chance) for some in ([one.context for one in others], titles))
        made += [row._replace(context=one, answer=None) for one in tried if one is not None][:1]
    return made


def _deceiving(passages: Sequence[Offered]) -> list[Offered]:
    """Of passages that do not answer, the one that the question was written about, else the one that ranks first."""
    return [*[p for p in passages if p.own], *passages][:1]


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows ready for the model, in `parts` of like length, and what is wanted of them.

    `groups` `[g, size]` are the rows of each question that has an answer, the right one first, -1 where there are
    fewer; `spans` `[n, 2]` the tokens where each row's answer begins and ends, -1 where there is none. `wanted` `[n]`
    says how likely each row answers, `weights` `[n]` how much that counts, and `orders` `[n]` whether the score that
    orders passages learns it too. `twins` `[p, 2]` are rows of which the first answers and the second deceives.
    """

    inputs: tuple[Tensor, Tensor, Tensor]
    parts: list[tuple[Tensor, int]]
    groups: Tensor
    spans: Tensor
    wanted: Tensor
    weights: Tensor
    orders: Tensor
    twins: Tensor

    def to(self, device: str) -> _Batch:
        ids, mask, kinds = (one.to(device) for one in self.inputs)
        told = (one.to(device) for one in (self.groups, self.spans, self.wanted, self.weights, self.orders, self.twins))
        return _Batch((ids, mask, kinds), [(rows.to(device), width) for rows, width in self.parts], *told)


def _batch(examples: Sequence[Learnt], tokenizer: Tokenizer, chance: random.Random, size: int) -> _Batch:
    rows: list[Row] = []
    groups: list[list[int]] = []
    wanted: list[float] = []
    weights: list[float] = []
    orders: list[float] = []
    twins: list[tuple[int, int]] = []
    titles = sorted({one.context for example, _ in examples for one in example.passages[:1]})
    for example, twin in examples:
        picked, changed = _group(example, chance, size, titles)
        deceives = not example.answered and example.about
        if example.answered:
            groups.append([*range(len(rows), len(rows) + len(picked)), *[-1] * (size - len(picked))])
        wanted += [float(example.answered and place == 0) for place in range(len(picked))]
        weights += [_FIRST_COUNTS if place == 0 else 1.0 for place in range(len(picked))]
        orders += [float(place > 0 or not deceives) for place in range(len(picked))]
        rows += picked
        rows += changed
        wanted += [_UNSURE] * len(changed)
        weights += [1.0] * len(changed)
        orders += [1.0] * len(changed)
        if twin is not None:
            twins.append((len(rows), len(rows) - len(picked)))
            rows.append(picked[0]._replace(question=twin, answer=None))
            wanted.append(1.0)
            weights.append(_FIRST_COUNTS)
            orders.append(1.0)
    *inputs, spans = encode(tokenizer, rows)
    ids, mask, kinds = inputs
    told = (torch.tensor(one) for one in (groups, spans, wanted, weights, orders, twins))
    return _Batch((ids, mask, kinds), _parts(mask.sum(1)), *told)


class _Prepared(Dataset[_Batch]):
    """The batch of each step, which the seed decides."""

    def __init__(self, learn: Sequence[Learnt], tokenizer: Tokenizer, arguments: argparse.Namespace) -> None:
        self._learn, self._tokenizer, self._size, self._seed = learn, tokenizer, arguments.passages, arguments.seed
        self._steps = list(_steps(learn, arguments.steps, arguments.questions, arguments.passages, arguments.seed))

    def __len__(self) -> int:
        return len(self._steps)

    def __getitem__(self, step: int) -> _Batch:
        examples = [self._learn[number] for number in self._steps[step]]
        return _batch(examples, self._tokenizer, random.Random(f"{self._seed} {step}"), self._size)


def _batches(
    learn: Sequence[Learnt], tokenizer: Tokenizer, first: int, arguments: argparse.Namespace
) -> DataLoader[_Batch]:
    """The batches from step `first` on, prepared by other processes while those before them are learnt from."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # each process has a core
    workers = max(cores() - 2, 1)
    steps = range(first, arguments.steps)
    return DataLoader(
        _Prepared(learn, tokenizer, arguments), batch_size=None, sampler=steps, num_workers=workers, prefetch_factor=4
    )


def _loss(model: Reader, batch: _Batch) -> Tensor:
    scores, spans = _by_length(model, batch)
    _, mask, kinds = batch.inputs
    counts = torch.stack(
        [_ORDER_ANSWERS * batch.orders / batch.orders.sum().clamp(min=1.0), batch.weights / batch.weights.sum()], 1
    )
    wanted = batch.wanted[:, None].expand_as(scores)
    loss = functional.binary_cross_entropy_with_logits(scores, wanted, counts, reduction="sum")
    if len(batch.twins):
        answering, deceiving = scores[:, 1][batch.twins].unbind(1)
        loss = loss + _TWIN_COUNTS * functional.softplus(deceiving - answering).mean()
    if not len(batch.groups):
        return loss
    right = batch.groups[:, 0]
    loss = loss + (_of_group(scores[:, 0], batch.groups) - scores[right, 0]).mean()
    spans = spans.masked_fill((kinds * mask == 0)[:, :, None], _NEVER)
    ends = batch.spans[right]
    pointed = (ends[:, 0] >= 0).float()
    for side in (0, 1):
        chosen = spans[right, ends[:, side].clamp(min=0), side]
        missed = _of_group(spans[:, :, side].logsumexp(1), batch.groups) - chosen
        loss = loss + _SPAN_COUNTS * (missed * pointed).sum() / len(right)
    return loss


def _of_group(values: Tensor, groups: Tensor) -> Tensor:
    """The log of the summed exponentials of each group's values `[n]`, where -1 in `groups` `[g, size]` is no row."""
    return values[groups].masked_fill(groups < 0, _NEVER).logsumexp(1)


def _by_length(model: Reader, batch: _Batch) -> tuple[Tensor, Tensor]:
    """What the model says of all rows, which it reads in a few parts, each as wide as its longest row."""
    scores, spans = [], []
    for rows, width in batch.parts:
        some, where = model(*(one[rows, :width] for one in batch.inputs))
        scores.append(some)
        spans.append(functional.pad(where, (0, 0, 0, batch.inputs[0].shape[1] - width)))
    back = torch.cat([rows for rows, _ in batch.parts]).argsort()
    return torch.cat(scores)[back], torch.cat(spans)[back]


def _parts(lengths: Tensor) -> list[tuple[Tensor, int]]:
    """Rows of like length, and how wide each part of them is."""
    parts = [part for part in lengths.argsort().chunk(_WIDTHS) if len(part)]
    return [(part, _width(int(lengths[part].max()))) for part in parts]


def _width(longest: int) -> int:
    return -(-longest // 16) * 16  # torch keeps working memory for every shape that it meets


def encode(tokenizer: Tokenizer, rows: Sequence[Row]) -> tuple[Tensor, Tensor, Tensor, list[tuple[int, int]]]:
    """Token ids, mask and kinds `[n, t]`, and the tokens where each answer begins and ends, -1 where there is none."""
    opening, closing = (tokenizer.token_to_id(token) for token in SPECIAL)
    questions = tokenizer.encode_batch([row.question for row in rows], add_special_tokens=False)
    contexts = tokenizer.encode_batch([row.context for row in rows], add_special_tokens=False)
    texts = tokenizer.encode_batch([row.passage for row in rows], add_special_tokens=False)
    lines, kinds, spans = [], [], []
    for question, context, text, row in zip(questions, contexts, texts, rows, strict=True):
        head = [opening, *question.ids[:LONGEST_QUESTION], closing, *context.ids[-LONGEST_CONTEXT:]]
        body = text.ids[: LONGEST - len(head) - 1]
        lines.append([*head, *body, closing])
        kinds.append([0] * len(head) + [1] * len(body) + [0])
        offsets = text.offsets[: len(body)]
        answer = row.answer
        touching = [i for i, (s, e) in enumerate(offsets) if answer and s < answer[1] and e > answer[0]]
        spans.append((len(head) + touching[0], len(head) + touching[-1]) if touching else (-1, -1))
    width = _width(max(map(len, lines)))
    ids = torch.zeros(len(lines), width, dtype=torch.long)
    mask, kind = torch.zeros_like(ids), torch.zeros_like(ids)
    for i, line in enumerate(lines):
        ids[i, : len(line)] = torch.tensor(line)
        mask[i, : len(line)] = 1
        kind[i, : len(line)] = torch.tensor(kinds[i])
    return ids, mask, kind, spans


@torch.no_grad()
def evaluate(model: Reader, held: Sequence[Example], tokenizer: Tokenizer) -> dict[str, dict[str, float]]:
    """Of each set, how often the first passage is right, as ranked, and as the reader orders the first; how often,
    where it is, the answer it points at touches the right one; and the AUROC of the second score: right passages
    against those that a question deceives about, where the set has such questions, each weighed as it is shown.
    """
    model.eval()
    found: dict[str, dict[str, list[Any]]] = {}
    for example, passages, kinds, mask, ends, scores, spans in _read(model, held, tokenizer):
        names = ("ranked", "read", "span", "answered", "deceived")
        counts = found.setdefault(example.source, {name: [] for name in names})
        if not example.answered:
            counts["deceived"] += [
                (float(s), example.counts) for s, p in zip(scores[:, 1], passages, strict=True) if p.own
            ]
            continue
        right = [(float(s), example.counts) for s, p in zip(scores[:, 1], passages, strict=True) if p.right]
        counts["answered"] += right[:1]
        best = int(scores[:, 0].argmax())
        counts["ranked"].append(passages[0].right)
        counts["read"].append(passages[best].right)
        if ends[best][0] >= 0:
            logits = spans[best].masked_fill((kinds[best] * mask[best] == 0)[:, None], _NEVER)
            begin = int(logits[:, 0].argmax())
            end = begin + int(logits[begin : begin + 20, 1].argmax())
            counts["span"].append(begin <= ends[best][1] and end >= ends[best][0])
    model.train()
    return {source: _shares(counts) for source, counts in found.items()}


def _read(model: Reader, held: Sequence[Example], tokenizer: Tokenizer) -> Iterator[tuple[Any, ...]]:
    """Each example, the first of its passages, kinds, mask and ends of their rows, and what the model says of them."""
    for at in range(0, len(held), _READ_AT_ONCE):
        some = held[at : at + _READ_AT_ONCE]
        rows = [Row(one.question, p.text, p.answer, p.context) for one in some for p in one.passages[:_FIRST]]
        ids, mask, kinds, ends = encode(tokenizer, rows)
        scores, spans = (one.cpu() for one in model(ids.to(_DEVICE), mask.to(_DEVICE), kinds.to(_DEVICE)))
        first = 0
        for one in some:
            passages = one.passages[:_FIRST]
            own = slice(first, first + len(passages))
            yield one, passages, kinds[own], mask[own], ends[own], scores[own], spans[own]
            first = own.stop


def _shares(counts: dict[str, list[Any]]) -> dict[str, float]:
    answered, deceived = counts.pop("answered"), counts.pop("deceived")
    shares = {name: round(sum(values) / max(len(values), 1), 4) for name, values in counts.items()}
    return shares | ({"told_apart": round(told_apart(answered, deceived), 4)} if answered and deceived else {})


if __name__ == "__main__":
    main()
