"""网格管理: grids and their teams, households, visits, patrols, and events until they are settled (DOMAIN 4)."""

from plugins.grid import moved_units, residents
from plugins.grid.cards import CARDS
from plugins.grid.catalogue import CATEGORIES
from plugins.grid.commands import grid
from plugins.grid.demo import fill
from plugins.grid.models import MODELS
from plugins.grid.obstacles import hanging_on
from plugins.grid.referral import take_in
from plugins.grid.search import find_grids, find_households
from plugins.grid.team import findings
from plugins.grid.views import blueprint
from plugins.grid.work import hand_work, hanging_work
from plugins.grid.workflow import KIND
from portal.kit import Action, MenuItem, Permission, Plugin, SearchProvider, Setting, hookimpl

WORKERS = ("grid_worker", "village_staff", "town_staff", "county_staff")
DECIDERS = ("village_staff", "town_staff", "county_staff")


@hookimpl
def portal_plugin():
    return Plugin(
        "grid", "网格管理", order=20, icon="map-pin", tint="indigo",
        summary="网格和网格员、一户一档、走访巡查；发现的事上报、分流、签收、处置、核查、结案，谁在办、到哪天都看得见。",
    )


@hookimpl
def portal_models():
    return list(MODELS)


@hookimpl
def portal_blueprint():
    return blueprint


@hookimpl
def portal_permissions():
    return [
        Permission("grid.read", "查看网格和网格事件", roles=(*WORKERS, "window", "leader")),
        Permission("grid.report", "上报网格事件、当场处置", roles=WORKERS),
        Permission("grid.accept", "受理或不予受理", roles=DECIDERS),
        Permission("grid.handle", "处置、分流交办、签收、退单、并案", roles=DECIDERS),
        Permission("grid.check", "核查、退回重办", roles=WORKERS),
        Permission("grid.visit", "走访、巡查", roles=("grid_worker", "village_staff", "town_staff")),
        Permission("grid.household", "查看一户一档", roles=("grid_worker", "village_staff", "town_staff")),
        Permission("grid.edit_household", "登记一户一档", roles=("grid_worker", "village_staff")),
        Permission("grid.key_people", "查看重点人员（写明理由）", roles=("grid_worker", "town_staff", "county_staff")),
        Permission("grid.flag", "登记和解除重点人员标记", roles=("town_staff",)),
        Permission("grid.manage", "划分网格、管理网格员", roles=("village_staff", "town_staff")),
        Permission("grid.figures", "查看网格数据和地图", roles=(*DECIDERS, "grid_worker", "leader")),
    ]


@hookimpl
def portal_menu():
    return [
        MenuItem(10, "上报", "grid.report", "grid.report", icon="plus", centre=True),
        MenuItem(20, "网格事件", "grid.events", "grid.read", icon="map-pin", counts="grid.event"),
        MenuItem(30, "走访", "grid.visits", "grid.visit", icon="home-heart"),
        MenuItem(40, "巡查", "grid.patrols", "grid.visit", icon="eye"),
        MenuItem(50, "一户一档", "grid.households", "grid.household", icon="home"),
        MenuItem(60, "重点人员", "grid.key_people", "grid.key_people", icon="shield-lock"),
        MenuItem(70, "网格与人员", "grid.index", "grid.read", icon="users-group"),
        MenuItem(80, "网格地图", "grid.map", "grid.figures", icon="map-2"),
        MenuItem(90, "网格数据", "grid.figures", "grid.figures", icon="chart-bar"),
    ]


@hookimpl
def portal_cases():
    return [KIND]


@hookimpl
def portal_cards():
    return list(CARDS)


@hookimpl
def portal_search():
    return [
        SearchProvider(50, "网格", "grid.read", find_grids, name="grids"),
        SearchProvider(60, "一户一档", "grid.household", find_households, name="households"),
    ]


@hookimpl
def portal_commands():
    return [grid]


@hookimpl
def portal_refer(case, actor, text, unit):
    return take_in(case, actor, text, unit)


@hookimpl
def portal_settings():
    return [
        Setting("grid.coordination", "县级分流协调、批延期、改派由谁负责", ("综治中心）", "政法委员会"), "unit"),
        _limit("village_hours", "村（社区）受理、自办，各自的时限", 24, "小时", 240, towns=True),
        _limit("town_days", "乡镇办理时限", 3, "个工作日", 60),
        _limit("county_days", "县级办理时限（一般）", 5, "个工作日", 60),
        _limit("county_hard_days", "县级办理时限（重点难点）", 7, "个工作日", 60),
        _limit("difficult_days", "疑难事项办理时限", 15, "个工作日", 60),
        _limit("check_days", "核查时限", 3, "个工作日", 30),
        _limit("protect_hours", "强制报告，综治中心多久之内要有人接手", 1, "小时", 24),
        _limit("visit_high_days", "高风险户，多少天走访一次", 7, "天", 365, towns=True),
        _limit("visit_key_days", "重点户，多少天走访一次", 30, "天", 365, towns=True),
        _limit("visit_normal_days", "一般户，多少天走访一次", 90, "天", 365, towns=True),
        *(
            Setting(one.setting, f"“{one.title}”类事件，县里由谁牵头", one.charge, "unit")
            for one in CATEGORIES.values()
        ),
    ]


def _limit(name: str, title: str, default: int, measure: str, most: int, towns: bool = False) -> Setting:
    """Return a limit that no national rule sets: ours is a proposal, and the page says so. A town sets what its
    villages and workers keep to; what the county holds the towns to, the county sets."""
    ours = "本系统建议值，各县按文件修改"
    return Setting(f"grid.{name}", title, default, measure=measure, note=ours, least=1, most=most, towns=towns)


@hookimpl
def portal_actions():
    return [
        Action("grid.edit", "修改网格"), Action("grid.add_worker", "登记网格人员"),
        Action("grid.end_worker", "网格人员离任"),
        Action("grid.open_household", "打开户档"), Action("grid.add_household", "建户档"),
        Action("grid.edit_household", "修改户档"), Action("grid.add_member", "登记家庭成员"),
        Action("grid.remove_member", "移出家庭成员"), Action("grid.make_head", "改户主"),
        Action("grid.flag", "登记重点人员标记", confidential=True),
        Action("grid.unflag", "删除重点人员标记", confidential=True),
        Action("grid.open_key_person", "查看重点人员标记", confidential=True),
    ]


@hookimpl
def portal_work(post):
    return hanging_work(post)


@hookimpl
def portal_hand_work(post, names, successor, actor):
    hand_work(post, names, successor, actor)


@hookimpl
def portal_check():
    return findings()


@hookimpl
def portal_demo(say):
    return fill(say)


@hookimpl
def portal_unit_obstacles(unit):
    return hanging_on(unit)


@hookimpl
def portal_unit_preview(change):
    return moved_units.effects(change)


@hookimpl
def portal_unit_changed(change):
    moved_units.follow(change)


@hookimpl
def portal_resident_obstacles(kept, gone):
    return residents.obstacles(kept, gone)


@hookimpl
def portal_resident_uses(resident):
    return residents.uses(resident)


@hookimpl
def portal_resident_data(resident, person):
    return residents.sections(resident, person)


@hookimpl
def portal_resident_records(resident, person):
    return residents.records(resident, person)


@hookimpl
def portal_resident_erased(resident, by):
    residents.erase(resident, by)
