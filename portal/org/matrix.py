"""Which town has enabled which plugin, in one table: for the county's administrator, as a page and as a file."""

import csv
import io
from dataclasses import dataclass

from portal.audit.export import plain_cell
from portal.db import now
from portal.org.enablement import switchable
from portal.org.models import TownPlugin, Unit
from portal.org.rules import KINDS, Rules
from portal.registry import Registry
from portal.values import Plugin

#: What the table may be narrowed to.
STATES = {"": "全部", "on": "已启用", "off": "未启用", "against": "与规定不符"}
HEADINGS = (
    "单位", "编码", "平台", "标识", "状态", "县里的规定", "规定的理由", "辖区内没有办结的件", "最近改动", "经办",
)


@dataclass(frozen=True)
class Cell:
    """One plugin in one town. `row` is the switch or None, `count` the open matters that lie there or None."""

    unit: Unit
    plugin: Plugin
    row: TownPlugin | None
    rule: object = None
    count: int | None = None
    #: The town does not switch it: a plugin of the county's level.
    follows: bool = False

    @property
    def enabled(self) -> bool:
        return self.row is not None and self.row.enabled

    @property
    def against(self) -> bool:
        """Tell whether the town has what is forbidden, or lacks what is required."""
        return self.rule is not None and self.enabled != (self.rule.kind == "required")

    @property
    def word(self) -> str:
        return "随县" if self.follows else "已启用" if self.enabled else "未启用"


def table(registry: Registry, units: list[Unit], slug: str = "", state: str = "", words: str = "") -> list[tuple]:
    """Return (unit, cells) for each of `units` (a county and its towns, or one town) that the filters leave."""
    plugins = [plugin for plugin in registry.optional() if slug in ("", plugin.slug)]
    found = [unit for unit in units if words in unit.name or words.lower() in unit.initials]
    rows = {(row.unit_id, row.plugin): row for row in TownPlugin.select().where(
        TownPlugin.unit.in_([unit.id for unit in found] or [0]))}
    county = units[0].county_id if units else None
    rules, counts = Rules(county), _counts(registry, county)
    lines = [(unit, [_cell(unit, plugin, rows, rules, counts) for plugin in plugins]) for unit in found]
    return [(unit, cells) for unit, cells in lines if not state or any(fits(cell, state) for cell in cells)]


def fits(cell: Cell, state: str) -> bool:
    """Tell whether the cell is of the `state` (a key of STATES) that was asked for."""
    if cell.follows:
        return False
    return {"on": cell.enabled, "off": not cell.enabled, "against": cell.against}.get(state, True)


def _cell(unit: Unit, plugin: Plugin, rows: dict, rules: Rules, counts: dict) -> Cell:
    return Cell(unit, plugin, rows.get((unit.id, plugin.slug)), rules.holding(unit, plugin.slug),
                counts.get((unit.id, plugin.slug)), not switchable([unit], plugin))


def _counts(registry: Registry, county_id: int | None) -> dict[tuple[int, str], int]:
    if county_id is None:
        return {}
    found = registry.values("portal_town_counts", (), county=Unit(id=county_id))
    return {(one.town_id, one.slug): one.count for one in found}


def as_csv(lines: list[tuple]) -> str:
    """Return a line for each town and plugin, for table programs: with a BOM, no cell that would be a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADINGS)
    for unit, cells in lines:
        writer.writerows([plain_cell(value) for value in _line(unit, cell)] for cell in cells)
    writer.writerow([f"数据截至 {now():%Y-%m-%d %H:%M}"])
    return "\ufeff" + text.getvalue()


def _line(unit: Unit, cell: Cell) -> tuple:
    rule, row = cell.rule, cell.row
    return (
        unit.name, unit.code, cell.plugin.title, cell.plugin.slug, cell.word, KINDS[rule.kind] if rule else "",
        rule.reason if rule else "", "" if cell.count is None else cell.count,
        f"{row.at:%Y-%m-%d %H:%M}" if row else "", row.by_name if row else "",
    )
