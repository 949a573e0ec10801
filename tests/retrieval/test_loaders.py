"""Every format to its text, title, date, headings and pages; and every kind of bad file to one sentence."""

from __future__ import annotations

import io
import random
import resource
import subprocess
import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.errors import DocumentError
from retrieval.loaders import SUFFIXES, confined, load
from retrieval.loaders import pdf as pdf_loader
from retrieval.loaders.loaded import Loaded
from retrieval.loaders.numerals import numeral
from retrieval.types import Document
from tests.retrieval.files import epub, pdf, pdf_bomb, pdf_form, pdf_forms, zipped


def _load(name: str, data: bytes | str) -> Document:
    return load(Path(name), name, data if isinstance(data, bytes) else data.encode())


def _load_or_explain(name: str, data: bytes) -> Document | None:
    """The document, or None where its error is one sentence; any other error is a defect."""
    try:
        return _load(name, data)
    except DocumentError as error:
        if not str(error) or "\n" in str(error):
            raise AssertionError("a reason is one sentence") from error
        return None


def _headings(document: Document) -> list[tuple[int, str]]:
    for heading in document.headings:
        assert " ".join(heading.span.of(document.text).strip("# ").split()) == heading.text
    return [(heading.level, heading.text) for heading in document.headings]


def test_text_is_the_decoded_file_with_its_newlines() -> None:
    text = "First line.\r\nSecond line.\r\n\r\nA third — naïve — one.\n"
    assert _load("a.txt", text).text == text


def test_a_date_header_is_metadata_and_offsets_still_count_from_the_start() -> None:
    text = " date 2020-02-29 The dam held through the night.\n"
    document = _load("a.txt", text)
    assert (document.text, document.date) == (text, "2020-02-29")
    assert text[document.body_start :] == "The dam held through the night.\n"


def test_a_title_may_stand_on_the_line_of_the_date() -> None:
    document = _load("a.txt", "date 2020-02-29 The dam of 1953\n\nIt held for one night.\n")
    assert (document.title, document.date) == ("The dam of 1953", "2020-02-29")
    assert document.text[document.body_start :].strip() == "It held for one night."


@pytest.mark.parametrize(
    "text", ["date 2020-13-45 It rained.\n", "date palms grow here.\n", "It opens on date 2020-02-29 at noon.\n"]
)
def test_what_only_looks_like_a_date_header_stays_text(text: str) -> None:
    document = _load("a.txt", text)
    assert (document.date, document.body_start) == (None, 0)


def test_a_lone_first_line_is_the_title_and_lone_short_lines_are_headings() -> None:
    text = "The Dam of 1953\n\nIt held for one night.\n\nWhat came after\n\nThe polder was drained.\n"
    document = _load("dam.txt", text)
    assert (document.title, document.titled) == ("The Dam of 1953", True)
    assert _headings(document) == [(1, "The Dam of 1953"), (2, "What came after")]


@pytest.mark.parametrize(
    "byline", ["By Maud Terrence. 14 March 2024", "By Ada Brook and Tom Hill", "By: J. R. O’Hara, Leeds"]
)
def test_a_byline_is_text(byline: str) -> None:
    document = _load("fire.txt", f"A fire\n\n{byline}\n\nIt burnt.\n\nBy the river\n\nIt was seen.\n")
    assert _headings(document) == [(1, "A fire"), (2, "By the river")]


@pytest.mark.parametrize(
    "sentence",
    [
        "किराया हर महीने दस हजार रुपये है।",
        "کرایہ دس ہزار روپے ہے۔",
        "متى يدفع الإيجار؟",
        "契約書には「家賃は月末に払う」",
        "အိမ်လခကို လဆန်းတွင် ပေးရမည်။",
        "ค่าเช่าเดือนละสองหมื่นบาทชำระภายในวันที่ห้าของทุกเดือน",
    ],
)
def test_a_short_paragraph_is_no_heading_in_any_script(sentence: str) -> None:
    """Its full stop is that of its script; Thai has none, nor spaces that tell how many words there are."""
    document = _load("rent.txt", f"Rent 租\n\nBelow it.\n\n{sentence}\n\nMore of it.\n\nค่าเช่าและเงินประกัน\n\nEnd.\n")
    assert _headings(document) == [(1, "Rent 租"), (2, "ค่าเช่าและเงินประกัน")]


@pytest.mark.parametrize(
    "fact", ["Wifi password: sunflower42", "The caretaker is on 020 7946 0018", "Orders: shop@example.org"]
)
def test_a_lone_line_that_states_a_fact_is_text(fact: str) -> None:
    first, further = _load("a.txt", f"{fact}\n\nIt rains.\n"), _load("a.txt", f"Notes\n\nA.\n\n{fact}\n\nIt rains.\n")
    assert (first.titled, _headings(first), _headings(further)) == (False, [], [(1, "Notes")])


@pytest.mark.parametrize("fact", ["Apologies: Carl Reed", "Milk is in the fridge", "The lift wasn’t inspected"])
def test_below_the_first_also_one_with_a_label_or_a_verb_is_text(fact: str) -> None:
    assert _headings(_load("a.txt", f"Notes\n\nA.\n\n{fact}\n\nIt rains.\n")) == [(1, "Notes")]


@pytest.mark.parametrize("heading", ["Step 3: Glue", "Part II: The sea", "What is a tern", "Accounts for 2024"])
def test_what_numbers_a_part_or_asks_stays_a_heading(heading: str) -> None:
    document = _load("a.txt", f"Notes\n\nA.\n\n{heading}\n\nIt rains.\n")
    assert _headings(document) == [(1, "Notes"), (2, heading)]


@pytest.mark.parametrize("line", ["Can I bring my dog?", "Bob: Here is the address:"])
def test_what_a_lone_line_asks_for_is_text(line: str) -> None:
    document = _load("a.txt", f"Rules\n\n{line}\n\nBoat house, Harbour Road\n\nIt rains.\n")
    assert _headings(document) == [(1, "Rules")]
    prose = _load("a.txt", f"Rules\n\nWe met.\n{line}\n\nBoat house\n\nIt rains.\n")
    assert _headings(prose) == [(1, "Rules"), (2, "Boat house")]


def test_a_first_line_that_ends_a_sentence_is_no_title() -> None:
    document = _load("rent.txt", "किराया दस हजार रुपये है।\n\nReceipts are kept.\n")
    assert (document.titled, document.body_start) == (False, 0)


def test_a_document_without_a_title_is_called_after_its_file() -> None:
    document = _load("reports/the_dam-of-1953.txt", "It held for one night.\n")
    assert (document.title, document.titled) == ("the dam of 1953", False)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Grüße aus Köln, schöne Straße und fünf Äpfel für Jürgen. " * 4, "utf-8"),
        ("Grüße aus Köln, schöne Straße und fünf Äpfel für Jürgen. " * 4, "utf-8-sig"),
        ("Grüße aus Köln, schöne Straße und fünf Äpfel für Jürgen. " * 4, "cp1252"),
        ("Grüße aus Köln, schöne Straße und fünf Äpfel für Jürgen. " * 4, "utf-16"),
        ("Plain words without any mark of their order. " * 4, "utf-16-le"),
        ("Plain words without any mark of their order. " * 4, "utf-16-be"),
        ("Grüße aus Köln, schöne Straße. " * 4, "utf-32"),
        ("Вчера вечером на площади собрались жители города, чтобы послушать музыку. " * 4, "cp1251"),
        ("Вчера вечером на площади собрались жители города, чтобы послушать музыку. " * 4, "koi8-r"),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy. Dnes je v Praze krásně. " * 4, "cp1250"),
        ("Les élèves déjà fatigués ont mangé à la forêt près du château. " * 4, "latin-1"),
        ("昨日の夜、広場に市民が集まり、音楽を聴きました。とても楽しい夜でした。" * 4, "shift_jis"),
        ("昨天晚上，市民聚集在广场上听音乐。那是一个非常愉快的夜晚。" * 4, "gb18030"),
        ("昨天晚上，市民聚集在广场上听音乐。那是一个非常愉快的夜晚。", "utf-16-le"),
        ("昨天晚上，市民聚集在广场上听音乐。那是一个非常愉快的夜晚。", "utf-16-be"),
        ("昨日の夜、広場に市民が集まり、音楽を聴きました。", "utf-16-le"),
        ("昨日の夜、広場に市民が集まり、音楽を聴きました。", "euc_jp"),
        ("昨日の夜、広場に市民が集まり、音楽を聴きました。", "iso2022_jp"),
        ("어제 저녁 시민들이 광장에 모여 음악을 들었습니다.", "cp949"),
        ("昨天晚上，市民聚集在廣場上聽音樂。那是一個非常愉快的夜晚。", "big5"),
        ("Вчера вечером на площади собрались жители города.", "utf-16-le"),
        ("Вчера вечером на площади собрались жители города, чтобы послушать музыку.", "cp866"),
        ("Grüße aus Köln, schöne Straße und fünf Äpfel für Jürgen.", "cp437"),
        ("Les élèves déjà fatigués ont mangé à la forêt près du château.", "cp850"),
        ("Grüße aus Köln, schöne Straße und fünf Äpfel für Jürgen.", "mac-roman"),
        ("Zażółć gęślą jaźń. Świetna była też kolacja, którą przygotował Łukasz.", "cp1250"),
        ("Zażółć gęślą jaźń. Świetna była też kolacja, którą przygotował Łukasz.", "iso8859-2"),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy.", "iso8859-2"),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy.", "cp852"),
        ("Árvíztűrő tükörfúrógép. Gyönyörű este volt.", "cp1250"),
        ("Dün akşam şehrin sakinleri müzik için toplandı. Çok güzel bir akşamdı.", "cp1254"),
        ("Χθες το βράδυ οι κάτοικοι της πόλης συγκεντρώθηκαν στην πλατεία.", "cp1253"),
        ("אתמול בערב התאספו תושבי העיר בכיכר כדי לשמוע מוזיקה.", "cp1255"),
        ("مساء أمس تجمع سكان المدينة في الساحة للاستماع إلى الموسيقى.", "cp1256"),
        ("It’s the “best” café in town — the résumé says so.", "cp1252"),
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_encodings_are_recognised(name: str, text: str, encoding: str) -> None:
    assert _load(name, text.encode(encoding)).text == text


@pytest.mark.parametrize("encoding", ["ascii", "cp866", "cp437"])
def test_the_end_of_file_mark_of_dos_is_no_text(encoding: str) -> None:
    text = {"ascii": "Clay swells.\r\n", "cp866": "Плотина стоит на реке.\r\n", "cp437": "Der Fluß führt Wasser.\r\n"}
    assert _load("a.txt", text[encoding].encode(encoding) + b"\x1a").text == text[encoding]


@pytest.mark.parametrize(
    "text",
    [
        "Grüße aus Köln, \udcff und Jürgen.",
        "Zażółć gęślą jaźń\udc9d.",
        "昨天晚上，市民聚集\udce5\udc9c",
        "Hé là \udc80!",
    ],
)
def test_damaged_utf8_is_read_but_for_the_bytes_that_are_no_character(text: str) -> None:
    data = text.encode("utf-8", "surrogateescape")
    document = _load("a.txt", data)
    assert document.text == data.decode("utf-8", "replace")
    assert "\ufffd" in document.text


@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_one_bad_byte_behind_a_byte_order_mark_is_no_character(name: str) -> None:
    assert _load(name, b"\xef\xbb\xbfThe dam\xff held.\n").text == "The dam\ufffd held.\n"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.txt", "The {}held, and it held for all of one long and stormy night.\n"),
        ("a.md", "The {}held, and it held for all of one long and stormy night.\n"),
        ("a.csv", "text\nThe {}held and it held for all of one long and stormy night.\n"),
        ("a.html", "<p>The {}held, and it held for all of one long and stormy night.</p>"),
    ],
)
def test_a_nul_in_text_is_a_character_that_cannot_be_shown_and_many_are_binary_data(name: str, data: str) -> None:
    assert "The \ufffdheld" in _load(name, data.format("\0")).text
    for late in ("", "It held again. " * 10_000):
        with pytest.raises(DocumentError, match="not text but binary data"):
            _load(name, data.format(late + "\0" * 5_000))


@pytest.mark.parametrize("seed", range(5))
def test_bytes_without_any_order_are_no_text(seed: int) -> None:
    data = random.Random(seed).randbytes(2000)
    for noise in (data, data.replace(b"\x00", b"")):
        with pytest.raises(DocumentError, match="not text but binary data"):
            _load("a.txt", noise)


@pytest.mark.parametrize(
    ("matter", "date"),
    [
        ("---\ntitle: On Dams\ndate: 2021-04-05\n---\n", "2021-04-05"),
        ("---\r\ntitle: On Dams\r\ndate: 2021-04-05 10:00:00\r\n---\r\n", "2021-04-05"),
        ('+++\ntitle = "On Dams"\ndate = 2021-04-05\n+++\n', "2021-04-05"),
        ("---\ntitle: On Dams\n---\n", None),
    ],
)
def test_front_matter_gives_title_and_date_and_is_no_text(matter: str, date: str | None) -> None:
    text = matter + "# Clay\n\nClay swells.\n\n## Sand\n\nSand drains.\n"
    document = _load("a.md", text)
    assert (document.text, document.title, document.date) == (text, "On Dams", date)
    assert text[document.body_start :].startswith("# Clay")
    assert _headings(document) == [(1, "Clay"), (2, "Sand")]


@pytest.mark.parametrize(
    ("matter", "title", "date"),
    [
        ("---\ntitle: No\ndate: 2021-02-31\npublished: 1865-04-15\n---\n", "No", "1865-04-15"),
        ("---\ntitle: null\ndate: 0000-00-00\n---\n", "a", None),
        ("---\ntitle: [a, b]\ntags: {c: d}\ndate: 1753-4-9\n---\n", "a", "1753-04-09"),
        ('+++\ntitle = "On\\n Dams"\ndate = 1865-04-15T10:00:00Z\n+++\n', "On Dams", "1865-04-15"),
        ("+++\n[extra]\nx = 1\n+++\n", "a", None),
    ],
)
def test_odd_titles_and_dates_in_front_matter_make_no_text_of_it(matter: str, title: str, date: str | None) -> None:
    document = _load("a.md", matter + "Clay swells.\n")
    assert (document.title, document.date, document.body_start) == (title, date, len(matter))


@pytest.mark.parametrize(
    "matter", ["---\nTitle: Dams\nDATE: 2021-04-05\n---\n", '+++\nTitle = "Dams"\nDate = 2021-04-05\n+++\n']
)
def test_front_matter_may_be_written_with_capitals(matter: str) -> None:
    document = _load("a.md", matter + "Clay swells.\n")
    assert (document.title, document.date) == ("Dams", "2021-04-05")


