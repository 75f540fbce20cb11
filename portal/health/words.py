"""What the names of hooks mean to an administrator."""

WORDS = {
    "portal_cards": "工作台卡片", "portal_search": "搜索", "portal_papers": "文书", "portal_cases": "件的页面",
    "portal_jobs": "后台任务", "page": "页面", "portal_check": "自查", "portal_numbers": "编号清点",
    "portal_refer": "接收转来的件", "portal_work": "在办工作清点", "portal_hand_work": "工作移交",
    "portal_town_changed": "启用后的处理", "portal_town_obstacles": "停用前的检查",
    "portal_unit_obstacles": "停用单位前的检查", "portal_calendar_preview": "日历改动的预览",
    "portal_calendar_changed": "日历改动后的处理", "portal_resident_uses": "居民资料的保管理由",
    "portal_resident_data": "居民资料的复制", "portal_resident_records": "居民的相关记录",
    "portal_resident_obstacles": "合并居民前的检查", "portal_resident_erased": "居民资料的删除",
}


def hook_in_words(hook: str) -> str:
    """Return 工作台卡片（news） for "portal_cards.news"; a hook without a word keeps its name."""
    name, _, detail = hook.replace(" ", ".", 1).partition(".")
    word = WORDS.get(name, name)
    return f"{word}（{detail}）" if detail else word
