"""What the fit has read is read once, however often it is begun."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from retrieval.reader import Reader, open_reader
from training.remembered import RememberingReader

QUESTION = "When was the bridge opened?"
PASSAGES = ["The bridge was opened in 1919.", "The ferry leaves at nine."]


def test_what_was_read_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "work" / "readings.sqlite"
    remembering = RememberingReader(path)
    first = [remembering.read(QUESTION, one) for one in PASSAGES]
    assert [one.score for one in first] == [open_reader().read(QUESTION, one).score for one in PASSAGES]

    def refuse(*_: Any) -> None:
        raise AssertionError("it was read before")

    monkeypatch.setattr(Reader, "read", refuse)
    remembering = RememberingReader(path)
    again = [remembering.read(QUESTION, one) for one in PASSAGES[::-1]][::-1]
    assert [(one.score, one.answers, one.answer) for one in again] == [(o.score, o.answers, o.answer) for o in first]
    assert [one.begins.tolist() for one in again] == [one.begins.tolist() for one in first]
    for asked in (("Who opened the bridge?", PASSAGES[0]), (QUESTION, PASSAGES[0], "Bridges")):
        with pytest.raises(AssertionError, match="read before"):
            remembering.read(*asked)
