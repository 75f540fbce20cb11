"""What becomes of a village's self-government when it is merged: the successor's rules hold, its own become history."""

from plugins.village_rules.models import Banquet, Charter, Council, Household, Meeting, Sheet
from portal.kit import fn, today

#: As long as the column is.
GROUP = 20


def follow(change) -> None:
    """Lead over what goes on (households, meetings and banquets to come, a draft); end what can hold only once."""
    if change.kind != "merged" or change.unit.level != "village":
        return
    old, into = change.unit, change.into
    _join_households(old, into)
    Meeting.update(unit=into.id).where(Meeting.unit == old.id, Meeting.held_on.is_null()).execute()
    Banquet.update(unit=into.id).where(Banquet.unit == old.id, Banquet.on_day >= today()).execute()
    for model in (Sheet, Council):
        model.update(active=False).where(model.unit == old.id).execute()
    Charter.update(status="repealed", repealed_on=change.on or today()).where(
        Charter.unit == old.id, Charter.status == "in_force").execute()
    _lead_draft(old, into)


def _join_households(old, into) -> None:
    """Number them on behind those of the successor; a group of the same name is told apart by the old village."""
    def last(unit) -> int:
        return Household.select(fn.MAX(Household.number)).where(Household.unit == unit.id).scalar() or 0

    changes = {"unit": into.id}
    if last(into):
        changes["number"] = Household.number + max(last(into), last(old))
        changes["group_name"] = fn.SUBSTR(old.short + Household.group_name, 1, GROUP)
    Household.update(**changes).where(Household.unit == old.id).execute()


def _lead_draft(old, into) -> None:
    """A draft goes on as the next edition of the successor, unless that has a draft of its own."""
    if Charter.select().where(Charter.unit == into.id, Charter.status == "drafting").exists():
        return
    last = Charter.select(fn.MAX(Charter.edition)).where(Charter.unit == into.id).scalar() or 0
    for number, draft in enumerate(Charter.select().where(Charter.unit == old.id, Charter.status == "drafting"), 1):
        Charter.update(unit=into.id, edition=last + number).where(Charter.id == draft.id).execute()
