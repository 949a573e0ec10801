"""Trains the reader: `python -m training.reader SETS --work FOLDER`.

SETS is a folder with the question sets `wiki-train` and `tales-train`. The reader starts from the weights of
all-MiniLM-L6-v2 and reads a question and a window together. It learns three things at once: which of a question's
windows answers (softmax over them), where the answer begins and ends (softmax over all tokens of all its windows, as
in Clark and Gardner, 2018), and whether a window answers at all (logistic). Checkpoints are kept in FOLDER, and a run
that was stopped goes on from the last of them.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from retrieval.embedding import open_embedder
from retrieval.models import DEFAULT_MODEL, locate
from retrieval.settings import EmbeddingSettings
from training.examples import Example, as_typed, make_examples

LONGEST = 224
_QUESTION = 48
_GROUP = 4  # windows of a question looked at together
_BATCH = 8  # questions a step


class Reader(nn.Module):
    """MiniLM with three heads; see the module."""

    def __init__(self, folder: Path) -> None:
        """Loads the weights of the encoder."""
        super().__init__()
        from transformers import BertModel

        self.bert = BertModel.from_pretrained(folder, add_pooling_layer=False, attn_implementation="sdpa")
        self.spans = nn.Linear(384, 2)
        self.score = nn.Sequential(nn.Linear(768, 384), nn.Tanh(), nn.Linear(384, 1))
        for parameter in self.bert.embeddings.word_embeddings.parameters():
            parameter.requires_grad = False

    def forward(self, ids: Tensor, mask: Tensor, kinds: Tensor) -> tuple[Tensor, Tensor]:
        """Scores `[n]` and the logits of begin and end `[n, t, 2]` of tokens `[n, t]`."""
        rows = self.bert(input_ids=ids, attention_mask=mask, token_type_ids=kinds).last_hidden_state
        weights = mask[:, :, None].to(rows.dtype)
        mean = (rows * weights).sum(1) / weights.sum(1)
        return self.score(torch.cat([rows[:, 0], mean], 1))[:, 0], self.spans(rows)


def main() -> None:
    """Reads the command line, makes the examples and trains."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--rate", type=float, default=1e-4)
    arguments = parser.parse_args()
    embedder = open_embedder(EmbeddingSettings(), arguments.work / "model")
    examples = make_examples(arguments.sets, arguments.work, embedder, ("wiki-train", "tales-train"))
    tokenizer = embedder._tokenizer
    learn = [e for e in examples if not e.held_out and len(e.windows) >= 2]
    held = [e for e in examples if e.held_out and e.answered]
    print(f"{len(learn)} to learn from, {len(held)} held out", flush=True)
    train(learn, random.Random(2).sample(held, min(400, len(held))), tokenizer, arguments)


def train(learn: list[Example], held: list[Example], tokenizer: Any, arguments: argparse.Namespace) -> None:
    """Trains on `learn`, printing how well `held` are answered on the way."""
    torch.manual_seed(1)
    threads = len(os.sched_getaffinity(0))
    torch.set_num_threads(threads)
    model = Reader(Path(locate(DEFAULT_MODEL)))
    decayed = [p for p in model.parameters() if p.requires_grad and p.ndim > 1]
    others = [p for p in model.parameters() if p.requires_grad and p.ndim == 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}], lr=arguments.rate
    )
    steps = int(arguments.epochs * len(learn) / _BATCH)
    warm = max(steps // 15, 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min((s + 1) / warm, max(0.02, (steps - s) / (steps - warm)))
    )
    path = arguments.work / "checkpoint.pt"
    first = 0
    if path.exists():
        state = torch.load(path)
        model.load_state_dict(state["model"]), optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        first = state["step"]
    started, seen, losses = time.time(), 0, []
    for step, batch in enumerate(_steps(learn, steps)):
        if step < first:
            continue
        chance = random.Random(step)
        loss, tokens = _loss(model, batch, tokenizer, chance)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(float(loss))
        seen += tokens
        if step % 50 == 49:
            mean = sum(losses[-50:]) / len(losses[-50:])
            print(f"step {step + 1}/{steps} loss {mean:.4f} {seen / (time.time() - started):.0f} tokens/s", flush=True)
        if step % 200 == 199 or step == steps - 1:
            if step % 400 == 399 or step == steps - 1:
                print(json.dumps(evaluate(model, held, tokenizer)), flush=True)
            state = {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
                "step": step + 1,
            }
            torch.save(state, path.with_suffix(".part"))
            path.with_suffix(".part").replace(path)


def _steps(learn: Sequence[Example], steps: int) -> Iterator[list[Example]]:
    """Batches of questions with windows of like length, in an order that is the same at every run."""
    epoch = given = 0
    while given < steps:
        order = list(range(len(learn)))
        random.Random(epoch).shuffle(order)
        batches = []
        for at in range(0, len(order), _BATCH * 40):
            chunk = sorted(
                order[at : at + _BATCH * 40], key=lambda i: max(len(w.text) for w in learn[i].windows[:_GROUP])
            )
            batches += [chunk[i : i + _BATCH] for i in range(0, len(chunk), _BATCH)]
        random.Random(epoch + 1000).shuffle(batches)
        for batch in batches[: steps - given]:
            yield [learn[i] for i in batch]
        given += len(batches)
        epoch += 1


