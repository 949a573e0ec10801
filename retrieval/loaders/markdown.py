"""Markdown: the document is the decoded file itself; front matter gives title and date, markdown-it the headings."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from retrieval.loaders.dates import iso_date
from retrieval.loaders.loaded import Loaded, clean
from retrieval.loaders.text import decode
from retrieval.types import Heading, Span

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(
    r"\s*(?P<fence>---|\+\+\+)[^\S\n]*\r?\n(?P<body>.*?)\r?\n(?P=fence)[^\S\n]*(?:\r?\n|$)", re.DOTALL
)
_LONGEST_FRONT_MATTER = 100_000  # characters; more is text between two rules
_PARSED = 100_000  # characters parsed at once, if no block is longer
_LINE_EDGE = 50_000  # characters at either end of a line that say what it is
_LINE = re.compile(r"([^\r\n]*)(?:\r\n|\r|\n|$)")  # as markdown-it ends lines
_FEWEST_MARKS = 3  # that underline a heading
_ENDS_SENTENCE = tuple(".!…:;。！：；।۔؟")
_UNDERLINES = ("=", "-")
_SAYS_NOTHING = ("image", "html_inline")
_ANCHOR = re.compile(r"\{#[^{}]*\}$")
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
    """The plain fields of YAML or TOML front matter, their names in lower case, and where the body starts; none where
    it cannot be parsed.
    """
    match = _FRONT_MATTER.match(text, 0, _LONGEST_FRONT_MATTER)
    if match is None:
        return {}, 0
    try:
        fields = _toml(match["body"]) if match["fence"] == "+++" else _yaml(match["body"])
    except (ValueError, RecursionError):
        return {}, 0
    return ({name.lower(): value for name, value in fields.items()}, match.end()) if fields else ({}, 0)


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
    """The headings that stand in no list or quote, without their markup.

    Blocks at the outermost level know nothing of those before them, so the text is parsed a part at a time; the last
    block of a part may go on, and begins the next one.
    """
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"maxNesting": 20})
    length = _PARSED
    while start < len(text):
        edges, source = _part(text, start, length)
        tokens: list[Token] = []
        links: dict[str, Any] = {}
        parser.block.parse(source, parser, links, tokens)
        whole = edges[-1] == len(text)
        begun = [token.map[0] for token in tokens if token.level == 0 and token.map]
        until = len(edges) if whole else begun[-1] if begun else 0
        if until == 0:
            length *= 2
            continue
        for number, token in enumerate(tokens):
            if token.type == "heading_open" and token.level == 0 and token.map and token.map[0] < until:
                begin, end = edges[token.map[0]], edges[min(token.map[1], len(edges) - 1)]
                while end > begin and text[end - 1].isspace():
                    end -= 1
                content = tokens[number + 1].content
                underline = text[edges[token.map[1] - 1] : end]
                if token.markup in _UNDERLINES and not _is_underlined(content, underline):
                    continue
                if name := _name(parser, content, links):
                    yield Heading(Span(begin, end), int(token.tag[1]), name)
        start, length = len(text) if whole else edges[until], _PARSED


def _is_underlined(content: str, underline: str) -> bool:
    """Whether text above a line of `=` or `-` is a heading, rather than a paragraph above a rule."""
    marks = underline.strip()
    as_long = marks[:1] == "=" or 2 * len(marks) >= len(content)
    one_line = "\n" not in content and len(marks) >= _FEWEST_MARKS
    return one_line and (as_long or not content.endswith(_ENDS_SENTENCE))


def _name(parser: MarkdownIt, content: str, links: dict[str, Any]) -> str:
    """What a heading says without its markup, pictures and anchor; as it is written where nothing else is left."""
    tokens: list[Token] = []
    parser.inline.parse(_ANCHOR.sub("", content), parser, links, tokens)
    said = "".join(token.content for token in tokens if token.type not in _SAYS_NOTHING)
    return " ".join((said if said.strip() else content).split())


def _part(text: str, start: int, length: int) -> tuple[list[int], str]:
    """Where lines begin and the last of them ends, and these lines for the parser, which needs no long one in full."""
    edges, lines = [start], []
    while edges[-1] < min(start + length, len(text)) and (line := _LINE.match(text, edges[-1])):
        begin, end = line.span(1)
        long = end - begin > 2 * _LINE_EDGE
        lines.append(text[begin : begin + _LINE_EDGE] + text[end - _LINE_EDGE : end] if long else line[1])
        edges.append(line.end())
    return edges, "\n".join([*lines, ""])
