"""What is packed of several trainings."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
import torch
from onnx import TensorProto, helper

from training.export import mean, together, unmask


def test_the_mean_of_trainings_lies_in_their_middle() -> None:
    states = [
        {"bias": torch.tensor([0.0, 3.0])},
        {"bias": torch.tensor([1.0, 3.0])},
        {"bias": torch.tensor([5.0, 3.0])},
    ]
    assert mean(states)["bias"].tolist() == [2.0, 3.0]


def test_what_trainings_went_on_from_is_told_once() -> None:
    start = {"sha256": "ab"}
    records = [{"steps": 3, "begun_from": start}, {"steps": 4, "begun_from": dict(start)}]
    assert together(records) == {"mean_of": [{"steps": 3}, {"steps": 4}], "begun_from": start}


def test_one_training_is_told_as_it_was() -> None:
    assert together([{"steps": 3, "begun_from": None}]) == {"steps": 3, "begun_from": None}


def test_trainings_from_different_weights_have_no_mean() -> None:
    with pytest.raises(SystemExit, match="different weights"):
        together([{"begun_from": {"sha256": "ab"}}, {"begun_from": {"sha256": "cd"}}])


def test_attention_looks_everywhere_without_its_mask(tmp_path: Path) -> None:
    nodes = []
    for layer in ("x", "y"):
        nodes += [helper.make_node("MatMul", ["input", layer], [f"{layer}_products"])]
        nodes += [helper.make_node("Add", [f"{layer}_products", "mask"], [f"{layer}_masked"])]
        nodes += [helper.make_node("Softmax", [f"{layer}_masked"], [f"{layer}_shares"])]
    shapes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 2]) for name in ("input", "x", "y", "mask")]
    shares = [helper.make_tensor_value_info(f"{name}_shares", TensorProto.FLOAT, [2, 2]) for name in "xy"]
    path = tmp_path / "model.onnx"
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(helper.make_graph(nodes, "two layers", shapes, shares), opset_imports=opset), str(path))
    unmask(path)
    softmax = [node for node in onnx.load(str(path)).graph.node if node.op_type == "Softmax"]
    assert [list(node.input) for node in softmax] == [["x_products"], ["y_products"]]
