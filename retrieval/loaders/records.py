"""Records: each object of a .json array or of a .jsonl file becomes one line `name: value; name: value`."""

from __future__ import annotations

import json
from collections.abc import Iterator

from retrieval.errors import DocumentError
from retrieval.loaders.loaded import Loaded, one_line_each
from retrieval.loaders.text import decode

_DEEPEST = 20


def load(data: bytes) -> Loaded:
    """One line a record. Raises DocumentError for what cannot be parsed, naming the line."""
    return one_line_each(_json(decode(data)))


def _json(text: str) -> Iterator[str]:
    """The objects of an array, of one object, or of one object a line."""
    try:
        whole = _parsed(text)
    except RecursionError as error:
        raise DocumentError("its values are nested too deeply: flatten them") from error
    except ValueError as error:
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        if len(lines) < 2 or not _is_whole(lines[0][1]):
            raise DocumentError(f"it is not valid JSON ({error}): mend it") from error
        for number, line in lines:
            yield _flat(_parse_line(number, line))
        return
    for value in whole if isinstance(whole, list) else [whole]:
        yield _flat(value)


def _parsed(text: str) -> object:
    """Numbers stay as they are written."""
    value: object = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    return value


def _is_whole(line: str) -> bool:
    """Whether a line is a record of its own, rather than the first line of one."""
    try:
        _parsed(line)
    except (ValueError, RecursionError):
        return False
    return True


def _parse_line(number: int, line: str) -> object:
    try:
        return _parsed(line)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"line {number} is not valid JSON ({error}): mend or remove that line") from error


def _flat(value: object) -> str:
    return "; ".join(f"{name}: {leaf}" if name else leaf for name, leaf in _leaves(value, "", 0))


def _leaves(value: object, name: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _DEEPEST:
        raise DocumentError("its values are nested too deeply: flatten them")
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name} {key}".strip(), depth + 1)
    elif isinstance(value, list):
        if all(not isinstance(inner, (dict, list)) for inner in value):
            yield name, ", ".join(_scalar(inner) for inner in value)
        else:
            for inner in value:
                yield from _leaves(inner, name, depth + 1)
    elif value is not None and str(value).strip():
        yield name, _scalar(value)


def _scalar(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
