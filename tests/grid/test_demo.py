"""The demo divides the real county as it was published: 1,042 grids, 1,133 workers, nobody missing."""

import pytest
from peewee import fn

from plugins.grid.demo import fill
from plugins.grid.models import RESPONSIBLE, Grid, GridWorker, Household
from plugins.grid.team import responsible
from plugins.grid.workflow import KIND, STATES
from portal.cases import tallies
from portal.cases.models import Case
from portal.db import atomic, today
from portal.org.models import Unit


@pytest.fixture
def filled(app):
    with app.test_request_context(), atomic():
        fill(lambda *said: None)


@pytest.mark.parametrize("ground", ["sqlite"], indirect=True, scope="session")  # the demo works on SQLite only
def test_the_demo_is_the_county(filled):
    grids = Unit.select().where(Unit.level == "grid")
    village = Unit.alias()
    in_communities = grids.join(village, on=(Unit.parent == village.id)).where(village.name.contains("居"))
    assert (grids.count(), in_communities.count(), Grid.select().count()) == (1042, 110, 1042)
    assert GridWorker.select().count() == 1133
    assert {role for (role,) in GridWorker.select(GridWorker.role).tuples()} == set(RESPONSIBLE)
    assert not Grid.select().where(Grid.unit.not_in(responsible())).exists(), "each has somebody"
    assert Grid.select(fn.COUNT(Grid.village_id.distinct())).scalar() == 462, "each village has one"
    codes = [(unit.code, unit.path, unit.grid_id) for unit in grids.order_by(Unit.code)]
    assert len({code for code, _, _ in codes}) == 1042
    assert all(path.endswith(f"/{key}/") and len(code) == 15 for code, path, key in codes)
    assert not Grid.select().where(Grid.lon.is_null() | ~Grid.lon.between(104, 106)).exists()
    assert Household.select().where(Household.due_on < today()).exists() and Household.select().count() >= 40
    states = {state for (state,) in Case.select(Case.state).where(Case.kind == KIND.name).tuples()}
    assert Case.select().where(Case.kind == KIND.name).count() >= 120
    assert states >= {state.name for state in STATES} - {"disputed", "extending"}, "the cast has no county centre"
    assert tallies.differences() == []
