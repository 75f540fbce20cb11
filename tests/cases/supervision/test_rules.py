"""Rules of supervision: by county, town and kind; in force at once, in every process, without a query a row."""

import pytest

from portal.audit.models import AuditEntry
from portal.cases.clock import light_of
from portal.cases.supervision import rules
from portal.org.models import Unit
from portal.testing import counted_queries
from tests.cases.making import post
from tests.cases.supervision.late import late
from tests.people_of_the_county import COUNTY, OTHER_TOWN, TOWN, person, unit


@pytest.fixture
def county(app):
    with app.app_context():
        yield Unit.get(Unit.code == COUNTY)


def held(town=TOWN, kind="station.request"):
    place = unit(town)
    return rules.rules_of(kind, place.county_id, place.town_id)


def test_the_nearest_rule_has_the_last_word(county):
    by = person("xitong")
    assert (held().yellow, held().red, held().orange_days, held().escalate_days) == (60, 90, 3, 5)
    rules.save(county, "", {"yellow": 50, "red": 80, "orange_days": 2}, by)
    assert (held().yellow, held().red, held().orange_days) == (50, 80, 2)
    rules.save(county, "station.request", {"yellow": 40}, by)
    rules.save(unit(TOWN), "", {"red": 70, "orange_days": 1}, by)
    assert (held().yellow, held().red, held().orange_days) == (40, 70, 2)  # colours are the county's
    assert (held(OTHER_TOWN).yellow, held(OTHER_TOWN).red) == (40, 80) and held(kind="grid.event").yellow == 50
    rules.save(county, "station.request", {}, by)
    assert held().yellow == 50 and rules.own(county.id, "station.request")["yellow"] is None


def test_lights_turn_by_the_rule_of_the_town(county):
    with_rule = late(-3)
    assert light_of(with_rule).tone == "warn"
    rules.save(unit(TOWN), "", {"yellow": 80}, person("zhenguan"))
    assert light_of(with_rule).tone == "ok"


def test_the_administrator_sets_them_and_the_record_says_so(app, sign_in):
    browser = sign_in("xitong")
    assert "网格事件" in browser.open("/cases/rules").text
    browser.send("/cases/rules/grid.event", yellow="55", orange_days="4", auto_remind="no")
    assert "已保存" in browser.text and "55%" in browser.text and "不自动" in browser.text
    entry = AuditEntry.select().where(AuditEntry.action == "cases.change_rules").get()
    assert entry.changes["yellow"] == [None, 55] and entry.object_id == "grid.event"


def test_a_town_sets_its_lights_only(app, sign_in):
    browser = sign_in("zhenguan")
    text = browser.open("/cases/rules/all").text
    assert 'name="yellow"' in text and 'name="escalate_days"' not in text
    browser.send("/cases/rules/all", yellow="30")
    post(browser, "/cases/rules/all", yellow="30", escalate_days="1", orange_days="1")
    with app.app_context():
        assert (held().yellow, held().escalate_days, held(OTHER_TOWN).yellow) == (30, 5, 60)


@pytest.mark.parametrize("fields, sentence", [
    ({"yellow": ""}, "请至少填写一项"), ({"yellow": "50", "reset": "y"}, "要么填写"),
    ({"reset": "y"}, "本来就没有单独规定"), ({"yellow": "95"}, "应早于变红"),
    ({"red": "10"}, "应早于变红"), ({"orange_days": "9"}, "应早于红色督办"),
    ({"yellow": "0"}, "应在 1 到 100"), ({"yellow": "abc"}, "请填写整数"), ({"escalate_days": "9999"}, "应在 1 到 365"),
])
def test_what_makes_no_sense_is_refused(app, sign_in, fields, sentence):
    browser = sign_in("xitong").send("/cases/rules/all", **fields)
    assert browser.status == 422 and sentence in browser.text
    with app.app_context():
        assert held() == rules.defaults()


@pytest.mark.parametrize("name, answered", [("zhen", 403), ("lingdao", 403), ("cun", 403), ("anquan", 403)])
def test_nobody_else_sets_them(app, sign_in, name, answered):
    assert sign_in(name).open("/cases/rules").status == answered
    assert post(sign_in(name), "/cases/rules/all", yellow="10").status == answered


def test_a_kind_that_is_none_is_not_there(sign_in):
    assert sign_in("xitong").open("/cases/rules/nothing.here").status == 404


def test_fifty_rows_ask_for_the_rules_not_once(county, sign_in):
    for days in range(8):
        late(days)
    browser = sign_in("zhen")
    browser.open("/cases/")
    with counted_queries() as seen:
        browser.open("/cases/")
    assert not [sql for sql in seen if "cases_rule" in sql]


def test_a_rule_is_taken_back_by_saying_so(app, sign_in):
    browser = sign_in("xitong")
    browser.send("/cases/rules/all", yellow="50")
    browser.send("/cases/rules/all", yellow="", reset="y")
    with app.app_context():
        assert "已保存" in browser.text and held() == rules.defaults()
