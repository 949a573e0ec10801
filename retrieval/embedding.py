"""Text to vectors: the exported model run by a runtime of `retrieval.runtimes`, with nothing of torch in the process.

`open_embedder` finds the export in the library or has it made (`retrieval.model_export`). The vectors are those of
`SentenceTransformer.encode(..., normalize_embeddings=True)`; besides, the model's token vectors are kept, because
ranking reads them (`retrieval.evidence`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.arrays import Floats
from retrieval.errors import ModelError
from retrieval.machine import cores
from retrieval.models import EXPORT_VERSION, Export, find_export, make_export
from retrieval.runtimes import (
    Feed,
    OnnxRuntime,
    OpenVino,
    Precision,
    RoundedRuntime,
    Runtime,
    has_bfloat16,
    has_byte_products,
)
from retrieval.settings import EmbeddingSettings

if TYPE_CHECKING:
    from tokenizers import Encoding as TokenEncoding


_CHUNK_TEXTS = 1024  # texts sorted by length at once
_REASONS = {
    "bf16": "This processor does not compute in bfloat16",
    "int8": "This model loses too much with weights of 8 bits",
}
_LONGEST_QUERY = 20_000  # characters of a question that are looked at


@dataclass(frozen=True, slots=True)
class Encoding:
    """A text as the model sees it.

    `vector` is `[d]` of unit length; `tokens` `[t, d]` are the token vectors before pooling, without special and
    prompt tokens; `offsets` `[t, 2]` say in code points where in the text each token stands.
    """

    vector: Floats
    tokens: Floats
    offsets: NDArray[np.int32]


class Embedder(Protocol):
    """A model that encodes passages and questions.

    `fingerprint` changes whenever vectors would; `token_limit` is the most tokens of a text of one's own that the
    model reads; `basis` `[d, b]` projects token vectors on the directions that tell most words apart.
    """

    fingerprint: str
    name: str
    dimension: int
    token_limit: int
    basis: Floats

    def token_offsets(self, text: str) -> NDArray[np.int32]:
        """Where each token of the whole text stands, `[t, 2]`; nothing is cut off."""

    def settle_precision(self, kept: str | None) -> Precision:
        """Decides in which precision passages are encoded: in `kept`, a library's own, where this machine can."""

    def encode_passages(self, texts: Sequence[str]) -> Iterator[tuple[int, Encoding]]:
        """Each text's index and encoding, in the order that is quickest."""

    def begin_query(self, text: str) -> Callable[[], Encoding]:
        """Begins to encode a question and returns what waits for the encoding; meanwhile other work can be done.

        What goes beyond the model's limit is left out.
        """

    def encode_query(self, text: str) -> Encoding:
        """The encoding of a question."""


def open_embedder(
    settings: EmbeddingSettings, folder: Path, *, notify: Callable[[], None] | None = None, renew: bool = False
) -> OnnxEmbedder:
    """The embedder for `settings`, from the export in `folder`, which is made first where it is missing or altered.

    With `renew`, as builds have it, one of an older version is made anew too. `notify` is called before an export,
    which takes some seconds. Raises ModelError.
    """
    export = find_export(settings.model, folder)
    if export is None or (renew and export.version != EXPORT_VERSION):
        if notify is not None:
            notify()
        export = make_export(settings.model, folder)
    return OnnxEmbedder(export, settings)


