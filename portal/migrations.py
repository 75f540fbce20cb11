"""One history of migrations per owner: each core room and each plugin keeps its scripts in its own `migrations/`.

Only `portal migrate` (and `demo`) runs them, under a lock; a starting worker merely looks and says what is wrong.
"""

import contextlib
import fcntl
import importlib
import logging
import re
import time
from dataclasses import dataclass
from pathlib import Path

import peewee
from playhouse.migrations import Runner, template
from playhouse.schema_diff import diff_models

from portal import db
from portal.partitions import fitted

log = logging.getLogger(__name__)

#: An arbitrary number that all migrators of one PostgreSQL database agree on.
ADVISORY_LOCK = 5_107_220


class MigrationPending(Exception):
    """The database does not fit the program; the message is one Chinese sentence that says what to do."""


class MigrationFailed(MigrationPending):
    """A plugin's script failed and took its own changes back; those of all others ran."""


@dataclass(frozen=True)
class Owner:
    """Who owns tables: `slug` names the history table, `folder` holds the scripts, `models` are what they make.

    `optional`: a plugin, whose failure must not keep the core from its own scripts.
    """

    slug: str
    folder: Path
    models: tuple[type[peewee.Model], ...]
    optional: bool = False

    @classmethod
    def of(cls, slug: str, module, models, optional: bool = False) -> "Owner":
        """A package keeps its scripts inside; a single file, which may lie beside others, in a folder of its name."""
        name = "migrations" if hasattr(module, "__path__") else f"{slug}_migrations"
        return cls(slug, Path(module.__file__).parent / name, tuple(models), optional)

    def runner(self) -> Runner:
        return Runner(db.database.obj, str(self.folder), table_name=f"{self.slug}_migration")


def pending(owners) -> dict[str, list[str]]:
    """Return the scripts that were not run yet, by owner, without writing anything."""
    return _by_owner(_status(owners), lambda script: not script.applied)


def unknown(owners) -> dict[str, list[str]]:
    """Return what the database has been through and this program does not know: it comes from a newer version."""
    return _by_owner(_status(owners), lambda script: script.path is None)


def _status(owners) -> dict[str, list]:
    return {owner.slug: owner.runner().status() for owner in owners}


def _by_owner(status: dict[str, list], wanted) -> dict[str, list[str]]:
    found = {slug: [script.name for script in scripts if wanted(script)] for slug, scripts in status.items()}
    return {slug: names for slug, names in found.items() if names}


def check(owners) -> None:
    """Raise MigrationPending unless the database is exactly at this program's version."""
    try:
        status = _status(owners)
    except peewee.DatabaseError as error:
        raise db.DatabaseUnusable(db.explain(error)) from error
    _refuse_newer(status)
    if waiting := _by_owner(status, lambda script: not script.applied):
        raise MigrationPending(f"数据库还有未执行的升级（{', '.join(waiting)}），请先运行 portal migrate。")
    if bare := [slug for slug, scripts in status.items() if not scripts]:
        raise MigrationPending(
            f"{', '.join(bare)} 有表却没有升级脚本，请先运行 portal migrate --generate {bare[0]} initial，"
            "再运行 portal migrate。"
        )


def unready(owners) -> dict[str, "MigrationPending"]:
    """Return for each plugin whose tables do not fit its program the sentence that says why, by slug."""
    found = {}
    for owner in owners:
        try:
            scripts = owner.runner().status()
        except Exception as error:
            log.error("the migrations of the plugin %s could not be read", owner.slug, exc_info=error)
            found[owner.slug] = MigrationPending(f"插件 {owner.slug} 的升级脚本读不出来（{type(error).__name__}）。")
            continue
        if (why := _unready(owner.slug, scripts)) is not None:
            found[owner.slug] = why
    return found


def _unready(slug: str, scripts) -> MigrationPending | None:
    if newer := [script.name for script in scripts if script.path is None]:
        return MigrationPending(f"插件 {slug} 的数据表来自更新的版本（{'、'.join(newer)}），请升级插件后重启。")
    if waiting := [script.name for script in scripts if not script.applied]:
        return MigrationPending(
            f"插件 {slug} 还有未执行的升级（{'、'.join(waiting)}），请运行 portal migrate，成功后重启。"
        )
    if not scripts:
        return MigrationPending(
            f"插件 {slug} 有表却没有升级脚本，请运行 portal migrate --generate {slug} initial，再 portal migrate。"
        )
    return None


def _refuse_newer(status: dict[str, list]) -> None:
    if newer := _by_owner(status, lambda script: script.path is None):
        raise MigrationPending(f"数据库来自更新的版本（{', '.join(newer)}），请升级程序，或恢复与本版本相配的备份。")


