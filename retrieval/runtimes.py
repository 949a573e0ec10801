"""What runs the exported model, chosen by what the processor has (docs/experiments.md has the figures).

Passages: OpenVINO in bfloat16 where the processor has that, at a cosine of 0.99998 to single precision; else
onnxruntime with weights of 8 bits where it adds up products of bytes in one step; else onnxruntime in single precision.
Questions are always encoded by onnxruntime, which starts sooner and holds less memory, with weights of 8 bits: a
question waits for the weights to come from memory, and these are a quarter.
"""

from __future__ import annotations

import atexit
import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Feed: TypeAlias = Mapping[str, NDArray[np.int64]]
Outputs: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]
Precision = Literal["bf16", "int8", "fp32"]
Label = TypeVar("Label")

_SLOWER = ["SkipLayerNormFusion"]  # the fused operation takes seven times as long as the sum and the normalisation
_IDLE = ("session.force_spinning_stop", "1")  # else threads that wait for work take a core for long after a run
_STREAMS = 2  # batches run side by side
_BATCH_TOKENS = 1536  # padded tokens a batch: enough to fill two cores, little enough for their caches
_BYTE_PRODUCTS = frozenset({"avx512_vnni", "avx_vnni", "asimddp"})  # as Linux calls them, on x86 and ARM
_LAST_SECONDS = 10  # that a process waits for a question when it ends
_running: dict[Event, object] = {}  # what onnxruntime runs aside and has not ended, and the arrays it reads meanwhile


@atexit.register
def _wait_for_running() -> None:
    """A question that nobody waits for any more must end before Python does: its end is told to Python."""
    for done in list(_running):
        done.wait(_LAST_SECONDS)


class Runtime(Protocol):
    """Runs the exported model over batches.

    `precision` is what it computes in; batches are quickest where their width in tokens is a multiple of `step`, and
    of `together` tokens at most, or of one text.
    """

    precision: Precision
    step: int
    together: int

    def run(self, batches: Iterable[tuple[Label, Feed]]) -> Iterator[tuple[Label, Outputs]]:
        """For each batch its text vectors `[n, d]` and token vectors `[n, t, d]`; the next is prepared meanwhile."""


class OnnxRuntime:
    """An onnxruntime session. Safe to use from several threads."""

    precision: Precision = "fp32"
    step = 1
    together = _BATCH_TOKENS

    def __init__(self, model: Path, threads: int) -> None:
        """Loads the model; raises whatever onnxruntime raises."""
        from threadpoolctl import threadpool_limits

        # NumPy's threads would wait for those of onnxruntime, which spin: a question would take twice as long.
        threadpool_limits(1, user_api="blas")
        self._threads = threads
        self._session = onnx_session(model, threads)

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


class RoundedRuntime:
    """The model with weights of 8 bits, by onnxruntime. To be used from one thread.

    Every passage alone: activations are rounded by the largest of their batch, and a vector must not depend on what
    else was in it. So each thread takes a passage.
    """

    precision: Precision = "int8"
    step = 1
    together = 1

    def __init__(self, model: Path, threads: int) -> None:
        """Loads the model; raises whatever onnxruntime raises."""
        self._threads = threads
        self._session = onnx_session(model, 1)

    def run(self, batches: Iterable[tuple[Label, Feed]]) -> Iterator[tuple[Label, Outputs]]:
        """See `Runtime`."""
        running: deque[tuple[Label, Future[Outputs]]] = deque()
        with ThreadPoolExecutor(self._threads) as pool:
            for label, feed in batches:
                running.append((label, pool.submit(self._session.run, None, dict(feed))))
                if len(running) > 2 * self._threads:
                    yield _finished(running)
            while running:
                yield _finished(running)


def _finished(running: deque[tuple[Label, Future[Outputs]]]) -> tuple[Label, Outputs]:
    label, outputs = running.popleft()
    return label, outputs.result()


def onnx_session(model: Path, threads: int, *, keeps_patterns: bool = True) -> Any:
    """A session of onnxruntime on the processor; raises whatever onnxruntime raises.

    Without `keeps_patterns` it does not keep, for every width of input that it met, where in memory things lay.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.enable_mem_pattern = keeps_patterns
    options.add_session_config_entry(*_IDLE)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOWER)


class OpenVino:
    """A model compiled by OpenVINO for bfloat16. To be used from one thread."""

    precision: Precision = "bf16"
    step = 16  # a seventh more passages a second than with whatever width comes
    together = _BATCH_TOKENS

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
        self._requests: list[Any] = [self._compiled.create_infer_request() for _ in range(_STREAMS + 1)]

    def run(self, batches: Iterable[tuple[Label, Feed]]) -> Iterator[tuple[Label, Outputs]]:
        """See `Runtime`."""
        free = list(self._requests)
        running: deque[tuple[Label, Any]] = deque()

        def finished() -> tuple[Label, Outputs]:
            label, request = running[0]
            request.wait()
            vectors, tokens = (request.get_output_tensor(i).data.copy() for i in range(2))
            running.popleft()
            free.append(request)
            return label, (vectors, tokens)

        try:
            for label, feed in batches:
                if not free:
                    yield finished()
                request = free.pop()
                running.append((label, request))
                request.start_async(dict(feed))
            while running:
                yield finished()
        finally:  # a run that is broken off leaves no request at work for the next one
            for _, request in running:
                with contextlib.suppress(RuntimeError):  # the first that fails is raised above
                    request.wait()


def has_bfloat16() -> bool:
    """Whether OpenVINO is installed, can be loaded here and finds a processor that computes in bfloat16."""
    try:
        import openvino

        return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    except (ImportError, RuntimeError):
        return False


def has_byte_products(processor: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether Linux says that the processor adds up products of bytes in one step (VNNI, or ARM's dot product)."""
    try:
        return not _BYTE_PRODUCTS.isdisjoint(processor.read_text("utf-8", "replace").split())
    except OSError:
        return False
