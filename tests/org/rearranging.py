"""Moves, merges and splits as a browser does them, and what must be true afterwards whatever was done."""

import contextlib

from peewee import SQL

from portal.cases.checks import findings
from portal.cases.lens import seen_by
from portal.cases.models import Case
from portal.cases.tallies import differences
from portal.db import today
from portal.org import directory, lineage_rows
from portal.org.models import Unit
from portal.values import OPEN_PHASES

DECREE = "川府民政〔2026〕12号"


def asked(browser, act: str, where: Unit, **fields):
    """Open the page of the act, fill it in and look at the preview."""
    filled = {"decree": DECREE, "on": str(today()), **fields}
    return browser.send(f"/org/{where.id}/{act}", **filled)


def confirmed(browser, act: str, where: Unit, **fields):
    """Do so, and confirm what the preview said."""
    asked(browser, act, where, **fields)
    assert browser.status == 200, browser.text
    ticked = {name: value for name, value in fields.items() if isinstance(value, list)}  # all boxes that are ticked
    browser.submit(browser.form(["seen"]), f"/org/{where.id}/{act}", **ticked)
    assert browser.status == 200 and "已办好" in browser.text, browser.text
    return browser


def again(one: Unit) -> Unit:
    return Unit.get_by_id(one.id)


def village_of(town: Unit, number: int = 0) -> Unit:
    query = Unit.select().where(Unit.parent == town.id, Unit.level == "village", Unit.valid_to.is_null())
    return query.order_by(Unit.code).offset(number).get()


def all_is_well() -> None:
    """Hold the whole instance against its promises: the ledger, the counters, the tree, its directory, the
    places of all rows."""
    assert findings() == []
    assert differences() == []
    assert lineage_rows.misplaced() == {}
    assert list(directory.stale()) == [], "a unit would not be found by its name"
    for unit in Unit.select():
        parent = Unit.get_or_none(Unit.id == unit.parent_id)
        assert unit.path == f"{parent.path if parent else '/'}{unit.id}/", unit.name
        if parent is not None and unit.valid_to is None:
            assert parent.valid_to is None or unit.successor_id, f"{unit.name} lies in a closed unit"
    for case in Case.select(Case, Unit).join(Unit).where(Case.phase.in_(OPEN_PHASES)):
        assert case.unit.valid_to is None, f"{case.number} lies with a unit that is closed"
        assert case.due or case.paused_at, case.number


def seen(person) -> set[int]:
    return {case.id for case in seen_by(person)}


@contextlib.contextmanager
def counting_rows(*models):
    """Hold that the number of rows of `models` is the same afterwards."""
    before = [model.select(SQL("1")).count() for model in models]
    yield
    assert [model.select(SQL("1")).count() for model in models] == before
