"""The rules of a village while they are written: editions, clauses, opinions; their way is in workflow.py."""

import functools
from dataclasses import dataclass

from peewee import JOIN

from plugins.village_rules.deadlines import reminder
from plugins.village_rules.ground import hold
from plugins.village_rules.models import Charter, Clause, Meeting, Opinion, Resolution
from plugins.village_rules.screening import KINDS, Hint, marked, screen
from portal.kit import Case, Detail, Opening, PreparedModels, Refused, Unit, audit, fn, now, open_case

NO_REPLY = "村民自治事项，公布即答复"
MOST_CLAUSES = 100
#: While a charter stands here its clauses may be written.
DRAFTING = ("collecting", "drafting")

Earlier = Charter.alias()
Adopting = Resolution.alias()


#: charter_of(case): the charter of `case` with its resolution and the edition before it.
charter_of = Detail(lambda slots: (
    Charter.select(Charter, Unit, Adopting, Meeting, Earlier)
    .join(Unit, on=(Charter.unit == Unit.id))
    .join_from(Charter, Adopting, JOIN.LEFT_OUTER, on=(Charter.resolution == Adopting.id), attr="resolution")
    .join(Meeting, JOIN.LEFT_OUTER, on=(Adopting.meeting == Meeting.id))
    .join_from(Charter, Earlier, JOIN.LEFT_OUTER, on=(Charter.previous == Earlier.id), attr="previous")
    .where(Charter.case == slots.case)
))


def clauses_of(charter) -> list[Clause]:
    """Return the clauses in their order."""
    return _clauses(charter=charter.id)


_clauses = PreparedModels(lambda slots: (
    Clause.select().where(Clause.charter == slots.charter).order_by(Clause.position, Clause.id)
))


def opinions_of(charter) -> list[Opinion]:
    return _opinions(charter=charter.id)


_opinions = PreparedModels(lambda slots: (
    Opinion.select().where(Opinion.charter == slots.charter).order_by(Opinion.id)
))


@dataclass(frozen=True)
class Screened:
    """A clause with what screening found in it."""

    clause: Clause
    hints: tuple[Hint, ...]

    @functools.cached_property
    def pieces(self) -> list:
        return marked(self.clause.text)

    @property
    def unanswered(self) -> bool:
        return bool(self.hints) and not self.clause.answer

    @property
    def kinds(self) -> str:
        return "、".join(dict.fromkeys(KINDS[hint.kind] for hint in self.hints))


def screened(clauses) -> list[Screened]:
    """Return each clause with its hints."""
    return [Screened(clause, screen(clause.text)) for clause in clauses]


# -- writing ---------------------------------------------------------------------------------------------------------

def begin(unit: Unit, actor, data: dict, at=None) -> Case:
    """Open the case of a new edition, with the clauses of the edition in force to begin with; returns the case.

    Raises Refused where one is being made already.
    """
    at = at or now()
    if Charter.select().where(Charter.unit == unit, Charter.status == "drafting").exists():
        raise Refused("本村已有一件村规民约正在制定，请在那一件里继续。", "title")
    last = Charter.select().where(Charter.unit == unit).order_by(Charter.edition.desc()).first()
    in_force = Charter.select().where(Charter.unit == unit, Charter.status == "in_force").first()
    case = open_case(
        Opening(
            kind="village_rules.charter", title=f"{unit.short}{data['title']}", place=unit,
            limit=reminder("collect", unit), channel="meeting", no_reply_because=NO_REPLY,
            text=data.get("text", ""), step_title="开始征集意见",
        ),
        actor, at=at,
    )
    charter = Charter.create(
        case=case, unit=unit, title=data["title"], edition=(last.edition if last else 0) + 1, previous=in_force,
        collect_until=data.get("collect_until"), **unit.place(),
    )
    if in_force is not None:
        for clause in clauses_of(in_force):
            Clause.create(charter=charter, position=clause.position, theme=clause.theme, heading=clause.heading,
                          text=clause.text, answer=clause.answer)
    return case


def editable(charter: Charter, case: Case) -> None:
    """Raise Refused unless clauses may be written now."""
    if case.state not in DRAFTING:
        raise Refused("现在不能改条文：只有征集意见和起草时可以改；乡镇审核后要改的，请乡镇退回。")


