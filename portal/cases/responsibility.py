"""Which unit is responsible, and that it knows: what the ledger does when a case goes from one unit to another.

签收: whoever is handed a case signs for it, within a time that the county sets; the first act of the unit is its
signature. 退回: a unit that was handed what is not its business gives it back before it takes a step. After too many
returns the unit above both decides, and what it decided stays there (the practice of 潍坊12345条例第二十二条).
"""


import datetime

from portal.calendar import Calendar, CalendarMissing, due_at
from portal.cases import clock, staff, telling
from portal.cases.kinds import kind_of, plugin_of
from portal.cases.lens import holds
from portal.cases.models import Assist
from portal.org.editing import keep_open
from portal.org.enablement import NotEnabled, enabled_for, hold_enabled
from portal.org.models import Unit, ids_of
from portal.org.settings import setting, unit_in_charge
from portal.values import Deadline, Refused, Setting, Step

#: Who says to which unit a case goes, and decides where units disagree.
DECIDING = "cases.hand_over"

SETTINGS = [
    Setting("cases.sign_days", "交到别的单位后，多久内签收", 1, measure="个工作日",
            note="0 表示不要求签收；办理第一个环节就算签收", most=30),
    Setting("cases.return_days", "不归本单位的，多久内可以退回", 3, measure="个工作日",
            note="0 表示没有动手之前都可以退回", most=60),
    Setting("cases.most_returns", "退回几次以后由上级指定", 2, measure="次", note="上级指定以后不能再退回", least=1,
            most=9),
]


# -- arriving and signing ----------------------------------------------------------------------------------------

def arrived(case, actor, at) -> None:
    """Let the unit with which the case now lies sign for it, unless whoever brought it acts for that unit."""
    case.sign_due = case.signed = case.sign_reminded = None
    if not kind_of(case).signs or holds(actor, case):
        return
    days = setting("cases.sign_days", case.county_id)
    if days:
        case.sign_due = _after(days, at)


def sign_by_act(case, actor, at) -> bool:
    """Take an act of the responsible unit for its signature; return whether it was one."""
    if not (case.is_unsigned and holds(actor, case)):
        return False
    case.signed = at
    if case.person_id is None:
        case.person = actor.id
    return True


def hand(case, unit: Unit, actor, at, *, from_unit: Unit | None = None, said: str = "", quiet: bool = False) -> None:
    """Make `unit` responsible and tell it, unless `quiet`. `from_unit` is where it may be sent back to, None where it
    may not. Raises NotEnabled, before anything is changed, where nobody would see it there."""
    if (owner := plugin_of(case.kind)).level != "core":
        hold_enabled(unit, owner, "把这件事交到那里")
    keep_open(unit)
    if unit.id != case.unit_id:
        clock.drop_request(case, at)  # who is to decide, and who asks, has changed
    case.unit, case.person, case.former_unit = unit, None, None
    case.handed_from_id, case.handed_at = (from_unit.id, at) if from_unit else (None, None)
    case.to_decide = case.decided_by_superior = False
    arrived(case, actor, at)
    if case.assists_open:
        _no_longer_asked(case, unit, actor, at)
    if not quiet and not holds(actor, case) and telling.is_news(at):
        telling.unit(case, unit, "cases.handed", said or f"{actor.post.unit.short}交来一件", but=actor)


def _no_longer_asked(case, unit: Unit, actor, at) -> None:
    """End what was asked of the unit that has become responsible itself."""
    case.assists_open -= (
        Assist.update(state="ended", ended=at, by_name=actor.full_name, text="已改为由该单位负责。")
        .where(Assist.case == case.id, Assist.unit == unit.id, Assist.ended.is_null()).execute()
    )


# -- what the steps of a workflow do -----------------------------------------------------------------------------

def refusal(case, step: Step) -> str | None:
    """Return why the responsible unit cannot take `step` before something else is settled, or None."""
    if case.to_decide and not step.decides:
        return f"这件事已经退回 {case.returns} 次，请先指定由谁承办，指定以后不能再退回。"
    if step.returns and case.decided_by_superior:
        return "这件事由上级指定本单位承办，不能再退回。"
    return None


def moved_by_step(case, step: Step, unit: Unit | None, actor, at) -> bool:
    """Carry over to the responsibility what a step does; return whether it was the unit's signature."""
    signed = sign_by_act(case, actor, at)
    if unit is None:
        if step.by == "holder":
            case.handed_from_id = None  # who has begun does not send it back
        return signed
    count = case.returns + step.returns
    try:
        hand(case, unit, actor, at)
    except NotEnabled:
        _keep_instead(case, step, unit)
        return signed
    case.returns, case.decided_by_superior = count, step.decides
    case.to_decide = step.returns and count > setting("cases.most_returns", case.county_id)
    return signed


def _keep_instead(case, step: Step, unit: Unit) -> None:
    """Let the county keep what its workflow hands to a town that has disabled the plugin since: otherwise no step
    would be left. Its people then do what `unit` would have done, as after 提级, and the entry says so.

    Raises NotEnabled where the case does not lie with the county, and where somebody chose that very unit.
    """
    if case.unit.town_id is not None or step.choices:
        raise NotEnabled(f"{unit.short}没有启用“{plugin_of(case.kind).title}”，不能把这件事交到那里。")
    case.former_unit, case.handed_from_id, case.kept_from = unit, None, unit


def said_of_keeping(case) -> str:
    """Return the sentence for the timeline where the county kept the case in this very step, else ""."""
    kept = getattr(case, "kept_from", None)
    return f"{kept.short}没有启用“{plugin_of(case.kind).title}”，由{case.unit.short}接着办。" if kept else ""


# -- where a return goes -----------------------------------------------------------------------------------------

def superior(case, one: Unit, other: Unit, parties: set[int]) -> Unit:
    """Return the unit that decides between two: the lowest above both at which somebody may who is of none of the
    `parties` (ids): a village's town, the county's unit in charge. Raises Refused where nobody could."""
    shared = [key for key in ids_of(one.path) if key in ids_of(other.path)]
    units = {unit.id: unit for unit in Unit.select().where(Unit.id.in_(shared), Unit.level != "region")}
    found = [units[key] for key in reversed(shared) if key in units]
    kind, owner = kind_of(case), plugin_of(case.kind)
    for unit in [_in_charge(unit, kind) for unit in found]:
        enabled = owner.level == "core" or owner.slug in enabled_for(unit)
        if unit.id != case.unit_id and enabled and staff.holding(unit, DECIDING, kind.read, but_at=parties - {unit.id}):
            return unit
    raise Refused("上级没有能指定承办单位的人，这次不能退回。请先和交来的单位商量，或请系统管理员安排岗位。")


def _in_charge(unit: Unit, kind) -> Unit:
    return unit_in_charge(kind.in_charge, unit.id) if unit.level == "county" and kind.in_charge else unit


def return_until(case):
    """Return until when the responsible unit may send the case back, None for no limit."""
    days = setting("cases.return_days", case.county_id)
    return _after(days, case.handed_at) if days else None


def _after(days: int, at):
    """Return the end of so many working days; plain days where the next year is not loaded: no case waits for that."""
    try:
        return due_at(Deadline(days, "workday"), at, Calendar.load())
    except CalendarMissing:
        return at + datetime.timedelta(days=days)


