"""Taking one town's set-up over to another: what differs, what would become of each line, doing it, and the way back.

What cannot be done is found out by doing it and taking it back again: so whatever rule stands in the way, now or later,
is told in its own words before anybody agrees.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from flask import current_app

from portal import audit
from portal.db import atomic
from portal.org import settings as keeping
from portal.org.enablement import enabled_for, set_enabled
from portal.org.models import OrgCopy, Unit
from portal.registry import registry_of
from portal.values import Refused, Setting


@dataclass(frozen=True)
class Line:
    """One difference: a plugin ("plugin", its slug, enabled or not) or a setting ("setting", its name, what the town
    has set, None where it follows the county). `why`: why it cannot be; `note`: what to think of before."""

    kind: str
    name: str
    before: Any
    after: Any
    why: str = ""
    note: str = ""

    @property
    def key(self) -> str:
        """Return what names this very difference: once somebody changed either side, it is another one."""
        return hashlib.sha256(json.dumps([self.kind, self.name, self.before, self.after]).encode()).hexdigest()[:16]


# -- what differs ------------------------------------------------------------------------------------------------

def differences(source: Unit, target: Unit) -> list[Line]:
    """Return what must change at `target` so that it is set up like `source`: plugins, and the settings of those that
    `source` has enabled."""
    there, here = enabled_for(source), enabled_for(target)
    plugins = [
        Line("plugin", plugin.slug, plugin.slug in here, plugin.slug in there)
        for plugin in registry_of(current_app).optional("town") if (plugin.slug in here) != (plugin.slug in there)
    ]
    declared = [one for _, one in keeping.settings_of(among=there) if one.towns]
    settings = [_setting_line(one, source, target) for one in declared]
    return _in_order([*plugins, *(line for line in settings if line.before != line.after or line.why)])


def _in_order(lines: list[Line]) -> list[Line]:
    """Return the lines as they can be done: a plugin after those that it depends on, a setting after its plugin, and
    what is to be disabled last and the other way round."""
    order = list(registry_of(current_app).plugins)
    on = [line for line in lines if line.kind == "plugin" and line.after]
    off = [line for line in lines if line.kind == "plugin" and not line.after]
    on.sort(key=lambda line: order.index(line.name))
    off.sort(key=lambda line: order.index(line.name), reverse=True)
    return [*on, *(line for line in lines if line.kind == "setting"), *off]


def _setting_line(one: Setting, source: Unit, target: Unit) -> Line:
    before, after, why = own(one, target), own(one, source), ""
    if one.kind == "unit" and after is not None:
        unit = Unit.get_by_id(after)
        if unit.town_id == source.id:  # an office of the one town is nothing to the other, its counterpart is
            same = _counterpart(unit, source, target)
            after, why = (same.id, "") if same else (after, f"{target.short}没有相应的“{unit.short}”。")
    return Line("setting", one.name, before, after, why)


def _counterpart(unit: Unit, source: Unit, target: Unit) -> Unit | None:
    if unit.id == source.id:
        return target
    own_name = unit.name.removeprefix(source.name).removeprefix(source.short)
    offices = Unit.select().where(Unit.parent == target.id, Unit.level == unit.level, Unit.valid_to.is_null())
    return next((one for one in offices.order_by(Unit.code) if one.name.endswith(own_name)), None)


def own(one: Setting, town: Unit):
    """Return what the town has set for itself, None where it follows the county."""
    found = keeping.kept(town.county_id).get((town.id, one.name))
    return found.value if found else None


def way_back(copy: OrgCopy) -> list[Line]:
    """Return what must change so that the target stands as before the copying, in the lines that were done."""
    town, found = copy.target, []
    here = enabled_for(town)
    for row in copy.lines:
        if row["why"] or (now := _now(row, town, here)) is GONE or now == row["before"]:
            continue
        note = "" if now == row["after"] else "复制以后又有人改过"
        found.append(Line(row["kind"], row["name"], now, row["before"], note=note))
    return _in_order(found)


#: Stands for the plugin or setting that is no longer installed.
GONE = object()


def _now(row: dict, town: Unit, here):
    if row["kind"] == "plugin":
        return row["name"] in here if registry_of(current_app).is_optional(row["name"]) else GONE
    declared = keeping.find(row["name"])
    return own(declared, town) if declared and declared.towns else GONE


# -- doing it ----------------------------------------------------------------------------------------------------

class _TakenBack(Exception):
    """Ends a rehearsal."""


def rehearse(target: Unit, lines: list[Line], by) -> list[str]:
    """Return for each line why it cannot be done, "" where it can: all of them are done, in their order, and taken
    back."""
    said: list[str] = []
    try:
        with atomic():
            said += [_do(target, line, by) for line in lines]
            raise _TakenBack
    except _TakenBack:
        keeping.forget()  # what was read in between is not so
    return said


def carry_out(source: Unit, target: Unit, lines: list[Line], by, undoes: OrgCopy | None = None) -> OrgCopy:
    """Do the lines at `target` in one transaction and keep what came of each. A line that is refused leaves the others
    as they are."""
    with atomic():
        said = [words_of(line, target) for line in lines]
        rows = [{**asdict(line), "said": words, "why": _for_good(_do(target, line, by))}
                for line, words in zip(lines, said, strict=True)]
        done = [row for row in rows if not row["why"]]
        copy = OrgCopy.create(
            county_id=target.county_id, source=source, target=target, undoes=undoes, lines=rows, by_id=by.id,
            by_name=by.full_name,
        )
        detail = {"source": source.name, "unit": target.name, "done": len(done), "undone": len(rows) - len(done)}
        changes = {title: [before, after] for title, before, after in (row["said"] for row in done)}
        audit.record("org.copy", "org.unit", target.id, detail=detail, changes=changes, actor=by)
    return copy


def _do(target: Unit, line: Line, by) -> str:
    if line.why:
        return line.why
    try:
        with atomic():
            if line.kind == "plugin":
                set_enabled(target, line.name, line.after, by)
            else:
                keeping.save_setting(keeping.find(line.name), target, line.after, by)
    except Refused as refused:
        return refused.sentence
    return ""


def _for_good(why: str) -> str:
    """Leave out what follows the colon: which matters, of whom, is told in the preview and not kept for years."""
    reason, colon, _ = why.partition("：")
    return f"{reason}。" if colon else why


# -- in words ----------------------------------------------------------------------------------------------------

def words_of(line: Line, town: Unit) -> tuple[str, str, str]:
    """Return the title of a line, and what stands before and after it, in words."""
    if line.kind == "plugin":
        plugin = registry_of(current_app).plugins.get(line.name)
        said = {True: "启用", False: "不启用"}
        return f"平台“{plugin.title if plugin else line.name}”", said[line.before], said[line.after]
    declared = keeping.find(line.name)
    if declared is None:
        return line.name, _plain(line.before), _plain(line.after)
    follows = f"随县里（{keeping.shown(declared, town.county_id)}）"
    before, after = (
        follows if value is None else keeping.worded(declared, value) for value in (line.before, line.after))
    return declared.title, before, after


def _plain(value) -> str:
    return "随县里" if value is None else str(value)
