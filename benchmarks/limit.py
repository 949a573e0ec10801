"""How fast the processor multiplies matrices of the model's shapes, and how many operations a passage takes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from retrieval.models import DEFAULT_MODEL, locate
from retrieval.runtimes import has_bfloat16

_ROWS = 1536  # tokens of a batch
_LAYERS = 4  # pairs of matrices that are multiplied in turn
_SECONDS = 1.0


def operations(tokens: float) -> float:
    """Additions and multiplications that the default model makes for a text of so many tokens."""
    width, inner, layers = _shapes()
    return layers * (2 * tokens * (4 * width * width + 2 * width * inner) + 4 * tokens * tokens * width)


def gemm_rates() -> dict[str, float]:
    """Operations a second of the large matrix products of the model, on all cores, by library and precision."""
    width, inner, _ = _shapes()
    random = np.random.default_rng(0)
    rows, *weights = (
        random.standard_normal(shape).astype(np.float32)
        for shape in ((_ROWS, width), *((width, inner), (inner, width)) * _LAYERS)
    )
    pairs = list(zip(weights[::2], weights[1::2], strict=True))

    def numpy_once() -> object:
        for first, second in pairs:
            rows @ first @ second
        return None

    made = 4.0 * _ROWS * width * inner * _LAYERS
    rates = {"numpy fp32": made / _quickest(numpy_once)}
    for precision in ("f32", "bf16") if has_bfloat16() else ():
        rates[f"OpenVINO {precision}"] = made / _quickest(_openvino(rows, pairs, precision))
    return rates


def _openvino(rows: np.ndarray, pairs: list[tuple[np.ndarray, np.ndarray]], precision: str) -> Callable[[], object]:
    import openvino
    from openvino import opset13

    given = opset13.parameter(list(rows.shape), np.float32)
    result = given
    for first, second in pairs:
        wide = opset13.matmul(result, opset13.constant(first * 0.01), False, False)
        result = opset13.matmul(wide, opset13.constant(second * 0.01), False, False)
    model = openvino.Model([result], [given])
    compiled = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": precision})
    request = compiled.create_infer_request()
    return lambda: request.infer([rows])


def _quickest(work: Callable[[], object]) -> float:
    """Seconds of the quickest of the runs of a second: what else the machine does only makes it slower."""
    work()
    taken, until = [], time.perf_counter() + _SECONDS
    while not taken or time.perf_counter() < until:
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def _shapes() -> tuple[int, int, int]:
    """The default model's width, inner width and number of layers."""
    config = json.loads((Path(locate(DEFAULT_MODEL)) / "config.json").read_text("utf-8"))
    return config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
