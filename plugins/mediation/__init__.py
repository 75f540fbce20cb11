"""矛盾调处: committees of people's mediation, and disputes from being found to being filed (DOMAIN 5)."""

from plugins.mediation import committee_views, committees, moved_units, residents, work
from plugins.mediation.demo import fill
from plugins.mediation.models import (
    Agreement,
    Committee,
    CourtConfirmation,
    Dispute,
    FollowUp,
    MediationRound,
    Mediator,
    Naming,
    Party,
    Seat,
    Sweep,
    TakenNumber,
    Team,
)
from plugins.mediation.numbers import register_numbers
from plugins.mediation.obstacles import sitting_committees
from plugins.mediation.papers import PAPERS
from plugins.mediation.register import take_in
from plugins.mediation.search import find_committees
from plugins.mediation.workflow import KIND
from portal.kit import Action, Card, MenuItem, Permission, Plugin, SearchProvider, Setting, hookimpl

READERS = ("county_staff", "town_staff", "village_staff", "mediator", "grid_worker", "leader")


@hookimpl
def portal_plugin():
    return Plugin(
        "mediation", "矛盾调处", order=30, icon="scale", tint="rust",
        summary="纠纷排查、受理、调解、协议、履行、回访到归档；人民调解委员会和调解员；文书随件生成，内容只给当事各方看。",
    )


@hookimpl
def portal_models():
    return [
        Committee, Mediator, Team, Seat, Dispute, Party, Naming, TakenNumber, MediationRound, Agreement, FollowUp,
        CourtConfirmation, Sweep,
    ]


@hookimpl
def portal_blueprint():
    return committee_views.blueprint


@hookimpl
def portal_permissions():
    staff = ("county_staff", "town_staff", "village_staff")
    return [
        Permission("mediation.read", "查看纠纷进展和调解组织", roles=READERS),
        Permission("mediation.register", "登记纠纷、报排查", roles=(*staff, "mediator", "grid_worker")),
        Permission("mediation.handle", "受理、调解、回访、归档", roles=("county_staff", "town_staff", "mediator")),
        Permission("mediation.manage", "维护调解组织", roles=staff),
    ]


@hookimpl
def portal_menu():
    return [
        MenuItem(210, "登记纠纷", "mediation.register", "mediation.register", icon="plus"),
        MenuItem(220, "矛盾纠纷", "mediation.index", "mediation.read", icon="scale", counts="mediation.dispute"),
        MenuItem(230, "纠纷排查", "mediation.sweeps", "mediation.read", icon="search"),
        MenuItem(240, "调解组织", "mediation.committees", "mediation.read", icon="users-group"),
        MenuItem(250, "调解统计", "mediation.figures", "mediation.read", icon="chart-bar"),
    ]


@hookimpl
def portal_cases():
    return [KIND]


@hookimpl
def portal_papers():
    return list(PAPERS)


@hookimpl
def portal_cards():
    return [Card(60, "mediation.terms", "调解委员会任期已满", "mediation/terms.html", committees.expired_for,
                 "mediation.manage")]


@hookimpl
def portal_search():
    return [SearchProvider(60, "调解组织", "mediation.read", find_committees, name="committees")]


@hookimpl
def portal_refer(case, actor, text, unit):
    return take_in(case, actor, text, unit)


@hookimpl
def portal_settings():
    reference = "法律没有规定人民调解的期限；到期只作提醒，双方愿意继续的可以延长"
    return [
        Setting("mediation.in_charge", "没有启用的乡镇的纠纷和疑难纠纷，由谁接收", ("综治中心", "司法局"), "unit"),
        Setting("mediation.check", "审查是否受理", 3, measure="个工作日", note="内部环节，没有统一规定", least=1,
                most=30, towns=True),
        Setting("mediation.ordinary", "一般纠纷多久内调结", 1, measure="个月",
                note=f"《人民调解工作若干规定》第三十三条：一般在一个月内调结。{reference}", least=1, most=12),
        Setting("mediation.medical", "医疗纠纷多久内调结", 30, measure="个工作日",
                note="《医疗纠纷预防和处理条例》第三十八条", least=1, most=60),
        Setting("mediation.labour", "劳动争议多久内调结", 15, measure="日", note="《劳动争议调解仲裁法》第十四条",
                least=1, most=60),
        Setting("mediation.follow_up", "履行完毕后多久内回访", 30, measure="日", note="没有统一规定", least=1,
                most=365, towns=True),
        Setting("mediation.retention", "卷宗保管期限", "长期", "text", note="法律没有规定，各地做法不一"),
    ]


@hookimpl
def portal_actions():
    return [
        Action("mediation.create_committee", "登记调解委员会"), Action("mediation.elect", "调解委员会换届"),
        Action("mediation.edit_committee", "修改调解委员会"), Action("mediation.edit_mediator", "修改调解员"),
        Action("mediation.edit", "修改纠纷登记"), Action("mediation.add_party", "登记当事人"),
        Action("mediation.parties", "查看当事人"),
    ]


@hookimpl
def portal_work(post):
    return work.hanging_on(post)


@hookimpl
def portal_hand_work(post, names, successor):
    work.hand(post, names, successor)


@hookimpl
def portal_check():
    return committees.findings()


@hookimpl
def portal_numbers():
    return register_numbers()


@hookimpl
def portal_demo(say):
    return fill(say)


@hookimpl
def portal_unit_obstacles(unit):
    return sitting_committees(unit)


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
