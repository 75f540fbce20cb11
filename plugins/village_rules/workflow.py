"""How rules of a village come to be: 征集 → 草案 → 审核 → 表决 → 备案 → 公布 (DOMAIN 6.1, 第三十一条).

Made by the 村民会议 and filed with the township. Whether the 村民代表会议 may adopt them by authorisation is not
settled (第二十八条 lists what may be delegated, 第三十一条 names the 村民会议), so it is let through only where the
authorising resolution is named, and the page says so.
"""

from markupsafe import Markup

from plugins.village_rules import forms, law
from plugins.village_rules.apart import apart
from plugins.village_rules.charters import charter_of, clauses_of, screened
from plugins.village_rules.deadlines import by
from plugins.village_rules.meetings import adopting, authorising, named, opened_on
from plugins.village_rules.models import Charter, Opinion, Resolution
from plugins.village_rules.numbers import PREFIX
from portal.kit import (
    Case,
    CaseKind,
    Prepared,
    Refused,
    State,
    Step,
    Unit,
    Workflow,
    index_case,
    office_of,
    setting,
    take,
    take_number,
    url_for,
)

DRAFT, REVIEW = "village_rules.draft", "village_rules.review"

STATES = (
    State("collecting", "征集意见", "new", "征集村民意见，逐条登记；草拟条文", "登记意见"),
    State("drafting", "起草", "accepted", "写好条文，处理提示和意见，提请乡镇审核", "起草"),
    State("reviewing", "乡镇审核", "handling", "对照法律审核条文，写明审核意见", "审核"),
    State("voting", "待表决", "handling", "提前通知，召开村民会议表决，记录决议", "表决"),
    State("adopted", "待报备案", "handling", "把通过的文本报乡镇备案", "报备案"),
    State("filing", "乡镇备案", "handling", "登记备案，给备案号；有问题的退回改正", "备案"),
    State("filed", "待公布", "handling", "在村公示栏公布，写明施行日期", "公布"),
    State("in_force", "施行中", "closed"),
    State("repealed", "已废止", "closed"),
    State("dropped", "已终止", "cancelled"),
)


# -- who is responsible ----------------------------------------------------------------------------------------------

def town_office(place) -> Unit:
    """Return the office of the town that reviews and files: the first that exists of those that are named."""
    names = tuple(setting("village_rules.town_office", place).replace(",", "、").replace("，", "、").split("、"))
    office = office_of(place.town_id, tuple(name.strip() for name in names if name.strip()))
    return office or Unit.get_by_id(place.town_id)


def to_town(case, actor, data) -> Unit:
    return town_office(case)


def to_village(case, actor, data) -> Unit:
    return Unit.get_by_id(case.village_id)


# -- guards ------------------------------------------------------------------------------------------------------------

def _ready(case, actor, data):
    """Before the township reads it: there are clauses, hints are mended or answered, opinions have an answer."""
    charter = charter_of(case)
    clauses = screened(clauses_of(charter))
    if not clauses:
        raise Refused("还没有条文，请先编写条文，再提请审核。")
    if open_hints := [f"第 {one.clause.position} 条" for one in clauses if one.unanswered]:
        raise Refused(f"{'、'.join(open_hints)}有提示没有处理：请改掉所指的字句，或在该条写明理由。")
    waiting = Opinion.select().where(Opinion.charter == charter, Opinion.adopted.is_null()).count()
    if waiting:
        raise Refused(f"还有 {waiting} 条村民意见没有写明是否采纳，请先处理。")


def _has_opinions(case, actor, data):
    if not Opinion.select().where(Opinion.charter == charter_of(case)).exists() and not data.get("text"):
        raise Refused("还没有登记任何意见；确实没有人提意见的，请在说明里写明怎样征集的。", "text")


def _carried(case, actor, data):
    """The vote is one that was recorded, of a body that may adopt rules (第三十一条)."""
    resolution = _one_of(adopting(case.village_id, opened_on(case)), data["resolution"], "resolution")
    if resolution.meeting.body == "assembly":
        if not data.get("authorised_by"):
            raise Refused(
                "村规民约由村民会议制定（第三十一条）；村民代表会议能否受托制定，法律没有写明。确有村民会议授权的，请选择授权的决议。",
                "authorised_by",
            )
        given = _one_of(authorising(case.village_id), data["authorised_by"], "authorised_by")
        if given.meeting.held_on > resolution.meeting.held_on:
            raise Refused("授权应当在表决之前作出。", "authorised_by")
    elif data.get("authorised_by"):
        raise Refused("由村民会议表决的，不用选授权的决议。", "authorised_by")
    if resolution.meeting.women_present == 0:
        raise Refused("会议记录里实到妇女为 0，表决村规民约应有一定比例的妇女参加，请核对会议记录。", "resolution")


def _one_of(offered: list[Resolution], key, field: str) -> Resolution:
    found = next((one for one in offered if str(one.id) == str(key)), None)
    if found is None:
        raise Refused("请选择本村会议记录里已经通过的决议。", field)
    return found


