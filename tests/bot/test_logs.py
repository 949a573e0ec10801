"""What is shown of an error to a person."""

from __future__ import annotations

import pytest

from bot import logs
from bot.options import hint
from bot.telegram.requests import in_chat
from retrieval.errors import SeedbotError

_SECRET = "123456:secret-of-a-bot"


@pytest.fixture(params=[190, 990], ids=["over the first cut", "over the second cut"])
def error(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SeedbotError:
    """An error of 1,200 characters or so, with a secret where the sentence is cut."""
    monkeypatch.setattr(logs, "_secrets", {_SECRET})
    text = "x" * request.param + _SECRET
    return SeedbotError(text + "y" * (1200 - len(text)))


def test_a_secret_across_the_cut_of_a_long_sentence_is_hidden(error: SeedbotError) -> None:
    for shown in (logs.readable(str(error)), in_chat(error)):
        assert len(shown) < 600
        assert "123456" not in shown
        assert "of-a-bot" not in shown


def test_a_remark_hides_it_too(error: SeedbotError, capsys: pytest.CaptureFixture[str]) -> None:
    hint(f"line 1: {error}")
    shown = capsys.readouterr().err
    assert len(shown) < 700
    assert "123456" not in shown
    assert "of-a-bot" not in shown


def test_an_error_itself_keeps_all_it_says(error: SeedbotError) -> None:
    assert _SECRET in str(error)
