"""Turns the trained reader into what the package ships: `python -m training.export --work FOLDER`.

Eight-bit weights, one scale a column, computed with eight-bit activations (dynamic quantisation of onnxruntime); the
vectors of words keep the four bits in which they came, in blocks of 32 that share a scale. With `--mixed-with` the
weights lie between those of the checkpoint and those of the reader that it went on from (Wortsman et al., 2022), which
keeps some of what the training made it forget; of several trainings that went on from the same weights the mean is
packed. What goes into the wide layers is evened out first (`training.smoothing`), by a few of the training's texts.
Attention looks everywhere, since a passage is read alone: a mask added to every product would be zeros.
With `--again` the reader that is there is packed anew, with the same weights. Beside the model stands `card.json`: the
SHA-256 of the weights and the record of the training.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from tokenizers import Tokenizer
from torch import Tensor

from retrieval.models import file_sha256
from retrieval.reader import FOLDER
from training.offered import FILE, read_examples
from training.reader import Reader, Row, encode
from training.shipped import shipped_weights
from training.smoothing import smooth
from training.start import BEGUN_FROM

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_WORDS = "bert.embeddings.word_embeddings.weight"
_PRODUCTS = ("MatMul", "Mul", "Div")  # of queries and keys, scaled
_BLOCK = 32  # weights that share a scale
_WIDE = re.compile(r"/intermediate/dense/MatMul$|(?<!/attention)/output/dense/MatMul$")  # what is smoothed
_LOOKED_AT, _OF_EACH = 100, 2  # questions, and passages of each, whose activations are


def main() -> None:
    """Reads the checkpoint of each FOLDER and writes the package's reader."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, nargs="+", help="folders of trainings; the mean of several")
    parser.add_argument("--to", type=Path, default=FOLDER)
    parser.add_argument(
        "--mixed-with", type=Path, help="folder of an exported reader that keeps a share of the weights"
    )
    parser.add_argument("--share", type=float, default=0.25, help="of that reader")
    parser.add_argument("--again", action="store_true", help="pack the reader in TO anew, not a checkpoint")
    arguments = parser.parse_args()
    source = arguments.work[0] / "start"
    model = Reader(source).eval()
    if arguments.again:
        learnt = shipped_weights(arguments.to)
        record = json.loads((arguments.to / "card.json").read_text("utf-8"))["training"]
    else:
        learnt = mean([torch.load(work / "checkpoint.pt", map_location="cpu")["model"] for work in arguments.work])
        record = together([json.loads((work / "record.json").read_text("utf-8")) for work in arguments.work])
    if arguments.mixed_with is not None:
        other, share = shipped_weights(arguments.mixed_with), arguments.share
        if learnt.keys() != other.keys():
            raise SystemExit("The reader to mix with has other parts than the checkpoint.")
        learnt = {name: (1 - share) * weight + share * other[name] for name, weight in learnt.items()}
        record["mixed_with"] = {"sha256": file_sha256(arguments.mixed_with / "model.onnx"), "share": share}
    left = model.load_state_dict(learnt, strict=False)
    if left.unexpected_keys or any("word_embeddings" not in key for key in left.missing_keys):
        raise SystemExit(f"The checkpoint does not fit the model: {left}")
    arguments.to.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        whole, prepared = Path(folder) / "whole.onnx", Path(folder) / "prepared.onnx"
        export(model, whole)
        quant_pre_process(str(whole), str(prepared), skip_symbolic_shape=True)
        unmask(prepared)
        smooth(prepared, _feeds(arguments.work[0]), _WIDE)
        quantize_dynamic(
            prepared,
            arguments.to / "model.onnx",
            per_channel=True,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul"],
        )
        shorten_words(arguments.to / "model.onnx")
        shutil.copyfile(whole, arguments.work[0] / "reader-fp32.onnx")
    shutil.copyfile(source / "tokenizer.json", arguments.to / "tokenizer.json")
    card = {
        "sha256": file_sha256(arguments.to / "model.onnx"),
        "bytes": (arguments.to / "model.onnx").stat().st_size,
        "begun_from": {"model": BEGUN_FROM, "sha256": file_sha256(source / "model.safetensors")},
        "training": record,
    }
    (arguments.to / "card.json").write_text(json.dumps(card, indent=2) + "\n", "utf-8")
    print(f"{card['bytes'] / 1e6:.1f} MB")


def _feeds(work: Path) -> Iterator[dict[str, NDArray[np.int64]]]:
    """What the model is given of some questions that it learnt from."""
    tokenizer = Tokenizer.from_file(str(work / "start" / "tokenizer.json"))
    learnt = [one for one in read_examples(work / FILE) if not one.held_out]
    for example in random.Random(7).sample(learnt, min(_LOOKED_AT, len(learnt))):
        for passage in example.passages[:_OF_EACH]:
            *inputs, _ = encode(tokenizer, [Row(example.question, passage.text, context=passage.context)])
            yield {name: values.numpy() for name, values in zip(_INPUTS, inputs, strict=True)}


def mean(states: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The weights in the middle of several trainings."""
    return {name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]}


def together(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One record of several trainings; what they went on from is told once. Raises SystemExit where that differs."""
    first, *others = [record.pop("begun_from") for record in records]
    if any(one != first for one in others):
        raise SystemExit("The trainings went on from different weights: their mean would be of neither.")
    return (records[0] if len(records) == 1 else {"mean_of": list(records)}) | {"begun_from": first}


def unmask(path: Path) -> None:
    """Takes the mask of padding out of attention, where it is added to every layer's scaled products."""
    model = onnx.load(str(path))
    made_by = {output: node for node in model.graph.node for output in node.output}
    weighed = [node for node in model.graph.node if node.op_type == "Softmax"]
    for node in weighed:
        added = made_by[node.input[0]].input
        (node.input[0],) = [one for one in added if one in made_by and made_by[one].op_type in _PRODUCTS]
    onnx.save(model, str(path))


def shorten_words(path: Path) -> None:
    """Stores the vectors of words in four bits; exact for such as came in blocks of four bits."""
    model = onnx.load(str(path))
    graph = model.graph
    (stored,) = [one for one in graph.initializer if one.name == _WORDS]
    (gather,) = [node for node in graph.node if _WORDS in node.input]
    values = numpy_helper.to_array(stored)
    blocks = values.reshape(-1, _BLOCK)
    largest = blocks[np.arange(len(blocks)), np.abs(blocks).argmax(axis=1)]
    scales = np.where(largest == 0, 1, largest / -8).astype(np.float32)
    steps = np.clip(np.rint(blocks / scales[:, None]), -8, 7).astype(np.int8).reshape(-1) & 15
    packed = (steps[::2] | steps[1::2] << 4).astype(np.uint8)
    words = helper.make_tensor(f"{_WORDS}_rounded", TensorProto.INT4, values.shape, packed.tobytes(), raw=True)
    scale = numpy_helper.from_array(scales.reshape(len(values), -1), f"{_WORDS}_scale")
    node = helper.make_node(
        "GatherBlockQuantized",
        [words.name, gather.input[1], scale.name],
        [gather.output[0]],
        domain="com.microsoft",
        block_size=_BLOCK,
        gather_axis=0,
        quantize_axis=1,
    )
    place = list(graph.node).index(gather)
    graph.node.remove(gather)
    graph.node.insert(place, node)
    graph.initializer.remove(stored)
    graph.initializer.extend([words, scale])
    if not any(one.domain == "com.microsoft" for one in model.opset_import):
        model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    onnx.save(model, str(path))


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
