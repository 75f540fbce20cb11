"""Instances of two counties and of their province, each on a server of its own, in one process."""

import contextlib
import csv
from pathlib import Path

from portal import accounts, create_app, migrations, org
from portal.accounts.models import Post, Role
from portal.db import atomic, database
from portal.org.departments import ensure_departments
from portal.org.models import Unit
from portal.registry import registry_of
from portal.testing import Browser
from tests.people_of_the_county import PASSWORD, PLUGINS

#: Who works in each county: the login is followed by the county's code, as is the place.
STAFF = (
    ("cun", "101201", "window"), ("shuji", "101201", "village_staff"), ("wangge", "101201", "grid_worker"),
    ("zhen", "101000", "town_staff"), ("xian", "000000", "county_staff"), ("lingdao", "000000", "leader"),
    ("xitong", "000000", "system_admin"),
)
SANTAI, YANTING = ("510722", "三台县"), ("510723", "盐亭县")


def divisions(folder: Path, code: str, name: str) -> list[Path]:
    """Write the files of a small county, two towns with two villages each, and return them."""
    towns = [(f"{code}{number}000", f"{name[0]}{which}镇") for number, which in ((101, "东"), (102, "西"))]
    first = [(town, title, "镇", 2, code, name) for town, title in towns]
    second = [
        (f"{town[:9]}{number}", f"{title[:2]}{number % 10}村村民委员会", "村", town, title, code, name)
        for town, title in towns for number in (201, 202)
    ]
    heads = ("code12", "name", "kind", "villages", "county_code", "county"), (
        "code12", "name", "kind", "town_code12", "town", "county_code", "county")
    paths = []
    for kind, head, rows in zip(("towns", "villages"), heads, (first, second), strict=True):
        paths.append(folder / f"{code}_{kind}.csv")
        with open(paths[-1], "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([head, *rows])
    return paths


def add_county(code: str, name: str, folder: Path, registry) -> None:
    """Bring the small county in, with its offices and a clerk in its first village, all plugins enabled."""
    org.import_divisions(divisions(folder, code, name))
    county = Unit.get(Unit.code == f"{code}000000")
    with atomic():
        ensure_departments(county)
        for unit in Unit.select().where(Unit.county_id == county.id, Unit.level.in_(("county", "town"))):
            for plugin in registry.optional():
                org.set_enabled(unit, plugin.slug, True, None)
        for login, where, role in STAFF:
            add_person(f"{login}{code}", f"{code}{where}", role)


def add_person(login: str, where: str, role: str) -> None:
    user, _ = accounts.add_user(login, f"人{login}", password=PASSWORD, must_change=False)
    held = Role.get(Role.slug == role)
    Post.create(user=user, unit=Unit.get(Unit.code == where), role=held, title=held.title)


class Seat:
    """An instance with a database of its own; several of them take turns in one process."""

    def __init__(self, folder: Path, address: str, build):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.settings = {"testing": True, "database": address, "argon2_time_cost": 1, "argon2_memory_kib": 64,
                         "trusted_hosts": ["localhost"], "plugins": PLUGINS}
        earlier = database.obj
        try:
            app = create_app(folder, self.settings, check=False)
            migrations.migrate(registry_of(app).owners(), folder)
            with app.app_context():
                accounts.sync_roles(registry_of(app))
                build(folder, registry_of(app))
            self.app = create_app(folder, self.settings)
            self.database = database.obj
        finally:
            if not database.is_closed():
                database.close()
            database.initialize(earlier)

    @contextlib.contextmanager
    def opened(self):
        """Be this instance until the block ends."""
        earlier = database.obj
        database.initialize(self.database)
        try:
            with self.app.app_context():
                yield self
        finally:
            if not database.is_closed():
                database.close()
            database.initialize(earlier)

    def close(self) -> None:
        """Give the connections of the pool back."""
        self.database.close_all()

    def sign_in(self, name: str) -> Browser:
        browser = Browser(self.app.test_client())
        browser.send("/accounts/sign-in", name=name, password=PASSWORD)
        assert browser.status == 200 and 'name="password"' not in browser.text, f"{name} could not sign in"
        return browser
