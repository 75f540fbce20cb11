"""The gates of the People's Mediation Law that a step must pass (人民调解法, DOMAIN 5.2). Each raises Refused."""

import datetime

from plugins.mediation.choices import NO_COMMITTEE
from plugins.mediation.models import MediationRound, Mediator
from plugins.mediation.record import agreement_of, confirmation_of, dispute_of, lines_of, parties_of
from plugins.mediation.words import FOLLOW_UP_RISKS
from portal.kit import Refused, today

#: 民事诉讼法第二百零五条: within thirty days after the agreement took effect.
CONFIRM_WITHIN = datetime.timedelta(days=30)


def acceptable(case, actor, data):
    sides = {line.kind for line in lines_of(case)["party"]}
    if not {"applicant", "respondent"} <= sides:
        raise Refused("还没有登记双方当事人，请先在“当事人”里登记申请人和被申请人。")
    if data["willing"] != "yes":
        raise Refused(
            "一方当事人明确拒绝调解的，不得调解（人民调解法第十七条）。请用“停止调解”，告诉双方还有哪些途径。",
            "willing",
        )
    if data["committee"] == NO_COMMITTEE:
        raise Refused("这里还没有人民调解委员会，请先到“调解组织”里登记。", "committee")


def routes_told(case, actor, data):
    if not data["routes"]:
        raise Refused("请勾选已经告知双方的途径：可以依法通过仲裁、行政、司法等途径维护权利（人民调解法第二十六条）。",
                      "routes")


def mediators_may(case, actor, data):
    if not data["mediators"]:
        raise Refused("请至少选一名人民调解员。", "mediators")
    if data.get("invited") and not data.get("consent"):
        raise Refused("邀请别人参与调解，必须征得双方当事人同意（人民调解法第二十条）。", "consent")
    named = Mediator.select().where(Mediator.id.in_(data["mediators"]))
    parties = [party.resident for party in parties_of(case) if party.resident_id]
    for mediator in named:
        for party in parties:
            if mediator.resident_id == party.id:
                raise Refused(f"{mediator.name}是本案当事人，不能调解自己的纠纷，请换一位。", "mediators")
            if mediator.name == party.name and not (mediator.resident_id and party.id_card_index):
                raise Refused(
                    f"调解员{mediator.name}和当事人同名。就是本人的，请换一位；只是同名的，"
                    "请在调解组织里登记调解员的身份证号，并登记当事人的身份证号。", "mediators",
                )


def told(case, actor, data):
    if not data["told"]:
        raise Refused(
            "还没有告知双方的权利和义务，不能开始调解（人民调解法第二十三条、第二十四条）。请告知后勾选。", "told"
        )
    _not_to_come(data.get("told_at"), data["at"], "told_at")


def round_in_order(case, actor, data):
    dispute, moment = dispute_of(case), data["round_at"]
    _not_to_come(moment, data["at"], "round_at")
    if dispute.rights_told_at and moment < _minute(dispute.rights_told_at):
        raise Refused(
            f"告知权利义务是 {dispute.rights_told_at:%Y-%m-%d %H:%M}，调解不能早于告知，请核对时间。", "round_at"
        )


def _minute(moment):
    return moment.replace(second=0, microsecond=0)


def _not_to_come(moment, at, field):
    if moment and moment > at:
        raise Refused("时间不能晚于现在。", field)


def mediated(case, actor, data):
    if not MediationRound.select().where(MediationRound.case == case.id).exists():
        raise Refused("还没有调解记录，请先用“记一次调解”记下时间、地点和经过。")


def _agreement_in_order(case, data):
    dispute, made_on = dispute_of(case), data["made_on"]
    if made_on > data["at"].date():
        raise Refused("达成协议的日期不能晚于今天。", "made_on")
    if dispute.happened_on and made_on < dispute.happened_on:
        raise Refused(f"协议日期早于纠纷发生的日期（{dispute.happened_on:%Y-%m-%d}），请核对。", "made_on")
    if made_on < dispute.accepted_at.date():
        raise Refused(f"协议日期早于受理的日期（{dispute.accepted_at:%Y-%m-%d}），请核对。", "made_on")
    if data["until"] < made_on:
        raise Refused("履行期限不能早于达成协议的日期。", "until")


def written(case, actor, data):
    """人民调解法第二十九条: signed by the parties and a mediator, sealed by the committee; only then in force."""
    mediated(case, actor, data)
    _agreement_in_order(case, data)
    for name, sentence in (
        ("parties_signed", "双方当事人还没有签名、盖章或按指印，书面协议没有生效（人民调解法第二十九条）。"),
        ("mediator_signed", "人民调解员还没有签名，书面协议没有生效（人民调解法第二十九条）。"),
        ("seal", "还没有加盖人民调解委员会印章，书面协议没有生效（人民调解法第二十九条）。"),
    ):
        if not data[name]:
            raise Refused(sentence, name)
    if not dispute_of(case).committee.sealed:
        raise Refused("登记的是没有印章的人民调解委员会，不能出书面协议；刻了印章的，请先在“调解组织”里更正。", "seal")


def oral(case, actor, data):
    mediated(case, actor, data)
    _agreement_in_order(case, data)


def performed(case, actor, data):
    if data["performed_on"] > data["at"].date():
        raise Refused("履行日期不能晚于今天。", "performed_on")
    if data["performed_on"] < agreement_of(case).made_on:
        raise Refused("履行日期早于达成协议的日期，请核对。", "performed_on")


def later_day(case, actor, data):
    if data["until"] <= data["at"].date():
        raise Refused("新的期限要晚于今天。", "until")


def followed_up(case, actor, data):
    visits = lines_of(case)["follow_up"]
    if not visits:
        raise Refused("还没有回访，不能结案。请先回访当事人，记下履行和满意情况。")
    if visits[-1].kind != "done":
        raise Refused(f"最近一次回访记着“{visits[-1].performed_title}”，不能按已经履行结案。")
    if visits[-1].result == "again":
        raise Refused(f"最近一次回访记着“{FOLLOW_UP_RISKS['again']}”，请处理后再回访一次。")


def visit_in_order(case, actor, data):
    _not_to_come(data["visited_at"], data["at"], "visited_at")
    if data["visited_at"].date() < agreement_of(case).made_on:
        raise Refused("回访时间早于达成协议的日期，请核对。", "visited_at")
    if data["risk"] == "again" and not data["measures"]:
        raise Refused("有隐患的，请写明采取了什么措施。", "measures")


def confirmable(case, actor, data):
    """民事诉讼法第二百零五条: both together, within thirty days of effect; not on status, adoption or marriage."""
    effective = agreement_of(case).effective_on
    if confirmation_of(case):
        raise Refused("已经登记过司法确认申请，不能重复登记。")
    if not data["jointly"]:
        raise Refused("司法确认须由双方当事人共同申请。", "jointly")
    if not data["no_status"]:
        raise Refused("涉及身份关系、收养关系、婚姻关系的协议不能申请司法确认。", "no_status")
    if data["asked_on"] < effective:
        raise Refused(f"协议 {effective:%Y-%m-%d} 生效，申请不能早于这一天。", "asked_on")
    if data["asked_on"] > effective + CONFIRM_WITHIN:
        raise Refused(
            f"协议 {effective:%Y-%m-%d} 生效，须在三十日内（到 {effective + CONFIRM_WITHIN:%Y-%m-%d}）共同申请。",
            "asked_on",
        )


def court_answered(case, actor, data):
    confirmation = confirmation_of(case)
    if data["result_on"] < confirmation.asked_on or data["result_on"] > today():
        raise Refused("日期应在申请之后、今天之前。", "result_on")
