"""Each form asks only for what its page needs; what the village has given before stands there already."""

from plugins.village_rules.law import BODIES, COUNTINGS
from plugins.village_rules.models import BANQUETS, HOWS, MATTERS, THEMES
from portal.kit import Choice, Day, Flag, Form, IdCardField, LongText, Many, Moment, Number, Text, Upload, VersionedForm

REPLY_CHANNELS = [("face", "当面"), ("phone", "电话"), ("paper", "书面"), ("door", "上门")]
CALLED_BY = [("committee", "村民委员会召集"), ("villagers", "十分之一以上村民提议"), ("representatives",
    "村民代表提议")]
YES_NO = [("yes", "通过"), ("no", "未通过")]

#: A village of more people than a large town is a slip of the finger.
MOST_PEOPLE = 50_000


class Listed(Choice):
    """One of what the records hold: drawn as a list even where they hold little."""


# -- meetings ----------------------------------------------------------------------------------------------------------

class PlanForm(VersionedForm):
    body = Choice("会议", choices=list(BODIES.items()))
    group_name = Text("村民小组", required=False, longest=40)
    subject = Text("议题", longest=200)
    planned_at = Moment("开会时间")
    place = Text("地点", longest=100)
    chair = Text("主持人", longest=50)
    notice_on = Day("通知日期", required=False)
    special_reason = Text("临时召开的特殊情况", required=False, longest=300)
    called_by = Choice("怎样召集", choices=CALLED_BY, default="committee")
    demanders = Number("提议人数", required=False, most=MOST_PEOPLE)
    demanders_of = Number("村民（代表）总数", required=False, most=MOST_PEOPLE)


class RecordForm(VersionedForm):
    held_on = Day("开会日期")
    counting = Choice("按什么计算人数", choices=list(COUNTINGS.items()))
    roll = Number("应到", least=1, most=MOST_PEOPLE)
    present = Number("实到", most=MOST_PEOPLE)
    women_present = Number("其中妇女", most=MOST_PEOPLE)
    recorder = Text("记录人", longest=50)
    record = LongText("讨论情况", required=False, longest=5000)
    attendees = LongText("到会人名单", required=False, longest=5000)


class ResolutionForm(VersionedForm):
    matter = Choice("决议事项", choices=list(MATTERS.items()))
    text = LongText("决议内容", longest=2000)
    votes_for = Number("赞成", most=MOST_PEOPLE)
    votes_against = Number("反对", most=MOST_PEOPLE, default=0)
    votes_abstained = Number("弃权", most=MOST_PEOPLE, default=0)
    passed = Choice("结果", choices=YES_NO)
    important = Flag("重要事项，先经村党组织研究讨论")
    party_on = Day("村党组织讨论日期", required=False)
    party_note = Text("讨论意见", required=False, longest=300)


class AssemblyForm(VersionedForm):
    adults = Number("十八周岁以上村民", least=1, most=MOST_PEOPLE)
    households = Number("户数", least=1, most=MOST_PEOPLE)
    committee = Number("村民委员会成员", least=1, most=50)
    representatives = Number("村民代表", least=1, most=1000)
    women = Number("其中妇女代表", most=1000)
    elected_on = Day("推选日期", required=False)


# -- 村规民约 --------------------------------------------------------------------------------------------------------

class BeginForm(Form):
    title = Text("名称", longest=100, default="村规民约")
    collect_until = Day("意见征集到哪天")
    text = LongText("为什么制定或修订", required=False, longest=500)


class ClauseForm(VersionedForm):
    theme = Choice("内容", choices=list(THEMES.items()))
    heading = Text("小标题", required=False, longest=60)
    text = LongText("条文", longest=1000)
    answer = LongText("对提示的说明", required=False, longest=500)
    position = Number("放在第几条", required=False, least=1, most=200)


class RemoveForm(VersionedForm):
    """To take out what the page shows."""


class OpinionForm(Form):
    how = Choice("怎样征集的", choices=list(HOWS.items()))
    people = Number("几个人提的", least=1, most=10_000, default=1)
    text = LongText("意见", longest=1000)


class AnswerForm(VersionedForm):
    adopted = Choice("是否采纳", choices=[("yes", "采纳"), ("no", "不采纳")])
    reason = Text("说明", required=False, longest=300)


class NoteForm(VersionedForm):
    text = LongText("说明", required=False, longest=1000)


class ReasonForm(VersionedForm):
    text = LongText("理由", longest=1000)


class ReviewForm(VersionedForm):
    party_opinion = Text("乡镇党委、政府意见", longest=300)
    text = LongText("合法性审核意见", longest=1000)


class AdoptForm(VersionedForm):
    resolution = Listed("通过的决议")
    authorised_by = Listed("村民会议授权的决议", required=False)
    text = LongText("说明", required=False, longest=500)


