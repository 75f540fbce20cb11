"""The counters that the ledger keeps equal a recount, whoever asks and whatever happened on the way."""

import datetime
import importlib
import random
from collections import Counter

import pytest

from portal.cases import counting, tallies
from portal.cases.counter_models import Flow, Tally
from portal.cases.counters import Change
from portal.cases.ledger import available, rate
from portal.cases.models import Case, Rating
from portal.cases.periods import Period
from portal.db import atomic, database, now
from portal.org.models import Unit
from portal.values import OPEN_PHASES, Conflict, Refused
from tests.cases.making import matter, move
from tests.people_of_the_county import COUNTY, NEXT_VILLAGE, OTHER_TOWN, TOWN, VILLAGE, person, unit

KINDS = ["station.request"]
READERS = ("cun", "zhen", "linzhen", "minzheng", "canlian", "xian", "lingdao")
ITEMS = ("高龄津贴", "临时救助", "居民养老保险参保", "残疾人证", "家庭医生签约")
WHERE = {VILLAGE: ("cun", "shuji"), NEXT_VILLAGE: ("lincun",), OTHER_TOWN + "/village": ("linjia",)}
ACTORS = ("cun", "shuji", "lincun", "linjia", "zhen", "zhener", "linzhen", "minzheng", "canlian")


@pytest.fixture(scope="module")
def county(stage):
    """Thirty cases of the last three months that people moved on at random, some rated; over weeks and months."""
    chance = random.Random(11)
    people = {name: person(name) for name in (*ACTORS, *READERS)}
    with stage.test_request_context(), atomic():
        for number in range(30):
            where, clerks = chance.choice(list(WHERE.items()))
            at = now() - datetime.timedelta(days=chance.randrange(1, 90), hours=chance.randrange(8))
            place = unit(where)
            case = matter(place, people[chance.choice(clerks)], chance.choice(ITEMS), at, chance.random() < 0.8)
            for _ in range(chance.randrange(9)):
                wait = datetime.timedelta(days=chance.randrange(20 if number % 3 == 0 else 6), hours=1)
                at = min(at + wait, now())
                case = _on(case, people, chance, at) or case
    return people


def _on(case, people, chance, at):
    options = [(step.name, who) for name in ACTORS for who in [people[name]] for step in available(case, who)]
    if case.replied and case.rating is None and chance.random() < 0.6:
        return rate(case, people["cun"], chance.randrange(1, 6), "screen", at=at)
    if chance.random() < 0.8:  # people seldom give up
        options = [(name, who) for name, who in options if name != "withdraw"]
    if not options:
        return None
    try:
        return move(case, chance.choice(options), at=at)
    except (Refused, Conflict):
        return None


def seen(who) -> list[Case]:
    column, value = who.area
    return [case for case in Case.select() if getattr(case, column) == value]


def test_every_phase_and_every_flow_is_what_a_recount_gives(county):
    assert tallies.differences() == []
    assert len({case.phase for case in Case.select()}) >= 5, "the walk reaches most phases"
    assert Rating.select().exists() and Case.select().where(Case.late).exists()


