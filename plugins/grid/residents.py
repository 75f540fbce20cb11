"""What the grids keep about a resident: in which household they live or lived, and the flags of key groups."""

import datetime

from plugins.grid.households import key_people
from plugins.grid.models import GridEvent, Household, KeyPerson, Member, RiskChange, Visit
from portal.kit import Case, Resident, ResidentRecord, ResidentSection, ResidentUse, strike_resident

#: 移出后三年, as the list of purposes says (purposes.py); no national rule sets it.
AFTER_LEAVING = datetime.timedelta(days=3 * 365)


def uses(resident) -> list[ResidentUse]:
    found = []
    members = list(Member.select().where(Member.resident == resident.id))
    if any(member.until is None for member in members):
        found.append(ResidentUse("登记在一户一档里，还没有移出"))
    elif members:
        left = max(member.until for member in members)
        found.append(ResidentUse("移出户档后保管三年", left + AFTER_LEAVING))
    if KeyPerson.select().where(KeyPerson.resident == resident.id).exists():
        found.append(ResidentUse("网格里有一项登记还没有解除"))  # what it is may be read by few
    return found


def sections(resident, person) -> list[ResidentSection]:
    """Return the households, with the others who live there masked, and the flags for whoever may read them."""
    lives = []
    query = Member.select(Member, Household).join(Household).where(
        Member.resident == resident.id, Household.id.in_(Household.seen_by(person).select(Household.id)))
    for member in query.order_by(Member.id):
        others = Member.select(Member, Resident).join(Resident).where(
            Member.household == member.household_id, Member.resident != resident.id, Member.until.is_null())
        lives.append((
            f"{member.household.number} 号户", member.household.address, member.relation_title, member.since,
            member.until or "", "、".join(other.resident.masked_name for other in others),
        ))
    found = [ResidentSection("一户一档", ("户", "门牌", "与户主关系", "从", "到", "同户的人"), lives)]
    if person.may("grid.key_people"):
        flags = key_people(person).where(KeyPerson.resident == resident.id).order_by(KeyPerson.id)
        rows = [(one.kind_title, one.owner, one.since) for one in flags]
        found += [ResidentSection("重点人员标记", ("类别", "责任部门", "从"), rows)] if rows else []
    return found


def records(resident, person) -> list[ResidentRecord]:
    homes = Household.seen_by(person).where(
        Household.id.in_(Member.select(Member.household).where(Member.resident == resident.id)))
    return [ResidentRecord("grid.household", home.id) for home in homes.order_by(Household.id)]


def obstacles(kept, gone) -> list[str]:
    """Say where the two stand beside each other: one person lives in one household, and has each flag once."""
    found = []
    homes = [Member.get_or_none(Member.resident == one.id, Member.until.is_null()) for one in (kept, gone)]
    if all(homes):
        same = homes[0].household_id == homes[1].household_id
        numbers = [one.household.number for one in homes]
        found.append(
            f"两位都登记在 {numbers[0]} 号户，请先在户档里移出一位。" if same else
            f"两位分别登记在 {numbers[0]} 号户和 {numbers[1]} 号户，请先在其中一户移出。"
        )
    kinds = [{one.kind for one in KeyPerson.select().where(KeyPerson.resident == who.id)} for who in (kept, gone)]
    if kinds[0] & kinds[1]:
        # What it is may be read by few, so it is not said here.
        found.append("网格的登记里有一处两位重复，请先联系乡镇综治中心核对。")
    return found


def erase(resident, by) -> None:
    """Take the name from the households in which they lived, and from what was written about those and their events."""
    homes = [member.household_id for member in Member.select().where(Member.resident == resident.id)]
    Household.update(head="", initials="").where(
        Household.id.in_(homes), Household.head == resident.masked_name, Household.initials == resident.initials
    ).execute()
    for model, field in ((Visit, Visit.note), (RiskChange, RiskChange.reason)):
        _strike(model.select().where(model.household.in_(homes)), (field.name,), resident)
    mine = Case.select(Case.id).where(Case.resident == resident.id)
    _strike(GridEvent.select().where(GridEvent.case.in_(mine)), ("text", "where", "result"), resident)


def _strike(rows, names: tuple[str, ...], resident) -> None:
    for row in rows:
        said = {name: strike_resident(getattr(row, name), resident) for name in names}
        if any(getattr(row, name) != text for name, text in said.items()):
            type(row).update(**said).where(type(row).id == row.id).execute()
