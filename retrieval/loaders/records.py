"""Records: each object of a .json array or of a .jsonl file becomes one line `name: value; name: value`.

So does each object that a long one names or holds in a list, and each answer that it gives under a question.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TypeGuard

from retrieval.errors import DocumentError
from retrieval.loaders.cells import LONGEST_NAME
from retrieval.loaders.loaded import Loaded, one_line_each
from retrieval.loaders.text import decode

_DEEPEST = 20
_PARSER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)  # numbers stay as they are written
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_VISIBLE = re.compile(r"\S")
_WHITE = re.compile(r"[ \t\n\r]*")
_ASKS = re.compile("[?？؟]")  # in the name of a text that answers
_FEWEST_RECORDS = 2
_LONG = 1000  # characters of an object that is more than one record


def load(data: bytes) -> Loaded:
    """One line a record, the same as in a file of one a line. Raises DocumentError for what cannot be parsed, naming
    the line.
    """
    return one_line_each(_json(decode(data)))


def _json(text: str) -> Iterator[str]:
    """The objects of an array, of one object, or of one object a line with "" for those that are blank.

    Never more than one of them is in memory.
    """
    if _one_a_line(text):
        for number, match in enumerate(_LINE.finditer(text), 1):
            line = match[0].rstrip("\n")
            yield _flat(_parse_line(number, line)) if line.strip() else ""
        return
    try:
        yield from filter(None, map(_flat, _values(text)))
    except RecursionError as error:
        raise DocumentError("its values are nested too deeply: flatten them") from error
    except ValueError as error:
        raise DocumentError(f"it is not valid JSON ({error}): mend it") from error


def _one_a_line(text: str) -> bool:
    """Whether the first line is a value of its own and another follows, so that all of it is not one value."""
    first = _VISIBLE.search(text)
    end = text.find("\n", first.start()) if first else -1
    if first is None or end < 0 or not _VISIBLE.search(text, end):
        return False
    try:
        _PARSER.decode(text[first.start() : end])
    except (ValueError, RecursionError):
        return False
    return True


def _values(text: str) -> Iterator[object]:
    """What an array holds, or a value that is none. Raises ValueError, also after the first of them."""
    at = _skip_white(text, 0)
    if not text.startswith("[", at):
        value = _PARSER.decode(text)
        yield from _unwrapped(value) if len(text) > _LONG else [value]
        return
    at = _skip_white(text, at + 1)
    while not text.startswith("]", at):
        value, at = _PARSER.raw_decode(text, at)
        yield value
        at = _skip_white(text, at)
        if text.startswith(",", at):
            at = _skip_white(text, at + 1)
            if text.startswith("]", at):
                raise json.JSONDecodeError("Expecting value", text, at)
        elif not text.startswith("]", at):
            raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
    at = _skip_white(text, at + 1)
    if at < len(text):
        raise json.JSONDecodeError("Extra data", text, at)


def _unwrapped(value: object) -> Iterator[object]:
    """A value; where it is an object around lists of objects, what else is in it, and each of those on its own.

    An object that names records, or answers questions, is as many.
    """
    members = value if isinstance(value, dict) else {}
    if _names_records(members):
        yield from ({name: part} for name, inner in members.items() for part in _parts(inner, named=True))
        return
    yield _rest(value)
    yield from _listed(value)


def _rest(value: object) -> object:
    """A value without the lists of objects in it."""
    if not isinstance(value, dict):
        return value
    return {name: _rest(inner) for name, inner in value.items() if not _is_list_of_objects(inner)}


def _listed(value: object) -> Iterator[Mapping[str, object]]:
    """The objects of those lists, each under the names that lead to it."""
    members = value if isinstance(value, dict) else {}
    for name, inner in members.items():
        if _is_list_of_objects(inner):
            yield from ({name: part} for one in inner for part in _parts(one))
        else:
            yield from ({name: found} for found in _listed(inner))


def _parts(record: object, *, named: bool = False) -> Iterator[object]:
    """A record; of a long one, as a chat with its messages, what else is in it, and each object of its lists.

    Unless it is named, these have its first short value before them, which mostly says whose they are.
    """
    if len(_flat(record)) <= _LONG:
        yield record
        return
    rest = _rest(record)
    yield rest
    values = rest.items() if isinstance(rest, dict) and not named else ()
    first = dict(islice((value for value in values if _is_short(value[1])), 1))
    yield from ({**first, **one} for one in _listed(record))


def _is_short(value: object) -> bool:
    return not isinstance(value, (dict, list)) and _is_given(value) and len(str(value)) <= LONGEST_NAME


def _names_records(members: dict[str, object]) -> bool:
    """Whether all members of an object are objects that have a name in common, or texts under questions."""
    if len(members) < _FEWEST_RECORDS:
        return False
    objects = [set(inner) for inner in members.values() if isinstance(inner, dict)]
    answers = [name for name, inner in members.items() if isinstance(inner, str) and _ASKS.search(name)]
    return (len(objects) == len(members) and bool(set.intersection(*objects))) or len(answers) == len(members)


def _is_list_of_objects(value: object) -> TypeGuard[list[dict[str, object]]]:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _skip_white(text: str, at: int) -> int:
    found = _WHITE.match(text, at)
    return found.end() if found else at


def _parse_line(number: int, line: str) -> object:
    try:
        return _PARSER.decode(line)
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
            if given := [_scalar(inner) for inner in value if _is_given(inner)]:
                yield name, ", ".join(given)
        else:
            for inner in value:
                yield from _leaves(inner, name, depth + 1)
    elif _is_given(value):
        yield name, _scalar(value)


def _is_given(value: object) -> bool:
    return value is not None and bool(str(value).strip())


def _scalar(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
