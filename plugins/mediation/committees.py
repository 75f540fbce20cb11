"""Organisations of mediation: who sits in a committee, what its members must be, teams, terms (人民调解法第八条)."""

from dataclasses import dataclass

from peewee import JOIN, SQL, fn

from plugins.mediation.models import TERM_YEARS, Committee, Dispute, Mediator, Seat, Team
from portal.kit import (
    Case,
    Conflict,
    Finding,
    Refused,
    Unit,
    audit,
    find_or_create_resident,
    today,
)

LEAST, MOST = 3, 9
TEAM_LEAST, TEAM_MOST = 3, 7

#: Who is named first.
RANK = {"主任": 0, "副主任": 1}

SIZE = "人民调解委员会由三至九人组成（人民调解法第八条），现在是 {} 人。"
WOMAN = "人民调解委员会应当有妇女成员（人民调解法第八条），请至少选一名妇女。"


@dataclass(frozen=True)
class Seated:
    """A member as a form gives it."""

    name: str
    sex: str
    time: str
    duty: str = ""
    phone: str = ""


def check_members(members) -> None:
    """Raise Refused unless there are three to nine, a woman among them. `members` have a `sex`."""
    if not LEAST <= len(members) <= MOST:
        raise Refused(SIZE.format(len(members)), "name_1")
    if not any(member.sex == "F" for member in members):
        raise Refused(WOMAN, "sex_1")


def members_of(committee: Committee) -> list[Mediator]:
    """Return who sits in the committee today."""
    return [one for one in mediators_of(committee) if one.active and one.joined == "member"]


def mediators_of(committee: Committee) -> list[Mediator]:
    """Return everybody who mediates or has mediated for the committee: its head, its members, then who was hired."""
    found = Mediator.select().where(Mediator.committee == committee)
    return sorted(found, key=lambda one: (one.joined != "member", RANK.get(one.duty, len(RANK)), one.id))


def create_committee(unit: Unit, data: dict, members: list[Seated], actor) -> Committee:
    """Create a committee at `unit` with its first members. Raises Refused where it breaks the law."""
    check_members(members)
    _check_day(data["elected_on"])
    name = data["name"]
    if Committee.select().where(Committee.unit == unit, Committee.name == name).exists():
        raise Refused("这个单位已经登记过同名的调解委员会。", "name")
    committee = Committee.create(
        unit=unit, kind=data["kind"], name=name, elected_on=data["elected_on"], sealed=data["sealed"], **unit.place()
    )
    for member in members:
        _seat(committee, member)
    audit.record("mediation.create_committee", "mediation.committee", committee.id, actor=actor)
    return committee


def elect(committee: Committee, elected_on, members: list[Seated], version: int, actor) -> None:
    """换届: a new term begins; who is no longer a member leaves on that day, and stays in the history."""
    check_members(members)
    _check_day(elected_on)
    if elected_on <= committee.elected_on:
        raise Refused(f"换届日期应在本届（{committee.elected_on:%Y-%m-%d}）之后。", "elected_on")
    _claim(committee, version, elected_on=elected_on)
    wanted = {(member.name, member.sex): member for member in members}
    for sitting in members_of(committee):
        again = wanted.pop((sitting.name, sitting.sex), None)
        if again is None:
            sitting.until = elected_on
        else:
            sitting.time, sitting.duty = again.time, again.duty
            sitting.phone = again.phone or sitting.phone
        sitting.version += 1
        sitting.save()
    committee.elected_on = elected_on
    for member in wanted.values():
        _seat(committee, member)
    audit.record("mediation.elect", "mediation.committee", committee.id, actor=actor)


def _seat(committee: Committee, member: Seated) -> Mediator:
    return Mediator.create(
        county_id=committee.county_id, committee=committee, name=member.name, sex=member.sex, time=member.time,
        duty=member.duty, phone=member.phone, since=committee.elected_on,
    )


def _check_day(day) -> None:
    if day > today():
        raise Refused("推选日期不能晚于今天。", "elected_on")


def _claim(committee: Committee, version: int, **changes) -> None:
    changed = Committee.update(version=Committee.version + 1, **changes).where(
        Committee.id == committee.id, Committee.version == version).execute()
    if not changed:
        raise Conflict("别人", f"修改了{committee.name}", f"/mediation/committees/{committee.id}")


