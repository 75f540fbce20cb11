"""Numbers are gap-free for each village and year, under many clerks at once and over whatever is rolled back."""

import datetime
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from portal.cases import tallies
from portal.cases.checks import findings
from portal.cases.counter_models import Series
from portal.cases.models import Case
from portal.db import atomic, now
from tests.cases.making import in_threads, matter, move, plain
from tests.people_of_the_county import NEXT_VILLAGE, OTHER_TOWN, VILLAGE, person, unit
from tests.station.door import item, receive

THREADS, EACH = 8, 6


def numbers(where=VILLAGE) -> list[str]:
    return [case.number for case in Case.select().where(Case.village_id == unit(where).id).order_by(Case.id)]


def test_a_number_names_the_kind_the_village_the_year_and_counts_from_one(app):
    year = now().year
    with app.test_request_context():
        for _ in range(3):
            plain()
        plain(NEXT_VILLAGE, "lincun")
    assert numbers() == [f"FW104204-{year}-{count:04d}" for count in (1, 2, 3)]
    assert numbers(NEXT_VILLAGE) == [f"FW104203-{year}-0001"]


def test_each_year_begins_anew(app):
    with app.test_request_context():
        for day in ((2025, 12, 31), (2026, 1, 5), (2025, 12, 30)):
            plain(at=datetime.datetime(*day, 9))
    assert numbers() == ["FW104204-2025-0001", "FW104204-2026-0001", "FW104204-2025-0002"]


def test_a_rolled_back_opening_leaves_no_gap_and_no_trace(app):
    with app.test_request_context():
        plain()
        for _ in range(3):
            with pytest.raises(RuntimeError), atomic():
                plain()
                raise RuntimeError
        plain()
    assert [int(number[-4:]) for number in numbers()] == [1, 2]
    assert Series.select().count() == 1 and tallies.differences() == []


def test_a_refused_receiving_leaves_no_gap(sign_in):
    browser, wanted = sign_in("cun"), item()
    receive(browser)
    browser.send(f"/station/receive/{wanted.id}", name="李四", id_card="510722194003072224")  # another name: refused
    assert browser.status == 422
    receive(browser)
    assert [int(number[-4:]) for number in numbers()] == [1, 2]


def test_more_than_ten_thousand_a_year_are_numbered_on(app):
    with app.test_request_context():
        plain()
        Series.update(last=9999).execute()
        plain()
    assert numbers()[-1].endswith("-10000")


def test_eight_clerks_at_once_get_numbers_without_a_gap(app):
    """Four in one village, two in the next, two in another town, each opening one case after another."""
    places = [VILLAGE] * 4 + [NEXT_VILLAGE] * 2 + [OTHER_TOWN + "/village"] * 2
    people = {VILLAGE: person("cun"), NEXT_VILLAGE: person("lincun"), OTHER_TOWN + "/village": person("linjia")}
    units = {where: unit(where) for where in people}
    for who in people.values():
        assert who.acts_for  # read before the threads begin

    def job(where):
        return lambda: [plain(place=units[where], who=people[where]).number for _ in range(EACH)]

    found = in_threads(app, *(job(where) for where in places))
    assert not [error for error in found if isinstance(error, Exception)], found
    for where in people:
        own = sorted(int(number[-4:]) for number in numbers(where))
        assert own == list(range(1, places.count(where) * EACH + 1)), where
    assert tallies.differences() == []


def test_eight_writers_in_two_processes_get_two_hundred_numbers_without_a_gap(app, ground):
    """Two processes of four threads, each opening 25 cases in the same village."""
    command = [sys.executable, "-m", "tests.cases.number_writers", str(ground.folder), json.dumps(ground.overrides)]
    writers = [
        subprocess.Popen([*command, "4", "25"], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
        for _ in range(2)
    ]
    told = [json.loads(writer.communicate(timeout=200)[0]) for writer in writers]
    given = [number for lists in told for numbers in lists for number in numbers]
    assert all(isinstance(numbers, list) for lists in told for numbers in lists), told
    assert sorted(int(number[-4:]) for number in given) == list(range(1, 201)) and sorted(given) == sorted(numbers())
    assert findings() == []


def test_the_database_refuses_a_number_twice(app):
    with app.test_request_context():
        plain()
        Series.update(last=0).execute()
        with pytest.raises(Exception, match=re.compile("unique", re.I)):
            plain()


def test_clerks_who_move_cases_at_once_lose_no_count(app):
    """Eight threads take steps on cases of one village in opposite directions: no deadlock, no lost count."""
    with app.test_request_context():
        cases = [move(matter(), ("accept", "cun")) for _ in range(8)]

    def job(case, number):
        def run():
            who = person("cun")
            step = ("forward_town", "withdraw")[number % 2]
            return move(case, (step, who)).state

        return run

    states = Counter(in_threads(app, *(job(case, number) for number, case in enumerate(cases))))
    assert states == {"at_town": 4, "withdrawn": 4}
    assert tallies.differences() == []


def test_of_eight_clerks_who_take_one_step_at_once_one_does_and_seven_are_told(app):
    with app.test_request_context():
        case = matter()
    found = in_threads(app, *[lambda: move(case, ("accept", person("cun"))).state] * 8)
    done = [one for one in found if one == "accepted"]
    told = [one for one in found if isinstance(one, Exception)]
    assert len(done) == 1 and {type(error).__name__ for error in told} <= {"Conflict", "Refused"}, found
    assert tallies.differences() == []
