"""Makes the demo's instance, step by step: tables, units, what is enabled, people, and what plugins show."""

import logging
import os
from pathlib import Path

import click

from portal import accounts, create_app, db, migrations
from portal import org as org_room
from portal.commands.demo_cast import COUNTY, WITHOUT_PLUGINS
from portal.commands.demo_people import add_cast, add_staff
from portal.commands.demo_pressing import press_for_demo
from portal.commands.demo_signing import sign_for_demo
from portal.commands.progress import Progress
from portal.commands.serve import close_connections
from portal.org.departments import ensure_departments
from portal.org.enablement import set_enabled
from portal.org.imports import import_divisions
from portal.org.models import Unit
from portal.registry import registry_of

log = logging.getLogger(__name__)

DIVISIONS = ("510722_towns.csv", "510722_villages.csv")


def build(folder: Path) -> list:
    """Make the instance in `folder`, which holds none of it yet; return who can sign in, with their passwords."""
    app = create_app(folder, check=False)
    registry = registry_of(app)
    for item in registry.quarantined:
        click.echo(f"插件 {item.slug} 已被隔离：{item.reason}")
    with Progress() as say, app.app_context():
        # An instance that was not finished is thrown away, so while it is made nothing has to survive a power cut.
        db.database.execute_sql("PRAGMA synchronous=off")
        _tables(registry, folder, say)
        with db.atomic():
            accounts.sync_roles(registry)
            _units(say)
            _enable(registry, say)
            add_staff(say)  # first: lists of accounts begin with the newest
            people = add_cast(say)
        _matters(registry, say)
        with db.atomic():
            sign_for_demo()
            press_for_demo()
        _settle(folder)
    return people


def _tables(registry, folder: Path, say) -> None:
    owners = registry.owners()
    total = sum(map(len, migrations.pending(owners).values()))
    done = []

    def ran(name: str) -> None:
        done.append(name)
        say("建立数据表", len(done), total)

    migrations.migrate(owners, folder, say=ran)


def _units(say) -> None:
    data = Path(org_room.__file__).parent / "data"
    import_divisions([data / name for name in DIVISIONS], say)
    ensure_departments(Unit.get(Unit.code == COUNTY), say)


def _enable(registry, say) -> None:
    """Enable every plugin for the county and for all towns but those that show what "not enabled" looks like."""
    units = list(
        Unit.select().where(Unit.level.in_(("county", "town")), Unit.code.not_in(WITHOUT_PLUGINS)).order_by(Unit.code)
    )
    for plugin in registry.optional():
        for number, unit in enumerate(units, 1):
            set_enabled(unit, plugin.slug, True, None)
            say(f"启用{plugin.title}", number, len(units))


def _matters(registry, say) -> None:
    """Let each plugin fill in its cases. One that fails takes back its own rows and is named; the rest goes on."""
    for slug, module in registry.modules.items():
        if not hasattr(module, "portal_demo"):
            continue
        try:
            with db.atomic():
                module.portal_demo(say=say)
        except Exception as error:
            log.exception("plugin %s could not fill the demo", slug)
            say.finish()
            click.echo(f"插件 {slug} 的演示内容没有建成（{error}），其余照常。", err=True)


def _settle(folder: Path) -> None:
    """Bring all of it to the disk before the marker says that it is ready."""
    db.database.execute_sql("PRAGMA synchronous=full")
    db.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    close_connections()
    with open(folder / "portal.db", "rb") as file:
        os.fsync(file.fileno())