def test_front_matter_cannot_be_made_to_grow() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    matter = "---\n" + "\n".join(lines) + "\ntitle: *a29\ndate: 2021-04-05\n---\n"
    document = _load("a.md", matter + "Clay swells.\n")
    assert (document.title, document.date, document.body_start) == ("a", "2021-04-05", len(matter))


@pytest.mark.parametrize("text", ["date{} x", "date:{}2020-02-30", "title:{}", "a{}b\n\nText.", "\n{}\nx"])
def test_white_space_without_end_is_read_at_once(text: str) -> None:
    """The square of its length would be ten thousand million steps."""
    assert _load("a.txt", text.format(" " * 100_000) + "\n").date is None


def test_broken_front_matter_is_text() -> None:
    document = _load("a.md", "---\ntitle: [unclosed\n---\n\n# Clay\n\nClay swells.\n")
    assert document.body_start == 0


def test_a_hash_in_a_code_block_is_no_heading() -> None:
    document = _load("a.md", "# Clay\n\n```\n# no heading\n```\n\nSetext\n------\n\nText.\n")
    assert [heading.text for heading in document.headings] == ["Clay", "Setext"]


@pytest.mark.parametrize(
    "paragraph",
    [
        "It swells.\n---",
        "Does it swell\nwhen wet\n---",
        "Clay\n--",
        "Clay\n-",
        "Clay\n=",
        "It swells when wet, and shrinks again as it dries:\n---",
        "水を含むと膨らむ。\n---",
    ],
)
def test_a_paragraph_above_a_rule_is_no_heading(paragraph: str) -> None:
    document = _load("a.md", f"# Soils\n\n{paragraph}\n\nText.\n")
    assert _headings(document) == [(1, "Soils")]


@pytest.mark.parametrize("heading", ["Does it swell?\n---", "Clay Ltd.\n---------", "Clay Ltd.\n====="])
def test_a_question_or_an_abbreviation_may_be_an_underlined_heading(heading: str) -> None:
    document = _load("a.md", f"# Soils\n\n{heading}\n\nText.\n")
    assert [one.text for one in document.headings] == ["Soils", heading.split("\n")[0]]


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("# **Clay** {#clay}", "Clay"),
        ("# [Clay](#clay) and [sand][s]", "Clay and sand"),
        ("# Clay [![built](https://a.org/b.svg)](https://a.org)", "Clay"),
        ("# <a id='c'></a>Clay &amp; `x_y` \\* x_y_z", "Clay & x_y * x_y_z"),
        ("*Clay* {#c}\n===========", "Clay"),
        ("Clay Ltd.\n=========", "Clay Ltd."),
        ("# ![Clay](clay.png)", "![Clay](clay.png)"),
        ("# {#clay}", "{#clay}"),
    ],
)
def test_title_and_headings_of_markdown_are_without_their_markup(heading: str, name: str) -> None:
    document = _load("a.md", f"{heading}\n\nIt swells.\n\n[s]: https://a.org\n")
    assert (document.title, [one.text for one in document.headings]) == (name, [name])
    assert document.headings[0].span.of(document.text) == heading


def test_html_keeps_the_main_text_and_leaves_out_what_surrounds_it() -> None:
    body = "".join(
        f"<p>Paragraph {n} explains at some length how a dam is built from clay and sand.</p>" for n in range(6)
    )
    page = (
        "<html><head><title>Dams &amp; dikes</title><meta name='date' content='2019-07-08T10:00'></head><body>"
        "<nav><a href='/'>Home</a> <a href='/shop'>Shop</a></nav><article><h1>Dams</h1>"
        f"{body}<h2>Locks</h2><ul><li>Upper gate</li><li>Lower gate</li></ul>"
        "<table><tr><td>Width</td><td>12 m</td></tr></table></article>"
        "<script>alert('x')</script><footer>All rights reserved</footer></body></html>"
    )
    document = _load("a.html", page)
    assert (document.title, document.date) == ("Dams & dikes", "2019-07-08")
    assert "Paragraph 5 explains" in document.text
    assert "- Upper gate\n- Lower gate" in document.text
    assert "Width | 12 m" in document.text
    assert not any(word in document.text for word in ("Shop", "alert", "rights reserved"))
    assert (2, "Locks") in _headings(document)


@pytest.mark.parametrize(
    "declaration",
    [
        "<meta charset='{}'>",
        "<meta http-equiv='Content-Type' content='text/html; charset={}'>",
        "<?xml version='1.0' encoding='{}'?>",
    ],
)
@pytest.mark.parametrize(("text", "encoding"), [("Škoda", "iso-8859-2"), ("Да", "koi8-r"), ("„Dam“", "windows-1252")])
def test_html_is_read_in_the_encoding_that_it_declares(declaration: str, text: str, encoding: str) -> None:
    page = f"{declaration.format(encoding)}<html><body><p>{text}</p></body></html>"
    assert _load("a.html", page.encode(encoding)).text == text + "\n"


@pytest.mark.parametrize("encoding", ["utf-8", "punycode", "no-such", ""])
def test_html_that_declares_a_wrong_encoding_is_read_by_its_looks(encoding: str) -> None:
    page = f"<meta charset='{encoding}'><p>Die Straße führt über die Brücke.</p>"
    for real in ("utf-8", "cp1252"):
        assert _load("a.html", page.encode(real)).text == "Die Straße führt über die Brücke.\n"


_XHTML = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "x.dtd"><html xmlns="http://www.w3.org/1999/xhtml">{}</html>'
)
_LONG = " ".join(["word"] * 50)  # as no value is


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<center>One<br>two</center>three<br><br>four", "One\ntwo\n\nthree\n\nfour\n"),
        ("<h1>Dams</h1><aside>Aside.</aside><figure><figcaption>Fig. 1</figcaption></figure>End.",
         "Dams\n\nAside.\n\nFig. 1\n\nEnd.\n"),
        ("<table><tr><th>Width<th>Depth</tr><tr><td>12 m<td>3 m</tr></table>", "Width | Depth\n12 m | 3 m\n"),
        ("<p>Call <code>open()</code> and\n <b>re</b>ad.</p>", "Call open() and read.\n"),
        ("<form action='/'><p>Inside a form.</p><select><option>No</select></form>", "Inside a form.\n"),
        ("<table><tr><td rowspan=2>Ulm<td>trams<td>10<tr><td>buses<td>4<tr><td>Bonn<td>trams<td>7</table>",
         "Ulm | trams | 10\nUlm | buses | 4\nBonn | trams | 7\n"),
        ("<table><tr><th colspan=2 rowspan=0>All<td rowspan=3>x<tr><tr><td>c<tbody><tr><td>d</table>",
         "All | x\nAll | x | c\nd\n"),
        (f"<table><tr><td rowspan=2>{'word ' * 50}<td>a<tr><td>b</table>", f"{'word ' * 50}| a\nb\n"),
        ("<table><tr><td><p>a<p>b<td>c<tr><td><p>d<p>e</table>", "a b | c\n\nd\n\ne\n"),
        (f"<table><tr><td><p>a<p>{'word ' * 50}<td><p>c<p>d</table>", f"a\n\n{'word ' * 50}".rstrip() + "\n\nc\n\nd\n"),
        ("<p hidden>No.</p><p>A<span style='color:red; Display : none'>no</span> dam.</p>"
         "<table><tr><td>a<td hidden>no</table><p hidden=until-found>Found.</p>", "A dam.\n\na\n\nFound.\n"),
        ("<body style='display:none'>A dam.</body>", "A dam.\n"),
        ("<h2>Dams<span class='x mw-editsection'>[edit]</span></h2><h3>Clay<a class=headerlink>¶</a></h3>"
         "<p>It<a class='anchor-link'>¶</a></p>", "Dams\n\nClay\n\nIt\n"),
        ("<ul><li>a<ul><li>b</ul><li><p>c</p><p>d</p></ul>e", "- a\n- b\n- c\n\nd\n\ne\n"),
        ("<table><tr><td><h2>Left</h2><p>a</p><td><table><tr><td>1<td>2</table></table>", "Left\n\na\n\n1 | 2\n"),
        ("<p>Donau&shy;dampf&shy;schiff</p><pre>x = 1\n\n  y</pre>", "Donaudampfschiff\n\nx = 1\n\n  y\n"),
        (f"<h2>{'Never closed. ' * 40}<p>Text.</p>", f"{' '.join(['Never closed.'] * 40)}\n\nText.\n"),
        (_XHTML.format("<head><title/><script src='x'/></head><body><p>a&eacute;&nbsp;b</p></body>"), "aé b\n"),
        (_XHTML.replace(">", '[<!ENTITY own "x">]>', 1).format("<body>a &own; b</body>"), "a &own; b\n"),
        (f"<p>First.</p>{'<font size=1>x ' * 60}<p>Last.</p>", f"First.\n\n{' '.join('x' * 60)}\n\nLast.\n"),
        ("<ul><li>Linux<li>macOS</ul><div role=tabpanel>apt</div><div role=tabpanel hidden>brew</div>",
         "- Linux\n- macOS\n\napt\n\nbrew\n"),
        ("<button aria-controls='a b'>How?</button><div id=a hidden>So.</div><ul id=b style='color:red; display:none'>"
         "<li>Or so.</ul><p id=c hidden>No.</p>", "How?\n\nSo.\n\n- Or so.\n"),
        ("<button aria-haspopup=true aria-controls=a>More</button><div id=a hidden>No.</div>"
         " <button aria-controls=b>Sign in</button><div id=b role=dialog hidden>No.</div>", "More Sign in\n"),
        ("<table><tr><td>Home<br>Index<tr><td><b>Cleaning</b><br><br>Unplug it.<ol><li>Empty it.<li>Dry it.</ol>Done."
         "<tr><td><div>sudo a</div><div>sudo b</div></table>",
         "Home Index\n\nCleaning\n\nUnplug it.\n\n1. Empty it.\n2. Dry it.\n\nDone.\n\nsudo a\n\nsudo b\n"),
        (f"<table><tr><td>a<td>{_LONG}<ul><li>b</ul><tr><td>c<td><div><div>{_LONG}</div></div></table>",
         f"a\n\n{_LONG}\n\n- b\n\nc | {_LONG}\n"),
        ("<table><tr><td rowspan=2>Ulm<td>tram<tr><td><div>bus</div><div>boat</div></table>",
         "Ulm | tram\nUlm | bus boat\n"),
        (f"<table><tr><td rowspan=3>Ulm<td>tram<tr><td>{_LONG}<ul><li>b</ul><tr><td>boat</table>",
         f"Ulm | tram\n\n{_LONG}\n\n- b\n\nUlm | boat\n"),
        ("<pre><code><div><div>pip x</div></div><div><div>\n</div></div><div><div>  run</div></div></code></pre>",
         "pip x\n\n  run\n"),
        ("<pre>a<div>b</div>c\n<ol><li>d</li>\n<li></li><li>e\n</li></ol>f</pre>", "a\nb\nc\nd\ne\nf\n"),
        ("<pre><code><table><tr><td>1<td>a<tr><td>2<td>  b</table></code></pre>", "1 a \n2   b\n"),
        ("<p>So:</p><pre>\n \n    a = 1\n    b = 2\n</pre>", "So:\n\n    a = 1\n    b = 2\n"),
        ("<p>The code is <s>4711</s> <strike>4712</strike> 9920.</p><del><p>It is old.</p></del>"
         "<table><tr><td>Fee<td><del>5</del> 6</table>", "The code is 9920.\n\nFee | 6\n"),
    ],
)  # fmt: skip
def test_all_visible_text_of_a_page_is_read(body: str, text: str) -> None:
    assert _load("a.html", body).text == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<ol start=4><li>One<li>Two<ul><li>b</ul><li value=9>Nine<li>Ten</ol><ul><li>c</ul>",
         "4. One\n5. Two\n- b\n9. Nine\n10. Ten\n\n- c\n"),
        ("<ol type=a><li>One<ol type=I start=4><li>Two<li>Three</ol><li value=26>z<li>aa</ol>",
         "a. One\nIV. Two\nV. Three\nz. z\naa. aa\n"),
        ("<ol reversed><li>c<li>b<li hidden>no<li>a</ol>", "4. c\n3. b\n2. a\n"),
        ("<ol style='color: red; list-style: inside lower-roman'><li>a<li style='list-style-type:none'>b<li>c</ol>",
         "i. a\n- b\niii. c\n"),
        ("<ol><li><h3>Term</h3><p>It ends.<li><h3></h3>Two<li><ol type=A><li>Deep</ol></ol>",
         "1. Term\n\nIt ends.\n\n2. Two\n3. A. Deep\n"),
        ("<ol><li><pre>\n  make</pre><p>Then install.</p><li><pre> </pre>Done<li><pre>a\n b</pre></ol>",
         "1. make\n\nThen install.\n2. Done\n3. a\n b\n"),
        ("<ol><li><table><tr><td>a<td>b<tr><td>c<td>d</table>Then e.<li>f</ol><ul><li><pre>g</pre>h</ul>",
         "1. a | b\nc | d\n\nThen e.\n2. f\n\n- g\n\nh\n"),
    ],
)  # fmt: skip
def test_items_of_a_page_have_the_numbers_that_a_browser_shows(body: str, text: str) -> None:
    assert _load("a.html", body).text == text


def test_a_heading_in_a_numbered_item_has_its_number() -> None:
    assert _headings(_load("a.html", "<ol start=3><li><h2>Term</h2><p>It ends.</ol>")) == [(2, "3. Term")]


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("<tr><th>Name<th>2020<th>2021<tr><td>Ann<td><td>5<tr><td>Bo<td>3<td><tr><td><td><td>7",
         "Name | 2020 | 2021\nAnn |  | 5\nBo | 3\n|  | 7\n"),
        ("<tr><td><th>2020<th>2021<tr><th>Ann<td><td>5", "| 2020 | 2021\nAnn |  | 5\n"),
        ("<tr><td>Town<td>Kind<td>n<td>Since<tr><td rowspan=2>Ulm<td>tram<td><td>1897<tr><td>bus<td><td>1926<tr>"
         "<td colspan=2>All<td><td>1926",
         "Town | Kind | n | Since\nUlm | tram |  | 1897\nUlm | bus |  | 1926\nAll |  |  | 1926\n"),
        ("<tr><th>Tariff<th>Day<th>Night<th>Weekend<tr><td>A<td colspan=2>5<td>9<tr><td>B<td colspan=2 rowspan=2>6<td>7"
         "<tr><td>C<td>8<tr><td colspan=4>Net",
         "Tariff | Day | Night | Weekend\nA | 5 |  | 9\nB | 6 |  | 7\nC | 6 |  | 8\nNet\n"),
        ("<tr><th>Tariff<th>Day<th>Night<tr><td>A<td>1<td rowspan=2>2<tr><td>B",
         "Tariff | Day | Night\nA | 1 | 2\nB |  | 2\n"),
        ("<tr><td>a<td>b<tr><td colspan=2>c<td>d", "a | b\nc | d\n"),
        ("<tr><td>Name<td>2020<tr><td><td>5", "Name | 2020\n5\n"),
        ("<tr><td colspan=3>Week 9<tr><td><td>Mon<td>Tue<tr><td>Noon<td><td>Yoga",
         "Week 9\n| Mon | Tue\nNoon |  | Yoga\n"),
        ("<thead><tr><th rowspan=2>Shop<th colspan=2>2020<th colspan=2>2021<tr><th>In<th>Out<th>In<th>Out"
         "<tbody><tr><td>Ulm<td>510<td><td><td>420",
         "Shop | 2020 |  | 2021\nShop | In | Out | In | Out\nUlm | 510 |  |  | 420\n"),
        ("<tr><td>Left<td><td>Right<tr><td><td>Home<td>Shop", "Left | Right\nHome | Shop\n"),
        ("<tr><td>a<td>b<td>c<tr><td>a<td><td>c<tr><td><table><tr><td>d</table>", "a | b | c\na | c\n\nd\n"),
        ("<tr></tr><tr><td>a", "a\n"),
    ],
)  # fmt: skip
def test_values_of_a_table_of_a_page_stay_in_their_columns(table: str, text: str) -> None:
    assert _load("a.html", f"<table>{table}</table>").text == text


