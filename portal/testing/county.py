"""A small county to test in: real units, two towns that are neighbours, and one account for each kind of person.

The database (SQLite) is built once for a run of tests and put back before each of them.
"""

import contextlib
import datetime
import shutil
from collections.abc import Callable
from pathlib import Path

from portal import accounts, create_app, migrations, org
from portal.accounts.models import Post, Role, User
from portal.calendar.keeping import estimate_year
from portal.db import atomic, database, today
from portal.org.models import Unit
from portal.registry import registry_of
from portal.testing.browser import Browser

PASSWORD = "Shui-Dao-Qu-Cheng-9"
#: Since when everybody holds their post: a test may set its clock to before the day on which the county was built.
LONG_AGO = datetime.date(2000, 1, 1)

DATA = Path(org.__file__).parent / "data"
COUNTY, TOWN, OTHER_TOWN = "510722000000", "510722104000", "510722141000"

#: Who is there: name -> (full name, where, role). `town` and `village` lie together, those with `other_` next door.
CAST = {
    "county": ("黄县长", "county", "county_staff"), "leader": ("徐领导", "county", "leader"),
    "town": ("刘乡镇", "town", "town_staff"), "town_admin": ("郑管理", "town", "town_admin"),
    "village": ("张支书", "village", "village_staff"), "window": ("李窗口", "village", "window"),
    "grid_worker": ("周网格", "village", "grid_worker"), "mediator": ("唐调解", "village", "mediator"),
    "next_village": ("王邻村", "next_village", "village_staff"),
    "other_town": ("孙外镇", "other_town", "town_staff"),
    "other_town_admin": ("许外管", "other_town", "town_admin"),
    "other_village": ("何外村", "other_village", "village_staff"),
    "other_window": ("尤外窗", "other_village", "window"),
    "other_grid_worker": ("冯外格", "other_village", "grid_worker"),
    "other_mediator": ("卫外调", "other_village", "mediator"),
    "system": ("马系统", "county", "system_admin"), "security": ("罗安全", "county", "security_admin"),
    "auditor": ("梁审计", "county", "audit_admin"), "nobody": ("空无岗", "", ""),
}


