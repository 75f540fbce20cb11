"""Lets the units of the demo sign for what was handed to them, and read what told them of it; a little lies there."""

import datetime

from portal.accounts.everybody import everybody
from portal.cases.handing import sign
from portal.cases.kinds import contents_seen, kind_of
from portal.cases.lens import holds
from portal.cases.models import Case, CaseEvent
from portal.cases.staff import WORKING, workers
from portal.db import now
from portal.notify.models import Notice
from portal.notify.reading import mark_read
from portal.org.models import Unit

#: Of so many units one has not signed in time: a list of what is late without rows teaches nothing.
FORGOTTEN = 6
#: How long after it came a case is signed for, in minutes, one after the other.
SOON = (25, 70, 40, 150, 95)
#: What came so short a time ago may well wait.
FRESH = datetime.timedelta(hours=3)


def sign_for_demo() -> None:
    """Sign for what came more than FRESH ago; then read the notices of what somebody has taken up."""
    people = [person for person in everybody() if person.may(WORKING)]
    unsigned = Case.select(Case, Unit).join(Unit).where(
        Case.closed.is_null(), Case.signed.is_null(), Case.sign_due.is_null(False)).order_by(Case.id)
    for number, case in enumerate(unsigned, 1):
        came = CaseEvent.select(CaseEvent.at).where(CaseEvent.case == case.id).order_by(CaseEvent.seq.desc()).get().at
        if now() - came < FRESH or number % FORGOTTEN == 0:
            continue
        able = [one for one in people if holds(one, case) and one.may(kind_of(case).read) and contents_seen(case, one)]
        if able:
            sign(case, able[number % len(able)], at=came + datetime.timedelta(minutes=SOON[number % len(SOON)]))
    _read()


def _read() -> None:
    """What lies untaken is news where it lies; everything else has been seen by those whom it was told."""
    waiting = {
        f"/cases/{case.id}": [user.id for user in workers(case.unit, kind_of(case))]
        for case in Case.select(Case, Unit).join(Unit).where(Case.closed.is_null(), Case.person.is_null())
    }
    handed = Notice.topic == "cases.handed"
    mark_read(handed & Notice.url.not_in(list(waiting) or [""]))
    for url, there in waiting.items():
        mark_read(handed & (Notice.url == url) & Notice.user.not_in(there or [0]))
