"""The county of the tests: 三台县 with its real units, and a cast of people in two neighbouring towns."""

import datetime
from pathlib import Path

from portal import accounts, migrations, org
from portal.accounts.models import Post, Role, User
from portal.calendar import keeping as calendar
from portal.db import atomic, today
from portal.jobs.models import Lease
from portal.org.departments import ensure_departments
from portal.org.models import Unit
from portal.registry import registry_of

PASSWORD = "Blau-Zeder-71-Fluss"
DATA = Path(org.__file__).parent / "data"

#: The plugins that the tests load.
PLUGINS = ["station", "grid", "mediation", "village_rules"]

COUNTY, TOWN, OTHER_TOWN, QUIET_TOWN = "510722000000", "510722104000", "510722141000", "510722138000"
VILLAGE, NEXT_VILLAGE = "510722104204", "510722104203"

#: name: (full name, [(unit code or (parent code, office), role), ...])
CAST = {
    "cun": ("李秀英", [(VILLAGE, "window")]),
    "shuji": ("张国强", [(VILLAGE, "village_staff")]),
    "lincun": ("王桂兰", [(NEXT_VILLAGE, "window")]),
    "linjia": ("何家福", [(OTHER_TOWN + "/village", "window")]),
    "zhen": ("刘德明", [((TOWN, "便民服务中心"), "town_staff")]),
    "zhener": ("赵晓芳", [((TOWN, "便民服务中心"), "town_staff")]),
    "linzhen": ("孙丽", [((OTHER_TOWN, "便民服务中心"), "town_staff")]),
    "wuzhen": ("何平", [(QUIET_TOWN, "town_staff")]),
    "minzheng": ("杨静", [((COUNTY, "民政局"), "county_staff")]),
    "canlian": ("冯涛", [((COUNTY, "残疾人联合会"), "county_staff")]),
    "xian": ("黄涛", [((COUNTY, "行政审批服务局"), "county_staff")]),
    "lingdao": ("徐志远", [(COUNTY, "leader")]),
    "wangge": ("周勇", [(VILLAGE, "grid_worker")]),
    "linwang": ("廖志强", [(OTHER_TOWN + "/village", "grid_worker")]),
    "lingan": ("夏云", [(OTHER_TOWN + "/village", "village_staff")]),
    "tiaojie": ("唐世容", [(VILLAGE, "mediator")]),
    "zongzhi": ("曹阳", [((TOWN, "综治中心"), "town_staff")]),
    "sifasuo": ("宋建国", [((TOWN, "司法所"), "town_staff")]),
    "sifaju": ("韩梅", [((COUNTY, "司法局"), "county_staff")]),
    "duogang": ("吴敏", [(VILLAGE, "window"), (NEXT_VILLAGE, "window"), (TOWN, "leader")]),
    "zhenguan": ("郑伟", [(TOWN, "town_admin")]),
    "xitong": ("马骏", [(COUNTY, "system_admin")]),
    "anquan": ("罗兰", [(COUNTY, "security_admin")]),
    "shenji": ("梁宽", [(COUNTY, "audit_admin")]),
    "kongkong": ("空岗", []),
}


#: The posts begin before any day that a test travels to.
LONG_AGO = datetime.date(2020, 1, 1)


def build(app) -> dict[str, int]:
    """Create the tables, the units, the roles and the cast; return the user ids by name."""
    registry = registry_of(app)
    migrations.migrate(registry.owners(), app.config["PORTAL"]["instance"])
    with app.app_context():
        accounts.sync_roles(registry)
        org.import_divisions([DATA / "510722_towns.csv", DATA / "510722_villages.csv"])
        county = Unit.get(Unit.code == COUNTY)
        with atomic():
            ensure_departments(county)
            for unit in Unit.select().where(Unit.level.in_(("county", "town")), Unit.code != QUIET_TOWN):
                for plugin in registry.optional():
                    org.set_enabled(unit, plugin.slug, True, None)
            people = {name: _person(name, *one) for name, one in CAST.items()}
            # As the job of the night does late in a year: whatever month it is, limits reach into the next one.
            calendar.estimate_year(today().year + 1, None)
            # No process runs jobs here, and tests travel in time: nobody shall be warned of that.
            Lease.update(born=datetime.datetime(2100, 1, 1)).execute()
        return people


def unit(where) -> Unit:
    """Return the unit of a code, of (parent code, office name), or the first village of "code/village"."""
    if isinstance(where, tuple):
        parent = Unit.get(Unit.code == where[0])
        return Unit.get(Unit.parent == parent, Unit.name.endswith(where[1]))
    if where.endswith("/village"):
        parent = Unit.get(Unit.code == where.split("/")[0])
        return Unit.select().where(Unit.parent == parent, Unit.level == "village").order_by(Unit.code).get()
    return Unit.get(Unit.code == where)


def _person(name: str, full_name: str, posts) -> int:
    user, _ = accounts.add_user(name, full_name, password=PASSWORD, must_change=False)
    for where, role in posts:
        held = Role.get(Role.slug == role)
        Post.create(user=user, unit=unit(where), role=held, title=held.title, valid_from=LONG_AGO)
    return user.id


def person(name: str):
    """Return the one of the cast as the ledger knows them, in their first post."""
    return accounts.acting_as(User.get(User.name == name))
