"""The rules of meeting in whole numbers, at their edges and for every number between."""

import datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.village_rules import law
from portal.values import Refused

NUMBERS = st.integers(1, 20_000)


@given(roll=NUMBERS, present=st.integers(0, 20_000))
def test_half_and_two_thirds_are_exact(roll, present):
    adults = law.quorum("villagers", "adults", roll).met_by(present)
    households = law.quorum("villagers", "households", roll).met_by(present)
    assert adults == (Fraction(present, roll) > Fraction(1, 2))
    assert households == (Fraction(present, roll) >= Fraction(2, 3))
    for body, counting in (("assembly", "members"), ("group", "adults"), ("group", "households")):
        assert law.quorum(body, counting, roll).met_by(present) == households


@given(roll=NUMBERS, present=st.integers(0, 20_000), votes=st.integers(0, 20_000), passed=st.booleans())
def test_what_is_recorded_as_passed_was_carried(roll, present, votes, passed):
    quorum = law.quorum("assembly", "members", roll)
    carried = 3 * present >= 2 * roll and 2 * votes > present
    assert law.outcome(quorum, present, votes).carried == carried
    try:
        assert law.check_result(quorum, present, votes, passed).carried == passed == carried
    except Refused as refused:
        assert passed != carried and refused.field == "passed"


@given(number=st.integers(0, 5000), total=NUMBERS)
def test_who_may_demand_a_meeting(number, total):
    for body, who, share in (("villagers", "villagers", Fraction(1, 10)), ("villagers", "representatives", Fraction(1,
        3)),
                             ("assembly", "representatives", Fraction(1, 5))):
        assert law.may_demand(body, who, number, total) == (share <= Fraction(number, total) <= 1)


@pytest.mark.parametrize("roll, needed", [(1, 1), (2, 2), (3, 2), (900, 451), (901, 451)])
def test_more_than_half(roll, needed):
    assert law.quorum("villagers", "adults", roll).needed == needed


@pytest.mark.parametrize("roll, needed", [(1, 1), (2, 2), (3, 2), (4, 3), (45, 30), (46, 31), (300, 200)])
def test_two_thirds(roll, needed):
    assert law.quorum("assembly", "members", roll).needed == needed


@pytest.mark.parametrize("body, counting", [("assembly", "adults"), ("villagers", "members"), ("group", "members")])
def test_no_body_is_counted_in_a_way_the_law_does_not_know(body, counting):
    with pytest.raises(Refused) as refused:
        law.quorum(body, counting, 10)
    assert refused.value.field == "counting"


@pytest.mark.parametrize("households, committee, representatives, women, failings", [
    (300, 5, 20, 9, 0), (300, 5, 60, 22, 0), (300, 5, 19, 8, 2), (300, 5, 61, 22, 1), (300, 5, 20, 8, 1),
    (300, 6, 20, 9, 1), (4, 1, 4, 2, 1),
])
def test_how_the_assembly_must_be_made_up(households, committee, representatives, women, failings):
    assert len(law.Assembly(households, committee, representatives, women).failings()) == failings


@pytest.mark.parametrize("last, day, owed, overdue", [
    ("2026-10-01", "2026-11-26", False, False), ("2026-09-30", "2026-11-26", True, False),
    ("2026-06-30", "2026-11-26", True, True), (None, "2026-11-26", True, True), ("2025-12-31", "2026-01-01", True,
        False),
])
def test_the_assembly_meets_every_quarter(last, day, owed, overdue):
    found = law.cycle("assembly", last and datetime.date.fromisoformat(last), datetime.date.fromisoformat(day))
    assert (found.owed, found.overdue) == (owed, overdue)


@pytest.mark.parametrize("last, owed, overdue", [("2026-01-01", False, False), ("2025-01-01", True, False),
                                                 ("2024-12-31", True, True), (None, True, True)])
def test_the_village_meets_every_year(last, owed, overdue):
    found = law.cycle("villagers", last and datetime.date.fromisoformat(last), datetime.date(2026, 11, 26))
    assert (found.owed, found.overdue) == (owed, overdue)
