"""Exports a sentence-transformers model to ONNX: `python -m retrieval.model_export MODEL FOLDER`.

Runs as a process of its own (`retrieval.models.make_export`) and prints a description of the model as its last line.
The whole pipeline is exported, whatever its modules are: transformer, pooling, dense layers, normalisation.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_SMALL = 1024  # bytes of a tensor that stays in the graph
_BASIS_DIMENSIONS = 64
_BASIS_ROUNDS, _BASIS_TEXTS, _BASIS_WORDS = 32, 16, 32


def main(model: str, folder: str) -> int:
    """Writes the export; on failure prints one sentence to stderr and returns 1."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    try:
        described = export(_load(model), Path(folder))
    except (OSError, ValueError, KeyError, RuntimeError, AttributeError, TypeError) as error:
        reason = " ".join(str(error).split())[:200]
        print(f"sentence-transformers cannot load or export it ({type(error).__name__}: {reason}).", file=sys.stderr)
        return 1
    print(json.dumps(described))
    return 0


def _load(model: str) -> SentenceTransformer:
    """The model with attention written out, which runs a tenth faster once exported; as it is where it has no such."""
    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(model, device="cpu", model_kwargs={"attn_implementation": "eager"}).eval()
    except (ValueError, TypeError):
        return SentenceTransformer(model, device="cpu").eval()


def export(transformer: SentenceTransformer, folder: Path) -> dict[str, object]:
    """Writes the model, tokenizer.json and basis.npy, and returns what `models.Export` needs to know."""
    tokenizer: Any = transformer.tokenizer
    if not getattr(tokenizer, "is_fast", False):
        raise ValueError("it has no fast tokenizer")
    inputs = [name for name in ("input_ids", "attention_mask", "token_type_ids") if name in tokenizer.model_input_names]
    _export_onnx(transformer, inputs, folder / "model.onnx")
    tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    np.save(folder / "basis.npy", _basis(folder / "model.onnx", tokenizer, inputs))
    _set_weights_apart(folder / "model.onnx")
    limit = transformer.max_seq_length or tokenizer.model_max_length
    prompts = transformer.prompts or {}
    return {
        "weights": _weights_digest(transformer),
        "dimension": _dimension(transformer),
        "max_tokens": int(min(limit, 8192)),
        "pad_id": int(tokenizer.pad_token_id or 0),
        "inputs": inputs,
        "query_prompt": prompts.get("query") or "",
        "passage_prompt": prompts.get("passage") or prompts.get("document") or "",
    }


def _export_onnx(transformer: SentenceTransformer, inputs: list[str], path: Path) -> None:
    import torch

    class Pipeline(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, *values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            features = self.transformer(dict(zip(inputs, values, strict=True)))
            return features["sentence_embedding"], features["token_embeddings"]

    example = tuple((torch.zeros if n == "token_type_ids" else torch.ones)(2, 7, dtype=torch.long) for n in inputs)
    axes = {name: {0: "batch", 1: "tokens"} for name in [*inputs, "token_embeddings"]}
    with torch.no_grad():
        torch.onnx.export(
            Pipeline(),
            example,
            str(path),
            input_names=inputs,
            output_names=["sentence_embedding", "token_embeddings"],
            dynamic_axes={**axes, "sentence_embedding": {0: "batch"}},
            opset_version=17,
            dynamo=False,
        )


def _set_weights_apart(path: Path) -> None:
    """Moves the weights to model.data, of which a process maps into its memory only what it looks up.

    Tables that are only looked up in, those of the words above all, are halved to 16 bits.
    """
    import onnx

    model = onnx.load(path)
    graph = model.graph
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    casts = []
    for table in graph.initializer:
        reading = readers.get(table.name, [])
        if table.data_type != onnx.TensorProto.FLOAT or any(
            node.op_type != "Gather" or table.name != node.input[0] for node in reading
        ):
            continue
        table.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(table).astype(np.float16), table.name))
        for node in reading:
            found, node.output[0] = node.output[0], node.output[0] + "/half"
            casts.append((node, onnx.helper.make_node("Cast", [node.output[0]], [found], to=onnx.TensorProto.FLOAT)))
    for node, cast in casts:
        graph.node.insert(list(graph.node).index(node) + 1, cast)
    onnx.save_model(model, path, save_as_external_data=True, location="model.data", size_threshold=_SMALL)
    path.with_name("model.data").chmod(path.stat().st_mode)  # onnx keeps it from other users


def _basis(path: Path, tokenizer: Any, inputs: list[str]) -> NDArray[np.float32]:
    """The directions `[d, 64]` in which token vectors differ most, from random words of the model's own vocabulary.

    Uncentred principal components, each with its largest entry positive. On Wikipedia text, ranking by these was as
    good as by the components of that text's own tokens.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    special = set(tokenizer.all_special_ids)
    vocabulary = np.array(sorted(i for i in tokenizer.get_vocab().values() if i not in special))
    random = np.random.default_rng(0)
    pattern = tokenizer.backend_tokenizer.encode("a")
    own = [i for i, is_special in enumerate(pattern.special_tokens_mask) if not is_special]
    opening, closing = pattern.ids[: own[0]], pattern.ids[own[-1] + 1 :]
    total = np.zeros((0, 0))
    for _ in range(_BASIS_ROUNDS):
        words = random.choice(vocabulary, (_BASIS_TEXTS, _BASIS_WORDS))
        ids = np.array([[*opening, *text, *closing] for text in words], np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        vectors = session.run(["token_embeddings"], {n: feed[n] for n in inputs})[0].reshape(-1, 1)
        vectors = vectors.reshape(ids.size, -1).astype(np.float64)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        total = vectors.T @ vectors if not total.size else total + vectors.T @ vectors
    components = np.linalg.eigh(total)[1][:, ::-1][:, :_BASIS_DIMENSIONS]
    signs = np.sign(components[np.abs(components).argmax(axis=0), np.arange(components.shape[1])])
    return np.ascontiguousarray(components * signs, np.float32)


def _weights_digest(transformer: SentenceTransformer) -> str:
    """A digest of every weight and of how the modules follow each other."""
    digest = hashlib.sha256(repr([type(module).__name__ for module in transformer]).encode())
    for name, value in sorted(transformer.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().contiguous().cpu().numpy().tobytes())
    return digest.hexdigest()


def _dimension(transformer: SentenceTransformer) -> int:
    return int(np.asarray(transformer.encode(["a"])).shape[1])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
