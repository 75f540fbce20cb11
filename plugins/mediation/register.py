"""登记: a dispute comes in with both sides; its title holds masked names and never what was said."""

from plugins.mediation.models import Dispute, Party
from plugins.mediation.offices import first_for, of_place
from plugins.mediation.periods import check_period
from plugins.mediation.record import dispute_of, parties_of
from plugins.mediation.words import TYPES
from portal.kit import (
    Case,
    Conflict,
    Opening,
    Refused,
    Unit,
    find_or_create_resident,
    now,
    office_of,
    open_case,
    retitle,
)

FACTS = ("type", "subject", "happened_on", "brief", "people", "difficulty", "risk")
TWICE = "{}已经是本案当事人，一方不能出现两次。"
NAMESAKE = "{}已经是本案当事人；确是同名的两个人，请把两人的身份证号都填上。"


def register(place: Unit, actor, data: dict, at=None) -> Case:
    """Open a dispute of `place` with the two parties in `data` (fields a_* and b_*), in the caller's transaction.

    Raises Refused, with the field, for the same party twice or a name in the subject.
    """
    at = at or now()
    parties = [party_of(actor, data, place, "a_", "applicant")]
    parties.append(party_of(actor, data, place, "b_", "respondent", known=parties))
    keep_names_out(data["subject"], parties)
    asked = data["channel"] != "found"
    first = parties[0]
    case = open_case(
        Opening(
            kind="mediation.dispute", title=title_of(parties, data["type"], data["subject"]), place=place,
            unit=first_for(actor, place), limit=check_period(place), channel=data["channel"],
            resident=first.resident if asked and first.resident_id else None, applicant=first.masked if asked else "",
            line=office_of(place.county_id, ("司法局",)), text=data["brief"],
        ),
        actor, at=at,
    )
    Dispute.create(case=case, county_id=case.county_id, **{name: data[name] for name in FACTS})
    for party in parties:
        party.case = case
        party.save(force_insert=True)
    return case


def take_in(case: Case, actor, text: str, unit: Unit | None) -> Case:
    """Open a dispute for the quarrel that came up in `case`, where it lies, or at `unit` of the county.

    Who quarrels with whom is found out before it is accepted; who came with the other matter is the first party.
    """
    place = Unit.get_by_id(case.place_id)
    opened = open_case(
        Opening(
            kind="mediation.dispute", title=f"{case.applicant or place.short}：纠纷（{place.short}转来）", place=place,
            unit=unit or of_place(place), limit=check_period(place), channel="grid",
            resident=case.resident, applicant=case.applicant, line=office_of(case.county_id, ("司法局",)),
            source_case=case, text=text, step_title="转入",
        ),
        actor,
    )
    Dispute.create(case=opened, county_id=case.county_id, type="other", subject="待核实", brief=text or "见来件。")
    if case.resident_id:
        Party.create(county_id=case.county_id, case=opened, side="applicant", resident=case.resident)
    return opened


def party_of(actor, data: dict, place: Unit, prefix: str, side: str, known=()) -> Party:
    """Return the party that the fields `prefix`* describe, not saved yet; Refused where it is one of `known`."""
    said = {name: data.get(prefix + name) or "" for name in (
        "name", "id_card", "phone", "credit_code", "representative", "ethnicity", "occupation", "address")}
    party = Party(county_id=place.county_id, side=side,
                  **{name: said[name] for name in ("ethnicity", "occupation", "address")})
    if data[prefix + "kind"] == "organisation":
        party.organisation, party.credit_code, party.representative = (
            said["name"], said["credit_code"], said["representative"])
        if any(other.organisation == party.organisation for other in known):
            raise Refused(TWICE.format(party.organisation), prefix + "name")
        return party
    if len(said["name"]) > 50:
        raise Refused("姓名最多 50 字。", prefix + "name")
    _not_twice(said, known, prefix)
    try:
        party.resident = find_or_create_resident(
            actor, name=said["name"], id_card=said["id_card"], phone=said["phone"], unit=place
        )
    except Refused as refused:
        raise Refused(refused.sentence, prefix + (refused.field or "id_card")) from None
    if any(other.resident_id == party.resident_id for other in known):
        raise Refused(TWICE.format(said["name"]), prefix + "id_card")
    return party


def _not_twice(said: dict, known, prefix: str) -> None:
    """Without both numbers nobody can say that two people of one name are two."""
    for other in known:
        same = other.resident_id and other.resident.name == said["name"]
        if same and not (said["id_card"] and other.resident.id_card_index):
            raise Refused(NAMESAKE.format(said["name"]), prefix + "name")


def keep_names_out(subject: str, parties) -> None:
    """Refuse a subject that names a party: it stands in the title, which every reader of the list sees."""
    for party in parties:
        if party.full_name and party.full_name in subject:
            raise Refused("事由会出现在列表里，请不要写当事人的姓名或单位名称。", "subject")


def title_of(parties, kind: str, subject: str) -> str:
    """Return 张*国与张*华：邻里纠纷（土地互换）."""
    sides = ("applicant", "respondent")
    named = [next((party.masked for party in parties if party.side == side), "") for side in sides]
    kind = "纠纷" if kind == "other" else TYPES[kind] if kind == "labour" else f"{TYPES[kind]}纠纷"
    return f"{'与'.join(name for name in named if name) or '当事人待核实'}：{kind}（{subject}）"


def add_party(case: Case, actor, data: dict) -> Party:
    """Register one more party of an open dispute; the title follows."""
    parties = parties_of(case)
    party = party_of(actor, data, Unit.get_by_id(case.place_id), "", data["side"], known=parties)
    keep_names_out(dispute_of(case).subject, [party])
    party.case = case
    party.save(force_insert=True)
    _retitle(case, [*parties, party], actor)
    return party


def edit_facts(case: Case, actor, data: dict, version: int) -> None:
    """Put right what was registered, as long as nobody accepted it. Raises Conflict or Refused."""
    parties = parties_of(case)
    keep_names_out(data["subject"], parties)
    changed = Dispute.update(version=Dispute.version + 1, **{name: data[name] for name in FACTS}).where(
        Dispute.case == case.id, Dispute.version == version).execute()
    if not changed:
        raise Conflict("别人", "修改了这件纠纷", f"/cases/{case.id}")
    for name in FACTS:
        setattr(dispute_of(case), name, data[name])
    _retitle(case, parties, actor)


def _retitle(case: Case, parties, actor) -> None:
    dispute = dispute_of(case)
    retitle(case, title_of(parties, dispute.type, dispute.subject), actor)
