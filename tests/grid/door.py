"""What the people of the grids do, as their browsers do it."""

from plugins.grid.models import Grid, GridEvent, GridWorker, Household, Member
from portal.cases.models import Case
from portal.org.models import Unit
from tests.people_of_the_county import VILLAGE, unit


def newest() -> Case:
    return Case.select().order_by(Case.id.desc()).first()


def event_of(case) -> GridEvent:
    return GridEvent.get(GridEvent.case == case.id)


def state(case) -> str:
    return Case.get_by_id(case.id).state


def holder(case) -> str:
    return Case.get_by_id(case.id).unit.name


def draw(browser, name="第一网格", village=VILLAGE, **fields) -> Grid:
    """Draw a grid in the village; returns it."""
    filled = {
        "unit_id": str(unit(village).id), "name": name, "range": "一组、二组，东至河边，西至公路",
        "supervision_phone": "0816-5221234", **fields,
    }
    browser.send("/grid/new", **filled)
    assert browser.status == 200, browser.text
    return Grid.get(Grid.unit == Unit.get(Unit.parent == unit(village), Unit.name == name))


def staff(browser, grid: Grid, name="周勇", role="full", **fields) -> GridWorker:
    """Put somebody on the grid's team; returns them."""
    browser.send(f"/grid/{grid.id}/workers/new", name=name, role=role, work_phone="13890110001", **fields)
    assert browser.status == 200, browser.text
    return GridWorker.select().order_by(GridWorker.id.desc()).first()


def house(browser, number=1, where=VILLAGE, **fields) -> Household:
    """Open the file of a household; returns it."""
    place = where if isinstance(where, int) else unit(where).id
    browser.send("/grid/households/new", unit_id=str(place), number=str(number), address="二组 12 号", **fields)
    assert browser.status == 200, browser.text
    return Household.select().order_by(Household.id.desc()).first()


def settle_in(browser, household: Household, name="王秀兰", relation="0", **fields) -> Member:
    """Put somebody into the household; returns the member."""
    browser.send(f"/grid/households/{household.id}/members/new", name=name, relation=relation, **fields)
    assert browser.status == 200, browser.text
    return Member.select().order_by(Member.id.desc()).first()


def report(browser, **fields) -> Case:
    """Report an event; returns its case."""
    filled = {
        "category": "facility", "unit_id": str(unit(VILLAGE).id), "text": "河边护栏断了三米，孩子放学从这里过",
        "where": "二组石桥边", **fields,
    }
    browser.send("/grid/report", **filled)
    assert browser.status == 200, browser.text
    return newest()


def step(browser, case, name, **fields):
    """Take a step through its own page."""
    return browser.send(f"/cases/{case.id}/steps/{name}", to=f"/cases/{case.id}/steps/{name}", **fields)