def edit_committee(committee: Committee, data: dict, version: int, actor) -> None:
    """Save name, kind, seal and the day on which it was dissolved; open matters must be settled before that."""
    if data["dissolved_on"]:
        open_ones = Dispute.select().join(Case).where(Dispute.committee == committee, Case.closed.is_null()).count()
        if open_ones:
            raise Refused(f"还有 {open_ones} 件纠纷没有办结，不能撤销，请先办结或移交。", "dissolved_on")
    same = Committee.select().where(
        Committee.unit == committee.unit_id, Committee.name == data["name"], Committee.id != committee.id)
    if same.exists():
        raise Refused("这个单位已经登记过同名的调解委员会。", "name")
    _claim(committee, version, name=data["name"], kind=data["kind"], sealed=data["sealed"],
           dissolved_on=data["dissolved_on"])
    audit.record("mediation.edit_committee", "mediation.committee", committee.id, actor=actor)


def save_mediator(committee: Committee, mediator: Mediator | None, data: dict, version: int, actor) -> Mediator:
    """Save one mediator; the committee must stay lawful. The ID number only finds the resident, it is not kept here."""
    Unit.hold(committee.unit_id)  # two who let a member go at once: the second sees what the first left
    mediator = mediator or Mediator(county_id=committee.county_id, committee=committee)
    _claim_row(mediator, version, committee)
    for name in ("name", "sex", "joined", "time", "duty", "phone", "since", "until"):
        setattr(mediator, name, data[name] if name in ("since", "until") else data[name] or "")
    mediator.user = int(data["user"]) if data.get("user") else None
    if mediator.until and mediator.until < mediator.since:
        raise Refused("离任日期不能早于开始日期。", "until")
    if data.get("id_card"):
        mediator.resident = find_or_create_resident(
            actor, name=data["name"], id_card=data["id_card"], unit=committee.unit)
    before = {one.id: one for one in members_of(committee)}
    stays = mediator.active and mediator.joined == "member"
    after = [one for key, one in before.items() if key != mediator.id] + ([mediator] if stays else [])
    if stays or mediator.id in before:
        _check_change(after)
    mediator.save()
    audit.record("mediation.edit_mediator", "mediation.mediator", mediator.id, actor=actor)
    return mediator


def _claim_row(row, version: int, committee: Committee) -> None:
    """Take the next version of a mediator or a team that stands already; Conflict where somebody was faster."""
    if row.id is None:
        return
    model = type(row)
    if not model.update(version=model.version + 1).where(model.id == row.id, model.version == version).execute():
        raise Conflict("别人", f"修改了{row.name}", f"/mediation/committees/{committee.id}")
    row.version = version + 1


def _check_change(after) -> None:
    if len(after) < LEAST:
        raise Refused(f"{SIZE.format(len(after))}请先补选委员，再登记离任。", "until")
    if len(after) > MOST:
        raise Refused(f"{SIZE.format(len(after))}可以登记为聘任的调解员。", "joined")
    if not any(member.sex == "F" for member in after):
        raise Refused(WOMAN, "sex")


def save_team(committee: Committee, team: Team | None, data: dict, version: int) -> Team:
    """Save a 说理小组 of three to seven of the committee's mediators, its leader among them."""
    chosen = list(Mediator.select().where(Mediator.committee == committee, Mediator.id.in_(data["mediators"] or [0])))
    if not TEAM_LEAST <= len(chosen) <= TEAM_MOST:
        raise Refused(f"说理小组由三至七人组成，现在选了 {len(chosen)} 人。", "mediators")
    if int(data["leader"]) not in {one.id for one in chosen}:
        raise Refused("组长应当是小组成员。", "leader")
    team = team or Team(county_id=committee.county_id, committee=committee)
    _claim_row(team, version, committee)
    team.name, team.leader, team.dissolved_on = data["name"], int(data["leader"]), data["dissolved_on"]
    team.save()
    Seat.delete().where(Seat.team == team).execute()
    for one in chosen:
        Seat.create(team=team, mediator=one)
    return team


