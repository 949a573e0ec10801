"""Text in UTF-16 units: built, split and shortened without breaking a character or an entity."""

from __future__ import annotations

import regex
from hypothesis import example, given
from hypothesis import strategies as st
from telegram import MessageEntity

from bot.display import in_line
from bot.telegram.formatting import Builder, Formatted, shortened, split, units
from tests.telegram.server import units as slow_units

_TEXT = st.text(st.sampled_from("ab \n.🙂é\u0301👩\u200d👩\u200d👧🇩🇪\U0001f3fdक्षि"), max_size=120)
_STYLES = st.sampled_from([MessageEntity.BOLD, MessageEntity.ITALIC, MessageEntity.BLOCKQUOTE])


def _slice(message: Formatted, entity: MessageEntity) -> str:
    encoded = message.text.encode("utf-16-le")
    return encoded[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")


@given(st.text(max_size=50))
def test_units_are_utf16_code_units(text: str) -> None:
    assert units(text) == slow_units(text)


@given(st.lists(st.tuples(_TEXT, _STYLES), max_size=6))
def test_each_entity_covers_what_was_added_with_it(pieces: list[tuple[str, str]]) -> None:
    builder = Builder()
    for text, style in pieces:
        builder.add(text, style)
    message = builder.formatted()
    assert message.text == "".join(text for text, _ in pieces)
    assert [(_slice(message, e), e.type) for e in message.entities] == [(t, s) for t, s in pieces if t]


@given(st.lists(st.tuples(_TEXT, _STYLES), max_size=6), st.integers(20, 60))
@example([("aaaa🇩", MessageEntity.BOLD), ("aaaaaa🇩🇩🇩 \U0001f3fd", MessageEntity.BOLD)], 20)
def test_parts_fit_and_lose_only_white_space(pieces: list[tuple[str, str]], limit: int) -> None:
    builder = Builder()
    for text, style in pieces:
        builder.add(text, style)
    message = builder.formatted()
    parts = split(message, limit)
    assert "".join("".join(part.text.split()) for part in parts) == "".join(message.text.split())
    whole = set(regex.findall(r"\X", message.text))
    whole |= {cluster.strip() for cluster in whole}  # white space may carry a mark, and goes at the ends of a part
    styled_before = "".join("".join(_slice(message, e).split()) for e in message.entities)
    styled_after = "".join("".join(_slice(part, e).split()) for part in parts for e in part.entities)
    assert styled_after == styled_before
    longest = max((units(cluster) for cluster in whole), default=1)
    for part in parts:
        assert units(part.text) <= limit
        assert part.text == part.text.strip()
        assert longest > limit or set(regex.findall(r"\X", part.text)) <= whole
        for entity in part.entities:
            assert 0 <= entity.offset < entity.offset + entity.length <= units(part.text)


def test_a_text_of_emoji_is_never_cut_within_one() -> None:
    parts = split(Formatted("👩‍👩‍👧" * 1000))
    assert [set(regex.findall(r"\X", part.text)) for part in parts] == [{"👩‍👩‍👧"}] * 2
    assert "".join(part.text for part in parts) == "👩‍👩‍👧" * 1000


@given(_TEXT, st.integers(1, 40))
def test_a_shortened_text_fits_and_says_so(text: str, most: int) -> None:
    short = shortened(text, most)
    assert units(short) <= max(most, 1)
    assert short == text or short.endswith("…")


def test_a_character_of_more_units_than_fit_is_cut_between_code_points() -> None:
    text = "so e" + "\u0301" * 50 + " it is"
    parts = split(Formatted(text), 20)
    assert [units(part.text) for part in parts] == [20, 20, 20]
    assert "".join(part.text for part in parts) == text


def test_half_a_surrogate_pair_becomes_the_replacement_character() -> None:
    message = Builder().add("a\ud83d", MessageEntity.BOLD).add("🙂\ude42").formatted()
    assert message.text == "a\ufffd🙂\ufffd"
    assert [(entity.offset, entity.length) for entity in message.entities] == [(0, 2)]


def test_what_telegram_would_take_out_of_a_text_is_shown() -> None:
    message = Builder().add("A\u030angstro\u0308m x\u030a 5\u0333\u2028next\u202e", MessageEntity.BOLD).formatted()
    assert message.text == "\u00c5ngstro\u0308m x⟨U+030A⟩ 5⟨U+0333⟩\nnext⟨U+202E⟩"
    assert _slice(message, message.entities[0]) == message.text
    assert in_line("one\u2029two") == "one␊two"
