"""What the tests of the doors need of the grids."""

from plugins.grid.households import add_member, flag, save_household
from plugins.grid.report import report
from plugins.grid.team import add_worker, create_grid
from portal.db import today
from tests.people_of_the_county import VILLAGE, person, unit


def rows() -> dict:
    """Return what stands in the addresses of the grids for each name of an argument."""
    shuji, zongzhi, wangge = person("shuji"), person("zongzhi"), person("wangge")
    village = unit(VILLAGE)
    grid = create_grid(village, {
        "name": "第一网格", "kind": "general", "range": "一组、二组", "supervision_phone": "0816-5221234",
        "lon": 105.13, "lat": 31.31,
    }, shuji)
    worker = add_worker(grid, {"name": "周勇", "role": "full", "work_phone": "13890110001", "account": "wangge",
                               "since": today()}, shuji)
    house = save_household(None, grid.unit, {
        "number": 12, "address": "二组 12 号", "kind": "resident", "structure": "", "safety": "", "floors": 2,
        "helper": "周勇",
    }, shuji)
    member = add_member(house, {"name": "何清祥", "id_card": "", "relation": "0"}, shuji)
    flagged = flag(house, member.resident, {"kind": "released", "owner": "塔山镇司法所", "since": today()}, zongzhi)
    report(grid.unit, wangge, {"category": "hazard", "text": "水塘边没有警示牌"})
    return {
        "grid_id": grid.id, "worker_id": worker.id, "household_id": house.id, "member_id": member.id,
        "key_person_id": flagged.id, "result": "normal",
    }
