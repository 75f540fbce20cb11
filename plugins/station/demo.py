"""Believable requests of the last twelve weeks, in every state, each step taken by somebody who may take it."""

import datetime
import random
from collections import Counter
from dataclasses import dataclass

from stdnum.cn import ric

from plugins.station.models import ServiceItem
from plugins.station.receive import asked_of, receive
from plugins.station.workflow import STATES, materials_of, request_of
from portal.kit import Calendar, Resident, Unit, available, everybody, now, rate, take

CASES = 240
WEEKS = 12
#: Of every hundred recent cases so many are forgotten on somebody's desk: an overdue list without rows teaches nothing.
FORGOTTEN = 12

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖"
    "田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏"
)
GIVEN = {
    "F": "秀兰桂英玉珍淑芬素华碧云文芳世容清莲琼琳惠群先凤",
    "M": "建国德明志强永福开贵光荣天才泽民国祥朝军学良兴发大全",
}
NOTES = ("老人行动不便，家属代交", "材料在家里，说好下次带来", "已电话核对户籍", "赶集日顺路来办", "")
OPINIONS = ("材料齐全，情况属实", "已入户核实，符合条件", "经核对无误，请审核", "信息比对无异常")
DECISIONS = ("符合条件，予以批准。", "经审核，材料真实、条件相符。", "情况属实，符合规定，同意。")
REPLIES = (
    "已经批准，从下月起按月发到您的卡上。", "已办好，请收好凭证。", "已登记，后续有变化会电话通知您。",
    "已经批准，款项预计十个工作日内到账。",
)
#: The care group that a word in an item's name tells of.
CARE = {
    "最低生活保障": "minimum", "特困": "destitute", "残疾": "disabled", "高龄": "aged", "慢特病": "ill",
    "留守": "left_behind", "孤儿": "child", "退役军人": "veteran", "义务兵": "veteran",
}
#: What is written where a step asks for it.
ENDINGS = {
    "decline": "这件事归上级部门管，已告诉您地址和电话。", "terminate": "材料补不齐，先终止，备齐后随时再来。",
}
TEXTS = {
    "correct": "请在方便的时候补齐，材料齐了当天就受理。", "withdraw": "本人暂时不办了",
    "decline": "请到县政务服务中心相应窗口办理", "suspend_town": "依规定公示七天", "suspend_county": "依规定公示七天",
}
REFUSED = "不符合条件：收入核对超过标准；不服可在六十日内申请行政复议"


def fill(say) -> None:
    """Open and move CASES requests; the same seed makes the same county."""
    story = Story(random.Random(510722))
    if not story.windows:
        return
    moments = sorted(story.moment_within(WEEKS * 7) for _ in range(CASES))
    for number, moment in enumerate(moments, 1):
        story.tell(moment)
        say("编写办件", number, CASES + len(STATES))
    for number, state in enumerate(STATES, 1):
        story.tell(story.moment_within(6), until=state.name)
        say("编写办件", CASES + number, CASES + len(STATES))


