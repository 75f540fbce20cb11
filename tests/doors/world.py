"""One row of each kind in 华光村, and a neighbouring county; and pages read as a whole: links, forms, headings."""

import importlib
import io
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from PIL import Image
from werkzeug.datastructures import FileStorage

from portal import accounts
from portal.accounts.absences import add as add_absence
from portal.accounts.models import Post, Role, User
from portal.audit.models import AuditEntry
from portal.calendar.models import CalendarChange
from portal.cases import extensions, heads, pausing
from portal.cases.assists import ask
from portal.cases.handing import hand_over, send_back
from portal.cases.merge_models import Likeness, Merge
from portal.cases.merging import merge
from portal.cases.models import Case
from portal.cases.page import attach
from portal.cases.proof_models import CheckRun
from portal.cases.supervision.instructions import instruct
from portal.cases.supervision.orders import Demand, answer, issue
from portal.db import atomic, database, now, today
from portal.files.models import Attachment
from portal.health import HookHealth
from portal.notify import Notice, send
from portal.notify.announcing import publish
from portal.org import copying, set_enabled
from portal.org.models import Unit
from portal.org.settings import find, save_setting
from portal.people import merging
from portal.people.models import Resident, ResidentPair
from portal.registry import registry_of
from tests.cases.making import matter, move
from tests.people_of_the_county import OTHER_TOWN, PASSWORD, PLUGINS, TOWN, VILLAGE, person, unit

#: name: (full name, where in the neighbouring county or above both, role)
NEIGHBOURS = {
    "waixian": ("外县经办", "office", "county_staff"), "waicun": ("外县窗口", "village", "window"),
    "wailing": ("外县领导", "county", "leader"), "waixitong": ("外县系统", "county", "system_admin"),
    "waianquan": ("外县安全", "county", "security_admin"), "waishenji": ("外县审计", "county", "audit_admin"),
    "shi": ("市里干部", "region", "region_staff"),
}


@dataclass
class World:
    """`ids`: what stands in an address for each name of an argument; `cases`: the ids of cases by their state."""

    ids: dict = field(default_factory=dict)
    cases: dict = field(default_factory=dict)

    @classmethod
    def built(cls) -> "World":
        with atomic():
            _neighbour_county()
            cases = _cases()
            twins = _twins(cases["received"], cases["accepted"])
            cun = person("cun")
            case = cases["received"]
            shuji, office = person("shuji"), unit((TOWN, "便民服务中心"))
            assist = ask(case, shuji, office.id, "请核对补贴名册", case.due.date())
            absence = add_absence(shuji, cun.post.id, shuji.post.id, today(), today(), "")
            attach(FileStorage(io.BytesIO(picture()), "户口簿.png"), case, cun)
            entry = AuditEntry.create(
                actor_id=cun.id, actor_name=cun.full_name, unit_id=cun.post.unit.id, county_id=cun.post.unit.county_id,
                action="cases.open", object_type="case", object_id=str(case.id), detail={}, changes={},
            )
        village = unit(VILLAGE)
        change = CalendarChange.create(first="2026-11-23", last="2026-11-23", what="县庆", done_at=now())
        order = issue([case.id], person("zhen"), Demand("事由", "要求", today(), "刘德明", village.id))
        other = issue([cases["accepted"].id], person("zhen"), Demand("事由", "要求", today(), "刘德明", village.id))
        answer(other.id, cun, "已办", other.version)
        instruction = instruct(case.id, person("lingdao"), "请尽快办结", today())
        ids = {
            "order_id": order.id, "instruction_id": instruction.id, "which": "order",
            "case_id": case.id, "attachment_id": Attachment.get().id, "resident_id": case.resident_id,
            "unit_id": village.id, "user_id": cun.id, "post_id": cun.post.id, "entry_id": entry.id,
            "assist_id": assist.id, "absence_id": absence.id, "change_id": change.id,
            "role_id": Role.get(Role.slug == "window").id, "session_id": 1,
            "day": "2026-11-23", "year": 2027, "step": "accept", "name": "receipt", "kind": "station.request",
            "run_id": CheckRun.create(asked_name="每夜自检").id, "head_id": heads.take().id,
            "hook_id": HookHealth.create(plugin="station", hook="portal_cards.x", first_at=now(), last_at=now()).id,
            "slug": "station", **_duplicates(case.resident, cases), **twins,
        }
        ids |= _told(cun, case) | {"copy_id": _copied().id}
        for plugin in PLUGINS:
            with atomic():
                ids |= importlib.import_module(f"tests.{plugin}.world").rows()
        return cls(ids, {name: one.id for name, one in cases.items()})


