"""Turns the trained reader into what the package ships: `python -m training.export --work FOLDER`.

Eight-bit weights, one scale a column, computed with eight-bit activations (dynamic quantisation of onnxruntime). Beside
the model stands `card.json`: the SHA-256 of the weights and the record of the training.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process

from retrieval.models import DEFAULT_MODEL, DEFAULT_SHA256, file_sha256, locate
from retrieval.reader import FOLDER
from training.reader import Reader

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def main() -> None:
    """Reads FOLDER/checkpoint.pt and writes the package's reader."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--to", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    source = Path(locate(DEFAULT_MODEL))
    model = Reader(source).eval()
    learnt = torch.load(arguments.work / "checkpoint.pt")["model"]
    left = model.load_state_dict(learnt, strict=False)
    if left.unexpected_keys or any("word_embeddings" not in key for key in left.missing_keys):
        raise SystemExit(f"The checkpoint does not fit the model: {left}")
    arguments.to.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        whole, prepared = Path(folder) / "whole.onnx", Path(folder) / "prepared.onnx"
        export(model, whole)
        quant_pre_process(str(whole), str(prepared), skip_symbolic_shape=True)
        quantize_dynamic(
            prepared,
            arguments.to / "model.onnx",
            per_channel=True,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gather"],
        )
        shutil.copyfile(whole, arguments.work / "reader-fp32.onnx")
    shutil.copyfile(source / "tokenizer.json", arguments.to / "tokenizer.json")
    card = {
        "sha256": file_sha256(arguments.to / "model.onnx"),
        "bytes": (arguments.to / "model.onnx").stat().st_size,
        "begun_from": {"model": DEFAULT_MODEL, "sha256": DEFAULT_SHA256},
        "training": json.loads((arguments.work / "record.json").read_text("utf-8")),
    }
    (arguments.to / "card.json").write_text(json.dumps(card, indent=2) + "\n", "utf-8")
    print(f"{card['bytes'] / 1e6:.1f} MB")


def export(model: Reader, path: Path) -> None:
    """Writes the model in single precision."""
    example = tuple(torch.ones(2, 9, dtype=torch.long) for _ in _INPUTS)
    axes = {name: {0: "windows", 1: "tokens"} for name in [*_INPUTS, "spans"]}
    with torch.no_grad():
        torch.onnx.export(
            model,
            example,
            str(path),
            input_names=list(_INPUTS),
            output_names=["scores", "spans"],
            dynamic_axes={**axes, "scores": {0: "windows"}},
            opset_version=17,
            dynamo=False,
        )


if __name__ == "__main__":
    main()