def teams_of(committee: Committee) -> list[dict]:
    """Return the teams with their members' names, the leader first."""
    seats = (
        Seat.select(Seat, Team, Mediator).join(Team).join_from(Seat, Mediator)
        .where(Team.committee == committee, Team.dissolved_on.is_null()).order_by(Team.id, Mediator.id)
    )
    found: dict[int, dict] = {}
    for seat in seats:
        one = found.setdefault(seat.team_id, {"team": seat.team, "leader": "", "members": []})
        if seat.mediator_id == seat.team.leader_id:
            one["leader"] = seat.mediator.name
        else:
            one["members"].append(seat.mediator.name)
    return list(found.values())


def cases_by_year(committee: Committee) -> list[dict]:
    """Return how many disputes the committee accepted, and of how many the parties agreed, the latest year first."""
    year = fn.SUBSTR(Dispute.accepted_at.cast("TEXT"), 1, 4).alias("accepted_year")
    rows = (
        Dispute.select(year, fn.COUNT(Dispute.id), fn.COUNT(Dispute.agreed_at))
        .where(Dispute.committee == committee, Dispute.accepted_at.is_null(False))
        .group_by(SQL("accepted_year")).order_by(SQL("accepted_year DESC"))
    )
    return [{"year": number, "accepted": accepted, "agreed": agreed} for number, accepted, agreed in rows.tuples()]


def listed(person, kind: str, words: str):
    """Return the query of the committees that the person sees, with unit and number of mediators, as models."""
    active = Mediator.until.is_null() | (Mediator.until > today())
    number = Mediator.select(fn.COUNT(Mediator.id)).where(Mediator.committee == Committee.id, active)
    query = seen_committees(person).select(Committee, Unit, number.alias("mediators_now")).join(Unit)
    query = query.where(Committee.dissolved_on.is_null())
    if kind:
        query = query.where(Committee.kind == kind)
    if words:
        query = query.where(Committee.name.contains(words))
    return query


def seen_rows(model, person):
    """Return the query of committees or sweeps in the person's place; the county's 司法局 keeps count of all of them,
    another department sees its own."""
    column, value = person.area or ("line_id", 0)
    if column != "line_id":
        return model.seen_by(person)
    own = person.post.unit if person.post else None
    if own is not None and own.name.endswith("司法局"):
        return model.select().where(model.county_id == own.county_id)
    return model.select().where(model.unit == value)


def seen_committees(person):
    return seen_rows(Committee, person)


def _overdue():
    """Return the condition that the term of three years is over."""
    day = today()
    leap = (day.month, day.day) == (2, 29)
    return (Committee.elected_on < day.replace(year=day.year - TERM_YEARS, day=28 if leap else day.day)) & (
        Committee.dissolved_on.is_null())


def expired_for(person) -> dict | None:
    """Return what the card of the workbench says of terms that are over, or None."""
    found = list(seen_committees(person).where(_overdue()).order_by(Committee.elected_on).limit(6))
    return {"committees": found[:5], "more": len(found) > 5} if found else None


def findings() -> list[Finding]:
    """Return one sentence about each committee whose term is over, or that the law would not have; nothing serious."""
    active = (Mediator.until.is_null() | (Mediator.until > today())) & (Mediator.joined == "member")
    women = fn.SUM((Mediator.sex == "F").cast("INTEGER"))
    rows = (
        Committee.select(Committee, fn.COUNT(Mediator.id).alias("members"), women.alias("women"))
        .join(Mediator, JOIN.LEFT_OUTER, on=(Mediator.committee == Committee.id) & active)
        .where(Committee.dissolved_on.is_null()).group_by(Committee).order_by(Committee.id)
    )
    sentences = []
    for one in rows:
        if one.expired:
            sentences.append(f"{one.name} {one.term_ends:%Y-%m-%d} 任期已满，应当换届。")
        if not LEAST <= one.members <= MOST or not one.women:
            sentences.append(f"{one.name}现有委员 {one.members} 人、妇女 {one.women or 0} 人，不符合人民调解法第八条。")
    more = [f"……调解组织另有 {len(sentences) - 10} 处提醒。"] if len(sentences) > 10 else []
    return [Finding(sentence, serious=False) for sentence in sentences[:10] + more]
