"""What `portal check` asks of the ledger: promises 1 to 3 on every case, and whether the counters tell the truth."""

from peewee import fn

from portal.cases import tallies
from portal.cases.kinds import kinds
from portal.cases.models import Case, CaseEvent
from portal.cases.reasons import REASONS
from portal.cases.timeline import said, seal, stands
from portal.values import OPEN_PHASES, Finding

TOLD = 20


def findings() -> list[Finding]:
    sentences = [
        *without_plugin(), *_unknown_reasons(), *_without_date(), *_without_answer(), *_broken_timelines(),
        *tallies.differences(),
    ]
    more = [f"……台账另有 {len(sentences) - TOLD} 处问题。"] if len(sentences) > TOLD else []
    return [Finding(sentence) for sentence in sentences[:TOLD] + more]


def without_plugin() -> list[str]:
    """Name the kinds that no loaded plugin declares: their cases are on no list and on nobody's desk."""
    known = list(kinds())
    query = (
        Case.select(Case.kind, fn.COUNT(Case.id)).where(Case.kind.not_in(known), Case.closed.is_null())
        .group_by(Case.kind).order_by(Case.kind)
    )
    return [
        f"{count} 件没有办结的“{kind}”没有人看得到，因为插件 {kind.split('.')[0]} 没有载入；请装回或修好它，再重启。"
        for kind, count in query.tuples()
    ]


def _unknown_reasons():
    """Name the reasons for a pause that a kind offers and the law's table does not know: nobody could choose them."""
    return [
        f"“{kind.title}”的停表理由 {name} 不在停表理由表里，没有人能选它；请让插件改用表里的名字。"
        for kind in kinds().values() for name in kind.pauses if name not in REASONS
    ]


def _without_date():
    query = Case.select(Case.number).where(
        Case.phase.in_(OPEN_PHASES), (Case.due.is_null() & Case.paused_at.is_null()) | Case.closed.is_null(False)
    )
    return [f"案件 {number} 没有办结，却没有期限也没有停表。" for (number,) in query.tuples()]


def _without_answer():
    query = Case.select(Case.number).where(
        Case.phase.not_in(OPEN_PHASES), (Case.replied.is_null() & (Case.no_reply_because == "")) | Case.closed.is_null()
    )
    return [f"案件 {number} 已经办结，却没有给来办事的人答复，也没有写明理由。" for (number,) in query.tuples()]


def _broken_timelines():
    """Read the whole timeline once, in order; hold every seal against its entry, and the last against the case."""
    broken, last = {}, {}
    before = (None, 0, "")
    for entry in CaseEvent.select().order_by(CaseEvent.case, CaseEvent.seq).iterator():
        case_id, seq, digest = before
        above, expected = (digest, seq + 1) if entry.case_id == case_id else ("", 1)
        if entry.seq != expected or entry.digest != seal(entry, above):
            broken.setdefault(entry.case_id, expected)
        before = (entry.case_id, entry.seq, entry.digest)
        last[entry.case_id] = said(entry)
    sentences = []
    for case in Case.select(Case.id, Case.number, Case.state, Case.unit, Case.due).order_by(Case.id).iterator():
        if case.id in broken:
            sentences.append(f"案件 {case.number} 的经过从第 {broken[case.id]} 条起被改动过。")
        elif last.get(case.id) != stands(case):
            sentences.append(f"案件 {case.number} 现在的环节、承办单位或期限与经过不符。")
    return sentences
