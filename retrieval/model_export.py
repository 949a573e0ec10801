"""Exports a sentence-transformers model to ONNX: `python -m retrieval.model_export MODEL FOLDER`.

Runs as a process of its own (`retrieval.models.make_export`) and prints a description of the model as its last line.
The whole pipeline is exported, whatever its modules are: transformer, pooling, dense layers, normalisation.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retrieval.runtimes import Feed

if TYPE_CHECKING:
    import onnx
    import onnxruntime
    from sentence_transformers import SentenceTransformer

_CANNOT = (OSError, ValueError, KeyError, RuntimeError, AttributeError, TypeError)
"""What torch, onnx and sentence-transformers raise for a model that they cannot handle."""

_NOT_FETCHED = (
    "it is no folder, and was not fetched from the hub, which is asked only where you say so: "
    "run `HF_HUB_OFFLINE=0 seedbot build` once, or name the folder that holds it."
)

_SMALL = 1024  # bytes of a tensor that stays in the graph
_ALIKE = 0.95
"""Questions are encoded with 8 bits where the vectors of random words that come of it have at least this median cosine
to those of single precision; MiniLM's have 0.98.
"""

_ALIKE_PASSAGES = 0.97  # passages may be encoded with 8 bits where the median cosine of `_ALIKE` is at least this
_BASIS_DIMENSIONS = 64
_BASIS_ROUNDS, _BASIS_TEXTS, _BASIS_WORDS = 32, 16, 32


def main(model: str, folder: str) -> int:
    """Writes the export; on failure prints one sentence to stderr and returns 1."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    try:
        described = export(_load(model), Path(folder))
    except _CANNOT as error:
        print(_why_not(error), file=sys.stderr)
        return 1
    print(json.dumps(described))
    return 0


def _why_not(error: Exception) -> str:
    """Why a model cannot be used; of one that is not here and that the hub was not asked for, how to have it asked."""
    from huggingface_hub import constants, errors

    if constants.HF_HUB_OFFLINE and isinstance(error.__cause__, errors.LocalEntryNotFoundError):
        return _NOT_FETCHED
    reason = " ".join(str(error).split())[:200]
    return f"sentence-transformers cannot load or export it ({type(error).__name__}: {reason})."


def _load(model: str) -> SentenceTransformer:
    """The model with attention written out, which runs a tenth faster once exported; as it is where it has no such."""
    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(model, device="cpu", model_kwargs={"attn_implementation": "eager"}).eval()
    except (ValueError, TypeError):
        return SentenceTransformer(model, device="cpu").eval()


def export(transformer: SentenceTransformer, folder: Path) -> dict[str, object]:
    """Writes the model, for passages and for questions, and its other files, and returns what `models.Export` needs."""
    tokenizer: Any = transformer.tokenizer
    if not getattr(tokenizer, "is_fast", False):
        raise ValueError("it has no fast tokenizer")
    inputs = [name for name in ("input_ids", "attention_mask", "token_type_ids") if name in tokenizer.model_input_names]
    _export_onnx(transformer, inputs, folder / "model.onnx")
    tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    random_texts = list(_random_texts(tokenizer, inputs))
    np.save(folder / "basis.npy", _basis(folder / "model.onnx", random_texts))
    rounded = _round_weights(folder / "model.onnx", folder / "question.onnx", random_texts[0])
    _set_weights_apart(folder / "model.onnx", folder / "question.onnx")
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
        "rounded": rounded,
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


def _round_weights(path: Path, to: Path, texts: Feed) -> bool:
    """Writes the model with matrices of 8 bits and activations rounded to 8 bits as they come; says whether that
    does for passages too.

    It stays as it is where its vectors would turn too far. The weights take 7 of their 8 bits, because processors
    without VNNI add up two products in 16.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    how = {
        "per_channel": True,
        "reduce_range": True,
        "weight_type": QuantType.QInt8,
        "op_types_to_quantize": ["MatMul"],
    }
    try:
        quantize_dynamic(path, to, **how)
        sessions = [_session(one) for one in (path, to)]
        cosines = []
        for row in range(_BASIS_TEXTS):  # one by one, since the scale of a batch is that of its largest activation
            text = {name: values[row : row + 1] for name, values in texts.items()}
            whole, rounded = (session.run(["sentence_embedding"], text)[0][0] for session in sessions)
            cosines.append(whole @ rounded / max(np.linalg.norm(whole) * np.linalg.norm(rounded), 1e-9))
        alike = float(np.median(cosines))
    except OSError:
        raise
    except Exception:  # noqa: BLE001 - onnx and onnxruntime raise their own for graphs that they do not know
        alike = 0.0
    if not alike >= _ALIKE:  # nor where it is no number
        shutil.copyfile(path, to)
    return alike >= _ALIKE_PASSAGES


def _set_weights_apart(*paths: Path) -> None:
    """Moves the weights to model.data, of which a process maps into its memory only what it looks up.

    What several models have in common is there once. Tables that are only looked up in, those of the words above all,
    are halved to 16 bits.
    """
    import onnx

    there: dict[str, onnx.TensorProto] = {}
    for path in paths:
        model = onnx.load(path)
        _halve_tables(model.graph)
        for tensor in model.graph.initializer:
            if tensor.name in there:
                tensor.CopyFrom(there[tensor.name])
        onnx.external_data_helper.convert_model_to_external_data(
            model, location="model.data", size_threshold=_SMALL, convert_attribute=False
        )
        onnx.save_model(model, path)
        there |= {tensor.name: tensor for tensor in model.graph.initializer if tensor.external_data}
    (data,) = {path.with_name("model.data") for path in paths}
    data.chmod(paths[0].stat().st_mode)  # onnx keeps it from other users


def _halve_tables(graph: onnx.GraphProto) -> None:
    import onnx

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


def _session(path: Path) -> onnxruntime.InferenceSession:
    import onnxruntime

    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def _random_texts(tokenizer: Any, inputs: list[str]) -> Iterator[Feed]:
    """Batches of texts of random words of the model's own vocabulary."""
    special = set(tokenizer.all_special_ids)
    vocabulary = np.array(sorted(i for i in tokenizer.get_vocab().values() if i not in special))
    random = np.random.default_rng(0)
    pattern = tokenizer.backend_tokenizer.encode("a")
    own = [i for i, is_special in enumerate(pattern.special_tokens_mask) if not is_special]
    opening, closing = pattern.ids[: own[0]], pattern.ids[own[-1] + 1 :]
    for _ in range(_BASIS_ROUNDS):
        words = random.choice(vocabulary, (_BASIS_TEXTS, _BASIS_WORDS))
        ids = np.array([[*opening, *text, *closing] for text in words], np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        yield {name: feed[name] for name in inputs}


def _basis(path: Path, texts: Iterable[Feed]) -> NDArray[np.float32]:
    """The directions `[d, 64]` in which token vectors differ most, from random words.

    Uncentred principal components, each with its largest entry positive. On Wikipedia text, ranking by these was as
    good as by the components of that text's own tokens.
    """
    session = _session(path)
    total = np.zeros((0, 0))
    for feed in texts:
        vectors = session.run(["token_embeddings"], feed)[0]
        vectors = vectors.reshape(-1, vectors.shape[-1]).astype(np.float64)
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
