"""Figures and the map: computed from records, in administrative order, within the area, and light enough."""

import datetime
import gzip
import json
import re

import pytest

from plugins.grid.commands import load
from plugins.grid.figures import following, rate
from plugins.grid.models import Household, TownPoint
from portal.cases.models import Case
from portal.db import today
from portal.values import Refused
from tests.grid.door import draw, house, report, staff, step
from tests.people_of_the_county import TOWN, unit
from tests.ui.test_assets import DIST, FILES


def row(text: str, name: str) -> list[str]:
    """Return the cells of the row of the table that begins with `name`."""
    for line in re.findall(r"<tr>(.*?)</tr>", text, re.S):
        cells = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", line, re.S)]
        if cells and cells[0] == name:
            return cells
    raise AssertionError(name)


@pytest.fixture
def worked(sign_in):
    """Two grids, one staffed; two households, one visited; three events, two of them settled at the lowest level."""
    village, worker = sign_in("shuji"), sign_in("wangge")
    first, second = draw(village), draw(village, "第二网格", lon="105.131", lat="31.316")
    staff(village, first, account="wangge")
    homes = [house(village, number, first.unit_id) for number in (1, 2)]
    Household.update(due_on=today()).execute()
    worker.send("/grid/visits", to=f"/grid/households/{homes[0].id}/visits/normal")
    report(worker, unit_id=str(second.unit_id))
    report(worker, unit_id=str(first.unit_id), settled="y", result="好了")
    case = report(worker, unit_id=str(first.unit_id))
    step(village, case, "accept")
    step(village, case, "handle", text="修好")
    step(worker, case, "confirm")


def test_every_rate_stands_beside_its_denominator(worked, sign_in):
    cells = row(sign_in("zongzhi").open("/grid/figures").text, "华光村")
    half, all_of_two, none_of_two = "50.0%，1/2", "100.0%，2/2", "0.0%，0/2"
    # Due in the month: both were settled at once, but in the last days of a month they were due in the next one.
    due = Case.select().where(Case.closed.is_null(False), Case.owed < following(today().replace(day=1))).count()
    in_time = f"100.0%，{due}/{due}" if due else "—"
    assert cells[1:] == ["2", "1", half, half, "3", "2", all_of_two, "0", none_of_two, in_time, "0"]


def test_what_was_due_and_not_done_counts_whenever_it_came(worked, sign_in):
    """An event of months ago that fell due this month, and was settled too late, is part of what was due."""
    case = Case.select().where(Case.closed.is_null(False)).order_by(Case.id).first()
    first = datetime.datetime.combine(today().replace(day=1), datetime.time())
    Case.update(opened=first - datetime.timedelta(days=90), owed=first, late=True).where(Case.id == case.id).execute()
    kept = Case.select().where(Case.closed.is_null(False), Case.late == False,  # noqa: E712
                               Case.owed < following(today().replace(day=1))).count()
    cells = row(sign_in("zongzhi").open("/grid/figures").text, "华光村")
    assert cells[10] == rate(kept, kept + 1)


def test_without_anything_to_divide_by_there_is_a_dash(worked, sign_in):
    cells = row(sign_in("zongzhi").open("/grid/figures").text, "迎丰村")
    assert cells[3] == cells[4] == cells[7] == "—" and rate(0, 0) == "—"


def test_each_level_sees_the_level_below_in_administrative_order(worked, sign_in):
    county = sign_in("xian").open("/grid/figures").text
    assert row(county, "塔山镇")[1] == "2" and row(county, "合计")[5] == "3"
    assert county.index("潼川镇") < county.index("塔山镇") < county.index("建中镇")
    village = sign_in("shuji").open("/grid/figures").text
    assert row(village, "第一网格")[5] == "2" and row(village, "第二网格")[3] == "0.0%，0/1"


def test_nobody_is_ranked(worked, sign_in):
    page = sign_in("xian").open("/grid/figures").text
    assert "周勇" not in page and "排名" not in page


