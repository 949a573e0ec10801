"""Weights of an exported reader, so that a training can go on from what was shipped when its checkpoints are gone."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from onnx import TensorProto, numpy_helper
from torch import Tensor

from training.smoothing import SCALE


def shipped_weights(folder: Path) -> dict[str, Tensor]:
    """What `training.reader.Reader` learns: the eight-bit weights of `model.onnx`, scaled back, without smoothing.

    Rounding to eight bits loses at most half a step of each column's scale; the training makes up for it.
    """
    graph = onnx.load(str(folder / "model.onnx")).graph
    learnt = [one for one in graph.initializer if one.data_type != TensorProto.INT4]  # which the vectors of words are
    stored = {one.name: torch.from_numpy(numpy_helper.to_array(one).copy()) for one in learnt}
    parts = ("bert.", "spans.", "score.", "judging.", "answers.")
    state = {n: value for n, value in stored.items() if n.startswith(parts) and n.endswith((".weight", ".bias"))}
    made_by = {output: node for node in graph.node for output in node.output}
    for node in graph.node:
        if node.op_type == "MatMulInteger":
            weight = _scaled(stored, node.input[1].removesuffix("_quantized"))
            rounded = made_by[node.input[0]].input[0]
            for divisor in made_by[rounded].input if rounded in made_by else ():
                if divisor.endswith(SCALE):
                    weight = weight * stored[divisor][:, None]
            state[_weight(node.name)] = weight.T.contiguous()
    return state


def _weight(node: str) -> str:
    """The name of a layer's weight by its node: `/bert/encoder/layer.0/output/dense/MatMul_quant`."""
    layer = node.strip("/").split("/")[:-1]
    return ".".join(part for part in layer if not layer[-1].startswith(f"{part}.")) + ".weight"


def _scaled(stored: dict[str, Tensor], name: str) -> Tensor:
    zero = stored[f"{name}_zero_point"].float()
    return (stored[f"{name}_quantized"].float() - zero) * stored[f"{name}_scale"]
