"""The papers of 村规民约 and of a rectification, filled from the record; the village prints, signs and seals them."""

from plugins.village_rules.charters import charter_of, clauses_of, opinions_of, screened
from plugins.village_rules.models import THEMES
from plugins.village_rules.rectification import faults_of, rectification_of
from portal.kit import Paper, place_name


def _charter(case) -> dict:
    charter = charter_of(case)
    return {"charter": charter, "clauses": screened(clauses_of(charter)), "themes": THEMES, "place": place_name(case)}


def _submission(case) -> dict:
    return {**_charter(case), "opinions": opinions_of(charter_of(case))}


def _rectification(case) -> dict:
    return {"row": rectification_of(case), "place": place_name(case), **faults_of(case)}


def _paper(name: str, title: str, prepare, shown, kind: str = "village_rules.charter") -> Paper:
    return Paper(name=name, title=title, kind=kind, template=f"village_rules/papers/{name}.html", prepare=prepare,
                 permission="village_rules.read", shown=shown)


PAPERS = (
    _paper("submission", "提请审核表", _submission, lambda case: case.state not in ("collecting", "dropped")),
    _paper("filing", "备案登记表", _charter, lambda case: bool(charter_of(case).filing_number)),
    _paper("posting", "公示件", _charter, lambda case: charter_of(case).published_on is not None),
    _paper("mending", "整改告知书", _rectification, lambda case: rectification_of(case).told_on is not None,
           "village_rules.rectification"),
)
