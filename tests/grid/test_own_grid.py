"""A worker whose post is the grid itself, not its village: sees the own grid, reports there, checks there."""

import pytest

from plugins.grid.models import GridEvent, Patrol
from portal.accounts.models import Post
from tests.grid.door import draw, holder, house, report, staff, state, step
from tests.people_of_the_county import VILLAGE, unit


@pytest.fixture
def grids(sign_in, cast):
    """Two grids; the post of wangge is the first."""
    village = sign_in("shuji")
    first, second = draw(village), draw(village, "第二网格")
    staff(village, first, account="wangge")
    Post.update(unit=first.unit_id).where(Post.user == cast["wangge"]).execute()
    return first, second


def test_an_event_comes_back_to_the_grid_to_be_checked(grids, sign_in):
    first, _ = grids
    worker, village = sign_in("wangge"), sign_in("shuji")
    case = report(worker, unit_id=str(first.unit_id))
    step(village, case, "accept")
    step(village, case, "handle", text="修好了")
    assert holder(case) == "第一网格" and case.number in worker.open("/cases/desk").text
    step(worker, case, "confirm")
    assert state(case) == "done"


@pytest.mark.parametrize("path, fields", [
    ("/grid/report", {"category": "facility", "text": "路灯不亮"}),
    ("/grid/patrols/new", {"theme": "fire", "route": "村口"}),
    ("/grid/households/new", {"number": "5", "address": "二组"}),
])
def test_nothing_is_written_about_a_place_that_they_would_not_see(grids, sign_in, path, fields):
    worker = sign_in("wangge")
    worker.send(path, unit_id=str(unit(VILLAGE).id), **fields)
    assert worker.status == 422 and "只能登记在这个网格" in worker.text
    assert not GridEvent.select().exists() and not Patrol.select().exists()


def test_what_lies_in_the_next_grid_is_not_theirs(grids, sign_in):
    first, second = grids
    village, worker = sign_in("shuji"), sign_in("wangge")
    mine, other = house(village, 1, first.unit_id), house(village, 2, second.unit_id)
    assert worker.open(f"/grid/households/{mine.id}").status == 200
    assert worker.open(f"/grid/households/{other.id}").status == 404
    assert worker.open(f"/grid/{second.id}").status == 404
    for path in ("/grid/", "/grid/visits", "/grid/map", "/grid/figures", "/grid/households", "/grid/patrols"):
        text = worker.open(path).text
        assert worker.status == 200 and "第二网格" not in text, path
