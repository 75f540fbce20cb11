"""What the portal does by itself: a line each morning, 催办 the day after a case fell due, word to the superior of what
stays late, and a week's figures for leaders. Each may run twice: what was told stands in `cases_told`, told once."""

import datetime
from collections import Counter, defaultdict
from itertools import groupby
from operator import itemgetter

from peewee import chunked, fn

from portal.accounts.models import Post, Role, User
from portal.accounts.person import Person, posts_of
from portal.cases import figures
from portal.cases.kinds import kinds
from portal.cases.lens import kind_among
from portal.cases.models import Case
from portal.cases.periods import Period
from portal.cases.supervision import overdue, owed
from portal.cases.supervision.models import Reminder
from portal.cases.supervision.once import (
    LASTING,
    TOGETHER,
    counties,
    first_time,
    first_times,
    forget,
    forget_but,
    is_day_off,
)
from portal.cases.supervision.reach import superior_of
from portal.cases.supervision.reminding import remind_by_itself, tell_by_itself
from portal.cases.supervision.rules import rules_of
from portal.cases.supervision.telling import staff
from portal.db import atomic, now, today
from portal.notify import send
from portal.org.models import Unit
from portal.values import Job, Topic

#: The portal presses for what fell due within these days: a job that did not run for a weekend makes up for it.
LOOKED_BACK = 7
PARTS = (("over", "已超期"), ("today", "今日到期"), ("soon", f"{overdue.SOON_DAYS} 天内到期"))


# -- every morning -------------------------------------------------------------------------------------------------

def morning() -> str:
    """Tell each responsible person once what is late, due today and due soon; what nobody has, the unit's staff."""
    day, told = today(), 0
    forget(day)
    if is_day_off(day):
        return "今天不是工作日，没有提醒。"
    for county in counties():
        for some in chunked(sorted(_waiting(county).items()), TOGETHER):
            with atomic():
                for user_id, counts in some:
                    if first_time("cases.morning", f"user {user_id}", day):
                        said = "，".join(f"{title} {counts[part]} 件" for part, title in PARTS if counts[part])
                        told += send(
                            [user_id], "cases.morning", f"今日提醒：{said}", "/cases/desk", county_id=county.id)
    return f"提醒了 {told} 人。"


def _waiting(county: Unit) -> dict[int, Counter]:
    """Return how many open cases of each part lie with each user of the county."""
    at = now()
    tonight, soon = overdue.ends(at)
    sums = [
        fn.SUM(overdue.counted(condition))
        for condition in (Case.due < at, (Case.due >= at) & (Case.due < tonight), Case.due >= tonight)
    ]
    rows = (
        Case.select(Case.person, Case.unit, Case.kind, *sums)
        .where(Case.county_id == county.id, Case.closed.is_null(), Case.due < soon,
               (Case.restricted == False) | Case.person.is_null(False))  # noqa: E712
        .group_by(Case.person, Case.unit, Case.kind).tuples()
    )
    found: dict[int, Counter] = defaultdict(Counter)
    people: dict[int, list] = {}
    known = kinds()
    for person_id, unit_id, kind, *counts in rows:
        if unit_id not in people:
            people[unit_id] = staff(unit_id)
        if person_id:
            users = [person_id]
        else:
            users = [user for user, may in people[unit_id] if {known[kind].read, "cases.note"} <= may] \
                if kind in known else []
        for user_id in users:
            found[user_id].update(dict(zip((part for part, _ in PARTS), map(int, counts), strict=True)))
    return found


# -- what fell due -------------------------------------------------------------------------------------------------

def remind_late() -> str:
    """Press for each case the day after it fell due (逾期次日催办), where the county's rules say so."""
    midnight = datetime.datetime.combine(today(), overdue.MIDNIGHT)
    since = midnight - datetime.timedelta(days=LOOKED_BACK)
    done = 0
    for county in counties():
        again = Reminder.select(Reminder.id).where(
            Reminder.case == Case.id, Reminder.author_id == 0, Reminder.on > Case.due
        )
        rows = (
            Case.select(Case.id, Case.kind, Case.town_id, Case.due, Case.unit)
            .where(Case.county_id == county.id, Case.closed.is_null(), Case.due >= since, Case.due < midnight,
                   ~fn.EXISTS(again))
            .order_by(Case.unit, Case.id).tuples()
        )
        wanted = [row for row in rows if rules_of(row[1], county.id, row[2]).auto_remind]
        for _, of_one_unit in groupby(wanted, itemgetter(4)):  # its people are told once, of a hundred at most
            for some in chunked(of_one_unit, TOGETHER):
                done += _press(some)
    return f"自动催办了 {done} 件。"


def _press(rows) -> int:
    with atomic():
        pressed = [case for case_id, _, _, due, _ in rows if (case := remind_by_itself(case_id, due))]
        tell_by_itself(pressed)
    return len(pressed)


def tell_superiors() -> str:
    """Tell the heads of the superior unit which cases have been late so long that 提级 should be decided; once each."""
    at, told, late = now(), 0, set()
    for county in counties():
        groups: dict[int, list[Case]] = defaultdict(list)
        superiors: dict[tuple, Unit | None] = {}
        for case in _late_enough(county, at):
            key = (case.unit_id, case.line_id, case.kind)
            if key not in superiors:
                superiors[key] = superior_of(case)
            late.add(_about(case))
            if superiors[key] is not None:
                groups[superiors[key].id].append(case)
        for unit_id, cases in groups.items():
            with atomic():
                still = _still_late(cases)
                new = first_times(LASTING, {_about(case): case.due.date() for case in still})
                if new:
                    told += _tell_heads(unit_id, [case for case in still if _about(case) in new], county)
    with atomic():
        forget_but(late, at.date())
    return f"向上级提示了 {told} 件。"


