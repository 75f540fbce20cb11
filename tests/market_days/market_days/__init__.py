"""赶集日: when there is a market, who stands where, and an answer for whoever asks."""

from portal.kit import (
    Action,
    Card,
    Hit,
    MenuItem,
    Permission,
    Plugin,
    SearchProvider,
    Setting,
    Unit,
    hookimpl,
    url_for,
)

from . import markets, questions, stalls
from .models import Market, Question, Stall
from .pages import blueprint
from .workflow import KIND

STAFF = ("village_staff", "town_staff", "county_staff")

__all__ = ["questions"]


@hookimpl
def portal_plugin():
    return Plugin("market_days", "赶集日", icon="calendar-event", tint="purple", order=80,
                  summary="哪天逢集、谁在哪摆摊，有人来问就登记答复。")


@hookimpl
def portal_models():
    return [Market, Stall, Question]


@hookimpl
def portal_blueprint():
    return blueprint


@hookimpl
def portal_permissions():
    return [
        Permission("market_days.read", "查看赶集日", roles=(*STAFF, "window", "grid_worker", "leader")),
        Permission("market_days.ask", "登记来问的事", roles=(*STAFF, "window", "grid_worker")),
        Permission("market_days.answer", "答复来问的事", roles=("village_staff", "town_staff")),
        Permission("market_days.manage", "登记集市、安排摊位", roles=("town_staff",)),
    ]


@hookimpl
def portal_menu():
    return [
        MenuItem(10, "赶集日", "market_days.index", "market_days.read", icon="calendar-event"),
        MenuItem(20, "来问的事", "market_days.questions", "market_days.read", icon="message-2", counts=KIND.name),
    ]


@hookimpl
def portal_cases():
    return [KIND]


@hookimpl
def portal_cards():
    return [Card(70, "market_days", "明天赶集", "market_days/card.html", markets.tomorrow, "market_days.read")]


def find(person, words, limit):
    query = Market.seen_by(person).select(Market, Unit).join(Unit).where(Market.name.contains(words)).limit(limit)
    return [Hit(row.name, url_for("market_days.market", market_id=row.id), f"{row.rule}，{row.unit.name}", "集市",
                "calendar-event") for row in query]


@hookimpl
def portal_search():
    return [SearchProvider(70, "集市", "market_days.read", find, name="markets")]


@hookimpl
def portal_settings():
    return [Setting("market_days.days", "来问的事几天内答复", 3, measure="个工作日", least=1, most=30)]


@hookimpl
def portal_actions():
    return [
        Action("market_days.register", "登记集市"),
        Action("market_days.change", "修改集市"),
        Action("market_days.give", "登记摊主"),
        Action("market_days.free", "收回摊位"),
    ]


@hookimpl
def portal_unit_obstacles(unit):
    return [f"{row.name}还设在这里，请先改到别处" for row in Market.select().where(Market.unit == unit.id).limit(5)]


@hookimpl
def portal_resident_uses(resident):
    return stalls.uses(resident)


@hookimpl
def portal_resident_data(resident, person):
    return stalls.data_of(resident, person)


@hookimpl
def portal_resident_erased(resident, by):
    stalls.erase(resident)