def _effective(case, actor, data):
    if data["published_on"] > data["at"].date():
        raise Refused("公布日期不能晚于今天。", "published_on")
    if data["effective_on"] < data["published_on"]:
        raise Refused("施行日期不能早于公布日期。", "effective_on")


# -- effects -----------------------------------------------------------------------------------------------------------

def _write(case, **changes) -> Charter:
    charter = charter_of(case)
    for name, value in changes.items():
        setattr(charter, name, value)
    charter.save(only=[getattr(Charter, name) for name in changes])
    return charter


def _reviewed(case, actor, data):
    _write(case, reviewed_on=data["at"].date(), reviewed_by=actor.full_name, party_opinion=data["party_opinion"],
           legal_opinion=data["text"])
    return f"审核同意。党委政府意见：{data['party_opinion']}。合法性审核：{data['text']}"


def _sent_back(case, actor, data):
    _write(case, reviewed_on=None, reviewed_by="", party_opinion="", legal_opinion="")
    return data["text"]


def _adopt(case, actor, data):
    resolution = _one_of(adopting(case.village_id, opened_on(case)), data["resolution"], "resolution")
    given = data.get("authorised_by") or None
    _write(case, resolution=resolution, authorised_by=int(given) if given else None)
    return f"{named(resolution)}{'，依据村民会议的授权' if given else ''}。{data.get('text', '')}"


def _undo_vote(case, actor, data):
    _write(case, resolution=None, authorised_by=None)
    return data["text"]


def _file(case, actor, data):
    town, year = Unit.get_by_id(case.town_id), data["at"].year
    number = f"{town.short}村规备〔{year}〕{take_number(PREFIX, town, year)}号"
    _write(case, filing_number=number, filed_on=data["at"].date())
    index_case(case)
    return f"备案号 {number}。{data.get('text', '')}"


def _publish(case, actor, data):
    charter = _write(case, published_on=data["published_on"], published_at=data["published_at"],
                     effective_on=data["effective_on"], status="in_force")
    if (earlier := Charter.get_or_none(Charter.unit == charter.unit_id, Charter.status == "in_force",
                                       Charter.id != charter.id)) is not None:
        take("repeal", Case.get_by_id(earlier.case_id), actor,
             {"text": f"由第 {charter.edition} 版代替。", "repealed_on": data["effective_on"]}, at=data["at"])
    return f"{data['published_on']:%m-%d} 在{data['published_at']}公布，{data['effective_on']:%Y-%m-%d} 起施行。"


def _repeal(case, actor, data):
    _write(case, status="repealed", repealed_on=data["repealed_on"])
    return f"{data['repealed_on']:%Y-%m-%d} 起废止。{data['text']}"


def _drop(case, actor, data):
    _write(case, status="dropped")
    return data["text"]


def _offered_votes(case) -> dict:
    votes = [(str(one.id), named(one)) for one in adopting(case.village_id, opened_on(case))]
    given = [(str(one.id), named(one)) for one in authorising(case.village_id)]
    return {"resolution": [("", "请选择")] + votes, "authorised_by": [("", "由村民会议表决，不需要授权")] + given}


STEPS = (
    Step("draft", "结束征集，开始起草", ("collecting",), "drafting", DRAFT, forms.NoteForm, clock="start",
         deadline=by("draft"), guard=_has_opinions, primary=True, hint="起草期间仍然可以补登意见。"),
    Step("submit", "提请审核", ("drafting",), "reviewing", DRAFT, forms.NoteForm, clock="start", deadline=by("review"),
         guard=_ready, hand=to_town, primary=True,
         hint="草案报乡镇党委、政府审核；筛查提示和您写的理由一并给审核人看。"),
    Step("approve", "审核同意", ("reviewing",), "voting", REVIEW, forms.ReviewForm, clock="start", deadline=by("vote"),
         effect=_reviewed, hand=to_village, primary=True, tone="ok", hint="交回村里，召开村民会议表决。"),
    Step("send_back", "退回修改", ("reviewing",), "drafting", REVIEW, forms.ReasonForm, clock="start",
         deadline=by("draft"), effect=_sent_back, hand=to_village, tone="warn", hint="写明哪一条、为什么、要怎么改。"),
    Step("adopt", "登记表决结果", ("voting",), "adopted", DRAFT, forms.AdoptForm, _offered_votes, clock="start",
         deadline=by("file"), guard=_carried, effect=_adopt, primary=True,
         hint="先在“会议”里记录会议和决议，再在这里选择通过的决议。由村民会议表决（第三十一条）；村民代表会议表决的，须选择授权的决议。"),
    Step("reject", "表决没有通过", ("voting",), "drafting", DRAFT, forms.ReasonForm, clock="start",
         deadline=by("draft"),
         effect=_sent_back, tone="warn", hint="回到起草，修改后重新审核、表决。"),
    Step("file", "报送备案", ("adopted",), "filing", DRAFT, forms.NoteForm, clock="start", deadline=by("file"),
         hand=to_town, primary=True, hint="村规民约须报乡镇人民政府备案（第三十一条）。"),
    Step("register", "登记备案", ("filing",), "filed", REVIEW, forms.NoteForm, clock="start", deadline=by("publish"),
         effect=_file, hand=to_village, primary=True, tone="ok", hint="系统给出备案号，交回村里公布。"),
    Step("return", "不予备案，退回改正", ("filing",), "drafting", REVIEW, forms.ReasonForm, clock="start",
         deadline=by("draft"), effect=_undo_vote, hand=to_village, tone="warn",
         hint="与法律相抵触或侵犯村民权利的，责令改正（第三十一条）；改后重新表决。"),
    Step("publish", "公布施行", ("filed",), "in_force", DRAFT, forms.PublishForm, clock="stop", guard=_effective,
         effect=_publish, primary=True, tone="ok", hint="公布以后，原来施行的一版自动废止。公示件可以打印。"),
    Step("repeal", "废止", ("in_force",), "repealed", DRAFT, forms.RepealForm, effect=_repeal, tone="danger",
         hint="不再制定新的一版而要停止施行时使用；制定新的一版，公布时旧版自动废止。"),
    Step("drop", "终止制定", ("collecting", "drafting", "voting"), "dropped", DRAFT, forms.ReasonForm, clock="stop",
         effect=_drop, tone="danger", hint="不再制定这一版时使用，写明理由。"),
)