class PublishForm(VersionedForm):
    published_on = Day("公布日期")
    published_at = Text("公布在哪里", longest=100, default="村公示栏")
    effective_on = Day("施行日期")


class RepealForm(VersionedForm):
    repealed_on = Day("废止日期")
    text = LongText("理由", longest=500)


class OrderForm(Form):
    clauses = Text("哪几条", longest=200)
    reason = LongText("违反什么，要怎样改正", longest=1000)
    days = Number("几日内报告改正情况", least=1, most=90)


class ReportForm(VersionedForm):
    text = LongText("怎样改正的", longest=1000)
    attachments = Upload("附上改正后的文本或照片")


# -- 红黑榜 ----------------------------------------------------------------------------------------------------------

class HouseholdForm(VersionedForm):
    head = Text("户主姓名", required=False, longest=50)
    id_card = IdCardField("户主身份证号", required=False)
    group_name = Text("村民小组", longest=20)
    door = Text("门牌或住处", longest=40)
    active = Flag("参加评比", default=True)


class SheetForm(VersionedForm):
    lines = LongText("评分项目", longest=8000)


class RoundForm(Form):
    month = Choice("月份")
    held_on = Day("检查日期")
    inspectors = Text("评比人员", longest=200)


class ConfirmForm(VersionedForm):
    first = Many("先进户", coerce=int)
    last = Many("整改户", coerce=int)
    people = Text("评议人员", longest=200)


class PostForm(VersionedForm):
    posted_on = Day("张榜日期")
    posted_at = Text("张贴在哪里", longest=100, default="村公示栏")


def score_form(lines) -> type[VersionedForm]:
    """Return the form of a sheet: the number of faults for each line, and a remark."""
    fields = {
        f"line_{line.id}": Number(f"{line.position}. {line.standard}", required=False, most=999, default=0)
        for line in lines
    }
    remark = Text("检查记录", required=False, longest=200)
    return type("ScoreForm", (VersionedForm,), {**fields, "remark": remark})


class TellForm(VersionedForm):
    what = LongText("要整改什么", longest=500)
    told_on = Day("告知日期")


class AppealForm(VersionedForm):
    text = LongText("申诉的理由", longest=500)


class ReplyForm(VersionedForm):
    """Any step that tells the household what came of it."""

    reply = LongText("给这一户的答复", longest=500)
    reply_channel = Choice("告知方式", choices=REPLY_CHANNELS, default="face")


class CheckForm(VersionedForm):
    text = LongText("复查情况", longest=500)


class ReferForm(VersionedForm):
    kind = Listed("转给")
    text = LongText("什么事（不写户主姓名和电话）", longest=500)


# -- 红白理事会 ------------------------------------------------------------------------------------------------------

class CouncilForm(VersionedForm):
    members = LongText("成员", longest=2000)
    elected_on = Day("推选日期")
    until = Day("任期到")
    resolution = Listed("推选的决议", required=False)


class LimitForm(VersionedForm):
    tables = Number("提倡不超过几桌", required=False, least=1, most=1000)
    per_table = Number("每桌不超过（元）", required=False, least=1, most=10_000)
    tobacco = Number("香烟每包不超过（元）", required=False, least=1, most=1000)
    alcohol = Number("酒每瓶不超过（元）", required=False, least=1, most=10_000)
    gift = Number("礼金不超过（元）", required=False, least=1, most=100_000)
    cars = Number("用车不超过（辆）", required=False, most=1000)
    days = Number("办几天", required=False, least=1, most=30)
    note = LongText("还提倡什么", required=False, longest=300)


class BanquetForm(VersionedForm):
    host = Text("事主姓名", required=False, longest=50)
    id_card = IdCardField("事主身份证号", required=False)
    kind = Choice("什么事", choices=list(BANQUETS.items()))
    occasion = Text("其他的，写明是什么事", required=False, longest=60)
    on_day = Day("哪天办")
    notice_on = Day("申报日期")
    tables = Number("桌数", least=1, most=1000)
    per_table = Number("每桌标准（元）", required=False, most=10_000)
    tobacco = Number("香烟每包（元）", required=False, most=1000)
    alcohol = Number("酒每瓶（元）", required=False, most=10_000)
    gift = Number("礼金（元）", required=False, most=100_000)
    cars = Number("用车（辆）", required=False, most=1000)
    days = Number("办几天", required=False, most=30)
    band = Flag("请乐队")
    pledged_on = Day("承诺书签名日期", required=False)


class VisitForm(VersionedForm):
    visited_on = Day("到场日期")
    visited_by = Text("到场核实人", longest=60)
    actual_tables = Number("实际桌数", most=1000)
    actual_per_table = Number("实际每桌（元）", required=False, most=10_000)
    remark = LongText("备注", required=False, longest=300)