def _copied():
    """Have 塔山镇 set something for itself, and its neighbour set up like it."""
    town, other, xitong = unit(TOWN), unit(OTHER_TOWN), person("xitong")
    save_setting(find("cases.alike_days"), town, 60, xitong)
    return copying.carry_out(town, other, copying.differences(town, other), xitong)


def _told(reader, case) -> dict:
    """A notice of one person, and what the town announced to one village, with a file."""
    zhen, village = person("zhen"), unit(VILLAGE)
    send([reader], "cases.assigned", "交办给您", f"/cases/{case.id}")
    with atomic():
        made = publish(
            zhen, {"title": "防汛值班安排", "text": "今晚起值班。", "audience": "chosen", "chosen": [village.id],
                   "valid_until": None}, [FileStorage(io.BytesIO(picture()), "值班表.png", name="attachments")],
        )
    return {
        "announcement_id": made.id, "notice_id": Notice.get(Notice.title == "交办给您").id,
        "file_id": Attachment.get(Attachment.owner_type == "announcement").id,
    }


def _cases() -> dict:
    """Open a case in each state that the pages of the station know."""
    up = (("accept", "cun"), ("forward_town", "cun"))
    county = (*up, ("forward_county", "zhen"))
    return {
        "received": matter(), "correcting": move(matter(complete=False), ("correct", "cun")),
        "accepted": move(matter(), ("accept", "cun")), "at_town": move(matter(of="临时救助"), *up),
        "special_town": move(matter(of="临时救助"), *up, ("suspend_town", "zhen")),
        "at_county": move(matter(), *county),
        "decided": move(matter(), *county, ("decide", "minzheng")),
        "delivered": move(matter(of="居民养老保险参保"), ("settle", "cun")),
        "withdrawn": move(matter(), ("withdraw", "cun")), "handed": _handed(move(matter(), *up)),
        "disputed": _disputed(move(matter(), *up)), "asked": _asked(move(matter(), ("accept", "cun"))),
        "stopped": _stopped(move(matter(), ("accept", "cun"))),
    }


def _asked(case: Case) -> Case:
    """Have more time asked for; the town decides."""
    extensions.ask(case, person("cun"), 5, "需要实地核查", case.version)
    return Case.get_by_id(case.id)


def _stopped(case: Case) -> Case:
    """Stop the clock beside the steps, for the first lawful reason."""
    reason = pausing.reasons_of(case)[0].name
    return pausing.pause(
        case, person("cun"), reason, evidence="通知 5 号", until_expected=today(), text="", version=case.version
    )


def _duplicates(resident, cases: dict) -> dict:
    """Propose two residents as one person, and make two others one."""
    other, kept, gone = (Resident.get_by_id(cases[name].resident_id) for name in ("accepted", "delivered", "withdrawn"))
    pair = ResidentPair.create(first=resident, second=other, because="birth", **unit(VILLAGE).place())
    versions = {kept.id: kept.version, gone.id: gone.version}
    journal = merging.merge(kept.id, gone.id, {}, "同一人", versions, person("shuji"))
    return {"other_id": other.id, "pair_id": pair.id, "merge_id": journal.id}


def _handed(case: Case) -> Case:
    """Hand a case that lies with the town's 便民服务中心 to its 综治中心."""
    return hand_over(case, person("zhen"), unit((TOWN, "综治中心")).id, "按职责归你们")


