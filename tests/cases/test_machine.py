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
from portal.cases import assists, extensions, handing, jobs, pausing, splitting, voiding
from portal.cases.assign import assign, colleagues, note
from portal.cases.checks import findings
from portal.cases.clock_models import Extension, Pause
from portal.cases.counter_models import Flow, Series, Tally
from portal.cases.ledger import available, rate, take
from portal.cases.merge_models import Merge
from portal.cases.merging import merge, undo
from portal.cases.models import Assist, Case, CaseEvent, Rating, Reply
from portal.cases.page import is_version
from portal.cases.proof_models import VoidNumber
from portal.cases.supervision import escalation, instructions, orders, reminding
from portal.cases.supervision.jobs import JOBS as SUPERVISION_JOBS
from portal.cases.supervision.models import Instruction, Order
from portal.cases.timeline import entries
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
LEADERS = ("lingdao", "zhen", "xian")
TABLES = (Case, CaseEvent, Pause, Reply, Rating, Series, Tally, Flow, Extension, Assist, Merge, VoidNumber, Order,
          Instruction)
NUMBER, WHO = st.integers(0, 99), st.integers(0, 9)


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

    # -- between units ---------------------------------------------------------------------------------------------

    def somebody_of(self, case: Case, first: int):
        """Return one of the clerks that act for the responsible unit, or whoever is `first`."""
        people = [person(CLERKS[(first + turn) % len(CLERKS)]) for turn in range(len(CLERKS))]
        return next((actor for actor in people if case.unit_id in actor.acts_for), people[0])

    @precondition(lambda self: self.ids)
    @rule(number=NUMBER, who=WHO, which=WHO, back=st.booleans())
    def it_goes_to_another_unit_and_perhaps_back(self, number, who, which, back):
        case = self.one(number)
        actor = self.somebody_of(case, who)
        with contextlib.suppress(Refused):
            if case.to_decide and (units := handing.choosable(case, actor)):
                handing.decide(case, actor, units[which % len(units)].id, "由你们承办")
            elif units := handing.targets(case, actor):
                case = handing.hand_over(case, actor, units[which % len(units)].id, "按职责归你们")
                if back:
                    handing.send_back(case, self.somebody_of(case, which), "不归我们")
                else:
                    handing.sign(case, self.somebody_of(case, which))

    @precondition(lambda self: self.ids)
    @rule(number=NUMBER, who=WHO, which=WHO, end=st.sampled_from(("answer", "decline", "end", "")))
    def others_are_asked_to_assist(self, number, who, which, end):
        case = self.one(number)
        actor = self.somebody_of(case, who)
        with contextlib.suppress(Refused):
            if units := assists.candidates(case):
                assists.ask(case, actor, units[which % len(units)].id, "请核对", now().date())
        for assist in Assist.select().where(Assist.case == case.id, Assist.ended.is_null()):
            with contextlib.suppress(Refused):
                other = next((person(name) for name in CLERKS if assist.unit_id in person(name).acts_for), actor)
                if end:
                    getattr(assists, end)(assist, actor if end == "end" else other, "已核对")

    # -- clocks ----------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.ids)
    @rule(number=NUMBER, who=WHO, granted=st.booleans(), days=st.integers(1, 30))
    def more_time_is_asked_for_and_decided(self, number, who, granted, days):
        case = self.one(number)
        with contextlib.suppress(Refused):
            if case.extension_asked is None:
                extensions.ask(case, self.somebody_of(case, who), days, "情况复杂，需要实地核查", case.version)
            else:
                said = {"granted": "yes" if granted else "no", "text": "同意", "told": "已电话告知", "channel": "phone"}
                decider = next((person(name) for name in (*LEADERS, *CLERKS)
                                if extensions.may_decide(case, person(name))), person("xian"))
                extensions.decide(case, decider, said, case.version)

    @precondition(lambda self: self.ids)
    @rule(number=NUMBER, who=WHO, which=WHO)
    def the_clock_is_stopped_or_runs_again(self, number, who, which):
        case = self.one(number)
        actor = self.somebody_of(case, who)
        with contextlib.suppress(Refused):
            if case.paused_at is not None:
                pausing.resume(case, actor, evidence="鉴定书 3 号", text="已出结果", version=case.version)
            elif reasons := pausing.reasons_of(case):
                pausing.pause(case, actor, reasons[which % len(reasons)].name, evidence="通知 5 号", text="送检",
                              until_expected=now().date() + datetime.timedelta(10), version=case.version)

    # -- supervision -----------------------------------------------------------------------------------------------

    @precondition(lambda self: self.ids)
    @rule(number=NUMBER, who=st.sampled_from(LEADERS), act=st.sampled_from(("remind", "order", "instruct", "escalate")))
    def a_superior_presses(self, number, who, act):
        case, actor = self.one(number), person(who)
        with contextlib.suppress(Refused, Conflict):
            if act == "remind":
                reminding.remind(case.id, actor, "请抓紧")
            elif act == "order":
                demand = orders.Demand("久拖不决", "请限期办结", now().date(), "徐志远", case.unit_id)
                orders.issue([case.id], actor, demand)
            elif act == "instruct":
                instructions.instruct(case.id, actor, "请认真办理", now().date())
            else:
                escalation.escalate(case.id, actor, "超期过久")

    @precondition(lambda self: self.ids)
    @rule(who=WHO, good=st.booleans())
    def what_was_demanded_is_answered(self, who, good):
        for order in Order.select().where(Order.settled_at.is_null()):
            with contextlib.suppress(Refused, Conflict):
                if order.status == "answered":
                    judge = orders.approve if good else orders.give_back
                    judge(order.id, person(LEADERS[who % len(LEADERS)]), "看过", order.version)
                else:
                    actor = next((person(name) for name in CLERKS if order.unit_id in person(name).acts_for), None)
                    orders.answer(order.id, actor or person("zhen"), "已经办了", order.version)
        for one in Instruction.select():
            with contextlib.suppress(Refused, Conflict):
                instructions.answer(one.id, self.somebody_of(Case.get_by_id(one.case_id), who), "已落实")

    # -- one matter or two -----------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.ids) > 1)
    @rule(number=NUMBER, other=NUMBER, who=st.sampled_from(CLERKS))
    def two_become_one(self, number, other, who):
        with contextlib.suppress(Refused, Conflict):
            merge(self.one(number), self.one(other), person(who), "同一件事")

    @precondition(lambda self: self.ids)
    @rule(number=NUMBER, who=st.sampled_from(CLERKS))
    def one_that_was_merged_stands_alone_again(self, number, who):
        with contextlib.suppress(Refused, Conflict):
            undo(self.one(number), person(who), "弄错了")

    @precondition(lambda self: self.ids)
    @rule(number=NUMBER, who=WHO)
    def one_becomes_two(self, number, who):
        case = self.one(number)
        with contextlib.suppress(Refused, Conflict):
            if kinds := splitting.offered(case):
                self.ids.append(splitting.split(case, kinds[0].name, self.somebody_of(case, who), "另一件事").id)

    @precondition(lambda self: self.ids)
    @rule(number=NUMBER, who=st.sampled_from(CLERKS))
    def it_was_registered_by_mistake(self, number, who):
        with contextlib.suppress(Refused, Conflict):
            voiding.void(self.one(number), person(who), "重复录入")

    @rule(which=st.integers(0, 20))
    def a_job_runs_twice(self, which):
        known = [*jobs.JOBS, *SUPERVISION_JOBS]
        job = known[which % len(known)]
        job.run()
        before = rows()
        job.run()
        assert rows() == before

    # -- what people say -------------------------------------------------------------------------------------------

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
            for case in Case.select():  # or the slower of two clerks is told of something else than what changed
                assert case.version == sum(map(is_version, entries(case))), case.number
        finally:
            database.close()
            self.stack.close()


def test_after_any_history_the_check_finds_nothing(ground):
    machine = type("CountyHere", (County,), {"ground": ground})
    run_state_machine_as_test(machine, settings=settings(
        max_examples=12, stateful_step_count=60, deadline=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    ))
