"""What becomes of cases when their village or town is moved, merged or split: nothing falls between two chairs.

Open cases keep their state, their number and their due moment. Who is responsible and ends has an heir; what the old
town is responsible for on the ground that changes goes to the new one. Each case whose unit changes, and each open one
whose place does, says so in its timeline. Everything is written by a few statements, however many cases there are.
"""

import functools
import operator

from peewee import fn

from portal import notify, search
from portal.cases import tallies, timeline
from portal.cases.clock_models import Extension
from portal.cases.counter_models import Flow, Tally
from portal.cases.counting import FLOWS
from portal.cases.kinds import kinds, plugin_of
from portal.cases.lens import COLUMNS
from portal.cases.models import Assist, Case
from portal.cases.search_text import place as scope_name
from portal.cases.supervision.models import Order, OrderCase, Rule
from portal.db import before_commit, now
from portal.org import lineage_rows
from portal.org.enablement import enabled_for, set_enabled
from portal.org.lineage_rows import led
from portal.org.models import Unit
from portal.values import Rearrangement, Refused, UnitEffect, UnitPart

PREFIX = "cases:"
#: How many cases a split offers one by one.
OFFERED = 300
STEP, TOPIC = "rearranged", "cases.handed"
#: What a timeline, a notice and a request need to know of a case.
ASKED = (Case.id, Case.county_id, Case.state, Case.due, Case.closed, Case.extension_asked, Case.unit)

#: To whom a case may be given back.
BACK = (Case.handed_from_id, Case.former_unit)


# -- what would happen -----------------------------------------------------------------------------------------------

def effects(change: Rearrangement) -> list[UnitEffect]:
    """Count what would go over, and say what stands in the way."""
    ground, held, open_ = _ground(change), _held(change, _ground(change)), Case.closed.is_null()
    asked = Assist.select().where(Assist.unit.in_(list(change.heirs) or [0]), Assist.ended.is_null())
    found = [
        UnitEffect("没有办结的件", _count(ground & open_), "环节、期限、编号都不变"),
        UnitEffect("其中承办单位要换的", _count(held & open_), f"改由{change.into.short}（或它的对应办公室）承办"),
        UnitEffect("已办结的件", _count(ground & ~open_), "经过仍印当时的单位，新的上级可以查看"),
        UnitEffect("请它协办、还没答复的", asked.count(), "由新单位接着答复"),
    ]
    missing = _missing(change)
    if missing and not change.enable:
        found.append(UnitEffect("没有启用的平台", len(missing), stops=_sentence(change, missing)))
    elif missing:
        titles = "、".join(plugin.title for plugin, _ in missing)
        found.append(UnitEffect("一并启用的平台", len(missing), titles))
    return found


def _count(condition) -> int:
    return Case.select().where(condition).count()


def parts(unit: Unit) -> list[UnitPart]:
    """Return the open cases that lie in the village itself, in no grid: they may go to the new one.

    By number and kind only: who keeps the units may not read what the cases are about.
    """
    known = kinds()
    if unit.level != "village":
        return []
    rows = Case.select(Case.id, Case.number, Case.kind, Case.opened).where(
        Case.village_id == unit.id, Case.grid_id.is_null(), Case.closed.is_null())
    return [
        UnitPart(f"{PREFIX}{case.id}", f"{case.number}（{known[case.kind].title}，{case.opened:%m-%d} 登记）",
                 "没有办结的件")
        for case in rows.order_by(Case.opened.desc(), Case.id.desc()).limit(OFFERED) if case.kind in known
    ]


def _ground(change: Rearrangement):
    """Return the condition of the cases whose place changes."""
    found = COLUMNS[change.column].in_(sorted(change.ids) or [0])
    chosen = change.chosen_ids(PREFIX)
    if chosen:  # what was chosen must lie where the split is made
        here = (COLUMNS[f"{change.unit.level}_id"] == change.unit.id) & Case.closed.is_null()
        found |= Case.id.in_(chosen) & here
    return found


def _held(change: Rearrangement, ground):
    """Return the condition of the cases whose responsible unit changes."""
    return Case.unit.in_(list(change.heirs) or [0]) | (ground & Case.unit.in_(list(change.takers) or [0]))


# -- the platforms that the new town needs ---------------------------------------------------------------------------

def _missing(change: Rearrangement) -> list[tuple]:
    """Return (plugin, number of open cases) of those that would lie where nobody sees them."""
    if change.kind != "moved":
        return []  # a successor gets what the old town had, a new unit as well
    rows = Case.select(Case.kind, fn.COUNT(Case.id)).where(
        _ground(change) | _held(change, _ground(change)), Case.closed.is_null()).group_by(Case.kind)
    have, numbers, found = enabled_for(change.into), {}, {}
    for kind, number in rows.tuples():
        plugin = plugin_of(kind) if kind in kinds() else None
        if plugin is not None and plugin.level == "town" and plugin.slug not in have:
            found[plugin.slug] = plugin
            numbers[plugin.slug] = numbers.get(plugin.slug, 0) + number
    return [(found[slug], numbers[slug]) for slug in sorted(found)]


