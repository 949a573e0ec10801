"""What stands before headings, clauses and items: their numbers, written as Word and browsers do, or a bullet."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

BULLET = "- "  # before an item without a number, or of a list that is not known
_BULLETS = frozenset({"bullet", "disc", "circle", "square"})
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_HEBREW = (
    (400, "ת"), (300, "ש"), (200, "ר"), (100, "ק"), (90, "צ"), (80, "פ"), (70, "ע"), (60, "ס"), (50, "נ"), (40, "מ"),
    (30, "ל"), (20, "כ"), (16, "טז"), (15, "טו"), (10, "י"), (9, "ט"), (8, "ח"), (7, "ז"), (6, "ו"), (5, "ה"), (4, "ד"),
    (3, "ג"), (2, "ב"), (1, "א"),
)  # fmt: skip
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщыэюя"
_ALPHABETS = {  # by what Word calls them
    "Letter": _LATIN,
    "aiueo": "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝ",
    "aiueoFullWidth": (
        "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヰヱヲン"
    ),
    "arabicAbjad": "أبجدهوزحطيكلمنسعفصقرشتثخذضغظ",
    "arabicAlpha": "أبتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "chosung": "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ",
    "ganada": "가나다라마바사아자차카타파하",
    "hebrew2": "אבגדהוזחטיכלמנסעפצקרשת",
    "russianLower": _RUSSIAN,
    "russianUpper": _RUSSIAN.upper(),
    "thaiLetters": "กขคงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ",
}
_CHINESE = "〇一二三四五六七八九"
_FIGURES = {  # from 0 to 9
    "decimalFullWidth": "０１２３４５６７８９",
    "decimalFullWidth2": "０１２３４５６７８９",
    "hindiNumbers": "०१२३४५६७८९",
    "ideographDigital": _CHINESE,
    "japaneseDigitalTenThousand": _CHINESE,
    "koreanDigital": "영일이삼사오육칠팔구",
    "koreanDigital2": "零一二三四五六七八九",
    "taiwaneseDigital": "○一二三四五六七八九",
    "thaiNumbers": "๐๑๒๓๔๕๖๗๘๙",
}
_SIGNS = {  # from 1 on
    "decimalEnclosedCircle": "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳",
    "decimalEnclosedCircleChinese": "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳",
    "decimalEnclosedFullstop": "⒈⒉⒊⒋⒌⒍⒎⒏⒐⒑⒒⒓⒔⒕⒖⒗⒘⒙⒚⒛",
    "decimalEnclosedParen": "⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽⑾⑿⒀⒁⒂⒃⒄⒅⒆⒇",
    "ideographEnclosedCircle": "㈠㈡㈢㈣㈤㈥㈦㈧㈨㈩",
    "ideographTraditional": "甲乙丙丁戊己庚辛壬癸",
    "ideographZodiac": "子丑寅卯辰巳午未申酉戌亥",
}
_POWERS = ("千", "百", "十", "")
_IN_KOREAN = str.maketrans("一二三四五六七八九十百千", "일이삼사오육칠팔구십백천")
_LARGEST = 3999  # number in letters or Roman figures


def numeral(number: int, kind: str) -> str | None:
    """The number as a kind that Word or CSS names writes it, in figures if that is not known; None for a bullet."""
    if kind in _BULLETS:
        return None
    written = _KINDS.get(kind.removeprefix("lower").removeprefix("upper"), str)(number)
    return written.upper() if kind.startswith("upper") else written


def _added(worths: tuple[tuple[int, str], ...], number: int) -> str:
    """In figures whose worths add up, as Roman ones."""
    if not 0 < number <= _LARGEST:
        return str(number)
    text = ""
    for worth, figure in worths:
        times, number = divmod(number, worth)
        text += times * figure
    return text


def _repeated(letters: str, number: int) -> str:
    """As Word goes on behind z: aa, bb, cc."""
    times, letter = divmod(number - 1, len(letters))
    return letters[letter] * (times + 1) if 0 < number <= _LARGEST else str(number)


def _alphabetic(number: int) -> str:
    """As browsers go on behind z: aa, ab, ac."""
    if not 0 < number <= _LARGEST:
        return str(number)
    text = ""
    while number:
        number, letter = divmod(number - 1, len(_LATIN))
        text = _LATIN[letter] + text
    return text


def _in_figures(figures: str, number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", figures))


def _sign(signs: str, number: int) -> str:
    """A character of its own, for as many as there are."""
    return signs[number - 1] if 0 < number <= len(signs) else str(number)


def _chinese(number: int) -> str:
    """As it is spoken: 二十一, 一百零五."""
    if not 0 < number <= 9999:
        return str(number)
    figures = str(number)
    text = "".join(
        "零" if figure == "0" else _CHINESE[int(figure)] + power
        for figure, power in zip(figures, _POWERS[-len(figures) :], strict=True)
    )
    return re.sub("^一(?=十)|零+$", "", re.sub("零+", "零", text))


def _up_to_99(figures: str, number: int) -> str:
    """As it is spoken, and figure by figure from 100 on."""
    return _chinese(number) if 0 < number <= 99 else _in_figures(figures, number)


def _japanese(number: int) -> str:
    """As it is spoken: 二十一, 百五."""
    return re.sub("零|一(?=[十百千])", "", _chinese(number))


def _korean(number: int) -> str:
    return _japanese(number).translate(_IN_KOREAN)


_KINDS: dict[str, Callable[[int], str]] = {
    "none": lambda _: "",
    "decimalZero": "{:02}".format,
    "decimal-leading-zero": "{:02}".format,
    "-alpha": _alphabetic,
    "-latin": _alphabetic,
    "Roman": partial(_added, _ROMAN),
    "-roman": partial(_added, _ROMAN),
    "hebrew1": partial(_added, _HEBREW),
    "chineseCounting": partial(_up_to_99, _CHINESE),
    "chineseCountingThousand": _chinese,
    "japaneseCounting": _japanese,
    "koreanCounting": _korean,
    "taiwaneseCounting": partial(_up_to_99, _FIGURES["taiwaneseDigital"]),
    "taiwaneseCountingThousand": _chinese,
    **{kind: partial(_repeated, letters) for kind, letters in _ALPHABETS.items()},
    **{kind: partial(_in_figures, figures) for kind, figures in _FIGURES.items()},
    **{kind: partial(_sign, signs) for kind, signs in _SIGNS.items()},
}
