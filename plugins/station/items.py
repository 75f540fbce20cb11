"""The county's service items: finding them, and changing what the county may change."""

from plugins.station.models import NEEDS, SOURCES, ItemMaterial, ServiceItem
from portal.kit import Conflict, Refused, audit, now

KEPT = ("guide", "conditions", "procedures", "decides", "promise_amount", "promise_unit", "active")
NEED_BY_WORD = {word: need for need, word in NEEDS.items()}
SOURCE_BY_WORD = {word: source for source, word in SOURCES.items()}


def items_of(person, words: str, theme: str, listed: bool, only_active: bool = False):
    """Return the query of the items that `person` may offer, the starter set first.

    `words` are found in name and aliases, or as pinyin initials; `listed` shows the items of the provincial portal
    that have no guide yet, instead of the catalogue.
    """
    query = ServiceItem.select().where(
        ServiceItem.county_id == person.post.unit.county_id,
        ServiceItem.origin == ("listed" if listed else "catalogue"),
    )
    for word in words.split():
        text = word.lower()
        query = query.where(
            ServiceItem.name.contains(word) | ServiceItem.aliases.contains(word) | ServiceItem.initials.contains(text)
        )
    if theme:
        query = query.where(ServiceItem.theme == theme)
    if only_active:
        query = query.where(ServiceItem.active == True)  # noqa: E712
    return query.order_by(ServiceItem.starter.desc(), ServiceItem.id)


# -- materials as text -----------------------------------------------------------------------------------------------

def written(materials) -> str:
    """Return the list of materials as the county edits it: one a line, its parts apart by "|"."""
    return "\n".join(
        " | ".join(filter(None, (one.name, one.form or "原件", one.need_title, one.source_title, one.condition)))
        for one in materials
    )


def parsed(text: str) -> list[dict]:
    """Return the materials of an edited list: name | form | need | source | condition, the last three optional.

    Raises Refused that names the line.
    """
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        parts = [part.strip() for part in line.replace("｜", "|").split("|")]
        if not any(parts):
            continue
        name, form, need, source, condition = (parts + [""] * 5)[:5]
        if len(parts) > 5 or not name or len(name) > 200 or len(form) > 60 or len(condition) > 200:
            raise Refused(
                f"第 {number} 行：应为“名称 | 形式 | 必交 | 来源 | 条件”，名称最多 200 字，形式最多 60 字。",
                "asked_for",
            )
        if need and need not in NEED_BY_WORD:
            raise Refused(f"第 {number} 行：“{need[:20]}”应为{'、'.join(NEED_BY_WORD)}之一。", "asked_for")
        if source and source not in SOURCE_BY_WORD:
            raise Refused(f"第 {number} 行：“{source[:20]}”应为{'、'.join(SOURCE_BY_WORD)}之一。", "asked_for")
        if any(one["name"] == name for one in found):
            raise Refused(f"第 {number} 行：“{name[:20]}”重复了。", "asked_for")
        found.append({
            "sort": len(found) + 1, "name": name, "form": form, "need": NEED_BY_WORD.get(need, "must"),
            "source": SOURCE_BY_WORD.get(source, "self"), "condition": condition,
        })
    return found


def save_item(item: ServiceItem, form, person) -> None:
    """Save what the county wrote for the people, as a new version: open requests keep what they were received under.

    Raises Conflict if somebody saved since the form was shown, Refused for a list of materials that cannot be read.
    """
    materials = parsed(form.asked_for.data)
    before = written(item.materials.order_by(ItemMaterial.sort))
    changes = {name: [getattr(item, name), form.data[name]] for name in KEPT if getattr(item, name) != form.data[name]}
    changed = (
        ServiceItem.update(**{name: form.data[name] for name in KEPT}, version=item.version + 1, changed_at=now(),
                           origin="catalogue")
        .where(ServiceItem.id == item.id, ServiceItem.version == form.version.data).execute()
    )
    if not changed:
        raise Conflict("别人", f"修改了事项“{item.name}”", f"/station/items/{item.id}/edit")
    ItemMaterial.delete().where(ItemMaterial.item == item.id).execute()
    for material in materials:
        ItemMaterial.create(item=item, **material)
    after = written(item.materials.order_by(ItemMaterial.sort))
    if before != after:
        changes["materials"] = [before, after]
    audit.record("station.edit_item", "station.item", item.id, changes=changes)