def _sentence(change: Rearrangement, missing: list[tuple]) -> str:
    told = "、".join(f"“{plugin.title}” {number} 件" for plugin, number in missing)
    return (f"{change.into.short}没有启用这些平台，没有办结的件会没有人看得到：{told}。"
            "请勾选一并启用，或先办结、转交这些件。")


def _settle_platforms(change: Rearrangement) -> None:
    missing = _missing(change)
    if missing and not change.enable:
        raise Refused(_sentence(change, missing), "enable")
    for plugin, _ in missing:
        set_enabled(Unit.get_by_id(change.into.town_id), plugin.slug, True, change.by)


# -- carrying it out -------------------------------------------------------------------------------------------------

def follow(change: Rearrangement) -> None:
    """Lead the cases over; the caller writes their place columns afterwards, with those of all other tables."""
    ground = _ground(change)
    tallies.hold_all(ground | _held(change, ground))
    _settle_platforms(change)
    handed = _hand_over(change, ground)
    staying = Case.select(*ASKED, Unit.id, Unit.name).join(Unit).where(
        ground, Case.closed.is_null(), Case.unit.not_in([0, *(unit.id for unit in handed.values())]))
    _tell_timelines(change, list(staying))
    _lead_requests(change, ground)
    _move_index(change, ground)
    _copy_rules(change)
    if chosen := change.chosen_ids(PREFIX):
        lineage_rows.lead("case_id", chosen, change.place)
        Case.update(**change.place).where(Case.id.in_(chosen), ground).execute()
    _place_counters(change)


def _hand_over(change: Rearrangement, ground) -> dict[int, Unit]:
    """Make heirs and takers responsible; returns those that got something, by the id of the unit before."""
    got: dict[int, Unit] = {}
    held = Case.select(Case.unit).where(_held(change, ground)).distinct()
    for key in sorted(key for (key,) in held.tuples()):  # the cases of one unit in memory, not those of a town
        got[key] = unit = change.heirs.get(key) or change.takers[key]
        which = Case.unit == key
        if key not in change.heirs:
            which &= ground
        rows = list(Case.select(*ASKED).where(which).order_by(Case.id))
        fresh = {} if key in change.heirs else {
            "person": None, "sign_due": None, "signed": None, "handed_from_id": None, "extension_asked": None,
            "extension": fn.REPLACE(Case.extension, "asked", "moot"),
        }
        if fresh:
            _drop_requests(rows)
        Case.update(unit=unit.id, former_unit=None, version=Case.version + 1, **fresh).where(
            which).execute()
        for case in rows:
            case.unit = unit
        _tell_timelines(change, rows, old_unit=key)
        _tell_people(change, unit, sum(case.closed is None for case in rows))
    return got


def _drop_requests(rows: list[Case]) -> None:
    """Who asked for an extension and who decides have both changed: the request is moot, as with every handing over."""
    ids = [case.id for case in rows if case.extension_asked is not None]
    Extension.update(state="moot", decided_at=now()).where(
        Extension.case.in_(ids or [0]), Extension.state == "asked").execute()


def _tell_timelines(change: Rearrangement, rows: list[Case], **data) -> None:
    text = f"{change.said}，由{rows[0].unit.name}承办。" if data and rows else f"{change.said}，承办单位不变。"
    text += f"依据：{change.decree}" if change.decree else ""
    timeline.append_all(rows, change.by, step=STEP, title=change.said, at=now(), text=text, data=data)


def _tell_people(change: Rearrangement, unit: Unit, number: int) -> None:
    if number:
        notify.send_to_unit(unit, TOPIC, f"{change.said}：{number} 件改由{unit.short}承办", "/cases/desk",
                            change.decree, permissions=("cases.read",), besides=change.by.id)


def _lead_requests(change: Rearrangement, ground) -> None:
    """Lead over what units were asked: to assist, to decide about an extension, to answer an order, to take back.

    All units by one statement for each field: a town gives up ground with all its offices, and most were asked nothing.
    """
    giving = {key: unit for key, unit in change.takers.items() if key not in change.heirs}
    for to, where in ((change.heirs, None), (giving, ground)):
        if to:
            _lead_asked(to, where)
            _lead_orders(change, to, where)
    fresh = sorted({unit.id for unit in (*change.heirs.values(), *giving.values())})
    _end_own_assists(fresh, change)
    # Nobody gives a case back to itself.
    back = {field: fn.NULLIF(field, Case.unit) for field in BACK}
    Case.update(back).where(Case.unit.in_(fresh), _any_of(field == Case.unit for field in BACK)).execute()