@dataclass
class Story:
    """Who lives and works in the county, and what becomes of their matters."""

    chance: random.Random

    def __post_init__(self):
        self.people = everybody()
        self.windows = [
            person for person in self.people
            if person.may("station.receive") and person.post.unit.village_id and "station" in person.enabled
        ]
        items = list(ServiceItem.select().where(ServiceItem.origin == "catalogue"))
        self.items = [item for item in items for _ in range(4 if item.starter else 1)]
        self.calendar = Calendar.load()
        self.known = Counter()

    # -- times ---------------------------------------------------------------------------------------------------

    def moment_within(self, days: int) -> datetime.datetime:
        """Return a moment in office hours of a workday within the last `days`."""
        while True:
            day = now().date() - datetime.timedelta(days=self.chance.randrange(days))
            if self.calendar.is_workday(day):
                break
        moment = datetime.datetime.combine(day, datetime.time(9))
        moment += datetime.timedelta(minutes=self.chance.randrange(470))
        return min(moment, now() - datetime.timedelta(minutes=1))

    def later(self, moment: datetime.datetime) -> datetime.datetime:
        """Return when the next step is taken: some hours or days on, in office hours of a workday."""
        hours = self.chance.choice((1, 3, 20, 26, 44, 50, 70))
        moment += datetime.timedelta(hours=hours, minutes=self.chance.randrange(60))
        while not self.calendar.is_workday(moment.date()):
            moment += datetime.timedelta(days=1)
        return moment.replace(hour=min(max(moment.hour, 9), 17))

    # -- people --------------------------------------------------------------------------------------------------

    def applicant(self, old: bool) -> dict:
        year = self.chance.randrange(1934, 1946) if old else self.chance.randrange(1950, 2006)
        born = f"{year}{self.chance.randrange(1, 13):02d}{self.chance.randrange(1, 29):02d}"
        sex = self.chance.choice("FM")
        self.known[born + sex] += 1
        # The last but one digit says the sex (GB 11643): odd for men.
        head = f"510722{born}{200 + 2 * self.known[born + sex] + (sex == 'M'):03d}"
        name = self.chance.choice(SURNAMES) + "".join(self.chance.sample(GIVEN[sex], 2))
        phone = f"138{self.chance.randrange(10**8):08d}"
        return {"name": name, "id_card": head + ric.calc_check_digit(head + "0"), "phone": phone}

    def taker(self, case, name: str):
        """Return somebody who may take the step `name` now, or None."""
        able = [
            person for person in self.people
            if case.unit_id in person.acts_for and any(step.name == name for step in available(case, person))
        ]
        if name in ("forward_county", "decide", "decide_town", "decide_village"):
            able = [person for person in able if person.id != request_of(case).received_by_id]
        return self.chance.choice(able) if able else None

    # -- matters -------------------------------------------------------------------------------------------------

    def tell(self, moment: datetime.datetime, until: str | None = None) -> None:
        """Open one request at `moment` and move it on until now, until it is forgotten, or to the state `until`."""
        window, item = self.chance.choice(self.windows), self._item(until)
        materials = asked_of(item)
        complete = until not in ("correcting", "terminated") and self.chance.random() < 0.85
        data = {
            **self.applicant("高龄" in item.name or "老年" in item.name), "note": self.chance.choice(NOTES),
            "channel": self.chance.choice(("window", "window", "window", "visit", "mobile")),
            "received": [one.id for one in materials if complete and one.need != "conditional"],
        }
        case = receive(item, Unit.get_by_id(window.post.unit.village_id), window, data, at=moment)
        self._tag(case.resident, item)
        recent = now() - moment < datetime.timedelta(days=30)
        forgotten = until is None and recent and self.chance.randrange(100) < FORGOTTEN
        for name in self._path(case, item, complete or not materials, until):
            moment = self.later(moment) if until is None else min(moment + datetime.timedelta(hours=2), now())
            taker = self.taker(case, name)
            if moment > now() or taker is None or (forgotten and self.chance.random() < 0.4):
                return
            case = take(name, case, taker, self._said(case, name, item), at=moment)
            if case.replied and case.rating is None and self.chance.random() < 0.7:
                rate(case, taker, self.chance.choices((5, 4, 3, 2, 1), (64, 24, 8, 3, 1))[0], "screen", at=moment)

    def _tag(self, resident: Resident, item: ServiceItem) -> None:
        """Note of whom the station knows why they need care: what they apply for says it."""
        if tag := next((tag for word, tag in CARE.items() if word in item.name), None):
            resident.tags = [tag]
            resident.save(only=[Resident.tags])

    def _item(self, until: str | None) -> ServiceItem:
        wanted = {"special_town": "town", "at_town": "town"}.get(until, "county") if until else None
        return self.chance.choice([
            item for item in self.items
            if wanted is None or (item.decides == wanted and not item.on_the_spot and asked_of(item))
        ])

    def _path(self, case, item: ServiceItem, complete: bool, until: str | None):
        """Yield the names of the steps on the way, up to the state `until` where one is wanted."""
        if until == "received":
            return
        first = {"declined": ("decline",), "withdrawn": ("withdraw",)}.get(until)
        if first or (until is None and self.chance.random() < 0.03):
            yield from first or (self.chance.choice(("decline", "withdraw")),)
            return
        if not complete:
            yield "correct"
            if until == "correcting":
                return
            if until == "terminated":
                yield "terminate"
                return
            yield "supplement"
        if item.on_the_spot:
            yield "settle"
        else:
            yield "accept"
            if until == "accepted":
                return
            yield from self._upwards(item, until)
        if until in (None, "archived") and (until or self.chance.random() < 0.6):
            yield "archive"

    def _upwards(self, item: ServiceItem, until: str | None):
        if item.decides == "village":
            yield "decide_village"
        else:
            yield "forward_town"
            if until == "at_town":
                return
            if until == "special_town" or (until is None and item.decides == "town" and self.chance.random() < 0.3):
                yield "suspend_town"
                if until:
                    return
                yield "resume_town"
            if item.decides == "town":
                yield "decide_town"
            else:
                yield "forward_county"
                if until == "at_county":
                    return
                if until == "special_county" or (until is None and self.chance.random() < 0.3):
                    yield "suspend_county"
                    if until:
                        return
                    yield "resume_county"
                yield "decide"
        if until != "decided":
            yield "deliver"

    def _said(self, case, name: str, item: ServiceItem) -> dict:
        """Return what the form of a step would hold."""
        missing = [one.id for one in materials_of(case) if one.state != "received"]
        refused = name.startswith("decide") and self.chance.random() < 0.05
        said = DECISIONS if name.startswith("decide") else OPINIONS
        text = REFUSED if refused else TEXTS.get(name) or self.chance.choice(said)
        return {
            "missing": missing[:2], "received": missing, "later": [], "procedure": "公示",
            "granted": "no" if refused else "yes", "delivery": "account" if "补贴" in item.name else "window",
            "recipient": case.applicant, "reply_channel": self.chance.choice(("face", "face", "phone", "door")),
            "reply": ENDINGS.get(name) or self.chance.choice(REPLIES), "text": text,
        }
