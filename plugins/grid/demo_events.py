"""Believable events of the last eight weeks, in every state, each step taken by somebody who may take it."""

import datetime
from dataclasses import dataclass
from typing import Any

from plugins.grid.demo_ground import GIVEN, SURNAMES
from plugins.grid.ladder import targets
from plugins.grid.report import report
from plugins.grid.workflow import KIND, event_of
from portal.kit import Calendar, Case, Refused, Unit, available, everybody, holds, merge, now, take

EVENTS, WEEKS = 112, 8
#: (category, finer kind, what was written, where)
MATTERS = (
    ("facility", "railing", "河边护栏断了三米，孩子放学从这里过", "石桥边"),
    ("facility", "lamp", "路灯三天不亮", "村口"),
    ("facility", "manhole", "井盖翻开，已放警示标志", "小学门口"),
    ("facility", "water", "灌溉渠堵了，下游三户没水", "二组"),
    ("hazard", "drowning", "水塘边没有警示牌，有孩子玩水", "大堰塘"),
    ("hazard", "fire", "院坝堆了很多秸秆，离灶房近", "四组"),
    ("hazard", "gas", "餐馆气瓶放在厨房过道", "场镇"),
    ("hazard", "power", "电线垂到晾衣杆上", "三组"),
    ("hazard", "geology", "坡上掉石头，路边有裂缝", "后山脚"),
    ("environment", "rubbish", "垃圾池满了没人收", "集市旁"),
    ("environment", "sewage", "猪圈污水流到路上", "五组"),
    ("need", "allowance", "老人想办高龄津贴，走不动", "一组"),
    ("need", "care", "独居老人需要人帮忙买药", "二组"),
    ("opinion", "suggestion", "几户提议把晒坝修平", "三组"),
    ("quarrel", "neighbour", "两家为屋檐水吵起来", "四组"),
    ("quarrel", "land", "地界桩被移动，两家说法不一", "六组"),
    ("information", "moved", "一家五口返乡长住", "一组"),
    ("law", "fraud", "有人接到冒充公安的电话", "二组"),
)
UP = ("accept", "to_town", "sign")
COUNTY = (*UP, "assign", "sign")
#: (weight, steps): how events end.
ENDS = (
    (20, ()), (26, ("accept", "handle", "confirm", "archive")), (6, ("accept", "handle", "redo", "handle", "confirm")),
    (18, (*UP, "handle", "confirm", "archive")), (8, (*COUNTY, "handle", "confirm")),
    (4, (*UP, "assign", "decline", "reassign", "sign", "handle", "confirm")), (5, ("refuse", "archive")),
    (4, ("merge",)), (4, ("refer",)), (2, ("withdraw",)),
)
#: One more for each state that somebody should be able to look at.
STOPS = (
    (), ("accept",), ("accept", "to_town"), UP, (*UP, "assign"), COUNTY, (*UP, "assign", "decline"),
    (*UP, "ask_extension"), ("accept", "handle"), ("merge",), ("refuse",), ("withdraw",),
)
TEXTS = {
    "accept": "到现场看过，情况属实。", "handle": "已处置好，现场已清理。", "to_town": "村里办不了，请镇上安排。",
    "assign": "请尽快到现场处置。", "decline": "不在本单位职责之内，建议改派。", "reassign": "请接着办。",
    "redo": "只做了一半，请接着办。", "refuse": "已在上一件里处理。", "confirm": "到现场看过，确实好了。",
    "ask_extension": "材料要从外地运来。", "refer": "情况已问清，请接着办。", "withdraw": "反映人说不用办了。",
}
#: The wording of steps that differ for those whom somebody asked.
WITH_REPLY = {"confirm": "confirm_reply", "refuse": "refuse_reply"}


def tell_events(chance, say) -> None:
    story = Story(chance, everybody(), Calendar.load())
    if not story.reporters:
        return
    ends = [steps for weight, steps in ENDS for _ in range(weight)]
    moments = sorted(story.moment_within(WEEKS * 7) for _ in range(EVENTS))
    for number, moment in enumerate(moments, 1):
        story.tell(moment, chance.choice(ends))
        say("编写网格事件", number, EVENTS + len(STOPS) + 1)
    for number, steps in enumerate(STOPS, 1):
        story.tell(story.moment_within(2), steps, stop=True)
        say("编写网格事件", EVENTS + number, EVENTS + len(STOPS) + 1)
    story.protect()
    say("编写网格事件", EVENTS + len(STOPS) + 1, EVENTS + len(STOPS) + 1)


