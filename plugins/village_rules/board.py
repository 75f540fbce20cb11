"""红黑榜: sheet, inspection, scores, who is first and who has something to put right, posting (DOMAIN 6.2).

A household that comes last is a 整改户: named on the village's own board only, for a limited time, its name masked
(DOMAIN fact 9), and not before every appeal has an answer.
"""

import datetime
from decimal import Decimal, InvalidOperation

from plugins.village_rules.ground import hold
from plugins.village_rules.models import Household, Rectification, Round, Score, Sheet, SheetLine
from portal.kit import Conflict, Refused, Unit, atomic, audit, find_or_create_resident, fn, mask_name, setting

FULL = 1000
MOST_LINES = 60

#: A beginning in the manner of a township of Hunan (18 lines make 100, half a point for each fault); villages write
#: their own.
SAMPLE = """\
清除裸露垃圾 | 房前屋后没有裸露垃圾 | 8 | 0.5
清除裸露垃圾 | 沟渠、水塘没有漂浮物 | 6 | 0.5
清除裸露垃圾 | 道路两旁没有乱扔乱倒 | 6 | 0.5
基础设施 | 厕所干净、能正常使用 | 6 | 0.5
基础设施 | 污水不直排、不乱流 | 6 | 0.5
基础设施 | 门前道路平整、没有占道 | 4 | 0.5
庭院美化 | 庭院清扫干净 | 8 | 0.5
庭院美化 | 柴草、农具堆放整齐 | 6 | 0.5
庭院美化 | 种花种草、菜园整齐 | 4 | 0.5
垃圾分类减量 | 会烂的和不会烂的分开投放 | 8 | 0.5
垃圾分类减量 | 可回收物收集整齐 | 4 | 0.5
垃圾分类减量 | 不焚烧垃圾和秸秆 | 6 | 0.5
入户评比 | 客厅、厨房整洁 | 6 | 0.5
入户评比 | 家禽家畜圈养 | 6 | 0.5
收费 | 按村民会议约定交卫生费 | 4 | 0.5
红白喜事 | 红白喜事按约定从简 | 4 | 0.5
广告 | 墙面没有乱贴乱画 | 4 | 0.5
广告 | 标语、公示栏周围整洁 | 4 | 0.5
"""


# -- the sheet ---------------------------------------------------------------------------------------------------------

def _tenths(text: str, number: int, what: str) -> int:
    try:
        value = Decimal(text) * 10
        whole = int(value)
    except (InvalidOperation, ValueError, OverflowError):
        raise Refused(f"第 {number} 行：{what}“{text[:20]}”不是数字。", "lines") from None
    if value != whole or not 0 < whole <= FULL:
        raise Refused(f"第 {number} 行：{what}应大于 0、不超过 100，最多一位小数。", "lines")
    return whole


def parsed(text: str) -> list[dict]:
    """Return the lines of a sheet as a village writes it: part | standard | points | points for each fault.

    Raises Refused that names the line, or says by how much the points miss 100.
    """
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        parts = [part.strip() for part in line.replace("｜", "|").split("|")]
        if not any(parts):
            continue
        if len(parts) != 4 or not all(parts):
            raise Refused(f"第 {number} 行：应为“项目 | 标准 | 分值 | 每处扣分”四项。", "lines")
        if len(parts[0]) > 20 or len(parts[1]) > 200:
            raise Refused(f"第 {number} 行：项目最多 20 字，标准最多 200 字。", "lines")
        points, fault = _tenths(parts[2], number, "分值"), _tenths(parts[3], number, "每处扣分")
        if fault > points:
            raise Refused(f"第 {number} 行：每处扣分不能多于分值。", "lines")
        found.append({"position": len(found) + 1, "part": parts[0], "standard": parts[1], "tenths": points,
                      "fault_tenths": fault})
    if len(found) > MOST_LINES:
        raise Refused(f"最多 {MOST_LINES} 行，现在有 {len(found)} 行。", "lines")
    if (total := sum(line["tenths"] for line in found)) != FULL:
        raise Refused(f"各行分值合计应为 100 分，现在是 {points_text(total)} 分。", "lines")
    return found


def written(lines) -> str:
    """Return the lines as parsed() reads them."""
    return "\n".join(f"{line.part} | {line.standard} | {points_text(line.tenths)} | {points_text(line.fault_tenths)}"
                     for line in lines)


def points_text(tenths: int) -> str:
    return f"{tenths // 10}" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}"


