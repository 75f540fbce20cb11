"""Believable self-government of the last half year: rules in every state, meetings, rounds, feasts."""

import datetime
import random
from dataclasses import dataclass

from plugins.village_rules import board, charters, correction, council, meetings, rectification
from plugins.village_rules.models import Charter, Household, Rectification, Round
from portal.kit import Case, Refused, Unit, available, everybody, now, take

VILLAGE = "510722104204"
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡"
GIVEN = "秀兰桂英建国德明玉珍志强淑芬永福素华开贵光荣碧云天才泽民文芳"
HOUSEHOLDS = 42

CLAUSES = (
    ("conduct", "孝老爱亲", "孝敬父母，关爱子女，夫妻平等，邻里互助，不得虐待、遗弃老人和孩子。"),
    ("conduct", "环境卫生", "房前屋后每天清扫，垃圾分类投放，柴草、农具堆放整齐，家禽家畜圈养。"),
    ("order", "公共道路", "不在公共道路上堆放柴草、砂石，不占道经营，方便大家通行。"),
    ("order", "防火防汛", "不焚烧秸秆，不在林区用火；汛期听从转移安排，互相提醒独居老人。"),
    ("rights", "村务公开", "村务按季度公开，村民对公开的内容可以查询、提出意见，村民委员会及时答复。"),
    ("rights", "男女平等", "妇女和男子一样参加村务、承包土地、分配收益。"),
    ("disputes", "有事好商量", "邻里纠纷先当面商量，再请调解委员会调解，也可以依法起诉。"),
    ("customs", "红白喜事", "红白喜事提倡从简，事先告诉红白理事会，不大操大办。"),
)
CHANGED = (
    ("order", "公共道路", "不在公共道路上堆放柴草、砂石、车辆，不占道经营和晾晒，方便大家通行。"),
    ("customs", "红白喜事", "红白喜事提倡从简，提前三天告诉红白理事会，一般不超过二十桌，不攀比、不大操大办。"),
    ("customs", "低彩礼", "提倡零彩礼、低彩礼，不因彩礼起纠纷。"),
)
OPINIONS = (
    ("visit", 6, "路边停车越来越多，会车困难，能不能写进去。", True, "已写进公共道路一条"),
    ("meeting", 12, "办酒席一家比一家多，大家都累，请村里定个数。", True, "写成提倡，不作强制"),
    ("box", 1, "养狗不拴的要罚 200 元。", False, "村里没有罚款的权力，改为劝导"),
    ("phone", 2, "外面打工的人也要能提意见。", True, "微信群里一并征集"),
)
FINED = ("order", "乱倒垃圾", "乱倒垃圾的，第一次劝导，第二次罚款50元，并取消当年的补贴。")
UNFAIR = ("rights", "收益分配", "出嫁女户口未迁出的，不参加集体收益分配。")

#: The step that leads on from each state, in the order of the way.
WAY = ("draft", "submit", "approve", "adopt", "file", "register", "publish")
STATES = ("collecting", "drafting", "reviewing", "voting", "adopted", "filing", "filed", "in_force", "dropped")
SAID = {
    "draft": "入户和院坝会征集，公示栏里贴了二维码以外的纸质意见单。", "submit": "条文和意见处理都写好了，请审核。",
    "approve": "逐条对照法律，没有抵触。", "adopt": "", "file": "附会议记录和文本。",
    "register": "文本和会议记录齐全。",
    "drop": "与邻村合并制定，这一件不再继续。",
}


def fill(say) -> None:
    """Write the self-government of the villages that have somebody to write it; the same seed, the same villages."""
    story = Story(random.Random(510724))
    if not story.clerks:
        return
    steps = [story.rolls, story.feasts, story.charters, story.meetings, story.rounds]
    for number, part in enumerate(steps, 1):
        part()
        say("编写村民自治", number, len(steps))