_SHIFTED = (
    "in 1815<sup>3</sup> under Nelson<a><sup> 4</sup></a>, <b>10<sup><a>6</a></sup></b> litres and"
    " 5<sup>1</sup>/<sub>2</sub> days; CO<sub>2</sub>, 10<sup>-3</sup>, Na<sup>+</sup>, 2<sup>n</sup>,"
    " the 2<sup>nd</sup> of May<sup><span>[</span>5<span>]</span></sup>, Ulm<sup>1,2)</sup>"
)


@pytest.mark.parametrize("page", ["<p>{}</p>", "<table><tr><td>{}</td></tr></table>", "<h1>{}</h1>"])
def test_numbers_above_and_below_the_line_of_a_page_are_told_from_what_stands_before_them(page: str) -> None:
    assert _load("a.html", page.format(_SHIFTED)).text == (
        "in 1815³ under Nelson ⁴, 10⁶ litres and 5¹/₂ days; CO₂, 10⁻³, Na⁺, 2ⁿ, the 2nd of May[5], Ulm¹,²)\n"
    )


_FORMULA = (
    "<math><mrow><msup> <mn>10</mn> <mn>6</mn> </msup><mo>+</mo><mfrac><mn>1</mn> <msup><mn>2</mn><mn>3</mn></msup>"
    "</mfrac><mo>+</mo><msubsup><mi>x</mi><mn>1</mn><mrow><mo>-</mo><mn>2</mn></mrow></msubsup></mrow>"
    "<annotation>10^{6}</annotation></math>"
)


@pytest.mark.parametrize("page", ["<p>{}</p>", "<table><tr><td>{}</td></tr></table>", _XHTML.format("<body>{}</body>")])
def test_formulas_of_a_page_are_told_from_numbers_without_powers(page: str) -> None:
    assert _load("a.html", page.format(_FORMULA)).text == "10⁶+1/2³+x₁⁻²\n"
    shown_as_picture = f"<span style='display: none'>{_FORMULA}</span><img src='f.svg'/>"
    assert _load("a.html", page.format(shown_as_picture)).text == "10⁶+1/2³+x₁⁻²\n"


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("<mfrac><mrow><mi>a</mi> <mo>+</mo><mi>b</mi></mrow><mrow><mn>2</mn><mi>c</mi></mrow></mfrac>", "(a +b)/2c"),
        ("<mfrac><mn>1</mn><mfrac><mi>a</mi><mi>b</mi></mfrac></mfrac>", "1/(a/b)"),
        ("<mfrac><mrow><mi>f</mi><mo>(</mo><mi>x</mi><mo>−</mo><mn>1</mn><mo>)</mo></mrow><mn>2</mn></mfrac>",
         "f(x−1)/2"),
        ("<mi>σ</mi><mo>=</mo><msqrt> <mi>x</mi><mo>+</mo><mn>2</mn> </msqrt>", "σ=√(x+2)"),
        ("<msqrt><msup><mi>x</mi><mn>2</mn></msup></msqrt><msqrt><mn>2</mn></msqrt>", "√(x²)√2"),
        ("<mroot><mrow><mn>1</mn><mi>y</mi></mrow><mn>3</mn></mroot>", "³√(1y)"),
        ("<mfrac><mn>1</mn></mfrac>", "1"),
    ],
)  # fmt: skip
def test_fractions_and_roots_of_a_page_hold_together_on_a_line(formula: str, text: str) -> None:
    assert _load("a.html", f"<p><math>{formula}</math> holds.</p>").text == f"{text} holds.\n"


def test_a_page_keeps_its_side_notes_and_tables_whatever_trafilatura_thinks_of_them() -> None:
    body = "".join(f"<p>Paragraph {n} explains at some length how a dam is built of clay.</p>" for n in range(9))
    menu = "<div class='menu'><a href='/a'>Home</a> <a href='/b'>Shop</a> <a href='/c'>Basket</a></div>"
    page = (
        f"<body>{menu}<h1>Dams</h1><article>{body}<aside>Beavers build them too.</aside></article>"
        "<div>Opening hours<table><tr><td>Monday<td>9 to 5</table></div><footer>All rights reserved</footer></body>"
    )
    text = _load("a.html", page).text
    assert all(part in text for part in ("Dams\n", "Beavers build", "Opening hours", "Monday | 9 to 5"))
    assert not any(word in text for word in ("Basket", "rights reserved"))


def _list_of_links(*items: tuple[str, str]) -> str:
    return f"<ul>{''.join(f'<li><a href={link!r}>{text}</a></li>' for link, text in items)}</ul>"


_STORY = "".join(f"<p>Paragraph {n} explains at some length how a dam is built of clay and sand.</p>" for n in range(9))
_DATES = _list_of_links(("/1", "Dam walk, 3 May"), ("/2", "Dike feast, 7 July"), ("/3", "Lock day, 1 Sept"))
_DATES_READ = "Dates\n\n- Dam walk, 3 May\n- Dike feast, 7 July\n- Lock day, 1 Sept"


@pytest.mark.parametrize(
    "page",
    [
        "<main>{story}<h2>Dates</h2>{dates}{story}</main>",
        "<main>{story}<h2>Dates</h2>{dates}</main>",
        "<div>{story}<h2>Dates</h2>{dates}{story}</div>",
        "<main>{story}<section><header><h3>Dates</h3></header><div>{dates}</div></section>{story}</main>",
    ],
)
def test_links_under_a_heading_of_the_main_text_are_text(page: str) -> None:
    menu = "<div><a href='/a'>Home</a> <a href='/b'>Shop</a> <a href='/c'>Basket</a></div>"
    aside = f"<aside><h3>More</h3>{_list_of_links(('/4', 'On clay'), ('/5', 'On sand'), ('/6', 'On silt'))}</aside>"
    page = menu + page.format(story=_STORY, dates=_DATES) + aside
    text = _load("a.html", f"<body>{page}</body>").text
    assert _DATES_READ in text
    assert not any(word in text for word in ("Basket", "More", "silt"))


def test_addresses_of_people_are_text() -> None:
    board = _list_of_links(("mailto:a@x.org", "Ann Lee"), ("MAILTO:b@x.org", "Bo Day"), ("tel:+49731", "0731 4711"))
    text = _load("a.html", f"<body><main>{_STORY}</main>{board}</body>").text
    assert text.endswith("- Ann Lee\n- Bo Day\n- 0731 4711\n")


_NAMES = [(f"Ann Lee {n}", f"Ulm {n}") for n in range(12)]


def test_a_table_of_links_that_trafilatura_keeps_is_text() -> None:
    body = "".join(f"<p>Paragraph {n} explains at some length how a dam is built of clay.</p>" for n in range(9))
    menu = "<div class='menu'><a href='/a'>Home</a> <a href='/b'>Shop</a> <a href='/c'>Basket</a></div>"
    rows = "".join(f"<tr><td><a href='/{n}'>{n}</a></td><td><a href='/{at}'>{at}</a></td></tr>" for n, at in _NAMES)
    page = f"<body>{menu}<article><h1>Dams</h1>{body}<table>{rows}</table><p>These built dams.</p></article></body>"
    text = _load("a.html", page).text
    assert "\n".join(" | ".join(row) for row in _NAMES) in text
    assert "Basket" not in text


def test_a_pdf_has_pages_title_and_date() -> None:
    data = pdf(
        [["Clay swells when wet."], ["Sand drains.", "Gravel drains faster."], ["Locks have gates."]],
        title="On Dams",
        date="D:20180910120000Z",
    )
    document = _load("a.pdf", data)
    assert (document.title, document.date) == ("On Dams", "2018-09-10")
    assert document.text == "Clay swells when wet.\n\nSand drains.\nGravel drains faster.\n\nLocks have gates.\n"
    starts = ("Clay swells", "Sand drains", "Locks have")
    assert document.pages == tuple(document.text.index(start) for start in starts)


@pytest.mark.parametrize(
    ("title", "is_own"),
    [
        ("Microsoft Word - Handbuch_v3_final.doc", False),
        ("Microsoft PowerPoint - Talk", False),
        ("untitled", False),
        ("Untitled-2", False),
        ("PowerPoint Presentation", False),
        ("Apresentacao do PowerPoint", False),
        ("Dokument1", False),
        ("Slide 1", False),
        ("leaflet_2.indd", False),
        ("leaflet.qxd:Layout 1", False),
        ("Microsoft Word for lawyers", True),
        ("Microsoft Excel: a guide - part 1", True),
        ("Untitled works of 1960", True),
        ("Presentation of the lamp", True),
        ("Document management", True),
        ("How to export a .pdf", True),
    ],
)
def test_a_title_that_a_program_gave_a_pdf_is_none(title: str, is_own: bool) -> None:
    document = _load("lamp_of_1911.pdf", pdf([["The lamp burns oil."]], title=title))
    assert (document.title, document.titled) == (title if is_own else "lamp of 1911", is_own)


def test_a_word_broken_at_the_end_of_a_line_is_whole_again_and_a_hyphen_of_its_own_stays() -> None:
    lines = [
        "Clay is an exam-",
        "ple. It is a well-",
        "known soil, and known well. UTF-",
        "8 and an X-",
        "Ray. An oft-",
    ]
    lines += ["told tale is oft-told. Re-", "create it; we recreate. In 1990-", "2000 he said -", "nothing."]
    assert _load("a.pdf", pdf([lines])).text == (
        "Clay is an example. It is a well-known soil, and known well. UTF-8 and an X-Ray. An oft-told tale is oft-told."
        " Recreate it; we recreate. In 1990-\n2000 he said -\nnothing.\n"
    )


def test_lines_of_a_pdf_that_run_sideways_stay_lines() -> None:
    upwards = ") Tj 0 1 -1 0 50 60 Tm ("  # for all lines that follow
    lines = [f"{upwards}Name Born Town", "Anna Smith 1911 Bonn", "Bo 1920 Rome", "It is an exam-", "ple."]
    assert _load("a.pdf", pdf([lines])).text == (
        "Name Born Town\nAnna Smith 1911 Bonn\nBo 1920 Rome\nIt is an example.\n"
    )


def test_what_is_cropped_off_the_page_of_a_pdf_is_no_text() -> None:
    data = pdf([["For the printer.", "Clay swells.", "Sand drains."]])
    assert _load("a.pdf", data.replace(b"[0 0 595 842]", b"[0 0 595 746]")).text == "Clay swells.\nSand drains.\n"


@pytest.mark.parametrize("drawn", [True, False])
def test_what_is_filled_into_the_form_of_a_pdf_is_text(drawn: bool) -> None:
    document = _load("a.pdf", pdf_form("Name:", "Ann Lee", drawn=drawn))
    assert document.text == "Name:\nAnn Lee\n"
    assert _load("a.pdf", pdf_form("Name:", "Ann Lee", drawn=drawn, hidden=True)).text == "Name:\n"


def test_a_pdf_is_read_while_no_other_is(monkeypatch: pytest.MonkeyPatch) -> None:
    import pypdfium2

    held = []

    class Watched(pypdfium2.PdfDocument):  # type: ignore[misc]
        def __init__(self, data: bytes) -> None:
            held.append(pdf_loader._PDFIUM.locked())
            super().__init__(data)

        def close(self, *given: Any) -> None:
            super().close(*given)
            held.append(pdf_loader._PDFIUM.locked())

    monkeypatch.setattr(pypdfium2, "PdfDocument", Watched)
    _load("a.pdf", pdf([["Clay swells."]]))
    with pytest.raises(DocumentError):
        _load("a.pdf", b"hello")
    assert held[:2] == [True, True]
    assert all(held)
    assert not pdf_loader._PDFIUM.locked()


def test_an_empty_page_still_counts() -> None:
    document = _load("a.pdf", pdf([["One."], [], ["Three."]]))
    assert document.text == "One.\n\nThree.\n"
    assert document.pages == (0, 6, 6)


