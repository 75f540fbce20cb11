from plugins.station.items import items_of
from portal.kit import Hit, url_for


def find_items(person, words: str, limit: int) -> list[Hit]:
    """Return the service items that match, by name, alias or pinyin initials."""
    return [
        Hit(item.name, url_for("station.item", item_id=item.id), f"{item.department_name or item.decides_title}，"
            f"{item.promise_title}", "服务事项", "clipboard-list")
        for item in items_of(person, words, "", False).limit(limit)
    ]
