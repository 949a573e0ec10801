"""Governments by the names that news has for them: "Beijing accused Washington" says what China did.

To the reader these are names of different things. So a question about what a government said or did is also read with
the names that the passage has, where both speak of acting: "How many people live in China?" is not about Beijing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import islice, product

_SEATS = """
Afghanistan: Kabul | Albania: Tirana | Algeria: Algiers | Argentina: Buenos Aires | Armenia: Yerevan
Australia: Canberra | Austria: Vienna | Azerbaijan: Baku | Bahrain: Manama | Bangladesh: Dhaka | Belarus: Minsk
Bolivia: La Paz | Bosnia, Bosnia and Herzegovina: Sarajevo | Brazil: Brasília, Brasilia | Bulgaria: Sofia
Cambodia: Phnom Penh | Canada: Ottawa | Chile: Santiago | China: Beijing, Peking | Colombia: Bogotá, Bogota
Croatia: Zagreb | Cuba: Havana | Cyprus: Nicosia | Czech Republic, Czechia: Prague | Denmark: Copenhagen
Ecuador: Quito | Egypt: Cairo | Eritrea: Asmara | Estonia: Tallinn | Ethiopia: Addis Ababa | Finland: Helsinki
European Union, EU: Brussels | France: Paris, Élysée, Elysee | Georgia: Tbilisi | Germany: Berlin | Ghana: Accra
Greece: Athens | Hungary: Budapest | Iceland: Reykjavik | India: New Delhi, Delhi | Indonesia: Jakarta | Iran: Tehran
Iraq: Baghdad | Ireland: Dublin | Israel: Jerusalem | Italy: Rome | Japan: Tokyo | Jordan: Amman
Kazakhstan: Astana | Kenya: Nairobi | Kosovo: Pristina | Latvia: Riga | Lebanon: Beirut | Libya: Tripoli
Lithuania: Vilnius | Malaysia: Kuala Lumpur | Mali: Bamako | Mexico: Mexico City | Moldova: Chisinau | Morocco: Rabat
Myanmar, Burma: Naypyidaw | Nepal: Kathmandu | Netherlands, Holland: The Hague | New Zealand: Wellington
Nicaragua: Managua | Niger: Niamey | Nigeria: Abuja | North Korea: Pyongyang | North Macedonia: Skopje | Norway: Oslo
Pakistan: Islamabad | Peru: Lima | Philippines: Manila | Poland: Warsaw | Portugal: Lisbon | Qatar: Doha
Romania: Bucharest | Russia: Moscow, Kremlin | Rwanda: Kigali | Saudi Arabia: Riyadh | Senegal: Dakar | Serbia: Belgrade
Slovakia: Bratislava | Slovenia: Ljubljana | Somalia: Mogadishu | South Africa: Pretoria | South Korea: Seoul
Soviet Union, USSR: Moscow, Kremlin | Spain: Madrid | Sri Lanka: Colombo | Sudan: Khartoum | Sweden: Stockholm
Switzerland: Bern, Berne | Syria: Damascus | Taiwan: Taipei | Thailand: Bangkok | Tunisia: Tunis | Turkey: Ankara
Türkiye: Ankara | Uganda: Kampala | Ukraine: Kyiv, Kiev | United Arab Emirates, UAE: Abu Dhabi
United Kingdom, Britain, UK, U.K.: London, Downing Street, Whitehall | Uruguay: Montevideo
United States, US, U.S., USA, America: Washington, White House | Uzbekistan: Tashkent | Vatican: Holy See
Venezuela: Caracas | Vietnam: Hanoi | Yemen: Sanaa | Zambia: Lusaka | Zimbabwe: Harare
"""
"""Names of a country or union, and its capital or what else stands for its government."""

_WITH_ARTICLE = frozenset(
    {"United States", "US", "U.S.", "USA", "United Kingdom", "UK", "U.K.", "European Union", "EU", "Netherlands"}
    | {"Czech Republic", "Philippines", "United Arab Emirates", "UAE", "Soviet Union", "USSR"}
    | {"Kremlin", "White House", "Vatican", "Holy See"}
)
_ACTING = re.compile(
    r"\b(?ai:accus|acknowledg|act(?:s|ed|ing)?\b|admi(?:t|ssion)|agree|allege|allegation|allow|announc|answer|appeal"
    r"|approv|argu|ask|assur|attack|bann|blam|call|ceas|claim|condemn|commit|confirm|criticis|criticiz|deman|denie"
    r"|deny|denounc|describ|dismiss|disput|expel|express|fear|halt|impos|insist|invit|lift|negotiat|object|offer"
    r"|oppos|order|outrage|pledg|plan|postpon|press|promis|propos|protest|react|recogni|refus|reject|releas|repl(?:y|ie)"
    r"|respon|retaliat|said|sanction|say|seek|send|sent|sign|sought|state[sd]\b|support|suspen|tell|threat|told"
    r"|think|urg|vot|vow|want|warn|welcom|withdr)"
)
"""What governments do, by how the words begin."""

_PLACE = re.compile(r"\b(?i:in|at|near|around|outside|inside|across|throughout|visit(?:ed|ing)?)\s(?:the\s)?$")
_NEAR = 80  # characters on either side of a name, in which its acting is looked for
_MOST = 3  # further ways to ask


@cache
def _others() -> dict[str, tuple[str, ...]]:
    """The names of every government on the other side: seats of a country, countries of a seat."""
    made: dict[str, tuple[str, ...]] = {}
    for entry in _SEATS.replace("\n", "|").split("|"):
        if entry.strip():
            sides = [tuple(name.strip() for name in side.split(",")) for side in entry.split(":")]
            for own, other in (sides, sides[::-1]):
                for name in own:
                    made[name] = made.get(name, ()) + other
    return made


@cache
def _named(*, typed: bool) -> re.Pattern[str]:
    """A government's name with its article; where it is `typed`, a longer one also without capitals."""
    names = sorted(_others(), key=len, reverse=True)
    ways = "|".join(f"(?i:{re.escape(name)})" if typed and len(name) > 4 else re.escape(name) for name in names)
    return re.compile(rf"(?<![\w-])(?:(?i:the) )?(?P<name>{ways})(?![\w-])")