def test_a_word_document_keeps_its_order_headings_lists_and_tables() -> None:
    import docx

    made = docx.Document()
    made.core_properties.title = "On Dams"
    made.add_heading("Clay", 1)
    made.add_paragraph("Clay swells.")
    made.add_paragraph("first", style="List Bullet")
    made.add_paragraph("second", style="List Bullet")
    table = made.add_table(rows=2, cols=2)
    for row, cells in zip(table.rows, (("Width", "12 m"), ("Height", "3 m")), strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    made.add_paragraph("After the table.")
    out = io.BytesIO()
    made.save(out)
    document = _load("a.docx", out.getvalue())
    assert document.title == "On Dams"
    assert document.text == (
        "Clay\n\nClay swells.\n- first\n- second\n\nWidth | 12 m\nHeight | 3 m\n\nAfter the table.\n"
    )
    assert _headings(document) == [(1, "Clay")]


_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


_M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


def _docx(body: str, *, parts: dict[str, str] | None = None) -> bytes:
    """A Word document with this body, and with these parts instead of those of an empty document."""
    import docx

    out = io.BytesIO()
    docx.Document().save(out)
    files = {name: zipfile.ZipFile(out).read(name) for name in zipfile.ZipFile(out).namelist()}
    document = f"<w:document {_W} {_M}><w:body>{body}</w:body></w:document>"
    files |= {"word/document.xml": document.encode()} | {name: part.encode() for name, part in (parts or {}).items()}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def _p(*runs: str) -> str:
    return f"<w:p>{''.join(run if run.startswith('<') else f'<w:r><w:t>{run}</w:t></w:r>' for run in runs)}</w:p>"


def _tr(*cells: str, properties: str = "") -> str:
    return f"<w:tr>{properties}{''.join(f'<w:tc>{cell}</w:tc>' for cell in cells)}</w:tr>"


def _box(inside: str) -> str:
    return f"<w:r><w:pict><w:txbxContent>{inside}</w:txbxContent></w:pict></w:r>"


_RUN = "<w:r><w:t>{}</w:t></w:r>"


def _run(text: str, properties: str) -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


_ABOVE, _BELOW = '<w:vertAlign w:val="superscript"/>', '<w:vertAlign w:val="subscript"/>'
_ON_LINE = '<w:vertAlign w:val="baseline"/>'
_NO_LIST = '<w:pPr><w:numPr><w:numId w:val="0"/></w:numPr></w:pPr>'
_LIST = '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>'
_NO_BULLET = f'<w:pPr><w:pStyle w:val="ListBullet"/>{_NO_LIST.removeprefix("<w:pPr>")}'
_INSERTED = f"<w:ins>{_RUN.format('new ')}</w:ins>"
_DELETED = "<w:del><w:r><w:delText>old </w:delText></w:r></w:del>"
_END_DELETED = "<w:pPr><w:rPr><w:del/></w:rPr></w:pPr>"
_DELETED_ROW = "<w:trPr><w:del/></w:trPr>"
_MOVED = f"<w:moveFrom>{_RUN.format('gone')}</w:moveFrom><w:moveTo>{_RUN.format('come')}</w:moveTo>"
_EMPTY_CONTROL = f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{_p('Click here.')}</w:sdtContent></w:sdt>"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (_p("A ", _INSERTED, _DELETED, "dam."), "A new dam.\n"),
        (_p("So:") + _p(_END_DELETED, "The fee") + _p(_END_DELETED, " is") + "<w:bookmarkEnd/>" + _p(_LIST, " ten."),
         "So:\n- The fee is ten.\n"),
        (f"{_p(_END_DELETED, 'It is ')}<w:tbl>{_tr(_p(_END_DELETED, 'high') + _p('er'), _p('x'))}</w:tbl>",
         "It is\n\nhigher | x\n"),
        (_p("Acme", '<w:r><w:ptab w:alignment="right"/></w:r>', "Manual"), "Acme\tManual\n"),
        (_p('<w:pPr><w:pStyle w:val="ListParagraph"/></w:pPr>', "What belongs to it."), "What belongs to it.\n"),
        (_p("It has ", _MOVED, "."), "It has come.\n"),
        (f"<w:ins>{_p('A dam.')}</w:ins><w:del>{_p('A dike.')}</w:del>", "A dam.\n"),
        (f"<w:sdt><w:sdtContent>{_p('A dam.')}</w:sdtContent></w:sdt>{_EMPTY_CONTROL}", "A dam.\n"),
        (_p("A ", f"<w:sdt><w:sdtContent>{_RUN.format('high')}</w:sdtContent></w:sdt>", " dam."), "A high dam.\n"),
        (_p("Above.", _box(_p("Boxed.") + _p("Too."))) + _p("Below."), "Above.\n\nBoxed.\n\nToo.\n\nBelow.\n"),
        (f"<w:tbl>{_tr(_p('12'), _p('12'), _p('3'))}{_tr(_p('5'), _p('5'))}</w:tbl>", "12 | 12 | 3\n5 | 5\n"),
        (f"<w:tbl>{_tr(_p('1'))}{_tr(_p('2'), properties=_DELETED_ROW)}{_tr(_p('3'))}</w:tbl>", "1\n3\n"),
        (
            f"<w:tbl>{_tr(_p('Outer.') + f'<w:tbl>{_tr(_p(chr(97)), _p(chr(98)))}</w:tbl>', _p('Beside.'))}</w:tbl>",
            "Outer.\n\na | b\n\nBeside.\n",
        ),
        (_p("in 1815", _run("3", _ABOVE), " CO", _run("2", _BELOW), ", 10", _run("6", _ON_LINE)),
         "in 1815³ CO₂, 106\n"),
        (_p("the 2", _run("nd", _ABOVE), " dam", _run("12", _ABOVE)), "the 2nd dam¹²\n"),
        (_p("<m:oMath><m:sSup><m:e><m:r><m:t>10</m:t></m:r></m:e><m:sup><m:r><m:t>6</m:t></m:r></m:sup></m:sSup><m:f>"
            "<m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:sSub><m:e><m:r><m:t>b</m:t></m:r></m:e><m:sub><m:r>"
            "<m:t>2</m:t></m:r></m:sub></m:sSub></m:den></m:f></m:oMath>"), "10⁶a/b₂\n"),
        (_p("A ", _run("secret ", "<w:vanish/>"), _run("high ", '<w:vanish w:val="0"/>'), "dam."), "A high dam.\n"),
        (_p("The code is ", _run("4711 ", "<w:strike/>"), _run("9920", '<w:strike w:val="0"/>')) +
         _p(_run("It is old.", "<w:dstrike/>")), "The code is 9920\n"),
        (_p(_LIST, "a") + _p(_LIST, "b") + _p(_NO_LIST, "A dam.") + _p(_NO_BULLET, "It held."),
         "- a\n- b\n\nA dam.\n\nIt held.\n"),
        (f"<w:tbl>{_tr(_p('One.', _box(_p('Boxed.'))) , _p('Two.'))}</w:tbl>", "One. Boxed. | Two.\n"),
        (
            f"<w:tbl><w:sdt><w:sdtContent>{_tr(_p('a'), _p('b'))}</w:sdtContent></w:sdt><w:tr><w:sdt><w:sdtContent>"
            f"<w:tc>{_p('c')}</w:tc></w:sdtContent></w:sdt><w:tc>{_p('d')}</w:tc></w:tr></w:tbl>",
            "a | b\nc | d\n",
        ),
    ],
)  # fmt: skip
def test_a_word_document_reads_as_with_every_change_accepted(body: str, text: str) -> None:
    assert _load("a.docx", _docx(body)).text == text


def _m(name: str, *inside: str, **properties: str) -> str:
    """An element of a formula: inside, what is no element is text."""
    said = "".join(f'<m:{one} m:val="{value}"/>' for one, value in properties.items())
    text = "".join(one if one.startswith("<") else f"<m:r><m:t>{one}</m:t></m:r>" for one in inside)
    return f"<m:{name}>{f'<m:{name}Pr>{said}</m:{name}Pr>' if said else ''}{text}</m:{name}>"


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (("P", _m("d", _m("e", "A"))), "P(A)"),
        ((_m("d", _m("e", "A"), _m("e", "B")), _m("d", _m("e", "0"), _m("e", "1"), begChr="[", sepChr=";", endChr="")),
         "(A|B)[0;1"),
        ((_m("sSup", _m("e", _m("d", _m("e", "a+b"))), _m("sup", "2")),), "(a+b)²"),
        ((_m("f", _m("num", "a+b"), _m("den", "2c")),), "(a+b)/2c"),
        ((_m("f", _m("num", _m("d", _m("e", "a+b"))), _m("den", _m("f", _m("num", "1"), _m("den", "c")))),),
         "(a+b)/(1/c)"),
        (("σ=", _m("rad", _m("deg"), _m("e", "x+2"), degHide="1")), "σ=√(x+2)"),
        ((_m("rad", _m("deg", "3"), _m("e", "y")),), "³√y"),
        ((_m("nary", _m("sub", "i=1"), _m("sup", "n"), _m("e", "x"), chr="∑"),), "∑(i=1)ⁿx"),
        ((_m("nary", _m("sub", "0"), _m("sup", "∞"), _m("e", "x")),), "∫₀∞x"),
    ],
)  # fmt: skip
def test_formulas_of_a_word_document_keep_their_brackets_roots_and_sums(formula: tuple[str, ...], text: str) -> None:
    assert _load("a.docx", _docx(_p(_m("oMath", *formula), " holds."))).text == f"{text} holds.\n"


def _field(data: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="begin"><w:ffData>{data}</w:ffData></w:fldChar></w:r>'


_ENTRIES = '<w:listEntry w:val="oil"/><w:listEntry w:val="gas"/>'


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ('<w:checkBox><w:default w:val="0"/><w:checked/></w:checkBox>', "☒"),
        ('<w:checkBox><w:default w:val="1"/><w:checked w:val="0"/></w:checkBox>', "☐"),
        ("<w:checkBox><w:default/></w:checkBox>", "☒"),
        ("<w:checkBox/>", "☐"),
        (f'<w:ddList><w:result w:val="1"/>{_ENTRIES}</w:ddList>', "gas"),
        (f"<w:ddList>{_ENTRIES}</w:ddList>", "oil"),
        (f'<w:ddList><w:result w:val="2"/>{_ENTRIES}</w:ddList>', ""),
        (f'<w:ddList><w:result w:val="gas"/><w:default w:val="1"/>{_ENTRIES}</w:ddList>', "gas"),
        (f'<w:ddList><w:result w:val="gas"/>{_ENTRIES}</w:ddList>', "oil"),
    ],
)
def test_what_is_ticked_and_chosen_in_a_form_of_a_word_document_is_text(data: str, text: str) -> None:
    assert _load("a.docx", _docx(_p("Lamp: ", _field(data), "."))).text == f"Lamp: {text}.\n"


@pytest.mark.parametrize("result", ["", "<w:r><w:t>oil</w:t></w:r>"])
def test_what_is_chosen_in_a_form_of_a_word_document_is_text_once(result: str) -> None:
    separate, end = (f'<w:r><w:fldChar w:fldCharType="{one}"/></w:r>' for one in ("separate", "end"))
    field = _field(f"<w:ddList>{_ENTRIES}</w:ddList>") + separate + result + end
    assert _load("a.docx", _docx(_p("Lamp: ", field, "."))).text == "Lamp: oil.\n"


@pytest.mark.parametrize(
    ("font", "numbers", "text"),
    [
        ("Wingdings", "F0FC F0FB 00FE FD F0A8 f06f", "✓✗☑☒☐☐"),
        ("Symbol", "F0A3 F0B3 F0B0 F0B1 F0B9 F0BB F0B4 F06D F057 F0B7", "≤≥°±≠≈×µΩ•"),
        ("Wingdings", "F021 F0F0 F0A3 F0", ""),
        ("Webdings", "F0FC", ""),
    ],
)
def test_common_symbols_of_a_word_document_are_text(font: str, numbers: str, text: str) -> None:
    symbols = "".join(f'<w:r><w:sym w:font="{font}" w:char="{number}"/></w:r>' for number in numbers.split())
    assert _load("a.docx", _docx(_p("A ", symbols, " dam."))).text == f"A {text} dam.\n"


def test_the_table_of_contents_of_a_word_document_is_no_text_whatever_its_styles() -> None:
    control = '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="{}"/></w:docPartObj></w:sdtPr><w:sdtContent>'
    control += f"{_p('Clay 1')}</w:sdtContent></w:sdt>"
    body = control.format("Table of Contents") + _p("A dam.") + control.format("Cover Pages")
    assert _load("a.docx", _docx(body)).text == "A dam.\n\nClay 1\n"


def test_the_text_of_a_diagram_of_a_word_document_stands_behind_its_paragraph_or_in_its_cell() -> None:
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    names = 'xmlns:d="http://schemas.openxmlformats.org/drawingml/2006/diagram"'
    letters = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'

    def shape(*paragraphs: str) -> str:
        inside = "".join(f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in paragraphs)
        return f"<d:pt><d:prSet/><d:t><a:bodyPr/>{inside}</d:t></d:pt>"

    def drawn(number: int) -> str:
        relation = f'<d:relIds {names} xmlns:r="{kinds}" r:dm="{{}}"/>'
        return f"<w:r><w:drawing>{relation.format(f'rId9{number}')}</w:drawing></w:r>"

    relations = "".join(
        f'<Relationship Id="rId9{number}" Type="{kinds}/diagramData" Target="diagrams/data{number}.xml"/>'
        for number in (1, 2)
    )
    parts = {
        f"word/diagrams/data{number}.xml": f"<d:dataModel {names} {letters}><d:ptLst>{shapes}</d:ptLst></d:dataModel>"
        for number, shapes in ((1, shape("Plan", "it") + "<d:pt/>" + shape() + shape("Build")), (2, shape("Mend")))
    }
    parts[_RELATIONS] = _relations(_docx(""), _RELATIONS).replace("</Relationships>", f"{relations}</Relationships>")
    body = _p("So:", drawn(1)) + _p("Done.", drawn(3)) + f"<w:tbl>{_tr(_p('Then', drawn(2)), _p('x'))}</w:tbl>"
    assert _load("a.docx", _docx(body, parts=parts)).text == "So:\n\nPlan it\nBuild\n\nDone.\n\nThen Mend | x\n"