def check_clause(charter: Charter, data: dict, clause: Clause | None = None) -> None:
    """Raise Refused, at its field, for a clause that cannot be kept."""
    others = Clause.select().where(Clause.charter == charter, Clause.id != (clause.id if clause else 0))
    if clause is None and others.count() >= MOST_CLAUSES:
        raise Refused(f"最多 {MOST_CLAUSES} 条，请合并。", "text")
    if others.where(Clause.text == data["text"]).exists():
        raise Refused("这一条和已有的一条完全相同。", "text")


def add_clause(charter: Charter, case: Case, data: dict, actor) -> Clause:
    """Write a new clause; where its place is taken, the others move on."""
    editable(charter, case)
    check_clause(charter, data)
    position = _make_room(charter, data.get("position"))
    clause = Clause.create(charter=charter, **{**data, "position": position})
    audit.record("village_rules.edit_clause", "case", case.id, actor=actor, detail={"clause": position})
    return clause


def edit_clause(charter: Charter, case: Case, clause: Clause, data: dict, version: int, actor) -> None:
    """Change a clause. Raises Refused, Conflict."""
    editable(charter, case)
    check_clause(charter, data, clause)
    if data.get("position") not in (None, clause.position):
        data = {**data, "position": _make_room(charter, data["position"])}
    else:
        data = {**data, "position": clause.position}
    before = clause.text
    hold(clause, version, f"修改了第 {clause.position} 条", f"/village_rules/clauses/{clause.id}",
         **data)
    _close_gaps(charter)
    audit.record("village_rules.edit_clause", "case", case.id, actor=actor, detail={"clause": clause.position},
                 changes={"text": [before, clause.text]} if before != clause.text else {})


def remove_clause(charter: Charter, case: Case, clause: Clause, version: int, actor) -> None:
    """Take a clause out. Raises Refused, Conflict."""
    editable(charter, case)
    hold(clause, version, f"修改了第 {clause.position} 条", f"/village_rules/charters/{charter.id}")
    clause.delete_instance()
    _close_gaps(charter)
    audit.record("village_rules.remove_clause", "case", case.id, actor=actor,
                 detail={"clause": clause.position, "text": clause.text[:200]})


def _make_room(charter: Charter, wanted: int | None) -> int:
    last = Clause.select(fn.MAX(Clause.position)).where(Clause.charter == charter).scalar() or 0
    if wanted is None or wanted > last:
        return last + 1
    (Clause.update(position=Clause.position + 1)
     .where(Clause.charter == charter, Clause.position >= wanted).execute())
    return wanted


def _close_gaps(charter: Charter) -> None:
    for number, clause in enumerate(clauses_of(charter), 1):
        if clause.position != number:
            Clause.update(position=number).where(Clause.id == clause.id).execute()


def add_opinion(charter: Charter, case: Case, data: dict, actor) -> Opinion:
    """Write down what villagers said. Raises Refused once the draft has gone to the township."""
    if case.state not in DRAFTING:
        raise Refused("征集意见已经结束，不能再登记。")
    one = Opinion.create(charter=charter, by_name=actor.full_name, **data)
    audit.record("village_rules.add_opinion", "case", case.id, actor=actor, detail={"opinion": one.id})
    return one


def answer_opinion(charter: Charter, case: Case, opinion: Opinion, data: dict, version: int, actor) -> None:
    """Say whether an opinion was taken up, and why not. Raises Refused, Conflict."""
    if case.state not in DRAFTING:
        raise Refused("草案已经提请审核，不能再改意见的处理。")
    if data["adopted"] == "no" and not data["reason"]:
        raise Refused("没有采纳的，请写明理由，以便向村民说明。", "reason")
    hold(opinion, version, "处理了这条意见", f"/village_rules/charters/{charter.id}",
         adopted=data["adopted"] == "yes", reason=data["reason"])
    audit.record("village_rules.answer_opinion", "case", case.id, actor=actor, detail={"opinion": opinion.id})


def earlier_of(charter: Charter) -> Charter | None:
    return charter.previous if charter.previous_id else None
