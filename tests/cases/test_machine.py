"""Random people do random things at random times, and some of it breaks off in the middle: the promises still hold."""

import contextlib
import datetime

import pytest
import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from plugins.station.workflow import materials_of
from portal.accounts.models import Post
from portal.cases.assign import assign, colleagues, note
from portal.cases.checks import findings
from portal.cases.ledger import available, rate, take
from portal.cases.models import Case, CaseEvent, Pause, Rating, Reply, Series, Tally
from portal.db import atomic, database, now
from portal.values import Conflict, Refused
from tests.cases.making import SAID, id_card, matter
from tests.people_of_the_county import NEXT_VILLAGE, OTHER_TOWN, VILLAGE, person
from tests.station.door import item

#: Within the loaded years, with room for every deadline.
START = datetime.datetime(2026, 1, 5, 1, 0, tzinfo=datetime.UTC)
CLERKS = ("cun", "shuji", "lincun", "linjia", "zhen", "linzhen", "minzheng", "canlian", "xian", "duogang")
PLACES = {VILLAGE: "cun", NEXT_VILLAGE: "lincun", OTHER_TOWN + "/village": "linjia"}
MATTERS = ("高龄津贴", "临时救助", "居住证办理", "老年人优待证", "困难残疾人生活补贴")
TABLES = (Case, CaseEvent, Pause, Reply, Rating, Series, Tally)


class BrokenOff(Exception):
    """What a power cut is to a transaction."""


def missing(case) -> list:
    return [one.id for one in materials_of(case)][:1]


def rows() -> list:
    return [sorted(map(repr, table.select().tuples())) for table in TABLES]


class County(RuleBasedStateMachine):
    """A county at work. `ground` is put back for every run; the clock is the machine's own."""

    ground = None

    @initialize()
    def opens(self):
        self.ground.put_back()
        self.stack = contextlib.ExitStack()
        self.clock = self.stack.enter_context(time_machine.travel(START, tick=False))
        self.stack.enter_context(self.ground.application.test_request_context())
        database.connect(reuse_if_open=True)
        Post.update(valid_from=datetime.date(2025, 1, 1)).execute()
        self.ids = []

    def one(self, number: int) -> Case:
        return Case.get_by_id(self.ids[number % len(self.ids)])

    def who_can(self, case: Case, first: int):
        """Return the first of the clerks, beginning with number `first`, who has something to do, and their steps."""
        for turn in range(len(CLERKS)):
            actor = person(CLERKS[(first + turn) % len(CLERKS)])
            if steps := available(case, actor):
                return actor, steps
        return None, []

    @rule(place=st.sampled_from(sorted(PLACES)), of=st.sampled_from(MATTERS), complete=st.booleans())
    def somebody_comes(self, place, of, complete):
        assert item(of)
        case = matter(place, PLACES[place], of=of, complete=complete, id_card=id_card(len(self.ids)))
        self.ids.append(case.id)

    @precondition(lambda self: self.ids)
    @rule(number=st.integers(0, 99), who=st.integers(0, 9), which=st.lists(st.integers(0, 9), min_size=1, max_size=6),
          granted=st.booleans())
    def somebody_and_then_others_take_steps(self, number, who, which, granted):
        for choice in which:
            case = self.one(number)
            actor, steps = self.who_can(case, who)
            if not steps:
                return
            if choice < 9:  # or nearly every matter would end with a withdrawal
                steps = [step for step in steps if step.name != "withdraw"] or steps
            step = steps[choice % len(steps)]
            said = {**SAID, "granted": "yes" if granted else "no", "missing": missing(case), "received": missing(case)}
            with contextlib.suppress(Refused):
                take(step.name, case, actor, said, version=case.version)

    @precondition(lambda self: self.ids)
    @rule(number=st.integers(0, 99), who=st.integers(0, 9), which=st.integers(0, 9))
    def the_power_fails_in_the_middle_of_a_step(self, number, who, which):
        case = self.one(number)
        actor, steps = self.who_can(case, who)
        before = rows()
        if steps:
            with contextlib.suppress(Refused, BrokenOff), atomic():
                take(steps[which % len(steps)].name, case, actor, dict(SAID))
                raise BrokenOff
        assert rows() == before

    @precondition(lambda self: self.ids)
    @rule(number=st.integers(0, 99), who=st.integers(0, 9))
    def a_second_clerk_is_too_late(self, number, who):
        case = self.one(number)
        actor, steps = self.who_can(case, who)
        if steps:
            before = rows()
            with pytest.raises(Conflict):
                take(steps[0].name, case, actor, dict(SAID), version=case.version - 1)
            assert rows() == before

    @precondition(lambda self: self.ids)
    @rule(number=st.integers(0, 99), who=st.sampled_from(CLERKS), which=st.integers(0, 9))
    def it_is_handed_on(self, number, who, which):
        case, actor = self.one(number), person(who)
        if people := colleagues(case):
            with contextlib.suppress(Refused):
                assign(case, actor, people[which % len(people)].id, version=case.version)

    @precondition(lambda self: self.ids)
    @rule(number=st.integers(0, 99), who=st.sampled_from(CLERKS), level=st.integers(1, 5))
    def it_is_rated(self, number, who, level):
        with contextlib.suppress(Refused):
            rate(self.one(number), person(who), level, "phone")

    @precondition(lambda self: self.ids)
    @rule(number=st.integers(0, 99), who=st.sampled_from(CLERKS), text=st.text(max_size=20))
    def a_note_is_written(self, number, who, text):
        note(self.one(number), person(who), text.replace("\0", ""))

    @rule(hours=st.integers(-2, 400))
    def the_clock_jumps(self, hours):
        """Forwards by weeks, and backwards by two hours when somebody sets it right."""
        if now() < datetime.datetime(2026, 7, 1):
            self.clock.shift(datetime.timedelta(hours=hours))

    def teardown(self):
        if not hasattr(self, "stack"):
            return
        try:
            assert [finding.sentence for finding in findings()] == []
        finally:
            database.close()
            self.stack.close()


def test_after_any_history_the_check_finds_nothing(ground):
    machine = type("CountyHere", (County,), {"ground": ground})
    run_state_machine_as_test(machine, settings=settings(
        max_examples=12, stateful_step_count=60, deadline=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    ))