def migrate(owners, instance: Path, say=lambda text: None) -> list[str]:
    """Run what is pending, one migrator at a time; return "owner/script" for each script that ran.

    Raises MigrationPending for a database from the future, TimeoutError if another migrator works for 60 s, and in
    the end MigrationFailed if a plugin's script failed.
    """
    done, failed = [], []

    def ran(name: str) -> None:
        done.append(name)
        say(name)

    with db.patient(), _lock(instance), fitted(db.database.obj):  # the index of a large table takes its time
        _refuse_newer(_status([owner for owner in owners if not owner.optional]))
        for owner in owners:
            try:
                _run(owner, ran)
            except BaseException as error:  # sys.exit in a plugin's script must not end the others'
                if not owner.optional or isinstance(error, KeyboardInterrupt):
                    raise
                db.end_left_open()
                log.error("a migration of the plugin %s failed", owner.slug, exc_info=error)
                failed.append(f"{owner.slug}（{_one_line(error)}）")
    if failed:
        raise MigrationFailed(
            f"这些插件的升级脚本没有成功：{'；'.join(failed)}。它们的改动已撤回，其余都已完成；"
            "请修正脚本，或在设置 without_plugins 里写上插件名先停用，然后再运行 portal migrate。"
        )
    return done


def _one_line(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())
    except Exception:  # what it says is somebody's code as well
        text = ""
    return text[:200] or type(error).__name__


def _run(owner: Owner, ran) -> None:
    runner = owner.runner()
    scripts = runner.status()
    if owner.optional:
        _refuse_newer({owner.slug: scripts})
    for script in [script for script in scripts if not script.applied]:
        if owner.optional and getattr(script.load(), "atomic", True) is not True:
            raise MigrationPending(f"{script.name} 写了 atomic = False，插件的升级脚本必须整个成功或整个撤回")
        runner.up(name := script.name)
        ran(f"{owner.slug}/{name}")


def generate(owner: Owner, name: str) -> str | None:
    """Write the script that brings the database to `owner.models`; return its path, None if nothing differs."""
    difference = diff_models(db.database.obj, list(owner.models))
    if not difference:
        return None
    # Defaults are given by the program, not by the table; peewee's reminders about them only hide real ones.
    lines = [line for line in template(difference).split("\n") if "default <function" not in line]
    lines[0] = f'"""{owner.slug}: {name}."""'
    return owner.runner().create(name, _named_by_table("\n".join(lines)))


def _named_by_table(script: str) -> str:
    """Have peewee name indexes after the table. By default it takes the class: two plugins with a `Household` would
    claim one name, and SQLite would leave out the index of the second without a word."""
    return re.sub(r"^( +)database = db$", r"\1database = db\n\1legacy_table_names = False", script, flags=re.M)


def append_only(db, table: str, key: tuple[str, ...] = ()) -> None:
    """Let the database itself refuse every change to the rows of `table`; for use in migrations, on both engines.

    `key` names the columns of another unique index beside the id: INSERT OR REPLACE changes rows through it as well.
    """
    if isinstance(db, peewee.PostgresqlDatabase):
        db.execute_sql(
            f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
        )
        db.execute_sql(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_refuse()"
        )
        db.execute_sql(  # triggers on rows do not see it
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
        )
        return
    same = f" OR ({' AND '.join(f'{name} = NEW.{name}' for name in key)})" if key else ""
    taken = f" WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id{same})"
    for name, act, when in (("update", "UPDATE", ""), ("delete", "DELETE", ""), ("replace", "INSERT", taken)):
        db.execute_sql(
            f"CREATE TRIGGER {table}_no_{name} BEFORE {act} ON {table}{when} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def no_longer_append_only(db, table: str) -> None:
    """Take back what `append_only` left behind; after the table was dropped, and its triggers with it."""
    if isinstance(db, peewee.PostgresqlDatabase):
        db.execute_sql(f"DROP FUNCTION {table}_refuse()")


def append_only_tables(db) -> set[str]:
    """Return the tables that `append_only` guards."""
    if isinstance(db, peewee.PostgresqlDatabase):
        found, end = db.execute_sql("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"), "_append_only"
    else:
        found, end = db.execute_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'"), "_no_update"
    return {name.removesuffix(end) for (name,) in found.fetchall() if name.endswith(end)}


@contextlib.contextmanager
def _lock(instance: Path):
    if db.is_postgres():
        # Asked again and again: a waiting pg_advisory_lock would be stopped by the session's lock_timeout.
        with db.bound():  # a new connection would go on without the lock
            _wait(lambda: db.database.execute_sql("SELECT pg_try_advisory_lock(%s)", (ADVISORY_LOCK,)).fetchone()[0])
            try:
                yield
            finally:
                db.database.execute_sql("SELECT pg_advisory_unlock(%s)", (ADVISORY_LOCK,))
        return
    instance.mkdir(parents=True, exist_ok=True)
    with open(instance / "migrate.lock", "w") as file:
        _wait(lambda: _locked(file))
        yield


def _locked(file) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait(attempt, patience: float = 60) -> None:
    deadline = time.monotonic() + patience
    while not attempt():
        if time.monotonic() > deadline:
            raise TimeoutError("另一个 portal migrate 正在运行，请等它结束后再试。")
        time.sleep(0.1)


def owner_of(slug: str, module_name: str, models) -> Owner:
    return Owner.of(slug, importlib.import_module(module_name), models)
