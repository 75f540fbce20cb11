"""What is read of a dispute again and again: in as few queries as a page can bear, and only by those who may."""

import datetime
from typing import NamedTuple

from peewee import JOIN, SQL, Value

from plugins.mediation.models import (
    Agreement,
    Committee,
    CourtConfirmation,
    Dispute,
    FollowUp,
    MediationRound,
    Party,
)
from plugins.mediation.words import FOLLOW_UP_RISKS, PERFORMED, RESULTS, ROUND_KINDS, SATISFACTION, SIDES
from portal.kit import Detail, Prepared, PreparedModels, Resident, holds, mask_name

#: dispute_of(case): the dispute of `case`, with its committee, agreement and confirmation.
dispute_of = Detail(lambda slots: (
    Dispute.select(Dispute, Committee, Agreement, CourtConfirmation)
    .join(Committee, JOIN.LEFT_OUTER, on=(Dispute.committee == Committee.id))
    .join_from(Dispute, Agreement, JOIN.LEFT_OUTER, on=(Agreement.case == Dispute.case), attr="agreement")
    .join_from(Dispute, CourtConfirmation, JOIN.LEFT_OUTER, on=(CourtConfirmation.case == Dispute.case),
               attr="confirmation")
    .where(Dispute.case == slots.case)
))


def agreement_of(case) -> Agreement | None:
    return getattr(dispute_of(case), "agreement", None)


def confirmation_of(case) -> CourtConfirmation | None:
    return getattr(dispute_of(case), "confirmation", None)


def parties_of(case) -> list[Party]:
    """Return the parties with their residents, applicants first."""
    found = _parties(case=case.id)
    return sorted(found, key=lambda party: (list(SIDES).index(party.side), party.id))


_parties = PreparedModels(lambda slots: (
    Party.select(Party, Resident).join(Resident, JOIN.LEFT_OUTER).where(Party.case == slots.case)
))


class Line(NamedTuple):
    """A row of what belongs to a dispute: a party, a round or a follow-up, told apart by `what`."""

    what: str
    id: int
    at: datetime.datetime | str | None
    kind: str
    name: str
    place: str
    result: str
    told: str
    text: str

    @property
    def moment(self) -> datetime.datetime:
        return datetime.datetime.fromisoformat(self.at) if isinstance(self.at, str) else self.at

    @property
    def side_title(self) -> str:
        return SIDES[self.kind]

    @property
    def masked(self) -> str:
        return mask_name(self.name) if self.name else "某单位"

    @property
    def kind_title(self) -> str:
        return ROUND_KINDS[self.kind]

    @property
    def result_title(self) -> str:
        return RESULTS[self.result]

    @property
    def performed_title(self) -> str:
        return PERFORMED[self.kind]

    @property
    def satisfaction_title(self) -> str:
        return SATISFACTION[self.place]

    @property
    def risk_title(self) -> str:
        return FOLLOW_UP_RISKS[self.result]


def _lines_query(slots):
    def line(what, model, at, kind, name, place, result, told, text):
        values = (at, kind, name, place, result, told, text)
        return model.select(Value(what).alias("what"), model.id, *values).where(model.case == slots.case)

    nothing, rounds, later = SQL("''"), MediationRound, FollowUp
    everything = line(
        "round", rounds, rounds.at, rounds.kind, rounds.people, rounds.place, rounds.result, rounds.told, rounds.text
    ).union_all(line(
        "follow_up", later, later.at, later.performed, later.by_name, later.satisfaction, later.risk, later.measures,
        later.text,
    )).union_all(line(
        "party", Party, SQL("NULL"), Party.side, Resident.name, nothing, nothing, Party.occupation, Party.address
    ).join(Resident, JOIN.LEFT_OUTER)).alias("line")
    return Party.select(SQL("line.*")).from_(everything)


_lines = Prepared(_lines_query, Line)


def lines_of(case) -> dict[str, list[Line]]:
    """Return {"party": [...], "round": [...], "follow_up": [...]}, each in its order."""
    if not hasattr(case, "mediation_lines"):
        found = {"party": [], "round": [], "follow_up": []}
        for line in _lines(case=case.id):
            found[line.what].append(line)
        for what in ("round", "follow_up"):
            found[what].sort(key=lambda line: (line.moment, line.id))
        found["party"].sort(key=lambda line: (list(SIDES).index(line.kind), line.id))
        case.mediation_lines = found
    return case.mediation_lines


# -- who may read ------------------------------------------------------------------------------------------------------

def contents(case, person) -> bool:
    """Tell whether the person may read what was said (人民调解法第十五条第四项, DOMAIN 2.3).

    Those named on the case: who registered it, who has it, its mediators. The staff of the unit with which it lies as
    long as it has no mediator. And who supervises: the town's 司法所 and the county's 司法局.
    """
    if person.id in (case.person_id, case.created_by_id) or supervises(person, case):
        return True
    if case.person_id in person.stands_in_for and holds(person, case) and person.may("mediation.handle"):
        return True  # whoever has it is away, and named this person to act meanwhile
    dispute = dispute_of(case)
    if person.id in dispute.readers:
        return True
    return not dispute.named and person.may("mediation.handle") and holds(person, case)


def supervises(person, case) -> bool:
    """Tell whether the active post is one of the justice administration's in charge of the case's place."""
    unit = person.post.unit if person.post else None
    if unit is None or unit.level != "department" or not person.may("mediation.read"):
        return False
    if unit.name.endswith("司法所"):
        return case.town_id is not None and unit.town_id == case.town_id
    return unit.name.endswith("司法局") and unit.town_id is None and unit.county_id == case.county_id
