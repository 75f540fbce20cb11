"""What enabling a plugin changes, read from what it declares: nothing of it is typed anywhere."""

from collections.abc import Callable

from portal.values import Job, Plugin

#: What a room above brings along: "holders", a function that takes names of permissions and returns for each the titles
#: of the roles that hold it now.
BROUGHT: dict[str, Callable] = {}


def effects(registry, plugin: Plugin) -> dict:
    """Return the parts of the plugin as the page of one plugin lists them, each in the order of its declaration."""

    def own(hook: str) -> list:
        return [value for owner, value in registry.collect(hook) if owner.slug == plugin.slug]

    named = [
        ("工作台", [card.title for card in own("portal_cards")]),
        ("搜索", [one.title for one in own("portal_search")]),
        ("文书", [paper.title for paper in own("portal_papers")]),
        ("消息", [topic.title for topic in own("portal_topics")]),
        ("可以设置的", [one.title for one in own("portal_settings")]),
    ]
    menu, kinds, jobs = own("portal_menu"), own("portal_cases"), own("portal_jobs")
    permissions = own("portal_permissions")
    titles = {one.name: one.title for one in registry.permissions()}
    holders = BROUGHT["holders"]([one.name for one in permissions]) if permissions else {}
    return {
        "menu_lines": [(item.label, f"要有“{titles.get(item.permission, '')}”的权限") for item in
                       sorted(menu, key=lambda item: item.order)],
        "permissions": [(one.title, holders.get(one.name, [])) for one in permissions],
        "kinds": [(kind.title, f"编号 {kind.prefix}，{len(kind.workflow.steps)} 种办法") for kind in kinds],
        "jobs": [(job.title, when(job)) for job in jobs],
        "named": named,
        "without": [label for label, found in (("菜单", menu), ("要办的件", kinds), ("后台任务", jobs), *named)
                    if not found],
    }


def when(job: Job) -> str:
    """Return when a job runs, in words."""
    if job.at:
        return f"每天 {job.at}"
    hours, minutes = divmod(job.every, 60)
    return f"每 {hours} 小时" if hours and not minutes else f"每 {job.every} 分钟"