@pytest.mark.parametrize("name", READERS)
def test_each_reader_gets_the_figures_of_the_own_ground(county, name):
    who = county[name]
    cases = seen(who)
    assert tallies.by_phase(who, KINDS) == dict(Counter(case.phase for case in cases))
    for state in {case.state for case in Case.select()}:
        assert tallies.by_phase(who, KINDS, state) == dict(Counter(case.phase for case in cases if case.state == state))
    wanted = sorted({period for case in Case.select() for period in tallies.periods(case.opened.date())})
    found = tallies.by_period(who, KINDS, wanted)
    for period in wanted:
        opened, closed, due = (
            [case for case in chosen if (moment := getattr(case, column)) and period in tallies.periods(moment.date())]
            for column, chosen in (
                ("opened", cases), ("closed", [case for case in cases if case.phase == "closed"]),
                ("owed", [case for case in cases if case.phase != "cancelled"]),
            )
        )
        rated = [case.rating for case in closed if case.rating]
        assert found[period] == {
            "opened": len(opened), "settled": sum(case.phase == "closed" for case in opened),
            "cancelled": sum(case.phase == "cancelled" for case in opened),
            "redone": sum(case.redone for case in opened),
            "closed": len(closed), "on_time": sum(not case.late for case in closed),
            "minutes": sum(int((case.closed - case.opened).total_seconds() // 60) for case in closed),
            "rated": len(rated), "rating_sum": sum(rated), "satisfied": sum(level >= 4 for level in rated),
            "fair": rated.count(3), "at_once": sum(case.closed.date() == case.opened.date() for case in closed),
            "first_time": sum(not case.halted and not case.redone for case in closed),
            "own": sum(case.unit_id in (case.village_id, case.grid_id) for case in closed),
            "due": len(due), "kept": sum(case.phase == "closed" and not case.late for case in due),
        }, (name, period)


@pytest.mark.parametrize("name", ["cun", "zhen", "linzhen", "xian", "lingdao", "minzheng"])
def test_what_lies_below_a_unit_is_counted_within_the_own_ground(county, name):
    who = county[name]
    for code, level, column in ((COUNTY, "county", "town_id"), (TOWN, "town", "village_id")):
        above = unit(code)
        inside = [case for case in seen(who) if getattr(case, f"{level}_id") == above.id and case.phase in OPEN_PHASES]
        wanted = Counter(getattr(case, column) for case in inside) if who.area[0] != "line_id" else {}
        found = {key: count for key, count in tallies.open_below(who, above.id, level, KINDS).items() if count}
        assert found == dict(wanted), (name, level)


def test_the_on_time_card_counts_each_town_or_village(county):
    moment = now()
    for name, column in (("zhen", "village_id"), ("lingdao", "town_id")):
        who = county[name]
        for month in {case.owed.date().replace(day=1) for case in seen(who) if case.owed}:
            wanted = {}
            for case in seen(who):
                owed = case.owed and case.phase != "cancelled" and (case.closed or case.owed < moment)
                if owed and case.owed.date().replace(day=1) == month:
                    key = Unit.get_by_id(getattr(case, column)).short
                    due, kept = wanted.get(key, (0, 0))
                    wanted[key] = due + 1, kept + (case.phase == "closed" and not case.late)
            rows = tallies.kept_below(who, KINDS, Period.of("month", month))
            assert {short: (due, kept) for short, due, kept in rows} == wanted
    assert tallies.kept_below(county["cun"], KINDS, Period.of("month", moment.date())) == []
    assert tallies.kept_below(county["minzheng"], KINDS, Period.of("month", moment.date())) == []


def test_somebody_without_a_post_or_a_kind_gets_no_figure(county):
    for who in (person("kongkong"), county["cun"]):
        names = KINDS if who.post is None else []
        assert tallies.by_phase(who, names) == {} and tallies.open_below(who, 1, "county", names) == {}
        assert tallies.by_period(who, names, ["2026-11"])["2026-11"]["opened"] == 0


def test_written_anew_the_counters_are_the_same(county):
    def rows(model):
        return sorted(
            (tuple(sorted(row.items(), key=lambda pair: pair[0])) for row in model.select().dicts()
             if any(row[name] for name in (tallies.FLOWS if model is Flow else ["count"]))), key=str,
        )

    before = rows(Tally), rows(Flow)
    tallies.rebuild()
    assert (rows(Tally), rows(Flow)) == before
    assert tallies.differences() == []


def test_counters_of_lines_from_before_are_taken_apart(county):
    """Migration 0012: a row for each town, responsible unit, kind and way in becomes two sums."""
    before = Change()
    for case in Case.select().where(Case.line_id.is_null(False)):
        place = case.line_id, case.town_id or 0, case.unit_id, case.kind, case.channel
        for _, moment, changes in counting.events(case):
            for period in counting.periods(moment.date()):
                key = case.county_id, "line", period, *place
                before.villages[key] = None
                for name, number in changes.items():
                    before.flows[key][counting.FLOWS.index(name)] += number
    assert before.flows
    Flow.delete().where((Flow.axis == "line") | (Flow.axis == "holder") & (Flow.unit_id != 0)).execute()
    before.write()
    assert tallies.differences() != []
    importlib.import_module("portal.cases.migrations.0012_lines").up(None, Unmade())
    assert tallies.differences() == []


class Unmade:
    """The database, in which the index of the migration stands already."""

    def execute_sql(self, sql):
        return None if sql.startswith("CREATE INDEX") else database.execute_sql(sql)
