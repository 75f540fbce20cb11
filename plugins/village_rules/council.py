"""红白理事会: its members, what the village advises, and the notices of feasts. Advice is never a fine and never a
bar.
"""

from plugins.village_rules.board import named_person
from plugins.village_rules.ground import hold
from plugins.village_rules.models import Banquet, BanquetLimit, Council, Meeting, Resolution
from portal.kit import Conflict, Refused, Unit, audit

#: field: (what it is called, its measure)
ADVISED = {
    "tables": ("桌数", "桌"), "per_table": ("每桌标准", "元"), "tobacco": ("香烟每包", "元"), "alcohol": ("酒每瓶",
        "元"),
    "gift": ("礼金", "元"), "cars": ("用车", "辆"), "days": ("天数", "天"),
}
DUTIES = ("会长", "副会长", "成员")


def members_of(text: str) -> list[dict]:
    """Return the members as written, one a line: name | duty. Raises Refused that names the line."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        parts = [part.strip() for part in line.replace("｜", "|").split("|")]
        if not any(parts):
            continue
        name, duty = (parts + ["成员"])[:2]
        if len(parts) > 2 or not name or len(name) > 50 or duty not in DUTIES:
            raise Refused(f"第 {number} 行：应为“姓名 | 职务”，职务是{'、'.join(DUTIES)}之一。", "members")
        if any(one["name"] == name for one in found):
            raise Refused(f"第 {number} 行：“{name}”重复了。", "members")
        found.append({"name": name, "duty": duty})
    if sum(one["duty"] == "会长" for one in found) != 1:
        raise Refused("请写明一名会长（姓名 | 会长）。", "members")
    return found


def written(members: list[dict]) -> str:
    return "\n".join(f"{one['name']} | {one['duty']}" for one in members)


def electing(village_id: int) -> list[Resolution]:
    """Return the passed resolutions of the village that elected a council, newest first."""
    return list(
        Resolution.select(Resolution, Meeting).join(Meeting)
        .where(Meeting.village_id == village_id, Resolution.matter == "council",
               Resolution.passed == True)  # noqa: E712
        .order_by(Meeting.held_on.desc()).limit(20)
    )


def council_of(unit_id: int) -> Council | None:
    return Council.select().where(Council.unit == unit_id, Council.active == True).first()  # noqa: E712


def save_council(unit: Unit, data: dict, version: int, actor) -> Council:
    """Save the council of a term. Raises Refused, Conflict."""
    members = members_of(data["members"])
    if data["until"] <= data["elected_on"]:
        raise Refused("任期应在推选日期之后结束。", "until")
    key = int(data["resolution"]) if data.get("resolution") else None
    if key and key not in {one.id for one in electing(unit.id)}:
        raise Refused("请选择本村会议记录里推选红白理事会的决议。", "resolution")
    row = council_of(unit.id)
    values = {"members": members, "elected_on": data["elected_on"], "until": data["until"], "resolution": key}
    if row is None:
        row = Council.create(unit=unit, **unit.place(), **values)
    else:
        hold(row, version, "修改了红白理事会", "/village_rules/council", **values)
    audit.record("village_rules.council", "village_rules.council", row.id, actor=actor)
    return row


def limits_of(unit_id: int) -> BanquetLimit | None:
    return BanquetLimit.get_or_none(BanquetLimit.unit == unit_id)


def save_limits(unit: Unit, data: dict, version: int, actor) -> None:
    """Save what the village advises. Raises Conflict."""
    row, url = limits_of(unit.id), "/village_rules/limits"
    if row is None and version != 0:
        raise Conflict("别人", "修改了提倡标准", url)
    if row is None:
        row = BanquetLimit.create(unit=unit, **unit.place(), **data)
    else:
        hold(row, version, "修改了提倡标准", url, **data)
    audit.record("village_rules.limits", "village_rules.banquet_limit", row.id, actor=actor)


def advice(limits: BanquetLimit | None) -> list[tuple[str, str]]:
    """Return what the village advises, as (what, how much)."""
    if limits is None:
        return []
    return [(word, f"不超过 {getattr(limits, name)} {measure}") for name, (word, measure) in ADVISED.items()
            if getattr(limits, name) is not None]


def hints(banquet, limits: BanquetLimit | None) -> list[str]:
    """Return a friendly sentence for each figure above what the village advises."""
    if limits is None:
        return []
    found = []
    for name, (word, measure) in ADVISED.items():
        most, figure = getattr(limits, name), getattr(banquet, name)
        if most is not None and figure is not None and figure > most:
            found.append(f"{word} {figure} {measure}，村里提倡不超过 {most} {measure}，建议再商量。")
    return found


def actual_hints(banquet: Banquet, limits: BanquetLimit | None) -> list[str]:
    """Return the same of how it turned out, where somebody was there."""
    if limits is None or banquet.visited_on is None:
        return []
    return [
        f"实际{word} {figure} {measure}，村里提倡不超过 {most} {measure}。"
        for word, measure, figure, most in (
            ("桌数", "桌", banquet.actual_tables, limits.tables),
            ("每桌标准", "元", banquet.actual_per_table, limits.per_table),
        ) if figure is not None and most is not None and figure > most
    ]


def save_banquet(unit: Unit, data: dict, actor, banquet: Banquet | None = None, version: int = 0) -> Banquet:
    """Save a notice; it is never refused for its size. Raises Refused for what cannot be, Conflict."""
    name, id_card = data.pop("host"), data.pop("id_card")
    if data["notice_on"] > data["on_day"]:
        raise Refused("申报日期不能晚于办事的日期。", "notice_on")
    if data["kind"] == "other" and not data["occasion"]:
        raise Refused("请写明是什么事。", "occasion")
    if data.get("pledged_on") and data["pledged_on"] > data["on_day"]:
        raise Refused("承诺书应在办事以前签名。", "pledged_on")
    if banquet is None or name:
        data |= named_person(actor, unit, name, id_card, "host")
    if banquet is None:
        banquet = Banquet.create(unit=unit, **unit.place(), **data)
    else:
        hold(banquet, version, "修改了这件申报", f"/village_rules/banquets/{banquet.id}", **data)
    audit.record("village_rules.banquet", "village_rules.banquet", banquet.id, actor=actor)
    return banquet


def visit(banquet: Banquet, data: dict, version: int, actor) -> None:
    """Write down how it turned out. Raises Refused, Conflict."""
    if data["visited_on"] < banquet.notice_on:
        raise Refused("到场日期不能早于申报日期。", "visited_on")
    hold(banquet, version, "登记了到场情况", f"/village_rules/banquets/{banquet.id}", **data)
    audit.record("village_rules.visit_banquet", "village_rules.banquet", banquet.id, actor=actor)
