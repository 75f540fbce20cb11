"""便民服务站: service items, and requests that travel from the village to whoever decides and back (DOMAIN 3)."""

from plugins.station import moved_units, residents
from plugins.station.catalogue import load_items
from plugins.station.commands import station
from plugins.station.demo import fill
from plugins.station.models import ItemMaterial, RequestMaterial, ServiceItem, ServiceRequest
from plugins.station.papers import PAPERS
from plugins.station.referral import take_in
from plugins.station.search import find_items
from plugins.station.views import blueprint
from plugins.station.workflow import KIND
from portal.kit import Action, MenuItem, Permission, Plugin, SearchProvider, Setting, Unit, hookimpl

READERS = ("county_staff", "town_staff", "village_staff", "window", "grid_worker", "leader")


@hookimpl
def portal_plugin():
    return Plugin(
        "station", "便民服务站", order=10, icon="building-community", tint="teal",
        summary="村（社区）窗口收件、一次性告知、受理、转报、决定、送达和评价；办事指南和文书随件生成。",
    )


@hookimpl
def portal_models():
    return [ServiceItem, ItemMaterial, ServiceRequest, RequestMaterial]


@hookimpl
def portal_blueprint():
    return blueprint


@hookimpl
def portal_permissions():
    return [
        Permission("station.read", "查看办件和办事指南", roles=READERS),
        Permission("station.receive", "收件、受理、送达、归档", roles=("window", "village_staff", "town_staff")),
        Permission("station.settle", "村级事项作出决定", roles=("village_staff",)),
        Permission("station.review", "乡镇审核、转报", roles=("town_staff",)),
        Permission("station.decide", "县级审核、决定", roles=("county_staff",)),
        Permission("station.manage", "维护办事指南", roles=("county_staff",)),
    ]


@hookimpl
def portal_menu():
    return [
        MenuItem(10, "收件", "station.choose", "station.receive", icon="plus", centre=True),
        MenuItem(20, "代办事项", "station.index", "station.read", icon="building-community", counts="station.request"),
        MenuItem(30, "办事指南", "station.items", "station.read", icon="clipboard-list"),
    ]


@hookimpl
def portal_cases():
    return [KIND]


@hookimpl
def portal_papers():
    return list(PAPERS)


@hookimpl
def portal_search():
    return [SearchProvider(40, "服务事项", "station.read", find_items, name="items")]


@hookimpl
def portal_commands():
    return [station]


@hookimpl
def portal_refer(case, actor, text, unit):
    return take_in(case, actor, text, unit)


@hookimpl
def portal_unit_changed(change):
    moved_units.follow(change)


@hookimpl
def portal_settings():
    halls = ("行政审批服务局", "政务服务中心")
    return [Setting("station.in_charge", "没有启用便民服务站的乡镇，需求由谁接收", halls, "unit")]


@hookimpl
def portal_actions():
    return [Action("station.edit_item", "修改办事指南")]


@hookimpl
def portal_demo(say):
    return fill(say)


@hookimpl
def portal_town_changed(town, enabled):
    """Give the county its service items when the first of its towns enables the station."""
    if enabled and not ServiceItem.select().where(ServiceItem.county_id == town.county_id).exists():
        load_items(Unit.get_by_id(town.county_id))


@hookimpl
def portal_resident_data(resident, person):
    return residents.sections(resident, person)


@hookimpl
def portal_resident_erased(resident, by):
    residents.erase(resident, by)
