"""Importing costs nothing, asking needs no torch, and arrows point one way."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, SEEDS, Write

_HEAVY = {
    "torch",
    "transformers",
    "sentence_transformers",
    "telegram",
    "faiss",
    "tantivy",
    "onnxruntime",
    "openvino",
}
_FRONT_END = {"bot", "telegram", "click", "rich", "prompt_toolkit"}


def _modules(package: str) -> list[str]:
    files = sorted((REPOSITORY / package).rglob("*.py"))
    return [".".join(f.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__") for f in files]


def _loaded_after(code: str, stdin: str = "", **environment: str) -> set[str]:
    report = "\nimport sys\nprintable = sorted({name.split('.')[0] for name in sys.modules})\nprint(*printable)"
    options = {"cwd": REPOSITORY, "env": os.environ | environment, "input": stdin}
    done = subprocess.run([sys.executable, "-c", code + report], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split("\n")[-2].split())


@pytest.mark.parametrize("package", ["retrieval", "bot"])
def test_importing_every_module_loads_no_heavy_library(package: str) -> None:
    modules = [name for name in _modules(package) if not name.startswith("bot.telegram")]
    assert len(modules) > 10
    assert _loaded_after("\n".join(f"import {name}" for name in modules)) & _HEAVY == set()


def test_asking_a_built_library_loads_neither_torch_nor_sentence_transformers(built: Path) -> None:
    code = f"import sys; from bot.cli import _run; sys.argv = ['seedbot', 'ask', '--seeds', {str(SEEDS)!r}, "
    loaded = _loaded_after(code + f"'--library', {str(built)!r}, 'What is grown here?']; _run()")
    assert loaded & {"torch", "transformers", "sentence_transformers", "scipy", "sklearn", "telegram"} == set()
    assert {"onnxruntime", "faiss", "tantivy"} <= loaded


@pytest.mark.parametrize(
    ("command", "before"),
    [("build", ""), ("repl", ""), ("telegram", "from bot.telegram import running; running._START_SECONDS = 0; ")],
)
def test_nor_does_any_other_command_once_the_model_is_exported(
    command: str, before: str, exported_model: Path, tmp_path: Path, write: Write
) -> None:
    """Though the library is not built yet. The bot does not reach Telegram, after it has opened what answers."""
    write("bridge.txt", "The bridge crosses the Rhine.\n")
    shutil.copytree(exported_model, tmp_path / "library" / "model", copy_function=os.link)
    where = ["--seeds", str(tmp_path / "seeds"), "--library", str(tmp_path / "library")]
    code = f"{before}import sys; from bot.cli import _run; sys.argv = {['seedbot', command, *where]!r}; _run()"
    own = {"TELEGRAM_BOT_TOKEN": "1:x", "SEEDBOT_TELEGRAM__BASE_URL": "http://127.0.0.1:9/bot"}
    loaded = _loaded_after(code, "What crosses the Rhine?\n", **own)
    assert loaded & {"torch", "transformers", "sentence_transformers"} == set()
    assert {"onnxruntime", "faiss", "tantivy"} <= loaded
    assert (tmp_path / "library" / "library.sqlite").exists()


def test_the_engine_knows_nothing_of_front_ends() -> None:
    for path in sorted((REPOSITORY / "retrieval").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & _FRONT_END, path


def test_pages_and_books_need_nothing_of_word_documents() -> None:
    code = "import retrieval.loaders.html, retrieval.loaders.epub; import sys; sys.modules = "
    code += "{name.rsplit('.')[-1]: 0 for name in sys.modules if name.startswith('retrieval.loaders.')}"
    loaded = _loaded_after(code)
    assert {"html", "epub", "markup", "numerals"} <= loaded
    assert loaded & {"docx", "numbering", "wordml"} == set()
