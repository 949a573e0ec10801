"""What runs the exported model: onnxruntime everywhere, OpenVINO for passages where the processor has bfloat16.

On such a processor OpenVINO embeds two to three times as many passages a second, in bfloat16, at a cosine of 0.99998
to the vectors of single precision; on others the two are equally fast, and onnxruntime it is. Questions are always
encoded by onnxruntime, which starts sooner and holds less memory, with weights of 8 bits: a question waits for the
weights to come from memory, and these are a quarter.
"""

from __future__ import annotations

import atexit
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from threading import Event
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Feed: TypeAlias = Mapping[str, NDArray[np.int64]]
Outputs: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]
Precision = Literal["fp32", "bf16"]
Label = TypeVar("Label")

_STREAMS = 2  # batches run side by side
_LAST_SECONDS = 10  # that a process waits for a question when it ends
_running: dict[Event, object] = {}  # what onnxruntime runs aside and has not ended, and the arrays it reads meanwhile


@atexit.register
def _wait_for_running() -> None:
    """A question that nobody waits for any more must end before Python does: its end is told to Python."""
    for done in list(_running):
        done.wait(_LAST_SECONDS)


class Runtime(Protocol):
    """Runs the exported model over batches.

    `precision` is what it computes in; batches are quickest where their width in tokens is a multiple of `step`.
    """

    precision: Precision
    step: int

    def run(self, batches: Iterable[tuple[Label, Feed]]) -> Iterator[tuple[Label, Outputs]]:
        """For each batch its text vectors `[n, d]` and token vectors `[n, t, d]`; the next is prepared meanwhile."""


class OnnxRuntime:
    """An onnxruntime session. Safe to use from several threads."""

    precision: Precision = "fp32"
    step = 1

    def __init__(self, model: Path, threads: int) -> None:
        """Loads the model; raises whatever onnxruntime raises."""
        import onnxruntime
        from threadpoolctl import threadpool_limits

        # NumPy's threads would wait for those of onnxruntime, which spin: a question would take twice as long.
        threadpool_limits(1, user_api="blas")
        self._threads = threads
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def run(self, batches: Iterable[tuple[Label, Feed]]) -> Iterator[tuple[Label, Outputs]]:
        """See `Runtime`."""
        for label, feed in batches:
            yield label, self._session.run(None, dict(feed))

    def begin(self, feed: Feed) -> Callable[[], Outputs]:
        """Runs the model aside, where there is more than one thread, and returns what waits for the outputs."""
        values = dict(feed)
        if self._threads == 1:
            return lambda: self._session.run(None, values)
        done = Event()
        ended: list[tuple[Outputs, str]] = []

        def end(outputs: Outputs, _: object, error: str) -> None:
            ended.append((outputs, error))
            _running.pop(done, None)
            done.set()

        _running[done] = (values, self._session)
        try:
            self._session.run_async(None, values, end, None)
        except BaseException:  # it did not begin, so that nothing will tell of its end
            _running.pop(done, None)
            raise

        def wait() -> Outputs:
            done.wait()
            ((outputs, error),) = ended
            if error:
                raise RuntimeError(error)
            return outputs

        return wait


class OpenVino:
    """A model compiled by OpenVINO for bfloat16. To be used from one thread."""

    precision: Precision = "bf16"
    step = 16  # a seventh more passages a second than with whatever width comes

    def __init__(self, model: Path, threads: int) -> None:
        """Compiles the model, in a fifth of a second for the default one; raises whatever OpenVINO raises."""
        import openvino

        core = openvino.Core()
        config = {
            "INFERENCE_PRECISION_HINT": "bf16",
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": min(_STREAMS, threads),
        }
        self._compiled = core.compile_model(core.read_model(str(model)), "CPU", config)
        self._free: list[Any] = [self._compiled.create_infer_request() for _ in range(_STREAMS + 1)]

    def run(self, batches: Iterable[tuple[Label, Feed]]) -> Iterator[tuple[Label, Outputs]]:
        """See `Runtime`."""
        running: deque[tuple[Label, Any]] = deque()
        for label, feed in batches:
            if not self._free:
                yield self._finished(running)
            request = self._free.pop()
            request.start_async(dict(feed))
            running.append((label, request))
        while running:
            yield self._finished(running)

    def _finished(self, running: deque[tuple[Label, Any]]) -> tuple[Label, Outputs]:
        label, request = running.popleft()
        request.wait()
        vectors, tokens = (request.get_output_tensor(i).data.copy() for i in range(2))
        self._free.append(request)
        return label, (vectors, tokens)


def has_bfloat16() -> bool:
    """Whether OpenVINO is installed, can be loaded here and finds a processor that computes in bfloat16."""
    try:
        import openvino

        return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    except (ImportError, RuntimeError):
        return False
