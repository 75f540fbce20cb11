"""The rules of meeting of the 村民委员会组织法 (text of 2025, in force 2026-01-01; DOMAIN 6.1), without a database.

All shares are counted in whole numbers: "过半数" is more than half, "三分之二以上" includes two thirds themselves.
"""

import datetime
from dataclasses import dataclass

from portal.kit import Refused

BODIES = {"villagers": "村民会议", "assembly": "村民代表会议", "group": "村民小组会议"}

#: Who is counted: persons of 18 and over, one for each household, or the members of the assembly.
COUNTINGS = {"adults": "十八周岁以上村民", "households": "户的代表", "members": "组成人员"}

#: Days between the notice and the 村民会议, where nothing special calls for an earlier one (第二十五条).
NOTICE_DAYS = 10

ARTICLES = {"villagers": "第二十六条", "assembly": "第三十条", "group": "第三十二条"}
LAW = "《中华人民共和国村民委员会组织法》"


@dataclass(frozen=True)
class Quorum:
    """How many of `roll` must be there: `needed`, by the share that `words` name."""

    body: str
    counting: str
    roll: int
    needed: int
    words: str

    def met_by(self, present: int) -> bool:
        return present >= self.needed

    def sentence(self, present: int) -> str:
        """Return the sentence of the minutes: how many were there, whether that was enough, by which article."""
        reached = "达到" if self.met_by(present) else "没有达到"
        return (
            f"应到{COUNTINGS[self.counting]} {self.roll} 人，实到 {present} 人；依照{LAW}{ARTICLES[self.body]}，"
            f"须有{self.words}即至少 {self.needed} 人参加，{reached}法定人数。"
        )


def countings_of(body: str) -> tuple[str, ...]:
    """Return the ways in which the body may be counted, the usual one first."""
    return ("members",) if body == "assembly" else ("households", "adults")


def more_than_half(number: int) -> int:
    """Return the least number that is more than half of `number`."""
    return number // 2 + 1


