"""What `portal check` asks of the ledger: promises 1 to 3 on every case, whether the counters tell the truth, whether
the numbers have no gap, and whether the record and the daily heads hold. Every breach is named."""

import contextlib
import functools

from peewee import fn

from portal.audit import chain
from portal.cases import heads, recount, series
from portal.cases.balance import Balance
from portal.cases.kinds import kinds
from portal.cases.models import Case, CaseEvent
from portal.cases.proof import Rules, Seen, walk
from portal.cases.reasons import REASONS
from portal.cases.walking import one_moment
from portal.org.models import Unit
from portal.values import OF_THE_LEDGER, Finding

#: So many breaches are told in words; all are counted.
TOLD = 200
#: How many ids of cases or numbers of the record make one piece of work.
PIECE = 5_000


def silent(text: str, done: int, total: int) -> None:
    pass


def findings(say=None) -> list[Finding]:
    """Return what is wrong, the first TOLD in words; `say(text, done, total)` reports progress."""
    sentences, _ = examined(say or silent)
    left = len(sentences) - TOLD
    more = [Finding(f"……台账另有 {left} 处问题。", count=left)] if left > 0 else []
    return [Finding(sentence) for sentence in sentences[:TOLD]] + more


def examined(say) -> tuple[list[str], int]:
    """Return a sentence for each breach in the whole database, and how many rows were looked at."""
    before = series.paper_numbers()
    size = CaseEvent.select(fn.MAX(CaseEvent.id)).scalar() or 0
    with one_moment(size) as do, contextlib.closing(Balance()) as balance:
        seen, record = Seen(), []
        tasks = list(_tasks(do))
        for done, (task, result) in enumerate(do(tasks), 1):
            if task[0] is walk:
                balance.add(result.change.flows.items())
                seen.add(result)
            else:
                seen.rows += result[0]
                record += [(task[1][1:3], sentence) for sentence in result[1]]
            say("核对台账和审计记录", done, len(tasks))
        [(_, kept)] = do([(recount.kept, ())])
        recount.take_held(balance, functools.partial(_flows_after, do))
        told = [sentence for _, sentence in sorted(seen.breaches)]
        if seen.count > len(told):
            told.append(f"另有 {seen.count - len(told)} 处案件的问题没有列出。")
        told = [*without_plugin(), *_unknown_reasons(), *told, *series.gaps(do, seen, before)]
        told += recount.compared(seen.tallies, balance, kept)
        told += [sentence for _, sentence in sorted(record)] + _record_ends(do) + heads.broken(do, say)
    return told, seen.rows


def _flows_after(do, key: tuple | None) -> list[tuple]:
    [(_, rows)] = do([(recount.flows_after, (key,))])
    return rows


def _record_ends(do) -> list[str]:
    key, lost = chain.kept_key()
    if key is None:
        return [lost] if lost else []
    [(_, found)] = do([(chain.ends_broken, (key,))])
    return found


def _tasks(do):
    """Yield the tasks that read everything: the cases with their timelines, and the record lane by lane."""
    [(_, (first, last))] = do([(_bounds, ())])
    known, (key, _) = rules(), chain.kept_key()
    for after in range(first - 1, last, PIECE):
        yield walk, (after, min(after + PIECE, last), known)
    [(_, lanes)] = do([(chain.lanes, ())]) if key else [(None, [])]
    [(_, bases)] = do([(chain.bases, ())]) if key else [(None, {})]
    for lane, end, _ in lanes:
        base = bases.get(lane, 0)
        for start in range(base + 1, end + 1, PIECE):
            yield chain.broken, (key, lane, start, min(start + PIECE - 1, end), base)


def _bounds() -> tuple[int, int]:
    """Return the first and the last id of a case that exists, or of which the timeline tells."""
    first = [model.select(fn.MIN(column)).scalar() for model, column in ((Case, Case.id), (CaseEvent, CaseEvent.case))]
    last = [model.select(fn.MAX(column)).scalar() for model, column in ((Case, Case.id), (CaseEvent, CaseEvent.case))]
    return min(filter(None, first), default=1), max(filter(None, last), default=0)


def rules() -> Rules:
    """Return what the kinds of the running application and the closed units mean for a case."""
    everywhere = {state.name: state.phase for state in OF_THE_LEDGER.values()}
    known = kinds().values()
    return Rules(
        {kind.name: {**everywhere, **{state.name: state.phase for state in kind.workflow.states}} for kind in known},
        {kind.name: frozenset(name for step in kind.workflow.steps for name in step.sources) for kind in known},
        frozenset(key for (key,) in Unit.select(Unit.id).where(Unit.valid_to.is_null(False)).tuples()),
    )


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
