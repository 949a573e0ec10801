"""Answers on processors of long ago, emulated: what computes falls back to what they have."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SEEDS

_EMULATOR = shutil.which("qemu-x86_64")


@pytest.mark.skipif(
    _EMULATOR is None or platform.machine() != "x86_64",
    reason="qemu-x86_64 is not installed, or has nothing to emulate",
)
@pytest.mark.parametrize("processor", ["Nehalem", "Haswell"])
def test_a_question_is_answered_without_avx_and_without_avx_512(built: Path, processor: str) -> None:
    """Nehalem, of 2008, has no AVX; Haswell, of 2013, has AVX2 but neither AVX-512 nor VNNI."""
    command = [
        *(_EMULATOR or "", "-cpu", processor, "-0", sys.executable, str(Path(sys.executable).resolve())),
        *("-c", "import sys; from bot.cli import main; sys.exit(main())"),
        *("ask", "--json", "--seeds", str(SEEDS), "--library", str(built), "How old can a tern get?"),
    ]
    asked = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert asked.returncode == 0, asked.stderr
    answer = json.loads(asked.stdout)
    assert answer["found"]
    assert "thirty years" in answer["excerpts"][0]["text"]