def _disputed(case: Case) -> Case:
    """Have a case sent back until the town must decide."""
    for _ in range(3):
        case = send_back(_handed(case), person("zongzhi"), "不归我们")
    return case


def _twins(alike, merged) -> dict:
    """Open a case that may be the same as `alike`, and one that was merged into `merged`."""
    second, third = matter(), matter()
    Case.update(resident=alike.resident_id).where(Case.id == second.id).execute()
    Case.update(resident=merged.resident_id).where(Case.id == third.id).execute()
    places = {name: getattr(second, name) for name in ("county_id", "town_id", "village_id", "grid_id")}
    pair = Likeness.create(case=second.id, other=alike.id, score=90, reasons=["同一人"], **places)
    Case.update(alike=1).where(Case.id.in_([alike.id, second.id])).execute()
    merge(Case.get_by_id(third.id), merged, person("shuji"))
    return {"likeness_id": pair.id, "merged_id": Merge.get().id, "merged_case": third.id}


def _neighbour_county() -> None:
    region = Unit.get(Unit.code == VILLAGE[:6] + "000000").parent
    county = Unit.add(code="510723000000", name="盐亭县", level="county", parent=region)
    town = Unit.add(code="510723100000", name="云溪镇", level="town", parent=county)
    village = Unit.add(code="510723100201", name="新龙村村民委员会", level="village", parent=town)
    office = Unit.add(code="510723000000D01", name="县行政审批服务局", level="department", parent=county)
    above = Unit.add(code="5107", name="绵阳市", level="region")
    places = {"region": above, "county": county, "office": office, "village": village}
    for name, (full_name, where, role) in NEIGHBOURS.items():
        user, _ = accounts.add_user(name, full_name, password=PASSWORD, must_change=False)
        Post.create(user=user, unit=places[where], role=Role.get(Role.slug == role), title=full_name)
    for place in (county, town):
        for plugin in PLUGINS:
            set_enabled(place, plugin, True, None)


def picture() -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (4, 4), "teal").save(drawn, "PNG")
    return drawn.getvalue()


def routes(app, method: str) -> list:
    """Return the rules that answer `method`, in the order of their addresses."""
    return sorted((rule for rule in app.url_map.iter_rules() if method in rule.methods), key=lambda rule: rule.rule)


def address(rule, values: dict) -> str:
    """Return the address of a rule with its arguments filled in."""
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found[1]]), rule.rule)


def permission_of(app, rule) -> str:
    return app.view_functions[rule.endpoint].permission


def fingerprint(app, without=()) -> dict[str, int]:
    """Return how many rows each table has, and what the cases, people and accounts hold."""
    found = {}
    for owner in registry_of(app).owners():
        for model in owner.models:
            name = model._meta.table_name
            if name not in without:
                found[name] = model.select().count()
    found["search_gram"] = database.execute_sql("SELECT COUNT(*) FROM search_gram").fetchone()[0]
    for model in (Case, Resident, User, Unit, Role):
        found[f"{model.__name__}.versions"] = sum(model.select(model.version).tuples().iterator(), ()).__hash__()
    return found


# -- pages ---------------------------------------------------------------------------------------------------------

class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.h1, self.lang, self.title, self.ids = [], 0, "", "", []
        self._in_title = False

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "a" and attrs.get("href"):
            self.links.append(attrs["href"])
        if tag == "h1":
            self.h1 += 1
        if tag == "html":
            self.lang = attrs.get("lang", "")
        if attrs.get("id"):
            self.ids.append(attrs["id"])
        self._in_title = tag == "title"

    def handle_data(self, data):
        if self._in_title:
            self.title += data

    def handle_endtag(self, tag):
        self._in_title = False


def read(text: str) -> _Page:
    page = _Page()
    page.feed(text)
    return page


def has_chinese(text: str) -> bool:
    return bool(re.search(r"[\u4e00-\u9fff]", text))


def plain_of(text: str) -> str:
    """Return a page without what differs from answer to answer."""
    return re.sub(r'(nonce|value)="[^"]*"|编号 <span class="number">\w+</span>', "", text)
