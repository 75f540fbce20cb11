"""一户一档: households, who lives in them, their risk. People are residents; their numbers are never kept here."""

import datetime

from plugins.grid.models import HEAD, MET, RISKS, Household, KeyPerson, Member, RiskChange, Visit
from plugins.grid.team import own_grids, refuse_outside
from portal.kit import (
    Conflict,
    Refused,
    Resident,
    Unit,
    audit,
    find_or_create_resident,
    fn,
    initials,
    setting,
    today,
    url_for,
)

FIELDS = ("number", "address", "kind", "structure", "floors", "safety", "helper")
#: After the risk rose to the highest somebody calls within a day (DOMAIN 4.4).
AT_ONCE = datetime.timedelta(days=1)


def interval(risk: str, place) -> datetime.timedelta:
    """Return how many days may pass between two calls at `place`."""
    return datetime.timedelta(days=setting(f"grid.visit_{risk}_days", place))


def current(person):
    """Return the query of the households in the person's area that are in use."""
    return Household.seen_by(person).where(Household.closed_on.is_null())


def next_number(village_id: int | None) -> int:
    last = Household.select(fn.MAX(Household.number)).where(Household.village_id == village_id).scalar()
    return (last or 0) + 1


def save_household(household: Household | None, unit: Unit, data: dict, by, version: int = 0) -> Household:
    """Create or change a household at the grid or village `unit`; raises Refused for a number that another one has,
    Conflict if somebody else saved since the form was shown."""
    refuse_outside(by, unit)
    Unit.hold(unit.village_id)
    same = Household.select().where(Household.village_id == unit.village_id, Household.number == data["number"])
    if same.where(Household.id != (household.id if household else 0)).exists():
        raise Refused(f"本村已有 {data['number']} 号户，请换一个编号。", "number")
    values = {name: data.get(name) for name in FIELDS}
    if household is None:
        due = today() + interval("normal", unit)
        household = Household.create(unit=unit, due_on=due, **unit.place(), **values)
        audit.record("grid.add_household", "grid.household", household.id)
        return household
    changes = {name: [str(getattr(household, name)), str(values[name])] for name in FIELDS
               if getattr(household, name) != values[name]}
    done = (
        Household.update(**values, unit=unit, **unit.place(), version=Household.version + 1)
        .where(Household.id == household.id, Household.version == version).execute()
    )
    if not done:
        raise _stale(household)
    audit.record("grid.edit_household", "grid.household", household.id, changes=changes)
    return household


def _stale(household: Household) -> Conflict:
    return Conflict("别人", f"修改了 {household.number} 号户", url_for("grid.household", household_id=household.id))


def members_of(household: Household, former: bool = False) -> list[Member]:
    """Return who lives in the household, the head first; or who did."""
    query = Member.select(Member, Resident).join(Resident).where(
        Member.household == household.id, Member.until.is_null(not former)
    )
    return list(query.order_by(Member.relation, Member.id))


def add_member(household: Household, data: dict, by) -> Member:
    """Put a resident into the household; raises Refused for a second head, and for somebody who lives in another."""
    _hold(household)
    lives = Member.select(Member.id).where(Member.household == household.id, Member.until.is_null())
    if data["relation"] == HEAD and lives.where(Member.relation == HEAD).exists():
        raise Refused("这一户已经有户主；一户只有一位户主，请先把原来的户主移出或改关系。", "relation")
    if data["relation"] != HEAD and not lives.where(Member.relation == HEAD).exists():
        raise Refused("请先登记户主，再登记其他人。", "relation")
    resident = find_or_create_resident(
        by, name=data["name"], id_card=data.get("id_card", ""), phone=data.get("phone", ""),
        unit=household.unit,
    )
    there = Member.get_or_none(Member.resident == resident.id, Member.until.is_null())
    if there is not None:
        here = there.household_id == household.id
        raise Refused("这个人已经在这一户。" if here else "这个人已登记在另一户，请先在那一户移出。", "id_card")
    tags = sorted({*resident.tags, *(data.get("tags") or [])})
    if tags != sorted(resident.tags):
        Resident.update(tags=tags).where(Resident.id == resident.id).execute()
    member = Member.create(
        county_id=household.county_id, household=household, resident=resident, relation=data["relation"]
    )
    if member.relation == HEAD:
        _name(household, resident)
    audit.record("grid.add_member", "grid.household", household.id, detail={"resident": resident.id})
    return member