def test_cells_of_a_word_table_that_were_merged_are_named_once_a_row() -> None:
    import docx

    made = docx.Document()
    table = made.add_table(rows=3, cols=3)
    for row, texts in zip(table.rows, (("Gate", "Up", "1"), ("", "Down", "2"), ("", "", "")), strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    table.cell(0, 0).merge(table.cell(1, 0))
    table.cell(2, 0).merge(table.cell(2, 2)).text = "All"
    out = io.BytesIO()
    made.save(out)
    assert _load("a.docx", out.getvalue()).text == "Gate | Up | 1\nGate | Down | 2\nAll\n"


def _footnotes(*texts: str) -> str:
    notes = "".join(f'<w:footnote w:id="{number}">{_p(text)}</w:footnote>' for number, text in enumerate(texts, 1))
    return f"<w:footnotes {_W}>{notes}</w:footnotes>"


_REFERENCE = '<w:r><w:footnoteReference w:id="{}"/></w:r>'


def test_notes_of_a_word_document_are_text_and_missing_properties_are_not_made_up() -> None:
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    rels = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
    relation = '<Relationship Id="r{}" Type="{}/{}" Target="{}"/>'
    styles = f'<w:styles {_W}><w:style w:styleId="h1"><w:name w:val="heading 1"/></w:style><w:style w:styleId="own">'
    styles += '<w:name w:val="Own"/><w:basedOn w:val="h1"/></w:style></w:styles>'
    parts = {
        "_rels/.rels": rels.format(relation.format(1, kinds, "officeDocument", "word/document.xml")),
        "word/_rels/document.xml.rels": rels.format(
            relation.format(1, kinds, "footnotes", "notes.xml") + relation.format(2, kinds, "styles", "styles.xml")
        ),
        "word/notes.xml": _footnotes("See the map."),
        "word/styles.xml": styles,
    }
    body = _p('<w:pPr><w:pStyle w:val="own"/></w:pPr>', "Locks") + _p("A dam.", _REFERENCE.format(1))
    document = _load("the_dam.docx", _docx(body, parts=parts))
    assert (document.text, document.title, document.date) == ("Locks\n\nA dam.\n\nSee the map.\n", "the dam", None)
    assert _headings(document) == [(1, "Locks")]


@pytest.mark.parametrize(
    ("created", "modified", "date"),
    [(None, None, None), (None, (2022, 9, 1), "2022-09-01"), ((2021, 4, 5), (2022, 9, 1), "2021-04-05")],
)
def test_the_date_of_the_template_of_python_docx_is_no_date(
    created: tuple[int, int, int] | None, modified: tuple[int, int, int] | None, date: str | None
) -> None:
    import docx

    made = docx.Document()
    made.add_paragraph("A dam.")
    if created:
        made.core_properties.created = datetime(*created)
    if modified:
        made.core_properties.modified = datetime(*modified)
    out = io.BytesIO()
    made.save(out)
    assert _load("a.docx", out.getvalue()).date == date


_RELATIONS = "word/_rels/document.xml.rels"


def _relations(data: bytes, name: str) -> str:
    return zipfile.ZipFile(io.BytesIO(data)).read(name).decode()


@pytest.mark.parametrize("target", ["NULL", "../NULL", "../../NULL"])
def test_a_word_document_that_refers_to_a_picture_it_does_not_hold_is_read(target: str) -> None:
    whole = _docx(_p('<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>', "Locks") + _p("A dam."))
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
    relation = f'<Relationship Id="rId99" Type="{kind}" Target="{target}"/></Relationships>'
    parts = {_RELATIONS: _relations(whole, _RELATIONS).replace("</Relationships>", relation)}
    document = _load(
        "a.docx", _docx(_p('<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>', "Locks") + _p("A dam."), parts=parts)
    )
    assert (document.text, _headings(document)) == ("Locks\n\nA dam.\n", [(1, "Locks")])


def test_a_strict_word_document_is_explained() -> None:
    relations = _relations(_docx(_p("A dam.")), "_rels/.rels")
    strict = relations.replace(
        "http://schemas.openxmlformats.org/officeDocument/2006", "http://purl.oclc.org/ooxml/officeDocument"
    )
    with pytest.raises(DocumentError, match=r"Strict Open XML Document: save it as a Word Document \(\.docx\)$"):
        _load("a.docx", _docx(_p("A dam."), parts={"_rels/.rels": strict}))


def _style(name: str) -> str:
    return f'<w:pPr><w:pStyle w:val="{name}"/></w:pPr>'


def test_a_note_of_a_word_document_stands_behind_what_refers_to_it() -> None:
    """Within its section, and not below the last heading; nor does anybody see one that only deleted text refers to."""
    body = _p(_style("Heading1"), "Funding") + _p("The dam was paid.", _REFERENCE.format(1), " It held.")
    body += _p(_LIST, "clay", _REFERENCE.format(2)) + _p(_LIST, "sand", _REFERENCE.format(1))
    body += f"<w:tbl>{_tr(_p('Width', _REFERENCE.format(4)), _p('12 m'))}{_tr(_p('Height'), _p('3 m'))}</w:tbl>"
    body += _p(_style("Heading1"), "Plates") + _p("One to nine.", f"<w:del>{_REFERENCE.format(3)}</w:del>")
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    relation = f'<Relationship Id="rId99" Type="{kind}" Target="footnotes.xml"/></Relationships>'
    parts = {
        _RELATIONS: _relations(_docx(""), _RELATIONS).replace("</Relationships>", relation),
        "word/footnotes.xml": _footnotes("Four million euros.", "From Ulm.", "Nobody sees this.", "At the top."),
    }
    document = _load("a.docx", _docx(body, parts=parts))
    assert document.text == (
        "Funding\n\nThe dam was paid. It held.\n\nFour million euros.\n\n- clay\n\nFrom Ulm.\n\n- sand\n\n"
        "Width | 12 m\nHeight | 3 m\n\nAt the top.\n\nPlates\n\nOne to nine.\n"
    )


def _numbering(*levels: str, more: str = "") -> dict[str, str]:
    """Rules of lists: 1 and 2 have these levels, and 2 begins at 7 again; levels are a kind and a text each, and more.

    Levels of headings are those of their styles.
    """
    rules = "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{level.split("|")[0]}"/>'
        f'<w:pStyle w:val="Heading{at + 1}"/><w:lvlText w:val="{level.split("|")[1]}"/>{"".join(level.split("|")[2:])}'
        "</w:lvl>"
        for at, level in enumerate(levels)
    )
    again = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride>'
    lists = "".join(
        f'<w:num w:numId="{number}"><w:abstractNumId w:val="0"/>{change}</w:num>'
        for number, change in ((1, ""), (2, again))
    )
    return {
        "word/numbering.xml": f'<w:numbering {_W}><w:abstractNum w:abstractNumId="0">{rules}</w:abstractNum>{more}'
        f"{lists}</w:numbering>"
    }


def _numbered(level: int, number: int = 1) -> str:
    return f'<w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr></w:pPr>'


def test_clauses_of_a_word_document_have_the_numbers_that_word_shows() -> None:
    parts = _numbering("decimal|%1.", "decimal|%1.%2", "lowerLetter|(%3)", "bullet|·")
    body = "".join(
        _p(properties, text)
        for properties, text in [
            (_numbered(0), "Term"), (_numbered(1), "It begins."), (_numbered(1), "It ends:"),
            (_numbered(2), "by notice,"), ("", "as said,"), (_numbered(2), "by law."), (_numbered(3), "at once"),
            (_numbered(1), ""), (_numbered(0), "Rent"), (_numbered(1), "It is due."), (_numbered(2), "in June."),
            (_numbered(0, 2), "Keys"), (_numbered(0), "Post"), (_numbered(0, 5), "No rules."),
        ]
    )  # fmt: skip
    gone = _p(f"{_numbered(0).removesuffix('</w:pPr>')}<w:rPr><w:del/></w:rPr></w:pPr>")
    assert _load("a.docx", _docx(gone + body, parts=parts)).text == (
        "1. Term\n\n1.1 It begins.\n\n1.2 It ends:\n(a) by notice,\n\nas said,\n(b) by law.\n- at once\n2. Rent\n\n"
        "2.1 It is due.\n(a) in June.\n7. Keys\n8. Post\n- No rules.\n"
    )


def test_headings_and_cells_of_a_word_document_have_their_numbers() -> None:
    style = '<w:style w:type="paragraph" w:styleId="{}"><w:name w:val="{}"/>{}</w:style>'
    rule = "<w:pPr><w:numPr><w:numId w:val='1'/></w:numPr></w:pPr>"
    styles = style.format("Heading1", "heading 1", rule) + style.format("Heading2", "heading 2", rule)
    styles += style.format("Own", "Own", "<w:basedOn w:val='Heading2'/>")
    parts = _numbering("upperRoman|Article %1", "decimal|§ %1.%2|<w:isLgl/>", "decimal|%3")
    parts["word/styles.xml"] = f"<w:styles {_W}>{styles}</w:styles>"
    body = _p(_style("Heading1"), "Aim") + _p(_style("Heading1"), "Rent") + _p(_style("Heading2"), "Due")
    body += _p(_style("Own"), "Paid") + _p(_style("Own").replace("</w:pPr>", _NO_LIST[7:]), "Plain")
    body += f"<w:tbl>{_tr(_p(_numbered(2)), _p('Lamp'))}{_tr(_p(_numbered(2)), _p('Oil'))}</w:tbl>"
    document = _load("a.docx", _docx(body, parts=parts))
    assert _headings(document) == [
        (1, "Article I Aim"),
        (1, "Article II Rent"),
        (2, "§ 2.1 Due"),
        (2, "§ 2.2 Paid"),
        (2, "Plain"),
    ]
    assert document.text.endswith("Plain\n\n1 | Lamp\n2 | Oil\n")


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [
        ("decimalZero", "01. 02. 09. 10."),
        ("upperLetter", "A. B. I. J."),
        ("lowerRoman", "i. ii. ix. x."),
        ("none", ". . . ."),
        ("bullet", "- - - -"),
        ("thaiLetters", "ก. ข. ฌ. ญ."),
        ("russianUpper", "А. Б. И. К."),
        ("hebrew1", "א. ב. ט. י."),
        ("thaiNumbers", "๑. ๒. ๙. ๑๐."),
        ("decimalEnclosedCircle", "①. ②. ⑨. ⑩."),
        ("ideographDigital", "一. 二. 九. 一〇."),
        ("koreanCounting", "일. 이. 구. 십."),
        ("ordinal", "1. 2. 9. 10."),
        ("", "1. 2. 9. 10."),
    ],
)
def test_numbers_of_a_word_document_are_of_many_kinds(kind: str, numbers: str) -> None:
    text = _load("a.docx", _docx(_p(_numbered(0), "x") * 10, parts=_numbering(f"{kind}|%1."))).text
    marks = [line.split()[0] for line in text.splitlines() if line]
    assert " ".join(marks[at] for at in (0, 1, 8, 9)) == numbers


def test_a_clause_below_one_that_is_numbered_in_chinese_has_both_numbers() -> None:
    parts = _numbering("chineseCountingThousand|第%1条", "decimal|%1.%2", "decimal|%1.%3|<w:isLgl/>")
    body = _p(_numbered(0), "租金") + _p(_numbered(1), "x") + _p(_numbered(2), "y")
    assert _load("a.docx", _docx(body, parts=parts)).text == "第一条 租金\n\n一.1 x\n\n1.1 y\n"


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [
        ("chineseCountingThousand", "十二 二十 一百一十 一百零五 二千零一十 10000"),
        ("chineseCounting", "十二 二十 一一〇 一〇五 二〇一〇 一〇〇〇〇"),
        ("taiwaneseCounting", "十二 二十 一一○ 一○五 二○一○ 一○○○○"),
        ("japaneseCounting", "十二 二十 百十 百五 二千十 10000"),
        ("koreanCounting", "십이 이십 백십 백오 이천십 10000"),
        ("hebrew1", "יב כ קי קה תתתתתי 10000"),
        ("decimalEnclosedParen", "⑿ ⒇ 110 105 2010 10000"),
        ("upperLetter", f"L T {'F' * 5} {'A' * 5} {'H' * 78} 10000"),
    ],
)
def test_large_numbers_of_a_word_document_go_on_as_word_counts(kind: str, numbers: str) -> None:
    assert " ".join(str(numeral(number, kind)) for number in (12, 20, 110, 105, 2010, 10000)) == numbers


@pytest.mark.parametrize(
    ("restart", "second"), [("", "B1"), ('<w:lvlRestart w:val="0"/>', "B2"), ('<w:lvlRestart w:val="1"/>', "B1")]
)
def test_a_level_of_a_word_list_may_go_on_counting(restart: str, second: str) -> None:
    parts = _numbering("upperLetter|%1", f"decimal|%1%2|{restart}")
    body = _p(_numbered(0), "x") + _p(_numbered(1), "y") + _p(_numbered(0), "x") + _p(_numbered(1), "y")
    assert _load("a.docx", _docx(body, parts=parts)).text == f"A x\n\nA1 y\n\nB x\n\n{second} y\n"


def test_a_list_of_a_word_document_may_have_the_rules_of_a_named_one() -> None:
    more = '<w:abstractNum w:abstractNumId="1"><w:numStyleLink w:val="Own"/></w:abstractNum>'
    parts = _numbering("decimal|%1)", more=more)
    rules = parts["word/numbering.xml"].replace('d="0">', 'd="0"><w:styleLink w:val="Own"/>')
    parts["word/numbering.xml"] = rules.replace(
        "</w:numbering>", '<w:num w:numId="3"><w:abstractNumId w:val="1"/></w:num></w:numbering>'
    )
    assert _load("a.docx", _docx(_p(_numbered(0, 3), "a") * 2, parts=parts)).text == "1) a\n2) a\n"


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([["Name", "2020", "2021"], ["Ann", "", "5"], ["Bo", "3", ""]], "Name | 2020 | 2021\nAnn |  | 5\nBo | 3\n"),
        ([["", "2020", "2021"], ["Ann", "", "5"]], "| 2020 | 2021\nAnn |  | 5\n"),
        ([["Name", "2020"], ["", "5"]], "Name | 2020\n5\n"),
        ([["Left", "", "Right"], ["", "Mid", ""]], "Left | Right\nMid\n"),
    ],
)
def test_values_of_a_word_table_stay_in_their_columns(rows: list[list[str]], text: str) -> None:
    table = "".join(_tr(*map(_p, row)) for row in rows)
    assert _load("a.docx", _docx(f"<w:tbl>{table}</w:tbl>")).text == text


def test_a_cell_of_a_word_table_that_spans_columns_takes_them() -> None:
    wide = '<w:tcPr><w:gridSpan w:val="2"/></w:tcPr>'
    none = wide.replace("2", "0")  # which no cell can take
    table = _tr(*map(_p, ["Tariff", "Day", "Night", "Weekend"])) + _tr(_p("A"), wide + _p("5"), _p("9"))
    table += _tr(_p("B"), wide + _p("6"), _p("")) + _tr(wide + _p("All"), none + _p("7"), _p("8"))
    text = _load("a.docx", _docx(f"<w:tbl>{table}</w:tbl>")).text
    assert text == "Tariff | Day | Night | Weekend\nA | 5 |  | 9\nB | 6\nAll |  | 7 | 8\n"


def test_a_row_of_a_word_table_may_begin_further_right() -> None:
    later = '<w:trPr><w:gridBefore w:val="{}"/></w:trPr>'
    table = _tr(*map(_p, ["Mon", "Tue", "Wed"]), properties=later.format(1)) + _tr(*map(_p, ["Noon", "", "", "Yoga"]))
    table += _tr(*map(_p, ["Chess", "Choir"]), properties=later.format(2))
    text = _load("a.docx", _docx(f"<w:tbl>{table}</w:tbl>")).text
    assert text == "| Mon | Tue | Wed\nNoon |  |  | Yoga\n|  | Chess | Choir\n"


_MERGED = '<w:tcPr><w:vMerge w:val="{}"/></w:tcPr>'


def test_names_of_columns_of_a_word_table_may_stand_in_two_rows() -> None:
    wide = '<w:tcPr><w:gridSpan w:val="2"/></w:tcPr>'
    table = _tr(_MERGED.format("restart") + _p("Town"), _MERGED.format("restart") + _p("Shop"), wide + _p("2020"))
    table += _tr(*[_MERGED.format("continue") + _p()] * 2, _p("In"), _p("Out")) + _tr(*map(_p, ["Ulm", "1", "", "42"]))
    text = _load("a.docx", _docx(f"<w:tbl>{table}</w:tbl>")).text
    assert text == "Town | Shop | 2020\nTown | Shop | In | Out\nUlm | 1 |  | 42\n"


