"""The periods of figures: 日、周、月、季、半年、年, each with the one before (环比) and the same a year ago (同比)."""

import datetime
from dataclasses import dataclass

SPANS = {"day": "日", "week": "周", "month": "月", "quarter": "季", "half": "半年", "year": "年"}
MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
EARLIEST = 2000


@dataclass(frozen=True)
class Period:
    """A period of a kind of SPANS by its first day."""

    span: str
    first: datetime.date

    @classmethod
    def of(cls, span: str, day: datetime.date) -> "Period":
        """Return the period of the kind `span` in which `day` lies. A week is that of ISO 8601: it begins on Monday."""
        if span == "day":
            return cls(span, day)
        if span == "week":
            return cls(span, day - datetime.timedelta(days=day.weekday()))
        months = MONTHS[span]
        return cls(span, day.replace(month=(day.month - 1) // months * months + 1, day=1))

    @property
    def after(self) -> datetime.date:
        """The first day that no longer belongs to it."""
        if self.span in ("day", "week"):
            return self.first + datetime.timedelta(days=7 if self.span == "week" else 1)
        return _months_on(self.first, MONTHS[self.span])

    @property
    def last(self) -> datetime.date:
        return self.after - datetime.timedelta(days=1)

    @property
    def previous(self) -> "Period":
        return Period.of(self.span, self.first - datetime.timedelta(days=1))

    @property
    def following(self) -> "Period":
        return Period.of(self.span, self.after)

    @property
    def year_before(self) -> "Period":
        """The same a year ago: a week by its number (53 is held against 52), 29 February against the 28th."""
        if self.span == "week":
            year, week, _ = self.first.isocalendar()
            last = datetime.date(year - 1, 12, 28).isocalendar().week
            return Period(self.span, datetime.date.fromisocalendar(year - 1, min(week, last), 1))
        if self.span == "day" and (self.first.month, self.first.day) == (2, 29):
            return Period(self.span, datetime.date(self.first.year - 1, 2, 28))
        return Period(self.span, self.first.replace(year=self.first.year - 1))

    @property
    def keys(self) -> list[str]:
        """The periods of the counters that make it up; none for a day, which is counted from the cases."""
        if self.span == "day":
            return []
        if self.span == "week":
            year, week, _ = self.first.isocalendar()
            return [f"{year}-W{week:02d}"]
        if self.span == "year":
            return [str(self.first.year)]
        return [f"{self.first.year}-{self.first.month + more:02d}" for more in range(MONTHS[self.span])]

    @property
    def title(self) -> str:
        year, month = self.first.year, self.first.month
        if self.span == "day":
            return f"{year} 年 {month} 月 {self.first.day} 日"
        if self.span == "week":
            number = self.first.isocalendar()
            return f"{number.year} 年第 {number.week} 周（{self.first:%m-%d} 至 {self.last:%m-%d}）"
        return {
            "month": f"{year} 年 {month} 月", "quarter": f"{year} 年第 {(month + 2) // 3} 季度",
            "half": f"{year} 年{'上' if month == 1 else '下'}半年", "year": f"{year} 年",
        }[self.span]


def _months_on(day: datetime.date, months: int) -> datetime.date:
    number = day.year * 12 + day.month - 1 + months
    return datetime.date(number // 12, number % 12 + 1, 1)


def read(args, today: datetime.date) -> Period:
    """Return the period that `span` and `at` in `args` ask for: this month for anything else, never one to come."""
    span = args.get("span") if args.get("span") in SPANS else "month"
    try:
        day = datetime.date.fromisoformat(args.get("at", ""))
    except ValueError:
        day = today
    return Period.of(span, min(day, today) if day.year >= EARLIEST else today)