def facts(case) -> list[tuple]:
    """Return what the case page shows of a charter: DOMAIN 6.1's record."""
    charter = charter_of(case)
    found = [("名称", charter.title), ("版本", f"第 {charter.edition} 版"), ("情形", charter.status_title)]
    if charter.collect_until:
        found.append(("征集到", f"{charter.collect_until:%Y-%m-%d}"))
    if charter.previous_id:
        found.append(("上一版", _edition(charter.previous)))
    if charter.reviewed_on:
        found.append(("乡镇审核", f"{charter.reviewed_on:%Y-%m-%d}，{charter.reviewed_by}"))
    if charter.resolution_id:
        found += _vote(charter)
    for label, value in (("备案号", charter.filing_number), ("备案日期", charter.filed_on),
                         ("公布", charter.published_on), ("施行", charter.effective_on), ("废止", charter.repealed_on)):
        if value:
            found.append((label, str(value)))
    return found


def _edition(charter: Charter):
    url = url_for("village_rules.charter", charter_id=charter.id)
    return Markup('<a href="{}">第 {} 版</a>').format(url, charter.edition)


def _vote(charter: Charter) -> list[tuple]:
    resolution = charter.resolution
    meeting = resolution.meeting
    url = url_for("village_rules.meeting", meeting_id=meeting.id)
    link = Markup('<a href="{}">{}</a>').format(url, f"{meeting.held_on:%Y-%m-%d} {law.BODIES[meeting.body]}")
    found = [("表决", link), ("应到 / 实到 / 女", f"{meeting.roll} / {meeting.present} / {meeting.women_present}"),
             ("同意", f"{resolution.votes_for} 人")]
    if charter.authorised_by_id:
        found.append(("授权", "村民代表会议依村民会议的授权表决；法律对此没有写明，见会议记录"))
    return found


def _block(case, person) -> dict:
    """Return what the charter's part of the case page places."""
    charter = charter_of(case)
    return {
        "charter": charter, "clauses": screened(clauses_of(charter)), "opinions": _told(charter),
        "writing": case.state in ("collecting", "drafting") and person.may("village_rules.draft")
        and case.unit_id in person.acts_for,
        "ordering": charter.status == "in_force" and person.may("village_rules.review"),
    }


def _told(charter: Charter) -> dict:
    rows = _opinions(charter=charter.id)
    return {
        "number": len(rows), "people": sum(people for _, people in rows),
        "adopted": sum(bool(adopted) for adopted, _ in rows), "waiting": sum(adopted is None for adopted, _ in rows),
    }


_opinions = Prepared(
    lambda slots: Opinion.select(Opinion.adopted, Opinion.people).where(Opinion.charter == slots.charter).tuples()
)


KIND = CaseKind(
    name="village_rules.charter", title="村规民约", prefix="GY", workflow=Workflow(STATES, STEPS, start="collecting"),
    read="village_rules.read", icon="gavel", tint="green", facts=facts, template="village_rules/charter_block.html",
    prepare=_block, create="village_rules.begin_charter", create_permission=DRAFT, create_label="制定村规民约",
    applicant_label="提出人", channels=(("meeting", "村务会议"),), apart=apart, hands_over=False,
    extension_note="这是平台自己的提醒期限，不是法定期限，没有延期的规定；确需更多时间的，写备注说明。",
    words=lambda case: charter_of(case).filing_number,
)