@pytest.mark.parametrize(
    ("rows", "text", "headings"),
    [
        ([[_p("1"), _p(_style("Heading2"), "Cleaning") + _p("Unplug it.") + _p(_LIST, "Dry it.")]],
         "1\n\nCleaning\n\nUnplug it.\n- Dry it.\n", [(2, "Cleaning")]),
        ([[_p(_style("Heading1"), "Care")], [_p("Oil"), _p("Often")]], "Care\n\nOil | Often\n", [(1, "Care")]),
        ([[_p(_style("Heading3"), "Part"), _p(_style("Heading3"), "Use")], [_p("Cap"), _p("Lid") + _p("Cover")]],
         "Part | Use\nCap | Lid Cover\n", []),
        ([[_p("Aim"), _p(_LONG) + _p("End.")], [_p("Ann"), _p(_LONG) + _p()]],
         f"Aim\n\n{_LONG}\n\nEnd.\n\nAnn | {_LONG}\n", []),
        ([[_MERGED.format("restart") + _p("Gate"), _p("Up")], [_MERGED.format("restart") + _p(_LONG) + _p("End.")],
          [_MERGED.format("continue") + _p(), _p("Down")]],
         f"Gate | Up\n\n{_LONG}\n\nEnd.\n\nDown\n", []),
        ([[_MERGED.format("restart") + _p("Gate"), _p("Up")],
          [_MERGED.format("continue") + _p(), _p(_LONG) + _p("End.")],
          [_MERGED.format("continue") + _p(), _p("Down")]],
         f"Gate | Up\n\n{_LONG}\n\nEnd.\n\nGate | Down\n", []),
    ],
)  # fmt: skip
def test_what_a_word_document_lays_out_by_a_table_is_paragraphs(
    rows: list[list[str]], text: str, headings: list[tuple[int, str]]
) -> None:
    document = _load("a.docx", _docx(f"<w:tbl>{''.join(_tr(*row) for row in rows)}</w:tbl>"))
    assert (document.text, _headings(document)) == (text, headings)


def test_headers_and_footers_of_a_word_document_stand_once_before_its_text() -> None:
    """Where none of its headings holds for them, nor one of theirs for it."""
    import docx

    made = docx.Document()
    made.add_heading("Locks", 1)
    made.add_paragraph("A dam.")
    for first in (True, False):
        section = made.sections[0] if first else made.add_section()
        for part, text in ((section.header, "Water Board"), (section.footer, "Files: room 12")):
            part.is_linked_to_previous = False
            part.paragraphs[0].text = text
            part.paragraphs[0].style = made.styles["Title"]
    out = io.BytesIO()
    made.save(out)
    document = _load("a.docx", out.getvalue())
    assert (document.text, document.title) == ("Water Board\n\nFiles: room 12\n\nLocks\n\nA dam.\n", "a")
    assert _headings(document) == [(1, "Locks")]


def test_an_epub_is_read_in_the_order_of_its_spine() -> None:
    data = epub(
        ["<h1>One</h1><p>Clay swells.</p>", "<h1>Two</h1><p>Sand drains.</p>"], title="On Dams", date="2017-01-02"
    )
    document = _load("a.epub", data)
    assert (document.title, document.date) == ("On Dams", "2017-01-02")
    assert document.text == "One\n\nClay swells.\n\nTwo\n\nSand drains.\n"
    assert _headings(document) == [(1, "One"), (1, "Two")]


def _book(chapters: list[str], *, navigation: str = "", table: str = "", locked: str = "") -> bytes:
    """An EPUB of these bodies, with a table of contents of either kind."""
    archive = zipfile.ZipFile(io.BytesIO(epub(chapters)))
    files = {name: archive.read(name).decode() for name in archive.namelist()}
    items = '<item id="nav" href="nav.xhtml" properties="nav"/>' if navigation else ""
    items += '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>' if table else ""
    files["book/content.opf"] = files["book/content.opf"].replace("<manifest>", "<manifest>" + items)
    files |= {"book/nav.xhtml": navigation, "book/toc.ncx": table}
    if locked:
        files["META-INF/encryption.xml"] = f'<encryption><CipherReference URI="{locked}"/></encryption>'
    return zipped(files)


_NAVIGATION = _XHTML.format(
    '<body><nav xmlns:epub="http://www.idpf.org/2007/ops" epub:type="toc"><ol><li><a href="c0.xhtml">Cover</a></li>'
    '<li><a href="c1.xhtml">One: Clay</a><ol><li><a href="c1.xhtml#b">Sand</a></li></ol></li></ol></nav></body>'
)
_POINT = "<navPoint><navLabel><text>{}</text></navLabel><content src='{}'/>{}</navPoint>"
_TABLE = f"<ncx xmlns='http://www.daisy.org/z3986/2005/ncx/'><navMap>{_POINT.format('Cover', 'c0.xhtml', '')}"
_TABLE += _POINT.format("One: Clay", "c1.xhtml", _POINT.format("Sand", "c1.xhtml#b", "")) + "</navMap></ncx>"


@pytest.mark.parametrize("contents", [{"navigation": _NAVIGATION}, {"table": _TABLE}])
@pytest.mark.parametrize("first", ["<p class='title'><b>One:</b> CLAY</p>", ""])
def test_chapters_of_a_book_are_named_by_its_table_of_contents(contents: dict[str, str], first: str) -> None:
    chapters = ["<div><img/></div>", f"<div>{first}<p>It swells.</p><p><a id='b'/>Sand</p><p>It drains.</p></div>"]
    document = _load("a.epub", _book([*chapters, "<h3>Two</h3><p>End.</p>"], **contents))
    name = "One: CLAY" if first else "One: Clay"
    assert document.text == f"{name}\n\nIt swells.\n\nSand\n\nIt drains.\n\nTwo\n\nEnd.\n"
    assert _headings(document) == [(1, name), (2, "Sand"), (3, "Two")]


def test_a_chapter_whose_title_has_a_note_is_named_once() -> None:
    table = _TABLE.replace("One: Clay", "One: Clay1")
    document = _load("a.epub", _book(["<p>a</p>", "<p>One: Clay<sup>1</sup></p><p>It swells.</p>"], table=table))
    assert _headings(document) == [(1, "Cover"), (1, "One: Clay¹")]


_TEXT = "It swells when it is wet, and it shrinks again when it dries, which takes a week or two in a good summer."


@pytest.mark.parametrize(
    ("chapter", "headings"),
    [
        ("<p class='ct'>One: Clay</p><p>It swells.</p><h3>Sand</h3>", [(1, "One: Clay"), (3, "Sand")]),
        (f"<p><img/></p><p>{_TEXT}</p><h3>Uses</h3>", [(1, "One: Clay"), (3, "Uses")]),
        (f"<h2>Clay</h2><p>{_TEXT}</p><p id='b'>{_TEXT}</p><h4>Uses</h4>", [(2, "Clay"), (2, "Sand"), (4, "Uses")]),
        (f"<div><div><p>1</p><p>of 9</p></div><h2>Clay</h2><p>{_TEXT}</p></div>", [(2, "Clay")]),
        (f"<h2>Clay</h2><p>{_TEXT}</p><h3><a id='b'></a>On sand</h3>", [(2, "Clay"), (3, "On sand")]),
        (f"<p>{_TEXT}</p><h2>One: Clay</h2><h2>Sand</h2><p id='b'>{_TEXT}</p>", [(2, "One: Clay"), (2, "Sand")]),
    ],
)  # fmt: skip
def test_a_chapter_is_named_by_the_table_of_contents_unless_it_begins_with_a_heading(
    chapter: str, headings: list[tuple[int, str]]
) -> None:
    assert _headings(_load("a.epub", _book(["<img/>", chapter], table=_TABLE))) == headings


def test_a_book_that_is_locked_is_explained_and_one_with_locked_fonts_is_read() -> None:
    assert _load("a.epub", _book(["<p>Clay.</p>"], locked="book/font.otf")).text == "Clay.\n"
    with pytest.raises(DocumentError, match="locked against copying"):
        _load("a.epub", _book(["<p>Clay.</p>"], locked="book/c0.xhtml"))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", 'city,trams\nUlm,10\n"Bad, Town",3\n'),
        ("a.csv", "city;trams\nUlm;10\nBad, Town;3\n"),
        ("a.csv", "sep=;\r\ncity;trams\r\nUlm;10\r\nBad, Town;3\r\n"),
        ("a.csv", '"sep=|"\ncity|trams\nUlm|10\nBad, Town|3\n'),
        ("a.csv", '\ncity, trams\nUlm, 10\n"Bad, Town", 3'),
        ("a.tsv", "city\ttrams\nUlm\t10\nBad, Town\t3\n"),
        ("a.jsonl", '{"city": "Ulm", "trams": 10}\n{"city": "Bad, Town", "trams": 3}\n'),
        ("a.ndjson", '\n{"city": "Ulm", "trams": 10}\n\n{"city": "Bad, Town", "trams": 3}'),
        ("a.json", '[{"city": "Ulm", "trams": 10}, {"city": "Bad, Town", "trams": 3}]'),
    ],
)
def test_rows_and_records_become_a_line_each(name: str, data: str) -> None:
    rows = "city: Ulm; trams: 10\ncity: Bad, Town; trams: 3\n"
    assert (_filled_lines(name, data), _load(name, data).layout) == (rows, "rows")


def _filled_lines(name: str, data: str) -> str:
    return "".join(line for line in _load(name, data).text.splitlines(keepends=True) if line.strip())


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.csv", "city,trams\nUlm,10\n\n,\nBonn,4\n", "\ncity: Ulm; trams: 10\n\n\ncity: Bonn; trams: 4\n"),
        ("a.csv", "sep=;\r\ncity;trams\r\nUlm;10\r\n", "\n\ncity: Ulm; trams: 10\n"),
        ("a.csv", 'city,"trams\nof all"\nUlm,"1\r\n\r\n0"\nBonn,4\n',
         "\n\ncity: Ulm; trams of all: 1 0\n\n\ncity: Bonn; trams of all: 4\n"),
        ("a.csv", "Trams\n\ncity;trams\nUlm;10\n", "Trams\n\n\ncity: Ulm; trams: 10\n"),
        ("a.csv", 'sep=,\r\na,b,c\r\n"x\r\ny",z,1\r\n\r\nShops\r\nd,e,f\r\nv,w,2\r\n',
         "\n\na: x y; b: z; c: 1\n\n\nShops\n\nd: v; e: w; f: 2\n"),
        ("a.tsv", "10:05\tUlm\n10:15\tBonn\n", "10:05; Ulm\n10:15; Bonn\n"),
        ("a.jsonl", '\n{"a": 1}\n\n{}\n{"a": 2}\n', "\na: 1\n\n\na: 2\n"),
        ("a.json", '[\n{"a": 1},\n{},\n{"a": 2}\n]\n', "a: 1\na: 2\n"),
    ],
)  # fmt: skip
def test_a_row_keeps_the_number_of_its_line_where_a_file_has_a_line_for_it(name: str, data: str, text: str) -> None:
    assert _load(name, data).text == text


