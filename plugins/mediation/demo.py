"""Believable organisations and disputes of the last half year, in every state; among them the orchard dispute.

Every step is taken by somebody who may take it. All names are invented; the same seed makes the same county.
"""

import datetime
import random

from stdnum.cn import ric

from plugins.mediation.committees import Seated, create_committee, save_mediator, save_team
from plugins.mediation.demo_texts import FAMILY, GIVEN, ORCHARD, QUARRELS, REPLIES, ROUNDS, SETTLEMENTS, TERMS
from plugins.mediation.models import Committee, Mediator
from plugins.mediation.offices import above
from plugins.mediation.record import dispute_of, parties_of
from plugins.mediation.register import register
from plugins.mediation.sweeps import found_in, report
from portal.kit import Calendar, Unit, available, everybody, now, take, today

TOWNS = ("510722104000", "510722101000")
VILLAGE = "510722104204"
DISPUTES = 60
WEEKS = 26
#: Where a dispute stops, each state at least once; the others go as far as time allows.
ENDS = (
    "registered", "accepted", "named", "mediating", "performing", "performed", "settled", "failed", "stopped",
    "unperformed", "declined", "redirected", "withdrawn", "at_town", "at_county", "alarmed", "oral", "confirmed",
)
MAIN = ("accept", "name", "tell_rights", "round", "round", "agree", "perform", "follow_up", "close", "file")
WAYS = {
    "registered": (), "accepted": MAIN[:1], "named": MAIN[:2], "mediating": MAIN[:4], "performing": MAIN[:6],
    "performed": MAIN[:7], "settled": MAIN[:9], "failed": (*MAIN[:5], "fail"), "stopped": ("accept", "stop"),
    "unperformed": (*MAIN[:6], "press", "breach"), "declined": ("decline",), "redirected": ("redirect",),
    "withdrawn": ("accept", "withdraw"), "at_town": (*MAIN[:4], "hand_up", "accept", "name"),
    "at_county": (*MAIN[:4], "hand_up", "accept", "hand_up"), "alarmed": (*MAIN[:3], "alarm", "round"),
    "oral": (*MAIN[:4], "agree_orally", "perform", "follow_up", "close", "file"),
    "confirmed": (*MAIN[:6], "ask_court", "court_result", "perform", "follow_up", "close", "file"),
    "archived": MAIN,
}


def fill(say) -> None:
    """Make committees for all villages of two towns, and DISPUTES disputes there."""
    story = Story(random.Random(5107225))
    units = story.units()
    if not story.handlers or not units:
        return
    total = len(units) + DISPUTES + 1
    for number, unit in enumerate(units, 1):
        story.committee(unit)
        say("登记调解组织", number, total)
    story.orchard()
    ends = [*ENDS, *("archived" for _ in range(DISPUTES - len(ENDS)))]
    for number, end in enumerate(ends, 1):
        story.tell(end)
        say("编写纠纷", len(units) + 1 + number, total)
    story.sweeps()


def _id_card(head: str) -> str:
    """Return an invented number with the last digit that fits."""
    return head + ric.calc_check_digit(head + "0")


