"""Dates as documents write them, to ISO 8601."""

from __future__ import annotations

import re
from datetime import date, datetime

_DATE = re.compile(r"([12]\d{3})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)")
_DIGITS = re.compile(r"(?:D:)?((?:1[5-9]|20)\d{2})()(\d{2})(\d{2})(?!\d{2}[-/.])")


def iso_date(value: object) -> str | None:
    """`YYYY-MM-DD` from a date, a datetime or text that begins with year, month and day; None for anything else."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = str(value).strip() if value is not None else ""
    match = _DATE.match(text) or _DIGITS.match(text)
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[3]), int(match[4])).isoformat()
    except ValueError:
        return None
