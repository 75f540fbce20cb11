"""A recount of more flows than are kept in memory finds the same, and holds no more however many cases there are."""

import datetime

import pytest

from portal.cases import balance, checks, recount
from portal.cases.balance import Balance
from portal.cases.counter_models import Flow
from portal.cases.proof import Seen
from portal.db import atomic, now
from tests.cases.making import plain
from tests.people_of_the_county import NEXT_VILLAGE, VILLAGE

#: Fewer than the flows of a few cases; and more than those of one.
FEW, OF_ONE = 30, 60


@pytest.fixture
def little_memory(monkeypatch):
    """Let almost everything go to the file, in many parts."""
    for module in (balance, recount):
        monkeypatch.setattr(module, "MOST", FEW)
    monkeypatch.setattr(recount, "PAGE", 7)
    monkeypatch.setattr(checks, "PIECE", 3)


@pytest.fixture
def held(monkeypatch):
    """The numbers of flows that lay in memory at once, wherever they do."""
    seen = []

    def put_away(self, itself=Balance._put_away):
        seen.append(len(self._near))
        itself(self)

    def add(self, other, itself=Seen.add):
        itself(self, other)
        seen.extend((len(self.change.flows), len(other.change.flows)))

    monkeypatch.setattr(Balance, "_put_away", put_away)
    monkeypatch.setattr(Seen, "add", add)
    return seen


def fill(number: int) -> None:
    """Open cases on days of their own, so that each brings flows of its own."""
    with atomic():
        for at in range(number):
            moment = now() - datetime.timedelta(days=9 * at)
            plain(where=(VILLAGE, NEXT_VILLAGE)[at % 2], who=("cun", "lincun")[at % 2], at=moment)


def all_told() -> tuple[list[str], list[str]]:
    return recount.differences(), checks.examined(checks.silent)[0]


def test_in_parts_a_sound_ledger_has_no_difference_and_each_lie_is_named(app, little_memory):
    with app.test_request_context():
        fill(12)
        assert all_told() == ([], [])
        lying = Flow.select().where(Flow.axis == "holder").order_by(Flow.period).limit(1).get()
        gone = Flow.select().where(Flow.axis == "town").order_by(Flow.period.desc()).limit(1).get()
        Flow.update(opened=Flow.opened + 1).where(Flow.axis == "holder", Flow.period == lying.period).execute()
        Flow.delete().where(Flow.axis == "town", Flow.period == gone.period).execute()
        expected = {f"流量不符：{recount._named(row)} 与案件不一致。" for row in _keys(lying, gone)}
        for told in all_told():
            assert set(told) == expected and len(told) == len(expected)


def _keys(lying, gone) -> list[tuple]:
    """Return the keys of the flows that lie, and of those that are gone (found in what a recount gives)."""
    counted = {key for part in recount.recount() for key in part.flows}
    return [key for key in counted if (key[1], key[2]) in (("holder", lying.period), ("town", gone.period))]


def test_written_anew_in_parts_the_counters_are_the_same(app, little_memory):
    def rows():
        return {tuple(row[:8]): row[8:] for row in Flow.select().tuples() if any(row[9:])}

    with app.test_request_context():
        fill(12)
        before = rows()
        Flow.update(opened=7, due=9).execute()
        recount.rebuild()
        assert rows() == before and all_told() == ([], [])


@pytest.mark.parametrize("number", [4, 30])
def test_no_more_flows_lie_in_memory_however_many_cases_there_are(app, little_memory, held, number):
    with app.test_request_context():
        fill(number)
        assert all_told() == ([], [])
        parts = [len(part.flows) for part in recount.recount()]
    assert number < 30 or sum(parts) > 5 * FEW, "there are many"
    assert max(parts) <= FEW + OF_ONE and max(held) <= max(FEW, 3 * OF_ONE)
