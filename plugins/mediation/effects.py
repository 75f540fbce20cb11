"""What each step of a dispute writes into the plugin's own rows. The text returned stands in the timeline."""

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
    TakenNumber,
)
from plugins.mediation.periods import period_of
from plugins.mediation.record import agreement_of, confirmation_of, dispute_of
from plugins.mediation.words import (
    COURT_RESULTS,
    DIFFICULTIES,
    FOLLOW_UP_RISKS,
    LAWFUL_WAYS,
    PERFORMED,
    RESULTS,
    ROUND_KINDS,
    ROUTES,
    SATISFACTION,
)
from portal.kit import index_case, setting, take_number, void_number
from portal.kit import refer as hand_to


def _write(case, **changes) -> Dispute:
    """Write `changes` to the dispute of `case`; its form on somebody's screen is stale from then on."""
    dispute = dispute_of(case)
    for name, value in changes.items():
        setattr(dispute, name, value)
    dispute.version += 1
    dispute.save(only=[*changes, "version"])
    return dispute


def _routes(data) -> str:
    return f"已告知途径：{'、'.join(ROUTES[route] for route in data['routes'])}。"


def take_up(case, actor, data):
    """受理: the committee's register gives the number, and whoever accepts has the matter from then on."""
    committee = Committee.get_by_id(data["committee"])
    year = data["at"].year
    number = take_number(f"RT{committee.id}", committee.unit, year)
    text = f"（{year}）{committee.short_name}人调字第 {number} 号"
    TakenNumber.create(
        county_id=case.county_id, case=case.id, committee=committee, year=year, number=number, text=text, at=data["at"],
    )
    _write(case, committee=committee, accepted_at=data["at"], number=text, period=period_of(case)[1])
    case.person = actor.id
    index_case(case)
    return f"{committee.name}受理，{text}。{data.get('text', '')}"


def decline(case, actor, data):
    _write(case, ended_because=data["text"], ended_at=data["at"], routes=data["routes"])
    return f"{data['text']} {_routes(data)}"


def redirect(case, actor, data):
    _write(case, ended_because=data["text"], ended_at=data["at"], way=data["way"])
    return f"转{LAWFUL_WAYS[data['way']]}：{data['text']}"


def stop(case, actor, data):
    party = Party.get(Party.id == int(data["refuser"]), Party.case == case.id)
    _write(case, ended_because=f"{party.side_title}明确拒绝调解：{data['text']}", ended_at=data["at"],
           routes=data["routes"])
    return f"{party.side_title}{party.masked}明确拒绝调解。{data['text']} {_routes(data)}"


def withdraw(case, actor, data):
    _write(case, ended_because=f"申请人撤回：{data['text']}", ended_at=data["at"])
    case.no_reply_because = "申请人撤回"
    return data["text"]


def name(case, actor, data):
    """Name the mediators; those who were named before stay readers, for they know what was said."""
    chosen = list(Mediator.select().where(Mediator.id.in_(data["mediators"])).order_by(Mediator.id))
    end_naming(case, data["at"])
    for mediator in chosen:
        Naming.create(county_id=case.county_id, case=case.id, mediator=mediator, by=data["chosen_by"], since=data["at"])
    dispute = dispute_of(case)
    readers = {*dispute.readers, *(one.user_id for one in chosen if one.user_id)}
    _write(
        case, named=[[one.id, one.name, one.user_id] for one in chosen], readers=sorted(readers),
        chosen_by=data["chosen_by"], invited=data.get("invited") or "", rights_told_at=None,
    )
    case.person = actor.id
    how = "当事人选择" if data["chosen_by"] == "parties" else "调委会指定"
    invited = f"；经双方同意，邀请{data['invited']}参与" if data.get("invited") else ""
    return f"{how}：{'、'.join(one.name for one in chosen)}{invited}。"


def end_naming(case, at) -> None:
    Naming.update(until=at).where(Naming.case == case.id, Naming.until.is_null()).execute()


def tell(case, actor, data):
    moment = data.get("told_at") or data["at"]
    _write(case, rights_told_at=moment)
    return f"{moment:%Y-%m-%d %H:%M} 告知双方权利义务，当事人签收。{data.get('text', '')}"


def note_round(case, actor, data):
    MediationRound.create(
        county_id=case.county_id, case=case.id, at=data["round_at"], kind=data["kind"], place=data["place"],
        people=data["people"], told=data.get("told") or "", text=data["text"], result=data["result"],
        recorder=actor.full_name,
    )
    where = f"{data['round_at']:%m-%d %H:%M} {ROUND_KINDS[data['kind']]}，{data['place']}"
    return f"{where}，{RESULTS[data['result']]}。{data['text']}"


def _agree(case, data, form: str) -> Agreement:
    made = Agreement.create(
        county_id=case.county_id, case=case.id, form=form, facts=data["facts"], terms=data["terms"], how=data["how"],
        where=data.get("where") or "", until=data["until"], amount=data.get("amount"),
        copies=data.get("copies") or 1, made_on=data["made_on"], effective_on=data["made_on"],
        recorder=data.get("recorder", ""),
    )
    dispute = _write(case, agreed_at=data["at"], performance="none")
    dispute.agreement = made
    return made


