"""What the portal does by itself: told once a day, pressed for the day after, superiors and leaders told."""

import datetime

import pytest
import time_machine

from portal import cases
from portal.cases.models import Case
from portal.cases.supervision import jobs, once, owed, rules
from portal.cases.supervision.models import Reminder, Told
from portal.db import atomic
from portal.notify.models import Notice
from portal.org.models import Unit
from portal.values import Deadline
from tests.cases.making import matter, move, plain
from tests.cases.supervision.late import again, late, notices, steps
from tests.forms.together import side_by_side
from tests.people_of_the_county import COUNTY, NEXT_VILLAGE, OTHER_TOWN, VILLAGE, person

#: A Thursday, a workday before and after it, half past eight in China.
THURSDAY = datetime.datetime(2026, 11, 26, 0, 30, tzinfo=datetime.UTC)


@pytest.fixture
def thursday(app):
    with app.app_context(), time_machine.travel(THURSDAY, tick=False):
        yield


def later(**more):
    return time_machine.travel(THURSDAY + datetime.timedelta(**more), tick=False)


def titles(user_id: int, topic: str) -> list[str]:
    return [one.title for one in notices(user_id, topic)]


def test_each_responsible_person_is_told_once_in_the_morning(thursday, cast):
    for days in (3, 1, 0, -1, -9):
        late(days)
    late(2, OTHER_TOWN + "/village", "linjia")
    assert jobs.morning() == "提醒了 2 人。" and jobs.morning() == "提醒了 0 人。"
    assert titles(cast["cun"], "cases.morning") == ["今日提醒：已超期 2 件，今日到期 1 件，3 天内到期 1 件"]
    assert titles(cast["linjia"], "cases.morning") == ["今日提醒：已超期 1 件"] and not notices(cast["zhen"])
    with later(days=1):
        assert jobs.morning() == "提醒了 2 人。"


def test_what_nobody_has_is_told_to_those_who_may_work_on_it(thursday, cast):
    plain(VILLAGE, "xian", at=datetime.datetime(2026, 11, 1), limit=Deadline(5, "day"))
    jobs.morning()
    assert titles(cast["cun"], "cases.morning") and titles(cast["shuji"], "cases.morning")
    assert not titles(cast["tiaojie"], "cases.morning") and not titles(cast["xian"], "cases.morning")


def test_on_a_day_off_nobody_is_disturbed(thursday, cast):
    late(3)
    with later(days=2):
        assert "不是工作日" in jobs.morning()
    assert not notices(cast["cun"])


def test_old_notes_of_what_was_told_are_cleared_away(thursday):
    Told.create(topic="cases.morning", about="user 1", on=datetime.date(2026, 1, 1))
    jobs.morning()
    assert not Told.select().exists()


def test_the_day_after_it_fell_due_a_case_is_pressed_for_once(thursday, cast):
    case, fresh, old = late(1), late(0), late(30)
    assert jobs.remind_late() == "自动催办了 1 件。" and jobs.remind_late() == "自动催办了 0 件。"
    with later(days=1):
        assert jobs.remind_late() == "自动催办了 1 件。"  # the one that fell due today
    assert [again(one).reminded for one in (case, fresh, old)] == [1, 1, 0]
    assert steps(case)[-1] == "remind" and Reminder.select().where(Reminder.author_id == 0).count() == 2
    assert len(notices(cast["cun"], "cases.reminder")) == 2


@pytest.fixture
def one_by_one(monkeypatch):
    """What is done for a hundred at once is done for each."""
    monkeypatch.setattr(jobs, "TOGETHER", 1)
    monkeypatch.setattr(owed, "TOGETHER", 1)


def seen_by_others_when(monkeypatch, name: str, query) -> list[int]:
    """Return the list of how many rows of `query` others see, each time before `jobs` calls its function `name`."""
    found, call = [], getattr(jobs, name)

    def look(*given, **more):
        side_by_side(lambda: found.append(query.clone().count()))
        return call(*given, **more)

    monkeypatch.setattr(jobs, name, look)
    return found


# What is written for one is there for everybody before the next one has its turn: on SQLite one writes at a time, and a
# clerk who saves meanwhile waits for the end of the transaction.

def test_no_clerk_waits_until_all_units_are_pressed(thursday, cast, monkeypatch):
    late(1), late(1), late(1, NEXT_VILLAGE, "lincun")
    seen = seen_by_others_when(monkeypatch, "tell_by_itself", Reminder.select().where(Reminder.author_id == 0))
    assert jobs.remind_late() == "自动催办了 3 件。"
    assert seen in ([0, 1], [0, 2]), "nothing yet, then those of the first unit"
    assert [one.title[:3] for one in notices(cast["cun"], "cases.reminder")] == ["催办："], "one notice of both"


def test_no_clerk_waits_until_everybody_had_the_morning_s_line(thursday, monkeypatch, one_by_one):
    late(1), late(1, NEXT_VILLAGE, "lincun")
    seen = seen_by_others_when(monkeypatch, "send", Told.select())
    jobs.morning()
    assert seen == [0, 1]


