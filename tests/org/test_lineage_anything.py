"""Whatever is moved, merged and split, in any order, with cases at work: promises hold, and sight is the tree."""

import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.accounts.models import Post
from portal.cases.ledger import available
from portal.cases.models import Case
from portal.cases.proof_models import VoidNumber
from portal.db import database, today
from portal.org import lineage
from portal.org.models import Unit
from portal.values import OPEN_PHASES, Refused
from tests.cases.making import SAID, matter, move, plain
from tests.org.rearranging import all_is_well, seen
from tests.people_of_the_county import NEXT_VILLAGE, OTHER_TOWN, QUIET_TOWN, TOWN, VILLAGE, person

WHO = ("cun", "shuji", "lincun", "linjia", "zhen", "linzhen", "wuzhen", "zongzhi", "xian", "tiaojie", "duogang")
NUMBER = st.integers(0, 9)
ACTS = st.lists(st.tuples(
    st.sampled_from(["open", "open", "work", "move", "move", "merge", "merge", "split", "merge_towns", "split_town"]),
    NUMBER, NUMBER), min_size=3, max_size=9)


def villages() -> list[Unit]:
    """Return the villages that the acts are about: those of the cast, and what became of them."""
    codes = (VILLAGE, NEXT_VILLAGE, OTHER_TOWN[:9] + "200", OTHER_TOWN[:9] + "201")
    query = Unit.select().where(Unit.level == "village", Unit.valid_to.is_null())
    return list(query.where(Unit.code.in_(codes) | Unit.name.startswith("新村")).order_by(Unit.code))


def towns() -> list[Unit]:
    query = Unit.select().where(Unit.level == "town", Unit.valid_to.is_null())
    query = query.where(Unit.code.in_((TOWN, OTHER_TOWN, QUIET_TOWN)) | Unit.name.startswith("新镇"))
    return list(query.order_by(Unit.code))


class Acts:
    """Does one random thing after the other; what the rules refuse is refused."""

    def __init__(self):
        self.admin, self.made = person("xitong"), 0

    def do(self, act: str, one: int, other: int) -> None:
        try:
            getattr(self, act)(one, other)
        except Refused:
            pass

    def open(self, one, other):
        place = villages()[one % len(villages())]
        case = matter(place, "xian") if other % 2 else plain(place=place, who="xian", unit=place)
        assert case.village_id == place.id

    def work(self, one, other):
        open_ = list(Case.select().where(Case.phase.in_(OPEN_PHASES)).order_by(Case.id))
        if not open_:
            return
        case, who = open_[one % len(open_)], person(WHO[other % len(WHO)])
        steps = [step.name for step in available(case, who)] if case.id in seen(who) else []
        if steps:
            move(case, (steps[one % len(steps)], who, SAID))

    def move(self, one, other):
        village, town = villages()[one % len(villages())], towns()[other % len(towns())]
        lineage.move_village(village, town, self.admin, village.version, on=today(), enable=bool(one % 2))

    def merge(self, one, other):
        first, second = villages()[one % len(villages())], villages()[other % len(villages())]
        if one % 3 == 0 and first.id != second.id:
            made = self._new("新村", first.code[:9])
            lineage.merge_as_new(first, second, *made, self.admin, first.version, on=today())
        else:
            lineage.merge_units(first, second, self.admin, first.version, on=today())

    def split(self, one, other):
        village = villages()[one % len(villages())]
        posts = [f"posts:{post.id}" for post in Post.select().where(Post.unit == village.id)][:other % 3]
        cases = [f"cases:{case.id}" for case in Case.select().where(Case.village_id == village.id)][:other]
        lineage.split_unit(village, *self._new("新村", village.code[:9]), [], self.admin, village.version, on=today(),
                           chosen=frozenset(posts + cases))

    def merge_towns(self, one, other):
        if len(towns()) > 1:
            first, second = towns()[one % len(towns())], towns()[other % len(towns())]
            lineage.merge_units(first, second, self.admin, first.version, on=today())

    def split_town(self, one, other):
        town = towns()[one % len(towns())]
        mine = [village.id for village in villages() if village.town_id == town.id][:1 + other % 2]
        lineage.split_unit(town, *self._new("新镇", town.code[:6], "000"), mine, self.admin, town.version, on=today())

    def _new(self, name: str, stem: str, end: str = "") -> tuple[str, str]:
        self.made += 1
        return f"{name}{self.made}", f"{stem}{900 + self.made}{end}"


def sight_is_the_tree() -> None:
    """Everybody sees the cases whose place lies on their own ground, those of their units, and no other."""
    paths = dict(Unit.select(Unit.id, Unit.path).tuples())
    for name in WHO:
        one = person(name)
        own = one.post.unit
        top = own.path.rstrip("/").rsplit("/", 1)[0] + "/" if own.level == "department" else own.path
        expected = {
            case.id for case in Case.select()
            if (paths[case.place_id].startswith(top) or case.unit_id in one.acts_for)
            and "station" in one.enabled and one.may("station.read")
        }
        assert seen(one) == expected, name


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(acts=ACTS)
def test_after_any_acts_every_promise_holds(ground, acts):
    ground.put_back()
    with time_machine.travel("2026-03-04T02:00:00+00:00", tick=False), ground.application.test_request_context():
        database.connect(reuse_if_open=True)
        Post.update(valid_from="2025-01-01").execute()
        Unit.update(valid_from=None).execute()
        run = Acts()
        for number in range(4):
            run.open(number, number)
        for act in acts:
            run.do(*act)
        all_is_well()
        sight_is_the_tree()
        assert VoidNumber.select().count() == 0
        assert not [post for post in Post.select().where(Post.valid_to.is_null()) if post.unit.is_closed]
    database.close()
