"""What village self-government keeps about a resident: the household of the board, and the banquets that they gave."""

import datetime

from plugins.village_rules.models import Banquet, Household
from portal.kit import ResidentSection, ResidentUse

#: No rule sets it; as long as a household's file after somebody has left.
AFTER_BANQUET = datetime.timedelta(days=3 * 365)


def uses(resident) -> list[ResidentUse]:
    found = []
    mine = Household.resident == resident.id
    if Household.select().where(mine, Household.active == True).exists():  # noqa: E712
        found.append(ResidentUse("是红黑榜在用的一户"))
    days = [one.on_day for one in Banquet.select(Banquet.on_day).where(Banquet.resident == resident.id)]
    if days:
        found.append(ResidentUse("红白事登记保管三年", max(days) + AFTER_BANQUET))
    return found


def sections(resident, person) -> list[ResidentSection]:
    homes = Household.seen_by(person).where(Household.resident == resident.id).order_by(Household.id)
    given = Banquet.seen_by(person).where(Banquet.resident == resident.id).order_by(Banquet.id)
    return [
        ResidentSection("红黑榜的户", ("户号", "组", "门牌"), [(one.code, one.group_name, one.door) for one in homes]),
        ResidentSection("红白事登记", ("日期", "事由", "桌数", "说明"), [
            (one.on_day, f"{one.kind_title} {one.occasion}".strip(), one.tables, one.remark) for one in given]),
    ]


def erase(resident, by) -> None:
    for home in Household.select().where(Household.resident == resident.id):  # each door is there once
        Household.update(head="已删除", door=f"已删除（{home.number}）").where(Household.id == home.id).execute()
    Banquet.update(host="已删除", occasion="", remark="").where(Banquet.resident == resident.id).execute()
