"""Activations of which some channels are large, and what is made of them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from retrieval.arrays import Floats
from training.shipped import shipped_weights
from training.smoothing import smooth

_LARGE = np.ones(64, np.float32)
_LARGE[5] = 300.0  # a channel beside which eight bits leave nothing of the others
_FEEDS = [{"x": np.random.default_rng(n).normal(size=(1, 9, 64)).astype(np.float32) * _LARGE} for n in range(4)]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Two layers that share what goes in, and one of another name."""
    chance = np.random.default_rng(4)
    weights = {name: chance.normal(size=(64, 32)).astype(np.float32) for name in ("a", "b", "c")}
    nodes = [
        helper.make_node("MatMul", ["x", name], [f"y{name}"], name=f"/bert/{layer}/MatMul")
        for name, layer in (("a", "wide"), ("b", "wide2"), ("c", "slim"))
    ]
    inside = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, None, 64])]
    out = [helper.make_tensor_value_info(f"y{name}", TensorProto.FLOAT, [1, None, 32]) for name in weights]
    stored = [numpy_helper.from_array(values, name) for name, values in weights.items()]
    graph = helper.make_graph(nodes, "three", inside, out, stored)
    path = tmp_path / "model.onnx"
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, str(path))
    return path


def _run(path: Path) -> list[Floats]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return [np.asarray(one) for one in session.run(None, _FEEDS[0])]


def _rounded(path: Path) -> Path:
    to = path.with_name(f"{path.stem}-rounded.onnx")
    quantize_dynamic(path, to, per_channel=True, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul"])
    return to


def test_smoothing_changes_nothing_in_single_precision_and_spares_most_of_what_rounding_costs(model: Path) -> None:
    exact, plain = _run(model), _run(_rounded(model))
    smooth(model, iter(_FEEDS), re.compile(r"/wide2?/MatMul$"))
    for before, after in zip(exact, _run(model), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-3, atol=1e-3)
    lost = [np.abs(one - of).mean() for one, of in zip(plain, exact, strict=True)]
    less = [np.abs(one - of).mean() for one, of in zip(_run(_rounded(model)), exact, strict=True)]
    assert all(now < before / 4 for now, before in zip(less[:2], lost[:2], strict=True))
    assert less[2] == pytest.approx(lost[2])  # the layer that is not named


def test_a_training_goes_on_from_weights_without_smoothing(model: Path, tmp_path: Path) -> None:
    stored = {one.name: numpy_helper.to_array(one) for one in onnx.load(str(model)).graph.initializer}
    smooth(model, _FEEDS, re.compile(r"/wide2?/MatMul$"))
    (tmp_path / "shipped").mkdir()
    _rounded(model).replace(tmp_path / "shipped" / "model.onnx")
    learnt = shipped_weights(tmp_path / "shipped")
    for name, layer in (("a", "wide"), ("b", "wide2"), ("c", "slim")):
        given = learnt[f"bert.{layer}.weight"].T.numpy()
        lost = np.abs(given - stored[name]).mean(axis=1)
        assert lost[5] < 0.02  # of some 0.8
        assert lost.mean() < 0.1
