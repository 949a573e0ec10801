"""When a folder counts as changed, with what watchfiles tells made up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from watchfiles import Change

from retrieval.watching import changes

_Told = Iterator[set[tuple[object, str]]]


@pytest.fixture
def listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., _Told]], int]:
    """How often `seeds` counts as changed while this tells of changes, until that ends without an error."""

    def times(told: Callable[..., _Told]) -> int:
        stop = threading.Event()

        def watch(root: Path, **more: Any) -> _Told:
            yield from told(root, more)
            stop.set()

        monkeypatch.setattr("watchfiles.watch", watch)
        return sum(1 for _ in changes(tmp_path / "seeds", tmp_path / "library", stop))

    return times


def test_a_folder_of_which_nothing_is_heard_counts_as_changed_after_a_minute_then_two(
    tmp_path: Path, listen: Callable[[Callable[..., _Told]], int]
) -> None:
    """As on a network drive."""
    (tmp_path / "seeds").mkdir()
    assert listen(lambda *_: iter([set() for _ in range(60)])) == 1
    counts = [listen(lambda *_, n=n: iter([set() for _ in range(n)])) for n in (61, 180, 181, 420, 421)]
    assert counts == [2, 2, 3, 3, 4]
    heard = [*[set() for _ in range(181)], {(Change.added, "new.txt")}, *[set() for _ in range(60)]]
    assert listen(lambda *_: iter(heard)) == 5


def test_a_link_that_leads_elsewhere_is_followed(tmp_path: Path, listen: Callable[[Callable[..., _Told]], int]) -> None:
    seeds, listened = tmp_path / "seeds", []
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    seeds.symlink_to("old")

    def told(root: Path, _: dict[str, Any]) -> _Told:
        listened.append(root.name)
        yield set()
        if root.name == "old":
            seeds.unlink()
            seeds.symlink_to("new")
            root.rmdir()
            yield set()
            pytest.fail("still listens to the old folder")

    assert listen(told) == 3
    assert listened == ["old", "new"]


@pytest.mark.parametrize("error", [OSError("OS file watch limit reached."), RuntimeError("Too many open files")])
def test_where_the_system_has_no_watches_left_it_looks_itself(
    tmp_path: Path, listen: Callable[[Callable[..., _Told]], int], error: Exception
) -> None:
    (tmp_path / "seeds").mkdir()
    forced = []

    def told(_: Path, more: dict[str, Any]) -> _Told:
        forced.append(more["force_polling"])
        if not more["force_polling"]:
            raise error
        yield set()

    assert listen(told) == 1
    assert forced == [None, True]


def test_a_drive_that_comes_and_goes_while_it_begins_to_listen_counts_as_changed_and_ends_nothing(
    tmp_path: Path, listen: Callable[[Callable[..., _Told]], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.watching._POLL_SECONDS", 0.0)
    (tmp_path / "seeds").mkdir()
    failures = [OSError("Transport endpoint is not connected"), RuntimeError("Stale file handle")]
    failures += [OSError("Input/output error")]

    def told(*_: object) -> _Told:
        if failures:
            raise failures.pop()
        yield set()

    assert listen(told) == 3, "twice where even looking itself failed, once as it listens"


def test_a_folder_that_goes_before_it_is_listened_to_is_waited_for(
    tmp_path: Path, listen: Callable[[Callable[..., _Told]], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.watching._PAUSE_SECONDS", 0.0)
    (tmp_path / "seeds").mkdir()
    forced = []

    def told(_: Path, more: dict[str, Any]) -> _Told:
        forced.append(more["force_polling"])
        if len(forced) == 1:
            raise FileNotFoundError("No path was found.")
        yield set()

    assert listen(told) == 1
    assert forced == [None, None]