class County:
    """An instance in `folder` with the plugins named in `plugins` (None: all that are installed).

    They are enabled for the county and for `town`, and for `other_town` as well unless a test disables them. With
    `strict` a plugin that fails stops the start, or the page.
    """

    def __init__(self, folder: Path, plugins: list[str] | None = None, strict: bool = True):
        self.folder = Path(folder)
        self.settings = {
            "testing": True, "trusted_hosts": ["localhost"], "plugins": plugins, "argon2_time_cost": 1,
            "argon2_memory_kib": 64, "strict": strict,
        }
        self._lacking: dict[frozenset, object] = {}
        self._built: dict[str, object] = {}
        earlier = database.obj
        try:
            self._build()
            self.app = create_app(self.folder, self.settings)
            self.registry = registry_of(self.app)
            self._database = database.obj
        finally:
            database.initialize(earlier)

    def _build(self) -> None:
        app = create_app(self.folder, self.settings, check=False)
        registry = registry_of(app)
        try:
            migrations.migrate(registry.owners(), self.folder)
        except migrations.MigrationFailed:
            if self.settings["strict"]:
                raise
        with app.app_context():
            accounts.sync_roles(registry)
            org.import_divisions([DATA / "510722_towns.csv", DATA / "510722_villages.csv"])
            with atomic():
                org.ensure_departments(self.unit("county"))
                for where in ("county", "town", "other_town"):
                    for plugin in registry.optional():
                        org.set_enabled(self.unit(where), plugin.slug, True, None)
                for name, one in CAST.items():
                    self._person(name, *one)
                # As the job of the night does late in a year: whatever month it is, limits reach into the next one.
                estimate_year(today().year + 1, None)
            database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        shutil.copyfile(self._file, self._copy("built"))

    @property
    def _file(self) -> Path:
        return self.folder / "portal.db"

    def _copy(self, name: str) -> Path:
        return self.folder / f"portal.{name}"

    def keep(self, name: str) -> None:
        """Keep all rows as they are now under `name`, for `put_back`; to be called inside `opened`."""
        database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        shutil.copyfile(self._file, self._copy(name))
        self._connect()

    def once(self, name: str, build: Callable):
        """Return what `build()` returns, with all rows as it leaves them: what takes long is called once in a run of
        tests, afterwards its rows are put back."""
        if name in self._built:
            self.put_back(name)
        else:
            self._built[name] = build()
            self.keep(name)
        return self._built[name]

    def put_back(self, name: str = "built") -> None:
        """Make all rows what they were when they were kept under `name`; to be called inside `opened`."""
        self._replace(name)
        self._connect()

    def _replace(self, name: str) -> None:
        if not database.is_closed():
            database.close()
        for end in ("-wal", "-shm"):
            self._file.with_name(self._file.name + end).unlink(missing_ok=True)
        shutil.copyfile(self._copy(name), self._file)

    def _connect(self) -> None:
        database.connect(reuse_if_open=True)
        # What a test wrote need not survive a power cut.
        database.execute_sql("PRAGMA synchronous=off")

    def _person(self, name: str, full_name: str, where: str, role: str) -> None:
        user, _ = accounts.add_user(name, full_name, password=PASSWORD, must_change=False)
        if where:
            held = Role.get(Role.slug == role)
            Post.create(user=user, unit=self.unit(where), role=held, title=held.title, valid_from=LONG_AGO)

    @contextlib.contextmanager
    def opened(self):
        """Put everything back to how it was built, and stay inside the application until the block ends."""
        earlier = database.obj
        database.initialize(self._database)
        self._replace("built")
        with self.app.app_context():
            self._connect()
            try:
                yield self
            finally:
                if not database.is_closed() and not database.in_transaction():
                    database.close()
                database.initialize(earlier)

    def unit(self, where: str) -> Unit:
        """Return the unit called "county", "town", "village" or "next_village", or one of the last three with
        `other_` before it: the same next door."""
        fixed = {"county": COUNTY, "town": TOWN, "other_town": OTHER_TOWN}
        if where in fixed:
            return Unit.get(Unit.code == fixed[where])
        town = self.unit("other_town" if where.startswith("other_") else "town")
        villages = Unit.select().where(Unit.parent == town, Unit.level == "village").order_by(Unit.code)
        return villages[1 if where.endswith("next_village") else 0]

    def person(self, name: str):
        """Return the one of the cast as the ledger knows them: what `open_case` and `take` ask for."""
        return accounts.acting_as(User.get(User.name == name))

    def browser(self) -> Browser:
        """Return a browser in which nobody is signed in."""
        return Browser(self.app.test_client())

    def sign_in(self, name: str) -> Browser:
        """Return the browser of one of the cast."""
        browser = self.browser()
        browser.send("/accounts/sign-in", name=name, password=PASSWORD)
        assert browser.status == 200 and 'name="password"' not in browser.text, f"{name} could not sign in"
        return browser

    def enable(self, where: str, slug: str, enabled: bool = True) -> None:
        """Enable the plugin `slug` for a town or the county, or disable it."""
        with atomic():
            org.set_enabled(self.unit(where), slug, enabled, None)

    def without(self, *slugs: str):
        """Return an application of the same instance, on the same rows, in which the plugins `slugs` are not installed.

        It is built once; a request to it is made with its own `test_client()`.
        """
        if (gone := frozenset(slugs)) not in self._lacking:
            chosen = None if self.settings["plugins"] is None else [
                slug for slug in self.settings["plugins"] if slug not in gone]
            settings = {**self.settings, "plugins": chosen, "without_plugins": sorted(gone)}
            here = database.obj
            database.close()
            try:
                self._lacking[gone] = create_app(self.folder, settings)
            finally:
                if not database.is_closed():  # no connection may look at the file while its rows are put back
                    database.close()
                database.initialize(here)
                self._connect()
        return self._lacking[gone]

    def mirrored(self) -> "Mirrored":
        """Return this county as the neighbouring town knows it: what is `other_town` there is `town` here."""
        return Mirrored(self)


def across(name: str) -> str:
    """Return who or what stands in the same place next door: "village" and "other_village"."""
    if name.startswith("other_"):
        return name.removeprefix("other_")
    return f"other_{name}" if f"other_{name}" in CAST or name.endswith(("town", "village")) else name


class Mirrored:
    """A county in which the two towns have changed places: what is written for one of them is written for the other."""

    def __init__(self, county: County):
        self._county = county

    def unit(self, where: str) -> Unit:
        return self._county.unit(across(where))

    def person(self, name: str):
        return self._county.person(across(name))

    def sign_in(self, name: str) -> Browser:
        return self._county.sign_in(across(name))

    def enable(self, where: str, slug: str, enabled: bool = True) -> None:
        self._county.enable(across(where), slug, enabled)

    def __getattr__(self, name: str):
        return getattr(self._county, name)