def asked_otherwise(question: str, passage: str) -> list[str]:
    """The question about a government with the other names that the passage has for those in it, at most three ways."""
    if not _ACTING.search(question):
        return []
    found = list(_named(typed=True).finditer(question))
    acting = _acting(passage) if found else frozenset()
    ways = [[one[0], *(name for name in _of(one["name"]) if name in acting)] for one in found]
    return [_with(question, found, chosen) for chosen in islice(product(*ways), 1, 1 + _MOST)] if acting else []


def _of(typed: str) -> tuple[str, ...]:
    """The names on the other side of one that may lack its capitals."""
    return next(others for name, others in _others().items() if name.casefold() == typed.casefold())


def _acting(passage: str) -> frozenset[str]:
    """The governments that do something in a passage, or to which something is done."""
    acting = set()
    for one in _named(typed=False).finditer(passage):
        before, after = passage[max(one.start() - _NEAR, 0) : one.start()], passage[one.end() : one.end() + _NEAR]
        if not _PLACE.search(before) and (_ACTING.search(before) or _ACTING.search(after)):
            acting.add(one["name"])
    return frozenset(acting)


def _with(question: str, found: Sequence[re.Match[str]], chosen: Sequence[str]) -> str:
    """The question with the names chosen in the place of those found."""
    for one, name in reversed(list(zip(found, chosen, strict=True))):
        if name != one[0]:
            article = "the " if name in _WITH_ARTICLE else ""
            question = question[: one.start()] + article + name + question[one.end() :]
    return question