def _still_late(cases: list[Case]) -> list[Case]:
    """Return those of the cases that are what they were when they were looked for: open, as late, with that unit."""
    now_is = {}
    for some in chunked([case.id for case in cases], 1000):
        rows = Case.select(Case.id, Case.due, Case.unit).where(
            Case.id.in_(some), Case.closed.is_null(), Case.restricted == False)  # noqa: E712
        now_is.update((case_id, (due, unit_id)) for case_id, due, unit_id in rows.tuples())
    return [case for case in cases if now_is.get(case.id) == (case.due, case.unit_id)]


def _about(case: Case) -> str:
    return f"case {case.id}"


def _late_enough(county: Unit, at) -> list[Case]:
    found = []
    for kind in kinds():
        bound = overdue.days_ago(at, rules_of(kind, county.id).escalate_days)
        query = Case.select(Case, Unit).join(Unit).where(
            Case.county_id == county.id, Case.closed.is_null(), Case.due < bound, kind_among([kind]),
            Case.restricted == False,  # noqa: E712
        )
        found += list(query.order_by(Case.due))
    return found


def _tell_heads(unit_id: int, cases: list[Case], county: Unit) -> int:
    """Tell the leaders at the unit, where it has none those who supervise; returns how many cases they were told of."""
    people = staff(unit_id)
    heads = [user for user, may in people if "cases.instruct" in may] or [
        user for user, may in people if "cases.supervise" in may]
    numbers = "、".join(case.number for case in cases[:10]) + ("等" if len(cases) > 10 else "")
    sent = send(heads, "cases.escalation", f"建议提级：{len(cases)} 件长期超期", "/cases/overdue?part=raise",
                f"{numbers}已超期较久，请决定是否提级办理，或开督办单。", county_id=county.id)
    return len(cases) if sent else 0


# -- every week ----------------------------------------------------------------------------------------------------

def weekly() -> str:
    """Tell each leader on the first day of the week how the last one went and what is late now."""
    day = today()
    monday = day - datetime.timedelta(days=day.weekday())
    told = 0
    for user, posts, post in _leaders():
        with atomic():
            if first_time("cases.weekly", f"post {post.id}", monday):
                title, text = _week(Person(user, posts, post.id), monday)
                told += send([user], "cases.weekly", title, "/cases/overdue", text, county_id=post.unit.county_id)
    return f"发给 {told} 个领导岗位。"


def _leaders():
    """Yield (user, posts, post) for each post of today that may instruct."""
    roles = [role.id for role in Role.select() if "cases.instruct" in role.permissions]
    day = today()
    users = (
        User.select().where(User.locked == False, User.id.in_(  # noqa: E712
            Post.select(Post.user).where(Post.role.in_(roles or [0]), Post.valid_from <= day,
                                         Post.valid_to.is_null() | (Post.valid_to >= day))))
        .order_by(User.id)
    )
    # All of them first: a question that is still open when a transaction begins is refused by SQLite (BUSY_SNAPSHOT)
    # where somebody else wrote since.
    for user in list(users):
        posts = posts_of(user.id)
        for post in posts:
            if "cases.instruct" in post.permissions and post.unit.county_id is not None:
                yield user, posts, post


def _week(person: Person, monday: datetime.date) -> tuple[str, str]:
    """Return the title and the text of a leader's week, with the rate of the page of figures and what it is a part of
    (DOMAIN 9.10): due in the week, not received or closed in it."""
    week = Period.of("week", monday).previous
    sums = figures.table_of(person, week, "kind").total.counts
    late = [one for one in overdue.holders(overdue.Asked(), person) if one.counts["over"]]
    total, closed, due, kept = sum(one.counts["over"] for one in late), sums["closed"], sums["due"], sums["kept"]
    rate = f"应办结 {due} 件，期限内办结 {kept} 件，按期办结率 {kept / due:.1%}。" if due else ""
    worst = "、".join(f"{one.name} {one.counts['over']} 件" for one in late[:5])
    text = f"上周登记 {sums['opened']} 件，办结 {closed} 件。{rate}现在超期 {total} 件" + (
        f"：{worst}。" if worst else "。")
    return f"{person.post.unit.short}一周情况：办结 {closed} 件，现超期 {total} 件", text


JOBS = (
    Job("cases.morning", "每日到期提醒", morning, at="08:00"),
    Job("cases.remind_late", "逾期次日自动催办", remind_late, at="08:10"),
    Job("cases.remind_owed", "督办单、批示、协办到期提醒", owed.remind, at="08:15"),
    Job("cases.tell_superiors", "长期超期提示上级", tell_superiors, at="08:20"),
    Job("cases.weekly", "领导一周情况", weekly, at="08:30"),
)
TOPICS = (
    Topic("cases.reminder", "催办", may_mute=False), Topic("cases.order", "督办单", may_mute=False),
    Topic("cases.instruction", "领导批示和反馈", may_mute=False), Topic("cases.escalation", "提级", may_mute=False),
    Topic("cases.morning", "每日到期提醒"), Topic("cases.weekly", "一周情况"),
)
