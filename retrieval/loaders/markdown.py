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


def load(data: bytes) -> Loaded:
    """Offsets count in the decoded file, newlines untouched. Raises DocumentError for binary data."""
    text = clean(decode(data))
    fields, start = _front_matter(text)
    headings = tuple(_headings(text, start))
    title = str(fields.get("title") or "").strip()
    first = headings[0] if headings else None
    if first is not None and first.level == 1 and not text[start : first.span.start].strip():
        title = title or first.text
    date = iso_date(fields.get("date") or fields.get("published") or fields.get("created"))
    return Loaded(text, title, date, start, headings)


def _front_matter(text: str) -> tuple[dict[str, object], int]:
    """The fields of YAML or TOML front matter and where the body starts; none where it cannot be parsed."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        return {}, 0
    import yaml

    try:
        fields = tomllib.loads(match["body"]) if match["fence"] == "+++" else yaml.safe_load(match["body"])
    except (yaml.YAMLError, tomllib.TOMLDecodeError, ValueError, RecursionError):
        return {}, 0
    return ({str(key): value for key, value in fields.items()}, match.end()) if isinstance(fields, dict) else ({}, 0)


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
