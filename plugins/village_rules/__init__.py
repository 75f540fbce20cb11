"""村民自治: meetings by law, 村规民约, 红黑榜, 红白理事会 (DOMAIN 6)."""

from plugins.village_rules import moved_units, residents
from plugins.village_rules.cards import CARDS
from plugins.village_rules.correction import CORRECTION
from plugins.village_rules.deadlines import SETTINGS
from plugins.village_rules.demo import fill
from plugins.village_rules.models import (
    Assembly,
    Banquet,
    BanquetLimit,
    Charter,
    Clause,
    Correction,
    Council,
    Household,
    Meeting,
    Opinion,
    Rectification,
    Resolution,
    Round,
    Score,
    Sheet,
    SheetLine,
)
from plugins.village_rules.numbers import filing_numbers
from plugins.village_rules.papers import PAPERS
from plugins.village_rules.rectification import RECTIFICATION
from plugins.village_rules.search import find
from plugins.village_rules.views import blueprint
from plugins.village_rules.workflow import KIND
from portal.kit import Action, MenuItem, Permission, Plugin, SearchProvider, hookimpl

READERS = ("county_staff", "town_staff", "village_staff", "window", "grid_worker", "leader")


@hookimpl
def portal_plugin():
    return Plugin(
        "village_rules", "村民自治", order=40, icon="gavel", tint="green",
        summary="村民会议、村规民约、红黑榜、红白理事会：依法开会、表决、备案、公布，整改有复查，申诉有答复。",
    )


@hookimpl
def portal_models():
    return [Assembly, Meeting, Resolution, Charter, Clause, Opinion, Correction, Household, Sheet, SheetLine, Round,
            Score, Rectification, Council, BanquetLimit, Banquet]


@hookimpl
def portal_blueprint():
    return blueprint


@hookimpl
def portal_permissions():
    return [
        Permission("village_rules.read", "查看村民自治", roles=READERS),
        Permission("village_rules.draft", "起草村规民约、召集和记录会议", roles=("village_staff",)),
        Permission("village_rules.review", "审核、备案村规民约，责令改正", roles=("town_staff",)),
        Permission("village_rules.inspect", "红黑榜检查、告知、复查", roles=("village_staff", "grid_worker")),
        Permission("village_rules.post", "红黑榜评分表、确认、张榜、答复", roles=("village_staff",)),
        Permission("village_rules.council", "红白理事登记", roles=("village_staff",)),
    ]


@hookimpl
def portal_menu():
    read = "village_rules.read"
    return [
        MenuItem(10, "村规民约", "village_rules.index", read, icon="gavel", counts="village_rules.charter"),
        MenuItem(15, "施行文本", "village_rules.texts", read, icon="book"),
        MenuItem(20, "会议", "village_rules.meetings", read, icon="users-group"),
        MenuItem(30, "红黑榜", "village_rules.rounds", read, icon="flag"),
        MenuItem(40, "整改", "village_rules.rectifications", read, icon="home-heart",
                 counts="village_rules.rectification"),
        MenuItem(50, "红白理事", "village_rules.banquets", read, icon="heart-handshake"),
        MenuItem(60, "自治统计", "village_rules.figures", read, icon="report-analytics"),
    ]


@hookimpl
def portal_cases():
    return [KIND, CORRECTION, RECTIFICATION]


@hookimpl
def portal_cards():
    return CARDS


@hookimpl
def portal_papers():
    return list(PAPERS)


@hookimpl
def portal_search():
    return [SearchProvider(60, "村民自治", "village_rules.read", find, name="village-rules")]


@hookimpl
def portal_unit_changed(change):
    moved_units.follow(change)


@hookimpl
def portal_settings():
    return list(SETTINGS)


@hookimpl
def portal_actions():
    words = {
        "plan_meeting": "召集会议", "record_meeting": "记录会议", "resolve": "记录决议", "assembly": "修改应到人数",
        "edit_clause": "写村规民约条文", "remove_clause": "删去村规民约条文", "add_opinion": "登记村民意见",
        "answer_opinion": "处理村民意见", "order_correction": "责令改正村规民约", "sheet": "修改评分表",
        "household": "登记评比户", "round": "开始评比", "confirm": "确认评比结果", "post_board": "张榜",
        "council": "修改红白理事会", "limits": "修改提倡标准", "banquet": "登记红白事", "visit_banquet": "登记到场情况",
    }
    return [Action(f"village_rules.{name}", title) for name, title in words.items()]


@hookimpl
def portal_numbers():
    return filing_numbers()


@hookimpl
def portal_demo(say):
    return fill(say)


@hookimpl
def portal_resident_uses(resident):
    return residents.uses(resident)


@hookimpl
def portal_resident_data(resident, person):
    return residents.sections(resident, person)


@hookimpl
def portal_resident_erased(resident, by):
    residents.erase(resident, by)
