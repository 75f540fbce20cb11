"""The bundled plugins keep what is asked of everybody's."""

from portal.testing import PluginContract
from tests.grid import door as grid
from tests.mediation import door as mediation
from tests.station import door as station
from tests.village_rules import door as village_rules


class TestStation(PluginContract):
    plugin = "station"
    shared = ("station.item", "station.receive_item")

    def fill(self, county):
        case = station.receive(county.sign_in("window"))
        return [f"/cases/{case.id}", f"/cases/{case.id}/papers/receipt"]


class TestGrid(PluginContract):
    plugin = "grid"

    def fill(self, county):
        village, here = county.sign_in("village"), county.unit("village")
        drawn = grid.draw(village, village=here.code)
        home = grid.house(village, where=here.code)
        case = grid.report(village, unit_id=str(here.id))
        return [f"/grid/{drawn.id}", f"/grid/households/{home.id}", f"/cases/{case.id}"]


class TestMediation(PluginContract):
    plugin = "mediation"
    insider = "mediator"
    outsider = "other_village"

    def fill(self, county):
        mediator, here = county.sign_in("mediator"), county.unit("village")
        committee = mediation.committee(county.sign_in("village"), where=here.code)
        case = mediation.register(mediator)
        return [f"/cases/{case.id}", f"/mediation/committees/{committee.id}"]


class TestVillageRules(PluginContract):
    plugin = "village_rules"

    def fill(self, county):
        village = county.sign_in("village")
        village_rules.rolls(village)
        meeting = village_rules.call(village)
        return [f"/village_rules/meetings/{meeting.id}"]