def _loss(model: Reader, batch: Sequence[Example], tokenizer: Any, chance: random.Random) -> tuple[Tensor, int]:
    pairs, owners, answers = [], [], []
    for number, example in enumerate(batch):
        question = as_typed(example.question, chance) if chance.random() < 0.2 else example.question
        right = [w for w in example.windows if w.answer is not None][:2]
        wrong = [w for w in example.windows if w.answer is None]
        take = min(_GROUP - min(len(right), 1), len(wrong))
        weights = [1 / (2 + place) for place in range(len(wrong))]
        picked = sorted(range(len(wrong)), key=lambda i: chance.random() ** (1 / weights[i]), reverse=True)[:take]
        for one in [*([chance.choice(right)] if right else []), *(wrong[i] for i in picked)]:
            pairs.append((question, one.text))
            owners.append(number)
            answers.append(one.answer)
    ids, mask, kinds, begins, ends = encode(tokenizer, pairs, answers)
    with torch.autocast("cpu", torch.bfloat16):
        scores, spans = model(ids, mask, kinds)
    scores, spans = scores.float(), spans.float()
    owner = torch.tensor(owners)
    positive = torch.tensor([a is not None for a in answers])
    loss = 0.5 * functional.binary_cross_entropy_with_logits(scores, positive.float())
    inside = (kinds == 1) & (mask == 1)
    spans = spans.masked_fill(~inside[:, :, None], -1e4)
    listwise, spanwise, groups = scores.new_zeros(()), scores.new_zeros(()), 0
    for number in range(len(batch)):
        mine = (owner == number).nonzero()[:, 0]
        at = positive[mine].nonzero()
        if not len(at):
            continue
        groups += 1
        place = int(at[0, 0])
        listwise = listwise - torch.log_softmax(scores[mine], 0)[place]
        row = int(mine[place])
        if begins[row] >= 0:
            width = spans.shape[1]
            flat = spans[mine].reshape(-1, 2)
            spanwise = spanwise - torch.log_softmax(flat[:, 0], 0)[place * width + begins[row]]
            spanwise = spanwise - torch.log_softmax(flat[:, 1], 0)[place * width + ends[row]]
    groups = max(groups, 1)
    return loss + listwise / groups + 0.25 * spanwise / groups, int(mask.sum())


def encode(
    tokenizer: Any, pairs: Sequence[tuple[str, str]], answers: Sequence[tuple[int, int] | None]
) -> tuple[Tensor, Tensor, Tensor, list[int], list[int]]:
    """Token ids, mask and kinds `[n, t]`, and the tokens of each answer's begin and end, -1 where there is none."""
    questions = tokenizer.encode_batch([q for q, _ in pairs], add_special_tokens=False)
    texts = tokenizer.encode_batch([t for _, t in pairs], add_special_tokens=False)
    rows, kinds, begins, ends = [], [], [], []
    for question, text, answer in zip(questions, texts, answers, strict=True):
        head = [101, *question.ids[:_QUESTION], 102]
        body = text.ids[: LONGEST - len(head) - 1]
        rows.append([*head, *body, 102])
        kinds.append([0] * len(head) + [1] * len(body) + [0])
        touching = [
            i for i, (s, e) in enumerate(text.offsets[: len(body)]) if answer and s < answer[1] and e > answer[0]
        ]
        begins.append(len(head) + touching[0] if touching else -1)
        ends.append(len(head) + touching[-1] if touching else -1)
    width = max(map(len, rows))
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    mask, kind = torch.zeros_like(ids), torch.zeros_like(ids)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
        kind[i, : len(row)] = torch.tensor(kinds[i])
    return ids, mask, kind, begins, ends


@torch.no_grad()
def evaluate(model: Reader, held: Sequence[Example], tokenizer: Any) -> dict[str, float]:
    """How often the first window answers: as ranked, and as the reader orders the first five; spans that touch."""
    model.eval()
    before = after = spans_right = spans_all = 0
    for example in held:
        windows = example.windows[:5]
        pairs = [(example.question, w.text) for w in windows]
        ids, mask, kinds, begins, ends = encode(tokenizer, pairs, [w.answer for w in windows])
        with torch.autocast("cpu", torch.bfloat16):
            scores, spans = model(ids, mask, kinds)
        best = int(scores.argmax())
        before += windows[0].answer is not None
        after += windows[best].answer is not None
        if windows[best].answer is not None:
            inside = (kinds[best] == 1) & (mask[best] == 1)
            logits = spans[best].float().masked_fill(~inside[:, None], -1e4)
            begin = int(logits[:, 0].argmax())
            end = begin + int(logits[begin : begin + 20, 1].argmax())
            spans_all += 1
            spans_right += begin <= ends[best] and end >= begins[best]
    model.train()
    count = len(held)
    return {
        "ranked": before / count,
        "read": after / count,
        "span": spans_right / max(spans_all, 1),
        "of": math.floor(count),
    }


if __name__ == "__main__":
    main()
