"""What the demo shows of superiors who press and of units that work together: 催办, 督办单, 批示, 协办, 延期.

Each act is taken by somebody who may take it. Where there is nobody, or no case that fits, there is less to see.
"""

import contextlib
import datetime
from collections.abc import Iterator

from peewee import fn

from portal.accounts.everybody import everybody
from portal.cases import assists, extensions
from portal.cases.kinds import kind_of
from portal.cases.lens import holds
from portal.cases.models import Case, CaseEvent
from portal.cases.supervision import instructions, orders
from portal.cases.supervision.escalation import days_over
from portal.cases.supervision.reach import addressees, may_press
from portal.cases.supervision.reminding import remind
from portal.cases.supervision.rules import rules_of
from portal.commands.demo_cast import TOWN
from portal.db import atomic, now, today
from portal.notify.models import Notice
from portal.notify.reading import mark_read
from portal.org.models import Unit
from portal.values import Refused

#: (how many days ago it was issued, in how many days from today an answer is wanted, how far it came)
ORDERS = ((6, -2, "accepted"), (5, 2, "returned"), (3, 2, "answered"), (7, 0, "withdrawn"), (0, 5, "issued"))
DEMAND = "请查明为什么没有按期办结，采取措施尽快办好，并书面答复办理情况和结果。"
ANSWERS = ("已上门核实，缺的一份证明当天开好，材料已经报到镇里，预计三天内办结。", "经办人外出培训，已改由同事接办。")
#: (what the leader writes, within how many days feedback is wanted, the feedback)
INSTRUCTIONS = (
    ("群众等了很久，请村里主要负责人亲自过问，三天内反馈。", 3, ""),
    ("请查清卡在哪个环节，办好以后告诉我。", 5, "卡在收入核对，已请县里加急，今天下午出结果，明天送到家。"),
    ("注意方式方法，多上门解释。", None, ""),
)
#: (the office that is asked, what for, the answer)
ASSISTS = (
    ("综治中心", "请帮忙核实这户现在有几口人常住。", "网格员上门看过，常住三口人，外出务工一人。"),
    ("便民服务中心", "请查一下以前有没有办过同样的事。", ""), ("司法所", "请派人一起上门，说明政策。", ""),
)
#: (why more time is needed, whether it was granted); the first is the one that a visitor is most likely to find
WHY = (
    ("需要到县档案馆查阅底册。", False), ("正在等外省民政部门的核对结果。", True),
    ("申请人住院，下周才能入户。", False),
)
#: So many unread notices are enough, and of what the inbox of the busy is spared then.
MUCH, BESIDE = 6, ("cases.assist", "cases.extension_asked", "cases.reminder", "cases.instruction")


def press_for_demo() -> None:
    """Press for what is late, and let units assist and ask for time; what has been taken up is no news any more."""
    scene = Scene()
    for play in (scene.issue, scene.instruct, scene.remind, scene.assist, scene.extend):
        play()
    _read_by_the_busy()


def _read_by_the_busy() -> None:
    """Whoever finds much in the inbox anyway has read of these: a flood tells a visitor nothing."""
    unread = Notice.select(Notice.user).where(Notice.read_at.is_null()).group_by(Notice.user)
    busy = [user for (user,) in unread.having(fn.COUNT(Notice.id) > MUCH).tuples()]
    mark_read(Notice.user.in_(busy or [0]) & Notice.topic.in_(BESIDE))


