"""Words as they are compared, and the evidence that is kept of them, against slow references."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.evidence import pack, pool_words, term_key, unit, unpack
from retrieval.measures import FEATURES, Query, measure
from retrieval.terms import analyse, analyse_query, detect_language, is_capital
from retrieval.testing import FakeEmbedder
from retrieval.types import Span


@pytest.mark.parametrize(
    ("text", "language", "terms"),
    [
        ("The Dams were BUILT", "en", ["the", "dam", "were", "built"]),
        ("Cuba's ships, the keeper’s lamp", "en", ["cuba", "ship", "the", "keeper", "lamp"]),
        ("1,234.50 and 3.5%", "en", ["1234.50", "and", "3.5"]),
        ("Häuser Straße", "de", ["haus", "strass"]),
        ("naïve café", "fr", ["naiv", "caf"]),
        ("плотины", "ru", ["плотин"]),
        ("東京都", "ja", ["東京", "京都"]),
        ("a_b-c", "en", ["a_b", "c"]),
        ("Forty-three or 1.5 million", "en", ["43", "forti", "three", "or", "1500000", "1.5", "million"]),
        ("of two hundred and fifty men", "en", ["of", "250", "two", "hundr", "and", "fifti", "men"]),
        ("10² km in 2019¹", "en", ["10", "²", "km", "in", "2019", "¹"]),
        ("Napoleon³ in 1815³, 1.5⁴ of Ulm²³ and Bo’s²", "en",
         ["napoleon", "³", "in", "1815", "³", "1.5", "⁴", "of", "ulm", "²³", "and", "bo", "²"]),
        ("12 m², 3 Km³, 4 μm² of CO₂ and H₂O", "en", ["12", "m2", "3", "km3", "4", "μm2", "of", "co2", "and", "h2o"]),
        ("１２３ of ４，５ and 第１２３号", "en", ["123", "of", "4", "5", "and", "第", "123", "号"]),
        ("5G, 3D and 2FA", "en", ["5g", "3d", "and", "2fa"]),
        ("1,000円と1000円", "ja", ["1000", "円と", "円", "1000", "円"]),
        ("Mu\u0308ller nai\u0308ve", "en", ["muller", "naiv"]),
        ("किताबें पढ़ना।", "xx", ["किताबें", "पढ़ना"]),
        ("كَتَبَ كتب", "xx", ["كتب", "كتب"]),
        ("שָׁלוֹם", "xx", ["שלום"]),
        ("the twenty-first, forty-three", "de", ["the", "twenty", "first", "forty", "three"]),
        ("Wałęsa of Łódź in Tromsø, æther, Þór Đorđe ǿ", "en",
         ["walesa", "of", "lodz", "in", "tromso", "aether", "thor", "dord", "o"]),
        ("서울에서 집 10번", "ko", ["서울", "울에", "에서", "집", "10", "번"]),
        ("10.000 und 1,5 und 1.234,50 und 0,125 und 2.5", "de",
         ["10000", "und", "1.5", "und", "1234.50", "und", "0.125", "und", "2.5"]),
        ("24.12.2021 um 10.30 und 1,234,567 und 0.125", "de",
         ["24.12.2021", "um", "10.30", "und", "1234567", "und", "0.125"]),
        ("10,000 y 10.000 y 2,5", "es", ["10000", "y", "10000", "y", "2.5"]),
        ("10.000 and 1,5", "en", ["10.000", "and", "15"]),
        ("책을 국가 서울", "ko", ["책을", "책", "국가", "국", "서울"]),
        ("집에서는", "ko", ["집에", "집", "에서", "서는"]),
        ("お茶を飲む黒猫", "ja", ["お茶", "茶を", "茶", "を飲", "飲む", "飲", "む黒", "黒猫"]),
        ("猫的寿命和茶", "zh", ["猫的", "猫", "的寿", "寿命", "命和", "和茶", "茶"]),
        ("ปี๒๕๖๔ ๑๐", "th", ["ปี", "2564", "10"]),
        ("၁၂ ១២", "xx", ["12", "12"]),
        ("ÜCRETLERİ ücretleri IŞIKLAR ışıklar", "tr", ["ucret", "ucret", "isik", "isik"]),
        ("İzin i\u0307zin izin", "en", ["izin", "izin", "izin"]),
        ("об\u02bcєкт об’єкт об'єкт", "uk", ["об'єкт", "об'єкт", "об'єкт"]),
        ("koszt koszty kosztów", "pl", ["koszt", "koszt", "koszt"]),
        ("ženy žena", "cs", ["zen", "zen"]),
        ("", "en", []),
    ],
)  # fmt: skip
def test_terms_are_folded_and_stemmed(text: str, language: str, terms: list[str]) -> None:
    assert [term.text for term in analyse(text, language)] == terms


@pytest.mark.parametrize("written", ["ｶﾞｲﾄﾞ", "カ\u3099イト\u3099", "ガイド"])
def test_kana_are_the_same_term_half_as_wide_and_in_parts(written: str) -> None:
    first, second = analyse(written, "ja")
    assert (first.text, second.text) == ("ガイ", "イド")
    assert (first.start, second.end) == (0, len(written))
    assert unicodedata.normalize("NFKC", written[first.start : first.end]) == "ガイ"


def test_hangul_is_the_same_term_in_parts() -> None:
    apart = unicodedata.normalize("NFD", "서울은")
    assert [(term.text, term.start, term.end) for term in analyse(apart, "ko")] == [("서울", 0, 5), ("울은", 2, 8)]


@pytest.mark.parametrize(
    ("question", "text", "language"),
    [
        ("책 가격", "책을 읽는다.", "ko"),
        ("책은", "책이 있다.", "ko"),
        ("집은", "집", "ko"),
        ("猫 寿命", "猫の寿命は十五年です。", "ja"),
        ("この猫", "猫は眠る。", "ja"),
        ("茶", "猫和茶", "zh"),
    ],
)
def test_a_word_of_one_character_meets_those_with_particles(question: str, text: str, language: str) -> None:
    there = {term.text for term in analyse(text, language)}
    assert any(not there.isdisjoint(term.forms) for term in analyse_query(question, [language]))


def test_a_word_of_one_character_in_a_question_is_a_form_of_its_pair_and_no_term_more() -> None:
    assert [term.forms for term in analyse_query("그 책은 회의", ["ko"])] == [("그",), ("책은", "책"), ("회의",)]
    assert [term.forms for term in analyse_query("この猫", ["ja"])] == [("この",), ("の猫", "猫")]


@given(st.text(max_size=80), st.sampled_from(["en", "de", "ru", "zh", "ar", "th", "xx"]))
def test_a_term_stands_where_it_says(text: str, language: str) -> None:
    before = -1
    for term in analyse(text, language):
        assert 0 <= term.start < term.end <= len(text)
        assert term.start >= before
        before = term.start
        assert term.text


def test_a_question_takes_the_form_of_every_language_of_the_library() -> None:
    (term,) = analyse_query("Häuser", {"de", "en"})
    assert term.forms == ("haus", "hauser")
    assert (term.start, term.end) == (0, 6)


@pytest.mark.parametrize(
    ("typed", "written"),
    [("educacao", "educação"), ("Informacoes", "informações"), ("mao", "mão"), ("cao", "cão")],
)
def test_a_portuguese_question_may_lack_the_tilde(typed: str, written: str) -> None:
    (term,), (there,) = analyse_query(typed, {"pt"}), analyse(written, "pt")
    assert there.text in term.forms
    assert [one.text for one in analyse(typed, "pt")] == [term.forms[0]] != [there.text]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The keeper climbed the steps to the lamp at dusk and waited for the ships.", "en"),
        ("Der Wärter stieg die Stufen zur Lampe hinauf und wartete auf die Schiffe.", "de"),
        ("El guardián subió los escalones hasta la lámpara y esperó a los barcos.", "es"),
        ("12345 !!!", "en"),
        ("river: Amazon; mouth: Atlantic Ocean; largest city: Manaus\nriver: Nile; mouth: Mediterranean Sea", "en"),
        ("Fluss: Donau; mündet in: Schwarzes Meer; größte Stadt: Wien\nFluss: Elbe; mündet in: Nordsee", "de"),
    ],
)
def test_the_language_of_a_text_is_recognised(text: str, language: str) -> None:
    assert detect_language(text) == language


def _packed(text: str, embedder: FakeEmbedder) -> bytes:
    encoding = embedder.encode_query(text)
    ends = [at + 1 for at, character in enumerate(text) if character == "."]
    sentences = [Span(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    return pack(analyse(text, "en"), sentences, encoding.tokens, encoding.offsets, embedder.basis)


def test_evidence_keeps_words_their_sentences_and_directions() -> None:
    embedder = FakeEmbedder()
    text = "Clay swells. Sand drains."
    found = unpack(_packed(text, embedder))
    assert found.keys.tolist() == [term_key(term) for term in ("clay", "swell", "sand", "drain")]
    assert found.sentence_of.tolist() == [0, 0, 1, 1]
    encoding = embedder.encode_query(text)
    first = encoding.tokens[encoding.offsets[:, 0] < len("Clay swells.")].sum(axis=0)
    kept = unit(found.sentence_vectors.astype(np.float32))
    assert float(kept[0] @ (first / np.linalg.norm(first))) > 0.999
    word = unit(found.word_vectors.astype(np.float32))[2]
    own = encoding.tokens[3] @ embedder.basis
    assert float(word @ (own / np.linalg.norm(own))) > 0.999


def test_the_vector_of_a_word_is_the_sum_of_the_tokens_that_touch_it() -> None:
    tokens = np.arange(12, dtype=np.float32).reshape(4, 3)
    offsets = np.array([[0, 3], [3, 5], [6, 9], [9, 10]], np.int32)
    words = analyse("cloth hat.", "en")
    expected = [
        sum((tokens[i] for i, (a, b) in enumerate(offsets) if a < word.end and b > word.start), np.zeros(3))
        for word in words
    ]
    assert pool_words(words, tokens, offsets).tolist() == np.array(expected).tolist()


def _measured(question: str, passages: list[str]) -> list[dict[str, float]]:
    embedder = FakeEmbedder()
    encoding = embedder.encode_query(question)
    terms = analyse_query(question, {"en"})
    query = Query(
        tuple(tuple(term_key(form) for form in term.forms) for term in terms),
        np.ones(len(terms), np.float32),
        unit(pool_words(terms, encoding.tokens, encoding.offsets) @ embedder.basis),
        encoding.vector,
    )
    evidence = [unpack(_packed(passage, embedder)) for passage in passages]
    rows = measure(query, evidence, np.zeros(len(passages), np.float32), [frozenset()] * len(passages), 5.0)
    return [dict(zip(FEATURES, row.tolist(), strict=True)) for row in rows.passages]


def test_measures_against_what_can_be_counted_by_hand() -> None:
    both, split, none = _measured("clay swells", ["Clay swells.", "Clay is dug. Rice swells.", "Sand drains."])
    assert both["coverage"] == split["coverage"] == 1.0
    assert (both["sentence_coverage"], split["sentence_coverage"], none["coverage"]) == (1.0, 0.5, 0.0)
    assert (both["pairs"], split["pairs"], none["pairs"]) == (1.0, 0.0, 0.0)
    assert both["bm25"] == 1.0 > split["bm25"] > none["bm25"] == 0.0
    assert both["late"] == pytest.approx(1.0, abs=0.01)
    assert both["sentence_cosine"] == pytest.approx(0.85, abs=0.15)
    assert both["length"] == pytest.approx(np.log(2) / np.log(1000))


def test_bm25_is_the_textbook_formula() -> None:
    first, second = _measured("clay", ["Clay on clay.", "Clay under sand and more."])
    k1, b, average = 1.2, 0.75, 5.0

    def score(count: int, length: int) -> float:
        return count * (k1 + 1) / (count + k1 * (1 - b + b * length / average))

    assert second["bm25"] == pytest.approx(score(1, 5) / score(2, 3))
    assert first["bm25"] == 1.0


def test_a_measure_of_one_passage_does_not_depend_on_its_neighbours() -> None:
    alone = _measured("clay swells", ["Clay swells."])[0]
    among = _measured("clay swells", ["Clay swells.", "Sand drains.", "Clay swells and swells."])[0]
    for name in ("coverage", "sentence_coverage", "late", "sentence_late", "pairs"):
        assert alone[name] == pytest.approx(among[name]), name


def test_a_capital_within_a_sentence_is_told_from_one_that_begins_it() -> None:
    text = "What did Dr. Amundsen tell J. Nansen vs. Scott? Yes. Norway won. I beat Mr. Shackleton. No. Why C. How"
    capital = [text[t.start : t.end] for t in analyse(text, "") if is_capital(text, t.start, t.end)]
    assert capital == ["Dr", "Amundsen", "J", "Nansen", "Scott", "Mr", "Shackleton", "C"]