_LONG = "Trams of the town; all of them, " * 1000


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ('Kontoumsätze\n"Datum";"Betrag"\n"1.2.24";"-12,50"\n"2.2.24";"7,10"\n',
         "Kontoumsätze\nDatum: 1.2.24; Betrag: -12,50\nDatum: 2.2.24; Betrag: 7,10\n"),
        ("Kontoumsätze\n\nDatum;Betrag\n1.2.24;-12,50\n2.2.24;7,10\n",
         "Kontoumsätze\nDatum: 1.2.24; Betrag: -12,50\nDatum: 2.2.24; Betrag: 7,10\n"),
        ("Umsatzanzeige;Datei erstellt am: 3.2.24\nBuchung;Wert;Text;Betrag;Saldo\n1.2.24;2.2.24;Strom;-12,50;3,00\n"
         "2.2.24;2.2.24;Lohn;7,10;10,10\n",
         "Umsatzanzeige; Datei erstellt am: 3.2.24\n"
         "Buchung: 1.2.24; Wert: 2.2.24; Text: Strom; Betrag: -12,50; Saldo: 3,00\n"
         "Buchung: 2.2.24; Wert: 2.2.24; Text: Lohn; Betrag: 7,10; Saldo: 10,10\n"),
        ("Trams,,\ncity,trams,since\nUlm,10,1897\nBonn,,1891\n",
         "Trams\ncity: Ulm; trams: 10; since: 1897\ncity: Bonn; since: 1891\n"),
        ("sep=;\nTrams\ncity;trams\nUlm;10\n", "Trams\ncity: Ulm; trams: 10\n"),
        ('"Data Source","World Indicators",\n\n"Last Updated Date","2024-06-28",\n\n"Country","Code","1960","1961",\n'
         '"Aruba","ABW","54608","55811",\n"Chad","TCD","","1961",\n"Peru","PER","","",\n',
         "Data Source; World Indicators\nLast Updated Date; 2024-06-28\n"
         "Country: Aruba; Code: ABW; 1960: 54608; 1961: 55811\nCountry: Chad; Code: TCD; 1961: 1961\n"
         "Country: Peru; Code: PER\n"),
        ("Sales by region,,\nRegion,2019,2020\nNorth,5,7\n",
         "Sales by region\nRegion: North; 2019: 5; 2020: 7\n"),
        ("Choir,,,\n,,,\nItem,2023 actual,2024 budget,2025 forecast\nHire,1100,1200,1300\nRobes,,450,500\n",
         "Choir\nItem: Hire; 2023 actual: 1100; 2024 budget: 1200; 2025 forecast: 1300\n"
         "Item: Robes; 2024 budget: 450; 2025 forecast: 500\n"),
        ("Overdue;;\nName;0-30;31-60 days\nAcme;1.100,00;\nBolt;;25,00\n",
         "Overdue\nName: Acme; 0-30: 1.100,00\nName: Bolt; 31-60 days: 25,00\n"),
        ("Trams,,\nUlm,1897,old\nBonn,1891,new\n", "Trams: Ulm; 1897; old\nTrams: Bonn; 1891; new\n"),
        ("Trams,,\nUlm,1.5,old\nBonn,12,new\n", "Trams: Ulm; 1.5; old\nTrams: Bonn; 12; new\n"),
        ("Trams,,\nUlm,12 km,old\nBonn,7 miles,new\n", "Trams: Ulm; 12 km; old\nTrams: Bonn; 7 miles; new\n"),
        ("Known issues\n,,\nCode,Symptom,Remedy\nE-13,Printer blinks,Restart\nE-14,It is hot,\n",
         "Known issues\nCode: E-13; Symptom: Printer blinks; Remedy: Restart\nCode: E-14; Symptom: It is hot\n"),
        (";\nName;Subject\nAnn;Grinder\n", "Name: Ann; Subject: Grinder\n"),
        ("Name,,\nAnn,Ulm,old\n", "Name: Ann; Ulm; old\n"),
        ("Note\nIt stops, then blinks, then hums\nIt hums, and stops\nIt blinks, hums, stops\n",
         "Note: It stops; then blinks; then hums\nNote: It hums; and stops\nNote: It blinks; hums; stops\n"),
        (f'"city";"{_LONG}"\n"Ulm";"10"\n', f"city: Ulm; {_LONG.strip()}: 10\n"),
        ("city;price, EUR\nUlm;1,5\nBonn;2,5\n", "city: Ulm; price, EUR: 1,5\ncity: Bonn; price, EUR: 2,5\n"),
        ("city\tprice, EUR\nUlm\t1,5\nBonn\t2,5\n", "city: Ulm; price, EUR: 1,5\ncity: Bonn; price, EUR: 2,5\n"),
        (",price\n0,12.5\n1,13\n2,14\n", "0; price: 12.5\n1; price: 13\n2; price: 14\n"),
        ("Name\nSmith, Ann\nDoe, Bo\n", "Name: Smith; Ann\nName: Doe; Bo\n"),
        ("Quarter,Sales,,\nQ1,10,a,b\nQ2,12,c,d\n", "Quarter: Q1; Sales: 10; a; b\nQuarter: Q2; Sales: 12; c; d\n"),
        ("city,trams\nUlm,10,old\nBonn,4,new\n", "city: Ulm; trams: 10; old\ncity: Bonn; trams: 4; new\n"),
        ("city,note\nUlm,a,b,c\nBonn,d\nKiel,e,f,g\nHof,h,i\nJena,j,k,l,m\n",
         "city: Ulm; note: a; b; c\ncity: Bonn; note: d\ncity: Kiel; note: e; f; g\ncity: Hof; note: h; i\n"
         "city: Jena; note: j; k; l; m\n"),
    ],
)  # fmt: skip
def test_columns_are_named_by_the_first_row_that_has_them_and_what_is_above_stays_text(data: str, text: str) -> None:
    assert _filled_lines("a.csv", data) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Region,2023,,2024,\n,Sales,Cost,Sales,Cost\nEast,70,,,65\n", "Region: East; 2023 Sales: 70; 2024 Cost: 65\n"),
        ("Region,2023,,2024\n,Sales,Cost,Sales,Cost\nEast,70,,,65\n", "Region: East; 2023 Sales: 70; 2024 Cost: 65\n"),
        (",2023,,2024,\nRegion,Sales,Cost,Sales,Cost\nEast,70,,,65\n", "Region: East; 2023 Sales: 70; 2024 Cost: 65\n"),
        ("Shops,,,,\nRegion,Sales,,Cost,\n,2023,2024,2023,2024\nEast,70,,,65\n",
         "Shops\nRegion: East; Sales 2023: 70; Cost 2024: 65\n"),
        ("Region,City,2023,,Note\n,,Sales,Cost,\nEast,Ulm,7,5,new\n",
         "Region: East; City: Ulm; 2023 Sales: 7; 2023 Cost: 5; Note: new\n"),
        (",city,room\nTom,Ulm,remote\nBo,Bonn,15\n", "Tom; city: Ulm; room: remote\nBo; city: Bonn; room: 15\n"),
        ("Quarter,Sales,\nQ1,none,a\nQ2,12,b\n", "Quarter: Q1; Sales: none; a\nQuarter: Q2; Sales: 12; b\n"),
        ("Quarter,Sales,\n,5,b\nQ2,12,d\n", "Sales: 5; b\nQuarter: Q2; Sales: 12; d\n"),
        (",Budget,\nItem,2023,2024\nLamp,5,6\n", "Budget\nItem: Lamp; 2023: 5; 2024: 6\n"),
        ("Name,Phone,,Room\n,none,,hall\nAnn,1,2,3\n", "Phone: none; Room: hall\nName: Ann; Phone: 1; 2; Room: 3\n"),
        ("Kind,Note,\n,wet,cold\nFog,grey,still\n", "Note: wet; cold\nKind: Fog; Note: grey; still\n"),
    ],
)  # fmt: skip
def test_a_row_that_names_groups_of_columns_is_joined_with_the_one_that_names_these(data: str, text: str) -> None:
    assert _filled_lines("a.csv", data) == text


_STAFF = "Employee,Phone,Room\nAnna,4123,12\n"


@pytest.mark.parametrize("gap", ["\n", ",,\n", "\n\n"])
@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Supplier,Contact,Discount\nAcme,Carla,10\n", "Supplier: Acme; Contact: Carla; Discount: 10\n"),
        ("Suppliers,,\nSupplier,2023,2024\nAcme,7,10\n", "Suppliers\nSupplier: Acme; 2023: 7; 2024: 10\n"),
        (_STAFF.replace("Anna", "Bo"), "Employee: Bo; Phone: 4123; Room: 12\n"),
        ("Supplier,Contact,Discount\nAcme,Carla,10\n\nLamp,Watts,Colour\nAlpha,40,red\n",
         "Supplier: Acme; Contact: Carla; Discount: 10\nLamp: Alpha; Watts: 40; Colour: red\n"),
    ],
)  # fmt: skip
def test_a_table_behind_an_empty_row_has_names_of_its_own(gap: str, data: str, text: str) -> None:
    assert _filled_lines("a.csv", _STAFF + gap + data) == "Employee: Anna; Phone: 4123; Room: 12\n" + text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (f"{_STAFF}\nTom,4124,none\nUte,4125,15\n",
         "Employee: Anna; Phone: 4123; Room: 12\nEmployee: Tom; Phone: 4124; Room: none\n"
         "Employee: Ute; Phone: 4125; Room: 15\n"),
        (f"{_STAFF}\nTom,none,none\nUte,4125,15\n",
         "Employee: Anna; Phone: 4123; Room: 12\nEmployee: Tom; Phone: none; Room: none\n"
         "Employee: Ute; Phone: 4125; Room: 15\n"),
        (f"{_STAFF}\nTom,unlisted,\nUte,4125,15\n",
         "Employee: Anna; Phone: 4123; Room: 12\nEmployee: Tom; Phone: unlisted\n"
         "Employee: Ute; Phone: 4125; Room: 15\n"),
        (f"{_STAFF}\nTom,unlisted,none,\nUte,4125,15,ill\n",
         "Employee: Anna; Phone: 4123; Room: 12\nEmployee: Tom; Phone: unlisted; Room: none\n"
         "Employee: Ute; Phone: 4125; Room: 15; ill\n"),
        ("Name,City,Room\nAnna,Ulm,12\n\nTom,Bonn,remote\nCarl,Bonn,15\n",
         "Name: Anna; City: Ulm; Room: 12\nName: Tom; City: Bonn; Room: remote\nName: Carl; City: Bonn; Room: 15\n"),
        ("Setting,Value\nHost,lamp\n\nZone,UTC\nRetries,3\n",
         "Setting: Host; Value: lamp\nSetting: Zone; Value: UTC\nSetting: Retries; Value: 3\n"),
        ("Setting,Value,Of\nHost,lamp,net\nPort,80,web\n\nZone,UTC,clock\nRetries,3,call\n",
         "Setting: Host; Value: lamp; Of: net\nSetting: Port; Value: 80; Of: web\n"
         "Setting: Zone; Value: UTC; Of: clock\nSetting: Retries; Value: 3; Of: call\n"),
        ("Name,City,Room\n\nTom,Ulm,remote\nCarl,Bonn,15\n",
         "Name: Tom; City: Ulm; Room: remote\nName: Carl; City: Bonn; Room: 15\n"),
        ("Name,City,Team\nAnna,Ulm,red\n\nTom,Bonn,blue\nCarl,Kiel,green\n",
         "Name: Anna; City: Ulm; Team: red\nName: Tom; City: Bonn; Team: blue\nName: Carl; City: Kiel; Team: green\n"),
    ],
)  # fmt: skip
def test_rows_behind_an_empty_row_keep_their_names_where_no_others_stand_there(data: str, text: str) -> None:
    assert _filled_lines("a.csv", data) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("2024-03-01 10:00:01,ERROR,disk full on node7\n2024-03-01 10:00:02,INFO,backup started\n",
         "2024-03-01 10:00:01; ERROR; disk full on node7\n2024-03-01 10:00:02; INFO; backup started\n"),
        ("Strom;-12,50\nLohn;7,10\nGas;3\n Bus;4,1\n", "Strom; -12,50\nLohn; 7,10\nGas; 3\nBus; 4,1\n"),
        ("\n7:15,Ulm\n10:05,Bonn\n", "7:15; Ulm\n10:05; Bonn\n"),
        ("Country,2019,2020\nPeru,10,12\n", "Country: Peru; 2019: 10; 2020: 12\n"),
        ("Country,2019-01,2019-02\nPeru,1.5,12\n", "Country: Peru; 2019-01: 1.5; 2019-02: 12\n"),
        ("Feature,1.0,2.0\nTrams,yes,no\n", "Feature: Trams; 1.0: yes; 2.0: no\n"),
    ],
)  # fmt: skip
def test_a_first_row_of_dates_or_decimals_names_no_columns(data: str, text: str) -> None:
    assert _filled_lines("a.csv", data) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ('"Rome" Open City\t1\nfoo\t2\n', '"Rome" Open City: foo; 1: 2\n'),
        ('film\tn\n"Rome" Open City\t1\n5" disc\t2\n', 'film: "Rome" Open City; n: 1\nfilm: 5" disc; n: 2\n'),
        ('a\tb\n"3\t4\n5\t6\n', 'a: "3; b: 4\na: 5; b: 6\n'),
        ('a\tb\n"Hello she said\t1\nfoo\t2\nbye"\t3\n', 'a: "Hello she said; b: 1\na: foo; b: 2\na: bye"; b: 3\n'),
        ('a\tb\tc\n1\t"x\ny"\t2\n"3"\t4\t5\n', "a: 1; b: x y; c: 2\na: 3; b: 4; c: 5\n"),
        ('a,b\nHe said, "hello" and left\n', 'a: He said; b: "hello" and left\n'),
    ],
)  # fmt: skip
def test_quotation_marks_that_enclose_no_field_are_text(data: str, text: str) -> None:
    assert _filled_lines("a.csv", data) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (
            'n,said\n1,"It \\"held\\", C:\\\\x\\temp"\n2,"""no"""\n',
            'n: 1; said: It "held", C:\\\\x\\temp\nn: 2; said: "no"\n',
        ),
        ('1;"a \\"b\\" c"\n2;"d \\"e\\""\n', '1: 2; a "b" c: d "e"\n'),
        ('n\tsaid\n1\t"it\nheld"\n2\t"a \\"b\\" c"\n', 'n: 1; said: it held\nn: 2; said: a "b" c\n'),
    ],
)
def test_quotation_marks_that_a_backslash_escapes_are_text_and_other_backslashes_stay(data: str, text: str) -> None:
    assert _filled_lines("a.csv", data) == text


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", 'name, quote, year\n"Smith", "hello, world", 1999\n"Jones", "he said "hi" there", 2001\n'),
        ("a.tsv", 'id\tnote\tn\n1\t"line one\nline two"\t5\n2\t"a "quoted" word"\t6\n'),
        ("a.csv", 'n,a\n1,"b\\"","c"\n2,"d \\"e\\" f "g" h"\n'),
    ],
)
def test_rows_that_quotation_marks_hold_together_are_not_taken_apart_for_a_bad_one(name: str, data: str) -> None:
    with pytest.raises(DocumentError, match=r"line \d is no row of a table"):
        _load(name, data)


def test_numbers_in_small_print_stay_numbers() -> None:
    page = (
        "<p><sub>1914-1918</sub> small print: <sup>030 1234567</sup></p><table><tr><td><sup>1,234.50</sup><td>x</table>"
    )
    assert _load("a.html", page).text == "1914-1918 small print: 030 1234567\n\n1,234.50 | x\n"


def test_a_chapter_under_any_name_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zipfile.ZipFile(io.BytesIO(epub(["<p>One.</p>", f"<p>{'Two. ' * 400}</p>"])))
    texts = {name: archive.read(name).decode() for name in archive.namelist()}
    book = zipped({name.replace(".xhtml", ".php"): text.replace(".xhtml", ".php") for name, text in texts.items()})
    assert _load("a.epub", book).text.startswith("One.\n\nTwo. Two.")
    monkeypatch.setattr("retrieval.loaders.archive._MOST_IN_ONE", 1500)
    with pytest.raises(DocumentError, match="split it"):
        _load("a.epub", book)


def test_objects_in_a_list_that_one_object_wraps_are_records() -> None:
    data = '{"name": "x", "messages": [{"from": "Ann", "text": "Hi."}, {"from": "Bo"}], "tags": ["a", "b"]}'
    document = _load("a.json", data.replace("Hi.", "Hi! " * 300))
    lines = document.text.splitlines()
    assert (lines[0], lines[1][:44], lines[2:]) == (
        "name: x; tags: a, b",
        "messages from: Ann; messages text: Hi! Hi! H",
        ["messages from: Bo"],
    )
    assert _load("a.json", data).text.count("\n") == 1  # short, as a recipe with its ingredients: one record
    assert _load("a.json", '[{"a": [{"b": 1}, {"b": 2}]}]').text == "a b: 1; a b: 2\n"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ('{"status": "ok", "data": {"n": 2, "lamps": [{"id": 1, "name": "Alpha"}, {"id": 2}]}}',
         "status: ok; data n: 2\ndata lamps id: 1; data lamps name: Alpha\ndata lamps id: 2\n"),
        ('{"result": {"users": [{"name": "Ann"}, {"name": "Bo"}]}}', "result users name: Ann\nresult users name: Bo\n"),
        ('{"a": {"b": {"c": [{"d": 1}, {"d": 2}]}}, "e": {"f": [{"g": 3}]}}', "a b c d: 1\na b c d: 2\ne f g: 3\n"),
        ('{"dishes": {"list": [{"name": "Soup", "with": [{"food": "leek"}, {"food": "salt"}]}]}}',
         "dishes list name: Soup; dishes list with food: leek; dishes list with food: salt\n"),
    ],
)  # fmt: skip
def test_objects_in_lists_of_objects_within_a_long_one_are_records(data: str, text: str) -> None:
    assert _load("a.json", " " * 1000 + data).text == text