def _hold(household: Household) -> None:
    """Make everybody who changes this household wait for this transaction."""
    Household.update(version=Household.version + 1).where(Household.id == household.id).execute()


def _name(household: Household, resident: Resident | None) -> None:
    (
        Household.update(
            head=resident.masked_name if resident else "", initials=initials(resident.name, 50) if resident else ""
        ).where(Household.id == household.id).execute()
    )


def remove_member(member: Member, by) -> None:
    """Note that somebody left the household; the head leaves last, or after another one was made head."""
    _hold(member.household)
    others = Member.select().where(
        Member.household == member.household_id, Member.until.is_null(), Member.id != member.id
    )
    if member.relation == HEAD and others.exists():
        raise Refused("户主不能先移出：请先把另一个人改为户主，或把其他人移出。")
    Member.update(until=today()).where(Member.id == member.id).execute()
    if member.relation == HEAD:
        _name(member.household, None)
    audit.record("grid.remove_member", "grid.household", member.household_id, detail={"resident": member.resident_id})


def make_head(member: Member, by) -> None:
    """Make somebody the head instead of the one who is; the former head becomes 其他 until somebody says more."""
    _hold(member.household)
    (
        Member.update(relation="8")
        .where(Member.household == member.household_id, Member.relation == HEAD, Member.until.is_null()).execute()
    )
    Member.update(relation=HEAD).where(Member.id == member.id, Member.until.is_null()).execute()
    _name(member.household, member.resident)
    audit.record("grid.make_head", "grid.household", member.household_id, detail={"resident": member.resident_id})


def change_risk(household: Household, risk: str, reason: str, by, version: int) -> None:
    """Set the risk; the next call is due by it from today, after a rise to the highest within a day."""
    if risk == household.risk:
        raise Refused(f"现在就是“{RISKS[risk]}”，不用再改。", "risk")
    due = (household.last_visit or household.created.date()) + interval(risk, household)
    if risk == "high":
        due = min(due, today() + AT_ONCE)
    done = (
        Household.update(risk=risk, due_on=due, version=Household.version + 1)
        .where(Household.id == household.id, Household.version == version).execute()
    )
    if not done:
        raise _stale(household)
    RiskChange.create(
        county_id=household.county_id, household=household, old=household.risk, new=risk, reason=reason,
        by_name=by.full_name,
    )


def visit(household: Household, result: str, by, note: str = "", case=None, at=None) -> Visit:
    """Record a call; where somebody was met, the next one is due an interval later. 见面未遇 changes nothing."""
    row = {} if at is None else {"at": at}
    made = Visit.create(
        household=household, result=result, note=note, due_on=household.due_on, by=by.id, by_name=by.full_name,
        case=case, county_id=household.county_id, town_id=household.town_id, village_id=household.village_id,
        grid_id=household.grid_id, **row,
    )
    if result in MET:
        day = made.at.date()
        due = day + interval(household.risk, household)
        Household.update(last_visit=day, due_on=due).where(Household.id == household.id).execute()
    return made


# -- key groups ----------------------------------------------------------------------------------------------------

def key_people(person):
    """Return the query of the flags that the person may see: those above the village in their area, whoever is on
    the team of a grid by name in that grid."""
    query = KeyPerson.seen_by(person)
    if person.post is not None and person.post.unit.level in ("village", "grid"):
        query = query.where(KeyPerson.unit.in_(own_grids(person)))
    return query


def flag(household: Household, resident: Resident, data: dict, by) -> KeyPerson:
    """Flag a member of the household; raises Refused where the flag is there already."""
    if KeyPerson.select().where(KeyPerson.resident == resident.id, KeyPerson.kind == data["kind"]).exists():
        raise Refused("这个人已经登记为这一类。", "kind")
    made = KeyPerson.create(
        resident=resident, unit=household.unit_id, kind=data["kind"], owner=data["owner"], since=data["since"],
        added_by=by.full_name, county_id=household.county_id, town_id=household.town_id,
        village_id=household.village_id, grid_id=household.grid_id,
    )
    audit.record("grid.flag", "resident", resident.id)
    return made