class Scene:
    """Who is there, and the cases of which none is used twice."""

    def __init__(self):
        self.people = everybody()
        self.used: set[int] = set()
        self.home = Unit.get(Unit.code == TOWN).id

    def cases(self, *conditions) -> Iterator[Case]:
        """Yield open cases at villages that everybody may read who reads their kind: where a visitor has most accounts
        first, then what is due first."""
        query = Case.select(Case, Unit).join(Unit).where(
            Case.closed.is_null(), Case.restricted == False, Unit.level == "village", *conditions)  # noqa: E712
        rows = [case for case in query.order_by(Case.due, Case.id) if kind_of(case).contents is None]
        for case in sorted(rows, key=lambda case: case.town_id != self.home):
            if case.id not in self.used:
                yield case

    def late(self) -> Iterator[Case]:
        return self.cases(Case.due < now())

    def superior(self, case: Case, permission: str):
        """Return whoever may press for the case, of the town where there is somebody."""
        able = [one for one in self.people if may_press(one, case, permission)]
        return min(able, key=lambda one: one.post.unit.town_id is None, default=None)

    def holder(self, case: Case, permission: str = "cases.note"):
        may = (one for one in self.people if holds(one, case) and one.may(permission) and one.may(kind_of(case).read))
        return next(may, None)

    def moment(self, case: Case, days: int) -> datetime.datetime:
        """Return a moment so many days ago, but after the last thing that happened in the case."""
        last = CaseEvent.select(CaseEvent.at).where(CaseEvent.case == case.id).order_by(CaseEvent.seq.desc()).get().at
        day = datetime.datetime.combine(today() - datetime.timedelta(days=days), datetime.time(9, 20))
        return min(max(day, last + datetime.timedelta(minutes=50)), now())

    @contextlib.contextmanager
    def act(self, case: Case):
        """What is refused leaves nothing, and the demo goes on."""
        self.used.add(case.id)
        with contextlib.suppress(Refused), atomic():
            yield

    # -- superiors -------------------------------------------------------------------------------------------------

    def issue(self) -> None:
        for (ago, days, status), case in zip(ORDERS, list(self.late()), strict=False):
            judge, holder = self.superior(case, "cases.supervise"), self.holder(case)
            if judge and holder and case.unit in addressees(judge, [case]):
                with self.act(case):
                    self._order(case, judge, holder, self.moment(case, ago), days, status)

    def _order(self, case, judge, holder, at, days: int, status: str) -> None:
        soon, next_day = (min(at + datetime.timedelta(hours=hours), now()) for hours in (3, 26))
        until = max(at.date(), today() + datetime.timedelta(days=days))
        held = rules_of(case.kind, case.county_id, case.town_id)
        order = orders.issue([case.id], judge, orders.Demand(
            case.title, DEMAND, until, judge.full_name, case.unit_id, held.colour(days_over(case, at))), at=at)
        if status == "withdrawn":
            orders.withdraw(order.id, judge, "已电话说明原因，改由镇里派人一起办，撤销本单。", order.version)
        elif status != "issued":
            order = orders.accept(order.id, holder, order.version, at=soon)
        if status in ("answered", "returned"):
            order, _ = orders.answer(order.id, holder, ANSWERS[status == "returned"], order.version, at=next_day)
        if status == "returned":
            orders.give_back(order.id, judge, "只说了原因，没有说哪天能办好，请补充。", order.version,
                             today() + datetime.timedelta(days=3))
        if status not in ("issued", "answered"):
            mark_read(Notice.url == f"/cases/orders/{order.id}")

    def instruct(self) -> None:
        for (text, days, feedback), case in zip(INSTRUCTIONS, list(self.late()), strict=False):
            leader, holder = self.superior(case, "cases.instruct"), self.holder(case)
            if leader and holder:
                with self.act(case):
                    until = today() + datetime.timedelta(days=days) if days else None
                    made = instructions.instruct(case.id, leader, text, until, at=self.moment(case, 1))
                    if feedback:
                        instructions.answer(made.id, holder, feedback)

    def remind(self) -> None:
        for case in list(self.late())[:2]:
            if town := self.superior(case, "cases.remind"):
                with self.act(case):
                    remind(case.id, town, "群众又来问了一次，请今天给个准信。")

    # -- beside each other -----------------------------------------------------------------------------------------

    def assist(self) -> None:
        day = today() + datetime.timedelta(days=2)
        tomorrow = datetime.datetime.combine(day, datetime.time())
        for (office, wanted, answered), case in zip(ASSISTS, list(self.cases(Case.due > tomorrow)), strict=False):
            holder = self.holder(case, "cases.assist")
            unit = next((one for one in assists.candidates(case) if one.name.endswith(office)), None)
            helpers = [one for one in self.people if unit and unit.id in one.acts_for and one.may("cases.assist")]
            if holder and helpers:
                with self.act(case):
                    asked = assists.ask(case, holder, unit.id, wanted, day)
                    if answered:
                        assists.answer(asked, helpers[0], answered)
                        mark_read((Notice.topic == "cases.assist") & (Notice.url == f"/cases/{case.id}"))

    def extend(self) -> None:
        rows = [case for case in self.cases(Case.due > now() + datetime.timedelta(days=1))
                if (one := self.holder(case, "cases.extend")) and not extensions.refusal(case, one)]
        for (reason, granted), case in zip(WHY, rows, strict=False):
            with self.act(case):
                asked = extensions.ask(case, self.holder(case, "cases.extend"), 5, reason, None)
                case = Case.get_by_id(case.id)
                deciding = (one for one in self.people if one.id != asked.asked_by_id)
                judge = next((one for one in deciding if extensions.may_decide(case, one)), None)
                if granted and judge:
                    extensions.decide(case, judge, {
                        "granted": "yes", "text": "情况属实，同意延长。", "told_channel": "phone",
                        "told_text": "已电话说明要等外省回函，延长五个工作日。"}, None)
                    mark_read(Notice.url.in_([f"/cases/{case.id}", f"/cases/{case.id}/extension"]))
