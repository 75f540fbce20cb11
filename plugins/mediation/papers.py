"""The papers of a dispute, filled from the record (DOMAIN 5.4); nobody types them again.

Only those who may read the contents get them. They hold full names, and of ID numbers the masked form. A village has
no electronic seal: print, sign and seal, scan.
"""

from plugins.mediation.record import agreement_of, confirmation_of, dispute_of, lines_of, parties_of
from plugins.mediation.words import CHANNELS, LAWFUL_WAYS, ROUTES
from plugins.mediation.workflow import KIND
from portal.kit import Paper, place_name, today


def _ground(case) -> dict:
    """Return what every paper prints."""
    dispute = dispute_of(case)
    parties = parties_of(case)
    return {
        "dispute": dispute, "parties": parties, "people": [_described(party) for party in parties],
        "lines": lines_of(case), "agreement": agreement_of(case), "place": place_name(case),
        "committee": dispute.committee.name if dispute.committee_id else case.unit.name,
        "source": dict(CHANNELS)[case.channel], "today": today(), "routes": [ROUTES[route] for route in dispute.routes],
        "way": LAWFUL_WAYS.get(dispute.way, ""), "contents": _contents(case),
    }


def _contents(case) -> list[str]:
    """Return the papers that the file of an accepted dispute holds, in their order (DOMAIN 5.4)."""
    dispute, lines, agreement = dispute_of(case), lines_of(case), agreement_of(case)
    held = (
        ("人民调解受理登记表", True), ("权利义务告知书", bool(dispute.rights_told_at)), ("当事人身份证明", True),
        (f"调解记录（{len(lines['round'])} 次）", bool(lines["round"])),
        (agreement.form_title if agreement else "", agreement is not None),
        ("终止调解通知书", bool(dispute.routes)), ("履行凭证", dispute.performance == "done"),
        (f"回访记录（{len(lines['follow_up'])} 次）", bool(lines["follow_up"])),
        ("司法确认材料", confirmation_of(case) is not None),
    )
    return [title for title, there in held if there]


def _described(party) -> dict:
    """Return a party as the forms of the Ministry of Justice describe it, the phone and the ID number masked."""
    resident = party.resident if party.resident_id else None
    born = resident.birth_date if resident else None
    return {
        "side": party.side_title, "name": party.full_name, "is_person": resident is not None,
        "sex": resident.sex_title if resident else "", "age": f"{_age(born)} 岁" if born else "",
        "id": resident.masked_id if resident else "", "phone": resident.masked_phone if resident else "",
        "ethnicity": party.ethnicity, "occupation": party.occupation, "address": party.address,
        "credit_code": party.credit_code, "representative": party.representative,
    }


def _age(born) -> int:
    day = today()
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _paper(name: str, title: str, shown=lambda case: True) -> Paper:
    return Paper(
        name=name, title=title, kind=KIND.name, template=f"mediation/papers/{name}.html", prepare=_ground,
        permission="mediation.read", shown=shown,
    )


def _form(case) -> str:
    agreement = agreement_of(case)
    return agreement.form if agreement else ""


def _ended(case) -> bool:
    """Tell whether the parties were told that there is no mediation, or no more, and which ways are open to them."""
    return bool(dispute_of(case).routes or dispute_of(case).way)


PAPERS = (
    _paper("registration", "人民调解受理登记表"),
    _paper("rights", "权利义务告知书", lambda case: bool(dispute_of(case).named)),
    _paper("rounds", "人民调解记录", lambda case: bool(lines_of(case)["round"])),
    _paper("agreement", "人民调解协议书", lambda case: case.state == "mediating" or _form(case) == "written"),
    _paper("oral", "口头协议登记表", lambda case: _form(case) == "oral"),
    _paper("follow-up", "回访记录", lambda case: bool(lines_of(case)["follow_up"])),
    _paper("cover", "卷宗封面和目录", lambda case: not case.is_open and bool(dispute_of(case).accepted_at)),
    _paper("refusal", "不予受理告知书", lambda case: _ended(case) and not dispute_of(case).accepted_at),
    _paper("termination", "终止调解通知书", lambda case: _ended(case) and bool(dispute_of(case).accepted_at)),
)