def _lead_asked(to: dict[int, Unit], ground) -> None:
    """Lead over what the units `to` were asked; of units that go on (`ground`) only what is about that ground."""
    keys, asked, wanted, here = list(to), [Assist.ended.is_null()], [Extension.state == "asked"], []
    if ground is not None:
        on_ground, here = Case.select(Case.id).where(ground), [ground]
        asked.append(Assist.case.in_(on_ground))
        wanted.append(Extension.case.in_(on_ground))
    for model, field, which in (
        (Assist, Assist.unit, asked), (Extension, Extension.approver, wanted), (Extension, Extension.unit, wanted),
        (Case, Case.extension_asked, here),
    ):
        model.update({field: led(field, to)}).where(field.in_(keys), *which).execute()
    Case.update({field: led(field, to) for field in BACK}).where(
        _any_of(field.in_(keys) for field in BACK), *here).execute()


def _any_of(conditions):
    return functools.reduce(operator.or_, conditions)


def _lead_orders(change: Rearrangement, to: dict[int, Unit], ground) -> None:
    """Lead over the open orders to and by the units `to`; of units that go on (`ground`) those to them that are about
    that ground only, and their own to it."""
    keys, unsettled = list(to), Order.settled_at.is_null()
    told, own, place = [Order.unit.in_(keys), unsettled], [Order.issuer.in_(keys), unsettled], {}
    if ground is not None:
        on_ground = Case.select(Case.id).where(ground)
        about, elsewhere = (
            OrderCase.select(OrderCase.order).where(condition)
            for condition in (OrderCase.case.in_(on_ground), OrderCase.case.not_in(on_ground))
        )
        told += [Order.id.in_(about), Order.id.not_in(elsewhere)]
        own.append(getattr(Order, change.column).in_(sorted(change.ids) or [0]))
        place = change.into.place()  # the offices of a town lie where it lies
    Order.update(unit=led(Order.unit, to), **place).where(*told).execute()
    Order.update(issuer=led(Order.issuer, to)).where(*own).execute()


def _end_own_assists(units: list[int], change: Rearrangement) -> None:
    """End what one of `units` would be asked by itself, and what it was asked twice."""
    open_ = Assist.unit.in_(units) & Assist.ended.is_null()
    twice = Assist.select(fn.MIN(Assist.id)).where(open_).group_by(Assist.unit, Assist.case)
    own = (Case.unit == Assist.unit) & (Case.assists_open > 0)
    for row in list(Assist.select(Assist.id, Assist.case).join(Case).where(open_, own | Assist.id.not_in(twice))):
        said = f"{change.said}，不用再答复。"
        Assist.update(state="ended", ended=now(), by_name=change.by.full_name, text=said).where(
            Assist.id == row.id).execute()
        Case.update(assists_open=Case.assists_open - 1).where(Case.id == row.case_id).execute()


def _move_index(change: Rearrangement, ground) -> None:
    """Let the search find the cases in their new places, and no longer in the old ones."""
    names = {
        scope_name(column, change.was[column]): scope_name(column, value) for column, value in change.place.items()
    }
    scopes = {
        key: tuple(names.get(name, name) for name in (scope_name(*one) for one in zip(COLUMNS, held, strict=True)
                                                      if one[1] is not None))
        for key, *held in Case.select(Case.id, *COLUMNS.values()).where(ground).tuples().iterator()
    }
    search.rescope("case", Case.select(Case.id).where(ground), names, scopes)


def _copy_rules(change: Rearrangement) -> None:
    """A new town begins with the supervision rules of the one that it was split from."""
    if change.kind != "split" or change.unit.level != "town":
        return
    for rule in Rule.select().where(Rule.unit == change.unit.id).dicts():
        Rule.create(**{**rule, "id": None, "unit": change.into.id, "by_name": change.by.full_name, "at": now()})


def _place_counters(change: Rearrangement) -> None:
    """Let the counters of the leaves that moved say where these lie now; how much they count follows at the commit."""
    leaves = Unit.select(Unit.id).where(
        Unit.within(Unit.get_by_id(change.into.id)) | (Unit.id == change.unit.id))
    for model, columns in ((Tally, ("county_id", "town_id", "village_id")), (Flow, ("village_id",))):
        here = {column: Unit.select(getattr(Unit, column)).where(Unit.id == model.unit_id) for column in columns}
        (model.update({getattr(model, column): query for column, query in here.items()})
         .where(model.axis == "place", model.unit_id.in_(leaves)).execute())
    before_commit(_sweep_counters).update(dict.fromkeys(
        {change.unit.id, *change.was.values(), *change.place.values()}))


def _sweep_counters(ids: dict[int, None]) -> None:
    """Take away counters that count nothing any more, once all is counted: the old place is in no figure."""
    for model, numbers, columns in (
        (Tally, ("count",), (Tally.unit_id,)), (Flow, FLOWS, (Flow.town_id, Flow.unit_id)),
    ):
        for column in columns:
            model.delete().where(column.in_(sorted(ids)), *(getattr(model, name) == 0 for name in numbers)).execute()
