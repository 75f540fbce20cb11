"""上报: an event comes into the ledger, from a grid worker's phone, a window, or another platform."""

from plugins.grid.catalogue import CATEGORIES, CATEGORY_OF, title_of
from plugins.grid.forms import FROM_PEOPLE, INFORMED
from plugins.grid.ladder import first_holder, first_limit
from plugins.grid.models import GridEvent
from plugins.grid.team import refuse_outside
from plugins.grid.workflow import KIND
from portal.kit import (
    Case,
    Opening,
    Refused,
    Unit,
    attach,
    find_or_create_resident,
    now,
    open_case,
    take,
    unit_in_charge,
)

MOST_PHOTOS = 9
#: Why nobody waits for an answer, by where the event comes from.
BECAUSE = {
    "grid": "网格员巡查发现", "video": "视频巡查发现", "superior": "上级交办，结果由上级查看",
    "department": "部门移交，结果由移交部门查看",
}
ANONYMOUS = "匿名反映，无法答复"
CLOSED = "强制报告，结果不向外公开"
COMPULSORY_TITLE = "强制报告事项"
#: How much of what was written stands in lists.
SHOWN = 40


def report(place: Unit, actor, data: dict, at=None) -> Case:
    """Open the event that `actor` reports at `place`, in the caller's transaction; returns its case.

    Raises Refused for what does not fit together: a finer kind of another category, an answer owed to nobody, a
    compulsory report with a moment in the future or settled on the spot.
    """
    category, at = CATEGORIES[data["category"]], at or now()
    refuse_outside(actor, place)
    _check(category, data, at)
    because = _because(category, data)
    resident = None
    if not because:
        resident = find_or_create_resident(
            actor, name=data["name"], id_card="", phone=data.get("phone", ""), unit=place
        )
    case = open_case(_opening(place, category, data, because, resident), actor, at=at)
    keep_event(case, actor, category, data)
    for upload in data.get("attachments") or []:
        if upload:
            attach(upload, case, actor)
    if data.get("settled"):
        result = data.get("result", "")
        step = "settle" if because else "settle_reply"
        case = take(step, case, actor, {"text": result, "reply": result, "reply_channel": "face"}, at=at)
    return case


def _check(category, data: dict, at) -> None:
    if data.get("sub") and CATEGORY_OF[data["sub"]] is not category:
        raise Refused(f"“{category.title}”里没有这个细分，请重新选择。", "sub")
    if (data.get("lon") is None) != (data.get("lat") is None):
        raise Refused("经度和纬度要么都填，要么都不填。", "lon")
    if len([one for one in data.get("attachments") or [] if one]) > MOST_PHOTOS:
        raise Refused(f"一次最多 {MOST_PHOTOS} 张照片。", "attachments")
    if data.get("settled") and not data.get("result"):
        raise Refused("已经当场处置的，请写明怎么处置的。", "result")
    if category.compulsory:
        _check_compulsory(data, at)


def _check_compulsory(data: dict, at) -> None:
    if data.get("settled"):
        raise Refused("强制报告事项不能当场办结，由乡镇综治中心接着办。", "settled")
    if data.get("informed_whom") and not data.get("informed_at"):
        raise Refused("请写明什么时候报告的。", "informed_at")
    if data.get("informed_at") and not data.get("informed_whom"):
        raise Refused("请选择报告了谁。", "informed_whom")
    if data.get("informed_at") and data["informed_at"] > at:
        raise Refused("报告时间不能晚于现在。", "informed_at")


def _because(category, data: dict) -> str:
    """Return why no answer is owed, "" where a person waits for one."""
    if category.compulsory:
        return CLOSED
    channel = data.get("channel") or "grid"
    if channel not in FROM_PEOPLE:
        return "" if data.get("name") else BECAUSE[channel]
    if data.get("anonymous"):
        return ANONYMOUS
    if not data.get("name"):
        raise Refused("请填写反映人姓名，好把结果告诉他；不愿留名的，请勾选“反映人不愿留名”。", "name")
    return ""


def _opening(place: Unit, category, data: dict, because: str, resident) -> Opening:
    compulsory = category.compulsory
    holder = first_holder(place, compulsory)
    line = unit_in_charge(category.setting, place.county_id)
    return Opening(
        kind=KIND.name, title=COMPULSORY_TITLE if compulsory else _title(category, data), place=place, unit=holder,
        limit=first_limit(holder, compulsory), channel=data.get("channel") or "grid", resident=resident,
        applicant=resident.masked_name if resident else "", no_reply_because=because,
        # What is open to few is not put on the list of a whole line.
        line=line if line.reach == "line" and not compulsory else None,
        text=data["text"], step_title="强制报告" if compulsory else "上报",
    )


def _title(category, data: dict) -> str:
    kind = title_of(category.key, data.get("sub", "")).split(" / ")[-1]
    text = " ".join(data["text"].split())
    return f"{kind}：{text[:SHOWN]}{'……' if len(text) > SHOWN else ''}"


def keep_event(case: Case, actor, category, data: dict) -> GridEvent:
    """Write what the ledger does not know of `case`."""
    informed = data.get("informed_at") if category.compulsory else None
    return GridEvent.create(
        case=case, county_id=case.county_id, town_id=case.town_id, village_id=case.village_id, grid_id=case.grid_id,
        category=category.key, sub=data.get("sub") or "", where=data.get("where", ""), lon=data.get("lon"),
        lat=data.get("lat"), text=data["text"], urgency=data.get("urgency") or "normal",
        compulsory=category.compulsory, informed_at=informed,
        informed_whom=dict(INFORMED)[data["informed_whom"]] if informed else "",
        reported_from=actor.post.unit.id, reported_by=actor.id,
    )