def sheet_of(unit_id: int) -> Sheet | None:
    """Return the sheet that the village uses now."""
    return Sheet.select().where(Sheet.unit == unit_id, Sheet.active == True).first()  # noqa: E712


def lines_of(sheet) -> list[SheetLine]:
    return list(SheetLine.select().where(SheetLine.sheet == sheet).order_by(SheetLine.position))


def save_sheet(unit: Unit, text: str, version: int, actor, day: datetime.date) -> Sheet:
    """Write a new sheet; the old one stays with the rounds that were scored with it. `version` is the edition that was
    on the screen. Raises Refused, Conflict."""
    lines, last = parsed(text), sheet_of(unit.id)
    if version != (last.edition if last else 0):
        raise Conflict("别人", "修改了评分表", "/village_rules/sheet")
    with atomic():
        Sheet.update(active=False).where(Sheet.unit == unit).execute()
        sheet = Sheet.create(unit=unit, edition=(last.edition if last else 0) + 1, made_on=day,
                             by_name=actor.full_name, **unit.place())
        for line in lines:
            SheetLine.create(sheet=sheet, **line)
        audit.record("village_rules.sheet", "village_rules.sheet", sheet.id, actor=actor)
    return sheet


# -- households --------------------------------------------------------------------------------------------------------

def named_person(actor, unit: Unit, name: str, id_card: str, field: str) -> dict:
    """Return what is kept of a person: the masked name, and the resident where a number was given."""
    if not name:
        raise Refused("请填写姓名。", field)
    if not id_card:
        return {field: mask_name(name), "resident": None}
    resident = find_or_create_resident(actor, name=name, id_card=id_card, unit=unit)
    return {field: resident.masked_name, "resident": resident}


def save_household(unit: Unit, data: dict, actor, household: Household | None = None, version: int = 0) -> Household:
    """Save a household; without a name typed anew the old one stays. Raises Refused, Conflict."""
    name, id_card = data.pop("head"), data.pop("id_card")
    same = Household.select().where(
        Household.unit == unit, Household.group_name == data["group_name"], Household.door == data["door"],
        Household.id != (household.id if household else 0),
    )
    if (other := same.first()) is not None:
        raise Refused(f"{data['group_name']}{data['door']}已经登记为 {other.code}，一户只登记一次。", "door")
    if household is None or name:
        data |= named_person(actor, unit, name, id_card, "head")
    if household is None:
        last = Household.select(fn.MAX(Household.number)).where(Household.unit == unit).scalar() or 0
        household = Household.create(unit=unit, number=last + 1, **unit.place(), **data)
    else:
        hold(household, version, f"修改了{household.code}",
             f"/village_rules/households/{household.id}/edit", **data)
    audit.record("village_rules.household", "village_rules.household", household.id, actor=actor)
    return household


def households_of(unit_id: int) -> list[Household]:
    return list(Household.select().where(Household.unit == unit_id, Household.active == True)  # noqa: E712
                .order_by(Household.number))


# -- a round -----------------------------------------------------------------------------------------------------------

def begin(unit: Unit, data: dict, actor, today: datetime.date) -> Round:
    """Begin the inspection of a month; returns the round. Raises Refused."""
    sheet = sheet_of(unit.id)
    if sheet is None:
        raise Refused("村里还没有评分表，请先制定评分表。")
    month = datetime.date.fromisoformat(f"{data['month']}-01")
    if data["held_on"] > today:
        raise Refused("检查日期不能晚于今天。", "held_on")
    if Round.select().where(Round.unit == unit, Round.month == month).exists():
        raise Refused(f"{month.year} 年 {month.month} 月的评比已经有了，一个月评一次。", "month")
    one = Round.create(unit=unit, month=month, sheet=sheet, inspectors=data["inspectors"], held_on=data["held_on"],
                       **unit.place())
    audit.record("village_rules.round", "village_rules.round", one.id, actor=actor)
    return one