class Story:
    """Who lives, works and quarrels in the two towns."""

    def __init__(self, chance: random.Random):
        self.chance = chance
        self.people = everybody()
        self.calendar = Calendar.load()
        able = [
            person for person in self.people
            if person.may("mediation.handle") and person.may("mediation.register") and "mediation" in person.enabled
        ]
        # One for each unit: what the one who mediates has done, that account can be shown with.
        self.handlers = list({person.post.unit.id: person for person in able}.values())
        self.manager = next((person for person in self.people if person.post.unit.name.endswith("司法局")), None)

    def units(self) -> list[Unit]:
        """Return the villages of the two towns, the towns, and the justice bureau of the county."""
        towns = list(Unit.select().where(Unit.code.in_(TOWNS)).order_by(Unit.code))
        if not towns or self.manager is None:
            return []
        villages = Unit.select().where(Unit.town_id.in_([town.id for town in towns]), Unit.level == "village")
        return [*villages.order_by(Unit.code), *towns, Unit.get_by_id(self.manager.post.unit.id)]

    # -- organisations -----------------------------------------------------------------------------------------------

    def name(self) -> str:
        return self.chance.choice(FAMILY) + "".join(self.chance.sample(GIVEN, 2))

    def committee(self, unit: Unit) -> None:
        """Create the committee of `unit`, of a village also its 说理小组; a few terms are over."""
        chance, village = self.chance, unit.level == "village"
        size = 5 if unit.code == VILLAGE else chance.choice((3, 5, 5, 7))
        sexes = ["F", *("M" for _ in range(size - 1))]
        if size > 3:
            sexes[2] = "F"
        members = [
            Seated(self.name(), sex, "full" if not village and number < 2 else "part", "主任" if number == 1 else "")
            for number, sex in enumerate(sexes)
        ]
        days = chance.randrange(1110, 1300) if chance.random() < 0.08 else chance.randrange(100, 1000)
        found = create_committee(unit, {
            "kind": "village" if village else "town" if unit.level == "town" else "trade",
            "name": f"{unit.short}人民调解委员会", "elected_on": today() - datetime.timedelta(days=days),
            "sealed": True,
        }, members, self.manager)
        self._with_accounts(found, unit)
        if village and (unit.code == VILLAGE or chance.random() < 0.6):
            people = [one.id for one in Mediator.select().where(Mediator.committee == found).order_by(Mediator.id)]
            people = people[:5] if len(people) >= 5 else people[:3]
            save_team(found, None, {
                "name": "说理小组", "mediators": people, "leader": people[0], "dissolved_on": None}, 0)

    def _with_accounts(self, found: Committee, unit: Unit) -> None:
        """Let those of the unit who have an account and mediate be hired mediators."""
        known = set()
        for person in self.handlers:
            at = person.post.unit
            if (at.id == unit.id or (at.level == "department" and at.parent_id == unit.id)) and person.id not in known:
                if at.level == "department" and not at.name.endswith(("综治中心", "司法所")):
                    continue
                known.add(person.id)
                save_mediator(found, None, {
                    "name": person.full_name, "sex": "F" if person.full_name[-1] in "容华芳丽英兰" else "M",
                    "joined": "hired", "time": "full", "duty": "", "phone": "", "since": found.elected_on,
                    "until": None, "user": str(person.id), "id_card": "",
                }, 0, self.manager)

    # -- times -------------------------------------------------------------------------------------------------------

    def moment_before(self, days: int, least: int = 1) -> datetime.datetime:
        """Return a moment in office hours of a workday, at most `days` ago."""
        while True:
            day = today() - datetime.timedelta(days=self.chance.randrange(least, max(days, least + 1)))
            if self.calendar.is_workday(day):
                return datetime.datetime.combine(day, datetime.time(9)) + datetime.timedelta(
                    minutes=self.chance.randrange(470))
            least, days = max(least - 1, 0), days + 1

    def later(self, moment: datetime.datetime, days=(0, 1, 1, 2, 3)) -> datetime.datetime:
        moment += datetime.timedelta(days=self.chance.choice(days), minutes=self.chance.randrange(20, 90))
        if moment.hour >= 18:  # the working day is over: tomorrow morning, and never before what was just done
            moment = moment.replace(hour=9) + datetime.timedelta(days=1)
        while not self.calendar.is_workday(moment.date()):
            moment += datetime.timedelta(days=1)
        return moment

    # -- disputes ----------------------------------------------------------------------------------------------------

    def taker(self, case, name: str):
        """Return somebody who may take the step `name` now: the one who has it, where possible."""
        able = [
            person for person in self.handlers
            if case.unit_id in person.acts_for and any(step.name == name for step in available(case, person))
        ]
        return next((person for person in able if person.id == case.person_id), able[0] if able else None)

    def registrar(self):
        at_work = [person for person in self.handlers if person.post.unit.town_id is not None]
        villages = [person for person in at_work if person.post.unit.level == "village"]
        towns = [person for person in at_work if person.post.unit.name.endswith(("综治中心", "司法所"))]
        codes = tuple(code[:9] for code in TOWNS)
        pool = villages if self.chance.random() < 0.75 else towns
        return self.chance.choice([one for one in pool if one.post.unit.code.startswith(codes)] or pool)

    def tell(self, end: str) -> None:
        """Register one dispute and take it as far as `end`."""
        who = self.registrar()
        if end in ("at_town", "at_county"):
            who = next(one for one in self.handlers if one.post.unit.code == VILLAGE)
        kind, subject, brief = self.chance.choice(QUARRELS)
        steps = WAYS[end]
        span = WEEKS * 7 if end == "archived" else len(steps) * 3 + 3
        moment = self.moment_before(span, min(len(steps) * 3 + 1, span - 1))
        place = Unit.get_by_id(who.post.unit.village_id or self._some_village(who.post.unit.town_id))
        channel = "asked" if end == "withdrawn" else self.chance.choice(
            ("found", "found", "found", "asked", "asked", "police", "court", "petition"))
        case = register(place, who, {
            "channel": channel, "type": kind, "subject": subject, "brief": brief, "people": self.chance.randrange(2, 7),
            "happened_on": moment.date() - datetime.timedelta(days=self.chance.randrange(5, 200)),
            "difficulty": self.chance.choice(("simple", "simple", "complex")),
            "risk": self.chance.choice(("low", "low", "middle")), **self._pair(),
        }, at=moment)
        for number, name in enumerate(steps):
            moment = self.later(moment)
            person = self.taker(case, name)
            if person is None or moment > now():
                return
            case = take(name, case, person, self._said(case, name, moment, last=number + 1 == len(steps)), at=moment)

    def _some_village(self, town_id: int) -> int:
        found = Unit.select(Unit.id).where(Unit.town_id == town_id, Unit.level == "village").order_by(Unit.code)
        return self.chance.choice([key for (key,) in found.tuples()])

    def _pair(self) -> dict:
        both = {}
        first = self.name()
        second = self.name()
        for prefix, name in (("a_", first), ("b_", second if second != first else second + "才")):
            both |= {f"{prefix}kind": "person", f"{prefix}name": name, f"{prefix}occupation": "务农",
                     f"{prefix}ethnicity": "汉族", f"{prefix}address": f"{self.chance.randrange(1, 10)} 组"}
        return both

    def sweeps(self) -> None:
        """Report the sweeps of the last two months, village by village; where nothing was found, zero."""
        codes = tuple(code[:9] for code in TOWNS)
        at_work = [person for person in self.handlers
                   if person.post.unit.level == "village" and person.post.unit.code.startswith(codes)]
        for person in at_work:
            unit = Unit.get_by_id(person.post.unit.id)
            first = today().replace(day=1)
            for _ in range(2):
                last = first - datetime.timedelta(days=1)
                first = last.replace(day=1)
                self._sweep(unit, first, last, person)

    def _sweep(self, unit: Unit, since, until, person) -> None:
        found = found_in(unit.id, since, until).count()
        report(unit, {"since": since, "until": until, "zero": not found, "note": "逐组走访"}, person,
               at=datetime.datetime.combine(until, datetime.time(17)))

    def _said(self, case, name: str, moment, last: bool = False) -> dict:
        """Return what the form of a step would hold."""
        chance, day = self.chance, moment.date()
        people = parties_of(case)
        both = "、".join(party.full_name for party in people)
        own = case.unit.parent_id if case.unit.level == "department" else case.unit_id
        committee = Committee.get_or_none(Committee.unit.in_([case.unit_id, own]))
        common = {"reply": chance.choice(REPLIES), "reply_channel": "face", "routes": ["arbitration", "administration",
                                                                                     "court"]}
        return {**common, **{
            "accept": lambda: {"committee": str(committee.id), "willing": "yes", "text": ""},
            "name": lambda: {"mediators": self._chosen(dispute_of(case).committee_id), "consent": False, "invited": "",
                             "chosen_by": chance.choice(("parties", "committee"))},
            "tell_rights": lambda: {"told": True, "told_at": None, "text": ""},
            "round": lambda: {
                "round_at": moment, "kind": chance.choice(("door", "door", "apart", "together", "site")),
                "place": chance.choice(("村委会调解室", "当事人家中院坝", "争议现场")), "people": f"{both}、调解员",
                "told": "", "text": chance.choice(ROUNDS), "result": "going",
            },
            "agree": lambda: self._agreed(case, day, last),
            "agree_orally": lambda: self._agreed(case, day, last),
            "perform": lambda: {"performed_on": day, "text": chance.choice(SETTLEMENTS)},
            "press": lambda: {"text": "上门催了一次，答应这个月内办。"},
            "follow_up": lambda: {
                "visited_at": moment, "performed": "done", "satisfaction": chance.choice(("5", "5", "5", "3", "0")),
                "risk": "none", "text": "协议已经履行，两家来往正常。", "measures": "",
            },
            "ask_court": lambda: {"court": "三台县人民法院", "asked_on": day, "jointly": True, "no_status": True},
            "court_result": lambda: {"result": "confirmed", "result_on": day, "court_number": ""},
            "alarm": lambda: {"measures": "请组长和党员各看一家，先把现场隔开。", "reported_to": "辖区派出所"},
            "hand_up": lambda: {
                "to": str(above(case)[0].id), "difficulty": "hard", "text": "牵涉三个组，村里调不下来。",
            },
            "fail": lambda: {"text": "双方要求相差太大，多次调解不成。"},
            "stop": lambda: {"refuser": str(people[-1].id), "text": "要求直接起诉。"},
            "decline": lambda: {"text": "法院已经立案受理。"},
            "redirect": lambda: {"text": "属于行政机关处理的事项。", "way": "administration"},
            "breach": lambda: {"text": "多次督促，一方仍不履行。"},
            "withdraw": lambda: {"text": "两家自己商量好了，不用调解。"},
            "close": dict, "file": dict,
        }[name]()}

    def _chosen(self, committee_id: int) -> list[int]:
        found = Mediator.select().where(Mediator.committee == committee_id).order_by(Mediator.joined, Mediator.id)
        return [one.id for one in found][:self.chance.choice((1, 2, 3))]

    def _agreed(self, case, day, last: bool) -> dict:
        """Return an agreement: where the story ends with it, it is still to be performed, one in three late."""
        rest = self.chance.choice((-2, 12, 20)) if last else 10
        return {
            "made_on": day, "facts": dispute_of(case).brief, "terms": self.chance.choice(TERMS),
            "how": "当面履行", "where": "村委会", "until": max(day, day + datetime.timedelta(days=rest)),
            "amount": self.chance.choice((None, 300, 600, 1200, 2800)), "copies": 3, "parties_signed": True,
            "mediator_signed": True, "seal": True,
        }

    # -- the orchard dispute -----------------------------------------------------------------------------------------

    def orchard(self) -> None:
        """Tell the dispute of the source: three pepper vines, land exchanged, two brothers, five who reason."""
        who = next((one for one in self.handlers if one.post.unit.code == VILLAGE), None)
        if who is None:
            return
        place = Unit.get_by_id(who.post.unit.village_id)
        committee = Committee.get(Committee.unit == place)
        moment = self.moment_before(72, 70)
        numbers = {"a_id_card": _id_card("51072219620308231"), "b_id_card": _id_card("51072219670915417")}
        case = register(place, who, {
            **ORCHARD["register"], **numbers, "happened_on": moment.date() - datetime.timedelta(days=20),
        }, at=moment)
        for name, days, said in ORCHARD["steps"]:
            moment = self.later(moment, (days,))
            said = {**said, "committee": str(committee.id), "round_at": moment, "visited_at": moment,
                    "made_on": moment.date(), "performed_on": moment.date(),
                    "until": moment.date() + datetime.timedelta(days=10)}
            if name == "name":
                said["mediators"] = self._five(committee)
            case = take(name, case, self.taker(case, name) or who, said, at=moment)

    def _five(self, committee: Committee) -> list[int]:
        found = Mediator.select().where(Mediator.committee == committee, Mediator.joined == "member")
        return [one.id for one in found.order_by(Mediator.id)][:5]