def two_thirds(number: int) -> int:
    """Return the least number that is two thirds of `number` or more."""
    return -(-2 * number // 3)


def quorum(body: str, counting: str, roll: int) -> Quorum:
    """Return the quorum of the body: 村民会议 第二十六条, 村民代表会议 第三十条, 村民小组会议 第三十二条.

    Raises Refused where the body is not counted that way, or nobody is on the roll.
    """
    if counting not in countings_of(body):
        raise Refused(f"{BODIES[body]}不能按{COUNTINGS.get(counting, '这种方式')}计算。", "counting")
    if roll < 1:
        raise Refused("应到人数至少是 1 人。", "roll")
    if body == "villagers" and counting == "adults":
        return Quorum(body, counting, roll, more_than_half(roll), "过半数的十八周岁以上村民")
    share = {"adults": "三分之二以上的十八周岁以上村民", "households": "三分之二以上的户的代表",
             "members": "三分之二以上的组成人员"}
    return Quorum(body, counting, roll, two_thirds(roll), share[counting])


def check_attendance(roll: int, present: int, women: int) -> None:
    """Raise Refused, at its field, for numbers that cannot be."""
    if roll < 1:
        raise Refused("应到人数至少是 1 人。", "roll")
    if present > roll:
        raise Refused(f"实到 {present} 人多于应到 {roll} 人，请核对。", "present")
    if women > present:
        raise Refused(f"实到妇女 {women} 人多于实到 {present} 人，请核对。", "women_present")


def check_notice(body: str, notice_on: datetime.date | None, held_on: datetime.date, special_reason: str) -> None:
    """Raise Refused unless the villagers were told in time: ten days ahead, or a special reason is given
    (第二十五条).
    """
    if notice_on is not None and notice_on > held_on:
        raise Refused("通知日期不能晚于开会日期。", "notice_on")
    if body != "villagers" or special_reason:
        return
    if notice_on is None:
        raise Refused(f"村民会议应当提前 {NOTICE_DAYS} 日通知村民（第二十五条），请填写通知日期。", "notice_on")
    days = (held_on - notice_on).days
    if days < NOTICE_DAYS:
        raise Refused(
            f"通知到开会只有 {days} 日，村民会议应当提前 {NOTICE_DAYS} 日通知（第二十五条）。"
            "有特殊情况需要临时召开的，请写明理由。", "notice_on",
        )


def check_votes(present: int, for_it: int, against: int, abstained: int) -> None:
    """Raise Refused, at its field, where more votes were cast than people were there."""
    for name, number, word in (("votes_for", for_it, "赞成"), ("votes_against", against, "反对"),
                               ("votes_abstained", abstained, "弃权")):
        if number > present:
            raise Refused(f"{word} {number} 票多于实到 {present} 人，请核对。", name)
    if (cast := for_it + against + abstained) > present:
        raise Refused(f"赞成、反对、弃权共 {cast} 票，多于实到 {present} 人，请核对。", "votes_abstained")


@dataclass(frozen=True)
class Outcome:
    """Whether a vote carries, and the sentence that says by which article."""

    carried: bool
    sentence: str


def outcome(quorum: Quorum, present: int, for_it: int) -> Outcome:
    """Return what the vote came to: the quorum, and more than half of those present (到会过半)."""
    needed, article = more_than_half(present), f"{LAW}{ARTICLES[quorum.body]}"
    if not quorum.met_by(present):
        return Outcome(False, f"到会没有达到法定人数（至少 {quorum.needed} 人，实到 {present} 人），依照{article}不能"
                              "作出决定。")
    if for_it < needed:
        return Outcome(False, f"赞成 {for_it} 人，没有超过实到 {present} 人的半数（须 {needed} 人），依照{article}没有"
                              "通过。")
    return Outcome(True, f"赞成 {for_it} 人，超过实到 {present} 人的半数（须 {needed} 人），依照{article}通过。")


def check_result(quorum: Quorum, present: int, for_it: int, passed: bool) -> Outcome:
    """Return the outcome; raise Refused, at `passed`, where what was recorded is not what the votes came to."""
    found = outcome(quorum, present, for_it)
    if passed != found.carried:
        raise Refused(found.sentence + ("不能记为通过。" if passed else "应当记为通过。"), "passed")
    return found


# -- the assembly (第二十九条) --------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Assembly:
    """The 村民代表会议: committee members and representatives, of whom so many are women."""

    households: int
    committee: int
    representatives: int
    women: int

    @property
    def members(self) -> int:
        return self.committee + self.representatives

    def failings(self) -> list[str]:
        """Return a sentence for each rule of composition that is not kept (第二十九条)."""
        found = []
        least, most = -(-self.households // 15), self.households // 5
        if not least <= self.representatives <= max(most, least):
            found.append(f"每五户至十五户推选一名村民代表，{self.households} 户应有 {least} 至 {max(most, least)} 名，"
                         f"现有 {self.representatives} 名。")
        if 5 * self.representatives < 4 * self.members:
            found.append(f"村民代表应占组成人员的五分之四以上，现为 {self.representatives} ÷ {self.members}。")
        if 3 * self.women < self.members:
            found.append(f"妇女村民代表应占组成人员的三分之一以上，现为 {self.women} ÷ {self.members}。")
        return found


def check_assembly(assembly: Assembly) -> None:
    """Raise Refused, at its field, for numbers that cannot be."""
    if assembly.women > assembly.representatives:
        raise Refused(f"妇女代表 {assembly.women} 人多于村民代表 {assembly.representatives} 人，请核对。", "women")
    if assembly.representatives > assembly.households:
        raise Refused(f"村民代表 {assembly.representatives} 人多于户数 {assembly.households}，请核对。",
                      "representatives")


# -- who may demand a meeting, and how often it must be held ---------------------------------------------------------

#: body: {who demands: (numerator, denominator, words, article)}
DEMANDS = {
    "villagers": {
        "villagers": (1, 10, "十分之一以上的村民", "第二十五条"),
        "representatives": (1, 3, "三分之一以上的村民代表", "第二十五条"),
    },
    "assembly": {"representatives": (1, 5, "五分之一以上的村民代表", "第三十条")},
    "group": {},
}


def may_demand(body: str, who: str, number: int, total: int) -> bool:
    """Tell whether `number` of `total` are enough to have the meeting called."""
    share = DEMANDS[body].get(who)
    return share is not None and number <= total and number * share[1] >= total * share[0] > 0


def check_demand(body: str, who: str, number: int | None, total: int | None) -> None:
    """Raise Refused where a meeting is said to be demanded by too few; who calls it by themselves needs no number."""
    if who == "committee":
        return
    if who not in DEMANDS[body]:
        raise Refused(f"{BODIES[body]}不能由这些人提议召开。", "called_by")
    if not number or not total:
        raise Refused("请写明提议人数和总人数。", "demanders")
    if number > total:
        raise Refused(f"提议 {number} 人多于总数 {total} 人，请核对。", "demanders")
    if not may_demand(body, who, number, total):
        _, _, words, article = DEMANDS[body][who]
        raise Refused(f"{number} ÷ {total} 不足{words}（{article}），可由村民委员会召集。", "demanders")


def quarter_of(day: datetime.date) -> tuple[int, int]:
    return day.year, (day.month - 1) // 3 + 1


def quarter_start(day: datetime.date) -> datetime.date:
    return datetime.date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


@dataclass(frozen=True)
class Cycle:
    """Whether a regular meeting is owed: `overdue` where a whole period passed without one."""

    owed: bool
    overdue: bool
    sentence: str


def cycle(body: str, last: datetime.date | None, day: datetime.date) -> Cycle:
    """Return how the body stands on `day`: 村民会议 every year (第二十五条、第二十六条), 村民代表会议 every quarter
    (第三十条).
    """
    if body == "villagers":
        if last is not None and last.year >= day.year:
            return Cycle(False, False, f"今年的村民会议已于 {last:%m-%d} 召开。")
        overdue = last is None or last.year < day.year - 1
        return Cycle(True, overdue, "村民会议每年至少召开一次（第二十五条、第二十六条），今年还没有召开。")
    before = quarter_start(quarter_start(day) - datetime.timedelta(days=1))
    if last is not None and last >= quarter_start(day):
        return Cycle(False, False, f"本季度的村民代表会议已于 {last:%m-%d} 召开。")
    overdue = last is None or last < before
    more = "，上季度也没有召开" if overdue and last is not None else ""
    return Cycle(True, overdue, f"村民代表会议每季度召开一次（第三十条），本季度还没有召开{more}。")


def as_day(value) -> datetime.date | None:
    """Return a day that a query of several tables gave as a date, or as text (SQLite)."""
    return datetime.date.fromisoformat(value[:10]) if isinstance(value, str) else value