def test_a_stranger_counts_nothing_of_it(worked, sign_in):
    page = sign_in("linzhen").open("/grid/figures").text
    assert "华光" not in page and row(page, "合计")[1] == "0"


# -- the map ---------------------------------------------------------------------------------------------------------

def test_the_map_draws_the_grids_of_the_area_as_geojson(worked, sign_in):
    town = sign_in("zongzhi").open("/grid/map/points")
    found = json.loads(town.text)
    assert found["outline"]["features"][0]["properties"]["name"] == "三台县"
    [feature] = found["grids"]["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [105.131, 31.316]}
    assert feature["properties"]["open"] == 1 and feature["properties"]["staffed"] is False
    assert json.loads(sign_in("linzhen").open("/grid/map/points").text)["grids"]["features"] == []


def test_the_table_beside_the_map_needs_no_script(worked, sign_in):
    page = sign_in("zongzhi").open("/grid/map").text
    assert row(page, "华光村")[1:] == ["2", "1", "0", "有未结"] and "<style" not in page


def test_the_whole_page_of_the_map_stays_below_350_kb(worked, sign_in):
    browser = sign_in("xian")
    page, data = browser.open("/grid/map").text, browser.open("/grid/map/points").text
    grid = json.dumps(json.loads(data)["grids"]["features"][0], ensure_ascii=False)
    whole_county = data + ",".join(grid.replace("第二网格", f"第{number}网格").replace("105.131", f"105.{number}")
                                   for number in range(1042))
    packed = sum(len(gzip.compress(text.encode(), 6)) for text in (page, whole_county))
    names = ("portal.css", "map.css", "early.js", "portal.js", "map.js", "sprite.svg", "favicon.svg")
    packed += sum(len(gzip.compress((DIST / FILES[name]).read_bytes(), 9)) for name in names)
    assert packed < 350 * 1024, packed


def test_a_county_loads_where_its_towns_lie(app):
    assert load(f"code12,name,lon,lat\n{TOWN},塔山镇,105.13,31.31\n999999999999,无,105,31\n") == 1
    assert float(TownPoint.get(TownPoint.unit == unit(TOWN)).lon) == 105.13
    for wrong in ("code12,lon\n1,2\n", f"code12,lon,lat\n{TOWN},x,31\n", f"code12,lon,lat\n{TOWN},1,31\n", ""):
        with pytest.raises(Refused):
            load(wrong)




SQUARE = {"type": "Polygon", "coordinates": [[[105.1, 31.3], [105.2, 31.3], [105.2, 31.4], [105.1, 31.3]]]}


def test_a_boundary_is_drawn_instead_of_a_point(sign_in):
    village = sign_in("shuji")
    grid = draw(village, shape=json.dumps({"type": "Feature", "properties": {}, "geometry": SQUARE}))
    assert grid.boundary == SQUARE
    [feature] = json.loads(village.open("/grid/map/points").text)["grids"]["features"]
    assert feature["geometry"] == SQUARE
    assert "Polygon" in village.open(f"/grid/{grid.id}/edit").text


@pytest.mark.parametrize("shape", [
    "abc", "[]", "{}", '{"type":"Point","coordinates":[105,31]}', '{"type":"Polygon","coordinates":[[[105,31]]]}',
    '{"type":"Polygon","coordinates":[[[31,105],[31,106],[32,105],[31,105]]]}',
    '{"type":"Polygon","coordinates":"x"}', "[" * 5000,
    '{"type":"Polygon","coordinates":[[[null,1],[1,1],[1,2],[null,1]]]}',
])
def test_what_is_no_boundary_is_refused(sign_in, shape):
    village = sign_in("shuji")
    village.send("/grid/new", unit_id=str(unit("510722104204").id), name="第一网格", range="一组",
                 supervision_phone="0816-5221234", shape=shape)
    assert village.status == 422 and "边界" in village.text
