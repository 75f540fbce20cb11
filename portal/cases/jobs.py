"""What the ledger does by itself: reminds of signatures that are overdue."""

from portal.cases import staff, telling
from portal.cases.kinds import kind_of, kinds
from portal.cases.models import Case
from portal.cases.responsibility import DECIDING
from portal.db import atomic, now
from portal.org.models import Unit
from portal.values import Job

#: How many cases are reminded of in one transaction.
BATCH = 200


def remind_unsigned() -> str:
    """Tell each unit that has not signed in time, and those above it who hand out cases; once for each handing over."""
    told = 0
    while rows := list(_unsigned().limit(BATCH)):
        with atomic():
            for case in rows:
                _remind(case)
        told += len(rows)
    return f"提醒签收 {told} 件。"


def _unsigned():
    return (
        Case.select(Case, Unit).join(Unit)
        .where(Case.sign_due < now(), Case.sign_due.is_null(False), Case.signed.is_null(), Case.closed.is_null(),
               Case.sign_reminded.is_null(), Case.kind.in_(list(kinds())))
        .order_by(Case.sign_due)
    )


def _remind(case: Case) -> None:
    Case.update(sign_reminded=now()).where(Case.id == case.id).execute()
    since = f"{case.sign_due:%m-%d %H:%M} 前应当签收，还没有人签收。办理、交办或写备注都算签收。"
    telling.unit(case, case.unit, "cases.unsigned", "超时没有签收", since)
    if (above := case.unit.parent) is not None and above.level != "region":
        users = staff.holding(above, DECIDING, kind_of(case).read)
        telling.people(case, users, "cases.unsigned", f"{case.unit.short}超时没有签收", since)


JOBS = [Job("cases.unsigned", "提醒超时没有签收的件", remind_unsigned, every=30)]