def score(one: Round, lines, household: Household, data: dict, version: int, actor) -> Score:
    """Write the faults of a household; the points are counted here. Raises Refused at a line, Conflict.

    `data` has {"line_<id>": faults} and "remark"; `version` 0 stands for a household that had no score on the screen.
    """
    if one.state != "scoring":
        raise Refused("这一轮已经确认结果，不能再改分；有误的，请在申诉答复里更正。")
    if household.unit_id != one.unit_id or not household.active:
        raise Refused("这一户不参加本轮评比。")
    faults, tenths = {}, FULL
    for line in lines:
        number = data.get(f"line_{line.id}") or 0
        if number > line.most_faults:
            raise Refused(
                f"这一行共 {points_text(line.tenths)} 分，每处扣 {points_text(line.fault_tenths)} 分，"
                f"最多记 {line.most_faults} 处。", f"line_{line.id}",
            )
        if number:
            faults[str(line.id)] = number
            tenths -= min(number * line.fault_tenths, line.tenths)
    url = f"/village_rules/rounds/{one.id}/households/{household.id}"
    row = Score.get_or_none(Score.round == one, Score.household == household)
    values = {"faults": faults, "tenths": tenths, "remark": data.get("remark", ""), "by_name": actor.full_name}
    if row is not None:
        hold(row, version, f"给{household.code}打了分", url, **values)
    elif version != 0:
        raise Conflict("别人", f"修改了{household.code}的分数", url)
    else:
        row = Score.create(round=one, household=household, **one_place(one), **values)
    return row


def one_place(row) -> dict:
    return {name: getattr(row, name) for name in ("county_id", "town_id", "village_id", "grid_id")}


def suggested(scores: list[Score], one: Round) -> tuple[list[int], list[int]]:
    """Return the ids of the scores that the rule of the round's town puts first and last; people confirm them."""
    top, below = setting("village_rules.top", one), setting("village_rules.below", one) * 10
    last = [score.id for score in scores if score.tenths < below]
    rest = (score for score in scores if score.id not in last)
    best = sorted(rest, key=lambda score: (-score.tenths, score.household.number))
    return [score.id for score in best[:top]], last


def scores_of(one: Round) -> list[Score]:
    """Return the scores with their households, the best first."""
    return list(
        Score.select(Score, Household).join(Household).where(Score.round == one)
        .order_by(Score.tenths.desc(), Household.number)
    )


def check_confirm(one: Round, first: set[int], last: set[int], scores: list[Score]) -> None:
    """Raise Refused for a result that cannot be."""
    if one.state != "scoring":
        raise Refused("这一轮的结果已经确认过。")
    if not scores:
        raise Refused("还没有给任何一户打分。")
    if both := [score.household.code for score in scores if score.id in first & last]:
        raise Refused(f"{'、'.join(both)}不能既是先进户又是整改户。", "last")


def check_post(one: Round, day: datetime.date, today: datetime.date) -> None:
    """Raise Refused while the result is not confirmed, or an appeal has no answer."""
    if one.state != "confirmed":
        raise Refused("请先确认先进户和整改户。" if one.state == "scoring" else "这一轮已经张榜。")
    if day > today:
        raise Refused("张榜日期不能晚于今天。", "posted_on")
    rows = list(Rectification.select(Rectification, Score, Household).join(Score).join(Household)
                .where(Score.round == one, Rectification.status == "mending"))
    if untold := [row.score.household.code for row in rows if row.told_on is None]:
        raise Refused(f"{'、'.join(untold)}还没有告知，先告知整改内容和申诉办法，再张榜。")
    if waiting := [row.score.household.code for row in rows if row.appealed_on and not row.answer]:
        raise Refused(f"{'、'.join(waiting)}的申诉还没有答复，答复以后才能张榜。")


def post(one: Round, day: datetime.date, place: str, version: int, actor, today: datetime.date) -> None:
    """Post the board until the county's number of days has passed. Raises Refused (check_post), Conflict."""
    check_post(one, day, today)
    until = day + datetime.timedelta(days=setting("village_rules.posted", one))
    hold(one, version, "已经张榜", f"/village_rules/rounds/{one.id}", state="posted", posted_on=day,
         posted_until=until, posted_at=place)
    audit.record("village_rules.post_board", "village_rules.round", one.id, actor=actor)


def board_of(one: Round, scores: list[Score], today: datetime.date) -> dict:
    """Return what the board shows on `today`: names only from posting until its end, computed as it is read.

    A household that was cleared, corrected or taken off is on it no more.
    """
    named = one.state == "posted" and one.posted_on <= today <= one.posted_until
    rows = Rectification.select(Rectification.score, Rectification.status).join(Score).where(Score.round == one)
    states = dict(rows.tuples())
    return {
        "named": named, "expired": one.state == "posted" and today > one.posted_until,
        "first": [score for score in scores if score.result == "first"],
        "last": [score for score in scores if score.result == "last" and states.get(score.id) == "mending"],
        "listed": sum(score.result == "last" or score.id in states for score in scores),
        "cleared": sum(state == "cleared" for state in states.values()), "states": states,
    }