def test_no_clerk_waits_until_all_superiors_are_told(thursday, monkeypatch):
    late(8), late(8, OTHER_TOWN, "linzhen")
    seen = seen_by_others_when(monkeypatch, "_tell_heads", Told.select())
    jobs.tell_superiors()
    assert seen == [0, 1]


def test_superiors_hear_nothing_of_what_was_settled_while_they_were_looked_for(thursday, cast, monkeypatch):
    settled, moved, stays = late(8), late(8), late(8)
    find = jobs.superior_of

    def meanwhile(case):
        Case.update(closed=datetime.datetime(2026, 11, 26, 8)).where(Case.id == settled.id).execute()
        Case.update(due=datetime.datetime(2026, 12, 24)).where(Case.id == moved.id).execute()
        return find(case)

    monkeypatch.setattr(jobs, "superior_of", meanwhile)
    jobs.tell_superiors()
    assert titles(cast["duogang"], "cases.escalation") == ["建议提级：1 件长期超期"]
    assert [one.about for one in Told.select()] == [f"case {stays.id}"]


def test_of_many_only_what_was_not_told_is_told(app):
    day = datetime.date(2026, 11, 26)
    with atomic():
        assert once.first_times("cases.escalation", {"case 7": day, "case 8": day}) == {"case 7", "case 8"}
        many = {f"case {number}": day for number in range(2500)}
        assert once.first_times("cases.escalation", many) == set(many) - {"case 7", "case 8"}
        assert once.first_times("cases.escalation", many) == set() == once.first_times("cases.escalation", {})


def test_a_job_that_did_not_run_makes_up_for_it(thursday):
    case = late(4)
    jobs.remind_late()
    assert again(case).reminded == 1


def test_a_county_may_turn_it_off(thursday):
    county = Unit.get(Unit.code == COUNTY)
    rules.save(county, "station.request", {"auto_remind": False}, person("xitong"))
    case = late(1)
    assert jobs.remind_late() == "自动催办了 0 件。" and again(case).reminded == 0


def test_what_was_settled_or_stands_still_is_left_alone(thursday):
    at = datetime.datetime(2026, 11, 6, 9)
    done, paused = matter(at=at), matter(at=at, complete=False)
    move(done, ("withdraw", "cun"))
    move(paused, ("correct", "cun"))
    Case.update(due=datetime.datetime(2026, 11, 25, 23, 59, 59)).where(Case.id == done.id).execute()
    assert jobs.remind_late() == "自动催办了 0 件。" and "0 人" in jobs.morning()


def test_the_heads_of_the_superior_are_told_once_of_what_stays_late(thursday, cast):
    late(5), late(7), late(4)
    assert jobs.tell_superiors() == "向上级提示了 2 件。" and jobs.tell_superiors() == "向上级提示了 0 件。"
    assert titles(cast["duogang"], "cases.escalation") == ["建议提级：2 件长期超期"]  # the leader of the town
    assert not notices(cast["zhen"]) and not notices(cast["linzhen"])
    with later(days=1):
        assert jobs.tell_superiors() == "向上级提示了 1 件。"


def test_what_stays_late_for_months_is_not_told_each_day(thursday, cast):
    case = late(8)
    assert jobs.tell_superiors() == "向上级提示了 1 件。"
    for days in (95, 96):
        with later(days=days):
            jobs.morning()
            assert jobs.tell_superiors() == "向上级提示了 0 件。"
    with later(days=97):
        Case.update(closed=datetime.datetime(2027, 3, 3)).where(Case.id == case.id).execute()
        jobs.tell_superiors()
    assert not Told.select().where(Told.topic == "cases.escalation").exists(), "what is settled is forgotten"


def test_leaders_are_told_the_week_with_what_the_rate_is_a_part_of(thursday, cast):
    late(3), late(2), late(6)  # the last one fell due a week ago
    at = datetime.datetime(2026, 11, 19, 9)
    for day in (19, 12):  # closed last week and due in this one; closed before and due last week
        moment = datetime.datetime(2026, 11, day, 9)
        move(matter(at=moment, of="居民养老保险参保"), ("settle", "cun"), at=moment)
    move(matter(at=at), ("withdraw", "cun"), at=at)  # what was withdrawn is part of no rate
    assert jobs.weekly() == "发给 2 个领导岗位。" and jobs.weekly() == "发给 0 个领导岗位。"
    [notice] = notices(cast["lingdao"], "cases.weekly")
    assert "办结 1 件。应办结 2 件，期限内办结 1 件，按期办结率 50.0%" in notice.text
    assert "现在超期 3 件：华光村 3 件" in notice.text
    with later(days=4):
        assert jobs.weekly() == "发给 2 个领导岗位。"


def test_jobs_and_topics_are_declared_and_every_notice_has_a_topic(app, thursday):
    declared = {one.name: one for one in cases.portal_jobs()}
    names = ("cases.morning", "cases.remind_late", "cases.remind_owed", "cases.tell_superiors", "cases.weekly")
    assert set(names) <= set(declared)
    late(6)
    for name in names:
        assert isinstance(declared[name].run(), str)
    topics = {one.name for one in cases.portal_topics()}
    assert {one.topic for one in Notice.select()} <= topics