def agree(case, actor, data):
    made = _agree(case, {**data, "recorder": actor.full_name}, "written")
    return f"签订书面协议，{made.effective_on:%Y-%m-%d} 生效，{made.until:%Y-%m-%d} 前履行。{made.terms}"


def agree_orally(case, actor, data):
    made = _agree(case, {**data, "recorder": actor.full_name}, "oral")
    return f"达成口头协议，{made.effective_on:%Y-%m-%d} 起生效，{made.until:%Y-%m-%d} 前履行。{made.terms}"


def fail(case, actor, data):
    _write(case, ended_because=data["text"], ended_at=data["at"], routes=data["routes"])
    return f"调解不成，终止调解。{data['text']} {_routes(data)}"


def alarm(case, actor, data):
    _write(case, risk="high", alarmed_at=data["at"], measures=data["measures"],
           reported_to=data.get("reported_to") or "")
    reported = f"已报告{data['reported_to']}。" if data.get("reported_to") else ""
    return f"可能激化，列为高风险。预防措施：{data['measures']} {reported}"


def move(case, actor, data):
    """Hand the matter to another level: its number is void but kept, and who takes it over names anew."""
    dispute = dispute_of(case)
    because = f"移交：{data['text']}"[:200]
    for taken in TakenNumber.select().where(TakenNumber.case == case.id, TakenNumber.void_at.is_null()):
        void_number(f"RT{taken.committee_id}", taken.committee.unit, taken.year, taken.number, because, actor,
                    text=taken.text, case=case)
        TakenNumber.update(void_at=data["at"], void_because=because).where(TakenNumber.id == taken.id).execute()
    end_naming(case, data["at"])
    void = f"{dispute.number}作废留号。" if dispute.number else ""
    _write(
        case, committee=None, accepted_at=None, number="", named=[], chosen_by="", invited="", rights_told_at=None,
        difficulty=data.get("difficulty") or dispute.difficulty,
    )
    return f"按“{DIFFICULTIES[dispute.difficulty]}”移交。{data['text']} {void}"


def prolong(case, actor, data):
    case.mediation_until = data["until"], data["at"]
    return f"双方同意调解到 {data['until']:%Y-%m-%d}。{data['text']}"


def defer(case, actor, data):
    agreement = agreement_of(case)
    agreement.until = data["until"]
    agreement.save(only=["until"])
    case.mediation_until = data["until"], data["at"]
    return f"双方商定改到 {data['until']:%Y-%m-%d} 前履行。{data['text']}"


def perform(case, actor, data):
    _write(case, performance="done", performed_on=data["performed_on"])
    return f"{data['performed_on']:%Y-%m-%d} 履行完毕。{data['text']}"


def breach(case, actor, data):
    _write(case, ended_because=data["text"], ended_at=data["at"], routes=data["routes"])
    return f"协议没有履行。{data['text']} {_routes(data)}"


def follow_up(case, actor, data):
    FollowUp.create(
        county_id=case.county_id, case=case.id, at=data["visited_at"], performed=data["performed"],
        satisfaction=data["satisfaction"], risk=data["risk"], text=data["text"], measures=data.get("measures") or "",
        by_name=actor.full_name,
    )
    if dispute_of(case).performance != "done":
        _write(case, performance=data["performed"])
    found = [PERFORMED[data["performed"]], SATISFACTION[data["satisfaction"]], FOLLOW_UP_RISKS[data["risk"]]]
    return f"{'，'.join(found)}。{data['text']} {data.get('measures') or ''}"


def settle(case, actor, data):
    _write(case, ended_at=data["at"], ended_because="协议已履行，回访没有异议")
    return "协议已履行，已回访，结案。"


def file_away(case, actor, data):
    """立卷归档 (第二十七条): the file is kept as long as the county has set."""
    dispute = _write(case, filed_at=data["at"], retention=setting("mediation.retention", case.county_id))
    return f"立卷归档，保管期限：{dispute.retention}。"


def ask_court(case, actor, data):
    CourtConfirmation.create(county_id=case.county_id, case=case.id, court=data["court"], asked_on=data["asked_on"])
    return f"双方 {data['asked_on']:%Y-%m-%d} 共同向{data['court']}申请司法确认。"


def court_result(case, actor, data):
    confirmation = confirmation_of(case)
    confirmation.result, confirmation.result_on = data["result"], data["result_on"]
    confirmation.court_number = data.get("court_number") or ""
    confirmation.save()
    return f"{data['result_on']:%Y-%m-%d} {COURT_RESULTS[data['result']]}。{confirmation.court_number}"


def refer(case, actor, data):
    opened = hand_to(case, data["kind"], actor, data["text"])
    return f"转出一件需要别的平台办的事，编号 {opened.number}；本纠纷继续调解。"