@dataclass
class Story:
    """Who works in the county, and what becomes of what they report."""

    chance: Any
    people: list
    calendar: Calendar

    def __post_init__(self):
        # Only where the town's centre has somebody: elsewhere nothing would ever move on.
        sorting = {one.post.unit.town_id for one in self.people if one.post.unit.name.endswith("综治中心")}
        self.reporters = [
            one for one in self.people
            if one.may("grid.report") and one.post.unit.village_id and "grid" in one.enabled
            and one.post.role in ("grid_worker", "village_staff") and one.post.unit.town_id in sorting
        ]

    def moment_within(self, days: int) -> datetime.datetime:
        moment = now() - datetime.timedelta(days=self.chance.randrange(days), hours=1)
        return min(moment.replace(hour=self.chance.randrange(8, 18), minute=self.chance.randrange(60)),
                   now() - datetime.timedelta(minutes=5))

    def later(self, moment: datetime.datetime) -> datetime.datetime:
        moment += datetime.timedelta(hours=self.chance.choice((1, 2, 4, 18, 26, 50)))
        while not self.calendar.is_workday(moment.date()):
            moment += datetime.timedelta(days=1)
        return moment.replace(hour=min(max(moment.hour, 8), 18), minute=self.chance.randrange(60))

    def tell(self, moment: datetime.datetime, steps: tuple, stop: bool = False) -> None:
        """Report one event at `moment` and take its steps until now, or until nobody can."""
        reporter, data = self.chance.choice(self.reporters), self._what(steps, stop)
        case = report(self._place(reporter), reporter, data, at=moment)
        for name in steps:
            moment = min(moment + datetime.timedelta(minutes=30), now()) if stop else self.later(moment)
            name = WITH_REPLY.get(name, name) if not case.no_reply_because else name
            if name == "merge":
                return self._merge(case, moment)
            taker = self._taker(case, name)
            if moment > now() or taker is None or (not stop and self.chance.random() < 0.03):
                return
            try:
                case = take(name, case, taker, self._said(case, name), at=moment)
            except Refused:
                return  # past its limit, or nothing to merge into: it stays as it is, as in life

    def _place(self, reporter) -> Unit:
        grids = list(Unit.select().where(Unit.parent == reporter.post.unit.village_id, Unit.level == "grid"))
        return self.chance.choice(grids) if grids else Unit.get_by_id(reporter.post.unit.village_id)

    def _what(self, steps: tuple, stop: bool) -> dict:
        category, sub, text, where = self.chance.choice(MATTERS)
        data = {"category": category, "sub": sub, "text": text, "where": where, "channel": "grid"}
        if steps == () and not stop:
            data |= {"settled": True, "result": "当场处置好了。"}
        if "withdraw" in steps or self.chance.random() < 0.25:
            data |= {"channel": self.chance.choice(("public", "hotline", "meeting")), "name": self._name()}
        if self.chance.random() < 0.1:
            data["urgency"] = "urgent"
        return data

    def _name(self) -> str:
        return self.chance.choice(SURNAMES) + "".join(self.chance.sample(GIVEN, 2))

    def _taker(self, case: Case, name: str):
        """Return somebody who may take the step now, and did not handle what is to be checked."""
        able = [one for one in self.people if any(step.name == name for step in available(case, one))]
        if name in ("confirm", "confirm_reply", "redo"):
            able = [one for one in able if one.id != event_of(case).handled_by_id]
        return self.chance.choice(able) if able else None

    def _said(self, case: Case, name: str) -> dict:
        text = TEXTS.get(name.removesuffix("_reply"), "")
        data = {"text": text, "reply": "您反映的事已经办好，谢谢。", "reply_channel": "phone", "days": 5,
                "difficulty": "normal", "kind": "station.request", "sub": ""}
        if name in ("assign", "reassign"):
            staffed = {one.post.unit.id for one in self.people if one.may("grid.handle")}
            units = [one for one in targets(case, event_of(case).category) if one.id in staffed]
            data["target"] = str(units[0].id if units else "")
        return data

    def _merge(self, case: Case, moment: datetime.datetime) -> None:
        """Let whoever holds both decide that the event is the same as an earlier one, where there is one."""
        other = Case.select().where(
            Case.kind == KIND.name, Case.unit == case.unit_id, Case.id < case.id, Case.closed.is_null()
        ).first()
        able = [one for one in self.people if one.may("cases.merge") and holds(one, case)]
        if other is not None and able and moment <= now():
            try:
                merge(case, other, self.chance.choice(able), "同一处的同一件事。", at=moment)
            except Refused:
                return  # answered in the meantime: it stays as it is

    def protect(self) -> None:
        """Report one thing that may not wait."""
        reporter = self.reporters[0]
        at = now() - datetime.timedelta(minutes=20)
        report(self._place(reporter), reporter, {
            "category": "protect", "sub": "minor", "text": "学校老师告知：孩子身上有新伤，已送卫生院。", "where": "",
            "informed_whom": "110", "informed_at": at.replace(second=0, microsecond=0), "channel": "grid",
        }, at=at)