@dataclass
class Story:
    chance: random.Random

    def __post_init__(self):
        self.people = everybody()
        #: One clerk for each village.
        self.clerks = {}
        for person in self.people:
            unit = person.post.unit if person.post else None
            if unit and unit.village_id and person.may("village_rules.draft") and "village_rules" in person.enabled:
                self.clerks.setdefault(unit.village_id, person)
        self.villages = {key: Unit.get_by_id(key) for key in self.clerks}
        # The village that visitors sign in to comes first, because it is told in full.
        self.order = sorted(self.villages, key=lambda key: (self.villages[key].code != VILLAGE,
                                                            self.villages[key].code))

    def before(self, days: int, hour: int = 10) -> datetime.datetime:
        return (now() - datetime.timedelta(days=days)).replace(hour=hour, minute=self.chance.randrange(50), second=0)

    def day(self, days: int) -> datetime.date:
        return now().date() - datetime.timedelta(days=days)

    def name(self) -> str:
        return self.chance.choice(SURNAMES) + "".join(self.chance.sample(GIVEN, 2))

    # -- rolls and meetings ------------------------------------------------------------------------------------------

    def rolls(self) -> None:
        for key in self.order:
            households = self.chance.randrange(260, 520)
            representatives = households // 9
            meetings.save_assembly(self.villages[key], {
                "adults": households * 3 - self.chance.randrange(60), "households": households, "committee": 5,
                "representatives": representatives, "women": (representatives + 5) * 2 // 5,
                "elected_on": self.day(500),
            }, 0, self.clerks[key])

    def meeting(self, key: int, body: str, subject: str, days: int, share: float, votes: dict | None):
        """Hold a meeting so many days ago at which `share` of the roll were there; returns the resolution, if any."""
        clerk, unit = self.clerks[key], self.villages[key]
        roll = {"villagers": 300, "assembly": 45, "group": 40}[body]
        meeting = meetings.plan(unit, clerk, {
            "body": body, "group_name": "3 组" if body == "group" else "", "subject": subject,
            "called_by": "committee", "demanders": None, "demanders_of": None, "notice_on": self.day(days + 12),
            "special_reason": "", "planned_at": self.before(days, 9), "place": "村活动室", "chair": clerk.full_name,
        })
        present = round(roll * share)
        meetings.record(meeting, {
            "held_on": self.day(days), "counting": "members" if body == "assembly" else "households", "roll": roll,
            "present": present, "women_present": present * 2 // 5, "recorder": self.name(),
            "record": "逐项说明，大家提了意见，主持人当场答复，随后举手表决。", "attendees": "",
        }, meeting.version, clerk)
        if votes is None:
            return None
        carried = votes.pop("carried")
        return meetings.add_resolution(meeting, {
            "text": f"{subject}。", "votes_for": present - 8 if carried else present // 3, "votes_against": 3,
            "votes_abstained": 5, "important": True, "party_on": self.day(days + 15), "party_note": "同意提交会议讨论",
            "passed": carried, **votes,
        }, meeting.version, clerk)

    def meetings(self) -> None:
        for number, key in enumerate(self.order):
            self.meeting(key, "assembly", "通报第三季度村务公开", 100 + number, 0.8, None)
        first = self.order[0]
        self.meeting(first, "villagers", "讨论村道扩宽占用院坝", 60, 0.5, {"matter": "other", "carried": False})
        self.meeting(first, "group", "3 组堰塘清淤出工", 30, 0.75, {"matter": "other", "carried": True})
        for number, key in enumerate(self.order):
            if number % 3 != 2:  # the third has not met this quarter: a list without a gap teaches nothing
                self.meeting(key, "assembly", "讨论第四季度村务和冬季防火", 14 + number, 0.85, {
                    "matter": "other", "carried": True})
        meetings.plan(self.villages[first], self.clerks[first], {
            "body": "villagers", "group_name": "", "subject": "年度工作报告和明年计划", "called_by": "committee",
            "demanders": None, "demanders_of": None, "notice_on": self.day(0), "special_reason": "",
            "planned_at": now() + datetime.timedelta(days=14), "place": "村活动室",
            "chair": self.clerks[first].full_name,
        })

    # -- 村规民约 ------------------------------------------------------------------------------------------------------

    def charters(self) -> None:
        first = self.order[0]
        self.charter(first, "in_force", 170, CLAUSES)
        second = self.charter(first, "in_force", 70, ())
        self.order_correction(second)
        for number, (key, state) in enumerate(zip(self.order[1:], STATES, strict=False)):
            extra = {"drafting": (FINED,), "reviewing": (UNFAIR,)}.get(state, ())
            self.charter(key, state, 40 - number, (*CLAUSES, *extra))
        for key in self.order[1 + len(STATES):]:
            self.charter(key, "in_force", 90, CLAUSES[:6])

    def charter(self, key: int, until: str, days: int, clauses) -> Case:
        """Write an edition and take it to the state `until`, beginning so many days ago."""
        clerk, unit = self.clerks[key], self.villages[key]
        at = self.before(days)
        case = charters.begin(unit, clerk, {"title": "村规民约",
                                            "collect_until": at.date() + datetime.timedelta(days=15),
                                            "text": "征求全村意见。"}, at=at)
        charter = charters.charter_of(case)
        for theme, heading, text in clauses:
            answer = "户口在村的妇女只有一人，本人同意" if heading == UNFAIR[1] else ""
            charters.add_clause(charter, case, {"theme": theme, "heading": heading, "text": text, "answer": answer,
                                                "position": None}, clerk)
        if not clauses:
            self.amend(charter, case, clerk)
        for how, people, text, adopted, reason in OPINIONS:
            one = charters.add_opinion(charter, case, {"how": how, "people": people, "text": text}, clerk)
            if until != "collecting":
                charters.answer_opinion(charter, case, one, {"adopted": "yes" if adopted else "no", "reason": reason},
                                        1,
                                        clerk)
        if until == "dropped":
            return take("drop", case, clerk, {"text": SAID["drop"]}, at=self.before(days - 5))
        for number, name in enumerate(WAY[:STATES.index(until)]):
            case = self.step(case, name, key, days - 2 * (number + 1))
        return case

    def amend(self, charter, case, clerk) -> None:
        """Change the clauses that were taken over, so that the two editions differ where one can see it."""
        by_heading = {one.heading: one for one in charters.clauses_of(charter)}
        for theme, heading, text in CHANGED:
            data = {"theme": theme, "heading": heading, "text": text, "answer": "", "position": None}
            if (clause := by_heading.get(heading)) is not None:
                charters.edit_clause(charter, case, clause, data, clause.version, clerk)
            else:
                charters.add_clause(charter, case, data, clerk)
        gone = by_heading["防火防汛"]
        charters.remove_clause(charter, case, gone, gone.version, clerk)

    def step(self, case: Case, name: str, key: int, days: int) -> Case:
        data = {"text": SAID.get(name, ""), "party_opinion": "同意提交村民会议表决", "authorised_by": ""}
        if name == "adopt":
            resolution = self.meeting(key, "villagers", "表决村规民约", days, 0.72, {"matter": "charter",
                "carried": True})
            data["resolution"] = str(resolution.id)
        if name == "publish":
            day = self.day(days)
            data |= {"published_on": day, "published_at": "村公示栏", "effective_on": day + datetime.timedelta(days=3)}
        taker = self.taker(case, name)
        return take(name, case, taker, data, at=min(self.before(days, 15), now())) if taker else case

    def taker(self, case: Case, name: str):
        """Return somebody who may take the step `name` now, or None."""
        case = Case.get_by_id(case.id)
        return next((person for person in self.people if any(step.name == name for step in available(case, person))),
                    None)

    def order_correction(self, case: Case) -> None:
        """The township of the first village has one clause of its new edition corrected."""
        charter = Charter.get(Charter.case == case.id)
        reviewer = next((person for person in self.people if person.may("village_rules.review")
                         and person.post.unit.covers(self.villages[charter.unit_id])), None)
        if reviewer is not None and charter.status == "in_force":
            correction.order(charter, reviewer, {
                "clauses": "第 7 条", "reason": "“一般不超过二十桌”容易被当成强制，请写明只是提倡。", "days": 15})

    # -- 红黑榜 --------------------------------------------------------------------------------------------------------

    def rounds(self) -> None:
        for key in self.order[:4]:
            clerk, unit = self.clerks[key], self.villages[key]
            board.save_sheet(unit, board.SAMPLE, 0, clerk, self.day(120))
            for number in range(HOUSEHOLDS if key == self.order[0] else 12):
                board.save_household(unit, {"head": self.name(), "id_card": "", "group_name": f"{number % 6 + 1} 组",
                                            "door": f"{number // 6 * 2 + 1} 号", "active": True}, clerk)
        first = self.order[0]
        last = self.day(0).replace(day=1) - datetime.timedelta(days=1)
        self.round(first, last, ("cleared", "corrected", "withdrawn", "mending"), post=True)
        self.round(first, self.day(0), ("listed", "mending", "appealed", "passed"), post=False)
        for key in self.order[1:4]:
            self.round(key, last, ("cleared", "cleared"), post=True)

    def round(self, key: int, month: datetime.date, ends, post: bool) -> None:
        """Hold the round of a month; the households that have something to put right end as `ends` say."""
        clerk = self.clerks[key]
        one = board.begin(self.villages[key], {"month": f"{month:%Y-%m}", "held_on": min(month, self.day(3)),
                                               "inspectors": f"{clerk.full_name}、村民代表三人、妇联执委一人"}, clerk,
                          self.day(0))
        lines = board.lines_of(one.sheet_id)
        homes = board.households_of(key)
        poor = set(self.chance.sample(range(len(homes)), len(ends)))
        for number, home in enumerate(homes):
            self.score(one, lines, home, number in poor, clerk)
        scores = board.scores_of(one)
        first, last = board.suggested(scores, one)
        at = datetime.datetime.combine(min(month, self.day(3)), datetime.time(16))
        rectification.confirm(one, set(first), set(last), one.version, clerk, at)
        rows = list(Rectification.select().join(Case).where(Rectification.village_id == key)
                    .order_by(Rectification.id.desc()).limit(len(last)))
        for row, end in zip(rows, ends, strict=False):
            self.mend(Case.get_by_id(row.case_id), end if not post or end != "mending" else "told", clerk, at)
        if post:
            one = Round.get_by_id(one.id)
            try:
                # The first village's board still hangs; the others' time is over, and their names are gone.
                day = self.day(8) if key == self.order[0] else month + datetime.timedelta(days=1)
                board.post(one, day, "村公示栏", one.version, clerk, self.day(0))
            except Refused:
                return  # somebody was not told or has no answer yet: then it waits, as it would

    def score(self, one: Round, lines, home: Household, poor: bool, clerk) -> None:
        faults = {}
        for line in self.chance.sample(lines, 9 if poor else self.chance.randrange(5)):
            most = line.most_faults
            faults[f"line_{line.id}"] = self.chance.randrange(most // 2, most + 1) if poor else min(most, 2)
        remark = "门前堆了建筑垃圾，柴草散乱" if poor else ""
        board.score(one, lines, home, {**faults, "remark": remark}, 0, clerk)

    def mend(self, case: Case, end: str, clerk, at: datetime.datetime) -> None:
        """Take the steps of one household until it stands as `end` says."""
        reply = {"reply": "已经上门看过，谢谢您把院子收拾干净。", "reply_channel": "door"}
        told = {"what": "清走门前建筑垃圾，柴草码放整齐", "told_on": at.date()}
        ways = {
            "listed": (), "told": (("tell", told),), "mending": (("tell", told), ("fail",
                {"text": "清了一半，再给几天。"})),
            "appealed": (("tell", told), ("appeal", {"text": "那堆砖是邻居修房临时放的。"})),
            "passed": (("tell", told), ("pass", {"text": "已经清走，院子干净。"})),
            "cleared": (("tell", told), ("pass", {"text": "已经清走，院子干净。"}), ("clear", reply)),
            "corrected": (("tell", told), ("appeal", {"text": "扣分的是隔壁的菜地。"}),
                          ("correct", {"reply": "核实后确实不是您家，已经更正。", "reply_channel": "face"})),
            "withdrawn": (("withdraw", {"reply": "您家老人有病在身，不列榜，我们来帮忙打扫。",
                                        "reply_channel": "door"}),),
        }
        for number, (name, data) in enumerate(ways[end], 1):
            case = take(name, case, clerk, data, at=min(at + datetime.timedelta(hours=18 * number), now()))

    # -- 红白理事会 ----------------------------------------------------------------------------------------------------

    def feasts(self) -> None:
        for number, key in enumerate(self.order[:5]):
            clerk, unit = self.clerks[key], self.villages[key]
            elected = self.meeting(key, "assembly", "推选红白理事会", 110, 0.85, {"matter": "council", "carried": True})
            members = "\n".join(f"{self.name()} | {duty}" for duty in ("会长", "副会长", "成员", "成员", "成员"))
            council.save_council(unit, {"members": members, "elected_on": elected.meeting.held_on,
                                        "until": self.day(-985), "resolution": str(elected.id)}, 0, clerk)
            council.save_limits(unit, {"tables": 20, "per_table": 300, "tobacco": 20, "alcohol": 80, "gift": 100,
                                       "cars": None, "days": 1,
                                       "note": "提倡不请乐队，不放大量烟花，零彩礼、低彩礼。"}, 0, clerk)
            for days in (60, 31, 12, -9, -25)[:5 - number]:
                self.feast(unit, clerk, days)

    def feast(self, unit: Unit, clerk, days: int) -> None:
        """A feast so many days ago (or ahead), announced two weeks before."""
        kind = self.chance.choice(("wedding", "wedding", "funeral", "other"))
        tables, notice = self.chance.choice((12, 15, 18, 20, 28)), self.day(max(days + 14, 1))
        banquet = council.save_banquet(unit, {
            "host": self.name(), "id_card": "", "kind": kind, "occasion": "乔迁" if kind == "other" else "",
            "on_day": self.day(days), "notice_on": notice, "tables": tables,
            "per_table": self.chance.choice((260, 300, 380)), "tobacco": 20, "alcohol": 80, "gift": 100,
            "cars": 4 if kind == "wedding" else None, "days": 1, "band": False,
            "pledged_on": notice if days < 40 else None,
        }, clerk)
        if days > 0:
            council.visit(banquet, {
                "visited_on": self.day(days), "visited_by": "红白理事会会长", "actual_tables": tables - 1,
                "actual_per_table": 300, "remark": "按承诺办的，席上没有剩多少菜。"}, banquet.version, clerk)
