"""Reads what an address or a form asks for; what cannot be meant is as if it were not there."""

import datetime

FIRST, LAST = 1900, 2200


def day_of(text: str | None) -> datetime.date | None:
    """Return the day that was typed as "2026-11-26", None for anything else and for years before 1900 or after 2200."""
    try:
        day = datetime.date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if FIRST <= day.year <= LAST else None
