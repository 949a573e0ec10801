"""Plain text: the document is the decoded file itself. A header gives its date, a lone first line its title."""

from __future__ import annotations

import re
from collections.abc import Iterator

from retrieval.loaders.dates import iso_date
from retrieval.loaders.loaded import Loaded, clean
from retrieval.loaders.text import decode
from retrieval.terms import WITHOUT_SPACES
from retrieval.types import Heading, Span

_DATE_HEADER = re.compile(r"\s*date(?:[ \t]*:)?[ \t]*(\d{4}-\d{2}-\d{2})(?=\s|$)[ \t]*", re.IGNORECASE)
_TITLE_HEADER = re.compile(r"\s*title[ \t]*:[ \t]*([^\s][^\r\n]{0,199})\r?\n", re.IGNORECASE)
_LONGEST_TITLE, _LONGEST_HEADING = 120, 80
_MOST_WORDS, _CHARACTERS_A_WORD = 10, 3  # the latter where words have no spaces between
_ENDS_SENTENCE = tuple('.!?…:;,。！？：；，、»”")]}।॥۔؟؛」』）။។')
_ITEM = re.compile(r"(?:[-*•‣–—+>|]|\(?\w{1,3}[.)])\s")
_UNSPACED = re.compile(f"[{WITHOUT_SPACES}]")
_NAME = r"[^\W\d_a-zß-ÿ][\w.'’-]*"
_BYLINE = re.compile(rf"[Bb][Yy]:?\s+{_NAME}(?:\s+(?:and\s+)?{_NAME})+(?:\s*[,.|/(–—-].*)?")
_ANNOUNCES = tuple("?:？：؟")
_ANNOUNCING = 400  # characters above a line in which such a line is looked for
_LINE = re.compile(r"\S(?:[^\n]*\S)?")  # without the white space around it
_LONG_NUMBER = r"(?<![\d.,])(?!(?:1\d|20)\d\d(?!\d))\d{4,}"  # of a telephone, a code; no year
_FACT = re.compile(rf"{_LONG_NUMBER}|:\s.*[\d@]")
_STATEMENT = re.compile(
    r"(?!\S+\s(?:\d+|[A-Z]|[IVXLC]+):\s)[^:]{2,40}:\s+\S"  # a label with its value; no Step 3, no Part II
    r"|(?!(?:wh(?:at|en|ere|y|o|ich)|how)\b)(?:\S+\s+)+(?:is|are|was|were|has|have|had)(?:n['’]t)?\s",
    re.IGNORECASE,
)


def load(data: bytes) -> Loaded:
    """Offsets count in the decoded file, newlines untouched. Raises DocumentError for binary data."""
    text = clean(decode(data))
    start, title, date = _header(text)
    headings = list(_headings(text, start))
    if not title and headings and not text[start : headings[0].span.start].strip() and headings[0].level == 1:
        title, start = headings[0].text, headings[0].span.end
    return Loaded(text, title, date, start, tuple(headings))


def _header(text: str) -> tuple[int, str, str | None]:
    """Where the body starts, the title and the date, from header lines at the very start."""
    start, title, date = 0, "", None
    while True:
        dated, titled = _DATE_HEADER.match(text, start), _TITLE_HEADER.match(text, start)
        if date is None and dated is not None and iso_date(dated[1]):
            start, date = dated.end(), iso_date(dated[1])
        elif not title and titled is not None:
            start, title = titled.end(), titled[1].strip()
        else:
            return start, title, date


def _headings(text: str, start: int) -> Iterator[Heading]:
    """Short lines alone between blank lines, with text below, that end no sentence, state no fact, answer no question
    and are no list item or byline.
    """
    first = True
    for match in _LINE.finditer(text, start):
        begin, end = match.span()
        if end - begin <= (_LONGEST_TITLE if first else _LONGEST_HEADING):
            alone = _blank_before(text, begin, start) and _blank_after(text, end)
            if alone and _reads_as_heading(match[0], first=first) and not _is_announced(text, begin, start):
                yield Heading(Span(begin, end), 1 if first else 2, match[0])
        first = False


def _reads_as_heading(line: str, *, first: bool) -> bool:
    if line.endswith(_ENDS_SENTENCE) or not any(c.isalnum() for c in line) or _FACT.search(line):
        return False
    if first:
        return True
    if _STATEMENT.match(line):
        return False
    begins = line[0].isdigit() or line[0].isupper() or (line[0].isalpha() and line[0].lower() == line[0].upper())
    return begins and not _ITEM.match(line) and not _BYLINE.fullmatch(line) and _words(line) <= _MOST_WORDS


def _is_announced(text: str, begin: int, start: int) -> bool:
    """Whether the line above is alone too, and a question, or ends in a colon: what it asks for follows."""
    reach = max(start, begin - _ANNOUNCING)
    above = text[reach:begin].rstrip()
    line = above.rfind("\n") + 1
    return above.endswith(_ANNOUNCES) and _blank_before(text, reach + line, start)


def _words(line: str) -> float:
    """How many there are, about as many as characters tell where no spaces do."""
    spaced, unspaced = _UNSPACED.subn("", line)
    return len(spaced.split()) + unspaced / _CHARACTERS_A_WORD


def _blank_before(text: str, begin: int, start: int) -> bool:
    before = text[max(start, begin - 200) : begin]
    return not before.strip() or re.search(r"\n[^\S\n]*\n[^\S\n]*$", before) is not None


def _blank_after(text: str, end: int) -> bool:
    """A blank line follows, and something below it."""
    return re.match(r"[^\S\n]*\r?\n[^\S\n]*\r?\n\s*\S", text[end : end + 400]) is not None