def test_objects_in_a_list_of_a_long_record_are_records_behind_its_first_short_value() -> None:
    hello, note = "Hello! " * 80, "n" * 300
    messages = f'[{{"id": 1, "text": "{hello}"}}, {{"id": 2, "text": "{hello}"}}]'
    chat = f'{{"note": "{note}", "draft": null, "name": "Ann", "type": "group", "messages": {messages}}}'
    rest, said = f"note: {note}; name: Ann; type: group", hello.strip()
    assert _load("a.json", f'{{"chats": {{"list": [{chat}]}}}}').text.splitlines() == [
        "; ".join(f"chats list {field}" for field in rest.split("; ")),
        f"chats list name: Ann; chats list messages id: 1; chats list messages text: {said}",
        f"chats list name: Ann; chats list messages id: 2; chats list messages text: {said}",
    ]
    assert _load("a.json", f'{{"Ulm": {chat}, "Bonn": {{"name": "Bo"}}}}').text.splitlines() == [
        "; ".join(f"Ulm {field}" for field in rest.split("; ")),
        f"Ulm messages id: 1; Ulm messages text: {said}",
        f"Ulm messages id: 2; Ulm messages text: {said}",
        "Bonn name: Bo",
    ]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ('{"T-1": {"subject": "Lamp", "body": "Dark."}, "T-2": {"subject": "Oil"}}',
         "T-1 subject: Lamp; T-1 body: Dark.\nT-2 subject: Oil\n"),
        ('{"How do I reset it?": "Press it.", "Why?": "It is full.", "保修多久？": "两年。"}',
         "How do I reset it?: Press it.\nWhy?: It is full.\n保修多久？: 两年。\n"),
        ('{"title": "Lamp", "part number": "7", "a b": "c"}', "title: Lamp; part number: 7; a b: c\n"),
        ('{"lamp": {"oil": "yes"}, "made": "1911"}', "lamp oil: yes; made: 1911\n"),
        ('{"lamp": {"oil": "yes", "wick": {"long": "no"}}}', "lamp oil: yes; lamp wick long: no\n"),
        ('{"details": {"name": "Lamp"}, "price": {"euros": "5"}}', "details name: Lamp; price euros: 5\n"),
        ('{"Product name": "Lamp", "Unit price": "5"}', "Product name: Lamp; Unit price: 5\n"),
    ],
)  # fmt: skip
def test_an_object_that_names_records_or_answers_is_as_many(data: str, text: str) -> None:
    assert _load("a.json", " " * 1000 + data).text == text
    assert _load("a.json", data).text == text.replace("\n", "; ").removesuffix("; ") + "\n"  # short: one record


def test_numbers_of_records_stay_as_they_are_written() -> None:
    long = "7" * 5000
    assert (
        _load("a.json", f'[{{"a": 1.50, "b": 1e3, "c": {long}, "d": NaN}}]').text
        == f"a: 1.50; b: 1e3; c: {long}; d: NaN\n"
    )


def test_nested_records_are_flattened() -> None:
    data = '{"dam": {"name": "Clay", "gates": ["upper", "lower"]}, "open": true, "note": null, "text": "a\\u2028b"}'
    assert _load("a.json", data).text == "dam name: Clay; dam gates: upper, lower; open: yes; text: a b\n"


def test_what_a_list_of_a_record_lacks_is_left_out() -> None:
    data = '[{"a": ["x", null, " ", 0], "b": [], "c": [null], "d": 1}]'
    assert _load("a.json", data).text == "a: x, 0; d: 1\n"


def test_a_damaged_part_of_a_word_document_is_one_sentence() -> None:
    data = bytearray(_docx(_p("A dam.")))
    at = data.index(b"word/document.xml") + len("word/document.xml")
    data[at : at + 30] = b"\xff" * 30
    with pytest.raises(DocumentError, match="damaged"):
        _load("a.docx", bytes(data))


def test_an_error_that_nobody_thought_of_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: bytes) -> Loaded:
        raise TypeError("of a library")

    monkeypatch.setattr("retrieval.loaders.plain.load", broken)
    with pytest.raises(DocumentError, match=r"it is damaged, or no \.txt file \(TypeError\): open it"):
        _load("a.txt", "A dam.")


def test_a_document_with_many_photographs_and_other_media_is_read() -> None:
    archive = zipfile.ZipFile(io.BytesIO(_docx(_p("A dam."))))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
        for name in archive.namelist():
            made.writestr(name, archive.read(name))
        photograph = random.Random(1).randbytes(1 << 20)
        for number in range(101):
            made.writestr(f"word/media/{number}.{('jpg', 'webp', 'svg', 'm4a')[number % 4]}", photograph)
        made.writestr("word/embeddings/1.xlsx", photograph * 30)
    assert _load("a.docx", out.getvalue()).text == "A dam.\n"


def test_a_page_of_a_book_that_holds_no_text_is_passed_over() -> None:
    archive = zipfile.ZipFile(io.BytesIO(epub(["<p>Clay.</p>", "", "<p>Sand.</p>"])))
    files = {name: archive.read(name).decode() for name in archive.namelist()}
    files["book/c1.xhtml"] = ""
    picture = '<item id="cover" href="cover.jpg" media-type="image/jpeg"/>'
    package = files["book/content.opf"].replace("<manifest>", f"<manifest>{picture}")
    files["book/content.opf"] = package.replace("<spine>", '<spine><itemref idref="cover"/>')
    files["book/cover.jpg"] = "\x00\x01\x02"
    assert _load("a.epub", zipped(files)).text == "Clay.\n\nSand.\n"


def test_a_chapter_may_begin_where_its_file_does() -> None:
    table = f"<ncx xmlns='http://www.daisy.org/z3986/2005/ncx/'><navMap>{_POINT.format('One', 'c0.xhtml#all', '')}"
    archive = zipfile.ZipFile(io.BytesIO(_book(["<p>Clay.</p>"], table=f"{table}</navMap></ncx>")))
    files = {name: archive.read(name).decode() for name in archive.namelist()}
    files["book/c0.xhtml"] = files["book/c0.xhtml"].replace("<html", '<html id="all"')
    document = _load("a.epub", zipped(files))
    assert (document.text, _headings(document)) == ("Clay.\n", [])


def _packed(name: str, megabytes: int, method: int = zipfile.ZIP_DEFLATED, *, padding: int = 0) -> bytes:
    """An archive with a part of so many megabytes, and some more that do not pack, so that the ratio looks harmless."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr(name, b"0" * (megabytes * 1_000_000))
        archive.writestr("padding.bin", random.Random(1).randbytes(padding * 1_000_000))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.txt", b"", "it is empty"),
        ("a.txt", b" \n\t\r\n", "it is empty"),
        ("a.txt", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "binary file with a misleading name"),
        ("a.txt", bytes(range(256)) * 20, "not text but binary data"),
        ("a.md", b"\xff\xfe\x00\xd8\x00\xd8", "begins as utf-16-le but is damaged"),
        ("a.txt", b"date 2020-01-01\n", "it holds no text"),
        ("a.pdf", b"%PDF-1.7\nnothing of it", "damaged or no PDF"),
        ("a.pdf", b"hello", "damaged or no PDF"),
        ("a.pdf", pdf([[]]), "only pictures"),
        ("a.pdf", pdf([["Secret."]], encrypt=True), "password"),
        ("a.docx", b"hello", "it is damaged"),
        ("a.docx", zipped({"x": "y"}), "no Word document"),
        ("a.docx", b"\xd0\xcf\x11\xe0" + bytes(600), "encrypted or in the old .doc format"),
        ("a.docx", zipped({"word/document.xml": "0" * 60_000_000}), "absurd size"),
        ("a.docx", _packed("word/document.xml", 31, padding=1), "more than a document may: split it"),
        ("a.epub", _packed("book/chapter", 31, padding=1), "more than a document may: split it"),
        ("a.docx", _packed("word/media/a.bmp", 101, padding=1), "or take pictures and other media out"),
        ("a.docx", _packed("word/document.xml", 1, zipfile.ZIP_LZMA), "packed as no document is"),
        ("a.epub", zipped({"x": "y"}), "damaged or no EPUB"),
        ("a.epub", epub([]), "it holds no text"),
        ("a.json", b"{", "it is not valid JSON"),
        ("a.jsonl", b'{"a": 1}\n{"a": \n{"a": 3}\n', "line 2 is not valid JSON"),
        ("a.json", b'[\n {"a": 1},\n {"a" 2}\n]', "not valid JSON .*line 3"),
        ("a.jsonl", b'{"a": 1}\n{"a": 2}}\n', "line 2 is not valid JSON .*Extra data"),
        ("a.csv", b'a,b\n1,2\n"3" x,4\n5,6\n', "line 3 is no row of a table"),
        ("a.csv", b'sep=,\na,b\n1,2\n"3,4\n5,6\n7,8\n', "line 4 is no row of a table"),
        ("a.json", b"[" * 100_000, "nested too deeply"),
        ("a.json", b'{"a":' * 50 + b"1" + b"}" * 50, "nested too deeply"),
        ("a.csv", b"a,b\n", "it holds no text"),
        ("a.jpeg", b"\xff\xd8", r"\.jpeg is not a format .* \.txt .* \.epub \.csv \.tsv \.json \.jsonl \.ndjson$"),
        ("Makefile", b"all:", "a file without a suffix is not a format"),
    ],
)
def test_a_bad_file_is_explained(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason) as caught:
        _load(name, data)
    assert "\n" not in str(caught.value)
    assert ":" in str(caught.value)  # what is wrong: what to do


def test_html_nested_ten_thousand_deep_is_explained() -> None:
    page = "<div>" * 10_000 + "<p>Deep down.</p>" + "</div>" * 10_000
    with pytest.raises(DocumentError, match="nested too deeply"):
        _load("a.html", page)


@pytest.mark.parametrize("suffix", [".pdf", ".docx", ".epub"])
def test_a_file_cut_short_anywhere_is_read_or_explained(suffix: str) -> None:
    import docx

    out = io.BytesIO()
    made = docx.Document()
    made.add_paragraph("Clay swells.")
    made.save(out)
    whole = {".pdf": pdf([["Clay swells."]]), ".docx": out.getvalue(), ".epub": epub(["<p>Clay swells.</p>"])}[suffix]
    for share in range(1, 20):
        data = whole[: len(whole) * share // 20]
        document = _load_or_explain("a" + suffix, data)
        assert document is None or "Clay" in document.text


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(SUFFIXES)),
    st.binary(max_size=300),
    st.sampled_from([b"", b"%PDF-1.4\n", b"PK\x03\x04", b"<html>", b'{"a":']),
)
def test_any_bytes_are_a_document_or_one_sentence(suffix: str, data: bytes, beginning: bytes) -> None:
    document = _load_or_explain("a" + suffix, beginning + data)
    if document is None:
        return
    assert document.text.strip()
    document.text.encode()
    assert all(0 <= h.span.start < h.span.end <= len(document.text) for h in document.headings)


_SUSPECT = b"%\n1 0 obj << /Filter [/FlateDecode /FlateDecode] >> endobj\n"


def test_a_pdf_that_may_be_a_bomb_is_read_apart_and_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pdf([["Clay swells."], ["Sand does not."]], title="Soils", date="D:20210506")
    apart = []
    run = confined._run
    monkeypatch.setattr(confined, "_run", lambda *given: apart.append(given) or run(*given))
    plain = _load("a.pdf", data)
    assert apart == []
    suspect = _load("a.pdf", data + _SUSPECT)
    assert len(apart) == 1
    assert replace(suspect, sha256=plain.sha256) == plain


def test_a_pdf_whose_forms_draw_forms_without_end_is_read_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    apart = []
    monkeypatch.setattr(confined, "read", lambda name, data: apart.append(name) or Loaded("Read apart.\n"))
    for packed in (False, True):
        assert _load("a.pdf", pdf_forms(depth=3, times=2, packed=packed)).text == "x\n"
        assert apart == []
    for packed in (False, True):
        assert _load("a.pdf", pdf_forms(depth=20, times=10, packed=packed)).text == "Read apart.\n"


def test_what_takes_too_much_time_or_memory_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    confined.check("a.txt", b"Clay swells.\n")
    with pytest.raises(DocumentError, match="it is empty"):
        confined.check("a.txt", b"")
    with pytest.raises(DocumentError, match="more memory than a document may"):
        confined.check("a.pdf", pdf_bomb(600))
    with pytest.raises(DocumentError, match="more memory than a document may"):
        _load("a.pdf", pdf_bomb(600))
    monkeypatch.setattr(confined, "_MOST_SECONDS", 0.01)
    with pytest.raises(DocumentError, match="more than 60 seconds"):
        confined.check("a.txt", b"Clay swells.\n")


def test_a_limit_that_the_system_does_not_know_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """As macOS refuses that of address space."""
    taken = []

    def take(limit: int, _: tuple[int, int]) -> None:
        if limit == resource.RLIMIT_AS:
            raise ValueError("current limit exceeds maximum limit")
        taken.append(limit)

    monkeypatch.setattr(resource, "setrlimit", take)
    monkeypatch.setattr(Path, "write_text", lambda *_: None)  # else the process of the tests would be the first to go
    confined._confine()
    assert taken == [resource.RLIMIT_CPU, resource.RLIMIT_CORE]


def test_the_process_that_reads_apart_runs_nothing_that_lies_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("retrieval.py", "json.py"):
        (tmp_path / name).write_text("raise SystemExit('run')\n")
    monkeypatch.delenv("PYTHONPATH", raising=False)  # which may name the current folder
    monkeypatch.chdir(tmp_path)
    assert confined.read("a.txt", b"Clay swells.\n").text == "Clay swells.\n"


def test_the_process_that_reads_apart_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {}

    def spy(command: list[str], **more: Any) -> subprocess.CompletedProcess[bytes]:
        given.update(more["env"])
        return subprocess.CompletedProcess(command, 0, b"", b"")

    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "42:secret")
    monkeypatch.setattr(subprocess, "run", spy)
    confined.check("a.txt", b"x")
    assert "42:secret" not in given.values()
    assert "PYTHONPATH" in given


@pytest.mark.parametrize(("written", "title"), [(r"Trip \ud83d\ude80", "Trip 🚀"), (r"A\ud800B\0C", "A\ufffdB\ufffdC")])
def test_a_title_is_text_whatever_is_written_there(written: str, title: str) -> None:
    """Emoji as JSON escapes them; half of one; a character that no text has."""
    found = load(Path("a.md"), "a.md", f'---\ntitle: "{written}"\n---\nBody.\n'.encode()).title
    assert found.replace("\0", "\ufffd") == title
    assert "\0" not in found


def test_a_pdf_with_a_damaged_property_is_read_all_the_same() -> None:
    whole = pdf([["The lamp burns oil."]], title="Broken")
    assert whole.count(b"(Broken)") == 1
    damaged = whole.replace(b"(Broken)", b"<FEFF0041D8000042>")
    document = load(Path("lamp.pdf"), "lamp.pdf", damaged)
    assert "The lamp burns oil." in document.text
    assert document.title == "lamp"
