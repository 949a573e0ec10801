"""Markdown: the document is the decoded file itself; front matter gives title and date, markdown-it the headings."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from retrieval.loaders.dates import iso_date
from retrieval.loaders.loaded import Loaded, clean
from retrieval.loaders.text import decode
from retrieval.types import Heading, Span

_FRONT_MATTER = re.compile(
    r"\s*(?P<fence>---|\+\+\+)[^\S\n]*\r?\n(?P<body>.*?)\r?\n(?P=fence)[^\S\n]*(?:\r?\n|$)", re.DOTALL
)
_LONGEST_FRONT_MATTER = 100_000  # characters; more is text between two rules
_NULL = "tag:yaml.org,2002:null"


def load(data: bytes) -> Loaded:
    """Offsets count in the decoded file, newlines untouched. Raises DocumentError for binary data."""
    text = clean(decode(data))
    fields, start = _front_matter(text)
    headings = tuple(_headings(text, start))
    title = " ".join(fields.get("title", "").split())
    first = headings[0] if headings else None
    if first is not None and first.level == 1 and not text[start : first.span.start].strip():
        title = title or first.text
    date = next(filter(None, (iso_date(fields.get(name)) for name in ("date", "published", "created"))), None)
    return Loaded(text, title, date, start, headings)


def _front_matter(text: str) -> tuple[dict[str, str], int]:
    """The plain fields of YAML or TOML front matter and where the body starts; none where it cannot be parsed."""
    match = _FRONT_MATTER.match(text, 0, _LONGEST_FRONT_MATTER)
    if match is None:
        return {}, 0
    try:
        fields = _toml(match["body"]) if match["fence"] == "+++" else _yaml(match["body"])
    except (ValueError, RecursionError):
        return {}, 0
    return (fields, match.end()) if fields else ({}, 0)


def _toml(text: str) -> dict[str, str]:
    return {key: "" if isinstance(value, (dict, list)) else str(value) for key, value in tomllib.loads(text).items()}


def _yaml(text: str) -> dict[str, str]:
    """As written: nothing is constructed, so that no alias can be made to grow and no date to be impossible."""
    import yaml

    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError from error
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return {
        str(key.value): str(value.value) if isinstance(value, yaml.ScalarNode) and value.tag != _NULL else ""
        for key, value in pairs
    }


def _headings(text: str, start: int) -> Iterator[Heading]:
    from markdown_it import MarkdownIt

    body = text[start:]
    lines = [start]  # markdown-it ends lines at \n, and at \r\n or \r, which it normalises first
    lines.extend(start + match.end() for match in re.finditer(r"\r\n|\r|\n", body))
    lines.append(len(text))
    tokens = MarkdownIt("commonmark", {"maxNesting": 20}).disable(["link", "image", "emphasis"]).parse(body)
    for number, token in enumerate(tokens):
        if token.type == "heading_open" and token.map and token.level == 0:
            begin, end = lines[token.map[0]], lines[min(token.map[1], len(lines) - 1)]
            while end > begin and text[end - 1].isspace():
                end -= 1
            name = tokens[number + 1].content.strip()
            if name:
                yield Heading(Span(begin, end), int(token.tag[1]), " ".join(name.split()))