class OnnxEmbedder:
    """An exported sentence-transformers model. Safe to use from several threads."""

    def __init__(self, export: Export, settings: EmbeddingSettings) -> None:
        """Loads the session and the tokenizer; raises ModelError where either cannot be read."""
        self._query_prompt = export.query_prompt if settings.query_prompt is None else settings.query_prompt
        self._passage_prompt = export.passage_prompt if settings.passage_prompt is None else settings.passage_prompt
        self.fingerprint = export.fingerprint(self._query_prompt, self._passage_prompt)
        self.name = export.model
        self.dimension = export.dimension
        self._export = export
        self._tokenizer = _tokenizer(export)
        self._threads = settings.threads or cores()
        self._wanted = settings.precision
        exact = self._wanted == "fp32"
        with _explained(export):
            self._for_questions = OnnxRuntime(export.for_passages if exact else export.for_questions, self._threads)
        self._for_passages: Runtime | None = self._for_questions if exact else None
        self.basis: Floats = np.load(export.folder / "basis.npy")
        closing = self._tokenizer.encode(self._passage_prompt)  # special and prompt tokens alone
        self.token_limit = export.max_tokens - len(closing.ids)

    def token_offsets(self, text: str) -> NDArray[np.int32]:
        """See `Embedder`."""
        offsets = self._tokenizer.encode(text, add_special_tokens=False).offsets
        return np.array(offsets, np.int32).reshape(-1, 2)

    def settle_precision(self, kept: str | None) -> Precision:
        """See `Embedder`. Raises ModelError where the settings name a precision that this machine or model has not."""
        if self._wanted == "auto":
            quickest = ["bf16", "int8", "fp32"] if has_byte_products() else ["bf16", "fp32"]
            order: list[Any] = [*(kept or "").split(), *quickest]
            return self._passages(next(one for one in order if self._can(one))).precision
        if not self._can(self._wanted):
            raise ModelError(f"{_REASONS[self._wanted]}: set embedding.precision to auto or fp32.")
        return self._passages(self._wanted).precision

    def _can(self, precision: str) -> bool:
        """Whether this processor and this model can; loads OpenVINO only to ask about bfloat16."""
        if precision == "bf16":
            return has_bfloat16()
        return precision == "fp32" or (precision == "int8" and self._export.rounded)

    def _passages(self, precision: Precision) -> Runtime:
        """What encodes passages, loaded where it is not."""
        if self._for_passages is None or self._for_passages.precision != precision:
            rounded, whole = self._export.for_questions, self._export.for_passages
            with _explained(self._export):
                if precision == "int8":
                    self._for_passages = RoundedRuntime(rounded, self._threads)
                elif precision == "bf16":
                    self._for_passages = OpenVino(whole, self._threads)
                else:
                    self._for_passages = OnnxRuntime(whole, self._threads)
        return self._for_passages

    def encode_passages(self, texts: Sequence[str]) -> Iterator[tuple[int, Encoding]]:
        """See `Embedder`. Texts of like length go together, so that little is padded."""
        runtime = self._for_passages or self._passages("fp32")
        for first in range(0, len(texts), _CHUNK_TEXTS):
            chunk = [self._passage_prompt + text for text in texts[first : first + _CHUNK_TEXTS]]
            tokenised = [self._tokenise(text) for text in self._tokenizer.encode_batch(chunk)]
            order = sorted(range(len(chunk)), key=lambda i: len(tokenised[i].ids))
            widths = [self._width(len(text.ids), runtime.step) for text in tokenised]
            batches = list(_batches(order, widths, runtime.together))
            feeds = ((batch, self._feed([tokenised[i] for i in batch], widths[batch[-1]])) for batch in batches)
            for batch, (vectors, tokens) in runtime.run(feeds):
                for index, vector, rows in zip(batch, vectors, tokens, strict=True):
                    yield first + index, _encoding(tokenised[index], vector, rows, len(self._passage_prompt))

    def begin_query(self, text: str) -> Callable[[], Encoding]:
        """See `Embedder`."""
        prompted = self._query_prompt + text[:_LONGEST_QUERY]
        tokenised = self._tokenise(self._tokenizer.encode(prompted))
        wait = self._for_questions.begin(self._feed([tokenised], len(tokenised.ids)))

        def finish() -> Encoding:
            vectors, rows = wait()
            return _encoding(tokenised, vectors[0], rows[0], len(self._query_prompt))

        return finish

    def encode_query(self, text: str) -> Encoding:
        """See `Embedder`."""
        return self.begin_query(text)()

    def _tokenise(self, text: TokenEncoding) -> _Tokens:
        """Drops the last tokens of a text that is too long, but never the special tokens that close it."""
        ids, offsets = np.array(text.ids, np.int64), np.array(text.offsets, np.int32).reshape(-1, 2)
        special = np.array(text.special_tokens_mask, bool)
        surplus = len(ids) - self._export.max_tokens
        if surplus > 0:
            keep = np.ones(len(ids), bool)
            keep[np.flatnonzero(~special)[-surplus:]] = False
            ids, offsets, special = ids[keep], offsets[keep], special[keep]
        return _Tokens(ids, offsets, special)

    def _width(self, length: int, step: int) -> int:
        """What a text is padded to at least: few widths, since a runtime prepares itself for each."""
        return max(length, min(-(-length // step) * step, self._export.max_tokens))

    def _feed(self, texts: Sequence[_Tokens], width: int) -> Feed:
        ids = np.full((len(texts), width), self._export.pad_id, np.int64)
        mask = np.zeros_like(ids)
        for row, text in enumerate(texts):
            ids[row, : len(text.ids)] = text.ids
            mask[row, : len(text.ids)] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        return {name: feed[name] for name in self._export.inputs}


@dataclass(frozen=True, slots=True)
class _Tokens:
    """A text as token ids `[n]`, their offsets `[n, 2]` and whether each is a special token `[n]`."""

    ids: NDArray[np.int64]
    offsets: NDArray[np.int32]
    special: NDArray[np.bool_]


def _encoding(text: _Tokens, vector: Floats, rows: Floats, prompt_length: int) -> Encoding:
    own = ~text.special & (text.offsets[:, 0] >= prompt_length)
    length = max(float(np.linalg.norm(vector)), 1e-12)
    return Encoding(
        np.asarray(vector / length, np.float32),
        np.ascontiguousarray(rows[: len(text.ids)][own]),
        text.offsets[own] - prompt_length,
    )


def _batches(order: Sequence[int], widths: Sequence[int], tokens: int) -> Iterator[list[int]]:
    batch: list[int] = []
    for index in order:
        if batch and (len(batch) + 1) * widths[index] > tokens:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _tokenizer(export: Export) -> Any:
    from tokenizers import Tokenizer

    with _explained(export):
        tokenizer = Tokenizer.from_file(str(export.folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


@contextmanager
def _explained(export: Export) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # onnxruntime, OpenVINO and tokenizers each raise their own, some bare Exception
        raise ModelError(
            f"The exported model in {export.folder} cannot be loaded ({str(error)[:120]}): "
            "delete that folder and run `seedbot build`."
        ) from error
