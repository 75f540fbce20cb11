"""The pages on which villages and towns are moved, merged and split: choose, look at what it would move, confirm."""

import hashlib
import time

from flask import abort, current_app, flash, redirect, render_template, url_for
from flask_login import current_user

from portal.access import requires
from portal.org import lineage
from portal.org.lineage_forms import LineageForm, MoveForm, SplitForm, merge_form
from portal.org.models import Unit
from portal.org.views import blueprint, managed
from portal.registry import registry_of
from portal.values import Rearrangement, Refused, UnitEffect


def _of_level(unit_id: int, *levels: str) -> Unit:
    unit = managed(unit_id)
    return unit if unit.level in levels else abort(404)


@blueprint.route("/<int:unit_id>/move", methods=["GET", "POST"])
@requires("org.manage")
def move(unit_id):
    """Move a village with all that hangs on it to another town of the county."""
    village = _of_level(unit_id, "village")
    form = MoveForm(data={"version": village.version})

    def plan(more):
        return lineage.plan_move(village, form.into.unit, current_user, **more)

    def act(more):
        return lineage.move_village(village, form.into.unit, current_user, form.version.data, **more)

    return _page(village, form, "划转", plan, act, enable=form.enable.data)


@blueprint.route("/<int:unit_id>/merge", methods=["GET", "POST"])
@requires("org.manage")
def merge(unit_id):
    """Merge a village or town into another one, or both into a new one."""
    unit = _of_level(unit_id, *lineage.LEVELS)
    form = merge_form(unit.level)(data={"version": unit.version})
    anew = form.how.data == "new"

    def plan(more):
        other = form.into.unit
        change = lineage.plan_merge(unit, other, current_user, **more)
        if not anew:
            return change
        made = lineage.draft(unit, form.name.data, form.code.data)
        return [lineage.plan_merge(one, made, current_user, **more) for one in (unit, other)]

    def act(more):
        if not anew:
            return lineage.merge_units(unit, form.into.unit, current_user, form.version.data, **more)
        return lineage.merge_as_new(
            unit, form.into.unit, form.name.data, form.code.data, current_user, form.version.data, **more)

    return _page(unit, form, "合并", plan, act)


@blueprint.route("/<int:unit_id>/split", methods=["GET", "POST"])
@requires("org.manage")
def split(unit_id):
    """Split a part of a village or town off as a new one."""
    unit = _of_level(unit_id, *lineage.LEVELS)
    form = SplitForm(data={"version": unit.version})
    form.units.choices = [(str(one.id), one.name) for one in lineage.parts_of(unit)]
    parts = registry_of(current_app).values("portal_unit_parts", unit=unit)
    form.parts.choices = [(part.name, f"{part.group}：{part.title}") for part in parts]

    def ids() -> list[int]:
        return [int(key) for key in form.units.data or []]

    def plan(more):
        made = lineage.draft(unit, form.name.data, form.code.data)
        return lineage.plan_split(unit, made, ids(), current_user, **more)

    def act(more):
        return lineage.split_unit(
            unit, form.name.data, form.code.data, ids(), current_user, form.version.data, **more)

    return _page(unit, form, "拆分", plan, act, chosen=frozenset(form.parts.data or []))


def _page(unit: Unit, form: LineageForm, verb: str, plan, act, **more):
    """Show the form; what was sent is previewed, and carried out once exactly that preview was on the screen."""
    effects = []
    if form.validate_on_submit():
        more |= {"on": form.on.data, "decree": form.decree.data}
        try:
            lineage.check_day(unit, form.on.data)
            effects = _previewed(plan(more))
            choices = _fingerprint(form, unit)
            if form.seen.data == choices and not any(effect.stops for effect in effects):
                begun = time.monotonic()
                done = act(more)
                flash(_told(done, effects, time.monotonic() - begun), "success")
                return redirect(url_for("org.show", unit_id=done.into.id if verb != "划转" else unit.id))
            form.seen.data = choices
        except Refused as refused:
            form.refuse(refused)
    else:
        form.seen.data = ""
    if "into" in form:
        form.into.offer(unit.county_id)
    stopped = bool(form.errors) or any(effect.stops for effect in effects)
    status = 422 if form.is_submitted() and stopped else 200
    view = {"unit": unit, "form": form, "verb": verb, "effects": effects, "ready": bool(effects) and not stopped}
    return render_template("org/rearrange.html", **view), status


def _previewed(changes: Rearrangement | list[Rearrangement]) -> list[UnitEffect]:
    """Return the lines of the preview, those of the same title added up."""
    found: dict[tuple, UnitEffect] = {}
    for change in changes if isinstance(changes, list) else [changes]:
        for effect in lineage.effects(change):
            key = effect.title, effect.note, effect.stops
            number = effect.number + (found[key].number if key in found else 0)
            found[key] = UnitEffect(effect.title, number, effect.note, effect.stops)
    return list(found.values())


def _fingerprint(form: LineageForm, unit: Unit) -> str:
    """Return what the preview was made of: whoever changes a choice sees another preview first."""
    said = sorted((name, str(value)) for name, value in form.values().items() if name != "seen")
    return hashlib.sha256(repr((unit.id, form.version.data, said)).encode()).hexdigest()


def _told(change: Rearrangement, effects: list[UnitEffect], seconds: float) -> str:
    moved = "、".join(f"{effect.title} {effect.number}" for effect in effects if effect.number)
    return f"{change.said}，已办好：{moved or '没有要带走的'}；用时 {seconds:.1f} 秒。"
