"""Moves what is hard to round from a model's activations to its weights (SmoothQuant: Xiao et al., 2023).

Activations are rounded to eight bits by the largest of a whole text, and a few channels of this encoder are twenty to
seventy times as large as the others, for which hardly a bit is left. So what goes into a product is divided, channel by
channel, by a scale that its weights are multiplied with: in single precision nothing changes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

from retrieval.arrays import Floats

SCALE = "_smoothing"
"""What the name of a divisor ends with; the weights behind it are multiplied by its inverse."""

_STRENGTH = 0.65  # how much of the largest activation goes over to the weights
_LEAST = 1e-3  # of a channel that hardly ever is anything


def smooth(path: Path, feeds: Iterable[Mapping[str, Any]], layers: re.Pattern[str]) -> None:
    """Rewrites a model in single precision, with the largest activations of `feeds` (its inputs), for the products
    in whose node's name `layers` is found.
    """
    model = onnx.load(str(path))
    graph = model.graph
    weights = {one.name: one for one in graph.initializer}
    products: dict[str, list[NodeProto]] = defaultdict(list)
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in weights and layers.search(node.name):
            products[node.input[0]].append(node)
    largest = _largest(path, feeds, products)
    for name, nodes in products.items():
        own = [numpy_helper.to_array(weights[node.input[1]]) for node in nodes]
        scale = _scale(largest[name], np.max([np.abs(one).max(axis=1) for one in own], axis=0))
        _divide(graph, name, nodes, scale)
        for node, values in zip(nodes, own, strict=True):
            weights[node.input[1]].CopyFrom(numpy_helper.from_array(values * scale[:, None], node.input[1]))
    onnx.save(model, str(path))


def _largest(path: Path, feeds: Iterable[Mapping[str, Any]], names: Iterable[str]) -> dict[str, Floats]:
    """The largest activation of each channel, in the mean over all texts."""
    model = onnx.load(str(path))
    model.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    seen: dict[str, list[Floats]] = {name: [] for name in names}
    for feed in feeds:
        for name, values in zip(seen, session.run(list(seen), dict(feed)), strict=True):
            seen[name].append(np.abs(values).reshape(-1, values.shape[-1]).max(axis=0))
    return {name: np.mean(values, axis=0) for name, values in seen.items()}


def _scale(activations: Floats, weights: Floats) -> Floats:
    """What channels are divided by, with a geometric mean of 1."""
    scale = np.maximum(activations, _LEAST) ** _STRENGTH / np.maximum(weights, _LEAST) ** (1 - _STRENGTH)
    return np.asarray(scale / np.exp(np.log(scale).mean()), np.float32)


def _divide(graph: GraphProto, name: str, nodes: list[NodeProto], scale: Floats) -> None:
    """Puts the division of `name` before `nodes`."""
    divisor, divided = f"{nodes[0].name}{SCALE}", f"{name}_divided"
    graph.initializer.append(numpy_helper.from_array(1 / scale, divisor))
    place = min(list(graph.node).index(node) for node in nodes)
    graph.node.insert(place, helper.make_node("Mul", [name, divisor], [divided], name=f"{divisor}_Mul"))
    for node in nodes:
        node.input[0] = divided
