"""逢几赶集: which days are market days. No database, no pages.

A rule counts by the last digit of the day: 逢五 is the 5th, 15th and 25th, of a lunar month or of a month of the
calendar. A leap month (闰月) is a month like any other. A lunar month has 29 or 30 days, so 逢十 has two or three days
in it; what a market does instead of a missing 三十 differs from place to place, and nothing is made up here.
"""

import calendar
import dataclasses
import datetime
import functools
import re

from borax.calendars.lunardate import LunarDate

from portal.kit import Refused

NUMERALS = "十一二三四五六七八九"
WEEKDAYS = "一二三四五六日"
#: What the lunar calendar is known for.
FIRST, LAST = datetime.date(1901, 1, 1), datetime.date(2100, 12, 31)
#: Days in which every digit comes up; the widest gap is 逢十, from February 20 to March 10.
LONGEST = 20


@dataclasses.dataclass(frozen=True)
class Rule:
    """`digits` are the last digits, 0 for 十; `thirty_first`: whether 逢一 holds on the 31st, a day before the 1st."""

    digits: tuple[int, ...]
    lunar: bool
    thirty_first: bool = False

    def holds(self, day: datetime.date) -> bool:
        number = lunar_day(day) if self.lunar else day.day
        return number % 10 in self.digits and (number != 31 or self.thirty_first)

    def within(self, first: datetime.date, last: datetime.date) -> list[datetime.date]:
        """Return the market days from `first` to `last`, both included, as far as the lunar calendar is known."""
        return [day for day in known(first, last) if self.holds(day)]

    def next(self, day: datetime.date) -> datetime.date | None:
        """Return the first market day at `day` or after it, None where the calendar ends before."""
        return next((one for one in known(day, day + datetime.timedelta(days=LONGEST)) if self.holds(one)), None)

    def of_month(self, first: datetime.date) -> list[datetime.date]:
        """Return the market days of the month of the calendar that begins with `first`."""
        return self.within(first, first.replace(day=calendar.monthrange(first.year, first.month)[1]))

    def __str__(self):
        return ("农历" if self.lunar else "公历") + "逢" + "、".join(NUMERALS[d] for d in in_order(self.digits))


@functools.lru_cache(2048)
def lunar_day(day: datetime.date) -> int:
    """Return which day of its lunar month it is; a page asks for the same few weeks once for each market."""
    return LunarDate.from_solar(day).day


def known(first: datetime.date, last: datetime.date):
    """Yield the days from `first` to `last` that the lunar calendar knows."""
    first, last = max(first, FIRST), min(last, LAST)
    return (first + datetime.timedelta(days=n) for n in range((last - first).days + 1))


def in_order(digits) -> list[int]:
    """Return the digits as people say them: 一 first, 十 last."""
    return sorted(set(digits), key=lambda digit: digit or 10)


def read(text: str) -> tuple[int, ...]:
    """Return the digits of 逢1逢5, 逢2、5、8, 三六九. Raises Refused, at the field "rule", for what is no such rule."""
    plain = re.sub(r"[逢集、，,;；和\s]+", " ", text)
    if re.search(r"[初廿卅]|十[一二三四五六七八九]|[二三]十", plain):
        raise Refused("只写尾数：逢五就是初五、十五、廿五，写“逢5”。", "rule")
    found = re.findall(r"10|[1-9]|[一二三四五六七八九十]", plain)
    if not found or re.sub(r"10|[1-9一二三四五六七八九十]|\s", "", plain):
        raise Refused("请写逢几赶集，例如“逢1逢5”“逢2、5、8”，逢十写“10”。", "rule")
    return tuple(in_order(NUMERALS.index(one) if one in NUMERALS else int(one) % 10 for one in found))


def lunar_name(day: datetime.date) -> str:
    """Return 十月十八, 闰六月初一; "" where the lunar calendar is not known."""
    if not FIRST <= day <= LAST:
        return ""
    lunar = LunarDate.from_solar(day)
    return f"{'闰' if lunar.leap else ''}{lunar.cn_month}月{lunar.cn_day}"


def weekday(day: datetime.date) -> str:
    return f"周{WEEKDAYS[day.weekday()]}"
